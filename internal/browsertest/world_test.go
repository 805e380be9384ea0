package browsertest

import (
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/packs"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
)

// The largest campaign of the web: one template on several sites.
const (
	casinoSites   = 10
	pagesOfCasino = 15
	pagesOfSingle = 2
)

const password = "看门人数星星到天亮然后睡觉"

// site is a host of the generated web: its pages by path and query, in HTML.
type site map[string]string

// web is what the app of a test crawls.
type web map[string]site

// casinos are the sites of one operator: 150 pages of one template, some of them a
// little different.
func casinos() web {
	w := web{}
	for s := range casinoSites {
		pages := site{}
		for p := range pagesOfCasino {
			more := ""
			if p == 7 && s%2 == 0 {
				more = fmt.Sprintf("<p>第%d期开奖结果查询，老虎机电子游艺，捕鱼彩票。</p>", s)
			}
			pages[fmt.Sprintf("/%d.html", p)] = document(fmt.Sprintf("澳门新葡京 第%d页", p), `<p>澳门新葡京赌场官方网站，真人百家乐在线娱乐平台，注册送彩金88元，首存优惠每日返水，提款秒到账，信誉保证，最新网址备用入口手机版下载安装，客服QQ 2839104756 联系。</p>`+more+
				`<p><a href="http://play.example.net/reg">立即注册 澳门新葡京赌场</a></p>`)
		}
		w[fmt.Sprintf("casino%d.example", s)] = pages
	}
	return w
}

// singles are sites with one crime each, by its category. Their pages have the texts that the
// shipped rules give as examples that must fire.
func singles(t *testing.T) web {
	t.Helper()
	set, err := rule.Load(packs.FS(), rule.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := web{}
	for _, r := range set.Rules() {
		for _, test := range r.Tests {
			pages := w[single(r.Category)]
			if pages == nil {
				pages = site{}
				w[single(r.Category)] = pages
			}
			if test.Expect == syntax.ExpectFires && test.Text != "" && len(pages) < pagesOfSingle {
				pages[fmt.Sprintf("/%d.html", len(pages))] = document("本地生活服务", "<p>"+html.EscapeString(test.Text)+"</p>")
			}
		}
	}
	return w
}

// single is the host of a category's pages.
func single(c qianshao.Category) string {
	return strings.ReplaceAll(string(c), "_", "-") + ".example"
}

func document(title, body string) string {
	return "<!doctype html><html lang=zh><meta charset=utf-8><title>" + html.EscapeString(title) + "</title><body>" + body + "</body></html>"
}

// with adds sites.
func (w web) with(more web) web {
	for host, pages := range more {
		w[host] = pages
	}
	return w
}

// serve answers for all hosts of the web, by the Host header.
func (w web) serve(t *testing.T) (resolve map[string]string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, ok := w[r.Host][r.URL.RequestURI()]
		if !ok {
			http.NotFound(rw, r)
			return
		}
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(rw, body)
	}))
	t.Cleanup(server.Close)
	resolve = map[string]string{}
	for host := range w {
		resolve[host] = server.Listener.Addr().String()
	}
	return resolve
}

// outpost is an app that has crawled a web, with its console.
type outpost struct {
	*app.App
	base string
	data string
}

// outpostOptions say what a test needs from its outpost.
type outpostOptions struct {
	web   web
	rules string // a folder of the operator's own rules; "" for none
	// owner returns the owner of a host's authorisation; nil means the same owner for all.
	owner func(host string) string
}

