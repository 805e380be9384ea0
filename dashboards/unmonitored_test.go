package dashboards

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/api"
	"github.com/qianshao/qianshao/store"
)

// silentOutpost returns a console with a register of which nothing is monitored: one authorisation
// that is about to end, and hosts that are down.
func silentOutpost(t *testing.T, hosts int) *outpost {
	rows := []qianshao.Unmonitored{{Authorisation: "city-2026", Reason: qianshao.UnmonitoredEnding, Since: testNow.AddDate(0, 0, 9)}}
	for i := range hosts {
		rows = append(rows, qianshao.Unmonitored{
			Host: fmt.Sprintf("h%03d.example", i), Authorisation: "city-2026", Reason: qianshao.UnmonitoredDown, Skip: qianshao.SkipUnreachable,
			Since: testNow.Add(-3 * time.Hour), LastPage: testNow.Add(-26 * time.Hour), NextTry: testNow.Add(time.Hour),
		})
	}
	return newOutpost(t, func(o *Options) {
		o.Unmonitored = func(_ context.Context, r qianshao.UnmonitoredRequest) (list qianshao.UnmonitoredList, err error) {
			list.Counts = qianshao.UnmonitoredCounts{}
			matched := 0
			for _, row := range rows {
				list.Counts[row.Reason]++
				if r.Reason != "" && r.Reason != row.Reason {
					continue
				}
				if matched++; matched > r.Offset && len(list.Rows) < r.Limit {
					list.Rows = append(list.Rows, row)
				}
			}
			return list, nil
		}
	})
}

func TestUnmonitoredPage(t *testing.T) {
	t.Parallel()
	o := silentOutpost(t, 150)
	_, front, _ := o.get(t, "/search?lang=zh")
	contains(t, front, "未监测：150 个主机、1 份授权即将到期", `href="/unmonitored"`)

	status, body, _ := o.get(t, "/unmonitored?lang=zh")
	if status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	contains(t, body, "整份授权", "授权即将到期", "2026-12-02 20:00", // nine days from now, in China
		"失联", "连不上", "看站点是否还在", "2026-11-23 17:00", "3 小时前", "2026-11-22 18:00", "2026-11-23 21:00")
	checkMarkup(t, "/unmonitored", body)
	page, err := goquery.NewDocumentFromReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if n := page.Find("tbody tr").Length(); n != 100 {
		t.Errorf("%d rows on the first page, want 100", n)
	}
	next, _ := page.Find(`a[rel="next"]`).Attr("href")
	_, body, _ = o.get(t, next)
	contains(t, body, "h149.example", `rel="prev"`)
	if strings.Contains(body, `rel="next"`) || strings.Contains(body, "h098.example") {
		t.Error("the second page is not the last, or begins with rows of the first")
	}
	_, body, _ = o.get(t, "/unmonitored?lang=en&reason=ending")
	contains(t, body, "Ends soon", "Renew it with the owner now", "150 hosts, 1 authorisation about to end")
	if strings.Contains(body, "h000.example") {
		t.Error("the filter lets other reasons through")
	}
	_, body, _ = o.get(t, "/help?lang=en")
	contains(t, body, "/api/v1/unmonitored")
	_, body, _ = o.get(t, "/unmonitored?lang=en&offset=5000")
	contains(t, body, "Past the end")
	for _, odd := range []string{"?reason=%3Cscript%3E", "?offset=-1", "?offset=99999999999999999999"} {
		if status, body, _ := o.get(t, "/unmonitored"+odd); status != http.StatusOK || strings.Contains(body, "<script>") {
			t.Errorf("%s: status %d", odd, status)
		}
	}
}

// TestAllMonitored: the front page says nothing, and the list says that everything is monitored.
func TestAllMonitored(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, func(o *Options) {
		o.Unmonitored = func(context.Context, qianshao.UnmonitoredRequest) (qianshao.UnmonitoredList, error) {
			return qianshao.UnmonitoredList{}, nil
		}
	})
	_, body, _ := o.get(t, "/search?lang=en")
	if strings.Contains(body, "Not monitored:") {
		t.Error("the front page warns of nothing")
	}
	a := qianshao.Authorisation{ID: "a", Hosts: []string{"a.example"}, ValidFrom: testNow.Add(-time.Hour), ValidUntil: testNow.Add(time.Hour)}
	if err := o.store.PutAuthorisations(t.Context(), store.Signed{By: "test"}, []qianshao.Authorisation{a}); err != nil {
		t.Fatal(err)
	}
	_, body, _ = o.get(t, "/unmonitored?lang=en")
	contains(t, body, "Pages come from every host of the register")
}

// TestUnmonitoredUnknown: a failed count must not read as an all-clear.
func TestUnmonitoredUnknown(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, func(o *Options) {
		o.Unmonitored = func(context.Context, qianshao.UnmonitoredRequest) (qianshao.UnmonitoredList, error) {
			return qianshao.UnmonitoredList{}, fmt.Errorf("database damaged")
		}
	})
	status, body, _ := o.get(t, "/search?lang=en")
	contains(t, body, "could not be counted")
	if status != http.StatusOK {
		t.Errorf("status %d: the findings can be shown all the same", status)
	}
	for _, path := range []string{"/unmonitored", "/api/v1/unmonitored"} {
		if status, _, _ := o.get(t, path); status != http.StatusInternalServerError {
			t.Errorf("%s: status %d", path, status)
		}
	}
}

func TestUnmonitoredAPI(t *testing.T) {
	t.Parallel()
	o := silentOutpost(t, 1200)
	read := func(query string) (page api.UnmonitoredPage) {
		t.Helper()
		status, body, _ := o.get(t, "/api/v1/unmonitored"+query)
		if err := json.Unmarshal([]byte(body), &page); err != nil || status != http.StatusOK {
			t.Fatalf("status %d, error %v: %s", status, err, body)
		}
		return page
	}
	page := read("")
	if len(page.Unmonitored) != 200 || page.Total != 1201 || page.Counts[qianshao.UnmonitoredDown] != 1200 || len(page.Counts) != len(qianshao.UnmonitoredReasons()) {
		t.Errorf("%d rows of %d, counts %v", len(page.Unmonitored), page.Total, page.Counts)
	}
	page = read("?reason=down&offset=1199&limit=1000")
	row := page.Unmonitored[0]
	if len(page.Unmonitored) != 1 || page.Total != 1200 || row.Host != "h1199.example" || row.Skip != qianshao.SkipUnreachable ||
		!strings.HasPrefix(row.Remedy, "See whether the site") || !strings.HasPrefix(row.RemedyChinese, "看站点") || !row.NextTry.Equal(testNow.Add(time.Hour)) {
		t.Errorf("%+v", page)
	}
	_, body, _ := o.get(t, "/api/v1/unmonitored?reason=ending")
	if strings.Contains(body, "last_page") || strings.Contains(body, `"host"`) || strings.Contains(body, "0001-01-01") {
		t.Errorf("what there is none of is not left out: %s", body)
	}
	for _, query := range []string{"?limit=1001", "?limit=x", "?offset=-1", "?reason=dwn"} {
		if status, body, _ := o.get(t, "/api/v1/unmonitored"+query); status != http.StatusBadRequest || !strings.Contains(body, "bad_parameter") {
			t.Errorf("%s: %d %s", query, status, body)
		}
	}
}
