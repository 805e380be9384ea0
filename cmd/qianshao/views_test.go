package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/ingest/render"
)

// site is a server that counts who asked for what.
type site struct {
	*httptest.Server
	mu    sync.Mutex
	asked map[string]int // by "search path" or "plain path"
}

// seenBy serves what answer gives to plain visitors and to those who come from a search engine.
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

// withBrowser gives the outpost a browser, or skips the test.
func withBrowser(t *testing.T, o *outpost) {
	t.Helper()
	browser, err := render.New(render.Options{Fetcher: o.views.fetcher, NoSandbox: os.Geteuid() == 0})
	if errors.Is(err, render.ErrNoBrowser) {
		t.Skip("skipped: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(browser.Close)
	o.views.browser = browser
}

// watch opens an outpost over the site and returns a function that visits its front page once.
func watch(t *testing.T, s *site, views ...qianshao.View) (visit func() error, o *outpost) {
	t.Helper()
	session := &session{ctx: t.Context(), data: t.TempDir(), log: slog.New(slog.DiscardHandler)}
	o, err := openOutpost(session)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Close() })
	u, _ := url.Parse(s.URL)
	now := time.Now()
	err = o.store.PutAuthorisations(t.Context(), []qianshao.Authorisation{{
		ID: "test", Owner: "o", Basis: "b", Contact: "c", ValidFrom: now.Add(-time.Hour), ValidUntil: now.Add(time.Hour),
		Hosts: []string{u.Host}, Rate: 1000, AllowPrivate: true, Seeds: []string{s.URL + "/"}, Views: views,
	}})
	if err != nil {
		t.Fatal(err)
	}
	scope := newRegister(t.Context(), o.store, o.log).Scope
	fetcher, err := fetchFlags{Contact: "https://test.example/"}.newFetcher(scope)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fetcher.Close)
	o.views = &viewer{fetcher: fetcher, scope: scope, store: o.store, metrics: o.metrics, log: o.log}
	if err := o.openEvidence(t.Context(), "https://test.example/"); err != nil {
		t.Fatal(err)
	}
	return func() error {
		_, err := takeFront(t, o, s)
		return err
	}, o
}

// takeFront visits the front page and returns where it leads.
func takeFront(t *testing.T, o *outpost, s *site) (links []string, err error) {
	t.Helper()
	page, err := o.views.fetcher.Get(t.Context(), fetch.Request{URL: s.URL + "/"})
	if err != nil {
		t.Fatal(err)
	}
	handled, err := o.take(t.Context(), page, ingest.Memory{})
	return handled.Links, err
}

const (
	innocent = `<title>青禾诊所</title><h1>欢迎就诊</h1><p>门诊时间为每日八时至十七时。</p>`
	casino   = innocent + `<p>澳门线上赌场官网开户，注册送彩金88元，真人百家乐，老虎机爆奖</p>`
)

func findings(t *testing.T, o *outpost) (list []qianshao.Finding) {
	t.Helper()
	for entry, err := range o.store.AllFindings(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, entry.Finding)
	}
	return list
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
	visit, o := watch(t, s, qianshao.ViewSearchVisitor)
	for n := 1; n <= 2; n++ { // the finding rests on the view, so it is looked at each time
		if err := visit(); err != nil {
			t.Fatal(err)
		}
		list := findings(t, o)
		if len(list) == 0 || list[0].Evidence[0].View != qianshao.ViewSearchVisitor || list[0].PlainVersion == nil {
			t.Fatalf("visit %d: %+v", n, list)
		}
		if plain, search := s.count("plain /"), s.count("search /"); plain != 2*n || search != n {
			t.Errorf("visit %d: %d plain requests and %d from search; want each page, its view and one more to be sure", n, plain, search)
		}
	}
	down = true
	if err := visit(); err == nil {
		t.Error("the view could not be had, and the visit passes for a whole one")
	}
	if len(findings(t, o)) == 0 {
		t.Error("a view that could not be had took the finding away")
	}
}

func TestViewsAreAskedForSparingly(t *testing.T) {
	s := seenBy(t, func(w http.ResponseWriter, _ string, _ bool, n int) {
		fmt.Fprintf(w, "%s<p>第 %d 次</p>", innocent, n)
	})
	visit, o := watch(t, s, qianshao.ViewSearchVisitor)
	for range 3 {
		if err := visit(); err != nil {
			t.Fatal(err)
		}
	}
	if plain, search := s.count("plain /"), s.count("search /"); plain != 3 || search != 1 {
		t.Errorf("%d plain requests and %d from search, want 3 and 1", plain, search)
	}
	if list := findings(t, o); len(list) > 0 {
		t.Errorf("%+v", list)
	}
}

func TestViewsNeedPermission(t *testing.T) {
	s := seenBy(t, func(w http.ResponseWriter, _ string, _ bool, _ int) { fmt.Fprint(w, innocent) })
	visit, _ := watch(t, s)
	if err := visit(); err != nil || s.count("search /") != 0 {
		t.Errorf("%v, %d requests as a search visitor without permission", err, s.count("search /"))
	}
}

