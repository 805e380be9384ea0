package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/ingest"
)

// rulesPreviewCmd tells what a draft of the rules would have flagged that the
// rules in force do not, and the other way round, on texts at hand and on the
// flagged pages of the data folder. It changes nothing.
type rulesPreviewCmd struct {
	Draft      string   `help:"Overlay to try in place of the one in force." placeholder:"DIR"`
	DraftRules string   `help:"Rule set to try in place of the one in force." placeholder:"DIR"`
	Inputs     []string `arg:"" optional:"" name:"input" help:"Files, folders, WARC archives, JSON lines, or - for standard input. None: the flagged pages of the data folder."`
	Stored     bool     `help:"The flagged pages of the data folder beside the inputs."`
	JSON       bool     `name:"json" help:"Print everything as one JSON document."`
	Show       int      `help:"Texts to show of each rule." default:"5" placeholder:"N"`
}

func (c rulesPreviewCmd) Run(s *session) error {
	if c.Draft == "" && c.DraftRules == "" {
		return usageError(errors.New("say what to try: --draft DIR for an overlay, --draft-rules DIR for a rule set"))
	}
	inForce, err := s.loadAnalyzer()
	if err != nil {
		return fmt.Errorf("the rules in force: %w", err)
	}
	trial := *s
	trial.rules.dir, trial.rules.overlay = cmp.Or(c.DraftRules, s.rules.dir), cmp.Or(c.Draft, s.rules.overlay)
	draft, err := trial.loadAnalyzer()
	if err != nil {
		return fmt.Errorf("the draft: %w", err)
	}
	entries, err := c.entries(s)
	if err != nil {
		return err
	}
	comparison := comparison{before: inForce, after: draft}
	out, progress := preview{Rules: []ruleChanges{}, Sites: []siteChanges{}, Changes: []change{}}, newProgress(s.err)
	err = inOrder(entries, comparison.compare, func(l previewLine) error {
		progress.Add(1)
		out.add(l)
		return nil
	})
	progress.Finish()
	if err != nil {
		return err
	}
	return c.print(s, &out)
}

