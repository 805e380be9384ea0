package dashboards

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// pages limits the database to n pages, or to its current size if that is larger.
func (o *outpost) pages(t *testing.T, n int) {
	t.Helper()
	err := o.store.Database().Update(t.Context(), database.Ordered, "bound", func(tx *database.Tx) error {
		return tx.QueryRowContext(t.Context(), fmt.Sprint("PRAGMA max_page_count = ", n)).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestDiskFull: on a full disk acts and batches fail without a trace, people and programs are told
// so, and once there is room again all of it can be done, once.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	o, _, d, id, findings := withCampaign(t, 12)
	lead := o.newVisitor(t, qianshao.Account{Name: "leo", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()})
	words := strings.Repeat("网", desk.MaxWords)
	all := o.send(t, lead, "/batches", url.Values{"campaign": {id}})
	o.send(t, lead, all+"/begin", url.Values{"kind": {"decide"}, "verdict": {"crime"}, "reason": {"hacked"}, "words": {words}})
	o.pages(t, 1)
	note := url.Values{"subject": {"finding:" + findings[0]}, "kind": {"note"}, "words": {words}}
	w := o.as(lead, "POST", "/acts", note)
	for range 20 { // the database has some free space inside
		if w.Code == http.StatusSeeOther {
			w = o.as(lead, "POST", "/acts", note)
		}
	}
	if w.Code != http.StatusInsufficientStorage || !strings.Contains(mainOf(t, w), "磁盘满了") {
		t.Errorf("a note on a full disk: %d %s", w.Code, mainOf(t, w))
	}
	body := fmt.Sprintf(`{"subject": "finding:%s", "kind": "note", "words": %q}`, findings[0], words)
	if w := o.do("POST", "/api/v1/acts", body, "Authorization", "Bearer "+lead.token, "Content-Type", "application/json"); w.Code != http.StatusInsufficientStorage || !strings.Contains(w.Body.String(), "disk_full") {
		t.Errorf("a note by the API: %d %s", w.Code, w.Body)
	}
	if err := d.Run(t.Context(), 1); err == nil {
		t.Error("the batch is done on a full disk")
	}
	if text, _ := o.page(t, lead, all+"?lang=en"); !strings.Contains(text, "0 of 12") && !strings.Contains(text, "0 / 12") {
		t.Errorf("the batch: %s", text)
	}
	o.pages(t, 1<<30)
	o.send(t, lead, "/acts", note)
	if err := d.Run(t.Context(), 1); err != nil {
		t.Error(err)
	}
	account := qianshao.Account{Name: "leo", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()}
	if tally, err := d.Tally(t.Context(), account, 1); err != nil || tally.Done != len(findings) {
		t.Errorf("the batch, when there is room: %+v, %v", tally, err)
	}
	for _, id := range findings[1:] {
		if v, err := d.Look(t.Context(), account, qianshao.Subject{Kind: qianshao.SubjectFinding, ID: id}); err != nil || len(v.Acts) != 1 {
			t.Errorf("the acts on a member: %+v, %v", v.Acts, err)
		}
	}
}
