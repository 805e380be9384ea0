package main

import (
	"cmp"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/ingesttest"
	"github.com/qianshao/qianshao/ingest/input"
)

// costs is a regular expression for the names of inputs that are made to be costly, or "some"
// for one or a few of each kind; "crawl" is a crawl of them. "make costs" measures some and
// writes the table of docs/performance.md, "make costs COSTS=." measures all:
//
//	QIANSHAO_COSTS=some go test -count 1 -timeout 1h -v -run TestCosts ./cmd/qianshao -update
const costs = "QIANSHAO_COSTS"

var update = flag.Bool("update", false, "rewrite the table of costs in docs/performance.md")

// Bounds of what a hostile input may cost. A page may take a second of CPU for each
// megabyte, plus the program's start.
const (
	maxScanMemory  = 500 // MB
	maxCrawlMemory = 400 // MB
	maxCPU         = time.Second
	startCPU       = time.Second
)

// crawledBody is how much of a page a crawl reads, in bytes.
const crawledBody = 8 << 20

// costlyHosts is how many hosts serve costly pages to one crawl at the same time.
const costlyHosts = 8

// fewCosts are the inputs that every run of the tests measures: two that once took 1.8 GB and 1.4 GB.
const fewCosts = "^(lines of plain text|one string with escapes)$"

// someCosts are the inputs of each kind that took most before they were bounded.
const someCosts = "^(one letter|numbers|one reference|references|a phrase of casinos|contacts|needles|emoji|half characters|turned text|" +
	"lines of plain text|nested blocks|nested turned elements|one long anchor|links on a long base|hidden and visible|" +
	"one list of selectors|one long selector|one string with escapes|written texts|arrays|Base64, [136] deep|GBK|" +
	"JSON lines: many of 8 MB|WARC: a bomb of gzip|WARC: gzipped pages of one letter|crawl)$"

