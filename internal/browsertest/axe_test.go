package browsertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/store"
)

// axeFolder names the folder into which .ci/run has installed npm's axe-core.
const axeFolder = "QIANSHAO_AXE"

// samples are addresses at which each page shows as much as possible, by the path of its route.
func (o *outpost) samples(t *testing.T, account qianshao.Account) map[string][]string {
	t.Helper()
	member, single := o.findingOf(t, "casino0.example"), o.findingOf(t, single("drugs"))
	campaign := o.campaignOf(t, member.ID)
	batch, err := o.Desk.Freeze(t.Context(), account, desk.Selection{Campaign: campaign, Findings: o.casinoFindings(t)})
	if err != nil {
		t.Fatal(err)
	}
	told := o.toldOf(t, account.Name)
	return map[string][]string{
		"/{$}": {"/", "/?list=mine", "/?list=all", "/?q=level:", "/?q=" + url.QueryEscape("category:gambling 赌场"), "/?at=finding:" + single.ID},
		"/search": {
			"/search", "/search?q=" + url.QueryEscape("赌场"), "/search?q=nothing-is-so-called", "/search?q=level:", "/search?q=" + url.QueryEscape(member.URL), "/search?q=http://drugs.example/none",
		},
		"/findings/{id}":            {"/findings/" + member.ID, "/findings/" + single.ID, "/findings/none"},
		"/campaigns/{id}":           {"/campaigns/" + campaign, "/campaigns/none"},
		"/batches":                  {"/batches"},
		"/batches/{id}":             {fmt.Sprintf("/batches/%d", batch.ID), "/batches/999"},
		"/sites":                    {"/sites"},
		"/sites/{host}":             {"/sites/casino0.example", "/sites/none.example"},
		"/authorisations":           {"/authorisations"},
		"/authorisations/-/new":     {"/authorisations/-/new"},
		"/authorisations/{id}":      {"/authorisations/casino0.example", "/authorisations/none"},
		"/authorisations/{id}/edit": {"/authorisations/casino0.example/edit"},
		"/unmonitored":              {"/unmonitored"},
		"/statistics":               {"/statistics", "/statistics?period=month&of=" + time.Now().Format(time.DateOnly), "/statistics?of=never"},
		"/submissions":              {"/submissions"},
		"/admin":                    {"/admin"},
		"/admin/accounts/{name}":    {"/admin/accounts/" + account.Name, "/admin/accounts/none"},
		"/admin/settings":           {"/admin/settings"},
		"/notices":                  {"/notices"},
		"/notices/alerts/new":       {"/notices/alerts/new"},
		"/notices/alerts/{id}":      {"/notices/alerts/" + told.alert, "/notices/alerts/none"},
		"/notices/reports":          {"/notices/reports"},
		"/notices/reports/new":      {"/notices/reports/new"},
		"/notices/reports/{id}":     {"/notices/reports/" + told.schedule},
		"/notices/deliveries":       {"/notices/deliveries", "/notices/deliveries?state=pending"},
		"/notices/channels":         {"/notices/channels"},
		"/notices/channels/new":     {"/notices/channels/new?kind=dingtalk", "/notices/channels/new?kind=mail"},
		"/notices/channels/{id}":    {"/notices/channels/" + told.channel},
		"/trail":                    {"/trail", "/trail?from=yesterday"},
		"/help":                     {"/help"},
		"/account":                  {"/account"},
		"/login":                    {"/login"},
		"/enter":                    {"/enter?key=none"},
	}
}

// toldIDs are the ids of an account's channel, alert and schedule.
type toldIDs struct{ channel, alert, schedule string }

