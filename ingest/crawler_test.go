package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"go.uber.org/goleak"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/ingest/ingesttest"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
	"github.com/qianshao/qianshao/store/sqlstore"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

// web is a small web on one server: pages by "host/path", each with the status,
// header and body of its answer. It counts the requests.
type web struct {
	server *httptest.Server

	mu       sync.Mutex
	pages    map[string]func(w http.ResponseWriter, r *http.Request)
	requests map[string]int
	times    map[string][]ingesttest.Arrival // by host
	// fallback answers for pages that are not there; nil answers 404.
	fallback func(w http.ResponseWriter, r *http.Request)
}

func newWeb(t testing.TB) *web {
	w := &web{pages: map[string]func(http.ResponseWriter, *http.Request){}, requests: map[string]int{}, times: map[string][]ingesttest.Arrival{}}
	w.server = httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		key, arrived := r.Host+r.URL.RequestURI(), ingesttest.Arrived(r)
		w.mu.Lock()
		w.requests[key]++
		w.times[r.Host] = append(w.times[r.Host], arrived)
		page := w.pages[key]
		if page == nil {
			page = w.fallback
		}
		w.mu.Unlock()
		if page == nil {
			http.NotFound(rw, r)
			return
		}
		page(rw, r)
	}))
	ingesttest.WithArrivals(w.server.Config)
	w.server.Start()
	t.Cleanup(w.server.Close)
	return w
}

// put sets a page of HTML.
func (w *web) put(key, body string) {
	w.handle(key, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(rw, body)
	})
}

func (w *web) handle(key string, h func(http.ResponseWriter, *http.Request)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pages[key] = h
}

func (w *web) asked(key string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests[key]
}

// askedHost counts all requests to a host.
func (w *web) askedHost(host string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.times[host])
}

// bench is everything that a crawl needs, including the real store.
type bench struct {
	web   *web
	store *sqlstore.Store
	opts  ingest.CrawlerOptions
	// fetcherScope is the scope that the fetcher applies.
	fetcherScope *ingest.Scope

	mu      sync.Mutex
	handled map[string]int
	skipped map[string]qianshao.Skip
	// replanned is what was reported as planned while the clock was ahead.
	replanned []ingest.Replanned
	clock     func() time.Time
}

func (b *bench) Fetched(*qianshao.Page, time.Duration) {}
func (b *bench) Replanned(what ingest.Replanned) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.replanned = append(b.replanned, what)
}
func (b *bench) Skipped(skip qianshao.Skip, url string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.skipped[url] = skip
}

var href = regexp.MustCompile(`href="([^"]*)"`)

// handle notes the page and returns its links.
func (b *bench) handle(_ context.Context, page qianshao.Page, _ ingest.Memory) (handled ingest.Handled, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.handled[page.URL]++
	base, err := url.Parse(page.URL)
	if err != nil {
		return handled, err
	}
	for _, m := range href.FindAllStringSubmatch(string(page.Body), -1) {
		if u, err := base.Parse(m[1]); err == nil {
			handled.Links = append(handled.Links, u.String())
		}
	}
	return handled, nil
}

