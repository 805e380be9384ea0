package rule

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a condition; a person has to be able to read it.
const (
	maxConditionLength = 2000 // bytes
	maxConditionDepth  = 32   // parentheses and nots inside each other
	maxNear            = 1000 // characters; further apart two words are not near
)

type op uint8

const (
	opBlock op = iota // block
	opNear            // block and other, at most n characters apart; away from others
	opAnd
	opOr
	opNot
	opCount // at least n of kids
)

// node is one part of a condition.
type node struct {
	op           op
	block, other int // indexes of the rule's blocks; other is noBlock in "a away/20 b"
	n            int
	away         []distance // in an opNear: blocks that keep a hit of block from counting
	kids         []*node
	// text is the part as the author wrote it, white space squeezed.
	text string
}

// distance is the "away/20 b" behind a block.
type distance struct{ block, n int }

const noBlock = -1

// syntaxError is a mistake in a condition; at is a byte offset.
type syntaxError struct {
	at      int
	message string
}

func (e *syntaxError) Error() string { return e.message }

// parseCondition reads a condition over the named blocks and tells which of
// them it uses. The error is a *syntaxError.
func parseCondition(src string, blocks []string) (root *node, used []bool, err error) {
	if len(src) > maxConditionLength {
		return nil, nil, &syntaxError{0, fmt.Sprintf("the condition is longer than %d bytes; make two rules of it", maxConditionLength)}
	}
	p := &conditionParser{src: src, blocks: blocks, used: make([]bool, len(blocks))}
	if err := p.lex(); err != nil {
		return nil, nil, err
	}
	if root, err = p.or(0); err != nil {
		return nil, nil, err
	}
	if t := p.peek(); t.text != "" {
		if lower := strings.ToLower(t.text); lower != t.text && slices.Contains(reservedWords(), lower) {
			return nil, nil, p.errorf(t, "write %s in lower case", lower)
		}
		return nil, nil, p.errorf(t, "%q is too much here; join two parts with and, or", t.text)
	}
	return root, p.used, nil
}

type conditionToken struct {
	text string // empty at the end
	at   int
}

type conditionParser struct {
	src    string
	tokens []conditionToken
	next   int
	blocks []string
	used   []bool
}

// reservedWords cannot name a block.
func reservedWords() []string {
	return []string{"and", "or", "not", "of", "any", "all", "them", "near", "away", "condition"}
}

func (p *conditionParser) lex() error {
	for i := 0; i < len(p.src); {
		r, size := utf8.DecodeRuneInString(p.src[i:])
		switch {
		case unicode.IsSpace(r):
			i += size
		case r == '(' || r == ')' || r == ',':
			p.tokens = append(p.tokens, conditionToken{p.src[i : i+1], i})
			i++
		case isWordByte(p.src[i]):
			start := i
			for i < len(p.src) && isWordByte(p.src[i]) {
				i++
			}
			p.tokens = append(p.tokens, conditionToken{p.src[start:i], start})
		default:
			hint := ""
			if strings.ContainsRune("（），", r) {
				hint = "; use the half-width ( ) ,"
			}
			return &syntaxError{i, fmt.Sprintf("the condition cannot hold %q%s", r, hint)}
		}
	}
	return nil
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '/' || c == '*'
}

func (p *conditionParser) peek() conditionToken {
	if p.next < len(p.tokens) {
		return p.tokens[p.next]
	}
	return conditionToken{"", len(p.src)}
}

func (p *conditionParser) take() conditionToken {
	t := p.peek()
	p.next++
	return t
}

func (p *conditionParser) accept(text string) bool {
	if p.peek().text != text {
		return false
	}
	p.next++
	return true
}

func (p *conditionParser) errorf(t conditionToken, format string, args ...any) error {
	return &syntaxError{t.at, fmt.Sprintf(format, args...)}
}

func (p *conditionParser) unexpected(t conditionToken, wanted string) error {
	if t.text == "" {
		return p.errorf(t, "the condition ends where %s should stand", wanted)
	}
	return p.errorf(t, "%q stands where %s should", t.text, wanted)
}

// textFrom returns the source from the token at index first up to the one just taken.
func (p *conditionParser) textFrom(first int) string {
	var b strings.Builder
	for i, t := range p.tokens[first:min(p.next, len(p.tokens))] {
		if i > 0 && t.text != ")" && t.text != "," && p.tokens[first+i-1].text != "(" {
			b.WriteByte(' ')
		}
		b.WriteString(t.text)
	}
	return b.String()
}

func (p *conditionParser) or(depth int) (*node, error) {
	return p.chain(depth, "or", opOr, p.and)
}

