// Package engine judges documents by a rule set. It compiles all terms of all rules into one
// automaton, finds the hits of a page, decides each rule's condition and collects the evidence.
//
// A page is evaluated in four steps. The scan folds each region, finds all terms in one pass and
// notes where regular expressions may match (page.go, flush.go, tally.go). The expressions are run
// for the rules that may still fire (regexes.go). The conditions are decided, for one place of the
// page after another (outcome.go, place.go, weigh.go). What makes them true becomes evidence
// (evidence.go).
package engine

import (
	"fmt"
	"sync"

	"github.com/qianshao/qianshao/analyze/match"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/chance"
	"github.com/qianshao/qianshao/analyze/rule/dfa"
	"github.com/qianshao/qianshao/analyze/rule/prefilter"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/analyze/token"
)

// Engine judges documents by one rule set. It is immutable and safe for concurrent use.
type Engine struct {
	rules      *rule.Set
	detections []*detection // in the order of the files
	ofRules    []*detection // by index of Set.Rules
	ofContexts []*detection // by index of Set.Contexts
	blocks     []*block
	terms      []term
	patterns   []*pattern
	lengths    [][]*block     // blocks that only ask for a length, grouped by equal filters
	grades     []syntax.Grade // of the terms and expressions of blocks, by slot
	automaton  func() (*match.Matcher, error)
	atoms      func() *prefilter.Index // of the patterns
	segmenter  *token.Segmenter
	kinds      kindSet     // of the regions that any block reads
	margin     int32       // folded characters that an unfinished match can go back
	states     *dfa.Memory // of the patterns and of contact
	contact    *dfa.Expression
	pool       sync.Pool
}

// detection is a compiled detection.
type detection struct {
	*rule.Detection
	index         int32
	rule          *rule.Rule // nil for a context
	blocks        []*block
	fast          *syntax.Condition // Condition with its parts ordered by cost
	patternBlocks []*block          // the blocks with regular expressions
}

// term is one entry of the automaton with the blocks that look for it.
type term struct {
	text, key string // as the first block writes it, and folded
	short     bool   // Chinese characters, at most chance.MaxShort of them
	ordinary  rule.Sightings
	postings  []posting
}

// posting says that a block counts a term with a weight. If the weight is exceptWeight, hits inside
// the term do not count.
type posting struct {
	block  int32
	weight int32
	slot   int32 // of the term in the block; see tally.seen
}

const exceptWeight = 0

// allowPosting is the block of a posting that represents an allowed text. Its weight is the index
// of the allowance in Set.TextAllowances.
const allowPosting = -1

// pattern is one regular expression, shared by all blocks that have the same text.
type pattern struct {
	text  string
	index int32 // in Engine.patterns
	// compiled compiles it once a page needs it: a command that lists the rules never does.
	compiled func() (*dfa.Expression, error)
	blocks   []*block // the blocks that have it
	slots    []int32  // its slot in each of these
}

// New compiles a rule set. The automaton is built for the first document. The segmenter finds word
// boundaries; it loads its dictionary when it is first needed. If it is nil, the engine makes one.
func New(rules *rule.Set, segmenter *token.Segmenter) *Engine {
	if segmenter == nil {
		segmenter = token.New()
	}
	c := &compiler{Engine: &Engine{rules: rules, segmenter: segmenter, states: dfa.NewMemory()}, terms: map[string]int32{}, patterns: map[string]*pattern{}}
	compiled := map[*rule.Detection]*detection{}
	for _, d := range rules.Detections() {
		compiled[d] = c.detection(d)
	}
	for _, r := range rules.Rules() {
		compiled[r.Detection].rule = r
		c.ofRules = append(c.ofRules, compiled[r.Detection])
	}
	for _, x := range rules.Contexts() {
		c.ofContexts = append(c.ofContexts, compiled[x.Detection])
	}
	for i, a := range rules.TextAllowances() {
		c.addPosting(a.Term, posting{block: allowPosting, weight: int32(i)})
	}
	e := c.Engine
	e.automaton = sync.OnceValues(e.buildAutomaton)
	e.atoms = sync.OnceValue(func() *prefilter.Index {
		expressions := make([]string, len(e.patterns))
		for i, p := range e.patterns {
			expressions[i] = p.text
		}
		return prefilter.New(expressions)
	})
	e.contact = newContactFinder(e.states)
	e.pool.New = func() any { return newEvaluation(e) }
	return e
}

// Rules returns the rule set.
func (e *Engine) Rules() *rule.Set { return e.rules }

// Terms returns the number of distinct folded terms in the automaton.
func (e *Engine) Terms() int { return len(e.terms) }

// Prepare builds, on two cores, what is otherwise built for the first document. An error would be a
// bug in this package, since rule.Load has checked the terms.
func (e *Engine) Prepare() error {
	var atoms sync.WaitGroup
	atoms.Go(func() { e.atoms() })
	_, err := e.automaton()
	atoms.Wait()
	return err
}

