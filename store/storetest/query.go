package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
)

// testKeys: a page is identified by its URL, although its record has no query: two queries are two pages,
// each confirmed, flagged and gone by itself.
func testKeys(t *testing.T, open Open) {
	s := open(t)
	const one, two, plain = "http://a/p?sid=1", "http://a/p?sid=2", "http://a/p"
	for _, url := range []string{one, two, plain} {
		p := Page(url, "文", 0)
		p.Rules = "rules"
		save(t, s, p)
	}
	records := all(t, s.AllPages(t.Context()))
	for i, want := range []string{plain, qianshao.PageKey(one), qianshao.PageKey(two)} { // by the bytes of the key
		if len(records) != 3 || records[i].Key != want {
			t.Fatalf("records %+v, the key at %d should be %s", records, i, want)
		}
	}
	hash := hashOf([]byte("文"))
	for url, want := range map[string]bool{one: true, two: true, plain: true, "http://a/p?sid=3": false, qianshao.PageKey(one): false} {
		if _, known, err := s.Confirm(t.Context(), url, hash, "rules", base.Add(time.Hour)); err != nil || known != want {
			t.Errorf("%s is known: %v, %v", url, known, err)
		}
	}
	saved := save(t, s, Page(two, "注册送", 2, "casino"))
	if len(saved.Findings) != 1 || saved.Findings[0].Finding.URL != two || saved.Findings[0].Finding.ID != qianshao.FindingID(two, "casino") {
		t.Errorf("of the flagged page: %+v", saved)
	}
	if pages := all(t, s.FlaggedPages(t.Context())); len(pages) != 1 || pages[0].URL != two || pages[0].RequestedURL != two+"?asked" {
		t.Errorf("flagged pages: %+v", pages)
	}
	gonePage(t, s, one, 3)
	if f := finding(t, s, two, "casino"); f.State() != qianshao.StateOpen || f.URL != two || f.RequestedURL != two+"?asked" {
		t.Errorf("another page is gone, and the finding is %+v", f)
	}
	gonePage(t, s, two, 4)
	save(t, s, Page(two, "注册送", 5, "casino"))
	if f := finding(t, s, two, "casino"); len(f.Changes) != 2 || f.State() != qianshao.StateOpen {
		t.Errorf("its history is %+v", f.Changes)
	}
}

// testDrop: a dropped URL is removed, and is new if it is added again. A report of it keeps the reason.
func testDrop(t *testing.T, open Open) {
	s := open(t)
	dropped, other := item("a", "p?sid=1", 0), item("a", "p", 0)
	add(t, s, dropped, other)
	report, err := s.Submit(t.Context(), store.Report{URL: dropped.URL, Origin: "api", By: "test", At: base}, &dropped, "")
	check(t, err)
	memory := ingest.Memory{MissedSince: base.Add(-time.Hour)}
	done(t, s, dropped, ingest.Outcome{Again: base, Skip: qianshao.SkipStatus, Memory: memory})
	items, err := s.Lease(t.Context(), ingest.Lease{Now: base, Limit: 1, For: time.Minute})
	if err != nil || len(items) != 1 || items[0].URL != other.URL { // it was due first
		t.Fatalf("%+v, %v", items, err)
	}
	done(t, s, other, ingest.Outcome{})
	items, err = s.Lease(t.Context(), ingest.Lease{Now: base, Limit: 1, For: time.Minute})
	if err != nil || len(items) != 1 || !items[0].MissedSince.Equal(memory.MissedSince) {
		t.Fatalf("it should remember since when there is no page: %+v, %v", items, err)
	}
	done(t, s, dropped, ingest.Outcome{Drop: true, Skip: qianshao.SkipQuery, Links: []ingest.Item{item("a", "next", 1)}})
	done(t, s, dropped, ingest.Outcome{Drop: true}) // by a worker that is late
	if records := all(t, s.AllFrontier(t.Context())); len(records) != 2 || records[0].URL != "http://a/next" || records[1].URL != other.URL {
		t.Errorf("the frontier has %+v", records)
	}
	wantURLs(t, "its lease has ended", lease(t, s, 0, 1), "a/next")
	if err := s.Done(t.Context(), dropped, ingest.Outcome{}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Done of a URL that was dropped: %v", err)
	}
	report, err = s.Submission(t.Context(), report.ID)
	if err != nil || report.State != qianshao.SubmissionNotFetched || report.Skip != qianshao.SkipQuery {
		t.Errorf("its report: %+v, %v", report, err)
	}
}
