package fetch_test

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/fetch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve answers every path but robots.txt with an HTML body.
func serve(t testing.TB, body string) *httptest.Server {
	return server(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, body)
	})
}

// server runs a handler and answers robots.txt with 404.
func server(t testing.TB, h http.HandlerFunc) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		h(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func TestNewRefuses(t *testing.T) {
	permit := everywhere(false)
	for _, tc := range []struct {
		name string
		opts fetch.Options
		want string
	}{
		{"no user agent", fetch.Options{Permit: permit}, "contact URL"},
		{"line break", fetch.Options{UserAgent: "a\r\nX: y", Permit: permit}, "line break"},
		{"robots agent with a version", fetch.Options{UserAgent: "a", Permit: permit, RobotsAgent: "qianshao/1.0"}, "product token"},
		{"no scope", fetch.Options{UserAgent: "a"}, "authorisation register"},
		{"resolve without port", fetch.Options{UserAgent: "a", Permit: permit, Resolve: map[string]string{"a": "127.0.0.1"}}, "address and port"},
	} {
		if _, err := fetch.New(tc.opts); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
}

func TestGetPage(t *testing.T) {
	var header http.Header
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		header = r.Header.Clone()
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
		w.Header().Set("Content-Type", "text/html; charset=GBK")
		_, _ = io.WriteString(w, "<p>\xb2\xe2\xca\xd4")
	})
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	f := newFetcher(t, fetch.Options{Permit: everywhere(true), Now: func() time.Time { return now }})
	for range 2 {
		page, err := f.Get(context.Background(), fetch.Request{URL: strings.ToUpper(s.URL[:4]) + s.URL[4:] + "/x#y"})
		if err != nil {
			t.Fatal(err)
		}
		want := qianshao.Page{
			URL: s.URL + "/x", RequestedURL: s.URL + "/x", Authorisation: "all", Source: qianshao.SourceCrawl, FetchedAt: now,
			Status: 200, ContentType: "text/html; charset=GBK", Body: []byte("<p>\xb2\xe2\xca\xd4"),
		}
		if diff := cmp.Diff(want, page, cmpopts.IgnoreFields(page, "Exchanges")); diff != "" {
			t.Errorf("page (-want +got):\n%s", diff)
		}
	}
	if header.Get("Cookie") != "" || header.Get("Referer") != "" || !strings.Contains(header.Get("User-Agent"), "operator.example") {
		t.Errorf("request header %v", header)
	}
}

// TestScopeOnEveryHop: an unauthorised host gets no request, not even for robots.txt.
func TestScopeOnEveryHop(t *testing.T) {
	var outside atomic.Int64
	out := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { outside.Add(1) }))
	t.Cleanup(out.Close)
	in := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/out":
			http.Redirect(w, r, out.URL+"/x", http.StatusFound)
		case "/chain":
			http.Redirect(w, r, "/out", http.StatusMovedPermanently)
		case "/metadata":
			w.Header().Set("Location", "http://169.254.169.254/latest/meta-data/")
			w.WriteHeader(http.StatusFound)
		case "/script":
			w.Header().Set("Location", "javascript:alert(1)")
			w.WriteHeader(http.StatusFound)
		case "/private":
			http.Redirect(w, r, "/excluded/x", http.StatusTemporaryRedirect)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/endless":
			http.Redirect(w, r, "/endless?"+r.URL.RawQuery+"x", http.StatusFound)
		default:
			t.Errorf("request for %s", r.URL)
		}
	})
	inURL, _ := url.Parse(in.URL)
	f := newFetcher(t, fetch.Options{Permit: func(u *url.URL) (*qianshao.Authorisation, qianshao.Skip) {
		a := &qianshao.Authorisation{ID: "in", Rate: 1000, AllowPrivate: true, ValidUntil: time.Now().Add(time.Hour)}
		switch {
		case strings.HasPrefix(u.Path, "/excluded"):
			return nil, qianshao.SkipPathExcluded
		case u.Path == "/expired":
			return a, qianshao.SkipNotInForce
		case u.Path == "/careless": // a Permit that returns neither an authorisation nor a reason
			return nil, ""
		case u.Host == inURL.Host, u.Host == "169.254.169.254":
			return a, ""
		}
		return nil, qianshao.SkipNotAuthorised
	}})
	for _, tc := range []struct {
		path string
		want qianshao.Skip
	}{
		{"/out", qianshao.SkipNotAuthorised}, {"/chain", qianshao.SkipNotAuthorised}, {"/metadata", qianshao.SkipAddress},
		{"/script", qianshao.SkipBadURL}, {"/private", qianshao.SkipPathExcluded}, {"/excluded/", qianshao.SkipPathExcluded},
		{"/expired", qianshao.SkipNotInForce}, {"/careless", qianshao.SkipNotAuthorised},
		{"/loop", qianshao.SkipRedirects}, {"/endless", qianshao.SkipRedirects},
	} {
		_, err := f.Get(context.Background(), fetch.Request{URL: in.URL + tc.path})
		if err == nil || skipOf(t, err) != tc.want {
			t.Errorf("%s: %v, want %s", tc.path, err, tc.want)
		}
		t.Log(err)
	}
	if _, err := f.Get(context.Background(), fetch.Request{URL: "ftp://" + inURL.Host}); skipOf(t, err) != qianshao.SkipBadURL {
		t.Error(err)
	}
	if n := outside.Load(); n != 0 {
		t.Errorf("the server outside the scope got %d requests", n)
	}
}

