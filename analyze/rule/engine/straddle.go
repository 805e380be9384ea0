package engine

import (
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/match"
	"github.com/qianshao/qianshao/analyze/rule/chance"
	"github.com/qianshao/qianshao/analyze/rule/explain"
)

// On a page so many words meet that a short term is often found where one word ends and
// another begins: 彩金 in 五彩金香, 期期中 in 学期期中. There it counts only between words. In a message,
// which says one thing, it counts anywhere, because dictionaries have no slang.

// dropChance drops the short terms of a detection that cut words in two, and the dates
// that its expressions match, and weighs its blocks anew. It is called for the few detections whose condition holds, since each
// hit costs a look into the dictionary.
func (e *evaluation) dropChance(d *detection) {
	if d.IsContext || e.page.doc.Form == qianshao.FormMessage {
		return
	}
	for _, b := range d.blocks {
		if !b.positive {
			continue
		}
		st := &e.tally.states[b.index]
		before := len(st.hits)
		st.hits = slices.DeleteFunc(st.hits, func(h hit) bool { return e.straddles(b, &h) || e.isDated(b, &h) })
		if len(st.hits) == before {
			continue
		}
		st.forgetPlaces()
		if b.within > 0 {
			e.weighStretches(b, st)
		} else {
			st.weights = e.tally.sum(&someHits{hits: st.hits, to: len(st.hits)}, e.page.traits)
		}
	}
}

// straddles is true for a short term that begins inside a word, or has two characters and
// ends inside one. What follows three characters may make another word with the last of
// them: 注册送 stands in 注册送礼, too.
func (e *evaluation) straddles(b *block, h *hit) bool {
	if b.word || b.unbounded {
		return false
	}
	if int(h.term) >= len(e.engine.terms) || !e.engine.terms[h.term].short || h.cost >= match.CostDisguised {
		return false
	}
	end := h.end
	if h.last-h.first >= chance.MaxShort-1 {
		end = int32(len(e.page.doc.Regions[h.region].Text))
	}
	if e.bounded(h.region, span{h.start, end}) {
		return false
	}
	e.drop(b, h, explain.CutOutOfWords)
	return true
}