// newBench authorises hosts (all served by the web) at a high rate.
func newBench(t testing.TB, change func(*qianshao.Authorisation), hosts ...string) *bench {
	t.Helper()
	w := newWeb(t)
	s, err := sqlstore.New(sqlite.Open(context.Background(), sqlitetest.File(t)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	b := &bench{web: w, store: s, handled: map[string]int{}, skipped: map[string]qianshao.Skip{}, clock: time.Now}
	a := qianshao.Authorisation{ID: "test", Owner: "o", Basis: "b", Contact: "c", Hosts: hosts, Rate: 1000, AllowPrivate: true,
		ValidFrom: time.Now().Add(-time.Hour), ValidUntil: time.Now().Add(time.Hour)}
	if change != nil {
		change(&a)
	}
	scope, err := ingest.NewScope([]qianshao.Authorisation{a})
	if err != nil {
		t.Fatal(err)
	}
	b.fetcherScope = scope
	resolve := map[string]string{"outside.example": strings.TrimPrefix(w.server.URL, "http://")}
	for _, h := range hosts {
		resolve[h] = strings.TrimPrefix(w.server.URL, "http://")
	}
	f, err := fetch.New(fetch.Options{UserAgent: "qianshao/test (+https://operator.example/)", Resolve: resolve, Now: func() time.Time { return b.clock() },
		Permit: func(u *url.URL) (*qianshao.Authorisation, qianshao.Skip) { return b.fetcherScope.Decide(u, b.clock()) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	b.opts = ingest.CrawlerOptions{Frontier: s, Holder: "test", Scope: func() *ingest.Scope { return scope }, Fetcher: f, Handle: b.handle,
		Observe: b, Once: true, RetryPauses: []time.Duration{time.Millisecond, 4 * time.Millisecond, time.Hour}, Now: func() time.Time { return b.clock() }}
	return b
}

// permit replaces the register for crawler and fetcher.
func (b *bench) permit(t testing.TB, list ...qianshao.Authorisation) {
	t.Helper()
	scope, err := ingest.NewScope(list)
	if err != nil {
		t.Fatal(err)
	}
	b.fetcherScope, b.opts.Scope = scope, func() *ingest.Scope { return scope }
}

func (b *bench) run(t testing.TB) error {
	t.Helper()
	c, err := ingest.NewCrawler(b.opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := ingest.Seed(ctx, b.opts.Frontier, b.opts.Scope(), b.clock()); err != nil {
		t.Fatal(err)
	}
	err = c.Run(ctx)
	if ctx.Err() != nil {
		t.Fatal("the crawl did not end")
	}
	return err
}

func TestCrawl(t *testing.T) {
	b := newBench(t, func(a *qianshao.Authorisation) { a.Exclude = []string{"/private/"} }, "a.example", "b.example")
	b.web.put("a.example/", `<a href="/1">1</a> <a href="/1#again">1</a> <a href="http://b.example/x">b</a> <a href="http://outside.example/">out</a>
		<a href="/private/x">p</a> <a href="mailto:x@a.example">m</a> <a href="/photo.JPG">i</a> <a href="/robots-no">r</a> <a href="/gone">g</a> <a href="/moved">m</a> <a href="/leaves">l</a>`)
	b.web.put("a.example/1", `<a href="/">home</a> <a href="/2">2</a>`)
	b.web.put("a.example/2", `no links`)
	b.web.put("b.example/", `front`)
	b.web.put("b.example/x", `x`)
	b.web.put("outside.example/", `never`)
	b.web.put("outside.example/robots.txt", ``)
	b.web.put("a.example/robots.txt", "User-agent: *\nDisallow: /robots-no")
	redirect := func(to string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
	}
	b.web.handle("a.example/moved", redirect("http://b.example/new"))
	b.web.put("b.example/new", `moved here`)
	b.web.handle("a.example/leaves", redirect("http://outside.example/secret"))
	if err := b.run(t); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"http://a.example/": 1, "http://a.example/1": 1, "http://a.example/2": 1, "http://b.example/": 1, "http://b.example/x": 1, "http://b.example/new": 1}
	if diff := cmp.Diff(want, b.handled); diff != "" {
		t.Errorf("handled (-want +got):\n%s", diff)
	}
	skips := map[string]qianshao.Skip{
		"http://outside.example/": qianshao.SkipNotAuthorised, "http://a.example/private/x": qianshao.SkipPathExcluded,
		"http://a.example/photo.JPG": qianshao.SkipType, "http://a.example/robots-no": qianshao.SkipRobots, "http://a.example/gone": qianshao.SkipStatus,
		"http://a.example/leaves": qianshao.SkipNotAuthorised,
	}
	if diff := cmp.Diff(skips, b.skipped); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
	if n := b.web.askedHost("outside.example"); n != 0 {
		t.Errorf("the host outside got %d requests", n)
	}
	for _, key := range []string{"a.example/private/x", "a.example/robots-no", "a.example/photo.JPG"} {
		if b.web.asked(key) != 0 {
			t.Errorf("%s was requested", key)
		}
	}
	if b.web.asked("a.example/robots.txt") != 1 || b.web.asked("a.example/1") != 1 {
		t.Errorf("robots.txt %d times, /1 %d times", b.web.asked("a.example/robots.txt"), b.web.asked("a.example/1"))
	}
	// A second run has nothing to do before the revisit.
	if err := b.run(t); err != nil || b.handled["http://a.example/"] != 1 {
		t.Errorf("%v, %v", err, b.handled)
	}
	later := time.Now().Add(ingest.DefaultRevisit + time.Minute)
	scope, err := ingest.NewScope([]qianshao.Authorisation{func() qianshao.Authorisation {
		a := b.opts.Scope().Authorisations()[0]
		a.ValidUntil = later.Add(time.Hour)
		return a
	}()})
	if err != nil {
		t.Fatal(err)
	}
	b.opts.Scope = func() *ingest.Scope { return scope }
	started := time.Now()
	b.clock = func() time.Time { return later.Add(time.Since(started)) }
	_ = b.run(t)
	if b.skipped["http://a.example/"] != qianshao.SkipNotInForce {
		t.Errorf("the fetcher must judge by its own register and clock: %v", b.skipped)
	}
}

func TestExpiredAuthorisation(t *testing.T) {
	b := newBench(t, nil, "a.example")
	b.web.put("a.example/", "x")
	if err := ingest.Seed(context.Background(), b.store, b.opts.Scope(), time.Now()); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	b.clock = func() time.Time { return started.Add(2 * time.Hour).Add(time.Since(started)) }
	if err := b.run(t); err != nil {
		t.Fatal(err)
	}
	if b.skipped["http://a.example/"] != qianshao.SkipNotInForce || b.web.askedHost("a.example") != 0 {
		t.Errorf("%v, %d requests", b.skipped, b.web.askedHost("a.example"))
	}
}

func TestDepthAndBudget(t *testing.T) {
	b := newBench(t, nil, "deep.example", "wide.example")
	b.opts.MaxDepth, b.opts.HostBudget = 3, 10
	for i := range 6 {
		b.web.put(fmt.Sprintf("deep.example/%d", i), fmt.Sprintf(`<a href="/%d">`, i+1))
	}
	b.web.put("deep.example/", `<a href="/1">`)
	wide := strings.Builder{}
	for i := range 30 {
		fmt.Fprintf(&wide, `<a href="/%d">`, i)
		b.web.put(fmt.Sprintf("wide.example/%d", i), "x")
	}
	b.web.put("wide.example/", wide.String())
	if err := b.run(t); err != nil {
		t.Fatal(err)
	}
	if b.handled["http://deep.example/3"] != 1 || b.handled["http://deep.example/4"] != 0 || b.skipped["http://deep.example/4"] != qianshao.SkipDepth {
		t.Errorf("%v %v", b.handled, b.skipped)
	}
	n := 0
	for u := range b.handled {
		if strings.HasPrefix(u, "http://wide.example/") {
			n++
		}
	}
	if n > 11 || n < 10 || b.skipped["http://wide.example/29"] != qianshao.SkipHostBudget {
		t.Errorf("%d pages of a host with a budget of 10; %v", n, b.skipped)
	}
}

// TestTraps crawls a site with endless mazes: the crawl still ends, and reports the kind of each
// maze.
func TestTraps(t *testing.T) {
	b := newBench(t, nil, "maze.example")
	b.opts.QueryVariants = 7
	asked := 0
	maze := func(links func(n int, r *http.Request) string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			asked++
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, links(asked, r))
		}
	}
	handlers := map[string]func(int, *http.Request) string{
		"/loop/": func(_ int, r *http.Request) string { return `<a href="` + r.URL.Path + `a/b/">` },
		"/calendar/": func(_ int, r *http.Request) string {
			var year int
			_, _ = fmt.Sscanf(r.URL.Path, "/calendar/%d", &year)
			return fmt.Sprintf(`<a href="/calendar/%d/01"><a href="/calendar/%d/01">`, year+1, year-10)
		},
		"/search": func(n int, _ *http.Request) string {
			return fmt.Sprintf(`<a href="/search?q=%d"><a href="/search?q=x%d">`, n, n)
		},
		"/grow": func(_ int, r *http.Request) string {
			return `<a href="/grow?` + r.URL.RawQuery + strings.Repeat("&x=0123456789", 40) + `">`
		},
	}
	b.web.fallback = func(w http.ResponseWriter, r *http.Request) {
		for prefix, links := range handlers {
			if strings.HasPrefix(r.URL.Path, prefix) {
				maze(links)(w, r)
				return
			}
		}
		http.NotFound(w, r)
	}
	b.web.put("maze.example/", fmt.Sprintf(`<a href="/loop/"><a href="/calendar/%d/01"><a href="/search?q=0"><a href="/grow?a=1">`, time.Now().Year()))
	if err := b.run(t); err != nil {
		t.Fatal(err)
	}
	got := map[qianshao.Skip]int{}
	for _, skip := range b.skipped {
		got[skip]++
	}
	for _, want := range []qianshao.Skip{qianshao.SkipRepeatedPath, qianshao.SkipCalendar, qianshao.SkipQueryVariants, qianshao.SkipLongURL} {
		if got[want] == 0 {
			t.Errorf("nothing was left out as %s: %v", want, got)
		}
	}
	if n := len(b.handled); n > 100 {
		t.Errorf("%d pages of four mazes", n)
	}
}

// TestRetries: temporary failures are tried again, lasting ones are not.
func TestRetries(t *testing.T) {
	b := newBench(t, nil, "a.example", "busy.example") // a Retry-After holds for the whole host
	b.web.put("a.example/", `<a href="/flaky"><a href="/down"><a href="/drops"><a href="/gone">`)
	b.web.handle("a.example/flaky", func(w http.ResponseWriter, _ *http.Request) {
		if b.web.asked("a.example/flaky") < 3 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "text/html")
	})
	b.web.handle("a.example/down", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	b.web.handle("a.example/drops", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "x")
	})
	b.web.handle("busy.example/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	if err := b.run(t); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]int{"a.example/flaky": 3, "a.example/down": 3, "a.example/drops": 3, "a.example/gone": 1, "busy.example/": 1} {
		if got := b.web.asked(key); got != want {
			t.Errorf("%s was requested %d times, want %d", key, got, want)
		}
	}
	want := map[string]qianshao.Skip{"http://a.example/down": qianshao.SkipStatus, "http://a.example/drops": qianshao.SkipUnreachable, "http://a.example/gone": qianshao.SkipStatus}
	if diff := cmp.Diff(want, b.skipped); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
	if b.handled["http://a.example/flaky"] != 1 {
		t.Error("the third try was not handled")
	}
	// The busy page waits for its time: it is due in an hour, not lost.
	if due, ok, err := b.store.Next(context.Background()); err != nil || !ok || due.Before(time.Now().Add(50*time.Minute)) || due.After(time.Now().Add(70*time.Minute)) {
		t.Errorf("next %s, %v, %v", due, ok, err)
	}
}

// TestHandleFails: a page that cannot be saved is tried again, and never lost.
func TestHandleFails(t *testing.T) {
	b := newBench(t, nil, "a.example")
	b.web.put("a.example/", `<a href="/bad"><a href="/panics"><a href="/once">`)
	for _, p := range []string{"bad", "panics", "once"} {
		b.web.put("a.example/"+p, "x")
	}
	var mu sync.Mutex
	tries := map[string]int{}
	b.opts.Handle = func(ctx context.Context, page qianshao.Page, before ingest.Memory) (ingest.Handled, error) {
		mu.Lock()
		tries[page.URL]++
		n := tries[page.URL]
		mu.Unlock()
		switch {
		case strings.HasSuffix(page.URL, "/bad"), strings.HasSuffix(page.URL, "/once") && n == 1:
			return ingest.Handled{}, errors.New("disk full")
		case strings.HasSuffix(page.URL, "/panics"):
			panic("index out of range")
		}
		return b.handle(ctx, page, before)
	}
	err := b.run(t)
	if err == nil || !strings.Contains(err.Error(), "next run: 2, among") || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("Run: %v, want the two pages that stay", err)
	}
	want := map[string]int{"http://a.example/": 1, "http://a.example/bad": 3, "http://a.example/panics": 3, "http://a.example/once": 2}
	if diff := cmp.Diff(want, tries); diff != "" {
		t.Errorf("tries (-want +got):\n%s", diff)
	}
	if _, ok, err := b.store.Next(context.Background()); err != nil || !ok {
		t.Errorf("the page was lost: %v, %v", ok, err)
	}
}

