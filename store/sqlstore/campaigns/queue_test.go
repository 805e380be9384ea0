package campaigns_test

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/store/sqlstore/campaigns"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/database/databasetest"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// decideSome gives a third of the findings a standing.
func (w *world) decideSome(r *rand.Rand, list []specimen) {
	w.t.Helper()
	var standings []trail.Standing
	for _, s := range list {
		x := trail.Standing{Subject: qianshao.Subject{Kind: qianshao.SubjectFinding, ID: s.ID}}
		switch seen := fmt.Sprint(s.Traits.Shape); r.IntN(9) {
		case 0:
			x.Standing = desk.Standing{Act: 1, Decided: 1, At: base, By: "li", Verdict: qianshao.VerdictCrime, Seen: seen, Round: 1, Assignee: "wang"}
		case 1:
			x.Standing = desk.Standing{Parked: 1, ParkedAt: w.at, ParkedUntil: w.at.Add(time.Hour), Assignee: "zhao"}
		case 2:
			x.Standing = desk.Standing{Act: 1, Decided: 1, At: base, By: "li", Verdict: qianshao.VerdictNotCrime, Seen: seen, Round: 1, Second: desk.SecondSample}
		case 3:
			w.exec(`UPDATE findings SET back_at = $1 WHERE id = $2`, database.Millis(base.Add(time.Minute)), s.ID)
			x.Standing = desk.Standing{Act: 1, Decided: 1, At: base, By: "li", Verdict: qianshao.VerdictCrime, Seen: seen, Round: 1}
		case 4:
			x.Standing = desk.Standing{Assignee: "wang"}
		default:
			continue
		}
		standings = append(standings, x)
	}
	check(w.t, w.db.Update(w.t.Context(), database.Ordered, "test", func(tx *database.Tx) error {
		return campaigns.PutStandings(w.t.Context(), tx, standings, w.at)
	}))
}

// queueRow is a row of the queue, counted by the test.
type queueRow struct {
	campaign                                        int64
	members, undecided, relapsed, parked, reviewing int
	level, score                                    int
	firstSeen, lastSeen                             int64
	due                                             sql.NullInt64
	ranked, overdue                                 int
}

// countedFinding is how a finding was counted, as stored.
type countedFinding struct {
	finding, authorisation, category, assignee, decidedBy string
	queueRow
}

