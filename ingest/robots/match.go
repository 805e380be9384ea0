package robots

import "strings"

// matches says whether pattern, with * for any characters and $ for the end,
// matches a beginning of path. Each piece between stars is matched at its first
// occurrence, which is right because a star may stand for anything; so the time
// is linear in path for any pattern.
func matches(pattern, path string) bool {
	pattern, anchored := strings.CutSuffix(pattern, "$")
	piece, rest, star := strings.Cut(pattern, "*")
	if !strings.HasPrefix(path, piece) {
		return false
	}
	path = path[len(piece):]
	if !star {
		return !anchored || path == ""
	}
	for {
		piece, rest, star = strings.Cut(rest, "*")
		if !star {
			break
		}
		i := strings.Index(path, piece)
		if i < 0 {
			return false
		}
		path = path[i+len(piece):]
	}
	if anchored {
		return strings.HasSuffix(path, piece)
	}
	return strings.Contains(path, piece)
}

const upperHex = "0123456789ABCDEF"

// escape percent-encodes bytes outside ASCII and writes escapes in upper case
// (RFC 9309, 2.2.2).
func escape(s string) string {
	if !needsEscape(s) {
		return s
	}
	out := make([]byte, 0, len(s)+32)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 0x80:
			out = append(out, '%', upperHex[c>>4], upperHex[c&15])
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			out = append(out, '%', upper(s[i+1]), upper(s[i+2]))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

func needsEscape(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 || s[i] == '%' {
			return true
		}
	}
	return false
}

// unescape decodes escaped unreserved characters (RFC 3986, 2.3), and writes a
// literal "*" or "$" as an escape, so that only one spelling is left. In a
// pattern the stars and the last "$" keep their special meaning and stay.
func unescape(s string, isPattern bool) string {
	if !strings.ContainsAny(s, "%*$") {
		return s
	}
	out := make([]byte, 0, len(s)+8)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			if d := unhex(s[i+1])<<4 | unhex(s[i+2]); isUnreserved(d) {
				out = append(out, d)
			} else {
				out = append(out, s[i:i+3]...)
			}
			i += 2
		case c == '*' && !isPattern, c == '$' && (!isPattern || i+1 < len(s)):
			out = append(out, '%', upperHex[c>>4], upperHex[c&15])
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'f' {
		return c - 0x20
	}
	return c
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}
