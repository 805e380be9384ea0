package ingest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/store/sqlstore"
	"github.com/qianshao/qianshao/store/sqlstore/database/databasetest"
)

// TestCrawlers: three crawlers share a frontier, of a web whose hosts redirect to each other. Each
// page is handled once, and no host gets requests from two crawlers at once, or before its interval
// has passed.
func TestCrawlers(t *testing.T) {
	t.Parallel()
	databasetest.EachPlace(t, func(t *testing.T, place databasetest.Place) {
		const hosts, pages, interval = 6, 8, 100 * time.Millisecond
		var names []string
		for h := range hosts {
			names = append(names, fmt.Sprintf("h%d.example", h))
		}
		b := newBench(t, func(a *qianshao.Authorisation) { a.Rate = float64(time.Second / interval) }, names...)
		var busy [hosts]atomic.Int32
		for h, host := range names {
			for p := range pages {
				b.web.handle(fmt.Sprintf("%s/%d", host, p), alone(t, host, &busy[h], link(names, h, p)))
			}
			b.web.handle(host+"/", alone(t, host, &busy[h], link(names, h, 0)))
			b.web.handle(host+"/robots.txt", alone(t, host, &busy[h], http.NotFound))
			b.web.handle(host+"/away", alone(t, host, &busy[h], func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "http://"+names[(h+1)%hosts]+"/0", http.StatusFound)
			}))
		}
		crawlAll(t, b, place(t), "one", "two", "three")
		b.mu.Lock()
		defer b.mu.Unlock()
		for h, host := range names {
			for p := range pages {
				want := 1
				if p == 0 { // by its own link, and by another host's redirect
					want = 2
				}
				if got := b.handled[fmt.Sprintf("http://%s/%d", host, p)]; got != want {
					t.Errorf("page %d of host %d was handled %d times, want %d", p, h, got, want)
				}
			}
			times := b.web.times[host]
			for i := 1; i < len(times); i++ {
				if gap := times[i].SinceAtMost(times[i-1]); gap < interval {
					t.Errorf("%s was asked again after %s at most", host, gap)
				}
			}
		}
	})
}

// link answers with a page that links to the next one of its host, to one of the next host, and to
// one that redirects.
func link(names []string, h, p int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<a href="/%d"><a href="http://%s/%d"><a href="/away">`, p+1, names[(h+1)%len(names)], p)
	}
}

// alone makes a handler answer slowly, and fails the test if a host gets two requests at once.
func alone(t *testing.T, host string, busy *atomic.Int32, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if busy.Add(1) > 1 {
			t.Errorf("%s is asked by two at once", host)
		}
		time.Sleep(20 * time.Millisecond)
		busy.Add(-1)
		h(w, r)
	}
}

// crawlAll has crawlers, each with a store of its own, crawl a bench's web until nothing is due.
func crawlAll(t *testing.T, b *bench, place string, holders ...string) {
	t.Helper()
	resolve := map[string]string{}
	for _, a := range b.fetcherScope.Authorisations() {
		for _, host := range a.Hosts {
			resolve[host] = strings.TrimPrefix(b.web.server.URL, "http://")
		}
	}
	var group sync.WaitGroup
	for i, holder := range holders {
		s, err := sqlstore.New(databasetest.At(t.Context(), place))
		if err != nil {
			t.Fatal(err)
		}
		defer closed(t, s)
		opts := b.opts
		opts.Frontier, opts.Holder = s, holder
		opts.Fetcher, err = fetch.New(fetch.Options{
			UserAgent: "qianshao/test (+https://operator.example/)", Resolve: resolve, Turns: ingest.NewTurns(s, holder, time.Now),
			Permit: func(u *url.URL) (*qianshao.Authorisation, qianshao.Skip) { return b.fetcherScope.Decide(u, time.Now()) },
		})
		if err != nil {
			t.Fatal(err)
		}
		defer opts.Fetcher.Close()
		crawler, err := ingest.NewCrawler(opts)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			if err := ingest.Seed(t.Context(), s, b.opts.Scope(), time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		group.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := crawler.Run(ctx); err != nil || ctx.Err() != nil {
				t.Errorf("%s: %v, %v", holder, err, ctx.Err())
			}
		})
	}
	group.Wait()
}

func closed(t *testing.T, c io.Closer) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// TestLeasePasses: a visit whose lease has passed to another crawler is not recorded, and its links
// can still be added.
func TestLeasePasses(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil, "a.example")
	b.web.put("a.example/", `<a href="/1">`)
	b.web.put("a.example/1", "x")
	var taken []ingest.Item
	handle := b.opts.Handle
	b.opts.Handle = func(ctx context.Context, page qianshao.Page, before ingest.Memory) (ingest.Handled, error) {
		if taken == nil && page.URL == "http://a.example/" { // as if no beat had come for two minutes
			var err error
			rest := func(ingest.Item) time.Duration { return -time.Hour } // the clock is an hour ahead
			if taken, err = b.store.Lease(ctx, ingest.Lease{Holder: "other", Now: time.Now().Add(time.Hour), Limit: 1, For: time.Second, Interval: rest}); err != nil {
				return ingest.Handled{}, err
			}
			defer func() {
				if err := b.store.Release(ctx, "other", time.Now()); err != nil {
					t.Error(err)
				}
			}()
		}
		return handle(ctx, page, before)
	}
	var log bytes.Buffer
	b.opts.Log = slog.New(slog.NewTextHandler(&log, nil))
	if err := b.run(t); err != nil || len(taken) != 1 {
		t.Fatal(err, taken)
	}
	if b.handled["http://a.example/"] != 2 || b.handled["http://a.example/1"] != 1 {
		t.Errorf("handled %v", b.handled)
	}
	if !strings.Contains(log.String(), "another crawler has taken over the lease") {
		t.Errorf("not logged: %s", log.String())
	}
}
