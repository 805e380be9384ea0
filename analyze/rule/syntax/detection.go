package syntax

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
	"go.yaml.in/yaml/v3"
)

// Limits of a detection.
const (
	maxBlocks = 64      // of one rule
	maxMin    = 1000    // the greatest sum of weights that a block may ask for
	maxChars  = 100_000 // characters; a longer region is not a message
)

// Detection is the detection of a rule or a context as written.
type Detection struct {
	Blocks    []Block
	Condition Text
	node      *yaml.Node // nil if it was not read
}

// Block is one block of a detection as written, together with what it inherits through "like".
type Block struct {
	Name, Like                  Text
	Lists, Terms, Regex, Except []Text
	Patterns                    []Text // names of files in patterns/
	Regions                     []Text
	Hidden, Word, Plain         *bool
	Unbounded                   Text  // why short terms count inside words; not set if they do not
	Grade                       Grade // of the block's terms and expressions; 0 if each has its own
	Min                         int   // 1 if not given
	Within                      int   // 0 if not given
	MinChars, MaxChars          int   // 0 if not given

	keys []string // the keys that were given, with or without mistakes
}

// BlockNames returns the names of the blocks in the order of the file.
func (d Detection) BlockNames() []string {
	names := make([]string, 0, len(d.Blocks))
	for _, b := range d.Blocks {
		names = append(names, b.Name.Value)
	}
	return names
}

func blockKeys() []string {
	return []string{"like", "lists", "patterns", "terms", "regex", "regions", "hidden", "min_chars", "max_chars", "word", "unbounded", "plain", "min", "within", "grade", "except"}
}

// sources are the keys that say what a block looks for.
func sources() []string { return []string{"lists", "patterns", "terms", "regex"} }

// has says whether one of the keys was given.
func (b Block) has(keys ...string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return slices.Contains(b.keys, key) })
}

// LengthOnly is true for a block that asks for a region's length and looks for nothing.
func (b Block) LengthOnly() bool {
	return !b.has(sources()...) && b.has("min_chars", "max_chars")
}

// detection reads the blocks and the condition.
func (f *File) detection(n *yaml.Node) Detection {
	out := Detection{node: n}
	if n.Kind == yaml.MappingNode && blocksIn(n) > maxBlocks {
		f.errorf(n, "rule.block.many", maxBlocks)
		return Detection{}
	}
	f.mapping(n, "detection", nil, func(key, value *yaml.Node) {
		if key.Value == "condition" {
			out.Condition = f.scalar(value, "condition")
			return
		}
		b := f.block(key, value)
		f.inherit(&b, out.Blocks)
		out.Blocks = append(out.Blocks, b)
	})
	return out
}

// blocksIn counts the blocks of a detection, which are all keys but the condition.
func blocksIn(detection *yaml.Node) int {
	n := 0
	for i := 0; i < len(detection.Content); i += 2 {
		if detection.Content[i].Value != "condition" {
			n++
		}
	}
	return n
}

func (f *File) block(key, n *yaml.Node) Block {
	b := Block{Name: Text{key.Value, placeOf(key), key}, Min: 1}
	if n.Kind != yaml.MappingNode {
		b.keys = []string{"terms"} // mapping reports the mistake; nothing else should
	}
	f.mapping(n, locales.M("rule.what.block", key.Value), blockKeys(), func(k, v *yaml.Node) {
		what := locales.M("rule.what.of_block", k.Value, key.Value)
		b.keys = append(b.keys, k.Value)
		switch k.Value {
		case "like":
			b.Like = f.scalar(v, what)
		case "lists":
			b.Lists = f.words(v, what)
		case "patterns":
			b.Patterns = f.words(v, what)
		case "terms":
			b.Terms = f.words(v, what)
		case "regex":
			b.Regex = f.list(v, what)
		case "except":
			b.Except = f.words(v, what)
		case "regions":
			b.Regions = f.words(v, what)
		case "hidden":
			b.Hidden = f.bool(v, what)
		case "word":
			b.Word = f.bool(v, what)
		case "unbounded":
			b.Unbounded = f.scalar(v, what)
		case "plain":
			b.Plain = f.bool(v, what)
		case "min":
			b.Min = f.number(v, what, 1, maxMin)
		case "grade":
			b.Grade = f.grade(v, what)
		case "within":
			b.Within = f.number(v, what, 1, maxDistance)
		case "min_chars":
			b.MinChars = f.number(v, what, 1, maxChars)
		case "max_chars":
			b.MaxChars = f.number(v, what, 1, maxChars)
		}
	})
	return b
}

func (f *File) grade(n *yaml.Node, what any) Grade {
	name := f.scalar(n, what)
	if !name.IsSet() {
		return 0
	}
	g, message := gradeOf(name.Value)
	if message.Key != "" {
		f.Errorf(name.Place, "rule.of", what, message)
	}
	return g
}