// TestConcurrency: a host has only one request at a time under way, however many callers want it.
func TestConcurrency(t *testing.T) {
	var now, most atomic.Int64
	s := server(t, func(w http.ResponseWriter, _ *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(2 * time.Millisecond)
		w.Header().Set("Content-Type", "text/html")
	})
	f := newFetcher(t, fetch.Options{Permit: everywhere(true)})
	var group sync.WaitGroup
	for i := range 30 {
		group.Go(func() {
			if _, err := f.Get(context.Background(), fetch.Request{URL: fmt.Sprintf("%s/%d", s.URL, i)}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if m := most.Load(); m > 1 {
		t.Errorf("%d requests were under way at once", m)
	}
}

// TestSessionInRedirect: URLs with session ids are requested as the server redirects to them, but the
// page's URL has none, and an excluded path stays excluded.
func TestSessionInRedirect(t *testing.T) {
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/list":
			http.Redirect(w, r, "/list;jsessionid=0A1B2C?id=7&sid=4f6e3c1d9b8a7f5e", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/(S(abc))/private/x", http.StatusFound)
		case "/list;jsessionid=0A1B2C":
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<p>session")
		default:
			t.Errorf("request for %s", r.URL)
		}
	})
	f := newFetcher(t, fetch.Options{Permit: func(u *url.URL) (*qianshao.Authorisation, qianshao.Skip) {
		if strings.HasPrefix(u.Path, "/private") {
			return nil, qianshao.SkipPathExcluded
		}
		return everywhere(true)(u)
	}})
	page := get(t, f, fetch.Request{URL: s.URL + "/list?utm_source=x"})
	if page.URL != s.URL+"/list?id=7" || page.RequestedURL != s.URL+"/list" || string(page.Body) != "<p>session" {
		t.Errorf("%s for %s: %q", page.URL, page.RequestedURL, page.Body)
	}
	if last := page.Exchanges[1].URL; last != s.URL+"/list;jsessionid=0A1B2C?id=7&sid=4f6e3c1d9b8a7f5e" {
		t.Errorf("asked for %s", last)
	}
	if _, err := f.Get(context.Background(), fetch.Request{URL: s.URL + "/round"}); err == nil || skipOf(t, err) != qianshao.SkipPathExcluded {
		t.Errorf("a way around an exclusion: %v", err)
	}
}

func TestRedirectIsFollowed(t *testing.T) {
	other := serve(t, "<p>moved here")
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+"/new", http.StatusPermanentRedirect)
	})
	f := newFetcher(t, fetch.Options{Permit: everywhere(true)})
	page, err := f.Get(context.Background(), fetch.Request{URL: s.URL + "/old"})
	if err != nil || page.URL != other.URL+"/new" || page.RequestedURL != s.URL+"/old" || string(page.Body) != "<p>moved here" {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestRobots(t *testing.T) {
	for _, tc := range []struct {
		name   string
		robots http.HandlerFunc
		path   string
		want   qianshao.Skip
	}{
		{"disallowed", text("User-agent: qianshao\nDisallow: /private"), "/private/x", qianshao.SkipRobots},
		{"disallowed, escaped", text("User-agent: *\nDisallow: /中"), "/%e4%b8%ad", qianshao.SkipRobots},
		{"allowed", text("User-agent: *\nDisallow: /private"), "/public", ""},
		{"404 allows", status(404), "/x", ""},
		{"403 allows", status(403), "/x", ""},
		{"429 disallows", status(429), "/x", qianshao.SkipRobotsUnavailable},
		{"500 disallows", status(500), "/x", qianshao.SkipRobotsUnavailable},
		{"503 disallows", status(503), "/x", qianshao.SkipRobotsUnavailable},
		{"broken off disallows", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "User-agent: *\n")
		}, "/x", qianshao.SkipRobotsUnavailable},
		{"redirect is followed", redirect("/real-robots.txt"), "/private", qianshao.SkipRobots},
		{"redirect out of scope disallows", redirect("http://elsewhere.example/robots.txt"), "/x", qianshao.SkipRobotsUnavailable},
		{"endless redirect allows, RFC 9309 2.3.1.2", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/robots.txt?"+r.URL.RawQuery+"x", http.StatusFound)
		}, "/x", ""},
		{"behind 500 KiB nothing counts", text("User-agent: *\n" + strings.Repeat("# filler\n", 60000) + "Disallow: /"), "/x", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var asked atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/robots.txt":
					asked.Add(1)
					tc.robots(w, r)
				case "/real-robots.txt":
					text("User-agent: *\nDisallow: /private")(w, r)
				default:
					if tc.want != "" {
						t.Errorf("%s was requested", r.URL)
					}
					w.Header().Set("Content-Type", "text/html")
				}
			}))
			defer s.Close()
			host := strings.TrimPrefix(s.URL, "http://")
			f := newFetcher(t, fetch.Options{Permit: func(u *url.URL) (*qianshao.Authorisation, qianshao.Skip) {
				if u.Host != host {
					return nil, qianshao.SkipNotAuthorised
				}
				if u.Path == "/robots.txt" { // paths do not bind robots.txt
					return nil, qianshao.SkipPathExcluded
				}
				return everywhere(true)(u)
			}})
			for range 3 {
				_, err := f.Get(context.Background(), fetch.Request{URL: s.URL + tc.path})
				if tc.want == "" && err != nil || tc.want != "" && (err == nil || skipOf(t, err) != tc.want) {
					t.Errorf("%v, want %q", err, tc.want)
				}
			}
			if n := asked.Load(); n > 6 || !strings.Contains(tc.name, "endless") && n != 1 {
				t.Errorf("robots.txt was requested %d times; it should be cached", n)
			}
		})
	}
}

