package indicator

import (
	"strings"

	"github.com/qianshao/qianshao"
)

// Lengths of addresses in characters.
const (
	tronLength      = 34
	minBitcoin      = 26
	maxBitcoin      = 35
	minSegwit       = 14
	maxSegwit       = 74
	ethereumLength  = 42
	maxAddress      = maxSegwit
	maxChecksums    = 2000 // for a page; hostile text could ask for one at every character
	ethereumPrefix  = "0x"
	segwitPrefix    = "bc1"
	legacyBeginning = "13"
)

// addresses finds the addresses of cryptocurrencies. They may be broken up by signs or spaces: the
// checksum tells whether the pieces belong together.
func (r *reading) addresses() {
	for i := 0; i < len(r.text.Runes); i++ {
		if !isWord(r.text.Runes[i]) || !r.startsWord(i) {
			continue
		}
		switch r.text.Runes[i] {
		case 't', '1', '3', 'b', '0':
			if last := r.address(i); last > 0 {
				i = last
			}
		}
	}
}

// address recognises an address that begins at character first and returns its last character, or 0
// if there is none.
func (r *reading) address(first int) int {
	text := ""
	for next := first; len(text) < maxAddress; {
		if next > first && r.joint(next) >= jointColon && r.joint(next) != jointSymbol || !isWord(r.at(next)) {
			return 0
		}
		end := min(r.wordEnd(next), next+maxAddress+1)
		text += r.cased(next, end-1)
		if kind, value, ok := r.isAddress(text); ok {
			r.add(kind, value, first, end-1)
			return end - 1
		}
		next = end
	}
	return 0
}

// isAddress tries the checksum that fits the text's beginning and length.
func (r *reading) isAddress(text string) (kind qianshao.IndicatorKind, value string, ok bool) {
	n := len(text)
	isTron := text[0] == 'T' && n == tronLength
	isLegacy := strings.IndexByte(legacyBeginning, text[0]) >= 0 && n >= minBitcoin && n <= maxBitcoin
	isBech := n >= minSegwit && n <= maxSegwit && strings.EqualFold(text[:len(segwitPrefix)], segwitPrefix)
	isHex := n == ethereumLength && strings.EqualFold(text[:len(ethereumPrefix)], ethereumPrefix)
	if !isTron && !isLegacy && !isBech && !isHex || r.hashes <= 0 {
		return "", "", false
	}
	r.hashes--
	lower := strings.ToLower(text)
	switch {
	case isHex:
		value, ok = ethereumAddress(text[len(ethereumPrefix):])
		return qianshao.IndicatorEthereum, value, ok
	case isBech: // mixed case is forbidden
		return qianshao.IndicatorBitcoin, lower, (text == lower || text == strings.ToUpper(text)) && isSegwit(lower)
	case isTron:
		version, right := base58Version(text)
		return qianshao.IndicatorTron, text, right && version == versionTron
	}
	version, right := base58Version(text)
	return qianshao.IndicatorBitcoin, text, right && (version == versionBitcoinKey || version == versionBitcoinScript)
}
