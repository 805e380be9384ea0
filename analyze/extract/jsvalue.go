package extract

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
)

// value returns what the expression at token i evaluates to, as far as it is
// made of strings, +, and the decoders with which injected scripts disguise
// them; and the token behind it. Anything else counts as an empty string and
// is kept in s.skipped. ok is false if there is no string at all in it.
func (s *scriptReader) value(i, depth int) (v *view, next int, ok bool) {
	var out textBuilder
	for {
		piece, n, known := s.operand(i, depth)
		if known {
			ok = true
			out.copyPiece(piece, 0, len(piece.text))
		} else if n = s.skip(i); n > i {
			s.skipped = append(s.skipped, [2]int{i, n})
		}
		i = n
		if !s.is(i, "+") || s.steps > s.maxSteps {
			break
		}
		i++
	}
	v = &view{text: string(out.text), runs: out.runs, owner: s.owner, depth: s.view.depth}
	if v.runs == nil {
		v.runs = []qianshao.Run{}
	}
	return v, i, ok
}

// maxExpressionDepth bounds unescape(unescape(unescape(…
const maxExpressionDepth = 8

// operand evaluates one operand of +.
func (s *scriptReader) operand(i, depth int) (v *view, next int, ok bool) {
	s.steps++
	if i >= len(s.tokens) || depth > maxExpressionDepth {
		return nil, i, false
	}
	t := s.tokens[i]
	switch {
	case t.kind == jsString || t.kind == jsTemplate:
		return s.method(s.literal(t), i+1, depth)
	case s.is(i, "("):
		v, next, ok = s.value(i+1, depth+1)
		if !s.is(next, ")") {
			return nil, i, false
		}
		return v, next + 1, ok
	case s.is(i, "["):
		return s.join(i)
	case t.kind != jsName:
		return nil, i, false
	}
	if s.is(i+1, ".") && (s.is(i, "window") || s.is(i, "self") || s.is(i, "top")) {
		i += 2
	}
	switch {
	case s.is(i, "String") && s.is(i+1, ".") && s.is(i+2, "fromCharCode") && s.is(i+3, "("):
		return s.charCodes(i + 4)
	case !s.is(i+1, "("):
		return nil, i, false
	case s.is(i, "unescape"), s.is(i, "decodeURIComponent"), s.is(i, "decodeURI"):
		return s.call(i+2, depth, unpercent)
	case s.is(i, "atob"):
		return s.call(i+2, depth, unbase64)
	}
	return nil, i, false
}

// method applies the methods that scripts call on a string literal to spell it otherwise.
func (s *scriptReader) method(v *view, i, depth int) (*view, int, bool) {
	if s.is(i, ".") && s.is(i+2, "(") && s.is(i+1, "concat") {
		more, next, ok := s.value(i+3, depth+1)
		if ok && s.is(next, ")") {
			var out textBuilder
			out.copyPiece(v, 0, len(v.text))
			out.copyPiece(more, 0, len(more.text))
			return s.built(&out), next + 1, true
		}
	}
	return v, i, true
}

// call evaluates the argument at token i and decodes it.
func (s *scriptReader) call(i, depth int, decode func(*view, *textBuilder) bool) (*view, int, bool) {
	arg, next, ok := s.value(i, depth+1)
	if !ok || !s.is(next, ")") {
		return nil, i, false
	}
	var out textBuilder
	if !decode(arg, &out) {
		return nil, i, false
	}
	return s.built(&out), next + 1, true
}

func (s *scriptReader) built(out *textBuilder) *view {
	if out.runs == nil {
		out.runs = []qianshao.Run{}
	}
	return &view{text: string(out.text), runs: out.runs, owner: s.owner, depth: s.view.depth}
}

// charCodes evaluates String.fromCharCode(…) whose numbers start at token i.
func (s *scriptReader) charCodes(i int) (*view, int, bool) {
	var out textBuilder
	var high rune
	for ; i < len(s.tokens) && !s.is(i, ")"); i++ {
		s.steps++
		if s.is(i, ",") {
			continue
		}
		n, err := strconv.ParseUint(s.text(i), 0, 32)
		if err != nil {
			return nil, i, false
		}
		at := s.view.span(int(s.tokens[i].start), int(s.tokens[i].end))
		r := rune(n & 0xFFFF)
		switch {
		case utf16.IsSurrogate(r) && high == 0:
			high = r
			continue
		case high != 0:
			r, high = utf16.DecodeRune(high, r), 0
		}
		out.put(at, string(r))
	}
	return s.built(&out), i + 1, len(out.text) > 0
}

// join evaluates ["a","b"].join("").
func (s *scriptReader) join(i int) (*view, int, bool) {
	var parts []*view
	for i++; i < len(s.tokens) && !s.is(i, "]"); i++ {
		s.steps++
		switch t := s.tokens[i]; {
		case t.kind == jsString:
			parts = append(parts, s.literal(t))
		case !s.is(i, ","):
			return nil, i, false
		}
	}
	if !s.is(i+1, ".") || !s.is(i+2, "join") || !s.is(i+3, "(") || i+5 >= len(s.tokens) || s.tokens[i+4].kind != jsString {
		return nil, i, false
	}
	separator := s.literal(s.tokens[i+4])
	var out textBuilder
	for k, p := range parts {
		if k > 0 && separator.text != "" && p.text != "" {
			out.put(p.span(0, 0), separator.text)
		}
		out.copyPiece(p, 0, len(p.text))
	}
	return s.built(&out), i + 6, true
}

