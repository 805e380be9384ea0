package review

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// TestTrailPlans: a page of the trail reads no more acts than it shows, whatever its filter: an index has
// them in that order.
func TestTrailPlans(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "qianshao.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	some := qianshao.Sight{Authorisations: []string{"a"}}
	for index, queries := range map[string][]desk.ActsQuery{
		"acts_at":           {{}, {Kind: "decide"}, {SubjectKind: "finding"}, {SubjectKind: "finding", Sight: some}, {From: time.Unix(1, 0), To: time.Unix(2, 0)}, {Sight: some}},
		"acts_account":      {{By: "a"}, {By: "a", From: time.Unix(1, 0)}, {By: "a", Sight: some}, {By: "a", Kind: "decide"}},
		"acts_kind":         {{Kind: "note"}},
		"acts_subject_kind": {{SubjectKind: "site"}, {SubjectKind: "authorisation", Sight: some}},
		"acts_verdict":      {{Verdict: "crime"}},
	} {
		for _, q := range queries {
			if q.Sight.Authorisations == nil {
				q.Sight = qianshao.SeeAll()
			}
			var c conditions
			if err := c.seen(&q); err != nil {
				t.Fatal(err)
			}
			if err := c.filter(&q); err != nil {
				t.Fatal(err)
			}
			plan := planOf(t, db, c.query()+" ORDER BY a.at DESC, a.seq DESC LIMIT 51", c.args...)
			all := strings.Join(plan, "; ")
			if !strings.Contains(plan[0]+" ", index+" ") || strings.Contains(all, "TEMP B-TREE FOR ORDER") {
				t.Errorf("%+v has the plan %s, want the index %s and no sorting", q, all, index)
			}
		}
	}
}

// TestBatchPlans: the query for each member of a batch reads an index, not the row of its finding, which
// contains the evidence; and a campaign's batches are not searched for among all.
func TestBatchPlans(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "qianshao.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for query, want := range map[string]string{
		selectFrozen: "f USING COVERING INDEX findings_desk (id=?)", selectNext: "f USING COVERING INDEX findings_desk (id=?)",
		`SELECT 1 FROM batch_members m WHERE ` + inSight:                "f USING COVERING INDEX findings_desk (id=?)",
		selectBatchesOf + ` AND account = $3 ORDER BY id DESC LIMIT $2`: "batches USING INDEX batches_campaign (campaign=?)",
	} {
		if plan := strings.Join(planOf(t, db, query, 1, 1, 1), "; "); !strings.Contains(plan, want) {
			t.Errorf("%s has the plan %s, want %s", query, plan, want)
		}
	}
}

func planOf(t *testing.T, db *database.DB, query string, args ...any) []string {
	t.Helper()
	plan, err := database.Collect(t.Context(), db.Read, func(r *sql.Rows) (detail string, err error) {
		var a, b, c int
		return detail, r.Scan(&a, &b, &c, &detail)
	}, "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}
