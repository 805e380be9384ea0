package figures

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store/postgres/postgrestest"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/synthetic"
)

// TestFindingsAreStreamed: findings come in the order of their index, each with its acts; nothing is
// sorted, and no table is read whole.
func TestFindingsAreStreamed(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "q.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, sight := range []qianshao.Sight{qianshao.SeeAll(), {Authorisations: []string{"a"}}} {
		s := scope{sight: sight, ids: `["a"]`}
		steps, err := database.Collect(t.Context(), db.Read, func(r *sql.Rows) (step string, err error) {
			var id, parent, unused int
			err = r.Scan(&id, &parent, &unused, &step)
			return step, err
		}, `EXPLAIN QUERY PLAN `+selectFindings(&s), s.ids, 2, 1)
		if err != nil {
			t.Fatal(err)
		}
		plan := strings.Join(steps, "\n")
		for _, index := range []string{"findings_figures (first_seen<?)", "acts_subject (subject=? AND subject_kind=?)", "COVERING INDEX findings_desk (id=?)"} {
			if !strings.Contains(plan, index) {
				t.Errorf("%s is not used:\n%s", index, plan)
			}
		}
		if strings.Contains(plan, "TEMP B-TREE") || strings.Contains(strings.ReplaceAll(plan, "SCAN json_each", ""), "SCAN ") {
			t.Errorf("something is sorted, or a table is read whole:\n%s", plan)
		}
	}
}

// TestFindingsOfAnAuthorisation: for a report on one authorisation PostgreSQL reads only its findings, by
// indexes, and no whole table.
func TestFindingsOfAnAuthorisation(t *testing.T) {
	t.Parallel()
	db := postgrestest.Open(t)
	synthetic.Findings(t, db, 5000, 250)
	synthetic.Acts(t, db)
	s := scope{sight: qianshao.Sight{Authorisations: []string{"a3"}}, ids: `["a3"]`}
	steps, err := database.Collect(t.Context(), db.Read, database.ScanValue[string], `EXPLAIN `+selectFindings(&s), s.ids, 1790000000000, 1780000000000)
	if err != nil {
		t.Fatal(err)
	}
	plan := strings.Join(steps, "\n")
	for _, table := range []string{"findings", "acts", "campaign_findings"} {
		if strings.Contains(plan, "Seq Scan on "+table+" ") {
			t.Errorf("%s is read whole:\n%s", table, plan)
		}
	}
	if !strings.Contains(plan, "findings_authorisation") && !strings.Contains(plan, "findings_kind") {
		t.Errorf("no index of authorisations is used:\n%s", plan)
	}
}
