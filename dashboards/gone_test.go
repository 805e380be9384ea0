package dashboards

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

// TestGone: if a finding is gone from its page, the list, the page and the API say so, in both
// languages. It keeps the title, hash, status and evidence of its capture, with the page's current
// state beside them.
func TestGone(t *testing.T) {
	o := newOutpost(t, nil)
	const url = "http://school.example/a"
	o.save(t, qianshao.Page{URL: url, Body: []byte(casinoSource), Status: http.StatusOK}, "密页标题", casinoSource, casino(casinoSource))
	_, err := o.store.PageGone(t.Context(), url, http.StatusGone, qianshao.CausePage, testNow.Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	o.indexPage(t, url)
	id := qianshao.FindingID(url, "gambling-casino-promotion")
	english := []string{"Accept-Language", "en"}
	_, body, _ := o.get(t, "/search?q=state:gone", english...)
	contains(t, body, `<span class="tag gone">Gone</span>`, "注册", "密页标题")
	if _, body, _ := o.get(t, "/search?q=state:open", english...); strings.Contains(body, "/findings/"+id) {
		t.Error("state:open finds what is gone")
	}
	_, body, _ = o.get(t, "/findings/"+id, english...)
	contains(t, body, "Not seen since", "no longer there (404 or 410)", "注册", "was not kept", "密页标题", hashOf(casinoSource), "The page now", "<dd>410</dd>", "no page")
	_, body, _ = o.get(t, "/findings/"+id, "Accept-Language", "zh-CN")
	contains(t, body, "内容已消失", "网页已不存在（404 或 410）")
	_, body, _ = o.get(t, "/api/v1/findings/"+id)
	var got struct {
		State   qianshao.State
		Gone    time.Time `json:"gone_at"`
		Changes []qianshao.Change
		Page    struct {
			Title, Charset, SHA256 string
			Status                 int
		}
		Now struct {
			SHA256    string
			Status    int
			FetchedAt time.Time `json:"fetched_at"`
		} `json:"page_now"`
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if got.State != qianshao.StateGone || !got.Gone.Equal(testNow.Add(-time.Hour)) || len(got.Changes) != 1 || got.Changes[0].Cause != qianshao.CausePage {
		t.Errorf("%+v", got)
	}
	if p := got.Page; p.Title != "密页标题" || p.Charset != "utf-8" || p.SHA256 != hashOf(casinoSource) || p.Status != http.StatusOK {
		t.Errorf("what was found is %+v", p)
	}
	if now := got.Now; now.SHA256 != "" || now.Status != http.StatusGone || !now.FetchedAt.Equal(testNow.Add(-time.Hour)) {
		t.Errorf("the page now is %+v", now)
	}
}

// TestAMovedFindingTellsItsMove: the console and the API say from which category to which a finding
// has moved, and where a finding went that another has absorbed.
func TestAMovedFindingTellsItsMove(t *testing.T) {
	o := newOutpost(t, nil)
	page := qianshao.Page{URL: "http://school.example/a", Body: []byte(casinoSource), Status: http.StatusOK}
	older, younger := casino(casinoSource), casino(casinoSource)
	younger.Rule = "fraud-rebate"
	younger.Category = qianshao.Fraud
	o.save(t, page, "标题", casinoSource, older, younger)
	older.ID, older.URL, older.Category = qianshao.FindingID(page.URL, older.Rule), page.URL, qianshao.Fraud
	younger.ID = qianshao.FindingID(page.URL, younger.Rule)
	page.FetchedAt = testNow.Add(-time.Hour)
	_, err := o.store.SavePage(t.Context(), store.Save{
		Page: page, Document: &qianshao.Document{Source: casinoSource}, Merged: map[string]string{younger.ID: older.ID},
		Assessment: qianshao.Assessment{Level: older.Level, Score: older.Score, Findings: []qianshao.Finding{older}},
	})
	if err != nil {
		t.Fatal(err)
	}
	o.indexPage(t, page.URL)
	_, body, _ := o.get(t, "/findings/"+older.ID, "Accept-Language", "en")
	contains(t, body, "the category changed: from Gambling to Fraud")
	_, body, _ = o.get(t, "/findings/"+older.ID, "Accept-Language", "zh-CN")
	contains(t, body, "类别已变：由“网络赌博”变为“诈骗”")
	_, body, _ = o.get(t, "/findings/"+younger.ID, "Accept-Language", "en")
	contains(t, body, "merged into another finding of the page", `<a href="/findings/`+older.ID+`?from=%2F">`)
	_, body, _ = o.get(t, "/api/v1/findings/"+older.ID)
	contains(t, body, `"cause":"category","from":"gambling","to":"fraud"`)
	_, body, _ = o.get(t, "/api/v1/findings/"+younger.ID)
	contains(t, body, `"cause":"merged","into":"`+older.ID+`"`)
	_, body, _ = o.get(t, "/search?q=category:fraud+state:open", "Accept-Language", "en")
	contains(t, body, "/findings/"+older.ID)
}

// TestCleanPageIsNotTheFinding: the hash and title of a page that has been cleaned up are never
// shown as those of the finding, and the clean title is not shown at all.
func TestCleanPageIsNotTheFinding(t *testing.T) {
	o := newOutpost(t, nil)
	const url, clean = "http://school.example/a", "<p>招生简章</p>"
	o.save(t, qianshao.Page{URL: url, Body: []byte(casinoSource), Status: http.StatusOK}, "密页标题", casinoSource, casino(casinoSource))
	_, err := o.store.SavePage(t.Context(), store.Save{
		Page:     qianshao.Page{URL: url, Body: []byte(clean), Status: http.StatusOK, FetchedAt: testNow.Add(-time.Hour)},
		Document: &qianshao.Document{Charset: "utf-8", Source: clean, Title: "清净标题"},
	})
	if err != nil {
		t.Fatal(err)
	}
	o.indexPage(t, url)
	id := qianshao.FindingID(url, "gambling-casino-promotion")
	_, body, _ := o.get(t, "/findings/"+id, "Accept-Language", "en")
	found, now, _ := strings.Cut(body, "The page now")
	contains(t, found, "密页标题", hashOf(casinoSource))
	contains(t, now, hashOf(clean))
	if strings.Contains(found, hashOf(clean)) || strings.Contains(body, "清净标题") {
		t.Error("the clean page passes for what was found")
	}
}

func hashOf(source string) string {
	sum := sha256.Sum256([]byte(source))
	return hex.EncodeToString(sum[:])
}
