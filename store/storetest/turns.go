package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/ingest/fetch"
)

// leaseTo is lease for a given holder.
func leaseTo(t testing.TB, s Store, holder string, after time.Duration, limit int) []ingest.Item {
	t.Helper()
	items, err := s.Lease(t.Context(), ingest.Lease{Holder: holder, Now: base.Add(after), Limit: limit, For: time.Minute})
	check(t, err)
	return items
}

// testHolders: a crawler ends and extends only its own leases, and an outcome counts only while the crawler
// has the lease.
func testHolders(t *testing.T, open Open) {
	s := open(t)
	add(t, s, item("a", "1", 0), item("b", "1", 0), item("c", "1", 0))
	first := leaseTo(t, s, "one", 0, 2)
	second := leaseTo(t, s, "two", 0, 10)
	if len(first) != 2 || len(second) != 1 || first[0].Holder != "one" || second[0].Holder != "two" {
		t.Fatalf("%+v, %+v", first, second)
	}
	check(t, s.Release(t.Context(), "two", base))
	if again := leaseTo(t, s, "three", 0, 10); len(again) != 1 || again[0].Host != "c" {
		t.Fatalf("after one crawler has ended: %+v", again)
	}
	check(t, s.Extend(t.Context(), "one", []string{"a", "c"}, base.Add(time.Minute), time.Minute))
	taken := leaseTo(t, s, "two", 90*time.Second, 10)
	if len(taken) != 2 || taken[0].Host != "b" || taken[1].Host != "c" {
		t.Fatalf("the extended lease, and no other, is still its holder's: %+v", taken)
	}
	link := []ingest.Item{item("d", "1", 0)}
	late := ingest.Visit{Item: first[1], Outcome: ingest.Outcome{Again: base.Add(time.Hour), Links: link}}
	if err := s.Done(t.Context(), late.Item, late.Outcome); !errors.Is(err, ingest.ErrLeasePassed) {
		t.Errorf("an outcome whose lease has passed on: %v", err)
	}
	var passed []string
	items, err := s.Lease(t.Context(), ingest.Lease{
		Holder: "one", Now: base.Add(90 * time.Second), Limit: 10, For: time.Minute,
		Visits: []ingest.Visit{late, {Item: first[0], Outcome: ingest.Outcome{}}},
		Passed: func(it ingest.Item) { passed = append(passed, it.URL) },
	})
	check(t, err)
	if len(items) != 0 || !slices.Equal(passed, []string{"http://b/1"}) {
		t.Errorf("passed on: %q; handed out: %+v", passed, items)
	}
	if n, err := s.HostCount(t.Context(), "d"); err != nil || n != 0 {
		t.Errorf("links of an outcome that was not recorded: %d, %v", n, err)
	}
	for _, it := range taken {
		done(t, s, it, ingest.Outcome{})
	}
	if err := s.Done(t.Context(), late.Item, late.Outcome); !errors.Is(err, ingest.ErrLeasePassed) {
		t.Errorf("an outcome after another's: %v", err)
	}
	if due, ok, err := s.Next(t.Context()); ok || err != nil {
		t.Errorf("something is due at %s, %v", due, err)
	}
}

// testReleased: after a crawler has restarted, nobody knows when its last requests were sent. Its hosts
// rest from then on, each for the interval that was booked.
func testReleased(t *testing.T, open Open) {
	s := open(t)
	add(t, s, item("a", "1", 0))
	start := now(t, s)
	first, err := s.Lease(t.Context(), ingest.Lease{Holder: "one", Now: start, Limit: 1, For: time.Minute, Interval: func(ingest.Item) time.Duration { return 5 * time.Minute }})
	check(t, err)
	add(t, s, item("b", "1", 0))
	if b := turn(t, s, "one", "b", false); len(first) != 1 || !b.Ends {
		t.Fatalf("%+v, %+v", first, b)
	}
	check(t, s.Release(t.Context(), "one", start.Add(3*time.Minute)))
	for _, rest := range []struct {
		after time.Duration
		host  string
	}{{8 * time.Minute, "a"}, {13 * time.Minute, "b"}} {
		if items := leaseAt(t, s, start.Add(rest.after-time.Second)); len(items) != 0 {
			t.Errorf("leased before its rest is over: %+v", items)
		}
		if items := leaseAt(t, s, start.Add(rest.after+time.Second)); len(items) != 1 || items[0].Host != rest.host {
			t.Errorf("after %s: %+v, want a URL of %s", rest.after, items, rest.host)
		}
	}
}

func leaseAt(t testing.TB, s Store, at time.Time) []ingest.Item {
	t.Helper()
	items, err := s.Lease(t.Context(), ingest.Lease{Holder: "two", Now: at, Limit: 1, For: time.Hour})
	check(t, err)
	return items
}

