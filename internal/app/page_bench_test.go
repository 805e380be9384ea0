package app_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/queue"
	"github.com/qianshao/qianshao/store/sqlstore/synthetic"
)

const (
	// pageTime is what every page may take at the 95th percentile among 1,000,000 findings.
	pageTime = 300 * time.Millisecond
	// pageRequests is how many requests each account makes for each page.
	pageRequests = 20
)

// BenchmarkPages measures every page of the console over HTTP, with the findings of BenchmarkDesk,
// the trail of their decisions, and the register and the frontier of their sites: for an account
// that sees all, and for one that sees 3 of 200 authorisations. The folder that
// QIANSHAO_BENCH_FOLDER names is filled, or used again if it exists. QIANSHAO_BENCH_PAGES restricts
// the measurement to paths with that prefix.
func BenchmarkPages(b *testing.B) {
	findings := benchFindings(b)
	data, kept := os.Getenv("QIANSHAO_BENCH_FOLDER"), false
	if data == "" {
		data = b.TempDir()
	} else if _, err := os.Stat(data); err == nil {
		kept = true
	}
	links := pagesFolder(b, data, kept, findings)
	started := time.Now()
	a := apptest.New(b, app.Options{Data: data, Version: "test", Console: &app.ConsoleOptions{Listen: "127.0.0.1:0"}})
	b.Logf("the server started in %s, with the index built; %s", time.Since(started).Round(time.Second), loadAndMemory(b))
	a.Start(b.Context())
	benchNotices(b, a)
	targets := benchTargets(findings, benchBatches(b, a, findings))
	b.Logf("p50 / p95 by the clock · of CPU, of %d requests for who sees all, and for who sees 3 of %d authorisations", pageRequests, synthetic.Authorisations)
	for b.Loop() {
		slowest := time.Duration(0)
		for _, pattern := range apptest.PagePatterns(b, "../../dashboards") {
			if pattern == "/enter" || !strings.HasPrefix(pattern, os.Getenv("QIANSHAO_BENCH_PAGES")) { // /enter is for strangers with a link
				continue
			}
			if targets[pattern] == nil {
				b.Errorf("the page %q has no targets in benchTargets: add some", pattern)
			}
			for _, target := range targets[pattern] {
				slowest = max(slowest, target.measure(b, pattern, a.ConsoleURL(), links))
			}
		}
		b.ReportMetric(ms(slowest), "slowest-p95-ms")
		b.Logf("%d findings; %s", findings, loadAndMemory(b))
	}
}

