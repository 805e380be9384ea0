package rule

import (
	"cmp"
	"math"
	"regexp"
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/analyze/match"
)

// Limits of what is kept of a page. Counting distinct terms goes on beyond
// them: the first hit of each term in each class is always kept.
const (
	maxTermHits    = 64      // of one term in one block, a class
	maxBlockHits   = 4096    // of one block; a page of one word repeated needs no more proof
	maxPatternHits = 64      // of one regular expression in one region
	maxPending     = 8192    // hits of a region that wait for being settled
	maxKnown       = 1 << 16 // expressions in regions whose matches are kept for another block
	maxPooled      = 1 << 20 // characters of a fold buffer that is kept for the next page
	// maxPooledRegions bounds the regions of a page whose memory is kept for the next one.
	maxPooledRegions = 1 << 14
)

// wordyText is the text, in bytes, from which a page has words enough that some
// sound like any term: about 400 Chinese characters, more than a message has. On
// such a page a hit far from its term needs a contact handle beside it; another
// block's plain hit is no corroboration, because there is one of those, too.
const wordyText = 1200

// plainCost is the highest cost of a hit in ordinary writing.
const plainCost = match.CostPlain

// longTerm is the length from which a disguised term that is hidden needs no
// other support. Of 500 folded menus of 20 headlines each 61 were flagged without
// this bound.
const longTerm = 4

// Costs of a match of a regular expression that only the folded text shows.
// Separators alone are no disguise: an expression may span a whole sentence.
const (
	foldedPatternCost    = plainCost
	disguisedPatternCost = plainCost + 1
)

// contactHandle finds, in folded text, the handles by which a seller wants to
// be reached: a messenger's name with an account, a mobile number, a link.
const contactHandle = `(?:qq|扣|企鹅|微信|薇|vx|wx|加v|加q|wechat|telegram|tg|电报|飞机|电话|手机|热线|客服|联系)[^0-9a-z]{0,8}[0-9a-z]{5,}|(?:^|[^0-9])1[3-9][0-9]{9}(?:$|[^0-9])|tme|http`

// contactFinder looks for contactHandle.
type contactFinder struct {
	re       *regexp.Regexp
	haystack *haystack
}

func newContactFinder() *contactFinder {
	return &contactFinder{regexp.MustCompile(contactHandle), newHaystack([]*pattern{{text: contactHandle}})}
}

// minHandle is the least number of letters or digits of an account, or of a
// link without its dots and slashes: tmeab.
const minHandle = 5

// contactReach is how many characters from a hit a contact handle may stand.
const contactReach = 40

// hit is one place at which a term or a pattern was found in a region.
type hit struct {
	region      int32
	first, last int32 // folded characters, inclusive
	start, end  int32 // bytes of the region's text
	// term is an index into Set.terms; behind them follow Set.patterns.
	term   int32
	slot   int32 // of that in the block
	weight int32
	steps  fold.Step
	cost   int32
	weak   bool // counts with corroboration only
	used   bool // makes the condition true
	lone   bool // too little stands around it for the block's within
}

// Classes of hits that have their own room, so that a flood of plain ones
// cannot push out the concealed one that matters.
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

// blockState is what one page showed to one block.
type blockState struct {
	pending     []hit
	excepts     []cover
	hits        []hit
	touched     bool
	chances     []chance // regular expressions of the block that may match, by region
	patternsRun bool     // they have been run
	unread      int      // bytes of the regions of chances
	termHits    int      // length of hits before they were
	// Summed weights of distinct terms: of all hits, of those that count by
	// themselves, of plain ones, of those in concealed regions.
	all, strong, plain, concealed int32
}

