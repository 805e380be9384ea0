package analyze_test

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao/analyze/evaluate"
)

var update = flag.Bool("update", false, "rewrite the golden figures under testdata")

const labelledGolden = "testdata/labelled.json"

// TestLabelled runs the shipped rules on testdata/labelled, a small set that we wrote ourselves.
// The golden figures say how well the rules do, not how well they should. After changing a rule,
// see here what moved, and accept it with
//
//	go test ./analyze -run Labelled -update
func TestLabelled(t *testing.T) {
	analyzer := shipped(t)
	report, err := evaluate.Run(os.DirFS("testdata/labelled"), analyzer, evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	figures, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	figures = append(figures, '\n')
	logOutcomes(t, "missed", report.Misses)
	logOutcomes(t, "false alarm", report.FalseAlarms)
	if *update {
		if err := os.WriteFile(labelledGolden, figures, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(labelledGolden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(golden), "\n"), strings.Split(string(figures), "\n")); diff != "" {
		t.Errorf("the figures moved (- golden, + now):\n%s", diff)
	}
}

// logOutcomes logs the texts that were judged wrongly, with the rules that fired on them at any
// level.
func logOutcomes(t *testing.T, what string, outcomes []evaluate.Outcome) {
	t.Helper()
	for _, o := range outcomes {
		var fired []string
		for _, f := range o.Assessment.Findings {
			fired = append(fired, f.Rule+" "+f.Level.String())
		}
		text := string(o.Sample.Page.Body)
		if o.Sample.Page.ContentType == "text/html" {
			text = o.Sample.Page.URL
		}
		t.Logf("%s: %s: %s [%s]", what, o.Sample.Label, text, strings.Join(fired, ", "))
	}
}