// writeCostly is the command qianshao-test-costly NAME SIZE FILE. It writes an input in a
// separate process, since a process's memory is counted for those that it starts.
func writeCostly() {
	size, err := strconv.Atoi(os.Args[2])
	for _, input := range costlyInputs() {
		if err != nil || input.Name != os.Args[1] {
			continue
		}
		var file *os.File
		if file, err = os.Create(os.Args[3]); err == nil {
			err = input.Write(file, size)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func costlyInputs() []ingesttest.Costly {
	return append(ingesttest.CostlyPages(), ingesttest.CostlyFiles()...)
}

// TestCosts runs the program on inputs that are made to be costly and bounds its memory,
// as the system counts it, and its CPU.
func TestCosts(t *testing.T) {
	if raceDetector || testing.Short() || runtime.GOOS != "linux" {
		t.Skip("measures the program as it is shipped, by what Linux counts")
	}
	asked := os.Getenv(costs)
	names := cmp.Or(asked, fewCosts)
	if asked == "some" {
		names = someCosts
	}
	wanted := regexp.MustCompile(names)
	var rows []costRow
	for _, input := range costlyInputs() {
		if wanted.MatchString(input.Name) {
			rows = append(rows, scanCostly(t, input, asked != ""))
		}
	}
	if wanted.MatchString("crawl") {
		rows = append(rows, crawlCostly(t))
	}
	if *update {
		writeCosts(t, rows)
	}
}

// costRow is a row of the table.
type costRow struct {
	name string
	size int64 // bytes
	cost
	isArchive bool // its file is smaller than its content
}

// scanCostly scans an input of the largest size that is read.
func scanCostly(t *testing.T, costly ingesttest.Costly, isIdle bool) costRow {
	t.Helper()
	file := filepath.Join(t.TempDir(), "input."+costly.Ending)
	measure(t, exec.Command("qianshao-test-costly", costly.Name, strconv.Itoa(input.MaxFileBody-1<<20), file))
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	// A broken input gets an error; a shell distinguishes its exit code from a crash.
	c := measure(t, exec.Command("sh", "-c", `qianshao scan "$0" >"$0.out"; test $? -le 1`, file))
	row := costRow{costly.Name, info.Size(), c, strings.HasPrefix(costly.Ending, "warc")}
	judged := max(info.Size(), judgedBytes(costly))
	t.Log(row)
	if c.resident > maxScanMemory {
		t.Errorf("%s: %d MB are resident", costly.Name, c.resident)
	}
	// CPU time, as wall-clock time says nothing on a busy machine.
	if limit := startCPU + time.Duration(float64(maxCPU)*float64(judged)/(1<<20)); isIdle && c.cpu > limit {
		t.Errorf("%s: %s of CPU for %d MB", costly.Name, c.cpu, judged>>20)
	}
	return row
}

// judgedBytes is the largest size of an archive's content, which is larger than its file.
func judgedBytes(costly ingesttest.Costly) int64 {
	if costly.Ending == "html" || costly.Ending == "txt" {
		return 0
	}
	return 8 * input.MaxFileBody
}

func (r costRow) String() string {
	return fmt.Sprintf("%-40s %6.2f MB  %4d MB resident  %6.2f s of CPU", r.name, float64(r.size)/(1<<20), r.resident, r.cpu.Seconds())
}

// crawlCostly crawls hosts that together serve all costly pages at the same time.
func crawlCostly(t *testing.T) costRow {
	t.Helper()
	address := serveChild(t, "qianshao-test-costly-web")
	authorisation := qianshao.Authorisation{
		ID: "costly", Owner: "测试", Basis: "测试", Contact: "test@example.com", Rate: 1000, AllowPrivate: true,
		ValidFrom: time.Now().Add(-time.Hour), ValidUntil: time.Now().AddDate(0, 1, 0),
	}
	folder := t.TempDir()
	args := []string{"--data", folder, "crawl", "--contact", "https://qianshao.example/test", "--workers", strconv.Itoa(costlyHosts)}
	for i := range costlyHosts {
		host := costlyHost(i)
		args = append(args, "--resolve", host+"="+address)
		authorisation.Hosts = append(authorisation.Hosts, host)
		authorisation.Seeds = append(authorisation.Seeds, "http://"+host+"/")
	}
	authorise(t, folder, authorisation)
	row := costRow{name: fmt.Sprintf("crawl of %d hosts with %d of the pages above, 8 MB each", costlyHosts, len(costlyWebPages())), cost: measure(t, exec.Command("qianshao", args...))}
	pages := len(readEndState(t, folder).Pages)
	row.size = int64(pages) * crawledBody
	t.Log(row)
	if want := len(costlyWebPages()); pages < want {
		t.Errorf("the crawl has seen %d pages of %d", pages, want)
	}
	if row.resident > maxCrawlMemory {
		t.Errorf("the crawl: %d MB are resident", row.resident)
	}
	return row
}

func costlyHost(i int) string { return fmt.Sprintf("costly%d.example", i) }

// costlyWebPages are the costly pages that a crawl meets, two or three on each host: those
// of each kind that take most.
func costlyWebPages() (pages []ingesttest.Costly) {
	names := []string{
		"one letter", "one reference", "numbers", "a phrase of casinos", "contacts", "turned text", "references", "half characters",
		"nested elements", "paragraphs", "one long anchor", "attributes of one element", "links on a long base", "hidden regions",
		"nested turned elements", "one list of selectors", "one long selector", "one string with escapes", "written texts",
		"different ids that are hidden", "Base64, 1 deep", "Base64, 3 deep", "GBK",
	}
	for _, c := range ingesttest.CostlyPages() {
		if slices.Contains(names, c.Name) {
			pages = append(pages, c)
		}
	}
	return pages
}

// serveCostly is the command qianshao-test-costly-web: hosts whose front pages link to a share
// of the costly pages, and to the first of them gzipped. It prints where it listens and ends
// with its standard input.
func serveCostly() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	pages := costlyWebPages()
	go func() {
		_ = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { costlyAnswer(w, r, pages) }))
	}()
	fmt.Println(listener.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func costlyAnswer(w http.ResponseWriter, r *http.Request, pages []ingesttest.Costly) {
	w.Header().Set("Content-Type", "text/html")
	number, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
	switch {
	case r.URL.Path == "/":
		for i := range pages {
			if costlyHost(i%costlyHosts) == r.Host {
				fmt.Fprintf(w, "<a href=/%d>%d</a> ", i, i)
			}
		}
		fmt.Fprint(w, "<a href=/bomb>x</a>")
	case r.URL.Path == "/bomb":
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_ = pages[0].Write(z, 256<<20) // ends when the crawler has had enough
		_ = z.Close()
	case err == nil && number < len(pages):
		_ = pages[number].Write(w, crawledBody-4<<10)
	default:
		http.NotFound(w, r)
	}
}

// perMB is the CPU for each megabyte that is judged; empty for archives, whose judged bytes are not counted.
func (r costRow) perMB() string {
	if r.isArchive {
		return ""
	}
	return fmt.Sprintf("%.2f", r.cpu.Seconds()/(float64(r.size)/(1<<20)))
}

// load is the machine's load of the last quarter of an hour.
func load(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))[2]
}

// writeCosts writes the table.
func writeCosts(t *testing.T, rows []costRow) {
	t.Helper()
	const document, begin, end = "../../docs/performance.md", "<!-- costs -->\n", "<!-- /costs -->"
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		t.Fatalf("%s has no place for the table", document)
	}
	var table strings.Builder
	fmt.Fprintf(&table, "Measured on %s by a machine with %d processors and a load of %s at the end.\n\n", time.Now().Format(time.DateOnly), runtime.NumCPU(), load(t))
	table.WriteString("| input | size, MB | resident at most, MB | CPU, s | CPU, s/MB |\n|---|---|---|---|---|\n")
	for _, r := range rows {
		mb := float64(r.size) / (1 << 20)
		fmt.Fprintf(&table, "| %s | %.2f | %d | %.1f | %s |\n", r.name, mb, r.resident, r.cpu.Seconds(), r.perMB())
	}
	if err := os.WriteFile(document, []byte(before+begin+table.String()+end+after), 0o600); err != nil {
		t.Fatal(err)
	}
}
