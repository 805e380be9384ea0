package browsertest

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

// story is a day at the console.
type story struct {
	*outpost
	t       *testing.T
	browser chromium
	script  string // axe-core
	setting setting
	// boss is the administrator, li and wang are analysts, zhao is a lead, shen an auditor.
	boss, li, wang, zhao, shen *tab
}

// setting is how the people of a story see the console.
type setting struct {
	lang string
	size size
	dark bool
}

// told has, by language, the pages' texts about the acts of a story.
var told = map[string]struct {
	crime, notCrime string
	acts            []string
}{
	"zh": {"违法", "不违法", []string{"判定", "撤销", "提出异议", "复核", "裁定", "认领", "导出"}},
	"en": {"Crime", "Not a crime", []string{"Decided", "Undone", "Disputed", "Reviewed", "Adjudicated", "Claimed", "Exported"}},
}

// TestStory goes through a day: the first administrator, the queue by keys, claims, a conflict, a
// campaign of 150 pages decided as one and undone, a second review that disagrees, an adjudication,
// a saved view, exports, and the trail of all of this. It does so in Chinese on a desktop by day,
// and in English on a phone at night.
func TestStory(t *testing.T) {
	browser := newBrowser(t)
	script := axe(t)
	for _, in := range []setting{{"zh", desktop, false}, {"en", phone, true}} {
		t.Run(in.lang, func(t *testing.T) {
			t.Parallel()
			s := &story{outpost: newOutpost(t, outpostOptions{web: casinos().with(singles(t))}), t: t, browser: browser, script: script, setting: in}
			s.administrator()
			s.people()
			s.keys()
			s.claim()
			s.conflict()
			s.campaign()
			s.secondReview()
			s.view()
			s.exports()
			s.trail()
		})
	}
}

// look takes pictures of a screen, and checks it with axe-core by day and at night.
func (s *story) look(b *tab, name string) {
	s.t.Helper()
	b.audit()
	b.accessible(s.script, setting{size: s.setting.size}, setting{size: s.setting.size, dark: true})
	b.pictures("story-" + name + "-" + s.setting.lang)
	b.window(s.setting.size, s.setting.dark)
}

// administrator makes the first account by the link that the server prints, leaves, and signs in.
func (s *story) administrator() {
	b := newTab(s.t, s.browser, s.base, "boss")
	s.boss = b
	b.window(s.setting.size, s.setting.dark)
	b.open(s.link(s.t, store.LinkFirst, "") + "&lang=" + s.setting.lang)
	s.look(b, "01-first")
	b.fill("#name", "boss")
	b.fill("#password", password)
	b.fill("#again", password)
	b.submit("main form button")
	b.wait(leaves)
	b.submit(leaves)
	b.fill("#name", "boss")
	b.fill("#password", password)
	s.look(b, "02-login")
	b.submit("main form button")
	if path, _, _ := strings.Cut(b.path(), "?"); path != "/" {
		b.fatal("whoever logs in is at %s, not at the queue", b.path())
	}
	s.look(b, "03-queue")
}

// people makes the other accounts.
func (s *story) people() {
	for _, p := range []struct {
		tab  **tab
		name string
		role qianshao.Role
	}{
		{&s.li, "li", qianshao.RoleAnalyst}, {&s.wang, "wang", qianshao.RoleAnalyst},
		{&s.zhao, "zhao", qianshao.RoleLead}, {&s.shen, "shen", qianshao.RoleAuditor},
	} {
		*p.tab = s.visitor(s.t, s.browser, p.name, p.role)
		(*p.tab).open("/?lang=" + s.setting.lang)
		(*p.tab).window(s.setting.size, s.setting.dark)
	}
	s.share(0)
}

// share sets the share of second reviews.
func (s *story) share(share float64) {
	s.t.Helper()
	if err := s.Folder.Accounts.SetSecondReviewShare(s.t.Context(), "boss", share); err != nil {
		s.t.Fatal(err)
	}
}

// subject is the subject in the panel of a tab.
func (b *tab) subject() string { return b.value(panel + ` form[action="/acts"] input[name="subject"]`) }

