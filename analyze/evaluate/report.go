package evaluate

import (
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
)

// Report holds the figures of all sets.
type Report struct {
	Sets  []SetReport  `json:"sets"`
	Rules []RuleReport `json:"rules"`
	// Misses and FalseAlarms are the outcomes that are wrong, for a person to read.
	Misses      []Outcome `json:"-"`
	FalseAlarms []Outcome `json:"-"`
}

// SetReport holds the figures of one set.
type SetReport struct {
	Set    string        `json:"set"`
	Labels []LabelReport `json:"labels,omitempty"`
	// Innocent is the number of innocent texts, FalseAlarms how many of them were flagged.
	Innocent    int `json:"innocent,omitempty"`
	FalseAlarms int `json:"false_alarms,omitempty"`
	// Pairs are pairs of a disguised and a plain text: PlainFlagged of the
	// plain ones were flagged, and of those RawKept of the disguised ones in the same category.
	Pairs        int `json:"pairs,omitempty"`
	PlainFlagged int `json:"plain_flagged,omitempty"`
	RawKept      int `json:"raw_kept,omitempty"`
}

// LabelReport holds the figures of one label within a set.
type LabelReport struct {
	Label     Label   `json:"label"`
	Texts     int     `json:"texts"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// RuleReport tells how a rule did on all labelled texts.
type RuleReport struct {
	Rule      string  `json:"rule"`
	Hits      int     `json:"hits"`
	Precision float64 `json:"precision"`
}

// Run measures the analyzer on the sets below fsys.
func Run(fsys fs.FS, analyzer *analyze.Analyzer) (*Report, error) {
	sets, err := read(fsys)
	if err != nil {
		return nil, err
	}
	report := &Report{}
	rules := map[string]*ruleTally{}
	for _, s := range sets {
		outcomes := assess(analyzer, s.samples)
		figures := SetReport{Set: s.name, Labels: labelReports(outcomes)}
		for _, o := range outcomes {
			report.collect(o, &figures)
			tallyRules(rules, o)
		}
		figures.measurePairs(analyzer, s.pairs, report)
		report.Sets = append(report.Sets, figures)
	}
	report.Rules = ruleReports(rules)
	return report, nil
}

func (r *Report) collect(o Outcome, figures *SetReport) {
	if o.Sample.Label.Innocent() {
		figures.Innocent++
		if o.FalseAlarm() {
			figures.FalseAlarms++
		}
	}
	if o.FalseAlarm() {
		r.FalseAlarms = append(r.FalseAlarms, o)
	}
	if o.Miss() {
		r.Misses = append(r.Misses, o)
	}
}

func (s *SetReport) measurePairs(analyzer *analyze.Analyzer, pairs []pair, report *Report) {
	raw, plain := make([]Sample, len(pairs)), make([]Sample, len(pairs))
	for i, p := range pairs {
		raw[i], plain[i] = p.raw, p.plain
	}
	rawOutcomes := assess(analyzer, raw)
	s.Pairs = len(pairs)
	for i, o := range assess(analyzer, plain) {
		if o.Category == "" {
			report.Misses = append(report.Misses, o)
			continue
		}
		s.PlainFlagged++
		if slices.Contains(rawOutcomes[i].Assessment.Categories, o.Category) {
			s.RawKept++
		} else {
			report.Misses = append(report.Misses, rawOutcomes[i])
		}
	}
}

// labelReports measures each label of a set; an innocent label has no figures of its own.
func labelReports(outcomes []Outcome) []LabelReport {
	labels := map[Label]bool{}
	for _, o := range outcomes {
		if l := o.Sample.Label; !l.Innocent() && l != labelLoanAd {
			labels[l] = true
		}
	}
	var reports []LabelReport
	for _, label := range slices.Sorted(maps.Keys(labels)) {
		reports = append(reports, labelReport(label, outcomes))
	}
	return reports
}

func labelReport(label Label, outcomes []Outcome) LabelReport {
	texts, found, claimed := 0, 0, 0
	for _, o := range outcomes {
		right := o.Category != "" && label.Covers(o.Category)
		if o.Sample.Label == label {
			texts++
			if right {
				found++
			}
		}
		if right && !(o.Sample.Label == labelLoanAd && labelLoanAd.Covers(o.Category)) {
			claimed++
		}
	}
	precision, recall := ratio(found, claimed), ratio(found, texts)
	f1 := 0.0
	if precision+recall > 0 {
		f1 = rounded(2 * precision * recall / (precision + recall))
	}
	return LabelReport{Label: label, Texts: texts, Precision: precision, Recall: recall, F1: f1}
}

type ruleTally struct{ hits, right int }

func tallyRules(rules map[string]*ruleTally, o Outcome) {
	for _, f := range o.Assessment.Findings {
		if f.Level < qianshao.AlertLevel {
			continue
		}
		t := rules[f.Rule]
		if t == nil {
			t = &ruleTally{}
			rules[f.Rule] = t
		}
		t.hits++
		if o.Sample.Label.Covers(f.Category) {
			t.right++
		}
	}
}

func ruleReports(rules map[string]*ruleTally) []RuleReport {
	var reports []RuleReport
	for id, t := range rules {
		reports = append(reports, RuleReport{Rule: id, Hits: t.hits, Precision: ratio(t.right, t.hits)})
	}
	slices.SortFunc(reports, func(a, b RuleReport) int {
		return cmp.Or(cmp.Compare(b.Hits, a.Hits), strings.Compare(a.Rule, b.Rule))
	})
	return reports
}

func ratio(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return rounded(float64(part) / float64(whole))
}

// rounded keeps four places, so that figures in a golden file are short.
func rounded(x float64) float64 { return math.Round(x*10_000) / 10_000 }

// Print writes the figures for a person.
func (r *Report) Print(w io.Writer) {
	for _, s := range r.Sets {
		fmt.Fprintf(w, "%s\n", s.Set)
		for _, l := range s.Labels {
			fmt.Fprintf(w, "  %-18s %6d texts   precision %.3f   recall %.3f   F1 %.3f\n", l.Label, l.Texts, l.Precision, l.Recall, l.F1)
		}
		if s.Innocent > 0 {
			fmt.Fprintf(w, "  %-18s %6d texts   %d false alarms, %.2f in 1,000\n", "innocent", s.Innocent, s.FalseAlarms, 1000*float64(s.FalseAlarms)/float64(s.Innocent))
		}
		if s.Pairs > 0 {
			fmt.Fprintf(w, "  %-18s %6d pairs   plain flagged %.3f   of those, disguised kept %.3f\n", "variants", s.Pairs, ratio(s.PlainFlagged, s.Pairs), ratio(s.RawKept, s.PlainFlagged))
		}
	}
	fmt.Fprintln(w, "rules")
	for _, rule := range r.Rules {
		fmt.Fprintf(w, "  %-46s %6d hits   precision %.3f\n", rule.Rule, rule.Hits, rule.Precision)
	}
}
