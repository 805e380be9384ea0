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

// plain returns text by a page or a colleague for places that show text as it is: in one line, bounded, and
// with every address defanged, since programs turn addresses into links.
func plain(s string, most int) string {
	s = untrusted.Plain(s)
	if cut := untrusted.First(s, most); cut != s {
		s = cut + "…"
	}
	s = noScheme.Replace(s)
	var b strings.Builder
	runes := []rune(s)
	for i, r := range runes {
		// example.com and user@example.com would become links, 3.5 would not.
		if r == '.' && i > 0 && i+1 < len(runes) && isName(runes[i-1]) && isName(runes[i+1]) && !(unicode.IsDigit(runes[i-1]) && unicode.IsDigit(runes[i+1])) {
			b.WriteString("[.]")
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isName(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// host returns a host in a form that no program turns into a link.
func host(s string) string {
	return untrusted.DefangHost(noScheme.Replace(untrusted.First(untrusted.Plain(s), maxWord)))
}

// noScheme is for texts that are not a host, or contain an address.
var noScheme = strings.NewReplacer("://", "[:]//")

// inert replaces each markdown character of DingTalk or WeCom by its full-width form, which is not markup.
// Their clients differ in their treatment of backslashes; these they all show alike.
var inert = strings.NewReplacer(
	"\\", "＼", "`", "｀", "*", "＊", "_", "＿", "{", "｛", "}", "｝", "[", "［", "]", "］", "(", "（", ")", "）", "<", "＜", ">", "＞",
	"#", "＃", "+", "＋", "!", "！", "|", "｜", "~", "～", "@", "＠", "&", "＆", "$", "＄", "=", "＝",
)

// marked returns plain text for places with the markdown of DingTalk or WeCom. Dots keep the usual defanged
// form; without a parenthesis after it, [.] is no link.
func marked(s string) string { return strings.ReplaceAll(inert.Replace(s), "［.］", "[.]") }

// link returns a link into the console that is safe in markdown and HTML; "" if it is not one.
func link(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil ||
		strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"'<>\\^`{|}[]", r) }) {
		return ""
	}
	return strings.NewReplacer("(", "%28", ")", "%29").Replace(s)
}
