package rule

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/locales"
)

// Values of Allowance.Kind.
const (
	AllowHost = "host"
	AllowURL  = "url"
	AllowText = "text"
)

// Allowance is an entry of an overlay's allow.yaml: something that never counts.
type Allowance struct {
	// Kind is AllowHost, AllowURL or AllowText. What is the host, the URL's
	// beginning or the text.
	Kind, What string
	Reason     string
	// Until is the last day, YYYY-MM-DD, on which the entry counts; empty means for good.
	Until string
	// Place says where the entry is written: file:line:column.
	Place string
	// Term is the folded text of an AllowText.
	Term syntax.Term

	file   *syntax.File
	rules  []syntax.Text // the rules for which it counts; empty means all
	prefix *url.URL      // of AllowURL
}

// String returns In(locales.English).
func (a *Allowance) String() string { return a.In(locales.English) }

// In returns the words that follow "allowed by".
func (a *Allowance) In(l locales.Lang) string {
	return l.Text("rule.allow.by", l.Text("rule.allow.kind."+a.Kind), a.What, a.Reason, until(a.Until), a.Place)
}

// Covers says whether the allowance counts for a rule.
func (a *Allowance) Covers(id string) bool {
	return len(a.rules) == 0 || slices.ContainsFunc(a.rules, func(t syntax.Text) bool { return t.Value == id })
}

func (r *overlayReader) allow(entry syntax.Allow) {
	kinds := map[string]string{"hosts": AllowHost, "urls": AllowURL, "texts": AllowText}
	a := &Allowance{
		Kind: kinds[entry.List], What: entry.What.Value, Reason: entry.Reason.Value, Until: entry.Until.Value,
		Place: r.place(entry.Place), file: r.File, rules: entry.Rules,
	}
	if a.What == "" || !r.isSound(a, entry.What.Place) || r.expired(entry.Until, "rule.past.allowed") {
		return
	}
	r.out.allowances = append(r.out.allowances, a)
}

// isSound checks what is allowed. It refuses an entry that allows more than its author can have
// meant: a whole top-level domain, a URL without a host.
func (r *overlayReader) isSound(a *Allowance, at syntax.Place) bool {
	before := len(r.Mistakes)
	switch a.Kind {
	case AllowHost:
		a.What = strings.ToLower(a.What)
		name := strings.TrimPrefix(a.What, "*.")
		if strings.ContainsAny(name, "/:*@ ") || !strings.Contains(strings.Trim(name, "."), ".") {
			r.Errorf(at, "rule.allow.host", a.What)
		}
	case AllowURL:
		u, err := url.Parse(a.What)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
			r.Errorf(at, "rule.allow.url", a.What)
			break
		}
		a.prefix = canonicalURL(u)
	case AllowText:
		if a.Term = r.FoldTerm(a.What); a.Term.Length < syntax.MinTerm || a.Term.Length > syntax.MaxTerm {
			r.Errorf(at, "rule.allow.text", syntax.Cut(a.What, 60), syntax.MinTerm, syntax.MaxTerm)
		}
	}
	return len(r.Mistakes) == before
}

// canonicalURL puts the host in lower case, undoes percent-encoding and resolves dots in the path,
// so that no other page can be spelt like an allowed one.
func canonicalURL(u *url.URL) *url.URL {
	out := &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host), Path: path.Clean("/" + u.Path)}
	if strings.HasSuffix(u.Path, "/") && out.Path != "/" {
		out.Path += "/"
	}
	return out
}

// AllowsPage returns the entry of the allow-list that keeps a rule from counting on the page at
// pageURL, or nil. The engine deals with allowed texts.
func (s *Set) AllowsPage(pageURL, id string) *Allowance {
	if len(s.pageAllowances) == 0 {
		return nil
	}
	parsed, err := url.Parse(pageURL)
	if err != nil || parsed.Host == "" {
		return nil
	}
	u := canonicalURL(parsed)
	for _, a := range s.pageAllowances {
		if a.Covers(id) && a.matches(u) {
			return a
		}
	}
	return nil
}

func (a *Allowance) matches(u *url.URL) bool {
	if a.Kind == AllowURL {
		return u.Scheme == a.prefix.Scheme && u.Host == a.prefix.Host && strings.HasPrefix(u.Path, a.prefix.Path)
	}
	host := strings.TrimSuffix(u.Hostname(), ".")
	if below, ok := strings.CutPrefix(a.What, "*"); ok { // "*.a.cn" → ".a.cn"
		return strings.HasSuffix(host, below)
	}
	return host == a.What
}
