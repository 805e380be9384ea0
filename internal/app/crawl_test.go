package app

import (
	"testing"
	"time"

	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
)

// TestOwnFrontier: while another process uses the holder's name, nothing is handed out and none
// of its leases is ended, but finished visits are still recorded.
func TestOwnFrontier(t *testing.T) {
	t.Parallel()
	f, err := datafolder.Open(t.Context(), datafolder.Options{Data: sqlitetest.Folder(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	alone := true
	frontier := ownFrontier{f.Store, func() bool { return alone }}
	now := time.Now().Add(time.Second)
	lease := func(limit int, visits ...ingest.Visit) []ingest.Item {
		t.Helper()
		items, err := frontier.Lease(t.Context(), ingest.Lease{Holder: f.Holder, Visits: visits, Now: now, Limit: limit, For: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		return items
	}
	if err := frontier.Add(t.Context(), []ingest.Item{{URL: "http://a.example/", Host: "a.example"}, {URL: "http://b.example/", Host: "b.example"}}); err != nil {
		t.Fatal(err)
	}
	first := lease(1)
	alone = false
	if err := frontier.Release(t.Context(), f.Holder, now); err != nil {
		t.Fatal(err)
	}
	if next := lease(1, ingest.Visit{Item: first[0], Outcome: ingest.Outcome{Again: now}}); len(next) != 0 {
		t.Errorf("handed out %+v", next)
	}
	if due, ok, err := frontier.Next(t.Context()); err != nil || !ok || due.Before(time.Now()) {
		t.Errorf("the crawler should look again at %s (%v), error %v", due, ok, err)
	}
	alone = true
	if next := lease(2); len(next) != 2 {
		t.Errorf("handed out %+v", next)
	}
	alone = false
	if err := frontier.Release(t.Context(), f.Holder, now); err != nil {
		t.Fatal(err)
	}
	alone = true
	if next := lease(2); len(next) != 0 {
		t.Errorf("leases of the other process were ended: %+v", next)
	}
}
