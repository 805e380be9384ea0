package campaigns_test

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/store/sqlstore/campaigns"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/database/databasetest"
	"github.com/qianshao/qianshao/store/sqlstore/outbox"
	"github.com/qianshao/qianshao/store/sqlstore/review"
)

var base = time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)

// specimen is a finding with the traits that a test gives it.
type specimen struct {
	ID     string
	Traits campaign.Traits
	First  int // minutes after base
}

// traitsOf reads the traits that record has written.
func traitsOf(f *qianshao.Finding) (t campaign.Traits) {
	if err := json.Unmarshal([]byte(f.Title), &t); err != nil {
		panic(err)
	}
	return t
}

func (s *specimen) finding() qianshao.Finding {
	title, err := json.Marshal(s.Traits)
	if err != nil {
		panic(err)
	}
	return qianshao.Finding{ID: s.ID, URL: "http://" + s.Traits.Owner + "/" + s.ID, Authorisation: "a-" + s.Traits.Owner, Title: string(title), Category: "gambling", Level: qianshao.LevelHigh, Score: 60}
}

type world struct {
	t  testing.TB
	db *database.DB
	c  *campaigns.Campaigns
	at time.Time
	// indexed is what an index would contain after its updates; see verifyIndex.
	indexed map[string]qianshao.Review
}

func newWorld(t testing.TB, open databasetest.Open) *world {
	t.Helper()
	db := open(t)
	w := &world{t: t, db: db, at: base.Add(time.Hour), indexed: map[string]qianshao.Review{}}
	w.c = campaigns.New(db, w.options())
	w.exec(`UPDATE campaign_state SET salt = 'salt'`)
	return w
}

func (w *world) options() campaigns.Options {
	return campaigns.Options{Traits: traitsOf, Now: func() time.Time { return w.at }}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	check(w.t, w.db.Update(w.t.Context(), database.Ordered, "test", func(tx *database.Tx) error {
		_, err := tx.ExecContext(w.t.Context(), query, args...)
		return err
	}))
}

// save stores a finding as the crawl does.
func (w *world) save(s specimen) {
	w.t.Helper()
	f, ctx := s.finding(), w.t.Context()
	text, err := json.Marshal(f)
	check(w.t, err)
	check(w.t, w.db.Update(ctx, database.Ordered, "test", func(tx *database.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO pages (page, requested, authorisation, sha256, status, first_seen, last_seen, flagged, rules)
VALUES ($1, $1, '', '', 200, 0, 0, 1, '') ON CONFLICT (page) DO NOTHING`, f.URL); err != nil {
			return err
		}
		first := database.Millis(base.Add(time.Duration(s.First) * time.Minute))
		if _, err := tx.ExecContext(ctx, `
INSERT INTO findings (id, page, url, rule, category, level, score, finding, first_seen, last_seen, sha256, status, requested_url, charset, title, seen, host, authorisation)
VALUES ($1, $2, $2, '', $3, $4, $5, $6, $7, $7, '', 200, '', '', '', $8, $9, $10)
ON CONFLICT (id) DO UPDATE SET finding = excluded.finding, score = excluded.score, seen = excluded.seen`,
			f.ID, f.URL, string(f.Category), int(f.Level), f.Score, string(text), first, fmt.Sprint(s.Traits.Shape), s.Traits.Owner, f.Authorisation); err != nil {
			return err
		}
		return outbox.Changed(ctx, tx, f.ID, w.at)
	}))
}

// remove deletes a finding as retention does.
func (w *world) remove(id string) {
	w.t.Helper()
	ctx := w.t.Context()
	check(w.t, w.db.Update(ctx, database.Ordered, "test", func(tx *database.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM findings WHERE id = $1`, id); err != nil {
			return err
		}
		if err := review.Forget(ctx, tx, id, base); err != nil {
			return err
		}
		return outbox.Deleted(ctx, tx, id, w.at)
	}))
}

func (w *world) group() {
	w.t.Helper()
	for {
		n, err := w.c.GroupPending(w.t.Context())
		check(w.t, err)
		if n == 0 {
			return
		}
	}
}

func (w *world) verify() {
	w.t.Helper()
	faults, err := w.c.Verify(w.t.Context())
	check(w.t, err)
	if len(faults) > 0 {
		w.t.Fatalf("faults: %v", faults)
	}
	w.verifyIndex()
}

