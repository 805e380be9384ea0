// Package evaluate measures an analyzer on labelled messages and pages: false alarms per ten
// thousand innocent ones, recall by label and by kind, how reliable a score is, hits and precision
// of each rule.
//
// A folder of sets contains, at any depth,
//
//   - *.jsonl files of {"text": …, "label": …}, each a set of messages;
//   - *.jsonl files of {"raw": …, "plain": …}: pairs of a disguised message and
//     its plain text, all malicious;
//   - folders with a labels.tsv, a set of pages. Its columns are file, label, kind
//     and site, the last two optional. If the pages are in several folders
//     (ordinary, negative, crime), the report has figures for each;
//   - folders of *.html without labels: innocent pages;
//   - a folder named cases with a labels.tsv: a regression test, which only reports
//     which of its pages are judged wrongly;
//   - *.warc and *.warc.gz archives of unlabelled pages: how many are flagged.
//
// Everything but the cases is split into two halves by a hash of the site, so that all pages of a
// site are in the same half: see Half. A text counts as flagged from qianshao.AlertLevel up; its
// category is the primary one. A site counts as flagged or found if one of its pages does. A set's
// placeholders, such as DIGIT and CELLPHONE, are replaced by values of their kind.
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

// Label is a person's judgement of a text: a category, or one of the wider classes of public data
// sets.
type Label string

const (
	// LabelNone is an innocent text. Neutral pages and insults are innocent too, since they are not
	// crimes that we look for.
	LabelNone    Label = "none"
	labelNeutral Label = "neutral"
	labelAbuse   Label = "abuse"
	// labelUnclear is left out of every figure.
	labelUnclear Label = "unclear"
	// labelLoanAd may be a licensed lender's advertisement: both illegal_lending and no finding are
	// right.
	labelLoanAd Label = "loan_ad"
	// labelSpam is an advertisement for a crime of any category.
	labelSpam Label = "spam"
)

// wider maps classes to the several categories that they correspond to.
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

// Sample is one message or page. It has a label unless it comes from an archive.
type Sample struct {
	Page  qianshao.Page
	Label Label
	// Kind is the kind of site, as labels.tsv names it; may be empty.
	Kind string
	// Site decides which half the page is in: the name of its site, or a substitute for it.
	// Messages have none.
	Site string
	// Folder is the first folder of the page's path within its set; may be empty.
	Folder string
	Half   Half
}

// IsMessage says whether the sample is a text by itself, such as a comment or a post; everything
// else is a page.
func (s *Sample) IsMessage() bool { return s.Page.Source == qianshao.SourceLines }

// Outcome is what the analyzer made of a sample.
type Outcome struct {
	Sample     Sample
	Category   qianshao.Category // "" if not flagged
	Assessment qianshao.Assessment
	// plain is the outcome of the plain text if the sample disguises one, or nil.
	plain *Outcome
}

// Flagged says whether the sample was flagged, rightly or not.
func (o *Outcome) Flagged() bool { return o.Category != "" }

// Found says whether a malicious sample was flagged with the right category.
func (o *Outcome) Found() bool { return o.Flagged() && o.Sample.Label.Covers(o.Category) }

// Miss says whether a malicious sample was not flagged, or with the wrong category.
func (o *Outcome) Miss() bool { return o.Sample.Label.Crime() && !o.Found() }

// FalseAlarm says whether an innocent sample was flagged, or a loan advertisement as something
// else.
func (o *Outcome) FalseAlarm() bool { return o.Flagged() && !o.Sample.Label.Crime() && !o.Found() }

// kept says whether a disguised sample was flagged in its plain text's category.
func (o *Outcome) kept() bool {
	return slices.Contains(o.Assessment.Categories, o.plain.Category)
}

// Options say how to measure.
type Options struct {
	// Archive reads the pages of a WARC archive. The caller provides it, because fetching and
	// reading archives is not analyze's task. If it is nil, archives are skipped.
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

// assess judges all samples on all cores; outcomes are in the order of the samples.
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

// measureArchive judges an archive's pages in batches, since an archive may be larger than the
// memory.
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
