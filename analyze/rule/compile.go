package rule

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/match"
	"go.yaml.in/yaml/v3"
)

// maxInstructions bounds a regular expression's program: RE2 takes time by
// text × program, and a{1000} is a thousand instructions in seven characters.
const maxInstructions = 5000

// kindSet is a bit set of region kinds.
type kindSet uint16

func kindBit(k qianshao.RegionKind) kindSet {
	switch k {
	case qianshao.RegionTitle:
		return 1 << 0
	case qianshao.RegionMeta:
		return 1 << 1
	case qianshao.RegionHeading:
		return 1 << 2
	case qianshao.RegionText:
		return 1 << 3
	case qianshao.RegionAnchor:
		return 1 << 4
	case qianshao.RegionURL:
		return 1 << 5
	case qianshao.RegionAttr:
		return 1 << 6
	case qianshao.RegionComment:
		return 1 << 7
	case qianshao.RegionScript:
		return 1 << 8
	}
	return 0
}

// titleKinds are the kinds in which inTitle is true.
const titleKinds kindSet = 1<<0 | 1<<1 | 1<<2

// visibility is a block's hidden filter.
type visibility uint8

const (
	anyVisibility visibility = iota
	concealedOnly
	visibleOnly
)

// detection is the compiled detection of a rule or a context.
type detection struct {
	id            string
	isContext     bool
	blocks        []*block
	condition     *node    // as written, for explanations
	fast          *node    // the same, cheapest first
	patternBlocks []*block // those with regular expressions
	index         int32
}

// block is a compiled block.
type block struct {
	name     string
	index    int32 // in Set.blocks
	owner    *detection
	kinds    kindSet
	hidden   visibility
	length   length
	measures bool // asks for the length and looks for nothing
	word     bool
	plain    bool // what is more disguise than term does not count
	min      int32
	within   int32 // characters in which min has to be reached; 0: on the page
	patterns []*pattern
	excepts  bool
	// positive: the block stands somewhere in the condition without a not in front.
	positive bool
	// beside are the blocks that the condition wants this one near, or away
	// from, if all that it asks of the block is hits beside theirs; else nil.
	beside []*block
}

// sight is what blocks ask of a region.
type sight struct {
	kind               kindSet // one bit
	visible, concealed bool
	chars              int32
}

// reads says whether the block reads regions of that sight.
func (b *block) reads(s *sight) bool {
	return b.kinds&s.kind != 0 && b.length.admits(s.chars) &&
		(b.hidden == anyVisibility || b.hidden == concealedOnly && s.concealed || b.hidden == visibleOnly && s.visible)
}

// length is a block's filter of regions by their characters; 0 sets no bound.
type length struct{ min, max int32 }

func (l length) admits(chars int32) bool {
	return chars >= l.min && (l.max == 0 || chars <= l.max)
}

func (l length) String() string {
	switch {
	case l.min > 0 && l.max > 0:
		return fmt.Sprintf("%d to %d characters", l.min, l.max)
	case l.max > 0:
		return fmt.Sprintf("at most %d characters", l.max)
	case l.min > 0:
		return fmt.Sprintf("at least %d characters", l.min)
	}
	return ""
}

// term is one entry of the automaton with the blocks that want it.
type term struct {
	text     string
	postings []posting
	// places are where the postings' terms are written, as mistakes without a message.
	places []Mistake
}

// posting says that a block counts a term with weight; exceptWeight means
// that the term excepts what stands inside it.
type posting struct {
	block  int32
	weight int32
	slot   int32 // of the term in the block, see evaluation.seen
}

const exceptWeight = 0

// pattern is one regular expression; the same text in two blocks is one pattern.
type pattern struct {
	text  string
	index int32 // in Set.patterns
	// compiled is put off until a page needs it: a command that lists the rules does not.
	compiled func() (*regexp.Regexp, error)
	blocks   []*block // that have it
	slots    []int32  // theirs
}

// compiler gathers the blocks and terms of all detections.
type compiler struct {
	lists      map[string]*wordList
	listNames  []string
	set        *Set
	terms      map[string]int32 // by key
	byPatterns map[string]*pattern
	censor     *censor
}

func newCompiler(lists map[string]*wordList, vouched map[string]bool) *compiler {
	c := &compiler{lists: lists, censor: newCensor(vouched), set: &Set{byID: map[string]*Rule{}}, terms: map[string]int32{}, byPatterns: map[string]*pattern{}}
	for name := range lists {
		c.listNames = append(c.listNames, name)
	}
	slices.Sort(c.listNames)
	return c
}

