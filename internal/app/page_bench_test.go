package app_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite/database"
)

const (
	// pageTime is what every page may take at the 95th percentile among 1,000,000 findings.
	pageTime = 300 * time.Millisecond
	// pageRequests are made of each page by each account.
	pageRequests = 60
)

// BenchmarkPages measures every page of the console over HTTP, among the findings of
// BenchmarkDesk with the trail of their decisions, the register and the frontier of their
// sites: for an account that sees all, and for one that sees 3 of 200 authorisations.
func BenchmarkPages(b *testing.B) {
	findings := benchFindings(b)
	data := b.TempDir()
	links := pagesFolder(b, data, findings)
	started := time.Now()
	a := apptest.New(b, app.Options{Data: data, Version: "test", Console: &app.ConsoleOptions{Listen: "127.0.0.1:0"}})
	b.Logf("the server started in %s, with the index built; %s", time.Since(started).Round(time.Second), loadAndMemory(b))
	a.Start(b.Context())
	targets := benchTargets(findings, benchBatches(b, a, findings))
	for b.Loop() {
		var table strings.Builder
		slowest := time.Duration(0)
		for _, pattern := range apptest.PagePatterns(b, "../../dashboards") {
			target := targets[pattern]
			if pattern == "/enter" { // for strangers with a link
				continue
			}
			if target == nil {
				b.Errorf("the page %q has no targets in benchTargets: add some", pattern)
				continue
			}
			fmt.Fprintf(&table, "\n%-28s", pattern)
			for _, link := range links {
				p50, p95, worst := link.measure(b, a.ConsoleURL(), target)
				slowest = max(slowest, p95)
				fmt.Fprintf(&table, "  %7.1f /%7.1f ms", ms(p50), ms(p95))
				if p95 > pageTime {
					fmt.Fprintf(&table, " ! as by %s", worst)
				}
			}
		}
		b.ReportMetric(ms(slowest), "slowest-p95-ms")
		b.Logf("%d findings; p50 / p95 of %d requests for who sees all, and for who sees 3 of %d authorisations; %s%s",
			findings, pageRequests, benchAuthorisations, loadAndMemory(b), table.String())
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// reader is somebody with a browser.
type reader struct {
	name, key string
	all       bool
	client    *http.Client
}

// measure asks for a page in its variety, and says what was slowest.
func (r *reader) measure(b *testing.B, base string, target func(i int, all bool) string) (p50, p95 time.Duration, worst string) {
	b.Helper()
	if r.client == nil {
		jar, err := cookiejar.New(nil)
		if err != nil {
			b.Fatal(err)
		}
		r.client = &http.Client{Jar: jar}
		r.get(b, base+auth.LinkPath(r.key))
	}
	took := make([]time.Duration, pageRequests)
	slowest := time.Duration(0)
	for i := range took {
		path := target(i, r.all)
		started := time.Now()
		r.get(b, base+strings.TrimPrefix(path, "/"))
		if took[i] = time.Since(started); took[i] > slowest {
			slowest, worst = took[i], path
		}
	}
	slices.Sort(took)
	return took[len(took)/2], took[len(took)*95/100], worst
}

func (r *reader) get(b *testing.B, address string) {
	b.Helper()
	w, err := r.client.Get(address)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	if err != nil || w.StatusCode != http.StatusOK {
		b.Fatalf("%s as %s: %d %v\n%.600s", address, r.name, w.StatusCode, err, body)
	}
}

// pagesFolder makes the folder, and two accounts.
func pagesFolder(b *testing.B, data string, findings int) (readers []*reader) {
	b.Helper()
	f, err := datafolder.Open(b.Context(), datafolder.Options{Data: data, Version: "test"})
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	started := time.Now()
	synthetic(b, f.Store.Database(), findings, findings/20)
	surroundings(b, f)
	b.Logf("%d findings in %d campaigns, filled in %s", findings, findings/20, time.Since(started).Round(time.Second))
	for name, sight := range map[string]qianshao.Sight{"all": qianshao.SeeAll(), "limited": benchSight()} {
		account := qianshao.Account{Name: name, Role: qianshao.RoleAdministrator, Sight: sight}
		if err := f.Accounts.Add(b.Context(), store.ByCommand, account, ""); err != nil {
			b.Fatal(err)
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

// benchSight is that of the limited account.
func benchSight() qianshao.Sight {
	return qianshao.Sight{Authorisations: []string{"a3", "a77", "a150"}}
}

// benchBatches freezes the largest batch that each account can make of its findings, up to
// 10,000, and returns their ids: that of who sees all by true.
func benchBatches(b *testing.B, a *app.App, findings int) map[bool]int64 {
	b.Helper()
	ids := map[bool]int64{}
	for all, account := range map[bool]qianshao.Account{
		true:  {Name: "all", Role: qianshao.RoleAdministrator, Sight: qianshao.SeeAll()},
		false: {Name: "limited", Role: qianshao.RoleAdministrator, Sight: benchSight()},
	} {
		var members []string
		for n := 1; n <= findings && len(members) < 10_000; n++ {
			if all || slices.Contains(account.Sight.Authorisations, fmt.Sprint("a", (n*7919)%benchAuthorisations)) {
				members = append(members, fmt.Sprintf("%016x", n*2654435761))
			}
		}
		batch, err := a.Desk.Freeze(b.Context(), account, desk.Selection{Findings: members})
		if err != nil {
			b.Fatal(err)
		}
		ids[all] = batch.ID
	}
	return ids
}

// benchSites is how many sites the findings are on; see synthetic.
const benchSites = 5000

// surroundings are what the pages show beside findings: the register, an act for each
// decision, and the frontier.
func surroundings(b *testing.B, f *datafolder.Folder) {
	b.Helper()
	now := time.Now()
	var list []qianshao.Authorisation
	for i := range benchAuthorisations {
		a := qianshao.Authorisation{
			ID: fmt.Sprint("a", i), Owner: fmt.Sprintf("第%d教育局", i), Basis: "委托书", Contact: "owner@a.example", ValidFrom: now.AddDate(-1, 0, 0),
			ValidUntil: now.AddDate(0, 0, 3+i), Rate: 1,
		}
		for site := i; site < benchSites; site += benchAuthorisations {
			a.Hosts = append(a.Hosts, fmt.Sprintf("s%d.example", site))
		}
		list = append(list, a)
	}
	if err := f.Store.PutAuthorisations(b.Context(), store.Signed{By: store.ByCommand}, list); err != nil {
		b.Fatal(err)
	}
	millis := now.UnixMilli()
	for _, s := range []struct {
		query string
		args  []any
	}{
		{`INSERT INTO acts (seq, at, account, client_key, batch, subject_kind, subject, kind, basis, verdict, reason, seen, rules, until, reverts, round, detail, chain)
SELECT act, decided_at, CASE act % 3 WHEN 0 THEN 'li' WHEN 1 THEN 'wang' ELSE 'zhao' END, '', 0, 'finding', subject, 'decide', 0, verdict, reason, seen, '', 0, 0, 1, '{"words":"核对过 ' || act || '"}', printf('%064x', act) FROM standings ORDER BY act`, nil},
		{`UPDATE act_head SET seq = (SELECT max(seq) FROM acts), chain = (SELECT chain FROM acts ORDER BY seq DESC LIMIT 1)`, nil},
		{`INSERT OR IGNORE INTO frontier (url, host, authorisation, depth, visits, due, page)
SELECT url, host, authorisation, 1, 1, $1, url FROM findings`, []any{millis + 3_600_000}},
		{`INSERT OR IGNORE INTO hosts (host, authorisation, fetched_at, fresh_until, head_due, head_depth)
SELECT host, min(authorisation), $1, $2, $2, 1 FROM frontier GROUP BY host`, []any{millis, millis + 3_600_000}},
		{`ANALYZE`, nil},
	} {
		err := f.Store.Database().Update(b.Context(), database.Ordered, "fill", func(tx *database.Tx) error {
			_, err := tx.ExecContext(b.Context(), s.query, s.args...)
			return err
		})
		if err != nil {
			b.Fatalf("%v in %s", err, s.query)
		}
	}
}

// benchQueries are what people search for: words that all findings have and few have, one
// site, one kind, times, and what excludes.
var benchQueries = []string{
	"", "赌场", "注册送彩金", "编号%d", "host:s%d.example", "category:gambling", "category:fraud level:>=high", "level:>=high seen:>=7d", "score:>80",
	"赌场 -category:pornography", "category:pornography OR category:fraud", `"新葡京 %d"`, "state:open authorisation:a3", "new:>=30d level:medium", "url:s%d",
}

// benchTargets are the addresses of each page, by its path, in their variety.
func benchTargets(findings int, batches map[bool]int64) map[string]func(i int, all bool) string {
	one := func(path string) func(int, bool) string { return func(int, bool) string { return path } }
	query := func(i int) string {
		q := benchQueries[i%len(benchQueries)]
		if strings.Contains(q, "%d") {
			q = fmt.Sprintf(q, (i*7919)%benchSites)
		}
		return url.QueryEscape(q)
	}
	// finding is one that the account sees: those of a3 are 7919*n = 3 modulo 200.
	finding := func(i int, all bool) int {
		n := 1 + (i*97)%(findings-1)
		for !all && (n*7919)%benchAuthorisations != 3 {
			n = 1 + n%(findings-1)
		}
		return n
	}
	id := func(i int, all bool) string { return fmt.Sprintf("%016x", finding(i, all)*2654435761) }
	authorisation := func(i int, all bool) int {
		if all {
			return i % benchAuthorisations
		}
		return 3
	}
	return map[string]func(i int, all bool) string{
		"/{$}": func(i int, _ bool) string { return "/?q=" + query(i) },
		"/search": func(i int, _ bool) string {
			return "/search?q=" + query(i) + "&sort=" + []string{"seen", "first", "score"}[i%3]
		},
		"/campaigns/{id}": func(i int, all bool) string {
			n := finding(i, all)
			campaign := 1 + (n-n/10)%(findings/20) // as in synthetic
			if n%10 == 0 {
				campaign = 1
			}
			return fmt.Sprintf("/campaigns/%016x", campaign)
		},
		"/batches":                  one("/batches"),
		"/batches/{id}":             func(_ int, all bool) string { return fmt.Sprintf("/batches/%d", batches[all]) },
		"/authorisations/new":       one("/authorisations/new"),
		"/authorisations/{id}":      func(i int, all bool) string { return fmt.Sprintf("/authorisations/a%d", authorisation(i, all)) },
		"/authorisations/{id}/edit": func(i int, all bool) string { return fmt.Sprintf("/authorisations/a%d/edit", authorisation(i, all)) },
		"/admin":                    one("/admin"),
		"/admin/accounts/{name}":    one("/admin/accounts/limited"),
		"/admin/settings":           one("/admin/settings"),
		"/sites":                    func(i int, _ bool) string { return fmt.Sprintf("/sites?q=%s", []string{"", "s1", "s77.example"}[i%3]) },
		"/sites/{host}": func(i int, all bool) string {
			return fmt.Sprintf("/sites/s%d.example", (finding(i, all)*7919)%benchSites)
		},
		"/trail": func(i int, _ bool) string {
			return "/trail?" + []string{"", "by=li", "kind=decide", "verdict=crime", "subject_kind=finding"}[i%5]
		},
		"/findings/{id}":  func(i int, all bool) string { return "/findings/" + id(i, all) },
		"/help":           one("/help"),
		"/authorisations": one("/authorisations"),
		"/unmonitored":    one("/unmonitored"),
		"/submissions":    one("/submissions"),
		"/account":        one("/account"),
		"/login":          one("/login"),
	}
}
