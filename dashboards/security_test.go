package dashboards

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

// hostile is what a page may contain wherever we show its text.
const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>'` + "\u202e{{.}}<a href=javascript:alert(3)>\x00"

// TestHostileText puts hostile text into every field and parses the resulting pages: they have only
// our own elements and attributes, and no link leaves the console.
func TestHostileText(t *testing.T) {
	o := newOutpost(t, nil)
	o.watchesSites(t)
	source := "<title>" + hostile + "</title>\n" + hostile
	finding := qianshao.Finding{
		Rule: hostile, Title: hostile, Category: qianshao.Category(hostile), Level: qianshao.LevelHigh, Score: 70, Hidden: true,
		Breakdown: []qianshao.ScorePart{{Reason: hostile, Detail: hostile, Points: 70}},
		Evidence: []qianshao.Evidence{{
			Block: hostile, Term: hostile, Text: hostile, Steps: []string{hostile}, Region: qianshao.RegionKind(hostile),
			Name: hostile, Hidden: qianshao.Hiding(hostile), Path: hostile, Span: qianshao.Span{Start: 7, End: 7 + len(hostile)},
			Line: 1, Column: 8, Before: hostile, After: hostile,
		}},
	}
	page := qianshao.Page{
		URL: "http://evil.example/" + strings.TrimRight(hostile, "\x00"), RequestedURL: "javascript:" + hostile, Authorisation: "a", Status: 200,
	}
	err := o.store.PutAuthorisations(t.Context(), store.Signed{By: "test"}, []qianshao.Authorisation{{
		ID: "a", Owner: hostile, Basis: hostile, Contact: hostile, Hosts: []string{hostile}, Include: []string{hostile},
		Exclude: []string{hostile}, ValidFrom: testNow, ValidUntil: testNow.AddDate(1, 0, 0),
	}})
	if err != nil {
		t.Fatal(err)
	}
	o.save(t, page, hostile, source, finding)
	id := qianshao.FindingID(page.URL, hostile)
	q := url.QueryEscape(hostile)
	for _, target := range []string{
		"/", "/findings/" + id, "/authorisations", "/authorisations/a", "/authorisations/a/edit", "/sites", "/sites?name=" + q + "&authorisation=" + q, "/sites/" + url.PathEscape(hostile), "/sites/evil.example", "/search?q=" + q, "/search?q=level:" + q, "/search?q=%22" + q + "%22", "/search?offset=" + q, "/search?after=" + q, "/search?before=" + q + "&sort=" + q,
		"/findings/" + id + "?q=" + q, "/nothing/" + url.PathEscape(hostile), "/search?lang=" + q, "/search?" + q + "=" + q,
	} {
		for _, l := range []string{"zh", "en"} {
			_, body, header := o.get(t, target, "Cookie", "qianshao_lang="+l)
			if !strings.HasPrefix(header.Get("Content-Type"), "text/html") {
				t.Errorf("%s: type %q", target, header.Get("Content-Type"))
			}
			checkMarkup(t, target, body)
		}
	}
	if _, body, _ := o.get(t, "/findings/"+id); !strings.Contains(body, `title="U&#43;202E">RLO<`) {
		t.Error("a character that turns the text around is not shown as a sign")
	}
}

// ourScript matches the address of the console's only script.
var ourScript = regexp.MustCompile(`^/static/console\.js\?v=[0-9a-f]{12}$`)

// checkMarkup fails for anything that a page of ours must not contain.
func checkMarkup(t *testing.T, target, body string) {
	t.Helper()
	if strings.ContainsRune(body, '\u202e') && !strings.Contains(target, "q=") {
		t.Errorf("%s: a raw U+202E", target)
	}
	doc := html.NewTokenizer(strings.NewReader(body))
	for {
		switch doc.Next() {
		case html.ErrorToken:
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			token := doc.Token()
			if token.Data == "script" && len(token.Attr) == 2 && ourScript.MatchString(token.Attr[0].Val) && token.Attr[1].Key == "defer" && doc.Next() == html.EndTagToken {
				continue
			}
			if token.Data == "script" || token.Data == "iframe" || token.Data == "style" || token.Data == "base" {
				t.Errorf("%s: <%s> in the page", target, token.Data)
			}
			for _, a := range token.Attr {
				switch {
				case strings.HasPrefix(a.Key, "on") || a.Key == "style":
					t.Errorf("%s: <%s %s=%q>", target, token.Data, a.Key, a.Val)
				case a.Key == "href" || a.Key == "src" || a.Key == "action":
					if (!strings.HasPrefix(a.Val, "/") || strings.HasPrefix(a.Val, "//")) && !strings.HasPrefix(a.Val, "#") {
						t.Errorf("%s: <%s %s=%q> leads away", target, token.Data, a.Key, a.Val)
					}
				}
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	o := newOutpost(t, nil)
	for _, target := range []string{"/", "/login", "/api/v1/search", "/metrics", "/nothing", "/static/console.css"} {
		_, _, header := o.get(t, target)
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options":  "nosniff",
			"Referrer-Policy":         "no-referrer",
		} {
			if got := header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", target, name, got, want)
			}
		}
		if !strings.HasPrefix(target, "/static/") && header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control is %q", target, header.Get("Cache-Control"))
		}
	}
}

func TestCheckListen(t *testing.T) {
	for addr, ok := range map[string]bool{
		"127.0.0.1:8740": true, "[::1]:8740": true, ":8740": true, "0.0.0.0:8740": true, "qianshao.example:1": true, "8740": false, "": false,
	} {
		err := CheckListen(addr)
		if (err == nil) != ok {
			t.Errorf("CheckListen(%q) = %v", addr, err)
		}
		if err != nil && !strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("the error names no remedy: %v", err)
		}
	}
}
