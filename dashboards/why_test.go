package dashboards

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/console"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
)

// watchedOutpost has URLs of mine.example in every state, and one of theirs.example.
func watchedOutpost(t *testing.T) *outpost {
	t.Helper()
	o, _, _, _ := twoOwners(t)
	o.options.Whereabouts = func(ctx context.Context, raw string) (w console.Whereabouts, err error) {
		u, err := url.Parse(raw)
		if err != nil {
			return w, err
		}
		w = console.Whereabouts{URL: raw, Refused: qianshao.SkipNotAuthorised}
		if id, ok := strings.CutSuffix(u.Hostname(), ".example"); ok && (id == "mine" || id == "theirs") {
			w.Permits, w.Refused = id, ""
		}
		w.URLState, err = o.store.URLState(ctx, raw)
		return w, err
	}
	for _, id := range []string{"mine", "theirs"} {
		page := qianshao.Page{URL: "http://" + id + ".example/clean?x=1", Status: 200, Authorisation: id, FetchedAt: testNow.Add(-time.Hour)}
		if _, err := o.store.SavePage(t.Context(), store.Save{Page: page, Document: &qianshao.Document{Title: "无辜"}}); err != nil {
			t.Fatal(err)
		}
	}
	item := func(path string) ingest.Item {
		return ingest.Item{URL: "http://mine.example/" + path, Host: "mine.example", Authorisation: "mine"}
	}
	if err := o.store.Add(t.Context(), []ingest.Item{item("waits"), item("later"), item("robots")}); err != nil {
		t.Fatal(err)
	}
	for path, outcome := range map[string]ingest.Outcome{
		"later":  {Again: testNow.Add(time.Hour)},
		"robots": {Skip: qianshao.SkipRobots, Again: testNow.Add(24 * time.Hour)},
	} {
		outcome.At = testNow
		if err := o.store.Done(t.Context(), item(path), outcome); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if o.handler, err = New(o.options); err != nil {
		t.Fatal(err)
	}
	return o
}

// TestWhyNoHit: the search says why a URL has no findings, to those who may see it. Others get the
// same answer whether there is something that they may not see, or nothing.
func TestWhyNoHit(t *testing.T) {
	t.Parallel()
	o := watchedOutpost(t)
	all, me := o.join(t, qianshao.Account{Name: "chief", Role: qianshao.RoleAdministrator, Sight: qianshao.SeeAll()}), o.join(t, limited("me", qianshao.RoleAnalyst, "mine"))
	why := func(p *person, query string) string {
		t.Helper()
		w := p.ask("GET", "/search?lang=en&q="+url.QueryEscape(query), "")
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", query, w.Code, w.Body)
		}
		return strings.Join(texts(markupOf(t, w.Body.String()), ".whynot"), " ")
	}
	for query, want := range map[string]string{
		"http://mine.example/clean?x=1":            "was seen and is clean: last visit 2026-11-23 19:00:00, HTTP 200.",
		"hxxp://mine[.]example/waits":              "its turn has come",
		"mine.example/later":                       "at 2026-11-23 21:00:00 at the earliest",
		"http://mine.example/robots":               "yielded no page: ",
		"http://mine.example/never":                "has not been discovered yet",
		"http://mine.example/<script>alert(1)</a>": "has not been discovered yet",
	} {
		for _, p := range []*person{all, me} {
			if got := why(p, query); !strings.Contains(got, want) {
				t.Errorf("%s: %s is told %q, want %q in it", query, p.account.Name, got, want)
			}
		}
	}
	if got := why(all, "http://theirs.example/clean?x=1"); !strings.Contains(got, "is clean") {
		t.Errorf("who sees all is told %q", got)
	}
	if got := why(all, "http://elsewhere.example/x"); !strings.Contains(got, "is not visited: ") {
		t.Errorf("of what nobody has authorised, one is told %q", got)
	}
	for _, path := range []string{"http://theirs.example/clean?x=1", "http://theirs.example/never", "http://elsewhere.example/x"} {
		if got := why(me, path); !strings.Contains(got, "nothing can be said about it") {
			t.Errorf("%s: who may not see it is told %q", path, got)
		}
	}
	for _, query := range []string{"没有这个词", "host:mine.example score:1", "http://mine.example/never OR x"} {
		if got := why(all, query); got != "" {
			t.Errorf("%s is no URL, and says %q", query, got)
		}
	}
}

// TestWhyNamesTheRegister: if the register can be changed in the console, the remedy refers to its
// pages, with a link for those who may change it.
func TestWhyNamesTheRegister(t *testing.T) {
	t.Parallel()
	o := watchedOutpost(t)
	o.watchesSites(t)
	for _, c := range []struct {
		role qianshao.Role
		link bool
	}{{qianshao.RoleAdministrator, true}, {qianshao.RoleAnalyst, false}} {
		p := o.join(t, qianshao.Account{Name: string(c.role), Role: c.role, Sight: qianshao.SeeAll()})
		why := markupOf(t, p.ask("GET", "/search?lang=zh&q=http://elsewhere.example/x", "").Body.String()).Find(".whynot")
		if text := why.Text(); !strings.Contains(text, "由管理员在“授权”页登记") || strings.Contains(text, "scope.yaml") {
			t.Errorf("%s is told %q", c.role, text)
		}
		if got := why.Find(`a[href="/authorisations"]`).Length() == 1; got != c.link {
			t.Errorf("%s has a link to the register: %v", c.role, got)
		}
	}
}

