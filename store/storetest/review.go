package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/locales"
)

// Review is the desk's part of a store: what the desk and the commands on the trail need.
type Review interface {
	desk.Store
	// RebuildStandings computes all standings anew from the acts.
	RebuildStandings(ctx context.Context) (count int, err error)
	// Verify checks the trail, and compares standings and batches with it.
	Verify(ctx context.Context, kept desk.Head, told func(problem locales.Speaker)) (desk.Verified, error)
	// Check verifies the trail and stores the result; LastCheck returns it.
	Check(ctx context.Context, now time.Time) (desk.Check, error)
	LastCheck(ctx context.Context) (desk.Check, error)
	// Head returns the end of the trail, and the time of its last act.
	Head(ctx context.Context) (h desk.Head, at time.Time, err error)
}

// OpenReview returns an empty store, and the desk's part of it.
type OpenReview func(t testing.TB) (Store, Review)

// RunReview tests the desk's part of a store against the contract.
func RunReview(t *testing.T, open OpenReview) {
	for _, tc := range []struct {
		name string
		test func(*testing.T, *Desk)
	}{
		{"decide", testDecide},
		{"seen", testDecideSeen},
		{"refused", testRefused},
		{"undo", testUndo},
		{"undo late", testUndoLate},
		{"sight", testSight},
		{"powers", testPowers},
		{"review and dispute", testReviews},
		{"park", testPark},
		{"park until further sites", testParkSites},
		{"claim", testClaim},
		{"claims", testClaims},
		{"assign", testAssign},
		{"keys of acts", testActKeys},
		{"relapse", testRelapse},
		{"deleted and found anew", testForgottenActs},
		{"acts in order", testActsInOrder},
		{"records", testRecords},
		{"trail", testTrail},
		{"trail of who is limited", testTrailBySight},
		{"check of the trail", testCheck},
		{"head kept", testHeadKept},
		{"batch", testBatch},
		{"batch passes over", testBatchSkips},
		{"batch undone", testBatchUndo},
		{"batch by powers", testBatchPowers},
		{"batch by sight", testBatchSight},
		{"batch refused", testBatchRefused},
		{"batch that reviews", testBatchReview},
		{"batch that reviews undone", testBatchReviewUndone},
		{"batches listed", testBatches},
		{"batches dropped", testBatchesDropped},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := NewDesk(t, open)
			tc.test(t, d)
			d.Verify(t)
		})
	}
	runRecorded(t, open)
}

// runRecorded is the part of the contract about acts that are added without the desk.
func runRecorded(t *testing.T, open OpenReview) {
	t.Run("changes of accounts", func(t *testing.T) { testAccountChanges(t, open) })
	t.Run("settings", func(t *testing.T) { testSettings(t, open) })
	t.Run("tokens and links", func(t *testing.T) { testKeysRecorded(t, open) })
}

// Desk is a desk over a store, for tests, with a clock that stands still and these accounts: ann, bob and
// cyn decide; leo leads; amy audits; may decides on what is authorised by "town" only; old is disabled.
type Desk struct {
	*desk.Desk
	Store  Store
	Review Review
	Now    time.Time
	// Accounts are the accounts by name.
	Accounts map[string]qianshao.Account
}

// NewDesk returns a desk over a store, which processes few members of a batch at a time.
func NewDesk(t testing.TB, open OpenReview) *Desk {
	t.Helper()
	d := &Desk{Now: base, Accounts: map[string]qianshao.Account{}}
	d.Store, d.Review = open(t)
	for _, a := range []qianshao.Account{
		{Name: "ann", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()}, {Name: "bob", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()},
		{Name: "cyn", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()}, {Name: "leo", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()},
		{Name: "amy", Role: qianshao.RoleAuditor, Sight: qianshao.SeeAll()}, {Name: "old", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll(), Disabled: true},
		{Name: "may", Role: qianshao.RoleAnalyst, Sight: qianshao.Sight{Authorisations: []string{"town"}}},
	} {
		d.Accounts[a.Name] = a
	}
	var err error
	d.Desk, err = desk.New(desk.Options{
		Store: d.Review, Step: 7, Rules: func() string { return "rules 1" }, Now: func() time.Time { return d.Now },
		Mask: func(s string) string { return s },
		Account: func(_ context.Context, name string) (qianshao.Account, error) {
			if a, ok := d.Accounts[name]; ok {
				return a, nil
			}
			return qianshao.Account{}, desk.ErrNotFound
		},
	})
	check(t, err)
	return d
}

// Find saves a page with one finding with given content, and returns the finding.
func (d *Desk) Find(t testing.TB, url, shows string, hours int) qianshao.Subject {
	t.Helper()
	p := Page(url, shows, hours, "casino")
	p.Assessment.Findings[0].Seen = shows
	save(t, d.Store, p)
	return qianshao.Subject{Kind: qianshao.SubjectFinding, ID: qianshao.FindingID(url, "casino")}
}

