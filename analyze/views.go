package analyze

import (
	"slices"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/analyze/rule/engine"
	"github.com/qianshao/qianshao/analyze/view"
)

// assessViews adds what the page's other views show and a plain visitor does not get. Of the views
// for search engines' visitors and crawlers, only the difference is judged, as a page of its own,
// just like concealed text: what a plain visitor reads neither adds to it nor excuses it. A
// difference that no rule flags is not a finding.
func (a *Analyzer) assessViews(x *Extraction, assessment *qianshao.Assessment) {
	if len(x.Others) == 0 {
		return
	}
	plain := []*qianshao.Document{x.Document()}
	for _, other := range x.Others {
		if other.Page.View == qianshao.ViewVisitor && !other.Page.LedAway() {
			plain = append(plain, other.Document())
		}
	}
	c := comparison{analyzer: a, page: x.Page, baseline: view.NewBaseline(plain...), assessment: assessment}
	for _, other := range x.Others {
		if other.Page.View == qianshao.ViewBrowser {
			if doc := c.judge(other); !other.Page.LedAway() {
				plain = append(plain, doc) // every visitor's browser shows it
			}
		}
	}
	c.baseline = view.NewBaseline(plain...)
	for _, other := range x.Others {
		if v := other.Page.View; v != qianshao.ViewVisitor && v != qianshao.ViewBrowser {
			c.judge(other)
		}
	}
	sortFindings(assessment.Findings)
}

// comparison compares the views of one page.
type comparison struct {
	analyzer   *Analyzer
	page       qianshao.Page
	baseline   *view.Baseline
	assessment *qianshao.Assessment
}

// judge adds the findings of one view and returns the view's document.
func (c *comparison) judge(x *Extraction) *qianshao.Document {
	other, doc := x.Page, c.document(x)
	difference := c.baseline.Difference(doc)
	judged := difference.Document
	if len(judged.Regions) == 0 {
		return doc
	}
	if other.View == qianshao.ViewBrowser {
		judged = doc // what scripts make of a page is what visitors see, so all of it is judged
	}
	result := c.analyzer.engine.Evaluate(judged)
	if result.Unread {
		doc.AddNote(qianshao.NoteRuleBudget)
	}
	var found []qianshao.Finding
	for i := range result.Fired {
		fired := &result.Fired[i]
		isNew := func(e qianshao.Evidence) bool { return difference.Holds(e.Span) }
		if c.knows(fired.Rule.Category) || !slices.ContainsFunc(fired.Evidence, isNew) {
			continue
		}
		if f := c.finding(other, fired); f.Level >= qianshao.AlertLevel {
			f.PlainVersion = c.baseline.PlainVersion(doc, f.Evidence[slices.IndexFunc(f.Evidence, isNew)])
			found = append(found, f)
		}
	}
	for _, w := range result.Withheld {
		if !c.knows(w.Fired.Rule.Category) {
			allow(c.assessment, c.finding(other, &w.Fired), w.By)
		}
	}
	if len(found) > 0 {
		c.analyzer.indicators.Attach(doc, c.page.URL, found)
		c.add(found, other.View, doc)
	}
	return doc
}

// knows says whether the plain visitor's page, or an earlier view, already has an alert of the
// category. What everybody is shown is not cloaked: a casino's own page has other casino banners at
// every visit.
func (c *comparison) knows(category qianshao.Category) bool {
	return slices.ContainsFunc(c.assessment.Findings, func(f qianshao.Finding) bool {
		return f.Category == category && f.Level >= qianshao.AlertLevel
	})
}

func (c *comparison) finding(other qianshao.Page, fired *engine.Fired) qianshao.Finding {
	parts := score(fired, qianshao.FormPage)
	if other.View != qianshao.ViewBrowser {
		parts.add("cloaked", cloaking(other), pointsCloaked)
	}
	score, breakdown := parts.total()
	f := finding(c.page, fired, breakdown, score)
	f.Evidence = slices.Clone(f.Evidence)
	for i := range f.Evidence {
		f.Evidence[i].View = other.View
	}
	return f
}

// cloaking says who gets the content, with the view's name in brackets at the end.
func cloaking(other qianshao.Page) string {
	how, whom := "shown only to", "visitors of one kind"
	if other.LedAway() {
		how = "a redirect only for"
	}
	switch other.View {
	case qianshao.ViewSearchVisitor:
		whom = "visitors from a search engine"
	case qianshao.ViewSearchCrawler:
		whom = "a search engine's crawler"
	}
	return how + " " + whom + " (" + string(other.View) + ")"
}

// add adds a view's findings. A finding of the same rule on the plain page was below AlertLevel,
// and is replaced.
func (c *comparison) add(found []qianshao.Finding, v qianshao.View, doc *qianshao.Document) {
	for i := range found {
		for k := range found[i].Indicators {
			found[i].Indicators[k].View = v
		}
		same := func(f qianshao.Finding) bool { return f.ID == found[i].ID }
		c.assessment.Findings = append(slices.DeleteFunc(c.assessment.Findings, same), found[i])
	}
	if c.assessment.Views == nil {
		c.assessment.Views = map[qianshao.View]*qianshao.Document{}
	}
	c.assessment.Views[v] = doc
}

// document returns a view's document. A redirect out of the scope has a document with one region,
// its Location header, which rules recognise by "Location: ".
func (c *comparison) document(x *Extraction) *qianshao.Document {
	if !x.Page.LedAway() {
		return x.Document()
	}
	header := "Location: " + strings.ToValidUTF8(x.Page.URL, "\uFFFD")
	all := qianshao.Span{Start: 0, End: len(header)}
	doc := &qianshao.Document{
		Charset: "utf-8", CharsetFrom: "default", Source: header,
		Regions: []qianshao.Region{{Kind: qianshao.RegionURL, Name: "location", Text: header, Map: []qianshao.Run{{Text: all, Source: all}}}},
		Links:   []qianshao.Link{{URL: x.Page.URL}},
	}
	mask.Document(doc)
	return doc
}
