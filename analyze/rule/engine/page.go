package engine

import (
	"math"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/analyze/match"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/dfa"
	"github.com/qianshao/qianshao/analyze/rule/prefilter"
)

// Budgets of a page's memory.
const (
	maxPooled        = 1 << 20 // characters of a fold buffer that is kept for the next page
	maxPooledRegions = 1 << 14 // regions of a page whose memory is kept for the next one
)

// longPage is the length of text, in bytes, from which a page has so many words that some of them
// sound like any term. It is about 400 Chinese characters, more than a message has. On such a page
// a heavily disguised hit needs a contact handle beside it. A plain hit of another block is not
// enough support, because there is always one.
const longPage = 1200

// evaluation is the working memory of one page; it is pooled.
type evaluation struct {
	engine  *Engine
	matcher *match.Matcher // nil if there are no terms
	page    pageTraits
	open    openRegion
	tally   tally
	ceiling ceiling
	regexes regexes
	lengths []lengthGroup // those that wait for a region of their length
	allowed allowed
	// bounds remembers whether parts, in bytes, are whole words; contacts remembers whether a
	// contact handle is near parts, in folded characters.
	bounds, contacts answers
	trace            trace // set while explaining
}

// pageTraits is what is known of a page before its text is read.
type pageTraits struct {
	doc      *qianshao.Document
	traits   []regionTraits // of the regions; chars is set when the scan reaches a region
	offsets  []int32        // characters before each region, and before the end; see measure
	conceals bool           // some region is concealed from visitors
	coded    bool           // its title or a meta element is in numeric entities
	isLong   bool           // the page has more than longPage of text
}

// openRegion is the region that is being read: the one that is folded.
type openRegion struct {
	index        int32
	text         fold.Text
	hits         []match.Hit // found but not yet flushed
	flushAt      int         // number of hits at which they are flushed
	emit         func(match.Hit)
	covers       []cover // allowed texts
	handles      []int32 // result of contactHandles, if handlesKnown
	handlesKnown bool
	windows      *prefilter.Windows
	covered      []bool  // by folded character; memory of longest
	order        []int32 // memory of longest
}

// noRegion is the index of the open region while there is none.
const noRegion = -1

// lengthGroup holds blocks that only ask for a region's length, and for the same one.
type lengthGroup struct {
	blocks []*block
	met    bool // the page has such a region; a concealed one may still follow
}

// allowed is the effect of the allow-list's texts on a page.
type allowed struct {
	found    bool                           // the page has an allowed text
	ignore   bool                           // judge as if there were no allow-list
	withheld map[*detection]*rule.Allowance // detections that lost a hit to an allowed text
}

func newEvaluation(engine *Engine) *evaluation {
	e := &evaluation{engine: engine}
	e.tally = tally{states: make([]blockState, len(engine.blocks)), seen: make([]termSeen, len(engine.grades)), marks: make([]uint8, len(engine.grades))}
	e.ceiling.counts = make([]int32, len(engine.terms)+len(engine.patterns))
	e.regexes = regexes{search: engine.atoms().NewSearch(), matches: map[candidate]matches{}, kept: map[int32]part{}, budgets: make([]dfa.Budget, len(engine.patterns))}
	e.open.windows = engine.atoms().NewWindows()
	e.open.emit = func(h match.Hit) {
		e.open.hits = append(e.open.hits, h)
		if len(e.open.hits) >= e.open.flushAt {
			e.flush(e.safeCut(h.Last - engine.margin))
			e.open.flushAt = len(e.open.hits) + maxPending
		}
	}
	return e
}

// newPage takes working memory for a page from the pool.
func (e *Engine) newPage(doc *qianshao.Document) *evaluation {
	v := e.pool.Get().(*evaluation)
	// rule.Load has folded each term and checked that something is left, which is all that the
	// automaton requires. Prepare returns the error nevertheless.
	v.matcher, _ = e.automaton()
	v.page.doc, v.open.index = doc, noRegion
	v.regexes.renew()
	text := 0
	for i := range doc.Regions {
		r := &doc.Regions[i]
		text += len(r.Text)
		v.page.traits = append(v.page.traits, regionTraits{kind: kindBit(r.Kind), visible: r.Hidden == qianshao.HidingNone, concealed: r.Hidden.Concealed()})
		v.page.coded = v.page.coded || r.Hidden == qianshao.HidingEntityEncoded
		v.page.conceals = v.page.conceals || v.page.traits[i].concealed
	}
	v.page.isLong = text > longPage
	v.lengths = v.lengths[:0]
	for _, same := range e.lengths {
		v.lengths = append(v.lengths, lengthGroup{blocks: same})
	}
	return v
}

