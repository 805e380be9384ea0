package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao/.ci/bench/made"
)

// shared is a folder of labelled pages that may be beside a checkout, as we may not distribute them.
const shared = "../shared/eval/pages"

// compare prints those rows of the main table that this program can measure by itself.
func compare([]string) error {
	fmt.Printf("Measured on %s, %s, %d processors, load %s at the start. Ratios are the medians of %d rounds, with the least and the greatest.\n\n",
		time.Now().UTC().Format(time.DateOnly), runtime.Version(), runtime.NumCPU(), load(), rounds)
	fmt.Println("| work | beside it | now | |\n|---|---|---|---|")
	if err := start(nil); err != nil { // first, because a child's peak memory is at least its parent's
		return err
	}
	if err := comparedPages(); err != nil {
		return err
	}
	for _, run := range benchRuns() {
		if err := run.print(); err != nil {
			return err
		}
	}
	return nil
}

// comparedPages uses the labelled pages, or generated ones if there are none.
func comparedPages() error {
	articles, casino, ordinary := "articles", "casino pages", "pages"
	folders := [][]string{{shared + "/articles"}, {shared + "/casino/operator_a", shared + "/casino/operator_b"}, {shared + "/real/ordinary"}}
	if _, err := os.Stat(shared); err != nil {
		fmt.Fprintf(os.Stderr, "no %s: the pages are generated\n", shared)
		articles, casino, ordinary = "generated articles", "generated casino pages", "generated pages"
		work, err := os.MkdirTemp("", "bench")
		if err != nil {
			return err
		}
		defer os.RemoveAll(work)
		if folders, err = generatedPages(work); err != nil {
			return err
		}
	}
	if err := pageRows(articles, folders[0]); err != nil {
		return err
	}
	if err := pageRows(casino, folders[1]); err != nil {
		return err
	}
	if err := pageRows(ordinary, folders[2]); err != nil {
		return err
	}
	return worstPages(folders[2])
}

func generatedPages(work string) (folders [][]string, err error) {
	for i, make := range []func(folder string) error{
		func(folder string) error { return generated(folder, 31, 33_000, made.Article) },
		func(folder string) error { return generated(folder, 40, 25_000, made.Casino) },
		func(folder string) error {
			for j, page := range []func(int) []byte{made.Article, made.Tables, made.Scripted, made.Hidden} {
				sub := filepath.Join(folder, strconv.Itoa(j))
				if err := os.Mkdir(sub, 0o700); err != nil {
					return err
				}
				if err := generated(sub, 10, 20_000<<j, page); err != nil {
					return err
				}
			}
			return nil
		},
	} {
		folder := filepath.Join(work, strconv.Itoa(i))
		if err := os.Mkdir(folder, 0o700); err != nil {
			return nil, err
		}
		if err := make(folder); err != nil {
			return nil, err
		}
		folders = append(folders, []string{folder})
	}
	return folders, nil
}

// benchRun is a benchmark of a package, which runs in turns with its peer if it has one.
type benchRun struct {
	room, bench, times string
	rows               []benchRow
}

// benchRow is a row that is read from a line of its output.
type benchRow struct {
	line         string // the end of the benchmark's name
	work, beside string
	metrics      []string // units that are printed, in this order
}

func benchRuns() []benchRun {
	page := func(line, work string) benchRow {
		return benchRow{line, work + " at 100,000 findings", "bleve with the same facets and sort", []string{"of-bleve/op", "cpu-ms/op", "p95-wall-ms/op"}}
	}
	return []benchRun{
		{"./index/bleveindex", "Page/findings=100000$", "30x", []benchRow{page("page=1", "search page"), page("phrase", "phrase"), page("fielded", "fielded"), page("page=500", "page 500")}},
		{"./index/bleveindex", "Put/batch=(1|200)$", "20x", []benchRow{
			{"batch=200", "index one finding of 10 kB, in batches of 200", "", []string{"cpu-ms/finding"}},
			{"batch=1", "index one finding of 10 kB alone", "", []string{"cpu-ms/finding"}},
		}},
		{"./internal/datafolder", "Reindex$", "3x", []benchRow{
			{"characters=300/evidence=8", "`reindex`, 300 characters and 8 pieces of evidence", "", []string{"cpu-ms/finding", "findings/s"}},
			{"characters=1000/evidence=50", "`reindex`, 1,000 characters and 50 pieces of evidence", "", []string{"cpu-ms/finding", "findings/s"}},
		}},
	}
}

var (
	benchLine = regexp.MustCompile(`(?m)^Benchmark(\S+?)(?:-\d+)?\s+\d+\s(.+)$`) // name without the number of processors, and metrics
	metric    = regexp.MustCompile(`(\S+) (\S+)`)
)

func (r benchRun) print() error {
	u, err := spend(exec.Command("go", "test", "-run", "^$", "-bench", r.bench, "-benchtime", r.times, r.room))
	if err != nil {
		return err
	}
	for _, row := range r.rows {
		text, err := row.of(string(u.output))
		if err != nil {
			return fmt.Errorf("%s of %s: %w in\n%s", r.bench, r.room, err, u.output)
		}
		fmt.Println(text)
	}
	return nil
}

// of finds the row in the output of a benchmark.
func (r benchRow) of(output string) (string, error) {
	for _, line := range benchLine.FindAllStringSubmatch(output, -1) {
		if !strings.HasSuffix(line[1], r.line) {
			continue
		}
		found := map[string]string{}
		for _, m := range metric.FindAllStringSubmatch(line[2], -1) {
			found[m[2]] = m[1]
		}
		var values []string
		for _, unit := range r.metrics {
			if found[unit] == "" {
				return "", fmt.Errorf("%s has no %s", r.line, unit)
			}
			values = append(values, found[unit]+" "+unit)
		}
		return fmt.Sprintf("| %s | %s | %s | |", r.work, r.beside, strings.Join(values, ", ")), nil
	}
	return "", fmt.Errorf("no line of %s", r.line)
}
