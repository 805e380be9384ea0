package extract

import (
	"bytes"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/wlynxg/chardet"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

const (
	// declarationWindow is how far into a body a declaration is looked for.
	// WHATWG prescribes 1024 bytes; pages with a long comment or script in front
	// of the meta tag are common enough to look further.
	declarationWindow = 8 << 10
	// detectionWindow is how much of a body detection reads, from its first
	// byte beyond ASCII: some thousands of characters.
	detectionWindow = 16 << 10
)

// names of charsets as Document.Charset has them.
const (
	utf8Name    = "utf-8"
	utf16LEName = "utf-16le"
	utf16BEName = "utf-16be"
	gbName      = "gb18030"
	big5Name    = "big5"
	latinName   = "windows-1252"
)

// decoded is a body in UTF-8, and how it came to be so.
type decoded struct {
	text  string
	name  string // as in Document.Charset
	from  string // as in Document.CharsetFrom
	notes []qianshao.Note
}

// decode turns a body of unknown charset into UTF-8. Declarations are
// believed unless the bytes contradict them: sites that say gb2312 and send
// UTF-8, or the reverse, are daily bread.
func decode(body []byte, contentType string) decoded {
	if len(body) == 0 {
		return decoded{name: utf8Name, from: "default", notes: []qianshao.Note{qianshao.NoteEmpty}}
	}
	if name, skip := byteOrderMark(body); skip > 0 {
		return decodeAs(body[skip:], name, "bom")
	}
	if name := unmarkedUTF16(body); name != "" {
		return decodeAs(body, name, "detected")
	}
	if isBinary(body) {
		return decoded{name: utf8Name, from: "default", notes: []qianshao.Note{qianshao.NoteBinary}}
	}
	name, from := declared(body, contentType)
	found := judge(body, name)
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
	d.notes = append(d.notes, qianshao.NoteWrongCharset)
	return d
}

// decodeAs decodes body as the charset name, replacing what cannot be decoded.
func decodeAs(body []byte, name, from string) decoded {
	d := decoded{name: name, from: from}
	if name == utf8Name {
		d.text = string(body)
	} else if out, err := encodingOf(name).NewDecoder().Bytes(body); err == nil {
		d.text = string(out)
	} else {
		d.text = string(body)
	}
	if name == gbName && strings.Contains(d.text, "\uFFFD") {
		d.text = decodeUserDefined(body)
	}
	if !utf8.ValidString(d.text) {
		d.text = strings.ToValidUTF8(d.text, "\uFFFD")
		d.notes = append(d.notes, qianshao.NoteBadBytes)
	} else if name != utf8Name && strings.Contains(d.text, "\uFFFD") {
		d.notes = append(d.notes, qianshao.NoteBadBytes)
	}
	return d
}

// decodeUserDefined decodes GB18030 with its three user-defined areas, which the
// standard maps to private use characters and x/text leaves out. Pages have
// them from fonts of their own and, more often, from text that went through
// the wrong charset once; either way they are characters and no damage.
func decodeUserDefined(body []byte) string {
	var b strings.Builder
	b.Grow(len(body) * 3 / 2)
	flush := func(part []byte) {
		out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(part)
		if err != nil {
			out = part
		}
		b.Write(out)
	}
	done := 0
	for i := 0; i < len(body); {
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

// gbSize returns the length of the character at the start of b: 1, 2 or 4
// bytes; 1 also for a byte that begins none.
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

// userDefined returns the character of two bytes in an area that GB18030 leaves
// to users; 0 for others.
func userDefined(lead, trail byte) rune {
	row, column := rune(lead), rune(trail)
	switch {
	case lead >= 0xAA && lead <= 0xAF && trail >= 0xA1:
		return 0xE000 + (row-0xAA)*94 + column - 0xA1
	case lead >= 0xF8 && trail >= 0xA1:
		return 0xE234 + (row-0xF8)*94 + column - 0xA1
	case lead >= 0xA1 && lead <= 0xA7 && trail < 0xA1:
		if trail > 0x7F {
			column-- // 7F is no trail byte
		}
		return 0xE4C6 + (row-0xA1)*96 + column - 0x40
	}
	return 0
}

// encodingOf returns the decoder of a name that canonical or detection gave.
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

// canonical returns the charset that a declared label stands for, lower case;
// "" for a label nobody knows. All of the GB family is decoded as its largest
// member, because pages that declare gb2312 are full of GBK.
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

// unmarkedUTF16 recognises UTF-16 without a byte order mark by its markup:
// every other byte of "<html>" is zero. Where there is little of it, the text
// must speak for itself.
func unmarkedUTF16(body []byte) string {
	head := body[:min(len(body), 512)]
	if len(head) < 4 {
		return ""
	}
	var zeros [2]int
	for i, c := range head {
		if c == 0 {
			zeros[i&1]++
		}
	}
	quarter := len(head) / 4
	switch {
	case zeros[1] >= quarter && zeros[0] < zeros[1]/8+1:
		return utf16LEName
	case zeros[0] >= quarter && zeros[1] < zeros[0]/8+1:
		return utf16BEName
	case zeros[0]+zeros[1] == 0 || len(body)%2 != 0:
		return ""
	}
	for _, name := range []string{utf16LEName, utf16BEName} {
		if l := measure(head[:len(head)&^1], name); l.characters >= 8 && l.score() >= certainScore {
			return name
		}
	}
	return ""
}

// isBinary says whether the body is no text at all: it starts with a known
// format's signature, or a tenth of its start are control characters.
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

// declared returns the charset that the page names, and where: in the header,
// the meta tag or the XML declaration, in WHATWG's order of trust.
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

// judge returns the charset that the bytes speak for, "" when they speak for
// none. A declaration that fits the bytes is returned as it is.
func judge(body []byte, declared string) string {
	if isASCII(body) {
		if declared == "" || declared == utf16LEName || declared == utf16BEName {
			return utf8Name // UTF-16 would make Chinese of every two letters
		}
		return declared
	}
	sample := nonASCIISample(body)
	utf := measureUTF8(sample)
	if utf.looksRight() && !(utf.threeBytes == 0 && isChinese(declared)) {
		// Two GBK characters can form valid two-byte UTF-8 (the famous 联通), so
		// a Chinese declaration is only overruled by three-byte characters.
		return utf8Name
	}
	if isChinese(declared) {
		if own := measure(sample, declared); own.odd == 0 && own.score() >= certainScore {
			return declared // the common case, spared the comparison
		}
	}
	gb, big5 := measure(sample, gbName), measure(sample, big5Name)
	best, name := gb, gbName
	if big5.score() > gb.score() {
		best, name = big5, big5Name
	}
	if declared == utf8Name || declared == latinName { // what servers say of everything
		if short := shortChinese(sample); short != "" {
			return short
		}
	}
	if declared != "" && declared != utf8Name {
		own := measure(sample, declared)
		if !best.convincing() || own.score()*2 > best.score() {
			return declared
		}
		return name
	}
	if best.convincing() {
		return name
	}
	if declared != "" {
		return declared
	}
	return guess(sample, gb)
}

// guess asks chardet about what is clearly neither UTF-8 nor Chinese of some
// length, and trusts it no further than the bytes allow.
func guess(sample []byte, gb likeness) string {
	if short := shortChinese(sample); short != "" {
		return short
	}
	if gb.plausibleShortGB() {
		return gbName
	}
	r := chardet.Detect(sample)
	name := canonical(r.Charset)
	if name == "" || r.Confidence < minDetectorConfidence || isChinese(name) {
		return ""
	}
	return name
}

// minDetectorConfidence is below which chardet's answer is no better than the
// default; its single-byte guesses on short input lie around 0.5.
const minDetectorConfidence = 0.7

func isChinese(name string) bool { return name == gbName || name == big5Name }

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// nonASCIISample returns the part of the body that detection reads: from its
// first non-ASCII byte on, since a page may start with 100 KB of scripts.
func nonASCIISample(body []byte) []byte {
	first := bytes.IndexFunc(body, func(r rune) bool { return r >= utf8.RuneSelf })
	if first < 0 {
		return nil
	}
	return body[first:min(len(body), first+detectionWindow)]
}
