package campaigns_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/database/databasetest"
	"github.com/qianshao/qianshao/store/sqlstore/review"
)

// desked returns a desk over the world, and a lead who sees everything.
func (w *world) desked() (*desk.Desk, qianshao.Account) {
	w.t.Helper()
	lead := qianshao.Account{Name: "li", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()}
	d, err := desk.New(desk.Options{
		Store: review.New(w.db, w.options()), Mask: func(s string) string { return s }, Rules: func() string { return "rules" }, Now: func() time.Time { return w.at },
		Account: func(context.Context, string) (qianshao.Account, error) { return lead, nil },
	})
	check(w.t, err)
	return d, lead
}

// blockOf makes a finding with a block of its own name, on a site.
func blockOf(id string, band uint64, site string, first int, keys ...campaign.Key) specimen {
	return specimen{ID: id, First: first, Traits: campaign.Traits{Shape: band, Sketch: band, Bands: []uint64{band}, Owner: site, Label: "标签 " + id, Keys: keys}}
}

// parts returns the findings of each primary campaign, in order.
func (w *world) parts() (list []string) {
	w.t.Helper()
	by := map[string][]string{}
	for finding, groups := range w.groups() {
		primary, _, _ := strings.Cut(groups, " | ")
		by[primary] = append(by[primary], finding)
	}
	for _, members := range by {
		slices.Sort(members)
		list = append(list, strings.Join(members, " "))
	}
	slices.Sort(list)
	return list
}

func (w *world) wantParts(when string, want ...string) {
	w.t.Helper()
	if got := w.parts(); !slices.Equal(got, want) {
		w.t.Fatalf("%s: the campaigns are %q, want %q", when, got, want)
	}
	w.verify()
}

// idOf returns the id of a finding's primary campaign.
func (w *world) idOf(finding string) string {
	id, _, _ := strings.Cut(w.groups()[finding], " | ")
	return id
}

// Merges and splits survive newcomers and regrouping; undoing them leaves no trace.
func TestMergesAndSplits(t *testing.T) { databasetest.Each(t, testMergesAndSplits) }

func testMergesAndSplits(t *testing.T, open databasetest.Open) {
	t.Parallel()
	w := newWorld(t, open)
	d, lead := w.desked()
	handle := campaign.Key{Kind: campaign.KindHandle, Name: "qq:10001"}
	for _, s := range []specimen{
		blockOf("a1", 1, "a.example", 1), blockOf("a2", 1, "b.example", 2), blockOf("b1", 2, "c.example", 3), blockOf("b2", 2, "d.example", 4),
		blockOf("h1", 7, "e.example", 5, handle), blockOf("h2", 8, "f.example", 6, handle),
	} {
		w.save(s)
	}
	w.group()
	w.wantParts("at first", "a1 a2", "b1 b2", "h1 h2")
	idA, idB, idH := w.idOf("a1"), w.idOf("b1"), w.idOf("h1")
	do := func(draft desk.Draft) qianshao.Act {
		t.Helper()
		if draft.Kind != qianshao.ActUndo {
			view, err := d.Look(t.Context(), lead, draft.Subject)
			check(t, err)
			draft.Basis = view.Standing.Act
		}
		act, err := d.Do(t.Context(), lead, draft)
		check(t, err)
		return act
	}
	subject := func(id string) qianshao.Subject { return qianshao.Subject{Kind: qianshao.SubjectCampaign, ID: id} }
	again := func(when string, want ...string) {
		t.Helper()
		w.wantParts(when, want...)
		groups := w.groups()
		_, err := w.c.Regroup(t.Context())
		check(t, err)
		w.wantParts(when+", regrouped", want...)
		same(t, when+", regrouped", groups, w.groups())
	}
	// b is the younger one: the merged campaign has the id of a, and b's leads there.
	merge := do(desk.Draft{Subject: subject(idB), Kind: qianshao.ActMerge, Detail: desk.Detail{Campaigns: []string{idA, idH}}})
	again("merged", "a1 a2 b1 b2 h1 h2")
	for _, id := range []string{idA, idB, idH} {
		got, err := w.c.Campaign(t.Context(), qianshao.SeeAll(), id)
		check(t, err)
		if got.ID != idA || got.Members != 6 {
			t.Fatalf("%s leads to %s with %d members, want %s with 6", id, got.ID, got.Members, idA)
		}
		view, err := d.Look(t.Context(), lead, subject(id)) // the merge is an act on b
		check(t, err)
		if history, err := view.History(lead); err != nil || len(history) != 1 || history[0].Seq != merge.Seq {
			t.Errorf("the acts on %s are %+v, %v", id, history, err)
		}
		if id == idA {
			continue
		}
		// A former id has no standing: an act on it would have no basis, and a claim on it would not
		// exclude one on today's id.
		_, err = d.Do(t.Context(), lead, desk.Draft{Subject: subject(id), Kind: qianshao.ActClaim})
		var refusal *desk.Refusal
		if !errors.As(err, &refusal) || refusal.Code != "moved" || !strings.Contains(refusal.Text, idA) {
			t.Errorf("a claim by the id %s: %v", id, err)
		}
	}
	// An account that sees only the member on c.example learns of the merge, but not which campaigns.
	limited := qianshao.Account{Name: "wu", Role: qianshao.RoleAnalyst, Sight: qianshao.Sight{Authorisations: []string{"a-c.example"}}}
	for _, authorisation := range []string{"a-c.example", "a-none"} {
		limited.Sight.Authorisations[0] = authorisation
		acts, err := d.Acts(t.Context(), limited, 0, 10)
		check(t, err)
		if sees := authorisation != "a-none"; sees != (len(acts) == 1) || sees && (acts[0].Seq != merge.Seq || acts[0].Detail != "") {
			t.Errorf("a reader of %s sees %+v", authorisation, acts)
		}
	}
	w.save(blockOf("a3", 1, "g.example", 7))
	w.save(blockOf("h3", 9, "g.example", 8, handle))
	w.group()
	again("newcomers", "a1 a2 a3 b1 b2 h1 h2 h3")
	split := do(desk.Draft{Subject: subject(w.idOf("a1")), Kind: qianshao.ActSplit, Detail: desk.Detail{Findings: []string{"a2", "h2"}}})
	again("split", "a1 a3 b1 b2 h1 h3", "a2 h2")
	w.remove("b1") // the merge referred to it
	w.group()
	again("the anchor is deleted", "a1 a3 b2 h1 h3", "a2 h2")
	do(desk.Draft{Subject: split.Subject, Kind: qianshao.ActUndo, Reverts: split.Seq})
	again("the split is undone", "a1 a2 a3 b2 h1 h2 h3")
	do(desk.Draft{Subject: merge.Subject, Kind: qianshao.ActUndo, Reverts: merge.Seq})
	again("the merge is undone", "a1 a2 a3", "b2", "h1 h2 h3")
	// A former id leads to the campaign of the finding that it was named after.
	got, err := w.c.Campaign(t.Context(), qianshao.SeeAll(), idB)
	check(t, err)
	if got.ID != w.idOf("b2") {
		t.Errorf("the id of a campaign whose oldest finding is deleted leads to %s, want %s", got.ID, w.idOf("b2"))
	}
}

