package engine

import (
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
)

// Result is what the engine found in a document.
type Result struct {
	Fired    []Fired   // sorted by rule id
	Contexts []Context // sorted by name
	// Withheld are rules that lost a hit to an allowed text, as they would have fired without the
	// allow-list; sorted by rule id.
	Withheld []Withheld
	// Unread says that some expression was too expensive to run everywhere it may match.
	Unread bool
}

// Fired is a rule whose condition holds, with what scoring needs to know. Its numbers are about the
// hits that make the condition true; blocks behind "not" do not count.
type Fired struct {
	Rule *rule.Rule
	// Evidence is sorted by its place in the source, at most qianshao.MaxEvidence pieces.
	Evidence []qianshao.Evidence
	// Concealed says that concealed text (Hiding.Concealed) makes the condition true by itself,
	// judged as if it were a page of its own. If hidden and visible text make it true only
	// together, like a menu's 福彩开奖 and a police notice below it, the hidden text is listed as
	// evidence but does not count in the following fields.
	Concealed bool
	// Terms are the distinct terms and regular expressions that hit, the most informative first.
	Terms []WeighedTerm
	// Disguised says that some hit is not in ordinary writing: its cost is above plainCost.
	Disguised bool
	// Contexts are the awareness contexts that excuse it; the evidence is within them.
	Contexts []Context
	// Quoted says that most of the evidence is in pre, code or blockquote elements.
	Quoted bool
	// Inert says that all evidence is in comments, scripts or attributes that are not shown.
	Inert bool
}

// WeighedTerm is a term or an expression that hit, with how strongly it points to a crime.
type WeighedTerm struct {
	// Text is the term or, for an expression, what it found.
	Text  string
	Grade syntax.Grade
	// Ordinary is the share of ordinary sites that use the term: in their titles if it was found in
	// one, otherwise anywhere. It is 0 for expressions, which are not counted.
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

// withholding compares what fires with the allow-list and without it. What fires only with it does
// not fire at all, since an allowed text may have been its excuse. A rule that fires both ways is
// withheld as well, since it may have lost the evidence that made it an alert.
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

// result turns the live detections into a Result.
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

// excusing returns the contexts that a rule's hits are within.
func (e *evaluation) excusing(contexts []Context, hits []rankedHit) (out []Context) {
	for _, c := range contexts {
		if c.excuse.excuses(hits, e.page.traits) {
			out = append(out, c)
		}
	}
	return out
}
