package analyze

import (
	"cmp"
	"maps"
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule/chance"
	"github.com/qianshao/qianshao/analyze/rule/policy"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/locales"
)

// CheckBenign runs the rules on innocent texts, mainly packs.Benign, and looks their short terms up
// in the dictionary. The error is a *syntax.Error that names each term and each rule that is too
// common, with its place and some of the texts or words.
func (a *Analyzer) CheckBenign(innocent []string) error {
	mistakes := a.engine.CommonTerms(innocent)
	byChance, err := a.ChanceTerms()
	if err != nil {
		return err
	}
	for i := range byChance {
		if m := byChance[i].Mistake(); byChance[i].Refused && !slices.ContainsFunc(mistakes, m.SamePlace) {
			mistakes = append(mistakes, m)
		}
	}
	flagged := map[string][]alarm{} // by rule
	for _, text := range innocent {
		for _, f := range a.inEachForm(text) {
			if f.Level >= qianshao.AlertLevel {
				flagged[f.Rule] = append(flagged[f.Rule], alarm{text, f.Evidence})
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(flagged)) {
		if alarms := flagged[id]; policy.IsTooCommon(len(alarms), len(innocent)) {
			if m := a.tooMany(id, alarms, len(innocent)); !slices.ContainsFunc(mistakes, m.SamePlace) {
				mistakes = append(mistakes, m)
			}
		}
	}
	if len(mistakes) == 0 {
		return nil
	}
	return &syntax.Error{Mistakes: mistakes}
}

// ChanceTerms returns the short terms that, according to the dictionary, occur by chance inside
// other words; see chance.Terms.
func (a *Analyzer) ChanceTerms() ([]chance.Term, error) { return chance.Terms(a.Rules(), a.segmenter) }

// inEachForm returns what each rule finds in a text, in the form that the rule judges. A rule that
// judges both forms gets a message, in which a single term weighs more.
func (a *Analyzer) inEachForm(text string) (out []qianshao.Finding) {
	for _, form := range qianshao.Forms() {
		_, assessment := a.AssessByRule(qianshao.Page{URL: "benign:", As: form, ContentType: "text/plain; charset=utf-8", Body: []byte(text)})
		for _, f := range assessment.Findings {
			if r, ok := a.Rules().Rule(f.Rule); ok && (form == qianshao.FormMessage || !r.JudgesForm(qianshao.FormMessage)) {
				out = append(out, f)
			}
		}
	}
	return out
}

// alarm is an innocent text that a rule flags.
type alarm struct {
	text     string
	evidence []qianshao.Evidence
}

// tooMany reports a rule with too many alarms, at the term that appears in most of them.
func (a *Analyzer) tooMany(id string, alarms []alarm, of int) syntax.Mistake {
	type part struct{ block, term string }
	parts, texts := map[part]int{}, []string{}
	for _, alarm := range alarms {
		texts = append(texts, alarm.text)
		seen := map[part]bool{}
		for _, e := range alarm.evidence {
			if p := (part{e.Block, e.Term}); !seen[p] {
				seen[p] = true
				parts[p]++
			}
		}
	}
	r, _ := a.Rules().Rule(id)
	m, most, largest := syntax.Mistake{File: r.File}, locales.Message{}, 0
	for _, p := range slices.SortedFunc(maps.Keys(parts), func(x, y part) int {
		return cmp.Or(cmp.Compare(parts[y], parts[x]), cmp.Compare(x.block, y.block), cmp.Compare(x.term, y.term))
	}) {
		place := a.engine.PlaceOf(r, p.block, p.term)
		if most.Key == "" || 2*parts[p] >= largest && m.Line == 0 && place.Line > 0 { // pointing at a term helps more than pointing at an expression
			m, largest = place, parts[p]
			most = locales.M("rule.benign.most", parts[p], p.term, p.block)
		}
	}
	m.Message = locales.M("rule.benign.rule", id, policy.Share(len(alarms), of), most, policy.Quotes(texts))
	return m
}
