package evaluate

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/qianshao/qianshao"
)

// Report holds the figures of all sets. Its JSON leaves out what names texts or sites, so that a
// golden file holds only figures.
type Report struct {
	Sets     []SetReport     `json:"sets"`
	Cases    []CasesReport   `json:"cases,omitempty"`
	Archives []ArchiveReport `json:"archives,omitempty"`
	// Curve says how reliable a score is on pages, the lowest bucket first.
	Curve []Bucket `json:"curve"`
	// SingleSiteTerms counts the terms that hit malicious pages (Of) and those that do so on one
	// site only (N).
	SingleSiteTerms Count        `json:"single_site_terms"`
	Rules           []RuleReport `json:"rules"`
	// Misses and FalseAlarms are the wrong outcomes, and SingleSite the terms that SingleSiteTerms
	// counts, for people to read: those of the tuning half only.
	Misses      []Outcome        `json:"-"`
	FalseAlarms []Outcome        `json:"-"`
	SingleSite  []SingleSiteTerm `json:"-"`
}

// SetReport holds the figures of one set, or of a folder within it.
type SetReport struct {
	Set string `json:"set"`
	// Innocent counts the innocent texts that were flagged, InnocentKinds does so by kind of site.
	Innocent      Halves[Tally] `json:"innocent,omitzero"`
	InnocentKinds []KindReport  `json:"innocent_kinds,omitempty"`
	// Crime counts the malicious texts that were found, CrimeKinds does so by kind of site.
	Crime      Halves[Tally] `json:"crime,omitzero"`
	CrimeKinds []KindReport  `json:"crime_kinds,omitempty"`
	Labels     []LabelReport `json:"labels,omitempty"`
	// For pairs of a disguised and a plain text, PlainFlagged counts the plain texts that were
	// flagged, and RawKept how many of these were flagged in the same category when disguised.
	PlainFlagged Halves[Count] `json:"plain_flagged,omitzero"`
	RawKept      Halves[Count] `json:"raw_kept,omitzero"`
	// Folders are the folders into which the set's pages are sorted, if there are several.
	Folders []SetReport `json:"folders,omitempty"`
}

// KindReport holds the figures of one kind of site.
type KindReport struct {
	Kind string `json:"kind"`
	Halves[Tally]
}

// LabelReport holds the figures of one label within a set.
type LabelReport struct {
	Label Label `json:"label"`
	Halves[LabelFigures]
}

// LabelFigures holds a label's recall and precision: how many of its texts were found, and how many
// of the texts flagged as it really have it.
type LabelFigures struct {
	Tally
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// CasesReport says which pages of a regression test were judged right.
type CasesReport struct {
	Set   string    `json:"set"`
	Right Count     `json:"right"`
	Wrong []Outcome `json:"-"`
}

// ArchiveReport counts the flagged pages of an unlabelled archive. A person has to look at each to
// know whether it is a false alarm.
type ArchiveReport struct {
	Archive string        `json:"archive"`
	Pages   Halves[Tally] `json:"pages"`
	Flagged []Outcome     `json:"-"`
}

// RuleReport says how a rule did on all labelled texts: N of its hits were right.
type RuleReport struct {
	Rule string `json:"rule"`
	Halves[Count]
}

// addSet adds the figures of a set and of its disguised texts.
func (r *Report) addSet(name string, outcomes, disguised []Outcome) {
	s := setReport(name, outcomes)
	if len(disguised) > 0 {
		plainFlagged := func(o *Outcome) bool { return o.plain.Flagged() }
		s.PlainFlagged = counts(disguised, plainFlagged)
		s.RawKept = counts(filter(disguised, plainFlagged), (*Outcome).kept)
	}
	r.Sets = append(r.Sets, s)
	r.collect(outcomes)
	r.collect(disguised)
}

func setReport(name string, outcomes []Outcome) SetReport {
	s := SetReport{Set: name, Labels: labelReports(outcomes)}
	innocent := filter(outcomes, func(o *Outcome) bool { return o.Sample.Label.Innocent() })
	crime := filter(outcomes, func(o *Outcome) bool { return o.Sample.Label.Crime() })
	if len(innocent) > 0 {
		s.Innocent = tallies(innocent, (*Outcome).Flagged)
	}
	if len(crime) > 0 {
		s.Crime = tallies(crime, (*Outcome).Found)
	}
	folders := group(outcomes, func(o *Outcome) string { return o.Sample.Folder })
	if len(folders) < 2 {
		s.InnocentKinds = kindReports(innocent, (*Outcome).Flagged)
		s.CrimeKinds = kindReports(crime, (*Outcome).Found)
		return s
	}
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		s.Folders = append(s.Folders, setReport(path.Join(name, folder), folders[folder]))
	}
	return s
}

