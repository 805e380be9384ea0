package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
)

func item(host, path string, depth int) ingest.Item {
	return ingest.Item{URL: "http://" + host + "/" + path, Host: host, Authorisation: "a", Depth: depth}
}

func add(t testing.TB, s Store, items ...ingest.Item) {
	t.Helper()
	check(t, s.Add(t.Context(), items))
}

// lease returns the URLs that are handed out at base+after.
func lease(t testing.TB, s Store, after time.Duration, limit int) []string {
	t.Helper()
	items, err := s.Lease(t.Context(), ingest.Lease{Now: base.Add(after), Limit: limit, For: time.Minute})
	check(t, err)
	var urls []string
	for _, it := range items {
		urls = append(urls, strings.TrimPrefix(it.URL, "http://"))
	}
	return urls
}

func done(t testing.TB, s Store, it ingest.Item, o ingest.Outcome) {
	t.Helper()
	check(t, s.Done(t.Context(), it, o))
}

func wantURLs(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func testLease(t *testing.T, open Open) {
	s := open(t)
	wantURLs(t, "an empty frontier", lease(t, s, 0, 10))
	add(t, s, item("a", "deep", 2), item("a", "1", 0), item("a", "2", 0), item("b", "1", 1), item("c", "1", 0))
	add(t, s, item("a", "1", 7)) // known already: left as it is
	wantURLs(t, "the least deep host first", lease(t, s, 0, 2), "a/1", "c/1")
	wantURLs(t, "hosts with a lease are left out", lease(t, s, 0, 10), "b/1")
	wantURLs(t, "nothing more", lease(t, s, 59*time.Second, 10))
	wantURLs(t, "expired leases", lease(t, s, time.Minute, 10), "a/1", "c/1", "b/1")

	done(t, s, item("a", "1", 0), ingest.Outcome{})
	wantURLs(t, "the next of the host", lease(t, s, time.Minute, 10), "a/2")
	done(t, s, item("a", "2", 0), ingest.Outcome{Failed: true, Again: base.Add(time.Hour), Skip: qianshao.SkipUnreachable,
		HostNext: map[string]time.Time{"a": base.Add(10 * time.Minute)}})
	wantURLs(t, "the host's next time has not come", lease(t, s, 9*time.Minute, 1), "c/1")
	wantURLs(t, "it has come", lease(t, s, 10*time.Minute, 10), "c/1", "b/1", "a/deep")
	for _, it := range []ingest.Item{item("a", "deep", 2), item("b", "1", 1), item("c", "1", 0)} {
		done(t, s, it, ingest.Outcome{})
	}
	if due, ok, err := s.Next(t.Context()); err != nil || !ok || !due.Equal(base.Add(time.Hour)) {
		t.Errorf("Next is %v %v, error %v, want in an hour", due, ok, err)
	}
	wantURLs(t, "too early", lease(t, s, time.Hour-time.Millisecond, 10))
	items, err := s.Lease(t.Context(), ingest.Lease{Now: base.Add(time.Hour), Limit: 10, For: time.Minute})
	if err != nil || len(items) != 1 || items[0].Attempts != 1 {
		t.Errorf("the retry: %+v, error %v, want one item with an attempt", items, err)
	}
	done(t, s, item("a", "2", 0), ingest.Outcome{})
	if _, ok, err := s.Next(t.Context()); ok || err != nil {
		t.Errorf("something is left: %v, error %v", ok, err)
	}
	if err := s.Done(t.Context(), item("a", "unknown", 0), ingest.Outcome{}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Done of an unknown URL: %v, want store.ErrNotFound", err)
	}
	if err := s.Add(t.Context(), []ingest.Item{item("d", "1", 0), {URL: "http://x/"}}); err == nil {
		t.Error("an item without host is accepted")
	}
	wantURLs(t, "nothing of a refused list is added", lease(t, s, 2*time.Hour, 10))
}

func testNextWaitsForLeases(t *testing.T, open Open) {
	s := open(t)
	add(t, s, item("a", "1", 0))
	lease(t, s, 0, 1)
	if due, ok, err := s.Next(t.Context()); err != nil || !ok || !due.Equal(base.Add(time.Minute)) {
		t.Errorf("Next is %v %v, error %v, want the lease's end", due, ok, err)
	}
	check(t, s.Release(t.Context(), "", base))
	wantURLs(t, "after Release", lease(t, s, 0, 1), "a/1")
}

// testLateDone: a worker whose lease has expired must not end another worker's lease.
func testLateDone(t *testing.T, open Open) {
	s := open(t)
	add(t, s, item("a", "1", 0), item("a", "2", 1))
	lease(t, s, 0, 1)
	wantURLs(t, "taken over", lease(t, s, time.Minute, 1), "a/1")
	done(t, s, item("a", "1", 0), ingest.Outcome{})
	wantURLs(t, "the second", lease(t, s, time.Minute, 1), "a/2")
	done(t, s, item("a", "1", 0), ingest.Outcome{}) // the first worker, late
	wantURLs(t, "still leased", lease(t, s, time.Minute, 1))
}

// testMemory: an item's next lease brings back what its last visit stored, and the links of an outcome are
// added with it.
func testMemory(t *testing.T, open Open) {
	s := open(t)
	add(t, s, item("a", "1", 0))
	lease(t, s, 0, 1)
	want := item("a", "1", 0)
	want.Priority = ingest.Urgent
	want.Memory = ingest.Memory{Page: "http://a/page", ETag: `W/"x"`, LastModified: "Thu, 26 Nov 2026 00:00:00 GMT", Hash: strings.Repeat("0", 64),
		Rules: "rules", Interval: 90*time.Minute + time.Millisecond}
	links := []ingest.Item{item("b", "1", 1), want} // the second is known already
	done(t, s, want, ingest.Outcome{Again: base.Add(time.Hour), Priority: ingest.Urgent, Memory: want.Memory, Links: links})
	got, err := s.Lease(t.Context(), ingest.Lease{Now: base.Add(time.Hour), Limit: 10, For: time.Minute})
	check(t, err)
	if diff := cmp.Diff([]ingest.Item{item("b", "1", 1), want}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func testURLCounts(t *testing.T, open Open) {
	s := open(t)
	add(t, s, item("a", "p", 0), item("a", "p?", 0), item("a", "p?x=1", 0), item("a", "p?~", 0), item("a", "p@", 0), item("a", "p>", 0), item("b", "p?x", 0))
	done(t, s, item("a", "p?x=1", 0), ingest.Outcome{})
	hosts, err := s.HostCount(t.Context(), "a")
	check(t, err)
	queries, err := s.QueryCount(t.Context(), "http://a/p")
	check(t, err)
	none, err := s.HostCount(t.Context(), "c")
	check(t, err)
	if hosts != 6 || queries != 3 || none != 0 {
		t.Errorf("%d URLs of the host, %d queries of the page, %d of an unknown host; want 6, 3, 0", hosts, queries, none)
	}
}

// model is a frontier in memory, for comparison.
type model struct {
	items map[string]*modelItem
	next  map[string]time.Time
	round int // a suffix of all hosts: URLs left by earlier rounds are never due
}

type modelItem struct {
	ingest.Item
	order  int
	due    time.Time
	never  bool
	leased time.Time // until
}

func (m *model) lease(now time.Time, limit int, ttl, rest time.Duration) []string {
	best, head := map[string]*modelItem{}, map[string]*modelItem{} // hosts are ordered by head
	blocked := map[string]bool{}
	for _, it := range m.items {
		if it.leased.After(now) || m.next[it.Host].After(now) {
			blocked[it.Host] = true
		}
	}
	for _, it := range m.items {
		if it.never || it.due.After(now) || blocked[it.Host] {
			continue
		}
		if b := best[it.Host]; b == nil || it.Priority > b.Priority || it.Priority == b.Priority && it.before(b) {
			best[it.Host] = it
		}
		if b := head[it.Host]; b == nil || it.before(b) {
			head[it.Host] = it
		}
	}
	var list []*modelItem
	for _, it := range best {
		list = append(list, it)
	}
	slices.SortFunc(list, func(a, b *modelItem) int {
		a, b = head[a.Host], head[b.Host]
		if c := a.due.Compare(b.due); c != 0 {
			return c
		}
		if c := a.Depth - b.Depth; c != 0 {
			return c
		}
		return strings.Compare(a.Host, b.Host)
	})
	var urls []string
	for _, it := range list[:min(limit, len(list))] {
		for _, other := range m.items { // an expired lease of the host is forgotten
			if other.Host == it.Host {
				other.leased = time.Time{}
			}
		}
		it.leased, m.next[it.Host] = now.Add(ttl), now.Add(rest)
		urls = append(urls, it.URL)
	}
	return urls
}

func (it *modelItem) before(b *modelItem) bool {
	if c := it.due.Compare(b.due); c != 0 {
		return c < 0
	}
	if it.Depth != b.Depth {
		return it.Depth < b.Depth
	}
	return it.order < b.order
}

// testFrontierModel runs random operations on store and model.
func testFrontierModel(t *testing.T, open Open) {
	s := open(t)
	ctx := context.Background()
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		m := &model{items: map[string]*modelItem{}, next: map[string]time.Time{}, round: round}
		defer func() {
			for _, it := range m.items {
				check(t, s.Done(ctx, it.Item, ingest.Outcome{}))
			}
		}()
		now := base
		for range rapid.IntRange(1, 30).Draw(r, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 40).Draw(r, "seconds")) * time.Second)
			if err := step(ctx, r, s, m, now); err != nil {
				r.Fatal(err)
			}
		}
	})
}

