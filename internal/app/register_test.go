package app

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/internal/backends/backendstest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
)

// TestEndedGetsNoRequest: from the moment when an authorisation is ended, the running crawl makes no
// request to its site, and a recheck schedules nothing.
func TestEndedGetsNoRequest(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		_, _ = w.Write([]byte("<p>x"))
	}))
	t.Cleanup(site.Close)
	u, err := url.Parse(site.URL)
	if err != nil {
		t.Fatal(err)
	}
	data, now := sqlitetest.Folder(t), time.Now()
	f, err := datafolder.Open(t.Context(), datafolder.Options{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	by := store.Signed{By: store.ByCommand, At: now}
	err = errors.Join(f.Store.PutAuthorisations(t.Context(), by, []qianshao.Authorisation{{
		ID: "test", Owner: "o", Basis: "b", Contact: "c", ValidFrom: now.Add(-time.Hour), ValidUntil: now.Add(time.Hour),
		Hosts: []string{u.Host}, Rate: 1000, AllowPrivate: true, Seeds: []string{site.URL + "/"},
	}}), f.Close())
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(t.Context(), Options{Data: data, Version: "test", Crawl: &CrawlOptions{FetchOptions: FetchOptions{Contact: "https://test.example/"}, Once: true}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Stop() })
	if _, err := a.crawl.fetcher.Get(t.Context(), fetch.Request{URL: site.URL + "/"}); err != nil || requests.Load() == 0 {
		t.Fatalf("while it is in force: %v", err)
	}
	if err := a.Folder.Store.EndAuthorisation(t.Context(), store.Signed{By: "chief", At: time.Now(), Words: "终止"}, "test"); err != nil {
		t.Fatal(err)
	}
	if err := a.register().Changed(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := requests.Load()
	var skipped *fetch.SkipError
	if _, err := a.crawl.fetcher.Get(t.Context(), fetch.Request{URL: site.URL + "/"}); !errors.As(err, &skipped) || skipped.Skip != qianshao.SkipNotInForce {
		t.Errorf("after its end: %v", err)
	}
	urls, why, err := a.Folder.Recheck(t.Context(), store.Signed{By: "ann", At: time.Now()}, qianshao.SeeAll(), u.Hostname(), "")
	if urls != 0 || why != qianshao.SkipNotInForce || err != nil {
		t.Errorf("rechecked after its end: %d, %q, %v", urls, why, err)
	}
	a.Start(t.Context())
	if err := a.WaitCrawl(); err != nil {
		t.Fatal(err)
	}
	if n := requests.Load(); n != before {
		t.Errorf("%d requests after its end", n-before)
	}
}

// TestEndedElsewhereGetsNoRequest: once a command on another machine has reported that it ended an
// authorisation, the running crawl makes no request to its site.
func TestEndedElsewhereGetsNoRequest(t *testing.T) {
	t.Parallel()
	servers := backendstest.Store(t) // without an index, because a cluster that is down must not stop a crawl
	servers.Index.Address, servers.Evidence.Address = "http://127.0.0.1:1/i", t.TempDir()
	var requests atomic.Int64
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := requests.Add(1)
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, "<p><a href=/%d>x</a> <a href=/%d.html>x</a>", n, n)
	}))
	t.Cleanup(site.Close)
	u, err := url.Parse(site.URL)
	if err != nil {
		t.Fatal(err)
	}
	other, err := datafolder.Open(t.Context(), datafolder.Options{Data: t.TempDir(), Backends: servers})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	now := time.Now()
	if err := other.Store.PutAuthorisations(t.Context(), store.Signed{By: store.ByCommand, At: now}, []qianshao.Authorisation{{
		ID: "test", Owner: "o", Basis: "b", Contact: "c", ValidFrom: now.Add(-time.Hour), ValidUntil: now.Add(time.Hour),
		Hosts: []string{u.Host}, Rate: 1000, AllowPrivate: true, Seeds: []string{site.URL + "/"},
	}}); err != nil {
		t.Fatal(err)
	}
	a, err := New(t.Context(), Options{Data: t.TempDir(), Backends: servers, Version: "test", Crawl: &CrawlOptions{FetchOptions: FetchOptions{Contact: "https://test.example/"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Stop() })
	a.Start(t.Context())
	for end := time.Now().Add(time.Minute); requests.Load() < 30; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d requests in a minute", requests.Load())
		}
	}
	err = errors.Join(
		other.Store.EndAuthorisation(t.Context(), store.Signed{By: store.ByCommand, At: time.Now()}, "test"),
		other.RegisterChanged(t.Context()),
	)
	if err != nil {
		t.Fatal(err)
	}
	before := requests.Load()
	time.Sleep(3 * time.Second) // longer than a register is cached
	if n := requests.Load(); n != before {
		t.Errorf("%d requests after its end", n-before)
	}
}
