package sites

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// BenchmarkSites measures the pages of sites with 10,000 hosts, a million URLs and a million findings, a
// third of them decided, 100,000 on one host.
func BenchmarkSites(b *testing.B) {
	const hosts, findings = 10_000, 1_000_000
	db, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "q.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	const numbers = `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %d) `
	const host = `'s' || (CASE WHEN i < 100000 THEN 0 ELSE i %% 10000 END) || '.example'`
	for _, statement := range []string{
		fmt.Sprintf(numbers+`INSERT INTO hosts (host, place, authorisation, fetched_at, visited_at, head_due, trouble)
SELECT 's' || i || '.example', 'example.s' || i, 'a' || (i %% 100), 1, 1, 1, CASE WHEN i %% 50 = 0 THEN 'unreachable' ELSE '' END FROM n`, hosts),
		fmt.Sprintf(numbers+`INSERT INTO pages (page, requested, authorisation, sha256, status, first_seen, last_seen, flagged)
SELECT 's' || i, '', '', '', 200, 1, 1, 1 FROM n`, hosts),
		fmt.Sprintf(numbers+`INSERT INTO frontier (url, host, authorisation, depth, due, skip)
SELECT 'http://x/' || i, `+host+`, 'a' || (i %% 100), 0, 1, CASE WHEN i %% 20 = 0 THEN 'http_error' ELSE '' END FROM n`, findings),
		fmt.Sprintf(numbers+`INSERT INTO findings (id, page, rule, category, level, score, finding, first_seen, last_seen, gone_at, host, authorisation)
SELECT printf('%%016x', i), 's' || (i %% 10000), 'r', 'gambling', 3, 70, '{}', 1, 1, CASE WHEN i %% 4 = 0 THEN 2 END, `+host+`, 'a' || (i %% 100) FROM n`, findings),
		fmt.Sprintf(numbers+`INSERT INTO standings (subject_kind, subject, act, decided, decided_at, decided_by, batch, verdict, reason, seen, round, second, reviews, dissent,
assignee, parked, parked_at, parked_until, parked_seen, parked_content, parked_relapse, parked_sites)
SELECT 'finding', printf('%%016x', i * 3), 1, 1, 1, 'ann', 0, 'crime', 'hacked', '', 1, CASE WHEN i %% 20 = 0 THEN 'sample' ELSE '' END, 0, 0, '', 0, 0, 0, '', 0, 0, 0 FROM n`, findings/3),
	} {
		if err := db.Update(b.Context(), database.Ordered, "fill", func(tx *database.Tx) error {
			_, err := tx.ExecContext(b.Context(), statement)
			return err
		}); err != nil {
			b.Fatal(err)
		}
	}
	s := New(db)
	limited := qianshao.Sight{Authorisations: []string{"a1", "a2"}}
	within := []qianshao.PlaceRange{{First: "example.", Limit: "example/"}}
	for _, tc := range []struct {
		name string
		q    store.SitesQuery
	}{
		{"first", store.SitesQuery{Sight: qianshao.SeeAll()}},
		{"last", store.SitesQuery{Sight: qianshao.SeeAll(), Offset: hosts - 50}},
		{"down", store.SitesQuery{Sight: qianshao.SeeAll(), Trouble: store.SiteDown}},
		{"name", store.SitesQuery{Sight: qianshao.SeeAll(), Name: "99"}},
		{"findings", store.SitesQuery{Sight: qianshao.SeeAll(), Findings: true}},
		{"limited", store.SitesQuery{Sight: limited, Within: within}},
		{"limited with findings", store.SitesQuery{Sight: limited, Within: within, Findings: true}},
	} {
		b.Run(tc.name, func(b *testing.B) {
			tc.q.Limit, tc.q.Overdue = 50, time.UnixMilli(1)
			for b.Loop() {
				if list, _, err := s.Sites(b.Context(), tc.q); err != nil || len(list) != 50 {
					b.Fatal(len(list), err)
				}
			}
		})
	}
	b.Run("site", func(b *testing.B) {
		for b.Loop() {
			site, err := s.Site(b.Context(), qianshao.SeeAll(), "s0.example")
			if err != nil || !site.Verdicts.More {
				b.Fatalf("%+v, %v", site, err)
			}
			if _, err := s.Skips(b.Context(), qianshao.SeeAll(), "s0.example"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
