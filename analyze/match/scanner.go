package match

import (
	"github.com/qianshao/qianshao/analyze/fold"
)

const (
	// maxThreads bounds the readings beside the main one, so that a text full of disguises takes
	// linear time.
	maxThreads = 16
	// maxSymbols is the longest term that a thread finds.
	maxSymbols = 24
	// kept is how many symbols a thread keeps: at least maxSymbols, and a power of two.
	kept = 32
	// maxLatinRun is the longest run of Latin letters read as pinyin.
	maxLatinRun = 24
	// maxInitials is the longest run of Latin letters read as initials.
	maxInitials = 2
	// maxEdges bounds the edges at one character.
	maxEdges = 12
)

// span is the range of characters from which one symbol was read. Mark k of the text has the span
// -k-1.
type span struct{ first, last int32 }

// edge is another way to read the next characters of the text: length characters as one code. If
// the code is 0, they are skipped.
type edge struct {
	length int32
	code   uint16
}

// thread is a reading that took an edge a few symbols ago.
type thread struct {
	state int32
	at    int32 // the next character to read
	need  int32 // the depth from which a state reaches back over the edge; a shallower one belongs to the main reading
	n     int32 // number of symbols recorded; the last ones are kept
	spans [kept]span
	edges uint32 // one bit for each of spans, set if it was read by an edge
}

// slot returns where a thread keeps its nth symbol.
func slot(n int32) uint32 { return uint32(n) % kept }

func (th *thread) push(s span) {
	at := slot(th.n)
	th.spans[at] = s
	th.edges &^= 1 << at
	th.n++
}

// pushEdge is push for a symbol that was read by an edge.
func (th *thread) pushEdge(s span) {
	at := slot(th.n)
	th.spans[at] = s
	th.edges |= 1 << at
	th.n++
}

// scanner is the state of one pass.
type scanner struct {
	m       *Matcher
	t       *fold.Text
	emit    func(Hit)
	base    int32               // state of the main reading
	threads [maxThreads]*thread // the live ones come first; pointers, because copying threads would cost more than anything else
	live    int
	edges   [maxEdges]edge
	count   int
	run     latinRun
	quiet   int32 // no edges start before this character: a Latin run that is not pinyin
	// marks is how many of the text's marks were read so far. nextMark is the character after the
	// next mark, or -1.
	marks    int
	nextMark int32
	pending  []Hit // hits with the same end, which other threads may find again
	ends     [maxQueue]ended
	queued   int
	touched  int32 // makes sure that flush's first reading is not optimised away
	place    place
}

// Scan calls emit for every hit in t, in the order in which they end. Overlapping hits are all
// emitted, but of one term at one place only the cheapest.
func (m *Matcher) Scan(t *fold.Text, emit func(Hit)) {
	sc := m.scanners.Get().(*scanner)
	defer m.scanners.Put(sc)
	sc.start(t, emit)
	for i, end := int32(0), int32(len(t.Runes)); i < end; {
		if i == sc.nextMark {
			sc.readMarks(i)
		}
		if sc.live == 0 {
			if i = sc.plain(i); i == end || i == sc.nextMark {
				continue
			}
		}
		sc.slow(i)
		i++
	}
	if sc.nextMark >= 0 {
		sc.readMarks(sc.nextMark)
	}
	sc.t, sc.emit = nil, nil
}

// plain reads characters from i on while there is only the main reading. It stops before the first
// character at which edges may start or that follows a mark.
func (sc *scanner) plain(i int32) int32 {
	text := sc.t.Runes
	if sc.nextMark >= 0 {
		text = text[:sc.nextMark]
	}
	auto, symbols := sc.m.auto, sc.m.symbols
	cells, root, shallow := auto.cells, auto.root, auto.shallow
	base, quiet := sc.base, sc.quiet
	codes := symbols.basic
	for ; int(i) < len(text); i++ {
		var code uint16
		if r := text[i]; uint32(r) < uint32(len(codes)) {
			code = codes[r]
		} else {
			code = symbols.ofAbove(r)
		}
		if code >= special {
			if i >= quiet {
				break
			}
			code &^= special
		}
		if base <= shallow && !auto.goesOn(base, code) {
			base = root[code]
		} else if t := cells[base].child(code); cells[t].check == base {
			base = t
		} else {
			base = auto.fail(base, code)
		}
		if cells[base].ends() {
			sc.queue(i, base)
		}
	}
	sc.base = base
	sc.flush()
	return i
}

