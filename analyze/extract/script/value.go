package script

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/qianshao/qianshao/analyze/extract/ascii"
	"github.com/qianshao/qianshao/analyze/extract/mapped"
)

// value evaluates the expression at token i, as far as it consists of strings, +, and the decoders
// with which injected scripts disguise strings. It returns the token after the expression. Other
// operands count as empty strings, and their tokens are noted in s.skipped. ok is false if no
// operand is a string.
func (s *reader) value(i, depth int) (v mapped.Text, next int, ok bool) {
	var out mapped.Builder
	for {
		piece, n, known := s.operand(i, depth)
		if known {
			ok = true
			out.Copy(&piece, 0, len(piece.Content))
		} else if n = s.skip(i); n > i {
			s.skipped = append(s.skipped, [2]int{i, n})
		}
		i = n
		if !s.is(i, "+") || s.steps > s.maxSteps {
			break
		}
		i++
	}
	return out.Build(), i, ok
}

const (
	// maxExpressionDepth bounds unescape(unescape(unescape(…
	maxExpressionDepth = 8
	// maxVariableDepth bounds variables that are made of other variables.
	maxVariableDepth = 4
)

// operand evaluates one operand of +.
func (s *reader) operand(i, depth int) (v mapped.Text, next int, ok bool) {
	s.steps++
	if i >= len(s.tokens) || depth > maxExpressionDepth {
		return mapped.Text{}, i, false
	}
	t := s.tokens[i]
	switch {
	case t.kind == stringToken || t.kind == templateToken:
		return s.method(s.literal(t), i+1, depth)
	case s.is(i, "("):
		v, next, ok = s.value(i+1, depth+1)
		if !s.is(next, ")") {
			return mapped.Text{}, i, false
		}
		return v, next + 1, ok
	case s.is(i, "["):
		return s.join(i)
	case t.kind != nameToken:
		return mapped.Text{}, i, false
	}
	if s.is(i+1, ".") && (s.is(i, "window") || s.is(i, "self") || s.is(i, "top")) {
		i += 2
	}
	switch {
	case s.is(i, "String") && s.is(i+1, ".") && s.is(i+2, "fromCharCode") && s.is(i+3, "("):
		return s.charCodes(i + 4)
	case !s.is(i+1, "("):
		v, ok = s.variable(i, depth)
		return v, i + 1, ok
	case s.is(i, "unescape"), s.is(i, "decodeURIComponent"), s.is(i, "decodeURI"):
		return s.call(i+2, depth, unpercent)
	case s.is(i, "atob"):
		return s.call(i+2, depth, unbase64)
	}
	return mapped.Text{}, i, false
}

const (
	// maxBack is how many tokens back from its use a variable's assignment is looked for.
	maxBack = 2000
	// looksPerToken bounds the search for assignments in a script.
	looksPerToken = 8
	// copiesPerByte bounds what variables are expanded to: a = b + b; b = c + c; …
	copiesPerByte = 2
	// maxAdditions bounds the statements that append to a variable: html += "…".
	maxAdditions = 64
)

// variable evaluates the variable at token i: the last value assigned to it before that token, and
// what was appended to it since. What functions and loops do is not known, so the script is taken
// as running from top to bottom.
func (s *reader) variable(i, depth int) (mapped.Text, bool) {
	if depth > maxVariableDepth || s.is(i-1, ".") || s.is(i+1, ".") || s.is(i+1, "[") || s.is(i+1, "=") {
		return mapped.Text{}, false
	}
	name, from, additions := s.text(i), -1, []int(nil)
	for k := i - 2; k >= max(0, i-maxBack) && from < 0 && s.looked < looksPerToken*len(s.tokens) && len(additions) < maxAdditions; k-- {
		s.looked++
		if !s.is(k, name) || s.is(k-1, ".") {
			continue
		}
		switch {
		case s.is(k+1, "="):
			from = k + 2
		case s.is(k+1, "+="):
			additions = append(additions, k+2)
		}
	}
	if from >= 0 {
		additions = append(additions, from)
	}
	var out mapped.Builder
	known := false
	kept := s.skipped // tokens skipped here are walked at their own place
	for _, at := range slices.Backward(additions) {
		piece, next, ok := s.value(at, depth+1)
		if s.copied += len(piece.Content); s.copied > copiesPerByte*len(s.script.Content) {
			break
		}
		if ok && next <= i {
			known = true
			out.Copy(&piece, 0, len(piece.Content))
		}
	}
	s.skipped = kept
	return out.Build(), known
}

// method evaluates a method that is called on a string: concat, which injected scripts use to hide
// words.
func (s *reader) method(v mapped.Text, i, depth int) (mapped.Text, int, bool) {
	if s.is(i, ".") && s.is(i+2, "(") && s.is(i+1, "concat") {
		more, next, ok := s.value(i+3, depth+1)
		if ok && s.is(next, ")") {
			var out mapped.Builder
			out.Copy(&v, 0, len(v.Content))
			out.Copy(&more, 0, len(more.Content))
			return out.Build(), next + 1, true
		}
	}
	return v, i, true
}

