package rule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/qianshao/qianshao"
)

// MaxBenignShare is the share of innocent texts in which a term that can make a
// rule fire may stand, and which a rule may flag: two in a thousand.
const MaxBenignShare = 0.002

// maxExamples is how many texts a message quotes, maxExample how much of each, in bytes.
const (
	maxExamples = 3
	maxExample  = 90
)

// usage is a term or expression, an index as in hit.term, in one block.
type usage struct{ block, term int32 }

// CommonTerms looks for the terms in innocent texts and returns a mistake, with
// its place and some of the texts, for each that stands in more than
// MaxBenignShare of them and decides: its block makes the condition true by
// itself, and it brings more than a third of what the block asks for. A word of
// every day may stand beside others, and in a block that needs another one.
func (s *Set) CommonTerms(innocent []string) []Mistake {
	found := map[usage][]string{}
	for _, text := range innocent {
		for u := range s.deciding(text) {
			found[u] = append(found[u], text)
		}
	}
	var out []Mistake
	for u, texts := range found {
		if float64(len(texts)) > MaxBenignShare*float64(len(innocent)) {
			out = append(out, s.tooCommon(u, texts, len(innocent)))
		}
	}
	slices.SortFunc(out, Mistake.compare)
	return slices.CompactFunc(out, Mistake.SamePlace)
}

// deciding returns the terms of a text that decide.
func (s *Set) deciding(text string) map[usage]bool {
	e := s.newPage(plainDocument(text))
	defer e.release()
	e.scan()
	out := map[usage]bool{}
	for _, i := range slices.Clone(e.touched) {
		b := s.blocks[i]
		if b.measures || !s.isOn(b.owner.id) || !e.verdict(b.owner).holdsByOnly(b) {
			continue
		}
		e.runPatterns(b)
		for _, h := range e.states[i].hits {
			if h.cost <= plainCost && 3*h.weight > b.min {
				out[usage{i, h.term}] = true
			}
		}
	}
	return out
}

// isOn is false for contexts, too.
func (s *Set) isOn(id string) bool {
	r := s.byID[id]
	return r != nil && r.Off == nil
}

// holdsByOnly says whether the condition would hold if b alone did, besides the
// blocks that ask for a length and get it.
func (v verdict) holdsByOnly(b *block) bool {
	only := make([]bool, len(v.d.blocks))
	for i, other := range v.d.blocks {
		only[i] = other == b || other.measures && v.block(i) == yes
	}
	return v.d.condition.holdsBy(only)
}

func plainDocument(text string) *qianshao.Document {
	all := qianshao.Span{Start: 0, End: len(text)}
	return &qianshao.Document{Source: text, Regions: []qianshao.Region{{
		Kind: qianshao.RegionText, Text: text, Map: []qianshao.Run{{Text: all, Source: all}},
	}}}
}

func (s *Set) tooCommon(u usage, texts []string, of int) Mistake {
	m, what := s.placeOf(u), ""
	if i := int(u.term) - len(s.terms); i >= 0 {
		what = fmt.Sprintf("the expression %s", s.patterns[i].text)
	} else {
		what = fmt.Sprintf("%q", s.terms[u.term].text)
	}
	m.Message = fmt.Sprintf("%s stands in %s, and rule %s fires by it; make it longer, demand a second block, or except what is innocent%s",
		what, ShareInWords(len(texts), of), s.blocks[u.block].owner.id, Quote(texts))
	return m
}

// placeOf returns where a block has its term from.
func (s *Set) placeOf(u usage) Mistake {
	owner := s.blocks[u.block].owner
	if int(u.term) < len(s.terms) {
		t := s.terms[u.term]
		for i, p := range t.postings {
			if p.block == u.block && p.weight != exceptWeight {
				return t.places[i]
			}
		}
	}
	return Mistake{File: s.byID[owner.id].File}
}

// PlaceOf returns where a rule's block has a term from, as a mistake without a
// message; the rule's file alone if it is a regular expression.
func (s *Set) PlaceOf(r *Rule, block, term string) Mistake {
	for _, b := range r.detection.blocks {
		for i := range s.terms {
			if b.name == block && s.terms[i].text == term {
				return s.placeOf(usage{b.index, int32(i)})
			}
		}
	}
	return Mistake{File: r.File}
}

// ShareInWords says "5 of 1664 innocent texts (0.30 %, at most 0.20 % may be)".
func ShareInWords(n, of int) string {
	return fmt.Sprintf("%d of %d innocent texts (%.2f %%, at most %.2f %% may be)", n, of, 100*float64(n)/float64(of), 100*MaxBenignShare)
}

// Quote lists the first texts, each on a line of its own.
func Quote(texts []string) string {
	var b strings.Builder
	for i, text := range texts {
		if i == maxExamples {
			fmt.Fprintf(&b, "\n    and %d more", len(texts)-i)
			break
		}
		short := cut(text, maxExample)
		if short != text {
			short += "…"
		}
		fmt.Fprintf(&b, "\n    %s", short)
	}
	return b.String()
}
