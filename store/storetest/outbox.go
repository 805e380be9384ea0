package storetest

import (
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

// pendingRules returns the rules whose finding on a page a consumer has yet to process, in order, and
// settles nothing.
func pendingRules(t testing.TB, s Store, c store.Consumer, url string, rules ...string) (names []string, list []store.Pending) {
	t.Helper()
	list, err := s.Pending(t.Context(), c, 0, 100)
	check(t, err)
	for _, p := range list {
		name := p.Finding
		for _, rule := range rules {
			if qianshao.FindingID(url, rule) == p.Finding {
				name = rule
			}
		}
		if p.Deleted {
			name += " deleted"
		}
		names = append(names, name)
	}
	return names, list
}

// testOutbox: each consumer gets every finding that was saved, seen again or gone, in the order of the last
// change, and once for many changes.
func testOutbox(t *testing.T, open Open) {
	t.Run("deletions", func(t *testing.T) { testOutboxOfDeletions(t, open) })
	t.Run("backlog", func(t *testing.T) { testBacklog(t, open) })
	s, ctx := open(t), t.Context()
	const url = "http://a/page"
	page := Page(url, "注册送", 0, "casino", "loan")
	page.Rules = "rules"
	save(t, s, page)
	save(t, s, Page("http://a/clean", "文", 1))
	for _, c := range store.Consumers() {
		want := func(when string, rules ...string) []store.Pending {
			t.Helper()
			got, list := pendingRules(t, s, c, url, "casino", "loan", "job")
			same(t, when, rules, got)
			return list
		}
		told := want("a page was saved", "casino", "loan")
		backlog, err := s.Backlog(ctx, c)
		check(t, err)
		same(t, "the backlog", store.Backlog{Findings: 2, Oldest: base}, backlog)
		first, err := s.Pending(ctx, c, 0, 1)
		check(t, err)
		rest, err := s.Pending(ctx, c, first[0].Seq, 10)
		check(t, err)
		same(t, "read in parts", told, append(first, rest...))
		check(t, s.Settle(ctx, c, nil))
	}
	index := store.ConsumerIndex
	_, before := pendingRules(t, s, index, url)

	// A finding that changes while a consumer processes it stays pending, and its wait goes on.
	again := Page(url, "注册送 又", 2, "casino", "job")
	save(t, s, again)
	check(t, s.Settle(ctx, index, before))
	names, list := pendingRules(t, s, index, url, "casino", "loan", "job")
	same(t, "one fires again, one is new, one is gone", []string{"casino", "job", "loan"}, names)
	backlog, err := s.Backlog(ctx, index)
	check(t, err)
	same(t, "the backlog", store.Backlog{Findings: 3, Oldest: base}, backlog)

	for range 2 { // the second time changes nothing
		check(t, s.Settle(ctx, index, list))
	}
	names, _ = pendingRules(t, s, index, url)
	same(t, "all was told", 0, len(names))
	testOutboxOfVisits(t, s, again, list[len(list)-1].Seq)
}

// testOutboxOfVisits: a consumer without pending findings gets the next visit's, after last.
func testOutboxOfVisits(t *testing.T, s Store, again store.Save, last int64) {
	t.Helper()
	ctx, index, url := t.Context(), store.ConsumerIndex, again.Page.URL
	at := base.Add(3 * time.Hour)
	if _, known, err := s.Confirm(ctx, url, hashOf([]byte("another")), "rules", at); err != nil || known {
		t.Fatalf("known %v, error %v", known, err)
	}
	names, _ := pendingRules(t, s, index, url)
	same(t, "nothing was confirmed", 0, len(names))
	if _, known, err := s.Confirm(ctx, url, hashOf(again.Page.Body), "", at); err != nil || !known {
		t.Fatalf("known %v, error %v", known, err)
	}
	names, list := pendingRules(t, s, index, url, "casino", "job")
	same(t, "what is open was seen again", map[string]bool{"casino": true, "job": true}, set(names))
	if list[0].Seq <= last {
		t.Errorf("with nothing pending, Seq begins again with %d; it was at %d", list[0].Seq, last)
	}
	check(t, s.Settle(ctx, index, list))
	gonePage(t, s, url, 4)
	names, _ = pendingRules(t, s, index, url, "casino", "job")
	same(t, "the page is gone", map[string]bool{"casino": true, "job": true}, set(names))
}

func set(names []string) map[string]bool {
	m := map[string]bool{}
	for _, n := range names {
		m[n] = true
	}
	return m
}

// testOutboxOfDeletions: a consumer learns of a deletion even if the finding was found anew before, so that
// nothing of the deleted one remains.
func testOutboxOfDeletions(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
	save(t, s, Page("http://a/1", "文", 0, "casino"))
	save(t, s, Page("http://a/2", "文", 0, "casino"))
	for _, c := range store.Consumers() {
		list, err := s.Pending(ctx, c, 0, 10)
		check(t, err)
		check(t, s.Settle(ctx, c, list))
	}
	one := deletionOf("http://a/1", "casino", 1)
	deleteFindings(t, s, 1, one)
	save(t, s, Page("http://a/2", "又", 2, "casino"))
	for _, c := range store.Consumers() {
		names, _ := pendingRules(t, s, c, "http://a/1", "casino")
		same(t, "one was deleted, the other saved", []string{"casino deleted", qianshao.FindingID("http://a/2", "casino")}, names)
	}
	save(t, s, Page("http://a/1", "又", 3, "casino"))
	for _, c := range store.Consumers() {
		names, list := pendingRules(t, s, c, "http://a/1", "casino")
		same(t, "it was found anew", []string{qianshao.FindingID("http://a/2", "casino"), "casino deleted"}, names)
		check(t, s.Settle(ctx, c, list))
	}
}

func testBacklog(t *testing.T, open Open) {
	s := open(t)
	for hours, want := range []store.Backlog{{}, {Findings: 1, Oldest: base}} {
		for _, c := range store.Consumers() {
			backlog, err := s.Backlog(t.Context(), c)
			check(t, err)
			same(t, "the backlog", want, backlog)
		}
		save(t, s, Page("http://a/", "文", hours, "casino"))
	}
}
