package engine

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
)

// rankedHit is a hit that makes the condition true, with its rank among the rule's evidence.
type rankedHit struct {
	block *block
	hit   *hit
	rank  int
}

// Ranks of hits, best first: the last ones are dropped when there are too many.
const (
	rankConcealed = iota
	rankTitle
	rankPlain
	rankOther
	rankRepeated // added if a better hit of the same term is listed
)

// fired returns what makes a detection hold, with the hits, which are nil if it does not hold. The
// evidence has no lines and columns yet.
func (e *evaluation) fired(d *detection) (out Fired, used []rankedHit) {
	e.dropChance(d)
	concealed := false
	if e.page.conceals {
		var alone outcome
		if alone, concealed = e.outcome(d).alone().placed(); concealed {
			alone.collect(d.Condition)
		}
	}
	whole, visible := e.outcome(d).placed()
	if visible {
		whole.collect(d.Condition)
	}
	for _, b := range d.blocks {
		hits := e.tally.states[b.index].hits
		for i := range hits {
			if hits[i].used {
				used = append(used, rankedHit{block: b, hit: &hits[i]})
			}
		}
	}
	out = e.summary(used, concealed)
	out.Evidence = e.evidence(used, out.Concealed)
	return out, used
}

// summary counts what scoring needs. Unless the concealed text makes the condition true by itself,
// only text that is not concealed counts.
func (e *evaluation) summary(hits []rankedHit, concealed bool) Fired {
	out := Fired{Concealed: concealed, Inert: len(hits) > 0 && !concealed}
	type key struct {
		term int32
		text string // of an expression that is specific: two casino domains are two signs
	}
	terms := map[key]WeighedTerm{}
	for _, p := range hits {
		region := &e.page.doc.Regions[p.hit.region]
		if !concealed && region.Hidden.Concealed() {
			continue
		}
		out.Inert = out.Inert && isInert(region)
		out.Disguised = out.Disguised || p.hit.cost > plainCost
		now, k := e.weighed(p.hit), key{term: p.hit.term}
		if now.Grade == syntax.Specific && int(k.term) >= len(e.engine.terms) {
			k.text = strings.ToLower(region.Text[p.hit.start:p.hit.end])
		}
		if have, ok := terms[k]; ok {
			now.Grade, now.Ordinary = max(now.Grade, have.Grade), min(now.Ordinary, have.Ordinary)
		}
		terms[k] = now
	}
	out.Terms = slices.SortedFunc(maps.Values(terms), func(x, y WeighedTerm) int {
		return cmp.Or(cmp.Compare(y.Grade, x.Grade), cmp.Compare(x.Ordinary, y.Ordinary), strings.Compare(x.Text, y.Text))
	})
	return out
}

// weighed returns a hit's term with its grade and the share of ordinary sites that use it.
func (e *evaluation) weighed(h *hit) WeighedTerm {
	t := WeighedTerm{Text: e.termText(h.term), Grade: e.engine.grades[h.slot]}
	sites := e.engine.rules.Ordinary().Sites
	if int(h.term) >= len(e.engine.terms) {
		// People read what was found; the evidence has the expression that found it.
		t.Text = e.page.doc.Regions[h.region].Text[h.start:h.end]
		return t
	}
	if sites == 0 {
		return t
	}
	seen := e.engine.terms[h.term].ordinary
	n := seen.Any
	if e.page.traits[h.region].kind&titleKinds != 0 {
		n = seen.In[rule.PlaceTitle]
	}
	t.Ordinary = float64(n) / float64(sites)
	return t
}

// isInert says whether a region is one that visitors do not read and that authors use without the
// intention to hide it.
func isInert(r *qianshao.Region) bool {
	return r.Kind == qianshao.RegionComment || r.Kind == qianshao.RegionScript || r.Hidden == qianshao.HidingUnshown
}

// evidence selects the best hits and sorts them by their place in the source.
func (e *evaluation) evidence(hits []rankedHit, concealed bool) []qianshao.Evidence {
	e.rank(hits, concealed)
	slices.SortStableFunc(hits, func(x, y rankedHit) int { return cmp.Compare(x.rank, y.rank) })
	// Pieces of evidence are large, so pointers are sorted.
	pieces := make([]*qianshao.Evidence, 0, min(len(hits), qianshao.MaxEvidence))
	for _, p := range hits {
		if len(pieces) == qianshao.MaxEvidence {
			break
		}
		piece := e.piece(p)
		if !slices.ContainsFunc(pieces, func(x *qianshao.Evidence) bool { return sameEvidence(x, &piece) }) {
			pieces = append(pieces, &piece)
		}
	}
	slices.SortStableFunc(pieces, func(x, y *qianshao.Evidence) int {
		return cmp.Or(cmp.Compare(x.Span.Start, y.Span.Start), cmp.Compare(x.Span.End, y.Span.End),
			cmp.Compare(x.Block, y.Block), cmp.Compare(x.Term, y.Term))
	})
	out := make([]qianshao.Evidence, len(pieces))
	for i, piece := range pieces {
		out[i] = *piece
	}
	return out
}

