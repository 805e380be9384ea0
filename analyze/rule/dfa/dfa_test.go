package dfa

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/qianshao/qianshao/analyze/rule/prefilter/prefiltertest"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
)

// plenty is a budget that no test uses up.
func plenty() *Budget { return &Budget{Left: 1 << 60} }

// check compares what an expression finds with what Go's engine finds.
func check(t *testing.T, x *Expression, re *regexp.Regexp, text string, n int) {
	t.Helper()
	want := spans(re.FindAllStringIndex(text, n))
	if got := x.InString(text, n, nil, plenty()); !slices.Equal(got, want) {
		t.Errorf("%q in %q: bytes %v; want %v", re, text, got, want)
	}
	runes := []rune(text)
	wantRunes := spans(re.FindAllStringIndex(string(runes), n))
	for i, at := range wantRunes {
		valid := string(runes)
		wantRunes[i] = Span{int32(utf8.RuneCountInString(valid[:at.From])), int32(utf8.RuneCountInString(valid[:at.To]))}
	}
	if got := x.InRunes(runes, n, nil, plenty()); !slices.Equal(got, wantRunes) {
		t.Errorf("%q in %q: characters %v; want %v", re, text, got, wantRunes)
	}
	if got := x.Matches(runes); got != re.MatchString(string(runes)) {
		t.Errorf("%q matches %q: %t", re, text, got)
	}
}

func spans(places [][]int) (out []Span) {
	for _, at := range places {
		out = append(out, Span{int32(at[0]), int32(at[1])})
	}
	return out
}

func compile(t testing.TB, m *Memory, expression string) *Expression {
	t.Helper()
	x, err := m.Compile(expression)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestSemantics(t *testing.T) {
	for _, test := range []struct{ expression, text string }{
		{`a|ab`, "xabab"}, // the first alternative wins, not the longest
		{`ab|a`, "xabab"},
		{`a+?`, "aaa"},
		{`a+`, "xaaa"},
		{`(?:a|ab)(?:c|bcd)`, "abcd"},
		{`abcd|bc|c`, "abcx abcd"}, // a longer match that begins earlier fails
		{`a[^b]*b|a`, "aaaa"},
		{`^a`, "aa\na"},
		{`(?m)^a$`, "a\na\nab"},
		{`a$`, "aa"},
		{`\ba`, "aa ba a 中a"},
		{`\Ba`, "aa ba a 中a"},
		{`a\b`, "ab a中"},
		{`\b\d{5,}`, "123456 x12345 _12345 中12345"},
		{`(?i)k+s`, "K\u212aſ ks"},
		{`[^a]`, "a\xff中\xe7\x89a"},
		{"\ufffd", "\xff\ufffdx"},
		{`(?s).`, "\n\xf0\x9f\x98\x80"},
		{`.`, "\na"},
		{`(?:^|[^0-9])1[3-9]\d{9}(?:$|[^0-9])`, "13912345678,13912345678 139123456789"},
		{`[^\x00-\x{10FFFF}]`, "abc"},
		{`a*`, "baa"}, // may match the empty text, so Go's engine reads
		{`🍎+`, "🍎🍎🍊🍎"},
		{`(?:a{2}){3}`, strings.Repeat("a", 20)},
	} {
		x, re := compile(t, NewMemory(), test.expression), regexp.MustCompile(test.expression)
		for _, n := range []int{0, 1, 2, 64} {
			check(t, x, re, test.text, n)
		}
	}
	if _, err := NewMemory().Compile(`(`); err == nil {
		t.Error("( is compiled")
	}
}

// FuzzDFA: an expression finds what Go's engine finds.
func FuzzDFA(f *testing.F) {
	f.Add(`(?i)usdt\d+|^usd\b`, "xUSDT5 usd")
	f.Add(`(?:a|b)*a(?:a|b){6}$`, "abbababbabababa")
	f.Add(`(?m)^.{2,4}$|\Bk+?\B`, "k\u212a彩ſ\nabc\xff")
	f.Add(`[^。]{0,6}元|\w\W`, "彩\xe5金元。")
	f.Add(`\p{Han}{2}[\d一-十]|[^\pL]`, "彩金3七")
	f.Fuzz(func(t *testing.T, expression, text string) {
		if syntax.CheckRegex(expression).Key != "" {
			return // no rule has such an expression
		}
		check(t, compile(t, NewMemory(), expression), regexp.MustCompile(expression), text, 8)
	})
}

// TestShipped runs all shipped expressions from many goroutines that share one memory.
func TestShipped(t *testing.T) {
	t.Parallel()
	expressions := prefiltertest.Shipped(t)
	memory, trees := NewMemory(), prefiltertest.Trees(expressions)
	compiled := make([]*Expression, len(expressions))
	for i, expression := range expressions {
		compiled[i] = compile(t, memory, expression)
	}
	var wait sync.WaitGroup
	for k := range 4 {
		wait.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(k)))
			for i, expression := range expressions {
				re := regexp.MustCompile(expression)
				for range 2 {
					check(t, compiled[i], re, prefiltertest.Text(trees, random)+prefiltertest.Text(trees[i:i+1], random), 64)
				}
			}
		})
	}
	wait.Wait()
}