// now is what the database's clock shows, or this machine's if it has none.
func now(t testing.TB, s Store) time.Time {
	t.Helper()
	at, err := s.Clock(t.Context())
	check(t, err)
	if at.IsZero() {
		return time.Now()
	}
	return at
}

// turn requests a turn of a host.
func turn(t testing.TB, s Store, holder, host string, isLeased bool) fetch.Booked {
	t.Helper()
	booked, err := s.Turn(t.Context(), ingest.Turn{
		Holder: holder, Now: time.Now(),
		Turn: fetch.Turn{Host: host, Interval: 10 * time.Minute, Most: 15 * time.Minute, For: 30 * time.Second, Leased: isLeased},
	})
	check(t, err)
	return booked
}

// near says whether a pause is as wanted, allowing for the time that the test takes.
func near(got, want time.Duration) bool { return got <= want && got > want-time.Minute }

// testTurns: a host has one turn at a time, an interval after the one before; its lease prevents other
// crawlers' turns, and a turn prevents its lease.
func testTurns(t *testing.T, open Open) {
	s := open(t)
	add(t, s, item("a", "1", 0))
	if b := turn(t, s, "one", "a", false); b.Busy || !b.Ends || !near(b.Pause, 0) {
		t.Errorf("the first turn: %+v", b)
	}
	if b := turn(t, s, "two", "a", false); !b.Busy {
		t.Errorf("a host that is being requested: %+v", b)
	}
	start := now(t, s)
	take := func(holder string, at time.Time) []ingest.Item {
		items, err := s.Lease(t.Context(), ingest.Lease{Holder: holder, Now: at, Limit: 1, For: time.Minute})
		check(t, err)
		return items
	}
	if due, ok, err := s.Next(t.Context()); err != nil || !ok || !near(due.Sub(start), 10*time.Minute) {
		t.Errorf("a lease can be had at %s, %v", due, err)
	}
	check(t, s.EndTurn(t.Context(), "two", "a", time.Now(), 0)) // which does not have the turn
	if b := turn(t, s, "two", "a", false); !b.Busy {
		t.Errorf("after another holder has ended its turn: %+v", b)
	}
	check(t, s.EndTurn(t.Context(), "one", "a", time.Now(), 12*time.Minute))
	if b := turn(t, s, "two", "a", false); b.Busy || !b.Ends || !near(b.Pause, 12*time.Minute) {
		t.Errorf("the second turn: %+v", b)
	}
	check(t, s.EndTurn(t.Context(), "two", "a", time.Now(), 0))
	if b := turn(t, s, "one", "a", false); b.Busy || !near(b.Pause, 22*time.Minute) {
		t.Errorf("a turn too far away: %+v", b)
	}
	if items := take("one", start.Add(21*time.Minute)); len(items) != 0 {
		t.Errorf("leased before the turn's interval is over: %+v", items)
	}

	// Otherwise unknown hosts have turns as well, and do not count as hosts without pages.
	if b := turn(t, s, "one", "style.example", false); b.Busy || !b.Ends || !near(b.Pause, 0) {
		t.Errorf("a turn of an unknown host: %+v", b)
	}
	if got := hostNames(silent(t, s, 0)); !slices.Equal(got, []string{"a"}) {
		t.Errorf("hosts without pages: %q", got)
	}
	add(t, s, item("style.example", "1", 0))
	if got := hostNames(silent(t, s, 0)); !slices.Equal(got, []string{"a", "style.example"}) {
		t.Errorf("hosts without pages, now that there is a URL: %q", got)
	}
	check(t, s.Release(t.Context(), "one", now(t, s))) // a crawler that died in its turn
	if b := turn(t, s, "two", "style.example", false); b.Busy || !near(b.Pause, 10*time.Minute) {
		t.Errorf("after a crawler has started again: %+v", b)
	}
}

// testTurnsOfVisits: the visit that has leased a host needs no mark for its requests while the lease lasts;
// others wait for it.
func testTurnsOfVisits(t *testing.T, open Open) {
	s := open(t)
	add(t, s, item("a", "1", 0))
	items, err := s.Lease(t.Context(), ingest.Lease{Holder: "one", Now: now(t, s), Limit: 1, For: time.Hour, Interval: func(ingest.Item) time.Duration { return 5 * time.Minute }})
	check(t, err)
	if b := turn(t, s, "two", "a", false); !b.Busy {
		t.Errorf("the host is leased to another crawler: %+v", b)
	}
	if b := turn(t, s, "two", "a", true); !b.Busy {
		t.Errorf("the host is leased to another crawler now: %+v", b)
	}
	if b := turn(t, s, "one", "a", true); b.Busy || b.Ends || !near(b.Pause, 5*time.Minute) {
		t.Errorf("a turn of the visit itself: %+v", b)
	}
	check(t, s.Extend(t.Context(), "one", []string{"a"}, now(t, s), 15*time.Minute+10*time.Second))
	if b := turn(t, s, "one", "a", true); b.Busy || !b.Ends {
		t.Errorf("a turn of the visit that may outlast its lease: %+v", b)
	}
	rest := now(t, s).Add(time.Hour)
	done(t, s, items[0], ingest.Outcome{HostNext: map[string]time.Time{"a": rest, "b": rest}})
	add(t, s, item("b", "1", 0), item("c", "1", 0))
	done(t, s, item("c", "1", 0), ingest.Outcome{HostNext: map[string]time.Time{"b": rest.Add(-time.Minute)}})
	if due, ok, err := s.Next(t.Context()); err != nil || !ok || !due.Equal(rest.Truncate(time.Millisecond)) {
		t.Errorf("a host's rest, set by two visits to other hosts, ends at %s, %v; want %s", due, err, rest)
	}
}