func step(ctx context.Context, r *rapid.T, s Store, m *model, now time.Time) error {
	host := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "host") + fmt.Sprint(m.round)
	switch rapid.IntRange(0, 4).Draw(r, "operation") {
	case 0:
		it := item(host, fmt.Sprint(rapid.IntRange(0, 5).Draw(r, "path")), rapid.IntRange(0, 2).Draw(r, "depth"))
		if m.items[it.URL] == nil {
			m.items[it.URL] = &modelItem{Item: it, order: len(m.items)}
		}
		return s.Add(ctx, []ingest.Item{it})
	case 1, 2, 3:
		limit := rapid.IntRange(0, 3).Draw(r, "limit")
		rest := time.Duration(rapid.IntRange(0, 40).Draw(r, "interval")) * time.Second
		items, err := s.Lease(ctx, ingest.Lease{Now: now, Limit: limit, For: 30 * time.Second, Interval: func(ingest.Item) time.Duration { return rest }})
		var got []string
		for _, it := range items {
			got = append(got, it.URL)
		}
		if want := m.lease(now, limit, 30*time.Second, rest); !slices.Equal(got, want) {
			r.Fatalf("Lease hands out %q, want %q", got, want)
		}
		return err
	}
	var known []string
	for u := range m.items {
		known = append(known, u)
	}
	if len(known) == 0 {
		return nil
	}
	slices.Sort(known)
	it := m.items[rapid.SampledFrom(known).Draw(r, "done")]
	var o ingest.Outcome
	if rapid.Bool().Draw(r, "again") {
		o.Again = now.Add(time.Duration(rapid.IntRange(0, 60).Draw(r, "in")) * time.Second)
	}
	o.Priority = ingest.Priority(rapid.IntRange(0, 1).Draw(r, "priority"))
	if rapid.Bool().Draw(r, "rests") {
		m.next[it.Host] = now.Add(time.Duration(rapid.IntRange(-10, 30).Draw(r, "next")) * time.Second)
		o.HostNext = map[string]time.Time{it.Host: m.next[it.Host]}
	}
	it.due, it.never, it.leased, it.Priority = o.Again, o.Again.IsZero(), time.Time{}, o.Priority
	return s.Done(ctx, it.Item, o)
}

