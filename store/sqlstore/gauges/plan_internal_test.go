package gauges

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// TestFindingsAreNotRead: findings are counted from indexes. Their rows contain the evidence, which is
// large.
func TestFindingsAreNotRead(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "q.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for query, index := range map[string]string{
		countFindings: "USING COVERING INDEX findings_kind", countAnswers: "SEARCH f USING INDEX sqlite_autoindex_campaign_findings_1", countSites: "USING COVERING INDEX findings_site",
		countURLs: "USING COVERING INDEX frontier_head", countRows: "USING COVERING INDEX campaign_counts_queue",
	} {
		plan, err := database.Collect(t.Context(), db.Read, func(r *sql.Rows) (detail string, err error) {
			var a, b, c int
			return detail, r.Scan(&a, &b, &c, &detail)
		}, "EXPLAIN QUERY PLAN "+query, 1)
		if err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(plan, "; "); !strings.Contains(text, index) || query == countFindings && strings.Contains(text, "TEMP") {
			t.Errorf("%q is not used by the plan: %s\n%s", index, text, query)
		}
	}
}
