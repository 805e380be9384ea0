package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

// deletionOf is the deletion of the finding of a rule on a page, some hours after base.
func deletionOf(url, rule string, hours int) store.Deletion {
	return store.Deletion{
		Finding: qianshao.FindingID(url, rule), Category: qianshao.Gambling, At: base.Add(time.Duration(hours) * time.Hour), Reason: "retention of gambling is 1 days",
	}
}

func deleteFindings(t testing.TB, s Store, want int, list ...store.Deletion) {
	t.Helper()
	if n, err := s.DeleteFindings(t.Context(), list); err != nil || n != want {
		t.Fatalf("%d findings deleted, want %d, error %v", n, want, err)
	}
}

func testOldFindings(t *testing.T, open Open) {
	s := open(t)
	save(t, s, Page("http://a/1", "文", 1, "casino"))
	save(t, s, Page("http://a/2", "文", 2, "casino"))
	gonePage(t, s, "http://a/1", 5) // this does not count as seeing it
	list, err := s.OldFindings(t.Context(), base.Add(2*time.Hour))
	check(t, err)
	same(t, "findings last seen before hour 2", []store.OldFinding{
		{ID: qianshao.FindingID("http://a/1", "casino"), URL: "http://a/1", Category: qianshao.Gambling, LastSeen: base.Add(time.Hour)},
	}, list)
}

// testDeleteFindings: a deleted finding is nowhere any more, nor is anything kept for it alone; the page's
// other finding keeps what it needs.
func testDeleteFindings(t *testing.T, open Open) {
	s := open(t)
	const url = "http://a/page"
	page := Page(url, "注册送", 0, "casino", "loan")
	page.Rules = "rules"
	save(t, s, page)
	deleteFindings(t, s, 1, deletionOf(url, "casino", 1), deletionOf("http://a/unknown", "casino", 1))
	if _, err := s.Finding(t.Context(), qianshao.FindingID(url, "casino")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a deleted finding: %v", err)
	}
	if f := finding(t, s, url, "loan"); f.Source == "" {
		t.Error("the other finding has lost its source")
	}
	if _, known, err := s.Confirm(t.Context(), url, hashOf(page.Page.Body), "rules", base.Add(time.Hour)); err != nil || known {
		t.Errorf("the page still counts as assessed: %v, %v", known, err)
	}
	deleteFindings(t, s, 1, deletionOf(url, "loan", 2))
	if pages := all(t, s.FlaggedPages(t.Context())); len(pages) != 0 {
		t.Errorf("the page's text remains: %+v", pages)
	}
	c, err := s.Counts(t.Context())
	check(t, err)
	if c.Findings != 0 || c.Flagged != 0 || c.Pages != 1 {
		t.Errorf("%+v", c)
	}
	// If the page still shows it, it is found anew.
	wantSightings(t, "found anew", save(t, s, Page(url, "又", 9, "casino")), map[string]seen{"casino": {9, 9, -1, "标题 又", "标题\n又\na b"}})

	// Deleting a finding that is gone deletes its history and pictures, too.
	const cloak = "http://school.example/"
	save(t, s, cloaked(cloak, 1))
	gonePage(t, s, cloak, 2)
	deleteFindings(t, s, 1, deletionOf(cloak, "casino", 3))
	if got := views(t, s, cloak, "casino"); len(got) != 0 {
		t.Errorf("pictures remain: %+v", got)
	}
	save(t, s, cloaked(cloak, 4))
	if f := finding(t, s, cloak, "casino"); len(f.Changes) != 0 || !f.FirstSeen.Equal(base.Add(4*time.Hour)) {
		t.Errorf("its history remains: %+v", f.Changes)
	}
}

func testDeletions(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
	save(t, s, Page("http://a/1", "文", 0, "casino"))
	save(t, s, Page("http://a/2", "文", 0, "casino"))
	one, two := deletionOf("http://a/1", "casino", 1), deletionOf("http://a/2", "casino", 2)
	two.Reason = "案件已结 <1>"
	deleteFindings(t, s, 1, one)
	deleteFindings(t, s, 1, two)
	deleteFindings(t, s, 0, one) // is not logged twice
	log, err := s.Deletions(ctx, 10)
	check(t, err)
	same(t, "the log", []store.Deletion{two, one}, log)
	log, err = s.Deletions(ctx, 1)
	check(t, err)
	same(t, "the latest", []store.Deletion{two}, log)

	back := save(t, s, Page("http://a/2", "文", 5, "casino"))
	records, err := s.FindingRecordsOf(ctx, []string{one.Finding, two.Finding})
	check(t, err)
	same(t, "what was found anew", back.Findings, records)
	again := two
	again.At = base.Add(6 * time.Hour)
	deleteFindings(t, s, 1, again)
	log, err = s.Deletions(ctx, 10)
	check(t, err)
	same(t, "deleted twice", []store.Deletion{again, two, one}, log)
}
