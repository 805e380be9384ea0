package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
)

var _ ingest.Frontier = (*Store)(nil)

func item(host, path string, depth int) ingest.Item {
	return ingest.Item{URL: "http://" + host + "/" + path, Host: host, Authorisation: "a", Depth: depth}
}

func add(t testing.TB, s *Store, items ...ingest.Item) {
	t.Helper()
	if err := s.Add(t.Context(), items); err != nil {
		t.Fatal(err)
	}
}

// lease returns the URLs that are handed out at base+after.
func lease(t testing.TB, s *Store, after time.Duration, limit int) []string {
	t.Helper()
	items, err := s.Lease(t.Context(), ingest.Lease{Now: base.Add(after), Limit: limit, For: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	var urls []string
	for _, it := range items {
		urls = append(urls, strings.TrimPrefix(it.URL, "http://"))
	}
	return urls
}

func done(t testing.TB, s *Store, it ingest.Item, o ingest.Outcome) {
	t.Helper()
	if err := s.Done(t.Context(), it, o); err != nil {
		t.Fatal(err)
	}
}

func wantURLs(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestLease(t *testing.T) {
	s := temp(t)
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
	if err := s.Add(t.Context(), []ingest.Item{{URL: "http://x/"}}); err == nil {
		t.Error("an item without host is accepted")
	}
}

func TestNextWaitsForLeases(t *testing.T) {
	s := temp(t)
	add(t, s, item("a", "1", 0))
	lease(t, s, 0, 1)
	if due, ok, err := s.Next(t.Context()); err != nil || !ok || !due.Equal(base.Add(time.Minute)) {
		t.Errorf("Next is %v %v, error %v, want the lease's end", due, ok, err)
	}
	if err := s.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantURLs(t, "after Release", lease(t, s, 0, 1), "a/1")
}

// TestLateDone: a worker that comes after its lease has run out must not end
// the lease of another.
func TestLateDone(t *testing.T) {
	s := temp(t)
	add(t, s, item("a", "1", 0), item("a", "2", 1))
	lease(t, s, 0, 1)
	wantURLs(t, "taken over", lease(t, s, time.Minute, 1), "a/1")
	done(t, s, item("a", "1", 0), ingest.Outcome{})
	wantURLs(t, "the second", lease(t, s, time.Minute, 1), "a/2")
	done(t, s, item("a", "1", 0), ingest.Outcome{}) // the first worker, late
	wantURLs(t, "still leased", lease(t, s, time.Minute, 1))
}

// model is the frontier in memory, for comparison.
type model struct {
	items map[string]*modelItem
	next  map[string]time.Time
}

type modelItem struct {
	ingest.Item
	order  int
	due    time.Time
	never  bool
	leased time.Time // until
}

func (m *model) lease(now time.Time, limit int, ttl, rest time.Duration) []string {
	best, head := map[string]*modelItem{}, map[string]*modelItem{} // head puts the hosts in order
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

// TestFrontierModel runs random operations on store and model.
func TestFrontierModel(t *testing.T) {
	s := temp(t)
	rapid.Check(t, func(r *rapid.T) {
		if _, err := s.write.Exec(`DELETE FROM frontier`); err != nil {
			r.Fatal(err)
		}
		if _, err := s.write.Exec(`DELETE FROM hosts`); err != nil {
			r.Fatal(err)
		}
		m := &model{items: map[string]*modelItem{}, next: map[string]time.Time{}}
		now := base
		ctx := context.Background()
		for range rapid.IntRange(1, 30).Draw(r, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 40).Draw(r, "seconds")) * time.Second)
			if err := step(ctx, r, s, m, now); err != nil {
				r.Fatal(err)
			}
		}
	})
}

func step(ctx context.Context, r *rapid.T, s *Store, m *model, now time.Time) error {
	host := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "host")
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

// fill puts n URLs on hosts into the frontier, a tenth of them at random depth.
func fill(t testing.TB, s *Store, n, hosts int) {
	t.Helper()
	const batch = 10_000
	for at := 0; at < n; at += batch {
		items := make([]ingest.Item, 0, batch)
		for i := at; i < min(n, at+batch); i++ {
			items = append(items, item(fmt.Sprintf("h%d.example.cn", i%hosts), fmt.Sprint(i), i%10))
		}
		if err := s.Add(context.Background(), items); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLeasePlan holds the statements of a lease to the indexes, so that they
// stay quick with millions of rows.
func TestLeasePlan(t *testing.T) {
	s := temp(t)
	fill(t, s, 1000, 10)
	for query, index := range map[string]string{
		`SELECT host FROM hosts WHERE head_due IS NOT NULL AND head_due <= 5 AND next_at <= 5 AND lease_until <= 5 ORDER BY head_due, head_depth, host LIMIT 5`: "hosts_head",
		`SELECT url FROM frontier WHERE host = 'a' AND due IS NOT NULL ORDER BY due, depth LIMIT 1`:                                                             "frontier_head",
		`SELECT url FROM frontier WHERE host = 'a' AND priority > 0 AND due IS NOT NULL AND due <= 5 ORDER BY priority DESC, due, depth LIMIT 1`:                "frontier_urgent",
		`SELECT count(*) FROM frontier WHERE url >= 'http://a/?' AND url < 'http://a/@'`:                                                                        "sqlite_autoindex_frontier_1",
		`SELECT skip, count(*) FROM frontier WHERE skip <> '' GROUP BY skip`:                                                                                    "frontier_skip",
	} {
		plan, err := collect(t.Context(), s.read, func(r *sql.Rows) (detail string, err error) {
			var a, b, c int
			return detail, r.Scan(&a, &b, &c, &detail)
		}, "EXPLAIN QUERY PLAN "+query)
		all := strings.Join(plan, "; ")
		if err != nil || !strings.Contains(all, "INDEX "+index) {
			t.Errorf("%s\nruns by %q, error %v, want index %s", query, all, err, index)
		}
	}
}

func BenchmarkLease(b *testing.B) {
	for _, hosts := range []int{20, 20_000} {
		b.Run(fmt.Sprintf("urls=200000/hosts=%d", hosts), func(b *testing.B) {
			s := temp(b)
			fill(b, s, 200_000, hosts)
			now := base
			b.ReportAllocs()
			for b.Loop() {
				items, err := s.Lease(b.Context(), ingest.Lease{Now: now, Limit: 16, For: time.Minute})
				if err != nil || len(items) != 16 {
					b.Fatalf("%d items, error %v", len(items), err)
				}
				for _, it := range items {
					if err := s.Done(b.Context(), it, ingest.Outcome{Again: now.Add(time.Hour)}); err != nil {
						b.Fatal(err)
					}
				}
				now = now.Add(time.Second)
			}
			b.ReportMetric(float64(16*b.N)/b.Elapsed().Seconds(), "urls/s")
		})
	}
}
