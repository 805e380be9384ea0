package storetest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
)

// FindMany saves pages on one host, each with a finding with the same content, and returns the findings by
// id ascending.
func (d *Desk) FindMany(t testing.TB, n int) (ids []string) {
	t.Helper()
	for i := range n {
		ids = append(ids, d.Find(t, fmt.Sprintf("http://many/%d", i), "one", 0).ID)
	}
	slices.Sort(ids)
	return ids
}

func (d *Desk) freeze(t testing.TB, by string, ids []string) desk.Batch {
	t.Helper()
	b, err := d.Freeze(t.Context(), d.Accounts[by], desk.Selection{Findings: ids, Query: "host:many"})
	check(t, err)
	return b
}

func (d *Desk) run(t testing.TB, by string, b desk.Batch, order desk.Order) desk.Batch {
	t.Helper()
	_, err := d.Begin(t.Context(), d.Accounts[by], b.ID, order, b.Members)
	check(t, err)
	check(t, d.Run(t.Context(), b.ID))
	b, err = d.Batch(t.Context(), d.Accounts[by], b.ID)
	check(t, err)
	return b
}

func (d *Desk) tally(t testing.TB, b desk.Batch, want desk.Tally) {
	t.Helper()
	got, err := d.Tally(t.Context(), d.Accounts["leo"], b.ID)
	check(t, err)
	if want.Skipped == nil {
		want.Skipped = map[desk.Skipped]int{}
	}
	if want.Kept == nil {
		want.Kept = map[desk.Skipped]int{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the members of batch %d (-want +got):\n%s", b.ID, diff)
	}
}

func subject(id string) qianshao.Subject {
	return qianshao.Subject{Kind: qianshao.SubjectFinding, ID: id}
}

var crime = desk.Order{Kind: qianshao.ActDecide, Verdict: qianshao.VerdictCrime, Reason: qianshao.ReasonHacked}

func testBatch(t *testing.T, d *Desk) {
	ids := d.FindMany(t, desk.ConfirmAbove+2)
	d.Decide(t, "bob", subject(ids[0]), qianshao.VerdictNotCrime)
	b := d.freeze(t, "ann", append([]string{"0000", ids[3]}, ids...)) // one that does not exist, one twice
	digest := sha256.New()
	for _, id := range ids {
		fmt.Fprintf(digest, "%s one\n", id)
	}
	if b.State != desk.BatchFrozen || b.Members != len(ids) || b.Digest != hex.EncodeToString(digest.Sum(nil)) || b.Query != "host:many" {
		t.Errorf("frozen: %+v", b)
	}
	p, err := d.Preview(t.Context(), d.Accounts["ann"], b.ID)
	check(t, err)
	n := len(ids)
	for i, e := range p.Random {
		if !slices.Contains(ids, e.Finding) || slices.Index(p.Random, e) != i || len(p.Random) != desk.PreviewExamples {
			t.Errorf("drawn are %+v", p.Random)
		}
	}
	p.Random = nil
	want := desk.Preview{Members: n, Decided: 1, Sites: map[string]int{"many": n}, Categories: map[qianshao.Category]int{qianshao.Gambling: n}, Levels: map[qianshao.Level]int{qianshao.LevelHigh: n}}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("preview (-want +got):\n%s", diff)
	}
	for _, confirm := range []int{0, 50} {
		var r *desk.Refusal
		if _, err := d.Begin(t.Context(), d.Accounts["ann"], b.ID, crime, confirm); !errors.As(err, &r) || r.Code != "confirm" {
			t.Errorf("confirmed with %d: %v", confirm, err)
		}
	}
	d.tally(t, b, desk.Tally{Pending: n})
	b = d.run(t, "ann", b, crime)
	if b.State != desk.BatchApplied || !b.Done.Equal(d.Now) {
		t.Errorf("done: %+v", b)
	}
	d.tally(t, b, desk.Tally{Done: n - 1, Skipped: map[desk.Skipped]int{desk.SkippedDecided: 1}})
	if s := d.Look(t, subject(ids[0])).Standing; s.Verdict != qianshao.VerdictNotCrime {
		t.Errorf("decided before the batch: %+v", s)
	}
	if s := d.Look(t, subject(ids[n-1])).Standing; s.Verdict != qianshao.VerdictCrime || s.Batch != b.ID || s.Second != desk.SecondBatch || !s.DueForReview() {
		t.Errorf("a member: %+v", s)
	}
	if due, err := d.Review.Due(t.Context(), ids); err != nil || len(due) != n-1 || due[ids[n-1]] != "ann" {
		t.Errorf("waiting for a second review: %v %v", due, err)
	}
	if due, err := d.Review.BatchDue(t.Context(), b.ID); err != nil || !due {
		t.Errorf("the batch does not wait for a second review: %v", err)
	}
	if _, err := d.Begin(t.Context(), d.Accounts["ann"], b.ID, crime, n); err != nil {
		t.Errorf("the same order again: %v", err)
	}
	other := crime
	other.Reason = qianshao.ReasonOperator
	if _, err := d.Begin(t.Context(), d.Accounts["ann"], b.ID, other, n); err == nil {
		t.Error("another order is accepted")
	}
	list, err := d.Members(t.Context(), d.Accounts["ann"], b.ID, true, "", 10)
	if err != nil || len(list) != 1 || list[0].Finding != ids[0] || list[0].Skipped != desk.SkippedDecided {
		t.Errorf("skipped: %+v, %v", list, err)
	}
}

