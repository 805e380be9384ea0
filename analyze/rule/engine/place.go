package engine

import (
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
)

// The evidence of a rule has to be in one place of a page: in consecutive regions within placeSpan
// characters. One word in the menu and another in the footer, or two words in two comments, are
// found together by chance, and the longer the page, the more often. The title and the meta
// elements speak for the whole page, so they belong to every place.

const (
	// placeSpan is about a screen of text, or a paragraph of a long article with its neighbours.
	placeSpan = 600
	// maxPlaces bounds the work. A page with a rule's words in more regions is full of them.
	maxPlaces = 512
)

// place is a range of regions, both ends inclusive, together with the page's head.
type place struct {
	first, last int32
	noHead      bool // without the head
}

// headAlone is the place that consists of the title and the meta elements.
func headAlone() *place { return &place{first: 0, last: -1} }

// headKinds are the kinds that belong to every place.
const headKinds kindSet = 1<<0 | 1<<1

// has says whether a region is in the place. A nil place is the whole page.
func (p *place) has(region int32, traits []regionTraits) bool {
	return p == nil || p.first <= region && region <= p.last || !p.noHead && traits[region].kind&headKinds != 0
}

// placed returns the outcome of the place in which the condition holds with the most terms;
// ok is false if it holds in none.
func (o outcome) placed() (best outcome, ok bool) {
	if o.decide() != syntax.Yes {
		return o, false
	}
	if !o.e.judgesForm(o.d) {
		o.place = headAlone()
		return o, o.concealed && o.decide() == syntax.Yes
	}
	if o.d.IsContext || o.e.page.doc.Form == qianshao.FormMessage || o.e.page.offsets[len(o.e.page.offsets)-1] <= placeSpan {
		return o, true
	}
	starts := o.starts()
	if len(starts) > maxPlaces {
		return o, true
	}
	ceiling, most := &o.e.ceiling, 0
	ceiling.begin(o)
	defer ceiling.end()
	try := func(p *place) {
		at := o
		at.place = p
		if ok && ceiling.of(p) <= most || at.decide() != syntax.Yes {
			return
		}
		if n := at.distinct(); !ok || n > most {
			best, ok, most = at, true, n
		}
	}
	try(headAlone())
	for _, first := range starts {
		try(o.e.placeFrom(first))
	}
	return best, ok
}

// starts returns the regions outside the head with hits that help the condition.
func (o outcome) starts() (regions []int32) {
	for i, b := range o.d.blocks {
		if !b.positive {
			continue
		}
		hits := o.state(i).hits
		for k := range hits {
			region := hits[k].region
			if o.e.page.traits[region].kind&headKinds == 0 && (len(regions) == 0 || regions[len(regions)-1] != region) {
				regions = append(regions, region)
			}
		}
	}
	slices.Sort(regions)
	return slices.Compact(regions)
}

// placeFrom returns the longest place that begins with a region. It contains that region, however
// long it is, and the placeSpan characters after it.
func (e *evaluation) placeFrom(first int32) *place {
	until := e.page.offsets[first+1] + placeSpan
	end, _ := slices.BinarySearch(e.page.offsets[first+1:], until+1) // the first offset beyond it
	return &place{first: first, last: first + int32(end) - 1}
}

// measure counts the characters of running text before each region. The targets of links,
// attributes, comments and scripts do not separate the texts around them.
func (p *pageTraits) measure() {
	p.offsets = append(p.offsets[:0], 0)
	for i := range p.traits {
		n := int32(0)
		if p.traits[i].kind&roomKinds != 0 {
			n = p.traits[i].chars
		}
		p.offsets = append(p.offsets, p.offsets[i]+n)
	}
}

// roomKinds are headings, text, and the text of links.
const roomKinds kindSet = 1<<2 | 1<<3 | 1<<4
