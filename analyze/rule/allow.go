package rule

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/qianshao/qianshao/analyze/match"
	"go.yaml.in/yaml/v3"
)

// What an Allowance is about.
const (
	AllowHost = "host"
	AllowURL  = "url"
	AllowText = "text"
)

// Allowance is an entry of an overlay's allow.yaml: what never counts.
type Allowance struct {
	// Kind is AllowHost, AllowURL or AllowText; What is the host, the URL's
	// beginning or the text.
	Kind, What string
	Reason     string
	// Until is the last day, YYYY-MM-DD, on which it counts; empty: for good.
	Until string
	// Place is where it is written: file:line:column.
	Place string

	file   string
	rules  []text   // it counts for these alone; none: for all
	prefix *url.URL // of AllowURL
}

// String says it in words that follow "allowed by".
func (a *Allowance) String() string {
	return fmt.Sprintf("%s %s (%s)%s, %s", a.Kind, a.What, a.Reason, untilInWords(a.Until), a.Place)
}

// covers says whether the allowance counts for a rule.
func (a *Allowance) covers(id string) bool {
	return len(a.rules) == 0 || slices.ContainsFunc(a.rules, func(t text) bool { return t.value == id })
}

func allowKeys() []string { return []string{"hosts", "urls", "texts"} }

// allow reads allow.yaml: hosts: [{host: …, reason: …}], urls: [{prefix: …}], texts: [{text: …}].
func (s *overlaySource) allow(src []byte) {
	root := s.document(src, "list of what is allowed")
	if root == nil {
		return
	}
	s.mapping(root, "allow.yaml", allowKeys(), func(key, value *yaml.Node) {
		kind, what := AllowHost, "host"
		switch key.Value {
		case "urls":
			kind, what = AllowURL, "prefix"
		case "texts":
			kind, what = AllowText, "text"
		}
		s.entries(value, key.Value, func(item *yaml.Node) { s.allowance(item, kind, what) })
	})
}

func (s *overlaySource) allowance(item *yaml.Node, kind, what string) {
	a := &Allowance{Kind: kind, Place: s.place(item), file: s.file}
	given := map[string]*yaml.Node{}
	s.mapping(item, "an entry", []string{what, "reason", "until", "rules"}, func(key, value *yaml.Node) {
		given[key.Value] = value
		switch key.Value {
		case what:
			a.What = s.scalar(value, what).value
		case "reason":
			a.Reason = s.scalar(value, "reason").value
		case "until":
			a.Until = s.date(value, "until")
		case "rules":
			a.rules = s.list(value, "rules")
		}
	})
	s.requireKeys(item, given, what, "reason")
	if a.What == "" || !s.soundAllowance(given[what], a) || s.lapsed(given["until"], a.Until, "what it allowed counts again") {
		return
	}
	s.out.allowances = append(s.out.allowances, a)
}

// soundAllowance checks what is allowed. An entry that allows more than its
// author can mean is refused: a whole top-level domain, a URL without a host.
func (s *overlaySource) soundAllowance(n *yaml.Node, a *Allowance) bool {
	before := len(s.mistakes)
	switch a.Kind {
	case AllowHost:
		a.What = strings.ToLower(a.What)
		name := strings.TrimPrefix(a.What, "*.")
		if strings.ContainsAny(name, "/:*@ ") || !strings.Contains(strings.Trim(name, "."), ".") {
			s.errorf(n, "host %q should be a name like news.example.cn, or *.example.cn for all names below example.cn", a.What)
		}
	case AllowURL:
		u, err := url.Parse(a.What)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
			s.errorf(n, "prefix %q should be a URL's beginning, as in https://www.example.cn/notices/", a.What)
			break
		}
		a.prefix = canonicalURL(u)
	case AllowText:
		w := weighted{term: a.What}
		if s.fold(&w); w.runes < minTermRunes || w.runes > maxTerm {
			s.errorf(n, "text %q should have %d to %d characters after folding; take the words that matter", cut(a.What, 60), minTermRunes, maxTerm)
		}
	}
	return len(s.mistakes) == before
}

