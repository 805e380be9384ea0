package dashboards

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
)

// hostile is what a page may say in every place from which we show text.
const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>'` + "\u202e{{.}}<a href=javascript:alert(3)>\x00"

// TestHostileText puts hostile text into every field and parses what comes
// out: no element or attribute but our own, and no link that leaves the console.
func TestHostileText(t *testing.T) {
	o := newOutpost(t, nil)
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
		URL: "http://evil.example/" + hostile, RequestedURL: "javascript:" + hostile, Authorisation: "a", Status: 200,
	}
	err := o.store.PutAuthorisations(t.Context(), []qianshao.Authorisation{{
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
		"/", "/findings/" + id, "/authorisations", "/?q=" + q, "/?q=level:" + q, "/?q=%22" + q + "%22", "/?offset=" + q, "/?after=" + q, "/?before=" + q + "&sort=" + q,
		"/findings/" + id + "?q=" + q, "/nothing/" + url.PathEscape(hostile), "/?lang=" + q, "/?" + q + "=" + q,
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

// checkMarkup fails for whatever a page of ours has no business to hold.
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
	o := newOutpost(t, func(opts *Options) { opts.Password = goodPassword })
	for _, target := range []string{"/", "/login", "/api/v1/search", "/metrics", "/nothing", "/static/console.css"} {
		_, _, header := o.get(t, target)
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
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

func TestHostHeader(t *testing.T) {
	o := newOutpost(t, nil)
	for host, want := range map[string]int{
		"localhost": 200, "localhost:8740": 200, "LOCALHOST.:1": 200, "127.0.0.1": 200, "127.9.9.9:80": 200,
		"[::1]": 200, "[::1]:8740": 200, "::1": 200,
		"evil.example": 421, "127.0.0.1.evil.example": 421, "localhost.evil.example:8740": 421, "": 421,
		"10.0.0.1": 421, "0.0.0.0": 421, "[::]": 421, "192.168.0.2:8740": 421,
	} {
		for _, path := range []string{"/", "/metrics", "/healthz", "/api/v1/search", "/static/console.css"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Host = host
			w := httptest.NewRecorder()
			o.handler.ServeHTTP(w, r)
			if w.Code != want {
				t.Errorf("Host %q, %s: status %d, want %d", host, path, w.Code, want)
			}
		}
	}
	open := newOutpost(t, func(opts *Options) { opts.Password = goodPassword })
	r := httptest.NewRequest(http.MethodGet, "/healthz", nil)
	r.Host = "qianshao.example"
	w := httptest.NewRecorder()
	open.handler.ServeHTTP(w, r)
	if w.Code != 200 {
		t.Errorf("with a password any name will do, got %d", w.Code)
	}
}

func TestCheckListen(t *testing.T) {
	for _, tc := range []struct {
		addr     string
		password bool
		ok       bool
	}{
		{"127.0.0.1:8740", false, true}, {"localhost:0", false, true}, {"[::1]:8740", false, true}, {"127.8.0.1:1", false, true},
		{"[::ffff:127.0.0.1]:1", false, true},
		{":8740", false, false}, {"0.0.0.0:8740", false, false}, {"[::]:8740", false, false}, {"192.168.1.2:1", false, false},
		{"qianshao.example:1", false, false}, {"localhost.evil.example:1", false, false},
		{":8740", true, true}, {"0.0.0.0:8740", true, true},
		{"8740", true, false}, {"", true, false},
	} {
		err := CheckListen(tc.addr, tc.password)
		if (err == nil) != tc.ok {
			t.Errorf("CheckListen(%q, %v) = %v", tc.addr, tc.password, err)
		}
		if err != nil && !strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("the error names no remedy: %v", err)
		}
	}
}

const goodPassword = "correct horse 电池 staple"

func (o *outpost) do(method, target, form string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://console.example"+target, strings.NewReader(form))
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, r)
	return w
}

func TestLogin(t *testing.T) {
	now := testNow
	o := newOutpost(t, func(opts *Options) {
		opts.Password, opts.Now = auth.HashPassword(goodPassword), func() time.Time { return now }
	})
	w := o.do("GET", "/findings/x?q=a", "")
	if w.Code != 303 || w.Header().Get("Location") != "/login?next=%2Ffindings%2Fx%3Fq%3Da" {
		t.Fatalf("without a session: %d to %q", w.Code, w.Header().Get("Location"))
	}
	w = o.do("GET", "/login?next=%2Fhelp", "", "Accept-Language", "en")
	contains(t, w.Body.String(), `name="next" value="/help"`, `type="password"`)
	if strings.Contains(w.Body.String(), "Continue") {
		t.Error("offers to continue to somebody who came from nowhere")
	}
	w = o.do("GET", "/login", "", "Accept-Language", "en", "Sec-Fetch-Site", "cross-site")
	contains(t, w.Body.String(), "Continue")

	if w = o.do("POST", "/login", "password=wrong&next=/help", "Accept-Language", "en"); w.Code != 401 || len(w.Result().Cookies()) != 0 {
		t.Errorf("a wrong password: %d", w.Code)
	}
	contains(t, w.Body.String(), "That is not the password")
	w = o.do("POST", "/login", "next=/help%3Fa%3D1&password="+url.QueryEscape(goodPassword))
	if w.Code != 303 || w.Header().Get("Location") != "/help?a=1" {
		t.Fatalf("the right password: %d to %q", w.Code, w.Header().Get("Location"))
	}
	cookie := w.Result().Cookies()[0]
	if !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteStrictMode || len(cookie.Value) < 26 {
		t.Errorf("the session's cookie: %v", cookie)
	}
	session := cookie.Name + "=" + cookie.Value
	if w = o.do("GET", "/help", "", "Cookie", session); w.Code != 200 {
		t.Errorf("with a session: %d", w.Code)
	}
	contains(t, w.Body.String(), `action="/logout"`)
	if w = o.do("GET", "/help", "", "Cookie", cookie.Name+"=guess"); w.Code != 303 {
		t.Errorf("with a made-up session: %d", w.Code)
	}
	now = now.Add(12 * time.Hour)
	if w = o.do("GET", "/help", "", "Cookie", session); w.Code != 303 {
		t.Errorf("after the session's end: %d", w.Code)
	}
	now = testNow
	if w = o.do("POST", "/logout", "", "Cookie", session); w.Code != 303 {
		t.Errorf("signing out: %d", w.Code)
	}
	if w = o.do("GET", "/help", "", "Cookie", session); w.Code != 303 {
		t.Errorf("the session outlives signing out: %d", w.Code)
	}
}

func TestCrossOriginPost(t *testing.T) {
	o := newOutpost(t, func(opts *Options) { opts.Password = goodPassword })
	for _, header := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"},
	} {
		w := o.do("POST", "/login", "password="+url.QueryEscape(goodPassword), header...)
		if w.Code != 403 || len(w.Result().Cookies()) != 0 {
			t.Errorf("%v: status %d, want 403", header, w.Code)
		}
	}
}

func TestBasic(t *testing.T) {
	o := newOutpost(t, func(opts *Options) { opts.Password = goodPassword })
	for _, path := range []string{"/api/v1/search", "/metrics", "/help"} {
		r := httptest.NewRequest("GET", "http://console.example"+path, nil)
		r.SetBasicAuth("anyone", goodPassword)
		w := httptest.NewRecorder()
		o.handler.ServeHTTP(w, r)
		if w.Code != 200 {
			t.Errorf("%s with the password: %d", path, w.Code)
		}
	}
	w := o.do("GET", "/api/v1/search", "")
	if w.Code != 401 || !strings.Contains(w.Header().Get("WWW-Authenticate"), "Basic") {
		t.Errorf("without: %d", w.Code)
	}
	contains(t, w.Body.String(), `"code":"password_required"`)
	if w = o.do("GET", "/healthz", ""); w.Code != 200 {
		t.Errorf("/healthz: %d", w.Code)
	}
	if w = o.do("GET", "/static/console.css", ""); w.Code != 200 {
		t.Errorf("/static: %d", w.Code)
	}
}

// TestTries guesses: five tries, then one in ten seconds; others are not kept out.
func TestTries(t *testing.T) {
	now := testNow
	o := newOutpost(t, func(opts *Options) {
		opts.Password, opts.Now = goodPassword, func() time.Time { return now }
	})
	try := func(from, password string) int {
		r := httptest.NewRequest("GET", "http://console.example/api/v1/search", nil)
		r.RemoteAddr = from
		r.SetBasicAuth("x", password)
		w := httptest.NewRecorder()
		o.handler.ServeHTTP(w, r)
		if w.Code == 429 && w.Header().Get("Retry-After") == "" {
			t.Error("429 without Retry-After")
		}
		return w.Code
	}
	for i := range 5 {
		if code := try("[2001:db8::1]:1", "wrong password"); code != 401 {
			t.Fatalf("try %d: %d, want 401", i, code)
		}
	}
	if code := try("[2001:db8::2]:1", goodPassword); code != 429 {
		t.Errorf("the sixth try from the same network: %d, want 429", code)
	}
	if code := try("192.0.2.1:1", goodPassword); code != 200 {
		t.Errorf("another address: %d, want 200", code)
	}
	if code := try("[2001:db8::1]:1", goodPassword); code != 200 {
		t.Errorf("the password that is known to be right costs no try: %d, want 200", code)
	}
	now = now.Add(10 * time.Second)
	if code := try("[2001:db8::1]:1", "wrong password"); code != 401 {
		t.Errorf("after ten seconds: %d, want 401", code)
	}
}
