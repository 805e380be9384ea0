package view

import (
	"unicode/utf8"

	"github.com/qianshao/qianshao"
)

// PlainVersion returns what plain visitors get in the place of a piece of evidence from another
// view: what stands between the same neighbours. Its Text and Span are empty if they get nothing
// there.
func (b *Baseline) PlainVersion(doc *qianshao.Document, e qianshao.Evidence) *qianshao.Evidence {
	plain := b.docs[0]
	if len(plain.Regions) == 0 {
		return b.place(qianshao.Span{}, nil)
	}
	at := regionAt(doc, e.Span)
	known := b.positions(plain)
	before := -1 // the last region before the evidence that is also in plain, as its index there
	for i := at - 1; i >= 0 && before < 0; i-- {
		if p, ok := known[b.wholeOf(&doc.Regions[i])]; ok {
			before = p
		}
	}
	after := -1
	for i := at + 1; i < len(doc.Regions) && after < 0; i++ {
		if p, ok := known[b.wholeOf(&doc.Regions[i])]; ok && p > before {
			after = p
		}
	}
	switch {
	case after < 0 && before < 0: // the two have nothing in common: the beginning of the plain page stands for all of it
		return b.place(plain.Regions[0].Span(), &plain.Regions[0])
	case after < 0:
		after = min(before+2, len(plain.Regions))
	}
	if before+1 >= after {
		end := 0
		if before >= 0 {
			end = plain.Regions[before].Span().End
		}
		return b.place(qianshao.Span{Start: end, End: end}, nil)
	}
	first := &plain.Regions[before+1]
	span := first.Span()
	if last := plain.Regions[after-1].Span(); last.End > span.Start {
		span.End = last.End
	}
	return b.place(span, first)
}

// place returns the evidence of a span of the plain source.
func (b *Baseline) place(span qianshao.Span, region *qianshao.Region) *qianshao.Evidence {
	plain := b.docs[0]
	out := &qianshao.Evidence{Block: "plain visitor", Span: span}
	if region != nil {
		out.Region, out.Name, out.Hidden, out.Path = region.Kind, region.Name, region.Hidden, region.Path
	}
	if out.Span.Len() > qianshao.MaxEvidenceText {
		out.Span.End = span.Start + qianshao.MaxEvidenceText
		for out.Span.End > span.Start && !utf8.RuneStart(plain.Source[out.Span.End]) {
			out.Span.End--
		}
	}
	out.Text = plain.Source[out.Span.Start:out.Span.End]
	out.Line, out.Column = plain.Position(out.Span.Start)
	return out
}

// positions finds each region of the plain document by its wording. Of regions with the same
// wording it finds the first.
func (b *Baseline) positions(plain *qianshao.Document) map[uint64]int {
	known := make(map[uint64]int, len(plain.Regions))
	for i := range plain.Regions {
		key := b.wholeOf(&plain.Regions[i])
		if _, ok := known[key]; !ok {
			known[key] = i
		}
	}
	return known
}

func (b *Baseline) wholeOf(r *qianshao.Region) uint64 { return whole(r, b.reader.read(r)) }

// regionAt returns the region in which a span of the source begins, or else the one before it.
func regionAt(doc *qianshao.Document, span qianshao.Span) int {
	at := 0
	for i := range doc.Regions {
		r := doc.Regions[i].Span()
		if r.Start <= span.Start {
			at = i
		}
		if r.Start <= span.Start && span.Start < r.End {
			return i
		}
	}
	return at
}
