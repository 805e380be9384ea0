package untrusted

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
)

func TestDefang(t *testing.T) {
	for in, want := range map[string]string{
		"http://a.example.cn/p.html?q=x.y": "hxxp://a[.]example[.]cn/p.html?q=x.y",
		"HTTPS://A.example":                "hxxps://A[.]example",
		"https://user@a.example:8080":      "hxxps://user@a[.]example:8080",
		"ftp://a.example/":                 "fxp://a[.]example/",
		"pages/a.html":                     "pages/a.html",
		"http://a.example/\u202egpj.exe\n": "hxxp://a[.]example/gpj.exe",
		"javascript:alert(1)":              "javascript:alert(1)",
		"":                                 "",
	} {
		if got := Defang(in); got != want {
			t.Errorf("Defang(%q) = %q, want %q", in, got, want)
		}
	}
}

func lineText(l Line) string {
	var b strings.Builder
	if l.CutStart {
		b.WriteString("…")
	}
	for _, p := range l.Pieces {
		switch p.Look {
		case "":
			b.WriteString(p.Text)
		default:
			b.WriteString(p.Look + "[" + p.Text + "]")
		}
	}
	if l.CutLast {
		b.WriteString("…")
	}
	return b.String()
}

func TestExcerpt(t *testing.T) {
	long := strings.Repeat("前", 500) + "注册送" + strings.Repeat("后", 500)
	for _, tc := range []struct {
		name, source string
		spans, also  []qianshao.Span
		first        int
		want         []string
	}{
		{"middle", "1\n2\n3\n4 注册送 x\n5\n6\n7", []qianshao.Span{{Start: 8, End: 17}}, nil, 2,
			[]string{"2", "3", "4 mark[注册送] x", "5", "6"}},
		{"first line, CRLF", "a注b\r\nc\r\nd\r\ne", []qianshao.Span{{Start: 1, End: 4}}, nil, 1, []string{"amark[注]b", "c", "d"}},
		{"two spans, one beside, other evidence", "ab cd ef gh", []qianshao.Span{{Start: 0, End: 2}, {Start: 3, End: 5}},
			[]qianshao.Span{{Start: 6, End: 8}}, 1, []string{"mark[ab] mark[cd] also[ef] gh"}},
		{"overlapping spans are one mark", "abcdef", []qianshao.Span{{Start: 0, End: 4}, {Start: 2, End: 6}, {Start: 1, End: 2}}, nil, 1,
			[]string{"mark[abcdef]"}},
		{"a long line is cut around", long, []qianshao.Span{{Start: 1500, End: 1509}}, nil, 1,
			[]string{"…" + strings.Repeat("前", excerptLead) + "mark[注册送]" + strings.Repeat("后", excerptLead) + "…"}},
		{"over several lines", "x注\n册\n送y\nz", []qianshao.Span{{Start: 1, End: 12}}, nil, 1,
			[]string{"xmark[注]", "mark[册]", "mark[送]y", "z"}},
		{"unseen characters", "a\u200bb\u202e", []qianshao.Span{{Start: 0, End: 5}}, nil, 1, []string{"mark[a]sign[ZWSP]mark[b]sign[RLO]"}},
		{"outside the source", "abc", []qianshao.Span{{Start: 90, End: 99}}, nil, 1, []string{"abc"}},
		{"empty source", "", []qianshao.Span{{Start: 0, End: 0}}, nil, 1, []string{""}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			at := qianshao.Span{Start: tc.spans[0].Start, End: tc.spans[0].End}
			for _, s := range tc.spans {
				at.Start, at.End = min(at.Start, s.Start), max(at.End, s.End)
			}
			line := 1 + strings.Count(tc.source[:min(at.Start, len(tc.source))], "\n")
			var got []string
			lines := Excerpt(tc.source, at, line, tc.spans, tc.also)
			for _, l := range lines {
				got = append(got, lineText(l))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if len(lines) > 0 && lines[0].Number != tc.first {
				t.Errorf("begins with line %d, want %d", lines[0].Number, tc.first)
			}
		})
	}
}

func FuzzExcerpt(f *testing.F) {
	f.Add("a\n注册\u200b送\r\nb", 2, 8, 1, 3)
	f.Add("\xff\xfe\n\n", -1, 90, 5, 2)
	f.Fuzz(func(t *testing.T, source string, start, end, from, to int) {
		span := qianshao.Span{Start: start, End: end}
		for _, l := range Excerpt(source, span, 1, []qianshao.Span{span}, []qianshao.Span{{Start: from, End: to}}) {
			n := 0
			for _, p := range l.Pieces {
				if strings.ContainsAny(p.Text, "\u200b\u202e\x00\n") {
					t.Errorf("an unseen character is shown raw: %q", p.Text)
				}
				n += utf8.RuneCountInString(p.Text)
			}
			if n > 8*(2*excerptLead+excerptMatch+excerptContext) {
				t.Errorf("a line of %d characters", n)
			}
		}
	})
}

func BenchmarkExcerpt(b *testing.B) {
	source := strings.Repeat("<p>行内文字</p>", 100_000)
	at := qianshao.Span{Start: len(source) / 2, End: len(source)/2 + 12}
	b.SetBytes(int64(len(source)))
	b.ReportAllocs()
	for b.Loop() {
		Excerpt(source, at, 1, []qianshao.Span{at}, nil)
	}
}