// testConcurrentCrawlers: crawlers that lease, extend, take turns, finish, and die in the middle, all at
// once: no host belongs to two at a time, and each URL is recorded once.
func testConcurrentCrawlers(t *testing.T, open Open) {
	const crawlers, hosts, paths = 4, 6, 8
	s := open(t)
	for h := range hosts {
		add(t, s, item(fmt.Sprint("h", h), "0", 0))
	}
	c := crowd{t: t, store: s, asked: map[string]string{}, recorded: map[string]int{}, want: hosts * paths}
	var group sync.WaitGroup
	for i := range crawlers {
		group.Go(func() {
			for n := 0; c.goesOn(); n++ {
				c.step(fmt.Sprint("crawler", i), n, hosts, paths)
			}
		})
	}
	group.Wait()
	for url, n := range c.recorded {
		if n != 1 {
			t.Errorf("%s was recorded %d times", url, n)
		}
	}
	if _, ok, err := s.Next(t.Context()); ok || err != nil {
		t.Errorf("something is left: %v, %v", ok, err)
	}
}

// crowd is a group of concurrent crawlers.
type crowd struct {
	t     *testing.T
	store Store
	want  int

	mu       sync.Mutex
	asked    map[string]string // by whom, for each host
	recorded map[string]int
}

func (c *crowd) goesOn() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.recorded) < c.want && !c.t.Failed()
}

// ask marks a host as being requested while f runs.
func (c *crowd) ask(holder, host string, f func()) {
	c.mu.Lock()
	if by := c.asked[host]; by != "" {
		c.t.Errorf("%s is requested by %s and by %s", host, by, holder)
	}
	c.asked[host] = holder
	c.mu.Unlock()
	f()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.asked, host)
}

func (c *crowd) step(holder string, n, hosts, paths int) {
	ctx := context.Background()
	fail := func(err error) bool {
		if err != nil {
			c.t.Error(err)
		}
		return err != nil
	}
	at := time.Now().Add(time.Minute) // after all turns, before the leases end
	items, err := c.store.Lease(ctx, ingest.Lease{Holder: holder, Now: at, Limit: 2, For: time.Hour})
	if fail(err) {
		return
	}
	if n%5 == 4 { // it dies and starts again
		fail(c.store.Release(ctx, holder, at))
		return
	}
	var visits []ingest.Visit
	for _, it := range items {
		c.ask(holder, it.Host, func() { fail(c.store.Extend(ctx, holder, []string{it.Host}, at, time.Hour)) })
		visits = append(visits, ingest.Visit{Item: it, Outcome: ingest.Outcome{Links: c.links(hosts, paths)}})
	}
	other := fmt.Sprint("h", n%hosts)
	booked, err := c.store.Turn(ctx, ingest.Turn{Holder: holder, Now: at, Turn: fetch.Turn{Host: other, Most: time.Minute, For: time.Hour}})
	if fail(err) {
		return
	}
	leased := slices.ContainsFunc(items, func(it ingest.Item) bool { return it.Host == other })
	if !booked.Busy && !leased {
		c.ask(holder, other, func() {})
	}
	if booked.Ends {
		fail(c.store.EndTurn(ctx, holder, other, at, 0))
	}
	_, err = c.store.Lease(ctx, ingest.Lease{Holder: holder, Now: at, Visits: visits, Passed: func(it ingest.Item) {
		c.t.Errorf("the lease of %s has passed on", it.URL)
	}})
	if fail(err) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range visits {
		c.recorded[v.Item.URL]++
	}
}

// links returns all URLs, in an order that differs from call to call.
func (c *crowd) links(hosts, paths int) []ingest.Item {
	all := map[string]ingest.Item{}
	for h := range hosts {
		for p := range paths {
			it := item(fmt.Sprint("h", h), fmt.Sprint(p), p%3)
			all[it.URL] = it
		}
	}
	return slices.Collect(maps.Values(all))
}
