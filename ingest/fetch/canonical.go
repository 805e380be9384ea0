package fetch

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	whatwg "github.com/nlnwa/whatwg-url/url"

	"github.com/qianshao/qianshao/locales"
)

// MaxURL bounds the length of a canonical URL in bytes. Servers refuse longer
// ones (Apache and nginx at 8 KiB), so those are traps, not pages.
const MaxURL = 8 << 10

// Further bounds, within which the parser takes linear time: beyond them it
// takes seconds for one link (30,000 times "@", or as many path segments).
const (
	maxAuthority = 512 // a name has 253 characters at most; the rest is for credentials, which are dropped
	maxSegments  = 128 // of the path
	maxHost      = 253 // RFC 1035; no resolver takes longer names
)

// Canonical returns the canonical URL of a page, for an absolute http or https
// URL: spelt as by Exact, and without the parts that do not identify the page:
// parameters that tell how a visitor came (utm_source, gclid, spm) and session
// ids (jsessionid, PHPSESSID).
func Canonical(raw string) (string, error) {
	exact, err := Exact(raw)
	if err != nil {
		return "", err
	}
	return pageOf(exact), nil
}

// Resolve returns the canonical form of ref as found on the page at base,
// which is canonical.
func Resolve(base, ref string) (string, error) {
	exact, err := resolveExact(base, ref)
	if err != nil {
		return "", err
	}
	return pageOf(exact), nil
}

// Exact returns the canonical spelling of an absolute http or https URL: parsed
// by the WHATWG rules (https://url.spec.whatwg.org/), fragment, credentials,
// default port and the host's final dot dropped, the host lower case and in
// ASCII, escapes in upper case, and escaped unreserved characters decoded (RFC
// 3986, 6.2.2.2) so that /%61dmin is not a way around an exclusion of /admin.
// Session ids are kept: a server that redirects to a URL with one expects a
// request for exactly that URL.
func Exact(raw string) (string, error) {
	if isExact(raw) {
		return raw, nil
	}
	return parse(raw)
}

func parse(raw string) (string, error) {
	if err := tooLong(raw); err != nil {
		return "", err
	}
	u, err := whatwg.Parse(percentEncodeInvalid(raw))
	if err != nil { // the parser's reason is long, English and about its own steps
		return "", locales.Errorf("url.invalid", printable(raw))
	}
	return spell(u, raw)
}

// resolveExact does the same for a reference.
func resolveExact(base, ref string) (string, error) {
	if isExact(ref) {
		return ref, nil
	}
	if err := tooLong(ref); err != nil {
		return "", err
	}
	u, err := whatwg.ParseRef(base, percentEncodeInvalid(ref))
	if err != nil {
		return "", locales.Errorf("url.reference", printable(ref), base, err)
	}
	return spell(u, ref)
}

// isExact recognises most canonically spelt URLs without parsing them: parsing takes 10 µs, and a page
// has hundreds of links. False means that the URL must be parsed.
func isExact(s string) bool {
	rest, ok := strings.CutPrefix(s, "http")
	if !ok || len(s) > MaxURL {
		return false
	}
	rest = strings.TrimPrefix(rest, "s")
	if rest, ok = strings.CutPrefix(rest, "://"); !ok {
		return false
	}
	slash := strings.IndexByte(rest, '/')
	if slash <= 0 || !isPlainHost(rest[:slash]) {
		return false
	}
	path, query, hasQuery := strings.Cut(rest[slash:], "?")
	if hasQuery && query == "" || strings.Contains(path, "/.") {
		return false // "/." may begin a dot segment
	}
	return isPlain(path) && isPlain(query)
}

