package charset

import (
	"unicode"
	"unicode/utf8"
)

// utf8Score is what a sample contains when it is read as UTF-8.
type utf8Score struct {
	multi      int // well-formed characters of several bytes
	threeBytes int // of these, those of three bytes or more, as all CJK are
	bad        int // bytes that belong to no character
}

// looksRight reports whether the sample is UTF-8. It tolerates a few broken characters, which are
// found in pages put together from several sources, and a character cut off at the end.
func (l utf8Score) looksRight() bool {
	if l.multi <= 2 {
		return l.multi > 0 && l.bad == 0
	}
	return (l.bad-1)*20 <= l.multi
}

func scoreUTF8(sample []byte) utf8Score {
	var l utf8Score
	for i := 0; i < len(sample); {
		if sample[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(sample[i:])
		switch {
		case r == utf8.RuneError && size <= 1:
			if utf8.FullRune(sample[i:]) { // the window may cut off the last character
				l.bad++
			}
		case size > 2:
			l.threeBytes++
			l.multi++
		default:
			l.multi++
		}
		i += size
	}
	return l
}

// score is what a sample contains when it is decoded from some charset.
type score struct {
	characters int // all beyond ASCII
	common     int // of these, very common Chinese characters and punctuation
	han        int // of these, all Chinese characters
	odd        int // undecodable, private use or control characters, which no text has
}

// scoreOf decodes the sample as the charset and counts its characters.
func scoreOf(sample []byte, name string) score {
	var l score
	if err := eachPiece(sample, name, len(sample) < detectionWindow, l.add); err != nil {
		return score{characters: 1, odd: 1}
	}
	return l
}

// add counts the characters of a piece of text.
func (l *score) add(piece []byte) {
	for i := wideAt(piece); i < len(piece); {
		r, size := utf8.DecodeRune(piece[i:])
		i += size
		if r < utf8.RuneSelf {
			continue
		}
		l.characters++
		switch {
		case r >= 0x4E00 && r <= 0x9FFF: // nearly all characters; the tables below are slow
			l.han++
			if common.has(r) {
				l.common++
			}
		case common.has(r):
			l.common++
		case r == utf8.RuneError, unicode.Is(unicode.Co, r), unicode.IsControl(r):
			l.odd++
		case unicode.Is(unicode.Han, r):
			l.han++
		}
	}
}

// share returns the share of common characters minus five times that of odd ones. Running text has
// 0.3 to 0.6 in its own charset and less than 0.05 in any other.
func (l score) share() float64 {
	if l.characters == 0 {
		return 0
	}
	return (float64(l.common) - 5*float64(l.odd)) / float64(l.characters)
}

// certainShare is a share that a text reaches only in its own charset.
const certainShare = 0.25

// convincing reports whether the sample is in that charset, whatever the page declares.
func (l score) convincing() bool { return l.characters >= 4 && l.share() >= 0.12 }

// plausibleShortGB reports whether a few characters decode as GB without an odd one: 彩票 alone has
// no common character, but is not windows-1252 either.
func (l score) plausibleShortGB() bool {
	return l.han >= 2 && l.odd == 0 && l.han*10 >= l.characters*9
}

// shortChinese recognises a few Chinese words by their bytes: adjacent pairs of bytes in the half
// of the charset that holds the everyday characters. In other languages, accented letters stand
// alone or fall into the other half. It returns "" if the sample is neither GB nor Big5.
func shortChinese(sample []byte) string {
	gb := pairs(sample, 0xB0, 0xD7, 0xA1)
	big5 := pairs(sample, 0xA4, 0xC6, 0x40)
	switch {
	case gb >= 2 && big5 >= 2:
		// Both charsets fit. GB text that is read as Big5 consists of rare characters.
		if scoreOf(sample, big5Name).common > scoreOf(sample, gbName).common {
			return big5Name
		}
		return gbName
	case gb >= 2:
		return gbName
	case big5 >= 2:
		return big5Name
	}
	return ""
}

// pairs counts the characters of a double-byte charset with a lead byte between first and last and
// a trail byte of at least trail. Punctuation (lead bytes A1 to A3) is allowed but not counted. It
// returns 0 if the sample has any other byte beyond ASCII.
func pairs(sample []byte, first, last, trail byte) (n int) {
	for i := 0; i < len(sample); i++ {
		c := sample[i]
		if c < utf8.RuneSelf {
			continue
		}
		if i+1 == len(sample) {
			break // cut off by the window
		}
		i++
		switch {
		case sample[i] < trail || sample[i] == 0x7F || sample[i] > 0x7F && sample[i] < 0xA1 || sample[i] == 0xFF:
			return 0
		case c >= first && c <= last:
			n++
		case c < 0xA1 || c > 0xA3:
			return 0
		}
	}
	return n
}

// runeSet is a set of characters of the basic multilingual plane, one bit each.
type runeSet [0x10000 / 64]uint64

func newRuneSet(members string) *runeSet {
	var s runeSet
	for _, r := range members {
		s[r/64] |= 1 << (r % 64)
	}
	return &s
}

func (s *runeSet) has(r rune) bool { return r < 0x10000 && s[r/64]&(1<<(r%64)) != 0 }

// common is read only.
var common = newRuneSet(commonPunctuation + commonCharacters)

const commonPunctuation = "，。、：；？！“”《》（）　·「」"

// commonCharacters are the most frequent characters of modern written Chinese, simplified and
// traditional, and of the menus and footers of web pages.
const commonCharacters = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里" +
	"用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十" +
	"民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代" +
	"内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结" +
	"反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思" +
	"王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运网站首页版登录注册联系更多" +
	"這個們來為國時會對發後裡種經麼學當沒動還進樣無長機關點業將兩間問應戰頭體見產現話內門員論處義幾認條氣題爾別變總電數報結" +
	"實與說過開從給東聲達權術領確傳師觀讓識帶導爭運網頁錄冊聯"
