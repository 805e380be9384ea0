package review_test

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store/sqlstore"
	"github.com/qianshao/qianshao/store/sqlstore/campaigns"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/database/databasetest"
	"github.com/qianshao/qianshao/store/sqlstore/review"
	"github.com/qianshao/qianshao/store/storetest"
)

// verdicts is what a finding's verdict must be, by the simplest model: a pile of decisions, from which an
// undo removes the top. Each has the pile below it.
type verdicts struct {
	act     int64
	verdict qianshao.Verdict
	below   *verdicts
}

// TestInterleavings: whatever three people do, in any order and with outdated views, the verdicts are those
// of a simple model, the trail is intact, and a replay gives the standings.
func TestInterleavings(t *testing.T) { each(t, interleavings) }

func interleavings(t *testing.T, open storetest.OpenReview) {
	d := storetest.NewDesk(t, open)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		m := &model{rt: rt, t: t, d: d, stands: map[qianshao.Subject]*verdicts{}, views: map[string]desk.View{}}
		for i := range 2 {
			f := d.Find(t, fmt.Sprintf("http://run-%d/%d", run, i), "one", 0)
			m.findings = append(m.findings, f)
		}
		people := []string{"ann", "bob", "leo"}
		for range rapid.IntRange(1, 25).Draw(rt, "acts") {
			by := rapid.SampledFrom(people).Draw(rt, "by")
			f := rapid.SampledFrom(m.findings).Draw(rt, "finding")
			if rapid.Bool().Draw(rt, "looks") {
				m.views[by+f.ID] = d.Look(t, f)
			}
			m.act(by, f)
			d.Now = d.Now.Add(time.Duration(rapid.IntRange(0, 400).Draw(rt, "seconds")) * time.Second)
		}
		for _, f := range m.findings {
			want := qianshao.Verdict("")
			if top := m.stands[f]; top != nil {
				want = top.verdict
			}
			if s := d.Look(t, f).Standing; s.Verdict != want {
				rt.Fatalf("%s: the verdict is %q, want %q: %+v", f, s.Verdict, want, s)
			}
		}
		v, err := d.Review.Verify(t.Context(), desk.Head{}, func(problem locales.Speaker) { rt.Error(problem) })
		if err != nil || v.Problems > 0 {
			rt.Fatalf("%+v, %v", v, err)
		}
	})
	d.Verify(t)
}

type model struct {
	rt       *rapid.T
	t        *testing.T
	d        *storetest.Desk
	findings []qianshao.Subject
	stands   map[qianshao.Subject]*verdicts
	views    map[string]desk.View // what each person has last seen of each finding
}

func (m *model) act(by string, f qianshao.Subject) {
	seen := m.views[by+f.ID]
	draft := desk.Draft{Subject: f, Basis: seen.Standing.Act, Seen: "one"}
	draft.Kind = rapid.SampledFrom([]qianshao.ActKind{
		qianshao.ActDecide, qianshao.ActDecide, qianshao.ActUndo, qianshao.ActUndo, qianshao.ActAdjudicate, qianshao.ActReview, qianshao.ActDispute,
		qianshao.ActNote, qianshao.ActClaim, qianshao.ActPark, qianshao.ActAssign,
	}).Draw(m.rt, "kind")
	switch draft.Kind {
	case qianshao.ActDecide, qianshao.ActAdjudicate, qianshao.ActReview, qianshao.ActDispute:
		draft.Verdict = rapid.SampledFrom(qianshao.Verdicts()).Draw(m.rt, "verdict")
		if reasons := draft.Verdict.Reasons(); len(reasons) > 0 {
			draft.Reason = reasons[0]
		}
	case qianshao.ActUndo:
		draft.Reverts = max(1, seen.Standing.Decided)
		if rapid.Bool().Draw(m.rt, "the park") {
			draft.Reverts = max(1, seen.Standing.Parked)
		}
		draft.Detail.Words = rapid.SampledFrom([]string{"", "because"}).Draw(m.rt, "words")
	case qianshao.ActNote:
		draft.Detail.Words = "a note"
	case qianshao.ActPark:
		draft.Until = m.d.Now.Add(time.Hour)
	case qianshao.ActAssign:
		draft.Detail.Assignee = by
	}
	before := m.d.Look(m.t, f).Standing
	act, err := m.d.Do(m.t.Context(), m.d.Accounts[by], draft)
	if err != nil {
		var refusal *desk.Refusal
		if !errors.Is(err, desk.ErrConflict) && !errors.Is(err, desk.ErrForbidden) && !errors.Is(err, desk.ErrNotFound) && !errors.As(err, &refusal) {
			m.rt.Fatalf("%s by %s: %v", draft.Kind, by, err)
		}
		if after := m.d.Look(m.t, f).Standing; after != before {
			m.rt.Fatalf("what was refused has changed %+v to %+v", before, after)
		}
		return
	}
	switch act.Kind {
	case qianshao.ActDecide, qianshao.ActAdjudicate:
		if act.Basis != before.Act {
			m.rt.Fatalf("act %d has the basis %d, and the last deciding act was %d", act.Seq, act.Basis, before.Act)
		}
		m.stands[f] = &verdicts{act.Seq, act.Verdict, m.stands[f]}
	case qianshao.ActUndo:
		if top := m.stands[f]; top != nil && top.act == act.Reverts {
			m.stands[f] = top.below
		}
	}
}

