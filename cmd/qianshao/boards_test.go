package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/cmd/qianshao/demoweb"
	"github.com/qianshao/qianshao/dashboards/grafana"
	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
)

// TestBoards has a real Prometheus with the shipped rules scrape the demo while it crawls and
// people decide, and a metrics file such as cron's crawls write. Then every query of every
// dashboard has an answer, every rule is evaluated without error, and every selector of an
// alert finds something. QIANSHAO_PROMETHEUS is the binary; .ci/run uses Debian's.
func TestBoards(t *testing.T) {
	binary := os.Getenv("QIANSHAO_PROMETHEUS")
	if binary == "" {
		t.Skip("QIANSHAO_PROMETHEUS names no Prometheus")
	}
	a := demoApp(t)
	p := startPrometheus(t, binary, a)
	await(t, "the first scrapes", func() bool {
		return len(p.instant("count_over_time(qianshao_build_info{job=\"qianshao\"}[1h]) > 2")) > 0
	})
	if err := a.WaitCrawl(); err != nil {
		t.Fatal(err)
	}
	decideAll(t, a)
	await(t, "the decisions in Prometheus", func() bool {
		return len(p.instant(`sum(increase(qianshao_second_reviews_total[1h])) > 0`)) > 0 && len(p.instant(`sum(increase(qianshao_verdict_seconds_count[1h])) > 0`)) > 0
	})
	await(t, "the rules to be evaluated", func() bool { return len(p.instant("job_instance_category:qianshao_pages_flagged:usual1h")) > 0 })

	panels := 0
	for _, b := range grafana.Boards() {
		for _, panel := range b.Panels {
			for _, target := range panel.Targets {
				panels++
				expr := filledIn(target.Expr)
				values := p.over(expr)
				if target.Instant {
					values = p.instant(expr)
				}
				if len(values) == 0 {
					t.Errorf("%s, %s: nothing comes of %s", b.Name, panel.Title, expr)
				}
			}
		}
	}
	t.Logf("%d queries of %d boards", panels, len(grafana.Boards()))
	p.checkRules()
}