// literal decodes the escapes of a string.
func (s *scriptReader) literal(t jsToken) *view {
	text := s.view.text[t.start:t.end]
	if strings.IndexByte(text, '\\') < 0 && (t.kind != jsTemplate || !strings.Contains(text, "${")) {
		v := s.view.part(int(t.start), int(t.end))
		v.owner = s.owner
		return v
	}
	var out textBuilder
	for i := int(t.start); i < int(t.end); {
		from := i
		for i < int(t.end) && s.view.text[i] != '\\' && (t.kind != jsTemplate || s.view.text[i] != '$') {
			i++
		}
		if i > from {
			out.copyPiece(s.view, from, i)
			continue
		}
		if s.view.text[i] == '$' {
			if strings.HasPrefix(s.view.text[i:t.end], "${") {
				i = min(after(s.view.text, i, "}"), int(t.end))
			} else {
				out.copyPiece(s.view, i, i+1)
				i++
			}
			continue
		}
		decoded, n := jsEscape(s.view.text[i:t.end])
		out.put(s.view.span(i, i+n), decoded)
		i += n
	}
	return s.built(&out)
}

// jsEscape decodes the escape sequence at the start of s (ECMA-262, 12.9.4).
func jsEscape(s string) (decoded string, n int) {
	if len(s) < 2 {
		return "", len(s)
	}
	switch c := s[1]; c {
	case 'n', 'r', 't', 'v', 'f', 'b':
		return " ", 2
	case '\n':
		return "", 2
	case '\r':
		if len(s) > 2 && s[2] == '\n' {
			return "", 3
		}
		return "", 2
	case 'x':
		if r, ok := hexRune(s, 2, 2); ok {
			return string(r), 4
		}
	case 'u':
		if strings.HasPrefix(s, `\u{`) {
			if end := strings.IndexByte(s[:min(len(s), 12)], '}'); end > 3 {
				if r, ok := hexRune(s, 3, end-3); ok {
					return string(r), end + 1
				}
			}
			break
		}
		r, ok := hexRune(s, 2, 4)
		if !ok {
			break
		}
		if utf16.IsSurrogate(r) && strings.HasPrefix(s[6:], `\u`) {
			if low, ok := hexRune(s, 8, 4); ok {
				return string(utf16.DecodeRune(r, low)), 12
			}
		}
		return string(r), 6
	}
	_, size := utf8.DecodeRuneInString(s[1:])
	return s[1 : 1+size], 1 + size
}

// hexRune reads the n hexadecimal digits at s[i:].
func hexRune(s string, i, n int) (rune, bool) {
	if i+n > len(s) || n == 0 {
		return 0, false
	}
	r, err := strconv.ParseUint(s[i:i+n], 16, 31)
	return rune(r), err == nil
}

// unpercent decodes %uXXXX and %XX. The latter are bytes of UTF-8 where they
// can be, as decodeURIComponent has it, and Latin-1 otherwise, as unescape has it.
func unpercent(v *view, out *textBuilder) bool {
	s := v.text
	for i := 0; i < len(s); {
		n := strings.IndexByte(s[i:], '%')
		if n < 0 {
			n = len(s) - i
		}
		if n > 0 {
			out.copyPiece(v, i, i+n)
			i += n
			continue
		}
		decoded, n := percentEscape(s[i:])
		if n == 0 {
			out.copyPiece(v, i, i+1)
			i++
			continue
		}
		out.put(v.span(i, i+n), decoded)
		i += n
	}
	return true
}

// percentEscape decodes the escape, or the escapes that make one character, at the start of s.
func percentEscape(s string) (decoded string, n int) {
	if len(s) > 1 && (s[1] == 'u' || s[1] == 'U') {
		r, ok := hexRune(s, 2, 4)
		if !ok {
			return "", 0
		}
		if utf16.IsSurrogate(r) && len(s) > 7 && s[6] == '%' {
			if low, ok := hexRune(s, 8, 4); ok {
				return string(utf16.DecodeRune(r, low)), 12
			}
		}
		return string(r), 6
	}
	var raw []byte
	for len(raw) < utf8.UTFMax && n+2 < len(s) && s[n] == '%' {
		r, ok := hexRune(s, n+1, 2)
		if !ok {
			break
		}
		raw = append(raw, byte(r))
		n += 3
		if utf8.Valid(raw) {
			return string(raw), n
		}
	}
	if len(raw) == 0 {
		return "", 0
	}
	return string(rune(raw[0])), 3
}

// unbase64 decodes base64 if the result is text. Four characters make three
// bytes, so the whole is one piece.
func unbase64(v *view, out *textBuilder) bool {
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(v.text), "="))
	if err != nil || !isText(raw) {
		return false
	}
	out.put(v.span(0, len(v.text)), string(raw))
	return true
}

// isText says whether bytes are UTF-8 without control characters.
func isText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && !isSpace(c) {
			return false
		}
	}
	return utf8.Valid(b)
}

// plainHTML says whether a string would make a page if it were written into one.
func plainHTML(s string) bool {
	i := strings.IndexByte(s, '<')
	return i >= 0 && i+1 < len(s) && (isAlphanumeric(s[i+1]) || s[i+1] == '/' || s[i+1] == '!')
}
