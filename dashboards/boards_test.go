package dashboards

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/grafana"
	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/store"
)

// exposed returns the names of all metrics that /metrics can show.
func exposed(t *testing.T) map[string]bool {
	t.Helper()
	m := metrics.New()
	m.WatchFrontier(func(context.Context) (time.Time, bool, error) { return testNow, true, nil })
	m.WatchStore(testNow, func(context.Context) (store.Gauges, error) {
		return store.Gauges{Authorisations: []store.AuthorisationCount{{ID: "city"}}}, nil
	})
	m.WatchFolder(func(context.Context) (metrics.Folder, error) { return metrics.Folder{Size: 1}, nil })
	m.WatchUnmonitored(func(context.Context) (map[string]int, error) { return map[string]int{"down": 1}, nil })
	backlog := func(context.Context) (store.Backlog, error) {
		return store.Backlog{Findings: 3, Oldest: time.Now().Add(-time.Hour)}, nil
	}
	m.WatchIndex(backlog)
	m.WatchCampaigns(backlog)
	families, err := m.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{"up": true} // Prometheus's own
	for _, f := range families {
		names[f.GetName()] = true
		if f.GetType().String() == "HISTOGRAM" {
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				names[f.GetName()+suffix] = true
			}
		}
	}
	file := filepath.Join(t.TempDir(), "crawl.prom") // has metrics of its own
	if err := metrics.WriteFile(file, nil, metrics.Crawl{}); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+)`).FindAllStringSubmatch(string(content), -1) {
		names[m[1]] = true
	}
	return names
}

var (
	metricName = regexp.MustCompile(`\b(?:(?:qianshao|go|process)_[a-z0-9_]+|up)\b`)
	// recorded matches the names of recording rules, in Prometheus's style.
	recorded = regexp.MustCompile(`\b[a-z0-9_]+:[a-z0-9_]+:[a-z0-9_]+\b`)
	quoted   = regexp.MustCompile(`"[^"]*"`)
	reasons  = regexp.MustCompile(`(\w+)\{[^}]*reason[=!]~?"([^"]*)"`)
)

func checkExpr(t *testing.T, where, expr string, names map[string]bool) {
	t.Helper()
	text := quoted.ReplaceAllString(expr, `""`)
	found := append(recorded.FindAllString(text, -1), metricName.FindAllString(recorded.ReplaceAllString(text, ""), -1)...)
	if len(found) == 0 {
		t.Errorf("%s: no metric in %s", where, expr)
	}
	for _, name := range found {
		if !names[name] {
			t.Errorf("%s: %s does not exist", where, name)
		}
	}
	for _, m := range reasons.FindAllStringSubmatch(expr, -1) {
		for reason := range strings.SplitSeq(m[2], "|") {
			known := slices.Contains(qianshao.Skips(), qianshao.Skip(reason))
			if m[1] == "qianshao_unmonitored" {
				known = slices.Contains(qianshao.UnmonitoredReasons(), qianshao.UnmonitoredReason(reason))
			}
			if !known {
				t.Errorf("%s: %s has no reason %s", where, m[1], reason)
			}
		}
	}
}

// TestBoards checks that the boards' queries refer to existing metrics.
func TestBoards(t *testing.T) {
	names := exposed(t)
	rules(t, names)
	for _, b := range grafana.Boards() {
		for _, p := range b.Panels {
			for _, target := range p.Targets {
				checkExpr(t, b.Name+", "+p.Title, target.Expr, names)
			}
		}
	}
}

// TestBoardsLead checks that the boards' links lead to pages of the console.
func TestBoardsLead(t *testing.T) {
	o := silentOutpost(t, 1)
	o.withDesk(t)
	o.watchesSites(t)
	err := o.store.PutAuthorisations(t.Context(), store.Signed{By: "test"}, []qianshao.Authorisation{{
		ID: "city-2026", Owner: "o", Basis: "b", Contact: "c", ValidFrom: testNow, ValidUntil: testNow.AddDate(1, 0, 0), Hosts: []string{"h000.example"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if o.handler, err = New(o.options); err != nil {
		t.Fatal(err)
	}
	label := strings.NewReplacer("${console}", "", "${__field.labels.category}", "gambling", "${__field.labels.level}", "high",
		"${__field.labels.answer}", "review", "${__field.labels.reason}", "down", "${__field.labels.authorisation}", "city-2026")
	links := 0
	for _, b := range grafana.Boards() {
		for _, p := range b.Panels {
			if p.FieldConfig == nil {
				continue
			}
			for _, link := range p.FieldConfig.Defaults.Links {
				links++
				if code, body, _ := o.get(t, label.Replace(link.URL)); code != http.StatusOK || strings.Contains(link.URL, "search") && strings.Contains(body, `role="alert"`) {
					t.Errorf("%s, %s: %s leads to a page with the code %d", b.Name, p.Title, link.URL, code)
				}
			}
		}
	}
	if links < 10 {
		t.Errorf("the boards have %d links into the console", links)
	}
}

// ruleFile has the parts of a rule file that the tests read.
type ruleFile struct {
	Groups []struct {
		Rules []struct {
			Record, Alert, Expr string
			Labels, Annotations map[string]string
		}
	}
}

// rules reads the shipped rules, and adds the metrics that they record to names.
func rules(t *testing.T, names map[string]bool) (file ruleFile) {
	t.Helper()
	content, err := os.ReadFile("prometheus/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			if r.Record != "" {
				names[r.Record] = true
			}
		}
	}
	return file
}

// ruleTests returns the alerts that promtool's tests see firing, and those that they see quiet.
func ruleTests(t *testing.T) (fires, quiet map[string]bool) {
	t.Helper()
	content, err := os.ReadFile("prometheus/alerts_test.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Tests []struct {
			Cases []struct {
				Alert  string           `yaml:"alertname"`
				Alerts []map[string]any `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	if err := yaml.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	fires, quiet = map[string]bool{}, map[string]bool{}
	for _, test := range file.Tests {
		for _, c := range test.Cases {
			if len(c.Alerts) > 0 {
				fires[c.Alert] = true
			} else {
				quiet[c.Alert] = true
			}
		}
	}
	return fires, quiet
}

// TestAlerts checks that the rules refer to existing metrics, are in the runbook, and have tests in
// which they fire and in which they do not. docs_test.go checks that their links lead to headings.
func TestAlerts(t *testing.T) {
	names := exposed(t)
	file := rules(t, names)
	fires, quiet := ruleTests(t)
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			checkExpr(t, r.Record+r.Alert, r.Expr, names)
			if r.Alert == "" {
				continue
			}
			for _, a := range []string{"summary", "description", "action", "runbook_url"} {
				if r.Annotations[a] == "" {
					t.Errorf("%s has no %s", r.Alert, a)
				}
			}
			if want := "docs/operations.md#" + strings.ToLower(r.Alert); !strings.HasSuffix(r.Annotations["runbook_url"], want) {
				t.Errorf("%s: runbook_url %s, want …%s", r.Alert, r.Annotations["runbook_url"], want)
			}
			if r.Labels["severity"] == "" {
				t.Errorf("%s has no severity", r.Alert)
			}
			if !fires[r.Alert] || !quiet[r.Alert] {
				t.Errorf("%s fires in a test of alerts_test.yml: %v, and is quiet in one: %v", r.Alert, fires[r.Alert], quiet[r.Alert])
			}
		}
	}
}
