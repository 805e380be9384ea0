// Package link resolves the references of a page and says what its link and meta elements refer to.
package link

import (
	"net/url"
	"strings"

	"github.com/qianshao/qianshao/analyze/extract/ascii"
)

// Resolver makes the references of a page or style sheet absolute.
type Resolver struct {
	base   *url.URL
	origin string // scheme://host, for the common case
	folder string // of the base, "http://a.cn/news/", for relative names; empty if the base has none
}

// NewResolver returns the resolver of a page, from its URL and the href of its base element, if
// any.
func NewResolver(page, base string) Resolver {
	u, err := url.Parse(page)
	if err != nil {
		u = &url.URL{}
	}
	if base != "" {
		if b, err := u.Parse(strings.TrimSpace(base)); err == nil && isWeb(b) {
			u = b
		}
	}
	r := Resolver{base: u}
	if isWeb(u) {
		r.origin = u.Scheme + "://" + u.Host
		const name = "x"
		r.folder = strings.TrimSuffix(r.relative(name), name)
	}
	return r
}

func isWeb(u *url.URL) bool { return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" }

// dropped are the characters that browsers remove from references.
var dropped = strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/")

// Resolve returns the absolute URL of a reference, or "" if it does not lead to
// another page: a fragment, a script, another scheme, or not a valid reference.
func (r *Resolver) Resolve(ref string) string {
	ref = strings.TrimSpace(ref)
	if strings.ContainsAny(ref, "\t\n\r\\") {
		ref = dropped.Replace(ref)
	}
	switch {
	case ref == "" || ref[0] == '#':
		return ""
	case strings.HasPrefix(ref, "http://") || strings.HasPrefix(ref, "https://"):
		return ref
	case r.origin != "" && ref[0] == '/' && !strings.HasPrefix(ref, "//") && !strings.Contains(ref, "/."):
		return r.origin + ref
	case r.base.Scheme == "" && strings.IndexByte(ref, ':') < 0:
		return "" // a page that was read from a file belongs to no site
	case r.folder != "" && isPlain(ref):
		return r.folder + ref
	case r.origin != "" && isPlainElsewhere(ref):
		return r.base.Scheme + ":" + ref
	}
	if name, _, ok := strings.Cut(ref, ":"); ok && isScheme(name) && !strings.EqualFold(name, "http") && !strings.EqualFold(name, "https") {
		return ""
	}
	return r.relative(ref)
}

// relative resolves any reference, by way of net/url.
func (r *Resolver) relative(ref string) string {
	u, err := r.base.Parse(ref)
	if err != nil || !isWeb(u) {
		return ""
	}
	return u.String()
}

// isPlain reports whether a reference is the name of a file, perhaps with folders and a query, that
// resolving only appends to the base: list_2.html, news/1.html?id=3.
func isPlain(ref string) bool {
	for i := range len(ref) {
		switch c := ref[i]; {
		case ascii.IsAlphanumeric(c), c == '_', c == '-' && i > 0:
		case c == '.' && i > 0 && ref[i-1] != '/', c == '/' && i > 0 && ref[i-1] != '/':
		case c == '?' && i > 0:
			return isPlainQuery(ref[i+1:])
		default:
			return false
		}
	}
	return ref != ""
}

// isPlainElsewhere reports whether a reference is a host with a path that resolving does not change
// either: //cdn.a.cn/x.js.
func isPlainElsewhere(ref string) bool {
	rest, ok := strings.CutPrefix(ref, "//")
	host, path, found := strings.Cut(rest, "/")
	return ok && found && host != "" && isPlain(host) && strings.IndexByte(host, '?') < 0 && (path == "" || isPlain(path))
}

func isPlainQuery(query string) bool {
	for i := range len(query) {
		if c := query[i]; !ascii.IsAlphanumeric(c) && strings.IndexByte("=&_-.,/%", c) < 0 {
			return false
		}
	}
	return query != ""
}

func isScheme(s string) bool {
	for i := range len(s) {
		if c := s[i]; !ascii.IsAlphanumeric(c) && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	return s != "" && (s[0] < '0' || s[0] > '9')
}

// IsStylesheet reports whether a link with this rel is a style sheet in use.
func IsStylesheet(rel string) bool {
	rel = ascii.Lower(rel)
	return ascii.HasWord(rel, "stylesheet") && !ascii.HasWord(rel, "alternate")
}

// IsAlternate reports whether a link with this rel leads to another form of the page: a feed,
// another language, the version for telephones. On a hacked site, often only one of these forms is
// clean.
func IsAlternate(rel string) bool {
	rel = ascii.Lower(rel)
	return ascii.HasWord(rel, "alternate") && !ascii.HasWord(rel, "stylesheet")
}

// RefreshTarget returns the range of the URL in the content of
// <meta http-equiv=refresh>, "0; url=http://…". It is empty if there is none.
func RefreshTarget(content string) (start, end int) {
	i := strings.Index(ascii.Lower(content), "url")
	if i < 0 {
		return 0, 0
	}
	for i += len("url"); i < len(content) && (ascii.IsSpace(content[i]) || content[i] == '='); i++ {
	}
	end = len(content)
	if i < end && (content[i] == '"' || content[i] == '\'') {
		quote := content[i]
		if i++; strings.IndexByte(content[i:], quote) >= 0 {
			end = i + strings.IndexByte(content[i:], quote)
		}
	}
	return i, end
}