// evaluation is the working memory of one page; it is pooled.
type evaluation struct {
	set           *Set
	matcher       *match.Matcher // nil if there are no terms
	doc           *qianshao.Document
	region        int32
	text          fold.Text
	raw           []match.Hit
	settleAt      int // length of raw at which it is settled
	emit          func(match.Hit)
	states        []blockState
	touched       []int32    // blocks with a state
	seen          []termSeen // by slot
	slots         []int32    // those seen
	waiting       []int32    // blocks with pending hits
	covered       []bool     // by folded character, of dropOverlapped
	search        *search    // for the expressions that may match in a region
	contact       *search    // for a contact handle around a weak hit
	handles       []int32    // of openHandles, if handled
	handled       bool
	placing       placing
	matches       map[chance]matches
	order         []*block                  // of leastFirst
	sights        []sight                   // of the regions
	measuring     []measuring               // that wait for a region of their length
	covers        []cover                   // allowed texts of the open region
	allows        bool                      // the page has an allowed text
	ignoreAllowed bool                      // judge as if there were no allow-list
	allowedIn     map[*detection]*Allowance // detections that lost a hit to it
	conceals      bool                      // some region is concealed from visitors
	wordy         bool                      // the page has more than wordyText of text
	trace         *trace                    // set while explaining
}

func newEvaluation(s *Set) *evaluation {
	e := &evaluation{set: s, states: make([]blockState, len(s.blocks)), seen: make([]termSeen, s.slots), matches: map[chance]matches{}}
	e.search, e.contact = newSearch(s.haystack()), newSearch(s.contact.haystack)
	e.emit = func(h match.Hit) {
		e.raw = append(e.raw, h)
		if len(e.raw) >= e.settleAt {
			e.settle(e.seam(h.Last - e.set.margin))
			e.settleAt = len(e.raw) + maxPending
		}
	}
	return e
}

// release hands e back for the next page.
func (e *evaluation) release() {
	for _, i := range e.touched {
		st := &e.states[i]
		*st = blockState{pending: st.pending[:0], excepts: st.excepts[:0], hits: st.hits[:0], chances: st.chances[:0]}
	}
	for _, slot := range e.slots {
		e.seen[slot] = termSeen{}
	}
	e.slots = e.slots[:0]
	e.touched, e.waiting, e.raw = e.touched[:0], e.waiting[:0], e.raw[:0]
	e.text.Reset()
	e.sights = e.sights[:0]
	clear(e.matches)
	e.doc, e.trace, e.conceals = nil, nil, false
	e.covers, e.allows, e.ignoreAllowed, e.allowedIn = e.covers[:0], false, false, nil
	if cap(e.text.Runes) <= maxPooled && cap(e.sights) <= maxPooledRegions {
		e.set.pool.Put(e)
	}
}

// Evaluate holds a document against all rules and contexts. It takes time in
// proportion to the document's text, whatever stands in it; twice that where
// the allow-list has dropped a hit, to tell what it held back.
func (s *Set) Evaluate(doc *qianshao.Document) Result {
	out, allowedIn := s.evaluate(doc, false)
	if len(allowedIn) > 0 {
		without, _ := s.evaluate(doc, true)
		return withholding(out, without, allowedIn)
	}
	return out
}

// evaluate also returns, by id, the rules that lost a hit to the allow-list.
func (s *Set) evaluate(doc *qianshao.Document, ignoreAllowed bool) (Result, map[string]*Allowance) {
	e := s.newPage(doc)
	defer e.release()
	e.ignoreAllowed = ignoreAllowed
	e.scan()
	live := e.candidates()
	e.finishPatterns(live)
	var allowedIn map[string]*Allowance
	for d, by := range e.allowedIn {
		if allowedIn == nil {
			allowedIn = map[string]*Allowance{}
		}
		allowedIn[d.id] = by
	}
	return e.result(live), allowedIn
}

// newPage takes working memory for a page out of the pool.
func (s *Set) newPage(doc *qianshao.Document) *evaluation {
	e := s.pool.Get().(*evaluation)
	// Load has folded each term and found something left, which is all that
	// the automaton asks for; Prepare hands the error on all the same.
	e.matcher, _ = s.automaton()
	e.doc, e.region = doc, noRegion
	text := 0
	for i := range doc.Regions {
		r := &doc.Regions[i]
		text += len(r.Text)
		e.sights = append(e.sights, sight{kind: kindBit(r.Kind), visible: r.Hidden == qianshao.HidingNone, concealed: r.Hidden.Concealed()})
		e.conceals = e.conceals || e.sights[i].concealed
	}
	e.wordy = text > wordyText
	e.measuring = e.measuring[:0]
	for _, same := range s.measures {
		e.measuring = append(e.measuring, measuring{same: same})
	}
	return e
}