// detection compiles one; what is wrong goes to s.
func (c *compiler) detection(s *source, src detectionSource, isContext bool) *detection {
	d := &detection{isContext: isContext, index: int32(len(c.set.detections))}
	c.set.detections = append(c.set.detections, d)
	names := make([]string, 0, len(src.blocks))
	terms := make([][]weighted, 0, len(src.blocks))
	for _, b := range src.blocks {
		block, itsTerms := c.block(s, b, d)
		names = append(names, b.name.value)
		d.blocks, terms = append(d.blocks, block), append(terms, itsTerms)
	}
	if src.condition.value != "" && len(names) > 0 {
		c.condition(s, src, d, names)
	}
	c.censor.judge(s, d, src, terms)
	return d
}

func (c *compiler) condition(s *source, src detectionSource, d *detection, names []string) {
	root, used, err := parseCondition(src.condition.value, names)
	if err != nil {
		s.conditionError(src.condition, err)
		return
	}
	for i, b := range src.blocks {
		if !used[i] {
			s.errorf(b.name.node, "the condition does not name block %q; use it or remove it", b.name.value)
		}
	}
	never := func(*node) truth { return no }
	if root.eval(func(int) truth { return no }, never) == yes {
		s.errorf(src.condition.node, "the condition holds on an empty page; demand some block without not")
	} else if root.holdsBy(d.measures()) {
		s.errorf(src.condition.node, "the condition holds on every page of some length; demand a block with lists, terms or regex too")
	}
	if n := nearBetweenLengths(root, d); n != nil {
		s.errorf(src.condition.node, "condition: %q measures from block to block, and one that should look for something looks for nothing; name one with lists, terms or regex", n.text)
	}
	d.condition = root
	d.fast, _ = root.cheapestFirst(func(i int) int { return 1 + 5*len(d.blocks[i].patterns) })
	for _, b := range d.blocks {
		if len(b.patterns) > 0 {
			d.patternBlocks = append(d.patternBlocks, b)
		}
	}
	markPositive(root, d, true)
	d.markBeside(root)
}

// measure adds a block that looks for nothing to those that ask for the same.
func (s *Set) measure(b *block) {
	for i, same := range s.measures {
		if same[0].kinds == b.kinds && same[0].hidden == b.hidden && same[0].length == b.length {
			s.measures[i] = append(same, b)
			return
		}
	}
	s.measures = append(s.measures, []*block{b})
}

// measures says which blocks ask for a length and look for nothing.
func (d *detection) measures() []bool {
	out := make([]bool, len(d.blocks))
	for i, b := range d.blocks {
		out[i] = b.measures
	}
	return out
}

func nearBetweenLengths(n *node, d *detection) *node {
	if n.op == opNear && d.blocks[n.block].measures && (n.other == noBlock || d.blocks[n.other].measures) {
		return n
	}
	if slices.ContainsFunc(n.away, func(from distance) bool { return d.blocks[from.block].measures }) {
		return n
	}
	for _, kid := range n.kids {
		if found := nearBetweenLengths(kid, d); found != nil {
			return found
		}
	}
	return nil
}

func markPositive(n *node, d *detection, positive bool) {
	switch n.op {
	case opBlock:
		d.blocks[n.block].positive = d.blocks[n.block].positive || positive
	case opNear:
		d.blocks[n.block].positive = d.blocks[n.block].positive || positive
		if n.other != noBlock {
			d.blocks[n.other].positive = d.blocks[n.other].positive || positive
		}
		for _, from := range n.away {
			d.blocks[from.block].positive = d.blocks[from.block].positive || !positive
		}
	case opNot:
		positive = !positive
	}
	for _, kid := range n.kids {
		markPositive(kid, d, positive)
	}
}

// conditionError points into the condition where the YAML text shows it as is.
func (s *source) conditionError(condition text, err error) {
	n, offset := condition.node, 0
	var syntax *syntaxError
	if errors.As(err, &syntax) {
		offset = syntax.at
	}
	column := utf8.RuneCountInString(condition.value[:min(offset, len(condition.value))])
	message := fmt.Sprintf("condition: %v (character %d of the condition)", err, column+1)
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 || strings.Contains(n.Value, "\n"):
		s.errorf(n, "%s", message)
		return
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		column++
	}
	leading := len(n.Value) - len(strings.TrimLeft(n.Value, " \t"))
	s.at(n.Line, n.Column+leading+column, "%s", message)
}

