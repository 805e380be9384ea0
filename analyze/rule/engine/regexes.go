package engine

import (
	"cmp"
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/analyze/match"
	"github.com/qianshao/qianshao/analyze/rule/dfa"
	"github.com/qianshao/qianshao/analyze/rule/explain"
	"github.com/qianshao/qianshao/analyze/rule/prefilter"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
)

// Regular expressions come last: all terms are found in one pass, but each expression needs one of
// its own. The scan has noted the regions that contain an expression's atoms. An expression is run
// there only if its rule still depends on it: see liveDetections, runRegexes and canMatter.

// Budgets of regular expressions.
const (
	maxRegexHits = 64      // of one expression in one region
	maxKnown     = 1 << 16 // expressions in regions whose matches are kept for another block
	maxKept      = 1 << 17 // places of atoms kept for a page; regions beyond them are searched again
	// maxSlow bounds the work of Go's engine for one expression on a page, in characters times
	// instructions: a quarter of a second. Go's engine takes over when the expression's automaton
	// keeps needing new states, which happens on none of the labelled pages. If text is left
	// unread, qianshao.NoteRuleBudget says so. Each expression has a budget of its own, so that a
	// page written to exhaust one hides nothing from the others.
	maxSlow = 1 << 25
)

// Costs of a match of a regular expression that is found only in the folded text. Separators alone
// are not a disguise: an expression may span a whole sentence.
const (
	foldedRegexCost    = plainCost
	disguisedRegexCost = plainCost + 1
)

// regexes is the working memory for the regular expressions of a page.
type regexes struct {
	search  *prefilter.Search // for the expressions that may match in a region
	matches map[candidate]matches
	budgets []dfa.Budget   // by expression
	places  []match.Place  // of atoms, one region after the other
	kept    map[int32]part // by region: its part of places
	asked   []int32        // memory of noteCandidates
	runs    []run          // memory of runRegexes
}

// part is a part of a list. to is exclusive.
type part struct{ from, to int }

// run is a candidate of a block that will be run.
type run struct {
	block *block
	candidate
}

// candidate is a region in which a regular expression may match.
type candidate struct{ region, pattern int32 }

// matches are the matches of one regular expression in one region.
type matches struct {
	spans  []dfa.Span
	folded bool // the spans are characters of the folded text, not bytes of the region's text
}

// noteCandidates notes, for the blocks that read the open region, which of their expressions may
// match in it. In a long region it also keeps the places of their atoms, which narrow the search
// later.
func (e *evaluation) noteCandidates() {
	asked, isLong := e.regexes.asked[:0], prefilter.IsLong(&e.open.text)
	for _, p := range e.regexes.search.In(&e.open.text) {
		for _, b := range e.engine.patterns[p].blocks {
			if e.reads(b, e.open.index) {
				st := e.tally.touch(b)
				st.candidates = append(st.candidates, candidate{e.open.index, p})
				if isLong && (len(asked) == 0 || asked[len(asked)-1] != p) {
					asked = append(asked, p)
				}
			}
		}
	}
	e.regexes.asked = asked
	if len(asked) > 0 {
		e.regexes.keepPlaces(e.open.index, asked)
	}
}

// keepPlaces keeps where the expressions' atoms begin in a region. It has to be the region that was
// searched last.
func (r *regexes) keepPlaces(region int32, expressions []int32) {
	from := len(r.places)
	r.places = r.search.Places(expressions, r.places, maxKept)
	r.kept[region] = part{from, len(r.places)}
}

// placesIn returns the kept places of a region's atoms.
func (r *regexes) placesIn(region int32) []match.Place {
	in := r.kept[region]
	return r.places[in.from:in.to]
}

// liveDetections returns the detections whose condition holds, or may hold once the regular
// expressions have been run. A condition with no hit of a term and no expression that may match
// does not hold: rule.Load refuses conditions that would.
func (e *evaluation) liveDetections() (live []*detection) {
	hit := make([]bool, len(e.engine.detections))
	for _, i := range e.tally.touched {
		if b := e.engine.blocks[i]; !b.lengthOnly {
			hit[b.owner.index] = true
		}
	}
	for i, d := range e.engine.detections {
		if hit[i] && e.judges(d) && e.outcome(d).holds() != syntax.No {
			live = append(live, d)
		}
	}
	return live
}

// judgesForm says whether the detection judges the document's form. A context judges every form.
func (e *evaluation) judgesForm(d *detection) bool {
	return d.rule == nil || d.rule.JudgesForm(e.page.doc.Form)
}

// judges says whether the detection judges any part of the document. A title in numeric entities,
// which hackers write for search engines, is judged as a message even on a page.
func (e *evaluation) judges(d *detection) bool {
	return e.judgesForm(d) || e.page.coded && d.rule.Judges == string(qianshao.FormMessage)
}

