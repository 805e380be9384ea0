package evidence_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
)

// BenchmarkAdd archives small pages, by one worker and by eight: its time is
// mostly that of the disk.
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
