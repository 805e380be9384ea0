package app_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/ingest/ingesttest"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/report"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
)

// TestApp crawls a web, and searches the findings through the API, the index and the folder.
// Meanwhile it makes backups and reloads the rules. It then stops, and leaves no goroutine behind.
func TestApp(t *testing.T) {
	before := goleak.IgnoreCurrent()
	web := ingesttest.New(ingesttest.Options{Hosts: 44, Pages: 60, Seed: 2, Rate: 200})
	if err := web.Start(); err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	apptest.Authorise(t, data, web.Authorisation(time.Now()))
	a := apptest.New(t, app.Options{
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
	beside, err := datafolder.Search(t.Context(), datafolder.SearchRequest{Folder: datafolder.Options{Data: data}, Query: "状态:存在 or 赌博", Sort: index.SortScore, Limit: 1})
	if err != nil || beside.Suggestion == nil || beside.Suggestion.Query != "state:open OR 赌博" {
		t.Errorf("the running server offers %v, %v", beside.Suggestion, err)
	}
	beside, err = datafolder.Search(t.Context(), datafolder.SearchRequest{Folder: datafolder.Options{Data: data}, Query: "状态:存在", Sort: index.SortScore, Limit: 1})
	if err != nil || beside.Total != counts.Open || len(beside.Hits) != 1 || beside.Hits[0].Score != highest.Hits[0].Score {
		t.Errorf("%d findings beside the process, %v", beside.Total, err)
	}
	wantPages(t, data, counts.Open) // through the running server
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
	alone, err := datafolder.Search(t.Context(), datafolder.SearchRequest{Folder: datafolder.Options{Data: data}, Query: "state:open"})
	if err != nil || alone.Total != counts.Open {
		t.Errorf("%d findings without a running server, %v", alone.Total, err)
	}
	wantPages(t, data, counts.Open)
	if n, err := datafolder.Reindex(t.Context(), datafolder.Options{Data: data}, nil); err != nil || n != counts.Findings {
		t.Errorf("%d findings indexed, %v", n, err)
	}
}

// wantPages searches for more open findings than fit on a page, and with a larger offset than a
// search engine allows.
func wantPages(t *testing.T, data string, open int) {
	t.Helper()
	all, err := datafolder.Search(t.Context(), datafolder.SearchRequest{Folder: datafolder.Options{Data: data}, Query: "state:open", Limit: 2 * index.MaxWindow, Step: 2})
	ids := map[string]bool{}
	for i := range all.Hits {
		ids[all.Hits[i].ID] = true
	}
	if err != nil || open <= 2 || len(all.Hits) != open || len(ids) != open || all.Total != open {
		t.Errorf("%d hits, %d different ones, of %d: %v", len(all.Hits), len(ids), open, err)
	}
	last, err := datafolder.Search(t.Context(), datafolder.SearchRequest{Folder: datafolder.Options{Data: data}, Query: "state:open", Offset: open - 1, Limit: 5, Step: index.MaxWindow})
	if err != nil || len(last.Hits) != 1 || len(all.Hits) == 0 || last.Hits[0].ID != all.Hits[len(all.Hits)-1].ID {
		t.Errorf("the last hit: %+v, %v", last.Hits, err)
	}
	if none, err := datafolder.Search(t.Context(), datafolder.SearchRequest{Folder: datafolder.Options{Data: data}, Query: "state:open", Offset: index.MaxWindow + 1, Limit: 5}); err != nil || len(none.Hits) != 0 {
		t.Errorf("beyond the last: %+v, %v", none.Hits, err)
	}
}

// TestReload: a broken rule set is refused and counted, and the old one stays in force. An overlay
// that is added meanwhile counts from the next reload on.
func TestReload(t *testing.T) {
	data, rules := sqlitetest.Folder(t), t.TempDir()
	apptest.WriteRule(t, rules, "one", "云巅国际")
	for id, until := range map[string]time.Duration{"ended": -time.Hour, "soon": 10 * 24 * time.Hour, "later": 1000 * time.Hour} {
		apptest.Authorise(t, data, qianshao.Authorisation{ID: id, Owner: "o", Basis: "b", Contact: "c", Hosts: []string{id + ".example"},
			ValidFrom: time.Now().AddDate(-1, 0, 0), ValidUntil: time.Now().Add(until)})
	}
	var told []app.InForce
	a := apptest.New(t, app.Options{
		Data: data, Rules: datafolder.RuleFolders{Dir: rules, Data: data}, Console: &app.ConsoleOptions{Listen: "127.0.0.1:0"},
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
	apptest.Write(t, broken, "title: [\n")
	var input *datafolder.InputError
	if err := a.Reload(); !errors.As(err, &input) {
		t.Errorf("the broken set: %v", err)
	}
	loaded("1", "1")
	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
	apptest.WriteRule(t, rules, "two", "海天盛筵")
	if err := a.Reload(); err != nil {
		t.Error(err)
	}
	loaded("2", "1")
	apptest.Write(t, filepath.Join(data, "overlay", "off.yaml"), "rules:\n  - {id: own-two, reason: 试一试}\n")
	if err := a.Reload(); err != nil {
		t.Error(err)
	}
	loaded("1", "1")
	if f := told[len(told)-1]; len(told) != 3 || f.Rules != 2 || f.Off != 1 || f.Overlay != filepath.Join(data, "overlay") || f.Digest == told[0].Digest {
		t.Errorf("InForce was called %d times, last with %+v", len(told), f)
	}
	if err := a.Reload(); err != nil { // nothing has changed
		t.Error(err)
	}
	r, err := a.Folder.Report(t.Context(), report.Query{Period: report.Month(time.Now(), time.UTC), Sight: qianshao.SeeAll()})
	if err != nil || !r.NoRuleHistory || len(r.RuleChanges) != 2 || !slices.Equal(r.RuleChanges[0].Removed, []string{"own-two"}) || !slices.Equal(r.RuleChanges[1].Added, []string{"own-two"}) {
		t.Errorf("the report has %+v, %v", r, err)
	}
	before := told[len(told)-1]
	apptest.Write(t, filepath.Join(data, "overlay", "dictionary.txt"), "天盛筵席\n")
	if err := a.Reload(); err != nil {
		t.Error(err)
	}
	if f := told[len(told)-1]; f.Digest == before.Digest || f.Own.Words != 1 {
		t.Errorf("with a dictionary, in force: %+v", f)
	}
}

// TestNewRefuses: a mistake that the operator must correct is an InputError,
// and leaves nothing open.
func TestNewRefuses(t *testing.T) {
	before := goleak.IgnoreCurrent()
	data := t.TempDir()
	for name, opts := range map[string]app.Options{
		"a port alone":      {Console: &app.ConsoleOptions{Listen: "8740"}},
		"a proxy by name":   {Console: &app.ConsoleOptions{Listen: "127.0.0.1:0", TrustedProxies: []string{"proxy.example"}}},
		"nobody to ask":     {Crawl: &app.CrawlOptions{}},
		"an empty register": {Crawl: &app.CrawlOptions{FetchOptions: app.FetchOptions{Contact: "bot@you.example"}, Once: true}},
		"a missing browser": {Crawl: &app.CrawlOptions{FetchOptions: app.FetchOptions{Contact: "bot@you.example"}, BrowserOptions: app.BrowserOptions{Browser: data + "/none"}}},
		"no such overlay":   {Rules: datafolder.RuleFolders{Overlay: data + "/none"}},
	} {
		opts.Data = data
		_, err := app.New(t.Context(), opts)
		var input *datafolder.InputError
		if !errors.As(err, &input) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := app.New(t.Context(), app.Options{}); err == nil {
		t.Error("an app was made without a data folder")
	}
	goleak.VerifyNone(t, before)
	if err := apptest.New(t, app.Options{Data: data}).Stop(); err != nil { // the lock is free, and Stop needs no Start
		t.Error(err)
	}
}

// get makes a request to the app's console with a token for everything, and then revokes the token,
// since an account may have only a few, and some tests repeat requests until something has happened.
func get(t *testing.T, a *app.App, path string) string {
	t.Helper()
	ctx := t.Context()
	err := a.Folder.Accounts.AddFirst(ctx, "test", "root", "")
	if err != nil && !errors.Is(err, store.ErrExists) {
		t.Fatal(err)
	}
	token, made, err := a.Folder.Accounts.NewToken(ctx, "test", "root", "test", []qianshao.Scope{qianshao.ScopeRead, qianshao.ScopeMetrics}, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Folder.Accounts.RevokeToken(ctx, "test", "root", made.ID); err != nil {
			t.Error(err)
		}
	}()
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

// backUpWhile makes backups of a data folder while a crawl archives flagged pages, and
// returns one of them and one made after its end.
func backUpWhile(t *testing.T, data string, crawl func() error) (meanwhile, last string) {
	t.Helper()
	crawled := make(chan error, 1)
	go func() { crawled <- crawl() }()
	for {
		select {
		case err := <-crawled:
			if err != nil {
				t.Fatal(err)
			}
			last, _ = apptest.BackUp(t, data, datafolder.RuleFolders{Data: data})
			return meanwhile, last
		case <-time.After(500 * time.Millisecond): // several during a crawl, some of them while evidence is being added
			meanwhile, _ = apptest.BackUp(t, data, datafolder.RuleFolders{Data: data})
		}
	}
}

// wantRestored restores both backups: each is consistent, and the last one has all
// the crawl's findings.
func wantRestored(t *testing.T, meanwhile, last string, findings int) {
	t.Helper()
	apptest.Restored(t, meanwhile)
	again := apptest.New(t, app.Options{Data: apptest.Restored(t, last), Version: "test", Reindexing: func(int, int) { t.Error("the index is built anew") }})
	found, err := again.Index.Search(t.Context(), index.Request{Sight: qianshao.SeeAll()})
	if err != nil || found.Total != findings {
		t.Errorf("%d findings are restored of %d, %v", found.Total, findings, err)
	}
}

// TestListensEverywhere: a console that listens on all addresses, as in a container, gives
// one that a browser can open, and works there.
func TestListensEverywhere(t *testing.T) {
	data := t.TempDir()
	a := apptest.New(t, app.Options{Data: data, Version: "test", Console: &app.ConsoleOptions{Listen: "0.0.0.0:0"}})
	a.Start(t.Context())
	if base := a.ConsoleURL(); !strings.HasPrefix(base, "http://127.0.0.1:") {
		t.Errorf("the console is at %s", base)
	}
	if err := datafolder.CheckHealth(t.Context(), data); err != nil {
		t.Error(err)
	}
}
