package dashboards

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/store"
)

// away is an index whose server does not answer.
type away struct{ index.Index }

func (away) Search(context.Context, index.Request) (index.Results, error) {
	return index.Results{}, fmt.Errorf("searching: %w: connection refused", index.ErrUnavailable)
}

// TestSearchAway: while the search server does not answer, the search says so in both languages,
// and everything that needs no search works.
func TestSearchAway(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, nil)
	source := "注册送彩金"
	f := casino(source)
	f.Indicators = []qianshao.Indicator{{Kind: qianshao.IndicatorQQ, Value: "123456789"}}
	o.save(t, qianshao.Page{URL: "http://a.example/1", Status: 200}, "标题", source, f)
	if _, err := o.store.SaveView(t.Context(), store.SavedView{ID: "v", Name: "彩金", Query: source, Shared: true, Changed: testNow}); err != nil {
		t.Fatal(err)
	}
	finding := "/findings/" + qianshao.FindingID("http://a.example/1", f.Rule)
	o.options.Index = away{o.index}
	handler, err := New(o.options)
	if err != nil {
		t.Fatal(err)
	}
	o.handler = handler
	for target, want := range map[string]struct {
		status int
		says   string
	}{
		"/search":                 {http.StatusServiceUnavailable, "检索暂时不可用"},
		"/search?q=注册送&lang=en":   {http.StatusServiceUnavailable, "Search is unavailable"},
		"/api/v1/search?q=注册送":    {http.StatusServiceUnavailable, "search_unavailable"},
		"/api/v1/views":           {http.StatusOK, `"count":null`},
		finding:                   {http.StatusOK, "123456789"},
		"/healthz":                {http.StatusOK, "ok, without search"},
		"/authorisations?lang=zh": {http.StatusOK, ""},
		"/help?lang=en":           {http.StatusOK, ""},
	} {
		status, body, _ := o.get(t, target)
		if status != want.status || !strings.Contains(body, want.says) || strings.Contains(body, "connection refused") {
			t.Errorf("%s: %d %.300s; want %d and %q", target, status, body, want.status, want.says)
		}
	}
}
