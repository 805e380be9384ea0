package campaigns_test

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/database/databasetest"
	"github.com/qianshao/qianshao/store/sqlstore/outbox"
	"github.com/qianshao/qianshao/store/sqlstore/queue"
)

// verifyIndex plays an index that reloads only the findings it is told to update, and compares it with what
// the store says about all findings.
func (w *world) verifyIndex() {
	w.t.Helper()
	for n := 1; n > 0; {
		var err error
		n, err = w.c.WakeParked(w.t.Context())
		check(w.t, err)
	}
	pending, err := outbox.Pending(w.t.Context(), w.db, store.ConsumerIndex, 0, math.MaxInt)
	check(w.t, err)
	for _, p := range pending {
		w.indexed[p.Finding] = w.reviews(p.Finding)[p.Finding]
	}
	check(w.t, w.db.Update(w.t.Context(), database.Ordered, "test", func(tx *database.Tx) error {
		_, err := outbox.Settle(w.t.Context(), tx, store.ConsumerIndex, pending)
		return err
	}))
	all, err := database.Collect(w.t.Context(), w.db.Read, database.ScanValue[string], `SELECT id FROM findings`)
	check(w.t, err)
	for id, want := range w.reviews(all...) {
		if got := w.indexed[id]; !reflect.DeepEqual(got, want) {
			w.t.Fatalf("as updated in the index, finding %s is %+v; in the store it is %+v", id, got, want)
		}
	}
}

func (w *world) reviews(ids ...string) map[string]qianshao.Review {
	w.t.Helper()
	got, err := queue.Reviews(w.t.Context(), w.db, ids, w.at)
	check(w.t, err)
	return got
}

// Search returns what people said about a finding and its primary campaign, but not the verdict of a
// decision that waits for its blind review.
func TestReviews(t *testing.T) { databasetest.Each(t, testReviews) }

func testReviews(t *testing.T, open databasetest.Open) {
	t.Parallel()
	w := newWorld(t, open)
	key := campaign.Key{Kind: campaign.KindHandle, Name: "qq:10001"}
	w.save(blockOf("a1", 1, "a.example", 1, key))
	w.save(blockOf("a2", 1, "b.example", 2))
	w.save(blockOf("b1", 2, "c.example", 3, key))
	w.group()
	d, lead := w.desked()
	do := func(draft desk.Draft) qianshao.Act {
		t.Helper()
		act, err := d.Do(t.Context(), lead, draft)
		check(t, err)
		w.verifyIndex()
		return act
	}
	want := func(what, finding string, want qianshao.Review) {
		t.Helper()
		want.Campaigns = w.reviews(finding)[finding].Campaigns
		if got := w.indexed[finding]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %s is %+v, want %+v", what, finding, got, want)
		}
	}
	w.verifyIndex()
	want("grouped", "a1", qianshao.Review{Answer: qianshao.AnswerNone})
	if got := w.indexed["a1"].Campaigns; len(got) != 2 || got[0] != w.idOf("a1") || got[1] != key.ID("salt") {
		t.Errorf("a1 is in %v", got)
	}
	if got := w.indexed["b1"].Campaigns; len(got) != 2 || got[0] != key.ID("salt") {
		t.Errorf("b1 is in %v: its primary campaign is that of its handle", got)
	}

	one := qianshao.Subject{Kind: qianshao.SubjectCampaign, ID: w.idOf("a1")}
	do(desk.Draft{Subject: one, Kind: qianshao.ActAssign, Detail: desk.Detail{Assignee: lead.Name}})
	want("the campaign is assigned", "a2", qianshao.Review{Answer: qianshao.AnswerNone, Assignee: lead.Name})
	want("the campaign is assigned", "b1", qianshao.Review{Answer: qianshao.AnswerNone})
	do(desk.Draft{Subject: one, Kind: qianshao.ActPark, Until: w.at.Add(time.Hour)})
	want("the campaign is parked", "a1", qianshao.Review{Answer: qianshao.AnswerNone, Assignee: lead.Name, Parked: true})
	w.at = w.at.Add(2 * time.Hour)
	w.verifyIndex()
	want("its day has come", "a1", qianshao.Review{Answer: qianshao.AnswerNone, Assignee: lead.Name})

	subject := qianshao.Subject{Kind: qianshao.SubjectFinding, ID: "b1"}
	var seen string
	check(t, w.db.Read.QueryRowContext(t.Context(), `SELECT seen FROM findings WHERE id = 'b1'`).Scan(&seen))
	act := do(desk.Draft{Subject: subject, Kind: qianshao.ActDecide, Verdict: qianshao.VerdictCrime, Reason: qianshao.ReasonHacked, Seen: seen})
	want("decided", "b1", qianshao.Review{Answer: "crime", DecidedBy: lead.Name})
	do(desk.Draft{Subject: subject, Kind: qianshao.ActUndo, Basis: act.Seq, Reverts: act.Seq})
	want("undone", "b1", qianshao.Review{Answer: qianshao.AnswerNone})
	w.exec(`UPDATE findings SET level = $1 WHERE id = 'b1'`, int(qianshao.LevelCritical))
	do(desk.Draft{Subject: subject, Kind: qianshao.ActDecide, Basis: act.Seq + 1, Verdict: qianshao.VerdictNotCrime, Reason: qianshao.ReasonAwareness, Seen: seen})
	want("due for a second review", "b1", qianshao.Review{Answer: qianshao.AnswerReview})
}
