package match

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/internal/headlines"
)

// varied returns the words of the shipped dictionary, and a megabyte of ordinary text.
func varied(b *testing.B) (*headlines.Words, string) {
	b.Helper()
	return headlines.ForBenchmark(b, "../token/dictionary.txt.gz", 1<<20)
}

// BenchmarkScan scans varied headlines for names, which rarely occur, for the commonest words,
// which are hits nearly everywhere, and for the vocabulary of crime. 1,000,000 terms take some
// seconds to compile.
func BenchmarkScan(b *testing.B) {
	w, text := varied(b)
	for _, n := range []int{1_000, 10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("names=%d", n), func(b *testing.B) { benchmarkScan(b, w.Names(n), text) })
	}
	for _, n := range []int{1_000, 10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("dense=%d", n), func(b *testing.B) { benchmarkScan(b, w.Terms(n), text) })
	}
	b.Run("vocabulary", func(b *testing.B) { benchmarkScan(b, vocabularyTerms(), text) })
}

func benchmarkScan(b *testing.B, terms []string, text string) {
	m, err := Compile(terms)
	if err != nil {
		b.Fatal(err)
	}
	var folded fold.Text
	folded.Fold(text)
	hits := 0
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		hits = 0
		m.Scan(&folded, func(Hit) { hits++ })
	}
	b.ReportMetric(float64(hits), "hits")
}

// BenchmarkSymbols shows what symbols and edges cost on plain text: it compares folding and
// scanning with all of them to folding and a plain automaton over characters.
func BenchmarkSymbols(b *testing.B) {
	_, text := varied(b)
	terms := vocabularyTerms()
	m, err := Compile(terms)
	if err != nil {
		b.Fatal(err)
	}
	auto, table := plainAutomaton(terms)
	var folded fold.Text
	b.Run("all", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			folded.Fold(text)
			m.Scan(&folded, func(Hit) {})
		}
	})
	b.Run("plain", func(b *testing.B) {
		hits := 0
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			folded.Fold(text)
			state := int32(rootState)
			for _, r := range folded.Runes {
				if state = auto.step(state, table[uint16(r)]); auto.cells[state].ends() {
					hits++
				}
			}
		}
	})
}

// plainAutomaton has a code for each character and does not know disguises.
func plainAutomaton(terms []string) (*automaton, []uint16) {
	table, last := make([]uint16, 1<<16), uint16(0)
	seen := map[string]bool{}
	var patterns [][]uint16
	var heads []int32
	for i, s := range terms {
		if seen[s] {
			continue
		}
		seen[s] = true
		var p []uint16
		for _, r := range fold.Term(s) {
			if table[uint16(r)] == 0 {
				last++
				table[uint16(r)] = last
			}
			p = append(p, table[uint16(r)])
		}
		patterns, heads = append(patterns, p), append(heads, int32(i)+1)
	}
	return newAutomaton(patterns, heads, int(last)), table
}

func BenchmarkCompile(b *testing.B) {
	words, _ := varied(b)
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("names=%d", n), func(b *testing.B) { benchmarkCompile(b, words.Names(n)) })
		b.Run(fmt.Sprintf("dense=%d", n), func(b *testing.B) { benchmarkCompile(b, words.Terms(n)) })
	}
}

func benchmarkCompile(b *testing.B, terms []string) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile(terms); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScanHostile(b *testing.B) {
	m, err := Compile(vocabularyTerms())
	if err != nil {
		b.Fatal(err)
	}
	for name, unit := range map[string]string{
		"one character": "牌", "emoji": "🐂", "zero widths": "\u200b", "brackets": "【", "half characters": "\xe7\x89",
		"disguises": "徽信伽葒佨其簰木奉qipai🐂", "pinyin": "weixinqipai ", "ligatures": "ﷺ", "one letter": "w", "term": "棋牌",
	} {
		for _, size := range []int{128 << 10, 256 << 10, 512 << 10, 1 << 20} {
			text := strings.Repeat(unit, size/len(unit))
			b.Run(fmt.Sprintf("%s/%dKB", name, size>>10), func(b *testing.B) {
				var folded fold.Text
				folded.Fold(text)
				b.SetBytes(int64(len(text)))
				best := time.Hour // the best pass is the one least disturbed by other processes
				for b.Loop() {
					start := time.Now()
					m.Scan(&folded, func(Hit) {})
					best = min(best, time.Since(start))
				}
				b.ReportMetric(float64(best.Nanoseconds())/float64(len(text)), "ns/byte")
			})
		}
	}
}
