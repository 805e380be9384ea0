package sqlstore

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/database/databasetest"
	"github.com/qianshao/qianshao/store/storetest"
)

// TestChangesBesideCrawlers: while crawlers lease and record, deletions and changes of many hosts go on
// without failing, and without waiting for the detection of a deadlock, which takes a second.
func TestChangesBesideCrawlers(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, open databasetest.Open) {
		s := in(t, open)
		fill(t, s, 400, 20)
		var all sync.WaitGroup
		for worker := range 4 {
			all.Go(func() { crawlOn(t, s, fmt.Sprint(worker)) })
		}
		by := store.Signed{By: "test", At: base}
		all.Go(func() {
			for i := range 8 {
				a := qianshao.Authorisation{ID: "a", Hosts: []string{"*.example.cn", fmt.Sprintf("h%d.example.org", i)}}
				if err := s.PutAuthorisations(t.Context(), by, []qianshao.Authorisation{a}); err != nil {
					t.Error(err)
				}
				if _, err := s.Retry(t.Context()); err != nil {
					t.Error(err)
				}
				it := item("h1.example.cn", fmt.Sprint("reported", i), 0)
				if _, err := s.Submit(t.Context(), store.Report{URL: it.URL, Origin: "api", By: "test", At: base}, &it, ""); err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			for i := range 8 {
				url := item(fmt.Sprintf("h%d.example.cn", i), fmt.Sprint(i), 0).URL
				if _, err := s.SavePage(t.Context(), storetest.Page(url, "x", 0, "casino")); err != nil {
					t.Error(err)
				}
				if _, err := s.DeleteFindings(t.Context(), []store.Deletion{{Finding: qianshao.FindingID(url, "casino"), At: base}}); err != nil {
					t.Error(err)
				}
			}
		})
		all.Wait()
		if s.db.Dialect() == database.Postgres {
			var deadlocks int
			time.Sleep(time.Second) // the server updates its counters with that delay
			check(t, s.db.Read.QueryRow(`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&deadlocks))
			if deadlocks > 0 {
				t.Errorf("%d deadlocks", deadlocks)
			}
		}
	})
}

// crawlOn visits some pages of hosts that are free, each of which leads to others.
func crawlOn(t *testing.T, s *Store, holder string) {
	t.Helper()
	var visits []ingest.Visit
	for round := range 15 {
		now := base.Add(time.Duration(round) * time.Hour)
		items, err := s.Lease(t.Context(), ingest.Lease{Now: now, Limit: 6, For: time.Minute, Holder: holder, Visits: visits})
		if err != nil {
			t.Error(err)
			return
		}
		visits = nil
		for i, it := range items {
			o := ingest.Outcome{At: now, Again: now.Add(time.Hour), Page: &ingest.Unflagged{URL: it.URL, RequestedURL: it.URL, Status: 200, FetchedAt: now}}
			for j := range 5 {
				o.Links = append(o.Links, item(fmt.Sprintf("h%d.example.cn", (i*7+j*3+round)%25), fmt.Sprint(holder, round, i, j), 1))
			}
			visits = append(visits, ingest.Visit{Item: it, Outcome: o})
		}
	}
}