// Look returns what the lead sees of a subject.
func (d *Desk) Look(t testing.TB, subject qianshao.Subject) desk.View {
	t.Helper()
	v, err := d.Desk.Look(t.Context(), d.Accounts["leo"], subject)
	check(t, err)
	return v
}

// Decision is a draft with a verdict on the present content.
func (d *Desk) Decision(t testing.TB, subject qianshao.Subject, kind qianshao.ActKind, v qianshao.Verdict) desk.Draft {
	t.Helper()
	view := d.Look(t, subject)
	draft := desk.Draft{Subject: subject, Kind: kind, Verdict: v, Basis: view.Standing.Act, Seen: view.Seen}
	if reasons := v.Reasons(); len(reasons) > 0 {
		draft.Reason = reasons[0]
	}
	return draft
}

// Must carries out a draft and returns the act.
func (d *Desk) Must(t testing.TB, by string, draft desk.Draft) qianshao.Act {
	t.Helper()
	act, err := d.Do(t.Context(), d.Accounts[by], draft)
	if err != nil {
		t.Fatalf("%s by %s: %v", draft.Kind, by, err)
	}
	return act
}

// Decide decides on the present content.
func (d *Desk) Decide(t testing.TB, by string, subject qianshao.Subject, v qianshao.Verdict) qianshao.Act {
	t.Helper()
	return d.Must(t, by, d.Decision(t, subject, qianshao.ActDecide, v))
}

// Refused expects the refusal with that code.
func (d *Desk) Refused(t testing.TB, code, by string, draft desk.Draft) {
	t.Helper()
	_, err := d.Do(t.Context(), d.Accounts[by], draft)
	var r *desk.Refusal
	if !errors.As(err, &r) || r.Code != code {
		t.Errorf("%s by %s: error %v, want the refusal %q", draft.Kind, by, err, code)
	}
}

// Conflicts expects a conflict with that reason, and returns it.
func (d *Desk) Conflicts(t testing.TB, why desk.Why, by string, draft desk.Draft) (c desk.Conflict) {
	t.Helper()
	_, err := d.Do(t.Context(), d.Accounts[by], draft)
	var conflict *desk.Conflict
	if !errors.As(err, &conflict) || conflict.Why != why || !errors.Is(err, desk.ErrConflict) {
		t.Fatalf("%s by %s: error %v, want the conflict %q", draft.Kind, by, err, why)
	}
	return *conflict
}

// Verify expects the trail to be intact, and the standings to follow from it, as they are and after they
// were rebuilt.
func (d *Desk) Verify(t testing.TB) {
	t.Helper()
	for range 2 {
		v, err := d.Review.Verify(context.WithoutCancel(t.Context()), desk.Head{}, func(problem locales.Speaker) { t.Error(problem) })
		if err != nil || v.Problems > 0 {
			t.Errorf("verified: %+v, error %v", v, err)
		}
		n, err := d.Review.RebuildStandings(context.WithoutCancel(t.Context()))
		if err != nil || n != v.Standings {
			t.Errorf("%d standings were rebuilt, want %d, error %v", n, v.Standings, err)
		}
	}
}

func testDecide(t *testing.T, d *Desk) {
	f := d.Find(t, "http://a/", "one", 0)
	first := d.Decision(t, f, qianshao.ActDecide, qianshao.VerdictCrime)
	act := d.Must(t, "ann", first)
	want := qianshao.Act{
		Seq: 1, At: base, By: "ann", Subject: f, Kind: qianshao.ActDecide, Verdict: qianshao.VerdictCrime, Reason: qianshao.ReasonHacked,
		Seen: "one", Rules: "rules 1", Round: 1, Chain: act.Chain,
	}
	if diff := cmp.Diff(want, act); diff != "" || act.Chain != desk.Link("", &act) {
		t.Errorf("the act (-want +got):\n%s\nchain %q", diff, act.Chain)
	}
	late := first
	late.Verdict, late.Reason = qianshao.VerdictNotCrime, qianshao.ReasonLawful
	c := d.Conflicts(t, desk.WhyBasis, "bob", late)
	if c.Standing.By != "ann" || c.Standing.Verdict != qianshao.VerdictCrime || c.Draft.Verdict != qianshao.VerdictNotCrime {
		t.Errorf("the conflict does not have both verdicts: %+v", c)
	}
	late.Basis = 99 // invented
	d.Conflicts(t, desk.WhyBasis, "bob", late)
	late.Basis = act.Seq
	d.Conflicts(t, desk.WhyDecided, "bob", late) // another person's verdict cannot be overwritten
	again := d.Must(t, "ann", late)
	v := d.Look(t, f)
	if v.Standing.Act != again.Seq || v.Standing.Verdict != qianshao.VerdictNotCrime || v.Standing.Round != 2 || len(v.Acts) != 2 {
		t.Errorf("after ann has changed her mind: %+v", v.Standing)
	}
	lead := d.Decision(t, f, qianshao.ActAdjudicate, qianshao.VerdictCrime)
	lead.Detail.Words = "both were seen"
	d.Must(t, "leo", lead)
	if v := d.Look(t, f); v.Standing.By != "leo" || v.Standing.Verdict != qianshao.VerdictCrime {
		t.Errorf("after the lead has adjudicated: %+v", v.Standing)
	}
	unknown := first
	unknown.Subject.ID = "0123456789abcdef"
	if _, err := d.Do(t.Context(), d.Accounts["ann"], unknown); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("an unknown finding: %v", err)
	}
}