// newOutpost crawls a web once and leaves its console running. Each site has its own
// authorisation, with the host as its id.
func newOutpost(t *testing.T, opts outpostOptions) *outpost {
	t.Helper()
	resolve := opts.web.serve(t)
	data, now := t.TempDir(), time.Now()
	owner := opts.owner
	if owner == nil {
		owner = func(string) string { return "某市教育局" }
	}
	var list []qianshao.Authorisation
	for host, pages := range opts.web {
		a := qianshao.Authorisation{
			ID: host, Owner: owner(host), Basis: "委托书 2026-11", Contact: "owner@" + host, ValidFrom: now.Add(-time.Hour), ValidUntil: now.Add(24 * time.Hour),
			Hosts: []string{host}, Rate: 1000, AllowPrivate: true,
		}
		for path := range pages {
			a.Seeds = append(a.Seeds, "http://"+host+path)
		}
		list = append(list, a)
	}
	apptest.Authorise(t, data, list...)
	a := apptest.New(t, app.Options{
		Data: data, Version: "test", Rules: datafolder.RuleFolders{Overlay: opts.rules},
		Crawl: &app.CrawlOptions{
			FetchOptions: app.FetchOptions{Contact: "https://test.example/", Resolve: resolve}, Workers: 8, Once: true,
		},
		Console: &app.ConsoleOptions{Listen: "127.0.0.1:0"},
		Log:     slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})),
	})
	a.Start(t.Context())
	if err := a.WaitCrawl(); err != nil {
		t.Fatal(err)
	}
	return &outpost{App: a, base: a.ConsoleURL(), data: data}
}

// link returns the link at which a person sets their password, as commands print it, or with
// LinkFirst the link that makes the administrator.
func (o *outpost) link(t *testing.T, purpose store.LinkPurpose, name string) string {
	t.Helper()
	key, _, err := o.Folder.Accounts.NewLink(t.Context(), store.ByCommand, purpose, name)
	if err != nil {
		t.Fatal(err)
	}
	return auth.LinkPath(key)
}

// add makes an account that sees everything, as qianshao account add does.
func (o *outpost) add(t *testing.T, name string, role qianshao.Role) {
	t.Helper()
	if err := o.Folder.Accounts.Add(t.Context(), store.ByCommand, qianshao.Account{Name: name, Role: role, Sight: qianshao.SeeAll()}, ""); err != nil {
		t.Fatal(err)
	}
}

// visitor is a person's browser, signed in by a one-time link.
func (o *outpost) visitor(t *testing.T, browser chromium, name string, role qianshao.Role) *tab {
	t.Helper()
	o.add(t, name, role)
	return o.enter(t, browser, name)
}

// enter opens a separate browser for an account, signed in.
func (o *outpost) enter(t *testing.T, browser chromium, name string) *tab {
	t.Helper()
	b := newTab(t, browser, o.base, name)
	b.open(o.link(t, store.LinkEnter, name))
	b.wait("form[action='/logout'] button")
	return b
}

// findings returns all findings of the outpost.
func (o *outpost) findings(t *testing.T) (list []qianshao.Finding) {
	t.Helper()
	for entry, err := range o.Folder.Store.AllFindings(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, entry.Finding)
	}
	return list
}

// findingOf returns the first finding of a host.
func (o *outpost) findingOf(t *testing.T, host string) qianshao.Finding {
	t.Helper()
	for _, f := range o.findings(t) {
		if u, err := url.Parse(f.URL); err == nil && u.Host == host {
			return f
		}
	}
	t.Fatalf("nothing was found at %s", host)
	return qianshao.Finding{}
}

// casinoFindings returns the ids of the findings on the sites of casinos.
func (o *outpost) casinoFindings(t *testing.T) (ids []string) {
	t.Helper()
	for _, f := range o.findings(t) {
		if strings.Contains(f.URL, "casino") {
			ids = append(ids, f.ID)
		}
	}
	if want := casinoSites * pagesOfCasino; len(ids) != want {
		t.Fatalf("the campaign has %d findings, want %d", len(ids), want)
	}
	return ids
}

// campaignOf returns the primary campaign of a finding.
func (o *outpost) campaignOf(t *testing.T, finding string) string {
	t.Helper()
	list, err := o.Folder.Review.Campaigns.Of(t.Context(), finding)
	if err != nil || len(list) == 0 {
		t.Fatalf("the campaigns of %s: %v %v", finding, list, err)
	}
	return list[0].ID
}

// stateOf returns the desk's view of a subject.
func (o *outpost) stateOf(t *testing.T, subject string) desk.View {
	t.Helper()
	parsed, ok := qianshao.ParseSubject(subject)
	if !ok {
		t.Fatalf("%q is not a subject", subject)
	}
	view, err := o.Desk.Look(t.Context(), qianshao.Account{Name: "test", Role: qianshao.RoleAuditor, Sight: qianshao.SeeAll()}, parsed)
	if err != nil {
		t.Fatal(err)
	}
	return view
}
