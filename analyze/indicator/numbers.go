package indicator

import (
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
)

// group is a run of digits with nothing between them.
type group struct {
	digits      string
	first, last int
	before      joint
}

// maxGroups bounds the groups of a number: a card spelt digit by digit has 19.
const maxGroups = 24

// groupAt reads the digits from character i on, including Chinese numerals.
func (r *reading) groupAt(i int) group {
	if r.digit(i) == 0 {
		return group{first: i, last: i - 1, before: r.joint(i)}
	}
	end := r.groupEnd(i)
	return group{digits: r.digits[i:end], first: i, last: end - 1, before: r.joint(i)}
}

// groupsAt reads the groups of digits from character i on that may be one number. They are valid
// until the next call.
func (r *reading) groupsAt(i int) []group {
	groups := r.groups[:0]
	for len(groups) < maxGroups && r.digit(i) != 0 {
		g := r.groupAt(i)
		if len(groups) > 0 && !mayJoin(groups[len(groups)-1], g) {
			break
		}
		groups = append(groups, g)
		i = g.last + 1
	}
	r.groups = groups
	return groups
}

// mayJoin reports whether two groups may be parts of one number. A dot joins only single digits:
// 1.3.8 is a spelling, 22.34 an amount.
func mayJoin(a, b group) bool {
	switch b.before {
	case jointSpace, jointHyphen:
		return true
	case jointDot, jointSymbol, jointUnder:
		return len(a.digits) == 1 && len(b.digits) == 1
	case jointQuote: // (0571)87654321
		return a.digits[0] == '0'
	}
	return false
}

// number is one or more groups read as one.
type number struct {
	digits      string
	groups      []group
	first, last int
}

// prefixes calls use with the number made of the first group, of the first two, and so on, up to a
// length.
func (r *reading) prefixes(groups []group, longest int, use func(number) bool) {
	for i, g := range groups {
		n := number{digits: r.digits[groups[0].first : g.last+1], groups: groups[:i+1], first: groups[0].first, last: g.last}
		if len(n.digits) > longest || use(n) {
			return
		}
	}
}

// minPhone is the length of the shortest number that needs no label: a telephone number without its
// area code.
const minPhone = 7

// numbers looks at every number in the text: first for resident identity numbers, which exclude
// everything that they overlap, then for telephones and cards.
func (r *reading) numbers() {
	r.starts = r.starts[:0]
	r.eachGroups(func(groups []group) {
		if groups[len(groups)-1].last+1-groups[0].first < minPhone {
			return
		}
		r.starts = append(r.starts, groups[0].first)
		r.prefixes(groups, 18, func(n number) bool {
			if x := r.at(n.last + 1); x == 'x' && len(n.digits) == 17 && r.joint(n.last+1) <= jointHyphen {
				n.digits, n.last = n.digits+"x", n.last+1
			}
			if isResidentID(n.digits) {
				r.private = append(r.private, [2]int{n.first, n.last})
			}
			return false
		})
	})
	for _, start := range r.starts {
		r.prefixes(r.groupsAt(start), 19, func(n number) bool {
			if value, ok := r.phone(n); ok {
				r.add(qianshao.IndicatorPhone, value, n.first, n.last)
				return true
			}
			if isBankCard(n.digits) && isEvenlySpaced(n.groups) && r.isWhole(n) && r.nearCardWord(n.first, n.last) {
				r.add(qianshao.IndicatorBankCard, n.digits, n.first, n.last)
				return true
			}
			return false
		})
	}
}

// eachGroups calls use for every group of the text, with the groups from there on.
func (r *reading) eachGroups(use func([]group)) {
	for i := 0; i < len(r.digits); i++ {
		if r.digits[i] == 0 {
			continue
		}
		if r.startsNumber(i) && !r.followsSingle(i) {
			use(r.groupsAt(i))
		}
		i = r.groupEnd(i) - 1
	}
}

// groupEnd returns the character after the digits that begin at i.
func (r *reading) groupEnd(i int) int {
	for i++; r.digit(i) != 0 && r.text.Gaps[i].Break == fold.BreakNone; i++ {
	}
	return i
}

// followsSingle reports whether digit i continues a number that is spelt digit by digit.
func (r *reading) followsSingle(i int) bool {
	return i > 0 && r.groupEnd(i) == i+1 && r.digit(i-1) != 0 && r.joint(i) <= jointDot && r.pieceLength(i-1) == 1
}