// expect computes the queue by its definition: it reads and counts all findings.
func (w *world) expect(q *campaign.Query) (rows []queueRow) {
	w.t.Helper()
	list, err := database.Collect(w.t.Context(), w.db.Read, func(r *sql.Rows) (c countedFinding, err error) {
		err = r.Scan(&c.finding, &c.authorisation, &c.category, &c.assignee, &c.decidedBy, &c.campaign, &c.undecided, &c.relapsed, &c.parked, &c.reviewing,
			&c.level, &c.score, &c.firstSeen, &c.lastSeen, &c.due)
		return c, err
	}, `SELECT finding, authorisation, category, coalesce((SELECT assignee FROM standings WHERE subject = finding), ''),
  coalesce((SELECT decided_by FROM standings WHERE subject = finding), ''), campaign,
  undecided, relapsed, parked, reviewing, level, score, first_seen, last_seen, due FROM campaign_findings`)
	check(w.t, err)
	assignees, named, theirs := map[int64]map[string]bool{}, map[int64]bool{}, map[int64]bool{}
	by := map[int64]*queueRow{}
	for i := range list {
		c := &list[i]
		if assignees[c.campaign] == nil {
			assignees[c.campaign] = map[string]bool{}
		}
		assignees[c.campaign][c.assignee] = true
		named[c.campaign] = named[c.campaign] || slices.Contains(q.Findings, c.finding)
		if !q.Sight.Sees(c.authorisation) || q.Category != "" && c.category != string(q.Category) || q.Authorisation != "" && c.authorisation != q.Authorisation {
			continue
		}
		r := by[c.campaign]
		if r == nil {
			r = &queueRow{campaign: c.campaign, firstSeen: c.firstSeen, lastSeen: c.lastSeen}
			by[c.campaign] = r
		}
		theirs[c.campaign] = theirs[c.campaign] || c.reviewing > 0 && c.decidedBy != q.By
		r.members++
		r.undecided += c.undecided
		r.relapsed += c.relapsed
		r.parked += c.parked
		r.reviewing += c.reviewing
		r.level, r.score, r.firstSeen = max(r.level, c.level), max(r.score, c.score), min(r.firstSeen, c.firstSeen)
		r.lastSeen = max(r.lastSeen, c.lastSeen)
		if c.due.Valid && (!r.due.Valid || c.due.Int64 < r.due.Int64) {
			r.due = c.due
		}
	}
	for _, r := range by {
		if r.undecided > 0 {
			r.ranked += 2
		}
		if r.relapsed > 0 {
			r.ranked++
		}
		if r.due.Valid && r.due.Int64 <= database.Millis(w.at) {
			r.overdue = 1
		}
		is := map[campaign.List]bool{
			campaign.ListOpen: r.ranked > 0, campaign.ListMine: r.ranked > 0 && assignees[r.campaign][q.By], campaign.ListParked: r.parked > 0,
			campaign.ListReview: theirs[r.campaign], campaign.ListRelapsed: r.relapsed > 0, campaign.ListOverdue: r.overdue == 1, campaign.ListAll: true,
		}
		if is[q.List] && (q.Assignee == "" || assignees[r.campaign][q.Assignee]) && qianshao.Level(r.level) >= q.Level && (q.Findings == nil || named[r.campaign]) &&
			(q.NewSince.IsZero() || r.firstSeen > database.Millis(q.NewSince)) {
			rows = append(rows, *r)
		}
	}
	slices.SortFunc(rows, func(a, b queueRow) int {
		switch {
		case !q.List.Sortable():
		case q.Sort == campaign.SortNew:
			return cmp.Or(cmp.Compare(b.firstSeen, a.firstSeen), cmp.Compare(a.campaign, b.campaign))
		case q.Sort == campaign.SortSeen:
			return cmp.Or(cmp.Compare(b.lastSeen, a.lastSeen), cmp.Compare(a.campaign, b.campaign))
		case q.Sort == campaign.SortMembers:
			return cmp.Or(b.members-a.members, cmp.Compare(a.campaign, b.campaign))
		}
		return cmp.Or(b.ranked-a.ranked, b.overdue-a.overdue, b.score-a.score, cmp.Compare(a.firstSeen, b.firstSeen), cmp.Compare(a.campaign, b.campaign))
	})
	return rows
}

// Read for many findings together, standings and campaigns are the same as read for each by itself.
func TestTogether(t *testing.T) { databasetest.Each(t, testTogether) }

func testTogether(t *testing.T, open databasetest.Open) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 5))
	list, w := anySpecimens(r, 60), newWorld(t, open)
	ids := []string{"unknown"}
	for i := range list {
		w.save(list[i])
		ids = append(ids, list[i].ID, list[i].ID)
	}
	w.group()
	w.decideSome(r, list)
	standings, err := w.c.Standings(t.Context(), ids)
	check(t, err)
	due, err := w.c.Due(t.Context(), ids)
	check(t, err)
	together, err := w.c.CampaignsOf(t.Context(), ids)
	check(t, err)
	several := 0
	for i := range list {
		id := list[i].ID
		of, err := w.c.Of(t.Context(), id)
		check(t, err)
		var alone []string
		for _, m := range of {
			alone = append(alone, m.ID)
		}
		if !slices.Equal(alone, together[id]) || len(alone) == 0 {
			t.Errorf("%s is in %v, together with others in %v", id, alone, together[id])
		}
		if len(alone) > 1 {
			several++
		}
		standing := standings[id]
		if _, isDue := due[id]; isDue != standing.DueForReview() {
			t.Errorf("%s: due is %v, and it stands %+v", id, isDue, standing)
		}
	}
	if several == 0 || len(standings) < 5 || len(due) == 0 || len(together) != len(list) {
		t.Errorf("%d findings in several campaigns, %d standings, %d due, %d of %d", several, len(standings), len(due), len(together), len(list))
	}
}

