package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
)

// testCategoryMoves: a finding that moves to another category stays the same finding, and its history shows
// the move; one that was merged into another is gone, and its history shows into which.
func testCategoryMoves(t *testing.T, open Open) {
	s := open(t)
	const url = "http://a/"
	in := func(hours int, category qianshao.Category, rules ...string) {
		t.Helper()
		p := Page(url, "注册送彩金", hours, rules...)
		for i := range p.Assessment.Findings {
			p.Assessment.Findings[i].Category = category
		}
		if len(rules) == 1 {
			p.Merged = map[string]string{qianshao.FindingID(url, "loan"): qianshao.FindingID(url, "casino")}
		}
		for range 2 { // the second time changes nothing
			save(t, s, p)
		}
	}
	in(0, qianshao.Gambling, "casino", "loan")
	in(1, qianshao.Fraud, "casino")
	in(2, qianshao.Fraud, "casino")
	in(3, qianshao.Gambling, "casino")

	at := func(hours int) time.Time { return base.Add(time.Duration(hours) * time.Hour) }
	f := finding(t, s, url, "casino")
	want := []qianshao.Change{
		{At: at(1), State: qianshao.StateOpen, Cause: qianshao.CauseCategory, From: qianshao.Gambling, To: qianshao.Fraud},
		{At: at(3), State: qianshao.StateOpen, Cause: qianshao.CauseCategory, From: qianshao.Fraud, To: qianshao.Gambling},
	}
	if diff := cmp.Diff(want, f.Changes); diff != "" || !f.FirstSeen.Equal(at(0)) || f.State() != qianshao.StateOpen || f.Category != qianshao.Gambling {
		t.Errorf("%s %s since %s; its history (-want +got):\n%s", f.State(), f.Category, f.FirstSeen, diff)
	}
	merged := finding(t, s, url, "loan")
	want = []qianshao.Change{{At: at(1), State: qianshao.StateGone, Cause: qianshao.CauseMerged, Into: f.ID}}
	if diff := cmp.Diff(want, merged.Changes); diff != "" {
		t.Errorf("the history of the merged finding (-want +got):\n%s", diff)
	}

	records, err := s.FindingsOfPage(t.Context(), url)
	check(t, err)
	states := map[string]qianshao.State{}
	for _, r := range records {
		states[r.Finding.Rule] = r.State()
	}
	if diff := cmp.Diff(map[string]qianshao.State{"casino": qianshao.StateOpen, "loan": qianshao.StateGone}, states); diff != "" {
		t.Errorf("the findings of the page (-want +got):\n%s", diff)
	}
}

// testReopenedElsewhere: the history of a finding that was gone and comes back in another category shows
// both.
func testReopenedElsewhere(t *testing.T, open Open) {
	s := open(t)
	const url = "http://a/"
	save(t, s, Page(url, "文", 0, "casino"))
	save(t, s, Page(url, "清净", 1))
	back := Page(url, "文", 2, "casino")
	back.Assessment.Findings[0].Category = qianshao.Fraud
	save(t, s, back)
	f := finding(t, s, url, "casino")
	want := qianshao.Change{At: base.Add(2 * time.Hour), State: qianshao.StateOpen, Cause: qianshao.CauseContent, From: qianshao.Gambling, To: qianshao.Fraud}
	if len(f.Changes) != 2 || f.Changes[1] != want {
		t.Errorf("its history is %+v", f.Changes)
	}
}
