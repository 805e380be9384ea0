package engine

import (
	"cmp"
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule"
)

// Sighting is a term that a document contains, whether or not it makes a rule fire.
type Sighting struct {
	Term  string // its syntax.Term.Key
	Place rule.Place
}

// Sightings returns the terms of rules that a document contains, once for each place. It counts
// what a rule would count: short terms only between words, and only in regions that a block reads,
// but in any spelling, since the ordinary word for earning money sounds like the term 钻钱. Hits that
// need support, and expressions, are left out.
func (e *Engine) Sightings(doc *qianshao.Document) []Sighting {
	v := e.newPage(doc)
	defer v.release()
	v.scan()
	var out []Sighting
	for _, i := range v.tally.touched {
		b := e.blocks[i]
		if b.owner.IsContext || !b.positive {
			continue
		}
		for _, h := range v.tally.states[i].hits {
			if !h.weak {
				out = append(out, Sighting{e.terms[h.term].key, placeOf(&v.page.traits[h.region])})
			}
		}
	}
	slices.SortFunc(out, func(x, y Sighting) int { return cmp.Or(cmp.Compare(x.Term, y.Term), cmp.Compare(x.Place, y.Place)) })
	return slices.Compact(out)
}

func placeOf(r *regionTraits) rule.Place {
	switch {
	case r.concealed:
		return rule.PlaceHidden
	case r.kind&titleKinds != 0:
		return rule.PlaceTitle
	case r.kind == kindBit(qianshao.RegionAttr):
		return rule.PlaceAttribute
	case r.kind&(kindBit(qianshao.RegionScript)|kindBit(qianshao.RegionComment)) != 0:
		return rule.PlaceScript
	}
	return rule.PlaceVisible
}
