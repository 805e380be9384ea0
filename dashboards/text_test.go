package dashboards

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/index"
)

var verb = regexp.MustCompile(`%[+\d.]*[a-zA-Z]`)

func TestMessages(t *testing.T) {
	for key, m := range messages {
		if strings.TrimSpace(m.zh) == "" || strings.TrimSpace(m.en) == "" {
			t.Errorf("%s is missing in a language: %q, %q", key, m.zh, m.en)
		}
		if diff := cmp.Diff(verb.FindAllString(m.zh, -1), verb.FindAllString(m.en, -1)); diff != "" {
			t.Errorf("%s: the verbs differ: %s", key, diff)
		}
		if singular, ok := strings.CutSuffix(key, ".one"); ok && messages[singular] == (message{}) && key != "evidence.one" {
			t.Errorf("%s has no plural", key)
		}
	}
}

// TestMessageKeys finds every key that a template or the code asks for, and
// every one that nobody asks for.
func TestMessageKeys(t *testing.T) {
	var all strings.Builder
	for _, pattern := range []string{"templates/*.html", "*.go"} {
		names, err := fs.Glob(os.DirFS("."), pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if name == "messages.go" || strings.HasSuffix(name, "_test.go") {
				continue
			}
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(content)
		}
	}
	text := all.String()
	for _, m := range regexp.MustCompile(`\.(?:T|N|text|count) ?\(?"([a-z0-9._]*[a-z0-9])"[ )},]`).FindAllStringSubmatch(text, -1) {
		if _, ok := messages[m[1]]; !ok {
			t.Errorf("no message for %q", m[1])
		}
	}
	// Keys that are put together from a prefix and a code.
	built := []string{"level.", "category.", "region.", "indicator.", "hidden.", "step.", "reason.", "detail.", "facet.", "auth.", "error.", "help.exit.", "help.", "view.", "skip.", "report.", "reports.now.", "reports.error.", "who.", "state.", "cause."}
	for key := range messages {
		asked := strings.Contains(text, `"`+strings.TrimSuffix(key, ".one")+`"`)
		for _, prefix := range built {
			asked = asked || strings.HasPrefix(key, prefix)
		}
		if !asked {
			t.Errorf("nobody asks for %q", key)
		}
	}
}

// TestVocabularyNamed holds the catalogue to the vocabulary: every code has a name.
func TestVocabularyNamed(t *testing.T) {
	want := func(key string) {
		if _, ok := messages[key]; !ok {
			t.Errorf("no message for %q", key)
		}
	}
	for _, c := range qianshao.Categories() {
		want("category." + string(c))
	}
	for _, s := range qianshao.States() {
		want("state." + string(s))
	}
	for _, c := range qianshao.Causes() {
		want("cause." + string(c))
	}
	for l := qianshao.LevelNone; l <= qianshao.LevelCritical; l++ {
		want("level." + l.String())
	}
	for _, skip := range qianshao.Skips() {
		want("skip." + string(skip))
	}
	for _, state := range qianshao.SubmissionStates() {
		want("report." + string(state))
		want("reports.now." + string(state))
	}
	for _, code := range []string{"bad_url", "bad_category", "too_many_reports", "too_many_waiting", "internal"} {
		want("reports.error." + code)
	}
	for _, k := range qianshao.RegionKinds() {
		want("region." + string(k))
	}
	for _, k := range qianshao.IndicatorKinds() {
		want("indicator." + string(k))
	}
	for bit := range 32 {
		for _, name := range fold.Step(1 << bit).Names() {
			want("step." + name)
		}
	}
	source, err := os.ReadFile("../document.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`Hiding\w+\s+Hiding = "([a-z-]+)"`).FindAllStringSubmatch(string(source), -1) {
		want("hidden." + m[1])
	}
}

func TestClauses(t *testing.T) {
	for _, tc := range []struct{ query, clause, with string }{
		{"", "level:high", "level:high"},
		{"澳门", "level:high", "澳门 level:high"},
		{"a OR b", "level:high", "(a OR b) level:high"},
		{"a AND b", "level:high", "a b level:high"},
		{"-hidden:true", "hidden:true", "-hidden:true hidden:true"},
		{`"注册 送" (a OR b)`, "host:x.example", `"注册 送" (a OR b) host:x.example`},
	} {
		query, err := index.Parse(tc.query, testNow)
		if err != nil {
			t.Fatal(err)
		}
		got := with(query, tc.clause)
		if got != tc.with {
			t.Errorf("with(%q, %q) = %q, want %q", tc.query, tc.clause, got, tc.with)
		}
		narrowed, err := index.Parse(got, testNow)
		if err != nil {
			t.Fatalf("%q: %v", got, err)
		}
		back, err := index.Parse(without(narrowed, tc.clause), testNow)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(query, back); diff != "" {
			t.Errorf("adding %q to %q and removing it is no round trip: %s", tc.clause, tc.query, diff)
		}
	}
	for value, want := range map[string]string{
		"school.example": "host:school.example", "a b": `host:"a b"`, `x"y\`: `host:"x\"y\\"`, "": `host:""`,
	} {
		if got := clause("host", value); got != want {
			t.Errorf("clause(%q) = %s, want %s", value, got, want)
		}
	}
}

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
		if got := defang(in); got != want {
			t.Errorf("defang(%q) = %q, want %q", in, got, want)
		}
	}
}

func lineText(l excerptLine) string {
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
			lines := excerpt(tc.source, at, line, tc.spans, tc.also)
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
		for _, l := range excerpt(source, span, 1, []qianshao.Span{span}, []qianshao.Span{{Start: from, End: to}}) {
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
		excerpt(source, at, 1, []qianshao.Span{at}, nil)
	}
}
