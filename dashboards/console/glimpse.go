package console

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/untrusted"
)

const (
	// maxReread bounds a source that is parsed again to show a page as its visitors see it, in
	// bytes: it takes 60 ms a megabyte.
	maxReread = 2 << 20
	// glimpseAround is how many visible texts are shown before and after a place.
	glimpseAround = 3
)

// glimpse is a place of evidence as the page's visitors see it: its text without markup, with marks
// where text is hidden from them.
type glimpse struct{ Parts []seen }

// seen is a text that visitors see, or a mark for texts that are hidden from them.
type seen struct {
	Kind qianshao.RegionKind
	Line untrusted.Line
	// Hidden says how the text here is hidden; Characters is its length.
	Hidden     qianshao.Hiding
	Characters int
	// Evidence says that some of the hidden text is evidence.
	Evidence bool
}

// How explains in a sentence how a way of hiding works.
func (v *findingPage) How(h qianshao.Hiding) string { return v.Language.Named("how.", string(h)) }

// glimpses shows each place as visitors see it, if the source can be parsed as it was when it was
// judged.
func (v *findingPage) glimpses(read func(url, source string) *qianshao.Document) {
	if read == nil {
		return
	}
	documents := map[qianshao.View]*qianshao.Document{}
	for i := range v.Places {
		p := &v.Places[i]
		source := v.sourceOf(p.View)
		if source == "" || len(source) > maxReread {
			continue
		}
		d, known := documents[p.View]
		if !known {
			if d = read(v.URL, source); d != nil && d.Source != source {
				d = nil // spans of evidence do not refer to it
			}
			documents[p.View] = d
		}
		if d != nil {
			p.Glimpse = p.glimpse(d.Regions)
		}
	}
}

// glimpse gathers the texts at the place and around it. Evidence that says that its text is hidden
// is believed, since a page's style sheets are not kept.
func (p *place) glimpse(regions []qianshao.Region) *glimpse {
	var list []seen
	first, last := -1, -1
	for i := range regions {
		r := &regions[i]
		at := r.Span()
		s, ok := p.seen(r, at)
		if !ok {
			continue
		}
		if at.Start < p.span.End && at.End > p.span.Start {
			if first < 0 {
				first = len(list)
			}
			last = len(list)
		} else if at.Start >= p.span.End && first < 0 {
			first, last = len(list), len(list)-1
		}
		list = append(list, s)
	}
	if first < 0 {
		first, last = len(list), len(list)-1
	}
	list = list[reach(list, first, -1):reach(list, last, 1)]
	g := &glimpse{}
	for _, s := range list {
		n := len(g.Parts)
		if n > 0 && s.Hidden != "" && g.Parts[n-1].Hidden == s.Hidden {
			g.Parts[n-1].Characters += s.Characters
			g.Parts[n-1].Evidence = g.Parts[n-1].Evidence || s.Evidence
			continue
		}
		g.Parts = append(g.Parts, s)
	}
	if len(g.Parts) == 0 {
		return nil
	}
	return g
}

// reach returns where the surroundings of a place end: after glimpseAround visible texts.
func reach(list []seen, from, step int) int {
	i, visible := from+step, 0
	for ; i >= 0 && i < len(list) && visible < glimpseAround; i += step {
		if list[i].Hidden == "" {
			visible++
		}
	}
	if step < 0 {
		return i + 1
	}
	return max(i, 0)
}

// seen returns what visitors see of a region; ok is false if the region is not text of the page,
// unless it has hidden evidence of the place in it.
func (p *place) seen(r *qianshao.Region, at qianshao.Span) (s seen, ok bool) {
	var marked []qianshao.Span
	hidden := r.Hidden
	for i := range p.Hits {
		e := &p.Hits[i]
		if e.Span.Start >= at.End || e.Span.End <= at.Start || e.Region != r.Kind {
			continue
		}
		if e.Hidden != "" {
			hidden = e.Hidden
		}
		marked = append(marked, textSpans(r, e.Span)...)
	}
	switch r.Kind {
	case qianshao.RegionHeading, qianshao.RegionText, qianshao.RegionAnchor:
	default:
		if len(marked) == 0 || hidden == "" {
			return s, false
		}
	}
	if hidden != "" {
		return seen{Kind: r.Kind, Hidden: hidden, Characters: utf8.RuneCountInString(r.Text), Evidence: len(marked) > 0}, r.Text != ""
	}
	if strings.TrimSpace(r.Text) == "" {
		return s, false
	}
	around := qianshao.Span{}
	if len(marked) > 0 {
		around = qianshao.Span{Start: marked[0].Start, End: marked[len(marked)-1].End}
	}
	text := strings.ReplaceAll(r.Text, "\n", " ")
	return seen{Kind: r.Kind, Line: untrusted.Excerpt(text, around, 1, marked, nil)[0]}, true
}

// textSpans returns the spans of a region's text that come from a stretch of source.
func textSpans(r *qianshao.Region, source qianshao.Span) (list []qianshao.Span) {
	for _, run := range r.Map {
		if run.Source.Start >= source.End || run.Source.End <= source.Start {
			continue
		}
		at := run.Text
		if run.Text.Len() == run.Source.Len() {
			at.Start += max(0, source.Start-run.Source.Start)
			at.End -= max(0, run.Source.End-source.End)
		}
		if n := len(list); n > 0 && list[n-1].End == at.Start {
			list[n-1].End = at.End
			continue
		}
		list = append(list, at)
	}
	slices.SortFunc(list, func(a, b qianshao.Span) int { return a.Start - b.Start })
	return list
}
