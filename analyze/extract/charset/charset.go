// Package charset decodes the body of a page with a charset that is unknown, wrongly
// declared, or declared twice.
//
// Declarations come first: the byte order mark, the header, the meta tag, the XML declaration. Then
// the bytes decide whether they agree (detect.go), by how much they look like text in each charset
// (score.go).
package charset

import (
	"bytes"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"golang.org/x/net/html/charset"
)

const (
	// declarationWindow is how much of a body is searched for a declaration. WHATWG prescribes 1024
	// bytes, but many pages have a long comment or script in front of the meta tag.
	declarationWindow = 8 << 10
	// detectionWindow is how much of a body detection reads, from its first
	// byte beyond ASCII: some thousands of characters.
	detectionWindow = 16 << 10
)

// Names of charsets, as in Document.Charset.
const (
	utf8Name    = "utf-8"
	utf16LEName = "utf-16le"
	utf16BEName = "utf-16be"
	gbName      = "gb18030"
	big5Name    = "big5"
	latinName   = "windows-1252"
)

// Decoded is a body converted to UTF-8, and the charset it was in.
type Decoded struct {
	Text  string // valid UTF-8; empty for an empty or binary body
	Name  string // as in Document.Charset
	From  string // as in Document.CharsetFrom
	Notes []qianshao.Note
}

// Decode converts a body of unknown charset to UTF-8. It believes a declaration
// unless the bytes contradict it: sites that declare gb2312 and send UTF-8, or
// the reverse, are common. contentType is the header's value and may be empty.
func Decode(body []byte, contentType string) Decoded {
	if len(body) == 0 {
		return Decoded{Name: utf8Name, From: "default", Notes: []qianshao.Note{qianshao.NoteEmpty}}
	}
	if name, skip := byteOrderMark(body); skip > 0 {
		return decodeAs(body[skip:], name, "bom")
	}
	if name := unmarkedUTF16(body); name != "" {
		return decodeAs(body, name, "detected")
	}
	if isBinary(body) {
		return Decoded{Name: utf8Name, From: "default", Notes: []qianshao.Note{qianshao.NoteBinary}}
	}
	name, from := declared(body, contentType)
	found := detect(body, name)
	switch {
	case name == "" && found == "":
		return decodeAs(body, latinName, "default")
	case name == "" && isASCII(body):
		return decodeAs(body, utf8Name, "default")
	case name == "":
		return decodeAs(body, found, "detected")
	case found == "" || found == name:
		return decodeAs(body, name, from)
	}
	d := decodeAs(body, found, from+" corrected")
	d.Notes = append(d.Notes, qianshao.NoteWrongCharset)
	return d
}

// decodeAs decodes body from the charset name, and replaces what cannot be decoded by U+FFFD.
func decodeAs(body []byte, name, from string) Decoded {
	d := Decoded{Name: name, From: from}
	if name == utf8Name {
		d.Text = string(body)
	} else {
		d.Text = convert(body, name)
	}
	if name == gbName && strings.Contains(d.Text, "\uFFFD") {
		d.Text = decodeUserDefined(body)
	}
	if !utf8.ValidString(d.Text) {
		d.Text = strings.ToValidUTF8(d.Text, "\uFFFD")
		d.Notes = append(d.Notes, qianshao.NoteBadBytes)
	} else if name != utf8Name && strings.Contains(d.Text, "\uFFFD") {
		d.Notes = append(d.Notes, qianshao.NoteBadBytes)
	}
	return d
}

// canonical returns the charset that a declared label stands for, lower case,
// or "" for an unknown label. The whole GB family is decoded as GB18030, its
// largest member, because pages that declare gb2312 are full of GBK.
func canonical(label string) string {
	label = strings.ToLower(strings.Trim(label, " \t\r\n\f\"'"))
	switch label {
	case "utf8", "unicode-1-1-utf-8":
		return utf8Name
	case "gb_2312-80", "gb18030-2000", "gb18030-2005", "gb18030-2022", "cp936", "ms936", "euc-cn":
		return gbName
	case "big5-hkscs", "big5hk", "cp950", "ms950":
		return big5Name
	}
	e, name := charset.Lookup(label)
	switch {
	case e == nil || name == "replacement" || name == "x-user-defined":
		return ""
	case name == "gbk":
		return gbName
	}
	return name
}

// byteOrderMark returns the charset of a byte order mark and its length.
func byteOrderMark(body []byte) (name string, length int) {
	switch {
	case bytes.HasPrefix(body, []byte{0xEF, 0xBB, 0xBF}):
		return utf8Name, 3
	case bytes.HasPrefix(body, []byte{0x84, 0x31, 0x95, 0x33}):
		return gbName, 4
	case bytes.HasPrefix(body, []byte{0xFF, 0xFE}):
		return utf16LEName, 2
	case bytes.HasPrefix(body, []byte{0xFE, 0xFF}):
		return utf16BEName, 2
	}
	return "", 0
}

// isBinary reports whether the body is not text: it starts with the signature of a known format, or
// more than a tenth of its first bytes are control characters.
func isBinary(body []byte) bool {
	for _, magic := range []string{"%PDF-", "\x89PNG\r\n", "GIF8", "\xFF\xD8\xFF", "PK\x03\x04", "\x1F\x8B", "\x7FELF", "MZ\x90", "RIFF", "wOFF", "wOF2", "\x00\x00\x01\x00", "\xD0\xCF\x11\xE0"} {
		if bytes.HasPrefix(body, []byte(magic)) {
			return true
		}
	}
	head := body[:min(len(body), 4096)]
	controls := 0
	for _, c := range head {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1B {
			controls++
		}
	}
	return controls*10 > len(head)
}

// xmlEncoding finds the encoding of an XML declaration.
var xmlEncoding = regexp.MustCompile(`^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:-]+)["']`)

// metaCharset finds the charset of either form of meta tag.
var metaCharset = regexp.MustCompile(`(?i)<meta\s[^>]*?charset\s*=\s*["']?\s*([A-Za-z0-9._:-]+)`)

// declared returns the charset that the page declares, and where it does so:
// in the header, the meta tag or the XML declaration, in WHATWG's order of trust.
func declared(body []byte, contentType string) (name, from string) {
	if _, params, err := mime.ParseMediaType(contentType); err == nil || params != nil {
		if name = canonical(params["charset"]); name != "" {
			return name, "header"
		}
	}
	head := body[:min(len(body), declarationWindow)]
	for _, d := range []struct {
		pattern *regexp.Regexp
		from    string
	}{{metaCharset, "meta"}, {xmlEncoding, "xml"}} {
		m := d.pattern.FindSubmatch(head)
		if m == nil {
			continue
		}
		name = canonical(string(m[1]))
		if strings.HasPrefix(name, "utf-16") {
			name = utf8Name // WHATWG: a declaration that can be read as ASCII is not UTF-16
		}
		if name != "" {
			return name, d.from
		}
	}
	return "", ""
}
