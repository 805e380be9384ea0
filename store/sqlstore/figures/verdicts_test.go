package figures_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/internal/rates"
	"github.com/qianshao/qianshao/report"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database/databasetest"
)

// sampled makes the desk draw every ordinary decision for a second review.
func (w *world) sampled() {
	w.t.Helper()
	var err error
	w.Desk.Desk, err = desk.New(desk.Options{
		Store: w.Review, Rules: func() string { return "r" }, Now: func() time.Time { return w.Now }, Mask: func(s string) string { return s },
		Account: func(_ context.Context, name string) (qianshao.Account, error) { return w.Accounts[name], nil },
		Sample:  func(context.Context) (float64, error) { return 1, nil },
	})
	check(w.t, err)
}

func (w *world) review(by, at string, f qianshao.Subject, v qianshao.Verdict) {
	w.t.Helper()
	w.Now = clock(w.t, at)
	w.Must(w.t, by, w.Decision(w.t, f, qianshao.ActReview, v))
}

// at is the i-th page of a site, first seen on a day.
func (w *world) at(site string, i int, day, group, rule string) qianshao.Subject {
	w.t.Helper()
	return w.find(spec{url: fmt.Sprintf("http://%s/%d", site, i), at: day + " 08:00", rule: rule, group: group, category: "gambling", level: qianshao.LevelHigh})
}

// TestPrecision: a campaign counts once, by the verdict on most of its members, however it was decided;
// below ten campaigns there is no rate.
func TestPrecision(t *testing.T) { databasetest.Each(t, testPrecision) }

func testPrecision(t *testing.T, open databasetest.Open) {
	t.Parallel()
	const crime, not, unsure = qianshao.VerdictCrime, qianshao.VerdictNotCrime, qianshao.VerdictUnsure
	w := newWorld(t, open)
	rule := func(at string) report.Rate {
		t.Helper()
		r := w.report(report.Query{Period: week(t), Sight: qianshao.SeeAll()}, at)
		for _, rule := range r.Rules {
			if rule.ID == "r" {
				return rule.Rate
			}
		}
		t.Fatal("the rule is missing")
		return report.Rate{}
	}
	for i, v := range []qianshao.Verdict{crime, crime, crime, crime, crime, not} { // one campaign of six: right
		w.decide("ann", "3 09:00", w.at(fmt.Sprintf("m%d.example", i), i, "2", "2000001", "r"), v)
	}
	for i, v := range []qianshao.Verdict{crime, not, unsure} { // tied
		w.decide("ann", "3 09:00", w.at(fmt.Sprintf("t%d.example", i), i, "2", "2000002", "r"), v)
	}
	w.decide("ann", "3 09:00", w.at("u.example", 0, "2", "", "r"), unsure) // does not count
	for i := range 7 {
		w.decide("ann", "3 09:00", w.at(fmt.Sprintf("c%d.example", i), i, "2", "", "r"), crime)
	}
	w.decide("ann", "3 09:00", w.at("n.example", 0, "2", "", "r"), not)
	w.decide("ann", "3 09:00", w.at("other.example", 0, "2", "", "r2"), not) // of another rule
	want := report.Rate{Right: 8, Wrong: 1, Tied: 1, Few: true}
	if got := rule("9 00:00"); got != want {
		t.Errorf("nine campaigns: %+v, want %+v", got, want)
	}
	w.decide("ann", "8 23:59", w.at("n.example", 1, "1", "", "r"), not) // first seen before the period
	low, high := rates.Wilson(8, 10)
	want = report.Rate{Right: 8, Wrong: 2, Tied: 1, Precision: .8, Low: low, High: high}
	if got := rule("9 00:00"); got != want || math.Abs(low-.4902) > .0001 || math.Abs(high-.9433) > .0001 {
		t.Errorf("ten campaigns: %+v, want %+v", got, want)
	}
	w.decide("ann", "9 00:00", w.at("n.example", 2, "1", "", "r"), not) // decided after the period
	if got := rule("10 00:00"); got != want {
		t.Errorf("a decision after the end changes it to %+v", got)
	}
}

// TestAgreement: reviews are compared with the decision that they are about, whatever came later; those of
// decisions drawn at random are also counted separately.
func TestAgreement(t *testing.T) { databasetest.Each(t, testAgreement) }

