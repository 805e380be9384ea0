package backtest_test

import (
	"errors"
	"testing"
	"testing/fstest"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/backtest"
	"github.com/qianshao/qianshao/analyze/packs"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/locales"
)

const (
	ad       = "<p>新用户注册送彩金，百家乐、老虎机任您玩，首存送一百，返水无上限</p>"
	innocent = "<p>门诊时间为每日八时至十七时</p>"
)

// withOverlay compiles the shipped rules with an overlay of one file.
func withOverlay(t *testing.T, name, content string) *analyze.Analyzer {
	t.Helper()
	opts := rule.Options{Now: time.Now()}
	if name != "" {
		opts.Overlay, opts.OverlayName = fstest.MapFS{name: {Data: []byte(content)}}, "overlay"
	}
	rules, err := rule.Load(packs.FS(), opts)
	if err != nil {
		t.Fatal(err)
	}
	analyzer, err := analyze.New(rules)
	if err != nil {
		t.Fatal(err)
	}
	return analyzer
}

func page(url, html string) qianshao.Page {
	return qianshao.Page{URL: url, ContentType: "text/html", Body: []byte(html)}
}

// TestAllowedHost: an overlay that allows a host removes its findings, says why, and leaves other
// hosts alone; with the rule sets exchanged, the findings are gained.
func TestAllowedHost(t *testing.T) {
	shipped := withOverlay(t, "", "")
	allowing := withOverlay(t, "allow.yaml", "hosts:\n  - {host: a.example, reason: 试一试}\n")
	pages := []qianshao.Page{page("https://a.example/1", ad), page("https://b.example/1", ad), page("https://a.example/2", innocent)}

	run := func(c backtest.Comparison) *backtest.Report {
		outcomes := []backtest.Outcome{{Err: errors.New("x: unreadable")}}
		for _, p := range pages {
			outcomes = append(outcomes, c.Compare(p.URL, p))
		}
		return backtest.Summarise(outcomes)
	}
	lost := run(backtest.Comparison{Before: shipped, After: allowing})
	if lost.Inputs != 4 || lost.NoLongerFlagged != 1 || lost.NewlyFlagged != 0 || len(lost.Errors) != 1 {
		t.Errorf("%+v", lost)
	}
	if len(lost.Sites) != 1 || lost.Sites[0].Site != "a.example" || lost.Sites[0].Lost != len(lost.Changes) || len(lost.Changes) == 0 {
		t.Fatalf("%+v", lost)
	}
	for _, c := range lost.Changes {
		if c.Kind != backtest.Lost || c.URL != "https://a.example/1" || c.Text == "" || c.After != qianshao.LevelNone {
			t.Errorf("%+v", c)
		}
		if c.Why != "allowed by host a.example (试一试), overlay/allow.yaml:2:5" {
			t.Errorf("a program is told %s", c.Why)
		}
		if got := c.Cause.In(locales.Chinese); got != "被放行名单放行：主机 a.example（试一试），overlay/allow.yaml:2:5" {
			t.Errorf("in Chinese: %s", got)
		}
	}
	gained := run(backtest.Comparison{Before: allowing, After: shipped})
	if gained.NewlyFlagged != 1 || len(gained.OfKind(backtest.Gained)) != len(lost.Changes) || len(gained.OfKind(backtest.Lost)) > 0 {
		t.Errorf("%+v", gained)
	}
}

// TestSameRules: equal rule sets change nothing, and the lists are empty, not null.
func TestSameRules(t *testing.T) {
	shipped := withOverlay(t, "", "")
	r := backtest.Summarise([]backtest.Outcome{backtest.Comparison{Before: shipped, After: shipped}.Compare("x", page("", ad))})
	if len(r.Changes) > 0 || r.Changes == nil || r.Rules == nil || r.Sites == nil {
		t.Errorf("%+v", r)
	}
}
