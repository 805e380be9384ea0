package app_test

import (
	"context"
	"errors"
	"strings"
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

// TestScheduledReport: a schedule sends the report of the last month in the channel's language,
// with a link to its page, a few lines for chats and the files for mail. It names no account.
func TestScheduledReport(t *testing.T) {
	t.Parallel()
	data, now := sqlitetest.Folder(t), time.Now()
	apptest.Authorise(t, data, qianshao.Authorisation{
		ID: "test", Owner: "o", Basis: "b", Contact: "c", ValidFrom: now.Add(-time.Hour), ValidUntil: now.Add(time.Hour), Hosts: []string{"nothing.invalid"},
	})
	f, err := datafolder.Open(t.Context(), datafolder.Options{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	ctx, by := t.Context(), store.Signed{By: "zhangsan", At: now}
	lastMonth := store.Signed{By: "zhangsan", At: time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, qianshao.ChinaTime()).Add(-time.Hour)}
	err = errors.Join(
		f.Accounts.Add(ctx, "test", qianshao.Account{Name: "zhangsan", Role: qianshao.RoleLead, Sight: qianshao.Sight{Authorisations: []string{"test"}}}, ""),
		f.Accounts.SetConsoleURL(ctx, "test", "https://console.example/"),
		f.Store.PutChannel(ctx, by, notify.Channel{ID: "c1", Name: "c", Kind: notify.Mail, Address: "boss@example.org", Language: "en"}),
		f.Store.PutSchedule(ctx, lastMonth, notify.Schedule{ID: "s1", Account: "zhangsan", Channel: "c1", Period: notify.Month, Authorisation: "test"}),
		f.Close(),
	)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var sent []notify.Message
	a := apptest.New(t, app.Options{
		Data: data, Version: "test", Crawl: &app.CrawlOptions{FetchOptions: app.FetchOptions{Contact: "https://test.example/"}, Once: true},
		Send: func(_ context.Context, _ notify.Channel, m notify.Message) error {
			mu.Lock()
			defer mu.Unlock()
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
	if len(sent) != 1 || sent[0].Report == nil {
		t.Fatalf("sent are %+v", sent)
	}
	r := sent[0].Report
	if !strings.HasPrefix(r.Title, "Monthly report") || len(r.Lines) < 3 || len(r.Lines) > 5 || !strings.Contains(r.Lines[0], "Authorisation test") ||
		!strings.HasPrefix(r.Link, "https://console.example/statistics?authorisation=test&of=20") || !strings.HasSuffix(r.Link, "-01&period=month") {
		t.Errorf("%s %q %s", r.Title, r.Lines, r.Link)
	}
	if len(r.Files) != 2 || !strings.HasSuffix(r.Files[0].Name, ".html") || !strings.HasSuffix(r.Files[1].Name, ".docx") || !strings.HasPrefix(string(r.Files[1].Body), "PK") {
		t.Fatalf("%d files", len(r.Files))
	}
	if page := string(r.Files[0].Body); !strings.Contains(page, r.Title[:14]) || strings.Contains(page, "zhangsan") {
		t.Error("the page differs, or names an account")
	}
}