// ended is a character at which terms end, with the state there and the block of the longest term.
type ended struct{ at, state, head int32 }

// maxQueue is how many characters at which terms end are handled together.
const maxQueue = 16

// queue notes that terms end at character i.
func (sc *scanner) queue(i, state int32) {
	sc.ends[sc.queued] = ended{at: i, state: state}
	if sc.queued++; sc.queued == maxQueue {
		sc.flush()
	}
}

// flush reports the hits of the main reading that were queued. It touches the blocks of all of them
// before it reads the first, so that it waits for memory once instead of many times.
func (sc *scanner) flush() {
	queued := sc.ends[:sc.queued]
	for k := range queued {
		queued[k].head = sc.m.auto.links[queued[k].state].out
	}
	for _, e := range queued {
		sc.touched += sc.m.terms[e.head]
	}
	sc.queued = 0
	for _, e := range queued {
		sc.mainHits(e.at, e.head)
	}
}

func newScanner(m *Matcher) *scanner {
	sc := &scanner{m: m}
	threads := new([maxThreads]thread)
	for k := range threads {
		sc.threads[k] = &threads[k]
	}
	return sc
}

// start prepares a scanner, which may have read another text before, for this one.
func (sc *scanner) start(t *fold.Text, emit func(Hit)) {
	sc.t, sc.emit = t, emit
	sc.base, sc.live, sc.count, sc.quiet, sc.marks = rootState, 0, 0, 0, 0
	sc.run.first, sc.run.end = 0, 0
	sc.findMark()
}

// findMark notes the character after the next mark.
func (sc *scanner) findMark() {
	sc.nextMark = -1
	if sc.marks < len(sc.t.Marks) {
		sc.nextMark = sc.t.Marks[sc.marks].Before
	}
}

// readMarks reads the signs before character i as what they depict, in threads. A thread that read
// one sign in a row reads the next, too. The main reading skips signs.
func (sc *scanner) readMarks(i int32) {
	for ; sc.nextMark == i; sc.findMark() {
		mark := -int32(sc.marks) - 1
		code := sc.m.symbols.of(sc.t.Marks[sc.marks].Rune) &^ special
		sc.marks++
		if code == 0 {
			continue
		}
		n := sc.live
		for k := range n {
			th := sc.threads[k]
			switch {
			case th.at != i:
			case th.n > 0 && th.spans[slot(th.n-1)].first < 0:
				th.state = sc.m.auto.step(th.state, code)
				th.push(span{mark, mark})
				th.need++
			default:
				sc.branchMark(th, i, mark, code)
			}
		}
		sc.branchMark(nil, i, mark, code)
		sc.sweep(i - 1)
	}
}

// branchMark starts a thread that reads a mark.
func (sc *scanner) branchMark(parent *thread, i, mark int32, code uint16) {
	before := sc.live
	sc.branch(parent, i, edge{0, code})
	if sc.live > before {
		th := sc.threads[before]
		th.spans[slot(th.n-1)] = span{mark, mark}
	}
}

// slow reads character i with all edges and threads.
func (sc *scanner) slow(i int32) {
	sc.count = 0
	code := sc.m.symbols.of(sc.t.Runes[i])
	if code >= special {
		code &^= special
		sc.findEdges(i)
	}
	auto := sc.m.auto
	for k, n := 0, sc.live; k < n; k++ {
		if th := sc.threads[k]; th.at == i {
			for e := range sc.count {
				sc.branch(th, i, sc.edges[e])
			}
			th.state = auto.step(th.state, code)
			th.push(span{i, i})
			th.need++
			th.at++
		}
	}
	for e := range sc.count {
		sc.branch(nil, i, sc.edges[e])
	}
	sc.base = auto.step(sc.base, code)
	if auto.cells[sc.base].ends() {
		sc.mainHits(i, auto.links[sc.base].out)
	}
	sc.sweep(i)
}

