package channel

import (
	"net/url"
	"strings"
	"unicode"

	"github.com/qianshao/qianshao/internal/untrusted"
)

// maxWord bounds a name or a host, and maxLine a line of a report, in characters.
const (
	maxWord = 120
	maxLine = 300
)

// plain returns what a page or a colleague has written for places that show text as it is: in one
// line, bounded, and with every address in it defanged, since programs make links of those.
func plain(s string, most int) string {
	s = untrusted.Plain(s)
	if cut := untrusted.First(s, most); cut != s {
		s = cut + "…"
	}
	s = noScheme.Replace(s)
	var b strings.Builder
	runes := []rune(s)
	for i, r := range runes {
		// example.com and user@example.com become links, 3.5 does not.
		if r == '.' && i > 0 && i+1 < len(runes) && isName(runes[i-1]) && isName(runes[i+1]) && !(unicode.IsDigit(runes[i-1]) && unicode.IsDigit(runes[i+1])) {
			b.WriteString("[.]")
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isName(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// host returns a host so that no program makes a link of it.
func host(s string) string {
	return untrusted.DefangHost(noScheme.Replace(untrusted.First(untrusted.Plain(s), maxWord)))
}

// noScheme is for what is no host, or an address within a text.
var noScheme = strings.NewReplacer("://", "[:]//")

// inert has for each character that means something to the markdown of DingTalk or WeCom its
// wide form, which means nothing. Their clients differ in what a backslash does; this they all show alike.
var inert = strings.NewReplacer(
	"\\", "＼", "`", "｀", "*", "＊", "_", "＿", "{", "｛", "}", "｝", "[", "［", "]", "］", "(", "（", ")", "）", "<", "＜", ">", "＞",
	"#", "＃", "+", "＋", "!", "！", "|", "｜", "~", "～", "@", "＠", "&", "＆", "$", "＄", "=", "＝",
)

// marked returns text that is plain for places that take the markdown of DingTalk or WeCom.
// Dots stay defanged as everybody writes it; without a bracket behind it, [.] is no link.
func marked(s string) string { return strings.ReplaceAll(inert.Replace(s), "［.］", "[.]") }

// link returns a link into the console that fits into markdown and HTML; "" for what is none.
func link(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil ||
		strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"'<>\\^`{|}[]", r) }) {
		return ""
	}
	return strings.NewReplacer("(", "%28", ")", "%29").Replace(s)
}
