package engine

import (
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/match"
	"github.com/qianshao/qianshao/analyze/rule/chance"
	"github.com/qianshao/qianshao/analyze/rule/explain"
)

// So many words meet on a page that a short term is often found where one word ends and another
// begins: 彩金 in 五彩金香, 期期中 in 学期期中. So on a page it counts only between words. In a message, which
// says one thing, it counts anywhere, because dictionaries have no slang.

// dropChance drops the short terms of a detection that cut words in two and the dates that its
// expressions match, and weighs its blocks again. It is called only for the few detections whose
// condition holds, since each hit has to be looked up in the dictionary.
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

// straddles is true for a short term that begins inside a word, and for one of two characters that
// ends inside one. The end of a term of three characters is not checked, because its last character
// may make another word with what follows: 注册送 counts in 注册送礼, although 送礼 is a word.
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
