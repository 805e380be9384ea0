package packs_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/packs"
	"github.com/qianshao/qianshao/analyze/rule"
)

// allowedFalseAlarms is the share of the benign sample that the shipped rules
// may flag: one in a thousand. An analyst who reads a thousand honest texts
// meets one of them.
const allowedFalseAlarms = 0.001

// Limits of the sample. A share of 0.2 %, at which the linter refuses a term,
// means little on fewer texts.
const (
	minBenignTexts      = 1500
	minBenignCharacters = 10
	maxBenignCharacters = 100
)

// The sample is edited by hand: an empty, overlong or repeated line would
// distort the shares that are measured on it.
func TestBenign(t *testing.T) {
	texts := packs.Benign()
	if len(texts) < minBenignTexts {
		t.Errorf("the benign sample has %d texts, want at least %d", len(texts), minBenignTexts)
	}
	seen := map[string]bool{}
	for _, text := range texts {
		if n := utf8.RuneCountInString(text); n < minBenignCharacters || n > maxBenignCharacters {
			t.Errorf("%d characters, want %d to %d: %s", n, minBenignCharacters, maxBenignCharacters, text)
		}
		if seen[text] {
			t.Errorf("listed twice: %s", text)
		}
		seen[text] = true
	}
}

func TestBenignFalseAlarms(t *testing.T) {
	set, err := rule.Load(packs.FS(), rule.Options{})
	if err != nil {
		t.Fatal(err)
	}
	analyzer, err := analyze.New(set)
	if err != nil {
		t.Fatal(err)
	}
	texts := packs.Benign()
	if err := analyzer.CheckBenign(texts); err != nil {
		t.Errorf("the linter refuses the shipped rules:\n%v", err)
	}
	var alarms []string
	for _, text := range texts {
		page := qianshao.Page{URL: "benign:", ContentType: "text/plain; charset=utf-8", Body: []byte(text)}
		_, assessment := analyzer.Assess(page)
		if assessment.Flagged() {
			alarms = append(alarms, explain(text, assessment))
		}
	}
	allowed := int(allowedFalseAlarms * float64(len(texts)))
	t.Logf("%d false alarms in %d benign texts, %d are allowed", len(alarms), len(texts), allowed)
	if len(alarms) > 0 {
		t.Logf("with the rules that raised them:\n%s", strings.Join(alarms, "\n"))
	}
	if len(alarms) > allowed {
		t.Errorf("%d false alarms in the benign sample, at most %d are allowed; mend the rules named above, not the texts", len(alarms), allowed)
	}
}

// explain says which rules raised the alarm, on what evidence and how it was scored.
func explain(text string, assessment qianshao.Assessment) string {
	var why strings.Builder
	why.WriteString(text)
	for _, f := range assessment.Findings {
		if f.Level < qianshao.AlertLevel {
			continue
		}
		fmt.Fprintf(&why, "\n  %s, score %d", f.Rule, f.Score)
		for _, e := range f.Evidence {
			fmt.Fprintf(&why, "\n    %s: [%s] = %s %s", e.Block, e.Text, e.Term, strings.Join(e.Steps, "+"))
		}
		for _, p := range f.Breakdown {
			fmt.Fprintf(&why, "\n    %+d %s", p.Points, p.Detail)
		}
	}
	return why.String()
}