// TestRobotsAge: a copy is used for 24 hours, and longer if it cannot be renewed.
func TestRobotsAge(t *testing.T) {
	var asked atomic.Int64
	var broken atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			asked.Add(1)
			if broken.Load() {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			text("User-agent: *\nDisallow: /private")(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
	}))
	defer s.Close()
	var clock atomic.Int64
	f := newFetcher(t, fetch.Options{Permit: everywhere(true), Now: func() time.Time { return time.Unix(clock.Load(), 0) }})
	for _, step := range []struct {
		at   time.Duration
		want int64
	}{{0, 1}, {23 * time.Hour, 1}, {25 * time.Hour, 2}, {50 * time.Hour, 3}} {
		clock.Store(int64(step.at.Seconds()))
		broken.Store(step.at > 40*time.Hour)
		if _, err := f.Get(context.Background(), fetch.Request{URL: s.URL + "/private"}); skipOf(t, err) != qianshao.SkipRobots {
			t.Errorf("after %s: %v", step.at, err)
		}
		if n := asked.Load(); n != step.want {
			t.Errorf("after %s robots.txt was asked for %d times, want %d", step.at, n, step.want)
		}
	}
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
}

// encoded compresses body by the content coding of the name.
func encoded(t testing.TB, coding, body string) []byte {
	var b bytes.Buffer
	var w io.WriteCloser
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "br":
		w = brotli.NewWriter(&b)
	case "zstd":
		w, _ = zstd.NewWriter(&b)
	case "deflate":
		w = zlib.NewWriter(&b)
	case "raw":
		w, _ = flate.NewWriter(&b, flate.BestCompression)
	default:
		return []byte(body)
	}
	if _, err := io.WriteString(w, body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestContentEncodings(t *testing.T) {
	page := "<title>测试</title>" + strings.Repeat("<p>一段文字</p>", 100)
	for _, tc := range []struct {
		name, header string
		body         []byte
		want         string
		skip         qianshao.Skip
	}{
		{"none", "", []byte(page), page, ""},
		{"gzip", "gzip", encoded(t, "gzip", page), page, ""},
		{"x-gzip", "X-GZip", encoded(t, "gzip", page), page, ""},
		{"br", "br", encoded(t, "br", page), page, ""},
		{"zstd", "zstd", encoded(t, "zstd", page), page, ""},
		{"deflate", "deflate", encoded(t, "deflate", page), page, ""},
		{"bare deflate", "deflate", encoded(t, "raw", page), page, ""},
		{"two layers", "br, gzip", encoded(t, "gzip", string(encoded(t, "br", page))), page, ""},
		{"identity", "identity", []byte(page), page, ""},
		{"says gzip and is not", "gzip", []byte(page), page, ""},
		{"empty and says gzip", "gzip", nil, "", ""},
		{"unknown coding", "sdch", []byte(page), "", qianshao.SkipUnreachable},
		{"too many layers", "gzip,gzip,gzip,gzip", []byte(page), "", qianshao.SkipUnreachable},
		{"cut short", "gzip", encoded(t, "gzip", page)[:40], "", qianshao.SkipUnreachable},
		{"a bomb", "gzip", encoded(t, "gzip", strings.Repeat("0", 30<<20)), "", qianshao.SkipBomb},
		{"a bomb between the layers", "gzip, gzip", encoded(t, "gzip", strings.Repeat(string(encoded(t, "gzip", "")), 300_000)), "", qianshao.SkipBomb},
		{"a brotli bomb", "br", encoded(t, "br", strings.Repeat("0", 30<<20)), "", qianshao.SkipBomb},
		{"a zstd bomb", "zstd", encoded(t, "zstd", strings.Repeat("0", 30<<20)), "", qianshao.SkipBomb},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := server(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				if tc.header != "" {
					w.Header().Set("Content-Encoding", tc.header)
				}
				_, _ = w.Write(tc.body)
			})
			got, err := newFetcher(t, fetch.Options{Permit: everywhere(true)}).Get(context.Background(), fetch.Request{URL: s.URL})
			if tc.skip != "" {
				if err == nil || skipOf(t, err) != tc.skip {
					t.Fatalf("%v, want %s", err, tc.skip)
				}
				return
			}
			if err != nil || string(got.Body) != tc.want || got.Truncated {
				t.Errorf("%d bytes, truncated %v, %v", len(got.Body), got.Truncated, err)
			}
		})
	}
}

