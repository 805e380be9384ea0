package syntax

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/qianshao/qianshao/locales"
)

// Limits of a condition. A person has to be able to read it.
const (
	maxConditionLength = 2000 // bytes
	maxConditionDepth  = 32   // parentheses and nots inside each other
	maxDistance        = 1000 // characters; words further apart are not near each other
)

// Op is the kind of a part of a condition.
type Op uint8

// The kinds of parts.
const (
	OpBlock Op = iota // Block holds
	OpNear            // Block and Other have hits at most N characters apart, away from the blocks of Away
	OpAnd
	OpOr
	OpNot
	OpCount // at least N of Parts hold
)

// Condition is a condition, or a part of one.
type Condition struct {
	Op Op
	// Block and Other are indexes of the detection's blocks. Other is NoBlock in "a away/20 b".
	Block, Other int
	N            int
	// Away, in an OpNear, are the blocks that keep a hit of Block from counting.
	Away  []Distance
	Parts []*Condition
	// Text is the part as the author wrote it, with single spaces.
	Text string
}

// Distance is the "away/20 b" behind a block: N characters, and the index of b.
type Distance struct{ Block, N int }

// NoBlock is the value of Condition.Other if there is no second block.
const NoBlock = -1

// conditionError is a mistake in a condition; at is a byte offset.
type conditionError struct {
	at int
	locales.Message
}

func (e *conditionError) Error() string { return e.String() }

// parseCondition reads a condition over the named blocks and returns which of them it uses. The
// error is a *conditionError.
func parseCondition(src string, blocks []string) (root *Condition, used []bool, err error) {
	if len(src) > maxConditionLength {
		return nil, nil, &conditionError{0, locales.M("rule.condition.long", maxConditionLength)}
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
			return nil, nil, p.errorf(t, "rule.condition.case", lower)
		}
		return nil, nil, p.errorf(t, "rule.condition.not_expected", t.text)
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
			return &conditionError{i, locales.M("rule.condition.character", r, halfWidthHint(r))}
		}
	}
	return nil
}

