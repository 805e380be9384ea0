package browsertest

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/internal/app/apptest"
)

// hostileFile exists beside some checkouts. Each of its lines has a text in JSON that has run a
// script or made a request on some site. payloads has some texts of the same kinds.
const hostileFile = "../../../shared/hostile/xss_payloads.jsonl"

// canaryAddress is the address to which the texts of hostileFile try to send requests.
const canaryAddress = "127.0.0.1:18751"

func payloads(t *testing.T, canary string) (list []string) {
	t.Helper()
	file, err := os.Open(hostileFile)
	if errors.Is(err, os.ErrNotExist) {
		list = []string{
			`<script>alert(1)</script>`, `"><script>alert(1)</script>`, `</title><script>alert(1)</script>`, `</textarea><img src=x onerror=alert(1)>`,
			`<img src=http://` + canaryAddress + `/leak>`, `<svg onload=alert(1)>`, `<iframe srcdoc='<script>alert(1)</script>'></iframe>`,
			`<style>@import 'http://` + canaryAddress + `/leak';</style>`, `<base href=http://` + canaryAddress + `/>`,
			`<meta http-equiv=refresh content='0;url=http://` + canaryAddress + `/leak'>`, `javascript:alert(1)`, `" autofocus onfocus=alert(1) "`,
			`{{.}}`, `</mark><img src=x onerror=alert(1)>`, "\u202e<img src=x onerror=alert(1)>", "\x00<script>alert(1)</script>",
			`<a ping=http://` + canaryAddress + `/leak href=#>x</a>`, `=HYPERLINK("http://` + canaryAddress + `/leak")`, `'"<>&` + "`",
		}
	} else if err != nil {
		t.Fatal(err)
	} else {
		defer file.Close()
		for lines := bufio.NewScanner(file); lines.Scan(); {
			var text string
			if err := json.Unmarshal(lines.Bytes(), &text); err != nil {
				t.Fatal(err)
			}
			list = append(list, text)
		}
	}
	for i := range list {
		list[i] = strings.ReplaceAll(list[i], canaryAddress, canary)
	}
	return list
}

// canary counts the requests that reach it.
func canary(t *testing.T) (address string, came *atomic.Int64) {
	t.Helper()
	came = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		came.Add(1)
		t.Logf("the canary was asked for %s by %s", r.URL, r.Referer())
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), came
}

// hostileTerm is the term on which the rule with a hostile title fires.
func hostileTerm(i int) string { return fmt.Sprintf("qsbrand%04dx", i) }

// pagesOfText is how many pages hostileWeb has of each text.
const pagesOfText = 2

// hostileWeb has two pages for each text: one has it as text wherever possible, the other as
// markup. Each text has its own host, whose authorisation names it as the owner.
func hostileWeb(list []string) web {
	const crime = "澳门新葡京赌场官方网站，真人百家乐在线娱乐平台，注册送彩金88元，首存优惠每日返水，客服QQ 2839104756 联系。"
	w := web{}
	for i, text := range list {
		x := html.EscapeString(text)
		w[hostileHost(i)] = site{
			"/text?x=" + url.QueryEscape(text): document("澳门新葡京赌场 "+text, `<h1>澳门新葡京 `+x+`</h1><p>`+crime+hostileTerm(i)+" "+x+`</p><p hidden>澳门新葡京赌场 `+x+`</p>
<a href="`+x+`">澳门新葡京赌场 `+x+`</a><a href="http://`+hostileHost(i)+`/`+url.PathEscape(text)+`?q=`+url.QueryEscape(text)+`#`+x+`">澳门新葡京赌场注册</a>
<img src="/none.png" alt="澳门新葡京赌场 `+x+`" title="`+x+`"><!-- 澳门新葡京赌场 `+strings.ReplaceAll(x, "--", "")+` --><meta name="description" content="澳门新葡京赌场 `+x+`">`),
			"/markup": document("澳门新葡京赌场", `<p>`+crime+hostileTerm(i)+`</p><p>澳门新葡京赌场 `+text+` 注册送彩金</p>`),
		}
	}
	return w
}

func hostileHost(i int) string { return fmt.Sprintf("evil%d.example", i) }

