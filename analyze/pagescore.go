package analyze

import (
	"fmt"
	"slices"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule/engine"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
)

// A page has so many words that some rule's condition holds by chance. So on a page the terms have
// to carry the score: each is worth what its grade says, and less if ordinary sites use it as well.
// A message is short, so there the condition alone is nearly decisive.

// pagePoints is what a rule of each level contributes by itself on a page. Up to high, one telling
// term is not enough for an alert; from medium up, one specific term is.
var pagePoints = map[qianshao.Level]int{
	qianshao.LevelInformational: 0,
	qianshao.LevelLow:           8,
	qianshao.LevelMedium:        20,
	qianshao.LevelHigh:          27,
	qianshao.LevelCritical:      40,
}

// gradePoints is what a term of each grade is worth if ordinary sites hardly use it.
var gradePoints = map[syntax.Grade]int{syntax.Flavour: 8, syntax.Telling: 12, syntax.Specific: 20}

const (
	maxPagePoints = 45 // for all terms: a few good ones say as much as fifty

	// A term counts in full if at most rareShare of the ordinary sites use it, not at all from
	// commonShare up, and half in between. Fewer than fifty sites are counted, so a single site is
	// already more than rareShare.
	rareShare   = 0.02
	commonShare = 0.05

	// leastConcealed is how many rare terms must be concealed for their concealment to count.
	leastConcealed    = 2
	pointsHiddenAlone = -5

	maxNamedTerms = 4 // in one line of the breakdown
)

func isRare(t engine.WeighedTerm) bool { return t.Ordinary <= rareShare }

// worth returns the points of a term on a page.
func worth(t engine.WeighedTerm) int {
	switch {
	case isRare(t):
		return gradePoints[t.Grade]
	case t.Ordinary < commonShare:
		return gradePoints[t.Grade] / 2
	}
	return 0
}

// addPage scores a rule that fired on a page, by its level and by each of its terms.
func (b *breakdown) addPage(fired *engine.Fired) {
	b.add("rule_level", "rule level "+fired.Rule.Level.String(), pagePoints[fired.Rule.Level])
	var everyday []engine.WeighedTerm
	graded := map[syntax.Grade][]engine.WeighedTerm{}
	for _, t := range fired.Terms {
		if worth(t) == 0 {
			everyday = append(everyday, t)
		} else {
			graded[t.Grade] = append(graded[t.Grade], t)
		}
	}
	sum, capped := 0, false
	for _, grade := range []syntax.Grade{syntax.Specific, syntax.Telling, syntax.Flavour} {
		points := 0
		for _, t := range graded[grade] {
			points += worth(t)
		}
		counted := min(points, maxPagePoints-sum)
		sum += counted
		b.addTerms(grade.String(), grade.String(), graded[grade], counted)
		capped = capped || counted < points
	}
	if capped {
		*b = append(*b, qianshao.ScorePart{Reason: "terms_cap", Detail: fmt.Sprintf("all terms together count %d at most", maxPagePoints)})
	}
	b.addTerms("everyday", "everyday", everyday, 0)
	if fired.Concealed {
		b.addConcealed(fired)
	}
}

// addTerms adds a line for terms of one kind, even if it is worth no points.
func (b *breakdown) addTerms(reason, kind string, terms []engine.WeighedTerm, points int) {
	if len(terms) == 0 {
		return
	}
	names := make([]string, 0, maxNamedTerms+1)
	for _, t := range terms {
		name := syntax.Cut(t.Text, qianshao.EvidenceContext)
		if slices.Contains(names, name) { // an expression can find the same text as a term
			continue
		}
		if len(names) == maxNamedTerms {
			names = append(names, "…")
			break
		}
		names = append(names, name)
	}
	noun := "terms"
	if len(terms) == 1 {
		noun = "term"
	}
	*b = append(*b, qianshao.ScorePart{Reason: reason, Detail: fmt.Sprintf("%d %s %s: %s", len(terms), kind, noun, strings.Join(names, ", ")), Points: points})
}

// addConcealed takes into account that a page hides what makes a rule fire. Every site has folded
// menus and dialogues in which one word may be found by chance; two rare ones are not hidden by
// chance.
func (b *breakdown) addConcealed(fired *engine.Fired) {
	rare := 0
	for _, t := range fired.Terms {
		if isRare(t) {
			rare++
		}
	}
	if rare < leastConcealed && !(rare > 0 && isDeliberate(concealment(fired))) {
		b.add("hidden_alone", "concealed from visitors, but fewer than two rare terms: "+string(concealment(fired)), pointsHiddenAlone)
		return
	}
	b.addHidden(fired)
}

// isDeliberate says whether a way of hiding serves only to hide or to deceive. The other ways also
// fold menus, or keep texts for screen readers off the screen.
func isDeliberate(h qianshao.Hiding) bool {
	switch h {
	case qianshao.HidingEntityEncoded, qianshao.HidingMisused, qianshao.HidingSameColour, qianshao.HidingZeroFont, qianshao.HidingMarquee:
		return true
	}
	return false
}
