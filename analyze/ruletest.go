package analyze

import (
	"fmt"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/engine"
	"github.com/qianshao/qianshao/analyze/rule/explain"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/locales"
)

// TestFailure is a failed test of a rule.
type TestFailure struct {
	Rule *rule.Rule
	// Number counts the rule's tests from 1.
	Number int
	Test   syntax.Test
	// Got says what happened: the score's breakdown and what was missing.
	Got Explanation
}

// String returns In(locales.English).
func (f TestFailure) String() string { return f.In(locales.English) }

// In says which test failed and what happened.
func (f TestFailure) In(l locales.Lang) string {
	return l.Text("explain.test."+f.Test.Expect, f.Rule.File, f.Number, f.Test.Content()) + "\n" + f.Got.In(l)
}

// TestRules runs the tests inside all rules that are on, and inside all patterns, and returns their
// number and the failures. A rule fires in a test if it yields a finding at AlertLevel or above; a
// pattern fires if it is found.
func (a *Analyzer) TestRules() (count int, failures []TestFailure) {
	count, failures = a.testRules(qianshao.AlertLevel)
	ofPatterns, failed := a.testPatterns()
	return count + ofPatterns, append(failures, failed...)
}

// CheckPatterns runs the tests inside the patterns. The error is a *syntax.Error that names each
// failed test.
func (a *Analyzer) CheckPatterns() error {
	_, failures := a.testPatterns()
	if len(failures) == 0 {
		return nil
	}
	var mistakes []syntax.Mistake
	for _, f := range failures {
		message := locales.M("rule.pattern.test_found", f.Rule.ID, f.Test.Text)
		if f.Test.Expect == syntax.ExpectFires {
			message.Key = "rule.pattern.test_not_found"
		}
		mistakes = append(mistakes, syntax.Mistake{File: f.Rule.File, Line: f.Test.Line, Column: 1, Message: message})
	}
	return syntax.NewError(mistakes)
}

func (a *Analyzer) testPatterns() (count int, failures []TestFailure) {
	patterns := &Analyzer{engine: engine.New(a.Rules().OfPatterns(), a.segmenter), segmenter: a.segmenter, indicators: a.indicators}
	return patterns.testRules(qianshao.LevelInformational)
}

// testRules runs the tests inside all rules; a finding of level least or above counts as firing.
func (a *Analyzer) testRules(least qianshao.Level) (count int, failures []TestFailure) {
	for _, r := range a.Rules().Rules() {
		if r.Off != nil {
			continue // it never fires, so its tests cannot fail
		}
		for i, test := range r.Tests {
			count++
			doc, assessment := a.AssessByRule(testPage(r, test))
			f := findingOf(assessment, r.ID)
			fires := f != nil && f.Level >= least
			if fires == (test.Expect == syntax.ExpectFires) {
				continue
			}
			failures = append(failures, TestFailure{Rule: r, Number: i + 1, Test: test, Got: a.explain(doc, r.ID, assessment)})
		}
	}
	return count, failures
}

// testPage makes a text a message and HTML a page, unless the rule judges only the other form.
func testPage(r *rule.Rule, test syntax.Test) qianshao.Page {
	page := qianshao.Page{URL: "test:" + r.ID, As: qianshao.FormMessage, ContentType: "text/plain; charset=utf-8", Body: []byte(test.Text)}
	if test.HTML != "" {
		page.ContentType, page.Body, page.As = "text/html; charset=utf-8", []byte(test.HTML), qianshao.FormPage
	}
	if !r.JudgesForm(page.As) {
		page.As = formOf(r)
	}
	return page
}

// formOf returns the form that a rule judges; for a rule that judges both, a page.
func formOf(r *rule.Rule) qianshao.Form {
	if r.JudgesForm(qianshao.FormPage) {
		return qianshao.FormPage
	}
	return qianshao.FormMessage
}

func findingOf(a qianshao.Assessment, id string) *qianshao.Finding {
	for i := range a.Findings {
		if a.Findings[i].Rule == id {
			return &a.Findings[i]
		}
	}
	return nil
}

// Explanation says why a rule fired on a page, or what was missing, and how its score came about.
type Explanation struct {
	explain.Explanation
	// Off is set if the overlay has switched the rule off; the other fields are as if it were on.
	Off *rule.Off
	// Allowed are the alerts of the rule that the allow-list holds back.
	Allowed []qianshao.Allowed
	// Finding is what the rule raised, or nil.
	Finding *qianshao.Finding
}

// String returns In(locales.English).
func (x Explanation) String() string { return x.In(locales.English) }

// In shows the explanation, followed by the lines of the score.
func (x Explanation) In(l locales.Lang) string {
	var b strings.Builder
	if x.Off != nil {
		fmt.Fprintf(&b, "– %s\n", l.Text("explain.off", x.ID, x.Off.Message()))
	}
	b.WriteString(x.Explanation.In(l))
	for _, a := range x.Allowed {
		fmt.Fprintf(&b, "– %s\n", l.Text("explain.allowed", a.Rule, explain.Name(l, "level.", a.Level.String()), a.Score, a.Entry))
	}
	if x.Finding != nil {
		for _, p := range explain.Breakdown(l, x.Finding.Breakdown) {
			fmt.Fprintf(&b, "%+4d  %s\n", p.Points, p.Detail)
		}
		fmt.Fprintf(&b, "%4d  = %s\n", x.Finding.Score, explain.Name(l, "level.", x.Finding.Level.String()))
	}
	return b.String()
}

// Explain says why the rule fired on the page, or what was missing, and how its score came about.
func (a *Analyzer) Explain(page qianshao.Page, id string) Explanation {
	doc, assessment := a.AssessByRule(page)
	return a.explain(doc, id, assessment)
}

func (a *Analyzer) explain(doc *qianshao.Document, id string, assessment qianshao.Assessment) Explanation {
	out := Explanation{Explanation: a.engine.Explain(doc, id), Finding: findingOf(assessment, id)}
	if r, ok := a.Rules().Rule(id); ok {
		out.Off = r.Off
	}
	for _, allowed := range assessment.Allowed {
		if allowed.Rule == id {
			out.Allowed = append(out.Allowed, allowed)
		}
	}
	return out
}
