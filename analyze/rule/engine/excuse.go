package engine

import (
	"slices"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
)

// An awareness context excuses the text within it. A line in the footer excuses itself; a notice
// excuses its paragraphs and what is around them; a title excuses the page.

// excuse is what a context excuses on a page.
type excuse struct {
	whole  bool
	places []place
}

// excuseOf returns what a context that holds on the page excuses.
func (e *evaluation) excuseOf(c *rule.Context, d *detection) excuse {
	o := e.outcome(d)
	starts := o.starts()
	if c.WholePage || e.page.doc.Form == qianshao.FormMessage || len(starts) > maxPlaces {
		return excuse{whole: true}
	}
	if o.place = headAlone(); o.decide() == syntax.Yes {
		return excuse{whole: true}
	}
	return o.excuseFrom(starts)
}

// excuseFrom returns the places in which the context holds. Each begins with the first region that
// has a word of the context and ends with the last. If these are different regions, it is an
// article, and the place is extended by placeSpan characters on both sides.
func (o outcome) excuseFrom(starts []int32) (out excuse) {
	for i, first := range starts {
		p := o.e.placeFrom(first)
		if o.place = p; o.decide() != syntax.Yes {
			continue
		}
		if o.place = (&place{first: p.first, last: p.last, noHead: true}); o.decide() != syntax.Yes {
			return excuse{whole: true} // the condition needs the title
		}
		last := first
		for _, next := range starts[i:] {
			if next <= p.last {
				last = next
			}
		}
		if first == last {
			out.places = append(out.places, place{first: first, last: last})
			continue
		}
		before, _ := slices.BinarySearch(o.e.page.offsets, o.e.page.offsets[first]-placeSpan)
		out.places = append(out.places, place{first: int32(before), last: o.e.placeFrom(last).last})
	}
	return out
}

// excuses says whether most of the hits are within the excuse. Hits in the head are not counted; if
// there are no others, an article excuses them.
func (x excuse) excuses(hits []rankedHit, traits []regionTraits) bool {
	if x.whole {
		return true
	}
	inside, outside := 0, 0
	for _, h := range hits {
		switch {
		case traits[h.hit.region].kind&headKinds != 0:
		case slices.ContainsFunc(x.places, func(p place) bool { return p.first <= h.hit.region && h.hit.region <= p.last }):
			inside++
		default:
			outside++
		}
	}
	if inside+outside == 0 {
		return slices.ContainsFunc(x.places, func(p place) bool { return p.first < p.last })
	}
	return inside >= outside
}

// isQuoted says whether most of the hits are in elements for code and quotations.
func (e *evaluation) isQuoted(hits []rankedHit) bool {
	quoted := 0
	for _, h := range hits {
		if quotes(e.page.doc.Regions[h.hit.region].Path) {
			quoted++
		}
	}
	return 2*quoted > len(hits)
}

// quotes says whether a region's path leads through pre, code or blockquote.
func quotes(path string) bool {
	for step := range strings.SplitSeq(path, " > ") {
		switch name, _, _ := strings.Cut(step, ":"); name {
		case "pre", "code", "blockquote":
			return true
		}
	}
	return false
}
