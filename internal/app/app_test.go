package app_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/ingest/ingesttest"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/store"
)

// TestApp crawls a web, finds, and is searched through its API, its index and
// beside it; it is backed up meanwhile, reads its rules anew, stops, and leaves no goroutine behind.
func TestApp(t *testing.T) {
	before := goleak.IgnoreCurrent()
	web := ingesttest.New(ingesttest.Options{Hosts: 44, Pages: 60, Seed: 2, Rate: 200})
	if err := web.Start(); err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	authorise(t, data, web.Authorisation(time.Now()))
	a := newApp(t, app.Options{
		Data: data, Version: "test",
		Crawl: &app.CrawlOptions{
			FetchOptions: app.FetchOptions{Contact: "https://qianshao.example/test", Resolve: web.Resolve()}, Workers: 8, Once: true,
		},
		Console: &app.ConsoleOptions{Listen: "127.0.0.1:0"},
	})
	a.Start(t.Context())
	meanwhile, last := backUpWhile(t, data, a.WaitCrawl)
	counts, err := a.Folder.Store.Counts(t.Context())
	if err != nil || counts.Pages < 60 || counts.Open == 0 {
		t.Fatalf("%+v, %v", counts, err)
	}
	results, err := a.Index.Search(t.Context(), index.Request{Sight: qianshao.SeeAll()})
	if err != nil || results.Total != counts.Findings {
		t.Errorf("%d findings in the index, %d in the store, %v", results.Total, counts.Findings, err)
	}
	highest, err := a.Index.Search(t.Context(), index.Request{Sight: qianshao.SeeAll(), Sort: index.SortScore, Limit: 1})
	if err != nil || len(highest.Hits) != 1 {
		t.Fatalf("%+v, %v", highest, err)
	}
	var answer index.Results
	if err := json.Unmarshal([]byte(get(t, a, "api/v1/search?q=state:open")), &answer); err != nil || answer.Total != counts.Open {
		t.Errorf("%d findings by the API, %d are open, %v", answer.Total, counts.Open, err)
	}
	beside, err := app.Search(t.Context(), app.SearchRequest{Data: data, Query: "状态:存在 or 赌博", Sort: index.SortScore, Limit: 1})
	if err != nil || beside.Suggestion == nil || beside.Suggestion.Query != "state:open OR 赌博" {
		t.Errorf("the running server offers %v, %v", beside.Suggestion, err)
	}
	beside, err = app.Search(t.Context(), app.SearchRequest{Data: data, Query: "状态:存在", Sort: index.SortScore, Limit: 1})
	if err != nil || beside.Total != counts.Open || len(beside.Hits) != 1 || beside.Hits[0].Score != highest.Hits[0].Score {
		t.Errorf("%d findings beside the process, %v", beside.Total, err)
	}
	if err := a.Reload(); err != nil {
		t.Error(err)
	}
	if err := errors.Join(a.Stop(), a.Stop(), a.Wait(), web.Stop(t.Context())); err != nil {
		t.Error(err)
	}
	http.DefaultClient.CloseIdleConnections()
	if _, err := os.Stat(filepath.Join(data, "console.url")); !os.IsNotExist(err) {
		t.Errorf("console.url is left behind: %v", err)
	}
	goleak.VerifyNone(t, before)

	wantRestored(t, meanwhile, last, counts.Findings)
	alone, err := app.Search(t.Context(), app.SearchRequest{Data: data, Query: "state:open"})
	if err != nil || alone.Total != counts.Open {
		t.Errorf("%d findings when nothing runs, %v", alone.Total, err)
	}
	if n, err := app.Reindex(t.Context(), data, nil, nil); err != nil || n != counts.Findings {
		t.Errorf("%d findings indexed, %v", n, err)
	}
}

// TestReload: a broken rule set is refused and counted, and the old one stays;
// an overlay that is made meanwhile counts from the next reading on.
func TestReload(t *testing.T) {
	data, rules := t.TempDir(), t.TempDir()
	writeRule(t, rules, "one", "云巅国际")
	for id, until := range map[string]time.Duration{"ended": -time.Hour, "soon": 10 * 24 * time.Hour, "later": 1000 * time.Hour} {
		authorise(t, data, qianshao.Authorisation{ID: id, Owner: "o", Basis: "b", Contact: "c", Hosts: []string{id + ".example"},
			ValidFrom: time.Now().AddDate(-1, 0, 0), ValidUntil: time.Now().Add(until)})
	}
	var told []app.InForce
	a := newApp(t, app.Options{
		Data: data, Rules: app.RuleFolders{Dir: rules, Data: data}, Console: &app.ConsoleOptions{Listen: "127.0.0.1:0"},
		InForce: func(f app.InForce) { told = append(told, f) },
	})
	a.Start(t.Context())
	if f := told[0]; f.Rules != 1 || f.Overlay != "" || len(f.Authorisations) != 2 || f.Authorisations[0].ID != "soon" || f.EndingSoon != 1 || f.Registered != 3 {
		t.Errorf("in force at the start: %+v", f)
	}
	loaded := func(rules, failures string) {
		t.Helper()
		if got := metric(t, a, "qianshao_rules_loaded"); got != rules {
			t.Errorf("%s rules loaded, want %s", got, rules)
		}
		if got := metric(t, a, "qianshao_rules_reload_failures_total"); got != failures {
			t.Errorf("%s failures, want %s", got, failures)
		}
	}
	loaded("1", "0")
	broken := filepath.Join(rules, "rules", "broken.yaml")
	write(t, broken, "title: [\n")
	var input *app.InputError
	if err := a.Reload(); !errors.As(err, &input) {
		t.Errorf("the broken set: %v", err)
	}
	loaded("1", "1")
	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
	writeRule(t, rules, "two", "海天盛筵")
	if err := a.Reload(); err != nil {
		t.Error(err)
	}
	loaded("2", "1")
	write(t, filepath.Join(data, "overlay", "off.yaml"), "rules:\n  - {id: own-two, reason: 试一试}\n")
	if err := a.Reload(); err != nil {
		t.Error(err)
	}
	loaded("1", "1")
	if f := told[len(told)-1]; len(told) != 3 || f.Rules != 2 || f.Off != 1 || f.Overlay != filepath.Join(data, "overlay") || f.Digest == told[0].Digest {
		t.Errorf("told %d times, last %+v", len(told), f)
	}
}

