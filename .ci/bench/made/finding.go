package made

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
)

// Findings makes records for an index, in which a few hosts, categories and characters are frequent.
type Findings struct {
	random                 *rand.Rand
	hosts, kinds, language *rand.Zipf
	next                   int
}

// NewFindings makes the same records each time.
func NewFindings() *Findings {
	r := rand.New(rand.NewPCG(7, 8))
	return &Findings{
		random: r, hosts: rand.NewZipf(r, 1.1, 5, 50_000), language: rand.NewZipf(r, 1.1, 20, 3000),
		kinds: rand.NewZipf(r, 1.2, 1, uint64(len(qianshao.Categories())-1)),
	}
}

// Next returns a new record, with some sixty characters of text.
func (f *Findings) Next() qianshao.FindingRecord {
	f.next++
	return f.record(f.next)
}

// Again returns another visit of one of the records made so far.
func (f *Findings) Again() qianshao.FindingRecord { return f.record(1 + f.random.IntN(f.next)) }

func (f *Findings) record(n int) qianshao.FindingRecord {
	host, score := fmt.Sprintf("h%d.example.cn", f.hosts.Uint64()), f.random.IntN(qianshao.MaxScore+1)
	seen := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).Add(-time.Duration(f.random.IntN(365*24*3600)) * time.Second)
	return qianshao.FindingRecord{
		Host: host, PageTitle: f.text(8), PageText: f.text(40), FirstSeen: seen, LastSeen: seen,
		Finding: qianshao.Finding{
			ID: fmt.Sprintf("%016x", n), URL: fmt.Sprintf("http://%s/%d", host, n), Authorisation: fmt.Sprint("city-", n%50),
			Rule: fmt.Sprint("rule-", f.kinds.Uint64()), Category: f.Category(), Score: score, Level: qianshao.LevelOf(score),
			Evidence: []qianshao.Evidence{{Term: "注册送", Before: f.text(4), Text: "注册送", After: f.text(4)}},
		},
	}
}

// Category returns a category, drawn like those of the records.
func (f *Findings) Category() qianshao.Category { return qianshao.Categories()[f.kinds.Uint64()] }

// Phrase returns four characters. Most records have the last three of them in a row.
func (f *Findings) Phrase() string { return f.character() + "注册送" }

func (f *Findings) character() string { return string(rune(0x4E00 + f.language.Uint64()*7)) }

func (f *Findings) text(characters int) string {
	var b strings.Builder
	for range characters {
		if b.WriteString(f.character()); f.random.IntN(40) == 0 {
			b.WriteString("注册送")
		}
	}
	return b.String()
}