// If undoing would regroup too many findings it is refused, and nothing changes.
func TestLargeMergeIsNotUndone(t *testing.T) { databasetest.Each(t, testLargeMergeIsNotUndone) }

func testLargeMergeIsNotUndone(t *testing.T, open databasetest.Open) {
	t.Parallel()
	w := newWorld(t, open)
	_, lead := w.desked()
	opts := w.options()
	opts.MaxRebuilt = 3
	d, err := desk.New(desk.Options{
		Store: review.New(w.db, opts), Mask: func(s string) string { return s }, Rules: func() string { return "rules" }, Now: func() time.Time { return w.at },
		Account: func(context.Context, string) (qianshao.Account, error) { return lead, nil },
	})
	check(t, err)
	w.save(blockOf("a1", 1, "a.example", 1))
	w.save(blockOf("b1", 2, "b.example", 2))
	w.save(blockOf("b2", 2, "c.example", 3))
	w.group()
	merge, err := d.Do(t.Context(), lead, desk.Draft{
		Subject: qianshao.Subject{Kind: qianshao.SubjectCampaign, ID: w.idOf("a1")}, Kind: qianshao.ActMerge, Detail: desk.Detail{Campaigns: []string{w.idOf("b1")}},
	})
	check(t, err)
	w.save(blockOf("b3", 2, "d.example", 4))
	w.group()
	var refused *desk.Refusal
	if _, err := d.Undo(t.Context(), lead, merge.Seq, "", ""); !errors.As(err, &refused) || refused.Code != "large" || !strings.Contains(refused.Text, "split off") {
		t.Errorf("undone: %v", err)
	}
	w.wantParts("refused", "a1 b1 b2 b3")
	w.remove("b3")
	w.group()
	_, err = d.Undo(t.Context(), lead, merge.Seq, "", "")
	check(t, err)
	w.wantParts("undone", "a1", "b1 b2")
}

// Merging requires seeing all members of all campaigns. A campaign of which no member is seen counts as
// nonexistent.
func TestMergeNeedsSight(t *testing.T) { databasetest.Each(t, testMergeNeedsSight) }

