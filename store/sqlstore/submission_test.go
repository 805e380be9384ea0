package sqlstore

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// flood writes reports of an origin into the database. It is not part of the contract suite, since handing
// in ten thousand pages one by one takes minutes on a slow disk.
func flood(t *testing.T, s *Store, n int, origin, waitsFor string, visited int, at time.Time) {
	t.Helper()
	err := s.db.Update(t.Context(), database.Ordered, "flood", func(tx *database.Tx) error {
		_, err := tx.ExecContext(t.Context(), `
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
INSERT INTO submissions (id, url, page, category, reports, origin, first_reported, last_reported, waits_for, visited)
SELECT $2 || i, i, i, '', 1, $2, $3 + i, $3 + i, $4, $5 FROM n`, n, origin, database.Millis(at), waitsFor, visited)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestOneOriginLeavesRoom: an origin with as many open reports as allowed is refused, and no other; the
// total of all origins is bounded, too.
func TestOneOriginLeavesRoom(t *testing.T) {
	for name, item := range map[string]*ingest.Item{"waiting": nil, "queued": {URL: "http://a.example/", Host: "a.example"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := temp(t)
			waitsFor, full := qianshao.SkipNotAuthorised, store.ErrTooManyWaiting
			if item != nil {
				waitsFor, full = "", store.ErrTooManyQueued
			}
			submit := func(origin string, want error) {
				t.Helper()
				r := store.Report{URL: "http://a.example/", Origin: origin, By: "test", At: base}
				if _, err := s.Submit(t.Context(), r, item, waitsFor); !errors.Is(err, want) {
					t.Errorf("one more of %s: %v, want %v", origin, err, want)
				}
			}
			flood(t, s, store.MaxOfOrigin, "api 203.0.113.0/24", string(waitsFor), 0, base)
			submit("api 203.0.113.0/24", store.ErrTooManyOfOrigin)
			submit("form", nil)
			for i, n := range []int{store.MaxOfOrigin, store.MaxOfOrigin, store.MaxOfOrigin, store.MaxOfOrigin - 1} {
				flood(t, s, n, fmt.Sprintf("api 198.51.%d.0/24", i), string(waitsFor), 0, base)
			}
			submit("form", nil) // the same page again, which is already waiting
			if _, err := s.Submit(t.Context(), store.Report{URL: "http://b.example/", Origin: "form", By: "test", At: base}, item, waitsFor); !errors.Is(err, full) {
				t.Errorf("one more of all: %v, want %v", err, full)
			}
			if n, err := s.WithdrawOrigin(t.Context(), store.Signed{By: "test"}, "api 203.0.113.0/24"); err != nil || n != store.MaxOfOrigin {
				t.Fatalf("%d withdrawn, %v", n, err)
			}
			submit("api 203.0.113.0/24", nil)
		})
	}
}

// TestFloodExpires: ten thousand reports that are never authorised do not block later ones for good.
func TestFloodExpires(t *testing.T) {
	s := temp(t)
	flood(t, s, store.MaxWaiting, "", "not_authorised", 0, base)
	submit := func(at time.Time) error {
		_, err := s.Submit(t.Context(), store.Report{URL: "http://a.example/", Origin: "form", By: "test", At: at}, nil, qianshao.SkipNotAuthorised)
		return err
	}
	if err := submit(base.Add(time.Minute)); !errors.Is(err, store.ErrTooManyWaiting) {
		t.Errorf("one more is accepted: %v", err)
	}
	if err := submit(base.Add(store.ReportTerm + time.Minute)); err != nil {
		t.Errorf("when their term is over: %v", err)
	}
	if list, err := s.Submissions(t.Context(), store.Everything(), 10); err != nil || len(list) != 1 {
		t.Errorf("%d reports remain, %v", len(list), err)
	}
}

// TestVisitedReportsMakeRoom: of the reports whose pages have been visited, the oldest are removed.
func TestVisitedReportsMakeRoom(t *testing.T) {
	s := temp(t)
	flood(t, s, store.MaxVisited+3, "form", "", 1, base)
	item := ingest.Item{URL: "http://a.example/", Host: "a.example"}
	if _, err := s.Submit(t.Context(), store.Report{URL: item.URL, Origin: "form", By: "test", At: base.Add(time.Hour)}, &item, ""); err != nil {
		t.Fatal(err)
	}
	left, err := database.Collect(t.Context(), s.db.Read, database.ScanValue[string], `SELECT id FROM submissions ORDER BY last_reported LIMIT 1`)
	if err != nil || left[0] != "form4" {
		t.Errorf("the oldest remaining one is %v, %v", left, err)
	}
}
