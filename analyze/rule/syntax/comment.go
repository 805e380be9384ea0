package syntax

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao/internal/strictyaml"
	"go.yaml.in/yaml/v3"
)

// maxParsed bounds the bytes that are parsed to distinguish comments from texts that contain " #":
// some seconds of work.
const maxParsed = 64 << 20

// comment is one line of comment and what it is attached to.
type comment struct {
	path string // the keys and indices that lead to the node; a key and its value share one
	line int    // of the node
	text string
}

// commentsOf returns all comments that the YAML library has read.
func commentsOf(document *yaml.Node) (out []comment) {
	var walk func(n *yaml.Node, path string)
	walk = func(n *yaml.Node, path string) {
		for line := range strings.Lines(n.HeadComment + "\n" + n.LineComment + "\n" + n.FootComment) {
			if text := strings.TrimSpace(line); text != "" {
				out = append(out, comment{path, n.Line, text})
			}
		}
		below := path
		for i, child := range n.Content {
			switch {
			case n.Kind == yaml.SequenceNode:
				below = path + "/" + strconv.Itoa(i)
			case n.Kind == yaml.MappingNode && i%2 == 0:
				below = path + "/" + strconv.Quote(child.Value)
			}
			walk(child, below)
		}
	}
	walk(document, "")
	return out
}

// sameComments refuses a layout that loses a comment or attaches it to something else: an approval
// must not end up behind the next entry of an allow-list.
func sameComments(before, after []comment) error {
	type attached struct{ path, text string }
	count := map[attached]int{}
	for _, c := range after {
		count[attached{c.path, c.text}]++
	}
	for _, c := range before {
		a := attached{c.path, c.text}
		if count[a]--; count[a] < 0 {
			return refusedAt(c.line, "rule.format.comment", Cut(c.text, maxCommentShown))
		}
	}
	return nil
}

// maxCommentShown is how many bytes of a comment a message quotes.
const maxCommentShown = 60

// refusedAt returns the error for a file that cannot be laid out.
func refusedAt(line int, key string, args ...any) error {
	f := &File{}
	f.Errorf(Place{line, 1}, key, args...)
	return NewError(f.Mistakes)
}

// readAll refuses a file with a comment that the YAML library skips, as it does behind an opening
// bracket, or takes for part of another comment.
func readAll(src []byte, root *yaml.Node, read []comment) error {
	count := map[string]int{}
	for _, c := range read {
		count[c.text]++
	}
	lines := strings.SplitAfter(string(src), "\n")
	texts := literalLines(src, root)
	parsed := 0
	start, behind := 0, false // the line above ends with a comment
	for i, line := range lines {
		column, lost := -1, false
		if !texts[i+1] {
			column = commentColumn(line, func(from int) bool {
				text := strings.TrimSpace(line[from:])
				if count[text] > 0 {
					count[text]--
					return true
				}
				parsed += len(src)
				lost = parsed <= maxParsed && isComment(src, root, start+from, start+len(strings.TrimRight(line, "\n")))
				return lost
			})
		}
		if parsed > maxParsed {
			return refusedAt(i+1, "rule.format.hashes")
		}
		if lost || column >= 0 && behind && hangs(lines, i) {
			return refusedAt(i+1, "rule.format.comment", Cut(strings.TrimSpace(line[column:]), maxCommentShown))
		}
		behind = column >= 0 && strings.TrimSpace(line[:column]) != ""
		start += len(line)
	}
	return nil
}

// literalLines returns the lines of the file that belong to texts behind "|", where # does not
// begin a comment.
func literalLines(src []byte, root *yaml.Node) map[int]bool {
	lines := map[int]bool{}
	if bytes.ContainsAny(src, "\r\u0085\u2028\u2029") {
		return lines // the library also ends lines there, and counts differently
	}
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		if n.Style&yaml.LiteralStyle != 0 {
			number := n.Line
			for range strings.Lines(n.Value) {
				number++
				lines[number] = true
			}
		}
		for _, child := range n.Content {
			walk(child)
		}
	}
	walk(root)
	return lines
}

// commentColumn returns the byte at which a line's comment begins, or -1.
func commentColumn(line string, isComment func(from int) bool) int {
	for i := range len(line) {
		before := line[:i]
		if line[i] == '#' && (i == 0 || strings.HasSuffix(before, " ") || strings.HasSuffix(before, "\t") || before == "\ufeff") && isComment(i) {
			return i
		}
	}
	return -1
}

// hangs says whether line i, a comment below a line that ends with one, continues that comment: it
// is indented more than the keys around it. The library attaches it to the key below.
func hangs(lines []string, i int) bool {
	comment := strings.TrimLeft(lines[i], " \t")
	below := 0
	for _, line := range lines[i+1:] {
		if rest := strings.TrimLeft(line, " \t\n"); rest != "" && rest[0] != '#' {
			below = len(line) - len(rest)
			break
		}
	}
	indent := len(lines[i]) - len(comment)
	above := len(lines[i-1]) - len(strings.TrimLeft(lines[i-1], " \t-"))
	return comment[0] == '#' && indent > above && indent > below
}

// isComment says whether src[from:to], which begins with # and extends to the end of its line, is a
// comment: the file means the same without it.
func isComment(src []byte, root *yaml.Node, from, to int) bool {
	without := bytes.Join([][]byte{src[:from], src[to:]}, nil)
	tree, rest, err := strictyaml.Parse(without)
	return err == nil && rest == nil && sameValue(root, tree)
}

// isBlock says whether a node is laid out on lines of its own below its key or dash. The encoder
// drops the line comment of such a node, or writes it behind the next key.
func isBlock(n *yaml.Node) bool {
	return n.Kind != yaml.ScalarNode && n.Style != yaml.FlowStyle && len(n.Content) > 0
}

// placeComment moves the line comment of a key or its value to where the encoder keeps it: behind
// the key if the value is laid out below it, otherwise behind the value. If both have one, the
// second one goes above the key.
func placeComment(key, value *yaml.Node) {
	from, to := &key.LineComment, &value.LineComment
	if isBlock(value) {
		from, to = to, from
	}
	if *to != "" {
		to = &key.HeadComment
	}
	moveComment(from, to)
}

// moveComment adds the comment at from to the end of the one at to.
func moveComment(from, to *string) {
	if *from != "" && *to != "" {
		*to += "\n"
	}
	*to += *from
	*from = ""
}