func testAgreement(t *testing.T, open databasetest.Open) {
	t.Parallel()
	const crime, not = qianshao.VerdictCrime, qianshao.VerdictNotCrime
	w := newWorld(t, open)
	critical := func(i int) qianshao.Subject {
		return w.find(spec{url: fmt.Sprintf("http://k%d.example/", i), at: "2 08:00", rule: "r", category: "gambling", level: qianshao.LevelCritical})
	}
	chosen := critical(0) // it is reviewed because of its verdict
	w.decide("ann", "3 08:00", chosen, not)
	w.review("bob", "4 08:00", chosen, not)
	w.sampled()
	n := 0
	for _, pair := range []struct {
		times         int
		first, second qianshao.Verdict
	}{{4, crime, crime}, {1, crime, not}, {2, not, crime}, {3, not, not}} {
		for range pair.times {
			n++
			f := w.at(fmt.Sprintf("s%d.example", n), n, "2", "", "r")
			w.decide("ann", "3 08:00", f, pair.first)
			w.review("bob", "4 08:00", f, pair.second)
			if pair.first != pair.second { // the lead agrees with the review
				w.Now = clock(t, "5 08:00")
				w.Must(t, "leo", w.Decision(t, f, qianshao.ActAdjudicate, pair.second))
			}
		}
	}
	again := w.at("again.example", 0, "2", "", "r") // the review is about the second decision
	w.decide("ann", "3 08:00", again, not)
	w.decide("ann", "3 09:00", again, crime)
	w.review("bob", "4 08:00", again, crime)
	late := w.at("late.example", 0, "2", "", "r")
	w.decide("ann", "3 08:00", late, crime)
	w.review("bob", "9 00:00", late, not)

	r := w.report(report.Query{Period: week(t), Sight: qianshao.SeeAll()}, "9 08:00")
	v := r.Verdicts
	if v.Reviews != 12 || v.Agreed != 9 || v.Audit.Reviews != 11 || v.Audit.Agreed != 8 {
		t.Errorf("%+v, audit %+v", v.Agreement, v.Audit)
	}
	// The audit agrees in 8 of 11, by chance in (6·7 + 5·4) of 121; all in 9 of 12, by chance in (6·7 + 6·5) of 144.
	if all, audit := v.Kappa, v.Audit.Kappa; all == nil || audit == nil || math.Abs(*audit-26./59) > 1e-9 || math.Abs(*all-.5) > 1e-9 {
		t.Errorf("kappa %v, audit %v", all, audit)
	}
	// Of the eleven, seven stand as crime and four as not crime. late was not reviewed within the week.
	if got := r.Rules[0].Audit; got.Right != 7 || got.Wrong != 4 || got.Few || got.Precision != 7./11 {
		t.Errorf("the audit's rate is %+v", got)
	}
	if got := r.Rules[0].Rate; got.Right != 8 || got.Wrong != 5 {
		t.Errorf("the rate is %+v", got)
	}
	if v.Crime != 8 || v.NotCrime != 5 {
		t.Errorf("%+v", v)
	}
}

// TestBlind: a verdict that waits for its blind review is not counted for single sites and campaigns.
func TestBlind(t *testing.T) { databasetest.Each(t, testBlind) }

func testBlind(t *testing.T, open databasetest.Open) {
	t.Parallel()
	w := newWorld(t, open)
	w.sampled()
	f := w.at("a.example", 0, "2", "", "r")
	w.decide("ann", "3 08:00", f, qianshao.VerdictCrime)
	q := report.Query{Period: week(t), Sight: qianshao.SeeAll()}
	r := w.report(q, "9 08:00")
	if s := r.Sites[0]; s.Reviewing != 1 || s.Crime != 0 || r.Campaigns[0].Verdict != "" {
		t.Errorf("%+v, %+v", s, r.Campaigns[0])
	}
	w.review("bob", "4 08:00", f, qianshao.VerdictCrime)
	r = w.report(q, "9 08:00")
	if s := r.Sites[0]; s.Reviewing != 0 || s.Crime != 1 || r.Campaigns[0].Verdict != qianshao.VerdictCrime {
		t.Errorf("reviewed: %+v, %+v", s, r.Campaigns[0])
	}
}

// TestStanding: how a finding of the week counts at its end.
func TestStanding(t *testing.T) { databasetest.Each(t, testStanding) }

