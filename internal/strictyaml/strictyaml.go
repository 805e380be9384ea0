// Package strictyaml reads the YAML that people write: rules, scope files, retention policies. The
// YAML library ignores unknown keys and second documents, expands aliases, and panics on some
// input. This package reports all of that with its place. Each caller has its own messages, except
// for the slips of a Chinese keyboard, which are the same in all files.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/qianshao/qianshao/locales"
)

// ErrEmpty means that a file has no document.
var ErrEmpty = errors.New("the file is empty")

// SyntaxError means that a file is not YAML.
type SyntaxError struct {
	Line    int    // from 1
	Message string // the library's message, without its prefix and the line
	Slips   []Slip // the likely reasons; may be empty
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// SecondDocumentError means that a file has more than one document.
type SecondDocumentError struct{ Line, Column int }

func (e *SecondDocumentError) Error() string { return e.In(locales.English) }

// In says it in a language.
func (e *SecondDocumentError) In(l locales.Lang) string { return l.Text("yaml.second", e.Line) }

// Parse reads the first document of a file. The error is ErrEmpty or a *SyntaxError, and root is
// then nil. rest says what is wrong with the text after the document: it is nil, a
// *SecondDocumentError or a *SyntaxError.
func Parse(src []byte) (root *yaml.Node, rest, err error) {
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	root = new(yaml.Node)
	if err := decode(decoder, root); errors.Is(err, io.EOF) {
		return nil, nil, ErrEmpty
	} else if err != nil {
		return nil, nil, syntaxError(src, err)
	}
	var second yaml.Node
	switch err := decode(decoder, &second); {
	case err == nil:
		rest = &SecondDocumentError{second.Line, second.Column}
	case !errors.Is(err, io.EOF):
		rest = syntaxError(src, err)
	}
	return root, rest, nil
}

// Decode reads a file's only document into a struct. An unknown key is an error. An empty file is
// not: it leaves the struct unchanged. Errors other than a *SecondDocumentError are the library's,
// without the names of our types.
func Decode(src []byte, into any) error {
	if !utf8.Valid(src) {
		return locales.Errorf(NotUTF8().Key)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	decoder.KnownFields(true)
	if err := decode(decoder, into); err != nil && !errors.Is(err, io.EOF) {
		return &decodeError{messageOf(err), Slips(src)}
	}
	var second yaml.Node
	if err := decode(decoder, &second); !errors.Is(err, io.EOF) {
		return &SecondDocumentError{second.Line, second.Column}
	}
	return nil
}

// messageOf returns the library's message about a file. It quotes the file's keys and values, which
// may have line ends.
func messageOf(err error) string {
	types := (*yaml.TypeError)(nil)
	if !errors.As(err, &types) {
		return locales.Escape(err.Error())
	}
	message := "yaml: unmarshal errors:"
	for _, e := range types.Errors {
		message += "\n  " + locales.Escape(e)
	}
	return message
}

// decodeError is the library's error about a file, with the likely reasons.
type decodeError struct {
	library string
	slips   []Slip
}

func (e *decodeError) Error() string { return e.In(locales.English) }

// phrases are the messages of the library that are known here, with the keys of our own.
var phrases = []struct {
	library *regexp.Regexp
	key     string
}{
	{regexp.MustCompile(`yaml: unmarshal errors:`), "yaml.phrase.errors"},
	{regexp.MustCompile(`\bline (\d+): `), "yaml.phrase.line"},
	{regexp.MustCompile(`(?m)field (.+) not found in type .*$`), "yaml.phrase.unknown"},
	{regexp.MustCompile(`(?m)cannot unmarshal (!!.*) into (\S+)$`), "yaml.phrase.type"},
}

// In says it in a language, as far as the library's messages are known.
func (e *decodeError) In(l locales.Lang) string {
	text := e.library
	for _, p := range phrases {
		text = p.library.ReplaceAllStringFunc(text, func(phrase string) string {
			var args []any
			for _, arg := range p.library.FindStringSubmatch(phrase)[1:] {
				args = append(args, arg)
			}
			return l.Text(p.key, args...)
		})
	}
	for _, s := range e.slips {
		text += "\n" + l.Text("yaml.slip", s.Line, s.Column, s.Message)
	}
	return text
}

// decode turns the library's panics into errors.
func decode(d *yaml.Decoder, into any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: %v", r)
		}
	}()
	return d.Decode(into)
}

// syntaxError splits the library's "yaml: line 3: did not find …".
func syntaxError(src []byte, err error) *SyntaxError {
	message, line := strings.TrimPrefix(err.Error(), "yaml: "), 0
	if m := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = message[len(m[0]):]
	}
	return &SyntaxError{max(line, 1), message, Slips(src)}
}

// Problem says what is wrong with a key of a mapping. Several of the reasons may apply.
type Problem struct {
	Key *yaml.Node
	// NotAWord means that the key is a list or a mapping.
	NotAWord bool
	// Unknown means that the key is not one of the known ones.
	Unknown bool
	// FirstLine is the line in which the key was first given, or 0 if this is the first time.
	FirstLine int
}

// Fields walks over a mapping in the order of the file. It calls field for each key that can be
// read, and problem for each other key. If known is nil, all keys are known.
func Fields(n *yaml.Node, known []string, field func(key, value *yaml.Node), problem func(Problem)) {
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		p := Problem{Key: key, NotAWord: key.Kind != yaml.ScalarNode, FirstLine: lines[key.Value]}
		p.Unknown = known != nil && !slices.Contains(known, key.Value)
		if !p.NotAWord && p.FirstLine == 0 {
			lines[key.Value] = key.Line
		}
		if p.NotAWord || p.Unknown || p.FirstLine > 0 {
			problem(p)
			continue
		}
		field(key, n.Content[i+1])
	}
}

// IsReference reports whether a node is an alias, or has an anchor, which an alias needs. They can
// make bombs, and files that do not mean what they seem to say.
func IsReference(n *yaml.Node) bool { return n.Kind == yaml.AliasNode || n.Anchor != "" }

// FirstExtra returns the first node, n or below it, that is a reference or has a tag of its own. It
// returns nil if there is none.
func FirstExtra(n *yaml.Node) *yaml.Node {
	if IsReference(n) || n.Style&yaml.TaggedStyle != 0 {
		return n
	}
	for _, child := range n.Content {
		if extra := FirstExtra(child); extra != nil {
			return extra
		}
	}
	return nil
}
