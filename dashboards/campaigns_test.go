package dashboards

import (
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

	"github.com/PuerkitoBio/goquery"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/campaigns"
)

// blockText is long enough to group the findings that have it by their block.
const blockText = "澳门赌场上线啦新用户开户即送彩金八十八元首存再送百分之百客服二十四小时在线提款三分钟到账"

// saveBlock stores a page with a finding that has the text as its block; it is not indexed.
func (o *outpost) saveBlock(t *testing.T, address, authorisation, text string, indicators ...qianshao.Indicator) string {
	t.Helper()
	return o.saveBlockOf(t, casino(casinoSource), address, authorisation, text, indicators...)
}

// saveBlockOf does the same with a given finding.
func (o *outpost) saveBlockOf(t *testing.T, f qianshao.Finding, address, authorisation, text string, indicators ...qianshao.Indicator) string {
	t.Helper()
	f.Evidence[0].Text, f.Evidence[0].Steps, f.Evidence[0].Before, f.Evidence[0].After = "注册送", nil, "点此", text
	f.Indicators = indicators
	f.URL, f.Authorisation = address, authorisation
	f.ID, f.Seen = qianshao.FindingID(address, f.Rule), desk.Seen(f.Evidence, fold.String)
	_, err := o.store.SavePage(t.Context(), store.Save{
		Page:       qianshao.Page{URL: address, Authorisation: authorisation, Status: http.StatusOK, Body: []byte(casinoSource), FetchedAt: testNow.Add(-2 * time.Hour)},
		Document:   &qianshao.Document{Charset: "utf-8", Source: casinoSource},
		Assessment: qianshao.Assessment{Category: f.Category, Level: f.Level, Score: f.Score, Findings: []qianshao.Finding{f}, Categories: []qianshao.Category{f.Category}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return f.ID
}

// withCampaigns gives the outpost a desk, and a handler that has it.
func (o *outpost) withCampaigns(t *testing.T) *desk.Desk {
	t.Helper()
	d := o.withDesk(t)
	var err error
	if o.handler, err = New(o.options); err != nil {
		t.Fatal(err)
	}
	return d
}

func (o *outpost) campaignOf(t *testing.T, finding string) string {
	t.Helper()
	of, err := o.options.Campaigns.Of(t.Context(), finding)
	if err != nil || len(of) == 0 {
		t.Fatalf("the finding is in no campaign: %v", err)
	}
	return of[0].ID
}

// send sends a form and expects a redirect; it returns where to.
func (o *outpost) send(t *testing.T, v visitor, target string, form url.Values) string {
	t.Helper()
	w := o.as(v, "POST", target, form)
	if w.Code != http.StatusSeeOther {
		t.Fatalf("POST %s: %d %s", target, w.Code, mainOf(t, w))
	}
	return w.Header().Get("Location")
}

// refused sends a form and expects it to be refused with the status, on a page that has the words
// in the language.
func (o *outpost) refused(t *testing.T, v visitor, target, lang string, form url.Values, status int, words string) *goquery.Document {
	t.Helper()
	w := o.as(v, "POST", target+"?lang="+lang, form)
	if w.Code != status || !strings.Contains(mainOf(t, w), words) {
		t.Errorf("POST %s in %s: %d, want %d and %q; %s", target, lang, w.Code, status, words, mainOf(t, w))
	}
	return document(t, w)
}

func document(t *testing.T, w *httptest.ResponseRecorder) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(w.Body.String()))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

var blanks = regexp.MustCompile(`\s+`)

// mainOf is the main text of a page.
func mainOf(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	return blanks.ReplaceAllString(document(t, w).Find("main").Text(), " ")
}

// page returns a page's main text and its document.
func (o *outpost) page(t *testing.T, v visitor, target string) (string, *goquery.Document) {
	t.Helper()
	w := o.as(v, "GET", target, nil)
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d %s", target, w.Code, w.Body)
	}
	return mainOf(t, w), document(t, w)
}

func wantText(t *testing.T, where, text string, want ...string) {
	t.Helper()
	for _, words := range want {
		if !strings.Contains(text, words) {
			t.Errorf("%s lacks %q: %s", where, words, text)
		}
	}
}

// withCampaign sets up a campaign of n pages on ten sites under two authorisations, and returns its
// id and findings.
func withCampaign(t *testing.T, n int) (o *outpost, now *time.Time, d *desk.Desk, id string, findings []string) {
	t.Helper()
	now = new(time.Time)
	*now = testNow
	o = newOutpost(t, func(opts *Options) {
		opts.Now = func() time.Time { return *now }
	})
	for i := range n {
		site, under := i%10, "mine"
		if site >= 5 {
			under = "theirs"
		}
		findings = append(findings, o.saveBlock(t, fmt.Sprintf("http://www.%s-%d.example/p/%d", under, site, i), under, fmt.Sprint(blockText, " 邀请码 ", 1000+i)))
	}
	d = o.withCampaigns(t)
	return o, now, d, o.campaignOf(t, findings[0]), findings
}

// TestCampaignDecidedAsOne: 150 pages are decided after a preview, confirmed by typing their
// number. Members that have changed in the meantime are passed over and listed. Then the batch is
// undone.
func TestCampaignDecidedAsOne(t *testing.T) {
	t.Parallel()
	o, now, d, id, findings := withCampaign(t, 150)
	ann := o.newVisitor(t, qianshao.Account{Name: "ann", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()})
	bob := qianshao.Account{Name: "bob", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()}
	other := o.newVisitor(t, bob)

	text, doc := o.page(t, ann, "/campaigns/"+id+"?lang=en")
	wantText(t, "the campaign", text, "Members150", "Sites10", "Undecided150", "Freeze and preview all 150", blockText)
	if doc.Find("form[action$=merge], form[action$=policy], button[formaction]").Length() != 0 {
		t.Error("an analyst is offered what leads do")
	}
	at := o.send(t, ann, "/batches", url.Values{"campaign": {id}})
	text, doc = o.page(t, ann, at+"?lang=en")
	wantText(t, "the preview", text, "150 findings frozen", "SHA-256", "www[.]mine-0[.]example 15", "High 150", "Already decided0", "Type the number 150")
	if n := doc.Find(".preview h3:contains('Drawn at random') + ol > li").Length(); n != desk.PreviewExamples {
		t.Errorf("%d examples are drawn", n)
	}
	if doc.Find("meta[http-equiv=refresh]").Length() != 0 {
		t.Error("a page on which nothing happens refreshes itself")
	}
	order := url.Values{"kind": {"decide"}, "verdict": {"crime"}, "reason": {"hacked"}, "words": {"群发的博彩页"}}
	for lang, words := range map[string]string{"zh": "这批共 150 条发现", "en": "these are 150 findings"} {
		for _, typed := range []string{"", "149", "all"} {
			order.Set("confirm", typed)
			doc := o.refused(t, ann, at+"/begin", lang, order, http.StatusUnprocessableEntity, words)
			if doc.Find("#words").Text() != "群发的博彩页" || doc.Find("#verdict-crime[checked]").Length() != 1 || doc.Find("[name=confirm]").AttrOr("value", "") != typed {
				t.Error("what was typed is lost")
			}
			if href := doc.Find(".langs a").First().AttrOr("href", ""); !strings.HasPrefix(href, at+"?lang=") {
				t.Errorf("the other language is at %q", href)
			}
		}
	}
	order.Set("confirm", "150")
	order.Set("reason", "lawful")
	o.refused(t, ann, at+"/begin", "en", order, http.StatusUnprocessableEntity, "reason")

	// In the meantime somebody decides one member, and another shows something else.
	f, err := o.store.Finding(t.Context(), findings[7])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Do(t.Context(), bob, desk.Draft{
		Subject: qianshao.Subject{Kind: qianshao.SubjectFinding, ID: findings[7]}, Kind: qianshao.ActDecide, Seen: f.Seen, Verdict: qianshao.VerdictNotCrime, Reason: qianshao.ReasonLawful,
	}); err != nil {
		t.Fatal(err)
	}
	o.saveBlock(t, "http://www.mine-3.example/p/3", "mine", "这里换成了另外一段完全不同的文字介绍一家正规的彩票店")

	order.Set("reason", "hacked")
	order.Set("confirm", "１５０ ") // in full-width digits, as Chinese keyboards write them
	if to := o.send(t, ann, at+"/begin", order); to != at {
		t.Errorf("confirmed, it leads to %q", to)
	}
	text, doc = o.page(t, ann, at+"?lang=en")
	wantText(t, "while it runs", text, "In progress", "0 / 150")
	if doc.Find("meta[http-equiv=refresh]").Length() != 1 {
		t.Error("the page of what runs does not refresh itself")
	}
	number, err := strconv.ParseInt(strings.TrimPrefix(at, "/batches/"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	run := func() {
		t.Helper()
		if err := d.Run(t.Context(), number); err != nil {
			t.Fatal(err)
		}
	}
	run()
	text, doc = o.page(t, ann, at+"?lang=en")
	wantText(t, "the result", text, "Done148", "Skipped: somebody has acted on it since1", "Skipped: its content has changed since1")
	for _, passed := range []string{findings[7], findings[3]} {
		if doc.Find(`#passed a[href^="/findings/`+passed+`?"]`).Length() != 1 {
			t.Errorf("%s, which was passed over, is not listed", passed)
		}
	}
	order.Set("verdict", "unsure")
	order.Del("reason")
	o.refused(t, ann, at+"/begin", "en", order, http.StatusUnprocessableEntity, "make a new one")
	if text, _ := o.page(t, ann, "/campaigns/"+id+"?lang=en"); !strings.Contains(text, "In review148") {
		t.Errorf("more than fifty decisions do not wait for a second review: %s", text)
	}
	if _, doc := o.page(t, ann, "/campaigns/"+id); doc.Find(`.events a[href="`+at+`"]`).Length() != 1 {
		t.Error("the campaign's page does not lead to its batch")
	}
	if _, doc := o.page(t, other, "/campaigns/"+id); doc.Find(`.events a[href^="/batches/"]`).Length() != 0 {
		t.Error("another's batch is listed for an analyst, who cannot read it")
	}
	// All members can be read, page by page.
	listed := map[string]bool{}
	for next := at + "?all=1"; next != ""; {
		_, doc := o.page(t, ann, next)
		doc.Find("#passed tbody th a").Each(func(_ int, a *goquery.Selection) { listed[a.AttrOr("href", "")] = true })
		next = doc.Find("#passed a[rel=next]").AttrOr("href", "")
	}
	if len(listed) != 150 {
		t.Errorf("%d of 150 members are listed", len(listed))
	}
	// Members that were decided anew since then keep that decision when the batch is undone.
	account := qianshao.Account{Name: "ann", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()}
	subject := qianshao.Subject{Kind: qianshao.SubjectFinding, ID: findings[9]}
	view, err := d.Look(t.Context(), account, subject)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Do(t.Context(), account, desk.Draft{Subject: subject, Kind: qianshao.ActDecide, Basis: view.Standing.Act, Seen: view.Seen, Verdict: qianshao.VerdictUnsure}); err != nil {
		t.Fatal(err)
	}
	// After the time limit, the undo needs a reason.
	*now = now.Add(desk.UndoTime + time.Minute)
	doc = o.refused(t, ann, at+"/undo", "en", url.Values{}, http.StatusUnprocessableEntity, "Undo")
	if doc.Find("form.undo .bad").Length() != 1 || doc.Find("form.undo [name=words][required]").Length() != 1 {
		t.Error("it does not say that a reason is needed")
	}
	o.send(t, ann, at+"/undo", url.Values{"words": {"看错了"}})
	run()
	text, _ = o.page(t, ann, at+"?lang=zh")
	wantText(t, "undone", text, "已撤销147", "保留：其间有人判定过1", "撤销人 ann：看错了")
	if text, _ := o.page(t, ann, "/campaigns/"+id+"?lang=en"); !strings.Contains(text, "Undecided") || strings.Contains(text, "In review148") {
		t.Errorf("after the undo: %s", text)
	}
}

// TestCampaignReviewedAsOne: what one account has decided as a batch, another reviews as a batch,
// without being told the first answer. The account that decided is not offered the review.
func TestCampaignReviewedAsOne(t *testing.T) {
	t.Parallel()
	o, _, d, id, _ := withCampaign(t, 51)
	ann := o.newVisitor(t, qianshao.Account{Name: "ann", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()})
	bob := o.newVisitor(t, qianshao.Account{Name: "bob", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()})
	run := func(n int64) {
		t.Helper()
		if err := d.Run(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	const button = "#review button[name=review]"
	if _, doc := o.page(t, bob, "/campaigns/"+id); doc.Find(button).Length() != 0 {
		t.Error("what nobody has decided is offered for a second review")
	}
	first := o.send(t, ann, "/batches", url.Values{"campaign": {id}})
	o.send(t, ann, first+"/begin", url.Values{"kind": {"decide"}, "verdict": {"not_crime"}, "reason": {"homonym"}, "words": {"地名而已"}, "confirm": {"51"}})
	run(1)
	if _, doc := o.page(t, ann, "/campaigns/"+id); doc.Find(button).Length() != 0 {
		t.Error("who has decided is offered to review it")
	}
	form := url.Values{"campaign": {id}, "review": {"1"}}
	o.refused(t, ann, "/batches", "en", form, http.StatusUnprocessableEntity, "No member waits for your review")
	if _, doc := o.page(t, bob, "/?list=review"); doc.Find(`.stands a[href="/campaigns/`+id+`#review"]`).Length() != 1 {
		t.Error("the list of what waits for a second review does not lead to reviewing the campaign as one")
	}
	if _, doc := o.page(t, bob, "/campaigns/"+id); doc.Find(button).Length() != 1 {
		t.Error("another person is not offered to review the campaign as one")
	}
	at := o.send(t, bob, "/batches", form)
	text, doc := o.page(t, bob, at+"?lang=en&all=1")
	wantText(t, "the preview", text, "51 findings", "members of a campaign that wait for your review", "The first answers are not shown", "Type the number 51")
	if doc.Find("[name=kind][value=review]").Length() != 1 || doc.Find("[name=kind]").Length() != 1 || doc.Find("[name=again], [name=until]").Length() != 0 || doc.Find("[name=verdict]").Length() != 3 {
		t.Error("the form offers something else than the verdicts of a review")
	}
	if strings.Contains(text, "ann") || strings.Contains(text, "地名而已") || strings.Contains(text, "Already decided") || doc.Find("[name=verdict][checked], [name=reason] [selected]").Length() != 0 {
		t.Errorf("the first answer is told before the second: %s", text)
	}
	o.send(t, bob, at+"/begin", url.Values{"kind": {"review"}, "verdict": {"crime"}, "reason": {"hacked"}, "confirm": {"51"}})
	run(2)
	text, _ = o.page(t, bob, at+"?lang=en")
	wantText(t, "reviewed", text, "Done51", "Second review · ", "others will review the members")
	if list, err := d.Trail(t.Context(), qianshao.Account{Name: "amy", Role: qianshao.RoleAuditor, Sight: qianshao.SeeAll()}, desk.ActsQuery{Kind: qianshao.ActReview, By: "bob", Limit: 100}); err != nil || len(list) != 51 {
		t.Errorf("%d members have an act of the review, %v", len(list), err)
	}
	o.send(t, bob, at+"/undo", url.Values{})
	run(2)
	text, _ = o.page(t, bob, at+"?lang=en")
	wantText(t, "undone", text, "Undone51")
	if _, doc := o.page(t, bob, "/campaigns/"+id); doc.Find(button).Length() != 0 {
		t.Error("who was told the first answers is offered to review again")
	}
}

// TestCampaignMergeSplit: a lead merges two campaigns that share a handle and splits them again.
// Somebody whose page is out of date is told so, and loses nothing.
func TestCampaignMergeSplit(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, nil)
	contact := qianshao.Indicator{Kind: qianshao.IndicatorQQ, Value: "88886666"}
	var ids []string
	for i := range 3 {
		ids = append(ids, o.saveBlock(t, fmt.Sprintf("http://one-%d.example/", i), "mine", blockText, contact))
	}
	for i := range 2 {
		ids = append(ids, o.saveBlock(t, fmt.Sprintf("http://two-%d.example/", i), "mine", "代开增值税专用发票正规可查先开后付全国各地均可办理量大优惠欢迎来电咨询长期有效", contact))
	}
	o.withCampaigns(t)
	one, two := o.campaignOf(t, ids[0]), o.campaignOf(t, ids[4])
	lead := o.newVisitor(t, qianshao.Account{Name: "leo", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()})
	ann := o.newVisitor(t, qianshao.Account{Name: "ann", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()})

	text, doc := o.page(t, lead, "/campaigns/"+one+"?lang=en")
	wantText(t, "the campaign", text, "QQ 88886666", "Destinations and handles", "2 findings have it in common")
	if doc.Find(`input[name=campaigns][value="`+two+`"]`).Length() != 1 {
		t.Fatalf("the campaign with the same handle is not offered: %s", text)
	}
	if w := o.as(ann, "POST", "/campaigns/"+one+"/merge", url.Values{"basis": {"0"}, "campaigns": {two}}); w.Code != http.StatusForbidden {
		t.Errorf("an analyst merges: %d", w.Code)
	}
	merge := "/campaigns/" + one + "/merge"
	for lang, words := range map[string]string{"zh": "没有这样的团伙", "en": "There is no such campaign"} {
		doc := o.refused(t, lead, merge, lang, url.Values{"basis": {"0"}, "other": {"nothing"}, "words": {"同一伙"}}, http.StatusUnprocessableEntity, words)
		if doc.Find("#other").AttrOr("value", "") != "nothing" || doc.Find("#merge-words").AttrOr("value", "") != "同一伙" {
			t.Error("what was typed is lost")
		}
	}
	o.refused(t, lead, merge, "en", url.Values{"basis": {"0"}}, http.StatusUnprocessableEntity, "Merge")
	at := o.send(t, lead, merge, url.Values{"basis": {"0"}, "other": {"https://console.example/campaigns/" + two + "?lang=en"}, "words": {"同一伙"}})
	if !strings.HasPrefix(at, "/campaigns/"+one+"?done=") {
		t.Errorf("a merge leads to %q", at)
	}
	for _, former := range []string{one, two} { // one of the two is the current id
		w := o.as(lead, "GET", "/campaigns/"+former+"?site=two-0.example", nil)
		if today := o.campaignOf(t, ids[0]); former != today && (w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/campaigns/"+today+"?site=two-0.example") {
			t.Errorf("the former id leads to %d %q", w.Code, w.Header().Get("Location"))
		}
	}
	today := o.campaignOf(t, ids[0])
	text, _ = o.page(t, lead, "/campaigns/"+today+"?lang=en")
	wantText(t, "the merged campaign", text, "Members5", "1 campaign merged into it", "Former ids")

	// The split is refused if its page was loaded before the policy was set.
	_, merged, _ := strings.Cut(at, "?done=")
	policy := url.Values{"basis": {merged}, "newcomers": {"decided"}, "verdict": {"crime"}, "reason": {"operator"}, "words": {"新来的一样处理"}}
	if today != one {
		policy.Set("basis", "0") // the merge was an act on the other campaign
	}
	wrong := url.Values{"basis": policy["basis"], "newcomers": {"decided"}, "verdict": {"crime"}}
	doc = o.refused(t, lead, "/campaigns/"+today+"/policy", "en", wrong, http.StatusUnprocessableEntity, "Newcomers")
	if doc.Find("#decided[checked], #policy-crime[checked]").Length() != 2 || doc.Find("#policy .bad").Length() != 1 {
		t.Error("a policy without a reason: what was chosen is lost, or nothing says what is wrong")
	}
	o.send(t, lead, "/campaigns/"+today+"/policy", policy)
	split := url.Values{"basis": policy["basis"], "finding": {ids[4]}, "words": {"不是一伙"}}
	for lang, words := range map[string]string{"zh": "有人对这个团伙做了操作", "en": "Somebody has acted on the campaign"} {
		doc := o.refused(t, lead, "/campaigns/"+today+"/split", lang, split, http.StatusConflict, words)
		if doc.Find(`input[name=finding][value="`+ids[4]+`"][checked]`).Length() != 1 || doc.Find("#split-words").AttrOr("value", "") != "不是一伙" {
			t.Error("after a conflict, what was ticked and typed is lost")
		}
		split.Set("basis", "") // without a basis the split is refused, too
	}
	_, doc = o.page(t, lead, "/campaigns/"+today)
	split.Set("basis", doc.Find("#members [name=basis]").AttrOr("value", ""))
	at = o.send(t, lead, "/campaigns/"+today+"/split", split)
	if o.campaignOf(t, ids[4]) == today {
		t.Error("what was split off is still a member")
	}
	_, doc = o.page(t, lead, at)
	undo := doc.Find(".done[role=status] form").AttrOr("action", "")
	if !strings.HasPrefix(undo, "/acts/") {
		t.Fatalf("the message after the split has no undo: %s", doc.Find("main").Text())
	}
	o.send(t, lead, undo, url.Values{"next": {"/campaigns/" + today}})
	if o.campaignOf(t, ids[4]) != today {
		t.Error("after the undo of the split it is no member")
	}
}

// TestCampaignSight: a limited account sees only its own members and their numbers, on the page and
// in a batch made from it.
func TestCampaignSight(t *testing.T) {
	t.Parallel()
	o, _, d, id, findings := withCampaign(t, 20)
	me := o.newVisitor(t, limited("me", qianshao.RoleLead, "mine"))
	nobody := o.newVisitor(t, limited("nobody", qianshao.RoleLead, "none"))
	theirs := findings[5]
	hides := func(where, text string) {
		t.Helper()
		if strings.Contains(text, "theirs") || slices.ContainsFunc(findings, func(f string) bool {
			return strings.Contains(text, f) && slices.Index(findings, f)%10 >= 5
		}) {
			t.Errorf("%s tells of others' findings: %s", where, text)
		}
	}
	for _, target := range []string{"", "?site=theirs-5.example", "?with=" + theirs} {
		w := o.as(me, "GET", "/campaigns/"+id+target, nil)
		body := strings.ReplaceAll(w.Body.String(), theirs, "") // the address contains it
		hides(target, strings.NewReplacer("theirs-5.example", "", "theirs-5[.]example", "").Replace(body))
	}
	text, doc := o.page(t, me, "/campaigns/"+id+"?lang=en&site=www.mine-2.example")
	wantText(t, "a limited lead's page", text, "Members10", "Sites5", "Undecided10")
	if n := doc.Find("#members tbody tr").Length(); n != 2 {
		t.Errorf("%d members on one site, want 2", n)
	}
	if _, doc := o.page(t, me, "/campaigns/"+id+"?with="+theirs); doc.Find(`a[href^="/findings/`+theirs+`?"], #difference`).Length() != 0 {
		t.Error("another's finding is compared")
	}
	at := o.send(t, me, "/batches", url.Values{"campaign": {id}})
	text, _ = o.page(t, me, at+"?lang=en")
	wantText(t, "the batch", text, "10 findings", "mine-0[.]example 2")
	hides("the batch", text)
	for target, v := range map[string]visitor{"/campaigns/" + id: nobody, at: nobody} {
		if w := o.as(v, "GET", target, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s for who sees no member: %d", target, w.Code)
		}
	}
	// A lead with a limited sight cannot merge, split or set a policy for members that others see.
	o.refused(t, me, "/campaigns/"+id+"/split", "en", url.Values{"basis": {"0"}, "finding": {findings[0]}}, http.StatusForbidden, "members that you may not see")
	o.refused(t, nobody, "/batches", "zh", url.Values{"campaign": {id}}, http.StatusUnprocessableEntity, "没有这样的团伙或发现")
	o.refused(t, me, "/batches", "en", url.Values{"finding": {theirs}}, http.StatusUnprocessableEntity, "no such campaign or finding, or none that you may see")
	if b, err := d.Batch(t.Context(), limited("me", qianshao.RoleLead, "mine"), 1); err != nil || b.Members != 10 {
		t.Errorf("the batch has %d members, %v", b.Members, err)
	}
}

// TestCampaignHostile: whatever crawled pages say is shown as text, and every form of the pages has
// its token.
func TestCampaignHostile(t *testing.T) {
	t.Parallel()
	const payload = `"><script>alert(1)</script><img src=x onerror=alert(2)>javascript:alert(3)` + "\u202e\u200b{{.}}"
	o := newOutpost(t, nil)
	var ids []string
	for i := range 3 {
		ids = append(ids, o.saveBlock(t, fmt.Sprintf("http://h-%d.example/", i), "mine", fmt.Sprint(payload, blockText, strings.Repeat(" 送", i*20)),
			qianshao.Indicator{Kind: qianshao.IndicatorQQ, Value: payload}))
	}
	o.withCampaigns(t)
	lead := o.newVisitor(t, qianshao.Account{Name: "leo", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()})
	id := o.campaignOf(t, ids[0])
	at := o.send(t, lead, "/batches", url.Values{"finding": ids})
	targets := []string{"/campaigns/" + id, at, "/batches", "/campaigns/" + id + "?with=" + url.QueryEscape(payload) + "&site=" + url.QueryEscape(payload) + "&after=" + url.QueryEscape("1."+payload)}
	keys, err := o.options.Campaigns.Of(t.Context(), ids[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		targets = append(targets, "/campaigns/"+k.ID)
	}
	for _, target := range targets {
		_, doc := o.page(t, lead, target)
		if n := doc.Find("main script, main img, main [style], main [onerror]").Length(); n != 0 {
			t.Errorf("%s: %d elements that the page has made", target, n)
		}
		doc.Find("main a").Each(func(_ int, a *goquery.Selection) {
			if href := a.AttrOr("href", ""); !strings.HasPrefix(href, "/") && !strings.HasPrefix(href, "#") {
				t.Errorf("%s leads to %q", target, href)
			}
		})
		doc.Find("form[method=post]").Each(func(_ int, f *goquery.Selection) {
			if f.Find("[name=csrf]").AttrOr("value", "") == "" {
				t.Errorf("%s has a form without its token, to %q", target, f.AttrOr("action", ""))
			}
		})
		if text := doc.Find("main").Text(); strings.ContainsAny(text, "\u202e\u200b") {
			t.Errorf("%s has characters that cannot be seen", target)
		}
	}
	if w := o.as(lead, "GET", "/campaigns/"+id+"?after=nonsense", nil); w.Code != http.StatusSeeOther {
		t.Errorf("a cursor that no page had: %d", w.Code)
	}
}

// TestBatchesPage: batches can be made of a query and of ticked findings. An account lists its own;
// an auditor of the whole trail lists all of them, without the answers that are still secret.
func TestBatchesPage(t *testing.T) {
	t.Parallel()
	o, _, d, id, findings := withCampaign(t, 51)
	o.options.ExportFolder = t.TempDir()
	o.withCampaigns(t)
	for _, f := range findings[:2] {
		stored, err := o.store.Finding(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		o.indexPage(t, stored.URL)
	}
	ann := o.newVisitor(t, qianshao.Account{Name: "ann", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()})
	bob := o.newVisitor(t, qianshao.Account{Name: "bob", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()})
	lead := o.newVisitor(t, qianshao.Account{Name: "leo", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()})
	auditor := o.newVisitor(t, qianshao.Account{Name: "amy", Role: qianshao.RoleAuditor, Sight: qianshao.SeeAll()})
	all := o.send(t, ann, "/batches", url.Values{"campaign": {id}})
	o.send(t, ann, all+"/begin", url.Values{"kind": {"decide"}, "verdict": {"not_crime"}, "reason": {"homonym"}, "words": {"地名而已"}, "confirm": {"51"}})
	if err := d.Run(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for field, of := range map[string][2]string{"campaign": {"/campaigns/" + id, id}, "batch": {all, "1"}} {
		if _, doc := o.page(t, ann, of[0]); doc.Find(`form[action="/export"] [name=`+field+`]`).AttrOr("value", "") != of[1] {
			t.Errorf("%s is not handed out", of[0])
		}
	}
	for who, action := range map[*visitor]string{&bob: "/batches", &auditor: "/export"} { // auditors cannot decide, but they can export what is ticked
		_, doc := o.page(t, *who, "/campaigns/"+id)
		form := doc.Find("#members form")
		if form.AttrOr("action", "") != action || form.Find("[name=finding]").Length() != 50 || form.Find(`button[formaction="/export"][name=format]`).Length() != 4 {
			t.Errorf("the members that are ticked are not handed out: %s", form.Text())
		}
	}
	query := o.send(t, bob, "/batches", url.Values{"query": {"category:gambling"}})
	text, _ := o.page(t, bob, query+"?lang=en")
	wantText(t, "a batch of a query", text, "2 findings", "query category:gambling", "Already decided2", "Also the 2 that have a verdict already")
	few := o.send(t, bob, "/batches", url.Values{"finding": findings[:3]})
	if _, doc := o.page(t, bob, few); doc.Find("[name=confirm]").Length() != 0 {
		t.Error("three findings are confirmed by their number")
	}
	o.refused(t, bob, "/batches", "zh", url.Values{"query": {"category:"}}, http.StatusUnprocessableEntity, "没有冻结")
	o.refused(t, bob, "/batches", "en", url.Values{}, http.StatusUnprocessableEntity, "Tick some first")
	o.refused(t, bob, few+"/begin", "en", url.Values{"kind": {"park"}}, http.StatusUnprocessableEntity, "Park")
	o.refused(t, bob, few+"/begin", "en", url.Values{"kind": {"park"}, "until": {"tomorrow"}}, http.StatusUnprocessableEntity, "Park")
	o.send(t, bob, few+"/begin", url.Values{"kind": {"park"}, "until": {"2026-12-24"}, "verdict": {"crime"}, "again": {"1"}})

	for _, tc := range []struct {
		who   visitor
		batch []string
	}{{ann, []string{all}}, {bob, []string{few, query}}, {lead, []string{few, query, all}}, {auditor, []string{few, query, all}}} {
		text, doc := o.page(t, tc.who, "/batches")
		var listed []string
		doc.Find("tbody th a").Each(func(_ int, a *goquery.Selection) { listed = append(listed, a.AttrOr("href", "")) })
		if !slices.Equal(listed, tc.batch) {
			t.Errorf("%s lists %v, want %v", tc.who.name, listed, tc.batch)
		}
		tells := tc.who.name == "ann" || tc.who.name == "amy"
		if strings.Contains(text, "复核之前不显示") == tells && tc.who.name != "bob" {
			t.Errorf("the list of %s: %s", tc.who.name, text)
		}
		w := o.as(tc.who, "GET", all, nil)
		if tc.who.name == "bob" {
			if w.Code != http.StatusNotFound {
				t.Errorf("another's batch: %d", w.Code)
			}
			continue
		}
		if body := w.Body.String(); strings.Contains(body, "地名而已") != tells || strings.Contains(body, "复核之前不显示") == tells {
			t.Errorf("%s reads of the batch: %s", tc.who.name, mainOf(t, w))
		}
	}
}

// TestPolicyIsBlind: while a finding that a policy has decided is waiting for a second review,
// accounts that could give it are not told what the policy says, neither on the campaign's page,
// nor in the trail, nor by the API. Its author and auditors are.
func TestPolicyIsBlind(t *testing.T) {
	t.Parallel()
	o, _, _, _ := twoOwners(t)
	member := func(host string) string {
		f := casino(casinoSource)
		f.Level, f.Score = qianshao.LevelCritical, 95
		return o.saveBlockOf(t, f, "http://"+host+"/", "mine", blockText)
	}
	first := member("one.example")
	member("two.example")
	o.withCampaigns(t)
	see := func(name string, role qianshao.Role) visitor {
		return o.newVisitor(t, qianshao.Account{Name: name, Role: role, Sight: qianshao.SeeAll()})
	}
	author, reviewer, auditor := see("author", qianshao.RoleLead), see("reviewer", qianshao.RoleLead), see("auditor", qianshao.RoleAuditor)
	of := o.campaignOf(t, first)
	o.send(t, author, "/campaigns/"+of+"/policy", url.Values{"basis": {"0"}, "newcomers": {"decided"}, "verdict": {"not_crime"}, "reason": {"lawful"}, "words": {"持证经营"}})
	told := func(v visitor, where string) string {
		t.Helper()
		w := o.as(v, "GET", where, nil)
		if w.Code != http.StatusOK {
			t.Fatalf("GET %s: %d %s", where, w.Code, w.Body)
		}
		if strings.HasPrefix(where, "/api/") {
			return w.Body.String()
		}
		doc := document(t, w)
		doc.Find("form").Remove() // forms contain every answer as a choice
		return doc.Find("main").Text()
	}
	check := func(when string, v visitor, who string, want bool) {
		t.Helper()
		for _, where := range []string{"/campaigns/" + of, "/trail?kind=policy", "/api/v1/campaigns/" + of, "/api/v1/acts?kind=policy"} {
			text := told(v, where)
			got := strings.Contains(text, "合法经营") || strings.Contains(text, "lawful") || strings.Contains(text, "不是犯罪") || strings.Contains(text, "持证经营") || strings.Contains(text, "not_crime")
			if got != want {
				t.Errorf("%s, %s of %s tells the policy's answer: %v, want %v", when, where, who, got, want)
			}
		}
	}
	check("before a newcomer", reviewer, "the reviewer", true)
	newcomer := member("three.example")
	for more := 1; more > 0; {
		var err error
		if more, err = o.options.Campaigns.(*campaigns.Campaigns).GroupPending(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if o.campaignOf(t, newcomer) != of {
		t.Fatal("the newcomer is in another campaign")
	}
	check("while it waits", reviewer, "the reviewer", false)
	check("while it waits", author, "the author", true)
	check("while it waits", auditor, "the auditor", true)
	if text := told(reviewer, "/campaigns/"+of); !strings.Contains(text, "在复核之前不公开") {
		t.Errorf("nothing says that it is kept: %s", text)
	}
	_, doc := o.page(t, reviewer, "/findings/"+newcomer)
	form := url.Values{"kind": {"review"}, "verdict": {"not_crime"}, "reason": {"lawful"}}
	for _, name := range []string{"subject", "basis", "seen", "key"} {
		form.Set(name, doc.Find("form.answer input[name="+name+"]").AttrOr("value", ""))
	}
	o.send(t, reviewer, "/acts", form)
	check("after the review", reviewer, "the reviewer", true)
}