// TestNewRefuses: what an operator must put right is an InputError, and nothing
// is left open by it.
func TestNewRefuses(t *testing.T) {
	before := goleak.IgnoreCurrent()
	data := t.TempDir()
	for name, opts := range map[string]app.Options{
		"a port alone":      {Console: &app.ConsoleOptions{Listen: "8740"}},
		"a proxy by name":   {Console: &app.ConsoleOptions{Listen: "127.0.0.1:0", TrustedProxies: []string{"proxy.example"}}},
		"nobody to ask":     {Crawl: &app.CrawlOptions{}},
		"an empty register": {Crawl: &app.CrawlOptions{FetchOptions: app.FetchOptions{Contact: "bot@you.example"}, Once: true}},
		"a missing browser": {Crawl: &app.CrawlOptions{FetchOptions: app.FetchOptions{Contact: "bot@you.example"}, BrowserOptions: app.BrowserOptions{Browser: data + "/none"}}},
		"no such overlay":   {Rules: app.RuleFolders{Overlay: data + "/none"}},
	} {
		opts.Data = data
		_, err := app.New(t.Context(), opts)
		var input *app.InputError
		if !errors.As(err, &input) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := app.New(t.Context(), app.Options{}); err == nil {
		t.Error("an app without a data folder")
	}
	goleak.VerifyNone(t, before)
	if err := newApp(t, app.Options{Data: data}).Stop(); err != nil { // the lock is free, and Stop needs no Start
		t.Error(err)
	}
}

func newApp(t *testing.T, opts app.Options) *app.App {
	t.Helper()
	a, err := app.New(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func authorise(t *testing.T, data string, list ...qianshao.Authorisation) {
	t.Helper()
	f, err := app.OpenFolder(t.Context(), app.FolderOptions{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Store.PutAuthorisations(t.Context(), list), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// crawlSite starts a site that shows one page and visits it once, into the data
// folder that it returns.
func crawlSite(t *testing.T, html string) (a *app.App, data string) {
	t.Helper()
	a, data = siteApp(t, html, true)
	a.Start(t.Context())
	if err := a.WaitCrawl(); err != nil {
		t.Fatal(err)
	}
	return a, data
}

// siteApp returns an App, not started, that is to crawl a site of one page.
func siteApp(t *testing.T, html string, once bool) (a *app.App, data string) {
	t.Helper()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, html)
	}))
	t.Cleanup(site.Close)
	u, err := url.Parse(site.URL)
	if err != nil {
		t.Fatal(err)
	}
	data = t.TempDir()
	now := time.Now()
	authorise(t, data, qianshao.Authorisation{
		ID: "test", Owner: "o", Basis: "b", Contact: "c", ValidFrom: now.Add(-time.Hour), ValidUntil: now.Add(time.Hour),
		Hosts: []string{u.Host}, Rate: 1000, AllowPrivate: true, Seeds: []string{site.URL + "/"},
	})
	return newApp(t, app.Options{Data: data, Version: "test", Crawl: &app.CrawlOptions{
		FetchOptions: app.FetchOptions{Contact: "https://test.example/"}, Once: once,
	}, Console: &app.ConsoleOptions{Listen: "127.0.0.1:0"}}), data
}

// get asks the app's console with a token for everything.
func get(t *testing.T, a *app.App, path string) string {
	t.Helper()
	ctx := t.Context()
	err := a.Folder.Accounts.AddFirst(ctx, "test", "root", "")
	if err != nil && !errors.Is(err, store.ErrExists) {
		t.Fatal(err)
	}
	token, _, err := a.Folder.Accounts.NewToken(ctx, "test", "root", "test", []qianshao.Scope{qianshao.ScopeRead, qianshao.ScopeMetrics}, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	url := a.ConsoleURL() + path
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v\n%s", url, response.Status, err, body)
	}
	return string(body)
}

func metric(t *testing.T, a *app.App, name string) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindStringSubmatch(get(t, a, "metrics"))
	if m == nil {
		t.Fatalf("/metrics has no %s", name)
	}
	return m[1]
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// writeRule writes a rule own-NAME that fires on a term.
func writeRule(t *testing.T, rules, name, term string) {
	t.Helper()
	write(t, filepath.Join(rules, "rules", "own-"+name+".yaml"), fmt.Sprintf(strings.TrimLeft(`
title: 自有招牌
id: own-%s
status: test
description: 本地一家赌场的招牌。
date: 2026-11-23
category: gambling
level: high
legal_basis: [刑法第三百零三条（开设赌场罪）]
falsepositives: [警方通报]
detection:
  brand: {terms: [%s]}
  condition: brand
tests:
  - {text: %[2]s, expect: fires}
  - {text: 社区图书馆开放, expect: quiet}
`, "\n"), name, term))
}