// testDecideSeen: nobody can decide on content that they have not seen.
func testDecideSeen(t *testing.T, d *Desk) {
	f := d.Find(t, "http://a/", "one", 0)
	draft := d.Decision(t, f, qianshao.ActDecide, qianshao.VerdictCrime)
	d.Find(t, "http://a/", "two", 1)
	if c := d.Conflicts(t, desk.WhySeen, "ann", draft); c.Seen != "two" {
		t.Errorf("the conflict says %q is there now", c.Seen)
	}
	d.Decide(t, "ann", f, qianshao.VerdictCrime)
	d.Find(t, "http://a/", "three", 2)
	if v := d.Look(t, f); !v.Stale || !v.Standing.Undecided(v.Facts) || v.Standing.Verdict != qianshao.VerdictCrime {
		t.Errorf("with other content: %+v", v)
	}
	d.Decide(t, "bob", f, qianshao.VerdictNotCrime) // everybody may decide it again
}

// testRefused: an act's content must fit its kind, and a verdict its reason.
func testRefused(t *testing.T, d *Desk) {
	f := d.Find(t, "http://a/", "one", 0)
	campaign := qianshao.Subject{Kind: qianshao.SubjectCampaign, ID: "c"}
	for name, tt := range map[string]struct {
		code string
		edit func(*desk.Draft)
	}{
		"no kind":            {"kind", func(x *desk.Draft) { x.Kind = "judge" }},
		"no verdict":         {"verdict", func(x *desk.Draft) { x.Verdict = "" }},
		"odd verdict":        {"verdict", func(x *desk.Draft) { x.Verdict = "guilty" }},
		"no reason":          {"reason", func(x *desk.Draft) { x.Reason = "" }},
		"reason of another":  {"reason", func(x *desk.Draft) { x.Reason = qianshao.ReasonLawful }},
		"unsure for a cause": {"reason", func(x *desk.Draft) { x.Verdict = qianshao.VerdictUnsure }},
		"other, no words":    {"words", func(x *desk.Draft) { x.Verdict, x.Reason = qianshao.VerdictNotCrime, qianshao.ReasonOther }},
		"blank words": {"words", func(x *desk.Draft) {
			x.Verdict, x.Reason, x.Detail.Words = qianshao.VerdictNotCrime, qianshao.ReasonOther, " \n"
		}},
		"many words":       {"words", func(x *desk.Draft) { x.Detail.Words = strings.Repeat("字", desk.MaxWords+1) }},
		"no text":          {"words", func(x *desk.Draft) { x.Detail.Words = "\xff" }},
		"long key":         {"key", func(x *desk.Draft) { x.Key = strings.Repeat("k", desk.MaxKey+1) }},
		"verdict and park": {"detail", func(x *desk.Draft) { x.Until = d.Now.Add(time.Hour) }},
		"second":           {"detail", func(x *desk.Draft) { x.Detail.Second = desk.SecondSample }},
		"note, no words":   {"words", func(x *desk.Draft) { *x = desk.Draft{Subject: f, Kind: qianshao.ActNote} }},
		"note, verdict":    {"verdict", func(x *desk.Draft) { x.Kind, x.Detail.Words = qianshao.ActNote, "x" }},
		"undo of nothing":  {"reverts", func(x *desk.Draft) { *x = desk.Draft{Subject: f, Kind: qianshao.ActUndo} }},
		"merge of finding": {"subject", func(x *desk.Draft) {
			*x = desk.Draft{Subject: f, Kind: qianshao.ActMerge, Detail: desk.Detail{Campaigns: []string{"c"}}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			draft := d.Decision(t, f, qianshao.ActDecide, qianshao.VerdictCrime)
			tt.edit(&draft)
			d.Refused(t, tt.code, "leo", draft)
		})
	}
	if _, err := d.Do(t.Context(), d.Accounts["leo"], desk.Draft{Subject: campaign, Kind: qianshao.ActNote}); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("an unknown campaign: %v", err)
	}
	words := d.Decision(t, f, qianshao.ActDecide, qianshao.VerdictNotCrime)
	words.Reason, words.Detail.Words = qianshao.ReasonOther, " a game of words "
	if act := d.Must(t, "ann", words); act.Detail != `{"words":"a game of words"}` {
		t.Errorf("the detail is %s", act.Detail)
	}
}

