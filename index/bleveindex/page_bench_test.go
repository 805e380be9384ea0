package bleveindex

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/search/query"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
)

// million is the variable that makes BenchmarkPage search a million findings, which take some minutes to
// write.
const million = "QIANSHAO_BENCH_MILLION"

// BenchmarkPage measures a page of the console: sorted hits with facets and days over all of them, for a
// new query, after a write. It alternates with bleve's own search of its own form of the index
// (peer) for the same hits, facets and order, and with bleve's query alone, without facets and
// order. All times are process CPU; of-bleve/op is the median of the ratios. At the end it reports
// how the cost grows with the number of findings: the slope of a line through the logarithms of
// both.
func BenchmarkPage(b *testing.B) {
	costs := map[string][]point{}
	for _, n := range []int{1_000, 10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("findings=%d", n), func(b *testing.B) {
			if n == 1_000_000 && os.Getenv(million) == "" {
				b.Skipf("set %s=1 to write a million findings", million)
			}
			c := newCorpus(n)
			path := b.TempDir()
			x := must(Open(path, Options{}))(b)
			other := peer{must(Open(b.TempDir(), Options{}))(b)}
			c.fill(b, x, other)
			for _, kind := range kinds() {
				b.Run(kind.name, func(b *testing.B) {
					costs[kind.name] = append(costs[kind.name], point{math.Log(float64(n)), math.Log(c.benchmark(b, x, other, kind))})
				})
			}
			if err := errors.Join(x.Close(), other.Close()); err != nil {
				b.Fatal(err)
			}
			b.Run("opened-anew", func(b *testing.B) { benchmarkCold(b, path) })
		})
	}
	b.Run("growth", func(b *testing.B) {
		for b.Loop() { // nothing: it reports what the others have measured
		}
		b.ReportMetric(0, "ns/op")
		for _, kind := range kinds() {
			if points := costs[kind.name]; len(points) > 1 {
				b.ReportMetric(slope(points), kind.name+"-power")
			}
		}
	})
}

type point struct{ x, y float64 }

// slope is the slope of the line that fits the points best.
func slope(points []point) float64 {
	var x, y, xy, xx float64
	n := float64(len(points))
	for _, p := range points {
		x, y, xy, xx = x+p.x/n, y+p.y/n, xy+p.x*p.y/n, xx+p.x*p.x/n
	}
	return (xy - x*y) / (xx - x*x)
}

