package queue

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// TestListsAreReadInOrder: the waiting campaigns are read from an index in each order, and the first page
// is not sorted from all of them.
func TestListsAreReadInOrder(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "q.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	at, err := parsePosition("", campaign.SortQueue, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	query := func(list campaign.List) *campaign.Query {
		return &campaign.Query{List: list, Sight: qianshao.SeeAll(), By: "li"}
	}
	sorted := func(sort campaign.Sort, started bool) *statement {
		at.started = started
		s := selectQueue(query(campaign.ListOpen), []string{Everything}, at)
		s.sorted(sort, 50)
		return s
	}
	at.few = false
	segment := selectQueue(query(campaign.ListOpen), []string{Everything}, at)
	segment.segment(2, 0, 50)
	for index, s := range map[string]*statement{
		"campaign_counts_new": sorted(campaign.SortNew, false), "campaign_counts_seen": sorted(campaign.SortSeen, true),
		"campaign_counts_members": sorted(campaign.SortMembers, true), "campaign_counts_queue": segment,
	} {
		if plan := planOf(t, db, s); !strings.Contains(plan, "INDEX "+index) || strings.Contains(plan, "TEMP B-TREE FOR ORDER BY") {
			t.Errorf("%s is not used by the plan: %s", index, plan)
		}
	}
	for list, index := range map[campaign.List]string{
		campaign.ListOverdue: "campaign_counts_due (authorisation=? AND category=? AND due<?)", campaign.ListReview: "campaign_counts_reviewing",
		campaign.ListParked:   "o USING INDEX campaign_counts_parked",
		campaign.ListRelapsed: "campaign_counts_queue (authorisation=? AND category=? AND rank=?)",
	} {
		if plan := planOf(t, db, selectCount(query(list), []string{Everything}, at, 10)); !strings.Contains(plan, index) {
			t.Errorf("%s is not used to count %s: %s", index, list, plan)
		}
	}
}

func planOf(t *testing.T, db *database.DB, s *statement) string {
	t.Helper()
	plan, err := database.Collect(t.Context(), db.Read, func(r *sql.Rows) (detail string, err error) {
		var a, b, c int
		return detail, r.Scan(&a, &b, &c, &detail)
	}, "EXPLAIN QUERY PLAN "+s.text.String(), s.args...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(plan, "; ")
}