func TestABannerThatRotatesIsNoCloaking(t *testing.T) {
	s := seenBy(t, func(w http.ResponseWriter, _ string, fromSearch bool, n int) {
		if fromSearch || n > 1 { // every other visit, whoever comes
			fmt.Fprint(w, casino)
			return
		}
		fmt.Fprint(w, innocent)
	})
	visit, o := watch(t, s, qianshao.ViewSearchVisitor)
	if err := visit(); err != nil {
		t.Fatal(err)
	}
	if list := findings(t, o); len(list) > 0 {
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
	visit, o := watch(t, s, qianshao.ViewSearchVisitor)
	if err := visit(); err != nil {
		t.Fatal(err)
	}
	list := findings(t, o)
	if len(list) != 1 || list[0].Rule != "gambling-search-redirect" {
		t.Fatalf("%+v", list)
	}
	views, err := o.store.Views(t.Context(), s.URL+"/")
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
	visit, o := watch(t, s)
	if err := visit(); err != nil {
		t.Fatal(err)
	}
	if list := findings(t, o); len(list) > 0 {
		t.Fatalf("without a browser: %+v", list)
	}
	withBrowser(t, o)
	links, err := takeFront(t, o, s)
	if err != nil {
		t.Fatal(err)
	}
	list := findings(t, o)
	if len(list) != 1 || list[0].Evidence[0].View != qianshao.ViewBrowser {
		t.Fatalf("%+v", list)
	}
	views, err := o.store.Views(t.Context(), s.URL+"/")
	if err != nil || len(views) != 1 || len(views[0].Screenshot) == 0 {
		t.Fatalf("%d views, %v", len(views), err)
	}
	for _, e := range list[0].Evidence {
		if views[0].Source[e.Span.Start:e.Span.End] != e.Text {
			t.Errorf("evidence does not point into what the browser showed: %+v", e)
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
	_, o := watch(t, s)
	withBrowser(t, o)
	if _, err := takeFront(t, o, s); err != nil {
		t.Fatal(err)
	}
	list := findings(t, o)
	if len(list) != 1 || list[0].Evidence[0].View != qianshao.ViewBrowser || list[0].Evidence[0].Name != "location" {
		t.Errorf("%+v", list)
	}
	if n := target.count("plain /reg"); n > 0 {
		t.Errorf("the target got %d requests", n)
	}
}

// The usual hack: one page for all, and a script in it that asks where its visitor comes from.
func TestAScriptThatAsksTheReferrerIsSeenThrough(t *testing.T) {
	for name, script := range map[string]string{
		"redirect": `if (/baidu|sogou|so\.com/.test(document.referrer)) location.href = ["https://www.bo", "cai88.example/reg?agent=1"].join("")`,
		"text":     `if (document.referrer.indexOf("baidu") > 0) document.getElementById("x").innerHTML = ` + scrambled("<p>澳门线上赌场官网开户，注册送彩金88元，真人百家乐</p>"),
	} {
		t.Run(name, func(t *testing.T) {
			s := seenBy(t, func(w http.ResponseWriter, _ string, _ bool, _ int) {
				fmt.Fprintf(w, "%s<div id=x>门诊安排</div><script>%s</script>", innocent, script)
			})
			visit, o := watch(t, s, qianshao.ViewSearchVisitor)
			withBrowser(t, o)
			if err := visit(); err != nil {
				t.Fatal(err)
			}
			list := findings(t, o)
			if len(list) != 1 || list[0].Evidence[0].View != qianshao.ViewSearchVisitor {
				t.Fatalf("%+v", list)
			}
			if reasons := fmt.Sprint(list[0].Breakdown); !strings.Contains(reasons, "cloaked") {
				t.Errorf("not told as cloaking: %s", reasons)
			}
		})
	}
}

func TestTheBrowserReadsAnUndeclaredCharset(t *testing.T) {
	body, err := simplifiedchinese.GBK.NewEncoder().String(`<title>青禾市第二中医院门诊安排</title><p>本院专家门诊时间如下，请提前预约。</p><p id=p></p><script>p.textContent = "[" + document.title + "]"</script>`)
	if err != nil {
		t.Fatal(err)
	}
	_, o := watch(t, seenBy(t, func(http.ResponseWriter, string, bool, int) {}))
	withBrowser(t, o)
	page := qianshao.Page{URL: "http://clinic.example/", ContentType: "text/html", Body: []byte(body), FetchedAt: time.Now()}
	shown, err := o.views.show(t.Context(), page, &closer{})
	if err != nil || shown == nil || !strings.Contains(string(shown.Body), "[青禾市第二中医院门诊安排]") {
		t.Errorf("%v, %+v", err, shown)
	}
}

// scrambled is an expression that only a running script turns back into s.
func scrambled(s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, "%d,", r^1234)
	}
	return "[" + b.String() + "].map(c => String.fromCharCode(c ^ 1234)).join('')"
}

// ascii writes a page in numeric references, so that atob gives it back.
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