// testBatchSkips: members that have changed since the freezing are skipped, with the reason.
func testBatchSkips(t *testing.T, d *Desk) {
	var ids []string
	for _, url := range []string{"http://same/", "http://content/", "http://acted/", "http://deleted/", "http://own/", "http://other/", "http://stale/"} {
		ids = append(ids, d.Find(t, url, "one", 0).ID)
	}
	d.Decide(t, "ann", subject(ids[4]), qianshao.VerdictNotCrime)
	d.Decide(t, "bob", subject(ids[5]), qianshao.VerdictNotCrime)
	d.Decide(t, "bob", subject(ids[6]), qianshao.VerdictNotCrime)
	d.Find(t, "http://stale/", "two", 1)
	b := d.freeze(t, "ann", ids)
	d.Find(t, "http://content/", "two", 1)
	d.Decide(t, "bob", subject(ids[2]), qianshao.VerdictUnsure)
	deleteFindings(t, d.Store, 1, deletionOf("http://deleted/", "casino", 1))
	again := crime
	again.Again = true
	b = d.run(t, "ann", b, again)
	d.tally(t, b, desk.Tally{Done: 3, Skipped: map[desk.Skipped]int{
		desk.SkippedContent: 1, desk.SkippedActed: 1, desk.SkippedDeleted: 1, desk.SkippedOther: 1,
	}})
	for i, want := range map[int]desk.Skipped{0: "", 1: desk.SkippedContent, 2: desk.SkippedActed, 3: desk.SkippedDeleted, 4: "", 5: desk.SkippedOther, 6: ""} {
		all, err := d.Members(t.Context(), d.Accounts["ann"], b.ID, false, "", 10)
		check(t, err)
		at := slices.IndexFunc(all, func(m desk.Member) bool { return m.Finding == ids[i] })
		if at < 0 || all[at].Skipped != want || (all[at].Act == 0) != (want != "") {
			t.Errorf("member %d: %+v, want %q", i, all[at], want)
		}
	}
}

func testBatchUndo(t *testing.T, d *Desk) {
	ids := d.FindMany(t, 4)
	b := d.run(t, "ann", d.freeze(t, "ann", ids), crime)
	since := d.Decision(t, subject(ids[1]), qianshao.ActAdjudicate, qianshao.VerdictNotCrime)
	d.Must(t, "leo", since)
	if _, err := d.UndoBatch(t.Context(), d.Accounts["bob"], b.ID, "no"); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("bob undoes what ann did: %v", err)
	}
	d.Now = d.Now.Add(desk.UndoTime + time.Second)
	var r *desk.Refusal
	if _, err := d.UndoBatch(t.Context(), d.Accounts["ann"], b.ID, ""); !errors.As(err, &r) || r.Code != "words" {
		t.Errorf("undone late, without a reason: %v", err)
	}
	_, err := d.UndoBatch(t.Context(), d.Accounts["leo"], b.ID, "the wrong query")
	check(t, err)
	check(t, d.Run(t.Context(), b.ID))
	d.tally(t, b, desk.Tally{Undone: 3, Done: 1, Kept: map[desk.Skipped]int{desk.SkippedActed: 1}})
	if s := d.Look(t, subject(ids[1])).Standing; s.Verdict != qianshao.VerdictNotCrime {
		t.Errorf("decided since: %+v", s)
	}
	if v := d.Look(t, subject(ids[0])); v.Standing.Verdict != "" || v.Acts[1].By != "leo" || v.Acts[1].Reverts != v.Acts[0].Seq {
		t.Errorf("undone: %+v", v)
	}
	if b, err = d.Batch(t.Context(), d.Accounts["ann"], b.ID); err != nil || b.State != desk.BatchUndone || b.UndoneBy != "leo" {
		t.Errorf("%+v, %v", b, err)
	}
	parked := d.run(t, "ann", d.freeze(t, "ann", ids[:1]), desk.Order{Kind: qianshao.ActPark, Until: d.Now.Add(time.Hour)})
	if s := d.Look(t, subject(ids[0])).Standing; s.Parked == 0 {
		t.Errorf("parked: %+v", s)
	}
	_, err = d.UndoBatch(t.Context(), d.Accounts["ann"], parked.ID, "")
	check(t, err)
	check(t, d.Run(t.Context(), parked.ID))
	if s := d.Look(t, subject(ids[0])).Standing; s.Parked != 0 {
		t.Errorf("the park is undone: %+v", s)
	}
}