func TestBodyCap(t *testing.T) {
	const most = 100 << 10
	body := strings.Repeat("<p>词", most/6+1)
	for _, tc := range []struct {
		name      string
		send      []byte
		coding    string
		truncated bool
		want      int
	}{
		{"exactly", []byte(body[:most]), "", false, most},
		{"one more", []byte(body[:most+1]), "", true, most},
		{"decoded", encoded(t, "gzip", body), "gzip", true, most},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := server(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				if tc.coding != "" {
					w.Header().Set("Content-Encoding", tc.coding)
				}
				_, _ = w.Write(tc.send)
			})
			page, err := newFetcher(t, fetch.Options{Permit: everywhere(true), Limits: fetch.Limits{MaxBody: most}}).Get(context.Background(), fetch.Request{URL: s.URL})
			if err != nil || len(page.Body) != tc.want || page.Truncated != tc.truncated {
				t.Errorf("%d bytes, truncated %v, %v", len(page.Body), page.Truncated, err)
			}
		})
	}
}

func TestTypes(t *testing.T) {
	const png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
	for _, tc := range []struct {
		declared, body string
		want           qianshao.Skip
	}{
		{"text/html", "<p>", ""}, {"TEXT/HTML; Charset=GB2312", "<p>", ""}, {"application/xhtml+xml", "<p>", ""},
		{"application/xml", "<a/>", ""}, {"text/xml", "<a/>", ""}, {"application/rss+xml", "<a/>", ""}, {"text/plain", "文字", ""},
		{"text/html; charset", "<p>", ""}, {"text/html;;;", "<p>", ""},
		{"image/png", png, qianshao.SkipType}, {"image/svg+xml", "<svg/>", qianshao.SkipType}, {"text/css", "a{}", qianshao.SkipType},
		{"application/json", "{}", qianshao.SkipType}, {"application/pdf", "%PDF", qianshao.SkipType}, {"video/mp4", "x", qianshao.SkipType},
		{"none", "<!doctype html><p>", ""}, {"none", "plain words", ""}, {"none", png, qianshao.SkipType}, {"none", "", ""},
		{"application/octet-stream", "<html><p>", ""}, {"application/octet-stream", "\x00\x01\x02\x03", qianshao.SkipType},
	} {
		s := server(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil // no sniffing by the server
			if tc.declared != "none" {
				w.Header().Set("Content-Type", tc.declared)
			}
			_, _ = io.WriteString(w, tc.body)
		})
		page, err := newFetcher(t, fetch.Options{Permit: everywhere(true)}).Get(context.Background(), fetch.Request{URL: s.URL})
		if tc.want == "" && (err != nil || string(page.Body) != tc.body) || tc.want != "" && (err == nil || skipOf(t, err) != tc.want) {
			t.Errorf("%s %.20q: %q, %v; want %q", tc.declared, tc.body, page.Body, err, tc.want)
		}
	}
}