func (p *conditionParser) and(depth int) (*node, error) {
	return p.chain(depth, "and", opAnd, p.not)
}

func (p *conditionParser) chain(depth int, word string, o op, part func(int) (*node, error)) (*node, error) {
	first := p.next
	n, err := part(depth)
	if err != nil {
		return nil, err
	}
	kids := []*node{n}
	for p.accept(word) {
		if n, err = part(depth); err != nil {
			return nil, err
		}
		kids = append(kids, n)
	}
	if len(kids) == 1 {
		return kids[0], nil
	}
	return &node{op: o, kids: kids, text: p.textFrom(first)}, nil
}

func (p *conditionParser) not(depth int) (*node, error) {
	first := p.next
	if depth > maxConditionDepth {
		return nil, p.errorf(p.peek(), "more than %d parentheses and nots inside each other", maxConditionDepth)
	}
	if !p.accept("not") {
		return p.primary(depth)
	}
	n, err := p.not(depth + 1)
	if err != nil {
		return nil, err
	}
	return &node{op: opNot, kids: []*node{n}, text: p.textFrom(first)}, nil
}

func (p *conditionParser) primary(depth int) (*node, error) {
	first := p.next
	t := p.take()
	switch {
	case t.text == "(":
		n, err := p.or(depth + 1)
		if err != nil {
			return nil, err
		}
		if !p.accept(")") {
			return nil, p.unexpected(p.peek(), `")"`)
		}
		return n, nil
	case t.text != "" && strings.Trim(t.text, "0123456789") == "", p.peek().text == "of":
		return p.count(t, first)
	}
	block, err := p.name(t)
	if err != nil {
		return nil, err
	}
	n := &node{op: opBlock, block: block, other: noBlock, text: t.text}
	if p.nextIs("near") {
		d, err := p.distance("near", block)
		if err != nil {
			return nil, err
		}
		n.op, n.other, n.n = opNear, d.block, d.n
	}
	for p.nextIs("away") {
		d, err := p.distance("away", block)
		if err != nil {
			return nil, err
		}
		n.op, n.away = opNear, append(n.away, d)
	}
	n.text = p.textFrom(first)
	return n, nil
}

// nextIs says whether near/N or away/N follows, and not a block of such a name.
func (p *conditionParser) nextIs(word string) bool {
	return strings.HasPrefix(p.peek().text, word) && !slices.Contains(p.blocks, p.peek().text)
}

// distance reads the "near/20 b" or "away/20 b" behind a block.
func (p *conditionParser) distance(word string, from int) (d distance, err error) {
	t := p.take()
	number, ok := strings.CutPrefix(t.text, word+"/")
	if d.n, err = strconv.Atoi(number); !ok || err != nil || d.n < 0 || d.n > maxNear {
		return d, p.errorf(t, "%q should be %s/N with N characters from 0 to %d", t.text, word, maxNear)
	}
	next := p.take()
	if d.block, err = p.name(next); err == nil && d.block == from {
		err = p.errorf(next, "%s stands between two different blocks", word)
	}
	return d, err
}

// count reads the "of (a, b)" behind the amount t.
func (p *conditionParser) count(t conditionToken, first int) (*node, error) {
	if !p.accept("of") {
		return nil, p.unexpected(p.peek(), `"of"`)
	}
	set, err := p.set()
	if err != nil {
		return nil, err
	}
	n := 0
	switch t.text {
	case "any":
		n = 1
	case "all":
		n = len(set)
	default:
		if n, err = strconv.Atoi(t.text); err != nil || n < 1 || n > len(set) {
			return nil, p.errorf(t, "%q should be any, all or a number from 1 to %d, the blocks that follow", t.text, len(set))
		}
	}
	out := &node{op: opCount, n: n, text: p.textFrom(first)}
	for _, block := range set {
		out.kids = append(out.kids, &node{op: opBlock, block: block, other: noBlock, text: p.blocks[block]})
	}
	return out, nil
}

// set reads "them", "prefix*" or "(a, b, prefix*)" into distinct block indexes.
func (p *conditionParser) set() (set []int, err error) {
	t := p.take()
	if t.text == "them" {
		for i := range p.blocks {
			p.used[i] = true
			set = append(set, i)
		}
		return set, nil
	}
	if t.text != "(" {
		return p.member(t, nil)
	}
	for {
		if set, err = p.member(p.take(), set); err != nil {
			return nil, err
		}
		if p.accept(")") {
			return set, nil
		}
		if !p.accept(",") {
			return nil, p.unexpected(p.peek(), `"," or ")"`)
		}
	}
}

