package syntax

import (
	"bytes"
	"cmp"
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/internal/spelling"
	"github.com/qianshao/qianshao/internal/strictyaml"
	"github.com/qianshao/qianshao/locales"
	"go.yaml.in/yaml/v3"
)

// Limits of a rule file. A person writes and reads a rule; a larger file is a mistake, or an attack
// on the loader.
const (
	maxFile  = 256 << 10 // bytes; long lists of terms belong in lists/
	maxValue = 20 << 10  // bytes of one text, a test's HTML included
	maxItems = 2000      // entries of one list
)

// File is one file of a rule set while it is being read, with the mistakes found in it.
type File struct {
	Name     string // as messages show it
	Mistakes []Mistake

	folded fold.Text // buffers of Fold
	key    []byte
}

// Place is where something is written. Both numbers count from 1, Column in characters.
type Place struct{ Line, Column int }

// Text is a value and its place.
type Text struct {
	Value string
	Place
	node *yaml.Node
}

// IsSet says whether the file has the key of this text, even if its value was a mistake.
func (t Text) IsSet() bool { return t.node != nil }

// Values returns the values without their places.
func Values(list []Text) (out []string) {
	for _, t := range list {
		out = append(out, t.Value)
	}
	return out
}

// Errorf adds a mistake. The zero Place means the file as a whole.
func (f *File) Errorf(at Place, key string, args ...any) { f.Add(at, locales.M(key, args...)) }

// Add adds a mistake with a given message.
func (f *File) Add(at Place, message locales.Message) {
	f.Mistakes = append(f.Mistakes, f.MistakeAt(at, message))
}

// MistakeAt returns a mistake in this file without adding it.
func (f *File) MistakeAt(at Place, message locales.Message) Mistake {
	return Mistake{File: f.Name, Line: at.Line, Column: at.Column, Message: message}
}

func (f *File) errorf(n *yaml.Node, key string, args ...any) {
	f.Errorf(placeOf(n), key, args...)
}

func placeOf(n *yaml.Node) Place { return Place{n.Line, n.Column} }

// base is the file's name without folder and extension.
func (f *File) base() string {
	return strings.TrimSuffix(path.Base(f.Name), path.Ext(f.Name))
}

// mappingOf reads the mapping that the file contains; it returns nil after a mistake.
func (f *File) mappingOf(src []byte, what locales.Message) *yaml.Node {
	if root := f.document(src, what); root != nil {
		return root.Content[0]
	}
	return nil
}

