package app_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/backends/backendstest"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/storetest"
)

// TestKilledNode kills a node of the search cluster while thousands of findings are indexed, every
// third of which then changes again. All findings that the store counts as indexed are in the
// index, each once and in its latest state, both before the node comes back and after.
func TestKilledNode(t *testing.T) {
	const findings = 3000
	kill := backendstest.Killable(t)
	a := apptest.New(t, app.Options{Data: t.TempDir(), Backends: backendstest.All(t), Version: "test"})
	a.Start(t.Context())
	save := func(i int, text string) {
		t.Helper()
		if _, err := a.Folder.Store.SavePage(t.Context(), storetest.Page(fmt.Sprintf("http://site.example/%d", i), text, 0, "casino")); err != nil {
			t.Fatal(err)
		}
	}
	var restart func()
	for i := range findings {
		save(i, "注册送彩金，甲版")
		if i%3 == 0 && i > 100 {
			save(i-99, "注册送彩金，乙版")
		}
		if i == findings/3 {
			restart = kill()
		}
	}
	check := func() {
		t.Helper()
		within(t, 2*time.Minute, "all that was found is told", func() bool {
			b, err := a.Folder.Store.Backlog(t.Context(), store.ConsumerIndex)
			return err == nil && b.Findings == 0
		})
		stored := map[string][]string{}
		for record, err := range a.Folder.Store.AllFindings(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			text := record.Finding.Evidence[0].Text
			stored[text] = append(stored[text], record.Finding.ID)
		}
		var all []string
		if err := a.Index.IDs(t.Context(), func(id string) bool { all = append(all, id); return true }); err != nil {
			t.Fatal(err)
		}
		slices.Sort(all)
		if diff := cmp.Diff(slices.Sorted(slices.Values(slices.Concat(stored["注册送彩金，甲版"], stored["注册送彩金，乙版"]))), all); diff != "" {
			t.Errorf("%d findings are in the index, %d in the store (-store +index):\n%.2000s", len(all), findings, diff)
		}
		for text, ids := range stored {
			if n := countOf(t.Context(), t, a.Index, text); n != len(ids) {
				t.Errorf("%d findings with %s are found, %d are stored", n, text, len(ids))
			}
		}
	}
	check()
	restart()
	check()
}

// countOf returns how many findings show a text.
func countOf(ctx context.Context, t *testing.T, ix index.Index, text string) int {
	t.Helper()
	query, err := index.Parse(`"`+text+`"`, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	results, err := ix.Search(ctx, index.Request{Sight: qianshao.SeeAll(), Query: query, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	return results.Total
}