// Each list, with each filter and sight, has the campaigns and numbers that counting all findings gives, in
// the queue's order, however it is divided into pages.
func TestQueue(t *testing.T) { databasetest.Each(t, testQueue) }

func testQueue(t *testing.T, open databasetest.Open) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 1))
	list, w := anySpecimens(r, 80), newWorld(t, open)
	for i := range list {
		w.save(list[i])
		w.exec(`UPDATE findings SET score = $1, level = $2, category = $3 WHERE id = $4`, 40+r.IntN(4)*10, 2+r.IntN(3), []string{"gambling", "fraud"}[r.IntN(2)], list[i].ID)
	}
	w.at = base.Add(campaign.OverdueAfter(qianshao.LevelCritical) + 10*time.Minute) // some are overdue
	w.group()
	w.decideSome(r, list)
	w.verify()
	sights := []qianshao.Sight{
		qianshao.SeeAll(), {Authorisations: []string{"a-site1.example"}}, {Authorisations: []string{"a-site1.example", "a-site2.example", "a-site3.example", "a-site9.example"}}, {}, {Authorisations: []string{"", "*"}},
	}
	filters := []campaign.Query{{}, {Category: "fraud"}, {Level: qianshao.LevelHigh}, {Authorisation: "a-site2.example"}, {Assignee: "wang"}, {Sort: campaign.SortNew}, {Sort: campaign.SortSeen, Category: "fraud"},
		{Sort: campaign.SortMembers}, {Findings: []string{list[0].ID, list[7].ID, list[8].ID, "none"}}, {NewSince: base.Add(20 * time.Minute)}}
	seen := 0
	for _, l := range []campaign.List{campaign.ListOpen, campaign.ListMine, campaign.ListParked, campaign.ListReview, campaign.ListRelapsed, campaign.ListOverdue, campaign.ListAll} {
		for s, sight := range sights {
			for f, q := range filters {
				q.List, q.Sight, q.By, q.Limit = l, sight, "wang", 3
				var want, got []string
				for _, row := range w.expect(&q) {
					want = append(want, fmt.Sprint(row.undecided, row.relapsed, row.parked, row.reviewing, row.members, row.score, row.level, row.overdue == 1))
				}
				for pages := 0; ; pages++ {
					page, err := w.c.Queue(t.Context(), q)
					check(t, err)
					for _, c := range page.Campaigns {
						got = append(got, fmt.Sprint(c.Undecided, c.Relapsed, c.Parked, c.Reviewing, c.Findings, c.Score, int(c.Level), c.Overdue))
					}
					if q.After = page.Next; q.After == "" || pages > 100 {
						break
					}
				}
				if !slices.Equal(want, got) {
					t.Fatalf("list %s, sight %d, filter %d:\n got %q\nwant %q", l, s, f, got, want)
				}
				seen += len(got)
				exact := q.Level == 0 && q.NewSince.IsZero() || len(sight.Authorisations) < 2
				other := q
				other.Category = "gambling"
				if tallies, err := w.c.Tallies(t.Context(), []campaign.Query{other, q}); err != nil || tallies[1] != (campaign.Tally{N: len(want)}) && exact {
					t.Errorf("list %s, sight %d, filter %d: %v are tallied, there are %d (%v)", l, s, f, tallies, len(want), err)
				}
				for _, limit := range []int{1000, 2} {
					// With several authorisations, a level applies to each of them separately.
					if n, err := w.c.Count(t.Context(), q, limit); err != nil || n != min(len(want), limit) && exact {
						t.Errorf("list %s, sight %d, filter %d: %d are counted up to %d, there are %d (%v)", l, s, f, n, limit, len(want), err)
					}
				}
			}
		}
	}
	if seen < 200 {
		t.Errorf("only %d rows were compared", seen)
	}
	for _, cursor := range []string{"x", "1.2.3", "1.2.3.4.5.x", "1.2.3.4.5.6.7"} {
		for _, sort := range []campaign.Sort{campaign.SortQueue, campaign.SortSeen} {
			_, err := w.c.Queue(t.Context(), campaign.Query{List: campaign.ListOpen, Sight: qianshao.SeeAll(), Sort: sort, After: cursor})
			if err == nil && (sort == campaign.SortQueue || cursor != "1.2.3") {
				t.Errorf("the cursor %q is accepted for the order %q", cursor, sort)
			}
		}
	}
}

