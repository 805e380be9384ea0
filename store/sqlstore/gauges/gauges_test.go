package gauges_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore"
	"github.com/qianshao/qianshao/store/sqlstore/campaigns"
	"github.com/qianshao/qianshao/store/sqlstore/database/databasetest"
	"github.com/qianshao/qianshao/store/sqlstore/review"
	"github.com/qianshao/qianshao/store/storetest"
)

// world is a store with its desk; findings are grouped when a test says so.
type world struct {
	*storetest.Desk
	t      *testing.T
	store  *sqlstore.Store
	review *review.Store
}

func newWorld(t *testing.T, open databasetest.Open) *world {
	t.Helper()
	w := &world{t: t}
	w.Desk = storetest.NewDesk(t, func(t testing.TB) (storetest.Store, storetest.Review) {
		t.Helper()
		s, err := sqlstore.New(open(t), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		w.store = s
		w.review = review.New(s.Database(), campaigns.Options{
			Name:   "test",
			Traits: func(f *qianshao.Finding) campaign.Traits { return campaign.Traits{Shape: 1, Label: f.Title} },
		})
		return s, w.review
	})
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) group() {
	w.t.Helper()
	for n := 1; n > 0; {
		var err error
		n, err = w.review.Campaigns.GroupPending(w.t.Context())
		w.must(err)
	}
}

// register registers an authorisation in force, and one that has ended.
func (w *world) register() {
	w.t.Helper()
	w.must(w.store.PutAuthorisations(w.t.Context(), store.Signed{By: "test"}, []qianshao.Authorisation{
		{ID: "city", Owner: "o", Basis: "b", Contact: "c", ValidFrom: w.Now.Add(-time.Hour), ValidUntil: w.Now.AddDate(1, 0, 0), Hosts: []string{"a", "b", "c"}},
		{ID: "ended", Owner: "o", Basis: "b", Contact: "c", ValidFrom: w.Now.Add(-2 * time.Hour), ValidUntil: w.Now, Hosts: []string{"d"}},
	}))
}

// critical saves a page with a critical finding: calling it no crime requires a review.
func (w *world) critical(url string, hours int) qianshao.Subject {
	w.t.Helper()
	p := storetest.Page(url, "worst", hours, "casino")
	p.Assessment.Findings[0].Level, p.Assessment.Findings[0].Seen, p.Assessment.Level = qianshao.LevelCritical, "worst", qianshao.LevelCritical
	_, err := w.store.SavePage(w.t.Context(), p)
	w.must(err)
	return qianshao.Subject{Kind: qianshao.SubjectFinding, ID: qianshao.FindingID(url, "casino")}
}

// TestGauges: everything is counted by kind, verdict, state and authorisation.
func TestGauges(t *testing.T) { databasetest.Each(t, testGauges) }

func testGauges(t *testing.T, open databasetest.Open) {
	t.Parallel()
	w := newWorld(t, open)
	ctx, now := t.Context(), w.Now
	w.register()
	w.must(w.store.Add(ctx, []ingest.Item{
		{URL: "http://a/", Host: "a", Authorisation: "city"}, {URL: "http://a/2", Host: "a", Authorisation: "city"}, {URL: "http://b/", Host: "b", Authorisation: "city"},
	}))
	w.must(w.store.Done(ctx, ingest.Item{URL: "http://b/", Host: "b", Authorisation: "city"},
		ingest.Outcome{At: now, Authorisation: "city", Again: now.Add(time.Hour), Memory: ingest.Memory{Hash: "h"}}))
	crime := w.Find(t, "http://a/", "one", -3)
	w.Find(t, "http://a/2", "two", -80)
	worst := w.critical("http://b/", -2)
	w.group()
	w.Decide(t, "ann", crime, qianshao.VerdictCrime)
	w.Decide(t, "ann", worst, qianshao.VerdictNotCrime)
	w.must(w.store.KeepEvidenceCheck(ctx, store.Check{At: now, Seq: 7, Problems: 1}))
	w.must(w.store.KeepEvidenceCheck(ctx, store.Check{At: now, Seq: 8, Problems: 2}))
	_, err := w.review.Check(ctx, now)
	w.must(err)

	got, err := w.store.Gauges(ctx, now)
	w.must(err)
	want := store.Gauges{
		Findings: []store.FindingCount{
			{Authorisation: "city", Category: qianshao.Gambling, Level: qianshao.LevelHigh, Open: 2},
			{Authorisation: "city", Category: qianshao.Gambling, Level: qianshao.LevelCritical, Open: 1},
		},
		Answers: map[qianshao.Category]map[qianshao.Answer]int{
			qianshao.Gambling: {qianshao.AnswerNone: 1, qianshao.Answer(qianshao.VerdictCrime): 1, qianshao.AnswerReview: 1},
		},
		FlaggedSites: 2,
		Queue:        store.QueueCount{Undecided: 1, Overdue: 1, Reviewing: 1, Campaigns: 1, Oldest: now.Add(-80 * time.Hour)},
		Frontier:     store.FrontierCount{Waiting: 3, Due: 2, DueHosts: 1, DueSince: time.UnixMilli(0).UTC()},
		Authorisations: []store.AuthorisationCount{
			{ID: "city", InForce: true, DueHosts: 1, Open: 3, LastPage: now}, {ID: "ended"},
		},
		Evidence: store.Check{At: now, Seq: 8, Problems: 2}, Trail: store.Check{At: now, Seq: 4},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestDecisions: first decisions are counted with the time that they took, and second reviews by whether
// they agree with the verdict of that time, whatever came later.
func TestDecisions(t *testing.T) { databasetest.Each(t, testDecisions) }

func testDecisions(t *testing.T, open databasetest.Open) {
	t.Parallel()
	w := newWorld(t, open)
	one, worst, alike := w.Find(t, "http://a/", "one", -3), w.critical("http://b/", -2), w.critical("http://c/", -1)
	w.group()
	start, err := w.store.TrailEnd(t.Context())
	w.must(err)
	w.Decide(t, "ann", one, qianshao.VerdictCrime)
	w.Decide(t, "ann", one, qianshao.VerdictUnsure) // not the first
	w.Decide(t, "ann", worst, qianshao.VerdictNotCrime)
	w.Decide(t, "ann", alike, qianshao.VerdictNotCrime)
	w.Must(t, "bob", w.Decision(t, worst, qianshao.ActReview, qianshao.VerdictCrime))
	w.Must(t, "bob", w.Decision(t, alike, qianshao.ActReview, qianshao.VerdictNotCrime))
	w.Must(t, "leo", desk.Draft{Subject: one, Kind: qianshao.ActNote, Detail: desk.Detail{Words: "seen"}})
	w.Must(t, "leo", w.Decision(t, worst, qianshao.ActAdjudicate, qianshao.VerdictCrime)) // the reviewer was right
	end, err := w.store.TrailEnd(t.Context())
	w.must(err)
	want := []store.Decision{
		{Kind: qianshao.ActDecide, Level: qianshao.LevelHigh, Waited: 3 * time.Hour},
		{Kind: qianshao.ActDecide, Level: qianshao.LevelCritical, Waited: 2 * time.Hour},
		{Kind: qianshao.ActDecide, Level: qianshao.LevelCritical, Waited: time.Hour},
		{Kind: qianshao.ActReview, Level: qianshao.LevelCritical, Waited: 2 * time.Hour},
		{Kind: qianshao.ActReview, Level: qianshao.LevelCritical, Waited: time.Hour, Agreed: true},
	}
	got, err := w.store.Decisions(t.Context(), start, end)
	w.must(err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// Counted in parts, the result is the same.
	got = nil
	for at := start; at < end; at++ {
		part, err := w.store.Decisions(t.Context(), at, at+1)
		w.must(err)
		got = append(got, part...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("in parts (-want +got):\n%s", diff)
	}
}