// block compiles one and also returns its terms, sorted.
func (c *compiler) block(s *source, src blockSource, owner *detection) (*block, []weighted) {
	b := &block{name: src.name.value, index: int32(len(c.set.blocks)), owner: owner, min: int32(src.min), within: int32(src.within)}
	c.set.blocks = append(c.set.blocks, b)
	b.word = src.word != nil && *src.word
	b.plain = src.plain != nil && *src.plain
	b.length = length{int32(src.minChars), int32(src.maxChars)}
	if b.measures = src.measuresOnly(); b.measures {
		c.set.measure(b)
	}
	b.kinds, b.hidden = filters(src, owner.isContext)
	c.set.kinds |= b.kinds
	weights := map[string]weighted{} // by key
	for _, name := range src.lists {
		c.addList(s, name, weights)
	}
	for _, t := range src.terms {
		w, message := s.parseTerm(t.value)
		if message != "" {
			s.errorf(t.node, "terms of block %q: %s", b.name, message)
			continue
		}
		w.file, w.line, w.column = s.file, int32(t.node.Line), int32(t.node.Column)
		addWeight(weights, w)
	}
	terms := sorted(weights)
	for _, w := range terms {
		c.addPosting(w, posting{block: b.index, weight: w.weight, slot: c.slot()})
	}
	for _, t := range src.regex {
		if p := c.pattern(s, t, b.name); p != nil {
			b.patterns = append(b.patterns, p)
			p.blocks = append(p.blocks, b)
			p.slots = append(p.slots, c.slot())
		}
	}
	for _, t := range src.except {
		c.except(s, t, b, weights, len(src.lists) > 0)
	}
	s.lintReach(src, b, weights)
	return b, terms
}

// filters returns the kinds of regions that a block reads and how visible they
// have to be. A link's target is not text, so it has to be asked for.
func filters(src blockSource, isContext bool) (kinds kindSet, hidden visibility) {
	for _, r := range src.regions {
		kinds |= kindBit(qianshao.RegionKind(r.value))
	}
	if len(src.regions) == 0 {
		for _, k := range qianshao.RegionKinds() {
			if k != qianshao.RegionURL {
				kinds |= kindBit(k)
			}
		}
	}
	switch {
	case src.hidden == nil && isContext, src.hidden != nil && !*src.hidden:
		hidden = visibleOnly
	case src.hidden != nil:
		hidden = concealedOnly
	}
	return kinds, hidden
}

func (c *compiler) addList(s *source, name text, weights map[string]weighted) {
	list, ok := c.lists[name.value]
	if !ok {
		s.errorf(name.node, "there is no list lists/%s.txt%s", name.value, cmp.Or(didYouMean(name.value, c.listNames), "; write it, or name one that is there"))
		return
	}
	list.used = true
	for _, w := range list.terms {
		addWeight(weights, w)
	}
}

// addWeight keeps the highest weight of a term that a block names twice.
func addWeight(weights map[string]weighted, w weighted) {
	if have, ok := weights[w.key]; !ok || w.weight > have.weight {
		weights[w.key] = w
	}
}

// sorted returns the terms in the order of their keys, so that the same files give the same set.
func sorted(weights map[string]weighted) []weighted {
	out := slices.Collect(maps.Values(weights))
	slices.SortFunc(out, func(x, y weighted) int { return strings.Compare(x.key, y.key) })
	return out
}

// slot numbers a term or an expression of a block, for what a page shows of it.
func (c *compiler) slot() int32 {
	c.set.slots++
	return int32(c.set.slots - 1)
}

func (c *compiler) addPosting(w weighted, p posting) {
	i, ok := c.terms[w.key]
	if !ok {
		i = int32(len(c.set.terms))
		c.terms[w.key] = i
		c.set.terms = append(c.set.terms, term{text: w.term})
	}
	c.set.terms[i].postings = append(c.set.terms[i].postings, p)
	c.set.terms[i].places = append(c.set.terms[i].places, Mistake{File: w.file, Line: int(w.line), Column: int(w.column)})
	c.set.margin = max(c.set.margin, int32(8*w.runes))
}

// except adds one. It has to contain a term of the block, unless the terms come
// from a list: an operator may take a term off it without touching the rule.
func (c *compiler) except(s *source, t text, b *block, weights map[string]weighted, fromList bool) {
	w := weighted{term: t.value}
	s.fold(&w)
	switch _, isTerm := weights[w.key]; {
	case w.runes == 0 || w.runes > maxTerm:
		s.errorf(t.node, "except of block %q: %q should have 1 to %d characters after folding", b.name, t.value, maxTerm)
		return
	case isTerm:
		s.errorf(t.node, "except of block %q: %q is a term of the block itself; it would never count", b.name, t.value)
		return
	case len(b.patterns) == 0 && !fromList && !containsTerm(w.key, weights):
		s.errorf(t.node, "except of block %q: %q contains no term of the block, so it excepts nothing", b.name, t.value)
		return
	}
	b.excepts = true
	c.addPosting(w, posting{block: b.index, weight: exceptWeight})
}

