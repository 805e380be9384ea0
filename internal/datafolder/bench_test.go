package datafolder_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
)

// fillFolder saves pages with one finding each and text of some 6 KB, each another one.
func fillFolder(tb testing.TB, data string, pages int) {
	tb.Helper()
	f, err := datafolder.Open(tb.Context(), datafolder.Options{Data: data})
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	for n := range pages {
		var text strings.Builder
		for i := n; text.Len() < 6_000; i++ {
			text.WriteRune(rune(0x4E00 + (i*i*31+i*7)%3000))
			if i%17 == 0 {
				text.WriteString("，注册送彩金")
			}
		}
		url := fmt.Sprintf("http://h%d.example/%d", n%200, n)
		_, err := f.Store.SavePage(tb.Context(), store.Save{
			Page:     qianshao.Page{URL: url, FetchedAt: time.Now(), Status: 200, Body: []byte(url)},
			Document: &qianshao.Document{Source: text.String(), Title: "标题", Regions: []qianshao.Region{{Text: text.String()}}},
			Assessment: qianshao.Assessment{Level: qianshao.LevelHigh, Findings: []qianshao.Finding{{
				ID: qianshao.FindingID(url, "gambling"), URL: url, Rule: "gambling-casino-promotion", Category: qianshao.Gambling,
				Level: qianshao.LevelHigh, Score: 70, Evidence: []qianshao.Evidence{{Term: "注册送", Text: "注册送", Before: "，", After: "彩金"}},
			}}},
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// BenchmarkReindex builds the index of a folder anew.
func BenchmarkReindex(b *testing.B) {
	const pages = 2000
	data := b.TempDir()
	fillFolder(b, data, pages)
	for b.Loop() {
		if n, err := datafolder.Reindex(b.Context(), data, nil, nil); err != nil || n != pages {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(pages*b.N)/b.Elapsed().Seconds(), "findings/s")
}
