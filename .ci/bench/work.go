package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/.ci/bench/made"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/analyze/match"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/index/bleveindex"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/internal/headlines"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlstore"
)

// leastCPU returns the least CPU time of three measurements, or the time of a single one if that
// takes long.
func leastCPU(do func()) time.Duration {
	do() // builds what is needed on first use
	least := time.Hour
	for range 3 {
		spent, _ := cpuOf(200*time.Millisecond, func() error { do(); return nil })
		if least = min(least, spent); spent > 2*time.Second {
			break
		}
	}
	return least
}

// pageSlopes are whole pages, judged by the shipped rules.
func pageSlopes() (panel, error) {
	analyzer, err := prepared()
	if err != nil {
		return panel{}, err
	}
	p := panel{title: "a page", unit: "bytes"}
	for _, kind := range []struct {
		name string
		page func(size int) []byte
	}{{"article", made.Article}, {"casino", made.Casino}, {"tables", made.Tables}, {"scripts", made.Scripted}, {"hidden links", made.Hidden}} {
		s := series{name: kind.name}
		for _, size := range []int{10_000, 40_000, 160_000, 640_000, 2_500_000, 8_000_000} {
			page := asPage(kind.page(size))
			s.points = append(s.points, point{float64(size), leastCPU(func() { analyzer.Assess(page) })})
		}
		p.series = append(p.series, s)
	}
	return p, nil
}

// termSlopes are lists of names, compiled and searched for in varied text, and lists of the
// commonest words, of which that text is full.
func termSlopes() (panel, error) {
	compiled, sparse, dense := series{name: "names compiled"}, series{name: "names sought in 1 MB"}, series{name: "words sought, of which it is full"}
	words, err := headlines.Open("analyze/token/dictionary.txt.gz")
	if err != nil {
		return panel{}, err
	}
	text := words.Text(1, 1<<20)
	for _, n := range []int{1_000, 10_000, 100_000, 1_000_000} {
		names := words.Names(n)
		begin := cpuTime()
		matcher, err := match.Compile(names)
		if err != nil {
			return panel{}, err
		}
		size := float64(n)
		compiled.points = append(compiled.points, point{size, cpuTime() - begin})
		sparse.points = append(sparse.points, point{size, scanned(matcher, text)})
		if matcher, err = match.Compile(words.Terms(n)); err != nil {
			return panel{}, err
		}
		dense.points = append(dense.points, point{size, scanned(matcher, text)})
	}
	return panel{title: "terms", unit: "terms", series: []series{compiled, sparse, dense}}, nil
}

func scanned(matcher *match.Matcher, text string) time.Duration {
	var folded fold.Text
	folded.Fold(text)
	return leastCPU(func() { matcher.Scan(&folded, func(match.Hit) {}) })
}

// putAtOnce is how many findings the index is given at once.
const putAtOnce = 200

// findingSlopes fills one index, and searches it at each size. The cost of writing is all CPU time
// so far, including merging. That of a search is the median of several different ones, each after a
// change.
func findingSlopes(most int) (panel, error) {
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return panel{}, err
	}
	defer os.RemoveAll(folder)
	x, err := bleveindex.Open(filepath.Join(folder, "index"), bleveindex.Options{})
	if err != nil {
		return panel{}, err
	}
	findings, ctx := made.NewFindings(), context.Background()
	written, searched := series{name: "written"}, []series{{name: "searched, a page"}, {name: "a phrase"}, {name: "fields"}}
	var spent time.Duration
	done := 0
	for n := 1_000; n <= most; n *= 10 {
		for ; done < n; done += putAtOnce {
			batch := make([]qianshao.FindingRecord, putAtOnce)
			for i := range batch {
				batch[i] = findings.Next()
			}
			begin := cpuTime()
			if err := x.Put(ctx, batch, 0); err != nil {
				return panel{}, err
			}
			spent += cpuTime() - begin
		}
		written.points = append(written.points, point{float64(n), spent})
		for i := range searched {
			cpu, err := searchCPU(ctx, x, findings, i)
			if err != nil {
				return panel{}, err
			}
			searched[i].points = append(searched[i].points, point{float64(n), cpu})
		}
	}
	return panel{title: "findings", unit: "findings", series: append([]series{written}, searched...)}, x.Close()
}

