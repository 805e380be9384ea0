package qianshao

import (
	"encoding/json"
	"slices"
	"strings"
)

// Indicator is a handle by which those who promote a crime want to be reached
// or paid, or a number that ties a page to others of one campaign. It belongs
// to a finding and stands near that finding's evidence, never elsewhere on the
// page: pages and sites are looked at, not persons.
//
// Its JSON form has Value as it is, for machines, and beside it "defanged"
// where that differs, for people.
type Indicator struct {
	Kind IndicatorKind `json:"kind"`
	// Value is the handle in its canonical spelling, whatever its disguise:
	// one handle has one Value. See the kinds.
	Value string `json:"value"`
	// Text is the raw source between Span's ends, cut at MaxEvidenceText bytes; what was read
	// in Picture if there is one.
	Text   string     `json:"text"`
	Region RegionKind `json:"region"`
	Hidden Hiding     `json:"hidden,omitempty"`
	// View is the view of the page in whose source Span lies, as Evidence.View.
	View View `json:"view,omitempty"`
	// Picture is the picture in which the handle stands, as Evidence.Picture.
	Picture string `json:"picture,omitempty"`
	// Span is a byte range in Document.Source.
	Span Span `json:"span"`
	// Line and Column count from 1; Column in characters.
	Line   int `json:"line"`
	Column int `json:"column"`
}

// IndicatorKind says what an indicator is. The list is closed.
type IndicatorKind string

const (
	// IndicatorQQ is a QQ or QQ group number: 5 to 11 digits.
	IndicatorQQ IndicatorKind = "qq"
	// IndicatorWeChat is a WeChat id, in lower case, or the number that leads to one.
	IndicatorWeChat IndicatorKind = "wechat"
	// IndicatorTelegram is "@name", in lower case, or an invitation "t.me/+code".
	IndicatorTelegram IndicatorKind = "telegram"
	// IndicatorBatChat is an id of the messenger 蝙蝠.
	IndicatorBatChat IndicatorKind = "batchat"
	// IndicatorPhone is a telephone number of mainland China in digits, without
	// the country's; a landline's area code is parted by a hyphen.
	IndicatorPhone IndicatorKind = "phone"
	// IndicatorURL is an absolute URL of another site, with lower-case host.
	IndicatorURL IndicatorKind = "url"
	// IndicatorDomain is another site's host name, lower case, in ASCII where it is so on the page.
	IndicatorDomain IndicatorKind = "domain"
	// IndicatorQRCode is what a QR code in a picture says, as it says it: a URL, an account, a
	// code that a wallet pays.
	IndicatorQRCode IndicatorKind = "qr_code"
	// IndicatorTron is an address of TRON, where most USDT is paid (TRC-20).
	IndicatorTron IndicatorKind = "tron_address"
	// IndicatorBitcoin is an address of Bitcoin, base58 or (lower case) bech32.
	IndicatorBitcoin IndicatorKind = "bitcoin_address"
	// IndicatorEthereum is an address of Ethereum and its kin (USDT as ERC-20, BEP-20), spelt by EIP-55.
	IndicatorEthereum IndicatorKind = "ethereum_address"
	// IndicatorBankCard is a bank card's number: digits.
	IndicatorBankCard IndicatorKind = "bank_card"
	// IndicatorICP is the site's registration: 京ICP备12345678号-1.
	IndicatorICP IndicatorKind = "icp"
	// IndicatorStatistics is the account of a statistics script, with its
	// service in front: baidu:, cnzz:, 51la:, google:. Pages with one account
	// have one operator, or one intruder.
	IndicatorStatistics IndicatorKind = "statistics"
)

// IndicatorKinds returns the closed list, in the order in which tables show it.
func IndicatorKinds() []IndicatorKind {
	return []IndicatorKind{
		IndicatorQQ, IndicatorWeChat, IndicatorTelegram, IndicatorBatChat, IndicatorPhone, IndicatorURL, IndicatorDomain, IndicatorQRCode,
		IndicatorTron, IndicatorBitcoin, IndicatorEthereum, IndicatorBankCard, IndicatorICP, IndicatorStatistics,
	}
}

// Valid says whether k is on the closed list.
func (k IndicatorKind) Valid() bool { return slices.Contains(IndicatorKinds(), k) }

// Limits of the indicators that a finding carries. A page of hidden links
// names hundreds of domains; a few of each kind make a campaign known.
const (
	MaxIndicators        = 50 // of a finding
	MaxIndicatorsOfAKind = 20
)

// Defanged returns the value in a form that no program turns into a link:
// hxxp://, [.] in host names, [@]. Other values are returned as they are.
func (i Indicator) Defanged() string {
	switch i.Kind {
	case IndicatorURL:
		return defangURL(i.Value)
	case IndicatorQRCode:
		if scheme, _, ok := strings.Cut(i.Value, "://"); ok && !strings.ContainsAny(scheme, " .:/") {
			return defangURL(i.Value)
		}
		return strings.NewReplacer("https://", "hxxps://", "http://", "hxxp://").Replace(defangHost(i.Value))
	case IndicatorDomain:
		return defangHost(i.Value)
	case IndicatorTelegram:
		host, path, isLink := strings.Cut(i.Value, "/")
		if isLink {
			return defangHost(host) + "/" + path
		}
		return defangAt(i.Value)
	}
	return i.Value
}

// defangURL keeps the dots of the path: only host names become links, and the rest stays readable.
func defangURL(raw string) string {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return defangHost(raw)
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	if tail, isHTTP := strings.CutPrefix(scheme, "http"); isHTTP {
		scheme = "hxxp" + tail
	}
	// A path may hold a second link: ?to=http://….
	path := strings.ReplaceAll(strings.ReplaceAll(rest[end:], "https://", "hxxps://"), "http://", "hxxp://")
	return scheme + "://" + defangHost(rest[:end]) + defangAt(path)
}

func defangHost(host string) string { return defangAt(strings.ReplaceAll(host, ".", "[.]")) }

func defangAt(s string) string { return strings.ReplaceAll(s, "@", "[@]") }

// MarshalJSON writes the fields and, where it differs from the value, "defanged".
func (i Indicator) MarshalJSON() ([]byte, error) {
	type fields Indicator
	out := struct {
		fields
		Defanged string `json:"defanged,omitempty"`
	}{fields: fields(i)}
	if harmless := i.Defanged(); harmless != i.Value {
		out.Defanged = harmless
	}
	return json.Marshal(out)
}
