package console

import (
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/locales"
)

// TestOwnWordsParse checks that the names shown by the console are understood by the query
// language: people must find what they type as they read it.
func TestOwnWordsParse(t *testing.T) {
	check := func(query, want string) {
		t.Helper()
		n, err := index.Parse(query, time.Now())
		if err != nil {
			t.Errorf("%s: %v", query, err)
		} else if n.String() != want {
			t.Errorf("%s is read as %s, want %s", query, n, want)
		}
	}
	for _, c := range qianshao.Categories() {
		check("类别:"+locales.Chinese.Named("category.", string(c)), "category:"+string(c))
	}
	for l := qianshao.LevelInformational; l <= qianshao.LevelCritical; l++ {
		check("级别:"+locales.Chinese.Named("level.", l.String()), "level:"+l.String())
	}
	for _, s := range qianshao.States() {
		check("状态:"+locales.Chinese.Named("state.", string(s)), "state:"+string(s))
	}
	for _, l := range []locales.Lang{locales.Chinese, locales.English} {
		v := &searchPage{Layout: page.Bare(l, time.Time{}, nil)}
		for _, query := range v.examples() {
			if _, err := index.Parse(query, time.Now()); err != nil {
				t.Errorf("an example of the console: %v", err)
			}
		}
	}
}

// TestFieldsExplained: the help page explains every field of the query language.
func TestFieldsExplained(t *testing.T) {
	for _, l := range []locales.Lang{locales.Chinese, locales.English} {
		v := &helpPage{Layout: page.Bare(l, time.Time{}, nil)}
		for _, name := range index.FieldNames() {
			v.field(name)
		}
		for _, f := range v.Fields {
			if strings.HasPrefix(f.Meaning, "help.") || f.Meaning == string(f.Name) && !f.Name.IsIndicator() {
				t.Errorf("%s is not explained in %s", f.Name, l.Tag())
			}
		}
		if len(v.Levels) != 5 || v.Levels[0].Level != qianshao.LevelCritical || len(v.Categories) != len(qianshao.Categories()) {
			t.Errorf("levels %v, categories %v", v.Levels, v.Categories)
		}
	}
}

func TestMarked(t *testing.T) {
	s := index.Snippet{Text: "前\u200b注册送后", Spans: []index.Span{{Start: 6, End: 15}}}
	var b strings.Builder
	for _, p := range marked(s) {
		b.WriteString("[" + p.Look + ":" + p.Text + "]")
	}
	if got, want := b.String(), "[:前][sign:ZWSP][mark:注册送][:后]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
