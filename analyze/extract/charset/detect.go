package charset

import "github.com/wlynxg/chardet"

// detect returns the charset that fits the bytes best, or "" if none fits. It
// returns the declared charset where the bytes allow it.
func detect(body []byte, declared string) string {
	if isASCII(body) {
		if declared == "" || declared == utf16LEName || declared == utf16BEName {
			return utf8Name // as UTF-16, every two letters would be read as one Chinese character
		}
		return declared
	}
	sample := nonASCIISample(body)
	utf := scoreUTF8(sample)
	if utf.looksRight() && !(utf.threeBytes == 0 && isChinese(declared)) {
		// Two GBK characters can form valid two-byte UTF-8, as 联通 does, so
		// only three-byte characters overrule a Chinese declaration.
		return utf8Name
	}
	if isChinese(declared) {
		if own := scoreOf(sample, declared); own.odd == 0 && own.share() >= certainShare {
			return declared // the common case: no comparison is needed
		}
	}
	gb, big5 := scoreOf(sample, gbName), scoreOf(sample, big5Name)
	best, name := gb, gbName
	if big5.share() > gb.share() {
		best, name = big5, big5Name
	}
	if declared == utf8Name || declared == latinName { // servers declare these two for any page
		if short := shortChinese(sample); short != "" {
			return short
		}
	}
	if declared != "" && declared != utf8Name {
		own := scoreOf(sample, declared)
		if !best.convincing() || own.share()*2 > best.share() {
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

// guess returns the charset of a sample that is neither UTF-8 nor a long Chinese text. It looks for
// a short Chinese text first, then asks chardet. gb is the sample's score as GB18030.
func guess(sample []byte, gb score) string {
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

// minDetectorConfidence is the confidence below which chardet's answer is no better than the
// default. For short input in single-byte charsets, chardet guesses with about 0.5.
const minDetectorConfidence = 0.7

func isChinese(name string) bool { return name == gbName || name == big5Name }

func isASCII(b []byte) bool { return wideAt(b) == len(b) }

// nonASCIISample returns the part of the body that detection reads. It starts at the first byte
// beyond ASCII, since a page may begin with 100 KB of scripts.
func nonASCIISample(body []byte) []byte {
	first := wideAt(body)
	return body[first:min(len(body), first+detectionWindow)]
}

// unmarkedUTF16 recognises UTF-16 without a byte order mark by its markup:
// every other byte of "<html>" is zero. Where there is little markup, the text
// must score as Chinese. It returns "" if the body is not UTF-16.
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
		if s := scoreOf(head[:len(head)&^1], name); s.characters >= 8 && s.share() >= certainShare {
			return name
		}
	}
	return ""
}
