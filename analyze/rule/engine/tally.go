package engine

import (
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/analyze/match"
	"github.com/qianshao/qianshao/analyze/rule/explain"
)

// Budgets of the hits of a page. Distinct terms are counted beyond them, since the first hit of
// each term in each class is always kept.
const (
	maxTermHits  = 64   // of one term in one block and class
	maxBlockHits = 4096 // of one block; more hits of the same word prove nothing more
)

// plainCost is the highest cost of a hit in ordinary writing.
const plainCost = match.CostPlain

// longTerm is the length from which a disguised term in hidden text needs no other support. Without
// this bound, 61 of 500 folded menus of 20 headlines each were flagged.
const longTerm = 4

// hit is one place in a region at which a term or a pattern was found.
type hit struct {
	region      int32
	first, last int32 // folded characters, inclusive
	start, end  int32 // bytes of the region's text
	// term is an index into Engine.terms, continued by Engine.patterns.
	term     int32
	slot     int32 // of the term in the block
	weight   int32
	steps    fold.Step
	cost     int32
	weak     bool // counts only with corroboration
	used     bool // makes the condition true
	isolated bool // too few other hits are around it for the block's within
}

// Classes of hits. Each has its own budget, so that a flood of plain hits cannot displace the
// concealed one that matters.
const (
	classConcealed = iota
	classTitle
	classOther
	classWeak
	classCount
)

// termSeen is what a block remembers of one term.
type termSeen struct {
	kept                          [classCount]uint8
	any, strong, plain, concealed bool
}

// blockState is what a block has found on a page.
type blockState struct {
	pending    []hit // of the open region, not yet flushed
	excepts    []cover
	worthwhile bool // some pending hit may count
	hits       []hit
	touched    bool
	candidates []candidate // for its regular expressions, by region
	regexesRun bool        // the expressions have been run
	unread     int         // bytes of the candidates' regions
	termHits   int         // number of hits before the expressions were run
	weights                // on the whole page
	placed     placeState
	head       []int32 // see headHits
	headKnown  bool
}

// tally is what all blocks have found on a page.
type tally struct {
	states  []blockState // by block
	touched []int32      // blocks with a state
	waiting []int32      // blocks with pending hits
	seen    []termSeen   // by slot
	slots   []int32      // the slots seen
	marks   []uint8      // by slot; memory of sum, which leaves it zeroed
	marked  []int32      // slots with marks
	terms   []int32      // memory of distinct
}

func (t *tally) reset() {
	for _, i := range t.touched {
		st := &t.states[i]
		*st = blockState{pending: st.pending[:0], excepts: st.excepts[:0], hits: st.hits[:0], candidates: st.candidates[:0], head: st.head[:0]}
	}
	for _, slot := range t.slots {
		t.seen[slot] = termSeen{}
	}
	t.slots, t.touched, t.waiting = t.slots[:0], t.touched[:0], t.waiting[:0]
}

// touch returns the block's state and notes that it is in use.
func (t *tally) touch(b *block) *blockState {
	st := &t.states[b.index]
	if !st.touched {
		st.touched = true
		t.touched = append(t.touched, b.index)
	}
	return st
}

// wait returns the block's state and notes that it has hits to flush.
func (t *tally) wait(b *block) *blockState {
	st := t.touch(b)
	if len(st.pending)+len(st.excepts) == 0 {
		t.waiting = append(t.waiting, b.index)
	}
	return st
}

// keep counts a hit and, within the budgets, keeps it.
func (e *evaluation) keep(b *block, st *blockState, h *hit) {
	if e.tooDisguised(b, h) {
		if b.plain && !b.owner.IsContext && e.isDisguised(h) {
			e.drop(b, h, explain.TooDisguised)
		}
		return
	}
	seen := &e.tally.seen[h.slot]
	if e.isWeak(h) {
		if seen.strong && seen.kept[e.class(h)] == maxTermHits {
			return // its weight is already counted and no more are kept, so the costly search for a contact is skipped
		}
		h.weak = seen.kept[classWeak] >= maxTermHits || !e.contactBeside(h)
		if h.weak && e.page.isLong || !e.isBounded(b, h) {
			return
		}
	}
	if !seen.any {
		seen.any = true
		st.all += h.weight
		e.tally.slots = append(e.tally.slots, h.slot)
	}
	if !h.weak && !seen.strong {
		seen.strong = true
		st.strong += h.weight
	}
	if h.cost <= plainCost && !seen.plain {
		seen.plain = true
		st.plain += h.weight
	}
	if !h.weak && !seen.concealed && e.page.traits[e.open.index].concealed {
		seen.concealed = true
		st.concealed += h.weight
	}
	if class := e.class(h); seen.hasRoom(class, st) {
		seen.kept[class]++
		st.hits = append(st.hits, *h)
	}
}

// tooDisguised says whether the block does not count a hit because of its cost.
func (e *evaluation) tooDisguised(b *block, h *hit) bool {
	return b.owner.IsContext && h.cost >= match.CostDisguised || // nobody disguises a police notice
		b.plain && e.isDisguised(h) ||
		!b.positive && h.cost > plainCost && int(h.term) < len(e.engine.terms) // nobody disguises an excuse: 货款 is not 贷款
}

// hasRoom says whether one more hit of a class can be kept.
func (t *termSeen) hasRoom(class int, st *blockState) bool {
	return t.kept[class] == 0 || t.kept[class] < maxTermHits && len(st.hits) < maxBlockHits
}

// isSpent says whether keep would ignore a hit, now and for the rest of the page.
func (e *evaluation) isSpent(b *block, st *blockState, h *hit) bool {
	if e.tooDisguised(b, h) {
		return true
	}
	seen, class := &e.tally.seen[h.slot], e.class(h)
	if e.isWeak(h) {
		return seen.kept[class] == maxTermHits || seen.kept[classWeak] == maxTermHits ||
			e.page.isLong && len(e.contactHandles()) == 0 // on a long page, it needs a contact handle
	}
	// If there is no room, a hit of that class has been kept, and its traits were noted.
	return (seen.plain || h.cost > plainCost) && !seen.hasRoom(class, st)
}

func (e *evaluation) class(h *hit) int {
	region := &e.page.traits[h.region]
	switch {
	case h.weak:
		return classWeak
	case region.concealed:
		return classConcealed
	case region.kind&titleKinds != 0:
		return classTitle
	}
	return classOther
}

// isDisguised is true for a hit that is further from its term than habits of writing explain. The
// matcher's cost is relative to the term's length, so short terms reach it soonest.
func (e *evaluation) isDisguised(h *hit) bool {
	return h.cost >= match.CostDisguised && int(h.term) < len(e.engine.terms)
}

// isWeak is true for a disguised hit that needs support. In a concealed region, a term of at least
// longTerm characters needs none: nobody hides and disguises an honest phrase. A shorter one is too
// easily found by chance, since every site has folded menus: 小学 sounds like 小穴.
func (e *evaluation) isWeak(h *hit) bool {
	return e.isDisguised(h) && !(e.page.traits[e.open.index].concealed && h.last-h.first >= longTerm-1)
}

// isBounded is false for a hit that cuts an ordinary word in two. Somebody who writes 与爱 for 语爱
// does not continue it to 与爱情, but chance does.
func (e *evaluation) isBounded(b *block, h *hit) bool {
	if e.bounded(h.region, span{h.start, h.end}) {
		return true
	}
	e.drop(b, h, explain.CutOutOfWords)
	return false
}