// benchmarkCold measures the first search of a process: one hit and the total, as when the index is
// compared with the store, and then a page.
func benchmarkCold(b *testing.B, path string) {
	var marks, pages []float64
	for b.Loop() {
		x := must(Open(path, Options{}))(b)
		req := index.Request{Sight: qianshao.SeeAll(), Limit: 1, NoFacets: true}
		marks = append(marks, cpu(func() { must(x.Search(b.Context(), req))(b) }))
		req = index.Request{Sight: qianshao.SeeAll(), Limit: pageSize}
		pages = append(pages, cpu(func() { must(x.Search(b.Context(), req))(b) }))
		if err := x.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(quantile(marks, 0.5), "newest-cpu-ms/op")
	b.ReportMetric(quantile(pages, 0.5), "page-cpu-ms/op")
}

// kind is a kind of search, with queries that differ each time.
type kind struct {
	name string
	ask  func(c *corpus) (index.Node, query.Query)
	page int // from 1
}

func kinds() []kind {
	everything := func(*corpus) (index.Node, query.Query) { return nil, query.NewMatchAllQuery() }
	return []kind{
		{"page=1", everything, 1},
		{"page=500", everything, 500},
		{"phrase", (*corpus).askPhrase, 1},
		{"fielded", (*corpus).askFields, 1},
	}
}

const pageSize = 20

// benchmark returns the median milliseconds.
func (c *corpus) benchmark(b *testing.B, x *Index, other peer, k kind) float64 {
	skip := min((k.page-1)*pageSize, max(0, c.size-pageSize))
	var ratios, ours, walls, bares, alones []float64
	for b.Loop() {
		n, q := k.ask(c)
		changed := c.record(c.random.IntN(c.size)) // the index changes between two searches
		put(b, x, changed)
		other.put(b, changed)
		req := index.Request{Sight: qianshao.SeeAll(), Query: n, Limit: pageSize}
		if skip > 0 {
			req.After = c.cursor(b, x, skip)
		}
		var res index.Results
		var found *bleve.SearchResult
		runs := []func(){
			func() {
				start := time.Now()
				ours = append(ours, cpu(func() { res = must(x.Search(b.Context(), req))(b) }))
				walls = append(walls, float64(time.Since(start).Microseconds())/1000)
			},
			func() {
				bares = append(bares, cpu(func() { found = must(other.bleve.SearchInContext(b.Context(), bare(q, skip)))(b) }))
			},
			func() {
				r := bleve.NewSearchRequestOptions(q, pageSize, skip, false)
				r.Score = bleve.ScoreNone
				alones = append(alones, cpu(func() { must(other.bleve.SearchInContext(b.Context(), r))(b) }))
			},
		}
		if len(ratios)%2 == 1 {
			slices.Reverse(runs)
		}
		for _, run := range runs {
			run()
		}
		if res.Total != int(found.Total) || len(res.Hits) != len(found.Hits) || len(res.Hits) > 0 && res.Hits[0].ID != found.Hits[0].ID {
			b.Fatalf("%v: %d hits, bleve has %d", n, res.Total, found.Total)
		}
		ratios = append(ratios, ours[len(ours)-1]/bares[len(bares)-1])
	}
	b.ReportMetric(0, "ns/op") // it would include the write and the peer
	b.ReportMetric(quantile(ours, 0.5), "cpu-ms/op")
	b.ReportMetric(quantile(ours, 0.95), "p95-cpu-ms/op") // CPU, as wall time would include other processes
	b.ReportMetric(quantile(bares, 0.5), "bleve-cpu-ms/op")
	b.ReportMetric(quantile(alones, 0.5), "bleve-query-alone-cpu-ms/op")
	b.ReportMetric(quantile(ratios, 0.5), "of-bleve/op")
	b.ReportMetric(quantile(walls, 0.95), "p95-wall-ms/op")
	return quantile(ours, 0.5)
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func quantile(list []float64, q float64) float64 {
	list = slices.Sorted(slices.Values(list))
	return list[min(len(list)-1, int(q*float64(len(list))))]
}

// cpu returns the process's CPU time during do, on all cores, in milliseconds.
func cpu(do func()) float64 {
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			panic(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	do()
	return float64((used() - before).Microseconds()) / 1000
}

// cursor is the position of a reader after skip hits.
func (c *corpus) cursor(b *testing.B, x *Index, skip int) index.Cursor {
	req := index.Request{Sight: qianshao.SeeAll(), Offset: skip - 1, Limit: 1, NoFacets: true}
	hit := must(x.Search(b.Context(), req))(b).Hits[0]
	place := index.PlaceOf("", &hit)
	return place.Cursor("")
}

// bare is the plain bleve request for the same page.
func bare(q query.Query, skip int) *bleve.SearchRequest {
	r := bleve.NewSearchRequestOptions(q, pageSize, skip, false)
	r.Score = bleve.ScoreNone
	r.SortBy([]string{"-" + fieldSeen, "_id"})
	r.Fields = []string{fieldHit}
	for _, name := range facetFields() {
		size := index.FacetSize
		if name == fieldDay {
			size = 10_000 // all of them, since the newest are wanted
		}
		r.AddFacet(name, bleve.NewFacetRequest(name, size))
	}
	return r
}

// corpus generates findings as varied as those of a large collector: a few hosts, rules, categories and
// characters are frequent, most are rare.
type corpus struct {
	size                          int
	random                        *rand.Rand
	hosts, rules, kinds, language *rand.Zipf
}

func newCorpus(size int) *corpus {
	r := rand.New(rand.NewPCG(1, uint64(size)))
	return &corpus{
		size: size, random: r,
		hosts: rand.NewZipf(r, 1.1, 5, uint64(max(10, size/20))), rules: rand.NewZipf(r, 1.2, 3, 150),
		kinds:    rand.NewZipf(r, 1.2, 1, uint64(len(qianshao.Categories())-1)),
		language: rand.NewZipf(r, 1.1, 20, 3000),
	}
}

func (c *corpus) fill(b *testing.B, x *Index, other peer) {
	var batch []qianshao.FindingRecord
	for i := range c.size {
		if batch = append(batch, c.record(i)); len(batch) == batchRecords || i == c.size-1 {
			put(b, x, batch...)
			other.put(b, batch...)
			batch = batch[:0]
		}
	}
}

// record is finding i of the corpus; its text differs each time.
func (c *corpus) record(i int) qianshao.FindingRecord {
	host := c.host()
	score := c.random.IntN(qianshao.MaxScore + 1)
	age := time.Duration(float64(365*24*time.Hour) * c.random.Float64() * c.random.Float64()) // mostly recent
	seen := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).Add(-age).Truncate(time.Millisecond)
	e := qianshao.FindingRecord{
		Host: host, PageTitle: c.text(12), PageText: c.text(30 + c.random.IntN(90)),
		FirstSeen: seen.Add(-time.Duration(c.random.IntN(1000)) * time.Hour), LastSeen: seen,
		Finding: qianshao.Finding{
			ID: fmt.Sprintf("%016x", i), URL: "http://" + host + "/" + strconv.Itoa(i), Authorisation: fmt.Sprint("city-", c.kinds.Uint64()),
			Rule: fmt.Sprint("rule-", c.rules.Uint64()), Category: qianshao.Categories()[c.kinds.Uint64()],
			Score: score, Level: qianshao.LevelOf(score), Hidden: c.random.IntN(4) == 0,
			Evidence: []qianshao.Evidence{{Term: "注册送", Before: c.text(8), Text: "注册送", After: c.text(8)}},
		},
	}
	if c.random.IntN(3) == 0 {
		e.Finding.Also = []qianshao.OtherRule{{Rule: fmt.Sprint("rule-", c.rules.Uint64())}}
	}
	if c.random.IntN(5) == 0 {
		e.GoneAt = seen.Add(time.Hour)
	}
	return e
}

func (c *corpus) host() string { return fmt.Sprintf("h%d.example.cn", c.hosts.Uint64()) }

func (c *corpus) character() rune { return rune(0x4E00 + c.language.Uint64()*7) }

// text has the given number of characters, some of them followed by a phrase that many pages have.
func (c *corpus) text(characters int) string {
	var b strings.Builder
	for range characters {
		b.WriteRune(c.character())
		if c.random.IntN(40) == 0 {
			b.WriteString("注册送")
		}
	}
	return b.String()
}

// askPhrase asks for a character before a phrase that many pages have.
func (c *corpus) askPhrase() (index.Node, query.Query) {
	text := string(c.character()) + "注册送"
	tokens, positions := index.PhraseTokens(text, nil)
	places := make([][]string, positions[len(positions)-1]+1)
	for i := range places {
		places[i] = []string{""} // any token
	}
	for i, at := range positions {
		places[at] = []string{tokens[i]}
	}
	return index.Phrase{Text: text}, query.NewMultiPhraseQuery(places, fieldText)
}

// askFields asks for a category and a minimum score, and excludes a host.
func (c *corpus) askFields() (index.Node, query.Query) {
	category, score, host := string(qianshao.Categories()[c.kinds.Uint64()]), c.random.IntN(60), c.host()
	yes := true
	least := query.NewTermRangeInclusiveQuery(scoreKey(score), "", &yes, &yes)
	least.SetField(fieldScore)
	term := func(field, value string) query.Query {
		q := query.NewTermQuery(value)
		q.SetField(field)
		return q
	}
	return index.And{Nodes: []index.Node{
		index.Field{Name: index.FieldCategory, Value: index.Text(category)},
		index.Field{Name: index.FieldScore, Op: index.GreaterEqual, Value: index.Number(score)},
		index.Not{Node: index.Field{Name: index.FieldHost, Value: index.Text(host)}},
	}}, query.NewBooleanQuery([]query.Query{term(fieldCategory, category), least}, nil, []query.Query{term(fieldHost, host)})
}
