// Package evaluate measures an analyzer on labelled messages and pages: false
// alarms for each ten thousand innocent ones, recall by label and by kind, what
// a score is worth, hits and precision of each rule.
//
// A folder of sets holds, at any depth,
//
//   - *.jsonl files of {"text": …, "label": …}, a set of messages each;
//   - *.jsonl files of {"raw": …, "plain": …}: pairs of a disguised message and
//     what it says, all malicious;
//   - folders with a labels.tsv of the columns file, label, kind and site, the
//     last two optional: a set of pages. Where they lie in several folders
//     (ordinary, negative, crime) the report tells these apart;
//   - folders of *.html without labels: innocent pages;
//   - a folder named cases with a labels.tsv: a regression test that only says
//     which of its pages come out wrong;
//   - *.warc and *.warc.gz archives of unlabelled pages: how many are flagged.
//
// Everything but the cases is split into two halves by a hash of the site, so
// that the pages of a site stay together: see Half. A text counts as flagged
// from qianshao.AlertLevel up; its category is the primary one. A site counts
// as flagged or found when one of its pages does. Placeholders of a set, DIGIT and
// CELLPHONE among them, are replaced by values of their kind.
package evaluate

import (
	"fmt"
	"io"
	"io/fs"
	"iter"
	"runtime"
	"slices"
	"sync"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
)

// Label is what a person said of a text: a category or one of the wider
// classes of public data sets.
type Label string

const (
	// LabelNone is an innocent text; so are neutral pages and insults, which are not crimes
	// that we look for.
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

// Crime says whether a text with this label must be flagged.
func (l Label) Crime() bool { return !l.Innocent() && l != labelLoanAd }

// Covers says whether category c is right for a text with this label.
func (l Label) Covers(c qianshao.Category) bool {
	if categories, ok := wider[l]; ok {
		return slices.Contains(categories, c)
	}
	return string(l) == string(c)
}

// Sample is one message or page, labelled unless it is an archive's.
type Sample struct {
	Page  qianshao.Page
	Label Label
	// Kind is the kind of site, in the words of labels.tsv; may be empty.
	Kind string
	// Site decides which half the page is in: the name of its site, or whatever stands for
	// that. A message has none.
	Site string
	// Folder is the first folder of the page's path within its set; may be empty.
	Folder string
	Half   Half
}

// IsMessage says whether the sample is a text by itself, a comment or a post;
// everything else is a page.
func (s *Sample) IsMessage() bool { return s.Page.Source == qianshao.SourceLines }

// Outcome is what the analyzer made of a sample.
type Outcome struct {
	Sample     Sample
	Category   qianshao.Category // "" if not flagged
	Assessment qianshao.Assessment
	// plain is what was made of the plain text, of a sample that disguises it; nil of others.
	plain *Outcome
}

// Flagged says whether the sample was flagged, rightly or not.
func (o *Outcome) Flagged() bool { return o.Category != "" }

// Found says whether a malicious sample was flagged as what it is.
func (o *Outcome) Found() bool { return o.Flagged() && o.Sample.Label.Covers(o.Category) }

// Miss says whether a malicious sample was not flagged, or as something else.
func (o *Outcome) Miss() bool { return o.Sample.Label.Crime() && !o.Found() }

// FalseAlarm says whether an innocent sample was flagged, or a loan
// advertisement as something that it is not.
func (o *Outcome) FalseAlarm() bool { return o.Flagged() && !o.Sample.Label.Crime() && !o.Found() }

// kept says whether a disguised sample was flagged in its plain text's category.
func (o *Outcome) kept() bool {
	return slices.Contains(o.Assessment.Categories, o.plain.Category)
}

// Options say how to measure.
type Options struct {
	// Archive reads the pages of a WARC archive. The caller provides it, because fetching and
	// reading archives is not analyze's task. Without it no archive is read.
	Archive func(name string, r io.Reader) iter.Seq2[qianshao.Page, error]
}

// Run measures the analyzer on the sets below fsys.
func Run(fsys fs.FS, analyzer *analyze.Analyzer, opts Options) (*Report, error) {
	folder, err := read(fsys)
	if err != nil {
		return nil, err
	}
	report := &Report{}
	var all []Outcome
	for _, s := range folder.sets {
		outcomes := assess(analyzer, s.samples)
		if s.isCases() {
			report.Cases = append(report.Cases, casesReport(s.name, outcomes))
			continue
		}
		pairs := assess(analyzer, s.disguised)
		for i, plain := range assess(analyzer, s.plain) {
			pairs[i].plain = &plain
		}
		report.addSet(s.name, outcomes, pairs)
		all = append(all, outcomes...)
	}
	for _, name := range folder.archives {
		if opts.Archive == nil {
			continue
		}
		figures, err := measureArchive(fsys, name, analyzer, opts)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		report.Archives = append(report.Archives, figures)
	}
	report.Curve = curve(all)
	report.SingleSite, report.SingleSiteTerms = singleSite(all)
	report.Rules = ruleReports(all)
	return report, nil
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

// measureArchive judges an archive's pages, a batch at a time: an archive may
// be larger than the memory.
func measureArchive(fsys fs.FS, name string, analyzer *analyze.Analyzer, opts Options) (ArchiveReport, error) {
	const batchSize = 256
	file, err := fsys.Open(name)
	if err != nil {
		return ArchiveReport{}, err
	}
	defer file.Close()
	var outcomes []Outcome
	var batch []Sample
	judge := func() {
		for _, o := range assess(analyzer, batch) {
			o.Sample.Page.Body = nil
			outcomes = append(outcomes, o)
		}
		batch = nil
	}
	for page, err := range opts.Archive(name, file) {
		if err != nil {
			return ArchiveReport{}, err
		}
		if batch = append(batch, archivedPage(page)); len(batch) == batchSize {
			judge()
		}
	}
	judge()
	return archiveReport(name, outcomes), nil
}
