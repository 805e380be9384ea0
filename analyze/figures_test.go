package analyze_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/analyze/evaluate"
)

// target is what a figure is to reach.
type target struct {
	set, label string // label "" is the share of innocent texts flagged
	measure    string
	reach      float64
	atMost     bool
}

// targets are those that the project has set itself for the labelled texts.
func targets() []target {
	return []target{
		{"pages/casino", "gambling", "recall", 0.98, false},
		{"pages/articles", "", "flagged", 0, true},
		{"benign/headlines", "", "flagged", 0.0005, true},
		{"benign/legal_education", "", "flagged", 0.01, true},
		{"benign/app_descriptions", "", "flagged", 0.01, true},
		{"short_texts/base_station_sms", "gambling", "recall", 0.97, false},
		{"short_texts/base_station_sms", "fraud", "recall", 0.90, false},
		{"short_texts/base_station_sms", "forged_documents", "recall", 0.95, false},
		{"short_texts/base_station_sms", "", "flagged", 0.01, true},
		{"short_texts/chat", "gambling", "F1", 0.85, false},
		{"short_texts/chat", "illicit_services", "F1", 0.75, false},
		{"short_texts/chat", "fraud", "F1", 0.65, false},
		{"short_texts/chat", "pornography", "F1", 0.65, false},
		{"short_texts/chat", "", "flagged", 0.01, true},
		{"short_texts/messenger", "spam", "precision", 0.95, false},
		{"variants/sms_variants", "", "plain", 0.75, false},
		{"variants/sms_variants", "", "kept", 0.90, false},
	}
}

func (t target) of(set evaluate.SetReport) float64 {
	part := func(n, of int) float64 { return float64(n) / float64(max(1, of)) }
	switch t.measure {
	case "flagged":
		return part(set.FalseAlarms, set.Innocent)
	case "plain":
		return part(set.PlainFlagged, set.Pairs)
	case "kept":
		return part(set.RawKept, set.PlainFlagged)
	}
	for _, l := range set.Labels {
		if string(l.Label) == t.label {
			return map[string]float64{"recall": l.Recall, "precision": l.Precision, "F1": l.F1}[t.measure]
		}
	}
	return 0
}

func (t target) words() string {
	switch t.measure {
	case "flagged":
		return "innocent texts flagged"
	case "plain":
		return "plain text flagged"
	case "kept":
		return "of those, the disguised text in the same category"
	}
	return strings.ReplaceAll(t.label, "_", " ") + ", " + t.measure
}

func (t target) row(set evaluate.SetReport) string {
	got, sign, standing := t.of(set), "≥", "reached"
	if t.atMost {
		sign = "≤"
	}
	if short := t.reach - got; !t.atMost && short > 0 || t.atMost && got > t.reach {
		standing = fmt.Sprintf("short by %.1f points", 100*max(short, -short))
	}
	show := func(x float64) string { return fmt.Sprintf("%.3f", x) }
	if t.measure == "flagged" {
		show = func(x float64) string { return fmt.Sprintf("%.2f %%", 100*x) }
	}
	return fmt.Sprintf("| %s | %s | %s %s | %s | %s |\n", t.set, t.words(), sign, show(t.reach), show(got), standing)
}

// TestFigures holds the table of figures in docs/detection.md to the golden
// file that `qianshao eval --golden` compares:
//
//	go test ./analyze -run Figures -update
func TestFigures(t *testing.T) {
	golden, err := os.ReadFile("testdata/shared.json")
	if err != nil {
		t.Fatal(err)
	}
	var report evaluate.Report
	if err := json.Unmarshal(golden, &report); err != nil {
		t.Fatal(err)
	}
	sets := map[string]evaluate.SetReport{}
	for _, set := range report.Sets {
		sets[set.Set] = set
	}
	var table strings.Builder
	table.WriteString("| set | figure | target | now | |\n|---|---|---|---|---|\n")
	for _, target := range targets() {
		set, ok := sets[target.set]
		if !ok {
			t.Errorf("the golden file has no set %s", target.set)
		}
		table.WriteString(target.row(set))
	}
	compareSection(t, "../docs/detection.md", "figures", table.String())
}
