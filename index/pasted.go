package index

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/publicsuffix"
)

// pasted reads a bare word that looks like a pasted address or indicator, and returns nil for
// other words. The query never finds less than the word as text does:
//
//   - a host's name finds the findings of that host and of its subdomains, those
//     that promote it, and the pages whose text contains it;
//   - a host with a path finds the pages under that URL, with either scheme;
//   - a @handle, a Telegram link or a long number finds the findings with that indicator.
func (p *parser) pasted(word string) Node {
	kind, name, path := pastedKind(word)
	text := Phrase{word}
	switch kind {
	case pastedHandle, pastedNumber:
		return Or{[]Node{text, Field{FieldIndicator, Equal, Text(name)}}}
	case pastedHost:
		if path != "" {
			nodes := append(p.under(name+path), text)
			if handle := telegramLink(name, path); handle != "" {
				nodes = append(nodes, Field{FieldTelegram, Equal, Text(handle)})
			}
			return Or{nodes}
		}
		if sub, ok := strings.CutPrefix(name, "*."); ok {
			return Or{[]Node{Field{FieldHost, Equal, Text("*." + sub)}, text}}
		}
		nodes := []Node{Field{FieldHost, Equal, Text(name)}}
		if _, err := netip.ParseAddr(name); err != nil {
			nodes = append(nodes, Field{FieldHost, Equal, Text("*." + name)})
		}
		return Or{append(nodes, Field{FieldDomain, Equal, Text(name)}, text)}
	}
	return nil
}

// telegramLink returns the handle to which t.me/name leads, "" for other addresses.
func telegramLink(host, path string) string {
	if host != "t.me" && host != "telegram.me" {
		return ""
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "?")
	return telegram(host + "/" + strings.TrimRight(name, "/"))
}

// PastedURL returns the URLs that a query may mean if it is an address, the likeliest first; none for other
// queries.
func PastedURL(query string) []string {
	query = strings.TrimSpace(query)
	if strings.ContainsFunc(query, unicode.IsSpace) {
		return nil
	}
	if scheme, rest, ok := cutScheme(query); ok {
		return []string{strings.TrimRight(refang(scheme+"://"+rest), "*")}
	}
	plain := refang(query)
	host, path, isPath := strings.Cut(plain, "/")
	if name, port, ok := strings.Cut(host, ":"); ok {
		if withPort(name, port) == "" {
			return nil
		}
	} else if kind, name, _ := pastedKind(host); kind != pastedHost || strings.HasPrefix(name, "*.") {
		return nil
	}
	if isPath {
		path = "/" + path
	}
	return []string{"https://" + host + path, "http://" + host + path}
}

// groupsOf are the ways in which people group the digits of long numbers: Chinese telephone numbers, bank
// cards.
func groupsOf() []string {
	return []string{"3 4 4", "4 4 4 4", "4 4 4 4 3", "4 4 4 4 2", "4 4 4 4 1", "6 4 4 4 1", "6 13"}
}

// grouped consumes a long number written in groups with spaces, and returns what finds it: the groups as
// words, or the indicator.
func (p *parser) grouped() Node {
	start := p.pos
	var groups []string
	var lengths []string
	end := start
	for !p.atEnd() && len(groups) <= 5 {
		group := p.read(endsWord)
		if group == "" || !isNumber(group) || p.peek() == ':' {
			break
		}
		groups, lengths, end = append(groups, group), append(lengths, strconv.Itoa(len(group))), p.pos
		if p.peek() == ' ' {
			p.pos++
		}
	}
	if !slices.Contains(groupsOf(), strings.Join(lengths, " ")) {
		p.pos = start
		return nil
	}
	p.pos = end
	words := make([]Node, len(groups))
	for i, group := range groups {
		words[i] = Phrase{group}
	}
	return Or{[]Node{And{words}, Field{FieldIndicator, Equal, Text(strings.Join(groups, ""))}}}
}

// under returns the comparisons with a URL for both schemes.
func (p *parser) under(rest string) []Node {
	return []Node{
		Field{FieldURL, Equal, Text(p.spell("http://" + rest))},
		Field{FieldURL, Equal, Text(p.spell("https://" + rest))},
	}
}

// pastedURL consumes a URL, or a host with a port, and returns its query: the pages whose URL begins with
// it, and the findings that promote the URL.
func (p *parser) pastedURL() Node {
	start := p.pos
	raw := p.readURL()
	scheme, rest, ok := cutScheme(raw)
	if ok && strings.IndexAny(rest, "/?#:") != 0 && isSearchable(rest) {
		full := strings.TrimRight(refang(scheme+"://"+rest), "*")
		return Or{[]Node{
			Field{FieldURL, Equal, Text(p.spell(full))},
			Field{FieldIndicator, Equal, Text(indicatorValue(FieldIndicator, full))},
		}}
	}
	if host, port, ok := strings.Cut(refang(raw), ":"); ok {
		if address := withPort(host, port); address != "" {
			return Or{p.under(address)}
		}
	}
	p.pos = start
	return nil
}

// withPort returns host:port/path if that is what it is given, else "".
func withPort(host, rest string) string {
	port, path, _ := strings.Cut(rest, "/")
	if port == "" || len(port) > 5 || !isNumber(port) {
		return ""
	}
	kind, name, inner := pastedKind(host)
	switch {
	case strings.EqualFold(host, "localhost"):
		name = "localhost"
	case kind != pastedHost || inner != "" || strings.HasPrefix(name, "*."):
		return ""
	}
	return name + ":" + port + "/" + path
}