// TestBadServers: each gets a named reason, and none blocks the fetcher.
func TestBadServers(t *testing.T) {
	stop := make(chan struct{})
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		switch r.URL.Path {
		case "/silent":
			<-stop
		case "/pauses":
			_, _ = io.WriteString(w, "<p>")
			w.(http.Flusher).Flush()
			<-stop
		case "/drips":
			for {
				if _, err := io.WriteString(w, "."); err != nil {
					return
				}
				w.(http.Flusher).Flush()
				select {
				case <-time.After(10 * time.Millisecond):
				case <-stop:
					return
				}
			}
		case "/lies":
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "<p>")
		case "/drops":
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		case "/header":
			for i := range 1000 {
				w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("x", 1000))
			}
		case "/no-location":
			w.WriteHeader(http.StatusFound)
		case "/gone":
			w.WriteHeader(http.StatusGone)
		case "/busy":
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		case "/away":
			w.Header().Set("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	t.Cleanup(func() { close(stop) })
	idle := newFetcher(t, fetch.Options{Permit: everywhere(true), Limits: fetch.Limits{
		Header: 700 * time.Millisecond, BodyIdle: 700 * time.Millisecond, Total: time.Minute,
	}})
	total := newFetcher(t, fetch.Options{Permit: everywhere(true), Limits: fetch.Limits{Total: 500 * time.Millisecond}})
	for _, tc := range []struct {
		path       string
		skip       qianshao.Skip
		temporary  bool
		retryAfter time.Duration
		message    string
	}{
		{"/silent", qianshao.SkipUnreachable, true, 0, "timeout"},
		{"/pauses", qianshao.SkipUnreachable, true, 0, "paused"},
		{"/drips", qianshao.SkipUnreachable, true, 0, "total time"},
		{"/lies", qianshao.SkipUnreachable, true, 0, "unexpected EOF"},
		{"/drops", qianshao.SkipUnreachable, true, 0, "EOF"},
		{"/header", qianshao.SkipUnreachable, true, 0, "header"},
		{"/no-location", qianshao.SkipStatus, false, 0, "Location"},
		{"/gone", qianshao.SkipStatus, false, 0, "410"},
		{"/busy", qianshao.SkipStatus, true, time.Second, "429"},
		{"/away", qianshao.SkipStatus, true, fetch.MaxRetryAfter, "503"},
	} {
		f := idle
		if tc.path == "/drips" {
			f = total
		}
		_, err := f.Get(context.Background(), fetch.Request{URL: s.URL + tc.path})
		var skip *fetch.SkipError
		if !errors.As(err, &skip) {
			t.Errorf("%s: %v", tc.path, err)
			continue
		}
		if skip.Skip != tc.skip || skip.Temporary() != tc.temporary || skip.RetryAfter != tc.retryAfter || !strings.Contains(err.Error(), tc.message) || skip.URL != s.URL+tc.path {
			t.Errorf("%s: %v (temporary %v, retry after %s)", tc.path, err, skip.Temporary(), skip.RetryAfter)
		}
	}
	// The last Retry-After applies to the host on every port.
	_, err := idle.Get(context.Background(), fetch.Request{URL: s.URL + "/gone"})
	if skipOf(t, err) != qianshao.SkipPaused || idle.HostPause("127.0.0.1") < 50*time.Minute {
		t.Errorf("%v, free after %s", err, idle.HostPause("127.0.0.1"))
	}
	if _, err := idle.Get(context.Background(), fetch.Request{URL: "http://127.0.0.2:1/"}); skipOf(t, err) != qianshao.SkipRobotsUnavailable {
		t.Error(err)
	}
}

