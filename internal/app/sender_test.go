package app_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/notify/channel"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
)

// TestSent: the program's own sender sends to a webhook, using the operator's Resolve, with
// or without a crawl.
func TestSent(t *testing.T) {
	t.Parallel()
	var types []string
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body struct{ Type string }
		content, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(content, &body); err != nil || !strings.HasPrefix(r.Header.Get("webhook-signature"), "v1,") {
			t.Errorf("%v: %v", r.Header, err)
		}
		types = append(types, body.Type)
	}))
	defer receiver.Close()
	outward := app.FetchOptions{Contact: "https://test.example/", Resolve: map[string]string{"receiver.example": receiver.Listener.Addr().String()}}
	for _, opts := range []app.Options{{Outward: &outward}, {Crawl: &app.CrawlOptions{FetchOptions: outward, Once: true}}} {
		opts.Data, opts.Version = sqlitetest.Folder(t), "test"
		f, err := datafolder.Open(t.Context(), datafolder.Options{Data: opts.Data})
		if err != nil {
			t.Fatal(err)
		}
		err = f.Store.PutChannel(t.Context(), store.Signed{By: "ann", At: time.Now()}, notify.Channel{
			ID: "c1", Name: "c", Kind: notify.Webhook, Address: "http://receiver.example/", Secret: channel.NewSecret(), Language: "zh", Private: true,
		})
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if opts.Crawl != nil {
			apptest.Authorise(t, opts.Data, inForce())
		}
		if err := apptest.New(t, opts).Notices.Test(t.Context(), "c1"); err != nil {
			t.Error(err)
		}
	}
	if strings.Join(types, " ") != "test test" {
		t.Errorf("the receiver got %q", types)
	}
}

func inForce() qianshao.Authorisation {
	now := time.Now()
	return qianshao.Authorisation{
		ID: "test", Owner: "o", Basis: "b", Contact: "c", ValidFrom: now.Add(-time.Hour), ValidUntil: now.Add(time.Hour),
		Hosts: []string{"school.example"}, Rate: 1,
	}
}
