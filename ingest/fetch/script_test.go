package fetch_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/fetch"
)

// scripts is a site with scripts, and the requests that it got.
type scripts struct {
	mu    sync.Mutex
	asked map[string]int
	down  bool
}

func (s *scripts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[r.URL.Path]++
	w.Header().Set("Content-Type", "application/javascript")
	switch {
	case r.URL.Path == "/robots.txt":
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "User-agent: *\nDisallow: /private/")
	case s.down:
		w.WriteHeader(http.StatusServiceUnavailable)
	case r.URL.Path == "/page.js":
		w.Header().Set("Content-Type", "text/html")
	case r.URL.Path == "/away.js":
		http.Redirect(w, r, "http://other.example/a.js", http.StatusFound)
	case r.URL.Path == "/large.js":
		_, _ = io.WriteString(w, "says"+strings.Repeat(";", fetch.DefaultMaxScript))
	default:
		_, _ = io.WriteString(w, "says "+r.URL.Path)
	}
}

func (s *scripts) count(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[path]
}

// TestScript: a script is requested once a day, under the page's own authorisation and the
// same rules as the page; one that does not matter is not kept.
func TestScript(t *testing.T) {
	t.Parallel()
	site := &scripts{asked: map[string]int{}}
	s := scriptServer(t, site)
	now := time.Now()
	f := newFetcher(t, fetch.Options{Now: func() time.Time { return now }, Permit: sites(s.URL)})
	says := func(code []byte) bool { return bytes.HasPrefix(code, []byte("says")) }
	get := func(path string) (string, error) {
		code, err := f.Script(t.Context(), s.URL+path, "own", says)
		return string(code), err
	}
	for range 3 {
		if code, err := get("/a.js"); err != nil || code != "says /a.js" {
			t.Errorf("%q, %v", code, err)
		}
		if code, err := get("/large.js"); err != nil || len(code) != fetch.DefaultMaxScript {
			t.Errorf("%d bytes, %v", len(code), err)
		}
		if code, err := f.Script(t.Context(), s.URL+"/quiet.js", "own", func([]byte) bool { return false }); err != nil || code != nil {
			t.Errorf("%q, %v", code, err)
		}
		if _, err := f.Script(t.Context(), s.URL+"/a.js", "another", says); !errors.Is(err, fetch.ErrOtherSite) {
			t.Errorf("for a page of another site: %v", err)
		}
		if _, err := get("/away.js"); !errors.Is(err, fetch.ErrOtherSite) {
			t.Errorf("redirected to another site: %v", err)
		}
		for path, want := range map[string]qianshao.Skip{"/page.js": qianshao.SkipType, "/private/a.js": qianshao.SkipRobots} {
			if _, err := get(path); err == nil || skipOf(t, err) != want {
				t.Errorf("%s: %v, want %s", path, err, want)
			}
		}
	}
	for path, want := range map[string]int{"/a.js": 1, "/large.js": 1, "/quiet.js": 1, "/page.js": 1, "/away.js": 1, "/private/a.js": 0} {
		if got := site.count(path); got != want {
			t.Errorf("%s was requested %d times, want %d", path, got, want)
		}
	}
	now = now.Add(25 * time.Hour)
	if _, err := get("/a.js"); err != nil || site.count("/a.js") != 2 {
		t.Errorf("the next day: %v, requested %d times", err, site.count("/a.js"))
	}
}

// TestScriptFailure: after a temporary failure a script is requested again in half an hour.
func TestScriptFailure(t *testing.T) {
	t.Parallel()
	site := &scripts{asked: map[string]int{}}
	s := scriptServer(t, site)
	now := time.Now()
	f := newFetcher(t, fetch.Options{Now: func() time.Time { return now }, Permit: sites(s.URL)})
	get := func() error {
		_, err := f.Script(t.Context(), s.URL+"/a.js", "own", func([]byte) bool { return true })
		return err
	}
	if err := get(); err != nil {
		t.Fatal(err)
	}
	now, site.down = now.Add(25*time.Hour), true
	for range 3 {
		if err := get(); err == nil {
			t.Error("no error")
		}
	}
	if n := site.count("/a.js"); n != 2 {
		t.Errorf("requested %d times, want once more", n)
	}
	now, site.down = now.Add(time.Hour), false
	if err := get(); err != nil || site.count("/a.js") != 3 {
		t.Errorf("an hour later: %v, requested %d times", err, site.count("/a.js"))
	}
}

// TestScriptsOfAHost: a site that names a new script on every page is not asked for all of them.
func TestScriptsOfAHost(t *testing.T) {
	t.Parallel()
	site := &scripts{asked: map[string]int{}}
	s := scriptServer(t, site)
	f := newFetcher(t, fetch.Options{Permit: sites(s.URL)})
	got := 0
	for i := range 80 {
		if _, err := f.Script(t.Context(), fmt.Sprintf("%s/a.js?v=%d", s.URL, i), "own", func([]byte) bool { return true }); err == nil {
			got++
		}
	}
	if n := site.count("/a.js"); n != 64 || got != 64 {
		t.Errorf("%d requests, %d scripts; want 64", n, got)
	}
}

func scriptServer(t *testing.T, site *scripts) *httptest.Server {
	s := httptest.NewServer(site)
	t.Cleanup(s.Close)
	return s
}

// sites authorises one site as "own", and all others as "other".
func sites(own string) func(u *url.URL) (*qianshao.Authorisation, qianshao.Skip) {
	return func(u *url.URL) (*qianshao.Authorisation, qianshao.Skip) {
		a := &qianshao.Authorisation{ID: "other", ValidUntil: time.Now().AddDate(1, 0, 0), Rate: 10000, AllowPrivate: true}
		if strings.HasPrefix(u.String(), own) {
			a.ID = "own"
		}
		return a, ""
	}
}

// TestScriptThatNeverEnds: a script that drips is given up, and not requested again at once,
// so that the page's other scripts are still fetched.
func TestScriptThatNeverEnds(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 9)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		if r.URL.Path != "/drip.js" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/javascript")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	f := newFetcher(t, fetch.Options{Permit: sites(s.URL), Limits: fetch.Limits{Script: 50 * time.Millisecond}})
	for range 2 {
		code, err := f.Script(t.Context(), s.URL+"/drip.js", "own", func([]byte) bool { return true })
		var skip *fetch.SkipError
		if !errors.As(err, &skip) || !skip.Temporary() {
			t.Errorf("%q, %v", code, err)
		}
	}
	if len(asked) != 2 {
		t.Errorf("%d requests, want one for robots.txt and one for the script", len(asked))
	}
}
