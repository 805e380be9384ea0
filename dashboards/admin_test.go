package dashboards

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/admin"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store"
)

// post sends one of the person's forms.
func (p *person) post(target string, fields ...string) *httptest.ResponseRecorder {
	values := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		values.Add(fields[i], fields[i+1])
	}
	return p.ask("POST", target, values.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Accept-Language", "en")
}

// see asks for a page in English.
func (p *person) see(target string) string {
	return p.ask("GET", target, "", "Accept-Language", "en").Body.String()
}

// changes returns the acts on accounts and settings, as "subject event before→after", without those
// of the test itself.
func changes(t *testing.T, d *desk.Desk) (list []string) {
	t.Helper()
	auditor := qianshao.Account{Name: "reader", Role: qianshao.RoleAuditor, Sight: qianshao.SeeAll()}
	acts, err := d.Acts(t.Context(), auditor, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range acts {
		detail, err := desk.ParseDetail(a.Detail)
		if err != nil {
			t.Fatal(err)
		}
		if a.By != "test" {
			list = append(list, fmt.Sprintf("%s %s %s→%s", a.Subject, detail.Event, detail.Before, detail.After))
		}
	}
	return list
}

var oneTimeLink = regexp.MustCompile(`<code>http://127\.0\.0\.1:8740(/enter\?key=[A-Z0-9]+)</code>`)

// linkOnce fails unless the answer shows a link that works and no later page shows it again.
func linkOnce(t *testing.T, p *person, w *httptest.ResponseRecorder, what string) {
	t.Helper()
	m := oneTimeLink.FindStringSubmatch(w.Body.String())
	if w.Code != http.StatusOK || m == nil {
		t.Fatalf("%s: %d without a link: %s", what, w.Code, w.Body)
	}
	if entered := p.ask("GET", m[1], ""); entered.Code != http.StatusOK {
		t.Errorf("%s: the link is answered with %d", what, entered.Code)
	}
	if strings.Contains(p.see("/admin/accounts/wang"), m[1]) {
		t.Errorf("%s: the link is shown again", what)
	}
}

// TestAdminAccounts goes through an account's life on the pages of administration. Each step is an
// act, and dangerous ones require the account's name to be typed.
func TestAdminAccounts(t *testing.T) {
	t.Parallel()
	o, _, _, _ := twoOwners(t)
	d := o.withDesk(t)
	chief := o.join(t, qianshao.Account{Name: "chief", Role: qianshao.RoleAdministrator, Sight: qianshao.SeeAll()})
	linkOnce(t, chief, chief.post("/admin/accounts", "name", "wang", "role", "analyst", "sight", "some", "under", "mine，theirs"), "added")
	const label = `"><script>alert(1)</script>=1+1`
	if _, _, err := o.accounts.NewToken(t.Context(), "test", "wang", label, []qianshao.Scope{qianshao.ScopeRead}, 24*time.Hour); err != nil {
		t.Fatal(err)
	}
	tokens, err := o.store.Tokens(t.Context(), "wang")
	if err != nil || len(tokens) != 1 {
		t.Fatal(tokens, err)
	}
	if body := chief.see("/admin/accounts/wang"); strings.Contains(body, "<script>alert") || !strings.Contains(body, "&lt;script&gt;") {
		t.Errorf("a hostile label: %s", body)
	}
	const path = "/admin/accounts/wang/"
	for _, step := range []struct {
		do     []string // path and fields
		status int
		says   string
	}{
		{[]string{"/admin/accounts", "name", "wang", "role", "analyst", "sight", "all"}, 422, "There is an account of that name"},
		{[]string{"/admin/accounts", "name", "<b>", "role", "analyst", "sight", "all"}, 422, "A name may have up to 64 lower-case letters"},
		{[]string{"/admin/accounts", "name", "li", "role", "analyst", "sight", "some", "under", "mine nowhere"}, 422, "There is no authorisation “nowhere”"},
		{[]string{"/admin/accounts", "name", "li", "role", "analyst", "sight", "some", "under", " , "}, 422, "Enter at least one authorisation"},
		{[]string{"/admin/accounts", "name", "li", "role", "king", "sight", "all"}, 422, "There is no such role"},
		{[]string{path + "change", "role", "administrator", "sight", "all"}, 422, "type the account’s name"},
		{[]string{path + "change", "role", "lead", "sight", "some", "under", "mine"}, 303, ""},
		{[]string{path + "change", "role", "administrator", "sight", "all", "confirm", "wang"}, 303, ""},
		{[]string{path + "disable", "confirm", "Wang"}, 422, "type the account’s name"},
		{[]string{path + "disable", "confirm", " wang "}, 303, ""},
		{[]string{path + "enable"}, 303, ""},
		{[]string{path + "reset", "factor", "1"}, 422, "type the account’s name"},
		{[]string{path + "tokens/" + tokens[0].ID + "/revoke"}, 303, ""},
		{[]string{path + "tokens/" + tokens[0].ID + "/revoke"}, 303, ""}, // already revoked, which is no error
		{[]string{"/admin/accounts/none/disable", "confirm", "none"}, 404, ""},
	} {
		if w := chief.post(step.do[0], step.do[1:]...); w.Code != step.status || !strings.Contains(w.Body.String(), step.says) {
			t.Errorf("%v: %d, want %d with %q: %.1500s", step.do, w.Code, step.status, step.says, w.Body)
		}
	}
	linkOnce(t, chief, chief.post(path+"reset", "confirm", "wang"), "reset")
	want := []string{
		"account:wang added →analyst, sees mine theirs", "account:wang link →password", "account:wang role analyst→lead", "account:wang sight sees mine theirs→sees mine",
		"account:wang role lead→administrator", "account:wang sight sees mine→sees all", "account:wang disabled →", "account:wang enabled →",
		"account:wang token_revoked " + tokens[0].ID + " " + label + ": read→", "account:wang link →password",
	}
	if got := changes(t, d); !slices.Equal(got, want) {
		t.Errorf("the trail:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if body := chief.see("/trail?subject=account:wang&kind=change"); strings.Contains(body, "<script>alert") || !strings.Contains(body, "<del>analyst</del> → <ins>lead</ins>") {
		t.Errorf("the trail of the account: %s", body)
	}
}

// TestAdminLast: the last administrator cannot be removed, and a limited administrator cannot
// change anything.
func TestAdminLast(t *testing.T) {
	t.Parallel()
	o, _, _, _ := twoOwners(t)
	chief := o.join(t, qianshao.Account{Name: "chief", Role: qianshao.RoleAdministrator, Sight: qianshao.SeeAll()})
	o.change(t, "root", func(r *store.AccountRecord) { r.Disabled = true })
	for _, form := range [][]string{{"disable", "confirm", "chief"}, {"change", "role", "auditor", "sight", "all", "confirm", "chief"}} {
		if w := chief.post("/admin/accounts/chief/"+form[0], form[1:]...); w.Code != 422 || !strings.Contains(w.Body.String(), "the last administrator who can sign in") {
			t.Errorf("%v: %d %s", form, w.Code, w.Body)
		}
	}
	some := o.join(t, limited("some", qianshao.RoleAdministrator, "mine"))
	if w := some.post("/admin/accounts/some/change", "role", "administrator", "sight", "all"); w.Code != http.StatusForbidden {
		t.Errorf("an administrator gives itself sight: %d", w.Code)
	}
}

// TestAdminSettings: a changed setting takes effect, and the trail records its former value.
func TestAdminSettings(t *testing.T) {
	t.Parallel()
	o, _, _, _ := twoOwners(t)
	d := o.withDesk(t)
	chief := o.join(t, qianshao.Account{Name: "chief", Role: qianshao.RoleAdministrator, Sight: qianshao.SeeAll()})
	for _, c := range []struct {
		setting, value string
		status         int
		says           string
	}{
		{"second_review_share", "7 %", 303, ""}, {"second_review_share", "7", 303, ""}, {"second_review_share", "101", 422, "from 0 to 100"},
		{"second_review_share", "NaN", 422, "from 0 to 100"}, {"second_review_share", `x"><script>`, 422, "x&#34;&gt;&lt;script&gt;"},
		{"token_days", "30", 303, ""}, {"token_days", "733", 422, "from 1 to 732"}, {"token_days", "", 422, "from 1 to 732"}, {"colour", "red", 404, ""},
		{"open_reports", "50", 303, ""}, {"open_reports", "2001", 422, "from 1 to 2000"}, {"zone", "Asia/Urumqi", 303, ""}, {"zone", "Local", 422, "no such time zone"},
	} {
		if w := chief.post("/admin/settings", "setting", c.setting, "value", c.value); w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s %q: %d, want %d with %q: %s", c.setting, c.value, w.Code, c.status, c.says, w.Body)
		}
	}
	if got, want := changes(t, d), []string{"setting:second_review_share set 0.05→0.07", "setting:token_days set 732→30", "setting:open_reports set 2000→50", "setting:zone set →Asia/Urumqi"}; !slices.Equal(got, want) {
		t.Errorf("the trail: %q", got)
	}
	for _, says := range []string{`value="7"`, `value="30"`, `value="50"`, "UTC&#43;8", "--zone", `value="Asia/Urumqi"`, "at the next start"} {
		if body := chief.see("/admin/settings"); !strings.Contains(body, says) {
			t.Errorf("the settings do not say %q: %s", says, body)
		}
	}
	if share, err := o.accounts.SecondReviewShare(t.Context()); err != nil || share != 0.07 {
		t.Errorf("the share is %v, %v", share, err)
	}
	if body := chief.see("/account"); !strings.Contains(body, `name="days" type="text" inputmode="numeric" value="30"`) {
		t.Error("the form for a token proposes more days than are allowed")
	}
	if w := chief.post("/account/tokens", "label", "x", "scope", "read", "days", "31"); w.Code != 422 || !strings.Contains(w.Body.String(), "1 to 30 days") {
		t.Errorf("a token for 31 days: %d %s", w.Code, w.Body)
	}
}

// audited has findings of two owners. ann has added a note to each and decided on the first; seq
// has the numbers of these acts by name.
type audited struct {
	*outpost
	desk *desk.Desk
	mine string
	seq  map[string]int64
}

var ann = qianshao.Account{Name: "ann", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()}

func auditedOutpost(t *testing.T) *audited {
	t.Helper()
	o, mine, theirs, _ := twoOwners(t)
	a := &audited{outpost: o, desk: o.withDesk(t), mine: mine, seq: map[string]int64{}}
	f, err := o.store.Finding(t.Context(), mine)
	if err != nil {
		t.Fatal(err)
	}
	for _, act := range []struct {
		name  string
		draft desk.Draft
	}{
		{"note mine", desk.Draft{Subject: finding(mine), Kind: qianshao.ActNote, Detail: desk.Detail{Words: "=HYPERLINK(1) <b>看过</b>"}}},
		{"note theirs", desk.Draft{Subject: finding(theirs), Kind: qianshao.ActNote, Detail: desk.Detail{Words: "note-theirs"}}},
		{"decided", desk.Draft{Subject: finding(mine), Kind: qianshao.ActDecide, Seen: f.Seen, Verdict: qianshao.VerdictCrime, Reason: qianshao.ReasonHacked}},
	} {
		done, err := a.desk.Do(t.Context(), ann, act.draft)
		if err != nil {
			t.Fatal(err)
		}
		a.seq[act.name] = done.Seq
	}
	return a
}

func finding(id string) qianshao.Subject {
	return qianshao.Subject{Kind: qianshao.SubjectFinding, ID: id}
}

func (a *audited) auditor(t *testing.T) *person {
	t.Helper()
	return a.join(t, qianshao.Account{Name: "auditor", Role: qianshao.RoleAuditor, Sight: qianshao.SeeAll()})
}

var actRow = regexp.MustCompile(`<tr id="act-(\d+)">`)

// rows returns the numbers of the acts that a page shows.
func rows(t *testing.T, body string) (list []int64) {
	t.Helper()
	for _, m := range actRow.FindAllStringSubmatch(body, -1) {
		seq, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, seq)
	}
	return list
}

