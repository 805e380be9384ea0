package demoweb

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
)

// Differences says in words where the outcome of a crawl differs from what is
// expected: found are the findings by the URL of their page, fetched the URLs of
// the fetched pages. describe puts the evidence of a finding in words.
func (w *Web) Differences(found map[string][]qianshao.Finding, fetched map[string]bool, describe func(qianshao.Finding) string) (list []string) {
	differs := func(url, format string, args ...any) {
		list = append(list, url+": "+fmt.Sprintf(format, args...))
	}
	declared := map[string]bool{}
	for _, e := range w.Expected() {
		declared[e.URL] = true
		f, flagged := HighestScoring(found[e.URL])
		if named, ok := HighestScoring(ofCategory(found[e.URL], e.Category)); ok {
			f = named // an advertisement of forged invoices is invoice trade, too
		}
		switch {
		case e.Skip != "" && fetched[e.URL]:
			differs(e.URL, "was fetched, though %s", e.Skip)
		case e.Skip == "" && !fetched[e.URL]:
			differs(e.URL, "was not fetched")
		case e.Category == "" && flagged:
			differs(e.URL, "was flagged by %s: %s", f.Rule, describe(f))
		case e.Category != "" && !flagged:
			differs(e.URL, "was not flagged; it is %s", e.Category)
		case e.Category != "" && f.Category != e.Category:
			differs(e.URL, "was taken for %s; it is %s", f.Category, e.Category)
		case f.Level < e.MinLevel:
			differs(e.URL, "has level %s; it is at least %s", f.Level, e.MinLevel)
		case e.View != "" && !hasView(f, e.View):
			differs(e.URL, "was found, but not as what only %s gets", e.View)
		case e.View == "" && firstView(f) == qianshao.ViewSearchVisitor:
			differs(e.URL, "was found in a search visitor's view; everybody gets it")
		case e.Hidden && !f.Hidden:
			differs(e.URL, "was found, but not that it is hidden")
		}
	}
	for url := range fetched {
		if !declared[url] {
			differs(url, "was fetched, but the demo knows of no such page")
		}
	}
	return append(list, w.trespasses()...)
}

// trespasses names requests that should not have been made: for unauthorised
// hosts, and for forbidden pages.
func (w *Web) trespasses() (list []string) {
	closed := map[string]qianshao.Skip{}
	for _, e := range w.Expected() {
		if u, err := url.Parse(e.URL); err == nil && e.Skip != "" && !w.Redirects(u) {
			closed[u.Host+u.Path] = e.Skip
		}
	}
	authorised := map[string]bool{}
	for _, a := range w.Authorisations(time.Now()) {
		for _, host := range a.Hosts {
			authorised[host] = true
		}
	}
	for at, n := range w.Requests() {
		host, _, _ := strings.Cut(at, "/")
		if skip := closed[at]; skip != "" || !authorised[host] {
			list = append(list, fmt.Sprintf("%s: %d requests, though %s", at, n, cmp.Or(skip, qianshao.SkipNotAuthorised)))
		}
	}
	slices.Sort(list)
	return list
}

// HighestScoring returns the finding with the highest score, the first of them;
// ok is false if there is none.
func HighestScoring(findings []qianshao.Finding) (best qianshao.Finding, ok bool) {
	for _, f := range findings {
		if !ok || f.Score > best.Score {
			best, ok = f, true
		}
	}
	return best, ok
}

func ofCategory(findings []qianshao.Finding, c qianshao.Category) (of []qianshao.Finding) {
	for _, f := range findings {
		if f.Category == c {
			of = append(of, f)
		}
	}
	return of
}

func hasView(f qianshao.Finding, v qianshao.View) bool {
	return slices.ContainsFunc(f.Evidence, func(e qianshao.Evidence) bool { return e.View == v })
}

// firstView is the view of the first evidence that a plain visitor does not see;
// "" if there is none.
func firstView(f qianshao.Finding) qianshao.View {
	for _, e := range f.Evidence {
		if e.View != "" {
			return e.View
		}
	}
	return ""
}
