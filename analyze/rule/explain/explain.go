// Package explain says in words why a rule's condition holds on a document, or what is
// missing. The engine fills in an Explanation; the text of it is written here.
package explain

import (
	"fmt"
	"strings"

	"github.com/qianshao/qianshao"
)

// Explanation says why a rule's condition holds on a document, or what is missing.
type Explanation struct {
	ID string
	// Known is false if neither a rule nor a context has that id.
	Known bool
	// Holds: the condition holds.
	Holds bool
	// Judges is what the rule judges, if the document is something else; else empty.
	Judges string
	// Scattered: the words that make the condition true stand in different places of the page.
	Scattered bool
	// ForPrograms: the words are Latin and stand only where programs read them.
	ForPrograms bool
	// Condition is the condition as a tree, each part with its truth.
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
	// Length is the block's filter of regions by their length in words; empty without one.
	Length string
	// Holds: Weight reaches Min.
	Holds       bool
	Weight, Min int
	// Hits are pieces of evidence, at most MaxHits; Total is how many were kept.
	Hits  []qianshao.Evidence
	Total int
	// Dropped says in words which hits did not count, and why.
	Dropped []string
	// Missing says in words what the block lacks; empty if it holds.
	Missing string
}

// MaxHits is how many hits of a block an explanation lists.
const MaxHits = 8

// String shows the explanation as an indented tree in plain text.
func (x Explanation) String() string {
	var b strings.Builder
	switch {
	case !x.Known:
		fmt.Fprintf(&b, "✗ %s: there is no such rule; \"rules list\" shows them all\n", x.ID)
		return b.String()
	case x.Judges != "":
		fmt.Fprintf(&b, "✗ %s: the rule judges nothing but a %s, and this is none\n", x.ID, x.Judges)
	case x.Scattered:
		fmt.Fprintf(&b, "✗ %s: the condition holds only by words of different places of the page\n", x.ID)
	case x.ForPrograms:
		fmt.Fprintf(&b, "✗ %s: the condition holds only by letters and digits in comments, scripts, meta elements, base64 or a server's error page\n", x.ID)
	case x.Holds:
		fmt.Fprintf(&b, "✓ %s: the condition holds\n", x.ID)
	default:
		fmt.Fprintf(&b, "✗ %s: the condition does not hold\n", x.ID)
	}
	x.Condition.write(&b, "  ")
	for _, block := range x.Blocks {
		block.write(&b)
	}
	return b.String()
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

func (r Block) write(b *strings.Builder) {
	fmt.Fprintf(b, "%s block %s", mark(r.Holds), r.Name)
	if r.Length != "" {
		fmt.Fprintf(b, " (%s)", r.Length)
	}
	fmt.Fprintf(b, ": weight %d of %d", r.Weight, r.Min)
	if r.Missing != "" {
		fmt.Fprintf(b, ": %s", r.Missing)
	}
	b.WriteByte('\n')
	for _, hit := range r.Hits {
		fmt.Fprintf(b, "    %d:%d %s", hit.Line, hit.Column, hit.Region)
		if hit.Hidden != qianshao.HidingNone {
			fmt.Fprintf(b, " (%s)", hit.Hidden)
		}
		fmt.Fprintf(b, ": %s[%s]%s", hit.Before, hit.Text, hit.After)
		if hit.Text != hit.Term {
			fmt.Fprintf(b, " = %s", hit.Term)
		}
		if len(hit.Steps) > 0 {
			fmt.Fprintf(b, " by %s", strings.Join(hit.Steps, ", "))
		}
		b.WriteByte('\n')
	}
	if more := r.Total - len(r.Hits); more > 0 {
		fmt.Fprintf(b, "    and %d more\n", more)
	}
	for _, d := range r.Dropped {
		fmt.Fprintf(b, "    not counted: %s\n", d)
	}
}
