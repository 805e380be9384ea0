package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
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
	Blocks    []BlockReport
}

// Part is one part of a condition.
type Part struct {
	Text  string
	Holds bool
	Parts []Part
}

// BlockReport is what a block found.
type BlockReport struct {
	Name string
	// Length is the block's filter of regions by their length in words; empty without one.
	Length string
	// Holds: Weight reaches Min.
	Holds       bool
	Weight, Min int
	// Hits are pieces of evidence, at most maxExplained; Total is how many were kept.
	Hits  []qianshao.Evidence
	Total int
	// Dropped says in words which hits did not count, and why.
	Dropped []string
	// Missing says in words what the block lacks; empty if it holds.
	Missing string
}

// maxExplained is how many hits of a block an explanation lists.
const maxExplained = 8

// Explain holds the document against one rule or context, with every regular
// expression run, and tells what each part found.
func (e *Engine) Explain(doc *qianshao.Document, id string) Explanation {
	at := slices.IndexFunc(e.detections, func(d *detection) bool { return d.ID == id })
	if at < 0 {
		return Explanation{ID: id}
	}
	d, v := e.detections[at], e.newPage(doc)
	defer v.release()
	v.trace = &trace{drops: map[int32]*[dropReasons]dropped{}}
	v.scan()
	v.runRegexes([]*detection{d})
	v.dropChance(d)
	o := v.outcome(d)
	if v.page.conceals && o.decide() != syntax.Yes && o.alone().decide() == syntax.Yes {
		o = o.alone()
	}
	out := Explanation{ID: id, Known: true, Holds: o.holds() == syntax.Yes, Condition: o.part(d.Condition)}
	if out.Holds {
		_, hits := v.fired(d)
		out.Scattered = hits == nil
		out.ForPrograms = hits != nil && v.forPrograms(hits)
		out.Holds = !out.Scattered && !out.ForPrograms
	}
	if !v.judges(d) {
		out.Judges, out.Holds = d.rule.Judges, false
	}
	for i := range d.blocks {
		out.Blocks = append(out.Blocks, o.report(i))
	}
	return out
}

func (o outcome) part(c *syntax.Condition) Part {
	out := Part{Text: c.Text, Holds: c.Eval(o.block, o.near) == syntax.Yes}
	for _, part := range c.Parts {
		out.Parts = append(out.Parts, o.part(part))
	}
	return out
}

func (o outcome) report(local int) BlockReport {
	b, st := o.d.blocks[local], o.state(local)
	out := BlockReport{Name: b.name, Length: b.length.String(), Holds: o.block(local) == syntax.Yes, Weight: int(st.strong), Min: int(b.min), Total: len(st.hits)}
	if o.corroborated(local) {
		out.Weight = int(st.all)
	}
	weak, isolated := 0, 0
	pieces := make([]*qianshao.Evidence, 0, maxExplained)
	out.Hits = make([]qianshao.Evidence, 0, maxExplained)
	for i := range st.hits {
		if st.hits[i].weak {
			weak++
		}
		if st.hits[i].isolated {
			isolated++
		}
		if len(out.Hits) < maxExplained {
			out.Hits = append(out.Hits, o.e.piece(rankedHit{block: b, hit: &st.hits[i]}))
			pieces = append(pieces, &out.Hits[len(out.Hits)-1])
		}
	}
	setPositions(o.e.page.doc.Source, pieces)
	if drops := o.e.trace.drops[b.index]; drops != nil {
		for reason, d := range drops {
			if d.count > 0 {
				out.Dropped = append(out.Dropped, fmt.Sprintf("%d %s%s, as in %s", d.count, dropReason(reason), d.detail, d.example))
			}
		}
	}
	if weak > 0 && !o.corroborated(local) {
		out.Dropped = append(out.Dropped, fmt.Sprintf("%d far from the term, with no other block satisfied plainly and no contact handle near", weak))
	}
	if isolated > 0 {
		out.Dropped = append(out.Dropped, fmt.Sprintf("%d with less than weight %d in %d characters around", isolated, b.min, b.within))
	}
	switch {
	case !out.Holds && b.lengthOnly:
		out.Missing = fmt.Sprintf("no region that it reads has %s", b.length)
	case !out.Holds:
		out.Missing = fmt.Sprintf("needs weight %d, has %d", b.min, out.Weight)
	}
	return out
}

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

func (r BlockReport) write(b *strings.Builder) {
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
