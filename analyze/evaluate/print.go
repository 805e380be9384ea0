package evaluate

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Print writes the figures for a reader: a row for each figure, with columns for the tuning half,
// the checking half and the whole.
func (r *Report) Print(w io.Writer) {
	t := table{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	fmt.Fprintln(t, "Rates of innocent texts are in 10,000; intervals, in brackets, are of 95 %.")
	for _, s := range r.Sets {
		t.set(s)
	}
	for _, a := range r.Archives {
		t.title(a.Archive)
		t.tallies("pages flagged", a.Pages, Count.rate)
	}
	t.title(fmt.Sprintf("precision by score, where one page in %.0f is malicious", 1/CrimeShare))
	for _, b := range r.Curve {
		row(t, b.Scores, b.Halves, BucketFigures.String)
	}
	t.title("rules, precision of hits")
	for _, rule := range r.Rules {
		row(t, rule.Rule, rule.Halves, Count.recall)
	}
	t.Flush()
	r.printNamed(w)
}

// printNamed writes what is listed by name: cases and the flagged pages of archives.
func (r *Report) printNamed(w io.Writer) {
	fmt.Fprintf(w, "\n%d of %d terms that hit malicious pages do so on one site only\n", r.SingleSiteTerms.N, r.SingleSiteTerms.Of)
	for _, c := range r.Cases {
		fmt.Fprintf(w, "%s: %d of %d right\n", c.Set, c.Right.N, c.Right.Of)
		for _, o := range c.Wrong {
			fmt.Fprintf(w, "  wrong: %s is %s, taken for %s\n", o.Sample.Page.URL, o.Sample.Label, o.verdict())
		}
	}
	for _, a := range r.Archives {
		fmt.Fprintf(w, "%s: %d of %d pages flagged\n", a.Archive, a.Pages.Whole.Texts.N, a.Pages.Whole.Texts.Of)
		for _, o := range a.Flagged {
			fmt.Fprintf(w, "  %-8s  %s  %s\n", o.Sample.Half, o.Sample.Page.URL, o.verdict())
		}
	}
}

// verdict says in a few words what the sample was taken for.
func (o *Outcome) verdict() string {
	if !o.Flagged() {
		return "innocent"
	}
	return fmt.Sprintf("%s, score %d (%s)", o.Category, o.Assessment.Score, o.Assessment.Findings[0].Rule)
}

type table struct{ *tabwriter.Writer }

func (t table) title(name string) { fmt.Fprintf(t, "\n%s\ttuning\tchecking\twhole\n", name) }

func (t table) set(s SetReport) {
	t.title(s.Set)
	t.tallies("innocent flagged", s.Innocent, Count.rate)
	for _, k := range s.InnocentKinds {
		row(t, "  "+k.Kind, k.Halves, func(t Tally) string { return t.withSites(t.Texts.rate()) })
	}
	t.tallies("found", s.Crime, Count.recall)
	for _, l := range s.Labels {
		if s.Innocent.Whole.Texts.Of > 0 {
			row(t, "  "+string(l.Label), l.Halves, LabelFigures.String)
		} else { // the precision of a set without innocent texts is meaningless
			row(t, "  "+string(l.Label), l.Halves, func(l LabelFigures) string { return l.withSites(l.Texts.recall()) })
		}
	}
	for _, k := range s.CrimeKinds {
		row(t, "  "+k.Kind, k.Halves, func(t Tally) string { return t.withSites(t.Texts.recall()) })
	}
	if s.PlainFlagged.Whole.Of > 0 {
		row(t, "plain text flagged", s.PlainFlagged, Count.recall)
		row(t, "of those, disguised kept", s.RawKept, Count.recall)
	}
	for _, folder := range s.Folders {
		t.set(folder)
	}
}

// tallies writes two rows: one by text and, if the set has sites, one by site.
func (t table) tallies(name string, h Halves[Tally], cell func(Count) string) {
	if h.Whole.Texts.Of > 0 {
		row(t, name, h, func(t Tally) string { return cell(t.Texts) })
	}
	if h.Whole.Sites.Of > 0 {
		row(t, "by site", h, func(t Tally) string { return cell(t.Sites) })
	}
}

func row[T any](t table, name string, h Halves[T], cell func(T) string) {
	fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", name, cell(h.Tuning), cell(h.Checking), cell(h.Whole))
}

// rate writes a share of innocent texts, per 10,000.
func (c Count) rate() string {
	if c.Of == 0 {
		return "–"
	}
	low, high := c.Interval()
	return fmt.Sprintf("%d/%d %.0f (%.0f–%.0f)", c.N, c.Of, 1e4*c.Share(), 1e4*low, 1e4*high)
}

// recall writes the share found of what should be found, or right of what should be right.
func (c Count) recall() string {
	if c.Of == 0 {
		return "–"
	}
	low, high := c.Interval()
	return fmt.Sprintf("%d/%d %.3f (%.2f–%.2f)", c.N, c.Of, c.Share(), low, high)
}

func (t Tally) withSites(texts string) string {
	if t.Sites.Of == 0 {
		return texts
	}
	return fmt.Sprintf("%s, sites %d/%d", texts, t.Sites.N, t.Sites.Of)
}

// String writes recall, precision and F1.
func (l LabelFigures) String() string {
	if l.Texts.Of == 0 {
		return "–"
	}
	return fmt.Sprintf("%s, precision %.3f, F1 %.3f", l.withSites(l.Texts.recall()), l.Precision, l.F1)
}

// String writes the precision and the numbers of pages behind it.
func (b BucketFigures) String() string {
	if b.Right+b.Wrong+b.Innocent == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f (%d right, %d wrong, %d innocent)", b.Precision, b.Right, b.Wrong, b.Innocent)
}
