package terminal

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao/analyze/backtest"
)

// previewLabels are the words of a preview's table. Those who write rules read
// it, so it speaks Chinese where the environment does.
type previewLabels struct {
	summary, same, notCompared         string
	rule, title, site, files           string
	newly, gone, higher, lower         string
	newlyTitle, goneTitle, higherTitle string
	lowerTitle, rulesTitle, sitesTitle string
	more                               string
}

func labels(chinese bool) previewLabels {
	if chinese {
		return previewLabels{
			summary: "比较了 %d 份文字：新标记 %d 份，不再标记 %d 份。\n", same: "草稿不改变任何结果。\n",
			notCompared: "存下的网页里有 %d 个没有比较：没有被标记的网页不留文字（从未标记 %d 个，不再标记 %d 个）。草稿会不会标记它们，要等下次访问；也可以给出文件或 WARC 来比较。\n",
			rule:        "规则", title: "名称", site: "网站", files: "（文件）",
			newly: "新增", gone: "消失", higher: "升级", lower: "降级",
			newlyTitle: "新的发现", goneTitle: "消失的发现", higherTitle: "级别升高", lowerTitle: "级别降低",
			rulesTitle: "发现，按规则", sitesTitle: "发现，按网站", more: "还有 %d 处；--show %d 可全部列出",
		}
	}
	return previewLabels{
		summary: "%d compared: %d newly flagged, %d no longer flagged.\n", same: "The draft changes no answer.\n",
		notCompared: "Not compared: %d of the stored pages, since an unflagged page leaves no text (%d never flagged, %d no longer). Whether the draft flags them shows at their next visit, or on files and archives that you give.\n",
		rule:        "RULE", title: "TITLE", site: "SITE", files: "(files)",
		newly: "NEW", gone: "GONE", higher: "HIGHER", lower: "LOWER",
		newlyTitle: "NEW FINDINGS", goneTitle: "FINDINGS THAT ARE GONE", higherTitle: "AT A HIGHER LEVEL", lowerTitle: "AT A LOWER LEVEL",
		rulesTitle: "FINDINGS BY RULE", sitesTitle: "FINDINGS BY SITE", more: "and %d more; --show %d lists them all",
	}
}

// Preview writes what a draft of the rules changes, as a person reads it: the counts
// first and then the texts, so many of each rule.
func Preview(w io.Writer, r *backtest.Report, show int) error {
	l := labels(IsChinese())
	fmt.Fprintf(w, l.summary, r.Inputs, r.NewlyFlagged, r.NoLongerFlagged)
	if n := r.NotCompared; n.Pages() > 0 {
		fmt.Fprintf(w, l.notCompared, n.Pages(), n.NeverFlagged, n.NoLongerFlagged)
	}
	if len(r.Changes) == 0 {
		_, err := fmt.Fprint(w, l.same)
		return err
	}
	rules := NewTable(w, l.rule, l.newly, l.gone, l.higher, l.lower, l.title)
	for _, c := range r.Rules {
		rules.Row(countCells(c.Counts, c.Rule, c.Title)...)
	}
	sites := NewTable(w, l.site, l.newly, l.gone, l.higher, l.lower)
	for _, c := range r.Sites {
		sites.Row(countCells(c.Counts, cmp.Or(c.Site, l.files))...)
	}
	fmt.Fprintf(w, "\n%s\n", l.rulesTitle)
	if err := rules.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%s\n", l.sitesTitle)
	if err := sites.Flush(); err != nil {
		return err
	}
	titles := map[backtest.Kind]string{
		backtest.Gained: l.newlyTitle, backtest.Lost: l.goneTitle, backtest.Higher: l.higherTitle, backtest.Lower: l.lowerTitle,
	}
	for _, kind := range backtest.Kinds() {
		printChanges(w, titles[kind], r.OfKind(kind), show, l.more)
	}
	return nil
}

func countCells(c backtest.Counts, name string, last ...string) []string {
	cells := []string{name}
	for _, n := range []int{c.Gained, c.Lost, c.Higher, c.Lower} {
		if n == 0 {
			cells = append(cells, "·") // zeros would drown what matters
			continue
		}
		cells = append(cells, strconv.Itoa(n))
	}
	return append(cells, last...)
}

// printChanges prints the changes of one kind, rule by rule, and how many more there are.
func printChanges(w io.Writer, title string, of []backtest.Change, show int, more string) {
	rule, shown := "", 0
	if len(of) > 0 {
		fmt.Fprintf(w, "\n%s (%d)\n", title, len(of))
	}
	for i, c := range of {
		if c.Rule != rule {
			rule, shown = c.Rule, 0
			fmt.Fprintf(w, "%s · %s\n", c.Rule, Printable(c.Title))
		}
		if shown++; shown <= show {
			printChange(w, &c)
		}
		if last := i+1 == len(of) || of[i+1].Rule != rule; last && shown > show {
			fmt.Fprintf(w, "    "+more+"\n", shown-show, shown)
		}
	}
}

// maxQuote is what of a text fits a line of a terminal behind its indent, in columns.
const maxQuote = 90

// printChange writes two or three lines: what and where, the text, and why if the overlay says so.
func printChange(w io.Writer, c *backtest.Change) {
	fmt.Fprintf(w, "  %s  %s:%d:%d\n", moved(c), Printable(c.Input), c.Line, c.Column)
	text := strings.TrimSpace(c.Left) + "[" + strings.TrimSpace(c.Text) + "]" + strings.TrimSpace(c.Right)
	fmt.Fprintf(w, "    %s\n", Clip(Printable(text), maxQuote))
	if c.Why != "" {
		fmt.Fprintf(w, "    %s\n", Printable(c.Why))
	}
}

// moved is the level and score, or both levels and scores where the rule fired before and after.
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
