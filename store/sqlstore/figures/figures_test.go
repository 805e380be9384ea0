package figures_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/report"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore"
	"github.com/qianshao/qianshao/store/sqlstore/campaigns"
	"github.com/qianshao/qianshao/store/sqlstore/database/databasetest"
	"github.com/qianshao/qianshao/store/sqlstore/figures"
	"github.com/qianshao/qianshao/store/sqlstore/review"
	"github.com/qianshao/qianshao/store/storetest"
)

var shanghai = func() *time.Location {
	zone, err := qianshao.ParseZone("Asia/Shanghai")
	if err != nil {
		panic(err)
	}
	return zone
}()

// world is a desk over a store with findings. Its clock is Now.
type world struct {
	*storetest.Desk
	t  testing.TB
	db *sqlstore.Store
}

func newWorld(t testing.TB, open databasetest.Open) *world {
	t.Helper()
	w := &world{t: t}
	var err error
	w.db, err = sqlstore.New(open(t), nil)
	check(t, err)
	t.Cleanup(func() { check(t, w.db.Close()) })
	w.Desk = storetest.NewDesk(t, func(testing.TB) (storetest.Store, storetest.Review) {
		return w.db, review.New(w.db.Database(), campaigns.Options{Traits: traits, Now: func() time.Time { return w.Now }})
	})
	return w
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// traits are the real ones, except that they are not folded: a site is the last two labels of a host.
func traits(f *qianshao.Finding) campaign.Traits {
	return campaign.Of(f, campaign.Options{Fold: strings.ToLower, Registered: func(host string) string {
		labels := strings.Split(host, ".")
		return strings.Join(labels[max(0, len(labels)-2):], ".")
	}})
}

// clock is a time in November 2026 in Shanghai: "2 00:00" is midnight of its first Monday.
func clock(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-1 2 15:04", "2026-11 "+text, shanghai)
	check(t, err)
	return at
}

// week is that from Monday the 2nd to Sunday the 8th.
func week(t testing.TB) report.Period { return report.Week(clock(t, "5 12:00"), shanghai) }

// spec specifies a finding.
type spec struct {
	url, at, rule, group, authorisation string
	category                            qianshao.Category
	level                               qianshao.Level
}

// find saves a page with one finding; those of a group share a QQ number.
func (w *world) find(s spec) qianshao.Subject {
	w.t.Helper()
	f := qianshao.Finding{
		ID: qianshao.FindingID(s.url, "x"), URL: s.url, Authorisation: s.authorisation, Rule: s.rule, Title: "title of " + s.rule, Category: s.category, Level: s.level,
		Score: s.level.Floor(), Seen: "seen " + s.url, Evidence: []qianshao.Evidence{{Term: "葡京", Text: "葡京 " + s.url}},
	}
	if f.Authorisation == "" {
		f.Authorisation = "city"
	}
	if s.group != "" {
		f.Indicators = []qianshao.Indicator{{Kind: qianshao.IndicatorQQ, Value: s.group}}
	}
	w.visit(s.url, s.at, "1", f)
	return qianshao.Subject{Kind: qianshao.SubjectFinding, ID: f.ID}
}

// visit saves a page in its state at a time.
func (w *world) visit(address, at, rules string, list ...qianshao.Finding) {
	w.t.Helper()
	_, err := url.Parse(address)
	check(w.t, err)
	save := store.Save{
		Page:     qianshao.Page{URL: address, RequestedURL: address, Source: qianshao.SourceCrawl, Authorisation: "city", Status: 200, FetchedAt: clock(w.t, at), Body: []byte(at)},
		Document: &qianshao.Document{Source: at}, Rules: rules, Assessment: qianshao.Assessment{Findings: list},
	}
	for i := range list {
		save.Assessment.Level = max(save.Assessment.Level, list[i].Level)
	}
	_, err = w.db.SavePage(w.t.Context(), save)
	check(w.t, err)
}

// group groups the findings.
func (w *world) group() {
	w.t.Helper()
	for n := 1; n > 0; {
		var err error
		n, err = w.Review.(*review.Store).Campaigns.GroupPending(w.t.Context())
		check(w.t, err)
	}
}

// decide makes a decision at a time, with a reason if the verdict needs one.
func (w *world) decide(by, at string, f qianshao.Subject, v qianshao.Verdict) qianshao.Act {
	w.t.Helper()
	w.Now = clock(w.t, at)
	return w.Decide(w.t, by, f, v)
}

func (w *world) undo(by, at string, act qianshao.Act) {
	w.t.Helper()
	w.Now = clock(w.t, at)
	w.Must(w.t, by, desk.Draft{Subject: act.Subject, Kind: qianshao.ActUndo, Reverts: act.Seq, Detail: desk.Detail{Words: "slip"}})
}

// reader returns a reader whose clock stands still.
func (w *world) reader(at string) *figures.Reader {
	return figures.New(w.db.Database(), func() time.Time { return clock(w.t, at) })
}

// report counts a period, as of a given time.
func (w *world) report(q report.Query, at string) *report.Report {
	w.t.Helper()
	w.group()
	r, err := w.reader(at).Report(w.t.Context(), q)
	check(w.t, err)
	w.consistent(r)
	return r
}

// consistent compares the sums of parts with their totals.
func (w *world) consistent(r *report.Report) {
	w.t.Helper()
	var found, crime, notCrime, unsure, byLevel int
	for _, d := range r.Volume.Days {
		found, crime, notCrime, unsure = found+d.Found, crime+d.Crime, notCrime+d.NotCrime, unsure+d.Unsure
		for _, n := range d.ByLevel {
			byLevel += n
		}
	}
	sums := func(list []report.Count) (n, before int) {
		for _, c := range list {
			n, before = n+c.Findings, before+c.Before
		}
		return n, before
	}
	categories, categoriesBefore := sums(r.Volume.ByCategory)
	levels, levelsBefore := sums(r.Volume.ByLevel)
	whose, whoseBefore := sums(r.Verdicts.Whose)
	reasons, reasonsBefore := sums(r.Verdicts.Reasons)
	relapses, _ := sums(r.Relapses.Sites)
	rules, sites, inCampaigns, bySite := 0, 0, 0, 0
	for _, x := range r.Rules {
		rules += x.Findings
	}
	for _, x := range r.Sites {
		sites += x.Findings
		if bySite = x.Crime + x.NotCrime + x.Unsure + x.Reviewing; bySite > x.Findings || x.Open > x.Findings {
			w.t.Errorf("%+v has more verdicts than findings", x)
		}
	}
	for _, x := range r.Campaigns {
		inCampaigns += x.Findings
	}
	s := r.Summary()
	for _, sum := range []struct {
		what      string
		got, want int
	}{
		{"days", found, s.Found}, {"levels of days", byLevel, s.Found}, {"categories", categories, s.Found}, {"levels", levels, s.Found},
		{"open and gone", r.Volume.Open + r.Volume.Gone, s.Found},
		{"crime by day", crime, s.Crime}, {"no crime by day", notCrime, s.NotCrime}, {"unsure by day", unsure, s.Unsure},
		{"verdicts", s.Crime + s.NotCrime + s.Unsure, s.Decided}, {"whose", whose, s.Crime}, {"reasons", reasons, s.NotCrime},
		{"categories before", categoriesBefore, r.Before.Found}, {"levels before", levelsBefore, r.Before.Found},
		{"whose before", whoseBefore, r.Before.Crime}, {"reasons before", reasonsBefore, r.Before.NotCrime},
		{"verdicts before", r.Before.Crime + r.Before.NotCrime + r.Before.Unsure, r.Before.Decided},
	} {
		if sum.got != sum.want {
			w.t.Errorf("%s add up to %d, want %d", sum.what, sum.got, sum.want)
		}
	}
	for _, part := range []struct {
		what            string
		got, more, want int
	}{
		{"rules", rules, r.MoreRules, s.Found}, {"sites", sites, r.MoreSites, s.Found}, {"campaigns", inCampaigns, r.MoreCampaigns, s.Found},
		{"relapses", relapses, r.Relapses.MoreSites, s.Relapsed},
	} {
		if part.got > part.want || part.more == 0 && part.got != part.want {
			w.t.Errorf("%s add up to %d, want %d", part.what, part.got, part.want)
		}
	}
}

// TestReport compares a week with figures counted by hand.
func TestReport(t *testing.T) { databasetest.Each(t, testReport) }

func testReport(t *testing.T, open databasetest.Open) {
	t.Parallel()
	w := newWorld(t, open)
	const crime, not, unsure = qianshao.VerdictCrime, qianshao.VerdictNotCrime, qianshao.VerdictUnsure
	// The week before: the first is decided in it, which is undone in the week; the second is decided in the
	// week; the third waits.
	old1 := w.find(spec{url: "http://a.example/old1", at: "1 23:59", rule: "r1", category: "gambling", level: qianshao.LevelHigh})
	old2 := w.find(spec{url: "http://a.example/old2", at: "1 10:00", rule: "r2", category: "fraud", level: qianshao.LevelMedium})
	w.find(spec{url: "http://b.example/old3", at: "1 11:00", rule: "r2", category: "fraud", level: qianshao.LevelMedium})
	// The week: three in one campaign on two sites, one by itself.
	one := w.find(spec{url: "http://www.a.example/1", at: "2 00:00", rule: "r1", group: "1000001", category: "gambling", level: qianshao.LevelCritical})
	two := w.find(spec{url: "http://a.example/2", at: "4 08:00", rule: "r1", group: "1000001", category: "gambling", level: qianshao.LevelHigh})
	three := w.find(spec{url: "http://c.example/3", at: "8 23:59", rule: "r2", group: "1000001", category: "fraud", level: qianshao.LevelHigh})
	w.find(spec{url: "http://d.example/4", at: "3 09:00", rule: "r1", category: "gambling", level: qianshao.LevelCritical})
	// The week after.
	w.find(spec{url: "http://d.example/5", at: "9 00:00", rule: "r1", category: "gambling", level: qianshao.LevelHigh})

	slip := w.decide("ann", "1 23:59", old1, crime)
	w.undo("ann", "2 00:00", slip)                                    // its verdict stood at the end of the week before
	w.decide("ann", "2 00:00", old2, not)                             // 14 h
	w.decide("ann", "2 10:00", one, crime)                            // 10 h
	w.undo("ann", "4 09:00", w.decide("ann", "4 08:59", two, unsure)) // a slip
	w.decide("bob", "4 11:00", two, crime)                            // 3 h
	w.decide("bob", "5 11:00", two, not)                              // a second decision does not count
	w.decide("bob", "9 00:00", three, crime)                          // after the end

	// Relapsed: gone on the 5th, back on the 6th.
	w.visit("http://d.example/4", "5 09:00", "2")
	w.find(spec{url: "http://d.example/4", at: "6 09:00", rule: "r1", category: "gambling", level: qianshao.LevelCritical})
	w.visit("http://a.example/2", "7 09:00", "3")
	// No relapse: it was there all the time; only its category has changed.
	moved := qianshao.Finding{ID: three.ID, URL: "http://c.example/3", Authorisation: "city", Rule: "r2", Title: "title of r2", Category: "phishing", Level: qianshao.LevelHigh, Score: 60, Seen: "seen http://c.example/3"}
	moved.Indicators = []qianshao.Indicator{{Kind: qianshao.IndicatorQQ, Value: "1000001"}}
	w.visit(moved.URL, "8 23:59", "4", moved)

	got := w.report(report.Query{Period: week(t), Sight: qianshao.SeeAll()}, "9 12:00")
	midnight := func(d int) time.Time { return clock(t, fmt.Sprintf("%d 00:00", d)) }
	want := &report.Report{
		Query: got.Query, Made: clock(t, "9 12:00").UTC(),
		Volume: report.Volume{
			Findings: 4, Pages: 4, Sites: 3, Campaigns: 2, Open: 3, Gone: 1,
			ByCategory: []report.Count{{Value: "gambling", Findings: 3, Before: 1}, {Value: "phishing", Findings: 1}, {Value: "fraud", Before: 2}},
			ByLevel:    []report.Count{{Value: "high", Findings: 2, Before: 1}, {Value: "critical", Findings: 2}, {Value: "medium", Before: 2}},
			Days: []report.Day{
				{At: midnight(2), Found: 1, Crime: 1, NotCrime: 1, ByLevel: map[string]int{"critical": 1}},
				{At: midnight(3), Found: 1, ByLevel: map[string]int{"critical": 1}},
				{At: midnight(4), Found: 1, ByLevel: map[string]int{"high": 1}},
				{At: midnight(5), NotCrime: 1, ByLevel: map[string]int{}},
				{At: midnight(6), ByLevel: map[string]int{}}, {At: midnight(7), ByLevel: map[string]int{}},
				{At: midnight(8), Found: 1, ByLevel: map[string]int{"high": 1}},
			},
		},
		Verdicts: report.Verdicts{
			Crime: 1, NotCrime: 2,
			Undecided: 4, Overdue: 2, // old1, old3, three, 4; old1 (high) and 4 (critical) too long
			Reasons: []report.Count{{Value: "awareness", Findings: 2}}, Whose: []report.Count{{Value: "hacked", Findings: 1, Before: 1}},
			Decided: 3, Median: 10 * time.Hour, P90: 14 * time.Hour,
		},
		Before: report.Summary{Found: 3, Decided: 1, Crime: 1},
		Rules: []report.Rule{
			{ID: "r1", Title: "title of r1", Category: "gambling", Findings: 3, Rate: report.Rate{Tied: 1, Few: true}, Audit: report.Rate{Few: true}},
			{ID: "r2", Title: "title of r2", Category: "phishing", Findings: 1, Rate: report.Rate{Wrong: 1, Few: true}, Audit: report.Rate{Few: true}},
		},
		Sites: []report.Site{
			{Host: "a.example", Authorisation: "city", Findings: 2, Crime: 1, NotCrime: 1, Open: 1, Categories: []qianshao.Category{"gambling"}},
			{Host: "c.example", Authorisation: "city", Findings: 1, Open: 1, Categories: []qianshao.Category{"phishing"}},
			{Host: "d.example", Authorisation: "city", Findings: 1, Open: 1, Relapsed: 1, Categories: []qianshao.Category{"gambling"}},
		},
		Campaigns: []report.Campaign{
			{Label: "qq:1000001", Category: "gambling", Level: qianshao.LevelCritical, Findings: 3, Sites: 2, First: midnight(2).UTC()},
			{Label: "葡京 http://d.example/4", Category: "gambling", Level: qianshao.LevelCritical, Findings: 1, Sites: 1, First: clock(t, "3 09:00").UTC()},
		},
		Relapses: report.Relapses{Findings: 1, Sites: []report.Count{{Value: "d.example", Findings: 1}}},
	}
	for i := range got.Campaigns {
		if got.Campaigns[i].ID == "" {
			t.Errorf("campaign %d has no id", i)
		}
		got.Campaigns[i].ID = ""
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })); diff != "" {
		t.Errorf("the report (-want +got):\n%s", diff)
	}
}
