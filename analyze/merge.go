package analyze

import (
	"cmp"
	"slices"

	"github.com/qianshao/qianshao"
)

// mergeByCategory merges the rules' findings into one for each category: a page with four hidden
// casino links fires four gambling rules, but is one case to review. The finding takes the rule
// with the highest score; the other rules are listed, and their evidence is added. findings must be
// sorted.
func mergeByCategory(url string, findings []qianshao.Finding) []qianshao.Finding {
	var merged []qianshao.Finding
	for i := range findings {
		at := slices.IndexFunc(merged, func(f qianshao.Finding) bool { return f.Category == findings[i].Category })
		if at < 0 {
			f := findings[i]
			f.ID = qianshao.FindingID(url, string(f.Category))
			f.Evidence, f.Indicators = slices.Clone(f.Evidence), slices.Clone(f.Indicators)
			merged = append(merged, f)
			continue
		}
		mergeInto(&merged[at], &findings[i])
	}
	return merged
}

// mergeInto adds another rule's finding to a finding.
func mergeInto(f, other *qianshao.Finding) {
	f.Also = append(f.Also, qianshao.OtherRule{Rule: other.Rule, Title: other.Title, Level: other.Level, Score: other.Score})
	f.Hidden = f.Hidden || other.Hidden
	if f.PlainVersion == nil {
		f.PlainVersion = other.PlainVersion
	}
	for _, e := range other.Evidence {
		shown := func(have qianshao.Evidence) bool {
			return have.View == e.View && have.Region == e.Region && have.Span.Start <= e.Span.Start && e.Span.End <= have.Span.End
		}
		if len(f.Evidence) < qianshao.MaxEvidence && !slices.ContainsFunc(f.Evidence, shown) {
			e.Rule = other.Rule
			f.Evidence = append(f.Evidence, e)
		}
	}
	for _, found := range other.Indicators {
		known := func(have qianshao.Indicator) bool { return have.Kind == found.Kind && have.Value == found.Value }
		if len(f.Indicators) < qianshao.MaxIndicators && !slices.ContainsFunc(f.Indicators, known) {
			f.Indicators = append(f.Indicators, found)
		}
	}
	slices.SortStableFunc(f.Indicators, func(x, y qianshao.Indicator) int {
		return cmp.Or(cmp.Compare(x.View, y.View), cmp.Compare(x.Span.Start, y.Span.Start))
	})
}