func testStanding(t *testing.T, open databasetest.Open) {
	t.Parallel()
	const crime, not, unsure = qianshao.VerdictCrime, qianshao.VerdictNotCrime, qianshao.VerdictUnsure
	park := func(w *world, f qianshao.Subject, draft desk.Draft) {
		v := w.Look(w.t, f)
		draft.Subject, draft.Kind, draft.Basis, draft.Seen = f, qianshao.ActPark, v.Standing.Act, v.Seen
		w.Must(w.t, "ann", draft)
	}
	for _, tc := range []struct {
		name string
		do   func(w *world, f qianshao.Subject)
		want report.Verdicts // without reasons
	}{
		{"untouched", func(*world, qianshao.Subject) {}, report.Verdicts{Undecided: 1, Overdue: 1}},
		{"unsure", func(w *world, f qianshao.Subject) { w.decide("ann", "3 08:00", f, unsure) },
			report.Verdicts{Unsure: 1, Decided: 1, Median: 24 * time.Hour, P90: 24 * time.Hour}},
		{"adjudicated", func(w *world, f qianshao.Subject) {
			w.decide("ann", "2 09:00", f, crime)
			w.Now = clock(w.t, "3 08:00")
			w.Must(w.t, "leo", w.Decision(w.t, f, qianshao.ActAdjudicate, not))
		}, report.Verdicts{NotCrime: 1, Decided: 1, Median: time.Hour, P90: time.Hour}},
		{"disputed", func(w *world, f qianshao.Subject) { // the decision stands until somebody adjudicates
			w.decide("ann", "2 09:00", f, crime)
			w.Now = clock(w.t, "3 08:00")
			w.Must(w.t, "bob", w.Decision(w.t, f, qianshao.ActDispute, not))
		}, report.Verdicts{Crime: 1, Decided: 1, Median: time.Hour, P90: time.Hour}},
		{"undone", func(w *world, f qianshao.Subject) { w.undo("ann", "3 09:00", w.decide("ann", "3 08:00", f, crime)) },
			report.Verdicts{Undecided: 1, Overdue: 1}},
		{"undone after the end", func(w *world, f qianshao.Subject) { w.undo("ann", "9 00:00", w.decide("ann", "3 08:00", f, crime)) },
			report.Verdicts{Crime: 1, Decided: 1, Median: 24 * time.Hour, P90: 24 * time.Hour}},
		{"the second decision undone", func(w *world, f qianshao.Subject) {
			w.decide("ann", "2 09:00", f, crime)
			w.undo("ann", "3 09:00", w.decide("ann", "3 08:00", f, not))
		}, report.Verdicts{Crime: 1, Decided: 1, Median: time.Hour, P90: time.Hour}},
		{"parked", func(w *world, f qianshao.Subject) {
			w.Now = clock(w.t, "3 08:00")
			park(w, f, desk.Draft{Until: clock(w.t, "10 08:00")})
		}, report.Verdicts{Parked: 1}},
		{"parked and back", func(w *world, f qianshao.Subject) {
			w.Now = clock(w.t, "3 08:00")
			park(w, f, desk.Draft{Until: clock(w.t, "8 08:00")})
		}, report.Verdicts{Undecided: 1, Overdue: 1}},
		{"parked until further sites", func(w *world, f qianshao.Subject) {
			w.Now = clock(w.t, "3 08:00")
			park(w, f, desk.Draft{Detail: desk.Detail{Park: &desk.Park{Sites: 1}}})
		}, report.Verdicts{Parked: 1}},
		{"other content", func(w *world, f qianshao.Subject) {
			w.decide("ann", "2 09:00", f, crime)
			changed := qianshao.Finding{ID: f.ID, URL: "http://a.example/0", Authorisation: "city", Rule: "r", Title: "title of r", Category: "gambling", Level: qianshao.LevelHigh, Score: 60, Seen: "other"}
			w.visit("http://a.example/0", "4 08:00", "1", changed)
		}, report.Verdicts{Crime: 1, Undecided: 1, Overdue: 1, Decided: 1, Median: time.Hour, P90: time.Hour}},
		{"deleted", func(w *world, f qianshao.Subject) {
			w.decide("ann", "2 09:00", f, crime)
			w.forget(f)
		}, report.Verdicts{}},
		{"deleted and found anew", func(w *world, f qianshao.Subject) {
			w.decide("ann", "2 09:00", f, crime)
			w.forget(f)
			w.at("a.example", 0, "7", "", "r")
		}, report.Verdicts{Undecided: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, open)
			tc.do(w, w.at("a.example", 0, "2", "", "r"))
			got := w.report(report.Query{Period: week(t), Sight: qianshao.SeeAll()}, "9 08:00").Verdicts
			if diff := cmp.Diff(tc.want, got, cmpopts.IgnoreFields(report.Verdicts{}, "Reasons", "Whose")); diff != "" {
				t.Errorf("verdicts (-want +got):\n%s", diff)
			}
		})
	}
}

