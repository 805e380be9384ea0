package extract

import (
	"html"
	"strings"

	"github.com/qianshao/qianshao"
)

// view is a stretch of text that is read as HTML, CSS or a script: the
// document's source itself, or text that a script in it would produce.
type view struct {
	text string
	// runs lead from text to the document's Source; without any, text stands
	// in Source at base, byte for byte.
	runs []qianshao.Run
	base int
	// hiding is what text of this view counts as: HidingWritten, HidingTemplate;
	// empty for the source itself.
	hiding qianshao.Hiding
	// owner is the script element that produced the text; 0 for the source.
	owner int32
	// depth counts how often text that a script produced was read as a page again.
	depth int
}

// span returns the source range of text[start:end].
func (v *view) span(start, end int) qianshao.Span {
	if v.runs == nil {
		return qianshao.Span{Start: v.base + start, End: v.base + end}
	}
	r := qianshao.Region{Map: v.runs}
	return r.SourceSpan(start, end)
}

// part returns text[start:end] as a view of its own.
func (v *view) part(start, end int) *view {
	p := *v
	p.text = v.text[start:end]
	if v.runs == nil {
		p.base += start
		return &p
	}
	var b textBuilder
	b.copyPiece(v, start, end)
	p.runs = b.runs
	return &p
}

// entities says how character references are treated.
type entities uint8

const (
	literally   entities = iota // scripts, comments, raw text
	inText                      // "&lt" needs no semicolon
	inAttribute                 // it does, so that ?a=1&copy=2 stays as it is
)

// textBuilder collects a region's text: references resolved, white space
// collapsed and trimmed, each byte tied to its source.
type textBuilder struct {
	text  []byte
	runs  []qianshao.Run
	fixed int           // runs that must not grow: the last one is no plain copy
	space qianshao.Span // source of white space that waits for a character to follow
	wait  bool
	blank bool // the white space is a single blank, which stands for itself
}

func (b *textBuilder) reset() {
	b.text, b.runs, b.fixed, b.wait = b.text[:0], b.runs[:0], 0, false
}

// stops are the bytes at which plain copying ends.
var stops = [256]bool{' ': true, '\t': true, '\n': true, '\r': true, '\f': true, 0: true, '&': true}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' }

// add appends v.text[start:end].
func (b *textBuilder) add(v *view, start, end int, mode entities) {
	s := v.text
	for i := start; i < end; {
		c := s[i]
		switch {
		case isSpace(c):
			from := i
			for i < end && isSpace(s[i]) {
				i++
			}
			b.addSpace(v.span(from, i), c == ' ' && i == from+1 && v.runs == nil)
		case c == 0: // browsers drop it, so it must not break a word
			i++
		case c == '&' && mode != literally:
			out, n := entity(s[i:end], mode)
			if n == 0 {
				n = 1
				b.copyPiece(v, i, i+1)
			} else {
				b.put(v.span(i, i+n), out)
			}
			i += n
		default:
			from := i
			for i++; i < end && !stops[s[i]]; i++ {
			}
			b.copyPiece(v, from, i)
		}
	}
}

// addSpace notes white space; it is written once a character follows. blank
// says that its source is a blank and nothing else.
func (b *textBuilder) addSpace(at qianshao.Span, blank bool) {
	if len(b.text) == 0 {
		return
	}
	if b.wait {
		b.space.End, b.blank = max(at.End, b.space.End), false
		return
	}
	b.space, b.blank, b.wait = at, blank, true
}

func (b *textBuilder) flushSpace() {
	if !b.wait {
		return
	}
	b.wait = false
	b.text = append(b.text, ' ')
	b.tie(b.space, 1, b.blank)
}

// put appends text that stems from a source range as a whole.
func (b *textBuilder) put(at qianshao.Span, s string) {
	b.flushSpace()
	if len(s) > 0 {
		b.text = append(b.text, s...)
		b.tie(at, len(s), false)
	}
}