// Campaigns that others have claimed, and parked campaigns, have lists of their own.
func TestQueueOfClaimedAndParkedCampaigns(t *testing.T) {
	databasetest.Each(t, testQueueOfClaimedAndParkedCampaigns)
}

func testQueueOfClaimedAndParkedCampaigns(t *testing.T, open databasetest.Open) {
	t.Parallel()
	w := newWorld(t, open)
	d, lead := w.desked()
	for i, id := range []string{"a1", "b1", "c1"} {
		w.save(blockOf(id, uint64(i+1), "a.example", i))
		w.save(blockOf(id+"'", uint64(i+1), "b.example", i+5))
	}
	w.group()
	subject := func(finding string) qianshao.Subject {
		return qianshao.Subject{Kind: qianshao.SubjectCampaign, ID: w.idOf(finding)}
	}
	lists := func(by string) string {
		t.Helper()
		var out []string
		for _, l := range []campaign.List{campaign.ListOpen, campaign.ListClaimed, campaign.ListParked, campaign.ListMine} {
			page, err := w.c.Queue(t.Context(), campaign.Query{List: l, Sight: qianshao.SeeAll(), By: by})
			check(t, err)
			var labels []string
			for _, c := range page.Campaigns {
				labels = append(labels, strings.TrimPrefix(c.Label, "标签 "))
			}
			out = append(out, string(l)+" "+strings.Join(labels, " "))
		}
		return strings.Join(out, ", ")
	}
	want := func(by, want string) {
		t.Helper()
		if got := lists(by); got != want {
			t.Errorf("%s has %q, want %q", by, got, want)
		}
	}
	want("li", "open a1 b1 c1, claimed , parked , mine ")
	_, err := d.Do(t.Context(), lead, desk.Draft{Subject: subject("a1"), Kind: qianshao.ActClaim})
	check(t, err)
	_, err = d.Do(t.Context(), lead, desk.Draft{Subject: subject("b1"), Kind: qianshao.ActPark, Until: w.at.Add(time.Hour)})
	check(t, err)
	want("li", "open a1 c1, claimed , parked b1, mine ")
	want("wang", "open c1, claimed a1, parked b1, mine ")
	// An older finding gives the campaign another id; its standing stays.
	w.save(blockOf("a0", 1, "c.example", -5))
	w.save(blockOf("b0", 2, "c.example", -4))
	w.group()
	want("wang", "open c1, claimed a0, parked b0, mine ")
	w.at = w.at.Add(2 * time.Hour)
	want("wang", "open a0 b0 c1, claimed , parked , mine ")
}

// A limited account sees a campaign as if it had only the members that it may see: in numbers, label,
// sites, members and everything else.
func TestSightOfCampaigns(t *testing.T) { databasetest.Each(t, testSightOfCampaigns) }

