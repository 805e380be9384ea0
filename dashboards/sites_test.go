package dashboards

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/sites"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
)

// watchesSites sets up what the pages of sites need, as the app does.
func (o *outpost) watchesSites(t *testing.T) {
	t.Helper()
	o.options.Watch = func(_ qianshao.Sight, list []store.Site) (out []store.Watch) {
		for i := range list {
			w := store.Watch{}
			register, err := o.store.Authorisations(context.Background())
			if err != nil {
				t.Error(err)
			}
			for _, a := range register {
				if a.Names(list[i].Host) && a.InForce(testNow) {
					w.Authorisations, w.InForce = append(w.Authorisations, a.ID), append(w.InForce, a.ID)
				}
			}
			out = append(out, w)
		}
		return out
	}
	o.options.Recheck = func(ctx context.Context, by store.Signed, _ qianshao.Sight, host, page string) (int, qianshao.Skip, error) {
		switch {
		case page == "http://elsewhere.example/":
			return 0, "", qianshao.ErrBadURL
		case page != "":
			return 0, "", store.ErrNotFound
		case strings.HasPrefix(host, "over"):
			return 0, qianshao.SkipNotInForce, nil
		}
		n, err := o.store.Recheck(ctx, by, host, "", nil, []ingest.Item{{URL: "http://" + host + "/a", Host: host, Authorisation: "mine"}})
		return n, "", err
	}
	parsed := func(err error) (list []sites.Mistake) {
		var wrong *ingest.ScopeError
		if errors.As(err, &wrong) {
			for _, m := range wrong.Mistakes {
				list = append(list, sites.Mistake{Line: m.Line, Column: m.Column, Field: m.Field, Message: m.Message})
			}
		}
		return list
	}
	o.options.Register = &sites.Register{
		ParseFile: func(name string, data []byte) ([]qianshao.Authorisation, []sites.Mistake) {
			list, err := ingest.ParseScopeFile(name, data)
			return list, parsed(err)
		},
		ParseFields: func(values map[string]string) (qianshao.Authorisation, []sites.Mistake) {
			a, err := ingest.ParseScopeFields(values)
			return a, parsed(err)
		},
		Changed: func(context.Context) error { o.changes++; return nil },
	}
}