// readURL reads to the end of a URL within a text: a space, a quote, a Chinese punctuation mark, or a
// closing parenthesis that the URL has not opened.
func (p *parser) readURL() string {
	start, open := p.pos, 0
loop:
	for ; !p.atEnd(); p.pos++ {
		switch r := p.text[p.pos]; {
		case unicode.IsSpace(r), strings.ContainsRune("\"“”„＂《》「」，。、；！？（）", r):
			break loop
		case r == '(':
			open++
		case r == ')':
			if open--; open < 0 {
				break loop
			}
		}
	}
	raw := strings.TrimRight(string(p.text[start:p.pos]), ".,;!?")
	return strings.Replace(raw, "：", ":", 1)
}

// cutScheme separates http or https, plain or defanged, from the rest.
func cutScheme(raw string) (scheme, rest string, ok bool) {
	lower := lowerASCII(raw)
	for _, s := range []string{"https", "http"} {
		for _, written := range []string{s, strings.Replace(s, "tt", "xx", 1)} {
			for _, sign := range []string{"://", "[:]//", "[://]"} {
				if strings.HasPrefix(lower, written+sign) {
					return s, raw[len(written+sign):], true
				}
			}
		}
	}
	return "", "", false
}

// spell writes a URL as the index does.
func (p *parser) spell(raw string) string {
	canonical := p.canonical
	if canonical == nil {
		canonical = spellURL
	}
	if exact, err := canonical(raw); err == nil {
		raw = exact
	}
	return strings.TrimRight(refang(raw), "*") // as the value of the field is read
}

// spellURL replaces a missing Canonical.
func spellURL(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", err
	}
	host, ok := asciiHost(strings.ToLower(u.Host))
	if !ok {
		host = u.Host
	}
	out := u.Scheme + "://" + host
	if u.Scheme == "http" {
		out = strings.TrimSuffix(out, ":80")
	} else {
		out = strings.TrimSuffix(out, ":443")
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	out += path
	if u.RawQuery != "" {
		out += "?" + escapeNonASCII(u.RawQuery)
	}
	return out, nil
}

func escapeNonASCII(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if s[i] < 0x80 {
			b.WriteByte(s[i])
		} else {
			b.WriteString(url.PathEscape(s[i : i+1]))
		}
	}
	return b.String()
}

type pastedAs uint8

const (
	pastedNothing pastedAs = iota
	pastedHost
	pastedHandle
	pastedNumber
)

// isPasted says whether the parser reads a bare word as more than text.
func isPasted(word string) bool {
	kind, _, _ := pastedKind(word)
	return kind != pastedNothing
}

// pastedKind classifies a word: a host in lower case and ASCII with its path, a @handle or a number.
func pastedKind(word string) (kind pastedAs, name, path string) {
	if handle, ok := strings.CutPrefix(refang(word), "@"); ok {
		if isHandle(handle) {
			return pastedHandle, "@" + handle, ""
		}
		return pastedNothing, "", ""
	}
	if number := strings.TrimPrefix(word, "+"); len(number) >= minNumber && len(number) <= maxNumber && isNumber(number) {
		return pastedNumber, word, ""
	}
	// A number written in groups must be longer than a date.
	if number := digits(strings.TrimPrefix(word, "+")); len(number) > len("20261101") && len(number) <= maxNumber && word[0] != '-' {
		return pastedNumber, word, ""
	}
	host := strings.TrimRight(refang(word), ".,;!?")
	if !strings.Contains(host, ".") { // most words have no dot
		return pastedNothing, "", ""
	}
	if slash := strings.IndexByte(host, '/'); slash >= 0 {
		host, path = host[:slash], host[slash:]
	}
	sub := ""
	if rest, ok := strings.CutPrefix(host, "*."); ok && path == "" {
		sub, host = "*.", rest
	}
	host, ok := asciiHost(strings.ToLower(host))
	if !ok || !isHostName(host) {
		return pastedNothing, "", ""
	}
	return pastedHost, sub + host, path
}

func isNumber(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// maxNumber is the length of the longest bank card number; a telephone number with country code is well
// below it.
const maxNumber = 19

// isHostName says whether a lower-case ASCII name is an IPv4 address, or ends in a public suffix or in a
// name reserved by RFC 2606, as examples do.
func isHostName(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Is4()
	}
	if len(host) > 253 || !strings.Contains(host, ".") {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || label[0] == '-' || strings.ContainsFunc(label, func(r rune) bool {
			return !isLetter(r) && (r < '0' || r > '9') && r != '-' && r != '_'
		}) {
			return false
		}
	}
	switch host[strings.LastIndexByte(host, '.')+1:] {
	case "example", "test", "localhost", "invalid", "local", "lan", "internal":
		return true
	}
	suffix, managed := publicsuffix.PublicSuffix(host)
	return managed || strings.Contains(suffix, ".")
}

// refang reverses the ways of making a URL or a host harmless: hxxp://a[.]b becomes http://a.b.
func refang(s string) string {
	if !strings.Contains(s, "[") && !strings.Contains(lowerASCII(s), "hxxp") {
		return s
	}
	plain := strings.NewReplacer("[.]", ".", "[:]", ":", "[@]", "@", "[://]", "://")
	for again := plain.Replace(s); again != s; again = plain.Replace(s) {
		s = again
	}
	for _, scheme := range []string{"hxxp://", "hxxps://"} {
		for at := strings.Index(lowerASCII(s), scheme); at >= 0; at = strings.Index(lowerASCII(s), scheme) {
			s = s[:at] + strings.Replace(scheme, "xx", "tt", 1) + s[at+len(scheme):]
		}
	}
	return s
}

// lowerASCII keeps the positions of all bytes, which strings.ToLower does not.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
