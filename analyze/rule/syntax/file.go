package syntax

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/internal/strictyaml"
	"go.yaml.in/yaml/v3"
)

// Limits of a rule file. A rule is written and read by a person; a larger file is
// a mistake, or an attack on the loader.
const (
	maxFile  = 256 << 10 // bytes; long lists of terms belong in lists/
	maxValue = 20 << 10  // bytes of one text, a test's HTML included
	maxItems = 2000      // entries of one list
)

// File is one file of a rule set while it is read, and the mistakes found in it.
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

// IsSet says whether the file has the key that this text stands behind, even if its
// value was a mistake.
func (t Text) IsSet() bool { return t.node != nil }

// Values returns the values without their places.
func Values(list []Text) (out []string) {
	for _, t := range list {
		out = append(out, t.Value)
	}
	return out
}

// Errorf adds a mistake. The zero Place means the file as a whole.
func (f *File) Errorf(at Place, format string, args ...any) {
	f.Mistakes = append(f.Mistakes, f.MistakeAt(at, format, args...))
}

// MistakeAt returns a mistake in this file without adding it.
func (f *File) MistakeAt(at Place, format string, args ...any) Mistake {
	return Mistake{File: f.Name, Line: at.Line, Column: at.Column, Message: fmt.Sprintf(format, args...)}
}

func (f *File) errorf(n *yaml.Node, format string, args ...any) {
	f.Errorf(placeOf(n), format, args...)
}

func placeOf(n *yaml.Node) Place { return Place{n.Line, n.Column} }

// base is the file's name without folder and extension.
func (f *File) base() string {
	return strings.TrimSuffix(path.Base(f.Name), path.Ext(f.Name))
}

// mappingOf reads the mapping that the file holds; nil after a mistake.
func (f *File) mappingOf(src []byte, what string) *yaml.Node {
	if root := f.document(src, what); root != nil {
		return root.Content[0]
	}
	return nil
}

// document reads the file's only YAML document, which has to hold a mapping.
func (f *File) document(src []byte, what string) *yaml.Node {
	if len(src) > maxFile {
		f.Errorf(Place{}, "the file is larger than %d KiB; move terms into a word list under lists/", maxFile>>10)
		return nil
	}
	if !utf8.Valid(src) {
		f.Errorf(Place{1 + bytes.Count(src[:validPrefix(src)], []byte("\n")), 1}, strictyaml.NotUTF8().String())
		return nil
	}
	root, rest, err := strictyaml.Parse(src)
	if errors.Is(err, strictyaml.ErrEmpty) {
		f.Errorf(Place{1, 1}, "the file is empty; a %s belongs in it", what)
		return nil
	}
	if f.notYAML(err) {
		return nil
	}
	if second := (*strictyaml.SecondDocumentError)(nil); errors.As(rest, &second) {
		f.Errorf(Place{second.Line, second.Column}, "a second document; one file holds one %s, give the other its own file", what)
	}
	f.notYAML(rest)
	if root.Kind != yaml.DocumentNode || len(root.Content) != 1 || root.Content[0].Kind != yaml.MappingNode {
		if slips := strictyaml.Slips(src); len(slips) > 0 {
			f.slips(slips)
			return nil
		}
		f.Errorf(Place{1, 1}, "the file should hold keys with values, as in \"title: …\"")
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
	f.Errorf(Place{syntax.Line, 1}, "not YAML: %s; look for a missing quote, bracket or space behind a colon, and for a line indented unlike its neighbours（不是 YAML：看看是否少了引号、括号、冒号后的空格，或缩进没有对齐）", syntax.Message)
	return true
}

func (f *File) slips(slips []strictyaml.Slip) {
	for i := range slips {
		f.slip(&slips[i])
	}
}

// slip reports a slip and says whether there is one.
func (f *File) slip(s *strictyaml.Slip) bool {
	if s != nil {
		f.Errorf(Place{s.Line, s.Column}, "%s", s.Message)
	}
	return s != nil
}

// refuseExtras refuses anchors, aliases and tags, so that a rule means what it
// seems to say.
func (f *File) refuseExtras(root *yaml.Node) (refused bool) {
	n := strictyaml.FirstExtra(root)
	switch {
	case n == nil:
		return false
	case strictyaml.IsReference(n):
		f.errorf(n, "anchors and aliases (&, *) are not part of the rule language; write the value out, in quotes if it begins with & or *")
	default:
		f.errorf(n, "tags (%s) are not part of the rule language; write the value alone, in quotes if it begins with !", n.Tag)
	}
	return true
}

// mapping calls set for each key of n. Repeated keys are mistakes. So are keys
// that are not among the known ones, unless known is nil.
func (f *File) mapping(n *yaml.Node, what string, known []string, set func(key, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		f.errorf(n, "%s should hold keys with values: %s", what, cmp.Or(strings.Join(known, ", "), "block names and a condition"))
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
			f.errorf(p.Key, "a key should be a plain word")
		case p.FirstLine > 0:
			f.errorf(p.Key, "key %q stands in line %d already", p.Key.Value, p.FirstLine)
		default:
			f.errorf(p.Key, "unknown key %q in %s%s", p.Key.Value, what, unknownKeyRemedy(p.Key.Value, known))
		}
	})
}

func unknownKeyRemedy(key string, known []string) string {
	if key == "condition" && slices.Contains(known, "detection") {
		return "; it belongs inside detection"
	}
	return cmp.Or(DidYouMean(key, known), "; known are "+strings.Join(known, ", "))
}

