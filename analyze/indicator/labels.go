package indicator

import (
	"slices"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
)

// label is a word that announces an id. Its word is folded: lower case, simplified, without
// separators.
type label struct {
	word []rune
	kind qianshao.IndicatorKind
	// short words are also parts of other words: a colon or the like must separate them from the
	// id, or the id must begin with a digit.
	short bool
}

// buildLabels returns all labels, each once, by their first character and the longest first.
func buildLabels() map[rune][]label {
	table := map[rune][]label{}
	add := func(kind qianshao.IndicatorKind, short bool, words string) {
		for word := range strings.FieldsSeq(words) {
			folded := fold.Term(word)
			table[folded[0]] = append(table[folded[0]], label{folded, kind, short})
		}
	}
	add(qianshao.IndicatorQQ, false, "QQ 扣扣 叩叩 口口 秋秋 球球 企鹅 企额 起鹅 加扣 佳扣 家扣 加Q 佳Q 家Q 嘉Q 扣Q 腾讯号 Q号 扣号 Q群 扣群 扣裙 Q裙 企鹅群")
	add(qianshao.IndicatorQQ, true, "Q 扣 鹅")
	add(qianshao.IndicatorWeChat, false, `微信 薇信 威信 维信 徽信 葳信 溦信 卫星号 V信 微芯 薇芯 微心 薇心 V芯 V心 微X 薇X 威X 徽X VX WX wechat weixin
		加V 佳V 家V 嘉V 伽V 茄V 徽V 微V 薇V 威V 加微 佳微 家微 嘉微 加薇 佳薇 家薇 加威 佳威 加徽 加溦 微号 薇号 威号 V号`)
	add(qianshao.IndicatorWeChat, true, "V 薇 微 威 徽 溦 葳 wei")
	add(qianshao.IndicatorTelegram, false, "telegram 电报 纸飞机 飞机号 飞机 灰机 飛機 TG 土豆群 TG号 飞机频道 电报群")
	add(qianshao.IndicatorBatChat, false, "蝙蝠 batchat 蝙蝠号")
	for first := range table {
		slices.SortFunc(table[first], func(x, y label) int { return len(y.word) - len(x.word) })
	}
	return table
}

// How far a label reaches.
const (
	maxFillers = 8 // characters between a label and its id
	maxLabel   = 6 // characters of signs between them, including spaces
)

// fillers may stand between a label and its id: 微信号是：, QQ客服, 加我❤.
const fillers = "号码是为加佳我群裙客服联系咨询请添账帐同步请搜找的老师微薇信心芯官方主"

// labelled finds the ids that a word announces.
func (r *reading) labelled(labels map[rune][]label) {
	for i := 0; i < len(r.text.Runes); i++ {
		l, end, ok := r.labelAt(labels, i)
		if !ok {
			continue
		}
		at, setOff := r.idAfter(labels, end, l)
		if at >= 0 {
			r.id(l, at, setOff)
		} else if l.kind == qianshao.IndicatorQQ && !l.short {
			r.numberBefore(i)
		}
		i = end - 1
	}
}

// labelAt returns the longest label that begins at character i and the character after it.
func (r *reading) labelAt(labels map[rune][]label, i int) (label, int, bool) {
	for _, l := range labels[r.text.Runes[i]] {
		end := i + len(l.word)
		if end > len(r.text.Runes) || !slices.Equal(r.text.Runes[i:end], l.word) {
			continue
		}
		if isWord(l.word[0]) && !r.startsLabel(i) {
			continue
		}
		if l.kind == qianshao.IndicatorWeChat && slices.Equal(r.text.Runes[end:min(end+2, len(r.text.Runes))], []rune("ip")) {
			continue // the V of VIP
		}
		if l.word[len(l.word)-1] == 'v' && r.at(end) == 'x' && r.joint(end) == jointNone && (r.joint(end+1) != jointNone || !isLetter(r.at(end+1))) {
			end++ // 微vx
		}
		if l.short && strings.ContainsAny(r.before(i), "+＋➕✚") { // +V, ➕Q
			l.short = false
		}
		return l, end, true
	}
	return label{}, 0, false
}

// startsLabel reports whether a Latin label may begin at character i: a word begins there that is
// not part of a host name or a mail address.
func (r *reading) startsLabel(i int) bool {
	return r.startsWord(i) && r.joint(i) != jointDot && r.joint(i) != jointAt
}

