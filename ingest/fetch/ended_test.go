package fetch_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/fetch"
)

// TestAuthorisationEndsWhileWaiting: an authorisation that ends while a request
// waits for its host's turn no longer permits that request, whatever it is for.
func TestAuthorisationEndsWhileWaiting(t *testing.T) {
	const turn, ends = 400 * time.Millisecond, 100 * time.Millisecond
	for name, request := range map[string]func(ctx context.Context, f *fetch.Fetcher, base string) error{
		"page": func(ctx context.Context, f *fetch.Fetcher, base string) error {
			_, err := f.Get(ctx, fetch.Request{URL: base + "/second"})
			return err
		},
		"redirect": func(ctx context.Context, f *fetch.Fetcher, base string) error {
			_, err := f.Get(ctx, fetch.Request{URL: base + "/away"})
			return err
		},
		"style sheet": func(ctx context.Context, f *fetch.Fetcher, base string) error {
			_, err := f.Stylesheet(ctx, base+"/style.css")
			return err
		},
		"sitemap": func(ctx context.Context, f *fetch.Fetcher, base string) error {
			_, err := f.Sitemap(ctx, base+"/sitemap.xml")
			return err
		},
		"robots.txt": func(ctx context.Context, f *fetch.Fetcher, base string) error {
			_, err := f.Sitemaps(ctx, base+"/")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var ended atomic.Bool
			var late atomic.Int64
			handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if ended.Load() {
					late.Add(1)
				}
				if r.URL.Path == "/robots.txt" {
					http.NotFound(w, r)
					return
				}
				if r.URL.Path == "/away" {
					time.AfterFunc(ends, func() { ended.Store(true) })
					http.Redirect(w, r, "/second", http.StatusFound)
					return
				}
				w.Header().Set("Content-Type", "text/html")
			})
			server := httptest.NewServer(handler)
			t.Cleanup(server.Close)
			base := server.URL
			if name == "robots.txt" { // on another origin of the same host, as this origin's has been read
				other := httptest.NewServer(handler)
				t.Cleanup(other.Close)
				base = other.URL
			}
			authorisation := &qianshao.Authorisation{ID: "a", AllowPrivate: true, Rate: float64(time.Second) / float64(turn)}
			fetcher, err := fetch.New(fetch.Options{UserAgent: "test", Permit: func(*url.URL) (*qianshao.Authorisation, qianshao.Skip) {
				if ended.Load() {
					return authorisation, qianshao.SkipNotInForce
				}
				return authorisation, ""
			}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(fetcher.Close)
			if _, err := fetcher.Get(t.Context(), fetch.Request{URL: server.URL + "/first"}); err != nil {
				t.Fatal(err)
			}
			if name != "redirect" {
				time.AfterFunc(ends, func() { ended.Store(true) })
			}
			err = request(t.Context(), fetcher, base)
			var skip *fetch.SkipError
			if !errors.As(err, &skip) || skip.Skip != qianshao.SkipNotInForce {
				t.Errorf("%v, want %s", err, qianshao.SkipNotInForce)
			}
			if n := late.Load(); n > 0 {
				t.Errorf("%d requests were made after the authorisation had ended", n)
			}
		})
	}
}

// TestWaiverEndsWhileWaiting: if the owner's waiver of robots.txt ends while a request waits for its turn,
// the request is not made. The next try obeys robots.txt.
func TestWaiverEndsWhileWaiting(t *testing.T) {
	t.Parallel()
	var pages atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			_, _ = w.Write([]byte("User-agent: *\nDisallow: /"))
			return
		}
		pages.Add(1)
		w.Header().Set("Content-Type", "text/html")
	}))
	t.Cleanup(server.Close)
	var ended atomic.Bool
	waived := qianshao.Authorisation{ID: "a", AllowPrivate: true, Rate: 2.5, RobotsWaiver: "annex 3"}
	plain := waived
	plain.RobotsWaiver = ""
	fetcher, err := fetch.New(fetch.Options{UserAgent: "test", Permit: func(*url.URL) (*qianshao.Authorisation, qianshao.Skip) {
		if ended.Load() {
			return &plain, ""
		}
		return &waived, ""
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fetcher.Close)
	if _, err := fetcher.Get(t.Context(), fetch.Request{URL: server.URL + "/first"}); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(100*time.Millisecond, func() { ended.Store(true) })
	for _, want := range []qianshao.Skip{qianshao.SkipPaused, qianshao.SkipRobots} {
		_, err := fetcher.Get(t.Context(), fetch.Request{URL: server.URL + "/second"})
		var skip *fetch.SkipError
		if !errors.As(err, &skip) || skip.Skip != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if n := pages.Load(); n != 1 {
		t.Errorf("%d pages were asked for, want 1", n)
	}
}