func testSightOfCampaigns(t *testing.T, open databasetest.Open) {
	t.Parallel()
	w := newWorld(t, open)
	key := campaign.Key{Kind: campaign.KindHandle, Name: "qq:10001"}
	w.save(blockOf("secret", 1, "secret.example", 1, key))
	w.save(blockOf("own", 1, "own.example", 2))
	w.save(blockOf("other", 2, "secret.example", 3))
	w.group()
	if of, err := w.c.Of(t.Context(), "secret"); err != nil || len(of) != 2 || !of[0].Primary || of[1].Primary || of[1].Kind != campaign.KindHandle || of[1].Key == "" {
		t.Errorf("the finding is in %+v, %v", of, err)
	}
	if of, err := w.c.Of(t.Context(), "nothing"); err != nil || len(of) != 0 {
		t.Errorf("a finding that is not grouped is in %+v, %v", of, err)
	}
	own := qianshao.Sight{Authorisations: []string{"a-own.example"}}
	got, err := w.c.Campaign(t.Context(), own, w.idOf("own"))
	check(t, err)
	members, err := w.c.Members(t.Context(), own, got.ID, "", 10)
	check(t, err)
	if text := fmt.Sprintf("%+v %+v", got, members); strings.Contains(text, "secret") || strings.Contains(text, "qq:") || got.Members != 1 || got.Sites != 1 || got.Findings != 1 || len(members.List) != 1 {
		t.Errorf("a limited account sees %s", text)
	}
	if handle, err := w.c.Campaign(t.Context(), qianshao.SeeAll(), key.ID("salt")); err != nil || handle.Key != key.Name {
		t.Errorf("the campaign of the handle is %+v, %v", handle, err)
	}
	for _, sight := range []qianshao.Sight{own, {}} {
		if _, err := w.c.Campaign(t.Context(), sight, w.idOf("other")); err == nil {
			t.Errorf("%v sees a campaign of which it sees no member", sight)
		}
		if _, err := w.c.Campaign(t.Context(), sight, key.ID("salt")); err == nil {
			t.Errorf("%v sees a handle that no member it sees has", sight)
		}
	}
}

// If a finding with unchanged evidence moves to another authorisation, those who may see that one see it,
// and nobody else.
func TestSightFollowsAuthorisation(t *testing.T) { databasetest.Each(t, testSightFollowsAuthorisation) }

func testSightFollowsAuthorisation(t *testing.T, open databasetest.Open) {
	t.Parallel()
	w := newWorld(t, open)
	w.save(blockOf("moved", 1, "site.example", 1))
	w.group()
	id, before := w.idOf("moved"), qianshao.Sight{Authorisations: []string{"a-site.example"}}
	w.exec(`UPDATE findings SET authorisation = 'later' WHERE id = 'moved'`)
	w.save(blockOf("moved", 1, "site.example", 1)) // seen again, unchanged
	w.group()
	w.verify()
	now := qianshao.Sight{Authorisations: []string{"later"}}
	if members, err := w.c.Members(t.Context(), now, id, "", 10); err != nil || len(members.List) != 1 {
		t.Errorf("a reader who may see it now gets %+v, %v", members, err)
	}
	if got, err := w.c.Campaign(t.Context(), before, id); err == nil {
		t.Errorf("a reader who could see it before still gets %+v", got)
	}
}

// The page of a campaign shows when its members were found, those of one site, and campaigns with a common
// key; a limited account sees only its own findings there.
func TestCampaignPage(t *testing.T) { databasetest.Each(t, testCampaignPage) }

