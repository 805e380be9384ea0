package campaigns

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// TestParkedAlikePlan: a new finding does not cause all findings with the same content to be read, of which
// a campaign has thousands.
func TestParkedAlikePlan(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "qianshao.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	plan, err := database.Collect(t.Context(), db.Read, func(r *sql.Rows) (detail string, err error) {
		var a, b, c int
		return detail, r.Scan(&a, &b, &c, &detail)
	}, "EXPLAIN QUERY PLAN "+selectParkedAlike, "f")
	if err != nil || len(plan) == 0 || !strings.Contains(plan[0], "INDEX standings_parked_sites") {
		t.Errorf("the plan is %q, error %v, want the index standings_parked_sites first", plan, err)
	}
}