// hostileRules has a rule for each text, with the text as its title, description and author.
func hostileRules(t *testing.T, list []string) string {
	t.Helper()
	folder := t.TempDir()
	for i, text := range list {
		text = strings.Map(func(r rune) rune {
			if qianshao.Unseen(r) { // YAML cannot express some of them
				return ' '
			}
			return r
		}, text)
		apptest.Write(t, filepath.Join(folder, "rules", fmt.Sprintf("own-%d.yaml", i)), fmt.Sprintf(strings.TrimLeft(`
title: %[2]s
id: own-%[1]d
status: test
description: %[2]s
author: %[2]s
date: 2026-11-23
category: gambling
level: high
legal_basis: [刑法第三百零三条（开设赌场罪）]
falsepositives: [%[2]s]
detection:
  brand: {terms: [%[3]s]}
  condition: brand
tests:
  - {text: %[3]s, expect: fires}
  - {text: 社区图书馆开放, expect: quiet}
`, "\n"), i, quote(text), hostileTerm(i)))
	}
	return folder
}

// TestTabHears: a tab notices what a page must not do. Otherwise the other tests in this file could
// not fail.
func TestTabHears(t *testing.T) {
	browser := newBrowser(t)
	address, came := canary(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch r.URL.Path {
		case "/policy":
			w.Header().Set("Content-Security-Policy", "default-src 'none'")
			_, _ = io.WriteString(w, "<p onclick='x()'>x<script>alert(1)</script>")
		case "/dialog":
			_, _ = io.WriteString(w, "<script>alert(1)</script>")
		case "/error":
			_, _ = io.WriteString(w, "<script>none()</script>")
		case "/elsewhere":
			_, _ = io.WriteString(w, "<img src=http://"+address+"/leak>")
		case "/audit":
			_, _ = io.WriteString(w, "<a href='javascript:x'>x</a>")
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	b := newTab(t, browser, server.URL+"/", "somebody")
	for path, want := range map[string]string{
		"policy": "Content Security Policy", "dialog": "a dialog", "error": "a script failed", "elsewhere": "a request to elsewhere", "none": "status 404", "audit": "javascript:x",
	} {
		b.open(path)
		b.audit()
		if heard := strings.Join(b.take(), "\n"); !strings.Contains(heard, want) {
			t.Errorf("%s: heard %q, want %q", path, heard, want)
		}
	}
	if came.Load() == 0 {
		t.Error("no request reached the canary")
	}
}

// audit compares the elements of the page with those that the console's own pages use.
func (b *tab) audit() {
	b.t.Helper()
	list, ok := js[[]string](b, `[...document.querySelectorAll("*")].flatMap(e => {
	const own = new URL(document.baseURI).origin, bad = [];
	if (e.localName === "script" && !e.src.startsWith(own + "/static/")) bad.push("script");
	if (["iframe", "frame", "object", "embed", "base", "portal", "marquee", "audio", "video"].includes(e.localName)) bad.push(e.localName);
	if (e.localName === "style" && location.protocol !== "file:") bad.push("style"); // reports have their own
	for (const a of e.attributes) {
		if (a.name.startsWith("on") || a.name === "style" || a.name === "srcdoc" || a.name === "ping") bad.push(a.name);
		if (["href", "src", "action", "formaction", "xlink:href", "data", "srcset", "poster", "background"].includes(a.name)) {
			try { if (new URL(a.value, document.baseURI).origin !== own) bad.push(a.name + "=" + a.value); } catch { bad.push(a.name + "=" + a.value); }
		}
	}
	return bad.map(x => x + " in " + e.outerHTML.slice(0, 200));
})`)
	if !ok {
		b.fatal("the page cannot be read")
	}
	for _, bad := range list {
		b.problem("%s has %s", b.path(), bad)
	}
}

// client sends requests as the tab would: in its session and with its form token.
type client struct {
	t       *testing.T
	base    string
	cookies []*http.Cookie
	form    string
}

// client returns a client; the page that is shown must have a form.
func (b *tab) client() client {
	b.t.Helper()
	c := client{t: b.t, base: b.base, form: b.value("input[name=csrf]")}
	for _, cookie := range call(b, network.GetCookies, network.GetCookiesParams{}).Cookies {
		c.cookies = append(c.cookies, &http.Cookie{Name: cookie.Name, Value: cookie.Value})
	}
	return c
}

// ask sends a request and returns the answer, without following a redirect.
func (c client) ask(method, path string, form url.Values) (status int, header http.Header, body []byte) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.base+strings.TrimPrefix(path, "/"), strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	if form != nil {
		form.Set(auth.FormField, c.form)
		r.Body = io.NopCloser(strings.NewReader(form.Encode()))
		r.ContentLength = int64(len(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, cookie := range c.cookies {
		r.AddCookie(cookie)
	}
	w, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer w.Body.Close()
	if body, err = io.ReadAll(w.Body); err != nil {
		c.t.Fatal(err)
	}
	return w.StatusCode, w.Header, body
}

// TestHostile puts hostile texts wherever an outsider or a colleague can, and opens every page,
// with the policy in force and without it.
func TestHostile(t *testing.T) {
	browser := newBrowser(t)
	address, came := canary(t)
	list := payloads(t, address)
	o := newOutpost(t, outpostOptions{web: hostileWeb(list), rules: hostileRules(t, list), owner: func(host string) string {
		var i int
		_, _ = fmt.Sscanf(host, "evil%d.example", &i)
		return strings.Map(func(r rune) rune {
			if r == 0 {
				return -1
			}
			return r
		}, list[i])
	}})
	boss := o.visitor(t, browser, "boss", qianshao.RoleAdministrator)
	boss.open("/account")
	other := o.visitor(t, browser, "other", qianshao.RoleAdministrator)
	other.open("/account")
	c, findings := boss.client(), o.findings(t)
	o.writeAll(t, []client{c, other.client()}, list, findings)
	pages, files := o.hostilePages(t, list), o.hostileExports(t, c, list, findings)
	t.Run("", func(t *testing.T) {
		for _, bypassed := range []bool{false, true} {
			t.Run(fmt.Sprintf("bypassed=%t", bypassed), func(t *testing.T) {
				b := o.enter(t, browser, "boss") // first, since the link of the other account replaces this one's
				t.Parallel()
				b.expect(400, 401, 404, 405, 409, 410, 422)
				b.bypass(bypassed)
				for _, path := range pages {
					b.open(path)
					b.audit()
				}
				b.echo(list, findings[0].ID, o.campaignOf(t, findings[0].ID))
				for _, file := range files {
					b.run(chromedp.Navigate("file://" + file))
					b.audit()
				}
				t.Logf("%d pages", len(pages))
			})
		}
	})
	if came.Load() > 0 {
		t.Errorf("%d requests reached the canary", came.Load())
	}
}

// echo sends forms that are refused, with all texts in one form, since the page that answers
// repeats what was typed.
func (b *tab) echo(list []string, finding, campaign string) {
	b.t.Helper()
	all := strings.Join(list, " ")
	for _, form := range []struct {
		path   string
		values map[string]string
	}{
		{"/acts", map[string]string{"subject": "finding:" + finding, "kind": "park", "words": all, "basis": "0", "until": all, "next": "/"}},
		{"/acts", map[string]string{"subject": "finding:" + finding, "kind": "decide", "words": all, "basis": "77", "seen": all, "verdict": "crime", "reason": "hacked", "next": "/"}},
		{"/views", map[string]string{"name": all, "q": all, "next": "/"}},
		{"/account/tokens", map[string]string{"label": all, "days": all}},
		{"/submissions", map[string]string{"url": all}},
		{"/authorisations/-/new", map[string]string{"id": all, "owner": all, "basis": all, "contact": all, "hosts": all, "seeds": all}},
		{"/admin/accounts", map[string]string{"name": all, "role": all, "under": all}},
		{"/admin/settings", map[string]string{"setting": "second_review_share", "value": all}},
		{"/authorisations/-/new/import", map[string]string{"name": all, "text": all}},
		{"/authorisations/-/new/import", map[string]string{"name": "x.yaml", "text": hostileYAML("yaml", list)}},
		{"/authorisations/-/new/import", map[string]string{"name": "x.csv", "text": hostileCSV("csv", list)}},
		{"/campaigns/" + campaign + "/merge", map[string]string{"other": all, "words": all}},
		{"/campaigns/" + campaign + "/policy", map[string]string{"newcomers": all, "words": all}},
		{"/campaigns/" + campaign + "/split", map[string]string{"finding": all, "words": all}},
		{"/batches", map[string]string{"query": all}},
		{"/login", map[string]string{"name": all, "password": "x", "next": all}},
	} {
		b.open("/account")
		b.send(form.path, form.values)
		b.audit()
	}
	b.open("/trail?by=" + url.QueryEscape(all))
	b.audit()
}

// hostileExports exports everything, and opens the files that a browser would show.
func (o *outpost) hostileExports(t *testing.T, c client, list []string, findings []qianshao.Finding) (files []string) {
	t.Helper()
	folder := t.TempDir()
	take := func(what, which, format string) []byte {
		status, _, body := c.ask(http.MethodPost, "/export", url.Values{what: {which}, "format": {format}})
		if status != http.StatusOK {
			t.Errorf("export as %s: %d %.300s", format, status, body)
		}
		return body
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(take("q", "", "csv"), []byte("\ufeff")))).ReadAll()
	if err != nil || len(rows) < len(list) {
		t.Errorf("%d rows of CSV: %v", len(rows), err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r|%", rune(cell[0])) {
				t.Errorf("a cell that a spreadsheet may run: %q", cell)
			}
		}
	}
	report := filepath.Join(folder, "report.html")
	var markdown []byte
	for _, f := range findings[:len(list)] {
		markdown = append(markdown, take("finding", f.ID, "md")...)
	}
	apptest.Write(t, report, "<!doctype html><meta charset=utf-8>"+rendered(t, markdown))
	files = append(files, report)
	body := take("finding", findings[0].ID, "zip")
	archive, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range archive.File {
		if !filepath.IsLocal(file.Name) {
			t.Errorf("the archive has %q", file.Name)
		}
		if ext := filepath.Ext(file.Name); ext == ".html" || ext == ".svg" || ext == ".xml" { // what a browser would run
			shown, err := fs.ReadFile(archive, file.Name)
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(folder, fmt.Sprint(len(files))+ext)
			apptest.Write(t, name, string(shown))
			files = append(files, name)
		}
	}
	return files
}

// rendered returns Markdown as rendered by npm's marked, which lets HTML through.
func rendered(t *testing.T, markdown []byte) string {
	t.Helper()
	folder := os.Getenv(axeFolder)
	if folder == "" {
		t.Log("no marked: Markdown is not rendered; set " + axeFolder)
		return ""
	}
	command := exec.Command("node", "-e", `process.stdout.write(require("marked").parse(require("fs").readFileSync(0, "utf8")))`)
	command.Dir, command.Stdin = folder, bytes.NewReader(markdown)
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(output)
}

// hostilePages returns all pages that may show one of the texts.
func (o *outpost) hostilePages(t *testing.T, list []string) (pages []string) {
	t.Helper()
	flagged := map[string]bool{}
	for _, f := range o.findings(t) {
		flagged[f.URL] = true
		pages = append(pages, "/findings/"+f.ID)
	}
	if len(flagged) < pagesOfText*len(list) {
		t.Errorf("%d of %d pages are flagged", len(flagged), pagesOfText*len(list))
	}
	for _, text := range list {
		pages = append(pages, "/search?q="+url.QueryEscape(text))
	}
	for i := range list {
		pages = append(pages, "/authorisations/"+hostileHost(i))
	}
	return append(pages, "/", "/?list=all", "/?list=decided", "/search", "/authorisations", "/authorisations/form-0", "/authorisations/form-0/edit", "/authorisations/yaml-0", "/authorisations/csv-0",
		"/sites", "/sites/"+hostileHost(0), "/submissions", "/unmonitored", "/statistics?period=month&of="+time.Now().Format(time.DateOnly), "/account", "/admin", "/admin/settings", "/admin/accounts/boss", "/trail", "/trail?kind=note", "/trail?kind=merge", "/trail?kind=split",
		"/batches", "/campaigns/"+o.campaignOf(t, o.findings(t)[0].ID), "/help")
}