// TestTampering: any change to the trail, the standings or a batch is detected.
func TestTampering(t *testing.T) {
	t.Parallel()
	databasetest.EachPlace(t, tampering)
}

func tampering(t *testing.T, place databasetest.Place) {
	for name, statement := range map[string]string{
		"verdict":      `UPDATE acts SET verdict = 'crime' WHERE seq = 2`,
		"author":       `UPDATE acts SET account = 'ann' WHERE seq = 2`,
		"time":         `UPDATE acts SET at = at + 1 WHERE seq = 2`,
		"words":        `UPDATE acts SET detail = '' WHERE seq = 3`,
		"removed":      `DELETE FROM acts WHERE seq = 2`,
		"cut off":      `DELETE FROM acts WHERE seq = 4`,
		"moved fields": `UPDATE acts SET reason = '', verdict = 'not_crimelawful' WHERE seq = 2`,
		"head":         `UPDATE act_head SET seq = 5`,
		"standing":     `UPDATE standings SET verdict = 'crime' WHERE verdict = 'not_crime'`,
		"no standing":  `DELETE FROM standings`,
		"invented":     `INSERT INTO standings SELECT subject_kind, 'ffff', act, decided, decided_at, decided_by, batch, verdict, reason, seen, round, second, reviews, dissent, assignee, parked, parked_at, parked_until, parked_seen, parked_content, parked_relapse, parked_sites FROM standings LIMIT 1`,
		"batch":        `UPDATE batch_members SET seen = 'x'`,
		"member":       `DELETE FROM batch_members`,
		"member's act": `UPDATE batch_members SET act = 0`,
		"other act":    `UPDATE batch_members SET act = 1`,
		"made up":      `UPDATE batch_members SET undone = act`,
		"batch's name": `UPDATE batches SET account = 'ann'`,
		"batch's lack": `DELETE FROM batches`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := place(t)
			d := storetest.NewDesk(t, func(t testing.TB) (storetest.Store, storetest.Review) { return openAt(t, at) })
			f := d.Find(t, "http://a/", "one", 0)
			d.Decide(t, "ann", f, qianshao.VerdictUnsure)
			act := d.Decision(t, f, qianshao.ActDecide, qianshao.VerdictNotCrime)
			act.Reason = qianshao.ReasonLawful
			d.Must(t, "bob", act)
			d.Must(t, "ann", desk.Draft{Subject: f, Kind: qianshao.ActNote, Detail: desk.Detail{Words: "words"}})
			b, err := d.Freeze(t.Context(), d.Accounts["bob"], desk.Selection{Findings: []string{f.ID}})
			if err == nil {
				_, err = d.Begin(t.Context(), d.Accounts["bob"], b.ID, desk.Order{Kind: qianshao.ActPark, Again: true, Detail: desk.Detail{Park: &desk.Park{Content: true}}}, 1)
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Run(t.Context(), b.ID); err != nil {
				t.Fatal(err)
			}
			d.Verify(t)
			db, on := around(t, at)
			for _, sql := range []string{`DROP TRIGGER acts_are_kept` + on, `DROP TRIGGER acts_stay_as_they_are` + on, statement} {
				if _, err := db.Exec(sql); err != nil {
					t.Fatal(err)
				}
			}
			var problems []locales.Speaker
			v, err := d.Review.Verify(t.Context(), desk.Head{}, func(p locales.Speaker) { problems = append(problems, p) })
			if err != nil || v.Problems == 0 || v.Problems != len(problems) {
				t.Errorf("%+v, %v, %v", v, problems, err)
			}
		})
	}
}

