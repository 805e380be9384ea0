package fetch_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/fetch"
)

func get(t *testing.T, f *fetch.Fetcher, r fetch.Request) qianshao.Page {
	t.Helper()
	page, err := f.Get(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// TestExchanges: every hop is kept as it was sent and answered, and the kept
// bytes can be parsed as HTTP/1.1.
func TestExchanges(t *testing.T) {
	const body = "<p>测试</p>"
	packed := encoded(t, "gzip", body)
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/old":
			http.Redirect(w, r, "/new?x=1", http.StatusMovedPermanently)
		default:
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(packed)
		}
	})
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	f := newFetcher(t, fetch.Options{Permit: everywhere(true), Now: func() time.Time { return at }})
	page := get(t, f, fetch.Request{URL: s.URL + "/old"})
	if len(page.Exchanges) != 2 || string(page.Body) != body {
		t.Fatalf("%d exchanges, body %q", len(page.Exchanges), page.Body)
	}
	for i, want := range []struct {
		path, status, body string
	}{{"/old", "301 Moved Permanently", "Moved Permanently"}, {"/new?x=1", "200 OK", string(packed)}} {
		x := page.Exchanges[i]
		if x.URL != s.URL+want.path || x.Address != "127.0.0.1" || x.Protocol != "HTTP/1.1" || !x.At.Equal(at) || x.Truncated {
			t.Errorf("exchange %d: %+v", i, x)
		}
		request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(x.Request)))
		if err != nil {
			t.Fatalf("request %q: %v", x.Request, err)
		}
		if request.RequestURI != want.path || request.Host != strings.TrimPrefix(s.URL, "http://") ||
			!strings.Contains(request.UserAgent(), "operator.example") || !strings.HasSuffix(string(x.Request), "\r\n\r\n") {
			t.Errorf("request %q", x.Request)
		}
		response, err := http.ReadResponse(bufio.NewReader(io.MultiReader(bytes.NewReader(x.ResponseHeader), bytes.NewReader(x.Body))), nil)
		if err != nil {
			t.Fatalf("response %q: %v", x.ResponseHeader, err)
		}
		sent, err := io.ReadAll(response.Body)
		if err != nil || response.Status != want.status || !strings.Contains(string(sent), want.body) {
			t.Errorf("response %s, body %q, %v", response.Status, sent, err)
		}
	}
	if got := page.Exchanges[1].Body; !bytes.Equal(got, packed) {
		t.Errorf("body as sent: %d bytes, want %d", len(got), len(packed))
	}
}

// TestExchangeBody: a body is held only once if it did not have to be decoded,
// and a body that was cut is marked.
func TestExchangeBody(t *testing.T) {
	const most = 100 << 10
	long := strings.Repeat("<p>词", most)
	for _, tc := range []struct {
		name, coding string
		send         []byte
		shared       bool
		truncated    bool
	}{
		{"plain", "", []byte("<p>x"), true, false},
		{"plain and cut", "", []byte(long), true, true},
		{"declared gzip and is not", "gzip", []byte("<p>x"), false, false},
		{"gzip", "gzip", encoded(t, "gzip", "<p>x"), false, false},
		{"deflate with a tail", "deflate", append(encoded(t, "deflate", "<p>x"), "tail"...), false, false},
		{"gzip and cut", "gzip", encoded(t, "gzip", strings.Repeat(long, 2)), false, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := server(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				if tc.coding != "" {
					w.Header().Set("Content-Encoding", tc.coding)
				}
				_, _ = w.Write(tc.send)
			})
			f := newFetcher(t, fetch.Options{Permit: everywhere(true), Limits: fetch.Limits{MaxBody: most}})
			page := get(t, f, fetch.Request{URL: s.URL})
			x := page.Exchanges[0]
			if shared := len(x.Body) > 0 && &x.Body[0] == &page.Body[0]; shared != tc.shared {
				t.Errorf("bytes are shared: %v", shared)
			}
			if page.Truncated != tc.truncated || !bytes.HasPrefix(tc.send, x.Body) {
				t.Errorf("page truncated %v, exchange %v with %d of %d bytes", page.Truncated, x.Truncated, len(x.Body), len(tc.send))
			}
			if whole := len(x.Body) == len(tc.send); whole == x.Truncated {
				t.Errorf("%d of %d bytes are kept, truncated: %v", len(x.Body), len(tc.send), x.Truncated)
			}
		})
	}
}