// measure logs how long a page takes for each reader, and returns the longest time.
func (t target) measure(b *testing.B, pattern, base string, readers []*reader) (slowest time.Duration) {
	b.Helper()
	line := fmt.Sprintf("%-48s", pattern+" "+t.name)
	for _, r := range readers {
		took, cpu, worst := r.measure(b, base, t.path)
		p95 := took[(len(took)*95+99)/100-1] // the nearest rank: of 20, the 19th
		slowest = max(slowest, p95)
		line += fmt.Sprintf("  %6.1f /%6.1f ·%6.1f /%6.1f ms", ms(took[len(took)/2]), ms(p95), ms(cpu[len(cpu)/2]), ms(cpu[(len(cpu)*95+99)/100-1]))
		if p95 > pageTime {
			line += " ! as by " + worst
		}
	}
	b.Log(line)
	return slowest
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// reader is somebody who uses a browser.
type reader struct {
	name, key string
	all       bool
	client    *http.Client
}

// measure requests the variants of a page. It returns the wall-clock and CPU times, sorted, and the
// slowest address.
func (r *reader) measure(b *testing.B, base string, path func(i int, all bool) string) (took, cpu []time.Duration, worst string) {
	b.Helper()
	if r.client == nil {
		jar, err := cookiejar.New(nil)
		if err != nil {
			b.Fatal(err)
		}
		r.client = &http.Client{Jar: jar}
		r.get(b, base+auth.LinkPath(r.key))
	}
	slowest := time.Duration(0)
	for i := range pageRequests {
		address := path(i, r.all)
		before, _ := usage(b)
		started := time.Now()
		r.get(b, base+strings.TrimPrefix(address, "/"))
		took = append(took, time.Since(started))
		after, _ := usage(b)
		if cpu = append(cpu, after-before); took[i] > slowest {
			slowest, worst = took[i], address
		}
	}
	slices.Sort(took)
	slices.Sort(cpu)
	return took, cpu, worst
}

func (r *reader) get(b *testing.B, address string) {
	b.Helper()
	w, err := r.client.Get(address)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	refused := w.StatusCode == http.StatusForbidden && !r.all // the limited account may not see the page
	if err != nil || w.StatusCode != http.StatusOK && !refused {
		b.Errorf("%s as %s: %d %v\n%.600s", address, r.name, w.StatusCode, err, body)
	}
}

// pagesFolder makes the folder and two accounts, or, if the folder was kept, only the accounts' links.
func pagesFolder(b *testing.B, data string, kept bool, findings int) (readers []*reader) {
	b.Helper()
	f, err := datafolder.Open(b.Context(), datafolder.Options{Data: data, Version: "test"})
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if !kept {
		started := time.Now()
		synthetic.Findings(b, f.Store.Database(), findings, findings/20)
		surroundings(b, f)
		b.Logf("%d findings in %d campaigns, filled in %s", findings, findings/20, time.Since(started).Round(time.Second))
	}
	for name, sight := range map[string]qianshao.Sight{"all": qianshao.SeeAll(), "limited": benchSight()} {
		account := qianshao.Account{Name: name, Role: qianshao.RoleAdministrator, Sight: sight}
		if !kept {
			if err := f.Accounts.Add(b.Context(), store.ByCommand, account, ""); err != nil {
				b.Fatal(err)
			}
		}
		key, _, err := f.Accounts.NewLink(b.Context(), store.ByCommand, store.LinkEnter, name)
		if err != nil {
			b.Fatal(err)
		}
		readers = append(readers, &reader{name: name, key: key, all: sight.All})
	}
	slices.SortFunc(readers, func(x, y *reader) int { return strings.Compare(x.name, y.name) })
	return readers
}

// benchSight is what the limited account may see.
func benchSight() qianshao.Sight {
	return qianshao.Sight{Authorisations: []string{"a3", "a77", "a150"}}
}

// benchBatches makes a batch for each account of a fifth of all findings, 200,000 of a million, as far
// as the account sees them, and returns the ids; the key is true for the account that sees all.
func benchBatches(b *testing.B, a *app.App, findings int) map[bool]int64 {
	b.Helper()
	ids := map[bool]int64{}
	for all, account := range map[bool]qianshao.Account{
		true:  {Name: "all", Role: qianshao.RoleAdministrator, Sight: qianshao.SeeAll()},
		false: {Name: "limited", Role: qianshao.RoleAdministrator, Sight: benchSight()},
	} {
		var members []string
		for n := 5; n <= findings; n += 5 {
			if account.Sight.Sees(fmt.Sprint("a", (n*7919)%synthetic.Authorisations)) {
				members = append(members, fmt.Sprintf("%016x", n*2654435761))
			}
		}
		batch, err := a.Desk.Freeze(b.Context(), account, desk.Selection{Findings: members[:min(len(members), desk.MaxMembers)]})
		if err != nil {
			b.Fatal(err)
		}
		ids[all] = batch.ID
	}
	return ids
}

// benchNotices sets up alerts and schedules for each account, with the account's name in their ids,
// and a log of deliveries.
func benchNotices(b *testing.B, a *app.App) {
	b.Helper()
	ctx, by, s := b.Context(), store.Signed{By: "all", At: time.Now()}, a.Folder.Store
	errs := []error{s.PutChannel(ctx, by, notify.Channel{ID: "c", Name: "值班群", Kind: notify.Webhook, Address: "https://x.example/", Language: "zh", Disabled: true})}
	for _, name := range []string{"all", "limited"} {
		view, err := s.SaveView(ctx, store.SavedView{ID: "v-" + name, Name: "赌博", Owner: name, Query: "category:gambling"})
		errs = append(errs, err,
			s.PutAlert(ctx, by, notify.Alert{ID: "alert-" + name, Name: "夜班", Account: name, View: view.ID, Channel: "c", Events: notify.Events(), Every: time.Hour, Hourly: 1, Disabled: true}),
			s.PutSchedule(ctx, by, notify.Schedule{ID: "report-" + name, Account: name, Channel: "c", Period: notify.Week, Disabled: true}))
		for n := range 200 {
			errs = append(errs, s.LogDelivery(ctx, notify.Delivery{
				Key: fmt.Sprint("msg_", name, n, by.At.UnixNano()), Alert: "alert-" + name, Channel: "c", State: notify.States()[n%4], Created: by.At, Since: by.At, Next: by.At.AddDate(1, 0, 0), Attempts: n % 5, Settled: by.At,
			}))
		}
	}
	if err := errors.Join(errs...); err != nil {
		b.Fatal(err)
	}
}

// benchSites is how many sites the findings are on; see synthetic.
const benchSites = 5000

// surroundings adds what the pages show besides findings: the register, an act for
// each decision, the desk's state of the findings, and the frontier.
func surroundings(b *testing.B, f *datafolder.Folder) {
	b.Helper()
	now := time.Now()
	fill(b, f.Store.Database(), []filling{
		{`INSERT INTO acts (seq, at, account, client_key, batch, subject_kind, subject, kind, basis, verdict, reason, seen, rules, until, reverts, round, detail, chain)
SELECT act, decided_at, CASE act % 3 WHEN 0 THEN 'li' WHEN 1 THEN 'wang' ELSE 'zhao' END, '', 0, 'finding', subject, 'decide', 0, verdict, reason, seen, '', 0, 0, 1, '{"words":"核对过 ' || act || '"}', printf('%064x', act) FROM standings ORDER BY act`, nil},
		{`UPDATE act_head SET seq = (SELECT max(seq) FROM acts), chain = (SELECT chain FROM acts ORDER BY seq DESC LIMIT 1)`, nil},
	})
	var list []qianshao.Authorisation
	for i := range synthetic.Authorisations {
		a := qianshao.Authorisation{
			ID: fmt.Sprint("a", i), Owner: fmt.Sprintf("第%d教育局", i), Basis: "委托书", Contact: "owner@a.example", ValidFrom: now.AddDate(-1, 0, 0),
			ValidUntil: now.AddDate(0, 0, 3+i), Rate: 1,
		}
		for site := i; site < benchSites; site += synthetic.Authorisations {
			a.Hosts = append(a.Hosts, fmt.Sprintf("s%d.example", site))
		}
		list = append(list, a)
	}
	if err := f.Store.PutAuthorisations(b.Context(), store.Signed{By: store.ByCommand}, list); err != nil {
		b.Fatal(err)
	}
	millis := now.UnixMilli()
	fill(b, f.Store.Database(), slices.Concat(deskFillings(millis), []filling{
		{`INSERT OR IGNORE INTO frontier (url, host, authorisation, depth, visits, due, page)
SELECT url, host, authorisation, 1, 1, $1, url FROM findings`, []any{millis + 3_600_000}},
		{`INSERT OR IGNORE INTO hosts (host, authorisation, fetched_at, fresh_until, head_due, head_depth)
SELECT host, min(authorisation), $1, $2, $2, 1 FROM frontier GROUP BY host`, []any{millis, millis + 3_600_000}},
		{`UPDATE hosts SET place = 'example.' || substr(host, 1, instr(host, '.') - 1), visited_at = fetched_at`, nil},
		{`UPDATE hosts SET trouble = 'unreachable', trouble_at = fetched_at WHERE rowid % 20 = 0`, nil},
		{`ANALYZE`, nil},
	}))
}

// deskFillings put some findings and campaigns into each list: half of the undecided ones are not
// overdue, and one in 50 is parked; of the decided ones, some wait for a second review, some
// relapsed, and some are assigned to somebody, as is one campaign in 100 to each account. Accounts
// looked at the lists a while ago, and have views.
func deskFillings(millis int64) []filling {
	const standing = `INSERT OR IGNORE INTO standings (subject_kind, subject, act, decided, decided_at, decided_by, batch, verdict, reason, seen, round, second, reviews, dissent, assignee, parked, parked_at, parked_until, parked_seen, parked_content, parked_relapse, parked_sites) SELECT `
	return []filling{
		{`UPDATE standings SET second = 'share' WHERE act % 40 = 4`, nil},
		{`UPDATE standings SET assignee = CASE act % 800 WHEN 8 THEN 'all' ELSE 'limited' END WHERE act % 400 = 8`, nil},
		{`UPDATE findings SET back_at = s.decided_at + 1000 FROM standings s WHERE s.subject = findings.id AND s.act % 40 = 12`, nil},
		{standing + `'finding', finding, 1, 0, 0, '', 0, '', '', '', 1, '', 0, 0, '', 1, first_seen, $1, '', 0, 0, 0 FROM campaign_findings WHERE undecided = 1 AND shape % 50 = 1`, []any{millis + 86_400_000}},
		{standing + `'campaign', id, 1, 0, 0, '', 0, '', '', '', 1, '', 0, 0, CASE campaign % 100 WHEN 2 THEN 'all' WHEN 3 THEN 'limited' ELSE '' END,
  campaign % 1000 = 4, $1, $2, '', 0, 0, 0 FROM campaigns WHERE campaign % 100 IN (2, 3) OR campaign % 1000 = 4`, []any{millis, millis + 86_400_000}},
		{`UPDATE campaign_findings SET due = due + $1 WHERE due IS NOT NULL AND campaign % 2 = 0`, []any{int64(400 * 86_400_000)}},
		{`UPDATE campaign_findings SET relapsed = s.act % 40 = 12, reviewing = s.act % 40 = 4, decider = CASE WHEN s.act % 40 = 4 THEN s.decided_by ELSE '' END FROM standings s
WHERE s.subject = campaign_findings.finding AND s.subject_kind = 'finding' AND s.act % 40 IN (4, 12) AND s.verdict <> ''`, nil},
		{`UPDATE campaign_findings SET parked = 1, undecided = 0, due = NULL, wakes = s.parked_until FROM standings s
WHERE s.subject = campaign_findings.finding AND s.subject_kind = 'finding' AND s.parked <> 0`, nil},
		{`DELETE FROM campaign_counts`, nil},
		{`INSERT INTO campaign_counts ` + queue.Recounted, nil},
		{`INSERT INTO claims SELECT 'campaign', id, 'li', $1 FROM campaigns WHERE campaign % 500 = 7`, []any{millis + 86_400_000}},
		{`INSERT INTO looked SELECT a.value, l.value, $1 FROM json_each('["all","limited"]') a, json_each('["open","mine","review","relapsed","overdue","claimed","parked","all"]') l`, []any{1_780_000_000_000 + 4_900_000_000}},
		{`INSERT INTO saved_views SELECT a.value || q.key, a.value, '视图 ' || q.key, q.value, '', q.key % 2, $1 FROM json_each('["all","limited"]') a,
json_each('["category:gambling","level:>=high","host:s77.example","赌场","category:fraud level:>=high","parked:true","assignee:all","score:>80","verdict:crime","age:>7d"]') q`, []any{millis}},
	}
}

// benchQueries are what people search for: frequent and rare words, one site, one kind,
// times, exclusions, and the desk's state.
var benchQueries = []string{
	"", "赌场", "注册送彩金", "编号%d", "host:s%d.example", "category:gambling", "category:fraud level:>=high", "level:>=high seen:>=7d", "score:>80",
	"赌场 -category:pornography", "category:pornography OR category:fraud", `"新葡京 %d"`, "state:open authorisation:a3", "new:>=30d level:medium", "url:s%d",
	"verdict:crime", "verdict:none 赌场", "verdict:review", "campaign:0000000000000001", "campaign:00000000000000%02x", "assignee:all", "assignee:nobody", "decided_by:li",
	"parked:true", "age:>7d", "age:<200d -verdict:crime", "http://s%d.example/nothing", "s%d.example",
}

// target is one variant of a page: addresses that are requested one after another.
type target struct {
	name string
	path func(i int, all bool) string
}

// benchTargets returns the addresses of each page, by its path, in their variants.
func benchTargets(findings int, batches map[bool]int64) map[string][]target {
	one := func(paths ...string) (list []target) {
		for _, path := range paths {
			_, name, _ := strings.Cut(path, "?")
			list = append(list, target{name, func(int, bool) string { return path }})
		}
		return list
	}
	// finding is the number of a finding that the account sees: for those of a3, 7919*n = 3 modulo 200.
	finding := func(i int, all bool) int {
		n := 1 + (i*97)%(findings-1)
		for !all && (n*7919)%synthetic.Authorisations != 3 {
			n = 1 + n%(findings-1)
		}
		return n
	}
	largest := func(n int) int { return n - n%10 + 10 } // a finding of the largest campaign
	id := func(n int) string { return fmt.Sprintf("%016x", n*2654435761) }
	authorisation := func(i int, all bool) int {
		if all {
			return i % synthetic.Authorisations
		}
		return 3
	}
	whose := func(all bool) string {
		if all {
			return "all"
		}
		return "limited"
	}
	return map[string][]target{
		"/{$}":    queueTargets(),
		"/search": searchTargets(),
		"/campaigns/{id}": {
			{"", func(i int, all bool) string {
				n := finding(i, all)
				return fmt.Sprintf("/campaigns/%016x", 1+(n-n/10)%(findings/20)) // as in synthetic
			}},
			{"a handle's", func(i int, all bool) string {
				return fmt.Sprintf("/campaigns/%016x", findings/20+1+(finding(i, all)*31)%max(10, findings/100))
			}},
			{"the largest", func(int, bool) string { return "/campaigns/0000000000000001" }},
		},
		"/batches": one("/batches"),
		"/batches/{id}": {
			{"", func(_ int, all bool) string { return fmt.Sprintf("/batches/%d", batches[all]) }},
			{"all=1", func(_ int, all bool) string { return fmt.Sprintf("/batches/%d?all=1", batches[all]) }},
		},
		"/authorisations/-/new":     one("/authorisations/-/new"),
		"/authorisations/{id}":      {{"", func(i int, all bool) string { return fmt.Sprintf("/authorisations/a%d", authorisation(i, all)) }}},
		"/authorisations/{id}/edit": {{"", func(i int, all bool) string { return fmt.Sprintf("/authorisations/a%d/edit", authorisation(i, all)) }}},
		"/admin":                    one("/admin"),
		"/admin/accounts/{name}":    one("/admin/accounts/limited"),
		"/admin/settings":           one("/admin/settings"),
		"/notices":                  one("/notices"),
		"/notices/alerts/new":       one("/notices/alerts/new"),
		"/notices/alerts/{id}":      {{"", func(_ int, all bool) string { return "/notices/alerts/alert-" + whose(all) }}},
		"/notices/reports":          one("/notices/reports"),
		"/notices/reports/new":      one("/notices/reports/new"),
		"/notices/reports/{id}":     {{"", func(_ int, all bool) string { return "/notices/reports/report-" + whose(all) }}},
		"/notices/deliveries":       one("/notices/deliveries", "/notices/deliveries?state=failed"),
		"/notices/channels":         one("/notices/channels"),
		"/notices/channels/new":     one("/notices/channels/new?kind=mail"),
		"/notices/channels/{id}":    one("/notices/channels/c"),
		"/sites": one("/sites", "/sites?name=s1", "/sites?name=s77.example", "/sites?findings=1", "/sites?trouble=down", "/sites?authorisation=a3", "/sites?offset=4900",
			"/sites?name=nowhere"),
		"/sites/{host}": {{"", func(i int, all bool) string {
			return fmt.Sprintf("/sites/s%d.example", (finding(i, all)*7919)%benchSites)
		}}},
		"/trail": one("/trail", "/trail?by=li", "/trail?kind=decide", "/trail?kind=merge", "/trail?verdict=crime", "/trail?verdict=unsure", "/trail?subject_kind=finding",
			"/trail?subject_kind=authorisation", "/trail?by=nobody", "/trail?from=2026-06-01&to=2026-06-02", "/trail?by=li&verdict=not_crime", "/trail?kind=park&subject_kind=finding",
			"/trail?subject=s77.example", "/trail?by=li&kind=decide&from=2026-06-01&to=2026-06-08"),
		"/findings/{id}": {
			{"", func(i int, all bool) string { return "/findings/" + id(finding(i, all)) }},
			{"of the largest campaign", func(i int, all bool) string {
				if all {
					return "/findings/" + id(largest(finding(i, all))%findings)
				}
				return "/findings/" + id(finding(i, all))
			}},
		},
		"/help":           one("/help"),
		"/authorisations": one("/authorisations", "/authorisations?standing=ending"),
		"/unmonitored":    one("/unmonitored", "/unmonitored?offset=100"),
		"/statistics":     one("/statistics", "/statistics?period=quarter&of=2026-06-01", "/statistics?period=month&of=2026-06-01&authorisation=a3"),
		"/submissions":    one("/submissions"),
		"/account":        one("/account"),
		"/login":          one("/login"),
	}
}

// benchQuery returns a query of benchQueries, escaped for an address.
func benchQuery(place, i int) string {
	q := benchQueries[place%len(benchQueries)]
	if strings.Contains(q, "%") {
		q = fmt.Sprintf(q, (i*7919)%benchSites)
	}
	return url.QueryEscape(q)
}

// queueTargets returns each list, in each of its orders, and with each query.
func queueTargets() (list []target) {
	address := func(of campaign.List, rest string) string { return "/?list=" + string(of) + rest }
	for _, of := range []campaign.List{
		campaign.ListOpen, campaign.ListMine, campaign.ListReview, campaign.ListRelapsed, campaign.ListOverdue, campaign.ListClaimed, campaign.ListParked, campaign.ListAll, campaign.ListShared,
	} {
		sorts := campaign.Sorts()
		if !of.Sortable() {
			sorts = sorts[:1]
		}
		for _, sort := range sorts {
			list = append(list, target{string(of) + " by " + string(sort), func(int, bool) string { return address(of, "&sort="+string(sort)) }})
		}
		for _, q := range []string{"category:gambling", "level:>=critical", "赌场"} {
			list = append(list, target{string(of) + " " + q, func(int, bool) string { return address(of, "&q="+url.QueryEscape(q)) }})
		}
	}
	return append(list, target{"open with all queries", func(i int, _ bool) string { return address(campaign.ListOpen, "&q="+benchQuery(i, i)) }})
}

// searchTargets returns each query, in each order.
func searchTargets() (list []target) {
	for place, q := range benchQueries {
		list = append(list, target{q, func(i int, _ bool) string {
			return "/search?q=" + benchQuery(place, i) + "&sort=" + []string{"seen", "first", "score"}[i%3]
		}})
	}
	return list
}