func testUndo(t *testing.T, d *Desk) {
	f := d.Find(t, "http://a/", "one", 0)
	unsure := d.Decide(t, "ann", f, qianshao.VerdictUnsure)
	crime := d.Decide(t, "bob", f, qianshao.VerdictCrime)
	if _, err := d.Undo(t.Context(), d.Accounts["ann"], crime.Seq, "no", ""); !errors.Is(err, desk.ErrForbidden) {
		t.Errorf("ann undoes what bob did: %v", err)
	}
	if _, err := d.Undo(t.Context(), d.Accounts["ann"], unsure.Seq, "", ""); !errors.Is(err, desk.ErrConflict) {
		t.Errorf("a verdict that does not stand is undone: %v", err)
	}
	undo, err := d.Undo(t.Context(), d.Accounts["bob"], crime.Seq, "", "")
	check(t, err)
	v := d.Look(t, f)
	if v.Standing.Act != undo.Seq || v.Standing.Decided != unsure.Seq || v.Standing.By != "ann" || v.Standing.Round != 1 || undo.Basis != crime.Seq {
		t.Errorf("the former verdict stands again: %+v", v.Standing)
	}
	if _, err := d.Undo(t.Context(), d.Accounts["bob"], crime.Seq, "", ""); !errors.Is(err, desk.ErrConflict) {
		t.Errorf("undone twice: %v", err)
	}
	_, err = d.Undo(t.Context(), d.Accounts["ann"], unsure.Seq, "", "")
	check(t, err)
	if v := d.Look(t, f); v.Standing.Verdict != "" || v.Standing.Decided != 0 || !v.Standing.Undecided(v.Facts) {
		t.Errorf("with everything undone: %+v", v.Standing)
	}
	if _, err := d.Undo(t.Context(), d.Accounts["ann"], 99, "", ""); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("an unknown act: %v", err)
	}
}

func testUndoLate(t *testing.T, d *Desk) {
	f := d.Find(t, "http://a/", "one", 0)
	act := d.Decide(t, "ann", f, qianshao.VerdictCrime)
	d.Now = d.Now.Add(desk.UndoTime + time.Second)
	undo := desk.Draft{Subject: f, Kind: qianshao.ActUndo, Reverts: act.Seq}
	d.Refused(t, "words", "ann", undo)
	d.Refused(t, "words", "leo", undo)
	undo.Detail.Words = "the wrong button"
	d.Must(t, "leo", undo)
	note := d.Must(t, "ann", desk.Draft{Subject: f, Kind: qianshao.ActNote, Detail: desk.Detail{Words: "x"}})
	undo.Reverts = note.Seq
	d.Refused(t, "undo", "ann", undo)
}

func testSight(t *testing.T, d *Desk) {
	f := d.Find(t, "http://a/", "one", 0) // of the city
	decision := d.Decision(t, f, qianshao.ActDecide, qianshao.VerdictCrime)
	for _, draft := range []desk.Draft{
		decision, {Subject: f, Kind: qianshao.ActNote}, {Subject: f, Kind: qianshao.ActClaim}, {Subject: f, Kind: "nonsense"},
	} {
		if _, err := d.Do(t.Context(), d.Accounts["may"], draft); !errors.Is(err, desk.ErrNotFound) {
			t.Errorf("%s on a finding that may cannot see: %v, want the error for an unknown one", draft.Kind, err)
		}
	}
	if _, err := d.Desk.Look(t.Context(), d.Accounts["may"], f); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("may looks: %v", err)
	}
	if err := d.Release(t.Context(), d.Accounts["may"], f); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("may releases: %v", err)
	}
	act := d.Must(t, "ann", decision)
	if _, err := d.Undo(t.Context(), d.Accounts["may"], act.Seq, "", ""); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("may undoes: %v", err)
	}
	p := Page("http://town/", "two", 0, "casino")
	p.Page.Authorisation, p.Assessment.Findings[0].Authorisation, p.Assessment.Findings[0].Seen = "town", "town", "two"
	save(t, d.Store, p)
	town := d.Decide(t, "may", qianshao.Subject{Kind: qianshao.SubjectFinding, ID: p.Assessment.Findings[0].ID}, qianshao.VerdictUnsure)
	for by, want := range map[string]int{"may": 1, "ann": 2} {
		acts, err := d.Acts(t.Context(), d.Accounts[by], 0, 10)
		if err != nil || len(acts) != want || acts[want-1].Seq != town.Seq {
			t.Errorf("%s reads %d acts, want %d, error %v", by, len(acts), want, err)
		}
	}
	if acts, err := d.Acts(t.Context(), qianshao.Account{Name: "nobody"}, 0, 10); err != nil || len(acts) != 0 {
		t.Errorf("an account without sight reads %d acts, %v", len(acts), err)
	}
}