// TestTrailFilters: the trail can be filtered by account, kind, subject, verdict and days. A
// limited reader finds only what they may see.
func TestTrailFilters(t *testing.T) {
	t.Parallel()
	o := auditedOutpost(t)
	note, other, decided := o.seq["note mine"], o.seq["note theirs"], o.seq["decided"]
	auditor := o.auditor(t)
	for query, want := range map[string][]int64{
		"by=ann": {decided, other, note}, "kind=note": {other, note}, "subject_kind=finding": {decided, other, note}, "verdict=crime": {decided},
		"subject=" + o.mine: {decided, note}, "subject=finding:" + o.mine: {decided, note}, "verdict=unsure": nil,
		"subject=" + url.QueryEscape("hxxp://mine[.]example/a"): {decided, note}, "subject=" + url.QueryEscape("https://console.example/findings/"+o.mine): {decided, note},
		"by=ann&from=2026-11-23&to=2026-11-23": {decided, other, note}, "by=ann&to=2026-11-22": nil, "by=ann&from=2026-11-24": nil,
		"by=ann&kind=note&subject=" + o.mine: {note}, "subject=campaign:" + o.mine: nil,
	} {
		if got := rows(t, auditor.see("/trail?"+query)); !slices.Equal(got, want) {
			t.Errorf("%s finds %v, want %v", query, got, want)
		}
	}
	for query, says := range map[string]string{
		"from=yesterday": "From: write a day", "kind=fly": "no such kind of act", "by=%3Cb%3E": "No account can have that name", "subject_kind=campaign&subject=finding:1": "not of the kind that is chosen",
	} {
		w := auditor.ask("GET", "/trail?"+query, "", "Accept-Language", "en")
		if w.Code != 422 || !strings.Contains(w.Body.String(), says) || len(rows(t, w.Body.String())) > 0 {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
	lead := o.join(t, limited("lead", qianshao.RoleLead, "theirs"))
	if body := lead.see("/trail"); !slices.Equal(rows(t, body), []int64{other}) || strings.Contains(body, "Hash chain") || strings.Contains(body, "account:") {
		t.Errorf("who is limited sees %v: %s", rows(t, body), body)
	}
}

// TestTrailFiltersOfPrograms: the API has the same filters.
func TestTrailFiltersOfPrograms(t *testing.T) {
	t.Parallel()
	o := auditedOutpost(t)
	note, other, decided := o.seq["note mine"], o.seq["note theirs"], o.seq["decided"]
	auditor := o.auditor(t)
	for query, want := range map[string][]int64{
		"latest=true&by=ann&limit=2": {decided, other, other}, fmt.Sprintf("latest=true&by=ann&limit=2&before=%d", other): {note, 0}, "latest=true&verdict=crime": {decided, 0},
		"kind=note": {note, other, other}, "subject=finding:" + o.mine + "&from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z": {note, decided, decided}, "to=2026-11-01T00:00:00Z": {0},
	} {
		w := auditor.ask("GET", "/api/v1/acts?"+query, "")
		body := decode[struct {
			Acts []struct{ Seq int64 }
			Next int64
		}](t, w.Body.String())
		var got []int64
		for _, a := range body.Acts {
			got = append(got, a.Seq)
		}
		if got = append(got, body.Next); w.Code != 200 || !slices.Equal(got, want) {
			t.Errorf("%s: %d, acts and next are %v, want %v", query, w.Code, got, want)
		}
	}
	for query, status := range map[string]int{"before=3": 400, "subject=nothing": 400, "kind=fly": 400, "subject=finding:1&subject_kind=site": 400} {
		if w := auditor.ask("GET", "/api/v1/acts?"+query, ""); w.Code != status {
			t.Errorf("%s: %d, want %d: %s", query, w.Code, status, w.Body)
		}
	}
	analyst := o.join(t, qianshao.Account{Name: "analyst", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()})
	if w := analyst.ask("GET", "/api/v1/acts?by=ann", ""); w.Code != http.StatusForbidden {
		t.Errorf("an analyst follows a colleague: %d %s", w.Code, w.Body)
	}
}

// TestTrailBlind: filtering by verdict must not reveal a verdict that is kept from the reader, nor
// must the chain at the end of the trail.
func TestTrailBlind(t *testing.T) {
	t.Parallel()
	o, mine, _, _ := twoOwners(t)
	o.reviewAll = true
	d := o.withDesk(t)
	lead := o.join(t, qianshao.Account{Name: "lead", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()})
	auditor := o.join(t, qianshao.Account{Name: "auditor", Role: qianshao.RoleAuditor, Sight: qianshao.SeeAll()})
	f, err := o.store.Finding(t.Context(), mine)
	if err != nil {
		t.Fatal(err)
	}
	act, err := d.Do(t.Context(), ann, desk.Draft{Subject: finding(mine), Kind: qianshao.ActDecide, Seen: f.Seen, Verdict: qianshao.VerdictCrime, Reason: qianshao.ReasonHacked})
	if err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{"?verdict=crime", "?verdict=crime&kind=decide", "?verdict=not_crime"} {
		if got := rows(t, lead.see("/trail"+query)); len(got) != 0 {
			t.Errorf("%s finds %v", query, got)
		}
	}
	if body := lead.see("/trail"); rows(t, body)[0] != act.Seq || strings.Contains(body, act.Chain) || strings.Contains(body, "Hacked site") || !strings.Contains(body, "waits for a second review") {
		t.Errorf("the lead reads %s", body)
	}
	if body := auditor.see("/trail?verdict=crime"); !slices.Equal(rows(t, body), []int64{act.Seq}) || !strings.Contains(body, act.Chain) {
		t.Errorf("the auditor reads %s", body)
	}
	if body := lead.post("/trail/export", "format", "jsonl").Body.String(); strings.Contains(body, act.Chain) || strings.Contains(body, "hacked") || !strings.Contains(body, mine) {
		t.Errorf("the lead takes out %s", body)
	}
}

// TestTrailPages: acts that do not fit on one page are on the next, each exactly once.
func TestTrailPages(t *testing.T) {
	t.Parallel()
	o := auditedOutpost(t)
	for range 110 {
		if _, err := o.desk.Do(t.Context(), ann, desk.Draft{Subject: finding(o.mine), Kind: qianshao.ActNote, Detail: desk.Detail{Words: "x"}}); err != nil {
			t.Fatal(err)
		}
	}
	auditor := o.auditor(t)
	older := regexp.MustCompile(`href="([^"]+)" rel="next"`)
	var all []int64
	for next := "/trail?by=ann"; next != ""; {
		body := auditor.see(next)
		all, next = append(all, rows(t, body)...), ""
		if m := older.FindStringSubmatch(body); m != nil {
			next = strings.ReplaceAll(m[1], "&amp;", "&")
		}
	}
	if len(all) != 113 || len(slices.Compact(slices.Clone(all))) != 113 {
		t.Errorf("%d acts: %v", len(all), all)
	}
	if w := auditor.ask("GET", "/trail?before=99999", ""); w.Code != http.StatusNotFound {
		t.Errorf("before an act that is not there: %d", w.Code)
	}
}

// followed verifies the hash chain of an export in JSON lines and returns its end.
func followed(t *testing.T, export string) (head desk.Head) {
	t.Helper()
	for line := range strings.Lines(export) {
		var r desk.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse("2006-01-02T15:04:05.000Z", r.At)
		subject, ok := qianshao.ParseSubject(r.Subject)
		if err != nil || !ok {
			t.Fatal(line, err)
		}
		act := qianshao.Act{
			Seq: r.Seq, At: at, By: r.By, Key: r.Key, Batch: r.Batch, Subject: subject, Kind: r.Kind, Basis: r.Basis, Verdict: r.Verdict, Reason: r.Reason,
			Seen: r.Seen, Rules: r.Rules, Reverts: r.Reverts, Round: r.Round, Detail: r.Detail,
		}
		if head = (desk.Head{Seq: r.Seq, Chain: desk.Link(head.Chain, &act)}); head.Chain != r.Chain {
			t.Fatalf("act %d does not follow the one before", r.Seq)
		}
	}
	return head
}

// TestTrailExport: JSON lines have every field that the chain covers, CSV contains no formulas,
// each export is an act with the hash of the file, and the result of a check is remembered.
func TestTrailExport(t *testing.T) {
	t.Parallel()
	o := auditedOutpost(t)
	auditor := o.auditor(t)
	before, _, err := o.desk.Head(t.Context(), auditor.account)
	if err != nil {
		t.Fatal(err)
	}
	w := auditor.post("/trail/export", "format", "jsonl")
	if head := followed(t, w.Body.String()); w.Code != 200 || head != before || !strings.Contains(w.Header().Get("Content-Disposition"), `.jsonl"`) {
		t.Fatalf("%d, up to %s, want %s; %v", w.Code, head, before, w.Header())
	}
	w = auditor.post("/trail/export", "format", "csv", "subject", o.mine)
	table, err := csv.NewReader(bytes.NewReader(w.Body.Bytes())).ReadAll()
	if err != nil || len(table) != 3 || !strings.Contains(w.Body.String(), "'=HYPERLINK") || strings.Contains(w.Body.String(), ",=") {
		t.Errorf("%d rows, error %v: %s", len(table), err, w.Body)
	}
	body := auditor.see("/trail?kind=export")
	if len(rows(t, body)) != 2 || !strings.Contains(body, "Exported as CSV") || !strings.Contains(body, fmt.Sprintf("<ins>rows: %d</ins>", before.Seq)) {
		t.Errorf("the exports: %s", body)
	}
	if !strings.Contains(body, "was not checked") {
		t.Error("a check that nobody has made")
	}
	if w := auditor.post("/trail/check"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/trail#h-chain" {
		t.Fatalf("the check: %d %s", w.Code, w.Body)
	}
	head, _, err := o.desk.Head(t.Context(), auditor.account)
	if body := auditor.see("/trail"); err != nil || !strings.Contains(body, fmt.Sprintf("as it was written, up to no. %d", head.Seq)) || !strings.Contains(body, head.String()) {
		t.Errorf("head %s, error %v: %s", head, err, body)
	}
}

// slowChecks is a check of the trail that goes on until it is interrupted.
type slowChecks struct {
	admin.Checks
	begun chan struct{}
}

func (s *slowChecks) Check(ctx context.Context, _ time.Time) (desk.Check, error) {
	close(s.begun)
	<-ctx.Done()
	return desk.Check{}, ctx.Err()
}

// TestTrailChecking: only one check runs at a time, the page says that it is running, and it ends
// with the server.
func TestTrailChecking(t *testing.T) {
	t.Parallel()
	o := auditedOutpost(t)
	slow := &slowChecks{Checks: o.options.Checks, begun: make(chan struct{})}
	closing := make(chan struct{})
	o.options.Checks, o.options.Closing = slow, closing
	auditor := o.auditor(t)
	first := make(chan int)
	go func() { first <- auditor.post("/trail/check").Code }()
	<-slow.begun
	if w := auditor.post("/trail/check"); w.Code != 422 || !strings.Contains(w.Body.String(), "It is being checked") {
		t.Errorf("a second check: %d %s", w.Code, w.Body)
	}
	if body := auditor.see("/trail"); !strings.Contains(body, "It is being checked") || strings.Contains(body, "Check it now") {
		t.Errorf("meanwhile: %s", body)
	}
	close(closing)
	if code := <-first; code != http.StatusInternalServerError {
		t.Errorf("a check that was broken off: %d", code)
	}
}

// TestSharedViewsAreActs: changes to shared views are acts, which record the view's name but not
// its query. Changes to private views are not recorded.
func TestSharedViewsAreActs(t *testing.T) {
	t.Parallel()
	o, _, _, _ := twoOwners(t)
	d := o.withDesk(t)
	lead := o.join(t, qianshao.Account{Name: "lead", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()})
	for _, form := range [][]string{
		{"name", "own", "q", "level:high"}, {"name", "night 11010519491231002X", "q", "level:high", "shared", "1"},
		{"name", "night 11010519491231002X", "q", "level:low", "shared", "1"}, {"name", "night 11010519491231002X", "q", "level:low", "shared", "1"},
	} {
		if w := lead.post("/views", form...); w.Code != http.StatusSeeOther {
			t.Fatalf("%q: %d %s", form, w.Code, w.Body)
		}
	}
	list, err := o.store.SavedViews(t.Context(), "lead")
	if err != nil || len(list) != 2 {
		t.Fatalf("%d views, error %v", len(list), err)
	}
	var want []string
	for _, v := range list {
		for _, event := range []string{"shared", "changed", "deleted"} {
			if v.Shared {
				want = append(want, "view:"+v.ID+" "+event+" →"+v.Name)
			}
		}
		if strings.Contains(v.Name, "19491231002X") {
			t.Errorf("the number is not masked: %q", v.Name)
		}
		if w := lead.post("/views/"+v.ID+"/delete", "x", "1"); w.Code != http.StatusSeeOther {
			t.Fatalf("deleted: %d", w.Code)
		}
	}
	if got := changes(t, d); !slices.Equal(got, want) {
		t.Errorf("the trail: %q, want %q", got, want)
	}
}

// TestNothingIsRegistered: new users are told what to do next.
func TestNothingIsRegistered(t *testing.T) {
	t.Parallel()
	o, _ := queueOutpost(t)
	p := o.join(t, qianshao.Account{Name: "chief", Role: qianshao.RoleAdministrator, Sight: qianshao.SeeAll()})
	link := p.open(t, "/", 200).Find(".empty a[href='/authorisations']")
	if link.Length() != 1 || !strings.Contains(link.Text(), "没有登记任何授权") {
		t.Errorf("the empty queue says %q", link.Text())
	}
}

// TestEndingSoon: the sidebar counts the authorisations that end soon, among those that the reader
// sees.
func TestEndingSoon(t *testing.T) {
	t.Parallel()
	o, _, _, _ := twoOwners(t)
	soon := qianshao.Authorisation{
		ID: "soon", Owner: "x", Basis: "contract", Contact: "x", Hosts: []string{"soon.example"}, ValidFrom: testNow.AddDate(0, -1, 0), ValidUntil: testNow.AddDate(0, 0, 9),
	}
	if err := o.store.PutAuthorisations(t.Context(), store.Signed{By: "test"}, []qianshao.Authorisation{soon}); err != nil {
		t.Fatal(err)
	}
	for name, sight := range map[string]qianshao.Sight{"all": qianshao.SeeAll(), "some": {Authorisations: []string{"mine"}}} {
		p := o.join(t, qianshao.Account{Name: name, Role: qianshao.RoleAnalyst, Sight: sight})
		if says := strings.Contains(p.see("/sites"), "1 authorisation ends within 30 days"); says != sight.All {
			t.Errorf("%s is told what ends soon: %v", name, says)
		}
	}
}
