// Package evaluate measures an analyzer on labelled texts and pages:
// precision, recall and F1 for each set and label, false alarms for each
// thousand innocent texts, hits and precision for each rule.
//
// A folder of sets holds, at any depth,
//
//   - *.jsonl files of {"text": …, "label": …}, a set each;
//   - *.jsonl files of {"raw": …, "plain": …}: pairs of a disguised text and
//     what it says, all malicious;
//   - folders with a labels.tsv of "path<TAB>label" and further columns: pages;
//   - folders of *.html without labels: innocent pages.
//
// A text counts as flagged from qianshao.AlertLevel up; its category is the
// primary one.
package evaluate

import (
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
)

// Label is what a person said of a text: a category or one of the wider
// classes of public data sets.
type Label string

const (
	// LabelNone is an innocent text; so are neutral pages and insults, which
	// are no crime that we look for.
	LabelNone    Label = "none"
	labelNeutral Label = "neutral"
	labelAbuse   Label = "abuse"
	// labelUnclear is left out of every figure.
	labelUnclear Label = "unclear"
	// labelLoanAd may be a licensed lender's: illegal_lending or nothing are both right.
	labelLoanAd Label = "loan_ad"
	// labelSpam is advertisement of any crime.
	labelSpam Label = "spam"
)

// wider are the classes that correspond to several categories.
var wider = map[Label][]qianshao.Category{
	"illicit_services": {
		qianshao.GreyMarket, qianshao.MoneyLaundering, qianshao.CardSIMTrade,
		qianshao.IllegalLending, qianshao.ForgedDocuments, qianshao.InvoiceTrade,
	},
	"fraud":       {qianshao.Fraud, qianshao.Phishing},
	"pornography": {qianshao.Pornography, qianshao.Prostitution},
	labelLoanAd:   {qianshao.IllegalLending},
	labelSpam:     qianshao.Categories(),
}

// Innocent says whether any alert on a text with this label is a false one.
func (l Label) Innocent() bool { return l == LabelNone || l == labelNeutral || l == labelAbuse }

// Covers says whether category c is right for a text with this label.
func (l Label) Covers(c qianshao.Category) bool {
	if categories, ok := wider[l]; ok {
		return slices.Contains(categories, c)
	}
	return string(l) == string(c)
}

// Sample is one labelled text or page.
type Sample struct {
	Page  qianshao.Page
	Label Label
}

// Outcome is what the analyzer made of a sample.
type Outcome struct {
	Sample     Sample
	Category   qianshao.Category // "" if not flagged
	Assessment qianshao.Assessment
}

// Miss says whether a malicious sample was not flagged, or as something else.
func (o *Outcome) Miss() bool {
	if o.Sample.Label.Innocent() || o.Sample.Label == labelLoanAd {
		return false
	}
	return !o.Sample.Label.Covers(o.Category)
}

// FalseAlarm says whether an innocent sample was flagged, or a loan
// advertisement as something that it is not.
func (o *Outcome) FalseAlarm() bool {
	if o.Category == "" {
		return false
	}
	return o.Sample.Label.Innocent() || o.Sample.Label == labelLoanAd && !o.Sample.Label.Covers(o.Category)
}

// assess judges all samples on all cores; outcomes stand in the samples' order.
func assess(analyzer *analyze.Analyzer, samples []Sample) []Outcome {
	outcomes := make([]Outcome, len(samples))
	next := make(chan int)
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for i := range next {
				_, a := analyzer.AssessByRule(samples[i].Page)
				outcomes[i] = Outcome{Sample: samples[i], Category: a.Category, Assessment: a}
			}
		})
	}
	for i := range samples {
		next <- i
	}
	close(next)
	group.Wait()
	return outcomes
}

func textPage(name, text string) qianshao.Page {
	return qianshao.Page{URL: name, Source: qianshao.SourceLines, ContentType: "text/plain; charset=utf-8", Body: []byte(text)}
}

func filePage(name string, body []byte) qianshao.Page {
	page := qianshao.Page{URL: name, Source: qianshao.SourceFolder, Body: body}
	if strings.HasSuffix(name, ".html") || strings.HasSuffix(name, ".htm") {
		page.ContentType = "text/html"
	}
	return page
}
