// Package analyze turns a page into an assessment: which crimes its text promotes, where exactly,
// how certain that is and why. It is pure and deterministic: no clock, no network, no storage. The
// crawl, scans of files and the tests inside the rules all use the same analyzer.
//
//	Page → extract → Document → engine.Evaluate (fold → match → conditions) → score → indicators
//
// Other views of the page are compared with it, and what only they contain is judged by the same
// rules.
package analyze

import (
	"cmp"
	"errors"
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/indicator"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/engine"
	"github.com/qianshao/qianshao/analyze/token"
)

// Analyzer assesses pages with one rule set. It is safe for concurrent use.
type Analyzer struct {
	engine     *engine.Engine
	segmenter  *token.Segmenter // the engine's
	indicators *indicator.Finder
}

// New returns an analyzer that judges pages by the rules and splits words by their dictionary.
func New(rules *rule.Set) (*Analyzer, error) {
	if rules == nil {
		return nil, errors.New("analyze: a rule set is needed; rule.Load reads one")
	}
	segmenter := token.New()
	if own := rules.Dictionary(); own != "" {
		var err error
		if segmenter, err = token.NewWith(own); err != nil {
			return nil, err
		}
	}
	return &Analyzer{engine: engine.New(rules, segmenter), segmenter: segmenter, indicators: indicator.New()}, nil
}

// Rules returns the rule set.
func (a *Analyzer) Rules() *rule.Set { return a.engine.Rules() }

// Engine returns the compiled rule set.
func (a *Analyzer) Engine() *engine.Engine { return a.engine }

// Assess parses the page and judges it: one finding for each kind of crime. Every page gets an
// answer, including empty, binary and hostile ones; the document's notes say what was unusual.
func (a *Analyzer) Assess(page qianshao.Page) (*qianshao.Document, qianshao.Assessment) {
	return a.AssessExtraction(NewExtraction(page))
}

// AssessExtraction is Assess for a page whose extraction is also needed elsewhere. It extracts only
// what has not been extracted yet.
func (a *Analyzer) AssessExtraction(x *Extraction) (*qianshao.Document, qianshao.Assessment) {
	assessment := a.assess(x)
	assessment.Findings = mergeByCategory(x.Page.URL, assessment.Findings)
	return x.Document(), assessment
}

// AssessByRule is Assess with one finding per rule, for people who tune rules.
func (a *Analyzer) AssessByRule(page qianshao.Page) (*qianshao.Document, qianshao.Assessment) {
	x := NewExtraction(page)
	assessment := a.assess(x)
	return x.Document(), assessment
}

// Extract parses the page without judging it. Resident identity numbers are masked.
func Extract(page qianshao.Page) *qianshao.Document { return NewExtraction(page).Document() }

func (a *Analyzer) assess(x *Extraction) qianshao.Assessment {
	page, doc := x.Page, x.Document()
	result := a.engine.Evaluate(doc)
	if result.Unread {
		doc.AddNote(qianshao.NoteRuleBudget)
	}
	var assessment qianshao.Assessment
	for _, context := range result.Contexts {
		assessment.Contexts = append(assessment.Contexts, context.Name)
	}
	for i := range result.Fired {
		fired := &result.Fired[i]
		score, parts := score(fired, doc.Form).total()
		assessment.Findings = append(assessment.Findings, finding(page, fired, parts, score))
	}
	for _, w := range result.Withheld {
		score, parts := score(&w.Fired, doc.Form).total()
		allow(&assessment, finding(page, &w.Fired, parts, score), w.By)
	}
	sortFindings(assessment.Findings)
	a.indicators.Attach(doc, page.URL, assessment.Findings)
	a.assessViews(x, &assessment)
	a.allowPage(page.URL, &assessment)
	tags := robotsTags(page, doc)
	for i := range assessment.Findings {
		assessment.Findings[i].RobotsTags = tags
	}
	summarise(&assessment)
	return assessment
}

// robotsTags returns a page's instructions to robots, which may show that it is made for search
// engines and kept out of archives.
func robotsTags(page qianshao.Page, doc *qianshao.Document) (tags []string) {
	for _, tag := range page.RobotsTags {
		tags = append(tags, "X-Robots-Tag: "+mask.String(tag))
	}
	for _, tag := range doc.MetaRobots {
		tags = append(tags, "meta robots: "+tag)
	}
	return tags
}

// sortFindings puts the highest score first.
func sortFindings(findings []qianshao.Finding) {
	slices.SortStableFunc(findings, func(x, y qianshao.Finding) int {
		return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(len(y.Evidence), len(x.Evidence)), cmp.Compare(x.Rule, y.Rule))
	})
}

// allowPage removes the findings that the allow-list holds back because of the page's URL.
func (a *Analyzer) allowPage(url string, assessment *qianshao.Assessment) {
	assessment.Findings = slices.DeleteFunc(assessment.Findings, func(f qianshao.Finding) bool {
		by := a.Rules().AllowsPage(url, f.Rule)
		if by != nil {
			note(assessment, f, by)
		}
		return by != nil
	})
}

// allow records an alert that lost its evidence to an allowed text, unless the rule raises an alert
// with its other evidence.
func allow(a *qianshao.Assessment, f qianshao.Finding, by *rule.Allowance) {
	if now := findingOf(*a, f.Rule); now == nil || now.Level < qianshao.AlertLevel {
		note(a, f, by)
	}
}

// note lists an alert that is held back, once for each rule. Findings below AlertLevel are not listed.
func note(a *qianshao.Assessment, f qianshao.Finding, by *rule.Allowance) {
	if f.Level < qianshao.AlertLevel || slices.ContainsFunc(a.Allowed, func(x qianshao.Allowed) bool { return x.Rule == f.Rule }) {
		return
	}
	a.Allowed = append(a.Allowed, qianshao.Allowed{Rule: f.Rule, Category: f.Category, Level: f.Level, Score: f.Score, By: by.String(), Entry: by})
	slices.SortStableFunc(a.Allowed, func(x, y qianshao.Allowed) int { return cmp.Compare(y.Score, x.Score) })
}

func finding(page qianshao.Page, fired *engine.Fired, breakdown []qianshao.ScorePart, score int) qianshao.Finding {
	return qianshao.Finding{
		ID:            qianshao.FindingID(page.URL, fired.Rule.ID),
		URL:           page.URL,
		Authorisation: page.Authorisation,
		RobotsWaiver:  page.RobotsWaiver,
		Rule:          fired.Rule.ID,
		Title:         fired.Rule.Title,
		Category:      fired.Rule.Category,
		Level:         qianshao.LevelOf(score),
		Score:         score,
		Breakdown:     breakdown,
		Hidden:        fired.Concealed,
		Evidence:      fired.Evidence,
	}
}

// summarise derives the page's level and categories from its findings, which are sorted. A page
// below AlertLevel has a level and a score but no category, since it accuses nobody.
func summarise(a *qianshao.Assessment) {
	if len(a.Findings) == 0 {
		return
	}
	a.Level, a.Score = a.Findings[0].Level, a.Findings[0].Score
	for _, f := range a.Findings {
		if f.Level >= qianshao.AlertLevel && !slices.Contains(a.Categories, f.Category) {
			a.Categories = append(a.Categories, f.Category)
		}
	}
	if len(a.Categories) > 0 {
		a.Category = a.Categories[0]
	}
}