// startsNumber is false inside a Latin word (v1380…), unless the word announces a telephone.
func (r *reading) startsNumber(i int) bool {
	if r.startsWord(i) {
		return true
	}
	for _, word := range []string{"tel", "phone", "mobile", "sms", "dh"} {
		if r.endsWith(i, word) && r.startsWord(i-len(word)) {
			return true
		}
	}
	return false
}

// endsWith reports whether the ASCII word stands right in front of character i.
func (r *reading) endsWith(i int, word string) bool {
	for k := range len(word) {
		if r.at(i-len(word)+k) != rune(word[k]) {
			return false
		}
	}
	return true
}

// isWhole reports whether no more digits follow the number's last group.
func (r *reading) isWhole(n number) bool {
	next := n.last + 1
	if len(n.groups) > 1 && len(n.groups[len(n.groups)-1].digits) == 1 && r.digit(next) != 0 {
		return r.joint(next) > jointDot
	}
	return !isWord(r.at(next)) || r.joint(next) != jointNone
}

// isEvenlySpaced reports whether the groups can be one number: all have a single digit, or all but
// the last have at least three. Others are several numbers.
func isEvenlySpaced(groups []group) bool {
	single, long := true, true
	for i, g := range groups {
		single = single && len(g.digits) == 1
		long = long && (len(g.digits) >= 3 || i == len(groups)-1)
	}
	return single || long
}

// phone recognises a telephone number of mainland China and returns it in its canonical form.
func (r *reading) phone(n number) (string, bool) {
	if !r.isWhole(n) {
		return "", false
	}
	digits, even := n.digits, isEvenlySpaced(n.groups) && (len(n.groups) != 3 && len(n.groups) != 4 || len(n.groups[0].digits) == 3)
	for _, country := range []string{"0086", "86"} {
		if rest, ok := strings.CutPrefix(digits, country); ok && len(rest) == 11 {
			digits, even = rest, true
		}
	}
	switch {
	case len(digits) == 11 && digits[0] == '1' && digits[1] >= '3' && digits[1] <= '9':
		return digits, even && !isRepeated(digits[3:])
	case len(digits) == 10 && (digits[:3] == "400" || digits[:3] == "800"):
		return digits, even && (r.isAnnounced(n.first, phoneWords) || len(n.groups) > 1 && n.groups[1].before == jointHyphen)
	case digits[0] == '0':
		return r.landline(n)
	case len(digits) >= 7 && len(digits) <= 8 && len(n.groups) <= 2 && digits[0] >= '2':
		return digits, even && r.isAnnounced(n.first, phoneWords)
	}
	return "", false
}

// landline recognises an area code with a number. The code has three digits for 010 and 02x, four
// otherwise.
func (r *reading) landline(n number) (string, bool) {
	code := 4
	if strings.HasPrefix(n.digits, "01") || strings.HasPrefix(n.digits, "02") {
		code = 3
	}
	local := len(n.digits) - code
	if local < 7 || local > 8 || n.digits[1] == '0' || n.digits[code] < '2' {
		return "", false
	}
	parted := len(n.groups) == 2 && len(n.groups[0].digits) == code
	if !parted && !r.isAnnounced(n.first, phoneWords) {
		return "", false
	}
	return n.digits[:code] + "-" + n.digits[code:], true
}

// isRepeated recognises the placeholders of forms: nobody has the number 13800000000.
func isRepeated(digits string) bool { return strings.Trim(digits, digits[:1]) == "" }

// phoneWords and cardWords announce a number. They are folded and separated by |.
const (
	phoneWords = "电话|手机|热线|座机|来电|致电|拨打|联系方式|联系人|tel|phone|dh"
	cardWords  = "卡号|银行|账号|帐号|账户|帐户|户名|开户|收款|转账|打款|汇款|银联|card|农行|工行|建行|中行|招行|支行"
)

// How far the words that announce something reach, in folded characters.
const (
	announceReach = 12
	cardReach     = 30
)

// isAnnounced reports whether one of the words stands shortly before character i.
func (r *reading) isAnnounced(i int, words string) bool {
	return containsAny(string(r.text.Runes[max(0, i-announceReach):i]), words)
}

func (r *reading) nearCardWord(first, last int) bool {
	from, to := max(0, first-cardReach), min(len(r.text.Runes), last+1+cardReach)
	return containsAny(string(r.text.Runes[from:first])+"|"+string(r.text.Runes[last+1:to]), cardWords)
}

func containsAny(s, words string) bool {
	for word := range strings.SplitSeq(words, "|") {
		if strings.Contains(s, word) {
			return true
		}
	}
	return false
}