func (f *File) requireKeys(root *yaml.Node, given map[string]*yaml.Node, keys ...string) {
	for _, key := range keys {
		if given[key] == nil {
			f.errorf(root, "%s is missing", key)
		}
	}
}

// entries calls read for each mapping of a list.
func (f *File) entries(n *yaml.Node, what string, read func(item *yaml.Node)) {
	switch {
	case n.Kind != yaml.SequenceNode:
		f.errorf(n, "%s should be a list: each entry begins with \"- \"", what)
		return
	case len(n.Content) > maxItems:
		f.errorf(n, "%s has more than %d entries", what, maxItems)
		return
	}
	for _, item := range n.Content {
		if item.Kind != yaml.MappingNode {
			f.errorf(item, "an entry of %s should hold keys with values, as in {…: …, reason: …}", what)
			continue
		}
		read(item)
	}
}

// scalar reads a text that is not empty; its value is empty after a mistake.
func (f *File) scalar(n *yaml.Node, what string) Text {
	value := strings.TrimSpace(n.Value)
	switch {
	case n.Kind != yaml.ScalarNode:
		f.errorf(n, "%s should be a text", what)
		value = ""
	case value == "" || n.Tag == "!!null" && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0:
		f.errorf(n, "%s is empty", what)
		value = ""
	case len(n.Value) > maxValue:
		f.errorf(n, "%s is longer than %d KiB", what, maxValue>>10)
		value = ""
	}
	return Text{value, placeOf(n), n}
}

// list reads a sequence of at least one text. It leaves out what is wrong.
func (f *File) list(n *yaml.Node, what string) (out []Text) {
	switch {
	case n.Kind != yaml.SequenceNode:
		f.errorf(n, "%s should be a list: %s", what, strictyaml.ListRemedy(cmp.Or(n.Value, "…")))
		return nil
	case len(n.Content) == 0:
		f.errorf(n, "%s is an empty list; fill it or remove it", what)
		return nil
	case len(n.Content) > maxItems:
		f.errorf(n, "%s has more than %d entries; move them into a word list under lists/", what, maxItems)
		return nil
	}
	seen := map[string]bool{}
	for _, item := range n.Content {
		if n.Style&yaml.FlowStyle != 0 && f.slip(strictyaml.CommaSlip(item)) { // an entry of its own line may be a sentence
			continue
		}
		t := f.scalar(item, "an entry of "+what)
		if t.Value == "" {
			continue
		}
		if seen[t.Value] {
			f.errorf(item, "%q stands twice in %s", t.Value, what)
			continue
		}
		seen[t.Value] = true
		out = append(out, t)
	}
	return out
}

// words reads a list of terms or names, which are no sentences: none begins with a
// full-width quote, and none looks like two.
func (f *File) words(n *yaml.Node, what string) []Text {
	list := f.list(n, what)
	return slices.DeleteFunc(list, func(t Text) bool {
		if f.slip(strictyaml.QuoteSlip(t.node)) {
			return true
		}
		message := wordMistake(t.Value)
		if message == "" || isQuoted(t.node) {
			return false
		}
		f.errorf(t.node, "%s: %s", what, message)
		return true
	})
}

// wordMistake explains an entry of words that is written in another program's way.
func wordMistake(value string) string {
	term, _, _ := strings.Cut(value, "|")
	return slip(strings.TrimSpace(term))
}

func isQuoted(n *yaml.Node) bool { return n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 }

func (f *File) bool(n *yaml.Node, what string) *bool {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		f.errorf(n, "%s should be true or false, in half-width letters without quotes（写 true 表示是，false 表示否）", what)
		return nil
	}
	value := strings.EqualFold(n.Value, "true")
	return &value
}

// number reads an integer from low to high; it returns low after a mistake.
func (f *File) number(n *yaml.Node, what string, low, high int) int {
	value, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || value < low || value > high {
		f.errorf(n, "%s should be a number from %d to %d%s", what, low, high, strictyaml.HalfWidth(n.Value))
		return low
	}
	return value
}

// oneOf reads a text out of a closed list; it returns "" after a mistake.
func (f *File) oneOf(n *yaml.Node, what string, allowed []string) string {
	t := f.scalar(n, what)
	if t.Value != "" && !slices.Contains(allowed, t.Value) {
		f.errorf(n, "%s %q should be one of %s%s（写其中一个）", what, t.Value, strings.Join(allowed, ", "), DidYouMean(t.Value, allowed))
		return ""
	}
	return t.Value
}

// date reads a day; its value is empty after a mistake.
func (f *File) date(n *yaml.Node, key string) Text {
	t := f.scalar(n, key)
	if t.Value == "" {
		return t
	}
	if _, err := time.Parse(time.DateOnly, t.Value); err != nil {
		f.errorf(n, "%s %q should be a day written YYYY-MM-DD%s", key, t.Value, strictyaml.HalfWidth(t.Value))
		t.Value = ""
	}
	return t
}

// name reads an id or a context's name, which has to be the file's name too.
func (f *File) name(n *yaml.Node, key string, isName func(string) bool, inWords string) Text {
	t := f.scalar(n, key)
	switch {
	case t.Value == "":
	case !isName(t.Value):
		f.errorf(n, "%s %q should be made of %s", key, t.Value, inWords)
	case t.Value != f.base():
		f.errorf(n, "%s %q differs from the file's name %q; make them one", key, t.Value, f.base())
	}
	return t
}

// Cut shortens s to at most n bytes, at a character's end.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