// sweep reports the hits of threads that end at character i, and drops threads with a state that no
// longer reaches back over their edge.
func (sc *scanner) sweep(i int32) {
	live := 0
	for k := range sc.live {
		th := sc.threads[k]
		depth := int32(sc.m.auto.depths[th.state])
		if depth < th.need || depth > maxSymbols {
			continue
		}
		if th.at == i+1 && sc.m.auto.cells[th.state].ends() {
			sc.threadHits(th)
		}
		sc.threads[live], sc.threads[k] = th, sc.threads[live]
		live++
	}
	sc.live = live
	for k := range sc.pending {
		sc.emit(sc.pending[k])
	}
	sc.pending = sc.pending[:0]
}

// branch starts a thread that takes edge e at character i. It continues parent or, if parent is
// nil, the main reading.
func (sc *scanner) branch(parent *thread, i int32, e edge) {
	if sc.live == maxThreads {
		return
	}
	from := sc.base
	if parent != nil {
		from = parent.state
	}
	state := from
	if e.code != 0 {
		state = sc.m.auto.step(from, e.code)
	}
	depth := int32(sc.m.auto.depths[state])
	if depth == 0 || depth > maxSymbols {
		return
	}
	th := sc.threads[sc.live]
	if parent != nil {
		th.n, th.edges = parent.n, parent.edges
		for at := max(0, parent.n-depth); at < parent.n; at++ { // hits will not need the symbols before these
			th.spans[slot(at)] = parent.spans[slot(at)]
		}
	} else {
		th.n = 0
		before := depth
		if e.code != 0 {
			before--
		}
		for at := i - before; at < i; at++ {
			th.push(span{at, at})
		}
	}
	sc.live++
	th.state, th.at, th.need = state, i+e.length, 1
	if e.code != 0 {
		th.pushEdge(span{i, i + e.length - 1})
	}
}

func (sc *scanner) addEdge(length int32, code uint16) {
	if sc.count < maxEdges {
		sc.edges[sc.count] = edge{length, code}
		sc.count++
	}
}

// findEdges lists the edges at character i.
func (sc *scanner) findEdges(i int32) {
	l, r := sc.m.symbols, sc.t.Runes[i]
	k := l.kindOf(r)
	if k&kindLatin != 0 {
		sc.pinyinEdges(i)
		return
	}
	if k&kindOther != 0 {
		for _, code := range l.other[r] {
			sc.addEdge(1, code)
		}
	}
	next := rune(0)
	if int(i)+1 < len(sc.t.Runes) {
		next = sc.t.Runes[i+1]
	}
	if k&kindLeft != 0 && next != 0 && l.kindOf(next)&kindRight != 0 && sc.t.Gaps[i+1].Break <= fold.BreakSymbol {
		if code := l.halves[[2]rune{r, next}]; code != 0 {
			sc.addEdge(2, code)
		}
	}
	if k&kindDigit != 0 && !isDigit(next) && (i == 0 || !isDigit(sc.t.Runes[i-1])) {
		sc.addEdge(1, l.numeral[r-'0'])
	}
	if k&kindKana != 0 && !isKana(next) && i > 0 && !isKana(sc.t.Runes[i-1]) {
		sc.addEdge(1, 0)
	}
}

// latinRun is a run of Latin letters that may be pinyin.
type latinRun struct {
	first, end int32
	letters    [maxLatinRun]byte
	rest       [maxLatinRun + 1]bool // the letters from here on can be read as syllables
	reached    [maxLatinRun + 1]bool // the letters up to here can
}