func TestExchangeOverHTTP2(t *testing.T) {
	const body = "<p>second version"
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Encoding", "br")
		w.Header().Set("X-Version", r.Proto)
		_, _ = w.Write(encoded(t, "br", body))
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	f := newFetcher(t, fetch.Options{Permit: everywhere(true), RootCAs: roots})
	for range 2 { // the second request goes over the same connection
		page := get(t, f, fetch.Request{URL: s.URL + "/x"})
		x := page.Exchanges[0]
		if x.Protocol != "HTTP/2.0" || x.Address != "127.0.0.1" || string(page.Body) != body {
			t.Errorf("%s from %s: %q", x.Protocol, x.Address, page.Body)
		}
		if !strings.HasPrefix(string(x.Request), "GET /x HTTP/1.1\r\nHost: 127.0.0.1:") ||
			!strings.HasPrefix(string(x.ResponseHeader), "HTTP/1.1 200 OK\r\n") || !strings.Contains(string(x.ResponseHeader), "X-Version: HTTP/2.0\r\n") {
			t.Errorf("request %q, response %q", x.Request, x.ResponseHeader)
		}
	}
}

func TestConditionalRequests(t *testing.T) {
	const etag, modified = `W/"版本-1"`, "Mon, 23 Nov 2026 08:00:00 GMT"
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, "/page", http.StatusFound)
			return
		}
		if r.URL.Path == "/forced" { // a 304 to a request without validators
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		switch {
		case r.URL.Path == "/hostile":
			w.Header().Set("ETag", `"`+strings.Repeat("x", 5000)+`"`)
		case r.URL.Path == "/silent" && r.Header.Get("If-None-Match") != "":
			w.WriteHeader(http.StatusNotModified)
			return
		default:
			w.Header().Set("ETag", etag)
			w.Header().Set("Last-Modified", modified)
		}
		if r.Header.Get("If-None-Match") == etag || r.Header.Get("If-None-Match") == "" && r.Header.Get("If-Modified-Since") == modified {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, "<p>new")
	})
	f := newFetcher(t, fetch.Options{Permit: everywhere(true)})
	type result struct {
		Status             int
		NotModified        bool
		Body, ETag, LastMo string
	}
	for _, tc := range []struct {
		name string
		ask  fetch.Request
		want result
	}{
		{"first visit", fetch.Request{URL: "/page"}, result{200, false, "<p>new", etag, modified}},
		{"by ETag", fetch.Request{URL: "/page", ETag: etag}, result{304, true, "", etag, modified}},
		{"by date", fetch.Request{URL: "/page", LastModified: modified}, result{304, true, "", etag, modified}},
		{"changed", fetch.Request{URL: "/page", ETag: `"old"`, LastModified: modified}, result{200, false, "<p>new", etag, modified}},
		{"behind a redirect", fetch.Request{URL: "/moved", ETag: etag}, result{304, true, "", etag, modified}},
		{"confirmed without repeating", fetch.Request{URL: "/silent", ETag: etag, LastModified: modified}, result{304, true, "", etag, modified}},
		{"an ETag too long to keep", fetch.Request{URL: "/hostile"}, result{200, false, "<p>new", "", ""}},
		{"one that cannot be sent", fetch.Request{URL: "/page", ETag: "a\r\nX: y"}, result{200, false, "<p>new", etag, modified}},
	} {
		tc.ask.URL = s.URL + tc.ask.URL
		page := get(t, f, tc.ask)
		got := result{page.Status, page.NotModified(), string(page.Body), page.ETag, page.LastModified}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
		if last := page.Exchanges[len(page.Exchanges)-1]; string(last.Body) != tc.want.Body {
			t.Errorf("%s: body kept %q", tc.name, last.Body)
		}
	}
	if _, err := f.Get(context.Background(), fetch.Request{URL: s.URL + "/forced"}); err == nil || skipOf(t, err) != qianshao.SkipStatus {
		t.Errorf("304 to a request without validators: %v", err)
	}
}

// permitViews permits the views, with a basis in writing for each.
func permitViews(views ...qianshao.View) func(*url.URL) (*qianshao.Authorisation, qianshao.Skip) {
	a := &qianshao.Authorisation{ID: "views", ValidUntil: time.Now().Add(time.Hour), Rate: 1000, AllowPrivate: true, Views: views, CrawlerBasis: "合同第四条"}
	return func(*url.URL) (*qianshao.Authorisation, qianshao.Skip) { return a, "" }
}