func testCampaignPage(t *testing.T, open databasetest.Open) {
	t.Parallel()
	w := newWorld(t, open)
	key := campaign.Key{Kind: campaign.KindHandle, Name: "qq:10001"}
	w.save(blockOf("a1", 1, "a.example", 1, key))
	w.save(blockOf("a2", 1, "a.example", 2))
	w.save(blockOf("a3", 1, "b.example", 61))
	w.save(blockOf("k1", 2, "b.example", 3, key))
	w.save(blockOf("k2", 2, "c.example", 4, key))
	w.save(blockOf("k3", 3, "c.example", 5, key))
	w.save(blockOf("no", 4, "c.example", 6))
	w.group()
	id := key.ID("salt")
	all, own := qianshao.SeeAll(), qianshao.Sight{Authorisations: []string{"a-a.example", "a-c.example"}}
	block := func(finding string) string {
		of, err := w.c.Of(t.Context(), finding)
		check(t, err)
		return of[slices.IndexFunc(of, func(m campaign.Membership) bool { return m.Kind == campaign.KindBlock })].ID
	}
	on := func(sight qianshao.Sight, site string, limit int) (list []string) {
		for after := ""; ; {
			page, err := w.c.MembersOn(t.Context(), sight, block("a1"), site, after, limit)
			check(t, err)
			for _, m := range page.List {
				list = append(list, m.Finding)
			}
			if after = page.Next; after == "" {
				return list
			}
		}
	}
	for _, tc := range []struct {
		sight qianshao.Sight
		site  string
		want  string
	}{{all, "", "[a1 a2 a3]"}, {all, "a.example", "[a1 a2]"}, {all, "c.example", "[]"}, {own, "b.example", "[]"}, {own, "a.example", "[a1 a2]"}} {
		if got := fmt.Sprint(on(tc.sight, tc.site, 1)); got != tc.want {
			t.Errorf("members on %q: %s, want %s", tc.site, got, tc.want)
		}
	}
	w.exec(`UPDATE findings SET back_at = $1 WHERE id = 'a2'`, database.Millis(base.Add(2*time.Hour)))
	check(t, w.db.Update(t.Context(), database.Ordered, "test", func(tx *database.Tx) error {
		return campaigns.PutStandings(t.Context(), tx, []trail.Standing{{Subject: qianshao.Subject{Kind: qianshao.SubjectFinding, ID: "a2"}, Standing: desk.Standing{
			Act: 1, Decided: 1, At: base, By: "li", Verdict: qianshao.VerdictCrime, Seen: "1", Round: 1,
		}}}, w.at)
	}))
	zone := time.FixedZone("", -3600) // base is midnight in UTC, so here the first members are of the day before
	days, err := w.c.Days(t.Context(), all, block("a1"), zone)
	check(t, err)
	eve := base.In(zone).Truncate(time.Hour).Add(-23 * time.Hour)
	want := []campaign.Day{{At: eve, First: true, Found: 2}, {At: eve.AddDate(0, 0, 1), Found: 1, Relapsed: 1}}
	if diff := gocmp.Diff(want, days); diff != "" {
		t.Errorf("the timeline (-want +got):\n%s", diff)
	}
	if days, err = w.c.Days(t.Context(), own, block("a1"), time.UTC); err != nil || len(days) != 1 || days[0].Found != 2 || days[0].Relapsed != 1 {
		t.Errorf("a limited account's timeline is %+v, %v", days, err)
	}
	w.save(blockOf("late", 1, "a.example", 60*24*400))
	w.group()
	if days, err = w.c.Days(t.Context(), all, block("a1"), time.UTC); err != nil || len(days) != 1 || days[0].First || days[0].Found != 1 {
		t.Errorf("the last year is %+v, %v", days, err)
	}
	kin := func(sight qianshao.Sight, id string) (list []string) {
		of, err := w.c.Kin(t.Context(), sight, id)
		check(t, err)
		for _, k := range of {
			list = append(list, fmt.Sprint(k.ID, " ", k.Label, " ", k.Key, " ", k.Members))
		}
		return list
	}
	k2, k3 := block("k1"), block("k3")
	if got, want := kin(all, block("a1")), []string{k2 + " 标签 k1 qq:10001 2", k3 + " 标签 k3 qq:10001 1"}; !slices.Equal(got, want) {
		t.Errorf("kin: %q, want %q", got, want)
	}
	if got := strings.Join(kin(own, block("a1")), "; "); !strings.Contains(got, k2) || strings.Contains(got, "k1") {
		t.Errorf("a limited account is shown the kin %q", got)
	}
	if got := kin(all, id); len(got) != 3 {
		t.Errorf("the kin of the handle's campaign: %q", got)
	}
	for _, read := range []func(qianshao.Sight) error{
		func(s qianshao.Sight) error { _, err := w.c.Days(t.Context(), s, block("a1"), zone); return err },
		func(s qianshao.Sight) error { _, err := w.c.Kin(t.Context(), s, block("a1")); return err },
	} {
		if err := read(qianshao.Sight{Authorisations: []string{"a-c.example"}}); !errors.Is(err, desk.ErrNotFound) {
			t.Errorf("a reader who sees no member: %v", err)
		}
	}
}