// TestHostile has expressions and texts that keep leading to new states, within a memory that is
// too small for them.
func TestHostile(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	letters := func(n int, of string) string {
		list, b := []rune(of), strings.Builder{}
		for range n {
			b.WriteRune(list[random.IntN(len(list))])
		}
		return b.String()
	}
	for _, test := range []struct{ expression, text string }{
		{`(?:a|b)*a(?:a|b){12}c`, letters(4_000, "ab")},
		{`(?:a|b)*a(?:a|b){12}`, letters(500, "ab")},
		{`代[^。]{0,14}(?:发\s*票|证)[^。]{0,30}\d{11}`, letters(4_000, "代发票证1 13800138000代办")},
		{`(?:(?:a{1,7}b?){1,7}){1,7}c`, letters(3_000, "aaab")},
		{`(?:[^\pL]|[\p{Han}a-z]\W){3}[^\pN\pP]\d`, letters(3_000, "a中1.\xff\n_é")},
		{`(?:.{0,9}a.{0,9}b|.{0,9}b.{0,9}c){1,3}d`, letters(3_000, "abc\n")},
	} {
		memory := NewMemory()
		memory.limit = 1 << 18
		check(t, compile(t, memory, test.expression), regexp.MustCompile(test.expression), test.text, 64)
		if memory.used > memory.limit {
			t.Errorf("%s: %d bytes of states", test.expression, memory.used)
		}
	}
}

// TestGivesUp: if every character leads to a new state, Go's engine reads until it has read enough
// for the automaton to be tried again.
func TestGivesUp(t *testing.T) {
	random, text := rand.New(rand.NewPCG(7, 8)), make([]byte, 20_000)
	for i := range text {
		text[i] = "ab"[random.IntN(2)]
	}
	x := compile(t, NewMemory(), `(?:a|b)*a(?:a|b){12}c`)
	x.InString(string(text), 64, nil, plenty())
	small := &Budget{Left: len(text) * x.instructions}
	if found := x.InString(string(text)+"abababababababc", 64, nil, small); len(found) > 0 || !small.Spent {
		t.Errorf("Go's engine read a text beyond its budget: %v, %d left", found, small.Left)
	}
	if built := len(x.forward.states); built < maxDebt/stateCost || built > 3*maxDebt/stateCost {
		t.Errorf("%d states were built", built)
	}
	for range maxDebt/len(text) + 1 {
		x.InString("b"+string(text[:5000]), 64, nil, plenty())
	}
	if x.debt.Load() > maxDebt {
		t.Error("it never tries again")
	}
	x.InString(strings.Repeat("c", 2*maxDebt), 64, nil, plenty())
	if x.debt.Load() != 0 {
		t.Errorf("it lags by %d characters behind a plain text", x.debt.Load())
	}
}

// BenchmarkShipped reads texts of many kinds with each shipped expression.
func BenchmarkShipped(b *testing.B) {
	expressions := prefiltertest.Shipped(b)
	memory, trees, random := NewMemory(), prefiltertest.Trees(expressions), rand.New(rand.NewPCG(3, 4))
	var text strings.Builder
	for text.Len() < 60_000 {
		text.WriteString(prefiltertest.Text(trees, random))
		for range random.IntN(60) {
			text.WriteRune(0x4e00 + rune(random.ExpFloat64()*600)) // a few characters are frequent, most are rare
		}
	}
	runes := []rune(text.String())
	compiled, slow := make([]*Expression, len(expressions)), make([]*regexp.Regexp, len(expressions))
	for i, expression := range expressions {
		compiled[i], slow[i] = compile(b, memory, expression), regexp.MustCompile(expression)
		compiled[i].InString(text.String(), 64, nil, plenty())
		compiled[i].InRunes(runes, 64, nil, plenty())
	}
	run := func(name string, read func(i int)) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				for i := range expressions {
					read(i)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(runes)*len(expressions)), "ns/char")
		})
	}
	run("string", func(i int) { compiled[i].InString(text.String(), 64, nil, plenty()) })
	run("runes", func(i int) { compiled[i].InRunes(runes, 64, nil, plenty()) })
	run("go", func(i int) { slow[i].FindAllStringIndex(text.String(), 64) })
	b.Logf("%d bytes of states", memory.used)
}

// TestDebtOfOthers: a page that leaves an expression in debt does not keep it from reading the next
// page, which is too long for Go's engine.
func TestDebtOfOthers(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	letters := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte("ab"[random.IntN(2)])
		}
		return b.String()
	}
	const expression = `(?:[ab]{0,40}a[ab]{14}c[0-9]{1,30}){1,12}`
	page := letters(600) + strings.Repeat("x", 20_000) + "aaaaaaaaaaaaaaac1"
	for name, find := range map[string]func(*Expression, string, *Budget) []Span{
		"bytes":      func(x *Expression, text string, b *Budget) []Span { return x.InString(text, 8, nil, b) },
		"characters": func(x *Expression, text string, b *Budget) []Span { return x.InRunes([]rune(text), 8, nil, b) },
	} {
		x := compile(t, NewMemory(), expression)
		find(x, letters(4000), plenty())
		if debt := x.debt.Load(); debt < maxDebt/2 {
			t.Fatalf("%s: the first page leaves a debt of %d only", name, debt)
		}
		budget := &Budget{Left: 1 << 24}
		if found := find(x, page, budget); len(found) != 1 || budget.Spent {
			t.Errorf("%s: found %v behind a page that leaves a debt; spent: %t", name, found, budget.Spent)
		}
		find(x, letters(4000), plenty())
		if budget.lag(x, len(page)) == 0 {
			t.Errorf("%s: a page is pardoned twice", name)
		}
	}
}