// kindReports measures each kind of site; it returns nil if the set names no kinds.
func kindReports(outcomes []Outcome, hit func(*Outcome) bool) (reports []KindReport) {
	kinds := group(outcomes, func(o *Outcome) string { return o.Sample.Kind })
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		if kind != "" {
			reports = append(reports, KindReport{kind, tallies(kinds[kind], hit)})
		}
	}
	return reports
}

// labelReports measures each label that must be flagged.
func labelReports(outcomes []Outcome) (reports []LabelReport) {
	labels := group(outcomes, func(o *Outcome) Label { return o.Sample.Label })
	for _, label := range slices.Sorted(maps.Keys(labels)) {
		if label.Crime() {
			reports = append(reports, LabelReport{label, halves(outcomes, func(half []Outcome) LabelFigures {
				return labelFigures(label, half)
			})})
		}
	}
	return reports
}

func labelFigures(label Label, outcomes []Outcome) LabelFigures {
	claimed := 0
	for i := range outcomes {
		o := &outcomes[i]
		rightLoan := o.Sample.Label == labelLoanAd && o.Found()
		if o.Flagged() && label.Covers(o.Category) && !rightLoan {
			claimed++
		}
	}
	found := tally(filter(outcomes, func(o *Outcome) bool { return o.Sample.Label == label }), (*Outcome).Found)
	precision, recall := Count{found.Texts.N, claimed}.Share(), found.Texts.Share()
	f1 := 0.0
	if precision+recall > 0 {
		f1 = 2 * precision * recall / (precision + recall)
	}
	return LabelFigures{Tally: found, Precision: rounded(precision), Recall: rounded(recall), F1: rounded(f1)}
}

func casesReport(name string, outcomes []Outcome) CasesReport {
	wrong := filter(outcomes, func(o *Outcome) bool { return o.Miss() || o.FalseAlarm() })
	return CasesReport{Set: name, Right: Count{len(outcomes) - len(wrong), len(outcomes)}, Wrong: wrong}
}

func archiveReport(name string, outcomes []Outcome) ArchiveReport {
	return ArchiveReport{
		Archive: name,
		Pages:   tallies(outcomes, (*Outcome).Flagged),
		Flagged: filter(outcomes, (*Outcome).Flagged),
	}
}

// collect keeps the wrong outcomes that people may read.
func (r *Report) collect(outcomes []Outcome) {
	for _, o := range outcomes {
		switch {
		case o.Sample.Half == Checking:
		case o.FalseAlarm():
			r.FalseAlarms = append(r.FalseAlarms, o)
		case o.plain != nil && !o.plain.Flagged():
			r.Misses = append(r.Misses, *o.plain)
		case o.plain != nil && !o.kept(), o.plain == nil && o.Miss():
			r.Misses = append(r.Misses, o)
		}
	}
}

// ruleReports counts the alerts of each rule, the rules with the most hits first.
func ruleReports(outcomes []Outcome) (reports []RuleReport) {
	type rule struct {
		id       string
		category qianshao.Category
	}
	alerts := map[rule][]Outcome{}
	for _, o := range outcomes {
		for _, f := range o.Assessment.Findings {
			if f.Level >= qianshao.AlertLevel {
				alerts[rule{f.Rule, f.Category}] = append(alerts[rule{f.Rule, f.Category}], o)
			}
		}
	}
	for r, hits := range alerts {
		right := func(o *Outcome) bool { return o.Sample.Label.Covers(r.category) }
		reports = append(reports, RuleReport{r.id, counts(hits, right)})
	}
	slices.SortFunc(reports, func(a, b RuleReport) int {
		return cmp.Or(cmp.Compare(b.Whole.Of, a.Whole.Of), strings.Compare(a.Rule, b.Rule))
	})
	return reports
}

func filter(outcomes []Outcome, keep func(*Outcome) bool) (kept []Outcome) {
	for i := range outcomes {
		if keep(&outcomes[i]) {
			kept = append(kept, outcomes[i])
		}
	}
	return kept
}

func group[K comparable](outcomes []Outcome, key func(*Outcome) K) map[K][]Outcome {
	groups := map[K][]Outcome{}
	for i := range outcomes {
		k := key(&outcomes[i])
		groups[k] = append(groups[k], outcomes[i])
	}
	return groups
}