func TestContextEnds(t *testing.T) {
	arrived := make(chan struct{})
	s := server(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-arrived
		cancel()
	}()
	_, err := newFetcher(t, fetch.Options{Permit: everywhere(true)}).Get(ctx, fetch.Request{URL: s.URL})
	var skip *fetch.SkipError
	if !errors.Is(err, context.Canceled) || errors.As(err, &skip) {
		t.Errorf("%v: being stopped must not count as a reason to skip a page", err)
	}
}

func TestHTTP2(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, r.Proto)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	f := newFetcher(t, fetch.Options{Permit: everywhere(true), RootCAs: roots, Resolve: map[string]string{"example.com": strings.TrimPrefix(s.URL, "https://")}})
	page, err := f.Get(context.Background(), fetch.Request{URL: "https://example.com/"})
	if err != nil || string(page.Body) != "HTTP/2.0" {
		t.Errorf("%q, %v", page.Body, err)
	}
	f.Close()
}

// TestNoProxy: the guard would see the proxy's address only.
func TestNoProxy(t *testing.T) {
	var used atomic.Bool
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { used.Store(true) }))
	defer proxy.Close()
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	s := serve(t, "<p>")
	f := newFetcher(t, fetch.Options{Permit: everywhere(true), Resolve: map[string]string{"school.example": strings.TrimPrefix(s.URL, "http://")}})
	if _, err := f.Get(context.Background(), fetch.Request{URL: "http://school.example/"}); err != nil || used.Load() {
		t.Errorf("%v, proxy used: %v", err, used.Load())
	}
}

func TestStylesheet(t *testing.T) {
	var requests sync.Map
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := requests.LoadOrStore(r.URL.Path, new(atomic.Int64))
		n.(*atomic.Int64).Add(1)
		switch r.URL.Path {
		case "/a.css":
			w.Header().Set("Content-Type", "text/css")
			_, _ = io.WriteString(w, ".x{display:none}")
		case "/large.css":
			w.Header().Set("Content-Type", "text/css")
			_, _ = io.WriteString(w, strings.Repeat("a{}", fetch.DefaultMaxStylesheet))
		case "/page":
			w.Header().Set("Content-Type", "text/html")
		default:
			http.NotFound(w, r)
		}
	})
	f := newFetcher(t, fetch.Options{Permit: func(u *url.URL) (*qianshao.Authorisation, qianshao.Skip) {
		if u.Host == "cdn.example" {
			return nil, qianshao.SkipNotAuthorised
		}
		return everywhere(true)(u)
	}})
	for range 3 {
		if css, err := f.Stylesheet(context.Background(), s.URL+"/a.css"); err != nil || string(css) != ".x{display:none}" {
			t.Errorf("%q, %v", css, err)
		}
		if css, err := f.Stylesheet(context.Background(), s.URL+"/large.css"); err != nil || len(css) != fetch.DefaultMaxStylesheet {
			t.Errorf("%d bytes, %v", len(css), err)
		}
		for path, want := range map[string]qianshao.Skip{s.URL + "/page": qianshao.SkipType, s.URL + "/none.css": qianshao.SkipStatus,
			"http://cdn.example/a.css": qianshao.SkipNotAuthorised, "data:text/css,a{}": qianshao.SkipBadURL} {
			if _, err := f.Stylesheet(context.Background(), path); err == nil || skipOf(t, err) != want {
				t.Errorf("%s: %v, want %s", path, err, want)
			}
		}
	}
	requests.Range(func(path, n any) bool {
		if got := n.(*atomic.Int64).Load(); got != 1 {
			t.Errorf("%s was requested %d times, want once", path, got)
		}
		return true
	})
}

