package evidence_test

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/evidence/bucket/buckettest"
)

// far is a bucket that answers slowly.
type far struct {
	bucket.Bucket
	away time.Duration
}

func (f far) Get(ctx context.Context, name string, offset, length int64) (io.ReadCloser, error) {
	time.Sleep(f.away)
	return f.Bucket.Get(ctx, name, offset, length)
}

// BenchmarkVerify verifies 2,000 captures: in a folder, and on the server that QIANSHAO_S3 names, as it is and 10 ms away.
func BenchmarkVerify(b *testing.B) {
	const captures = 2000
	folder := b.TempDir()
	written := open(b, folder)
	var adding errgroup.Group
	adding.SetLimit(8)
	for n := range captures {
		adding.Go(func() error {
			_, err := written.Add(b.Context(), item(n, strings.Repeat(fmt.Sprintf("<p>%d 新注册送彩金，天天返水</p>\n", n), 30)))
			return err
		})
	}
	if err := adding.Wait(); err != nil {
		b.Fatal(err)
	}
	verify := func(b *testing.B, place bucket.Bucket) {
		a, err := openedIn(place, folder, "", nil)
		if err != nil {
			b.Fatal(err)
		}
		defer a.store.Close()
		for b.Loop() {
			v, err := a.Verify(b.Context(), evidence.Head{}, func(p evidence.Problem) { b.Error(p) })
			if err != nil || v.Files != captures {
				b.Fatalf("%+v, %v", v, err)
			}
		}
		b.ReportMetric(captures*float64(b.N)/b.Elapsed().Seconds(), "captures/s")
	}
	b.Run("folder", func(b *testing.B) { verify(b, bucket.NewFolder(filepath.Join(folder, "evidence"))) })
	s3 := buckettest.S3(b)
	if err := written.CopyTo(b.Context(), s3); err != nil {
		b.Fatal(err)
	}
	for _, away := range []time.Duration{0, 10 * time.Millisecond} {
		b.Run(fmt.Sprintf("S3 %s away", away), func(b *testing.B) { verify(b, far{s3, away}) })
	}
}

// BenchmarkAdd archives small pages, with one worker and with eight: most of
// the time is the disk's.
func BenchmarkAdd(b *testing.B) {
	body := strings.Repeat("<p>新注册送彩金，天天返水</p>\n", 30)
	for _, workers := range []int{1, 8} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			a := temp(b)
			b.ReportAllocs()
			var next atomic.Int64
			b.SetParallelism(workers)
			b.ResetTimer()
			if workers == 1 {
				for range b.N {
					a.add(b, item(int(next.Add(1)), body))
				}
			} else {
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if _, err := a.Add(b.Context(), item(int(next.Add(1)), body)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pages/s")
		})
	}
}