// toldOf sets up a channel, an alert and a schedule for an account, with a delivery in each state.
// Nothing is sent.
func (o *outpost) toldOf(t *testing.T, account string) toldIDs {
	t.Helper()
	ctx, by, s, ids := t.Context(), store.Signed{By: account, At: time.Now()}, o.Folder.Store, toldIDs{"channel-" + account, "alert-" + account, "report-" + account}
	view, err := s.SaveView(ctx, store.SavedView{ID: "view-" + account, Name: "赌博", Owner: account, Query: "category:gambling", Changed: by.At})
	errs := []error{
		err,
		s.PutChannel(ctx, by, notify.Channel{ID: ids.channel, Name: "值班群 " + account, Kind: notify.DingTalk, Address: "https://oapi.dingtalk.com/robot/send?access_token=x", Secret: "SECx", Language: "zh", Disabled: true}),
		s.PutAlert(ctx, by, notify.Alert{ID: ids.alert, Name: "夜班", Account: account, View: view.ID, Channel: ids.channel, Events: notify.Events(), Every: time.Hour, Hourly: 4, Quiet: notify.Quiet{From: 22 * 60, To: 7 * 60}}),
		s.PutSchedule(ctx, by, notify.Schedule{ID: ids.schedule, Account: account, Channel: ids.channel, Period: notify.Week, Hour: 8}),
	}
	for i, state := range notify.States() {
		errs = append(errs, s.LogDelivery(ctx, notify.Delivery{
			Key: fmt.Sprintf("msg_%s_%d", account, i), Alert: ids.alert, Channel: ids.channel, State: state, Created: by.At, Since: by.At, Next: by.At.AddDate(1, 0, 0), Settled: by.At, Attempts: i, Findings: 3 * i, Problem: "HTTP 503",
		}))
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return ids
}

// answers are forms with an answer that is a page of its own.
func (o *outpost) answers(t *testing.T) []answer {
	t.Helper()
	weapons := o.findingOf(t, single("weapons")).ID
	subject, campaign := "finding:"+weapons, o.campaignOf(t, weapons)
	return []answer{
		{"refused", "/acts", map[string]string{"subject": subject, "kind": "park", "words": "later", "basis": "0", "next": "/"}},
		{"conflict", "/acts", map[string]string{"subject": subject, "kind": "decide", "words": "sure", "basis": "77", "verdict": "crime", "reason": "hacked", "next": "/"}},
		{"password", "/account/password", map[string]string{"password": "x", "again": "y"}},
		{"token", "/account/tokens", map[string]string{"label": "x", "days": "-1"}},
		{"report", "/submissions", map[string]string{"url": "nowhere"}},
		{"login", "/login", map[string]string{"name": "nobody", "password": "x"}},
		{"authorisation", "/authorisations/-/new", map[string]string{"id": "x", "hosts": "*"}},
		{"mistakes", "/authorisations/-/new/import", map[string]string{"name": "x.csv", "text": "id,owner\nx,=1+1\n"}},
		{"preview", "/authorisations/-/new/import", map[string]string{"name": "x.csv", "text": hostileCSV("new", []string{"某学校"})}},
		{"merge", "/campaigns/" + campaign + "/merge", map[string]string{"other": "none", "words": "x"}},
		{"view", "/views", map[string]string{"name": "", "q": "level:", "next": "/"}},
		{"share", "/admin/settings", map[string]string{"setting": "second_review_share", "value": "x"}},
		{"account", "/admin/accounts", map[string]string{"name": "a b", "role": "x"}},
		{"selection", "/batches", map[string]string{"query": "level:"}},
		{"channel", "/notices/channels/new?kind=mail", map[string]string{"name": "", "server": "x:y", "to": "nobody"}},
		{"alert", "/notices/alerts/new", map[string]string{"name": "", "every": "0", "from": "22:00"}},
		{"schedule", "/notices/reports/new", map[string]string{"period": "day"}},
		{"export", "/export", map[string]string{"q": "level:", "format": "csv"}},
	}
}

// answer is a form, and the name of the page that answers it.
type answer struct {
	name, path string
	values     map[string]string
}

// everywhere are all settings in which a page is checked.
var everywhere = []setting{{size: desktop}, {size: phone}, {size: desktop, dark: true}, {size: phone, dark: true}}

// TestAccessible checks every page with axe-core, in both languages, on a desktop and on a phone,
// and in both colour schemes: the dark one in Chinese only, since colours do not depend on the
// language.
func TestAccessible(t *testing.T) {
	browser := newBrowser(t)
	script := axe(t)
	o := newOutpost(t, outpostOptions{web: casinos().with(singles(t))})
	boss := o.visitor(t, browser, "boss", qianshao.RoleAdministrator)
	boss.open("/account")
	c := boss.client()
	for path, form := range map[string]url.Values{ // so that the pages have something to show
		"/submissions":    {"url": {"http://drugs.example/0.html"}},
		"/account/tokens": {"label": {"x"}, "scope": {"read"}, "days": {"1"}},
		"/views":          {"name": {"x"}, "q": {"category:gambling"}, "next": {"/"}},
	} {
		if c.write(path, form) == 0 {
			t.Errorf("%s was refused", path)
		}
	}
	targets := o.samples(t, qianshao.Account{Name: "boss", Role: qianshao.RoleAdministrator, Sight: qianshao.SeeAll()})
	patterns, answers := apptest.PagePatterns(t, "../../dashboards"), o.answers(t)
	for _, pattern := range patterns {
		if len(targets[pattern]) == 0 {
			t.Errorf("the page %q has no sample: add one, so that it is looked at", pattern)
		}
	}
	for lang, looks := range map[string][]setting{"zh": everywhere, "en": everywhere[:2]} {
		b := o.enter(t, browser, "boss")
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			b.expect(400, 401, 403, 404, 409, 410, 422)
			looked := 0
			look := func(name string) {
				b.accessible(script, looks...)
				b.pictures(name + "-" + lang)
				looked++
			}
			for _, pattern := range patterns {
				for n, target := range targets[pattern] {
					b.open(withLang(target, lang))
					look(pictureName(pattern, n))
				}
			}
			for _, a := range answers {
				b.open("/account?lang=" + lang)
				b.send(a.path, a.values)
				look("answer-" + a.name)
			}
			t.Logf("%d pages in %d looks", looked, len(looks))
		})
	}
}

