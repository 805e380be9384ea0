package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store/postgres/postgrestest"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

func item(host, path string, depth int) ingest.Item {
	return ingest.Item{URL: "http://" + host + "/" + path, Host: host, Authorisation: "a", Depth: depth}
}

// fill adds n URLs on hosts to the frontier, a tenth of them at random depth.
func fill(t testing.TB, s *Store, n, hosts int) {
	t.Helper()
	const batch = 10_000
	for at := 0; at < n; at += batch {
		items := make([]ingest.Item, 0, batch)
		for i := at; i < min(n, at+batch); i++ {
			items = append(items, item(fmt.Sprintf("h%d.example.cn", i%hosts), fmt.Sprint(i), i%10))
		}
		if err := s.Add(context.Background(), items); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLeasePlan: the statements of a lease use the indexes, so that they stay fast with millions of rows.
func TestLeasePlan(t *testing.T) {
	s := temp(t)
	fill(t, s, 1000, 10)
	for query, want := range map[string][]string{
		selectDue:   {"INDEX hosts_head", "INDEX frontier_urgent", "INDEX frontier_head", "SEARCH f USING INTEGER PRIMARY KEY"},
		headOf:      {"INDEX frontier_head"},
		selectTimes: {"INDEX hosts_head"},
		`SELECT count(*) FROM frontier WHERE url >= $1 AND url < $2`:         {"INDEX sqlite_autoindex_frontier_1"},
		`SELECT skip, count(*) FROM frontier WHERE skip <> '' GROUP BY skip`: {"INDEX frontier_skip"},
	} {
		plan, err := database.Collect(t.Context(), s.db.Read, func(r *sql.Rows) (detail string, err error) {
			var a, b, c int
			return detail, r.Scan(&a, &b, &c, &detail)
		}, "EXPLAIN QUERY PLAN "+query, "5", "6")
		all := strings.Join(plan, "; ")
		for _, step := range want {
			if err != nil || !strings.Contains(all, step) {
				t.Errorf("%s\nruns by %q, error %v, want %s", query, all, err, step)
			}
		}
	}
}

// TestNext: the host that may be visited first need not be the one with the URL that is due first.
func TestNext(t *testing.T) {
	t.Parallel()
	s := temp(t)
	for _, host := range []struct {
		name            string
		due, next, held int64 // seconds after base
	}{{"resting", 0, 50, 0}, {"held", 10, 0, 60}, {"free", 30, 20, 0}, {"later", 40, 0, 0}} {
		fillOne(t, s, host.name, host.due, host.next, host.held)
	}
	if at, ok, err := s.Next(t.Context()); err != nil || !ok || !at.Equal(base.Add(30*time.Second)) {
		t.Errorf("next at %s, %v, %v; want after 30 s", at, ok, err)
	}
}

// fillOne adds one URL of a host, with both times in seconds after base.
func fillOne(t *testing.T, s *Store, host string, due, next, held int64) {
	t.Helper()
	if err := s.Add(t.Context(), []ingest.Item{item(host, "", 0)}); err != nil {
		t.Fatal(err)
	}
	at := func(seconds int64) int64 { return database.Millis(base.Add(time.Duration(seconds) * time.Second)) }
	err := s.db.Update(t.Context(), database.Ordered, "test in", func(tx *database.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE hosts SET head_due = $1, next_at = $2, lease_until = $3 WHERE host = $4`, at(due), at(next), at(held), host)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func BenchmarkNext(b *testing.B) {
	for _, hosts := range []int{200, 20_000} {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) {
			s := temp(b)
			fill(b, s, hosts, hosts)
			for b.Loop() {
				if _, _, err := s.Next(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkLease(b *testing.B) {
	for _, hosts := range []int{20, 20_000} {
		b.Run(fmt.Sprintf("urls=200000/hosts=%d", hosts), func(b *testing.B) {
			s := temp(b)
			fill(b, s, 200_000, hosts)
			now := base
			b.ReportAllocs()
			for b.Loop() {
				items, err := s.Lease(b.Context(), ingest.Lease{Now: now, Limit: 16, For: time.Minute})
				if err != nil || len(items) != 16 {
					b.Fatalf("%d items, error %v", len(items), err)
				}
				for _, it := range items {
					if err := s.Done(b.Context(), it, ingest.Outcome{Again: now.Add(time.Hour)}); err != nil {
						b.Fatal(err)
					}
				}
				now = now.Add(time.Second)
			}
			b.ReportMetric(float64(16*b.N)/b.Elapsed().Seconds(), "urls/s")
		})
	}
}

// BenchmarkCrawlers: eight crawlers lease and record at the same time, one or sixteen items at a time, as a
// crawler does that records its visits when it leases.
func BenchmarkCrawlers(b *testing.B) {
	const crawlers, hosts, urls = 8, 20_000, 200_000
	for name, open := range map[string]func(testing.TB) *Store{
		"sqlite":   temp,
		"postgres": func(t testing.TB) *Store { return in(t, postgrestest.Open) },
	} {
		for _, batch := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/batch=%d", name, batch), func(b *testing.B) {
				s := open(b)
				fill(b, s, urls, hosts)
				var left atomic.Int64
				left.Store(int64(b.N))
				b.ResetTimer()
				var group sync.WaitGroup
				for i := range crawlers {
					group.Go(func() { leaseOn(b, s, fmt.Sprint("crawler", i), batch, &left) })
				}
				group.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "urls/s")
			})
		}
	}
}

// leaseOn leases and records until left reaches zero.
func leaseOn(b *testing.B, s *Store, holder string, batch int, left *atomic.Int64) {
	l := ingest.Lease{Holder: holder, Limit: batch, For: time.Minute, Interval: func(ingest.Item) time.Duration { return time.Second }}
	for left.Add(-int64(batch)) > -int64(batch) {
		l.Now = time.Now()
		items, err := s.Lease(b.Context(), l)
		if err != nil || len(items) == 0 {
			b.Errorf("%d items, error %v", len(items), err)
			return
		}
		l.Visits = nil
		for _, it := range items {
			l.Visits = append(l.Visits, ingest.Visit{Item: it, Outcome: ingest.Outcome{At: l.Now, Again: l.Now.Add(time.Hour), Authorisation: "a"}})
		}
	}
}
