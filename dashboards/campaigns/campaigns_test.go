package campaigns

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/decision"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/internal/untrusted"
)

// sides reassembles the two texts from the changes between them.
func sides(t *testing.T, list []change) (first, second string) {
	t.Helper()
	for _, c := range list {
		var text strings.Builder
		for _, p := range c.Pieces {
			if !utf8.ValidString(p.Text) {
				t.Fatalf("a piece is cut within a character: %q", p.Text)
			}
			if p.Look != untrusted.LookSign {
				text.WriteString(p.Text)
			}
		}
		if c.Op != "ins" {
			first += text.String()
		}
		if c.Op != "del" {
			second += text.String()
		}
	}
	return first, second
}

func TestCompare(t *testing.T) {
	list := compare("新用户注册送彩金88元，加QQ 12345", "新会员注册送彩金88元，加QQ 777")
	var said []string
	for _, c := range list {
		said = append(said, c.Op+":"+c.Pieces[0].Text)
	}
	if got, want := strings.Join(said, " "), ":新 del:用户 ins:会员 :注册送彩金88元，加QQ  del:12345 ins:777"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	// Comparing two texts with nothing in common stops at its time limit.
	began := time.Now()
	first, second := sides(t, compare(strings.Repeat("澳门赌场上线", maxBlock/6), strings.Repeat("代开发票可查", maxBlock/6)))
	if took := time.Since(began); took > 10*maxCompare || !strings.HasPrefix(first, "澳门") || !strings.HasPrefix(second, "代开") {
		t.Errorf("took %s", took)
	}
}

// FuzzCompare: the changes contain both texts completely, and no character is cut.
func FuzzCompare(f *testing.F) {
	f.Add("新用户注册送彩金", "平台新用户送\n彩金👍🏽")
	f.Add("", "a")
	f.Add("菠菜菠菜", "菜菠菜菠")
	f.Fuzz(func(t *testing.T, a, b string) {
		clean := func(s string) string {
			var plain strings.Builder
			for _, p := range untrusted.Reveal(strings.ToValidUTF8(s, "?"), "") {
				if p.Look != untrusted.LookSign {
					plain.WriteString(p.Text)
				}
			}
			return plain.String()
		}
		a, b = untrusted.First(clean(a), maxBlock), untrusted.First(clean(b), maxBlock)
		if first, second := sides(t, compare(a, b)); first != a || second != b {
			t.Errorf("%q and %q are shown as %q and %q", a, b, first, second)
		}
	})
}

// TestBlock: a block has each piece of evidence once, in the order of the page, up to a maximum
// length.
func TestBlock(t *testing.T) {
	f := qianshao.Finding{Evidence: []qianshao.Evidence{
		{Text: "乙&amp;丙", Before: "前 ", Span: qianshao.Span{Start: 9}}, {Text: "甲", Span: qianshao.Span{Start: 1}}, {Text: "乙&amp;丙", Before: "前 ", Rule: "other", Span: qianshao.Span{Start: 9}},
	}}
	if text, cut := block(&f); text != "甲\n前 乙&丙" || cut {
		t.Errorf("%q, cut %v", text, cut)
	}
	f.Evidence[1].After = strings.Repeat("字", maxBlock+1)
	if text, cut := block(&f); utf8.RuneCountInString(text) != maxBlock || !cut {
		t.Errorf("%d characters, cut %v", utf8.RuneCountInString(text), cut)
	}
}

// TestTimeline: the chart of a long time has fewer and broader bars, and nobody joins on the first
// day.
func TestTimeline(t *testing.T) {
	at := time.Date(2026, 8, 1, 0, 0, 0, 0, time.FixedZone("UTC+8", 8*3600))
	days := []campaign.Day{{At: at, First: true, Found: 3}, {At: at.AddDate(0, 0, 1), Found: 2}, {At: at.AddDate(0, 4, 0), Relapsed: 2}}
	c := newChart(days)
	if c.Days != 3 || len(c.Bars) > maxBars || c.Bars[0].Found != 5 || c.Bars[0].Height != chartHeight || c.Bars[len(c.Bars)-1].Relapsed != 2 {
		t.Errorf("chart: %+v", c)
	}
	if newChart(days[:1]) != nil {
		t.Error("one day is drawn")
	}
	entry := func(kind qianshao.ActKind, at time.Time) decision.Entry {
		return decision.Entry{Shown: desk.Shown{Act: qianshao.Act{Kind: kind, At: at}}}
	}
	acts := []decision.Entry{entry(qianshao.ActMerge, at.AddDate(0, 1, 0)), entry(qianshao.ActClaim, at)}
	events := eventsOf(days, acts, nil)
	if len(events) != 3 || events[0].Relapsed != 2 || events[1].Act == nil || events[2].Found != 2 {
		t.Errorf("events: %+v", events)
	}
}

func TestNumberOf(t *testing.T) {
	for typed, want := range map[string]int{"150": 150, " １５０ ": 150, "": 0, "0": -1, "-150": -1, "150条": -1, "1e3": -1, "99999999999999999999": -1} {
		if got := numberOf(typed); got != want {
			t.Errorf("%q is %d, want %d", typed, got, want)
		}
	}
}