// runRegexes runs the regular expressions of the live detections until their conditions are decided
// or, while explaining, all of them. It runs one block of each detection at a time, so that a
// region is folded once for the blocks of all detections. The blocks with the least text to read
// come first: if they decide the condition, the others need not be run.
func (e *evaluation) runRegexes(live []*detection) {
	var blocks []*block
	for first := true; first || len(blocks) > 0; first = false {
		blocks = blocks[:0]
		for _, d := range live {
			if b := e.leastUnread(d); b != nil && (first || e.trace != nil || e.outcome(d).holds() != syntax.No) {
				blocks = append(blocks, b)
			}
		}
		e.runBlocks(blocks)
	}
}

// leastUnread returns the block of the detection that has not been run and whose expressions may
// have to read the least text, or nil.
func (e *evaluation) leastUnread(d *detection) (least *block) {
	for _, b := range d.patternBlocks {
		st := &e.tally.states[b.index]
		if st.regexesRun || len(st.candidates) == 0 {
			continue
		}
		if st.unread == 0 {
			for _, c := range st.candidates {
				st.unread += len(e.page.doc.Regions[c.region].Text)
			}
		}
		if least == nil || st.unread < e.tally.states[least.index].unread {
			least = b
		}
	}
	return least
}

// runBlocks runs the expressions of blocks, one block for each detection, on the regions where they
// may match, region by region.
func (e *evaluation) runBlocks(blocks []*block) {
	runs := e.regexes.runs[:0]
	for _, b := range blocks {
		st := &e.tally.states[b.index]
		st.regexesRun, st.termHits = true, len(st.hits)
		runs = e.runsOf(b, runs)
	}
	e.regexes.runs = runs
	slices.SortFunc(runs, func(x, y run) int {
		return cmp.Or(cmp.Compare(x.region, y.region), cmp.Compare(x.block.index, y.block.index), cmp.Compare(x.pattern, y.pattern))
	})
	for i, r := range runs {
		e.openRegion(int(r.region))
		e.findHits(r.block, r.candidate)
		if i+1 == len(runs) || runs[i+1].region != r.region {
			e.findExcepts()
			e.flushBlocks()
		}
	}
	for _, b := range blocks {
		st := &e.tally.states[b.index]
		slices.SortStableFunc(st.hits, func(x, y hit) int {
			return cmp.Or(cmp.Compare(x.region, y.region), cmp.Compare(x.first, y.first))
		})
		if b.within > 0 {
			e.weighStretches(b, st)
		}
	}
}

// runsOf appends the candidates of a block that can make a difference.
func (e *evaluation) runsOf(b *block, out []run) []run {
	narrow := len(b.neighbours) > 0 && e.page.isLong && !e.allowed.found && e.trace == nil
	region, canMatter := int32(noRegion), true
	for _, c := range e.tally.states[b.index].candidates {
		if c.region != region {
			region, canMatter = c.region, !narrow || e.canMatter(b, c.region)
		}
		if canMatter {
			out = append(out, run{b, c})
		}
	}
	return out
}

// canMatter says whether a hit of the block in a region can make a difference on a long page: only
// if a neighbour has, or may have, a hit there, or asks for the region's length. On a short page
// every hit matters, because it corroborates hits of the rule's other blocks anywhere.
func (e *evaluation) canMatter(b *block, region int32) bool {
	return slices.ContainsFunc(b.neighbours, func(other *block) bool {
		if other.lengthOnly {
			return e.reads(other, region)
		}
		st := &e.tally.states[other.index]
		i := firstIn(st.hits, region)
		hit := i < len(st.hits) && st.hits[i].region == region
		if hit || st.regexesRun {
			return hit
		}
		_, may := slices.BinarySearchFunc(st.candidates, region, func(c candidate, region int32) int { return cmp.Compare(c.region, region) })
		return may
	})
}

// findExcepts finds the excepts and allowed texts for blocks that have pending matches of
// expressions. Those that the scan found have been discarded by now.
func (e *evaluation) findExcepts() {
	excepts := slices.ContainsFunc(e.tally.waiting, func(i int32) bool { return e.engine.blocks[i].excepts })
	if !excepts && !e.allowed.found {
		return
	}
	e.open.covers = e.open.covers[:0]
	e.matcher.Scan(&e.open.text, func(h match.Hit) {
		for _, p := range e.engine.terms[h.Term].postings {
			if p.block == allowPosting {
				e.cover(p.weight, &h)
			} else if st := &e.tally.states[p.block]; p.weight == exceptWeight && len(st.pending) > 0 {
				st.excepts = append(st.excepts, cover{first: h.First, last: h.Last})
			}
		}
	})
}