func (w *world) forget(f qianshao.Subject) {
	w.t.Helper()
	n, err := w.db.DeleteFindings(w.t.Context(), []store.Deletion{{Finding: f.ID, At: w.Now, Reason: "test"}})
	if err != nil || n != 1 {
		w.t.Fatal(n, err)
	}
}

// TestOld: of old findings, only those that wait or were changed since count.
func TestOld(t *testing.T) { databasetest.Each(t, testOld) }

func testOld(t *testing.T, open databasetest.Open) {
	t.Parallel()
	const crime, not = qianshao.VerdictCrime, qianshao.VerdictNotCrime
	w := newWorld(t, open)
	old := func(i int) qianshao.Subject { return w.at(fmt.Sprintf("o%d.example", i), i, "1", "", "r") }
	decided, undone, again, changed, parked, later := old(0), old(1), old(2), old(3), old(4), old(5)
	old(6) // waits
	w.group()
	w.decide("ann", "1 09:00", decided, crime)
	slip := w.decide("ann", "1 09:00", undone, crime)
	w.decide("ann", "1 09:00", again, crime)
	w.decide("ann", "1 09:00", changed, crime)
	v := w.Look(t, parked)
	w.Must(t, "ann", desk.Draft{Subject: parked, Kind: qianshao.ActPark, Seen: v.Seen, Detail: desk.Detail{Park: &desk.Park{Relapse: true}}})
	// The third week.
	w.undo("ann", "17 09:00", slip)
	w.decide("ann", "18 09:00", again, not)
	w.visit("http://o3.example/3", "17 09:00", "1", qianshao.Finding{
		ID: changed.ID, URL: "http://o3.example/3", Authorisation: "city", Rule: "r", Category: "gambling", Level: qianshao.LevelHigh, Score: 60, Seen: "other",
	})
	w.decide("ann", "23 00:00", later, crime) // after the week
	r := w.report(report.Query{Period: report.Week(clock(t, "18 00:00"), shanghai), Sight: qianshao.SeeAll()}, "24 00:00")
	want := report.Verdicts{NotCrime: 1, Undecided: 4, Overdue: 4, Parked: 1} // undone, changed, later, and the waiting ones
	if diff := cmp.Diff(want, r.Verdicts, cmpopts.IgnoreFields(report.Verdicts{}, "Reasons", "Whose")); diff != "" || r.Before != (report.Summary{}) {
		t.Errorf("before %+v, verdicts (-want +got):\n%s", r.Before, diff)
	}
}

// TestPolicyIsNobody: a finding decided by a campaign's policy counts as decided, but not in the times that
// people took.
func TestPolicyIsNobody(t *testing.T) { databasetest.Each(t, testPolicyIsNobody) }

func testPolicyIsNobody(t *testing.T, open databasetest.Open) {
	t.Parallel()
	w := newWorld(t, open)
	w.at("a.example", 0, "2", "3000001", "r")
	w.at("b.example", 0, "2", "3000001", "r")
	w.group()
	r := w.report(report.Query{Period: week(t), Sight: qianshao.SeeAll()}, "9 08:00")
	w.Now = clock(t, "3 08:00")
	subject := qianshao.Subject{Kind: qianshao.SubjectCampaign, ID: r.Campaigns[0].ID}
	v := w.Look(t, subject)
	w.Must(t, "leo", desk.Draft{Subject: subject, Kind: qianshao.ActPolicy, Basis: v.Standing.Act, Verdict: qianshao.VerdictCrime, Reason: qianshao.ReasonHacked,
		Detail: desk.Detail{Newcomers: desk.NewcomersDecided}})
	w.at("c.example", 0, "4", "3000001", "r")
	w.Now = clock(t, "4 08:01")
	r = w.report(report.Query{Period: week(t), Sight: qianshao.SeeAll()}, "9 08:00")
	if v := r.Verdicts; v.Crime != 1 || v.Undecided != 2 || v.Decided != 0 || v.Median != 0 || v.P90 != 0 {
		t.Errorf("%+v", v)
	}
}

