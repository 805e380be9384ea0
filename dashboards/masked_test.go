package dashboards

import (
	"net/http"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
)

// TestAddressesAreMasked: a resident identity number in a page's address is shown to neither people
// nor programs; only the store has it, so that the page can be visited.
func TestAddressesAreMasked(t *testing.T) {
	const number = "11010519491231002X" // the example in the standard
	const address = "https://casino.example/u?id=" + number
	o := takesSubmissions(t)
	o.save(t, qianshao.Page{URL: address, RequestedURL: address + "&a=1", Status: http.StatusOK}, "标题", "百家乐",
		qianshao.Finding{Rule: "casino", Title: "Casino", Category: qianshao.Gambling, Level: qianshao.LevelHigh, Score: 70,
			Evidence: []qianshao.Evidence{{Term: "百家乐", Text: "百家乐", Span: qianshao.Span{End: 9}, Line: 1, Column: 1}}})
	w := o.post("/api/v1/submissions", "application/json", `{"url": "`+address+`"}`)
	if w.Code != http.StatusAccepted || strings.Contains(w.Body.String(), number) {
		t.Errorf("a report is answered with %d %s", w.Code, w.Body)
	}
	id := qianshao.FindingID(address, "casino")
	for _, target := range []string{
		"/search", "/search?q=casino", "/findings/" + id, "/submissions", "/api/v1/search", "/api/v1/findings/" + id,
		"/api/v1/submissions", "/api/v1/submissions/" + qianshao.SubmissionID(address),
	} {
		status, body, _ := o.get(t, target)
		if status != http.StatusOK {
			t.Errorf("%s: status %d", target, status)
		}
		if strings.Contains(body, number) {
			t.Errorf("%s shows the number", target)
		}
		if target != "/search?q=casino" && !strings.Contains(body, strings.Repeat("*", len(number))) {
			t.Errorf("%s does not show that something is masked", target)
		}
	}
}