// groups returns for each finding the ids of its campaigns in order, the primary one first and between
// bars.
func (w *world) groups() map[string]string {
	w.t.Helper()
	rows, err := database.Collect(w.t.Context(), w.db.Read, func(r *sql.Rows) (v [2]string, err error) {
		err = r.Scan(&v[0], &v[1])
		return v, err
	}, `
SELECT m.finding, (SELECT p.id FROM campaigns p JOIN campaign_findings f ON f.campaign = p.campaign WHERE f.finding = m.finding) || ' | ' ||
  string_agg(c.id || CASE WHEN c.shared = 1 THEN '!' ELSE '' END, ' ' ORDER BY m.place)
FROM campaign_members m JOIN campaigns c ON c.campaign = m.campaign GROUP BY m.finding`)
	check(w.t, err)
	out := map[string]string{}
	for _, r := range rows {
		out[r[0]] = r[1]
	}
	return out
}

// sets are disjoint sets of numbers.
type sets []int

func newSets(n int) sets {
	s := make(sets, n)
	for i := range s {
		s[i] = i
	}
	return s
}

func (s sets) root(i int) int {
	for s[i] != i {
		i = s[i]
	}
	return i
}

func (s sets) join(i, k int) { s[s.root(i)] = s.root(k) }

// naive groups findings by the definition, from a plain list of all of them.
func naive(list []specimen) map[string]string {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b specimen) int { return cmp.Or(a.First-b.First, strings.Compare(a.ID, b.ID)) })
	joined := newSets(len(list))
	for i := range list {
		for k := range i {
			for _, band := range list[i].Traits.Bands {
				if slices.Contains(list[k].Traits.Bands, band) {
					joined.join(i, k)
				}
			}
		}
	}
	type group struct {
		id      string
		members int
		owners  map[string]bool
		cap     int
	}
	groups := map[string]*group{}
	of := func(name, id string, limit int, owner string) {
		g := groups[name]
		if g == nil {
			g = &group{id: id, owners: map[string]bool{}, cap: limit}
			groups[name] = g
		}
		g.members++
		g.owners[owner] = true
	}
	names := make([][]string, len(list))
	for i, s := range list {
		block := fmt.Sprint("block ", joined.root(i))
		of(block, campaign.ID("salt", s.ID), 0, s.Traits.Owner)
		names[i] = append(names[i], block)
		for _, k := range s.Traits.Keys {
			of(string(k.Kind)+k.Name, k.ID("salt"), k.Cap(), s.Traits.Owner)
			names[i] = append(names[i], string(k.Kind)+k.Name)
		}
	}
	out := map[string]string{}
	for i, s := range list {
		var ids []string
		var candidates []campaign.Candidate
		for _, name := range names[i] {
			g := groups[name]
			shared := g.cap > 0 && len(g.owners) > g.cap
			candidates = append(candidates, campaign.Candidate{Members: g.members, Shared: shared})
			id := g.id
			if shared {
				id += "!"
			}
			ids = append(ids, id)
		}
		out[s.ID] = groups[names[i][campaign.Primary(candidates)]].id + " | " + strings.Join(ids, " ")
	}
	return out
}

// anySpecimens makes findings that share bands and keys at random: many are connected only through a third
// one, and statistics ids are on more sites than their cap allows.
func anySpecimens(r *rand.Rand, n int) []specimen {
	var list []specimen
	for i := range n {
		s := specimen{ID: fmt.Sprintf("%016x", r.Uint64()), First: r.IntN(20)}
		s.Traits.Owner = fmt.Sprintf("site%d.example", r.IntN(14))
		s.Traits.Label = s.ID
		if r.IntN(3) == 0 {
			s.Traits.Bands = []uint64{uint64(1000 + i)}
		} else {
			a, b := r.IntN(n), r.IntN(n)
			s.Traits.Bands = []uint64{uint64(a), uint64(b)}
		}
		s.Traits.Shape = s.Traits.Bands[0]*2000 + s.Traits.Bands[len(s.Traits.Bands)-1]
		if r.IntN(2) == 0 {
			s.Traits.Keys = append(s.Traits.Keys, campaign.Key{Kind: campaign.KindDestination, Name: fmt.Sprintf("d%d.example", r.IntN(4))})
		}
		if r.IntN(2) == 0 {
			s.Traits.Keys = append(s.Traits.Keys, campaign.Key{Kind: campaign.KindHandle, Name: fmt.Sprintf("statistics:%d", r.IntN(2))})
		}
		list = append(list, s)
	}
	return list
}