// noRegion is the open region before there is one.
const noRegion = -1

// scan looks for all terms in all regions and notes which regular expressions
// may match there.
func (e *evaluation) scan() {
	for i := range e.doc.Regions {
		if !e.open(i) {
			continue
		}
		e.sights[i].chars = int32(e.text.Characters)
		e.measure()
		if e.matcher != nil {
			e.matcher.Scan(&e.text, e.emit)
			e.settle(math.MaxInt32)
		}
		e.noteChances()
	}
	for _, i := range e.touched {
		if b := e.set.blocks[i]; b.within > 0 {
			e.stretches(b, &e.states[i])
		}
	}
}

// reads says whether a block reads a region that the scan has come to.
func (e *evaluation) reads(b *block, region int32) bool { return b.reads(&e.sights[region]) }

// measuring are blocks that ask for nothing but the same length of a region.
type measuring struct {
	same []*block
	met  bool // the page has such a region; whether a concealed one, is open
}

// measure satisfies the blocks that ask for nothing but the open region's length.
func (e *evaluation) measure() {
	concealed := e.sights[e.region].concealed
	rest := e.measuring[:0]
	for _, m := range e.measuring {
		if m.met && !concealed || !e.reads(m.same[0], e.region) {
			rest = append(rest, m)
			continue
		}
		for _, b := range m.same {
			st := e.touch(b)
			st.all, st.strong = 1, 1
			if concealed {
				st.concealed = 1
			}
		}
		if m.met = true; e.conceals && !concealed {
			rest = append(rest, m)
		}
	}
	e.measuring = rest
}

// open folds a region; it returns false if no block reads its kind.
func (e *evaluation) open(i int) bool {
	region := &e.doc.Regions[i]
	if e.set.kinds&e.sights[i].kind == 0 || region.Text == "" {
		return false
	}
	if e.region == int32(i) {
		return true
	}
	e.region, e.covers, e.handled, e.placing.done = int32(i), e.covers[:0], false, false
	e.raw, e.settleAt = e.raw[:0], maxPending
	e.text.Fold(region.Text)
	return true
}

func (e *evaluation) current() *qianshao.Region { return &e.doc.Regions[e.region] }

// seam moves a cut back to where no hit spans it, so that a part of a longer
// hit is not settled without it. A chain of overlapping hits without end is cut anywhere.
func (e *evaluation) seam(before int32) int32 {
	at := before
	for i := len(e.raw) - 1; i >= 0 && e.raw[i].Last >= at; i-- {
		if len(e.raw)-i > maxPending/2 {
			return before
		}
		at = min(at, e.raw[i].First)
	}
	return at
}

// settle decides on the hits that end before the folded character "before":
// all terms that contain them have been found by then.
func (e *evaluation) settle(before int32) {
	rest := e.raw[:0]
	for _, h := range e.raw {
		settled := h.Last < before
		for _, p := range e.set.terms[h.Term].postings {
			switch {
			case p.block == allowPosting:
				e.cover(p.weight, h)
			case settled || p.weight == exceptWeight:
				e.dispatch(e.set.blocks[p.block], p, h)
			}
		}
		if !settled {
			rest = append(rest, h)
		}
	}
	e.raw = rest
	e.settleBlocks()
}

func (e *evaluation) dispatch(b *block, p posting, h match.Hit) {
	out := hit{region: e.region, first: h.First, last: h.Last, start: h.Start, end: h.End,
		term: h.Term, slot: p.slot, weight: p.weight, steps: h.Steps, cost: int32(h.Cost)}
	if p.weight == exceptWeight && h.Cost > plainCost {
		return // a word that merely sounds like an except is none
	}
	if !e.reads(b, e.region) {
		if p.weight != exceptWeight {
			e.drop(b, &out, e.whyNotRead(b))
		}
		return
	}
	st := e.wait(b)
	if p.weight == exceptWeight {
		st.excepts = append(st.excepts, cover{first: h.First, last: h.Last})
	} else {
		st.pending = append(st.pending, out)
	}
}