// tie maps the last n bytes of the text to a source range; plain says that they
// are its very bytes, so that the run may grow.
func (b *textBuilder) tie(at qianshao.Span, n int, plain bool) {
	k := len(b.runs) - 1
	if plain && k >= b.fixed && b.runs[k].Source.End == at.Start {
		b.runs[k].Source.End, b.runs[k].Text.End = at.End, len(b.text)
		return
	}
	b.runs = append(b.runs, qianshao.Run{Text: qianshao.Span{Start: len(b.text) - n, End: len(b.text)}, Source: at})
	if !plain {
		b.fixed = len(b.runs)
	}
}

// copyPiece appends v.text[start:end] byte by byte.
func (b *textBuilder) copyPiece(v *view, start, end int) {
	b.flushSpace()
	n := len(b.text)
	b.text = append(b.text, v.text[start:end]...)
	if v.runs == nil {
		b.tie(qianshao.Span{Start: v.base + start, End: v.base + end}, end-start, true)
		return
	}
	for k := firstRun(v.runs, start); k < len(v.runs) && v.runs[k].Text.Start < end; k++ {
		run := v.runs[k]
		from, to := max(run.Text.Start, start), min(run.Text.End, end)
		at := run.Source
		if run.Text.Len() == at.Len() {
			at = qianshao.Span{Start: at.Start + from - run.Text.Start, End: at.Start + to - run.Text.Start}
		}
		b.runs = append(b.runs, qianshao.Run{Text: qianshao.Span{Start: n + from - start, End: n + to - start}, Source: at})
	}
	b.fixed = len(b.runs)
}

// firstRun returns the index of the first run that ends behind offset.
func firstRun(runs []qianshao.Run, offset int) int {
	lo, hi := 0, len(runs)
	for lo < hi {
		if mid := (lo + hi) / 2; runs[mid].Text.End > offset {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// maxEntityName is longer than any name of a character reference.
const maxEntityName = 34

// entity decodes the character reference at the start of s and returns its
// length; 0 if s starts with none.
func entity(s string, mode entities) (decoded string, n int) {
	if strings.HasPrefix(s, "&nbsp;") {
		return "\u00A0", len("&nbsp;")
	}
	if strings.HasPrefix(s, "&#") {
		n = numericEntity(s)
		if n == 0 {
			return "", 0
		}
		return html.UnescapeString(s[:n]), n
	}
	n = 1
	for n < len(s) && n < maxEntityName && isAlphanumeric(s[n]) {
		n++
	}
	terminated := n < len(s) && s[n] == ';'
	if terminated {
		n++
	} else if mode == inAttribute {
		return "", 0
	}
	decoded = html.UnescapeString(s[:n])
	if decoded == s[:n] {
		return "", 0
	}
	// "&notit;" is ¬ followed by "it;": what is left over is no part of the reference.
	for n > 2 && len(decoded) > 1 && decoded[len(decoded)-1] == s[n-1] {
		decoded, n = decoded[:len(decoded)-1], n-1
	}
	return decoded, n
}

// numericEntity returns the length of "&#21338;", "&#x535A" and the like.
func numericEntity(s string) int {
	i, isDigit := 2, func(c byte) bool { return c >= '0' && c <= '9' }
	if i < len(s) && (s[i] == 'x' || s[i] == 'X') {
		i++
		isDigit = isHex
	}
	first := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == first {
		return 0
	}
	if i < len(s) && s[i] == ';' {
		i++
	}
	return i
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// unescape resolves the references of an attribute's value.
func unescape(s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] == '&' {
			if out, n := entity(s[i:], inAttribute); n > 0 {
				b.WriteString(out)
				i += n
				continue
			}
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

// isEntityEncoded says whether most of a raw text is spelt in numeric
// character references, as titles injected by hackers are (&#x6FB3;&#x95E8;).
func isEntityEncoded(raw string) bool {
	encoded, plain := 0, 0
	for i := 0; i < len(raw); {
		if n := 0; strings.HasPrefix(raw[i:], "&#") {
			if n = numericEntity(raw[i:]); n > 0 {
				encoded++
				i += n
				continue
			}
		}
		if c := raw[i]; !isSpace(c) && c&0xC0 != 0x80 { // the bytes behind a character's first count no further
			plain++
		}
		i++
	}
	return encoded >= 2 && encoded >= plain
}
