// Package backtest compares two rule sets on the same pages: what only the second flags, what it no
// longer flags, and what moves to a higher or a lower level.
package backtest

import (
	"net/url"
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/rule/explain"
	"github.com/qianshao/qianshao/locales"
)

// Comparison compares the present rules with changed ones.
type Comparison struct{ Before, After *analyze.Analyzer }

// Outcome is the result for one page.
type Outcome struct {
	// Before and After say whether the page is flagged, by any rule.
	Before, After bool
	Changes       []Change
	// Err says why the page could not be read; the other fields are then empty.
	Err error
}

// Kind says how an answer changes.
type Kind string

// Kinds of change.
const (
	Gained Kind = "newly_flagged"
	Lost   Kind = "no_longer_flagged"
	Higher Kind = "higher"
	Lower  Kind = "lower"
)

// Kinds returns all kinds in the order in which they are shown.
func Kinds() []Kind { return []Kind{Gained, Lost, Higher, Lower} }

// Change is one rule whose answer to one page changes.
type Change struct {
	Kind     Kind              `json:"kind"`
	Rule     string            `json:"rule"`
	Title    string            `json:"title"`
	Category qianshao.Category `json:"category"`
	Input    string            `json:"input"` // the page's name: a file or URL
	URL      string            `json:"url"`
	Site     string            `json:"site"` // host of the URL; empty for a file
	// Before and After are levels and scores: "none" for a finding below an alert, with the score 0
	// if the rule did not fire.
	Before      qianshao.Level `json:"before"`
	BeforeScore int            `json:"before_score"`
	After       qianshao.Level `json:"after"`
	AfterScore  int            `json:"after_score"`
	// Text is the evidence that made the difference, Left and Right some of the text around it;
	// Term and Block say what found it.
	Left   string `json:"left"`
	Text   string `json:"text"`
	Right  string `json:"right"`
	Term   string `json:"term"`
	Block  string `json:"block"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	// Why names the overlay's part in the change, if any: a rule that is off, an allowed host.
	Why string `json:"why,omitempty"`
	// Cause is what Why says in English.
	Cause locales.Message `json:"-"`
}

// Compare judges a page by both rule sets, rule by rule. input is the page's name.
func (c Comparison) Compare(input string, page qianshao.Page) (o Outcome) {
	doc, before := c.Before.AssessByRule(page)
	_, after := c.After.AssessByRule(page)
	o.Before, o.After = before.Flagged(), after.Flagged()
	was, is := findingsByRule(before), findingsByRule(after)
	for _, id := range rulesOf(before, after) {
		change, ok := difference(was[id], is[id])
		if !ok {
			continue
		}
		change.Input, change.URL, change.Site = input, page.URL, siteOf(page.URL)
		if change.Kind == Lost || change.Kind == Lower {
			change.show(was[id], c.After.Engine().Explain(doc, id))
			change.because(c.After, after)
		} else {
			change.show(is[id], c.Before.Engine().Explain(doc, id))
			change.because(c.Before, before)
		}
		o.Changes = append(o.Changes, change)
	}
	return o
}

func findingsByRule(a qianshao.Assessment) map[string]*qianshao.Finding {
	found := map[string]*qianshao.Finding{}
	for i := range a.Findings {
		found[a.Findings[i].Rule] = &a.Findings[i]
	}
	return found
}

func rulesOf(assessments ...qianshao.Assessment) (ids []string) {
	for _, a := range assessments {
		for i := range a.Findings {
			ids = append(ids, a.Findings[i].Rule)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// difference compares a rule's finding before and after; either may be nil. Findings below the
// alert level are not shown, so a move among them is not a change.
func difference(before, after *qianshao.Finding) (c Change, ok bool) {
	named := after
	if before != nil {
		c.Before, c.BeforeScore = before.Level, before.Score
	}
	if after != nil {
		c.After, c.AfterScore = after.Level, after.Score
	}
	wasAlert, isAlert := c.Before >= qianshao.AlertLevel, c.After >= qianshao.AlertLevel
	switch {
	case !wasAlert && isAlert:
		c.Kind = Gained
	case wasAlert && !isAlert:
		c.Kind, named = Lost, before
	case wasAlert && c.After > c.Before:
		c.Kind = Higher
	case wasAlert && c.After < c.Before:
		c.Kind = Lower
	default:
		return c, false
	}
	c.Rule, c.Title, c.Category = named.Rule, named.Title, named.Category
	return c, true
}

// show quotes the evidence that the other rule set does not find, since it made the difference, or
// otherwise the primary evidence.
func (c *Change) show(f *qianshao.Finding, other explain.Explanation) {
	e, ok := f.Primary()
	if !ok {
		return
	}
	if other.Known {
		if i := slices.IndexFunc(f.Evidence, func(e qianshao.Evidence) bool { return !found(other, e) }); i >= 0 {
			e = f.Evidence[i]
		}
	}
	c.Left, c.Text, c.Right, c.Line, c.Column = e.Before, e.Text, e.After, e.Line, e.Column
	c.Term, c.Block = e.Term, e.Block
}

func found(x explain.Explanation, e qianshao.Evidence) bool {
	return slices.ContainsFunc(x.Blocks, func(b explain.Block) bool {
		return b.Name == e.Block && slices.ContainsFunc(b.Hits, func(hit qianshao.Evidence) bool { return hit.Span == e.Span })
	})
}

// because names what keeps the rule from firing if it is the overlay and not the rule's terms.
func (c *Change) because(by *analyze.Analyzer, a qianshao.Assessment) {
	allowed := slices.IndexFunc(a.Allowed, func(held qianshao.Allowed) bool { return held.Rule == c.Rule })
	r, known := by.Rules().Rule(c.Rule)
	switch {
	case known && r.Off != nil:
		c.Cause = r.Off.Message()
	case allowed >= 0:
		c.Cause = locales.M("rule.preview.allowed", a.Allowed[allowed].Entry)
	default:
		return
	}
	c.Why = c.Cause.String()
}

func siteOf(pageURL string) string {
	u, err := url.Parse(pageURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.Hostname()
}
