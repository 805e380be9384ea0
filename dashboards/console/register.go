package console

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao"
)

type registerPage struct {
	*layout
	List []registerEntry
}

// registerPage lists the authorisations: those in force first, the soonest to end at the top.
func (c *Console) serveRegister(w http.ResponseWriter, r *http.Request) {
	list, err := c.store.Authorisations(r.Context())
	if err != nil {
		c.failWith(w, r, err)
		return
	}
	v := &registerPage{layout: c.layout(w, r, "register.title")}
	for _, a := range list {
		v.List = append(v.List, standing(a, c.now()))
	}
	order := []string{"in_force", "not_yet", "expired"}
	slices.SortStableFunc(v.List, func(a, b registerEntry) int {
		return cmp.Or(
			cmp.Compare(slices.Index(order, a.Standing), slices.Index(order, b.Standing)),
			a.ValidUntil.Compare(b.ValidUntil),
			cmp.Compare(a.ID, b.ID),
		)
	})
	c.render(w, r, http.StatusOK, "authorisations", v)
}

// RateText writes requests a second without needless zeros.
func (a registerEntry) RateText() string { return strconv.FormatFloat(a.Rate, 'g', 4, 64) }

type helpPage struct {
	*layout
	Examples   []helpExample
	Categories []qianshao.Category
	Levels     []qianshao.Level
	ExitCodes  []exitCode
}

type helpExample struct{ Query, URL, Meaning string }

type exitCode struct {
	Code    int
	Meaning string
}

func (c *Console) serveHelp(w http.ResponseWriter, r *http.Request) {
	v := &helpPage{layout: c.layout(w, r, "help.title"), Categories: qianshao.Categories()}
	for l := qianshao.LevelCritical; l > qianshao.LevelNone; l-- {
		v.Levels = append(v.Levels, l)
	}
	for _, e := range []struct{ query, meaning string }{
		{"注册送", "word"}, {`"注册 送 彩金"`, "phrase"},
		{"category:gambling", "category"}, {"level:>=high", "level"}, {"score:>=75", "score"},
		{"host:*.example.cn", "host"}, {`url:https://school.example/news/`, "url"},
		{"rule:gambling-casino-promotion", "rule"}, {"hidden:true", "hidden"}, {"state:open", "state"},
		{"seen:>=2026-11-01", "seen"}, {"new:>=7d", "new"},
		{"authorisation:school-2026", "authorisation"}, {"title:彩票", "titlefield"},
		{"(百家乐 OR 时时彩) level:high", "or"}, {"澳门 -新闻", "not"},
	} {
		v.Examples = append(v.Examples, helpExample{e.query, searchURL(e.query, 0), v.T("help." + e.meaning)})
	}
	for code := range 4 { // as cmd/qianshao defines them
		v.ExitCodes = append(v.ExitCodes, exitCode{code, v.T("help.exit." + strconv.Itoa(code))})
	}
	c.render(w, r, http.StatusOK, "help", v)
}

// hostname returns a URL's host, lower case and without port; empty for a file.
func hostname(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}
