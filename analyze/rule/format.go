package rule

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// formatWidth is the number of columns, a Chinese character counting two, up
// to which a list or a block stands on one line.
const formatWidth = 100

// formatRounds bounds the search for a layout that formats to itself: where a
// comment moves to another key, that takes a second round.
const formatRounds = 4

// Format lays a rule, a context or a file of an overlay out in the canonical way: keys in the order
// of the package comment, the condition behind its blocks, short lists on one
// line, quotes only where YAML needs them. Comments are kept. Formatting twice
// changes nothing. The error is a *LoadError without a file's name if src is
// not YAML of the right form; Format does not ask whether the rule is right.
func Format(src []byte) ([]byte, error) {
	s := &source{}
	root := s.documentNode(src, "rule")
	if root == nil {
		return nil, loadError(s.mistakes)
	}
	out := src
	for range formatRounds {
		before := out
		laidOut, err := layOut(root)
		if err != nil {
			return nil, err
		}
		if bytes.Equal(before, laidOut) {
			return out, sameComments(src, out)
		}
		again := (&source{}).documentNode(laidOut, "rule")
		if again == nil || !sameValue(canonical(root), canonical(again)) {
			return nil, errors.New("rule: this file cannot be laid out without changing its meaning; write its values more plainly")
		}
		root, out = again, laidOut
	}
	return nil, errors.New("rule: no lasting place for a comment; put each comment on a line of its own above what it speaks of")
}

// sameComments refuses a layout in which a comment line is lost.
func sameComments(src, out []byte) error {
	for i, line := range strings.Split(string(src), "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") && !bytes.Contains(out, []byte(line)) {
			return fmt.Errorf("rule: line %d: the comment %q would be lost; put it above a key", i+1, cut(line, 60))
		}
	}
	return nil
}

// canonical returns a copy of the tree with its keys in order and no comments.
func canonical(n *yaml.Node) *yaml.Node {
	out := &yaml.Node{Kind: n.Kind, Tag: n.Tag, Value: n.Value}
	if n.Tag == "!!null" {
		out.Value = "" // however it is spelt
	}
	for _, kid := range n.Content {
		out.Content = append(out.Content, canonical(kid))
	}
	if n.Kind == yaml.DocumentNode {
		sortKeys(out.Content[0], documentOrder(n.Content[0]))
	}
	return out
}

func sameValue(a, b *yaml.Node) bool {
	return a.Kind == b.Kind && a.Tag == b.Tag && a.Value == b.Value && slices.EqualFunc(a.Content, b.Content, sameValue)
}

// keyOrder is the order of a mapping's keys and of those inside its values.
type keyOrder struct {
	keys   []string
	within func(key string) *keyOrder
	open   bool // never on one line
}

func documentOrder(root *yaml.Node) *keyOrder {
	keys := slices.Concat(ruleKeys(), allowKeys())
	for i := 0; i < len(root.Content); i += 2 {
		if root.Content[i].Value == "lowers" || root.Content[i].Value == "name" {
			keys = contextKeys()
		}
	}
	return &keyOrder{keys: keys, open: true, within: func(key string) *keyOrder {
		switch key {
		case "detection":
			return &keyOrder{keys: nil, open: true, within: func(string) *keyOrder { return &keyOrder{keys: blockKeys()} }}
		case "tests":
			return &keyOrder{keys: testKeys(), open: true}
		case "hosts", "urls", "texts", "rules":
			return &keyOrder{keys: []string{"id", "host", "prefix", "text", "reason", "until", "rules"}, open: true}
		}
		return &keyOrder{}
	}}
}

func (o *keyOrder) of(key string) *keyOrder {
	if o.within == nil {
		return &keyOrder{}
	}
	return o.within(key)
}

// rank puts known keys first, in their order; the condition goes behind the blocks.
func (o *keyOrder) rank(key string) int {
	if i := slices.Index(o.keys, key); i >= 0 {
		return i
	}
	if key == "condition" {
		return len(o.keys) + 1
	}
	return len(o.keys)
}

