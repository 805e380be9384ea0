package analyze

import (
	"fmt"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule/engine"
)

// The weights of a score. A rule of level medium that fires on plain text in a message barely
// reaches an alert (40), and one awareness context takes it below. Concealment raises a rule of
// level low to an alert, because nobody hides an honest text.
const (
	pointsPerTerm    = 3  // in a message: each distinct term after the first
	maxTermPoints    = 15 // five terms say as much as fifty
	pointsConcealed  = 18 // the text hidden from visitors is enough for the rule to fire
	pointsCloaked    = 18 // the text is shown to some visitors only
	pointsDisguised  = 5  // some evidence is spelt so as to evade filters
	pointsInert      = -20
	maxAwarenessLoss = 45
)

// levelPoints is what a rule of each level is worth by itself in a message.
var levelPoints = map[qianshao.Level]int{
	qianshao.LevelInformational: 5,
	qianshao.LevelLow:           25,
	qianshao.LevelMedium:        45,
	qianshao.LevelHigh:          62,
	qianshao.LevelCritical:      78,
}

func score(fired *engine.Fired, form qianshao.Form) breakdown {
	var parts breakdown
	if form == qianshao.FormMessage {
		parts.addMessage(fired)
	} else {
		parts.addPage(fired)
	}
	if fired.Disguised {
		parts.add("disguised", "spelt to dodge filters", pointsDisguised)
	}
	if fired.Inert {
		parts.add("inert", "only in comments, scripts or attributes, where no visitor reads it", pointsInert)
	}
	parts.addAwareness(fired)
	return parts
}

// addMessage scores a rule that fired on a message, where its level counts for nearly everything.
func (b *breakdown) addMessage(fired *engine.Fired) {
	b.add("rule_level", "rule level "+fired.Rule.Level.String(), levelPoints[fired.Rule.Level])
	b.add("terms", fmt.Sprintf("%d distinct terms", len(fired.Terms)), min(maxTermPoints, pointsPerTerm*max(0, len(fired.Terms)-1)))
	if fired.Concealed {
		b.addHidden(fired)
	}
}

func (b *breakdown) addHidden(fired *engine.Fired) {
	b.add("hidden", "evidence concealed from visitors: "+string(concealment(fired)), pointsConcealed)
}

type breakdown []qianshao.ScorePart

func (b *breakdown) add(reason, detail string, points int) {
	if points != 0 {
		*b = append(*b, qianshao.ScorePart{Reason: reason, Detail: detail, Points: points})
	}
}

// addAwareness takes points off a page that talks about a crime instead of promoting it. A rule that
// fires on concealed text alone gets no such discount: the classic victim of injected links is a
// government site full of police notices. A hidden menu that only makes the rule fire together with
// the notice does not cancel the discount.
func (b *breakdown) addAwareness(fired *engine.Fired) {
	if fired.Concealed {
		return
	}
	left := maxAwarenessLoss
	if fired.Quoted {
		b.add("awareness", "quoted, in pre, code or blockquote", -left)
		return
	}
	for _, c := range fired.Contexts {
		loss := min(c.Lowers, left)
		left -= loss
		b.add("awareness", c.Title, -loss)
	}
}

// total returns the score and the parts that add up to it. If the sum is off the scale, a last part
// corrects it.
func (b breakdown) total() (int, []qianshao.ScorePart) {
	sum := 0
	for _, p := range b {
		sum += p.Points
	}
	bounded := min(max(sum, 1), qianshao.MaxScore)
	b.add("cap", fmt.Sprintf("the scale ends at 1 and %d", qianshao.MaxScore), bounded-sum)
	return bounded, b
}

func concealment(fired *engine.Fired) qianshao.Hiding {
	for _, e := range fired.Evidence {
		if e.Hidden.Concealed() {
			return e.Hidden
		}
	}
	return qianshao.HidingNone
}