// sendForm sends a form with the session's token.
func (p *person) sendForm(target string, values url.Values) *httptest.ResponseRecorder {
	return p.ask("POST", target, values.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

// upload sends a form with a file, with the session's token in one of its fields.
func (p *person) upload(t *testing.T, name string, content []byte, fields map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for key, value := range fields {
		if err := form.WriteField(key, value); err != nil {
			t.Fatal(err)
		}
	}
	if name != "" {
		file, err := form.CreateFormFile("file", name)
		if err == nil {
			_, err = file.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "https://console.example/authorisations/-/new/import", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.AddCookie(&http.Cookie{Name: sessionCookie, Value: p.session})
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w
}

func chief() qianshao.Account {
	return qianshao.Account{Name: "chief", Role: qianshao.RoleAdministrator, Sight: qianshao.SeeAll()}
}

// TestSitesBySight: a limited account sees the sites of its authorisations and no others.
func TestSitesBySight(t *testing.T) {
	t.Parallel()
	o, mine, _, _ := twoOwners(t)
	o.watchesSites(t)
	o.withDesk(t)
	me, all, nobody := o.join(t, limited("me", qianshao.RoleAnalyst, "mine")), o.join(t, chief()), o.join(t, limited("nobody", qianshao.RoleLead))
	for p, want := range map[*person][2]bool{me: {true, false}, all: {true, true}, nobody: {false, false}} {
		for i, host := range []string{"mine.example", "theirs.example"} {
			body := p.ask("GET", "/sites", "").Body.String()
			if strings.Contains(body, host) != want[i] {
				t.Errorf("%s is listed for %s: %v", host, p.account.Name, !want[i])
			}
			if w := p.ask("GET", "/sites/"+host, ""); (w.Code == http.StatusOK) != want[i] {
				t.Errorf("%s for %s: %d", host, p.account.Name, w.Code)
			}
			if w := p.ask("GET", "/authorisations/"+strings.TrimSuffix(host, ".example"), ""); (w.Code == http.StatusOK) != want[i] {
				t.Errorf("the authorisation of %s for %s: %d", host, p.account.Name, w.Code)
			}
		}
	}
	if body := me.ask("GET", "/sites?authorisation=theirs", "").Body.String(); strings.Contains(body, `href="/sites/`) {
		t.Error("sites of an authorisation that is not seen are listed")
	}
	w := me.ask("GET", "/sites?lang=en&name=MINE&findings=1", "")
	contains(t, w.Body.String(), "1 site<", `href="/sites/mine.example"`, "1 undecided", "Monitored")
	checkMarkup(t, "/sites", w.Body.String())
	look := decode[reviewed](t, me.ask("GET", "/api/v1/findings/"+mine, "").Body.String())
	w = me.ask("POST", "/api/v1/acts", `{"subject": "finding:`+mine+`", "kind": "decide", "basis": 0, "seen": "`+look.Seen+`", "verdict": "crime", "reason": "hacked"}`)
	if w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	contains(t, me.ask("GET", "/sites/mine.example?lang=en", "").Body.String(), "1 crime")
}

// TestSiteVerdictsAreBlind: a decision that is waiting for a second review is counted as such, and
// not by its verdict.
func TestSiteVerdictsAreBlind(t *testing.T) {
	t.Parallel()
	o, _, _, _ := twoOwners(t)
	o.watchesSites(t)
	critical := casino(casinoSource)
	critical.Level, critical.Score = qianshao.LevelCritical, 95
	page := qianshao.Page{URL: "http://mine.example/critical", Authorisation: "mine", Body: []byte(casinoSource), Status: http.StatusOK}
	o.save(t, page, "t", casinoSource, critical)
	d := o.withDesk(t)
	p := o.join(t, limited("me", qianshao.RoleAnalyst, "mine"))
	subject := qianshao.Subject{Kind: qianshao.SubjectFinding, ID: qianshao.FindingID(page.URL, critical.Rule)}
	view, err := d.Look(t.Context(), chief(), subject)
	if err == nil {
		_, err = d.Do(t.Context(), chief(), desk.Draft{Subject: subject, Kind: qianshao.ActDecide, Seen: view.Seen, Verdict: qianshao.VerdictNotCrime, Reason: qianshao.ReasonLawful})
	}
	if err != nil {
		t.Fatal(err)
	}
	body := p.ask("GET", "/sites/mine.example?lang=en", "").Body.String()
	contains(t, body, "1 undecided", "1 in review")
	if strings.Contains(body, "1 not<") {
		t.Error("what the first answer says is told")
	}
}

// TestRecheck: a recheck is an act and is shown on the site's page; if no request is allowed, the
// page says why.
func TestRecheck(t *testing.T) {
	t.Parallel()
	o, mine, _, _ := twoOwners(t)
	o.watchesSites(t)
	p := o.join(t, limited("me", qianshao.RoleAnalyst, "mine"))
	w := p.sendForm("/sites/mine.example/recheck", url.Values{})
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/sites/mine.example?recheck=due" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	body := p.ask("GET", w.Header().Get("Location")+"&lang=en", "").Body.String()
	contains(t, body, "The recheck is scheduled", ">me<", "recheck", "URLs: 1")
	contains(t, p.ask("GET", "/findings/"+mine+"?lang=en", "").Body.String(), "to the site: recheck")
	checkMarkup(t, "/sites/mine.example", body)
	for address, want := range map[string]string{
		"http://elsewhere.example/": "/sites/mine.example?recheck=bad_url", "http://mine.example/x": "/sites/mine.example?recheck=unknown",
	} {
		if w := p.sendForm("/sites/mine.example/recheck", url.Values{"url": {address}}); w.Header().Get("Location") != want {
			t.Errorf("%s leads to %v", address, w.Header())
		}
	}
	for next, want := range map[string]string{"/findings/1?q=x": "/findings/1?q=x&recheck=due", "//evil.example/": "/?recheck=due", "https://evil.example/": "/?recheck=due"} {
		if w := p.sendForm("/sites/mine.example/recheck", url.Values{"next": {next}}); w.Header().Get("Location") != want {
			t.Errorf("next %s leads to %v", next, w.Header())
		}
	}
	if w := p.sendForm("/sites/theirs.example/recheck", url.Values{}); w.Code != http.StatusNotFound {
		t.Errorf("another's site: %d", w.Code)
	}
	_, body, _ = o.get(t, "/sites/mine.example?recheck=authorisation_not_in_force&lang=zh")
	contains(t, body, "没有安排复查：授权不在有效期")
	_, body, _ = o.get(t, "/sites/mine.example?recheck="+url.QueryEscape(hostile))
	checkMarkup(t, "/sites/mine.example", body)
	if strings.Contains(body, "alert(1)") {
		t.Error("the page repeats what its address says")
	}
}

func fields(id string) url.Values {
	return url.Values{
		"id": {id}, "owner": {"第一中学"}, "basis": {"合同 1"}, "contact": {"it@school.example"}, "valid_from": {"2026-01-01"}, "valid_until": {"2026-12-31"},
		"hosts": {"school.example\r\n*.school.example"}, "rate": {"1"},
	}
}

var seenField = regexp.MustCompile(`name="seen" value="([0-9a-f]{64})"`)

func seen(t *testing.T, body string) string {
	t.Helper()
	m := seenField.FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no form in %.2000s", body)
	}
	return m[1]
}

// TestRegisterForm: an authorisation is added, changed and ended by form, each time with an act.
// Mistakes are shown at their fields in the reader's language, and nobody's change is overwritten.
func TestRegisterForm(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, nil)
	o.watchesSites(t)
	p := o.join(t, chief())
	blank := seen(t, p.ask("GET", "/authorisations/-/new", "").Body.String())
	wrong := fields("school")
	wrong.Set("basis", "")
	wrong.Set("hosts", "*")
	wrong.Set("seen", blank)
	w := p.sendForm("/authorisations/-/new?lang=zh", wrong)
	if w.Code != http.StatusUnprocessableEntity {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	contains(t, w.Body.String(), "没有写“法律或合同依据”；写明法律条文或合同编号", "的 * 只能写在最前面", "第一中学", "有 2 处需要改正")
	checkMarkup(t, "/authorisations", w.Body.String())
	good := fields("school")
	good.Set("seen", blank)
	if w = p.sendForm("/authorisations/-/new", good); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/authorisations/school?done=1" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w = p.sendForm("/authorisations/-/new", good); w.Code != http.StatusConflict {
		t.Errorf("added twice: %d", w.Code)
	}
	body := p.ask("GET", "/authorisations/school?lang=en", "").Body.String()
	contains(t, body, "合同 1", "*.school.example", "added", ">chief<", "/authorisations/school/edit", "End it now", "/sites?authorisation=school")
	edit := p.ask("GET", "/authorisations/school/edit", "").Body.String()
	change := fields("ignored")
	change.Set("valid_until", "2027-12-31")
	change.Set("seen", seen(t, edit))
	if w = p.sendForm("/authorisations/school/edit", change); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w = p.sendForm("/authorisations/school/edit", change); w.Code != http.StatusConflict {
		t.Errorf("an old form overwrites: %d", w.Code)
	}
	contains(t, p.ask("GET", "/authorisations/school?lang=en", "").Body.String(), "Last day: 2026-12-31", "Last day: 2027-12-31", "changed")
	contains(t, p.ask("GET", "/authorisations/school?lang=zh", "").Body.String(), "截止日期：2026-12-31", "截止日期：2027-12-31")
	if w = p.sendForm("/authorisations/school/end", url.Values{}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("ended without a reason: %d", w.Code)
	}
	if w = p.sendForm("/authorisations/school/end", url.Values{"words": {"单位来函 110101199003078515"}}); w.Code != http.StatusSeeOther {
		t.Errorf("ended: %d", w.Code)
	}
	a, err := o.store.Authorisation(t.Context(), "school")
	if err != nil || !a.ValidUntil.Equal(testNow) || a.InForce(testNow) {
		t.Errorf("ends %v, %v", a.ValidUntil, err)
	}
	body = p.ask("GET", "/authorisations/school?lang=en", "").Body.String()
	contains(t, body, "Expired", "ended", "单位来函")
	if strings.Contains(body, "110101199003078515") {
		t.Error("an identity number is kept in the trail")
	}
	if o.changes != 3 {
		t.Errorf("the crawl was told %d times, want 3", o.changes)
	}
}

// TestRegisterTakesAnyName: an authorisation still has its pages if its id is a word from the
// console's own addresses.
func TestRegisterTakesAnyName(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, nil)
	o.watchesSites(t)
	p := o.join(t, chief())
	blank := seen(t, p.ask("GET", "/authorisations/-/new", "").Body.String())
	for _, id := range []string{"new", "import", "edit"} {
		form := fields(id)
		form.Set("seen", blank)
		if w := p.sendForm("/authorisations/-/new", form); w.Code != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", id, w.Code, w.Body)
		}
		contains(t, p.ask("GET", "/authorisations/"+id+"?lang=en", "").Body.String(), "<h1><code>"+id+"</code>", "End it now")
		contains(t, p.ask("GET", "/authorisations/"+id+"/edit", "").Body.String(), `action="/authorisations/`+id+`/edit"`, "第一中学")
	}
}

