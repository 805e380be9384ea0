package analyze

import (
	"fmt"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/engine"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/locales"
)

// TestFailure is a test inside a rule that did not come out as it expects.
type TestFailure struct {
	Rule *rule.Rule
	// Number counts the rule's tests from 1.
	Number int
	Test   syntax.Test
	// Got says what happened, in words: the score's breakdown and what was missing.
	Got string
}

func (f TestFailure) String() string {
	return fmt.Sprintf("%s: test %d: expected %s: %s\n%s", f.Rule.File, f.Number, f.Test.Expect, f.Test.Content(), f.Got)
}

// TestRules runs the tests inside all rules that are on, and inside all patterns, and returns how
// many there are and those that failed. A test "fires" when its own rule yields a finding at
// AlertLevel or above; a pattern "fires" where it is found.
func (a *Analyzer) TestRules() (count int, failures []TestFailure) {
	count, failures = a.testRules(qianshao.AlertLevel)
	ofPatterns, failed := a.testPatterns()
	return count + ofPatterns, append(failures, failed...)
}

// CheckPatterns runs the tests inside the patterns. The error is a *syntax.Error that names
// each test that comes out otherwise than it expects.
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

// testRules runs the tests inside all rules; a test fires by a finding of that level or above.
func (a *Analyzer) testRules(least qianshao.Level) (count int, failures []TestFailure) {
	for _, r := range a.Rules().Rules() {
		if r.Off != nil {
			continue // it never fires, which is no failure of its tests
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

// testPage makes a text a message and HTML a page, unless the rule judges only the other.
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

// formOf returns the form that a rule judges; of one that judges both, a page.
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

// Explain tells why the rule fired on the page or what was missing, and how its score came about.
func (a *Analyzer) Explain(page qianshao.Page, id string) string {
	doc, assessment := a.AssessByRule(page)
	return a.explain(doc, id, assessment)
}

func (a *Analyzer) explain(doc *qianshao.Document, id string, assessment qianshao.Assessment) string {
	text := a.engine.Explain(doc, id).String()
	if r, ok := a.Rules().Rule(id); ok && r.Off != nil {
		text = fmt.Sprintf("– %s is %s; were it on:\n", id, r.Off) + text
	}
	for _, allowed := range assessment.Allowed {
		if allowed.Rule == id {
			text += fmt.Sprintf("– %s\n", allowed)
		}
	}
	f := findingOf(assessment, id)
	if f == nil {
		return text
	}
	for _, p := range f.Breakdown {
		text += fmt.Sprintf("%+4d  %s\n", p.Points, p.Detail)
	}
	return text + fmt.Sprintf("%4d  = %s\n", f.Score, f.Level)
}
