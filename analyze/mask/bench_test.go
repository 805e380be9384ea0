package mask_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/extract"
	"github.com/qianshao/qianshao/analyze/mask"
)

// manyNumbers are texts to fill a page with things that look like numbers.
func manyNumbers() map[string]string {
	return map[string]string{
		"one to a line":  "110101194912310024\n",
		"one to a blank": "110101194912310024 ",
		"wrong":          "110101194912310022 ",
		"digits":         "1 ",
		"one number":     "1",
		"zero widths":    "1\u200b",
		"circled":        "①",
		"references":     "&#49;",
		"markup":         "1<b>",
		"half tags":      "1<",
		"X":              "1X",
	}
}

func document(unit string, size int) *qianshao.Document {
	page := qianshao.Page{ContentType: "text/html; charset=utf-8", Body: []byte("<p>" + strings.Repeat(unit, size/len(unit)))}
	return extract.Parse(page).Document(nil)
}

// BenchmarkDocument shows that the time and memory of masking are proportional to the page.
func BenchmarkDocument(b *testing.B) {
	for name, unit := range manyNumbers() {
		for _, size := range []int{1 << 20, 2 << 20, 4 << 20, 8 << 20} {
			b.Run(fmt.Sprintf("%s/%dMB", strings.ReplaceAll(name, " ", "-"), size>>20), func(b *testing.B) {
				doc := document(unit, size)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					copied := *doc
					copied.Regions = append([]qianshao.Region{}, doc.Regions...)
					mask.Document(&copied)
				}
			})
		}
	}
}

// TestMemory: masking a page allocates at most a few times its size, whatever the page is full of.
func TestMemory(t *testing.T) {
	const size = 1 << 20
	for name, unit := range manyNumbers() {
		doc := document(unit, size)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		mask.Document(doc)
		runtime.ReadMemStats(&after)
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 6*size {
			t.Errorf("%s: masking a page of %d KB allocates %d KB", name, size>>10, allocated>>10)
		}
	}
}