// TestRegisterIsNotForAll: leads, and administrators who see only a part of the register, can see
// it but not change it.
func TestRegisterIsNotForAll(t *testing.T) {
	t.Parallel()
	o, _, _, _ := twoOwners(t)
	o.watchesSites(t)
	for _, a := range []qianshao.Account{
		{Name: "lead", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()}, limited("part", qianshao.RoleAdministrator, "mine"),
	} {
		p := o.join(t, a)
		for target, values := range map[string]url.Values{
			"/authorisations/-/new": fields("new"), "/authorisations/mine/edit": fields("mine"), "/authorisations/mine/end": {"words": {"x"}},
		} {
			if w := p.sendForm(target, values); w.Code != http.StatusForbidden {
				t.Errorf("%s: %s: %d", a.Name, target, w.Code)
			}
		}
		if w := p.upload(t, "a.csv", []byte("id\n"), map[string]string{"csrf": p.visitor.form}); w.Code != http.StatusForbidden {
			t.Errorf("%s imports: %d", a.Name, w.Code)
		}
		body := p.ask("GET", "/authorisations/mine", "").Body.String()
		if strings.Contains(body, "/end") || strings.Contains(body, "/edit") {
			t.Errorf("%s is offered what is refused", a.Name)
		}
	}
}

const importTable = "编号,责任单位,依据,联系人,生效日期,截止日期,主机\n"

