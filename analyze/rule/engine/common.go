package engine

import (
	"slices"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/policy"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/locales"
)

// usage is a term or an expression (an index as in hit.term) in one block.
type usage struct{ block, term int32 }

// CommonTerms looks for the terms in innocent texts. It returns a mistake, with the term's place
// and some of the texts, for each term that is too common in them (policy.IsTooCommon) and decides:
// its block makes the condition true by itself, and the term contributes more than a third of the
// weight that the block asks for. An everyday word is fine beside others, or in a block that needs
// another block.
func (e *Engine) CommonTerms(innocent []string) []syntax.Mistake {
	found := map[usage][]string{}
	for _, text := range innocent {
		for u := range e.deciding(text) {
			found[u] = append(found[u], text)
		}
	}
	var out []syntax.Mistake
	for u, texts := range found {
		if policy.IsTooCommon(len(texts), len(innocent)) {
			out = append(out, e.tooCommon(u, texts, len(innocent)))
		}
	}
	slices.SortFunc(out, syntax.Mistake.Compare)
	return slices.CompactFunc(out, syntax.Mistake.SamePlace)
}

// deciding returns the terms that decide on a text.
func (e *Engine) deciding(text string) map[usage]bool {
	v := e.newPage(plainDocument(text))
	defer v.release()
	v.scan()
	out := map[usage]bool{}
	for _, i := range slices.Clone(v.tally.touched) {
		b := e.blocks[i]
		if b.lengthOnly || !e.isOn(b.owner) || !v.outcome(b.owner).holdsByOnly(b) {
			continue
		}
		if len(v.tally.states[i].candidates) > 0 {
			v.runBlocks([]*block{b})
		}
		for _, h := range v.tally.states[i].hits {
			if h.cost <= plainCost && 3*h.weight > b.min {
				out[usage{i, h.term}] = true
			}
		}
	}
	return out
}

// isOn says whether a detection belongs to a rule in force.
func (e *Engine) isOn(d *detection) bool {
	r, ok := e.rules.Rule(d.ID)
	return ok && !d.IsContext && r.Off == nil
}

// holdsByOnly says whether the condition would hold if, apart from blocks that ask for a length and
// find it, only b did.
func (o outcome) holdsByOnly(b *block) bool {
	only := make([]bool, len(o.d.blocks))
	for i, other := range o.d.blocks {
		only[i] = other == b || other.lengthOnly && o.block(i) == syntax.Yes
	}
	return o.d.Condition.HoldsBy(only)
}

func plainDocument(text string) *qianshao.Document {
	all := qianshao.Span{Start: 0, End: len(text)}
	return &qianshao.Document{Source: text, Regions: []qianshao.Region{{
		Kind: qianshao.RegionText, Text: text, Map: []qianshao.Run{{Text: all, Source: all}},
	}}}
}

func (e *Engine) tooCommon(u usage, texts []string, of int) syntax.Mistake {
	var what any
	if i := int(u.term) - len(e.terms); i >= 0 {
		what = locales.M("rule.benign.expression", e.patterns[i].text)
	} else {
		what = strconv.Quote(e.terms[u.term].text)
	}
	m := e.placeOf(u)
	m.Message = locales.M("rule.benign.term", what, policy.Share(len(texts), of), e.blocks[u.block].owner.ID, policy.Quotes(texts))
	return m
}

func (e *Engine) placeOf(u usage) syntax.Mistake {
	b := e.blocks[u.block]
	if int(u.term) < len(e.terms) {
		key := e.terms[u.term].key
		at, ok := slices.BinarySearchFunc(b.terms, key, func(t syntax.Term, key string) int { return strings.Compare(t.Key, key) })
		if ok {
			return b.terms[at].Mistake(locales.Message{})
		}
	}
	r, _ := e.rules.Rule(b.owner.ID)
	return syntax.Mistake{File: r.File}
}

// PlaceOf returns where a term of a rule's block is written, as a mistake without a message. For a
// regular expression it returns only the rule's file.
func (e *Engine) PlaceOf(r *rule.Rule, block, term string) syntax.Mistake {
	for _, b := range e.blocks {
		if b.owner.Detection != r.Detection || b.name != block {
			continue
		}
		for i := range e.terms {
			if e.terms[i].text == term {
				return e.placeOf(usage{b.index, int32(i)})
			}
		}
	}
	return syntax.Mistake{File: r.File}
}