// wait returns the block's state and notes that it has hits to settle.
func (e *evaluation) wait(b *block) *blockState {
	st := e.touch(b)
	if len(st.pending)+len(st.excepts) == 0 {
		e.waiting = append(e.waiting, b.index)
	}
	return st
}

// touch returns the block's state and notes that it is in use.
func (e *evaluation) touch(b *block) *blockState {
	st := &e.states[b.index]
	if !st.touched {
		st.touched = true
		e.touched = append(e.touched, b.index)
	}
	return st
}

func (e *evaluation) settleBlocks() {
	for _, i := range e.waiting {
		b, st := e.set.blocks[i], &e.states[i]
		e.dropExcepted(b, st)
		e.dropAllowed(b, st)
		if b.word {
			e.dropUnbounded(b, st)
		}
		e.dropOverlapped(b, st)
		for k := range st.pending {
			e.keep(b, st, st.pending[k])
		}
		st.pending, st.excepts = st.pending[:0], st.excepts[:0]
	}
	e.waiting = e.waiting[:0]
}

// dropExcepted drops the hits inside an except's.
func (e *evaluation) dropExcepted(b *block, st *blockState) {
	if len(st.excepts) == 0 || len(st.pending) == 0 {
		return
	}
	st.pending = dropInside(st.pending, st.excepts, func(h *hit, _ cover) { e.drop(b, h, droppedByExcept) })
}

// dropUnbounded drops the hits that begin or end inside a word. Only here the
// dictionary is needed, and loaded.
func (e *evaluation) dropUnbounded(b *block, st *blockState) {
	source := e.current().Text
	kept := st.pending[:0]
	for _, h := range st.pending {
		if e.seen[h.slot].kept[e.class(&h)] == maxTermHits {
			continue // there is no room for it, so it need not be judged
		}
		if !e.set.segmenter.IsBounded(source, int(h.start), int(h.end)) {
			e.drop(b, &h, droppedByWord)
			continue
		}
		kept = append(kept, h)
	}
	st.pending = kept
}

// dropOverlapped keeps the longest of hits that overlap, those in ordinary
// writing before disguised ones, and leaves the pending hits in the order of the text.
func (e *evaluation) dropOverlapped(b *block, st *blockState) {
	overlaps := false
	for i := 1; i < len(st.pending) && !overlaps; i++ {
		overlaps = st.pending[i].first <= st.pending[i-1].last
	}
	if !overlaps {
		return
	}
	base, end := st.pending[0].first, int32(0)
	for _, h := range st.pending {
		base, end = min(base, h.first), max(end, h.last)
	}
	if n := int(end-base) + 1; len(e.covered) < n {
		e.covered = make([]bool, n)
	}
	slices.SortFunc(st.pending, func(x, y hit) int {
		return cmp.Or(cmp.Compare(x.cost/match.CostDisguised, y.cost/match.CostDisguised),
			cmp.Compare(y.last-y.first, x.last-x.first), cmp.Compare(x.cost, y.cost),
			cmp.Compare(x.first, y.first), cmp.Compare(x.term, y.term))
	})
	kept := st.pending[:0]
	for _, h := range st.pending {
		place := e.covered[h.first-base : h.last-base+1]
		if slices.Contains(place, true) {
			e.drop(b, &h, droppedByOverlap)
			continue
		}
		fill(place, true)
		kept = append(kept, h)
	}
	st.pending = kept
	for _, h := range kept {
		fill(e.covered[h.first-base:h.last-base+1], false)
	}
	slices.SortFunc(st.pending, func(x, y hit) int { return cmp.Compare(x.first, y.first) })
}

func fill(cells []bool, value bool) {
	for i := range cells {
		cells[i] = value
	}
}