func TestViews(t *testing.T) {
	var header http.Header
	var robotsAgents []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/robots.txt": // claiming to be another agent opens nothing
			robotsAgents = append(robotsAgents, r.UserAgent())
			_, _ = io.WriteString(w, "User-agent: Baiduspider\nAllow: /\n\nUser-agent: qianshao\nDisallow: /closed")
		case "/moved":
			http.Redirect(w, r, "/page", http.StatusFound)
		default:
			header = r.Header.Clone()
			w.Header().Set("Content-Type", "text/html")
		}
	}))
	t.Cleanup(s.Close)
	const ours = "qianshao/test (+https://operator.example/)"
	f := newFetcher(t, fetch.Options{Permit: permitViews(qianshao.ViewSearchVisitor, qianshao.ViewSearchCrawler)})
	for _, tc := range []struct {
		view           qianshao.View
		agent, referer string
	}{
		{qianshao.ViewVisitor, ours, ""},
		{qianshao.ViewSearchVisitor, ours, "https://www.baidu.com/s?wd=127.0.0.1"},
		{qianshao.ViewSearchCrawler, "Mozilla/5.0 (compatible; Baiduspider/2.0) " + ours, ""},
	} {
		page := get(t, f, fetch.Request{URL: s.URL + "/moved", View: tc.view})
		if page.View != tc.view || header.Get("User-Agent") != tc.agent || header.Get("Referer") != tc.referer {
			t.Errorf("%q: page of view %q, header %v", tc.view, page.View, header)
		}
		if _, err := f.Get(context.Background(), fetch.Request{URL: s.URL + "/closed/x", View: tc.view}); err == nil || skipOf(t, err) != qianshao.SkipRobots {
			t.Errorf("%q: robots.txt: %v", tc.view, err)
		}
	}
	if diff := cmp.Diff([]string{ours}, robotsAgents); diff != "" {
		t.Errorf("robots.txt was asked for by (-want +got):\n%s", diff)
	}
	if _, err := f.Get(context.Background(), fetch.Request{URL: s.URL, View: qianshao.ViewBrowser}); err == nil || !strings.Contains(err.Error(), "browser") {
		t.Errorf("a browser's view: %v", err)
	}
}

// TestViewsNotPermitted: a view that the authorisation does not permit makes no
// request, on any hop, not even for robots.txt.
func TestViewsNotPermitted(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("request for %s", r.URL) }))
	t.Cleanup(s.Close)
	for _, view := range []qianshao.View{qianshao.ViewSearchVisitor, qianshao.ViewSearchCrawler} {
		f := newFetcher(t, fetch.Options{Permit: everywhere(true)})
		_, err := f.Get(context.Background(), fetch.Request{URL: s.URL, View: view})
		if err == nil || skipOf(t, err) != qianshao.SkipView || !strings.Contains(err.Error(), "scope.yaml") {
			t.Errorf("%s: %v", view, err)
		}
	}
	from := server(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, s.URL, http.StatusFound) })
	permits, refuses := permitViews(qianshao.ViewSearchCrawler), everywhere(true)
	f := newFetcher(t, fetch.Options{Permit: func(u *url.URL) (*qianshao.Authorisation, qianshao.Skip) {
		if "http://"+u.Host == from.URL {
			return permits(u)
		}
		return refuses(u)
	}})
	_, err := f.Get(context.Background(), fetch.Request{URL: from.URL, View: qianshao.ViewSearchCrawler})
	if err == nil || skipOf(t, err) != qianshao.SkipView {
		t.Errorf("after a redirect: %v", err)
	}
}

func TestRobotsTagsAndWaiver(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			asked++
			_, _ = io.WriteString(w, "User-agent: *\nCrawl-delay: 5\nDisallow: /")
			return
		}
		w.Header().Set("Content-Type", "text/html")
		w.Header().Add("X-Robots-Tag", "noindex, googlebot: nofollow")
		w.Header().Add("X-Robots-Tag", "qianshao: noarchive")
	}))
	t.Cleanup(s.Close)
	a := &qianshao.Authorisation{ID: "waived", ValidUntil: time.Now().Add(time.Hour), Rate: 1000, AllowPrivate: true, RobotsWaiver: "合同附件 3"}
	f := newFetcher(t, fetch.Options{Permit: func(*url.URL) (*qianshao.Authorisation, qianshao.Skip) { return a, "" }})
	page := get(t, f, fetch.Request{URL: s.URL + "/x"})
	if page.RobotsWaiver != "合同附件 3" || asked != 0 {
		t.Errorf("waiver %q, robots.txt asked for %d times", page.RobotsWaiver, asked)
	}
	if diff := cmp.Diff([]string{"noindex", "noarchive"}, page.RobotsTags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	a.RobotsWaiver = ""
	if _, err := f.Get(context.Background(), fetch.Request{URL: s.URL + "/x"}); err == nil || skipOf(t, err) != qianshao.SkipRobots {
		t.Errorf("without waiver: %v", err)
	}
}
