package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/notify/channel"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/storetest"
)

// BenchmarkNotices measures the cost of matching 200 findings with 50 alerts on one view, and of
// sending the 50 messages through one channel to a fast receiver, compared with a bare http.Post of
// the same bodies. It counts processor time, including the receiver's.
func BenchmarkNotices(b *testing.B) {
	const alerts, findings = 50, 200
	var body []byte
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { body, _ = io.ReadAll(r.Body) }))
	defer receiver.Close()
	now := time.Now()
	a := apptest.New(b, app.Options{Data: b.TempDir(), Version: "test", Now: func() time.Time { return now }})
	benchAlerts(b, a, alerts, receiver.URL)
	var matching, sending, posting, matched, sent float64
	for n := 0; b.Loop(); n++ {
		for i := range findings {
			s := storetest.Page(fmt.Sprintf("http://site.example/%d/%d", n, i), killedBlocks[i%len(killedBlocks)], 0, "casino")
			s.Page.FetchedAt = now
			if _, err := a.Folder.Store.SavePage(b.Context(), s); err != nil {
				b.Fatal(err)
			}
		}
		_, grouped := a.Folder.Review.Campaigns.GroupPending(b.Context())
		_, fed := datafolder.FeedIndex(b.Context(), a.Index, a.Folder.Store)
		flush := func() error { return a.Notices.Flush(b.Context()) }
		matching += costOf(b, flush)
		now = now.Add(time.Hour)
		sending += costOf(b, flush)
		posting += costOf(b, func() error {
			for range alerts {
				r, err := http.Post(receiver.URL, "application/json", bytes.NewReader(body))
				if err != nil {
					return err
				}
				r.Body.Close()
			}
			return nil
		})
		if err := errors.Join(grouped, fed); err != nil {
			b.Fatal(err)
		}
		matched, sent = matched+alerts*findings, sent+alerts
	}
	list, err := a.Folder.Store.Deliveries(context.Background(), notify.DeliveriesQuery{State: notify.Delivered, Limit: 1 << 20})
	if err != nil || len(list) != int(sent) || list[0].Findings != findings {
		b.Fatalf("%d messages of %.0f were delivered: %v", len(list), sent, err)
	}
	b.ReportMetric(matching/matched*1e6, "µs/match")
	b.ReportMetric(sending/sent*1e3, "ms/message")
	b.ReportMetric(posting/sent*1e3, "ms/post")
}

func benchAlerts(b *testing.B, a *app.App, alerts int, receiver string) {
	b.Helper()
	ctx, by := b.Context(), store.Signed{By: "ann", At: time.Now()}
	_, err := a.Folder.Store.SaveView(ctx, store.SavedView{ID: "v1", Owner: "ann", Name: "v", Query: "category:gambling"})
	err = errors.Join(err,
		a.Folder.Accounts.Add(ctx, "test", qianshao.Account{Name: "ann", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()}, ""),
		a.Folder.Store.PutChannel(ctx, by, notify.Channel{ID: "c1", Name: "c", Kind: notify.Webhook, Address: receiver, Secret: channel.NewSecret(), Language: "zh", Private: true}))
	for i := range alerts {
		err = errors.Join(err, a.Folder.Store.PutAlert(ctx, by, notify.Alert{ID: fmt.Sprint("a", i), Name: fmt.Sprint(i), Account: "ann", View: "v1", Channel: "c1", Events: notify.Events(), Every: time.Minute, Hourly: 60}))
	}
	if err != nil {
		b.Fatal(err)
	}
}

// costOf returns the processor time that do takes, in seconds.
func costOf(b *testing.B, do func() error) float64 {
	b.Helper()
	before, _ := usage(b)
	if err := do(); err != nil {
		b.Fatal(err)
	}
	after, _ := usage(b)
	return (after - before).Seconds()
}
