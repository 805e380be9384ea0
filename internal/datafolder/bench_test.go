package datafolder_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
)

// author writes a text of its own, with characters as frequent as on Chinese pages: 200 in a row
// have some 110 different ones, 830 some 270, 2,000 some 460.
type author struct {
	random *rand.Rand
	zipf   *rand.Zipf
}

func newAuthor(seed int) author {
	r := rand.New(rand.NewPCG(uint64(seed), 12))
	return author{r, rand.NewZipf(r, 1.7, 20, 2999)}
}

// write returns n characters, with a comma or a new line after a few.
func (a author) write(n int) string {
	var b strings.Builder
	for range n {
		b.WriteRune(rune(0x4E00 + 7*a.zipf.Uint64()))
		switch a.random.IntN(40) {
		case 0:
			b.WriteString("，")
		case 1:
			b.WriteString("\n")
		}
	}
	return b.String()
}

// evidence returns n pieces with the given number of characters on each side, of some 300 bytes each in the
// store.
func (a author) evidence(n, around int) (list []qianshao.Evidence) {
	for i := range n {
		list = append(list, qianshao.Evidence{
			Block: "promotion", Term: "注册送", Text: "注册送" + a.write(2), Before: a.write(around), After: a.write(around), Region: qianshao.RegionText,
			Path: "html > body > div.main > div > ul > li.item > a[title]", Span: qianshao.Span{Start: i * 500, End: i*500 + 12}, Line: i + 1, Column: 7,
		})
	}
	return list
}

// folder describes the contents of BenchmarkReindex's folder: how many findings, with how many
// characters of text each, how many pieces of evidence, and how many characters around each. Every
// four findings have the same content.
type folder struct{ findings, text, evidence, around int }

func (f folder) fill(tb testing.TB, data string) {
	tb.Helper()
	opened, err := datafolder.Open(tb.Context(), datafolder.Options{Data: data})
	if err != nil {
		tb.Fatal(err)
	}
	defer opened.Close()
	for n := range f.findings {
		url := fmt.Sprintf("http://h%d.example/%d", n%200, n)
		text := newAuthor(n).write(f.text)
		_, err := opened.Store.SavePage(tb.Context(), store.Save{
			Page:     qianshao.Page{URL: url, FetchedAt: time.Now(), Status: 200, Body: []byte(url)},
			Document: &qianshao.Document{Source: text, Title: "标题", Regions: []qianshao.Region{{Text: text}}},
			Assessment: qianshao.Assessment{Level: qianshao.LevelHigh, Findings: []qianshao.Finding{{
				ID: qianshao.FindingID(url, "gambling"), URL: url, Rule: "gambling-casino-promotion", Category: qianshao.Gambling,
				Level: qianshao.LevelHigh, Score: 70, Evidence: newAuthor(-n/4).evidence(f.evidence, f.around),
			}}},
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// fillFolder saves pages with one finding each.
func fillFolder(tb testing.TB, data string, pages int) {
	tb.Helper()
	folder{pages, 2000, 1, 20}.fill(tb, data)
}

// BenchmarkReindex rebuilds the derived data of a folder: campaigns and index. The small findings
// are like the median of the 66 flagged labelled pages that are not casino front-ends. The large
// ones are like the median of the 201 that are, with the words of menus as their evidence.
func BenchmarkReindex(b *testing.B) {
	for _, f := range []folder{{2000, 300, 8, 20}, {2000, 1000, 50, 2}, {2000, 2000, 1, 20}} {
		b.Run(fmt.Sprintf("characters=%d/evidence=%d", f.text, f.evidence), func(b *testing.B) {
			data := b.TempDir()
			f.fill(b, data)
			var cpu time.Duration
			for b.Loop() {
				cpu -= used(b)
				if n, err := datafolder.Reindex(b.Context(), datafolder.Options{Data: data}, nil); err != nil || n != f.findings {
					b.Fatal(n, err)
				}
				cpu += used(b)
			}
			findings := float64(f.findings * b.N)
			b.ReportMetric(findings/b.Elapsed().Seconds(), "findings/s")
			b.ReportMetric(float64(cpu.Microseconds())/1000/findings, "cpu-ms/finding")
		})
	}
}

// used returns the CPU time of the process, on all cores.
func used(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