// testConcurrentLeases: concurrent workers get each item once, and never two of a host at a time.
func testConcurrentLeases(t *testing.T, open Open) {
	const workers, hosts, paths = 6, 5, 12
	s := open(t)
	for h := range hosts {
		for p := range paths {
			add(t, s, item(fmt.Sprint("h", h), fmt.Sprint(p), p%3))
		}
	}
	var mu sync.Mutex
	visits, busy := map[string]int{}, map[string]bool{}
	begin := func(it ingest.Item) {
		mu.Lock()
		defer mu.Unlock()
		if busy[it.Host] {
			t.Errorf("two items of %s are leased at once", it.Host)
		}
		busy[it.Host] = true
		visits[it.URL]++
	}
	end := func(it ingest.Item) {
		mu.Lock()
		defer mu.Unlock()
		busy[it.Host] = false
	}
	left := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(visits) < hosts*paths && !t.Failed()
	}
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for left() {
				items, err := s.Lease(context.Background(), ingest.Lease{Now: base, Limit: 2, For: time.Hour})
				if err != nil {
					t.Error(err)
					return
				}
				for _, it := range items {
					begin(it)
				}
				for _, it := range items {
					end(it)
					if err := s.Done(context.Background(), it, ingest.Outcome{}); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	group.Wait()
	for url, n := range visits {
		if n != 1 {
			t.Errorf("%s was leased %d times", url, n)
		}
	}
	if _, ok, err := s.Next(t.Context()); ok || err != nil || len(visits) != hosts*paths {
		t.Errorf("%d URLs were visited; something is left: %v, error %v", len(visits), ok, err)
	}
}

func testAllFrontier(t *testing.T, open Open) {
	s := open(t)
	const urls = 450 // more than an implementation reads at a time
	want := make([]store.FrontierRecord, urls)
	var items []ingest.Item
	for i := range urls {
		it := item("a", fmt.Sprintf("%03d", i), 0)
		items, want[i] = append(items, it), store.FrontierRecord{URL: it.URL, Waits: true}
	}
	add(t, s, items...)
	done(t, s, items[0], ingest.Outcome{Skip: qianshao.SkipRobots})
	done(t, s, items[1], ingest.Outcome{Skip: qianshao.SkipUnreachable, Again: base})
	want[0].Skip, want[0].Waits = qianshao.SkipRobots, false
	want[1].Skip = qianshao.SkipUnreachable
	if diff := cmp.Diff(want, all(t, s.AllFrontier(t.Context()))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for record, err := range s.AllFrontier(t.Context()) {
		check(t, err)
		if record.URL != items[0].URL {
			t.Errorf("the first is %s", record.URL)
		}
		break // an iterator may be left early
	}
}

// testOddURLs: URLs of 8 KiB are keys like any others, sorted by their bytes. A URL that cannot be
// requested, with a NUL or invalid UTF-8, is stored unchanged or refused.
func testOddURLs(t *testing.T, open Open) {
	s := open(t)
	long, other := longPath(1), longPath(2)
	want := []string{
		"http://A/", "http://a/", "http://a/B", "http://a/" + long + "x", "http://a/" + long + "y", "http://a/b", "http://a/b?", "http://a/b?c", "http://a/é", "http://a/中",
		"http://a/" + long + "x?" + other[7_900:], "http://a/" + long + "x?" + long[7_900:], "http://a/q?" + long, "http://a/q?" + other,
	}
	slices.Sort(want)
	for _, url := range want {
		add(t, s, ingest.Item{URL: url, Host: "a"})
		_, err := s.SavePage(t.Context(), Page(url, "x", 0, "casino"))
		check(t, err)
	}
	saved := slices.Clone(want)
	for _, url := range []string{"http://a/\x00z", "http://a/\xff\xfe"} {
		if s.Add(t.Context(), []ingest.Item{{URL: url, Host: "a"}}) == nil {
			want = append(want, url)
		}
		if _, err := s.SavePage(t.Context(), Page(url, "x", 0, "casino")); err == nil {
			saved = append(saved, url)
		}
	}
	slices.Sort(want)
	var keys []string
	for _, url := range saved {
		keys = append(keys, qianshao.PageKey(url))
	}
	slices.Sort(keys)
	var urls, pages []string
	for _, record := range all(t, s.AllFrontier(t.Context())) {
		urls = append(urls, record.URL)
	}
	for _, record := range all(t, s.AllPages(t.Context())) {
		pages = append(pages, record.Key)
	}
	if diff := cmp.Diff(want, urls); diff != "" {
		t.Errorf("the frontier (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(keys, pages); diff != "" {
		t.Errorf("the pages (-want +got):\n%s", diff)
	}
	for _, url := range saved {
		f, err := s.Finding(t.Context(), qianshao.FindingID(url, "casino"))
		if err != nil || f.Source != "x" || f.RequestedURL != url+"?asked" {
			t.Errorf("the finding of %.40q: %+v, error %v", url, f, err)
		}
	}
	for page, want := range map[string]int{"http://a/" + long + "x": 2, "http://a/" + long + "y": 0, "http://a/" + long: 0, "http://a/q": 2, "http://a/b": 2} {
		if n, err := s.QueryCount(t.Context(), page); err != nil || n != want {
			t.Errorf("%.40s has %d queries, error %v; want %d", page, n, err, want)
		}
	}
}