// findHits runs one of a block's expressions on the open region.
func (e *evaluation) findHits(b *block, c candidate) {
	found := e.matchesOf(c)
	p := e.engine.patterns[c.pattern]
	slot := p.slots[slices.Index(p.blocks, b)]
	for _, at := range found.spans {
		h := hit{region: e.open.index, term: int32(len(e.engine.terms)) + c.pattern, slot: slot, weight: 1}
		if found.folded {
			h.first, h.last = at.From, at.To-1
			e.undisguise(&h)
		} else {
			h.start, h.end = at.From, at.To
			e.locate(&h)
		}
		if !e.overlapsTerm(b, &h) {
			st := e.tally.wait(b)
			st.pending, st.worthwhile = append(st.pending, h), true
		}
	}
}

// matchesOf returns an expression's matches in the open region: in its own text or, if there are
// none, in its folded text. The expression is run once, however many blocks ask.
func (e *evaluation) matchesOf(c candidate) (out matches) {
	p := e.engine.patterns[c.pattern]
	if known, ok := e.regexes.matches[c]; ok {
		return known
	}
	x, err := p.compiled()
	if err != nil {
		return out // rule.Load has parsed it, and nothing else can fail
	}
	windows, ok := e.open.windows.Of(&e.open.text, e.regexes.placesIn(c.region), c.pattern)
	if !ok {
		windows = append(windows[:0], prefilter.Window{From: 0, To: int32(e.open.text.Len())})
	}
	budget := &e.regexes.budgets[c.pattern]
	for _, in := range windows {
		out.spans = e.findPlain(x, in, out.spans, budget)
	}
	if len(out.spans) == 0 && e.regexes.search.CanFold(c.pattern) {
		out.folded = true
		for _, in := range windows {
			out.spans = e.findFolded(x, in, out.spans, budget)
		}
	}
	if len(p.blocks) > 1 && len(e.regexes.matches) < maxKnown {
		e.regexes.matches[c] = out
	}
	return out
}

// findPlain appends the matches in a window of the open region's own text.
func (e *evaluation) findPlain(x *dfa.Expression, in prefilter.Window, out []dfa.Span, budget *dfa.Budget) []dfa.Span {
	text, start := e.currentRegion().Text, int32(0)
	if end := int(in.To); end < e.open.text.Len() {
		text = text[:e.open.text.End[end-1]]
	}
	if in.From > 0 {
		start = e.open.text.Start[in.From]
	}
	return moved(start, x.InString(text[start:], maxRegexHits-len(out), out, budget), len(out))
}

// findFolded appends the matches in a window of the open region's folded text.
func (e *evaluation) findFolded(x *dfa.Expression, in prefilter.Window, out []dfa.Span, budget *dfa.Budget) []dfa.Span {
	return moved(in.From, x.InRunes(e.open.text.Runes[in.From:in.To], maxRegexHits-len(out), out, budget), len(out))
}

// moved shifts the spans, from the given index on, by the start of their window.
func moved(by int32, spans []dfa.Span, from int) []dfa.Span {
	for i := range spans[from:] {
		spans[from+i].From += by
		spans[from+i].To += by
	}
	return spans
}

// renew forgets the last page and gives each expression its budget for the next one.
func (r *regexes) renew() {
	clear(r.matches)
	clear(r.kept)
	r.places = r.places[:0]
	for i := range r.budgets {
		r.budgets[i] = dfa.Budget{Left: maxSlow}
	}
}

// unread says whether some expression was not run where it may match.
func (r *regexes) unread() bool {
	return slices.ContainsFunc(r.budgets, func(b dfa.Budget) bool { return b.Spent })
}

// undisguise fills in the part of the region that a match on the folded text corresponds to.
func (e *evaluation) undisguise(h *hit) {
	h.start, h.end = e.open.text.Start[h.first], e.open.text.End[h.last]
	for i := h.first; i <= h.last; i++ {
		h.steps |= e.open.text.Steps[i]
		if i > h.first {
			h.steps |= e.open.text.Gaps[i].Steps
		}
	}
	const disguise = fold.StepInvisible | fold.StepCombining | fold.StepStyled | fold.StepEnclosed | fold.StepEmoji
	h.cost = foldedRegexCost
	if h.steps&disguise != 0 {
		h.cost = disguisedRegexCost
	}
}

// locate finds the folded characters of a match on the region's own text.
func (e *evaluation) locate(h *hit) {
	last := int32(e.open.text.Len()) - 1
	first, _ := slices.BinarySearch(e.open.text.End, h.start+1)
	behind, _ := slices.BinarySearch(e.open.text.Start, h.end)
	h.first = min(int32(first), max(last, 0))
	h.last = max(int32(behind)-1, h.first)
}

// overlapsTerm says whether a term of the same block was counted there, which makes the match
// redundant.
func (e *evaluation) overlapsTerm(b *block, h *hit) bool {
	hits := e.tally.states[b.index].hits[:e.tally.states[b.index].termHits]
	for _, x := range hits[firstIn(hits, h.region):] {
		if x.region != h.region {
			break
		}
		if x.first <= h.last && h.first <= x.last {
			e.drop(b, h, explain.Overlapped)
			return true
		}
	}
	return false
}
