// Package explain says why a rule's condition holds on a document, or what is missing. The engine
// fills in an Explanation; this package writes its text, and that of the lines of a score, in the
// reader's language.
package explain

import (
	"fmt"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
)

// Explanation says why a rule's condition holds on a document, or what is missing.
type Explanation struct {
	ID string
	// Known is false if neither a rule nor a context has the id.
	Known bool
	// Holds says whether the condition holds.
	Holds bool
	// Judges is the form that the rule judges if the document has another one; otherwise empty.
	Judges string
	// Scattered says that the words that make the condition true are in different places of the
	// page.
	Scattered bool
	// ForPrograms says that the words are Latin and are only where programs read them.
	ForPrograms bool
	// Condition is the condition as a tree, with the truth of each part.
	Condition Part
	Blocks    []Block
}

// Part is one part of a condition.
type Part struct {
	Text  string
	Holds bool
	Parts []Part
}

// Block is what a block found.
type Block struct {
	Name string
	// Length is the block's filter of regions by length; the zero Message if it has none.
	Length locales.Message
	// Holds says whether Weight reaches Min.
	Holds       bool
	Weight, Min int
	// Hits are at most MaxHits pieces of evidence; Total counts all that were kept.
	Hits  []qianshao.Evidence
	Total int
	// Dropped says which hits did not count, and why.
	Dropped []locales.Message
	// Missing says what the block lacks; it is the zero Message if the block holds.
	Missing locales.Message
}

// MaxHits is how many hits of a block an explanation lists.
const MaxHits = 8

// String returns In(locales.English).
func (x Explanation) String() string { return x.In(locales.English) }

// In returns the explanation as an indented tree in plain text.
func (x Explanation) In(l locales.Lang) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s\n", mark(x.Holds), x.ID, x.verdict().In(l))
	if !x.Known {
		return b.String()
	}
	x.Condition.write(&b, "  ")
	for _, block := range x.Blocks {
		block.write(&b, l)
	}
	return b.String()
}

func (x Explanation) verdict() locales.Message {
	switch {
	case !x.Known:
		return locales.M("explain.no_rule")
	case x.Judges != "":
		return locales.M("explain.judges", locales.M("explain.form."+x.Judges))
	case x.Scattered:
		return locales.M("explain.scattered")
	case x.ForPrograms:
		return locales.M("explain.programs")
	case x.Holds:
		return locales.M("explain.holds")
	}
	return locales.M("explain.fails")
}

func mark(holds bool) string {
	if holds {
		return "✓"
	}
	return "✗"
}

func (p Part) write(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%s%s %s\n", indent, mark(p.Holds), p.Text)
	for _, part := range p.Parts {
		part.write(b, indent+"  ")
	}
}

func (r Block) write(b *strings.Builder, l locales.Lang) {
	length := locales.Message{}
	if r.Length.Key != "" {
		length = locales.M("explain.brackets", r.Length)
	}
	line := locales.M("explain.block", r.Name, length, r.Weight, r.Min)
	if r.Missing.Key != "" {
		line = locales.M("rule.of", line, r.Missing)
	}
	fmt.Fprintf(b, "%s %s\n", mark(r.Holds), line.In(l))
	for i := range r.Hits {
		writeHit(b, l, &r.Hits[i])
	}
	if more := r.Total - len(r.Hits); more > 0 {
		fmt.Fprintf(b, "    %s\n", l.Text("explain.more", more))
	}
	for _, d := range r.Dropped {
		fmt.Fprintf(b, "    %s\n", l.Text("explain.not_counted", d))
	}
}

func writeHit(b *strings.Builder, l locales.Lang, hit *qianshao.Evidence) {
	fmt.Fprintf(b, "    %d:%d %s", hit.Line, hit.Column, Name(l, "region.", string(hit.Region)))
	if hit.Hidden != qianshao.HidingNone {
		b.WriteString(l.Text("explain.brackets", Name(l, "hidden.", string(hit.Hidden))))
	}
	fmt.Fprintf(b, ": %s[%s]%s", locales.Escape(hit.Before), locales.Escape(hit.Text), locales.Escape(hit.After))
	if hit.Text != hit.Term {
		fmt.Fprintf(b, " = %s", locales.Escape(hit.Term))
	}
	if len(hit.Steps) > 0 {
		steps := make(locales.List, len(hit.Steps))
		for i, step := range hit.Steps {
			steps[i] = Name(l, "step.", step)
		}
		b.WriteString(l.Text("explain.steps", steps))
	}
	b.WriteByte('\n')
}

// Name returns the name of a code such as a level. In English the code itself is the name, since
// rules are written with it.
func Name(l locales.Lang, prefix, code string) string {
	if l == locales.English {
		return code
	}
	return l.Named(prefix, code)
}