func testBatchRefused(t *testing.T, d *Desk) {
	ids := d.FindMany(t, 3)
	for by, sel := range map[string]desk.Selection{"may": {Findings: ids}, "amy": {Findings: ids}, "ann": {}} {
		if b, err := d.Freeze(t.Context(), d.Accounts[by], sel); err == nil {
			t.Errorf("%s freezes %+v", by, b)
		}
	}
	b := d.freeze(t, "ann", ids)
	if _, err := d.Batch(t.Context(), d.Accounts["bob"], b.ID); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("bob sees ann's batch: %v", err)
	}
	for name, order := range map[string]desk.Order{
		"note": {Kind: qianshao.ActNote}, "no reason": {Kind: qianshao.ActDecide, Verdict: qianshao.VerdictCrime},
		"never": {Kind: qianshao.ActPark}, "sites": {Kind: qianshao.ActPark, Detail: desk.Detail{Park: &desk.Park{Sites: 1}}},
	} {
		var r *desk.Refusal
		if _, err := d.Begin(t.Context(), d.Accounts["ann"], b.ID, order, 0); !errors.As(err, &r) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := d.UndoBatch(t.Context(), d.Accounts["ann"], b.ID, ""); err == nil {
		t.Error("a batch that was not done is undone")
	}
	// An account that was disabled since it gave the order, or no longer exists, stops acting.
	other := d.freeze(t, "bob", ids)
	for by, b := range map[string]desk.Batch{"ann": b, "bob": other} {
		_, err := d.Begin(t.Context(), d.Accounts[by], b.ID, crime, 0)
		check(t, err)
	}
	ann := d.Accounts["ann"]
	ann.Disabled = true
	d.Accounts["ann"] = ann
	delete(d.Accounts, "bob")
	for _, b := range []desk.Batch{b, other} {
		check(t, d.Run(t.Context(), b.ID))
		d.tally(t, b, desk.Tally{Skipped: map[desk.Skipped]int{desk.SkippedAccount: 3}})
	}
}

// testBatchPowers: a batch is carried out with the permissions that its account has now, and those of the
// token with which the order was given.
func testBatchPowers(t *testing.T, d *Desk) {
	ids := d.FindMany(t, 3)
	b := d.run(t, "ann", d.freeze(t, "ann", ids), crime)
	_, err := d.UndoBatch(t.Context(), d.Accounts["leo"], b.ID, "the wrong query")
	check(t, err)
	leo := d.Accounts["leo"]
	analyst := leo
	analyst.Role = qianshao.RoleAnalyst // before the first member's turn
	d.Accounts["leo"] = analyst
	check(t, d.Run(t.Context(), b.ID))
	d.Accounts["leo"] = leo
	d.tally(t, b, desk.Tally{Done: 3, Kept: map[desk.Skipped]int{desk.SkippedAccount: 3}})

	order := desk.Order{Kind: qianshao.ActDecide, Verdict: qianshao.VerdictNotCrime, Reason: qianshao.ReasonHomonym, Again: true}
	byToken := leo
	byToken.Without = []qianshao.Power{qianshao.PowerLead}
	over := d.freeze(t, "leo", ids)
	_, err = d.Begin(t.Context(), byToken, over.ID, order, 0)
	check(t, err)
	if _, err = d.Begin(t.Context(), leo, over.ID, order, 0); err != nil {
		t.Errorf("the same order from a session: %v", err)
	}
	check(t, d.Run(t.Context(), over.ID))
	d.tally(t, over, desk.Tally{Skipped: map[desk.Skipped]int{desk.SkippedOther: 3}})
	d.tally(t, d.run(t, "leo", d.freeze(t, "leo", ids), order), desk.Tally{Done: 3})
}

