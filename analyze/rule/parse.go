package rule

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao/analyze/fold"
	"go.yaml.in/yaml/v3"
)

// Limits of a rule file. A rule is written and read by a person; what is
// larger is a mistake or an attack on the loader.
const (
	maxRuleFile = 256 << 10 // bytes; long lists of terms belong in lists/
	maxValue    = 20 << 10  // bytes of one text, a test's HTML included
	maxItems    = 2000      // entries of one list
	maxBlocks   = 64        // of one rule
)

// source is one YAML file on its way to a rule, and the mistakes in it.
type source struct {
	file     string
	mistakes []Mistake
	id       *yaml.Node // where the id or name stands

	folded fold.Text // buffers of parseTerm
	key    []byte
}

// text is a scalar with its place.
type text struct {
	value string
	node  *yaml.Node
}

// detectionSource is a detection as written.
type detectionSource struct {
	at        *yaml.Node
	blocks    []blockSource
	condition text
}

// blockSource is a block as written.
type blockSource struct {
	name, like                  text
	lists, terms, regex, except []text
	regions                     []text
	hidden, word, plain         *bool
	min, within                 int      // within is 0 if not given
	minChars, maxChars          int      // 0 if not given
	keys                        []string // that were given, right or wrong
}

func (s *source) at(line, column int, format string, args ...any) {
	s.mistakes = append(s.mistakes, Mistake{File: s.file, Line: line, Column: column, Message: fmt.Sprintf(format, args...)})
}

func (s *source) errorf(n *yaml.Node, format string, args ...any) {
	s.at(n.Line, n.Column, format, args...)
}

// base is the file's name without folder and extension.
func (s *source) base() string {
	return strings.TrimSuffix(path.Base(s.file), path.Ext(s.file))
}

// document reads the mapping that the file holds; nil after a mistake.
func (s *source) document(src []byte, what string) *yaml.Node {
	if root := s.documentNode(src, what); root != nil {
		return root.Content[0]
	}
	return nil
}

// documentNode reads the file's one YAML document, which has to hold a mapping.
func (s *source) documentNode(src []byte, what string) *yaml.Node {
	if len(src) > maxRuleFile {
		s.at(0, 0, "the file is larger than %d KiB; move terms into a word list under lists/", maxRuleFile>>10)
		return nil
	}
	if !utf8.Valid(src) {
		s.at(1+bytes.Count(src[:validPrefix(src)], []byte("\n")), 1, "not UTF-8; save the file as UTF-8")
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	root, err := decodeNode(decoder)
	if errors.Is(err, io.EOF) {
		s.at(1, 1, "the file is empty; a %s belongs in it", what)
		return nil
	}
	if err != nil {
		s.notYAML(err)
		return nil
	}
	if second, err := decodeNode(decoder); err == nil {
		s.at(second.Line, second.Column, "a second document; one file holds one %s, give the other its own file", what)
	} else if !errors.Is(err, io.EOF) {
		s.notYAML(err)
	}
	if root.Kind != yaml.DocumentNode || len(root.Content) != 1 || root.Content[0].Kind != yaml.MappingNode {
		s.at(1, 1, "the file should hold keys with values, as in \"title: …\"")
		return nil
	}
	if s.refuseExtras(root) {
		return nil
	}
	return root
}

func validPrefix(src []byte) int {
	n := 0
	for n < len(src) {
		r, size := utf8.DecodeRune(src[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n
}

// decodeNode shields us from the panics that the YAML library has for input
// that it does not understand.
func decodeNode(d *yaml.Decoder) (n *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: %v", r)
		}
	}()
	n = new(yaml.Node)
	if err := d.Decode(n); err != nil {
		return nil, err
	}
	return n, nil
}

// notYAML turns "yaml: line 3: did not find …" into a place and a message.
func (s *source) notYAML(err error) {
	message, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if m := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = message[len(m[0]):]
	}
	s.at(line, 1, "not YAML: %s; look for a missing quote, bracket or space behind a colon", message)
}

// refuseExtras keeps the language plain and alias bombs out: nothing here is
// ever expanded.
func (s *source) refuseExtras(n *yaml.Node) (refused bool) {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		s.errorf(n, "anchors and aliases (&, *) are not part of the rule language; write the value out, in quotes if it begins with & or *")
		return true
	}
	if n.Style&yaml.TaggedStyle != 0 {
		s.errorf(n, "tags (%s) are not part of the rule language; write the value alone, in quotes if it begins with !", n.Tag)
		return true
	}
	for _, kid := range n.Content {
		if s.refuseExtras(kid) {
			return true
		}
	}
	return false
}