// keep counts a hit and, within the limits, keeps it.
func (e *evaluation) keep(b *block, st *blockState, h hit) {
	if b.owner.isContext && h.cost >= match.CostDisguised {
		return // nobody disguises a police notice
	}
	if b.plain && e.isGuess(&h) {
		e.drop(b, &h, droppedByDisguise)
		return
	}
	if !b.positive && h.cost > plainCost && int(h.term) < len(e.set.terms) {
		return // nor an excuse: 货款 is no 贷款
	}
	seen := &e.seen[h.slot]
	if e.isWeak(&h) {
		h.weak = seen.kept[classWeak] >= maxTermHits || !e.contactNear(&h)
		if h.weak && e.wordy || !e.isWhole(b, &h) {
			return
		}
	}
	if !seen.any {
		seen.any = true
		st.all += h.weight
		e.slots = append(e.slots, h.slot)
	}
	if !h.weak && !seen.strong {
		seen.strong = true
		st.strong += h.weight
	}
	if h.cost <= plainCost && !seen.plain {
		seen.plain = true
		st.plain += h.weight
	}
	if !h.weak && !seen.concealed && e.sights[e.region].concealed {
		seen.concealed = true
		st.concealed += h.weight
	}
	class := e.class(&h)
	if seen.kept[class] == 0 || seen.kept[class] < maxTermHits && len(st.hits) < maxBlockHits {
		seen.kept[class]++
		st.hits = append(st.hits, h)
	}
}

func (e *evaluation) class(h *hit) int {
	region := &e.sights[h.region]
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

func inTitle(kind qianshao.RegionKind) bool {
	return kind == qianshao.RegionTitle || kind == qianshao.RegionMeta || kind == qianshao.RegionHeading
}

// isGuess is true for a hit that had to be undisguised by more than a writer's
// habits explain. The matcher's cost is in proportion to the term's length, so
// short terms get here soonest.
func (e *evaluation) isGuess(h *hit) bool {
	return h.cost >= match.CostDisguised && int(h.term) < len(e.set.terms)
}

// isWeak is true for a guess that needs support. For a term of longTerm
// characters and more it is support enough that it stands in a concealed region:
// nobody hides and disguises an honest phrase. A shorter one is guessed too
// easily, and every site has menus that are folded away: 小学 sounds like 小穴.
func (e *evaluation) isWeak(h *hit) bool {
	return e.isGuess(h) && !(e.sights[e.region].concealed && h.last-h.first >= longTerm-1)
}

// isWhole is false for a hit that cuts an ordinary word in two: who writes 与爱
// for 语爱 does not go on to 与爱情, but chance does.
func (e *evaluation) isWhole(b *block, h *hit) bool {
	if e.set.segmenter.IsBounded(e.current().Text, int(h.start), int(h.end)) {
		return true
	}
	e.drop(b, h, droppedByWord)
	return false
}

// contactNear says whether a contact handle stands near the hit. Every handle
// has minHandle letters or digits in a row, which is cheap to look for: with
// 100,000 terms, ordinary prose has words enough that sound like one.
func (e *evaluation) contactNear(h *hit) bool {
	from := max(0, h.first-contactReach)
	to := min(int32(e.text.Len()), h.last+1+contactReach)
	i, _ := slices.BinarySearch(e.openHandles(), from+minHandle-1)
	if i == len(e.handles) || e.handles[i] >= to {
		return false
	}
	window := e.text.Runes[from:to]
	return len(e.contact.inFolded(window)) > 0 && e.set.contact.re.MatchString(string(window))
}

// openHandles returns the characters of the open region that end minHandle
// letters or digits in a row.
func (e *evaluation) openHandles() []int32 {
	if e.handled {
		return e.handles
	}
	e.handled, e.handles = true, e.handles[:0]
	run := 0
	for i, r := range e.text.Runes {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
			run++
		} else {
			run = 0
		}
		if run >= minHandle {
			e.handles = append(e.handles, int32(i))
		}
	}
	return e.handles
}
