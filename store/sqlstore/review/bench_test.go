package review_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/storetest"
)

// benchMembers is the size of the batch of BenchmarkBatch; QIANSHAO_BATCH=100000 gives the figures in
// docs/performance.md.
const benchMembers = 5000

// BenchmarkBatch decides a batch and undoes it, while a crawl saves pages. It reports the members per
// second, the longest step, and the longest time that the crawl waited for a page.
func BenchmarkBatch(b *testing.B) {
	n := benchMembers
	if asked := os.Getenv("QIANSHAO_BATCH"); asked != "" {
		if _, err := fmt.Sscan(asked, &n); err != nil {
			b.Fatal(err)
		}
	}
	path := filepath.Join(b.TempDir(), "qianshao.db")
	d := storetest.NewDesk(b, func(t testing.TB) (storetest.Store, storetest.Review) { return openAt(t, path) })
	ids := fill(b, path, n)
	stop := make(chan struct{})
	var crawl sync.WaitGroup
	var waited time.Duration
	crawl.Go(func() { waited = crawlUntil(b, d, stop) })
	for b.Loop() {
		start := time.Now()
		frozen, err := d.Freeze(b.Context(), d.Accounts["ann"], desk.Selection{Findings: ids})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(n)/time.Since(start).Seconds(), "frozen/s")
		order := desk.Order{Kind: qianshao.ActDecide, Verdict: qianshao.VerdictCrime, Reason: qianshao.ReasonHacked}
		if _, err := d.Begin(b.Context(), d.Accounts["ann"], frozen.ID, order, n); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(steps(b, d, frozen.ID, n, "decide"), "decided/s")
		if _, err := d.UndoBatch(b.Context(), d.Accounts["ann"], frozen.ID, "wrong"); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(steps(b, d, frozen.ID, n, "undo"), "undone/s")
	}
	close(stop)
	crawl.Wait()
	b.ReportMetric(float64(waited.Milliseconds()), "ms-longest-page")
}

// crawlUntil saves a flagged page every 5 ms, and returns the longest time that one took.
func crawlUntil(b *testing.B, d *storetest.Desk, stop <-chan struct{}) (longest time.Duration) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-stop:
			return longest
		case <-tick.C:
		}
		began := time.Now()
		if _, err := d.Store.SavePage(b.Context(), storetest.Page(fmt.Sprintf("http://crawl/%d", i), "one", 0, "casino")); err != nil {
			b.Error(err)
			return longest
		}
		longest = max(longest, time.Since(began))
	}
}

// steps processes a batch as Desk.Run does, and returns the members per second.
func steps(b *testing.B, d *storetest.Desk, id int64, n int, what string) float64 {
	b.Helper()
	start := time.Now()
	var longest time.Duration
	for {
		began := time.Now()
		more, err := d.StepBatch(b.Context(), id, desk.BatchStep)
		if err != nil {
			b.Fatal(err)
		}
		longest = max(longest, time.Since(began))
		if !more {
			break
		}
	}
	b.ReportMetric(float64(longest.Milliseconds()), "ms-longest-"+what)
	return float64(n) / time.Since(start).Seconds()
}

// fill writes findings with as much evidence as a page has, and returns their ids.
func fill(b *testing.B, path string, n int) (ids []string) {
	b.Helper()
	db, err := sqlite.Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	text := `{"id":"","padding":"` + strings.Repeat("证", 1200) + `"}`
	for chunk := range slices.Chunk(make([]struct{}, n), 1000) {
		err := db.Update(b.Context(), database.Ordered, "fill", func(tx *database.Tx) error {
			for range chunk {
				page := fmt.Sprintf("http://host-%d.example/%d", len(ids)%300, len(ids))
				id := qianshao.FindingID(page, "gambling")
				ids = append(ids, id)
				if _, err := tx.ExecContext(b.Context(), `INSERT INTO pages (page, requested, authorisation, sha256, status, first_seen, last_seen, flagged) VALUES ($1, $1, 'city', '', 200, 1, 1, 1)`, page); err != nil {
					return err
				}
				if _, err := tx.ExecContext(b.Context(), `INSERT INTO findings (id, page, url, rule, category, level, score, finding, first_seen, last_seen, seen, host, authorisation)
VALUES ($1, $2, $2, 'r', 'gambling', 3, 70, $3, 1, 1, $4, $5, 'city')`, id, page, text, desk.Seen([]qianshao.Evidence{{Text: fmt.Sprint(len(ids) % 50)}}, strings.ToLower), page[7:20]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return ids
}

// BenchmarkPreview measures a view of the page of a batch: the preview before there is an order, the tally
// afterwards.
func BenchmarkPreview(b *testing.B) {
	n := benchMembers
	if asked := os.Getenv("QIANSHAO_BATCH"); asked != "" {
		if _, err := fmt.Sscan(asked, &n); err != nil {
			b.Fatal(err)
		}
	}
	path := filepath.Join(b.TempDir(), "qianshao.db")
	d := storetest.NewDesk(b, func(t testing.TB) (storetest.Store, storetest.Review) { return openAt(t, path) })
	began := time.Now()
	frozen, err := d.Freeze(b.Context(), d.Accounts["ann"], desk.Selection{Findings: fill(b, path, n)})
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("filled and frozen in %s", time.Since(began))
	b.Run("preview", func(b *testing.B) {
		for b.Loop() {
			if _, err := d.Preview(b.Context(), d.Accounts["ann"], frozen.ID); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("tally", func(b *testing.B) {
		for b.Loop() {
			if _, err := d.Tally(b.Context(), d.Accounts["ann"], frozen.ID); err != nil {
				b.Fatal(err)
			}
		}
	})
}