// canonicalURL lowers the host, undoes percent signs and resolves dots in the
// path, so that no spelling of another page looks like an allowed one.
func canonicalURL(u *url.URL) *url.URL {
	out := &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host), Path: path.Clean("/" + u.Path)}
	if strings.HasSuffix(u.Path, "/") && out.Path != "/" {
		out.Path += "/"
	}
	return out
}

// AllowsPage returns the entry of the allow-list that keeps a rule from counting on
// the page at pageURL, or nil. Texts are Evaluate's own business.
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
		if a.covers(id) && a.matches(u) {
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

// allowPosting is the block of a posting that stands for an allowed text; its
// weight is the index of the Allowance in Set.textAllowances.
const allowPosting = -1

// addAllowances puts the allowed texts among the terms.
func (c *compiler) addAllowances(allowances []*Allowance) {
	s := &source{}
	for _, a := range allowances {
		if a.Kind != AllowText {
			c.set.pageAllowances = append(c.set.pageAllowances, a)
			continue
		}
		w := weighted{term: a.What}
		s.fold(&w)
		c.addPosting(w, posting{block: allowPosting, weight: int32(len(c.set.textAllowances))})
		c.set.textAllowances = append(c.set.textAllowances, a)
	}
}

// cover is a stretch of the open region in which hits do not count.
type cover struct {
	first, last int32 // folded characters, inclusive
	allowance   *Allowance
}

// cover notes an allowed text of the open region. A text that merely sounds like it is another.
func (e *evaluation) cover(index int32, h match.Hit) {
	if h.Cost > plainCost || e.ignoreAllowed {
		return
	}
	e.allows = true
	e.covers = append(e.covers, cover{h.First, h.Last, e.set.textAllowances[index]})
}

// dropAllowed drops the hits inside an allowed text, but for blocks that only excuse.
func (e *evaluation) dropAllowed(b *block, st *blockState) {
	if len(e.covers) == 0 || len(st.pending) == 0 || b.owner.isContext || !b.positive {
		return
	}
	covers := make([]cover, 0, len(e.covers))
	for _, c := range e.covers {
		if c.allowance.covers(b.owner.id) {
			covers = append(covers, c)
		}
	}
	st.pending = dropInside(st.pending, covers, func(h *hit, by cover) {
		if e.allowedIn == nil {
			e.allowedIn = map[*detection]*Allowance{}
		}
		e.allowedIn[b.owner] = by.allowance
		e.drop(b, h, droppedByAllowance)
	})
}

// dropInside returns the hits that lie in none of the covers, and tells of the others. Both are sorted.
func dropInside(hits []hit, covers []cover, dropped func(*hit, cover)) []hit {
	slices.SortFunc(covers, func(x, y cover) int { return cmp.Or(cmp.Compare(x.first, y.first), cmp.Compare(y.last, x.last)) })
	slices.SortFunc(hits, func(x, y hit) int { return cmp.Or(cmp.Compare(x.first, y.first), cmp.Compare(y.last, x.last)) })
	kept, next, reach := hits[:0], 0, cover{last: -1}
	for _, h := range hits {
		for ; next < len(covers) && covers[next].first <= h.first; next++ {
			if covers[next].last > reach.last {
				reach = covers[next]
			}
		}
		if h.last <= reach.last {
			dropped(&h, reach)
			continue
		}
		kept = append(kept, h)
	}
	return kept
}

// Withheld is a rule as it would have fired, had the allow-list no text in it.
type Withheld struct {
	Fired Fired
	By    *Allowance
}

// withholding compares what fires with the allow-list and without it. What fires
// only with it does not fire at all: an allowed text may have been the excuse.
// A rule that fires both ways is withheld too, as it may have lost the evidence
// that made it an alert.
func withholding(with, without Result, allowedIn map[string]*Allowance) Result {
	fires := map[string]bool{}
	for _, f := range without.Fired {
		fires[f.Rule.ID] = true
		if by := allowedIn[f.Rule.ID]; by != nil {
			with.Withheld = append(with.Withheld, Withheld{Fired: f, By: by})
		}
	}
	with.Fired = slices.DeleteFunc(with.Fired, func(f Fired) bool { return !fires[f.Rule.ID] })
	return with
}
