package app_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/api"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
)

// TestUnmonitored: the gauge, the API and the folder agree on a register from which no page has
// been fetched, for any offset and limit.
func TestUnmonitored(t *testing.T) {
	t.Parallel()
	data := sqlitetest.Folder(t)
	apptest.Authorise(t, data, qianshao.Authorisation{
		ID: "a", Owner: "o", Basis: "b", Contact: "c", ValidFrom: time.Now().Add(-time.Hour), ValidUntil: time.Now().AddDate(1, 0, 0),
		Hosts: []string{"a.example", "b.example", "c.example"}, Seeds: []string{"http://b.example/"},
	})
	a := apptest.New(t, app.Options{Data: data, Console: &app.ConsoleOptions{Listen: "127.0.0.1:0"}})
	a.Start(t.Context())
	for reason, want := range map[string]string{"no_seed": "2", "never_fetched": "1", "nothing_fetched": "1", "down": "0"} {
		if got := metric(t, a, `qianshao_unmonitored{reason="`+reason+`"}`); got != want {
			t.Errorf("%s: %s, want %s", reason, got, want)
		}
	}
	var page api.UnmonitoredPage
	if err := json.Unmarshal([]byte(get(t, a, "api/v1/unmonitored?offset=2&limit=1")), &page); err != nil ||
		page.Total != 4 || len(page.Unmonitored) != 1 || page.Unmonitored[0].Host != "b.example" {
		t.Errorf("%+v, %v", page, err)
	}
	list, err := a.Folder.Unmonitored(t.Context(), qianshao.UnmonitoredRequest{Sight: qianshao.SeeAll(), Reason: qianshao.UnmonitoredNoSeed, Offset: 1, Limit: 9})
	if err != nil || len(list.Rows) != 1 || list.Rows[0].Host != "c.example" || list.Counts.Hosts() != 3 || list.Counts.Authorisations() != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	// A limited account sees only what its authorisations cover, also in cached numbers.
	for _, limit := range []int{0, 9} {
		for authorisation, want := range map[string]int{"a": 4, "b": 0, "": 0} {
			sight := qianshao.Sight{Authorisations: []string{authorisation}}
			list, err := a.Folder.Unmonitored(t.Context(), qianshao.UnmonitoredRequest{Sight: sight, Limit: limit})
			if err != nil || list.Total("") != want || len(list.Rows) != min(want, limit) {
				t.Errorf("limited to %q: %+v, %v", authorisation, list, err)
			}
		}
	}
	// A register that cannot be read must not look like an all-clear.
	if err := a.Folder.Store.PutAuthorisations(t.Context(), store.Signed{By: "test"}, []qianshao.Authorisation{{ID: "of another version"}}); err != nil {
		t.Fatal(err)
	}
	if list, err := a.Folder.Unmonitored(t.Context(), qianshao.UnmonitoredRequest{Sight: qianshao.SeeAll()}); err == nil {
		t.Errorf("a register that cannot be read lists %+v", list)
	}
}
