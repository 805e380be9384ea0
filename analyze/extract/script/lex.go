package script

import (
	"strings"

	"github.com/qianshao/qianshao/analyze/extract/ascii"
)

type tokenKind uint8

const (
	nameToken tokenKind = iota // identifier or keyword
	numberToken
	stringToken   // between quotes
	templateToken // between backquotes
	regexToken
	punctuationToken
)

// token is a token of a script. A string's token does not include the quotes.
type token struct {
	kind       tokenKind
	start, end int32
}

// lex splits a script into tokens from byte i on, without comments, until it has maxTokens. next is
// where it stopped. It never fails: an unterminated string ends at the end of its line.
func lex(s string, i int, tokens []token) (out []token, next int) {
	noRegex := 0 // no regular expression ends before this offset
	for i < len(s) && len(tokens) < maxTokens {
		c := s[i]
		from := i
		switch {
		case ascii.IsSpace(c):
			i++
			continue
		case strings.HasPrefix(s[i:], "//") || strings.HasPrefix(s[i:], "<!--"):
			i = lineEnd(s, i)
			continue
		case strings.HasPrefix(s[i:], "/*"):
			i = after(s, i+2, "*/")
			continue
		case c == '"' || c == '\'':
			end, next := quoted(s, i)
			tokens = append(tokens, token{stringToken, int32(from + 1), int32(end)})
			i = next
			continue
		case c == '`':
			end, next := templated(s, i)
			tokens = append(tokens, token{templateToken, int32(from + 1), int32(end)})
			i = next
			continue
		case c == '/' && i >= noRegex && regexMayFollow(s, tokens):
			end, ok := regexEnd(s, i)
			if ok {
				tokens = append(tokens, token{regexToken, int32(from + 1), int32(end - 1)})
				i = end
				continue
			}
			noRegex = end
			i++
		case isNameByte(c) && (c < '0' || c > '9'):
			for i++; i < len(s) && isNameByte(s[i]); i++ {
			}
			tokens = append(tokens, token{nameToken, int32(from), int32(i)})
			continue
		case c >= '0' && c <= '9':
			for i++; i < len(s) && (isNameByte(s[i]) || s[i] == '.'); i++ {
			}
			tokens = append(tokens, token{numberToken, int32(from), int32(i)})
			continue
		default:
			i += punctLength(s[i:])
		}
		tokens = append(tokens, token{punctuationToken, int32(from), int32(i)})
	}
	return tokens, i
}

func isNameByte(c byte) bool { return ascii.IsAlphanumeric(c) || c == '_' || c == '$' || c >= 0x80 }

// punctLength returns the length of a punctuation token. It tells comparisons from assignments: =
// == === => += != <= >=.
func punctLength(s string) int {
	n := 1
	if strings.IndexByte("=!<>+-*&|", s[0]) >= 0 {
		for n < 3 && n < len(s) && s[n] == '=' {
			n++
		}
		if n == 1 && len(s) > 1 && s[0] == '=' && s[1] == '>' {
			n = 2
		}
	}
	return n
}

func lineEnd(s string, i int) int {
	if n := strings.IndexByte(s[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(s)
}

func after(s string, i int, mark string) int {
	if n := strings.Index(s[i:], mark); n >= 0 {
		return i + n + len(mark)
	}
	return len(s)
}

// quoted returns where the string that starts at i ends, before and after its closing quote.
func quoted(s string, i int) (end, next int) {
	quote := s[i]
	for j := i + 1; j < len(s); j++ {
		switch s[j] {
		case quote:
			return j, j + 1
		case '\\':
			j++
		case '\n':
			return j, j
		}
	}
	return len(s), len(s)
}

// templated is quoted for a template, `…`, in which ${…} may hold anything but a backquote.
func templated(s string, i int) (end, next int) {
	for j := i + 1; j < len(s); j++ {
		switch s[j] {
		case '`':
			return j, j + 1
		case '\\':
			j++
		}
	}
	return len(s), len(s)
}

// regexMayFollow reports whether a slash after the last token starts a regular
// expression; otherwise it divides.
func regexMayFollow(s string, tokens []token) bool {
	if len(tokens) == 0 {
		return true
	}
	t := tokens[len(tokens)-1]
	switch t.kind {
	case punctuationToken:
		c := s[t.end-1]
		return c != ')' && c != ']' && c != '}'
	case nameToken:
		switch s[t.start:t.end] {
		case "return", "typeof", "case", "in", "of", "delete", "void", "else", "do":
			return true
		}
	}
	return false
}

// maxRegex bounds the length of a regular expression.
const maxRegex = 4096

// regexEnd returns the end of the regular expression at i. If there is none, ok is false and end is
// the offset up to which it looked.
func regexEnd(s string, i int) (end int, ok bool) {
	class := false
	j := i + 1
	for ; j < len(s) && j < i+maxRegex; j++ {
		switch s[j] {
		case '\n':
			return j, false
		case '\\':
			j++
		case '[':
			class = true
		case ']':
			class = false
		case '/':
			if !class {
				return j + 1, true
			}
		}
	}
	return j, false
}