func withLang(target, lang string) string {
	if strings.Contains(target, "?") {
		return target + "&lang=" + lang
	}
	return target + "?lang=" + lang
}

func pictureName(pattern string, n int) string {
	name := strings.Trim(strings.NewReplacer("/", "-", "{", "", "}", "", "$", "home").Replace(pattern), "-")
	return fmt.Sprintf("%s-%d", name, n)
}

// axe returns axe-core's source.
func axe(t *testing.T) string {
	t.Helper()
	folder := os.Getenv(axeFolder)
	if folder == "" {
		t.Skip("skipped: no axe-core; set " + axeFolder + " to a folder with node_modules/axe-core, as .ci/run does")
	}
	script, err := os.ReadFile(filepath.Join(folder, "node_modules/axe-core/axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(script)
}

// violation is a fault that axe-core finds in a page.
type violation struct {
	ID, Help, Impact string
	Nodes            []struct{ HTML, FailureSummary string }
}

// accessible runs axe-core over the page that the tab shows, in each of the settings. It runs in an
// isolated world, to which the page's policy does not apply.
func (b *tab) accessible(script string, looks ...setting) {
	b.t.Helper()
	told := map[string]bool{}
	for _, look := range looks {
		b.window(look.size, look.dark)
		rules := allRules
		if look.dark {
			rules = colourRule
		}
		for _, v := range b.violations(script, rules) {
			for _, node := range v.Nodes {
				if told[v.ID+node.HTML] {
					continue
				}
				told[v.ID+node.HTML] = true
				b.t.Errorf("%s at %s, dark %t: %s (%s): %s\n\t%.400s\n\t%s", b.path(), look.size.name, look.dark, v.ID, v.Impact, v.Help, node.HTML, strings.ReplaceAll(node.FailureSummary, "\n", " "))
			}
		}
	}
	b.window(desktop, false)
}

// axeRun runs the rules of WCAG 2.2 AA and best practices, or only some of them.
const axeRun = `axe.run(document, {preload: false, resultTypes: ["violations"], runOnly: %s
}).then(r => JSON.stringify(r.violations.map(v => ({id: v.id, help: v.help, impact: v.impact,
	nodes: v.nodes.slice(0, 3).map(n => ({html: n.html, failureSummary: n.failureSummary}))}))))`

// The rules that axeRun runs: a colour scheme changes nothing but colours.
const (
	allRules   = `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`
	colourRule = `{type: "rule", values: ["color-contrast", "link-in-text-block"]}`
)

func (b *tab) violations(script, rules string) (list []violation) {
	b.t.Helper()
	frame := call(b, page.GetFrameTree, cdp.Empty{}).FrameTree.Frame.ID
	world := call(b, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: frame, WorldName: "axe"}).ExecutionContextID
	yes := true
	call(b, runtime.Evaluate, runtime.EvaluateParams{Expression: script, ContextID: world})
	result := call(b, runtime.Evaluate, runtime.EvaluateParams{Expression: fmt.Sprintf(axeRun, rules), ContextID: world, AwaitPromise: &yes, ReturnByValue: &yes})
	if result.ExceptionDetails != nil {
		b.fatal("axe-core: %s", errorOf(result.ExceptionDetails))
	}
	var text string
	err := json.Unmarshal(result.Result.Value, &text)
	if err == nil {
		err = json.Unmarshal([]byte(text), &list)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return list
}
