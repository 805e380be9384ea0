package dashboards

import (
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/decision"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

// bench is an outpost with a desk, a clock that the test sets, and a page that shows the panel of
// ?subject= with the message, as the rooms' pages do.
type bench struct {
	*testing.T
	*outpost
	now  *time.Time
	site *site
	page *page.Room
	desk *desk.Desk
	room *decision.Decision
	// mine and theirs are findings under the authorisations of these names.
	mine, theirs string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	o, mine, theirs, _ := twoOwners(t)
	at := testNow
	o.options.Now = func() time.Time { return at }
	b := &bench{T: t, outpost: o, now: &at, mine: mine, theirs: theirs}
	b.desk = o.withDesk(t)
	var err error
	if b.site, err = newSite(o.options); err != nil {
		t.Fatal(err)
	}
	b.site.routes() // the menu asks which pages exist
	if b.room, err = decision.New(b.site.pages, decision.Options{Store: o.options.Store, Desk: b.desk, Guard: b.site.guard}); err != nil {
		t.Fatal(err)
	}
	own := fstest.MapFS{"templates/panel.html": {Data: []byte(`{{define "main"}}<main id="main" class="split">{{template "message" .Message}}{{template "decision" .Decision}}</main>{{end}}`)}}
	if b.page, err = b.site.pages.Room(own, decision.Parts()); err != nil {
		t.Fatal(err)
	}
	return b
}

// who returns somebody with a role who sees what is under the authorisation "mine".
func (b *bench) who(name string, role qianshao.Role) *decider {
	b.Helper()
	return &decider{bench: b, person: b.join(b.T, limited(name, role, "mine"))}
}

// decider is somebody using the panel, in their browser's language.
type decider struct {
	*bench
	*person
	// panel is the last panel that was shown.
	panel *decision.Panel
}

// look returns the page with the panel of a subject.
func (p *decider) look(subject string, query ...string) string {
	p.Helper()
	w := p.shown(subject, "zh", query...)
	if w.Code != http.StatusOK {
		p.Fatalf("the panel of %s: %d %s", subject, w.Code, w.Body)
	}
	return w.Body.String()
}

func (p *decider) shown(subject, lang string, query ...string) *httptest.ResponseRecorder {
	p.Helper()
	r := httptest.NewRequest(http.MethodGet, "https://console.example/panel?at=x&"+strings.Join(query, "&"), nil)
	r.Header.Set("Accept-Language", lang)
	r.AddCookie(&http.Cookie{Name: sessionCookie, Value: p.session})
	w := httptest.NewRecorder()
	p.site.guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := struct {
			*page.Layout
			Message  *decision.Message
			Decision *decision.Panel
		}{Layout: p.site.pages.Layout(w, r, "decision.title")}
		s, _ := qianshao.ParseSubject(subject)
		var err error
		if v.Decision, err = p.room.Panel(r, v.Layout, s, "/search?next=1"); err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		p.panel = v.Decision
		if v.Message, err = p.room.Message(r, v.Layout); err != nil {
			p.Error(err)
		}
		p.page.Render(w, r, http.StatusOK, "panel", v)
	})).ServeHTTP(w, r)
	return w
}