func testPowers(t *testing.T, d *Desk) {
	f := d.Find(t, "http://a/", "one", 0)
	for by, kinds := range map[string][]qianshao.ActKind{
		"amy": qianshao.ActKinds(), "old": {qianshao.ActDecide, qianshao.ActNote}, "ann": {qianshao.ActAdjudicate},
	} {
		for _, kind := range kinds {
			draft := d.Decision(t, f, kind, qianshao.VerdictCrime)
			if _, err := d.Do(t.Context(), d.Accounts[by], draft); !errors.Is(err, desk.ErrForbidden) {
				t.Errorf("%s by %s: %v", kind, by, err)
			}
		}
	}
	d.Refused(t, "undecided", "leo", d.Decision(t, f, qianshao.ActAdjudicate, qianshao.VerdictCrime))
}

func testReviews(t *testing.T, d *Desk) {
	f := d.Find(t, "http://a/", "one", 0)
	d.Refused(t, "undecided", "bob", d.Decision(t, f, qianshao.ActReview, qianshao.VerdictCrime))
	d.Decide(t, "ann", f, qianshao.VerdictCrime)
	review := d.Decision(t, f, qianshao.ActReview, qianshao.VerdictNotCrime)
	d.Refused(t, "own", "ann", review)
	if act := d.Must(t, "bob", review); act.Round != 1 {
		t.Errorf("the round is %d", act.Round)
	}
	d.Refused(t, "reviewed", "bob", review)
	dispute := d.Decision(t, f, qianshao.ActDispute, qianshao.VerdictCrime)
	d.Refused(t, "agrees", "cyn", dispute)
	dispute.Verdict, dispute.Reason = qianshao.VerdictUnsure, ""
	if act := d.Must(t, "cyn", dispute); act.Round != 1 {
		t.Errorf("the round is %d", act.Round)
	}
	d.Refused(t, "reviewed", "cyn", dispute)
	v := d.Look(t, f)
	if s := v.Standing; !s.Disputed() || s.Reviews != 1 || s.Dissent != 2 || s.Verdict != qianshao.VerdictCrime {
		t.Errorf("with a dissenting review and a dispute: %+v", s)
	}
	if due, err := d.Review.Due(t.Context(), []string{f.ID, "none"}); err != nil || len(due) != 0 {
		t.Errorf("an ordinary decision waits for a second review: %v %v", due, err)
	}
	if b := v.Blind(); b.Standing.Verdict != "" || b.Standing.By != "" || b.Acts != nil || b.Standing.Act != v.Standing.Act {
		t.Errorf("blind: %+v", b)
	}
	stale := review
	stale.Basis = 0
	if c := d.Conflicts(t, desk.WhyBasis, "cyn", stale); c.Standing.Verdict != "" || c.Standing.By != "" {
		t.Errorf("a conflict shows a blind reviewer the first verdict: %+v", c.Standing)
	}
	d.Must(t, "leo", d.Decision(t, f, qianshao.ActAdjudicate, qianshao.VerdictNotCrime))
	if s := d.Look(t, f).Standing; s.Disputed() || s.Round != 2 || s.Reviews != 0 {
		t.Errorf("adjudicated: %+v", s)
	}
	d.Must(t, "bob", d.Decision(t, f, qianshao.ActReview, qianshao.VerdictNotCrime)) // another round
	undone, err := d.Undo(t.Context(), d.Accounts["leo"], d.Look(t, f).Standing.Decided, "", "")
	check(t, err)
	if s := d.Look(t, f).Standing; s.Round != 1 || s.Reviews != 1 || !s.Disputed() || s.Act != undone.Seq {
		t.Errorf("the first decision has its reviews again: %+v", s)
	}
}

func testPark(t *testing.T, d *Desk) {
	f := d.Find(t, "http://a/", "one", 0)
	park := func(until time.Time, p *desk.Park) desk.Draft {
		v := d.Look(t, f)
		return desk.Draft{Subject: f, Kind: qianshao.ActPark, Basis: v.Standing.Act, Seen: v.Seen, Until: until, Detail: desk.Detail{Park: p}}
	}
	for _, never := range []desk.Draft{
		park(time.Time{}, nil), park(time.Time{}, &desk.Park{}), park(base, nil), park(base.Add(2*desk.MaxPark), nil), park(time.Time{}, &desk.Park{Sites: -1}),
	} {
		d.Refused(t, "park", "ann", never)
	}
	rests := func(want desk.Wake) {
		t.Helper()
		v := d.Look(t, f)
		if v.Wake != want || v.Standing.Resting(v.Facts, d.Now) != (want == "" && v.Standing.Parked != 0) {
			t.Errorf("it came back for %q, want %q: %+v", v.Wake, want, v.Standing)
		}
	}
	d.Must(t, "ann", park(base.Add(time.Hour), nil))
	rests("")
	d.Now = base.Add(time.Hour)
	rests(desk.WakeDate)
	d.Must(t, "ann", park(time.Time{}, &desk.Park{Content: true}))
	rests("")
	d.Find(t, "http://a/", "two", 2)
	rests(desk.WakeContent)
	d.Must(t, "ann", park(base.Add(9*time.Hour), &desk.Park{Relapse: true}))
	save(t, d.Store, Page("http://a/", "clean", 3))
	rests("")
	d.Find(t, "http://a/", "two", 4)
	rests(desk.WakeRelapse)
	last := d.Must(t, "ann", park(base.Add(9*time.Hour), nil))
	_, err := d.Undo(t.Context(), d.Accounts["ann"], last.Seq, "", "")
	check(t, err)
	if s := d.Look(t, f).Standing; s.Parked != 0 {
		t.Errorf("the park is undone: %+v", s)
	}
	d.Must(t, "ann", park(base.Add(9*time.Hour), nil))
	d.Decide(t, "bob", f, qianshao.VerdictCrime)
	if s := d.Look(t, f).Standing; s.Parked != 0 {
		t.Errorf("a decided finding is still parked: %+v", s)
	}
}

