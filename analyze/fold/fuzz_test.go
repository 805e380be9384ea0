package fold

import (
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao/internal/headlines"
)

// FuzzFold: nothing panics, offsets ascend within bounds, folding a folded text changes nothing,
// each character's own bytes fold to that character, and marks lie in gaps.
func FuzzFold(f *testing.F) {
	for _, seed := range []string{
		"註冊·贈送 彩金", "ⓠⓘⓟⓐⓘ 𝐁𝐊𝐏 ①🅰🇻ᴀ🈲", "棋\xe7\x89牌\xed\xa0\x80", "㎏ﷺ⑩㈠…", "が\u3099é가ｶﾞ", "+微🐂\ufe0f١٢", "\u200b\u0336\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var text, own Text
		text.Fold(s)
		checkInvariants(t, &text, s)
		for i, r := range text.Runes {
			own.Fold(s[text.Start[i]:text.End[i]])
			if !strings.ContainsRune(string(own.Runes), r) {
				t.Fatalf("character %d of %q is %q; its bytes fold to %q", i, s, r, string(own.Runes))
			}
		}
		for _, m := range text.Marks {
			if m.Start < 0 || m.End <= m.Start || int(m.End) > len(s) || int(m.Before) > len(text.Runes) {
				t.Fatalf("mark %+v in %d characters, %d bytes", m, len(text.Runes), len(s))
			}
		}
		own.Fold(string(text.Runes))
		if string(own.Runes) != string(text.Runes) {
			t.Fatalf("%q folds to %q, and that to %q", s, string(text.Runes), string(own.Runes))
		}
		if again := String(String(s)); again != String(s) {
			t.Fatalf("String(%q) = %q, and of that %q", s, String(s), again)
		}
	})
}

// hostile are texts to be repeated in which no character is ordinary.
var hostile = map[string]string{
	"one character": "牌", "zero widths": "\u200b", "emoji": "🐂", "brackets": "【", "half characters": "\xe7\x89",
	"ligatures": "ﷺ", "combining": "\u0336", "circled": "ⓠ",
}

func BenchmarkFold(b *testing.B) {
	_, varied := headlines.ForBenchmark(b, "../token/dictionary.txt.gz", 64<<10)
	for name, text := range map[string]string{
		"Chinese":     varied,
		"Latin":       strings.Repeat("The quick brown fox jumps over the lazy dog. ", 2000),
		"traditional": strings.Repeat("註冊贈送彩金，歡迎來電諮詢貸款業務。", 2000),
	} {
		b.Run(name, func(b *testing.B) {
			var t Text
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				t.Fold(text)
			}
		})
	}
}

func BenchmarkFoldHostile(b *testing.B) {
	for name, unit := range hostile {
		for _, size := range []int{1 << 17, 1 << 18, 1 << 19, 1 << 20} {
			text := strings.Repeat(unit, size/len(unit))
			b.Run(name+"/"+sizeName(size), func(b *testing.B) {
				var t Text
				b.SetBytes(int64(len(text)))
				best := time.Hour // the best pass is the one least disturbed by other processes
				for b.Loop() {
					start := time.Now()
					t.Fold(text)
					best = min(best, time.Since(start))
				}
				b.ReportMetric(float64(best.Nanoseconds())/float64(len(text)), "ns/byte")
			})
		}
	}
}

func sizeName(n int) string {
	return map[int]string{1 << 17: "128KB", 1 << 18: "256KB", 1 << 19: "512KB", 1 << 20: "1MB"}[n]
}