// TestPace: every request to a host, for robots.txt and redirects too, comes a full interval after the
// one before. Only the whole time is measured, from before the first request to the arrival of the
// last, which delays can only lengthen.
func TestPace(t *testing.T) {
	b := newBench(t, func(a *qianshao.Authorisation) { a.Rate = 50 }, "a.example", "b.example")
	for _, host := range []string{"a.example", "b.example"} {
		b.web.put(host+"/", `<a href="/1"><a href="/2"><a href="/3"><a href="/moved">`)
		for i := range 4 {
			b.web.put(fmt.Sprintf("%s/%d", host, i), "x")
		}
		b.web.handle(host+"/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/0", http.StatusFound) })
	}
	started := time.Now()
	if err := b.run(t); err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"a.example", "b.example"} {
		times := b.web.times[host]
		if len(times) != 7 {
			t.Errorf("%s: %d requests, want 7", host, len(times))
		}
		if took, least := times[len(times)-1].Latest.Sub(started), 6*20*time.Millisecond; took < least {
			t.Errorf("%s: %d requests within %s, less than %s", host, len(times), took, least)
		}
	}
}

// TestHostNextIsDurable: the host's next time is in the frontier before the
// request is made, so a crash cannot double the rate.
func TestHostNextIsDurable(t *testing.T) {
	b := newBench(t, func(a *qianshao.Authorisation) { a.Rate = 0.1 }, "a.example")
	b.web.put("a.example/", "x")
	ctx := context.Background()
	var leased int
	b.web.handle("a.example/robots.txt", func(w http.ResponseWriter, _ *http.Request) {
		items := []ingest.Item{{URL: "http://a.example/2", Host: "a.example"}}
		if err := b.store.Add(ctx, items); err != nil {
			t.Error(err)
		}
		if err := b.store.Release(ctx, b.opts.Holder, time.Now()); err != nil { // as a process does when it starts after a crash
			t.Error(err)
		}
		got, err := b.store.Lease(ctx, ingest.Lease{Now: time.Now(), Limit: 10, For: time.Minute})
		if leased = len(got); err != nil {
			t.Error(err)
		}
		http.NotFound(w, nil)
	})
	ctx2, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	c, err := ingest.NewCrawler(b.opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := ingest.Seed(ctx, b.store, b.opts.Scope(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := c.Run(ctx2); err != nil {
		t.Errorf("a stop that was asked for must not be an error: %v", err)
	}
	if b.web.asked("a.example/robots.txt") != 1 || leased != 0 {
		t.Errorf("robots.txt %d times; %d items could be leased while the host was being asked", b.web.asked("a.example/robots.txt"), leased)
	}
	// After a stop in the middle of a visit, no item is stuck in a lease.
	if got, err := b.store.Lease(ctx, ingest.Lease{Now: time.Now().Add(time.Minute), Limit: 10, For: time.Minute}); err != nil || len(got) != 1 {
		t.Errorf("after the stop %d items can be leased, %v", len(got), err)
	}
}

// TestServeStops: without Once, Run waits for new URLs and ends with its context.
func TestServeStops(t *testing.T) {
	b := newBench(t, nil, "a.example")
	b.opts.Once = false
	b.web.put("a.example/", "x")
	b.web.put("a.example/new", "x")
	c, err := ingest.NewCrawler(b.opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b.opts.Handle = nil
	if err := ingest.Seed(ctx, b.store, b.opts.Scope(), time.Now()); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- c.Run(ctx) }()
	waitFor(t, func() bool { return b.web.asked("a.example/") == 1 })
	if err := b.store.Add(ctx, []ingest.Item{{URL: "http://a.example/new", Host: "a.example", Authorisation: "test"}}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return b.web.asked("a.example/new") == 1 })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	for range 3000 {
		if condition() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it did not happen within 30 s")
}

// TestSavedWithVisit: a page that Handle leaves to be saved with its visit is in the store when the crawl
// is over, and is reported to Saved.
func TestSavedWithVisit(t *testing.T) {
	b := newBench(t, nil, "a.example")
	b.web.put("a.example/", `<a href="/1"><a href="/2">`)
	b.web.put("a.example/1", "x")
	b.web.put("a.example/2", "y")
	b.opts.Handle = func(ctx context.Context, page qianshao.Page, before ingest.Memory) (ingest.Handled, error) {
		handled, err := b.handle(ctx, page, before)
		handled.Page = &ingest.Unflagged{URL: page.URL, RequestedURL: page.RequestedURL, FetchedAt: page.FetchedAt, Hash: "h", Rules: "r", Status: page.Status}
		return handled, err
	}
	told := 0
	b.opts.Saved = func(pages int, _ time.Duration) { told += pages }
	if err := b.run(t); err != nil {
		t.Fatal(err)
	}
	saved := 0
	for _, err := range b.store.AllPages(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		saved++
	}
	if saved != 3 || told != 3 {
		t.Errorf("%d pages are saved, and Saved was called for %d; want 3", saved, told)
	}
}

// brokenFrontier fails the first calls of each kind, as a full disk does.
type brokenFrontier struct {
	ingest.Frontier
	mu   sync.Mutex
	left map[string]int
}

func (f *brokenFrontier) fail(call string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left[call] > 0 {
		f.left[call]--
		return fmt.Errorf("%s: database or disk is full", call)
	}
	return nil
}

func (f *brokenFrontier) Lease(ctx context.Context, lease ingest.Lease) ([]ingest.Item, error) {
	if err := f.fail("lease"); err != nil {
		return nil, err
	}
	return f.Frontier.Lease(ctx, lease)
}

func TestFrontierFails(t *testing.T) {
	b := newBench(t, nil, "a.example")
	b.web.put("a.example/", `<a href="/1">`)
	b.web.put("a.example/1", "x")
	b.opts.Frontier = &brokenFrontier{Frontier: b.store, left: map[string]int{"lease": 2}}
	if err := b.run(t); err != nil || b.handled["http://a.example/1"] != 1 {
		t.Errorf("%v, %v", err, b.handled)
	}
}

// counted overrides the frontier's count of a host's URLs.
type counted struct {
	ingest.Frontier
	size int
}

func (c counted) HostCount(context.Context, string) (int, error) { return c.size, nil }

func TestBudgetOfEarlierRuns(t *testing.T) {
	b := newBench(t, nil, "a.example")
	b.opts.HostBudget, b.opts.Frontier = 100, counted{b.store, 100}
	b.web.put("a.example/", `<a href="/1">`)
	b.web.put("a.example/1", "x")
	if err := b.run(t); err != nil || b.skipped["http://a.example/1"] != qianshao.SkipHostBudget {
		t.Errorf("%v, %v", err, b.skipped)
	}
}

func TestNewCrawlerRefuses(t *testing.T) {
	b := newBench(t, nil, "a.example")
	for name, change := range map[string]func(*ingest.CrawlerOptions){
		"Frontier": func(o *ingest.CrawlerOptions) { o.Frontier = nil }, "Holder": func(o *ingest.CrawlerOptions) { o.Holder = "" }, "Scope": func(o *ingest.CrawlerOptions) { o.Scope = nil },
		"Fetcher": func(o *ingest.CrawlerOptions) { o.Fetcher = nil }, "Handle": func(o *ingest.CrawlerOptions) { o.Handle = nil },
		"too short": func(o *ingest.CrawlerOptions) { o.Revisit = time.Second }, "too long": func(o *ingest.CrawlerOptions) { o.Revisit = ingest.MaxRevisit + time.Hour },
	} {
		opts := b.opts
		change(&opts)
		if _, err := ingest.NewCrawler(opts); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSeedSitemaps(t *testing.T) {
	b := newBench(t, func(a *qianshao.Authorisation) { a.Exclude = []string{"/private/"} }, "named.example", "usual.example", "broken.example", "none.example")
	xml := func(key, body string) {
		b.web.handle(key, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/xml")
			_, _ = io.WriteString(w, body)
		})
	}
	b.web.put("named.example/robots.txt", "User-agent: *\nDisallow:\nSitemap: http://named.example/index.xml\nSitemap: http://outside.example/sitemap.xml\n")
	xml("named.example/index.xml", `<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
		<sitemap><loc>http://named.example/one.xml</loc></sitemap><sitemap><loc> http://named.example/two.xml.gz </loc></sitemap></sitemapindex>`)
	xml("named.example/one.xml", `<urlset xmlns:image="x"><url><loc>http://named.example/a?x=1&amp;y=2</loc><image:image><image:loc>http://named.example/i.jpg</image:loc></image:image></url>
		<url><loc>http://named.example/private/x</loc></url><url><loc>http://outside.example/x</loc></url></urlset>`)
	b.web.handle("named.example/two.xml.gz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-gzip")
		zipped := gzip.NewWriter(w)
		defer zipped.Close()
		_, _ = io.WriteString(zipped, `<sitemapindex><sitemap><loc>http://named.example/three.xml</loc></sitemap></sitemapindex>`)
	})
	xml("usual.example/sitemap.xml", `<urlset><url><loc><![CDATA[http://usual.example/新闻]]></loc></url></urlset>`)
	xml("broken.example/sitemap.xml", `<urlset><url><loc>http://broken.example/before</loc></url><url><loc>http://broken.example/un`)
	err := ingest.NewSeeder(ingest.SeedOptions{Fetcher: b.opts.Fetcher, Frontier: b.store, Scope: b.opts.Scope, Observe: b}).Round(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for {
		items, err := b.store.Lease(context.Background(), ingest.Lease{Now: time.Now(), Limit: 100, For: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		if len(items) == 0 {
			break
		}
		for _, it := range items {
			got[it.URL] = it.Depth
			if err := b.store.Done(context.Background(), it, ingest.Outcome{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := map[string]int{"http://named.example/": 0, "http://usual.example/": 0, "http://broken.example/": 0, "http://none.example/": 0,
		"http://named.example/a?x=1&y=2": 1, "http://usual.example/%E6%96%B0%E9%97%BB": 1, "http://broken.example/before": 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("frontier (-want +got):\n%s", diff)
	}
	if b.web.askedHost("outside.example") != 0 || b.web.asked("named.example/three.xml") != 0 {
		t.Error("a sitemap outside the scope, or an index in an index, was asked for")
	}
	if b.skipped["http://outside.example/x"] != qianshao.SkipNotAuthorised || b.skipped["http://named.example/private/x"] != qianshao.SkipPathExcluded {
		t.Errorf("%v", b.skipped)
	}
}

// BenchmarkCrawl is the whole loop, store included, on 20 hosts without delay.
func BenchmarkCrawl(b *testing.B) {
	const hosts, pages = 20, 50
	names := make([]string, hosts)
	for i := range names {
		names[i] = fmt.Sprintf("h%d.example", i)
	}
	for b.Loop() {
		c := newBench(b, nil, names...)
		var links strings.Builder
		for p := range pages {
			fmt.Fprintf(&links, `<a href="/%d">%d</a>`, p, p)
		}
		for _, h := range names {
			c.web.put(h+"/", links.String())
			for p := range pages {
				c.web.put(fmt.Sprintf("%s/%d", h, p), links.String())
			}
		}
		if err := c.run(b); err != nil {
			b.Fatal(err)
		}
		if len(c.handled) != hosts*(pages+1) {
			b.Fatalf("%d pages", len(c.handled))
		}
	}
	b.ReportMetric(float64(hosts*(pages+1)*b.N)/b.Elapsed().Seconds(), "pages/s")
}

// TestStopRecordsVisits: a visit that was finished when the crawl was told to stop is
// recorded, though nothing is leased any more.
func TestStopRecordsVisits(t *testing.T) {
	b := newBench(t, nil, "a.example")
	b.web.put("a.example/", "x")
	if err := b.store.Add(t.Context(), []ingest.Item{{URL: "http://a.example/", Host: "a.example", Authorisation: "test"}}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	b.opts.Frontier = &stopping{Frontier: b.store, stop: stop}
	b.opts.Once = false
	c, err := ingest.NewCrawler(b.opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Run(ctx); err != nil {
		t.Error(err)
	}
	if n := b.handled["http://a.example/"]; n != 1 {
		t.Errorf("visited %d times", n)
	}
	items, err := b.store.Lease(t.Context(), ingest.Lease{Now: time.Now(), Limit: 1, For: time.Minute})
	if err != nil || len(items) != 0 {
		t.Errorf("the visited URL is still due: %+v, %v", items, err)
	}
}

// stopping ends the crawl when the frontier is asked to record a visit and to lease.
type stopping struct {
	ingest.Frontier
	stop context.CancelFunc
}

func (f *stopping) Lease(ctx context.Context, lease ingest.Lease) ([]ingest.Item, error) {
	if len(lease.Visits) > 0 {
		f.stop()
		return nil, context.Canceled
	}
	return f.Frontier.Lease(ctx, lease)
}