// mapping calls set for each key of n. Keys outside known are mistakes, unless
// known is nil; so are keys given twice.
func (s *source) mapping(n *yaml.Node, what string, known []string, set func(key, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		s.errorf(n, "%s should hold keys with values: %s", what, cmp.Or(strings.Join(known, ", "), "block names and a condition"))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch line, twice := seen[key.Value]; {
		case key.Kind != yaml.ScalarNode:
			s.errorf(key, "a key should be a plain word")
			continue
		case twice:
			s.errorf(key, "key %q stands in line %d already", key.Value, line)
			continue
		case known != nil && !slices.Contains(known, key.Value):
			s.errorf(key, "unknown key %q in %s%s", key.Value, what, unknownKeyRemedy(key.Value, known))
			seen[key.Value] = key.Line
			continue
		}
		seen[key.Value] = key.Line
		set(key, value)
	}
}

func unknownKeyRemedy(key string, known []string) string {
	if key == "condition" && slices.Contains(known, "detection") {
		return "; it belongs inside detection"
	}
	return cmp.Or(didYouMean(key, known), "; known are "+strings.Join(known, ", "))
}

// scalar reads a text that is not empty.
func (s *source) scalar(n *yaml.Node, what string) text {
	value := strings.TrimSpace(n.Value)
	switch {
	case n.Kind != yaml.ScalarNode:
		s.errorf(n, "%s should be a text", what)
		value = ""
	case value == "" || n.Tag == "!!null" && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0:
		s.errorf(n, "%s is empty", what)
		value = ""
	case len(n.Value) > maxValue:
		s.errorf(n, "%s is longer than %d KiB", what, maxValue>>10)
		value = ""
	}
	return text{value, n}
}

// list reads a sequence of texts, at least one. What was wrong is left out.
func (s *source) list(n *yaml.Node, what string) (out []text) {
	switch {
	case n.Kind != yaml.SequenceNode:
		s.errorf(n, "%s should be a list: [%s]", what, cmp.Or(n.Value, "…"))
		return nil
	case len(n.Content) == 0:
		s.errorf(n, "%s is an empty list; fill it or remove it", what)
		return nil
	case len(n.Content) > maxItems:
		s.errorf(n, "%s has more than %d entries; move them into a word list under lists/", what, maxItems)
		return nil
	}
	seen := map[string]bool{}
	for _, item := range n.Content {
		t := s.scalar(item, "an entry of "+what)
		if t.value == "" {
			continue
		}
		if seen[t.value] {
			s.errorf(item, "%q stands twice in %s", t.value, what)
			continue
		}
		seen[t.value] = true
		out = append(out, t)
	}
	return out
}

func (s *source) bool(n *yaml.Node, what string) *bool {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		s.errorf(n, "%s should be true or false", what)
		return nil
	}
	value := strings.EqualFold(n.Value, "true")
	return &value
}

// number reads an integer between low and high; low after a mistake.
func (s *source) number(n *yaml.Node, what string, low, high int) int {
	value, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || value < low || value > high {
		s.errorf(n, "%s should be a number from %d to %d", what, low, high)
		return low
	}
	return value
}

// oneOf reads a text out of a closed list; empty after a mistake.
func (s *source) oneOf(n *yaml.Node, what string, allowed []string) string {
	t := s.scalar(n, what)
	if t.value != "" && !slices.Contains(allowed, t.value) {
		s.errorf(n, "%s %q is none of %s%s", what, t.value, strings.Join(allowed, ", "), didYouMean(t.value, allowed))
		return ""
	}
	return t.value
}

