package index

import (
	"slices"
	"strings"

	"github.com/qianshao/qianshao"
)

// IndicatorKeys returns the keys under which an index stores a finding's indicators, one for each: its
// kind, a colon and its normalised value. A URL also has the key of its host as a domain, and a site's
// registration (京ICP备12345678号-1) also that of the whole registration.
func IndicatorKeys(f *qianshao.Finding) []string {
	var keys []string
	add := func(kind qianshao.IndicatorKind, value string) {
		if v := normalIndicator(kind, value); v != "" {
			keys = append(keys, indicatorKey(kind, v))
		}
	}
	for _, i := range f.Indicators {
		add(i.Kind, i.Value)
		switch i.Kind {
		case qianshao.IndicatorURL:
			add(qianshao.IndicatorDomain, i.Value)
		case qianshao.IndicatorICP:
			if at := strings.LastIndex(i.Value, "号-"); at >= 0 {
				add(i.Kind, i.Value[:at+len("号")])
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// IndicatorKeys returns the keys of an indicator field: it matches a finding with one of them.
func (n Field) IndicatorKeys() []string {
	kinds := []qianshao.IndicatorKind{qianshao.IndicatorKind(n.Name)}
	if n.Name == FieldIndicator {
		kinds = qianshao.IndicatorKinds()
	}
	var keys []string
	for _, kind := range kinds {
		if v := normalIndicator(kind, n.Value.String()); v != "" {
			keys = append(keys, indicatorKey(kind, v))
		}
	}
	return keys
}

func indicatorKey(kind qianshao.IndicatorKind, value string) string {
	return string(kind) + ":" + value
}

// OfIndicator returns the query that finds all occurrences of an indicator.
func OfIndicator(i qianshao.Indicator) Node {
	name := FieldName(i.Kind)
	if i.Kind == qianshao.IndicatorURL {
		name = FieldIndicator
	}
	return Field{Name: name, Value: Text(indicatorValue(name, i.Value))}
}

// indicatorValue returns the canonical form of a value of an indicator field, or "" if it is invalid.
func indicatorValue(name FieldName, raw string) string {
	if name == FieldIndicator {
		return strings.TrimSpace(refang(raw))
	}
	return normalIndicator(qianshao.IndicatorKind(name), raw)
}

// normalIndicator returns an indicator's value in the one form that is compared, or "" if it is not of this
// kind.
func normalIndicator(kind qianshao.IndicatorKind, raw string) string {
	raw = strings.TrimSpace(refang(raw))
	switch kind {
	case qianshao.IndicatorQQ, qianshao.IndicatorBankCard:
		return digits(raw)
	case qianshao.IndicatorPhone:
		return phone(raw)
	case qianshao.IndicatorTelegram:
		return telegram(raw)
	case qianshao.IndicatorURL:
		return indicatorURL(raw)
	case qianshao.IndicatorDomain:
		return domain(raw)
	case qianshao.IndicatorBitcoin:
		if lower := strings.ToLower(raw); strings.HasPrefix(lower, "bc1") {
			return lower
		}
		return raw
	case qianshao.IndicatorTron, qianshao.IndicatorQRCode: // base58 and codes are case-sensitive
		return raw
	case qianshao.IndicatorICP:
		return strings.ToLower(strings.Join(strings.Fields(raw), ""))
	}
	return strings.ToLower(raw)
}

// digits returns a number without the spaces and hyphens between its groups, or "" if it is not a number of
// at least minNumber digits.
func digits(raw string) string {
	number := strings.NewReplacer(" ", "", "-", "").Replace(raw)
	if len(number) < minNumber || !isNumber(number) {
		return ""
	}
	return number
}

// minNumber is the length of the shortest QQ number.
const minNumber = 5

// phone returns a number of mainland China without the country code: 11 digits beginning with 1, or an area
// code with its 0 and the rest.
func phone(raw string) string {
	national, abroad := strings.CutPrefix(raw, "+86")
	number := digits(national)
	if len(number) == len("008613800000000") {
		number = strings.TrimPrefix(number, "00")
	}
	if len(number) == len("8613800000000") && strings.HasPrefix(number, "861") {
		return number[2:]
	}
	if abroad && number != "" && number[0] != '0' && (len(number) != len("13800000000") || number[0] != '1') {
		return "0" + number
	}
	return number
}

// telegram returns "@name", or "t.me/+code" unchanged.
func telegram(raw string) string {
	name := strings.TrimPrefix(raw, "@")
	for _, lead := range []string{"https://", "http://", "t.me/", "telegram.me/"} {
		if !strings.HasPrefix(lowerASCII(name), lead) {
			continue
		}
		name = name[len(lead):]
		if code, ok := strings.CutPrefix(strings.Replace(name, "joinchat/", "+", 1), "+"); ok && code != "" {
			return "t.me/+" + code
		}
	}
	if !isHandle(name) {
		return ""
	}
	return "@" + strings.ToLower(name)
}

// isHandle says whether a name without its @ can be a Telegram handle.
func isHandle(name string) bool {
	if len(name) < 4 || len(name) > 32 || !isLetter(rune(name[0])) {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool { return !isLetter(r) && (r < '0' || r > '9') && r != '_' })
}

func isLetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }

// indicatorURL returns a URL with scheme and host in lower case and without a trailing "/" after the host
// alone.
func indicatorURL(raw string) string {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok || rest == "" {
		return ""
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	path := rest[end:]
	if path == "/" {
		path = ""
	}
	return strings.ToLower(scheme) + "://" + strings.ToLower(rest[:end]) + path
}

// domain returns the host of a name or of a URL, in lower case and ASCII.
func domain(raw string) string {
	if _, rest, ok := strings.Cut(raw, "://"); ok {
		raw = rest
	}
	if end := strings.IndexAny(raw, "/?#"); end >= 0 {
		raw = raw[:end]
	}
	host := strings.ToLower(raw[strings.LastIndexByte(raw, '@')+1:])
	if at := strings.LastIndexByte(host, ':'); at >= 0 {
		host = host[:at]
	}
	host, ok := asciiHost(strings.TrimRight(host, "."))
	if !ok || strings.ContainsAny(host, "*/:[]@?#") || strings.Trim(host, ".") != host {
		return ""
	}
	return host
}