// demoApp is the demo with its console and a host that is down, before its crawl has begun.
func demoApp(t *testing.T) *app.App {
	t.Helper()
	web, err := demoweb.New()
	if err == nil {
		err = web.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := web.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	data := t.TempDir()
	f, err := datafolder.Open(t.Context(), datafolder.Options{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	list, resolve := web.Authorisations(time.Now()), web.Resolve()
	for i := range list {
		list[i].Rate = 3 // pages a second: slow enough to be seen by some scrapes
	}
	list[0].Hosts, list[0].Seeds = append(list[0].Hosts, "down.example"), append(list[0].Seeds, "http://down.example/")
	resolve["down.example"] = "127.0.0.1:1" // where nothing listens
	for _, err := range []error{f.Store.PutAuthorisations(t.Context(), byCommand(), list), f.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	a, err := app.New(t.Context(), app.Options{
		Data: data, Version: "test", Console: &app.ConsoleOptions{Listen: "127.0.0.1:0"},
		Crawl: &app.CrawlOptions{
			FetchOptions: app.FetchOptions{Contact: "https://qianshao.example/demo", Resolve: resolve}, Workers: demoWorkers, Once: true,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// decideAll makes one analyst decide on every finding, with each verdict in turn, and another
// review the decisions: half of the time they agree.
func decideAll(t *testing.T, a *app.App) {
	t.Helper()
	if err := a.Folder.Accounts.SetSecondReviewShare(t.Context(), "demo", 1); err != nil {
		t.Fatal(err)
	}
	ann := qianshao.Account{Name: "ann", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()}
	bob := qianshao.Account{Name: "bob", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()}
	n := 0
	for record, err := range a.Folder.Store.AllFindings(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		verdict := qianshao.Verdicts()[n%3]
		answer := verdict
		if n%2 == 0 {
			answer = qianshao.Verdicts()[(n+1)%3]
		}
		n++
		act(t, a, ann, record.Finding.ID, qianshao.ActDecide, verdict)
		act(t, a, bob, record.Finding.ID, qianshao.ActReview, answer)
	}
	if n < 10 {
		t.Fatalf("the demo has %d findings", n)
	}
}

func act(t *testing.T, a *app.App, by qianshao.Account, finding string, kind qianshao.ActKind, verdict qianshao.Verdict) {
	t.Helper()
	subject := qianshao.Subject{Kind: qianshao.SubjectFinding, ID: finding}
	v, err := a.Desk.Look(t.Context(), by, subject)
	if err != nil {
		t.Fatal(err)
	}
	draft := desk.Draft{Subject: subject, Kind: kind, Basis: v.Standing.Act, Seen: v.Seen, Verdict: verdict}
	if reasons := verdict.Reasons(); len(reasons) > 0 {
		draft.Reason = reasons[0]
	}
	if _, err := a.Desk.Do(t.Context(), by, draft); err != nil {
		t.Fatal(err)
	}
}

// filledIn replaces Grafana's variables by values: all, and times that fit a run of a minute.
func filledIn(expr string) string {
	return strings.NewReplacer("$__rate_interval", "4s", "$__range", "2m", "$job", ".*", "$instance", ".*", "$category", ".*", "$authorisation", ".*").Replace(expr)
}

// prometheus is a running Prometheus.
type prometheus struct {
	t    *testing.T
	base string
}

const (
	rulesFile      = "../../dashboards/prometheus/alerts.yml"
	scrapeInterval = time.Second
)

// startPrometheus starts a Prometheus that scrapes the app each second, and a metrics file that
// a crawl has written; then it starts the app.
func startPrometheus(t *testing.T, binary string, a *app.App) *prometheus {
	t.Helper()
	folder := t.TempDir()
	rules, err := filepath.Abs(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	config := write("prometheus.yml", fmt.Sprintf(`
global: {scrape_interval: %[1]s, evaluation_interval: %[1]s}
rule_files: [%[2]s]
scrape_configs:
  - job_name: qianshao
    authorization: {credentials_file: %[3]s}
    static_configs: [{targets: [%[4]q]}]
  - job_name: node
    static_configs: [{targets: [%[5]q]}]
`, scrapeInterval, rules, write("token", prometheusToken(t, a)), hostOf(t, a.ConsoleURL()), hostOf(t, textfile(t))))
	command := exec.Command(binary, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(folder, "data"), "--web.listen-address="+address, "--log.level=warn")
	log := &strings.Builder{}
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			t.Log(log)
		}
	})
	p := &prometheus{t: t, base: "http://" + address}
	await(t, "Prometheus to be ready", func() bool {
		response, err := http.Get(p.base + "/-/ready")
		if err == nil {
			response.Body.Close()
		}
		return err == nil && response.StatusCode == http.StatusOK
	})
	a.Start(t.Context())
	return p
}

// textfile serves the metrics file of a crawl started by cron, as node_exporter does.
func textfile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "qianshao.prom")
	if err := metrics.WriteFile(file, metrics.New(), metrics.Crawl{Started: time.Now(), Ended: time.Now(), Succeeded: true}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		http.ServeFile(w, r, file)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func hostOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

func prometheusToken(t *testing.T, a *app.App) string {
	t.Helper()
	if err := a.Folder.Accounts.AddFirst(t.Context(), store.ByCommand, "demo", ""); err != nil {
		t.Fatal(err)
	}
	token, _, err := a.Folder.Accounts.NewToken(t.Context(), store.ByCommand, "demo", "Prometheus", []qianshao.Scope{qianshao.ScopeMetrics}, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// ask reads an answer of Prometheus's API into data.
func (p *prometheus) ask(path string, query url.Values, data any) {
	p.t.Helper()
	response, err := http.Get(p.base + "/api/v1/" + path + "?" + query.Encode())
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	answer := struct {
		Error string
		Data  any
	}{Data: data}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer.Error != "" {
		p.t.Fatalf("%s %v: %s %v", path, query, answer.Error, err)
	}
}

// values are the numbers of an answer; NaN is left out.
func (p *prometheus) values(path string, query url.Values) (list []float64) {
	p.t.Helper()
	var data struct {
		Result []struct {
			Value  [2]any
			Values [][2]any
		}
	}
	p.ask(path, query, &data)
	for _, series := range data.Result {
		for _, v := range append(series.Values, series.Value) {
			text, _ := v[1].(string)
			if n, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(n) {
				list = append(list, n)
			}
		}
	}
	return list
}

// instant answers a query as of now.
func (p *prometheus) instant(expr string) []float64 {
	p.t.Helper()
	return p.values("query", url.Values{"query": {expr}})
}

// over answers a query for each second of the last minutes.
func (p *prometheus) over(expr string) []float64 {
	p.t.Helper()
	at := func(t time.Time) []string {
		return []string{strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64)}
	}
	now := time.Now()
	return p.values("query_range", url.Values{"query": {expr}, "start": at(now.Add(-5 * time.Minute)), "end": at(now), "step": {"1"}})
}

// selector is a metric with its labels, or with a range.
var selector = regexp.MustCompile(`(?:\w+:)?(?:qianshao|process)_\w+(?::\w+)?(?:\{[^}]*\})?|\bup\{[^}]*\}`)

// checkRules expects that every shipped rule was evaluated, that its metrics exist, and that
// there is no alert.
func (p *prometheus) checkRules() {
	p.t.Helper()
	var loaded struct {
		Groups []struct {
			Rules []struct{ Name, Health, LastError, Query, State string }
		}
	}
	p.ask("rules", nil, &loaded)
	found := map[string]bool{}
	for _, g := range loaded.Groups {
		for _, r := range g.Rules {
			found[r.Name] = true
			if r.Health != "ok" || r.State == "firing" { // nothing is wrong with the demo
				p.t.Errorf("%s: %s %s %s", r.Name, r.Health, r.LastError, r.State)
			}
			for _, s := range selector.FindAllString(r.Query, -1) {
				if len(p.instant(s)) == 0 {
					p.t.Errorf("%s asks for %s, which is not there", r.Name, s)
				}
			}
		}
	}
	shipped := ruleNames(p.t)
	if names := slices.Sorted(maps.Keys(found)); !slices.Equal(names, shipped) {
		p.t.Errorf("loaded are %q, want %q", names, shipped)
	}
}

// ruleNames returns the names of the shipped rules.
func ruleNames(t *testing.T) (names []string) {
	t.Helper()
	content, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct{ Record, Alert string }
		}
	}
	if err := yaml.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			names = append(names, r.Record+r.Alert)
		}
	}
	slices.Sort(names)
	return names
}
