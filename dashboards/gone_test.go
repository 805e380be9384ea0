package dashboards

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
)

// TestGone: a finding whose page is gone says so, in list, page and API, in
// both languages, keeps its evidence, and shows nothing else of the page.
func TestGone(t *testing.T) {
	o := newOutpost(t, nil)
	const url = "http://school.example/a"
	o.save(t, qianshao.Page{URL: url}, "密页标题", casinoSource, casino(casinoSource))
	saved, err := o.store.PageGone(t.Context(), url, http.StatusGone, qianshao.CausePage, testNow.Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if err := o.index.Put(t.Context(), saved.Findings); err != nil {
		t.Fatal(err)
	}
	id := qianshao.FindingID(url, "gambling-casino-promotion")
	english := []string{"Accept-Language", "en"}
	_, body, _ := o.get(t, "/?q=state:gone", english...)
	contains(t, body, `<span class="tag gone">Gone</span>`, "注册", "(no title)")
	if _, body, _ := o.get(t, "/?q=state:open", english...); strings.Contains(body, "/findings/"+id) {
		t.Error("state:open finds what is gone")
	}
	_, body, _ = o.get(t, "/findings/"+id, english...)
	contains(t, body, "Not seen since", "no longer there (404 or 410)", "注册", "was not kept")
	if strings.Contains(body, "密页标题") {
		t.Error("the title of a page that is gone is shown")
	}
	_, body, _ = o.get(t, "/findings/"+id, "Accept-Language", "zh-CN")
	contains(t, body, "内容已消失", "页面已不存在（404 或 410）")
	_, body, _ = o.get(t, "/api/v1/findings/"+id)
	var got struct {
		State   qianshao.State
		Gone    time.Time `json:"gone_at"`
		Changes []qianshao.Change
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if got.State != qianshao.StateGone || !got.Gone.Equal(testNow.Add(-time.Hour)) || len(got.Changes) != 1 || got.Changes[0].Cause != qianshao.CausePage {
		t.Errorf("%+v", got)
	}
}
