package ingest_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
)

// frontier returns the URLs of the bench's frontier.
func (b *bench) frontier(t *testing.T) map[string]bool {
	t.Helper()
	urls := map[string]bool{}
	for record, err := range b.store.AllFrontier(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		urls[record.URL] = true
	}
	return urls
}

// TestMissedURLsAreDropped: a URL that brings no page leaves the frontier after
// ingest.KeepMissed and not before; a link brings it back, as a new URL.
func TestMissedURLsAreDropped(t *testing.T) {
	const gone = "http://a.example/gone?sid=1"
	b := newBench(t, func(a *qianshao.Authorisation) { a.ValidUntil = time.Now().AddDate(1, 0, 0) }, "a.example")
	b.web.put("a.example/", `<a href="/gone?sid=1">g</a> <a href="/page?sid=2">p</a>`)
	b.web.put("a.example/page?sid=2", "page")
	started, jumped := time.Now(), time.Duration(0)
	b.clock = func() time.Time { return time.Now().Add(jumped) }
	for jumped < ingest.KeepMissed-24*time.Hour {
		if err := b.run(t); err != nil {
			t.Fatal(err)
		}
		if !b.frontier(t)[gone] {
			t.Fatalf("after %s the URL is gone", b.clock().Sub(started))
		}
		jumped += 7 * 24 * time.Hour
	}
	jumped = ingest.KeepMissed + 8*24*time.Hour
	b.web.put("a.example/", `<a href="/page?sid=2">p</a>`)
	if err := b.run(t); err != nil {
		t.Fatal(err)
	}
	urls := b.frontier(t)
	if urls[gone] || !urls["http://a.example/page?sid=2"] || !urls["http://a.example/"] {
		t.Errorf("the frontier has %v", urls)
	}
	jumped += 8 * 24 * time.Hour
	b.web.put("a.example/", `<a href="/gone?sid=1">again</a>`)
	b.web.put("a.example/gone?sid=1", "back")
	if err := b.run(t); err != nil || b.handled[gone] != 1 {
		t.Errorf("linked to again, it was handled %d times, %v", b.handled[gone], err)
	}
}

// TestForbiddenQueries: with queries: false no URL with a query is requested,
// wherever it came from, and those in the frontier are dropped.
func TestForbiddenQueries(t *testing.T) {
	b := newBench(t, nil, "a.example")
	b.web.put("a.example/", `<a href="/p?sid=1">q</a> <a href="/p?">empty</a> <a href="/moved">m</a> <a href="/plain">p</a>`)
	b.web.put("a.example/plain", "plain")
	b.web.put("a.example/p?sid=1", "page")
	b.web.handle("a.example/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/p?sid=2", http.StatusFound) })
	b.web.handle("a.example/sitemap.xml", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>http://a.example/p?sid=3</loc></url></urlset>`)
	})
	if err := b.run(t); err != nil || !b.frontier(t)["http://a.example/p?sid=1"] || b.web.asked("a.example/p?sid=1") != 1 {
		t.Fatalf("before queries are forbidden: %v, %v", b.web.requests, err)
	}
	jumped := 2 * ingest.DefaultRevisit
	b.clock = func() time.Time { return time.Now().Add(jumped) }
	authorisation := b.opts.Scope().Authorisations()[0]
	authorisation.ValidUntil, authorisation.NoQueries = b.clock().Add(time.Hour), true
	b.permit(t, authorisation)
	if err := ingest.NewSeeder(ingest.SeedOptions{Fetcher: b.opts.Fetcher, Frontier: b.store, Scope: b.opts.Scope, Observe: b, Now: b.clock}).Round(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.run(t); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a.example/p?sid=1", "a.example/p?sid=2", "a.example/p?sid=3"} {
		want := map[string]int{"a.example/p?sid=1": 1, "a.example/p?sid=2": 1}[key] // before they were forbidden
		if n := b.web.asked(key); n != want {
			t.Errorf("%s was asked for %d times, want %d", key, n, want)
		}
	}
	for _, url := range []string{"http://a.example/p?sid=1", "http://a.example/p?sid=3", "http://a.example/moved"} {
		if b.skipped[url] != qianshao.SkipQuery {
			t.Errorf("%s was skipped as %q", url, b.skipped[url])
		}
	}
	urls := b.frontier(t)
	if urls["http://a.example/p?sid=1"] || !urls["http://a.example/moved"] || !urls["http://a.example/plain"] {
		t.Errorf("the frontier has %v", urls)
	}
}