func containsTerm(except string, weights map[string]weighted) bool {
	squeezed := strings.ReplaceAll(except, " ", "")
	for key := range weights {
		if strings.Contains(squeezed, strings.ReplaceAll(key, " ", "")) {
			return true
		}
	}
	return false
}

// lintReach refuses a min that all terms together cannot reach.
func (s *source) lintReach(src blockSource, b *block, weights map[string]weighted) {
	sum := len(b.patterns)
	for _, w := range weights {
		sum += int(w.weight)
	}
	if sum > 0 && src.min > sum {
		s.errorf(src.name.node, "block %q asks for min %d, but all its terms together weigh %d", b.name, src.min, sum)
	}
}

func (c *compiler) pattern(s *source, t text, blockName string) *pattern {
	if p, ok := c.byPatterns[t.value]; ok {
		return p
	}
	fail := func(format string, args ...any) *pattern {
		s.errorf(t.node, "regex of block %q: %s", blockName, fmt.Sprintf(format, args...))
		return nil
	}
	if len(t.value) > maxRegex {
		return fail("longer than %d bytes; split it", maxRegex)
	}
	tree, err := syntax.Parse(t.value, syntax.Perl) // all that can fail in regexp.Compile
	if err != nil {
		return fail("does not compile: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	if matchesEmpty(tree) {
		return fail("can match the empty text, so it fires everywhere; demand some character")
	}
	tree = tree.Simplify()
	if instructions(tree) > maxInstructions { // an upper bound, and cheaper than the program itself
		if prog, err := syntax.Compile(tree); err != nil || len(prog.Inst) > maxInstructions {
			return fail("too large once its repetitions are written out (more than %d instructions); lower the counts", maxInstructions)
		}
	}
	p := &pattern{text: t.value, index: int32(len(c.set.patterns))}
	p.compiled = sync.OnceValues(func() (*regexp.Regexp, error) { return regexp.Compile(p.text) })
	c.set.patterns = append(c.set.patterns, p)
	c.byPatterns[t.value] = p
	return p
}

// instructions returns no less than the length of a simplified expression's program.
func instructions(re *syntax.Regexp) int {
	n := 3 + len(re.Rune)
	for _, sub := range re.Sub {
		n += instructions(sub)
	}
	return n
}

// matchesEmpty says whether re can match without consuming a character.
func matchesEmpty(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL, syntax.OpNoMatch:
		return false
	case syntax.OpPlus, syntax.OpCapture:
		return matchesEmpty(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min == 0 || matchesEmpty(re.Sub[0])
	case syntax.OpAlternate:
		return slices.ContainsFunc(re.Sub, matchesEmpty)
	case syntax.OpConcat:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !matchesEmpty(sub) })
	}
	return true
}

// finish makes the set of what was gathered.
func (c *compiler) finish(entries []entry, opts Options) *Set {
	s := c.set
	s.segmenter = opts.Segmenter
	for _, e := range entries {
		if e.context != nil {
			s.contexts = append(s.contexts, e.context)
			continue
		}
		s.rules = append(s.rules, e.rule)
		s.byID[e.rule.ID] = e.rule
	}
	slices.SortFunc(s.rules, func(x, y *Rule) int { return strings.Compare(x.ID, y.ID) })
	slices.SortFunc(s.contexts, func(x, y *context) int { return strings.Compare(x.name, y.name) })
	s.automaton = sync.OnceValues(s.buildAutomaton)
	s.haystack = sync.OnceValue(func() *haystack { return newHaystack(s.patterns) })
	s.contact = newContactFinder()
	s.pool.New = func() any { return newEvaluation(s) }
	return s
}

// buildAutomaton compiles all terms; it returns nil if there are none, as in
// rules of regular expressions alone.
func (s *Set) buildAutomaton() (*match.Matcher, error) {
	if len(s.terms) == 0 {
		return nil, nil
	}
	texts := make([]string, len(s.terms))
	for i, t := range s.terms {
		texts[i] = t.text
	}
	m, err := match.Compile(texts)
	if err != nil {
		return nil, fmt.Errorf("rule: compiling %d terms: %w", len(texts), err)
	}
	return m, nil
}
