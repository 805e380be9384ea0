package dashboards

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
)

// rubbish has values that programs, slips and attackers put into fields.
func rubbish() []string {
	return []string{
		"a\x00b", "\xff\xfe", "-1", "9223372036854775807", "//evil.example\r\n", "9999-12-31", `level:>=((("`,
		strings.Repeat("一", 100),
	}
}

// skipIfShort skips tests that send thousands of requests one after the other when the race
// detector runs: they take minutes there, and find no race.
func skipIfShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("thousands of requests one after the other; they are sent without the race detector")
	}
}

// TestRubbish: whatever the fields of forms and addresses contain, no answer is a server error, and
// nobody is redirected to another site.
func TestRubbish(t *testing.T) {
	skipIfShort(t)
	t.Parallel()
	o, a := accessOutpost(t)
	boss := o.newVisitor(t, qianshao.Account{Name: "boss", Role: qianshao.RoleAdministrator, Sight: qianshao.SeeAll()})
	someone := o.newVisitor(t, limited("someone", qianshao.RoleLead, "mine"))
	campaign := o.campaignOf(t, a.ids.Replace("THEIRS"))
	frozen := o.as(boss, "POST", "/batches", url.Values{"query": {""}})
	batch := strings.TrimPrefix(frozen.Header().Get("Location"), "/batches/")
	if frozen.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", frozen.Code, frozen.Body)
	}
	there := strings.NewReplacer("/campaigns/none", "/campaigns/"+campaign, "/batches/99", "/batches/"+batch, "finding:none", "finding:THEIRS")
	fields := []string{
		"subject", "kind", "basis", "seen", "verdict", "reason", "words", "until", "park_sites", "assignee", "key", "next", "answer", "name", "q", "sort", "shared",
		"at", "after", "before", "offset", "list", "with", "site", "all", "done", "batch", "campaign", "finding", "ids", "query", "format", "confirm", "newcomers", "other", "campaigns",
		"url", "id", "hosts", "valid_from", "valid_until", "rate", "text", "trouble", "authorisation", "findings", "standing", "state", "role", "sight", "under", "setting", "value",
		"by", "subject_kind", "from", "to", "lang", "recheck", "findings_of",
	}
	for pattern, row := range access() {
		if row.open || strings.HasPrefix(pattern, "POST /logout") || strings.HasPrefix(pattern, "POST /account/") || strings.Contains(pattern, "/api/v1/events") {
			continue
		}
		for i, value := range rubbish() {
			form := url.Values{}
			for _, name := range fields {
				form.Set(name, value)
			}
			row.target, row.body = there.Replace(row.target), there.Replace(row.body)
			hostile := row
			switch {
			case strings.HasPrefix(pattern, "GET "):
				hostile.target = row.target + "?" + form.Encode()
			case strings.HasPrefix(row.body, "{"):
				continue // huma checks bodies against their schema; see TestUnknownMembers
			default:
				hostile.body = form.Encode()
				known, err := url.ParseQuery(row.body)
				if err != nil {
					t.Fatal(err)
				}
				for name := range known { // the fields that the route requires first, with rubbish in the others
					if name == "subject" || name == "kind" || name == "setting" || name == "finding" {
						form.Set(name, known.Get(name))
					}
				}
				a.rubbish(pattern, route{target: row.target, body: form.Encode()}, value, boss)
			}
			a.rubbish(pattern, hostile, value, boss)
			if i == 0 { // limited accounts run the same code, apart from what is refused earlier
				a.rubbish(pattern, hostile, value, someone)
			}
		}
	}
}

func (a *asks) rubbish(pattern string, row route, value string, v visitor) {
	a.t.Helper()
	w := a.ask(pattern, row, inSession(v))
	if w.Code >= http.StatusInternalServerError {
		a.t.Errorf("%s with %.40q: %d %.300s", pattern, value, w.Code, w.Body)
	}
	if to := w.Header().Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\x00")) {
		a.t.Errorf("%s with %.40q leads to %q", pattern, value, to)
	}
}
