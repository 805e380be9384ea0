package desk_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/desk"
)

// TestSeen: the hash stays the same while the evidence says the same, whatever its numbers, its place, and
// the rules that found it.
func TestSeen(t *testing.T) {
	t.Parallel()
	base := []qianshao.Evidence{
		{Rule: "a", Term: "注册送", Before: "今天 ", Text: "注册送彩金88", After: " 12:30:05", Line: 3, Span: qianshao.Span{Start: 9, End: 20}},
		{Rule: "b", Term: "投注", Before: "在线", Text: "投注", After: "平台"},
	}
	change := func(f func(list []qianshao.Evidence) []qianshao.Evidence) []qianshao.Evidence {
		return f(append([]qianshao.Evidence(nil), base...))
	}
	for name, tt := range map[string]struct {
		list []qianshao.Evidence
		same bool
	}{
		"as it is":    {base, true},
		"other order": {change(func(l []qianshao.Evidence) []qianshao.Evidence { l[0], l[1] = l[1], l[0]; return l }), true},
		"twice":       {change(func(l []qianshao.Evidence) []qianshao.Evidence { return append(l, l[1]) }), true},
		"other rule and place": {change(func(l []qianshao.Evidence) []qianshao.Evidence {
			l[0].Rule, l[0].Term, l[0].Line, l[0].Span, l[0].Block = "c", "彩金", 70, qianshao.Span{Start: 90, End: 99}, "x"
			return l
		}), true},
		"numbers and clock": {change(func(l []qianshao.Evidence) []qianshao.Evidence {
			l[0].Text, l[0].After = "注册送彩金188", " 2:3"
			return l
		}), true},
		"disguise":      {change(func(l []qianshao.Evidence) []qianshao.Evidence { l[0].Text = "註冊送彩金88"; return l }), true},
		"other words":   {change(func(l []qianshao.Evidence) []qianshao.Evidence { l[0].Text = "注册送现金88"; return l }), false},
		"a number more": {change(func(l []qianshao.Evidence) []qianshao.Evidence { l[1].After = "平台1"; return l }), false},
		"less":          {base[:1], false},
		"nothing":       {nil, false},
	} {
		got, want := desk.Seen(tt.list, fold.String), desk.Seen(base, fold.String)
		if (got == want) != tt.same || len(got) != 64 {
			t.Errorf("%s: %s, and %s before; want the same: %v", name, got, want, tt.same)
		}
	}
	if !desk.Includes(base, base[:1], fold.String) || !desk.Includes(base[1:], base, fold.String) {
		t.Error("a part is not included")
	}
	if desk.Includes(base[:1], base[1:], fold.String) || desk.Includes(base, nil, fold.String) {
		t.Error("something else, or nothing, is included")
	}
}

func trail() []qianshao.Act {
	at := time.Date(2026, 11, 26, 1, 2, 3, 45e6, time.UTC)
	list := []qianshao.Act{
		{Seq: 1, At: at, By: "王芳", Subject: qianshao.Subject{Kind: qianshao.SubjectFinding, ID: "0123456789abcdef"}, Kind: qianshao.ActDecide,
			Verdict: qianshao.VerdictNotCrime, Reason: qianshao.ReasonOther, Seen: "5e", Rules: "v1 d", Round: 1, Detail: `{"words":"\u003c他们的广告\u003e \"x\""}`},
		{Seq: 2, At: at.Add(time.Second), By: "li", Key: "k", Batch: 3, Subject: qianshao.Subject{Kind: qianshao.SubjectCampaign, ID: "c"},
			Kind: qianshao.ActPark, Until: at.Add(time.Hour), Basis: 1, Reverts: 1},
	}
	chain := ""
	for i := range list {
		list[i].Chain = desk.Link(chain, &list[i])
		chain = list[i].Chain
	}
	return list
}

// TestLink compares the chain with a recorded value: another encoding would make every existing trail look
// forged.
func TestLink(t *testing.T) {
	t.Parallel()
	list := trail()
	const want = "f7183a59b42ece64"
	if got := list[1].Chain; !strings.HasPrefix(got, want) {
		t.Errorf("the chain is %s, want %s…", got, want)
	}
	// No two different acts have the same encoding: a field cannot borrow from its neighbour.
	x, y := list[0], list[0]
	x.By, x.Key = "ab", "c"
	y.By, y.Key = "a", "bc"
	if desk.Link("", &x) == desk.Link("", &y) {
		t.Error("two acts have the same chain")
	}
}

// checkInPython returns the program that docs/operations.md gives to auditors.
func checkInPython(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "```python\n")
	program, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatal("docs/operations.md has no program in Python")
	}
	return program
}

// TestChainInPython: an auditor can check an export without this program.
func TestChainInPython(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3 here")
	}
	list := trail()
	check := func() (string, error) {
		var lines strings.Builder
		for i := range list {
			line, err := desk.RecordOf(&list[i]).MarshalLine()
			if err != nil {
				t.Fatal(err)
			}
			lines.Write(line)
		}
		cmd := exec.Command(python, "-c", checkInPython(t))
		cmd.Stdin = strings.NewReader(lines.String())
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	if out, err := check(); err != nil || out != list[1].Chain {
		t.Errorf("python says %q, %v; want %s", out, err, list[1].Chain)
	}
	list[0].Verdict = qianshao.VerdictCrime
	if out, err := check(); err == nil || !strings.Contains(out, "act 1 is not as it was written") {
		t.Errorf("python says %q, %v of a changed trail", out, err)
	}
}

func TestParseHead(t *testing.T) {
	t.Parallel()
	want := desk.Head{Seq: 12, Chain: strings.Repeat("0a", 32)}
	if h, err := desk.ParseHead(want.String()); err != nil || h != want {
		t.Errorf("%v, %v", h, err)
	}
	for _, text := range []string{"", "12", "0:" + want.Chain, "-1:" + want.Chain, "12:0a", "12:" + strings.Repeat("0A", 32), want.String() + "\n", "99999999999999999999:" + want.Chain} {
		if h, err := desk.ParseHead(text); err == nil {
			t.Errorf("%q is read as %v", text, h)
		}
	}
}

func TestParseDetail(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"": true, "{}": true, `{"words":"x","park":{"sites":2}}`: true, `{"word":"x"}`: false, `{"park":{"site":2}}`: false, `{} {}`: false, `[]`: false, `{`: false,
		`{"words":"x"}x`: false,
	} {
		if _, err := desk.ParseDetail(text); (err == nil) != ok {
			t.Errorf("%q: error %v", text, err)
		}
	}
}

// FuzzParseDetail: whatever was parsed is the same after it is written and parsed again.
func FuzzParseDetail(f *testing.F) {
	f.Add(`{"words":"x","park":{"content":true,"sites":2},"campaigns":["a"]}`)
	f.Add(`{"words":"\u003c"}`)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := desk.ParseDetail(text)
		if err != nil || text == "" {
			return
		}
		once, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		again, err := desk.ParseDetail(string(once))
		if err != nil {
			t.Fatalf("%q: %v", once, err)
		}
		if twice, err := json.Marshal(again); err != nil || string(twice) != string(once) {
			t.Errorf("%q becomes %q, then %q, %v", text, once, twice, err)
		}
	})
}
