package bleveindex

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/qianshao/qianshao"
)

// article is Chinese text of n bytes that differs with seed.
func article(seed, n int) string {
	var b strings.Builder
	for i := seed; b.Len() < n; i++ {
		b.WriteRune(rune(0x4E00 + (i*i*31+i*7)%3000))
		if i%17 == 0 {
			b.WriteString("，注册送彩金")
		}
		if i%101 == 0 {
			b.WriteString("\nVX abc123 ")
		}
	}
	return b.String()
}

// BenchmarkPut writes findings in batches, as the feeder of a crawl does with those of 0.3 s: one at a time
// at a rate of one finding a second, 4 at 10 a second, 60 at 200.
func BenchmarkPut(b *testing.B) {
	for _, size := range []int{200, 100, 60, 4, 1} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			x := open(b, b.TempDir(), Options{})
			const bytes = 10_000
			b.SetBytes(int64(size * bytes))
			b.ReportAllocs()
			n, used := 0, 0.0
			for b.Loop() {
				records := make([]qianshao.FindingRecord, size)
				for i := range records {
					n++
					records[i] = record(fmt.Sprintf("%016x", n), article(n, bytes))
				}
				used += cpu(func() { put(b, x, records...) })
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "docs/s")
			b.ReportMetric(used/float64(n), "cpu-ms/finding")
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	path := b.TempDir()
	for b.Loop() {
		x, err := Open(path, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := x.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRebuild rebuilds an index as "qianshao reindex" does.
func BenchmarkRebuild(b *testing.B) {
	const docs = 4000
	for _, size := range []int{1_000, 10_000} {
		b.Run(fmt.Sprintf("text=%d", size), func(b *testing.B) {
			var records []qianshao.FindingRecord
			for n := range docs {
				records = append(records, record(fmt.Sprintf("%016x", n), article(n, size)))
			}
			b.SetBytes(int64(docs * size))
			b.ReportAllocs()
			for b.Loop() {
				x, err := Rebuild(b.TempDir(), Options{}, func(x *Index) error {
					group, ctx := errgroup.WithContext(b.Context())
					group.SetLimit(runtime.GOMAXPROCS(0))
					for batch := range slices.Chunk(records, 200) {
						group.Go(func() error { return x.Put(ctx, batch, 0) })
					}
					return group.Wait()
				})
				if err != nil {
					b.Fatal(err)
				}
				if err := x.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(docs*b.N)/b.Elapsed().Seconds(), "docs/s")
		})
	}
}
