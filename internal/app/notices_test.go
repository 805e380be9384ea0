package app_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
)

// TestTold: a crawl without a console, as run by cron, sends messages about its findings before it
// ends, which takes as long as notify.Gather. If the folder has no alert, it does not wait.
func TestTold(t *testing.T) {
	t.Parallel()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, casinoPage)
	}))
	defer site.Close()
	u, err := url.Parse(site.URL)
	if err != nil {
		t.Fatal(err)
	}
	data, now := sqlitetest.Folder(t), time.Now()
	apptest.Authorise(t, data, qianshao.Authorisation{
		ID: "test", Owner: "o", Basis: "b", Contact: "c", ValidFrom: now.Add(-time.Hour), ValidUntil: now.Add(time.Hour),
		Hosts: []string{u.Host}, Rate: 1000, AllowPrivate: true, Seeds: []string{site.URL + "/"},
	})
	alertOf(t, data, "test", "state:open")

	var mu sync.Mutex
	var sent []notify.Message
	a := apptest.New(t, app.Options{
		Data: data, Version: "test", Crawl: &app.CrawlOptions{FetchOptions: app.FetchOptions{Contact: "https://test.example/"}, Once: true},
		Send: func(_ context.Context, c notify.Channel, m notify.Message) error {
			mu.Lock()
			defer mu.Unlock()
			if c.Address != "https://receiver.example/" || c.Secret != "s" {
				t.Errorf("%+v", c)
			}
			sent = append(sent, m)
			return nil
		},
	})
	a.Start(t.Context())
	if err := a.WaitCrawl(); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(sent) != 1 || sent[0].Counts[notify.New] != 1 || len(sent[0].Groups) != 1 || sent[0].Groups[0].Campaign == "" || sent[0].Link != "https://console.example/views/v1" {
		t.Errorf("%+v", sent)
	}
}

// alertOf puts an account that sees an authorisation, a view, a channel and an alert into a data folder.
func alertOf(t *testing.T, data, authorisation, query string) {
	t.Helper()
	f, err := datafolder.Open(t.Context(), datafolder.Options{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ctx, by := t.Context(), store.Signed{By: "ann", At: time.Now()}
	_, saved := f.Store.SaveView(ctx, store.SavedView{ID: "v1", Owner: "ann", Name: "v", Query: query})
	if err := errors.Join(saved,
		f.Accounts.Add(ctx, "test", qianshao.Account{Name: "ann", Role: qianshao.RoleLead, Sight: qianshao.Sight{Authorisations: []string{authorisation}}}, ""),
		f.Accounts.SetConsoleURL(ctx, "test", "https://console.example/"),
		f.Store.PutChannel(ctx, by, notify.Channel{ID: "c1", Name: "c", Kind: notify.Webhook, Address: "https://receiver.example/", Secret: "s", Language: "zh"}),
		f.Store.PutAlert(ctx, by, notify.Alert{ID: "a1", Name: "a", Account: "ann", View: "v1", Channel: "c1", Events: notify.Events(), Every: time.Minute, Hourly: 4}),
	); err != nil {
		t.Fatal(err)
	}
}

// TestDeliveriesAreCounted: the metrics count what became of messages, but not tests. One message
// of the alert has failed before. The other has nothing left to report, and is dropped.
func TestDeliveriesAreCounted(t *testing.T) {
	t.Parallel()
	data := sqlitetest.Folder(t)
	alertOf(t, data, "test", "")
	a := apptest.New(t, app.Options{Data: data, Console: &app.ConsoleOptions{Listen: "127.0.0.1:0"}, Send: func(context.Context, notify.Channel, notify.Message) error {
		return errors.New("down")
	}})
	now := time.Now()
	for _, d := range []notify.Delivery{{Key: "k1", State: notify.Failed, Attempts: 30, Settled: now}, {Key: "k2", State: notify.Pending}} {
		d.Alert, d.Channel, d.Created, d.Since, d.Next = "a1", "c1", now, now, now
		if err := a.Folder.Store.LogDelivery(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	a.Start(t.Context())
	root := qianshao.Account{Name: "root", Role: qianshao.RoleAdministrator, Sight: qianshao.SeeAll()}
	if err := a.Folder.Accounts.Add(t.Context(), "test", root, ""); err != nil { // the account that reads the metrics
		t.Fatal(err)
	}
	if err := a.Notices.Test(t.Context(), "c1"); err == nil {
		t.Error("no error")
	}
	const dropped = `qianshao_deliveries_total{kind="webhook",outcome="dropped"}`
	for deadline := now.Add(10 * time.Second); metric(t, a, dropped) != "1" && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	for name, want := range map[string]string{
		dropped: "1", `qianshao_deliveries_total{kind="webhook",outcome="failed"}`: "0", `qianshao_deliveries_total{kind="webhook",outcome="delivered"}`: "0",
		`qianshao_deliveries{state="failed"}`: "1", `qianshao_deliveries{state="pending"}`: "0",
	} {
		if got := metric(t, a, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}