// TestImport: a file is previewed, then confirmed; changes made between the two are never
// overwritten.
func TestImport(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, nil)
	o.watchesSites(t)
	p := o.join(t, chief())
	csrf := func(more ...string) map[string]string {
		m := map[string]string{"csrf": p.visitor.form}
		for i := 0; i < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	table := importTable + "a,第一中学,合同 1,it,2026-1-1,2026/12/31,a.example\nb,第二中学,合同 2,it,2026-1-1,2026/12/31,b.example\n"
	gbk, err := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(table))
	if err != nil {
		t.Fatal(err)
	}
	if w := p.upload(t, "a.csv", gbk, nil); w.Code != http.StatusForbidden {
		t.Errorf("without the form's token: %d", w.Code)
	}
	w := p.upload(t, "a.csv", gbk, csrf())
	contains(t, w.Body.String(), "新增 2 份，修改 0 份，不变 0 份", "第一中学", "a.example")
	checkMarkup(t, "/authorisations/-/new/import", w.Body.String())
	if list, err := o.store.Authorisations(t.Context()); err != nil || len(list) != 0 {
		t.Fatalf("a preview has registered %v, %v", list, err)
	}
	confirm := csrf("name", "a.csv", "text", table, "seen", seen(t, w.Body.String()))
	if w = p.upload(t, "", nil, csrf("name", "a.csv", "text", table+"c,x,y,z,2026-1-1,2026/12/31,c.example\n", "seen", confirm["seen"])); w.Code != http.StatusConflict {
		t.Errorf("another file than was shown: %d", w.Code)
	}
	if w = p.upload(t, "", nil, confirm); w.Code != http.StatusSeeOther {
		t.Fatalf("confirmed: %d %s", w.Code, w.Body)
	}
	if w = p.upload(t, "", nil, confirm); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "不变 2 份") {
		t.Errorf("confirmed twice: %d", w.Code)
	}
	second := strings.Replace(table, "合同 2", "合同 3", 1)
	w = p.upload(t, "a.csv", []byte("\ufeff"+second), csrf())
	contains(t, w.Body.String(), "新增 0 份，修改 1 份，不变 1 份", "<del><bdi>合同 2</bdi></del>", "合同 3")
	stale := csrf("name", "a.csv", "text", second, "seen", seen(t, w.Body.String()))
	if err := o.store.EndAuthorisation(t.Context(), store.Signed{By: "other", At: testNow}, "b"); err != nil {
		t.Fatal(err)
	}
	if w = p.upload(t, "", nil, stale); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "预览之后登记册有变") {
		t.Errorf("after somebody else's change: %d", w.Code)
	}
	if b, err := o.store.Authorisation(t.Context(), "b"); err != nil || b.Basis != "合同 2" || b.InForce(testNow) {
		t.Errorf("it was overwritten: %+v, %v", b, err)
	}
	w = p.upload(t, "x.yaml", []byte("authorisations:\n  - id: y\n    owner: o\n"), csrf())
	contains(t, w.Body.String(), "没有写“basis”", "没有写“hosts”", `spellcheck="false"></textarea>`)
	w = p.upload(t, "", nil, csrf("text", "authorisations:\n  - id: y\n    owner: <o>\n"))
	contains(t, w.Body.String(), "没有写“basis”", `spellcheck="false">authorisations:`, "owner: &lt;o&gt;") // pasted text is corrected in place
	w = p.upload(t, "x.csv", []byte(importTable+hostile+",=1+1,b,c,2026-1-1,2026-12-31,*\n"), csrf())
	if w.Code != http.StatusUnprocessableEntity {
		t.Errorf("mistakes: %d", w.Code)
	}
	checkMarkup(t, "/authorisations/-/new/import", w.Body.String())
	if w = p.upload(t, "x.csv", bytes.Repeat([]byte("a"), 5<<20), csrf()); w.Code != http.StatusForbidden && w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", w.Code)
	}
	if w = p.upload(t, "", nil, csrf()); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("nothing: %d", w.Code)
	}
}