func sortKeys(n *yaml.Node, order *keyOrder) {
	switch n.Kind {
	case yaml.SequenceNode:
		for _, item := range n.Content {
			sortKeys(item, &keyOrder{keys: order.keys})
		}
	case yaml.MappingNode:
		type pair struct{ key, value *yaml.Node }
		var pairs []pair
		for i := 0; i+1 < len(n.Content); i += 2 {
			pairs = append(pairs, pair{n.Content[i], n.Content[i+1]})
		}
		slices.SortStableFunc(pairs, func(x, y pair) int { return order.rank(x.key.Value) - order.rank(y.key.Value) })
		n.Content = n.Content[:0]
		for _, p := range pairs {
			sortKeys(p.value, order.of(p.key.Value))
			n.Content = append(n.Content, p.key, p.value)
		}
	}
}

// layout writes the canonical form.
type layout struct {
	out bytes.Buffer
	err error
}

func layOut(document *yaml.Node) ([]byte, error) {
	root := document.Content[0]
	order := documentOrder(root)
	sortKeys(root, order)
	l := &layout{}
	if comment := joinComments(document.HeadComment, root.HeadComment); comment != "" {
		l.comment(comment, 0)
		l.out.WriteByte('\n')
	}
	l.mapping(root, order, 0)
	if comment := joinComments(root.LineComment, root.FootComment, document.FootComment); comment != "" {
		l.blankLine()
		l.comment(comment, 0)
	}
	return append(bytes.TrimRight(l.out.Bytes(), "\n"), '\n'), l.err
}

func joinComments(comments ...string) string {
	comments = slices.DeleteFunc(comments, func(c string) bool { return strings.TrimSpace(c) == "" })
	return strings.Join(comments, "\n")
}

func (l *layout) indent(n int) { l.out.WriteString(strings.Repeat("  ", n)) }

func (l *layout) comment(text string, depth int) {
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			l.indent(depth)
			l.out.WriteString(line)
		}
		l.out.WriteByte('\n')
	}
}

// blankLine parts a comment behind an entry from the next entry.
func (l *layout) blankLine() {
	if l.out.Len() > 0 && !bytes.HasSuffix(l.out.Bytes(), []byte("\n\n")) {
		l.out.WriteByte('\n')
	}
}

func (l *layout) mapping(n *yaml.Node, order *keyOrder, depth int) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			l.err = fmt.Errorf("rule: line %d: a key should be a plain word", key.Line)
			return
		}
		if head := joinComments(key.HeadComment, value.HeadComment); head != "" {
			l.comment(head, depth)
		}
		l.indent(depth)
		l.out.WriteString(scalarText(key, true))
		l.out.WriteByte(':')
		l.value(value, order.of(key.Value), depth, joinComments(key.LineComment, value.LineComment), utf8.RuneCountInString(key.Value))
		l.foot(joinComments(value.FootComment, key.FootComment), depth)
	}
}

func (l *layout) foot(comment string, depth int) {
	if comment != "" {
		l.comment(comment, depth)
		l.out.WriteByte('\n')
	}
}

func (l *layout) sequence(n *yaml.Node, order *keyOrder, depth int) {
	for _, item := range n.Content {
		if item.HeadComment != "" {
			l.comment(item.HeadComment, depth)
		}
		l.indent(depth)
		l.out.WriteByte('-')
		l.item(item, &keyOrder{keys: order.keys}, depth)
		l.foot(item.FootComment, depth)
	}
}

