package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/extract/charset"
	"github.com/qianshao/qianshao/analyze/packs"
	"github.com/qianshao/qianshao/analyze/rule"
)

// pass is the cost of one pass over all pages, as reported by the side itself, so that start-up
// does not count.
type pass struct {
	Pages int   `json:"pages"`
	Bytes int64 `json:"bytes"`
	CPU   int64 `json:"cpu_ns"`
}

func (p pass) cpu() float64 { return float64(p.CPU) }

func (p pass) speed() float64 { return float64(p.Bytes) / float64(p.CPU) * 1000 } // MB/s

// leastPass is the least time for which whole passes are measured.
const leastPass = time.Second

type pageFile struct {
	name string
	body []byte
}

func readPages(folders []string) (pages []pageFile, err error) {
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
			if ending := filepath.Ext(name); err != nil || entry.IsDir() || ending != ".html" && ending != ".htm" {
				return err
			}
			body, err := os.ReadFile(name)
			pages = append(pages, pageFile{name, body})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(pages) == 0 {
		return nil, fmt.Errorf("no pages (.html, .htm) in %s", strings.Join(folders, ", "))
	}
	return pages, nil
}

// prepared returns the analyzer of the shipped rules, prepared as in a server.
func prepared() (*analyze.Analyzer, error) {
	rules, err := rule.Load(packs.FS(), rule.Options{})
	if err != nil {
		return nil, err
	}
	analyzer, err := analyze.New(rules)
	if err != nil {
		return nil, err
	}
	return analyzer, analyzer.Engine().Prepare()
}

func asPage(body []byte) qianshao.Page {
	return qianshao.Page{URL: "http://site.example/", ContentType: "text/html", Body: body}
}

// side is the child: "side ours FOLDER…" or "side parse FOLDER…". Both decode the pages.
func side(arguments []string) error {
	if len(arguments) < 2 {
		return errors.New("side needs a name and folders")
	}
	pages, err := readPages(arguments[1:])
	if err != nil {
		return err
	}
	var do func(body []byte)
	switch arguments[0] {
	case "ours":
		analyzer, err := prepared()
		if err != nil {
			return err
		}
		do = func(body []byte) { analyzer.Assess(asPage(body)) }
	case "parse":
		do = func(body []byte) {
			_, _ = html.Parse(strings.NewReader(charset.Decode(body, "text/html").Text)) // fails if elements are nested too deeply
		}
	default:
		return fmt.Errorf("no side %s", arguments[0])
	}
	var result pass
	all := func() error {
		for _, p := range pages {
			do(p.body)
		}
		return nil
	}
	_ = all() // builds what is needed on first use
	spent, err := cpuOf(leastPass, all)
	for _, p := range pages {
		result.Pages, result.Bytes = result.Pages+1, result.Bytes+int64(len(p.body))
	}
	result.CPU = spent.Nanoseconds()
	return errors.Join(err, json.NewEncoder(os.Stdout).Encode(result))
}

// passBy returns a side that is run as a command.
func passBy(name string, arguments ...string) func() (pass, error) {
	return func() (p pass, err error) {
		u, err := spend(exec.Command(name, arguments...))
		if err != nil {
			return p, err
		}
		err = json.Unmarshal(u.output, &p)
		return p, err
	}
}

// comparePages prints rows for whole pages: ours compared with html.Parse and with Python.
func comparePages(folders []string) error {
	if len(folders) == 0 {
		return errors.New("pages needs folders of pages")
	}
	return pageRows("pages", folders)
}

func pageRows(what string, folders []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	names := []string{"ours", "html.Parse, which judges nothing"}
	sides := []func() (pass, error){passBy(self, append([]string{"side", "ours"}, folders...)...), passBy(self, append([]string{"side", "parse"}, folders...)...)}
	work, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	python, terms, err := pythonPeer(work)
	if err != nil {
		fmt.Fprintln(os.Stderr, "without Python:", err)
	} else {
		names = append(names, "Python: resiliparse, jieba, pyahocorasick", "Python without jieba")
		sides = append(sides, passBy(python, append([]string{peerScript, "--words", terms}, folders...)...), passBy(python, append([]string{peerScript, terms}, folders...)...))
	}
	results, err := takeTurns(sides)
	if err != nil {
		return err
	}
	ours := results[0]
	for i := 1; i < len(names); i++ {
		fmt.Printf("| %d %s, %.1f MB | %s | %s | %.3g MB/s beside %.3g |\n", ours[0].Pages, what, float64(ours[0].Bytes)/1e6, names[i],
			ratios(ours, results[i], pass.cpu).times(), spreadOf(ours, pass.speed).median, spreadOf(results[i], pass.speed).median)
	}
	return nil
}