// testBatchSight: members that an account may no longer see are not decided by the batch that it has
// ordered, and are listed; nor can the account undo only the rest.
func testBatchSight(t *testing.T, d *Desk) {
	ids := d.FindMany(t, 5)
	b := d.freeze(t, "ann", ids)
	_, err := d.Begin(t.Context(), d.Accounts["ann"], b.ID, crime, 0)
	check(t, err)
	if more, err := d.StepBatch(t.Context(), b.ID, 2); err != nil || !more {
		t.Fatalf("after two members: %v, %v", more, err)
	}
	ann := d.Accounts["ann"]
	ann.Sight = d.Accounts["may"].Sight
	d.Accounts["ann"] = ann
	check(t, d.Run(t.Context(), b.ID))
	d.tally(t, b, desk.Tally{Done: 2, Skipped: map[desk.Skipped]int{desk.SkippedDeleted: 3}})
	var r *desk.Refusal
	if _, err := d.UndoBatch(t.Context(), ann, b.ID, ""); !errors.As(err, &r) || r.Code != "unseen" {
		t.Errorf("undone by the account that does not see it: %v", err)
	}
	if _, err := d.UndoBatch(t.Context(), d.Accounts["may"], b.ID, ""); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("undone by another account that does not see it: %v", err)
	}
	_, err = d.UndoBatch(t.Context(), d.Accounts["leo"], b.ID, "too wide")
	check(t, err)
	check(t, d.Run(t.Context(), b.ID))
	d.tally(t, b, desk.Tally{Undone: 2, Skipped: map[desk.Skipped]int{desk.SkippedDeleted: 3}})
}

// testBatches: an account reads its own batches, and an account that reads the whole trail reads all of
// them, without orders of others.
func testBatches(t *testing.T, d *Desk) {
	ids := d.FindMany(t, 3)
	anns := d.run(t, "ann", d.freeze(t, "ann", ids), crime)
	bobs := d.freeze(t, "bob", ids)
	again := d.freeze(t, "ann", ids[:1])
	for by, want := range map[string][]int64{"ann": {again.ID, anns.ID}, "bob": {bobs.ID}, "may": nil, "leo": {again.ID, bobs.ID, anns.ID}} {
		var got []int64
		for before := int64(0); ; {
			list, err := d.Batches(t.Context(), d.Accounts[by], before, 1)
			check(t, err)
			if len(list) == 0 {
				break
			}
			before = list[0].ID
			got = append(got, before)
			if o := list[0].Order; o != nil && (o.Verdict == "" || list[0].Blind) != (by != list[0].By) {
				t.Errorf("%s is shown %+v of the batch of %s", by, o, list[0].By)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s reads the batches %v, want %v", by, got, want)
		}
	}
	members := func() int {
		p, err := d.Preview(t.Context(), d.Accounts["bob"], bobs.ID)
		check(t, err)
		return p.Members
	}
	if n := members(); n != 3 {
		t.Errorf("the preview counts %d", n)
	}
	deleteFindings(t, d.Store, 1, deletionOf("http://many/1", "casino", 1))
	if n := members(); n != 2 {
		t.Errorf("after a deletion the preview counts %d", n)
	}
}

// testBatchesDropped: only a few recent batches without an order are kept; the others stay, and no ID is
// used twice.
func testBatchesDropped(t *testing.T, d *Desk) {
	ids := d.FindMany(t, 2)
	there := func(by string, id int64) bool {
		_, err := d.Batch(t.Context(), d.Accounts[by], id)
		if err != nil && !errors.Is(err, desk.ErrNotFound) {
			t.Fatal(err)
		}
		return err == nil
	}
	bobs := d.freeze(t, "bob", ids)
	ordered := d.run(t, "ann", d.freeze(t, "ann", ids), crime)
	var list []desk.Batch
	for range desk.MaxFrozen + 1 {
		list = append(list, d.freeze(t, "ann", ids))
	}
	if there("ann", list[0].ID) || !there("ann", list[1].ID) || !there("ann", ordered.ID) || !there("bob", bobs.ID) {
		t.Error("after one more: not exactly the oldest without an order was dropped")
	}
	if _, err := d.Begin(t.Context(), d.Accounts["ann"], list[0].ID, crime, 0); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("an order for a dropped batch: %v", err)
	}
	check(t, d.Review.DropUnused(t.Context(), bobs.At))
	if !there("bob", bobs.ID) {
		t.Error("a batch that is not older is dropped")
	}
	last := list[desk.MaxFrozen].ID
	check(t, d.Review.DropUnused(t.Context(), bobs.At.Add(time.Hour)))
	if there("bob", bobs.ID) || there("ann", last-1) || !there("ann", ordered.ID) {
		t.Error("old batches without an order remain, or the one with an order does not")
	}
	if b := d.freeze(t, "ann", ids); b.ID <= last {
		t.Errorf("batch %d after %d", b.ID, last)
	}
	d.Verify(t)
}