// idAfter skips what may stand between a label and its id. It returns where the id begins, or -1 if
// there is none, and whether a sign or filler separates the two.
func (r *reading) idAfter(labels map[rune][]label, i int, l label) (at int, setOff bool) {
	for from := i; i < len(r.text.Runes) && i-from <= maxFillers; i++ {
		gap := r.text.Gaps[i]
		if gap.Break == fold.BreakSentence && r.joint(i) == jointWide || gap.Width > maxLabel {
			return -1, false
		}
		c := r.text.Runes[i]
		_, _, another := r.labelAt(labels, i)
		switch {
		case another && i > from && !isWord(c) && !strings.ContainsRune(fillers, c):
			return -1, false // QQ微信：…: the id belongs to the nearer label
		case isWord(c) || r.digit(i) != 0:
			colon := r.joint(i) == jointColon || r.joint(i) == jointAt || r.joint(i) == jointSymbol
			return i, setOff || colon
		case strings.ContainsRune("号码是为", c):
			setOff = true
		case strings.ContainsRune(fillers, c):
		case isHan(c):
			return -1, false
		default: // letters of rare scripts serve as ornaments: ᚰ
			setOff = true
		}
	}
	return -1, false
}

// id reads the id at character i in the way of the label's kind.
func (r *reading) id(l label, i int, setOff bool) {
	if isWord(l.word[0]) && r.joint(i) == jointNone && isWord(r.at(i)) && !isDigit(r.at(i)) {
		return // the beginning of a longer word: tgabc
	}
	switch l.kind {
	case qianshao.IndicatorQQ:
		if l.short && !setOff && r.joint(i) == jointNone && l.word[0] != '鹅' {
			return
		}
		if n, ok := r.accountNumber(i); ok {
			r.add(l.kind, n.digits, n.first, n.last)
		}
	case qianshao.IndicatorTelegram:
		r.telegram(i, setOff)
	default:
		r.account(l, i, setOff)
	}
}

// Lengths of account numbers. QQ numbers have at least five digits.
const (
	minAccount = 5
	maxAccount = 11
)

// accountNumber reads a number of 5 to 11 digits at character i. A group of six or more is a number
// by itself. Shorter groups may be parts of one (351 417 3330).
func (r *reading) accountNumber(i int) (number, bool) {
	groups := r.groupsAt(i)
	var best number
	r.prefixes(groups, maxAccount, func(n number) bool {
		if len(n.digits) >= minAccount && isEvenlySpaced(n.groups) {
			best = n
		}
		return len(n.groups) == 1 && len(n.digits) >= 6 || r.isCounted(n.last)
	})
	if best.digits == "" {
		return number{}, false
	}
	switch {
	case best.digits[0] == '0' || !r.isWhole(best) || isRepeated(best.digits):
		return number{}, false
	case len(best.digits) <= 6 && r.isCounted(best.last):
		return number{}, false // QQ会员 10000 元
	case r.isPartOfHost(best.first, best.last):
		return number{}, false
	}
	return best, true
}

// isCounted reports whether a unit follows character last, so that the number is an amount or a
// date.
func (r *reading) isCounted(last int) bool {
	c := r.at(last + 1)
	return c != 0 && r.joint(last+1) <= jointSpace && strings.ContainsRune("元块万千折年月日人次天", c)
}

// numberBefore finds the number in front of a label: 2744 7053+🐧, 953549149加扣.
func (r *reading) numberBefore(label int) {
	last := label - 1
	if r.joint(label) == jointWide || r.digit(last) == 0 {
		return
	}
	first := last
	for first > 0 && last-first < 2*maxAccount && r.digit(first-1) != 0 && r.joint(first) <= jointHyphen {
		first--
	}
	if n, ok := r.accountNumber(first); ok && n.last == last && r.startsWord(first) && n.groups[0].first == first {
		r.add(qianshao.IndicatorQQ, n.digits, n.first, n.last)
	}
}

// penguins finds the sign that stands for QQ, in front of a number or behind it.
func (r *reading) penguins() {
	source := r.text.Source()
	if !strings.Contains(source, "🐧") {
		return
	}
	for i := range len(r.text.Runes) + 1 {
		from, to := 0, len(source)
		if i > 0 {
			from = int(r.text.End[i-1])
		}
		if i < len(r.text.Runes) {
			to = int(r.text.Start[i])
		}
		if to-from < len("🐧") || !strings.Contains(source[from:to], "🐧") {
			continue
		}
		if i < len(r.text.Runes) && r.digit(i) != 0 {
			if n, ok := r.accountNumber(i); ok {
				r.add(qianshao.IndicatorQQ, n.digits, n.first, n.last)
				continue
			}
		}
		if i > 0 && r.digit(i-1) != 0 {
			r.numberBefore(i)
		}
	}
}

// Lengths of ids in characters. WeChat ids have 6 to 20 and begin with a letter, Telegram names
// have 5 to 32.
const (
	minWeChat   = 6
	maxWeChat   = 20
	minTelegram = 5
	maxTelegram = 32
)