const peerScript = ".ci/bench/python/peer.py"

// pythonPeer makes the peer's virtual environment, once for each list of versions, and the list
// of our terms; it returns both paths.
func pythonPeer(work string) (python, terms string, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", "", err
	}
	const requirements = ".ci/bench/python/requirements.txt"
	folder := filepath.Join(cache, "qianshao-ci", "bench-python")
	python = filepath.Join(folder, "bin", "python")
	wanted, err := os.ReadFile(requirements)
	if err != nil {
		return "", "", err
	}
	mark := filepath.Join(folder, "requirements.txt")
	if has, _ := os.ReadFile(mark); string(has) != string(wanted) {
		for _, cmd := range []*exec.Cmd{exec.Command("python3", "-m", "venv", folder), exec.Command(python, "-m", "pip", "install", "--quiet", "-r", requirements)} {
			if _, err := spend(cmd); err != nil {
				return "", "", err
			}
		}
		if err := os.WriteFile(mark, wanted, 0o600); err != nil {
			return "", "", err
		}
	}
	list, err := shippedTerms()
	if err != nil {
		return "", "", err
	}
	terms = filepath.Join(work, "terms.txt")
	return python, terms, os.WriteFile(terms, []byte(strings.Join(list, "\n")), 0o600)
}

// shippedTerms returns the terms of all blocks of the shipped rules, as they are written.
func shippedTerms() ([]string, error) {
	rules, err := rule.Load(packs.FS(), rule.Options{})
	if err != nil {
		return nil, err
	}
	terms := map[string]bool{}
	for _, d := range rules.Detections() {
		for i := range d.Blocks {
			for _, t := range d.Blocks[i].Terms {
				terms[t.Text] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(terms)), nil
}

func printTerms([]string) error {
	terms, err := shippedTerms()
	fmt.Println(strings.Join(terms, "\n"))
	return err
}

// leastPage is the least size at which pages are compared by their cost per byte, since most of the
// cost of smaller ones is fixed.
const leastPage = 10_000

// worstPages prints the cost per byte of each page: the least of five measurements, since any of
// them may include a garbage collection.
func worstPages(folders []string) error {
	pages, err := readPages(folders)
	if err != nil {
		return err
	}
	analyzer, err := prepared()
	if err != nil {
		return err
	}
	type cost struct {
		pageFile
		byByte float64
	}
	var costs []cost
	for _, p := range pages {
		if len(p.body) < leastPage {
			continue
		}
		analyzer.Assess(asPage(p.body))
		least := time.Hour
		for range 5 {
			spent, _ := cpuOf(10*time.Millisecond, func() error { analyzer.Assess(asPage(p.body)); return nil })
			least = min(least, spent)
		}
		costs = append(costs, cost{p, float64(least.Nanoseconds()) / float64(len(p.body))})
	}
	if len(costs) == 0 {
		return fmt.Errorf("no page is above %d bytes", leastPage)
	}
	slices.SortFunc(costs, func(a, b cost) int { return cmp.Compare(b.byByte, a.byByte) })
	median := costs[len(costs)/2].byByte
	above := slices.IndexFunc(costs, func(c cost) bool { return c.byByte <= 3*median })
	fmt.Printf("| the slowest of %d pages above %d kB | | %.0f ns a byte (%d kB); the median %.1f; %d above 3 times the median |\n",
		len(costs), leastPage/1000, costs[0].byByte, len(costs[0].body)/1000, median, above)
	for _, c := range costs[:min(10, len(costs))] {
		fmt.Fprintf(os.Stderr, "%6.0f ns a byte, %5d kB  %s\n", c.byByte, len(c.body)/1000, c.name)
	}
	return nil
}

// generated writes n pages of some size, for a checkout without labelled pages.
func generated(folder string, n, size int, page func(size int) []byte) error {
	for i := range n {
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%d.html", i)), page(size+i*size/n), 0o600); err != nil {
			return err
		}
	}
	return nil
}
