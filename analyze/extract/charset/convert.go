package charset

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// encodingOf returns the encoding with a name that canonical or detect returned.
func encodingOf(name string) encoding.Encoding {
	switch name {
	case gbName:
		return simplifiedchinese.GB18030
	case big5Name:
		return traditionalchinese.Big5 // with HKSCS, as WHATWG prescribes
	case utf16LEName:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case utf16BEName:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	if e, _ := charset.Lookup(name); e != nil {
		return e
	}
	return encoding.Nop
}

// convert returns a body converted to UTF-8, or the body itself if the decoder gives up.
func convert(body []byte, name string) string {
	var b strings.Builder
	b.Grow(len(body) + countWide(body)*2/3) // two bytes of GBK become three, and the second may be ASCII
	if err := eachPiece(body, name, true, func(piece []byte) { b.Write(piece) }); err != nil {
		return string(body)
	}
	return b.String()
}

// eachPiece decodes a body and passes it to use in pieces of whole characters, which are valid
// until use returns. ASCII is copied without the decoder, which takes it byte by byte: half of a
// Chinese page is markup. If whole is false, the body is the front of a longer one, and a character
// that is cut off at its end is left out.
func eachPiece(body []byte, name string, whole bool, use func(piece []byte)) error {
	decoder := encodingOf(name).NewDecoder()
	out := make([]byte, 4096)
	for len(body) > 0 {
		end := len(body)
		if isChinese(name) {
			if n := wideAt(body); n > 0 {
				use(body[:n])
				body = body[n:]
			}
			end = wideEnd(body)
		}
		for part := body[:end]; len(part) > 0; {
			nOut, nIn, err := decoder.Transform(out, part, whole || end < len(body))
			use(out[:nOut])
			part = part[nIn:]
			switch {
			case errors.Is(err, transform.ErrShortSrc):
				return nil
			case err != nil && !errors.Is(err, transform.ErrShortDst):
				return err
			}
		}
		body = body[end:]
	}
	return nil
}

// wideEnd returns where bytes of GB18030 or Big5 can be split: before a byte that is never part of
// a longer character. Left to itself, x/text takes a < for the second of four bytes. Browsers see
// the beginning of a tag there.
func wideEnd(b []byte) int {
	for i, c := range b {
		if c < '0' || c == '<' {
			return i
		}
	}
	return len(b)
}

const (
	wordLength = 8
	highBits   = 0x8080808080808080
)

// wideAt returns the offset of the first byte beyond ASCII, or the length of b if there is none.
func wideAt(b []byte) int {
	i := 0
	for ; i+wordLength <= len(b); i += wordLength {
		if wide := binary.LittleEndian.Uint64(b[i:]) & highBits; wide != 0 {
			return i + bits.TrailingZeros64(wide)/wordLength
		}
	}
	for ; i < len(b) && b[i] < utf8.RuneSelf; i++ {
	}
	return i
}

// countWide counts the bytes beyond ASCII. It leaves out up to seven bytes at the end.
func countWide(b []byte) (n int) {
	for i := 0; i+wordLength <= len(b); i += wordLength {
		n += bits.OnesCount64(binary.LittleEndian.Uint64(b[i:]) & highBits)
	}
	return n
}