// value writes what stands behind "key:".
func (l *layout) value(n *yaml.Node, order *keyOrder, depth int, lineComment string, used int) {
	if text, ok := l.inline(n, order, depth, used); ok {
		l.line(" "+text, lineComment)
		return
	}
	if n.Kind == yaml.ScalarNode && isWrapped(n.Value) {
		l.line(" >-", lineComment)
		l.wrapped(n.Value, depth+1)
		return
	}
	if n.Kind == yaml.ScalarNode {
		l.line(" "+literalHeader(n.Value), lineComment)
		l.literal(n.Value, depth+1)
		return
	}
	if lineComment == "" && isWordList(n) {
		l.filled(n, depth+1)
		return
	}
	l.line("", lineComment)
	if n.Kind == yaml.SequenceNode {
		l.sequence(n, order, depth+1)
	} else {
		l.mapping(n, order, depth+1)
	}
}

// item writes what stands behind "-". The keys of a mapping begin on the next
// line if it has comments, on the same line otherwise.
func (l *layout) item(n *yaml.Node, order *keyOrder, depth int) {
	if text, ok := l.inline(n, order, depth, 0); ok {
		l.line(" "+text, n.LineComment)
		return
	}
	if n.Kind != yaml.MappingNode || n.LineComment != "" || n.Content[0].HeadComment+n.Content[1].HeadComment != "" {
		l.value(n, order, depth, n.LineComment, 0)
		return
	}
	start := l.out.Len()
	l.mapping(n, order, depth+1)
	if l.err == nil { // the first key's indent gives way to "- "
		written := l.out.Bytes()[start:]
		copy(written, written[2*(depth+1)-1:])
		written[0] = ' '
		l.out.Truncate(l.out.Len() - 2*(depth+1) + 1)
	}
}

func (l *layout) line(text, comment string) {
	l.out.WriteString(text)
	if comment != "" {
		l.out.WriteByte(' ')
		l.out.WriteString(strings.Join(strings.Fields(comment), " "))
	}
	l.out.WriteByte('\n')
}

// inline returns n on one line, if it may and can stand there.
func (l *layout) inline(n *yaml.Node, order *keyOrder, depth, used int) (string, bool) {
	if n.Kind == yaml.ScalarNode {
		return scalarText(n, false), !isLiteral(n.Value) && !isWrapped(n.Value)
	}
	if len(n.Content) > 0 && (order.open || hasComment(n)) {
		return "", false
	}
	text, ok := flow(n)
	return text, ok && (len(n.Content) == 0 || 2*depth+used+2+columns(text) <= formatWidth)
}

// Lists of at least manyWords short texts fill lines instead of standing one below the other.
const (
	manyWords = 8
	wordWidth = 24 // columns
)

// isWordList is true for a long list of short words, which fills lines.
func isWordList(n *yaml.Node) bool {
	if n.Kind != yaml.SequenceNode || len(n.Content) < manyWords || hasComment(n) {
		return false
	}
	return !slices.ContainsFunc(n.Content, func(item *yaml.Node) bool {
		return item.Kind != yaml.ScalarNode || isLiteral(item.Value) || columns(item.Value) > wordWidth
	})
}

// filled writes a list behind its key, over as many lines as it needs.
func (l *layout) filled(n *yaml.Node, depth int) {
	l.out.WriteString("\n")
	l.indent(depth)
	l.out.WriteByte('[')
	at := 2*depth + 1
	for i, item := range n.Content {
		text := scalarText(item, true)
		if i < len(n.Content)-1 {
			text += ","
		}
		switch {
		case i == 0:
		case at+1+columns(text) > formatWidth:
			l.out.WriteByte('\n')
			l.indent(depth)
			l.out.WriteByte(' ')
			at = 2*depth + 1
		default:
			l.out.WriteByte(' ')
			at++
		}
		l.out.WriteString(text)
		at += columns(text)
	}
	l.out.WriteString("]\n")
}

func hasComment(n *yaml.Node) bool {
	return slices.ContainsFunc(n.Content, func(kid *yaml.Node) bool {
		return kid.HeadComment+kid.LineComment+kid.FootComment != "" || hasComment(kid)
	})
}