// buildAutomaton compiles all terms. It returns nil if there are none, as in a set that has only
// regular expressions.
func (e *Engine) buildAutomaton() (*match.Matcher, error) {
	if len(e.terms) == 0 {
		return nil, nil
	}
	texts := make([]string, len(e.terms))
	for i, t := range e.terms {
		texts[i] = t.text
	}
	m, err := match.Compile(texts)
	if err != nil {
		return nil, fmt.Errorf("rule: compiling %d terms: %w", len(texts), err)
	}
	return m, nil
}

// compiler collects the blocks, terms and expressions of all detections.
type compiler struct {
	*Engine
	terms    map[string]int32    // by syntax.Term.Key
	patterns map[string]*pattern // by text
}

func (c *compiler) detection(from *rule.Detection) *detection {
	d := &detection{Detection: from, index: int32(len(c.detections))}
	c.detections = append(c.detections, d)
	positive := d.Condition.Positive(len(from.Blocks))
	for i := range from.Blocks {
		b := c.block(&from.Blocks[i], d)
		b.positive = positive[i]
		d.blocks = append(d.blocks, b)
		if len(b.patterns) > 0 {
			d.patternBlocks = append(d.patternBlocks, b)
		}
	}
	d.fast, _ = d.Condition.CheapestFirst(func(i int) int { return 1 + 5*len(d.blocks[i].patterns) })
	d.findNeighbours()
	return d
}

func (c *compiler) block(from *rule.Block, owner *detection) *block {
	b := &block{
		name: from.Name, index: int32(len(c.blocks)), owner: owner,
		min: int32(from.Min), within: int32(from.Within), word: from.Word, unbounded: from.Unbounded, plain: from.Plain,
		length: length{int32(from.MinChars), int32(from.MaxChars)}, lengthOnly: from.LengthOnly,
		terms: from.Terms, excepts: len(from.Excepts) > 0,
	}
	c.blocks = append(c.blocks, b)
	b.kinds, b.hidden = filters(from, owner.IsContext)
	c.kinds |= b.kinds
	if b.lengthOnly {
		c.addLength(b)
	}
	for _, t := range from.Terms {
		c.addPosting(t, posting{block: b.index, weight: t.Weight, slot: c.slot(t.Grade)})
	}
	for _, text := range from.Regexps {
		p := c.pattern(text)
		b.patterns = append(b.patterns, p)
		p.blocks = append(p.blocks, b)
		p.slots = append(p.slots, c.slot(from.Grade))
	}
	for _, t := range from.Excepts {
		c.addPosting(t, posting{block: b.index, weight: exceptWeight})
	}
	return b
}

// addLength groups a block that looks for nothing with those that have the same filters.
func (c *compiler) addLength(b *block) {
	for i, same := range c.lengths {
		if same[0].kinds == b.kinds && same[0].hidden == b.hidden && same[0].length == b.length {
			c.lengths[i] = append(same, b)
			return
		}
	}
	c.lengths = append(c.lengths, []*block{b})
}

// slot numbers a term or an expression of a block, so that a page's hits of it can be counted.
func (c *compiler) slot(grade syntax.Grade) int32 {
	c.grades = append(c.grades, grade)
	return int32(len(c.grades) - 1)
}

func (c *compiler) addPosting(t syntax.Term, p posting) {
	i, ok := c.terms[t.Key]
	if !ok {
		i = int32(len(c.Engine.terms))
		c.terms[t.Key] = i
		c.Engine.terms = append(c.Engine.terms, term{text: t.Text, key: t.Key, short: chance.IsShort(t.Key), ordinary: c.rules.Ordinary().Terms[t.Key]})
	}
	c.Engine.terms[i].postings = append(c.Engine.terms[i].postings, p)
	c.margin = max(c.margin, int32(8*t.Length))
}

func (c *compiler) pattern(text string) *pattern {
	if p, ok := c.patterns[text]; ok {
		return p
	}
	p := &pattern{text: text, index: int32(len(c.Engine.patterns))}
	p.compiled = sync.OnceValues(func() (*dfa.Expression, error) { return c.states.Compile(p.text) })
	c.Engine.patterns = append(c.Engine.patterns, p)
	c.patterns[text] = p
	return p
}

// findNeighbours finds the blocks whose hits count only in regions where another block has hits. A
// block with a min above 1 sums its terms over the page, so it has no neighbours.
func (d *detection) findNeighbours() {
	alone := make([]bool, len(d.blocks))
	for i, b := range d.blocks {
		alone[i] = b.min > 1
	}
	add := func(local, other int) {
		d.blocks[local].neighbours = append(d.blocks[local].neighbours, d.blocks[other])
	}
	d.Condition.Each(func(c *syntax.Condition) {
		switch {
		case c.Op == syntax.OpBlock || c.Op == syntax.OpNear && c.Other == syntax.NoBlock:
			alone[c.Block] = true
		case c.Op == syntax.OpNear:
			add(c.Block, c.Other)
			add(c.Other, c.Block)
		}
		for _, from := range c.Away {
			add(from.Block, c.Block)
			if c.Other != syntax.NoBlock {
				add(from.Block, c.Other)
			}
		}
	})
	for i, b := range d.blocks {
		if alone[i] {
			b.neighbours = nil
		}
	}
}