// TestSightOfReports: limited accounts get the figures of what they see, and a report on one authorisation
// contains no other's; labels and counts of campaigns, too.
func TestSightOfReports(t *testing.T) { databasetest.Each(t, testSightOfReports) }

func testSightOfReports(t *testing.T, open databasetest.Open) {
	t.Parallel()
	w := newWorld(t, open)
	for i, a := range []string{"city", "city", "town"} {
		f := w.find(spec{url: fmt.Sprintf("http://h%d.example/", i), at: fmt.Sprintf("%d 08:00", 2+i), rule: "r", group: "4000001", authorisation: a, category: "gambling", level: qianshao.LevelHigh})
		w.decide("ann", "6 08:00", f, qianshao.VerdictCrime)
	}
	w.visit("http://h0.example/", "5 08:00", "2")
	w.find(spec{url: "http://h0.example/", at: "6 08:00", rule: "r", group: "4000001", category: "gambling", level: qianshao.LevelHigh})
	town := qianshao.Sight{Authorisations: []string{"town"}}
	for _, tc := range []struct {
		name                       string
		sight                      qianshao.Sight
		authorisation              string
		findings, crime, campaigns int
		relapsed                   int
	}{
		{"all", qianshao.SeeAll(), "", 3, 3, 1, 1}, {"of all, one", qianshao.SeeAll(), "city", 2, 2, 1, 1}, {"limited", town, "", 1, 1, 1, 0},
		{"limited, one", town, "town", 1, 1, 1, 0}, {"nothing", qianshao.Sight{}, "", 0, 0, 0, 0}, {"an empty name", qianshao.Sight{Authorisations: []string{""}}, "", 0, 0, 0, 0},
	} {
		r := w.report(report.Query{Period: week(t), Sight: tc.sight, Authorisation: tc.authorisation}, "9 08:00")
		if r.Volume.Findings != tc.findings || r.Verdicts.Crime != tc.crime || len(r.Campaigns) != tc.campaigns || r.Volume.Pages != tc.findings || r.Relapses.Findings != tc.relapsed {
			t.Errorf("%s: %+v", tc.name, r)
		}
		for _, c := range r.Campaigns {
			if c.Findings != tc.findings || c.Sites != tc.findings || c.ID == "" {
				t.Errorf("%s: %+v", tc.name, c)
			}
		}
		text, err := json.Marshal(r)
		check(t, err)
		if tc.sight.All && tc.authorisation == "" {
			continue
		}
		for host, a := range map[string]string{"h0.example": "city", "h1.example": "city", "h2.example": "town"} {
			if sees := tc.sight.Sees(a) && (tc.authorisation == "" || tc.authorisation == a); strings.Contains(string(text), host) && !sees {
				t.Errorf("%s: the report has %s", tc.name, host)
			}
		}
	}
}

// TestUnknownAuthorisation: a missing authorisation and a hidden one give the same error.
func TestUnknownAuthorisation(t *testing.T) { databasetest.Each(t, testUnknownAuthorisation) }

func testUnknownAuthorisation(t *testing.T, open databasetest.Open) {
	t.Parallel()
	w := newWorld(t, open)
	w.at("a.example", 0, "2", "", "r")
	for _, q := range []report.Query{
		{Period: week(t), Sight: qianshao.SeeAll(), Authorisation: "cty"},
		{Period: week(t), Sight: qianshao.Sight{Authorisations: []string{"town"}}, Authorisation: "city"},
	} {
		if _, err := w.reader("9 08:00").Report(t.Context(), q); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%+v: %v", q, err)
		}
	}
	if _, err := w.reader("9 08:00").Report(t.Context(), report.Query{Sight: qianshao.SeeAll()}); err == nil {
		t.Error("an empty period is accepted")
	}
}

// TestRunning: the report of the current period covers it up to now; that of a future one is empty.
func TestRunning(t *testing.T) { databasetest.Each(t, testRunning) }

func testRunning(t *testing.T, open databasetest.Open) {
	t.Parallel()
	w := newWorld(t, open)
	w.decide("ann", "3 08:00", w.at("a.example", 0, "2", "", "r"), qianshao.VerdictCrime)
	w.at("b.example", 0, "4", "", "r")
	r := w.report(report.Query{Period: week(t), Sight: qianshao.SeeAll()}, "3 12:00")
	if s := r.Summary(); s.Found != 1 || s.Crime != 1 || len(r.Volume.Days) != 2 || !r.End().Equal(clock(t, "3 12:00")) {
		t.Errorf("%+v, %d days until %s", s, len(r.Volume.Days), r.End())
	}
	ahead := report.Week(clock(t, "12 00:00"), shanghai)
	if r := w.report(report.Query{Period: ahead, Sight: qianshao.SeeAll()}, "3 12:00"); r.Summary() != (report.Summary{}) || len(r.Volume.Days) != 0 {
		t.Errorf("ahead: %+v", r.Summary())
	}
}