func testMergeNeedsSight(t *testing.T, open databasetest.Open) {
	t.Parallel()
	w := newWorld(t, open)
	d, lead := w.desked()
	w.save(blockOf("a1", 1, "a.example", 1))
	w.save(blockOf("b1", 2, "b.example", 2))
	w.save(blockOf("b2", 2, "a.example", 3))
	w.save(blockOf("c1", 3, "c.example", 4))
	w.group()
	own := qianshao.Sight{Authorisations: []string{"a-a.example"}}
	a, b, hidden := w.idOf("a1"), w.idOf("b1"), w.idOf("c1")
	for _, c := range []struct {
		name       string
		sight      qianshao.Sight
		role       qianshao.Role
		into, from string
		want       error
	}{
		{"some of one", own, qianshao.RoleLead, a, b, desk.ErrForbidden},
		{"into some of one", own, qianshao.RoleLead, b, a, desk.ErrForbidden},
		{"none of one", own, qianshao.RoleLead, a, hidden, desk.ErrNotFound},
		{"into none of one", own, qianshao.RoleLead, hidden, a, desk.ErrNotFound},
		{"one that leads nowhere", own, qianshao.RoleLead, a, "0123456789abcdef", desk.ErrNotFound},
		{"an analyst", qianshao.SeeAll(), qianshao.RoleAnalyst, a, b, desk.ErrForbidden},
		{"neither", qianshao.Sight{}, qianshao.RoleLead, a, b, desk.ErrNotFound},
		{"both", qianshao.Sight{Authorisations: []string{"a-a.example", "a-b.example"}}, qianshao.RoleLead, a, b, nil},
	} {
		lead.Sight, lead.Role = c.sight, c.role
		into := qianshao.Subject{Kind: qianshao.SubjectCampaign, ID: c.into}
		_, err := d.Do(t.Context(), lead, desk.Draft{Subject: into, Kind: qianshao.ActMerge, Detail: desk.Detail{Campaigns: []string{c.from}}})
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// A campaign's policy decides its newcomers, in the lead's name, and no other finding; regrouping decides
// nothing.
func TestPolicy(t *testing.T) { databasetest.Each(t, testPolicy) }

func testPolicy(t *testing.T, open databasetest.Open) {
	t.Parallel()
	w := newWorld(t, open)
	d, lead := w.desked()
	w.save(blockOf("a1", 1, "a.example", 1))
	w.save(blockOf("a2", 1, "b.example", 2))
	w.save(blockOf("b1", 2, "b.example", 3))
	w.group()
	subject := qianshao.Subject{Kind: qianshao.SubjectCampaign, ID: w.idOf("a1")}
	_, err := d.Do(t.Context(), lead, desk.Draft{Subject: subject, Kind: qianshao.ActPolicy, Detail: desk.Detail{Newcomers: desk.NewcomersDecided}})
	var refusal *desk.Refusal
	if !errors.As(err, &refusal) || refusal.Field != "verdict" {
		t.Fatalf("a policy without a verdict: %v", err)
	}
	policy, err := d.Do(t.Context(), lead, desk.Draft{
		Subject: subject, Kind: qianshao.ActPolicy, Verdict: qianshao.VerdictCrime, Reason: qianshao.ReasonHacked, Detail: desk.Detail{Newcomers: desk.NewcomersDecided},
	})
	check(t, err)
	_, err = w.c.Regroup(t.Context())
	check(t, err)
	w.save(blockOf("a3", 1, "c.example", 4))
	w.save(blockOf("b2", 2, "c.example", 5))
	w.save(blockOf("a1", 1, "a.example", 1)) // seen again
	w.group()
	verdicts := func() string {
		var out []string
		for _, id := range []string{"a1", "a2", "a3", "a4", "b1", "b2"} {
			v, err := d.Look(t.Context(), lead, qianshao.Subject{Kind: qianshao.SubjectFinding, ID: id})
			if err == nil && v.Standing.Verdict != "" {
				detail, err := desk.ParseDetail(v.Acts[0].Detail)
				check(t, err)
				out = append(out, fmt.Sprintf("%s %s %s %d", id, v.Standing.By, v.Standing.Verdict, detail.Policy))
			}
		}
		return strings.Join(out, ", ")
	}
	want := fmt.Sprintf("a3 li crime %d", policy.Seq)
	if got := verdicts(); got != want {
		t.Fatalf("decided are %q, want %q", got, want)
	}
	w.verify()
	_, err = d.Undo(t.Context(), lead, policy.Seq, "", "")
	check(t, err)
	w.save(blockOf("a4", 1, "d.example", 6))
	w.group()
	if got := verdicts(); got != want {
		t.Fatalf("after the policy is undone: decided are %q, want %q", got, want)
	}
	got, err := w.c.Campaign(t.Context(), qianshao.SeeAll(), subject.ID)
	check(t, err)
	if got.Findings != 4 || got.Undecided != 3 || got.Policy != 0 {
		t.Errorf("the campaign has %d findings, %d undecided, policy %d; want 4, 3, 0", got.Findings, got.Undecided, got.Policy)
	}
}

// Counters follow people's decisions, and the times at which parked findings come back.
func TestCountersFollowStandings(t *testing.T) { databasetest.Each(t, testCountersFollowStandings) }

func testCountersFollowStandings(t *testing.T, open databasetest.Open) {
	t.Parallel()
	w := newWorld(t, open)
	d, lead := w.desked()
	w.save(blockOf("a1", 1, "a.example", 1))
	w.save(blockOf("a2", 1, "b.example", 2))
	w.group()
	look := func() string {
		t.Helper()
		got, err := w.c.Campaign(t.Context(), qianshao.SeeAll(), w.idOf("a1"))
		check(t, err)
		w.verify()
		return fmt.Sprintf("%d undecided, %d relapsed, %d parked, %d in review, overdue %v", got.Undecided, got.Relapsed, got.Parked, got.Reviewing, got.Overdue)
	}
	want := func(when, want string) {
		t.Helper()
		if got := look(); got != want {
			t.Fatalf("%s: %s, want %s", when, got, want)
		}
	}
	want("at first", "2 undecided, 0 relapsed, 0 parked, 0 in review, overdue false")
	finding := func(id string) qianshao.Subject { return qianshao.Subject{Kind: qianshao.SubjectFinding, ID: id} }
	park, err := d.Do(t.Context(), lead, desk.Draft{Subject: finding("a1"), Kind: qianshao.ActPark, Seen: "1", Until: w.at.Add(time.Hour)})
	check(t, err)
	want("parked", "1 undecided, 0 relapsed, 1 parked, 0 in review, overdue false")
	decided, err := d.Do(t.Context(), lead, desk.Draft{Subject: finding("a2"), Kind: qianshao.ActDecide, Seen: "1", Verdict: qianshao.VerdictNotCrime, Reason: qianshao.ReasonLawful})
	check(t, err)
	want("decided", "0 undecided, 0 relapsed, 1 parked, 0 in review, overdue false")
	w.exec(`UPDATE findings SET back_at = $1 WHERE id = 'a2'`, database.Millis(w.at.Add(time.Minute)))
	w.save(blockOf("a2", 1, "b.example", 2))
	w.group()
	want("relapsed", "0 undecided, 1 relapsed, 1 parked, 0 in review, overdue false")
	_, err = d.Undo(t.Context(), lead, decided.Seq, "", "")
	check(t, err)
	want("undone", "1 undecided, 0 relapsed, 1 parked, 0 in review, overdue false")
	w.at = park.Until.Add(campaign.OverdueAfter(qianshao.LevelHigh))
	w.exec(`ALTER TABLE campaign_counts RENAME TO elsewhere`)
	if n, err := w.c.WakeParked(t.Context()); n != 0 || err == nil {
		t.Errorf("%d findings woke without counters, %v: a caller that repeats while any do would never end", n, err)
	}
	w.exec(`ALTER TABLE elsewhere RENAME TO campaign_counts`)
	n, err := w.c.WakeParked(t.Context())
	check(t, err)
	if n != 1 {
		t.Fatalf("%d findings woke, want 1", n)
	}
	want("the day has come", "2 undecided, 0 relapsed, 0 parked, 0 in review, overdue true")
}

// The preview of a batch shows the most unusual members first.
func TestPreviewOfUnlikeMembers(t *testing.T) { databasetest.Each(t, testPreviewOfUnlikeMembers) }

func testPreviewOfUnlikeMembers(t *testing.T, open databasetest.Open) {
	t.Parallel()
	w := newWorld(t, open)
	d, lead := w.desked()
	var ids []string
	for i := range 20 {
		s := blockOf(fmt.Sprintf("f%02d", i), 1, "a.example", i)
		if i == 7 {
			s = blockOf("odd", ^uint64(1), "b.example", i)
		}
		w.save(s)
		ids = append(ids, s.ID)
	}
	w.group()
	b, err := d.Freeze(t.Context(), lead, desk.Selection{Findings: ids})
	check(t, err)
	p, err := d.Preview(t.Context(), lead, b.ID)
	check(t, err)
	if len(p.Unlike) != 1 || p.Unlike[0].Finding != "odd" || len(p.Random) != desk.PreviewExamples {
		t.Errorf("shown are %+v and %+v", p.Unlike, p.Random)
	}
	lead.Sight = qianshao.Sight{Authorisations: []string{"a-a.example"}}
	if p, err = d.Preview(t.Context(), lead, b.ID); err != nil || len(p.Unlike) != 0 {
		t.Errorf("a reader who may no longer see it gets %+v, %v", p.Unlike, err)
	}
}