// isPlainHost recognises lower-case ASCII names without a port whose last label
// begins with a letter, so that they cannot be IP addresses.
func isPlainHost(host string) bool {
	label := 0
	if len(host) > maxHost {
		return false
	}
	for i := range len(host) {
		switch c := host[i]; {
		case c == '.':
			if i == label {
				return false
			}
			label = i + 1
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-':
		default:
			return false
		}
	}
	return label < len(host) && host[label] >= 'a' && host[label] <= 'z' && !strings.Contains(host, "xn--")
}

// isPlain recognises a path or query of characters that canonicalising never changes.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isUnreserved(c) && strings.IndexByte("/;:@!$&()*+,=?", c) < 0 {
			return false
		}
	}
	return true
}

// tooLong refuses a URL that would take the parser too long.
func tooLong(raw string) error {
	if len(raw) > MaxURL {
		return locales.Errorf("url.bytes", len(raw), MaxURL, printable(raw))
	}
	s := strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(raw) // as the parser does
	path, _, _ := strings.Cut(s, "?")
	if n := strings.Count(path, "/") + strings.Count(path, "\\"); n > maxSegments {
		return locales.Errorf("url.segments", n, maxSegments, printable(raw))
	}
	s = strings.TrimLeftFunc(s, func(r rune) bool { return r <= ' ' || r == '/' || r == '\\' })
	if i := strings.IndexAny(s, ":/\\?#"); i >= 0 && s[i] == ':' {
		s = strings.TrimLeft(s[i+1:], "/\\")
	}
	if i := strings.IndexAny(s, "/\\?#"); i >= 0 {
		s = s[:i]
	}
	if len(s) > maxAuthority && strings.Contains(s, "@") {
		return locales.Errorf("url.credentials", maxAuthority, printable(raw))
	}
	return nil
}

// spell writes a URL in its canonical spelling.
func spell(u *whatwg.Url, raw string) (string, error) {
	scheme := u.Scheme()
	if scheme != "http" && scheme != "https" {
		return "", locales.Errorf("url.scheme", printable(raw), scheme)
	}
	host := strings.TrimSuffix(u.Hostname(), ".")
	if host == "" || strings.HasSuffix(host, ".") {
		return "", locales.Errorf("url.no_host", printable(raw))
	}
	if len(host) > maxHost {
		return "", locales.Errorf("url.host_long", printable(raw), maxHost)
	}
	var b strings.Builder
	b.WriteString(scheme)
	b.WriteString("://")
	b.WriteString(host)
	if port := u.Port(); port != "" {
		b.WriteByte(':')
		b.WriteString(port)
	}
	path := normal(u.Pathname())
	if path == "" {
		path = "/"
	}
	b.WriteString(path)
	if query := normal(u.Query()); query != "" {
		b.WriteByte('?')
		b.WriteString(query)
	}
	if b.Len() > MaxURL {
		return "", locales.Errorf("url.long", printable(raw), MaxURL)
	}
	out := b.String()
	// net/http uses net/url, which is stricter; a URL that it refuses cannot be requested.
	if _, err := url.Parse(out); err != nil {
		return "", locales.Errorf("url.unusable", printable(raw), err)
	}
	return out, nil
}

// normal returns s with escapes in upper case, those of unreserved characters
// decoded and a lone "%" escaped.
func normal(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
			b.WriteString("%25")
			continue
		}
		if c := unhex(s[i+1])<<4 | unhex(s[i+2]); isUnreserved(c) {
			b.WriteByte(c)
		} else {
			b.WriteString(strings.ToUpper(s[i : i+3]))
		}
		i += 2
	}
	return b.String()
}

// percentEncodeInvalid escapes the bytes of a string that is not UTF-8, as a
// Location header in GBK is, so that they reach the server unchanged.
func percentEncodeInvalid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if s[i] >= 0x80 {
			fmt.Fprintf(&b, "%%%02X", s[i])
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// printable quotes a URL for a message, shortened, with no control characters.
func printable(s string) string {
	const most = 200
	if len(s) > most {
		s = s[:most] + "…"
	}
	return fmt.Sprintf("%q", s)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}
