package bleveindex

import (
	"fmt"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
)

// TestColumnsAreDropped: the columns in memory are those of the present segments, and no more than the
// limit allows.
func TestColumnsAreDropped(t *testing.T) {
	x := open(t, t.TempDir(), Options{})
	for i := range 12 {
		put(t, x, record(fmt.Sprint(i), "注册送"))
	}
	search := func() {
		t.Helper()
		res, err := x.Search(t.Context(), index.Request{Sight: qianshao.SeeAll(), Limit: 20})
		if err != nil || res.Total != 12 || len(res.Hits) != 12 || res.Facets["host"][0].Count != 12 {
			t.Fatalf("%d of 12 records are found, error %v", res.Total, err)
		}
	}
	search()
	if len(x.columns.of) == 0 {
		t.Error("no columns are kept")
	}
	again := record("0", "注册送")
	if err := x.Purge(t.Context(), &again); err != nil {
		t.Fatal(err)
	}
	search()
	snapshot, err := x.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	if kept, segments := len(x.columns.of), len(snapshot.Segments()); kept > segments {
		t.Errorf("the columns of %d segments are kept, of %d", kept, segments)
	}
	if list := x.columns.get(snapshot, 0); len(list) != len(snapshot.Segments()) || len(x.columns.of) != 0 {
		t.Errorf("with a low limit there are columns of %d segments, %d of them kept", len(list), len(x.columns.of))
	}
}
