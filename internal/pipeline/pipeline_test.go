package pipeline_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/ingest/render"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/internal/pipeline"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
)

// site is a server that counts who asked for what.
type site struct {
	*httptest.Server
	mu    sync.Mutex
	asked map[string]int // "search path" or "plain path"
}

// seenBy serves answers to plain visitors and to those who come from a search engine.
func seenBy(t *testing.T, answer func(w http.ResponseWriter, path string, fromSearch bool, n int)) *site {
	s := &site{asked: map[string]int{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := "plain "
		if r.Referer() != "" {
			who = "search "
		}
		s.mu.Lock()
		s.asked[who+r.URL.Path]++
		n := s.asked[who+r.URL.Path]
		s.mu.Unlock()
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		answer(w, r.URL.Path, r.Referer() != "", n)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *site) count(who string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[who]
}

// visitor visits the front page of a site and takes it through a pipeline on a data folder of its
// own.
type visitor struct {
	*pipeline.Pipeline
	site   *site
	folder *datafolder.Folder
	data   string
	later  time.Duration // how far the fetcher's clock is ahead
}

// shipped are the shipped rules, loaded once.
var shipped = sync.OnceValues(func() (*pipeline.ActiveRules, error) {
	analyzer, err := datafolder.RuleFolders{}.Compile(nil)
	return &pipeline.ActiveRules{Analyzer: analyzer, Name: "test"}, err
})

// watch authorises requests to the site in some views, and opens a pipeline for it.
func watch(t *testing.T, s *site, views ...qianshao.View) *visitor {
	t.Helper()
	rules, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	data := sqlitetest.Folder(t)
	folder, err := datafolder.Open(t.Context(), datafolder.Options{Data: data, Version: "test", Contact: "https://test.example/"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := folder.Close(); err != nil {
			t.Error(err)
		}
	})
	u, _ := url.Parse(s.URL)
	now := time.Now()
	err = folder.Store.PutAuthorisations(t.Context(), store.Signed{By: "test"}, []qianshao.Authorisation{{
		ID: "test", Owner: "o", Basis: "b", Contact: "c", ValidFrom: now.Add(-time.Hour), ValidUntil: now.Add(time.Hour),
		Hosts: []string{u.Host}, Rate: 1000, AllowPrivate: true, Seeds: []string{s.URL + "/"}, Views: views,
	}})
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{site: s, folder: folder, data: data}
	fetcher, err := fetch.New(fetch.Options{
		Now:       func() time.Time { return time.Now().Add(v.later) },
		UserAgent: "test (test; +https://test.example/)",
		Permit: func(u *url.URL) (*qianshao.Authorisation, qianshao.Skip) {
			return folder.Register.Scope().Decide(u, time.Now())
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fetcher.Close)
	v.Pipeline, err = pipeline.New(pipeline.Options{
		Store: folder.Store, Evidence: folder.Evidence, Rules: func() *pipeline.ActiveRules { return rules },
		Fetcher: fetcher, Scope: folder.Register.Scope, Metrics: metrics.New(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// giveBrowser gives the pipeline a browser, or skips the test.
func (v *visitor) giveBrowser(t *testing.T) {
	t.Helper()
	opts := v.Options
	var err error
	opts.Browser, err = render.New(render.Options{Fetcher: opts.Fetcher, NoSandbox: os.Geteuid() == 0})
	if errors.Is(err, render.ErrNoBrowser) {
		t.Skip("skipped: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opts.Browser.Close)
	if v.Pipeline, err = pipeline.New(opts); err != nil {
		t.Fatal(err)
	}
}

// fetch fetches the front page.
func (v *visitor) fetch(t *testing.T) qianshao.Page {
	t.Helper()
	page, err := v.Fetcher.Get(t.Context(), fetch.Request{URL: v.site.URL + "/"})
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// Process takes a page through the pipeline, and records it as the crawler does.
func (v *visitor) Process(ctx context.Context, page qianshao.Page, before ingest.Memory) (ingest.Handled, error) {
	handled, err := v.Pipeline.Process(ctx, page, before)
	if err != nil || handled.Page == nil {
		return handled, err
	}
	item := ingest.Item{URL: page.RequestedURL, Host: "host"}
	if err := v.folder.Store.Add(ctx, []ingest.Item{item}); err != nil {
		return handled, err
	}
	return handled, v.folder.Store.Done(ctx, item, ingest.Outcome{Page: handled.Page})
}

// visit takes the front page through the pipeline for the first time.
func (v *visitor) visit(t *testing.T) (ingest.Handled, error) {
	t.Helper()
	return v.Process(t.Context(), v.fetch(t), ingest.Memory{})
}

func (v *visitor) mustVisit(t *testing.T) ingest.Handled {
	t.Helper()
	handled, err := v.visit(t)
	if err != nil {
		t.Fatal(err)
	}
	return handled
}

// findings returns the findings in the store, including those that are gone.
func (v *visitor) findings(t *testing.T) (list []qianshao.Finding) {
	t.Helper()
	for entry, err := range v.folder.Store.AllFindings(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, entry.Finding)
	}
	return list
}

const (
	innocent = `<title>青禾诊所</title><h1>欢迎就诊</h1><p>门诊时间为每日八时至十七时。</p>`
	casino   = innocent + `<p>澳门线上赌场官网开户，注册送彩金88元，真人百家乐，老虎机爆奖</p>`
)

// TestProcess takes a flagged page through the pipeline. Then it is in the store, the index and the
// archive, and its links are returned.
func TestProcess(t *testing.T) {
	s := seenBy(t, func(w http.ResponseWriter, _ string, _ bool, _ int) {
		fmt.Fprint(w, casino, `<a href="/more">更多</a>`)
	})
	v := watch(t, s)
	handled := v.mustVisit(t)
	if !handled.Open || handled.Hash == "" || handled.Stale || !slices.Contains(handled.Links, s.URL+"/more") {
		t.Errorf("%+v", handled)
	}
	list := v.findings(t)
	if len(list) == 0 || list[0].Category != qianshao.Gambling {
		t.Fatalf("%+v", list)
	}
	if got := v.hits(t, "state:open"); got != len(list) {
		t.Errorf("%d findings in the index, %d in the store", got, len(list))
	}
	captures, err := v.folder.Evidence.CapturesOf(t.Context(), s.URL+"/", list[0].ID)
	if err != nil || len(captures) != 1 {
		t.Errorf("%d captures, %v", len(captures), err)
	}
}

func (v *visitor) hits(t *testing.T, query string) int {
	t.Helper()
	results, err := datafolder.Search(t.Context(), datafolder.SearchRequest{Folder: datafolder.Options{Data: v.data}, Query: query})
	if err != nil {
		t.Fatal(err)
	}
	return results.Total
}

// TestInnocentPagesLeaveNothing: an innocent page is neither archived nor indexed.
func TestInnocentPagesLeaveNothing(t *testing.T) {
	s := seenBy(t, func(w http.ResponseWriter, _ string, _ bool, _ int) { fmt.Fprint(w, innocent) })
	v := watch(t, s)
	if handled := v.mustVisit(t); handled.Open {
		t.Errorf("%+v", handled)
	}
	if list := v.findings(t); len(list) > 0 {
		t.Errorf("%+v", list)
	}
	if n := v.hits(t, ""); n > 0 {
		t.Errorf("%d findings in the index", n)
	}
	if links, err := v.folder.Store.EvidenceLinks(t.Context(), 0, 1); err != nil || len(links) > 0 {
		t.Errorf("something is archived: %v, %v", links, err)
	}
}

// TestUnchangedPagesAreConfirmed: an unchanged page is not judged again, its evidence counts as
// seen again, and an unknown page without a body is stale.
func TestUnchangedPagesAreConfirmed(t *testing.T) {
	s := seenBy(t, func(w http.ResponseWriter, _ string, _ bool, _ int) { fmt.Fprint(w, casino) })
	v := watch(t, s)
	before := ingest.Memory{Hash: v.mustVisit(t).Hash, Rules: v.RulesName()}
	again := v.fetch(t)
	again.FetchedAt = again.FetchedAt.Add(time.Hour)
	handled, err := v.Process(t.Context(), again, before)
	if err != nil || !handled.Open || handled.Stale || handled.Hash != before.Hash {
		t.Errorf("unchanged: %+v, %v", handled, err)
	}
	list := v.findings(t)
	captures, err := v.folder.Evidence.CapturesOf(t.Context(), s.URL+"/", list[0].ID)
	if err != nil || len(captures) != 1 || captures[0].Seen.Before(again.FetchedAt.Truncate(time.Millisecond)) {
		t.Errorf("the archive does not know that the page was seen again: %+v, %v", captures, err)
	}
	again.Body, again.Status = nil, http.StatusNotModified
	if handled, err := v.Process(t.Context(), again, before); err != nil || handled.Stale || handled.Hash != before.Hash {
		t.Errorf("not modified: %+v, %v", handled, err)
	}
	before.Rules = "others"
	if handled, err := v.Process(t.Context(), again, before); err != nil || !handled.Stale {
		t.Errorf("not modified, but under other rules: %+v, %v", handled, err)
	}
}

// TestGone: when a page is gone, so are its findings in store and index.
func TestGone(t *testing.T) {
	s := seenBy(t, func(w http.ResponseWriter, _ string, _ bool, _ int) { fmt.Fprint(w, casino) })
	v := watch(t, s)
	v.mustVisit(t)
	gone := ingest.Gone{URL: s.URL + "/", Status: http.StatusNotFound, Cause: qianshao.CausePage, At: time.Now()}
	if err := v.Gone(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	if open, gone := v.hits(t, "state:open"), v.hits(t, "state:gone"); open != 0 || gone != len(v.findings(t)) {
		t.Errorf("%d open and %d gone in the index", open, gone)
	}
}

// TestFeedsAreFollowed: the entries of a feed are links.
func TestFeedsAreFollowed(t *testing.T) {
	s := seenBy(t, func(w http.ResponseWriter, _ string, _ bool, _ int) {
		w.Header().Set("Content-Type", "application/rss+xml")
		fmt.Fprint(w, `<?xml version="1.0"?><rss version="2.0"><channel><title>t</title><item><title>a</title><link>/a</link></item></channel></rss>`)
	})
	v := watch(t, s)
	if links := v.mustVisit(t).Links; !slices.Contains(links, s.URL+"/a") {
		t.Errorf("%q", links)
	}
}

// TestNewNeedsItsParts: New refuses to make a pipeline with a part missing.
func TestNewNeedsItsParts(t *testing.T) {
	if _, err := pipeline.New(pipeline.Options{}); err == nil {
		t.Error("a pipeline was made of nothing")
	}
}

func TestCloakingIsFoundAndStaysFound(t *testing.T) {
	var down bool
	s := seenBy(t, func(w http.ResponseWriter, _ string, fromSearch bool, _ int) {
		switch {
		case !fromSearch:
			fmt.Fprint(w, innocent)
		case down:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			fmt.Fprint(w, casino)
		}
	})
	v := watch(t, s, qianshao.ViewSearchVisitor)
	for n := 1; n <= 2; n++ { // the finding is based on the view, so the view is requested each time
		v.mustVisit(t)
		list := v.findings(t)
		if len(list) == 0 || list[0].Evidence[0].View != qianshao.ViewSearchVisitor || list[0].PlainVersion == nil {
			t.Fatalf("visit %d: %+v", n, list)
		}
		if plain, search := s.count("plain /"), s.count("search /"); plain != 2*n || search != n {
			t.Errorf("visit %d: %d plain requests and %d from search; want each page, its view and one more to be sure", n, plain, search)
		}
	}
	down = true
	if _, err := v.visit(t); err == nil {
		t.Error("the view could not be fetched, but the visit counts as complete")
	}
	if len(v.findings(t)) == 0 {
		t.Error("a finding is gone because its view could not be fetched")
	}
}

func TestViewsAreAskedForSparingly(t *testing.T) {
	s := seenBy(t, func(w http.ResponseWriter, _ string, _ bool, n int) {
		fmt.Fprintf(w, "%s<p>第 %d 次</p>", innocent, n)
	})
	v := watch(t, s, qianshao.ViewSearchVisitor)
	for range 3 {
		v.mustVisit(t)
	}
	if plain, search := s.count("plain /"), s.count("search /"); plain != 3 || search != 1 {
		t.Errorf("%d plain requests and %d from search, want 3 and 1", plain, search)
	}
	if list := v.findings(t); len(list) > 0 {
		t.Errorf("%+v", list)
	}
}

// TestClockAhead: times recorded while the clock was ahead do not prevent requests of a page in its
// views, and are corrected.
func TestClockAhead(t *testing.T) {
	s := seenBy(t, func(w http.ResponseWriter, _ string, _ bool, _ int) { fmt.Fprint(w, casino) })
	v := watch(t, s, qianshao.ViewSearchVisitor)
	ahead := v.fetch(t)
	ahead.FetchedAt = ahead.FetchedAt.AddDate(1, 0, 0)
	if _, err := v.Process(t.Context(), ahead, ingest.Memory{}); err != nil {
		t.Fatal(err)
	}
	v.mustVisit(t)
	if n := s.count("search /"); n != 2 {
		t.Errorf("%d requests from search, want 2", n)
	}
	for _, query := range []string{"new:today", "seen:today"} {
		if n := v.hits(t, query); n != 1 {
			t.Errorf("%s: %d hits, want 1", query, n)
		}
	}
	captures, err := v.folder.Store.EvidenceCaptures(t.Context(), "", 0, 10)
	if err != nil || len(captures) != 1 || !captures[0].Captured.After(time.Now()) || captures[0].Seen.After(time.Now()) {
		t.Errorf("the archive should keep what was written, and retention count from the last visit: %+v, %v", captures, err)
	}
}

func TestViewsNeedPermission(t *testing.T) {
	s := seenBy(t, func(w http.ResponseWriter, _ string, _ bool, _ int) { fmt.Fprint(w, innocent) })
	v := watch(t, s)
	if _, err := v.visit(t); err != nil || s.count("search /") != 0 {
		t.Errorf("%v, %d requests as a search visitor without permission", err, s.count("search /"))
	}
}

func TestABannerThatRotatesIsNoCloaking(t *testing.T) {
	s := seenBy(t, func(w http.ResponseWriter, _ string, fromSearch bool, n int) {
		if fromSearch || n > 1 { // at every other visit, for any visitor
			fmt.Fprint(w, casino)
			return
		}
		fmt.Fprint(w, innocent)
	})
	v := watch(t, s, qianshao.ViewSearchVisitor)
	v.mustVisit(t)
	if list := v.findings(t); len(list) > 0 {
		t.Errorf("%+v", list)
	}
}

func TestARedirectOutOfTheScopeIsEvidenceAndNotFollowed(t *testing.T) {
	target := seenBy(t, func(w http.ResponseWriter, _ string, _ bool, _ int) { fmt.Fprint(w, casino) })
	to, _ := url.Parse(target.URL)
	s := seenBy(t, func(w http.ResponseWriter, path string, fromSearch bool, _ int) {
		if fromSearch {
			w.Header().Set("Location", "http://bocai.localhost:"+to.Port()+"/reg?agent=8866")
			w.WriteHeader(http.StatusMovedPermanently)
			return
		}
		fmt.Fprint(w, innocent)
	})
	v := watch(t, s, qianshao.ViewSearchVisitor)
	v.mustVisit(t)
	list := v.findings(t)
	if len(list) != 1 || list[0].Rule != "gambling-search-redirect" {
		t.Fatalf("%+v", list)
	}
	views, err := v.folder.Store.Views(t.Context(), list[0].ID)
	if err != nil || len(views) != 1 || views[0].Status != http.StatusMovedPermanently || views[0].Source == "" {
		t.Errorf("kept: %+v, %v", views, err)
	}
	if n := target.count("plain /reg") + target.count("search /reg"); n > 0 {
		t.Errorf("the target got %d requests", n)
	}
}

func TestWhatScriptsMakeIsFoundWithAPicture(t *testing.T) {
	const text = "澳门线上赌场官网开户，注册送彩金88元，真人百家乐，老虎机爆奖"
	s := seenBy(t, func(w http.ResponseWriter, path string, _ bool, _ int) {
		switch path {
		case "/app.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, `fetch("/data").then(r => r.text()).then(s => { document.getElementById("app").innerHTML = atob(s) })`)
		case "/data":
			fmt.Fprint(w, base64.StdEncoding.EncodeToString([]byte(ascii(`<p>`+text+`</p><a href="/made">更多</a>`))))
		default:
			fmt.Fprint(w, `<title>应用</title><div id=app>加载中</div><script src="/app.js"></script>`)
		}
	})
	v := watch(t, s)
	v.mustVisit(t)
	if list := v.findings(t); len(list) > 0 {
		t.Fatalf("without a browser: %+v", list)
	}
	v.giveBrowser(t)
	links := v.mustVisit(t).Links
	list := v.findings(t)
	if len(list) != 1 || list[0].Evidence[0].View != qianshao.ViewBrowser {
		t.Fatalf("%+v", list)
	}
	views, err := v.folder.Store.Views(t.Context(), list[0].ID)
	if err != nil || len(views) != 1 || len(views[0].Screenshot) == 0 {
		t.Fatalf("%d views, %v", len(views), err)
	}
	for _, e := range list[0].Evidence {
		if views[0].Source[e.Span.Start:e.Span.End] != e.Text {
			t.Errorf("evidence does not point into the rendering: %+v", e)
		}
	}
	if !slices.Contains(links, s.URL+"/made") {
		t.Errorf("a link that a script has made is not followed: %q", links)
	}
}

func TestAScriptThatLeadsAwayIsEvidenceAndNotFollowed(t *testing.T) {
	target := seenBy(t, func(w http.ResponseWriter, _ string, _ bool, _ int) { fmt.Fprint(w, casino) })
	to, _ := url.Parse(target.URL)
	s := seenBy(t, func(w http.ResponseWriter, _ string, _ bool, _ int) {
		fmt.Fprintf(w, `<title>诊所</title><script>location.replace(["http://bo", "cai.localhost:%s/reg?agent=1"].join(""))</script>`, to.Port())
	})
	v := watch(t, s)
	v.giveBrowser(t)
	v.mustVisit(t)
	list := v.findings(t)
	if len(list) != 1 || list[0].Evidence[0].View != qianshao.ViewBrowser || list[0].Evidence[0].Name != "location" {
		t.Errorf("%+v", list)
	}
	if n := target.count("plain /reg"); n > 0 {
		t.Errorf("the target got %d requests", n)
	}
}

// The usual hack: the same page for everybody, with a script that checks where the visitor comes
// from.
func TestAScriptThatAsksTheReferrerIsSeenThrough(t *testing.T) {
	for name, script := range map[string]string{
		"redirect": `if (/baidu|sogou|so\.com/.test(document.referrer)) location.href = ["https://www.bo", "cai88.example/reg?agent=1"].join("")`,
		"text":     `if (document.referrer.indexOf("baidu") > 0) document.getElementById("x").innerHTML = ` + scrambled("<p>澳门线上赌场官网开户，注册送彩金88元，真人百家乐</p>"),
	} {
		t.Run(name, func(t *testing.T) {
			s := seenBy(t, func(w http.ResponseWriter, _ string, _ bool, _ int) {
				fmt.Fprintf(w, "%s<div id=x>门诊安排</div><script>%s</script>", innocent, script)
			})
			v := watch(t, s, qianshao.ViewSearchVisitor)
			v.giveBrowser(t)
			v.mustVisit(t)
			list := v.findings(t)
			if len(list) != 1 || list[0].Evidence[0].View != qianshao.ViewSearchVisitor {
				t.Fatalf("%+v", list)
			}
			if reasons := fmt.Sprint(list[0].Breakdown); !strings.Contains(reasons, "cloaked") {
				t.Errorf("not reported as cloaking: %s", reasons)
			}
		})
	}
}

// scrambled returns an expression that only yields s when a script is run.
func scrambled(s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, "%d,", r^1234)
	}
	return "[" + b.String() + "].map(c => String.fromCharCode(c ^ 1234)).join('')"
}

// ascii writes a page with numeric references, so that atob can return it.
func ascii(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "&#%d;", r)
		}
	}
	return b.String()
}
