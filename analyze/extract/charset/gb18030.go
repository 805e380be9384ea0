package charset

import "strings"

// decodeUserDefined decodes GB18030 including its three user-defined areas. The standard maps them
// to private use characters, and x/text does not decode them. Such characters come from a site's
// own fonts or, more often, from text that was once converted with the wrong charset. Decoded like
// this, neither loses anything.
func decodeUserDefined(body []byte) string {
	var b strings.Builder
	b.Grow(len(body) * 3 / 2)
	flush := func(part []byte) {
		b.WriteString(convert(part, gbName))
	}
	done := 0
	for i := wideAt(body); i < len(body); i += wideAt(body[i:]) {
		size := gbSize(body[i:])
		if size == 2 {
			if r := userDefined(body[i], body[i+1]); r != 0 {
				flush(body[done:i])
				b.WriteRune(r)
				done = i + size
			}
		}
		i += size
	}
	flush(body[done:])
	return b.String()
}

// gbSize returns the length of the character at the start of b: 1, 2 or 4 bytes. A byte that cannot
// begin a character has length 1.
func gbSize(b []byte) int {
	if len(b) < 2 || b[0] <= 0x80 || b[0] == 0xFF {
		return 1
	}
	switch c := b[1]; {
	case c >= 0x40 && c != 0x7F && c != 0xFF:
		return 2
	case c >= '0' && c <= '9' && len(b) >= 4 && b[2] > 0x80 && b[2] < 0xFF && b[3] >= '0' && b[3] <= '9':
		return 4
	}
	return 1
}

// userDefined returns the private use character for two bytes in a user-defined area of GB18030, or
// 0 for other bytes.
func userDefined(lead, trail byte) rune {
	row, column := rune(lead), rune(trail)
	switch {
	case lead >= 0xAA && lead <= 0xAF && trail >= 0xA1:
		return 0xE000 + (row-0xAA)*94 + column - 0xA1
	case lead >= 0xF8 && trail >= 0xA1:
		return 0xE234 + (row-0xF8)*94 + column - 0xA1
	case lead >= 0xA1 && lead <= 0xA7 && trail < 0xA1:
		if trail > 0x7F {
			column-- // 7F is not a trail byte
		}
		return 0xE4C6 + (row-0xA1)*96 + column - 0x40
	}
	return 0
}
