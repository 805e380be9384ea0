package datafolder

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
)

// TestRecheck: a recheck covers the known pages under authorisations that are visible and in force.
func TestRecheck(t *testing.T) {
	t.Parallel()
	f, err := Open(t.Context(), Options{Data: sqlitetest.Folder(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	now := time.Now()
	by := store.Signed{By: "ann", At: now}
	authorisation := func(id, host string, until time.Duration) qianshao.Authorisation {
		return qianshao.Authorisation{
			ID: id, Owner: "o", Basis: "b", Contact: "c", ValidFrom: now.Add(-48 * time.Hour), ValidUntil: now.Add(until), Hosts: []string{host},
			Exclude: []string{"/private/"},
		}
	}
	err = f.Store.PutAuthorisations(t.Context(), by, []qianshao.Authorisation{
		authorisation("a", "a.example", time.Hour), authorisation("over", "over.example", -time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	var items []ingest.Item
	for _, host := range []string{"a.example", "over.example"} {
		id, _, _ := strings.Cut(host, ".")
		items = append(items, ingest.Item{URL: "http://" + host + "/1", Host: host, Authorisation: id})
	}
	if err := f.Store.Add(t.Context(), items); err != nil {
		t.Fatal(err)
	}
	mine, others := qianshao.Sight{Authorisations: []string{"a"}}, qianshao.Sight{Authorisations: []string{"over"}}
	for _, tc := range []struct {
		name, host, page string
		sight            qianshao.Sight
		urls             int
		why              qianshao.Skip
		err              error
	}{
		{"in force", "a.example", "", mine, 1, "", nil},
		{"one page", "a.example", "http://A.example/1#x", mine, 1, "", nil},
		{"a page that is not known", "a.example", "http://a.example/2", mine, 0, "", store.ErrNotFound},
		{"a page of another host", "a.example", "http://over.example/1", qianshao.SeeAll(), 0, qianshao.SkipNotInForce, nil},
		{"a page that is excluded", "a.example", "http://a.example/private/", mine, 0, qianshao.SkipPathExcluded, nil},
		{"no URL", "a.example", "a", mine, 0, "", qianshao.ErrBadURL},
		{"over", "over.example", "", qianshao.SeeAll(), 0, qianshao.SkipNotInForce, nil},
		{"not seen", "a.example", "", others, 0, qianshao.SkipNotAuthorised, nil},
		{"not authorised", "b.example", "", qianshao.SeeAll(), 0, qianshao.SkipNotAuthorised, nil},
	} {
		urls, why, err := f.Recheck(t.Context(), by, tc.sight, tc.host, tc.page)
		if urls != tc.urls || why != tc.why || !errors.Is(err, tc.err) {
			t.Errorf("%s: %d, %q, %v", tc.name, urls, why, err)
		}
	}
	watch := f.Watch(qianshao.SeeAll(), []store.Site{{Host: "a.example"}, {Host: "over.example"}, {Host: "b.example"}})
	if len(watch) != 3 || watch[0].Silent == nil || watch[0].Silent.Reason != qianshao.UnmonitoredNeverFetched || len(watch[0].InForce) != 1 ||
		len(watch[1].Authorisations) != 1 || len(watch[1].InForce) != 0 || watch[1].Silent != nil || len(watch[2].Authorisations) != 0 {
		t.Errorf("watched: %+v", watch)
	}
	if watch := f.Watch(others, []store.Site{{Host: "a.example"}}); len(watch[0].Authorisations) != 0 || watch[0].Silent != nil {
		t.Errorf("hidden authorisations are shown: %+v", watch)
	}
}