// TestTrailIsOnlyAddedTo: the database itself refuses to change or remove an act.
func TestTrailIsOnlyAddedTo(t *testing.T) {
	t.Parallel()
	databasetest.EachPlace(t, func(t *testing.T, place databasetest.Place) {
		at := place(t)
		d := storetest.NewDesk(t, func(t testing.TB) (storetest.Store, storetest.Review) { return openAt(t, at) })
		d.Decide(t, "ann", d.Find(t, "http://a/", "one", 0), qianshao.VerdictUnsure)
		statements := []string{`UPDATE acts SET verdict = 'crime'`, `DELETE FROM acts`}
		db, on := around(t, at)
		if on != "" {
			statements = append(statements, `TRUNCATE acts`)
		}
		for _, statement := range statements {
			if _, err := db.Exec(statement); err == nil || !strings.Contains(err.Error(), "only added to") {
				t.Errorf("%s: %v", statement, err)
			}
		}
	})
}

// around opens the database at a place directly, bypassing the store; on is what PostgreSQL requires after
// a trigger's name.
func around(t *testing.T, place string) (db *sql.DB, on string) {
	t.Helper()
	driver := "sqlite"
	if strings.HasPrefix(place, "postgres://") {
		driver, on = "pgx", " ON acts"
	}
	db, err := sql.Open(driver, place)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db, on
}

// TestBatchSteps: a batch of several steps is done once, whoever processes it and however often that is
// interrupted.
func TestBatchSteps(t *testing.T) { each(t, batchSteps) }

func batchSteps(t *testing.T, open storetest.OpenReview) {
	d := storetest.NewDesk(t, open)
	ids := d.FindMany(t, 7)
	b, err := d.Freeze(t.Context(), d.Accounts["ann"], desk.Selection{Findings: ids})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Begin(t.Context(), d.Accounts["ann"], b.ID, desk.Order{Kind: qianshao.ActDecide, Verdict: qianshao.VerdictUnsure}, 0); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	var did []string
	for i, more := 0, true; more; i++ {
		before := len(did)
		more, err = d.Review.Step(t.Context(), b.ID, 2, d.Now, func(b *desk.Batch, members []desk.MemberState) ([]desk.Outcome, error) {
			for i := range members {
				did = append(did, members[i].Finding)
			}
			if i == 1 {
				return nil, broken
			}
			outcomes := make([]desk.Outcome, len(members))
			for i := range members {
				outcomes[i].Act = qianshao.Act{At: d.Now, By: b.By, Batch: b.ID, Kind: b.Order.Kind, Verdict: b.Order.Verdict, Seen: "one", Round: 1,
					Subject: qianshao.Subject{Kind: qianshao.SubjectFinding, ID: members[i].Finding}}
			}
			return outcomes, nil
		})
		if i == 1 {
			if !errors.Is(err, broken) {
				t.Fatal(err)
			}
			did, more = did[:before], true
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(did, ids) {
		t.Errorf("%q were done, want %q", did, ids)
	}
	if err := d.Run(t.Context(), b.ID); err != nil {
		t.Error(err)
	}
	d.Verify(t)
}

func openAt(t testing.TB, path string) (storetest.Store, storetest.Review) {
	t.Helper()
	db, err := databasetest.At(t.Context(), path)
	return deskIn(t, db, err)
}

func deskIn(t testing.TB, db *database.DB, err error) (storetest.Store, storetest.Review) {
	t.Helper()
	s, err := sqlstore.New(db, err)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, review.New(s.Database(), campaigns.Options{})
}
