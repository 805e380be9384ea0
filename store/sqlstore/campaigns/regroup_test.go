package campaigns_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/database/databasetest"
)

// everything selects all rows about campaigns, with ids in place of numbers.
var everything = map[string]string{
	"campaigns": `SELECT c.id, c.kind, c.key_hash, c.key_name, c.cap, c.label, c.oldest, c.members, c.owners, c.shared, c.policy FROM campaigns c`,
	"keys":      `SELECT k.key_hash, c.id FROM campaign_keys k JOIN campaigns c ON c.campaign = k.campaign`,
	"bands":     `SELECT b.band, c.id FROM campaign_bands b JOIN campaigns c ON c.campaign = b.campaign`,
	"shapes":    `SELECT c.id, s.shape, s.split, s.sketch, s.bands, s.members FROM campaign_shapes s JOIN campaigns c ON c.campaign = s.campaign`,
	"findings": `SELECT f.finding, c.id, b.id, f.shape, f.split, f.owner, f.authorisation, f.category, f.level, f.score, f.first_seen, f.last_seen,
  f.undecided, f.relapsed, f.parked, f.reviewing, f.due, f.wakes, f.decider
  FROM campaign_findings f JOIN campaigns c ON c.campaign = f.campaign JOIN campaigns b ON b.campaign = f.block`,
	"members": `SELECT m.finding, c.id, m.place, m.key_hash, m.authorisation, m.first_seen FROM campaign_members m JOIN campaigns c ON c.campaign = m.campaign`,
	"owners":  `SELECT c.id, o.owner, o.authorisation, o.members FROM campaign_owners o JOIN campaigns c ON c.campaign = o.campaign`,
	"counts": `SELECT c.id, n.authorisation, n.category, n.members, n.undecided, n.relapsed, n.parked, n.reviewing, n.level, n.score, n.first_seen, n.last_seen, n.due, n.rank
  FROM campaign_counts n JOIN campaigns c ON c.campaign = n.campaign`,
}

// rows returns all rows about campaigns, by table and sorted.
func (w *world) rows() map[string][]string {
	w.t.Helper()
	out := map[string][]string{}
	for table, query := range everything {
		list, err := database.Collect(w.t.Context(), w.db.Read, func(r *sql.Rows) (string, error) {
			names, err := r.Columns()
			if err != nil {
				return "", err
			}
			values, into := make([]any, len(names)), make([]any, len(names))
			for i := range values {
				into[i] = &values[i]
			}
			err = r.Scan(into...)
			return fmt.Sprint(values...), err
		}, query)
		check(w.t, err)
		slices.Sort(list)
		out[table] = list
	}
	return out
}

// Regrouped all at once, findings have the same campaigns, to the last row, as grouped one after another;
// and the index is told to update each.
func TestRegroupedAllAtOnce(t *testing.T) { databasetest.Each(t, testRegroupedAllAtOnce) }

func testRegroupedAllAtOnce(t *testing.T, open databasetest.Open) {
	t.Parallel()
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 2))
		list, w := anySpecimens(r, 60), newWorld(t, open) // about as many sites as may share a key
		if seed == 0 {
			list = anySpecimens(r, 250) // more than are read at a time
		}
		for i, s := range list {
			w.save(s)
			if i%40 == 0 {
				w.group()
			}
		}
		w.group()
		d, lead := w.desked()
		for _, s := range list[:20] {
			draft := desk.Draft{Subject: qianshao.Subject{Kind: qianshao.SubjectFinding, ID: s.ID}, Seen: fmt.Sprint(s.Traits.Shape)}
			draft.Kind, draft.Verdict, draft.Reason = qianshao.ActDecide, qianshao.VerdictCrime, qianshao.ReasonHacked
			if r.IntN(2) == 0 {
				draft.Kind, draft.Verdict, draft.Reason, draft.Until = qianshao.ActPark, "", "", w.at.Add(time.Hour)
			}
			_, err := d.Do(t.Context(), lead, draft)
			check(t, err)
		}
		want := w.rows()
		w.exec(`DELETE FROM outbox`)
		n, err := w.c.Regroup(t.Context())
		check(t, err)
		var told int
		check(t, w.db.Read.QueryRowContext(t.Context(), `SELECT count(*) FROM outbox WHERE consumer = 'index' AND finding IN (SELECT id FROM findings)`).Scan(&told))
		if n != len(list) || told != len(list) {
			t.Errorf("seed %d: %d findings are grouped and %d updated in the index, want %d", seed, n, told, len(list))
		}
		if diff := cmp.Diff(want, w.rows()); diff != "" {
			t.Fatalf("seed %d (-one after the other +all at once):\n%s", seed, diff)
		}
		same(t, fmt.Sprintf("seed %d", seed), naive(list), w.groups())
		w.verify()
		for _, s := range list[:15] { // further changes give the same result
			w.remove(s.ID)
		}
		w.group()
		same(t, fmt.Sprintf("seed %d, some removed", seed), naive(list[15:]), w.groups())
		w.verify()
	}
}

// Verify names whatever was counted wrongly.
func TestVerifyFindsFaults(t *testing.T) { databasetest.Each(t, testVerifyFindsFaults) }

func testVerifyFindsFaults(t *testing.T, open databasetest.Open) {
	t.Parallel()
	for statement, want := range map[string]string{
		`UPDATE campaign_findings SET score = score + 1 WHERE finding = 'a1'`:                                                        "standing of a1",
		`UPDATE campaign_findings SET campaign = (SELECT campaign FROM campaign_findings WHERE finding = 'b1') WHERE finding = 'a1'`: "primary campaign of a1",
		`UPDATE findings SET level = level - 1 WHERE id = 'b1'`:                                                                      "standing of b1",
		`UPDATE campaign_findings SET finding = 'c1' WHERE finding = 'b1'`:                                                           "a finding that is not there of c1",
	} {
		w := newWorld(t, open)
		w.save(blockOf("a1", 1, "a.example", 1))
		w.save(blockOf("a2", 1, "b.example", 2))
		w.save(blockOf("b1", 2, "b.example", 3))
		w.group()
		w.exec(statement)
		faults, err := w.c.Verify(t.Context())
		check(t, err)
		var names []string
		for _, f := range faults {
			names = append(names, f.String())
		}
		if !slices.Contains(names, want) {
			t.Errorf("%s: the faults are %q, want %q among them", statement, names, want)
		}
	}
}
