package storetest

import (
	"errors"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
)

func (d *Desk) freezeReview(t testing.TB, by string, ids []string) (desk.Batch, error) {
	t.Helper()
	return d.Freeze(t.Context(), d.Accounts[by], desk.Selection{Findings: ids, Review: true})
}

// testBatchReview: a batch decided by one person is reviewed as a batch by another, blind; members reviewed
// or adjudicated meanwhile are skipped.
func testBatchReview(t *testing.T, d *Desk) {
	const n = desk.ConfirmAbove + 5
	ids := d.FindMany(t, n)
	alone := d.Find(t, "http://alone/", "one", 0)
	d.Decide(t, "ann", alone, qianshao.VerdictCrime) // which needs no review
	d.run(t, "ann", d.freeze(t, "ann", ids), crime)
	if _, err := d.freezeReview(t, "ann", ids); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("ann freezes her own decisions to review them: %v", err)
	}
	b, err := d.freezeReview(t, "bob", append([]string{alone.ID}, ids...))
	check(t, err)
	if !b.Review || b.Members != n {
		t.Errorf("frozen: %+v", b)
	}
	members, err := d.Members(t.Context(), d.Accounts["bob"], b.ID, false, "", n)
	check(t, err)
	for _, m := range members {
		if m.Verdict != "" || !m.Blind {
			t.Errorf("bob is shown the first verdict: %+v", m)
		}
	}
	differs := desk.Order{Kind: qianshao.ActReview, Verdict: qianshao.VerdictNotCrime, Reason: qianshao.ReasonLawful}
	for _, of := range []struct {
		order   desk.Order
		confirm int
		code    string
	}{{crime, n, "kind"}, {differs, 0, "confirm"}} {
		var r *desk.Refusal
		if _, err := d.Begin(t.Context(), d.Accounts["bob"], b.ID, of.order, of.confirm); !errors.As(err, &r) || r.Code != of.code {
			t.Errorf("%+v confirmed with %d: %v", of.order, of.confirm, err)
		}
	}
	d.Must(t, "cyn", d.Decision(t, subject(ids[0]), qianshao.ActReview, qianshao.VerdictCrime))
	d.Must(t, "leo", d.Decision(t, subject(ids[1]), qianshao.ActAdjudicate, qianshao.VerdictCrime))
	_, err = d.Undo(t.Context(), d.Accounts["ann"], d.Look(t, subject(ids[2])).Standing.Decided, "", "")
	check(t, err)
	d.run(t, "bob", b, differs)
	d.tally(t, b, desk.Tally{Done: n - 3, Skipped: map[desk.Skipped]int{desk.SkippedReviewed: 1, desk.SkippedActed: 2}})
	v := d.Look(t, subject(ids[n-1]))
	if s := v.Standing; s.Verdict != qianshao.VerdictCrime || s.By != "ann" || s.Reviews != 1 || !s.Disputed() || s.DueForReview() {
		t.Errorf("a reviewed member: %+v", s)
	}
	if a := v.Acts[len(v.Acts)-1]; a.Kind != qianshao.ActReview || a.By != "bob" || a.Batch != b.ID || a.Round != 1 {
		t.Errorf("the review of a member: %+v", a)
	}
	if _, err := d.freezeReview(t, "cyn", ids); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("reviewed members are frozen for review: %v", err)
	}
}

// testBatchReviewUndone: a batch's reviews are undone together, except on members that a lead has decided
// since; the members wait again, for somebody who was not shown the first verdicts.
func testBatchReviewUndone(t *testing.T, d *Desk) {
	const n = desk.ConfirmAbove + 1
	ids := d.FindMany(t, n)
	decided := d.run(t, "ann", d.freeze(t, "ann", ids), crime)
	order := desk.Order{Kind: qianshao.ActReview, Verdict: qianshao.VerdictUnsure}
	b, err := d.freezeReview(t, "bob", ids)
	check(t, err)
	d.run(t, "bob", b, order)
	d.Must(t, "leo", d.Decision(t, subject(ids[0]), qianshao.ActAdjudicate, qianshao.VerdictNotCrime))
	_, err = d.UndoBatch(t.Context(), d.Accounts["bob"], b.ID, "")
	check(t, err)
	check(t, d.Run(t.Context(), b.ID))
	d.tally(t, b, desk.Tally{Undone: n - 1, Done: 1, Kept: map[desk.Skipped]int{desk.SkippedActed: 1}})
	if s := d.Look(t, subject(ids[1])).Standing; !s.DueForReview() || s.Disputed() || s.Verdict != qianshao.VerdictCrime {
		t.Errorf("a member whose review was undone: %+v", s)
	}
	d.Verify(t)
	if _, err := d.freezeReview(t, "bob", ids); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("bob, who was shown the first verdicts, reviews again: %v", err)
	}
	if is, err := d.Batch(t.Context(), d.Accounts["leo"], b.ID); err != nil || !is.Blind || is.Order.Verdict != "" {
		t.Errorf("leo, who could review, is shown bob's verdicts: %+v, %v", is.Order, err)
	}
	d.Must(t, "leo", d.Decision(t, subject(ids[2]), qianshao.ActAdjudicate, qianshao.VerdictNotCrime))
	_, err = d.Undo(t.Context(), d.Accounts["leo"], d.Look(t, subject(ids[2])).Standing.Decided, "", "")
	check(t, err)
	if s := d.Look(t, subject(ids[2])).Standing; s.By != "ann" || !s.DueForReview() || s.Dissent != 0 {
		t.Errorf("after a lead has decided and undone that, the decision has no review, as before: %+v", s)
	}
	again, err := d.freezeReview(t, "cyn", ids)
	check(t, err)
	order.Verdict, order.Reason = qianshao.VerdictCrime, qianshao.ReasonHacked
	d.run(t, "cyn", again, order)
	d.tally(t, again, desk.Tally{Done: n - 1})
	if s := d.Look(t, subject(ids[1])).Standing; s.Reviews != 1 || s.Disputed() || s.DueForReview() {
		t.Errorf("reviewed by another person: %+v", s)
	}
	_, err = d.UndoBatch(t.Context(), d.Accounts["ann"], decided.ID, "")
	check(t, err)
	check(t, d.Run(t.Context(), decided.ID))
	if s := d.Look(t, subject(ids[1])).Standing; s.Verdict != "" || s.Reviews != 0 || s.Dissent != 0 {
		t.Errorf("after the decision was undone: %+v", s)
	}
}
