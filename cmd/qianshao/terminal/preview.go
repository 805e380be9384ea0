package terminal

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao/analyze/backtest"
	"github.com/qianshao/qianshao/locales"
)

// Preview writes what a draft of the rules changes, in the reader's language: first the counts
// and then the texts, up to show for each rule.
func Preview(w io.Writer, lang locales.Lang, r *backtest.Report, show int) error {
	fmt.Fprintln(w, lang.Text("cli.preview.summary", r.Inputs, r.NewlyFlagged, r.NoLongerFlagged))
	if n := r.NotCompared; n.Pages() > 0 {
		fmt.Fprintln(w, lang.Text("cli.preview.not_compared", n.Pages(), n.NeverFlagged, n.NoLongerFlagged))
	}
	if len(r.Changes) == 0 {
		_, err := fmt.Fprintln(w, lang.Text("cli.preview.same"))
		return err
	}
	moves := []string{lang.Text("cli.col.new"), lang.Text("cli.col.gone"), lang.Text("cli.col.higher"), lang.Text("cli.col.lower")}
	rules := NewTable(w, slices.Concat([]string{lang.Text("cli.col.rule")}, moves, []string{lang.Text("cli.col.title")})...)
	for _, c := range r.Rules {
		rules.Row(countCells(c.Counts, c.Rule, c.Title)...)
	}
	sites := NewTable(w, slices.Concat([]string{lang.Text("cli.col.site")}, moves)...)
	for _, c := range r.Sites {
		sites.Row(countCells(c.Counts, cmp.Or(c.Site, lang.Text("cli.preview.files")))...)
	}
	fmt.Fprintf(w, "\n%s\n", lang.Text("cli.preview.rules"))
	if err := rules.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%s\n", lang.Text("cli.preview.sites"))
	if err := sites.Flush(); err != nil {
		return err
	}
	titles := map[backtest.Kind]string{
		backtest.Gained: "cli.preview.kind.gained", backtest.Lost: "cli.preview.kind.lost", backtest.Higher: "cli.preview.kind.higher", backtest.Lower: "cli.preview.kind.lower",
	}
	for _, kind := range backtest.Kinds() {
		printChanges(w, lang, titles[kind], r.OfKind(kind), show)
	}
	return nil
}

func countCells(c backtest.Counts, name string, last ...string) []string {
	cells := []string{name}
	for _, n := range []int{c.Gained, c.Lost, c.Higher, c.Lower} {
		if n == 0 {
			cells = append(cells, "·") // zeros would hide what matters
			continue
		}
		cells = append(cells, strconv.Itoa(n))
	}
	return append(cells, last...)
}

// printChanges prints the changes of one kind, rule by rule, and how many more there are.
func printChanges(w io.Writer, lang locales.Lang, title string, of []backtest.Change, show int) {
	rule, shown := "", 0
	if len(of) > 0 {
		fmt.Fprintf(w, "\n%s (%d)\n", lang.Text(title), len(of))
	}
	for i, c := range of {
		if c.Rule != rule {
			rule, shown = c.Rule, 0
			fmt.Fprintf(w, "%s · %s\n", c.Rule, Printable(c.Title))
		}
		if shown++; shown <= show {
			printChange(w, lang, &c)
		}
		if last := i+1 == len(of) || of[i+1].Rule != rule; last && shown > show {
			fmt.Fprintln(w, "    "+lang.Text("cli.preview.more", shown-show, shown))
		}
	}
}

// maxQuote is how much of a text fits on an indented line of a terminal, in columns.
const maxQuote = 90

// printChange writes two or three lines: what and where, the text, and why if the overlay says so.
func printChange(w io.Writer, lang locales.Lang, c *backtest.Change) {
	fmt.Fprintf(w, "  %s  %s:%d:%d\n", moved(c), Printable(c.Input), c.Line, c.Column)
	text := strings.TrimSpace(c.Left) + "[" + strings.TrimSpace(c.Text) + "]" + strings.TrimSpace(c.Right)
	fmt.Fprintf(w, "    %s\n", Clip(Printable(text), maxQuote))
	if c.Cause.Key != "" {
		fmt.Fprintf(w, "    %s\n", Printable(c.Cause.In(lang)))
	}
}

// moved is the level and score, or both levels and scores if the rule fired before and after.
func moved(c *backtest.Change) string {
	before, after := fmt.Sprintf("%s %d", c.Before, c.BeforeScore), fmt.Sprintf("%s %d", c.After, c.AfterScore)
	switch {
	case c.BeforeScore == 0:
		return after
	case c.AfterScore == 0:
		return before
	}
	return before + " → " + after
}