// send sends a form with the session's token.
func (p *decider) send(target string, form url.Values, header ...string) *httptest.ResponseRecorder {
	form = maps.Clone(form)
	form.Set("csrf", p.form)
	r := httptest.NewRequest(http.MethodPost, "https://console.example"+target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept-Language", "zh")
	setHeader(r, header)
	r.AddCookie(&http.Cookie{Name: sessionCookie, Value: p.session})
	w := httptest.NewRecorder()
	p.site.protect(p.site.routes()).ServeHTTP(w, r)
	return w
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([a-z_]+)" value="([^"]*)">`)

// fill returns the hidden fields of the first form on a page that posts to the target and contains
// the text; fields replace or add to them.
func (p *decider) fill(body, target, has string, fields ...string) url.Values {
	p.Helper()
	for _, part := range strings.Split(body, "<form ")[1:] {
		part, _, _ = strings.Cut(part, "</form>")
		if !strings.HasPrefix(part, `method="post" action="`+target+`"`) || !strings.Contains(html.UnescapeString(part), has) {
			continue
		}
		form := url.Values{}
		for _, m := range hiddenField.FindAllStringSubmatch(part, -1) {
			form.Set(m[1], html.UnescapeString(m[2]))
		}
		for i := 0; i < len(fields); i += 2 {
			form.Set(fields[i], fields[i+1])
		}
		return form
	}
	p.Fatalf("there is no form to %s with %q: %s", target, has, body)
	return nil
}

// does sends a form and returns the act that the answer refers to.
func (p *decider) does(target string, form url.Values) int64 {
	p.Helper()
	w := p.send(target, form)
	u, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusSeeOther {
		p.Fatalf("%s %v: %d %s", target, form, w.Code, w.Body)
	}
	seq, err := strconv.ParseInt(u.Query().Get("done"), 10, 64)
	// Claims and notes lead back to the same page; an undo leads to what was undone.
	stays := target == "/claims" || form.Get("answer") == "note" || strings.HasSuffix(target, "/undo")
	if err != nil || (u.Path != "/search" || u.Query().Get("next") != "1") && (!stays || u.Path != "/panel") {
		p.Fatalf("%s leads to %s", target, u)
	}
	return seq
}

// decides answers with one of the buttons in a finding's panel.
func (p *decider) decides(subject, answer, words string) int64 {
	p.Helper()
	return p.does("/acts", p.fill(p.look(subject), "/acts", `value="`+answer+`"`, "answer", answer, "words", words))
}

func (b *bench) stands(id string) desk.View {
	b.Helper()
	s, _ := qianshao.ParseSubject(id)
	v, err := b.desk.Look(b.Context(), qianshao.Account{Name: "auditor", Role: qianshao.RoleAuditor, Sight: qianshao.SeeAll()}, s)
	if err != nil {
		b.Fatal(err)
	}
	return v
}

func lacks(t *testing.T, body string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(html.UnescapeString(body), part) {
			t.Errorf("the answer has %q: %s", part, body)
		}
	}
}

// TestDecideByForm: each kind of act is done with a form of the panel as the page shows it, and its
// result is shown with an undo.
func TestDecideByForm(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ann, subject := b.who("ann", qianshao.RoleAnalyst), "finding:"+b.mine
	contains(t, ann.look(subject), "尚未判定", "违法：是谁的内容？", "<kbd>y</kbd>", `data-key="p"`, "跳过")
	seq := ann.decides(subject, "crime/hacked", " 我的备注 11010519491231002X ")
	if v := b.stands(subject); v.Standing.Verdict != qianshao.VerdictCrime || v.Standing.Reason != qianshao.ReasonHacked || v.Standing.By != "ann" || v.Standing.Decided != seq {
		t.Fatalf("after the form: %+v", v.Standing)
	}
	body := ann.look(subject, fmt.Sprintf("done=%d", seq))
	contains(t, body, "已判为违法：被入侵站点", `<a href="/findings/`+b.mine+`?from=%2Fpanel`, "<bdi>新用户注册送彩金 · mine[.]example</bdi></a>", `role="status"`, `data-key="z"`, "我的备注", fmt.Sprintf("/acts/%d/undo", seq))
	lacks(t, body, "1231002X")
	undone := ann.does(fmt.Sprintf("/acts/%d/undo", seq), ann.fill(body, fmt.Sprintf("/acts/%d/undo", seq), "撤销", "next", "/search?next=1"))
	contains(t, ann.look(subject, fmt.Sprintf("done=%d", undone)), "已撤销“已判为违法：被入侵站点”", "尚未判定")
	for _, tt := range []struct {
		answer string
		want   string
	}{{"not_crime/homonym", "不违法：同音词或地名"}, {"unsure", "不确定"}, {"note", "已加备注"}} {
		seq := ann.decides(subject, tt.answer, "so")
		contains(t, ann.look(subject, fmt.Sprintf("done=%d", seq)), tt.want)
	}
	body = ann.look(subject)
	seq = ann.does("/acts", ann.fill(body, "/acts", `value="park"`, "until", "2026-12-24", "park_relapse", "1", "park_sites", "3", "words", "later"))
	parked := b.stands(subject)
	if want := time.Date(2026, 12, 24, 0, 0, 0, 0, b.site.opts.Zone); !parked.Standing.ParkedUntil.Equal(want) || !parked.Standing.ParkedRelapse || parked.Standing.ParkedContent || parked.Standing.ParkedSites == 0 {
		t.Errorf("parked: %+v", parked.Standing)
	}
	contains(t, ann.look(subject, fmt.Sprintf("done=%d", seq)), "已搁置", "到 2026-12-24，或复发，或再多 3 个站点")
	ann.does("/acts", ann.fill(ann.look(subject), "/acts", `value="park"`, "until", "2026-11-24"))
	midnight := time.Date(2026, 11, 23, 16, 0, 0, 0, time.UTC) // midnight in Shanghai
	for b.now.Before(midnight) {
		contains(t, ann.look(subject), "已搁置")
		*b.now = b.now.Add(time.Hour) // a session ends if it is idle for longer
	}
	contains(t, ann.look(subject), "搁置结束", "到了约定的日期")
	ann.does("/acts", ann.fill(ann.look(subject), "/acts", "分配给我"))
	contains(t, ann.look(subject), "负责人：", "取消分配")
	ann.does("/acts", ann.fill(ann.look(subject), "/acts", "取消分配"))
	if v := b.stands(subject); v.Standing.Assignee != "" {
		t.Errorf("unassigned: %+v", v.Standing)
	}
}

// TestClaimByForm: others see who has claimed a subject; a lead can take over; a claim that has
// expired does not lose what its owner types.
func TestClaimByForm(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	subject := "finding:" + b.mine
	ann, bob, lead := b.who("ann", qianshao.RoleAnalyst), b.who("bob", qianshao.RoleAnalyst), b.who("lead", qianshao.RoleLead)
	typing := ann.fill(ann.look(subject), "/acts", `value="note"`, "answer", "note", "words", "typed for long")
	claim := ann.fill(ann.look(subject), "/claims", "认领")
	ann.does("/claims", claim)
	contains(t, ann.look(subject), "您已认领，到 2026-11-23 20:10", "取消认领")
	contains(t, bob.look(subject), "<bdi>ann 已认领，到 2026-11-23 20:10")
	lacks(t, bob.look(subject), "由我接手")
	claim.Del("next") // as a script does
	if w := ann.send("/claims", claim); w.Code != http.StatusNoContent {
		t.Errorf("renewed by a script: %d", w.Code)
	}
	w := bob.send("/claims", claim)
	if w.Code != http.StatusConflict {
		t.Errorf("claimed twice: %d", w.Code)
	}
	contains(t, w.Body.String(), "另一人已认领", "<bdi>ann</bdi>")
	lacks(t, w.Body.String(), "由我接手")
	w = lead.send("/claims", claim)
	contains(t, w.Body.String(), "由我接手")
	lead.does("/claims", lead.fill(w.Body.String(), "/claims", "由我接手", "next", "/search?next=1"))
	if c := b.stands(subject).Claim; c.By != "lead" {
		t.Errorf("taken over: %+v", c)
	}
	if w := lead.send("/claims/release", lead.fill(lead.look(subject), "/claims/release", "取消认领")); w.Code != http.StatusSeeOther || b.stands(subject).Claim.By != "" {
		t.Errorf("released: %d", w.Code)
	}
	*b.now = b.now.Add(desk.ClaimTime + time.Minute)
	bob.does("/claims", bob.fill(bob.look(subject), "/claims", "认领"))
	ann.does("/acts", typing)
	contains(t, bob.look(subject), "typed for long")
}

// TestRefusalsAtTheirFields: a refusal by the desk is shown at its field, in both languages, with
// everything that was typed.
func TestRefusalsAtTheirFields(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	subject := "finding:" + b.mine
	ann := b.who("ann", qianshao.RoleAnalyst)
	panel := ann.look(subject)
	park := func(fields ...string) url.Values {
		return ann.fill(panel, "/acts", `value="park"`, append(fields, "words", "typed <b>words</b>")...)
	}
	answer := func(fields ...string) url.Values { return ann.fill(panel, "/acts", "answer", fields...) }
	for name, tt := range map[string]struct {
		form url.Values
		code string
		has  []string
	}{
		"a park that cannot end":     {park(), "park", []string{`id="park-until"`, `value="typed &lt;b&gt;words&lt;/b&gt;"`, "<details class=\"more\" open>"}},
		"a park until yesterday":     {park("until", "2026-11-22"), "park", []string{`value="2026-11-22" aria-invalid="true" aria-describedby="decision-mistake"`}},
		"a park until no day":        {park("until", "soon"), "park", []string{`value="soon" aria-invalid="true"`}},
		"a park of no number":        {park("until", "2026-12-24", "park_sites", "many"), "park", []string{`value="many" aria-invalid="true"`, `value="2026-12-24"`}},
		"a park of minus one":        {park("park_sites", "-1", "park_content", "1"), "park", []string{`value="-1" aria-invalid="true"`, `value="1" checked`}},
		"other without words":        {answer("answer", "not_crime/other", "words", "  "), "words", []string{`value="not_crime/other" data-key="5" class="chosen"`, `name="words" rows="2" maxlength="4000" aria-invalid="true"`}},
		"a note without words":       {answer("answer", "note"), "words", nil},
		"too many words":             {answer("answer", "note", "words", strings.Repeat("字", 4001)), "words", []string{strings.Repeat("字", 4001)}},
		"a crime without its reason": {answer("answer", "crime", "words", "kept"), "reason", []string{`<fieldset data-key="y" aria-describedby="decision-mistake">`, ">kept</textarea>"}},
		"no verdict":                 {answer("words", "kept"), "verdict", []string{">kept</textarea>"}},
		"a merge":                    {answer("kind", "merge", "words", "kept"), "kind", nil},
		"no basis":                   {answer("basis", "", "answer", "unsure", "words", "kept"), "form", []string{">kept</textarea>"}},
		"to review what is open":     {answer("kind", "review", "answer", "unsure", "words", "kept"), "undecided", []string{">kept</textarea>"}},
		"to somebody who is not":     {ann.fill(panel, "/acts", "分配给我", "assignee", "nobody"), "", nil},
	} {
		for lang, l := range map[string]locales.Lang{"zh": locales.Chinese, "en": locales.English} {
			w := ann.send("/acts", tt.form, "Accept-Language", lang)
			status, key := http.StatusUnprocessableEntity, "refusal."+tt.code
			if tt.code == "" {
				status, key = http.StatusForbidden, "refusal.forbidden"
			}
			if w.Code != status {
				t.Errorf("%s: %d", name, w.Code)
			}
			contains(t, w.Body.String(), append(tt.has, l.Text(key))...)
			if n := strings.Count(w.Body.String(), `id="decision-mistake" role="alert"`); n != 1 {
				t.Errorf("%s: the mistake is said %d times in the panel", name, n)
			}
		}
	}
	if v := b.stands(subject); len(v.Acts) != 0 {
		t.Errorf("refused, and yet done: %+v", v.Acts)
	}
	w := ann.send("/acts", answer("subject", "finding:"+b.theirs, "answer", "note", "words", "typed"))
	if w.Code != http.StatusNotFound {
		t.Errorf("what one does not see: %d", w.Code)
	}
	contains(t, w.Body.String(), "您无权查看", "typed")
	lacks(t, w.Body.String(), "theirs.example")
}

// TestRefusalsHaveWords: every code of a refusal has its text in both languages.
func TestRefusalsHaveWords(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("../desk/*.go")
	if err != nil {
		t.Fatal(err)
	}
	names = append(names, "decision/form.go")
	codes := map[string]bool{}
	for _, name := range names {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?:refuse\(|Refusal\{Code: )"([a-z_]+)"`).FindAllStringSubmatch(string(source), -1) {
			codes[m[1]] = true
		}
	}
	if len(codes) < 20 {
		t.Fatalf("found the codes %v", slices.Collect(maps.Keys(codes)))
	}
	for code := range codes {
		for _, l := range []locales.Lang{locales.Chinese, locales.English} {
			if decision.Refusal(l, &desk.Refusal{Code: code}) == code {
				t.Errorf("the refusal %q has no words in %s", code, l.Tag())
			}
			if text := decision.Refusal(l, &desk.Refusal{Code: "claims"}); !strings.Contains(text, strconv.Itoa(desk.MaxClaims)) {
				t.Errorf("the limit of claims is %d: %s", desk.MaxClaims, text)
			}
		}
	}
}

// TestConflictPage: somebody whose answer comes after another person's decision sees both answers
// side by side, with everything that they typed, and can accept, dispute or, as a lead, adjudicate.
func TestConflictPage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	subject := "finding:" + b.mine
	ann, bob, lead := b.who("ann", qianshao.RoleAnalyst), b.who("bob", qianshao.RoleAnalyst), b.who("lead", qianshao.RoleLead)
	const typed = `my <script>alert(1)</script> "note"`
	theirs := bob.fill(bob.look(subject), "/acts", "answer", "answer", "not_crime/lawful", "words", typed)
	leads := lead.fill(lead.look(subject), "/acts", "answer", "answer", "not_crime/awareness", "words", "lead's")
	first := ann.decides(subject, "crime/hacked", "ann's words")
	w := bob.send("/acts", theirs)
	if w.Code != http.StatusConflict {
		t.Fatalf("a second answer: %d", w.Code)
	}
	page := w.Body.String()
	contains(t, page, "违法：被入侵站点", "<bdi>ann</bdi>", "2026-11-23 20:00:00", "ann's words", "不违法：合法经营", "请组长裁定", "采纳现在的结论，继续", `href="/search?next=1"`)
	contains(t, page, `data-key="r"`, `data-key="w"`, `data-key="s"`, `data-key="o"`, `data-key="m"`, `<dt data-names="r"><kbd>r</kbd> </dt>`)
	if strings.Contains(page, "<script>alert") || strings.Count(page, html.EscapeString(typed)) != 2 {
		t.Errorf("what was typed: %s", page)
	}
	lacks(t, page, "裁定为我的结论")
	en := bob.send("/acts", theirs, "Accept-Language", "en").Body.String()
	contains(t, en, "The present verdict", "Crime: Hacked site", "Not a crime: Lawful trade", "Ask for adjudication", "Accept it and go on")
	w = lead.send("/acts", leads)
	contains(t, w.Body.String(), "裁定为我的结论", "lead's")
	lacks(t, w.Body.String(), "请组长裁定")
	// The note is kept although the verdict is accepted.
	bob.does("/acts", bob.fill(page, "/acts", "采纳现在的结论，保留我的备注", "answer", "note", "words", typed))
	dispute := bob.does("/acts", bob.fill(page, "/acts", "请组长裁定", "words", typed))
	v := b.stands(subject)
	if !v.Standing.Disputed() || v.Standing.Decided != first || v.Acts[len(v.Acts)-1].Seq != dispute || v.Acts[len(v.Acts)-2].Kind != qianshao.ActNote {
		t.Fatalf("disputed: %+v %+v", v.Standing, v.Acts)
	}
	panel := lead.look(subject)
	contains(t, panel, "有异议", "裁定：这是什么？", `<table class="both">`, "<small>ann's words</small>", "违法：被入侵站点", "不违法：合法经营")
	contains(t, bob.look(subject), "您已对这一判定给出意见", html.EscapeString(typed))
	lacks(t, bob.look(subject), `value="crime/hacked"`)
	lead.decides(subject, "not_crime/lawful", "")
	if v := b.stands(subject); v.Standing.By != "lead" || v.Standing.Verdict != qianshao.VerdictNotCrime || v.Standing.Disputed() {
		t.Errorf("adjudicated: %+v", v.Standing)
	}
	// Ann's undo comes too late, and she is told the current state.
	w = ann.send(fmt.Sprintf("/acts/%d/undo", first), url.Values{"subject": {subject}, "words": {"oh"}, "next": {"/search"}})
	if w.Code != http.StatusConflict {
		t.Errorf("what does not stand undone: %d", w.Code)
	}
	contains(t, w.Body.String(), "不再有效", "不违法：合法经营", "<bdi>lead</bdi>", "oh")
}

// TestConflictOfContent: somebody who decides on content that has changed in the meantime sees the
// current content and what they typed. If a verdict was undone, they can still give theirs.
func TestConflictOfContent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	subject := "finding:" + b.mine
	ann, bob := b.who("ann", qianshao.RoleAnalyst), b.who("bob", qianshao.RoleAnalyst)
	seq := ann.decides(subject, "crime/operator", "")
	again := bob.fill(bob.look(subject), "/acts", "answer", "kind", "decide", "answer", "unsure", "words", "kept words")
	ann.does(fmt.Sprintf("/acts/%d/undo", seq), url.Values{"next": {"/search?next=1"}})
	w := bob.send("/acts", again)
	contains(t, w.Body.String(), "您看到的结论已被撤销", "kept words", "仍按我的结论判定")
	bob.does("/acts", bob.fill(w.Body.String(), "/acts", "仍按我的结论判定", "words", "kept words"))
	form := ann.fill(ann.look(subject), "/acts", "answer", "answer", "not_crime/lawful", "words", "typed before")
	f := casino(casinoSource)
	f.Evidence[0].Text, f.Evidence[0].Term = "全新的<b>内容</b>", "全新的"
	b.save(t, qianshao.Page{URL: "http://mine.example/a", Authorisation: "mine", Body: []byte(casinoSource), FetchedAt: testNow.Add(-time.Hour)}, "t", casinoSource, f)
	contains(t, ann.look(subject), "内容已变")
	w = ann.send("/acts", form)
	if w.Code != http.StatusConflict {
		t.Fatalf("other content: %d", w.Code)
	}
	contains(t, w.Body.String(), "网页换了内容", "现在的证据", "<mark>全新的&lt;b&gt;内容&lt;/b&gt;</mark>", "typed before", "再看一遍", `href="/findings/`+b.mine)
	ann.does("/acts", ann.fill(w.Body.String(), "/acts", "仍按我的结论判定", "words", "typed before"))
	if v := b.stands(subject); v.Standing.By != "ann" || v.Stale {
		t.Errorf("decided again: %+v", v)
	}
}

// TestBlindPanel: somebody who is to review a decision without knowing it is told nothing about it,
// neither in the panel, its attributes or history, nor by a conflict, a refusal or a message.
func TestBlindPanel(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	f := casino(casinoSource)
	f.Level, f.Rule = qianshao.LevelCritical, "critical-rule"
	b.save(t, qianshao.Page{URL: "http://mine.example/b", Authorisation: "mine", Body: []byte(casinoSource)}, "t", casinoSource, f)
	id := qianshao.FindingID("http://mine.example/b", f.Rule)
	subject := "finding:" + id
	ann, bob, lead, auditor := b.who("ann", qianshao.RoleAnalyst), b.who("bob", qianshao.RoleAnalyst), b.who("lead", qianshao.RoleLead), b.who("auditor", qianshao.RoleAuditor)
	late := bob.fill(bob.look(subject), "/acts", "answer", "answer", "crime/operator", "words", "late words")
	seq := ann.decides(subject, "not_crime/awareness", "the secret words of ann")
	contains(t, ann.look(subject), "待复核", "不违法：防范宣传", "the secret words")
	contains(t, auditor.look(subject), "不违法：防范宣传", "the secret words")
	pages := map[string]string{"the panel": bob.look(subject), "the lead's": lead.look(subject), "another's message": bob.look(subject, fmt.Sprintf("done=%d", seq))}
	for _, p := range []*decider{bob, lead} { // whatever the template shows of it
		if s := p.panel.Standing; s.Verdict != "" || s.By != "" || s.Second != "" || len(p.panel.Acts)+len(p.panel.History)+len(p.panel.Answers) > 0 || !p.panel.Blind {
			t.Errorf("the panel has %+v", s)
		}
	}
	w := bob.send("/acts", late)
	if w.Code != http.StatusConflict {
		t.Errorf("a decision over one that waits: %d", w.Code)
	}
	contains(t, w.Body.String(), "对方的结论不显示", "late words", "以我的结论作为复核")
	pages["the conflict"] = w.Body.String()
	early := bob.fill(bob.look(subject), "/acts", "answer", "answer", "not_crime/other", "words", "")
	pages["the refusal"] = bob.send("/acts", early).Body.String()
	contains(t, pages["the refusal"], "独立复核", "等待复核")
	lead.send("/acts", lead.fill(pages["the lead's"], "/acts", "answer", "kind", "dispute", "answer", "unsure"))
	pages["a dispute"] = lead.send("/acts", lead.fill(pages["the lead's"], "/acts", "answer", "kind", "dispute", "answer", "unsure")).Body.String()
	for name, body := range pages {
		// The choices are the same for everybody; the page must not say what was chosen, by whom,
		// why and when.
		lacks(t, body, "secret words", "<bdi>ann<", "已判为", "不违法：防范宣传", fmt.Sprintf("/acts/%d/undo", seq), `value="not_crime/awareness" data-key="1" class="chosen"`, "2026-11-23T12:00:00Z")
		if t.Failed() {
			t.Fatalf("%s tells what it must not", name)
		}
	}
	review := bob.does("/acts", bob.fill(w.Body.String(), "/acts", "以我的结论作为复核", "words", "late words"))
	v := b.stands(subject)
	if a := v.Acts[len(v.Acts)-1]; a.Seq != review || a.Kind != qianshao.ActReview || v.Standing.Dissent != 1 {
		t.Errorf("reviewed: %+v", a)
	}
	contains(t, bob.look(subject, fmt.Sprintf("done=%d", review)), "复核为违法：站点自营", "the secret words of ann", "有异议")
	contains(t, lead.look(subject), "裁定：这是什么？", "late words")
}

// TestUndoByForm: for ten minutes no reason is needed, later it is. Undoing somebody else's act
// takes a lead and a reason. Messages show nobody else's acts.
func TestUndoByForm(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	subject := "finding:" + b.mine
	ann, bob, lead := b.who("ann", qianshao.RoleAnalyst), b.who("bob", qianshao.RoleAnalyst), b.who("lead", qianshao.RoleLead)
	seq := ann.decides(subject, "crime/user_post", "")
	done, target := fmt.Sprintf("done=%d", seq), fmt.Sprintf("/acts/%d/undo", seq)
	for _, other := range []*decider{bob, lead} {
		lacks(t, other.look(subject, done), `role="status"`)
	}
	lacks(t, ann.look(subject, "done=99")+ann.look(subject, "done=x")+ann.look(subject, "batch=7"), `role="status"`)
	lacks(t, bob.look(subject), target)
	contains(t, lead.look(subject), target, "更改结论：这是什么？", "撤销（需说明理由）")
	*b.now = b.now.Add(desk.UndoTime)
	contains(t, ann.look(subject, done), `role="status"`, `data-key="z"`)
	*b.now = b.now.Add(time.Minute)
	panel := ann.look(subject, done)
	lacks(t, panel, `role="status"`)
	contains(t, panel, "撤销（需说明理由）")
	w := ann.send(target, ann.fill(panel, target, "为什么撤销", "words", " "))
	if w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a late undo without a reason: %d", w.Code)
	}
	contains(t, w.Body.String(), locales.Chinese.Text("refusal.words"), `aria-invalid="true" aria-describedby="decision-mistake"`, "<details open><summary>撤销（需说明理由）")
	if w := bob.send(target, ann.fill(panel, target, "为什么撤销", "words", "mine")); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "您的角色不能这样做") {
		t.Errorf("another's act undone by an analyst: %d %s", w.Code, w.Body)
	}
	undone := ann.does(target, ann.fill(w.Body.String(), target, "为什么撤销", "words", "a mistake"))
	if v := b.stands(subject); v.Standing.Verdict != "" || v.Standing.Act != undone {
		t.Errorf("undone: %+v", v.Standing)
	}
	contains(t, ann.look(subject), "a mistake", fmt.Sprintf("已撤销第 %d 号操作", seq))
}

// TestPanelByRole: the panel has the forms that the account may use, and none if the account may
// not decide. If the account may not see the subject, there is no panel.
func TestPanelByRole(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	subject := "finding:" + b.mine
	for _, role := range qianshao.Roles() {
		p := b.who("r-"+strings.ReplaceAll(string(role), "_", "-"), role)
		body := p.look(subject)
		may := role.May(qianshao.PowerDecide)
		if strings.Contains(body, "<form method=\"post\" action=\"/acts\"") != may || strings.Contains(body, `action="/claims"`) != may {
			t.Errorf("%s: %s", role, body)
		}
		if strings.Contains(body, `<select id="assignee"`) != role.May(qianshao.PowerLead) {
			t.Errorf("%s assigns to others: %s", role, body)
		}
		if w := p.shown("finding:"+b.theirs, "zh"); w.Code != http.StatusNotFound {
			t.Errorf("%s sees %d %s", role, w.Code, w.Body)
		}
		contains(t, p.shown(subject, "en").Body.String(), "Not decided yet", `aria-labelledby="decision"`)
	}
	b.join(t, limited("elsewhere", qianshao.RoleAnalyst, "theirs"))
	b.join(t, limited("gone", qianshao.RoleAnalyst, "mine"))
	b.change(t, "gone", func(r *store.AccountRecord) { r.Disabled = true })
	lead := b.who("lead", qianshao.RoleLead)
	body := lead.look(subject)
	contains(t, body, `<option value="r-analyst">`)
	lacks(t, body, `<option value="elsewhere">`, `<option value="gone">`, `<option value="r-auditor">`)
	lead.does("/acts", lead.fill(body, "/acts", `<select id="assignee"`, "assignee", "r-analyst"))
	contains(t, lead.look(subject), "<bdi>r-analyst</bdi>", `<option value="r-analyst" selected>`)
	w := lead.send("/acts", lead.fill(body, "/acts", `<select id="assignee"`, "assignee", "elsewhere"))
	if w.Code != http.StatusUnprocessableEntity {
		t.Errorf("assigned to somebody who does not see it: %d", w.Code)
	}
	contains(t, w.Body.String(), `<select id="assignee" name="assignee" aria-invalid="true"`, locales.Chinese.Text("refusal.assignee"))
}

// TestHostileWords: what a colleague has written is shown as text everywhere.
func TestHostileWords(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	subject := "finding:" + b.mine
	ann := b.who("ann", qianshao.RoleAnalyst)
	for _, words := range []string{`</textarea><script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `{{.Form}}`, "javascript:alert(1)", "\u202Egnp.exe"} {
		ann.decides(subject, "note", words)
		w := ann.send("/acts", ann.fill(ann.look(subject), "/acts", `value="park"`, "until", words, "park_sites", words, "words", words))
		for _, body := range []string{ann.look(subject), w.Body.String()} {
			if strings.Contains(body, "<script>") || strings.Contains(body, "<img src=x") || !strings.Contains(html.UnescapeString(body), words) {
				t.Errorf("%q: %s", words, body)
			}
		}
	}
	for _, next := range []string{"https://evil.example/", "//evil.example", "javascript:alert(1)", `/\evil.example`} {
		w := ann.send("/acts", ann.fill(ann.look(subject), "/acts", "answer", "answer", "note", "words", next, "next", next, "here", next))
		if at := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.HasPrefix(at, "/?done=") {
			t.Errorf("%s leads to %s", next, at)
		}
	}
}

// TestSentTwice: a form that is sent twice is done once; with other words it is a new act.
func TestSentTwice(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	subject := "finding:" + b.mine
	ann := b.who("ann", qianshao.RoleAnalyst)
	form := ann.fill(ann.look(subject), "/acts", "answer", "answer", "crime/hacked", "words", "once")
	if first, second := ann.does("/acts", form), ann.does("/acts", form); first != second {
		t.Errorf("sent twice: %d, %d", first, second)
	}
	note := ann.fill(ann.look(subject), "/acts", "answer", "answer", "note", "words", "once")
	first := ann.does("/acts", note)
	note.Set("words", "other")
	if second := ann.does("/acts", note); first == second {
		t.Error("another note is lost")
	}
}

// TestCampaignPanel: a campaign can be claimed, assigned, parked and noted like a finding; its
// panel shows the policy and leads to the decision on all members.
func TestCampaignPanel(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chief := b.join(t, qianshao.Account{Name: "chief", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()})
	p := &decider{bench: b, person: chief}
	listed := decode[struct{ Campaigns []struct{ ID string } }](t, chief.ask("GET", "/api/v1/queue", "").Body.String())
	if len(listed.Campaigns) == 0 {
		t.Fatal("no campaigns")
	}
	subject := "campaign:" + listed.Campaigns[0].ID
	body := p.look(subject)
	contains(t, body, "新成员进入待办", "/campaigns/"+listed.Campaigns[0].ID+"#bulk", "判定全部成员", `name="park_relapse"`)
	lacks(t, body, `name="park_content"`, `value="crime/hacked"`)
	p.does("/claims", p.fill(body, "/claims", "认领"))
	p.does("/acts", p.fill(body, "/acts", `value="note"`, "answer", "note", "words", "of the campaign"))
	p.does("/acts", p.fill(body, "/acts", "分配给我"))
	p.does("/acts", p.fill(body, "/acts", `value="park"`, "park_relapse", "1"))
	s, _ := qianshao.ParseSubject(subject)
	if _, err := b.desk.Do(t.Context(), chief.account, desk.Draft{
		Subject: s, Kind: qianshao.ActPolicy, Basis: b.stands(subject).Standing.Act, Verdict: qianshao.VerdictCrime, Reason: qianshao.ReasonHacked, Detail: desk.Detail{Newcomers: desk.NewcomersDecided},
	}); err != nil {
		t.Fatal(err)
	}
	contains(t, p.look(subject), "of the campaign", "已搁置", "负责人：", "新成员一并判为违法：被入侵站点", "(<bdi>chief</bdi>)")
	w := p.send("/acts", p.fill(body, "/acts", `value="note"`, "kind", "decide", "answer", "crime/hacked"))
	contains(t, w.Body.String(), locales.Chinese.Text("refusal.subject"))
}

// TestBatchMessage: somebody who has begun a batch is shown its progress, with the undo, for as
// long as that needs no reason.
func TestBatchMessage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	subject := "finding:" + b.mine
	ann, bob := b.who("ann", qianshao.RoleAnalyst), b.who("bob", qianshao.RoleAnalyst)
	batch, err := b.desk.Freeze(t.Context(), ann.account, desk.Selection{Findings: []string{b.mine}})
	if err != nil {
		t.Fatal(err)
	}
	query := fmt.Sprintf("batch=%d", batch.ID)
	lacks(t, ann.look(subject, query), `role="status"`)
	if batch, err = b.desk.Begin(t.Context(), ann.account, batch.ID, desk.Order{Kind: qianshao.ActDecide, Verdict: qianshao.VerdictUnsure}, 1); err != nil {
		t.Fatal(err)
	}
	contains(t, ann.look(subject, query), "正在处理 1 条发现", fmt.Sprintf(`action="/batches/%d/undo"`, batch.ID))
	if err := b.desk.Run(t.Context(), batch.ID); err != nil {
		t.Fatal(err)
	}
	contains(t, ann.look(subject, query), "已处理 1 条发现", `name="next" value="/panel?at=x"`)
	lacks(t, bob.look(subject, query), `role="status"`)
	*b.now = b.now.Add(desk.UndoTime + time.Minute)
	lacks(t, ann.look(subject, query), `role="status"`)
}

// TestConflictOfPark: a park that comes after somebody's decision is refused, and can be requested
// again with all its conditions.
func TestConflictOfPark(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	subject := "finding:" + b.mine
	ann, bob := b.who("ann", qianshao.RoleAnalyst), b.who("bob", qianshao.RoleAnalyst)
	park := bob.fill(bob.look(subject), "/acts", `value="park"`, "until", "2026-12-24", "park_content", "1", "park_sites", "2", "words", "wait")
	ann.decides(subject, "unsure", "")
	w := bob.send("/acts", park)
	if w.Code != http.StatusConflict || b.stands(subject).Standing.Parked != 0 {
		t.Fatalf("a park on what was decided: %d", w.Code)
	}
	contains(t, w.Body.String(), "已搁置：到 2026-12-24，或内容变化，或再多 2 个站点", "不确定", "仍然搁置")
	bob.does("/acts", bob.fill(w.Body.String(), "/acts", "仍然搁置", "words", "wait"))
	if s := b.stands(subject).Standing; s.Parked == 0 || !s.ParkedContent || s.ParkedSites == 0 || s.ParkedUntil.IsZero() || s.ParkedRelapse {
		t.Errorf("parked: %+v", s)
	}
}