// sameEvidence says whether two pieces show the same text at the same place.
func sameEvidence(x, y *qianshao.Evidence) bool {
	return x.Span == y.Span && x.Block == y.Block && x.Term == y.Term && x.Path == y.Path && x.Text == y.Text
}

// rank orders the hits, with each term's best place first, so that fifty repetitions of one word do
// not hide the other words. Concealed hits come first if they make the condition true by
// themselves, and last otherwise.
func (e *evaluation) rank(hits []rankedHit, concealed bool) {
	for i := range hits {
		region := &e.page.doc.Regions[hits[i].hit.region]
		switch {
		case region.Hidden.Concealed() && concealed:
			hits[i].rank = rankConcealed
		case region.Hidden.Concealed():
			hits[i].rank = rankOther
		case inTitle(region.Kind):
			hits[i].rank = rankTitle
		case hits[i].hit.cost <= plainCost:
			hits[i].rank = rankPlain
		default:
			hits[i].rank = rankOther
		}
	}
	slices.SortStableFunc(hits, func(x, y rankedHit) int { return cmp.Compare(x.rank, y.rank) })
	type shown struct {
		block *block
		term  int32
	}
	seen := make(map[shown]bool, len(hits))
	for i, p := range hits {
		if key := (shown{p.block, p.hit.term}); seen[key] {
			hits[i].rank += rankRepeated
		} else {
			seen[key] = true
		}
	}
}

func (e *evaluation) piece(p rankedHit) qianshao.Evidence {
	region := &e.page.doc.Regions[p.hit.region]
	start, end := int(p.hit.start), int(p.hit.end)
	span := region.SourceSpan(start, end)
	source := region.Text[start:end]
	if span.Start >= 0 && span.End <= len(e.page.doc.Source) && span.Start < span.End {
		source = e.page.doc.Source[span.Start:span.End]
	}
	if region.Picture != "" {
		source = region.Text[start:end]
	}
	return qianshao.Evidence{
		Block:   p.block.name,
		Term:    e.termText(p.hit.term),
		Text:    syntax.Cut(source, qianshao.MaxEvidenceText),
		Steps:   p.hit.steps.Names(),
		Region:  region.Kind,
		Name:    region.Name,
		Hidden:  region.Hidden,
		Script:  region.Script,
		Path:    region.Path,
		Picture: region.Picture,
		Span:    span,
		Before:  lastCharacters(region.Text[:start], qianshao.EvidenceContext),
		After:   firstCharacters(region.Text[end:], qianshao.EvidenceContext),
	}
}

func (e *evaluation) termText(term int32) string {
	if i := int(term) - len(e.engine.terms); i >= 0 {
		return e.engine.patterns[i].text
	}
	return e.engine.terms[term].text
}

func firstCharacters(s string, n int) string {
	at := 0
	for ; n > 0 && at < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return s[:at]
}

func lastCharacters(s string, n int) string {
	at := len(s)
	for ; n > 0 && at > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(s[:at])
		at -= size
	}
	return s[at:]
}

// setPositions fills in lines and columns in one walk over the source. They equal those of
// Document.Position, which would count each column from the beginning of the line: too expensive on
// a page of 20 MB in one line.
func (e *evaluation) setPositions(r Result) {
	var all []*qianshao.Evidence
	for i := range r.Fired {
		all = appendPointers(all, r.Fired[i].Evidence)
	}
	for i := range r.Contexts {
		all = appendPointers(all, r.Contexts[i].Evidence)
	}
	setPositions(e.page.doc.Source, all)
}

func appendPointers(all []*qianshao.Evidence, pieces []qianshao.Evidence) []*qianshao.Evidence {
	for i := range pieces {
		all = append(all, &pieces[i])
	}
	return all
}

func setPositions(source string, all []*qianshao.Evidence) {
	slices.SortStableFunc(all, func(x, y *qianshao.Evidence) int { return cmp.Compare(x.Span.Start, y.Span.Start) })
	line, column, at := 1, 1, 0
	for _, piece := range all {
		start := min(max(piece.Span.Start, at), len(source))
		passed := source[at:start]
		if newlines := strings.Count(passed, "\n"); newlines > 0 {
			line += newlines
			column = 1
			passed = passed[strings.LastIndexByte(passed, '\n')+1:]
		}
		column += utf8.RuneCountInString(passed)
		at = start
		piece.Line, piece.Column = line, column
	}
}