// call evaluates the argument at token i and decodes it.
func (s *reader) call(i, depth int, decode func(*mapped.Text, *mapped.Builder) bool) (mapped.Text, int, bool) {
	arg, next, ok := s.value(i, depth+1)
	if !ok || !s.is(next, ")") {
		return mapped.Text{}, i, false
	}
	var out mapped.Builder
	if !decode(&arg, &out) {
		return mapped.Text{}, i, false
	}
	return out.Build(), next + 1, true
}

// charCodes evaluates String.fromCharCode(…). Its numbers start at token i.
func (s *reader) charCodes(i int) (mapped.Text, int, bool) {
	var out mapped.Builder
	var high rune
	for ; i < len(s.tokens) && !s.is(i, ")"); i++ {
		s.steps++
		if s.is(i, ",") {
			continue
		}
		n, err := strconv.ParseUint(s.text(i), 0, 32)
		if err != nil {
			return mapped.Text{}, i, false
		}
		at := s.script.Span(int(s.tokens[i].start), int(s.tokens[i].end))
		r := rune(n & 0xFFFF)
		switch {
		case utf16.IsSurrogate(r) && high == 0:
			high = r
			continue
		case high != 0:
			r, high = utf16.DecodeRune(high, r), 0
		}
		out.Put(at, string(r))
	}
	return out.Build(), i + 1, len(out.Text) > 0
}

// join evaluates ["a","b"].join("").
func (s *reader) join(i int) (mapped.Text, int, bool) {
	var parts []mapped.Text
	for i++; i < len(s.tokens) && !s.is(i, "]"); i++ {
		s.steps++
		switch t := s.tokens[i]; {
		case t.kind == stringToken:
			parts = append(parts, s.literal(t))
		case !s.is(i, ","):
			return mapped.Text{}, i, false
		}
	}
	if !s.is(i+1, ".") || !s.is(i+2, "join") || !s.is(i+3, "(") || i+5 >= len(s.tokens) || s.tokens[i+4].kind != stringToken {
		return mapped.Text{}, i, false
	}
	separator := s.literal(s.tokens[i+4])
	var out mapped.Builder
	for k, p := range parts {
		if k > 0 && separator.Content != "" && p.Content != "" {
			out.Put(p.Span(0, 0), separator.Content)
		}
		out.Copy(&p, 0, len(p.Content))
	}
	return out.Build(), i + 6, true
}

// literal returns a string with its escapes decoded.
func (s *reader) literal(t token) mapped.Text {
	text := s.script.Content[t.start:t.end]
	if strings.IndexByte(text, '\\') < 0 && (t.kind != templateToken || !strings.Contains(text, "${")) {
		return s.script.Part(int(t.start), int(t.end))
	}
	var out mapped.Builder
	for i := int(t.start); i < int(t.end); {
		from := i
		for i < int(t.end) && s.script.Content[i] != '\\' && (t.kind != templateToken || s.script.Content[i] != '$') {
			i++
		}
		if i > from {
			out.Copy(s.script, from, i)
			continue
		}
		if s.script.Content[i] == '$' {
			if strings.HasPrefix(s.script.Content[i:t.end], "${") {
				i = min(after(s.script.Content, i, "}"), int(t.end))
			} else {
				out.Copy(s.script, i, i+1)
				i++
			}
			continue
		}
		decoded, n := stringEscape(s.script.Content[i:t.end])
		out.Put(s.script.Span(i, i+n), decoded)
		i += n
	}
	return out.Build()
}

// stringEscape decodes the escape sequence at the start of s (ECMA-262, 12.9.4).
func stringEscape(s string) (decoded string, n int) {
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

// unpercent decodes %uXXXX and %XX. The latter are read as UTF-8 if they are valid, as
// decodeURIComponent does, and as Latin-1 otherwise, as unescape does.
func unpercent(v *mapped.Text, out *mapped.Builder) bool {
	s := v.Content
	for i := 0; i < len(s); {
		n := strings.IndexByte(s[i:], '%')
		if n < 0 {
			n = len(s) - i
		}
		if n > 0 {
			out.Copy(v, i, i+n)
			i += n
			continue
		}
		decoded, n := percentEscape(s[i:])
		if n == 0 {
			out.Copy(v, i, i+1)
			i++
			continue
		}
		out.Put(v.Span(i, i+n), decoded)
		i += n
	}
	return true
}

// percentEscape decodes one character at the start of s, which may take several escapes.
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

// unbase64 decodes base64 if the result is text. It maps the result as a whole, because four
// characters encode three bytes.
func unbase64(v *mapped.Text, out *mapped.Builder) bool {
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(v.Content), "="))
	if err != nil || !isText(raw) {
		return false
	}
	out.Put(v.Span(0, len(v.Content)), string(raw))
	return true
}

// isText reports whether b is UTF-8 without control characters.
func isText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && !ascii.IsSpace(c) {
			return false
		}
	}
	return utf8.Valid(b)
}

// isMarkup reports whether a string contains a tag.
func isMarkup(s string) bool {
	i := strings.IndexByte(s, '<')
	return i >= 0 && i+1 < len(s) && (ascii.IsAlphanumeric(s[i+1]) || s[i+1] == '/' || s[i+1] == '!')
}