// searchCPU is the median CPU time of searches of a kind: everything, a phrase, fields.
func searchCPU(ctx context.Context, x *bleveindex.Index, findings *made.Findings, kind int) (time.Duration, error) {
	var list []time.Duration
	for range 15 {
		var query index.Node
		switch kind {
		case 1:
			query = index.Phrase{Text: findings.Phrase()}
		case 2:
			query = index.And{Nodes: []index.Node{
				index.Field{Name: index.FieldCategory, Value: index.Text(findings.Category())},
				index.Field{Name: index.FieldScore, Op: index.GreaterEqual, Value: index.Number(30)},
			}}
		}
		if err := x.Put(ctx, []qianshao.FindingRecord{findings.Again()}, 0); err != nil {
			return 0, err
		}
		begin := cpuTime()
		if _, err := x.Search(ctx, index.Request{Sight: qianshao.SeeAll(), Query: query, Limit: 20}); err != nil {
			return 0, err
		}
		list = append(list, cpuTime()-begin)
	}
	slices.Sort(list)
	return list[len(list)/2], nil
}

// A frontier has two URLs of each host. It is given the links of a whole page at once, and hands
// out as many URLs at once as a crawl has workers.
const (
	urlsOfHost   = 2
	linksOfPage  = 50
	leasedAtOnce = 16
)

// hostSlopes are frontiers of many hosts. Each is filled, and then hands out all its URLs once.
func hostSlopes() (panel, error) {
	filled, handed := series{name: "added, 2 URLs each"}, series{name: "leased and done"}
	for _, hosts := range []int{100, 1_000, 10_000, 100_000} {
		fill, lease, err := scheduled(hosts)
		if err != nil {
			return panel{}, err
		}
		filled.points = append(filled.points, point{float64(hosts), fill})
		handed.points = append(handed.points, point{float64(hosts), lease})
	}
	return panel{title: "a crawl's hosts", unit: "hosts", series: []series{filled, handed}}, nil
}

func scheduled(hosts int) (fill, lease time.Duration, err error) {
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return 0, 0, err
	}
	defer os.RemoveAll(folder)
	ctx := context.Background()
	db, err := sqlstore.New(sqlite.Open(ctx, filepath.Join(folder, "qianshao.db")))
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var items []ingest.Item
	for i := range urlsOfHost * hosts {
		host := fmt.Sprintf("h%d.example.cn", i%hosts)
		items = append(items, ingest.Item{URL: fmt.Sprintf("http://%s/%d", host, i), Host: host, Authorisation: "a", Depth: i / hosts})
	}
	begin := cpuTime()
	for links := range slices.Chunk(items, linksOfPage) {
		if err := db.Add(ctx, links); err != nil {
			return 0, 0, err
		}
	}
	fill = cpuTime() - begin
	begin = cpuTime()
	var visits []ingest.Visit // of the previous round, recorded together with the next one
	for now, left := time.Now(), len(items); left > 0; now = now.Add(time.Second) {
		leased, err := db.Lease(ctx, ingest.Lease{Visits: visits, Now: now, Limit: leasedAtOnce, For: time.Minute})
		if err != nil || len(leased) == 0 {
			return 0, 0, errors.Join(err, fmt.Errorf("%d of %d URLs are left, and none is handed out", left, len(items)))
		}
		visits = visits[:0]
		for _, item := range leased {
			visits = append(visits, ingest.Visit{Item: item, Outcome: ingest.Outcome{Again: now.Add(24 * 365 * time.Hour)}})
		}
		left -= len(leased)
	}
	return fill, cpuTime() - begin, nil
}