// TestImportByTheNamesOfTheForm: a table may use the names and the choices that the form shows.
func TestImportByTheNamesOfTheForm(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, nil)
	o.watchesSites(t)
	p := o.join(t, chief())
	form := p.ask("GET", "/authorisations/-/new?lang=zh", "").Body.String()
	cells := map[string]string{"valid_from": "2026-1-1", "valid_until": "2026/12/31", "hosts": "school.example", "include": "/", "exclude": "/x/", "queries": "不访问", "rate": "0.5",
		"allow_private": "允许", "seeds": "http://school.example/", "revisit_min": "6h", "revisit_max": "7d", "views": "search_visitor"}
	var names, row []string
	for _, f := range new(qianshao.Authorisation).Fields() {
		m := regexp.MustCompile(`(?:<label for|<fieldset id)="f-` + f.Key + `"[^>]*>(?:<legend>)?([^<]+?) ?<`).FindStringSubmatch(form)
		if m == nil {
			t.Fatalf("the form has no %s", f.Key)
		}
		names, row = append(names, m[1]), append(row, cmp.Or(cells[f.Key], "第一中学"))
	}
	w := p.upload(t, "a.csv", []byte(strings.Join(names, ",")+"\n"+strings.Join(row, ",")+"\n"), map[string]string{"csrf": p.visitor.form})
	contains(t, w.Body.String(), "新增 1 份", "<b>带查询的网址</b> <bdi>不访问</bdi>", "<b>内网地址</b> <bdi>允许</bdi>", "<b>其他视角</b> <bdi>搜索访客视角</bdi>")
}

