package qianshao

import (
	"encoding/json"
	"slices"
	"strings"
)

// Indicator is a handle by which those who promote a crime want to be reached
// or paid, or a number that ties a page to others of one campaign. It belongs
// to a finding and is found near that finding's evidence, never elsewhere on the page: pages and
// sites are examined, not persons.
//
// Its JSON form has Value unchanged, for machines, and also "defanged" where that differs, for
// people.
type Indicator struct {
	Kind IndicatorKind `json:"kind"`
	// Value is the handle in its canonical spelling, which depends on the kind: every disguise of
	// one handle has the same Value.
	Value string `json:"value"`
	// Text is the raw source within Span, cut at MaxEvidenceText bytes, or what was read in
	// Picture.
	Text   string     `json:"text"`
	Region RegionKind `json:"region"`
	Hidden Hiding     `json:"hidden,omitempty"`
	// View is the view of the page that Span refers to, as in Evidence.View.
	View View `json:"view,omitempty"`
	// Picture is the picture that contains the handle, as in Evidence.Picture.
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
	// the country code; a landline's area code is followed by a hyphen.
	IndicatorPhone IndicatorKind = "phone"
	// IndicatorURL is an absolute URL of another site, with lower-case host.
	IndicatorURL IndicatorKind = "url"
	// IndicatorDomain is another site's host name in lower case, in ASCII if the page has it in
	// ASCII.
	IndicatorDomain IndicatorKind = "domain"
	// IndicatorQRCode is the unchanged content of a QR code in a picture: a URL, an account, a code
	// to pay with a wallet.
	IndicatorQRCode IndicatorKind = "qr_code"
	// IndicatorTron is an address on TRON, the network that carries most USDT payments (TRC-20).
	IndicatorTron IndicatorKind = "tron_address"
	// IndicatorBitcoin is a Bitcoin address, base58 or (lower case) bech32.
	IndicatorBitcoin IndicatorKind = "bitcoin_address"
	// IndicatorEthereum is an address on Ethereum and compatible chains (USDT as ERC-20, BEP-20),
	// with the letter case of EIP-55.
	IndicatorEthereum IndicatorKind = "ethereum_address"
	// IndicatorBankCard is a bank card's number: digits.
	IndicatorBankCard IndicatorKind = "bank_card"
	// IndicatorICP is the site's registration: 京ICP备12345678号-1.
	IndicatorICP IndicatorKind = "icp"
	// IndicatorStatistics is the account of a statistics script, prefixed with its service: baidu:,
	// cnzz:, 51la:, google:. Pages that share an account share an operator, or an intruder.
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
// names hundreds of domains; a few of each kind are enough to recognise a campaign.
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

// MarshalJSON also writes "defanged" where it differs from the value.
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