// TestLater: whatever people do after the end of a period, its figures stay the same. Data from the crawl
// is today's.
func TestLater(t *testing.T) { databasetest.Each(t, testLater) }

func testLater(t *testing.T, open databasetest.Open) {
	t.Parallel()
	w := newWorld(t, open)
	accounts := []string{"ann", "bob", "zhangsanfeng", "leo"}
	w.Accounts["zhangsanfeng"] = qianshao.Account{Name: "zhangsanfeng", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()}
	w.sampled()
	r := rand.New(rand.NewPCG(7, 7))
	var findings []qianshao.Subject
	for i := range 60 {
		findings = append(findings, w.find(spec{
			url: fmt.Sprintf("http://s%d.example/%d", r.IntN(25), i), at: fmt.Sprintf("%d %02d:%02d", 1+r.IntN(8), r.IntN(24), r.IntN(60)), rule: fmt.Sprint("r", r.IntN(3)),
			group: []string{"", fmt.Sprint(5_000_000 + r.IntN(4))}[r.IntN(2)], category: []qianshao.Category{"gambling", "fraud"}[r.IntN(2)], level: qianshao.Level(3 + r.IntN(3)),
		}))
	}
	w.group()
	var done []qianshao.Act
	act := func() {
		draft := w.Decision(t, findings[r.IntN(len(findings))], []qianshao.ActKind{qianshao.ActDecide, qianshao.ActDecide, qianshao.ActReview, qianshao.ActDispute, qianshao.ActAdjudicate}[r.IntN(5)],
			qianshao.Verdicts()[r.IntN(3)])
		draft.Detail.Words = "words"
		if len(done) > 0 && r.IntN(5) == 0 {
			undo := done[r.IntN(len(done))]
			draft = desk.Draft{Subject: undo.Subject, Kind: qianshao.ActUndo, Reverts: undo.Seq, Detail: desk.Detail{Words: "why"}}
		}
		if a, err := w.Do(t.Context(), w.Accounts[accounts[r.IntN(len(accounts))]], draft); err == nil {
			done = append(done, a)
		}
	}
	for w.Now = clock(t, "1 12:00"); w.Now.Before(clock(t, "9 00:00")); w.Now = w.Now.Add(time.Duration(r.IntN(90)) * time.Minute) {
		act()
	}
	q := report.Query{Period: week(t), Sight: qianshao.SeeAll()}
	want := w.report(q, "9 00:00")
	standing := map[qianshao.Verdict]int{}
	for _, f := range findings {
		if s := w.Look(t, f).Standing; s.Verdict != "" && !s.At.Before(q.Period.From) {
			standing[s.Verdict]++
		}
	}
	if v := want.Verdicts; v.Crime != standing[qianshao.VerdictCrime] || v.NotCrime != standing[qianshao.VerdictNotCrime] || v.Unsure != standing[qianshao.VerdictUnsure] || v.Reviews < 10 || len(done) < 60 {
		t.Errorf("%+v, %+v of %d acts; the desk says %v", v, v.Agreement, len(done), standing)
	}
	for w.Now = clock(t, "9 00:00"); w.Now.Before(clock(t, "12 00:00")); w.Now = w.Now.Add(time.Duration(r.IntN(90)) * time.Minute) {
		act()
	}
	got := w.report(q, "12 00:00")
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(report.Report{}, "Made"), cmp.Comparer(func(a, b *time.Location) bool { return a == b })); diff != "" {
		t.Errorf("later acts change the report (-then +now):\n%s", diff)
	}
	next := w.report(report.Query{Period: report.Week(clock(t, "10 00:00"), shanghai), Sight: qianshao.SeeAll()}, "12 00:00")
	if next.Before != want.Summary() {
		t.Errorf("the next week's report gives it as %+v; it was %+v", next.Before, want.Summary())
	}
	text, err := json.Marshal(got)
	check(t, err)
	if strings.Contains(string(text), "zhangsanfeng") {
		t.Errorf("the report names an account: %s", text)
	}
}
