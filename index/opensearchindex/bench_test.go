package opensearchindex_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/.ci/bench/made"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/index/bleveindex"
	"github.com/qianshao/qianshao/index/opensearchindex"
)

const findings = 100_000

// BenchmarkBeside fills an index on a cluster, and one in a folder, with the same findings, and requests
// the same pages from both: everything, a phrase, fields; each with its facets. For a search it reports the
// 50th and the 95th percentile of wall time, for writing the findings per second. Set QIANSHAO_OPENSEARCH,
// and -benchtime to the number of searches, such as 200x.
func BenchmarkBeside(b *testing.B) {
	nodes := os.Getenv("QIANSHAO_OPENSEARCH")
	if nodes == "" {
		b.Skip("set QIANSHAO_OPENSEARCH to the nodes of a cluster; .ci/servers/opensearch.sh starts one")
	}
	cluster := opensearchindex.Options{Nodes: strings.Split(nodes, ","), Name: "bench-" + strings.ToLower(rand.Text())}
	opened, err := opensearchindex.Open(b.Context(), cluster)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := opened.Drop(); err != nil {
			b.Error(err)
		}
	})
	folder, err := bleveindex.Open(filepath.Join(b.TempDir(), "index"), bleveindex.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = folder.Close() })
	for _, engine := range []struct {
		name string
		index.Index
	}{{"opensearch", opened}, {"bleve", folder}} {
		records := made.NewFindings()
		b.Run(engine.name+"/put", func(b *testing.B) { fill(b, engine, records) })
		b.Run(engine.name+"/page", func(b *testing.B) { search(b, engine, nil) })
		b.Run(engine.name+"/phrase", func(b *testing.B) {
			search(b, engine, func() index.Node { return index.Phrase{Text: records.Phrase()} })
		})
		b.Run(engine.name+"/fields", func(b *testing.B) {
			search(b, engine, func() index.Node {
				return index.And{Nodes: []index.Node{
					index.Field{Name: index.FieldCategory, Value: index.Text(records.Category())},
					index.Field{Name: index.FieldScore, Op: index.GreaterEqual, Value: index.Number(30)},
				}}
			})
		})
	}
	if diff := cmp.Diff(facets(b, folder), facets(b, opened)); diff != "" {
		b.Errorf("the facets differ (-bleve +opensearch):\n%s", diff)
	}
	b.Run("opensearch/rebuild", func(b *testing.B) {
		records := made.NewFindings()
		x, err := opensearchindex.Rebuild(b.Context(), cluster, func(x *opensearchindex.Index) error {
			fill(b, x, records)
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		_ = x.Close()
	})
}

// fill writes the findings, once, two writers at a time, as a feeder and a rebuild do.
func fill(b *testing.B, x index.Index, records *made.Findings) {
	began, done := time.Now(), 0
	var group errgroup.Group
	group.SetLimit(2)
	for ; done < findings; done += 200 {
		batch := make([]qianshao.FindingRecord, 200)
		for i := range batch {
			batch[i] = records.Next()
		}
		group.Go(func() error { return x.Put(b.Context(), batch, 1) })
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	took := time.Since(began)
	for b.Loop() { // nothing: it was done once
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(done)/took.Seconds(), "findings/s")
}

func facets(b *testing.B, x index.Index) map[string][]index.FacetCount {
	res, err := x.Search(b.Context(), index.Request{Sight: qianshao.SeeAll()})
	if err != nil {
		b.Fatal(err)
	}
	return res.Facets
}

func search(b *testing.B, x index.Index, query func() index.Node) {
	var took []float64
	for b.Loop() {
		req := index.Request{Sight: qianshao.SeeAll(), Limit: 20}
		if query != nil {
			req.Query = query()
		}
		began := time.Now()
		if _, err := x.Search(b.Context(), req); err != nil {
			b.Fatal(err)
		}
		took = append(took, float64(time.Since(began).Microseconds())/1000)
	}
	slices.Sort(took)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(took[len(took)/2], "p50-ms/op")
	b.ReportMetric(took[len(took)*95/100], "p95-ms/op")
}