// account reads a WeChat or BatChat id: a name, or the number of the account that it belongs to.
func (r *reading) account(l label, i int, setOff bool) {
	if r.digit(i) != 0 {
		// A single V or 微 right before a number is not a label: 微5000000.
		if l.short && !setOff && r.joint(i) == jointNone && isHan(l.word[0]) && l.word[0] != '薇' {
			return
		}
		if n, ok := r.accountNumber(i); ok && len(n.digits) >= minWeChat {
			r.add(l.kind, n.digits, n.first, n.last)
			return
		}
		if l.kind == qianshao.IndicatorWeChat {
			return
		}
	}
	if l.short && !setOff && (r.joint(i) == jointNone && isWord(l.word[0])) {
		return
	}
	name, last := r.name(i)
	if len(name) < minWeChat || len(name) > maxWeChat || r.isPartOfHost(i, last) || !isName(name, setOff) {
		return
	}
	r.add(l.kind, name, i, last)
}

// telegram reads a name with or without @. A name without @ must pass isName.
func (r *reading) telegram(i int, setOff bool) {
	name, last := r.name(i)
	if len(name) < minTelegram || len(name) > maxTelegram || isDigit(rune(name[0])) || r.isPartOfHost(i, last) {
		return
	}
	if r.joint(i) == jointAt || strings.HasSuffix(r.between(i), "@") || isName(name, setOff) {
		r.add(qianshao.IndicatorTelegram, "@"+name, i, last)
	}
}

// contactWords make a bare @name a Telegram name: the custom comes from there.
const contactWords = "联系|客服|咨询|业务|频道|群|官方|担保|号|找|私聊|飞机|电报|tg"

// mentions finds bare names: 咨询 @abc99.
func (r *reading) mentions() {
	for i, c := range r.text.Runes {
		if c < 'a' || c > 'z' || r.text.Gaps[i].Break == fold.BreakNone && i > 0 {
			continue
		}
		if sign := r.before(i); !strings.HasSuffix(sign, "@") && !strings.HasSuffix(sign, "＠") || sign == "@" && i > 0 && isWord(r.at(i-1)) && !r.isAnnounced(i, "tg|telegram") {
			continue // an empty name, or the end of a mail address
		}
		if r.isAnnounced(i, contactWords) {
			r.telegram(i, true)
		}
	}
}

// before is like between, but also works at the beginning of the text.
func (r *reading) before(i int) string {
	if i > 0 {
		return r.between(i)
	}
	return r.text.Source()[:r.text.Start[0]]
}

// name reads a Latin id from character i on: letters, digits, _ and -. Signs and spaces between
// single characters are ornaments: a-b-c 1 2 3.
func (r *reading) name(i int) (string, int) {
	var b strings.Builder
	last, ornamented, first := i, false, true
	for isWord(r.at(i)) && b.Len() <= maxTelegram {
		end := r.wordEnd(i)
		if !first {
			single := last == i-1 && end-i == 1 && r.pieceLength(last) == 1
			switch j := r.joint(i); {
			case single && (ornamented || j != jointUnder) && (j <= jointHyphen || j == jointDot || j == jointSymbol):
				ornamented = true
			case ornamented:
				return b.String(), last
			case j == jointUnder:
				b.WriteByte('_')
			case j == jointHyphen && (r.between(i) == "-" || r.between(i) == "－"):
				b.WriteByte('-')
			default:
				return b.String(), last
			}
		}
		b.WriteString(string(r.text.Runes[i:end]))
		last, first, i = end-1, false, end
	}
	return b.String(), last
}

// pieceLength returns the number of characters, at most two, of the word that ends with character
// last.
func (r *reading) pieceLength(last int) int {
	if last > 0 && isWord(r.at(last-1)) && r.joint(last) == jointNone {
		return 2
	}
	return 1
}

// isName rejects ordinary words: a name has a digit or _, or is separated by a colon and is not the
// name of a product.
func isName(name string, setOff bool) bool {
	if strings.ContainsAny(name, "0123456789_") {
		return true
	}
	switch name {
	case "wechat", "weixin", "telegram", "android", "iphone", "windows", "online", "https", "alipay", "qqqun", "video", "group", "channel", "whatsapp", "facebook", "twitter", "douyin", "kuaishou", "cellphone", "hotline":
		return false
	}
	return setOff
}

// isPartOfHost reports whether a dot joins the word first…last to another word.
func (r *reading) isPartOfHost(first, last int) bool {
	if r.joint(last+1) == jointDot && isWord(r.at(last+1)) && strings.HasPrefix(r.between(last+1), ".") {
		return true
	}
	return first > 0 && isWord(r.at(first-1)) && r.joint(first) == jointDot
}
