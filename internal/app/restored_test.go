package app_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
	"github.com/qianshao/qianshao/store/storetest"
)

// TestRestoredSends: if a folder is restored while the original is still in use, both send a
// pending message with the same key, so that a receiver can recognise it. Each sends later messages
// with keys of its own.
func TestRestoredSends(t *testing.T) {
	t.Parallel()
	data := sqlitetest.Folder(t)
	alertOf(t, data, "city", "")
	find(t, data, "begun")
	if sent := sendOnce(t, data, errors.New("down")); len(sent) != 1 {
		t.Fatalf("%+v", sent)
	}
	find(t, data, "later")
	backup, _ := apptest.BackUp(t, data, datafolder.RuleFolders{Data: data})
	original, restored := sendOnce(t, data, nil), sendOnce(t, apptest.Restored(t, backup), nil)
	if len(original) != 2 || len(restored) != 2 {
		t.Fatalf("the original has sent %+v, the restored one %+v", original, restored)
	}
	if original[0].Key != restored[0].Key || original[1].Key == restored[1].Key {
		t.Errorf("keys of the original: %s and %s, of the restored: %s and %s", original[0].Key, original[1].Key, restored[0].Key, restored[1].Key)
	}
	told := func(list []notify.Message) (urls []string) {
		for _, m := range list {
			for _, g := range m.Groups {
				for _, it := range g.Items {
					urls = append(urls, it.URL)
				}
			}
		}
		return urls
	}
	if want := []string{"http://site.example/begun", "http://site.example/later"}; !slices.Equal(told(original), want) || !slices.Equal(told(restored), want) {
		t.Errorf("%v and %v", told(original), told(restored))
	}
}

// find puts a page with a finding into a data folder.
func find(t *testing.T, data, page string) {
	t.Helper()
	f, err := datafolder.Open(t.Context(), datafolder.Options{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	s := storetest.Page("http://site.example/"+page, killedBlocks[0], 0, "casino")
	s.Page.FetchedAt = time.Now()
	_, err = f.Store.SavePage(t.Context(), s)
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// sendOnce opens a folder, sends what becomes due within seven minutes, and returns the messages.
func sendOnce(t *testing.T, data string, answer error) (sent []notify.Message) {
	t.Helper()
	now := time.Now()
	a, err := app.New(t.Context(), app.Options{Data: data, Version: "test", Now: func() time.Time { return now }, Send: func(_ context.Context, _ notify.Channel, m notify.Message) error {
		sent = append(sent, m)
		return answer
	}})
	if err != nil {
		t.Fatal(err)
	}
	for range 6 { // a postponed message must become due, and then the one behind it
		err = errors.Join(err, a.Notices.Flush(t.Context()))
		now = now.Add(70 * time.Second)
		if answer != nil && len(sent) > 0 {
			break
		}
	}
	if err = errors.Join(err, a.Stop()); err != nil {
		t.Fatal(err)
	}
	return sent
}