func (c rulesPreviewCmd) print(s *session, out *preview) error {
	out.sort()
	var err error
	if c.JSON {
		encoder := json.NewEncoder(s.out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(out)
	} else {
		err = out.table(s.out, max(c.Show, 0), labels(chineseLocale()))
	}
	switch {
	case err != nil:
		return err
	case len(out.Errors) > 0:
		return fmt.Errorf("%d of %d inputs could not be read; the first: %s", len(out.Errors), out.Inputs, out.Errors[0])
	case len(out.Changes) > 0:
		return mismatchError(fmt.Errorf("the draft changes %d answers; nothing has been put in force", len(out.Changes)))
	}
	return nil
}

// entries yields the inputs and, if asked for, the stored pages.
func (c rulesPreviewCmd) entries(s *session) (iter.Seq[ingest.Entry], error) {
	for _, input := range c.Inputs {
		if strings.HasPrefix(input, "http://") || strings.HasPrefix(input, "https://") {
			return nil, usageError(fmt.Errorf("%s: a preview makes no requests; give it files, archives or the stored pages", input))
		}
	}
	stored := c.Stored || len(c.Inputs) == 0
	if _, err := os.Stat(filepath.Join(s.data, "qianshao.db")); stored && err != nil {
		return nil, usageError(fmt.Errorf("there are no stored pages in %s; name files to compare on, or the data folder with --data", s.data))
	}
	return func(yield func(ingest.Entry) bool) {
		for _, input := range c.Inputs {
			source := ingest.Path(input)
			if input == "-" {
				source = ingest.Stream("-", s.in)
			}
			for entry := range source {
				if s.ctx.Err() != nil || !yield(entry) {
					return
				}
			}
		}
		if stored {
			storedPages(s, yield)
		}
	}, nil
}

// storedPages yields the flagged pages of the data folder, beside a server if one runs.
func storedPages(s *session, yield func(ingest.Entry) bool) {
	db, err := openStore(s)
	if err != nil {
		yield(ingest.Entry{Input: s.data, Err: err})
		return
	}
	defer db.Close()
	for page, err := range db.FlaggedPages(s.ctx) {
		if !yield(ingest.Entry{Input: page.URL, Page: page, Err: err}) {
			return
		}
	}
}

// comparison holds pages against the rules in force and against the draft.
type comparison struct{ before, after *analyze.Analyzer }

// previewLine is what came of one input.
type previewLine struct {
	before, after bool // flagged
	changes       []change
	err           error
}

// Kinds of change, in the order in which they are shown.
const (
	changeNew    = "newly_flagged"
	changeGone   = "no_longer_flagged"
	changeHigher = "higher"
	changeLower  = "lower"
)

// change is one rule that says something else of one input.
type change struct {
	Kind     string            `json:"kind"`
	Rule     string            `json:"rule"`
	Title    string            `json:"title"`
	Category qianshao.Category `json:"category"`
	Input    string            `json:"input"`
	URL      string            `json:"url"`
	Site     string            `json:"site"` // host of the URL; empty for a file
	// Before and After are levels and scores; below an alert they are "none" and 0 if the rule did not fire.
	Before      qianshao.Level `json:"before"`
	BeforeScore int            `json:"before_score"`
	After       qianshao.Level `json:"after"`
	AfterScore  int            `json:"after_score"`
	// Left, Text and Right are the evidence that made the difference with a
	// little of what stands around it, Term and Block what found it.
	Left   string `json:"left"`
	Text   string `json:"text"`
	Right  string `json:"right"`
	Term   string `json:"term"`
	Block  string `json:"block"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	// Why says what made the change where that is the overlay: a rule that is off, an allowed host.
	Why string `json:"why,omitempty"`
}

func (c comparison) compare(e ingest.Entry) (line previewLine) {
	if e.Err != nil {
		line.err = fmt.Errorf("%s: %w", e.Input, e.Err)
		return line
	}
	doc, before := c.before.AssessByRule(e.Page)
	_, after := c.after.AssessByRule(e.Page)
	line.before, line.after = before.Flagged(), after.Flagged()
	was, is := findingsByRule(before), findingsByRule(after)
	for _, id := range rulesOf(before, after) {
		if change, ok := difference(was[id], is[id]); ok {
			change.Input, change.URL, change.Site = e.Input, e.Page.URL, siteOf(e.Page.URL)
			if change.Kind == changeGone || change.Kind == changeLower {
				change.show(was[id], c.after.Rules().Explain(doc, id))
				change.Why = why(c.after, after, id)
			} else {
				change.show(is[id], c.before.Rules().Explain(doc, id))
				change.Why = why(c.before, before, id)
			}
			line.changes = append(line.changes, change)
		}
	}
	return line
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

// difference compares what a rule said before and after; either may be nil.
// Below an alert nobody sees a finding, so what moves there is no change.
func difference(before, after *qianshao.Finding) (c change, ok bool) {
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
		c.Kind = changeNew
	case wasAlert && !isAlert:
		c.Kind, named = changeGone, before
	case wasAlert && c.After > c.Before:
		c.Kind = changeHigher
	case wasAlert && c.After < c.Before:
		c.Kind = changeLower
	default:
		return c, false
	}
	c.Rule, c.Title, c.Category = named.Rule, named.Title, named.Category
	return c, true
}

// show takes the finding's evidence that the other rules have not, as that
// made the difference, or else its primary evidence.
func (c *change) show(f *qianshao.Finding, other rule.Explanation) {
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

func found(x rule.Explanation, e qianshao.Evidence) bool {
	return slices.ContainsFunc(x.Blocks, func(b rule.BlockReport) bool {
		return b.Name == e.Block && slices.ContainsFunc(b.Hits, func(hit qianshao.Evidence) bool { return hit.Span == e.Span })
	})
}

// why says what keeps a rule from firing where that is no matter of its terms.
func why(by *analyze.Analyzer, a qianshao.Assessment, id string) string {
	r, known := by.Rules().Rule(id)
	if known && r.Off != nil {
		return r.Off.String()
	}
	for _, allowed := range a.Allowed {
		if allowed.Rule == id {
			return "allowed by " + allowed.By
		}
	}
	return ""
}

func siteOf(pageURL string) string {
	u, err := url.Parse(pageURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.Hostname()
}

// preview is all that came of a comparison.
type preview struct {
	Inputs int `json:"inputs"`
	// NewlyFlagged and NoLongerFlagged count inputs, whichever rules flag them.
	NewlyFlagged    int           `json:"newly_flagged"`
	NoLongerFlagged int           `json:"no_longer_flagged"`
	Rules           []ruleChanges `json:"rules"`
	Sites           []siteChanges `json:"sites"`
	Changes         []change      `json:"changes"`
	Errors          []string      `json:"errors,omitempty"`
}

// tallies count changes by their kind.
type tallies struct {
	New    int `json:"newly_flagged"`
	Gone   int `json:"no_longer_flagged"`
	Higher int `json:"higher"`
	Lower  int `json:"lower"`
}

type ruleChanges struct {
	Rule  string `json:"rule"`
	Title string `json:"title"`
	tallies
}

type siteChanges struct {
	Site string `json:"site"` // empty: files
	tallies
}

func (t *tallies) count(kind string) {
	switch kind {
	case changeNew:
		t.New++
	case changeGone:
		t.Gone++
	case changeHigher:
		t.Higher++
	case changeLower:
		t.Lower++
	}
}

func (p *preview) add(l previewLine) {
	p.Inputs++
	switch {
	case l.err != nil:
		p.Errors = append(p.Errors, l.err.Error())
	case l.after && !l.before:
		p.NewlyFlagged++
	case l.before && !l.after:
		p.NoLongerFlagged++
	}
	p.Changes = append(p.Changes, l.changes...)
}

// sort puts the changes in the order in which they are shown and counts them.
func (p *preview) sort() {
	kinds := []string{changeNew, changeGone, changeHigher, changeLower}
	slices.SortStableFunc(p.Changes, func(x, y change) int {
		return cmp.Or(cmp.Compare(slices.Index(kinds, x.Kind), slices.Index(kinds, y.Kind)), cmp.Compare(x.Rule, y.Rule),
			cmp.Compare(max(y.Before, y.After), max(x.Before, x.After)))
	})
	rules, sites := map[string]int{}, map[string]int{}
	for _, c := range p.Changes {
		if _, known := rules[c.Rule]; !known {
			rules[c.Rule] = len(p.Rules)
			p.Rules = append(p.Rules, ruleChanges{Rule: c.Rule, Title: c.Title})
		}
		if _, known := sites[c.Site]; !known {
			sites[c.Site] = len(p.Sites)
			p.Sites = append(p.Sites, siteChanges{Site: c.Site})
		}
		p.Rules[rules[c.Rule]].count(c.Kind)
		p.Sites[sites[c.Site]].count(c.Kind)
	}
	slices.SortFunc(p.Rules, func(x, y ruleChanges) int { return cmp.Compare(x.Rule, y.Rule) })
	slices.SortStableFunc(p.Sites, func(x, y siteChanges) int { return cmp.Or(y.sum()-x.sum(), cmp.Compare(x.Site, y.Site)) })
}

func (t tallies) sum() int { return t.New + t.Gone + t.Higher + t.Lower }