func testParkSites(t *testing.T, d *Desk) {
	f := d.Find(t, "http://a/", "one", 0)
	d.Find(t, "http://b/", "one", 0)
	v := d.Look(t, f)
	act := d.Must(t, "ann", desk.Draft{Subject: f, Kind: qianshao.ActPark, Seen: v.Seen, Detail: desk.Detail{Park: &desk.Park{Sites: 2}}})
	if detail, err := desk.ParseDetail(act.Detail); err != nil || detail.Park.SitesNow != 2 {
		t.Errorf("%s: %v", act.Detail, err)
	}
	for i, url := range []string{"http://b/other", "http://c/", "http://d/"} {
		d.Find(t, url, "one", 1)
		if v := d.Look(t, f); (v.Wake == desk.WakeSites) != (i == 2) {
			t.Errorf("after %s it came back for %q, on %d sites", url, v.Wake, v.Sites)
		}
	}
}

func testClaim(t *testing.T, d *Desk) {
	f := d.Find(t, "http://a/", "one", 0)
	claim := desk.Draft{Subject: f, Kind: qianshao.ActClaim}
	if act := d.Must(t, "ann", claim); act.Seq != 1 || !act.Until.Equal(base.Add(desk.ClaimTime)) {
		t.Errorf("claimed: %+v", act)
	}
	d.Now = base.Add(9 * time.Minute)
	if act := d.Must(t, "ann", claim); act.Seq != 0 {
		t.Errorf("a renewal is act %d", act.Seq)
	}
	d.Now = base.Add(18 * time.Minute)
	d.Must(t, "ann", desk.Draft{Subject: f, Kind: qianshao.ActNote, Detail: desk.Detail{Words: "at work"}}) // renews it, too
	d.Now = base.Add(27 * time.Minute)
	if c := d.Conflicts(t, desk.WhyClaimed, "bob", claim); c.Claim.By != "ann" || !c.Claim.Until.Equal(base.Add(28*time.Minute)) {
		t.Errorf("bob sees %+v", c.Claim)
	}
	over := claim
	over.TakeOver = true
	if _, err := d.Do(t.Context(), d.Accounts["bob"], over); !errors.Is(err, desk.ErrForbidden) {
		t.Errorf("bob takes over: %v", err)
	}
	if act := d.Must(t, "leo", over); act.Detail != `{"from":"ann"}` {
		t.Errorf("taken over: %+v", act)
	}
	d.Must(t, "ann", desk.Draft{Subject: f, Kind: qianshao.ActNote, Detail: desk.Detail{Words: "typed while it was mine"}})
	if v := d.Look(t, f); v.Claim.By != "leo" {
		t.Errorf("the claim is %+v", v.Claim)
	}
	d.Now = d.Now.Add(desk.ClaimTime)
	if v := d.Look(t, f); v.Claim.By != "" {
		t.Errorf("an ended claim is shown: %+v", v.Claim)
	}
	d.Must(t, "bob", claim)
	check(t, d.Release(t.Context(), d.Accounts["bob"], f))
	d.Must(t, "ann", claim)
	d.Decide(t, "ann", f, qianshao.VerdictCrime)
	if v := d.Look(t, f); v.Claim.By != "" {
		t.Errorf("a decided finding is still claimed: %+v", v.Claim)
	}
}

// testClaims: each account may hold a limited number of claims, independently of the others. A claim can
// always be renewed, and one that was released, decided or has expired makes room.
func testClaims(t *testing.T, d *Desk) {
	var subjects []qianshao.Subject
	for i := range desk.MaxClaims + 4 {
		subjects = append(subjects, d.Find(t, fmt.Sprintf("http://a/%d", i), fmt.Sprintf("one %d", i), 0))
	}
	claim := func(by string, i int) error {
		_, err := d.Do(t.Context(), d.Accounts[by], desk.Draft{Subject: subjects[i], Kind: qianshao.ActClaim})
		return err
	}
	full := func(i int) {
		t.Helper()
		var refused *desk.Refusal
		if err := claim("ann", i); !errors.As(err, &refused) || refused.Code != "claims" {
			t.Errorf("claim %d beyond the limit: %v", i, err)
		}
	}
	check(t, claim("bob", desk.MaxClaims+3))
	for i := range desk.MaxClaims {
		check(t, claim("ann", i))
	}
	full(desk.MaxClaims)
	check(t, claim("ann", 0)) // renewed
	check(t, claim("bob", desk.MaxClaims))
	check(t, d.Release(t.Context(), d.Accounts["ann"], subjects[0]))
	check(t, claim("ann", desk.MaxClaims+1))
	full(desk.MaxClaims + 2)
	d.Decide(t, "ann", subjects[1], qianshao.VerdictCrime)
	check(t, claim("ann", desk.MaxClaims+2))
	full(0)
	d.Now = d.Now.Add(desk.ClaimTime)
	check(t, claim("ann", 0))
}

