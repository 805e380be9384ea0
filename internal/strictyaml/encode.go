package strictyaml

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// Encode writes a document with the library's encoder, but so that a reader sees what is there. The
// library escapes characters beyond U+FFFF ("\U0001F9E7") and writes invisible ones as they are.
// Encode does the opposite, with private use characters as stand-ins for both in the meantime.
func Encode(document *yaml.Node) ([]byte, error) {
	taken := map[rune]bool{}
	each(document, func(n *yaml.Node) {
		for _, r := range n.Value + n.HeadComment + n.LineComment + n.FootComment {
			taken[r] = true
		}
	})
	standIn := rune(0xe000) // the first character for private use
	var hide, show []string // pairs of old and new
	for r := range taken {
		if r <= 0xffff && !isInvisible(r) {
			continue
		}
		for taken[standIn] {
			standIn++
		}
		shown := string(r)
		if isInvisible(r) {
			shown = fmt.Sprintf(`\U%08X`, r)
		}
		hide, show = append(hide, string(r), string(standIn)), append(show, string(standIn), shown)
		standIn++
	}
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(withValues(document, strings.NewReplacer(hide...))); err != nil {
		return nil, err
	}
	return []byte(strings.NewReplacer(show...).Replace(b.String())), nil
}

func each(n *yaml.Node, f func(*yaml.Node)) {
	f(n)
	for _, child := range n.Content {
		each(child, f)
	}
}

// withValues returns a copy of a tree with its values replaced. Values with invisible characters
// get double quotes, because escapes work only there.
func withValues(n *yaml.Node, replace *strings.Replacer) *yaml.Node {
	out := *n
	if strings.ContainsFunc(n.Value, isInvisible) {
		out.Style = yaml.DoubleQuotedStyle
	}
	out.Value, out.Content = replace.Replace(n.Value), nil
	for _, child := range n.Content {
		out.Content = append(out.Content, withValues(child, replace))
	}
	return &out
}

func isInvisible(r rune) bool { return r > unicode.MaxASCII && !unicode.IsPrint(r) }