// pinyinEdges adds the syllables that begin at letter i.
func (sc *scanner) pinyinEdges(i int32) {
	run := &sc.run
	if i >= run.end || i < run.first {
		sc.readRun(i)
	}
	at := i - run.first
	n := run.end - run.first
	if n > maxInitials && !run.rest[0] {
		sc.quiet = run.end
		return
	}
	if n <= maxInitials {
		for _, id := range sc.m.symbols.chars.initials[run.letters[at]] {
			if code := sc.m.symbols.sounds[id]; code != 0 {
				sc.addEdge(1, code)
			}
		}
	}
	if !run.rest[0] || !run.reached[at] {
		return
	}
	trie, node := sc.m.symbols.chars.trie, int16(0)
	for k := at; k < n; k++ {
		if node = trie[node].next[run.letters[k]-'a']; node == 0 {
			break
		}
		if id := trie[node].id; id != 0 && run.rest[k+1] {
			run.reached[k+1] = true
			if code := sc.m.symbols.sounds[id]; code != 0 {
				sc.addEdge(k+1-at, code)
			}
		}
	}
}

// readRun finds the run of letters that begins at i.
func (sc *scanner) readRun(i int32) {
	run := &sc.run
	run.first, run.end = i, i
	for int(run.end) < len(sc.t.Runes) {
		c := sc.m.symbols.latin(sc.t.Runes[run.end])
		if c < 'a' || c > 'z' || run.end > i && sc.t.Gaps[run.end].Break >= fold.BreakQuote {
			break
		}
		if at := run.end - i; at < maxLatinRun {
			run.letters[at] = byte(c)
		}
		run.end++
	}
	n := run.end - i
	if n > maxLatinRun {
		run.rest[0] = false
		return
	}
	run.reached = [maxLatinRun + 1]bool{true}
	run.rest = [maxLatinRun + 1]bool{}
	run.rest[n] = true
	trie := sc.m.symbols.chars.trie
	for at := n - 1; at >= 0; at-- {
		node := int16(0)
		for k := at; k < n && !run.rest[at]; k++ {
			if node = trie[node].next[run.letters[k]-'a']; node == 0 {
				break
			}
			run.rest[at] = trie[node].id != 0 && run.rest[k+1]
		}
	}
}

// mainHits reports the terms that end at character i in the main reading, beginning with the block
// at head. No two of these hits are of the same term at the same place.
func (sc *scanner) mainHits(i, head int32) {
	sc.place.read.thread = nil
	for head != 0 {
		next, length, rows := sc.m.terms.at(head)
		head = next
		sc.place.read.first = i + 1 - int32(length)
		sc.place.survey(sc.t, length)
		for ; len(rows) > 0; rows = rows[1+length:] {
			steps, cost := sc.m.compare(sc.t, &sc.place, rows[0], rows[1:][:length])
			switch {
			case cost > MaxCost:
			case sc.live == 0:
				sc.emit(sc.place.hit(rows[0], steps, cost))
			default:
				sc.pending = append(sc.pending, sc.place.hit(rows[0], steps, cost))
			}
		}
	}
}

// threadHits reports the terms that end at a thread's last symbol and include its edge.
func (sc *scanner) threadHits(th *thread) {
	sc.place.read.thread = th
	for head := sc.m.auto.links[th.state].out; head != 0; {
		next, length, rows := sc.m.terms.at(head)
		head = next
		n := int32(length)
		if n < th.need {
			return
		}
		sc.place.read.first = th.n - n
		sc.place.survey(sc.t, length)
		for ; len(rows) > 0; rows = rows[1+length:] {
			if steps, cost := sc.m.compare(sc.t, &sc.place, rows[0], rows[1:][:length]); cost <= MaxCost {
				sc.report(rows[0], steps, cost)
			}
		}
	}
}

// report delays a thread's hit, since another thread may find a cheaper one at the same place.
func (sc *scanner) report(term int32, steps fold.Step, cost int) {
	for k := range sc.pending {
		if p := &sc.pending[k]; p.Term == term && p.First == sc.place.firstAt && p.Last == sc.place.lastAt {
			if cost < p.Cost {
				*p = sc.place.hit(term, steps, cost)
			}
			return
		}
	}
	sc.pending = append(sc.pending, sc.place.hit(term, steps, cost))
}