// document reads the file's only YAML document, which has to be a mapping. In messages, what says
// what the file should be, such as a rule.
func (f *File) document(src []byte, what locales.Message) *yaml.Node {
	if len(src) > maxFile {
		f.Errorf(Place{}, "rule.file.large", maxFile>>10)
		return nil
	}
	if !utf8.Valid(src) {
		f.Add(Place{1 + bytes.Count(src[:validPrefix(src)], []byte("\n")), 1}, strictyaml.NotUTF8())
		return nil
	}
	root, rest, err := strictyaml.Parse(src)
	if errors.Is(err, strictyaml.ErrEmpty) {
		f.Errorf(Place{1, 1}, "rule.file.empty", what)
		return nil
	}
	if f.notYAML(err) {
		return nil
	}
	if second := (*strictyaml.SecondDocumentError)(nil); errors.As(rest, &second) {
		f.Errorf(Place{second.Line, second.Column}, "rule.file.second")
	}
	f.notYAML(rest)
	if root.Kind != yaml.DocumentNode || len(root.Content) != 1 || root.Content[0].Kind != yaml.MappingNode {
		if slips := strictyaml.Slips(src); len(slips) > 0 {
			f.slips(slips)
			return nil
		}
		f.Errorf(Place{1, 1}, "rule.file.mapping")
		return nil
	}
	if f.refuseExtras(root) {
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

// notYAML reports a syntax error of YAML, and says whether err is one.
func (f *File) notYAML(err error) bool {
	syntax := (*strictyaml.SyntaxError)(nil)
	if !errors.As(err, &syntax) {
		return false
	}
	if len(syntax.Slips) > 0 {
		f.slips(syntax.Slips)
		return true
	}
	f.Errorf(Place{syntax.Line, 1}, "rule.file.not_yaml")
	return true
}

func (f *File) slips(slips []strictyaml.Slip) {
	for i := range slips {
		f.slip(&slips[i])
	}
}

// slip reports a slip, if there is one, and says whether there is.
func (f *File) slip(s *strictyaml.Slip) bool {
	if s != nil {
		f.Add(Place{s.Line, s.Column}, s.Message)
	}
	return s != nil
}

// refuseExtras refuses anchors, aliases and tags, so that a rule means what it seems to mean.
func (f *File) refuseExtras(root *yaml.Node) (refused bool) {
	n := strictyaml.FirstExtra(root)
	switch {
	case n == nil:
		return false
	case strictyaml.IsReference(n):
		f.errorf(n, "rule.file.reference")
	default:
		f.errorf(n, "rule.file.tag", n.Tag)
	}
	return true
}

// mapping calls set for each key of n. Repeated keys are mistakes, and so are unknown keys, unless
// known is nil.
func (f *File) mapping(n *yaml.Node, what any, known []string, set func(key, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		keys := any(locales.List(known))
		if known == nil {
			keys = locales.M("rule.key.blocks")
		}
		f.errorf(n, "rule.key.mapping", what, keys)
		return
	}
	field := func(key, value *yaml.Node) {
		f.slip(strictyaml.ValueSlip(n, value, known))
		set(key, value)
	}
	strictyaml.Fields(n, known, field, func(p strictyaml.Problem) {
		switch {
		case f.slip(strictyaml.KeySlip(p.Key)):
		case p.NotAWord:
			f.errorf(p.Key, "rule.key.word")
		case p.FirstLine > 0:
			f.errorf(p.Key, "rule.key.twice", p.Key.Value, p.FirstLine)
		default:
			f.errorf(p.Key, "rule.key.unknown", p.Key.Value, what, unknownKeyRemedy(p.Key.Value, known))
		}
	})
}

func unknownKeyRemedy(key string, known []string) locales.Message {
	if key == "condition" && slices.Contains(known, "detection") {
		return locales.M("rule.key.in_detection")
	}
	return DidYouMean(key, known).Or(locales.M("rule.key.known", locales.List(known)))
}

// requireKeys reports the keys that are missing, except one whose mistyped name has been reported
// as unknown.
func (f *File) requireKeys(root *yaml.Node, given map[string]*yaml.Node, keys ...string) {
	missing := slices.DeleteFunc(keys, func(key string) bool { return given[key] != nil })
	mistyped := map[string]bool{}
	for i := 0; i < len(root.Content); i += 2 {
		if name := root.Content[i].Value; given[name] == nil {
			mistyped[spelling.Nearest(name, missing)] = true
		}
	}
	for _, key := range missing {
		if !mistyped[key] {
			f.errorf(root, "rule.key.missing", key)
		}
	}
}

// entries calls read for each mapping of a list.
func (f *File) entries(n *yaml.Node, what any, read func(item *yaml.Node)) {
	switch {
	case n.Kind != yaml.SequenceNode:
		f.errorf(n, "rule.value.entries", what)
		return
	case len(n.Content) > maxItems:
		f.errorf(n, "rule.value.list_long", what, maxItems)
		return
	}
	for _, item := range n.Content {
		if item.Kind != yaml.MappingNode {
			f.errorf(item, "rule.value.mapping", what)
			continue
		}
		read(item)
	}
}

// scalar reads a text that is not empty; the value is empty after a mistake.
func (f *File) scalar(n *yaml.Node, what any) Text {
	value := strings.TrimSpace(n.Value)
	switch {
	case n.Kind != yaml.ScalarNode:
		f.errorf(n, "rule.value.text", what)
		value = ""
	case value == "" || n.Tag == "!!null" && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0:
		f.errorf(n, "rule.value.empty", what)
		value = ""
	case len(n.Value) > maxValue:
		f.errorf(n, "rule.value.long", what, maxValue>>10)
		value = ""
	}
	return Text{value, placeOf(n), n}
}

// list reads a sequence of at least one text. It leaves out entries with mistakes.
func (f *File) list(n *yaml.Node, what any) (out []Text) {
	switch {
	case n.Kind == yaml.SequenceNode && len(n.Content) == 0, n.Tag == "!!null":
		f.errorf(n, "rule.value.list_empty", what)
		return nil
	case n.Kind != yaml.SequenceNode:
		f.errorf(n, "rule.value.list", what, strictyaml.ListRemedy(cmp.Or(n.Value, "…")))
		return nil
	case len(n.Content) > maxItems:
		f.errorf(n, "rule.value.list_to_file", what, maxItems)
		return nil
	}
	seen, entry := map[string]bool{}, any(locales.M("rule.what.entry", what)) // once for all entries
	for _, item := range n.Content {
		if n.Style&yaml.FlowStyle != 0 && f.slip(strictyaml.CommaSlip(item)) { // an entry on its own line may be a sentence
			continue
		}
		t := f.scalar(item, entry)
		if t.Value == "" {
			continue
		}
		if seen[t.Value] {
			f.errorf(item, "rule.value.twice", t.Value, what)
			continue
		}
		seen[t.Value] = true
		out = append(out, t)
	}
	return out
}

// words reads a list of terms or names. These are not sentences, so none may begin with a
// full-width quote or look like two.
func (f *File) words(n *yaml.Node, what any) []Text {
	list := f.list(n, what)
	return slices.DeleteFunc(list, func(t Text) bool {
		if f.slip(strictyaml.QuoteSlip(t.node)) {
			return true
		}
		message := wordMistake(t.Value)
		if message.Key == "" || isQuoted(t.node) {
			return false
		}
		f.errorf(t.node, "rule.of", what, message)
		return true
	})
}

// wordMistake explains an entry that is written in the syntax of another program.
func wordMistake(value string) locales.Message {
	term, _, _ := strings.Cut(value, "|")
	return slip(strings.TrimSpace(term))
}

func isQuoted(n *yaml.Node) bool { return n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 }

func (f *File) bool(n *yaml.Node, what any) *bool {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		f.errorf(n, "rule.value.bool", what)
		return nil
	}
	value := strings.EqualFold(n.Value, "true")
	return &value
}

// number reads an integer from low to high; it returns low after a mistake.
func (f *File) number(n *yaml.Node, what any, low, high int) int {
	value, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || value < low || value > high {
		f.errorf(n, "rule.value.number", what, low, high, strictyaml.HalfWidth(n.Value))
		return low
	}
	return value
}

// oneOf reads a text from a closed list; it returns "" after a mistake.
func (f *File) oneOf(n *yaml.Node, what string, allowed []string) string {
	t := f.scalar(n, what)
	if t.Value != "" && !slices.Contains(allowed, t.Value) {
		f.errorf(n, "rule.value.one_of", what, t.Value, meant{what + ".", allowed}, DidYouMean(t.Value, allowed))
		return ""
	}
	return t.Value
}

// date reads a day; the value is empty after a mistake.
func (f *File) date(n *yaml.Node, key string) Text {
	t := f.scalar(n, key)
	if t.Value == "" {
		return t
	}
	if _, err := time.Parse(time.DateOnly, t.Value); err != nil {
		f.errorf(n, "rule.value.day", key, t.Value, strictyaml.HalfWidth(t.Value))
		t.Value = ""
	}
	return t
}

// name reads an id or a context's name, which has to be the file's name as well.
func (f *File) name(n *yaml.Node, key string, isName func(string) bool, madeOf locales.Message) Text {
	t := f.scalar(n, key)
	switch {
	case t.Value == "":
	case !isName(t.Value):
		f.errorf(n, "rule.name.form", key, t.Value, madeOf)
	case t.Value != f.base():
		f.errorf(n, "rule.name.differs", key, t.Value, f.base())
	}
	return t
}

// Cut shortens s to at most n bytes, without cutting a character.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