// TestMistakesAreSaidInChinese: every mistake in a scope file is described in Chinese on a Chinese
// console.
func TestMistakesAreSaidInChinese(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, nil)
	o.watchesSites(t)
	p := o.join(t, chief())
	for key, values := range map[string][]string{
		"id": {"a b", "*x", ""}, "owner": {""}, "basis": {""}, "contact": {""}, "valid_from": {"", "x", "2027-01-01"}, "valid_until": {"", "x", "2026-01-01x", "2025-12-31"},
		"hosts":   {"", "*", "https://a.example/", "a.b.*.c", "::1", "10.0.0.1", "*.10.0.0.1", "*.com.cn", "a.example:", "a.example:x", "a.example:80"},
		"include": {"x", "/a*"}, "exclude": {"x"}, "rate": {"x", "1e9"}, "allow_private": {"maybe"}, "queries": {"maybe"}, "revisit_min": {"x", "1m"}, "revisit_max": {"100d"},
		"views": {"x", "search_crawler"}, "seeds": {"x", "http://other.example/", "http://school.example:81/"}, "robots_waiver": {"=1"},
	} {
		for _, value := range values {
			f := fields("school")
			f.Set(key, value)
			w := p.sendForm("/authorisations/-/new?lang=zh", f)
			m := regexp.MustCompile(`(?s)<span class="bad">(.*?)</span>`).FindStringSubmatch(w.Body.String())
			if w.Code != http.StatusUnprocessableEntity || m == nil {
				t.Errorf("%s %q: %d", key, value, w.Code)
				continue
			}
			if !regexp.MustCompile(`\p{Han}`).MatchString(m[1]) || strings.Contains(m[1], "%!") || regexp.MustCompile(`\b(is|not|write|the)\b`).MatchString(m[1]) {
				t.Errorf("%s %q is said as %s", key, value, m[1])
			}
		}
	}
}

// TestWithdrawnAnswers: if a report was withdrawn in the console, repeating the request submits it
// anew.
func TestWithdrawnAnswers(t *testing.T) {
	t.Parallel()
	o := takesSubmissions(t)
	p := o.join(t, chief())
	body := `{"url": "https://casino.example/a"}`
	first := p.ask("POST", "/api/v1/submissions", body, "Idempotency-Key", "k")
	id := qianshao.SubmissionID("https://casino.example/a")
	if w := p.sendForm("/submissions/"+id+"/withdraw", url.Values{}); w.Code != http.StatusSeeOther || first.Code != http.StatusAccepted {
		t.Fatalf("%d, %d", first.Code, w.Code)
	}
	again := p.ask("POST", "/api/v1/submissions", body, "Idempotency-Key", "k")
	if again.Header().Get("Idempotency-Replayed") != "" {
		t.Error("the answer outlives the report that it names")
	}
	if _, err := o.store.Submission(t.Context(), id); err != nil {
		t.Errorf("the report was not handed in anew: %v", err)
	}
	for state, want := range map[string]bool{"": true, "waiting": true, "queued": false, "flagged": false, "clear": false, "not_fetched": false} {
		if got := strings.Contains(p.ask("GET", "/submissions?state="+state, "").Body.String(), "casino[.]example"); got != want {
			t.Errorf("in the list of %q: %v", state, got)
		}
	}
}

// TestEmptyRegister: if nothing is registered, nothing is said to be monitored.
func TestEmptyRegister(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, func(o *Options) {
		o.Unmonitored = func(context.Context, qianshao.UnmonitoredRequest) (l qianshao.UnmonitoredList, err error) {
			return l, nil
		}
	})
	_, body, _ := o.get(t, "/unmonitored?lang=en")
	contains(t, body, "nothing is monitored")
	if strings.Contains(body, "Pages come from every host of the register") {
		t.Error("an empty register is said to be all right")
	}
}
