package app_test

import (
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
)

const casinoPage = `<title>青禾诊所</title><p>澳门线上赌场官网开户，注册送彩金88元，真人百家乐，老虎机爆奖</p>`

// within calls is until it returns true, and fails the test if that takes too long.
func within(t *testing.T, most time.Duration, what string, is func() bool) {
	t.Helper()
	for began := time.Now(); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > most {
			t.Fatalf("%s: not within %s", what, most)
		}
	}
}

// TestFoundWhileCrawling: soon after a finding was saved, while the crawl goes on, it can be
// searched and no changes are pending.
func TestFoundWhileCrawling(t *testing.T) {
	t.Parallel()
	// It takes a fraction of a second. The feeder looks by itself only every ten
	// seconds, so a lost signal makes the test fail.
	const lost = 9 * time.Second
	a, _ := apptest.Site(t, casinoPage, false)
	a.Start(t.Context())
	var saved, found time.Time
	within(t, time.Minute, "saved", func() bool {
		counts, err := a.Folder.Store.Counts(t.Context())
		saved = time.Now()
		return err == nil && counts.Open == 1
	})
	within(t, lost, "found", func() bool {
		results, err := a.Index.Search(t.Context(), index.Request{Sight: qianshao.SeeAll()})
		found = time.Now()
		return err == nil && results.Total == 1
	})
	t.Logf("found %s after it was saved", found.Sub(saved))
	within(t, time.Minute, "settled", func() bool {
		return metric(t, a, "qianshao_index_pending_findings") == "0" && metric(t, a, "qianshao_index_lag_seconds") == "0"
	})
}

// TestDecidedIsSearched: people's decisions and a finding's campaign can be searched as soon as the
// crawl's findings, but not the answer of a decision that waits for its review.
func TestDecidedIsSearched(t *testing.T) {
	t.Parallel()
	const lost = 9 * time.Second // as in TestFoundWhileCrawling
	a, _ := apptest.Site(t, casinoPage, false)
	a.Start(t.Context())
	var hit index.Hit
	finds := func(query string) bool {
		n, err := index.Parse(query, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		results, err := a.Index.Search(t.Context(), index.Request{Sight: qianshao.SeeAll(), Query: n, Limit: 1})
		if err == nil && results.Total == 1 {
			hit = results.Hits[0]
		}
		return err == nil && results.Total == 1
	}
	within(t, time.Minute, "grouped", func() bool { return finds("verdict:none") && hit.Campaign != "" })
	if !finds("campaign:"+hit.Campaign) || !finds("age:<1h") || !finds("assignee:none parked:false") {
		t.Errorf("%+v is not found by its campaign, age and task", hit)
	}
	ann := qianshao.Account{Name: "ann", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()}
	decide := func(verdict qianshao.Verdict, reason qianshao.Reason) {
		t.Helper()
		subject := qianshao.Subject{Kind: qianshao.SubjectFinding, ID: hit.ID}
		v, err := a.Desk.Look(t.Context(), ann, subject)
		if err != nil {
			t.Fatal(err)
		}
		draft := desk.Draft{Subject: subject, Kind: qianshao.ActDecide, Basis: v.Standing.Act, Seen: v.Seen, Verdict: verdict, Reason: reason}
		if _, err := a.Desk.Do(t.Context(), ann, draft); err != nil {
			t.Fatal(err)
		}
	}
	setShare := func(share float64) {
		t.Helper()
		if err := a.Folder.Accounts.SetSecondReviewShare(t.Context(), "root", share); err != nil {
			t.Fatal(err)
		}
	}
	setShare(0)
	decide(qianshao.VerdictCrime, qianshao.ReasonHacked)
	within(t, lost, "decided", func() bool { return finds("verdict:crime decided_by:ann") && hit.Verdict == "crime" })
	setShare(1)
	decide(qianshao.VerdictNotCrime, qianshao.ReasonAwareness)
	within(t, lost, "due for a second review", func() bool { return finds("verdict:review") && hit.Verdict == "review" })
	if finds("verdict:not_crime") || finds("decided_by:ann") {
		t.Error("the search finds the answer that must be kept from the reviewers")
	}
}

// TestIndexDown: a crawl with an index that fails still comes to its end, and reports the pending
// changes. The next process indexes them.
func TestIndexDown(t *testing.T) {
	t.Parallel()
	a, data := apptest.Site(t, casinoPage, true)
	if err := a.Index.Close(); err != nil {
		t.Fatal(err)
	}
	a.Start(t.Context())
	if err := a.WaitCrawl(); err != nil {
		t.Errorf("the crawl failed: %v", err)
	}
	if n := metric(t, a, "qianshao_index_pending_findings"); n != "1" {
		t.Errorf("%s findings are pending", n)
	}
	if n := metric(t, a, `qianshao_page_failures_total{stage="index"}`); n == "0" {
		t.Error("no failure is counted")
	}
	if err := a.Stop(); err != nil {
		t.Error(err)
	}
	results, err := datafolder.Search(t.Context(), datafolder.SearchRequest{
		Folder: datafolder.Options{Data: data}, Query: "state:open", Reindexing: func(int, int) { t.Error("the index is built anew") },
	})
	if err != nil || results.Total != 1 {
		t.Errorf("%d findings, %v", results.Total, err)
	}
	f, err := datafolder.Open(t.Context(), datafolder.Options{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, err := f.Store.Backlog(t.Context(), store.ConsumerIndex); err != nil || b.Findings != 0 {
		t.Errorf("pending: %+v, %v", b, err)
	}
}