func testAssign(t *testing.T, d *Desk) {
	f := d.Find(t, "http://a/", "one", 0)
	to := func(name string) desk.Draft {
		return desk.Draft{Subject: f, Kind: qianshao.ActAssign, Detail: desk.Detail{Assignee: name}}
	}
	for _, name := range []string{"nobody", "old", "amy", "may"} {
		d.Refused(t, "assignee", "leo", to(name))
	}
	if _, err := d.Do(t.Context(), d.Accounts["ann"], to("bob")); !errors.Is(err, desk.ErrForbidden) {
		t.Errorf("ann gives bob a task: %v", err)
	}
	d.Must(t, "ann", to("ann"))
	if _, err := d.Do(t.Context(), d.Accounts["bob"], to("")); !errors.Is(err, desk.ErrForbidden) {
		t.Errorf("bob takes ann's task away: %v", err)
	}
	d.Must(t, "leo", to("bob"))
	if s := d.Look(t, f).Standing; s.Assignee != "bob" || s.Act != 0 {
		t.Errorf("assigned: %+v", s)
	}
	d.Must(t, "bob", to(""))
	if s := d.Look(t, f).Standing; s.Assignee != "" {
		t.Errorf("given back: %+v", s)
	}
}

func testActKeys(t *testing.T, d *Desk) {
	f := d.Find(t, "http://a/", "one", 0)
	draft := d.Decision(t, f, qianshao.ActDecide, qianshao.VerdictCrime)
	draft.Key = "k"
	first := d.Must(t, "ann", draft)
	if again := d.Must(t, "ann", draft); again != first {
		t.Errorf("done again: %+v, first %+v", again, first)
	}
	other := draft
	other.Verdict, other.Reason = qianshao.VerdictUnsure, ""
	d.Conflicts(t, desk.WhyKey, "ann", other)
	note := desk.Draft{Subject: f, Kind: qianshao.ActNote, Key: "k", Detail: desk.Detail{Words: "of bob"}}
	other = draft
	other.Detail.Words = "and words"
	d.Conflicts(t, desk.WhyKey, "ann", other)
	park := desk.Draft{
		Subject: f, Kind: qianshao.ActPark, Key: "p", Basis: first.Seq, Seen: "one", Until: base.Add(time.Hour + time.Microsecond),
		Detail: desk.Detail{Park: &desk.Park{Sites: 3}},
	}
	parked := d.Must(t, "ann", park)
	if again := d.Must(t, "ann", park); again != parked {
		t.Errorf("parked again: %+v, first %+v", again, parked)
	}
	park.Until = base.Add(2 * time.Hour)
	d.Conflicts(t, desk.WhyKey, "ann", park)
	d.Must(t, "bob", note) // each account has keys of its own
	if v := d.Look(t, f); len(v.Acts) != 3 {
		t.Errorf("%d acts", len(v.Acts))
	}
}

func testRelapse(t *testing.T, d *Desk) {
	f := d.Find(t, "http://a/", "one", 0)
	d.Decide(t, "ann", f, qianshao.VerdictCrime)
	save(t, d.Store, Page("http://a/", "clean", 1))
	if v := d.Look(t, f); v.Relapsed || v.Stale {
		t.Errorf("gone: %+v", v)
	}
	d.Find(t, "http://a/", "one", 2)
	if v := d.Look(t, f); !v.Relapsed || v.Stale || v.Standing.Verdict != qianshao.VerdictCrime {
		t.Errorf("back with the same content: %+v", v)
	}
	d.Now = base.Add(3 * time.Hour)
	d.Decide(t, "bob", f, qianshao.VerdictCrime) // a finding that came back can be decided by everybody
	if v := d.Look(t, f); v.Relapsed {
		t.Errorf("decided again: %+v", v)
	}
	save(t, d.Store, Page("http://a/", "clean", 4))
	d.Find(t, "http://a/", "two", 5)
	if v := d.Look(t, f); v.Relapsed || !v.Stale {
		t.Errorf("back with different content: %+v", v)
	}
}

