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

// shared is where a checkout may have labelled pages beside it, which are not ours to give away.
const shared = "../shared/eval/pages"

// compare prints the rows of the main table that this program measures by itself.
func compare([]string) error {
	fmt.Printf("Measured on %s, %s, %d processors, load %s at the start. Ratios are the medians of %d rounds, with the least and the greatest.\n\n",
		time.Now().UTC().Format(time.DateOnly), runtime.Version(), runtime.NumCPU(), load(), rounds)
	fmt.Println("| work | beside it | now | |\n|---|---|---|---|")
	if err := comparedPages(); err != nil {
		return err
	}
	for _, row := range benchRows() {
		if err := row.print(); err != nil {
			return err
		}
	}
	return start(nil)
}

// comparedPages takes the labelled pages, or generated ones where there are none.
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

// benchRow is a row that a benchmark of a package measures, in turns with its peer where it has one.
type benchRow struct {
	work, beside, room, bench, times string
	metrics                          []string // units that are printed, in this order
}

func benchRows() []benchRow {
	const room = "./index/bleveindex"
	page := func(work, name string) benchRow {
		return benchRow{work + " at 100,000 findings", "bleve with the same facets and sort", room, "Page/findings=100000$/" + name, "30x", []string{"of-bleve/op", "cpu-ms/op", "p95-wall-ms/op"}}
	}
	return []benchRow{
		page("search page", "page=1$"), page("phrase", "phrase$"), page("fielded", "fielded$"), page("page 500", "page=500$"),
		{"index one finding of 10 kB, in batches of 100", "", room, "Put/batch=100$", "20x", []string{"docs/s"}},
		{"`reindex` of findings of 6 kB", "", "./internal/datafolder", "Reindex$", "3x", []string{"findings/s"}},
	}
}

var metric = regexp.MustCompile(`([0-9.e+-]+) (\S+)`)

func (r benchRow) print() error {
	u, err := spend(exec.Command("go", "test", "-run", "^$", "-bench", r.bench, "-benchtime", r.times, r.room))
	if err != nil {
		return err
	}
	found := map[string]string{}
	for line := range strings.Lines(string(u.output)) {
		if strings.HasPrefix(line, "Benchmark") {
			for _, m := range metric.FindAllStringSubmatch(line, -1) {
				found[m[2]] = m[1]
			}
		}
	}
	var values []string
	for _, unit := range r.metrics {
		value, ok := found[unit]
		if !ok {
			return fmt.Errorf("%s of %s measured no %s:\n%s", r.bench, r.room, unit, u.output)
		}
		values = append(values, value+" "+unit)
	}
	fmt.Printf("| %s | %s | %s | |\n", r.work, r.beside, strings.Join(values, ", "))
	return nil
}
