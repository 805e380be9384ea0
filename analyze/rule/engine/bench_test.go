package engine

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/analyze/packs"
	"github.com/qianshao/qianshao/analyze/rule"
)

// generated returns rules with the given total number of terms, spread over lists and blocks like
// those of the shipped set.
func generated(rules, terms int) fstest.MapFS {
	random := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		for {
			runes := make([]rune, 4+random.IntN(3))
			for i := range runes {
				runes[i] = rune(0x4e00 + random.IntN(6000))
			}
			// Terms of three characters can look like a person's name by chance, which the linter
			// refuses. Folding drops some rare characters, taking them for separators.
			if len(fold.Term(string(runes))) > 3 {
				return string(runes)
			}
		}
	}
	files := fstest.MapFS{}
	for i := range rules {
		var list strings.Builder
		seen := map[string]bool{}
		for len(seen) < max(1, terms/rules-4) {
			if w := word(); !seen[w] {
				seen[w] = true
				fmt.Fprintln(&list, w)
			}
		}
		files[fmt.Sprintf("lists/l%d.txt", i)] = &fstest.MapFile{Data: []byte(list.String())}
		text := header + fmt.Sprintf(`id: r%d
detection:
  brand: {lists: [l%d]}
  offer:
    terms: [%s, %s]
    regex: ['\d{2,4}\s*元\s*彩金%d', '(?i)usdt%d']
    regions: [title, meta, heading, text, anchor]
  contact: {terms: [%s, %s], except: []}
  condition: brand and (offer or brand near/20 contact)
`, i, i, word(), word()+"甲", i, i, word(), word()+"乙")
		files[fmt.Sprintf("rules/x/r%d.yaml", i)] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(text, ", except: []", ""))}
	}
	return files
}

// compile loads and compiles a rule set.
func compile(b *testing.B, files fs.FS) *Engine {
	b.Helper()
	set, err := rule.Load(files, rule.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return New(set, words)
}

// BenchmarkLoad is the time that "rules list" needs to start.
func BenchmarkLoad(b *testing.B) {
	b.Run("shipped", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			compile(b, packs.FS())
		}
	})
	for _, terms := range []int{1000, 5000, 100_000} {
		files := generated(100, terms)
		b.Run(fmt.Sprintf("rules=100/terms=%d", terms), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				compile(b, files)
			}
		})
	}
}

// ordinaryPage is 50 kB of Chinese prose in 500 regions; seeded adds texts that make some rules
// look more closely.
func ordinaryPage(seeded ...string) *qianshao.Document {
	const prose = "本市图书馆将于周末举办读书活动，欢迎市民携家人参加。活动期间，少儿阅览室延长开放两小时，"
	var regions []qianshao.Region
	for size := 0; size < 50_000; {
		text := prose[:99]
		if n := len(regions); n%50 == 49 && len(seeded) > 0 {
			text += seeded[n/50%len(seeded)]
		}
		regions = append(regions, region(text))
		size += len(text)
	}
	return page(regions...)
}

func BenchmarkEvaluate(b *testing.B) {
	for _, terms := range []int{100, 5000, 100_000} {
		set := compile(b, generated(100, max(terms, 500)))
		if terms == 100 {
			set = compile(b, generated(20, terms))
		}
		if err := set.Prepare(); err != nil {
			b.Fatal(err)
		}
		var hits []string
		for i := 0; i < len(set.terms); i += len(set.terms)/10 + 1 {
			hits = append(hits, set.terms[i].text+"送88元彩金")
		}
		for name, doc := range map[string]*qianshao.Document{"ordinary": ordinaryPage(), "seeded": ordinaryPage(hits...)} {
			b.Run(fmt.Sprintf("terms=%d/%s", set.Terms(), name), func(b *testing.B) {
				size := 0
				for _, r := range doc.Regions {
					size += len(r.Text)
				}
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					set.Evaluate(doc)
				}
			})
		}
	}
}

// BenchmarkFlood shows that hostile text takes time in proportion to its size.
func BenchmarkFlood(b *testing.B) {
	files := generated(20, 200)
	files["rules/x/flood.yaml"] = &fstest.MapFile{Data: []byte(header + `id: flood
detection:
  a: {terms: [赌赌, 赌赌赌, 赌赌赌赌, 博彩], except: [博彩虹]}
  b: {terms: [赌赌赌], regex: ['(?:赌+.?)+元']}
  condition: a near/9 b or b
`)}
	set := compile(b, files)
	for _, piece := range []string{"赌", "赌 ", "博·彩", "博彩虹", "\u200b", "😀", "（"} {
		for _, kb := range []int{128, 256, 512} {
			doc := page(region(strings.Repeat(piece, kb<<10/len(piece))))
			b.Run(fmt.Sprintf("%q/%dKB", piece, kb), func(b *testing.B) {
				b.SetBytes(int64(kb) << 10)
				b.ReportAllocs()
				for b.Loop() {
					set.Evaluate(doc)
				}
			})
		}
	}
}
