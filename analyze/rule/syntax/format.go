package syntax

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/qianshao/qianshao/internal/strictyaml"
	"github.com/qianshao/qianshao/locales"
	"go.yaml.in/yaml/v3"
)

const (
	// formatWidth is the number of columns up to which a condition, or a mapping without lists,
	// stays on one line. A Chinese character takes two columns.
	formatWidth = 100
	// formatRounds bounds the rounds until formatting changes nothing. A second round is needed if
	// the library reads a comment back in another place.
	formatRounds = 4
)

// Format lays out a rule, a context, a pattern or a file of an overlay in the canonical way: keys
// in the order of the package comment, each entry of a list on its own line, quotes only where YAML
// needs them. Every comment stays with the line that it was written for, or Format returns an
// error. Formatting twice changes nothing. The error is an *Error without a file name. Format does
// not check the rule.
func Format(src []byte) ([]byte, error) {
	// The library takes \r\n below a comment for an empty line.
	src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
	f := &File{}
	root := f.document(src, locales.M("rule.what.rule"))
	if root == nil {
		return nil, NewError(f.Mistakes)
	}
	comments := commentsOf(root)
	if err := readAll(src, root, comments); err != nil {
		return nil, err
	}
	out := src
	for range formatRounds {
		laidOut, err := layOut(root)
		if err != nil {
			return nil, err
		}
		if bytes.Equal(out, laidOut) {
			return out, sameComments(comments, commentsOf(root))
		}
		again := (&File{}).document(laidOut, locales.M("rule.what.rule"))
		if again == nil || !sameValue(root, again) {
			return nil, refusedAt(1, "rule.format.meaning")
		}
		root, out = again, laidOut
	}
	return nil, refusedAt(1, "rule.format.no_place")
}

// sameValue compares two trees without their comments and styles.
func sameValue(a, b *yaml.Node) bool {
	isNull := a.Tag == "!!null" // however it is spelt
	return a.Kind == b.Kind && a.Tag == b.Tag && (isNull || a.Value == b.Value) && slices.EqualFunc(a.Content, b.Content, sameValue)
}

// layOut orders the keys of a document, chooses all styles, and encodes it.
func layOut(document *yaml.Node) ([]byte, error) {
	if err := arrange(document.Content[0], "", -1); err != nil {
		return nil, err
	}
	return strictyaml.Encode(document)
}

// arrange orders the keys of n and of all nodes below it, and chooses their styles. n is the value
// of key or an entry of its list, at the given depth.
func arrange(n *yaml.Node, key string, depth int) error {
	quoted := isQuoted(n)
	switch n.Style = 0; n.Kind {
	case yaml.ScalarNode:
		if quoted && (key == "terms" || key == "except") && (wordMistake(n.Value).Key != "" || strictyaml.QuoteSlip(n) != nil) {
			n.Style = yaml.DoubleQuotedStyle // without quotes it would be taken for two terms
		}
		if key == "condition" {
			n.Value = conditionLines(n.Value)
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			if err := arrange(item, key, depth+1); err != nil {
				return err
			}
			if isBlock(item) {
				moveComment(&item.LineComment, &item.HeadComment)
			}
		}
	case yaml.MappingNode:
		sortKeys(n, key)
		for i := 0; i < len(n.Content); i += 2 {
			k, value := n.Content[i], n.Content[i+1]
			if k.Kind != yaml.ScalarNode {
				return refusedAt(k.Line, "rule.key.word")
			}
			k.Style = 0
			if err := arrange(value, k.Value, depth+1); err != nil {
				return err
			}
			placeComment(k, value)
		}
		if depth >= 0 && key != "detection" && fitsOnLine(n, 2*depth+columns(key)+2) {
			n.Style = yaml.FlowStyle
		}
	}
	return nil
}

// keyOrder is the canonical order of the keys of all mappings except detections. The tests come
// after the detection of a rule and after the expressions of a pattern.
func keyOrder() []string {
	tests := len(ruleKeys()) - 1
	return slices.Concat([]string{"name"}, ruleKeys()[:tests], contextKeys(), blockKeys(), ruleKeys()[tests:], entryKeys(), testKeys(), allowKeys())
}

// sortKeys sorts the keys of a mapping, which is the value of key. Unknown keys come last. The
// blocks of a detection keep their order, before the condition.
func sortKeys(n *yaml.Node, key string) {
	order := keyOrder()
	if key == "detection" {
		order = nil
	}
	type field struct {
		rank       int
		key, value *yaml.Node
	}
	var fields []field
	for i := 0; i < len(n.Content); i += 2 {
		f := field{slices.Index(order, n.Content[i].Value), n.Content[i], n.Content[i+1]}
		if f.rank < 0 {
			f.rank = len(order)
			if f.key.Value == "condition" {
				f.rank++
			}
		}
		fields = append(fields, f)
	}
	slices.SortStableFunc(fields, func(x, y field) int { return cmp.Compare(x.rank, y.rank) })
	n.Content = n.Content[:0]
	for _, f := range fields {
		n.Content = append(n.Content, f.key, f.value)
	}
}

// fitsOnLine says whether a mapping fits on one line after used columns: it contains short texts,
// and neither lists nor comments.
func fitsOnLine(n *yaml.Node, used int) bool {
	for _, child := range n.Content {
		if child.Kind != yaml.ScalarNode || strings.Contains(child.Value, "\n") || child.HeadComment+child.LineComment+child.FootComment != "" {
			return false
		}
		used += columns(child.Value) + len(": ")
	}
	return used+len("{}")-len(", ") <= formatWidth
}

func columns(s string) (n int) {
	for _, r := range s {
		n++
		if r >= 0x2e80 {
			n++
		}
	}
	return n
}

// conditionLines reduces the white space of a condition. A long condition gets a line for each part
// of its outermost "or", or else of its outermost "and".
func conditionLines(condition string) string {
	words := strings.Fields(condition)
	line := strings.Join(words, " ")
	if columns(line) <= formatWidth {
		return line
	}
	for _, operator := range []string{"or", "and"} {
		var b strings.Builder
		depth, parts := 0, 1
		for i, word := range words {
			switch {
			case i == 0:
			case depth == 0 && word == operator:
				b.WriteByte('\n')
				parts++
			default:
				b.WriteByte(' ')
			}
			b.WriteString(word)
			depth += strings.Count(word, "(") - strings.Count(word, ")")
		}
		if parts > 1 {
			return b.String()
		}
	}
	return line
}
