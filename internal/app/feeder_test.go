package app_test

import (
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
)

const casinoPage = `<title>青禾诊所</title><p>澳门线上赌场官网开户，注册送彩金88元，真人百家乐，老虎机爆奖</p>`

// within calls is until it says true.
func within(t *testing.T, most time.Duration, what string, is func() bool) {
	t.Helper()
	for began := time.Now(); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > most {
			t.Fatalf("%s: not within %s", what, most)
		}
	}
}

// TestFoundWhileCrawling: a finding can be searched soon after it was saved, while the
// crawl goes on, and then nothing is pending.
func TestFoundWhileCrawling(t *testing.T) {
	t.Parallel()
	// It takes a fraction of a second; the feeder looks by itself every ten, so that a
	// signal that is lost is seen.
	const lost = 9 * time.Second
	a, _ := apptest.Site(t, casinoPage, false)
	a.Start(t.Context())
	var saved, found time.Time
	within(t, time.Minute, "saved", func() bool {
		counts, err := a.Folder.Store.Counts(t.Context())
		saved = time.Now()
		return err == nil && counts.Open == 1
	})
	within(t, lost, "found", func() bool {
		results, err := a.Index.Search(t.Context(), index.Request{Sight: qianshao.SeeAll()})
		found = time.Now()
		return err == nil && results.Total == 1
	})
	t.Logf("found %s after it was saved", found.Sub(saved))
	within(t, time.Minute, "settled", func() bool {
		return metric(t, a, "qianshao_index_pending_findings") == "0" && metric(t, a, "qianshao_index_lag_seconds") == "0"
	})
}

// TestIndexDown: a crawl whose index fails comes to its end, tells what the index was
// not told, and the next process tells it.
func TestIndexDown(t *testing.T) {
	t.Parallel()
	a, data := apptest.Site(t, casinoPage, true)
	if err := a.Index.Close(); err != nil {
		t.Fatal(err)
	}
	a.Start(t.Context())
	if err := a.WaitCrawl(); err != nil {
		t.Errorf("the crawl has failed: %v", err)
	}
	if n := metric(t, a, "qianshao_index_pending_findings"); n != "1" {
		t.Errorf("%s findings are pending", n)
	}
	if n := metric(t, a, `qianshao_page_failures_total{stage="index"}`); n == "0" {
		t.Error("no failure is counted")
	}
	if err := a.Stop(); err != nil {
		t.Error(err)
	}
	results, err := datafolder.Search(t.Context(), datafolder.SearchRequest{
		Data: data, Query: "state:open", Reindexing: func(int, int) { t.Error("the index is built anew") },
	})
	if err != nil || results.Total != 1 {
		t.Errorf("%d findings, %v", results.Total, err)
	}
	f, err := datafolder.Open(t.Context(), datafolder.Options{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, err := f.Store.Backlog(t.Context(), store.ConsumerIndex); err != nil || b.Findings != 0 {
		t.Errorf("pending: %+v, %v", b, err)
	}
}