func same(t testing.TB, what string, want, got map[string]string) {
	t.Helper()
	if maps.Equal(want, got) {
		return
	}
	for id := range want {
		if want[id] != got[id] {
			t.Errorf("%s: finding %s is in %q, want %q", what, id, got[id], want[id])
		}
	}
	t.FailNow()
}

// In whatever order findings come, change and go, they are grouped as defined; so two orders give the same
// campaigns with the same ids.
func TestCampaignsDoNotDependOnOrder(t *testing.T) {
	databasetest.Each(t, testCampaignsDoNotDependOnOrder)
}

func testCampaignsDoNotDependOnOrder(t *testing.T, open databasetest.Open) {
	t.Parallel()
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 1))
		list, w := anySpecimens(r, 60), newWorld(t, open)
		for i, s := range list {
			if r.IntN(6) == 0 { // at first it has other content
				early := s
				early.Traits = list[r.IntN(len(list))].Traits
				early.Traits.Owner = s.Traits.Owner
				w.save(early)
				w.group()
			}
			w.save(s)
			if r.IntN(4) == 0 {
				w.group()
				same(t, fmt.Sprintf("seed %d, %d findings", seed, i+1), naive(list[:i+1]), w.groups())
			}
		}
		w.group()
		same(t, fmt.Sprintf("seed %d", seed), naive(list), w.groups())
		w.verify()
		for len(list) > 0 {
			at := r.IntN(len(list))
			w.remove(list[at].ID)
			list = slices.Delete(list, at, at+1)
			if r.IntN(5) == 0 || len(list) == 0 {
				w.group()
				same(t, fmt.Sprintf("seed %d, %d left", seed, len(list)), naive(list), w.groups())
				w.verify()
			}
		}
		for _, table := range []string{"campaigns", "campaign_keys", "campaign_bands", "campaign_counts", "campaign_shapes", "campaign_owners", "campaign_members", "campaign_aliases"} {
			var n int
			check(t, w.db.Read.QueryRowContext(t.Context(), `SELECT count(*) FROM `+table).Scan(&n))
			if n != 0 {
				t.Errorf("seed %d: %d rows remain in %s", seed, n, table)
			}
		}
	}
}

// A process that dies while grouping has finished a batch completely or not at all; the next one continues
// from there.
func TestGroupingGoesOn(t *testing.T) { databasetest.Each(t, testGroupingGoesOn) }

func testGroupingGoesOn(t *testing.T, open databasetest.Open) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 1))
	list, w := anySpecimens(r, 150), newWorld(t, open)
	for _, s := range list {
		w.save(s)
	}
	for range 6 {
		left := r.IntN(70)
		dying := campaigns.New(w.db, campaigns.Options{Now: func() time.Time { return w.at }, Traits: func(f *qianshao.Finding) campaign.Traits {
			if left--; left < 0 {
				panic("killed")
			}
			return traitsOf(f)
		}})
		func() {
			defer func() { _ = recover() }()
			for n := 1; n > 0; {
				var err error
				if n, err = dying.GroupPending(t.Context()); err != nil {
					return
				}
			}
		}()
		w.verify()
	}
	w.group()
	same(t, "after several deaths", naive(list), w.groups())
	w.verify()
}

// A finding that cannot be grouped does not hold up the others.
func TestDamagedFinding(t *testing.T) { databasetest.Each(t, testDamagedFinding) }

func testDamagedFinding(t *testing.T, open databasetest.Open) {
	t.Parallel()
	w := newWorld(t, open)
	w.save(blockOf("a1", 1, "a.example", 1))
	w.save(blockOf("a2", 1, "b.example", 2))
	w.save(blockOf("a3", 1, "c.example", 3))
	w.exec(`UPDATE findings SET finding = '{' WHERE id = 'a2'`)
	n, err := w.c.GroupPending(t.Context())
	if n != 2 || err == nil || !strings.Contains(err.Error(), "a2") {
		t.Fatalf("%d findings are grouped, error %v; want 2, and an error that names the third", n, err)
	}
	w.wantParts("without the damaged one", "a1 a3")
	w.save(blockOf("a2", 1, "b.example", 2))
	w.group()
	w.wantParts("mended", "a1 a2 a3")
}