// TestUnknownIDs: for a query without hits, the search says which of its rules and campaigns do not
// exist, and which rules have similar ids. Known ids, and queries with hits, get no such remark.
func TestUnknownIDs(t *testing.T) {
	t.Parallel()
	o, _, _, _ := wholeOutpost(t)
	o.options.Rule = func(id string) (console.RuleTexts, bool) { return console.RuleTexts{}, id == "gambling-casino" }
	o.options.RuleIDs = func() []string { return []string{"fraud-loan", "gambling-casino", "gambling-casinos"} }
	var err error
	if o.handler, err = New(o.options); err != nil {
		t.Fatal(err)
	}
	me := o.join(t, limited("me", qianshao.RoleAnalyst, "mine"))
	for query, want := range map[string]string{
		"rule:gambling-casin":                           "No rule in force is called gambling-casin. Rules that were removed are named only by old findings. Did you mean: gambling-casino gambling-casinos",
		"level:low (rule:xyzzy OR -规则:gambling-casino)": "No rule in force is called xyzzy. Rules that were removed are named only by old findings.",
		"rule:gambling-casino score:0":                  "",
		"campaign:0123456789abcdef":                     "There is no campaign 0123456789abcdef, or none that you may see.",
		"-rule:xyzzy":                                   "",
	} {
		body := me.ask("GET", "/search?lang=en&q="+url.QueryEscape(query), "").Body.String()
		checkMarkup(t, query, body)
		if got := strings.Join(texts(markupOf(t, body), ".whynot"), " "); got != want {
			t.Errorf("%s says %q, want %q", query, got, want)
		}
	}
}

// TestRowsOfReview: a row says what people decided, and those who may decide can act on ticked
// findings or on all hits.
func TestRowsOfReview(t *testing.T) {
	t.Parallel()
	o, id, _, d := wholeOutpost(t)
	lead := qianshao.Account{Name: "lead", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()}
	subject := qianshao.Subject{Kind: qianshao.SubjectFinding, ID: id}
	o.join(t, lead)
	look, err := d.Look(t.Context(), lead, subject)
	if err != nil {
		t.Fatal(err)
	}
	for _, draft := range []desk.Draft{
		{Subject: subject, Kind: qianshao.ActAssign, Seen: look.Seen, Detail: desk.Detail{Assignee: "lead"}},
		{Subject: subject, Kind: qianshao.ActDecide, Seen: look.Seen, Verdict: qianshao.VerdictCrime, Reason: qianshao.ReasonHacked},
	} {
		if _, err := d.Do(t.Context(), lead, draft); err != nil {
			t.Fatal(err)
		}
	}
	o.indexPage(t, "http://school.example/news")
	ann, auditor := o.join(t, limited("ann", qianshao.RoleAnalyst, "mine")), o.join(t, limited("eva", qianshao.RoleAuditor, "mine"))
	body := ann.ask("GET", "/search?lang=en&q=level:critical", "").Body.String()
	markup := markupOf(t, body)
	row := markup.Find(`.hit:has(a[href^="/findings/` + id + `"])`)
	if got := strings.Join(strings.Fields(row.Text()), " "); !strings.Contains(got, "⚑ Crime") || !strings.Contains(got, "Assigned to lead") || !strings.Contains(got, "Campaign ×2") {
		t.Errorf("the row says %q", got)
	}
	if n := markup.Find(`input[type="checkbox"][name="finding"][form="freeze"]`).Length(); n != 2 {
		t.Errorf("%d findings can be ticked", n)
	}
	forms := markup.Find(`form[method="post"][action="/batches"]`)
	if forms.Length() != 2 || forms.Find(`input[name="csrf"]`).Length() != 2 || forms.Find(`input[name="query"]`).AttrOr("value", "") != "level:critical" {
		t.Errorf("the forms are %d", forms.Length())
	}
	if facets := strings.Join(texts(markup, ".facets section"), "\n"); !strings.Contains(facets, "Verdict Crime1") && !strings.Contains(facets, "Crime 1") {
		t.Errorf("facets: %s", facets)
	}
	if body := auditor.ask("GET", "/search?lang=en&q=level:critical", "").Body.String(); strings.Contains(body, `action="/batches"`) {
		t.Error("who decides nothing is offered to act on many")
	}
	hits := ann.ask("GET", "/api/v1/search?q=verdict:crime", "").Body.String()
	contains(t, hits, `"verdict":"crime"`, `"assignee":"lead"`, `"campaign":"`)
}