// release returns the memory for the next page.
func (e *evaluation) release() {
	e.tally.reset()
	e.bounds.reset()
	e.contacts.reset()
	e.open.hits, e.open.covers = e.open.hits[:0], e.open.covers[:0]
	e.open.text.Reset()
	e.page = pageTraits{traits: e.page.traits[:0], offsets: e.page.offsets[:0]}
	e.allowed, e.trace = allowed{}, nil
	if cap(e.open.text.Runes) <= maxPooled && cap(e.page.traits) <= maxPooledRegions {
		e.engine.pool.Put(e)
	}
}

// Evaluate judges a document by all rules and contexts. It takes time in proportion to the length
// of the document's text, whatever the text is, and twice that time if the allow-list has dropped a
// hit, to find out what was held back.
func (e *Engine) Evaluate(doc *qianshao.Document) Result {
	out, withheld := e.evaluate(doc, false)
	if len(withheld) > 0 {
		without, _ := e.evaluate(doc, true)
		return withholding(out, without, withheld)
	}
	return out
}

// evaluate also returns, by id, the rules that lost a hit to the allow-list.
func (e *Engine) evaluate(doc *qianshao.Document, ignoreAllowed bool) (Result, map[string]*rule.Allowance) {
	v := e.newPage(doc)
	defer v.release()
	v.allowed.ignore = ignoreAllowed
	v.scan()
	live := v.liveDetections()
	v.runRegexes(live)
	var withheld map[string]*rule.Allowance
	for d, by := range v.allowed.withheld {
		if withheld == nil {
			withheld = map[string]*rule.Allowance{}
		}
		withheld[d.ID] = by
	}
	return v.result(live), withheld
}

// scan looks for all terms in all regions, and notes which regular expressions
// may match there.
func (e *evaluation) scan() {
	for i := range e.page.doc.Regions {
		if !e.openRegion(i) {
			continue
		}
		e.page.traits[i].chars = int32(e.open.text.Characters)
		e.countLengths()
		if e.matcher != nil {
			e.matcher.Scan(&e.open.text, e.open.emit)
			e.flush(math.MaxInt32)
		}
		e.noteCandidates()
	}
	e.page.measure()
	for _, i := range e.tally.touched {
		if b := e.engine.blocks[i]; b.within > 0 {
			e.weighStretches(b, &e.tally.states[i])
		}
	}
}

// openRegion folds a region; it returns false if no block reads its kind.
func (e *evaluation) openRegion(i int) bool {
	region := &e.page.doc.Regions[i]
	if e.engine.kinds&e.page.traits[i].kind == 0 || region.Text == "" {
		return false
	}
	if e.open.index == int32(i) {
		return true
	}
	e.open.index, e.open.covers, e.open.handlesKnown = int32(i), e.open.covers[:0], false
	e.open.windows.Reset()
	e.open.hits, e.open.flushAt = e.open.hits[:0], maxPending
	e.open.text.Fold(region.Text)
	return true
}

func (e *evaluation) currentRegion() *qianshao.Region { return &e.page.doc.Regions[e.open.index] }

// reads says whether a block reads a region that the scan has come to.
func (e *evaluation) reads(b *block, region int32) bool { return b.reads(&e.page.traits[region]) }

// countLengths satisfies the blocks that ask only for the open region's length.
func (e *evaluation) countLengths() {
	concealed := e.page.traits[e.open.index].concealed
	rest := e.lengths[:0]
	for _, group := range e.lengths {
		if group.met && !concealed || !e.reads(group.blocks[0], e.open.index) {
			rest = append(rest, group)
			continue
		}
		for _, b := range group.blocks {
			st := e.tally.touch(b)
			st.all, st.strong = 1, 1
			if concealed {
				st.concealed = 1
			}
		}
		if group.met = true; e.page.conceals && !concealed {
			rest = append(rest, group)
		}
	}
	e.lengths = rest
}