// flow returns n as [a, b] or {k: v}.
func flow(n *yaml.Node) (string, bool) {
	var parts []string
	for i, kid := range n.Content {
		text, ok := scalarText(kid, true), !isLiteral(kid.Value)
		if kid.Kind != yaml.ScalarNode {
			text, ok = flow(kid)
		}
		if !ok {
			return "", false
		}
		if n.Kind == yaml.MappingNode && i%2 == 1 {
			parts[len(parts)-1] += ": " + text
			continue
		}
		parts = append(parts, text)
	}
	joined := strings.Join(parts, ", ")
	if n.Kind == yaml.SequenceNode {
		return "[" + joined + "]", true
	}
	return "{" + joined + "}", true
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

// scalarText returns a scalar on one line: plain if that reads back the same.
func scalarText(n *yaml.Node, inFlow bool) string {
	const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	switch {
	case n.Style&quoted == 0 && n.Tag != "!!str" && n.Value != "":
		return n.Value // a number, a date, true
	case isPlain(n.Value, inFlow):
		return n.Value
	case n.Value == "" && n.Tag == "!!null":
		return "null"
	case strings.IndexFunc(n.Value, needsEscape) < 0:
		return "'" + strings.ReplaceAll(n.Value, "'", "''") + "'"
	}
	return doubleQuoted(n.Value)
}

// isPlain is careful: quotes where YAML could do without are no harm.
func isPlain(s string, inFlow bool) bool {
	if s == "" || strings.TrimSpace(s) != s || strings.ContainsAny(s[:1], "-?:,[]{}#&*!|>'\"%@`=~<.") ||
		strings.Contains(s, ": ") || strings.Contains(s, " #") || strings.HasSuffix(s, ":") ||
		inFlow && strings.ContainsAny(s, ",[]{}:'\"") || strings.IndexFunc(s, needsEscape) >= 0 {
		return false
	}
	if inFlow { // the library has its own mind about ? in there
		s = "[" + s + "]"
	}
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(s), &n); err != nil || len(n.Content) != 1 {
		return false
	}
	got := n.Content[0]
	if inFlow {
		if len(got.Content) != 1 {
			return false
		}
		got, s = got.Content[0], s[1:len(s)-1]
	}
	return got.Kind == yaml.ScalarNode && got.Tag == "!!str" && got.Value == s
}

func needsEscape(r rune) bool {
	return r == utf8.RuneError || r != ' ' && !unicode.IsPrint(r)
}

func doubleQuoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case needsEscape(r):
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// isLiteral is true for texts of several lines that read best as they are: |.
func isLiteral(s string) bool {
	if !strings.Contains(strings.TrimRight(s, "\n"), "\n") || s[0] == ' ' || s[0] == '\n' || strings.HasSuffix(s, "\n\n") {
		return false
	}
	for _, line := range strings.Split(s, "\n") {
		if strings.TrimRight(line, " ") != line || strings.IndexFunc(line, needsEscape) >= 0 {
			return false
		}
	}
	return true
}

// isWrapped is true for a long condition, which is folded (>-) over several lines.
func isWrapped(s string) bool {
	return len(s) > formatWidth && strings.Join(strings.Fields(s), " ") == s &&
		strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf || needsEscape(r) }) < 0
}

func (l *layout) wrapped(s string, depth int) {
	at := 0
	for _, word := range strings.Fields(s) {
		switch {
		case at == 0:
			l.indent(depth)
			at = 2 * depth
		case at+1+len(word) > formatWidth:
			l.out.WriteByte('\n')
			l.indent(depth)
			at = 2 * depth
		default:
			l.out.WriteByte(' ')
			at++
		}
		l.out.WriteString(word)
		at += len(word)
	}
	l.out.WriteByte('\n')
}

func literalHeader(s string) string {
	if strings.HasSuffix(s, "\n") {
		return "|"
	}
	return "|-"
}

func (l *layout) literal(s string, depth int) {
	for _, line := range strings.Split(strings.TrimSuffix(s, "\n"), "\n") {
		if line != "" {
			l.indent(depth)
			l.out.WriteString(line)
		}
		l.out.WriteByte('\n')
	}
}