// halfWidthHint says what to write instead of a character that Chinese keyboards type.
func halfWidthHint(r rune) locales.Message {
	switch {
	case strings.ContainsRune("（），、【】［］", r):
		return locales.M("rule.condition.brackets")
	case strings.ContainsRune("。；;.", r):
		return locales.M("rule.condition.full_stop")
	case strings.ContainsRune("和且与并或非不", r):
		return locales.M("rule.condition.words")
	case r >= '０' && r <= '９':
		return locales.M("rule.condition.digits")
	}
	return locales.Message{}
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

func (p *conditionParser) errorf(t conditionToken, key string, args ...any) error {
	return &conditionError{t.at, locales.M(key, args...)}
}

func (p *conditionParser) unexpected(t conditionToken, wanted locales.Message) error {
	if t.text == "" {
		return p.errorf(t, "rule.condition.ends", wanted)
	}
	return p.errorf(t, "rule.condition.expected", t.text, wanted)
}

// textFrom returns the source from the token with index first to the last one taken.
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

func (p *conditionParser) or(depth int) (*Condition, error) {
	return p.chain(depth, "or", OpOr, p.and)
}

func (p *conditionParser) and(depth int) (*Condition, error) {
	return p.chain(depth, "and", OpAnd, p.not)
}

func (p *conditionParser) chain(depth int, word string, o Op, part func(int) (*Condition, error)) (*Condition, error) {
	first := p.next
	n, err := part(depth)
	if err != nil {
		return nil, err
	}
	parts := []*Condition{n}
	for p.accept(word) {
		if n, err = part(depth); err != nil {
			return nil, err
		}
		parts = append(parts, n)
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return &Condition{Op: o, Parts: parts, Text: p.textFrom(first)}, nil
}

func (p *conditionParser) not(depth int) (*Condition, error) {
	first := p.next
	if depth > maxConditionDepth {
		return nil, p.errorf(p.peek(), "rule.condition.deep", maxConditionDepth)
	}
	if !p.accept("not") {
		return p.primary(depth)
	}
	n, err := p.not(depth + 1)
	if err != nil {
		return nil, err
	}
	return &Condition{Op: OpNot, Parts: []*Condition{n}, Text: p.textFrom(first)}, nil
}

func (p *conditionParser) primary(depth int) (*Condition, error) {
	first := p.next
	t := p.take()
	switch {
	case t.text == "(":
		n, err := p.or(depth + 1)
		if err != nil {
			return nil, err
		}
		if !p.accept(")") {
			return nil, p.unexpected(p.peek(), locales.M("rule.condition.sign", ")"))
		}
		return n, nil
	case t.text != "" && strings.Trim(t.text, "0123456789") == "", p.peek().text == "of":
		return p.count(t, first)
	}
	block, err := p.name(t)
	if err != nil {
		return nil, err
	}
	n := &Condition{Op: OpBlock, Block: block, Other: NoBlock, Text: t.text}
	if p.nextIs("near") {
		d, err := p.distance("near", block)
		if err != nil {
			return nil, err
		}
		n.Op, n.Other, n.N = OpNear, d.Block, d.N
	}
	for p.nextIs("away") {
		d, err := p.distance("away", block)
		if err != nil {
			return nil, err
		}
		n.Op, n.Away = OpNear, append(n.Away, d)
	}
	n.Text = p.textFrom(first)
	return n, nil
}

// nextIs says whether near/N or away/N follows, rather than a block whose name begins like that.
func (p *conditionParser) nextIs(word string) bool {
	return strings.HasPrefix(p.peek().text, word) && !slices.Contains(p.blocks, p.peek().text)
}

// distance reads the "near/20 b" or "away/20 b" behind a block.
func (p *conditionParser) distance(word string, from int) (d Distance, err error) {
	t := p.take()
	number, ok := strings.CutPrefix(t.text, word+"/")
	if d.N, err = strconv.Atoi(number); !ok || err != nil || d.N < 0 || d.N > maxDistance {
		return d, p.errorf(t, "rule.condition.distance", t.text, word, maxDistance)
	}
	next := p.take()
	if d.Block, err = p.name(next); err == nil && d.Block == from {
		err = p.errorf(next, "rule.condition.two_blocks", word)
	}
	return d, err
}

// count reads the "of (a, b)" behind the amount t.
func (p *conditionParser) count(t conditionToken, first int) (*Condition, error) {
	if !p.accept("of") {
		return nil, p.unexpected(p.peek(), locales.M("rule.condition.sign", "of"))
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
			return nil, p.errorf(t, "rule.condition.count", t.text, len(set))
		}
	}
	out := &Condition{Op: OpCount, N: n, Text: p.textFrom(first)}
	for _, block := range set {
		out.Parts = append(out.Parts, &Condition{Op: OpBlock, Block: block, Other: NoBlock, Text: p.blocks[block]})
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
			return nil, p.unexpected(p.peek(), locales.M("rule.condition.comma_or_close"))
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
			return nil, p.errorf(t, "rule.condition.twice", t.text)
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
		return nil, p.errorf(t, "rule.condition.prefix", prefix, locales.List(p.blocks))
	}
	return set, nil
}

func (p *conditionParser) name(t conditionToken) (int, error) {
	if i := slices.Index(p.blocks, t.text); i >= 0 && t.text != "" {
		p.used[i] = true
		return i, nil
	}
	if t.text == "" || slices.Contains(reservedWords(), t.text) || strings.ContainsAny(t.text, "(),") {
		return 0, p.unexpected(t, locales.M("rule.condition.block_name"))
	}
	if lower := strings.ToLower(t.text); lower != t.text && slices.Contains(reservedWords(), lower) {
		return 0, p.errorf(t, "rule.condition.case", lower)
	}
	return 0, p.errorf(t, "rule.condition.unknown", t.text, DidYouMean(t.text, p.blocks).Or(locales.M("rule.condition.blocks", locales.List(p.blocks))))
}