// detection reads the blocks and the condition.
func (s *source) detection(n *yaml.Node) detectionSource {
	out := detectionSource{at: n}
	if n.Kind == yaml.MappingNode && len(n.Content)/2 > maxBlocks {
		s.errorf(n, "more than %d blocks; make two rules of it", maxBlocks)
		return out
	}
	s.mapping(n, "detection", nil, func(key, value *yaml.Node) {
		if key.Value == "condition" {
			out.condition = s.scalar(value, "condition")
			return
		}
		b := s.block(key, value)
		s.takeOver(&b, out.blocks)
		out.blocks = append(out.blocks, b)
	})
	return out
}

// takeOver gives a block what it does not say itself and the one that it is like does.
func (s *source) takeOver(b *blockSource, earlier []blockSource) {
	if b.like.value == "" {
		return
	}
	i := slices.IndexFunc(earlier, func(e blockSource) bool { return e.name.value == b.like.value })
	if i < 0 {
		var names []string
		for _, e := range earlier {
			names = append(names, e.name.value)
		}
		s.errorf(b.like.node, "like of block %q: no block %q stands above it%s", b.name.value, b.like.value, didYouMean(b.like.value, names))
		b.keys = append(b.keys, "terms") // what is wrong has been said already
		return
	}
	own := *b
	*b = earlier[i]
	b.name, b.like, b.keys = own.name, own.like, append(slices.Clone(own.keys), b.keys...)
	for _, key := range own.keys {
		switch key {
		case "lists":
			b.lists = own.lists
		case "terms":
			b.terms = own.terms
		case "regex":
			b.regex = own.regex
		case "except":
			b.except = own.except
		case "regions":
			b.regions = own.regions
		case "hidden":
			b.hidden = own.hidden
		case "word":
			b.word = own.word
		case "plain":
			b.plain = own.plain
		case "min":
			b.min = own.min
		case "within":
			b.within = own.within
		case "min_chars":
			b.minChars = own.minChars
		case "max_chars":
			b.maxChars = own.maxChars
		}
	}
}

func blockKeys() []string {
	return []string{"like", "lists", "terms", "regex", "regions", "hidden", "min_chars", "max_chars", "word", "plain", "min", "within", "except"}
}

// has says whether one of the keys was given.
func (b blockSource) has(keys ...string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return slices.Contains(b.keys, key) })
}

// measuresOnly is true for a block that asks for a region's length and looks for nothing.
func (b blockSource) measuresOnly() bool {
	return !b.has("lists", "terms", "regex") && b.has("min_chars", "max_chars")
}

func (s *source) block(key, n *yaml.Node) blockSource {
	name := fmt.Sprintf("block %q", key.Value)
	b := blockSource{name: text{key.Value, key}, min: 1}
	if n.Kind != yaml.MappingNode {
		b.keys = []string{"terms"} // what is wrong has been said already
	}
	s.mapping(n, name, blockKeys(), func(k, v *yaml.Node) {
		what := k.Value + " of " + name
		b.keys = append(b.keys, k.Value)
		switch k.Value {
		case "like":
			b.like = s.scalar(v, what)
		case "lists":
			b.lists = s.list(v, what)
		case "terms":
			b.terms = s.list(v, what)
		case "regex":
			b.regex = s.list(v, what)
		case "except":
			b.except = s.list(v, what)
		case "regions":
			b.regions = s.list(v, what)
		case "hidden":
			b.hidden = s.bool(v, what)
		case "word":
			b.word = s.bool(v, what)
		case "plain":
			b.plain = s.bool(v, what)
		case "min":
			b.min = s.number(v, what, 1, maxMin)
		case "within":
			b.within = s.number(v, what, 1, maxNear)
		case "min_chars":
			b.minChars = s.number(v, what, 1, maxChars)
		case "max_chars":
			b.maxChars = s.number(v, what, 1, maxChars)
		}
	})
	return b
}