// inherit gives a block the keys that it lacks and that the block named by its "like" has.
func (f *File) inherit(b *Block, earlier []Block) {
	if b.Like.Value == "" {
		return
	}
	i := slices.IndexFunc(earlier, func(e Block) bool { return e.Name.Value == b.Like.Value })
	if i < 0 {
		f.Errorf(b.Like.Place, "rule.block.like", b.Name.Value, b.Like.Value, DidYouMean(b.Like.Value, Detection{Blocks: earlier}.BlockNames()))
		b.keys = append(b.keys, "terms") // so that the block is not also reported for looking for nothing
		return
	}
	own := *b
	*b = earlier[i]
	b.Name, b.Like, b.keys = own.Name, own.Like, append(slices.Clone(own.keys), b.keys...)
	for _, key := range own.keys {
		switch key {
		case "lists":
			b.Lists = own.Lists
		case "patterns":
			b.Patterns = own.Patterns
		case "terms":
			b.Terms = own.Terms
		case "regex":
			b.Regex = own.Regex
		case "except":
			b.Except = own.Except
		case "regions":
			b.Regions = own.Regions
		case "hidden":
			b.Hidden = own.Hidden
		case "word":
			b.Word = own.Word
		case "unbounded":
			b.Unbounded = own.Unbounded
		case "plain":
			b.Plain = own.Plain
		case "grade":
			b.Grade = own.Grade
		case "min":
			b.Min = own.Min
		case "within":
			b.Within = own.Within
		case "min_chars":
			b.MinChars = own.MinChars
		case "max_chars":
			b.MaxChars = own.MaxChars
		}
	}
}

// checkDetection checks what can be checked without the word lists.
func (f *File) checkDetection(d Detection) {
	if d.node == nil {
		return // it has too many blocks, which were not read
	}
	isMapping := d.node.Kind == yaml.MappingNode
	if len(d.Blocks) == 0 && isMapping {
		f.errorf(d.node, "rule.block.none")
	}
	for _, b := range d.Blocks {
		f.checkBlock(b)
	}
	if !d.Condition.IsSet() && isMapping {
		f.errorf(d.node, "rule.condition.missing")
	}
}

func (f *File) checkBlock(b Block) {
	at, name := b.Name.Place, b.Name.Value
	if !isBlockName(name) {
		f.Errorf(at, "rule.block.name", name, locales.List(reservedWords()))
	}
	switch {
	case b.LengthOnly() && b.has("min", "within", "word", "plain", "except"):
		f.Errorf(at, "rule.block.length_alone", name)
	case !b.has(sources()...) && !b.LengthOnly():
		f.Errorf(at, "rule.block.nothing", name)
	}
	if b.Within > 0 && b.Min < 2 {
		f.Errorf(at, "rule.block.within", name)
	}
	if b.MinChars > 0 && b.MaxChars > 0 && b.MinChars > b.MaxChars {
		f.Errorf(at, "rule.block.chars", name, b.MinChars, b.MaxChars)
	}
	var kinds locales.List
	for _, k := range qianshao.RegionKinds() {
		kinds = append(kinds, string(k))
	}
	for _, region := range b.Regions {
		if !slices.Contains(kinds, region.Value) {
			f.Errorf(region.Place, "rule.block.region", region.Value, kinds, DidYouMean(region.Value, kinds))
		}
	}
}

// isBlockName is true for names that can be written in a condition.
func isBlockName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (i == 0 || (c < '0' || c > '9') && c != '_' && c != '-') {
			return false
		}
	}
	return s != "" && !slices.Contains(reservedWords(), s)
}

// ParseCondition parses the condition of a detection over its blocks. It reports a mistake at the
// character, or at the condition as a whole if that is a YAML block or has several lines; root is
// then nil. used says which of the blocks the condition names.
func (f *File) ParseCondition(d Detection) (root *Condition, used []bool) {
	root, used, err := parseCondition(d.Condition.Value, d.BlockNames())
	if err == nil {
		return root, used
	}
	n, offset := d.Condition.node, 0
	if syntax := (*conditionError)(nil); errors.As(err, &syntax) {
		offset = syntax.at
	}
	column := utf8.RuneCountInString(d.Condition.Value[:min(offset, len(d.Condition.Value))])
	message := locales.M("rule.condition", err, column+1)
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 || strings.Contains(n.Value, "\n"):
		f.Add(placeOf(n), message)
		return nil, nil
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		column++
	}
	leading := len(n.Value) - len(strings.TrimLeft(n.Value, " \t"))
	f.Add(Place{n.Line, n.Column + leading + column}, message)
	return nil, nil
}
