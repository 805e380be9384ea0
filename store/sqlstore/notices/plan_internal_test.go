package notices

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// TestReadByIndexes: frequent queries do not search all findings.
func TestReadByIndexes(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "q.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, tc := range []struct {
		query string
		args  []any
		want  []string
	}{
		{selectEnabled, nil, []string{"notice_alerts_enabled"}},
		{selectFacts, []any{"[]", "index"}, []string{"findings_desk (id=?)", "sqlite_autoindex_standings_1", "sqlite_autoindex_acts_1 (seq=?)", "sqlite_autoindex_batches_1 (id=?)", "outbox"}},
		{selectOverdue, []any{0, 1, "", 10}, []string{"campaign_counts_due (authorisation=? AND category=? AND due<?)", "campaign_findings_due (campaign=? AND due>? AND due<?)"}},
		{selectWaiting, []any{"a", 1, 10}, []string{"notice_items_waiting (alert=? AND ready<?)"}},
		{selectWalk, []any{"k", 0, 10}, []string{"notice_items_delivery (delivery=? AND rowid>?)"}},
		{selectSent, []any{"a", 1}, []string{"notice_deliveries_alert (alert=? AND created>?)", "notice_deliveries_alert (alert=?)"}},
		{selectDeliveries + `WHERE ` + isDue + ` AND channel = $2 ORDER BY next, number LIMIT 1`, []any{1, "c"}, []string{"notice_deliveries_pending (channel=?"}},
		{selectUndelivered + "LIMIT $1", []any{10}, []string{"notice_deliveries_state (state=?)"}},
		{updateWaiting, []any{1, "a", 1}, []string{"notice_items_waiting (alert=? AND ready<?)"}},
		{updateFindings, []any{1}, []string{"notice_items_delivery (delivery=?)"}},
		{`DELETE FROM notice_items WHERE finding = $1`, []any{"f"}, []string{"sqlite_autoindex_notice_items_1 (finding=?)"}},
	} {
		plan, err := database.Collect(t.Context(), db.Read, func(r *sql.Rows) (detail string, err error) {
			var a, b, c int
			return detail, r.Scan(&a, &b, &c, &detail)
		}, "EXPLAIN QUERY PLAN "+tc.query, tc.args...)
		if err != nil {
			t.Fatal(err)
		}
		for _, index := range tc.want {
			if all := strings.Join(plan, "; "); !strings.Contains(all, index) {
				t.Errorf("%s\nis not read by %s: %s", tc.query, index, all)
			}
		}
	}
}
