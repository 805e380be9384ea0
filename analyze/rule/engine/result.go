package engine

import (
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
)

// Result is what a document showed.
type Result struct {
	Fired    []Fired   // sorted by rule id
	Contexts []Context // sorted by name
	// Withheld are rules that lost a hit to a text of the allow-list, as they
	// would have fired without it; sorted by rule id.
	Withheld []Withheld
	// Unread: some expression was too expensive to run everywhere it may match.
	Unread bool
}

// Fired is a rule whose condition holds, with what scoring needs to know. Its
// numbers are about the hits that make the condition true; blocks behind "not" do
// not count.
type Fired struct {
	Rule *rule.Rule
	// Evidence is sorted by its place in the source, at most qianshao.MaxEvidence pieces.
	Evidence []qianshao.Evidence
	// Concealed: what is kept from visitors (Hiding.Concealed) makes the
	// condition true by itself, judged as if it were a page of its own.
	// Where hidden and visible text make it true only together, as a menu's 福彩开奖
	// does with a police notice below it, the hidden text is listed as evidence
	// and does not count in the fields that follow.
	Concealed bool
	// Terms are the distinct terms and regular expressions that hit, the most informative
	// first.
	Terms []WeighedTerm
	// Disguised: some hit is not in ordinary writing: its cost is above plainCost.
	Disguised bool
	// Contexts are the awareness contexts that excuse it; the evidence stands within them.
	Contexts []Context
	// Quoted: most of it stands in pre, code or blockquote elements.
	Quoted bool
	// Inert: all evidence is in comments, scripts or attributes that are not shown.
	Inert bool
}

// WeighedTerm is a term or an expression that hit, with how strongly it points to a crime.
type WeighedTerm struct {
	// Text is the term; of an expression, what it found.
	Text  string
	Grade syntax.Grade
	// Ordinary is the share of ordinary sites that use the term: in their titles, if it
	// was found in one; else anywhere. It is 0 for an expression, which is not counted.
	Ordinary float64
}

// Context is an awareness context that was recognised.
type Context struct {
	Name, Title string
	// Lowers is the number of points that it takes off a score.
	Lowers   int
	Evidence []qianshao.Evidence

	excuse excuse
}

// Withheld is a rule as it would have fired without the allow-list's texts.
type Withheld struct {
	Fired Fired
	By    *rule.Allowance
}

// withholding compares what fires with the allow-list and without it. What fires
// only with it does not fire at all: an allowed text may have been the excuse.
// A rule that fires both ways is withheld too, as it may have lost the evidence
// that made it an alert.
func withholding(with, without Result, withheld map[string]*rule.Allowance) Result {
	fires := map[string]bool{}
	for _, f := range without.Fired {
		fires[f.Rule.ID] = true
		if by := withheld[f.Rule.ID]; by != nil {
			with.Withheld = append(with.Withheld, Withheld{Fired: f, By: by})
		}
	}
	with.Fired = slices.DeleteFunc(with.Fired, func(f Fired) bool { return !fires[f.Rule.ID] })
	return with
}

// result turns the live detections into what fired.
func (e *evaluation) result(live []*detection) Result {
	holds := make([]bool, len(e.engine.detections))
	for _, d := range live {
		holds[d.index] = e.outcome(d).holds() == syntax.Yes
	}
	out := Result{Unread: e.regexes.unread()}
	for i, c := range e.engine.rules.Contexts() {
		if d := e.engine.ofContexts[i]; holds[d.index] {
			fired, _ := e.fired(d) // it holds, and a context has no place
			out.Contexts = append(out.Contexts, Context{Name: c.Name, Title: c.Title, Lowers: c.Lowers, Evidence: fired.Evidence, excuse: e.excuseOf(c, d)})
		}
	}
	for i, r := range e.engine.rules.Rules() {
		if d := e.engine.ofRules[i]; holds[d.index] && r.Off == nil {
			if fired, hits := e.fired(d); hits != nil && !e.forPrograms(hits) {
				fired.Rule = r
				fired.Quoted = e.isQuoted(hits)
				fired.Contexts = e.excusing(out.Contexts, hits)
				out.Fired = append(out.Fired, fired)
			}
		}
	}
	e.setPositions(out)
	return out
}

// excusing returns the contexts within which a rule's hits stand.
func (e *evaluation) excusing(contexts []Context, hits []rankedHit) (out []Context) {
	for _, c := range contexts {
		if c.excuse.excuses(hits, e.page.traits) {
			out = append(out, c)
		}
	}
	return out
}