// other waits until the panel shows another subject.
func (b *tab) other(subject string) string {
	b.t.Helper()
	b.waitFor("another subject than "+subject, fmt.Sprintf(`(e => e && e.value !== %s)(document.querySelector(%s))`,
		quote(subject), quote(panel+` form[action="/acts"] input[name="subject"]`)))
	return b.subject()
}

// standing returns the standing of a subject.
func (s *story) standing(subject string) desk.Standing {
	s.t.Helper()
	return s.stateOf(s.t, subject).Standing
}

// until waits until a condition holds.
func (s *story) until(what string, holds func() bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// stands checks the verdict on a subject; "" means none.
func (s *story) stands(subject string, verdict qianshao.Verdict, reason qianshao.Reason) {
	s.t.Helper()
	if got := s.standing(subject); got.Verdict != verdict || got.Reason != reason {
		s.t.Errorf("%s stands as %q, %q; want %q, %q", subject, got.Verdict, got.Reason, verdict, reason)
	}
}

// step does what a key does; on a phone, by touching the button with that key.
func (s *story) step(b *tab, key string) {
	s.t.Helper()
	if s.setting.size.phone {
		b.click(`[data-key="` + key + `"]`)
	} else {
		b.press(key)
	}
}

// answer chooses a verdict with its reason in the panel: with keys or, on a phone, with the button.
func (s *story) answer(b *tab, answer string, keys ...string) {
	s.t.Helper()
	if s.setting.size.phone {
		b.click(panel + ` button[name="answer"][value="` + answer + `"]`)
	} else {
		b.press(keys...)
	}
}

// keys works through the queue without a mouse: j, y with a reason, z, n with a reason.
func (s *story) keys() {
	b := s.li
	b.open("/")
	if s.setting.size.phone {
		s.look(b, "03-list")
		b.click(".waiting a")
	}
	b.wait(panel)
	first := b.subject()
	s.step(b, "j")
	second := b.other(first)
	if !s.setting.size.phone {
		b.press("?")
		b.wait("#keys")
		s.look(b, "04-keys")
		b.press(kb.Escape)
	}
	s.answer(b, "crime/hacked", "y", "1")
	b.other(second)
	s.stands(second, qianshao.VerdictCrime, qianshao.ReasonHacked)
	b.wait(undo)
	s.look(b, "05-decided")
	s.step(b, "z")
	b.waitFor("the undo", `!document.querySelector('`+undo+`')`)
	s.stands(second, "", "")
	b.open("/?at=" + url.QueryEscape(second))
	b.wait(panel)
	s.answer(b, "not_crime/awareness", "n", "1")
	b.other(second)
	s.stands(second, qianshao.VerdictNotCrime, qianshao.ReasonAwareness)
	b.check()
}

// claim: the others see who has opened a subject.
func (s *story) claim() {
	id := s.findingOf(s.t, single("drugs")).ID
	s.li.open("/findings/" + id)
	s.until("li's claim", func() bool { // the script claims a subject when it is opened
		return s.stateOf(s.t, "finding:"+id).Claim.By == "li"
	})
	s.wang.open("/findings/" + id)
	s.wang.waitFor("the claim", fmt.Sprintf(`document.querySelector(%s).innerText.includes("li")`, quote(panel)))
	if s.wang.has(`form[action="/claims/release"]`) {
		s.t.Error("wang may release li's claim")
	}
	s.look(s.wang, "06-claimed")
}

// conflict: two people decide on the same finding. The second one sees both answers, keeps the note
// already typed, and asks for adjudication. The lead adjudicates.
func (s *story) conflict() {
	said := told[s.setting.lang]
	id := s.findingOf(s.t, single("weapons")).ID
	subject := "finding:" + id
	s.wang.open("/findings/" + id)
	s.wang.fill(panel+` textarea[name="words"]`, "a pharmacy with a licence")
	s.li.open("/findings/" + id)
	s.li.leave(func() { s.answer(s.li, "crime/operator", "y", "3") })
	s.stands(subject, qianshao.VerdictCrime, qianshao.ReasonOperator)
	s.wang.expect(http.StatusConflict)
	s.wang.submit(panel + ` button[name="answer"][value="not_crime/lawful"]`)
	for section, words := range map[string][]string{"theirs": {said.crime, "li"}, "yours": {said.notCrime, "a pharmacy with a licence"}} {
		for _, want := range words {
			if text := s.wang.text(`section[aria-labelledby="` + section + `"]`); !strings.Contains(text, want) {
				s.t.Errorf("%s of the conflict says %q, without %q", section, text, want)
			}
		}
	}
	s.stands(subject, qianshao.VerdictCrime, qianshao.ReasonOperator)
	s.look(s.wang, "07-conflict")
	s.wang.submit(`form:has(input[name="kind"][value="dispute"]) button`)
	s.wang.expect()
	if got := s.standing(subject); got.Dissent != 1 {
		s.t.Errorf("after the dispute: %+v", got)
	}
	s.adjudicate(id, "crime/operator", "08-disputed")
}

// adjudicate makes the lead decide which answer holds.
func (s *story) adjudicate(id, answer, name string) {
	s.t.Helper()
	s.zhao.open("/findings/" + id)
	s.zhao.wait(panel + ` input[name="kind"][value="adjudicate"] ~ *`)
	for _, who := range []string{"li", "wang"} {
		if said := s.zhao.text(panel); !strings.Contains(said, who) {
			s.t.Errorf("the lead does not see what %s said: %q", who, said)
		}
	}
	s.look(s.zhao, name)
	s.zhao.submit(panel + ` button[name="answer"][value="` + answer + `"]`)
	verdict, reason, _ := strings.Cut(answer, "/")
	s.stands("finding:"+id, qianshao.Verdict(verdict), qianshao.Reason(reason))
	if got := s.standing("finding:" + id); got.Dissent != 0 {
		s.t.Errorf("after the adjudication: %+v", got)
	}
}

// finished is true on the page of a batch that is no longer being worked on.
const finished = `document.readyState === "complete" && !document.querySelector('meta[http-equiv="refresh"]')`

// campaign decides 150 pages as one, after their preview, and undoes it.
func (s *story) campaign() {
	findings := s.casinoFindings(s.t)
	id := s.campaignOf(s.t, findings[0])
	b := s.li
	b.open("/campaigns/" + id)
	s.look(b, "09-campaign")
	b.submit(`form[action="/batches"] button`)
	b.says(fmt.Sprint(len(findings)))
	s.look(b, "10-preview")
	b.choose("verdict", "crime")
	b.choose("reason", "operator")
	b.fill(`input[name="confirm"]`, fmt.Sprint(len(findings)-1))
	b.expect(http.StatusUnprocessableEntity, http.StatusConflict)
	b.submit(`form[action*="/begin"] button:not([type="button"])`)
	b.wait(`form[action*="/begin"]`) // nothing happens while the number is wrong
	s.stands("finding:"+findings[0], "", "")
	b.expect()
	b.choose("verdict", "crime")
	b.choose("reason", "operator")
	b.fill(`input[name="confirm"]`, fmt.Sprint(len(findings)))
	b.submit(`form[action*="/begin"] button:not([type="button"])`)
	b.waitFor("the end of the batch", finished) // the page reloads while the batch is worked on
	b.wait(undoBatch)
	s.look(b, "11-batch")
	for _, f := range findings {
		s.stands("finding:"+f, qianshao.VerdictCrime, qianshao.ReasonOperator)
	}
	b.submit(undoBatch)
	b.waitFor("the end of undoing", finished+` && !document.querySelector('`+undoBatch+`')`)
	s.look(b, "12-undone")
	for _, f := range findings {
		s.stands("finding:"+f, "", "")
	}
	b.open("/batches")
	s.look(b, "13-batches")
}

// secondReview: another person decides again, without knowing the first answer, and disagrees.
func (s *story) secondReview() {
	s.share(1)
	id := s.findingOf(s.t, single("prostitution")).ID
	subject := "finding:" + id
	s.li.open("/findings/" + id)
	s.li.leave(func() { s.answer(s.li, "crime/operator", "y", "3") })
	s.stands(subject, qianshao.VerdictCrime, qianshao.ReasonOperator)
	s.wang.open("/?list=review&at=" + url.QueryEscape(subject))
	s.wang.wait(panel + ` input[name="kind"][value="review"] ~ *`)
	if who, ok := js[bool](s.wang, `[...document.querySelectorAll('`+panel+` bdi')].some(e => e.textContent === "li")`); !ok || who {
		s.t.Errorf("the reviewer sees who gave the first answer: %q", s.wang.text(panel))
	}
	s.look(s.wang, "14-review")
	s.answer(s.wang, "not_crime/lawful", "n", "2")
	s.until("the review", func() bool { return s.standing(subject).Reviews == 1 })
	if got := s.standing(subject); got.Reviews != 1 || got.Dissent != 1 {
		s.t.Errorf("after the review: %+v", got)
	}
	s.adjudicate(id, "not_crime/lawful", "15-dissent")
	s.share(0)
}

// view saves the queue's filters as a view, and opens it again.
func (s *story) view() {
	b := s.li
	b.open("/?q=" + url.QueryEscape("category:gambling"))
	name := "赌博，待办"
	const form = `form[action="/views"]`
	if open, _ := js[bool](b, `document.querySelector('`+form+`').closest("details").open = true`); !open {
		b.fatal("there is nowhere to save the view")
	}
	b.fill(form+` input[name="name"]`, name)
	b.click(form + ` button`)
	link := fmt.Sprintf(`[...document.querySelectorAll("a")].find(a => a.textContent.includes(%s))`, quote(name))
	b.waitFor("the saved view", link)
	s.look(b, "16-view")
	b.open("/")
	if href, _ := js[string](b, link+`?.getAttribute("href") ?? ""`); !strings.Contains(href, url.QueryEscape("category:gambling")) {
		s.t.Errorf("the saved view leads to %q", href)
	}
}

// exports exports a finding, a campaign and a query in every format.
func (s *story) exports() {
	campaign := s.campaignOf(s.t, s.casinoFindings(s.t)[0])
	id := s.findingOf(s.t, single("weapons")).ID
	s.zhao.open("/account")
	c := s.zhao.client()
	for _, what := range []url.Values{{"finding": {id}}, {"campaign": {campaign}}, {"q": {"category:gambling"}}} {
		for format, right := range map[string]func([]byte) error{
			"csv": func(body []byte) error {
				rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff")))).ReadAll()
				if err == nil && len(rows) < 2 {
					err = fmt.Errorf("%d rows", len(rows))
				}
				return err
			},
			"jsonl": func(body []byte) error {
				line, _, _ := bytes.Cut(body, []byte("\n"))
				return json.Unmarshal(line, &map[string]any{})
			},
			"md": func(body []byte) error {
				if !bytes.Contains(body, []byte("# ")) {
					return fmt.Errorf("no heading in %.200s", body)
				}
				return nil
			},
			"zip": func(body []byte) error {
				_, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
				return err
			},
		} {
			form := url.Values{"format": {format}}
			for name, values := range what {
				form[name] = values
			}
			status, header, body := c.ask(http.MethodPost, "/export", form)
			if status != http.StatusOK || !strings.HasPrefix(header.Get("Content-Disposition"), "attachment") {
				s.t.Errorf("export of %v as %s: %d %q %.300s", what, format, status, header, body)
			} else if err := right(body); err != nil {
				s.t.Errorf("export of %v as %s: %v", what, format, err)
			}
		}
	}
}

// trail: the auditor reads the whole trail, and its chain is intact.
func (s *story) trail() {
	b := s.shen
	b.open("/trail")
	s.look(b, "17-trail")
	acts := ""
	for { // to its last page
		acts += b.text("main")
		if !b.has(`main a[rel="next"]`) {
			break
		}
		b.submit(`main a[rel="next"]`)
	}
	for _, want := range append([]string{"li", "wang", "zhao", "boss"}, told[s.setting.lang].acts...) {
		if !strings.Contains(strings.ToLower(acts), strings.ToLower(want)) {
			s.t.Errorf("the trail does not say %q", want)
		}
	}
	b.open("/trail?by=wang")
	if said := b.text("main table"); strings.Contains(said, "zhao") || !strings.Contains(said, "wang") {
		s.t.Errorf("the trail of wang says %q", said)
	}
	v, err := s.Folder.Review.Verify(s.t.Context(), desk.Head{}, func(problem locales.Speaker) { s.t.Error(problem) })
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Logf("the trail holds: %+v", v)
}