// testForgottenActs: the trail of a deleted finding stays; it does not apply to another one found at the
// same place later.
func testForgottenActs(t *testing.T, d *Desk) {
	f := d.Find(t, "http://a/", "one", 0)
	d.Decide(t, "ann", f, qianshao.VerdictCrime)
	d.Must(t, "ann", desk.Draft{Subject: f, Kind: qianshao.ActClaim})
	d.Must(t, "bob", d.Decision(t, f, qianshao.ActReview, qianshao.VerdictCrime))
	deleteFindings(t, d.Store, 1, deletionOf("http://a/", "casino", 1))
	if _, err := d.Desk.Look(t.Context(), d.Accounts["ann"], f); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("a deleted finding: %v", err)
	}
	d.Verify(t)
	d.Find(t, "http://a/", "one", 2)
	v := d.Look(t, f)
	if v.Standing != (desk.Standing{}) || v.Claim.By != "" || len(v.Acts) != 0 {
		t.Errorf("found anew it has %+v", v)
	}
	d.Decide(t, "ann", f, qianshao.VerdictNotCrime)
	d.Must(t, "bob", d.Decision(t, f, qianshao.ActReview, qianshao.VerdictNotCrime)) // a review of its own, although it is round 1 again
	acts, err := d.Acts(t.Context(), d.Accounts["amy"], 0, 10)
	if err != nil || len(acts) != 5 {
		t.Errorf("the trail has %d acts, %v", len(acts), err)
	}
}

// testActsInOrder: while several people act, a reader who continues from the last act that it has read
// misses none.
func testActsInOrder(t *testing.T, d *Desk) {
	const each = 20
	var writers sync.WaitGroup
	for i, by := range []string{"ann", "bob", "cyn"} {
		f := d.Find(t, fmt.Sprintf("http://%d/", i), "one", 0)
		writers.Go(func() {
			for n := range each {
				if _, err := d.Do(t.Context(), d.Accounts[by], desk.Draft{Subject: f, Kind: qianshao.ActNote, Detail: desk.Detail{Words: fmt.Sprint(n)}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	var since int64
	for over := false; ; {
		acts, err := d.Acts(t.Context(), d.Accounts["amy"], since, 7)
		check(t, err)
		for i := range acts {
			if since++; acts[i].Seq != since {
				t.Fatalf("act %d follows act %d", acts[i].Seq, since-1)
			}
		}
		if len(acts) > 0 {
			continue
		}
		if over {
			break
		}
		select {
		case <-done:
			over = true // one last time
		default:
		}
	}
	if since != 3*each {
		t.Errorf("%d acts were read", since)
	}
}

// testRecords: other changes and exports are in the same trail, for accounts that may read all of it, and
// do not result in a standing.
func testRecords(t *testing.T, d *Desk) {
	f := d.Find(t, "http://a/", "one", 0)
	d.Decide(t, "ann", f, qianshao.VerdictCrime)
	subject := qianshao.Subject{Kind: qianshao.SubjectSetting, ID: "second_review"}
	act, err := d.Record(t.Context(), "root", qianshao.ActChange, subject, desk.Detail{Event: "set", Before: "0.05", After: "0.1"})
	if err != nil || act.Seq != 2 || act.Chain == "" {
		t.Fatalf("%+v, error %v", act, err)
	}
	for by, want := range map[string]int{"amy": 2, "ann": 1} {
		if acts, err := d.Acts(t.Context(), d.Accounts[by], 0, 10); err != nil || len(acts) != want {
			t.Errorf("%s reads %d acts, want %d, error %v", by, len(acts), want, err)
		}
	}
	d.Refused(t, "kind", "leo", desk.Draft{Subject: f, Kind: qianshao.ActChange})
	if _, err := d.Undo(t.Context(), d.Accounts["leo"], act.Seq, "why", ""); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("a recorded act is undone: %v", err)
	}
	n, err := d.Review.RebuildStandings(t.Context())
	if err != nil || n != 1 {
		t.Errorf("%d standings, error %v", n, err)
	}
	d.Verify(t)
}

// testHeadKept: a trail that was cut off and rewritten does not pass through a head that was kept.
func testHeadKept(t *testing.T, d *Desk) {
	f := d.Find(t, "http://a/", "one", 0)
	d.Decide(t, "ann", f, qianshao.VerdictCrime)
	head, at, err := d.Review.Head(t.Context())
	check(t, err)
	d.Must(t, "ann", desk.Draft{Subject: f, Kind: qianshao.ActNote, Detail: desk.Detail{Words: "x"}})
	for kept, want := range map[desk.Head]int{head: 0, {Seq: 1, Chain: "other"}: 1, {Seq: 9, Chain: head.Chain}: 1} {
		v, err := d.Review.Verify(t.Context(), kept, func(locales.Speaker) {})
		if err != nil || v.Problems != want || v.Acts != 2 || v.Head.Seq != 2 {
			t.Errorf("head %v: %+v, error %v", kept, v, err)
		}
	}
	if parsed, err := desk.ParseHead(head.String()); err != nil || parsed != head || !at.Equal(base) {
		t.Errorf("%v of %v: %v", head, at, err)
	}
}
