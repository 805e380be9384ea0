package match

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/analyze/fold"
)

const plainText = "南京市六合区昨天召开了业主大会，讨论广博彩虹小区的改造方案。会议由街道主持，约200名居民参加；公司代表介绍了工程的进度与费用，" +
	"并回答了大家关心的停车、绿化和供暖问题。记者从有关部门了解到，今年全市还将改造老旧小区三十余个，预计投资五亿元。VIP not included. "

// plain is a megabyte of ordinary text.
func plain(b *testing.B) string {
	b.Helper()
	return strings.Repeat(plainText, 1<<20/len(plainText))
}

// generated returns n terms of three to six everyday characters.
func generated(n int) []string {
	random := rand.New(rand.NewPCG(1, 2))
	common := loadCharacters().everydayRunes()
	terms := make([]string, 0, n)
	for range n {
		var s strings.Builder
		for range 3 + random.IntN(4) {
			s.WriteRune(common[random.IntN(len(common))])
		}
		terms = append(terms, s.String())
	}
	return terms
}

func (c *characters) everydayRunes() []rune {
	var runes []rune
	for i := range c.list {
		if c.list[i].common == everyday {
			runes = append(runes, c.list[i].r)
		}
	}
	return runes
}

func BenchmarkScan(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("terms=%d", n), func(b *testing.B) {
			benchmarkScan(b, generated(n), plain(b))
		})
	}
	b.Run("vocabulary", func(b *testing.B) { benchmarkScan(b, vocabularyTerms(), plain(b)) })
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

// BenchmarkSymbols shows what symbols and edges cost on plain text: folding and scanning
// with all of them, beside folding and a bare automaton over characters.
func BenchmarkSymbols(b *testing.B) {
	terms, text := vocabularyTerms(), plain(b)
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

// plainAutomaton has a code for each character and knows no disguises.
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
	for _, n := range []int{100, 100_000} {
		terms := generated(n)
		b.Run(fmt.Sprintf("terms=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Compile(terms); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkScanHostile(b *testing.B) {
	m, err := Compile(vocabularyTerms())
	if err != nil {
		b.Fatal(err)
	}
	for name, unit := range map[string]string{
		"one character": "牌", "emoji": "🐂", "zero widths": "\u200b", "brackets": "【", "half characters": "\xe7\x89",
		"disguises": "徽信伽葒佨其簰木奉qipai🐂", "pinyin": "weixinqipai ", "one letter": "w", "term": "棋牌",
	} {
		for _, size := range []int{128 << 10, 256 << 10, 512 << 10, 1 << 20} {
			text := strings.Repeat(unit, size/len(unit))
			b.Run(fmt.Sprintf("%s/%dKB", name, size>>10), func(b *testing.B) {
				var folded fold.Text
				folded.Fold(text)
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					m.Scan(&folded, func(Hit) {})
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(text)), "ns/byte")
			})
		}
	}
}