func TestSitemap(t *testing.T) {
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/plain.xml":
			w.Header().Set("Content-Type", "application/xml")
			_, _ = io.WriteString(w, "<urlset/>")
		case "/packed.xml.gz":
			w.Header().Set("Content-Type", "application/x-gzip")
			_, _ = w.Write(encoded(t, "gzip", "<urlset/>"))
		case "/large.xml":
			w.Header().Set("Content-Type", "text/xml")
			_, _ = io.WriteString(w, strings.Repeat(" ", 5000))
		case "/bomb.xml.gz":
			w.Header().Set("Content-Type", "application/gzip")
			_, _ = w.Write(encoded(t, "gzip", strings.Repeat(" ", 30<<20)))
		}
	})
	get := func(most int64, path string) (string, error) {
		f := newFetcher(t, fetch.Options{Permit: everywhere(true), Limits: fetch.Limits{MaxSitemap: most}})
		r, err := f.Sitemap(context.Background(), s.URL+path)
		if err != nil {
			return "", err
		}
		defer r.Close()
		b, err := io.ReadAll(r)
		return string(b), err
	}
	for _, path := range []string{"/plain.xml", "/packed.xml.gz"} {
		if got, err := get(0, path); err != nil || got != "<urlset/>" {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	if got, err := get(1000, "/large.xml"); !errors.Is(err, fetch.ErrSitemapTooLarge) || len(got) != 1000 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if got, err := get(0, "/bomb.xml.gz"); err == nil || !strings.Contains(err.Error(), "decompression bomb") || len(got) > 8<<20 {
		t.Errorf("of a bomb %d bytes were read: %v", len(got), err)
	}
}

func BenchmarkGet(b *testing.B) {
	body := strings.Repeat("<p>一段文字，有几个词。</p>", 1000)
	s := serve(b, body)
	b.Run("fetcher", func(b *testing.B) {
		f := newFetcher(b, fetch.Options{Permit: func(*url.URL) (*qianshao.Authorisation, qianshao.Skip) {
			return &qianshao.Authorisation{ID: "b", Rate: 1e9, AllowPrivate: true}, ""
		}})
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := f.Get(context.Background(), fetch.Request{URL: s.URL + "/page"}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		client := &http.Client{Transport: &http.Transport{}}
		b.Cleanup(client.CloseIdleConnections)
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			response, err := client.Get(s.URL + "/page")
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadAll(response.Body); err != nil {
				b.Fatal(err)
			}
			_ = response.Body.Close()
		}
	})
}

// TestExactResource: a URL that a page's script requests keeps its session id,
// unlike the page's own URL.
func TestExactResource(t *testing.T) {
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Set-Cookie", "a=b")
		_, _ = io.WriteString(w, r.RequestURI)
	})
	f := newFetcher(t, fetch.Options{Permit: everywhere(true)})
	got, err := f.Resource(context.Background(), s.URL+"/api;jsessionid=1?from_source=x&_=1700000000000#y", "*/*")
	if err != nil || string(got.Body) != "/api;jsessionid=1?from_source=x&_=1700000000000" || len(got.Header) != 1 {
		t.Errorf("%q %v, %v", got.Body, got.Header, err)
	}
	if _, err := f.Resource(context.Background(), "data:text/plain,x", "*/*"); err == nil || skipOf(t, err) != qianshao.SkipBadURL {
		t.Error(err)
	}
}