// member adds the blocks that t means: one name, or all that begin with "prefix*".
func (p *conditionParser) member(t conditionToken, set []int) ([]int, error) {
	prefix, isPrefix := strings.CutSuffix(t.text, "*")
	if !isPrefix {
		block, err := p.name(t)
		if err != nil {
			return nil, err
		}
		if slices.Contains(set, block) {
			return nil, p.errorf(t, "block %q stands twice in one set", t.text)
		}
		return append(set, block), nil
	}
	before := len(set)
	for i, name := range p.blocks {
		if strings.HasPrefix(name, prefix) && !slices.Contains(set, i) {
			p.used[i] = true
			set = append(set, i)
		}
	}
	if len(set) == before {
		return nil, p.errorf(t, "no further block begins with %q; the blocks are %s", prefix, strings.Join(p.blocks, ", "))
	}
	return set, nil
}

func (p *conditionParser) name(t conditionToken) (int, error) {
	if i := slices.Index(p.blocks, t.text); i >= 0 && t.text != "" {
		p.used[i] = true
		return i, nil
	}
	if t.text == "" || slices.Contains(reservedWords(), t.text) || strings.ContainsAny(t.text, "(),") {
		return 0, p.unexpected(t, "the name of a block")
	}
	if lower := strings.ToLower(t.text); lower != t.text && slices.Contains(reservedWords(), lower) {
		return 0, p.errorf(t, "write %s in lower case", lower)
	}
	return 0, p.errorf(t, "unknown block %q%s", t.text, cmp.Or(didYouMean(t.text, p.blocks), "; the blocks are "+strings.Join(p.blocks, ", ")))
}

// truth is Kleene's: a block whose regular expressions have not been run yet
// is maybe.
type truth uint8

const (
	no truth = iota
	maybe
	yes
)

// eval decides the condition. The callbacks know the page.
func (n *node) eval(block func(int) truth, near func(*node) truth) truth {
	switch n.op {
	case opBlock:
		return block(n.block)
	case opNear:
		return near(n)
	case opNot:
		return yes - n.kids[0].eval(block, near)
	}
	return n.join(func(kid *node) truth { return kid.eval(block, near) })
}

// evalSigned decides the condition for leaves, blocks and nears, of which some
// differ in truth behind an odd number of nots: for those, positive is false.
func (n *node) evalSigned(positive bool, leaf func(n *node, positive bool) truth) truth {
	switch n.op {
	case opBlock, opNear:
		return leaf(n, positive)
	case opNot:
		return yes - n.kids[0].evalSigned(!positive, leaf)
	}
	return n.join(func(kid *node) truth { return kid.evalSigned(positive, leaf) })
}

// join decides an and, an or and a count over the truth of its parts.
func (n *node) join(part func(*node) truth) truth {
	switch n.op {
	case opAnd:
		out := yes
		for _, kid := range n.kids {
			if out = min(out, part(kid)); out == no {
				break
			}
		}
		return out
	case opOr:
		out := no
		for _, kid := range n.kids {
			if out = max(out, part(kid)); out == yes {
				break
			}
		}
		return out
	}
	return n.count(part)
}

func (n *node) count(part func(*node) truth) truth {
	sure, possible := 0, 0
	for _, kid := range n.kids {
		switch part(kid) {
		case yes:
			sure++
			possible++
		case maybe:
			possible++
		}
	}
	switch {
	case sure >= n.n:
		return yes
	case possible >= n.n:
		return maybe
	}
	return no
}

// each calls f for the node and all below it.
func (n *node) each(f func(*node)) {
	f(n)
	for _, kid := range n.kids {
		kid.each(f)
	}
}

// cheapestFirst returns a copy whose parts stand in the order of their cost:
// blocks of terms, then blocks with regular expressions, then near.
func (n *node) cheapestFirst(blockCost func(int) int) (*node, int) {
	out, cost := *n, 0
	switch n.op {
	case opBlock:
		return &out, blockCost(n.block)
	case opNear:
		cost := 10 + blockCost(n.block)
		if n.other != noBlock {
			cost += blockCost(n.other)
		}
		for _, d := range n.away {
			cost += blockCost(d.block)
		}
		return &out, cost
	}
	type priced struct {
		n    *node
		cost int
	}
	kids := make([]priced, len(n.kids))
	for i, kid := range n.kids {
		c, price := kid.cheapestFirst(blockCost)
		kids[i] = priced{c, price}
		cost += price
	}
	slices.SortStableFunc(kids, func(x, y priced) int { return x.cost - y.cost })
	out.kids = make([]*node, len(kids))
	for i, k := range kids {
		out.kids[i] = k.n
	}
	return &out, cost
}
