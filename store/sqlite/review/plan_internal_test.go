package review

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store/sqlite/database"
)

// TestTrailPlans: a page of the trail reads no more acts than it shows, whatever it is asked
// for by: they stand in an index in that order.
func TestTrailPlans(t *testing.T) {
	t.Parallel()
	db, err := database.Open(t.Context(), filepath.Join(t.TempDir(), "qianshao.db"))
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
			plan, err := database.Collect(t.Context(), db.Read, func(r *sql.Rows) (detail string, err error) {
				var a, b, c int
				return detail, r.Scan(&a, &b, &c, &detail)
			}, "EXPLAIN QUERY PLAN "+c.query()+" ORDER BY a.at DESC, a.seq DESC LIMIT 51", c.args...)
			all := strings.Join(plan, "; ")
			if err != nil || !strings.Contains(plan[0]+" ", index+" ") || strings.Contains(all, "TEMP B-TREE FOR ORDER") {
				t.Errorf("%+v runs by %s, error %v, want the index %s and no sorting", q, all, err, index)
			}
		}
	}
}
