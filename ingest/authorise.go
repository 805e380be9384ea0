package ingest

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/publicsuffix"

	"github.com/qianshao/qianshao"
)

// Bounds of Authorisation.Rate, in requests a second.
const (
	DefaultRate = 1.0
	// MinRate is one request a minute; slower, and a site of a thousand pages
	// is never seen whole within a day. It matches fetch.MaxCrawlDelay.
	MinRate = 1.0 / 60
	// MaxRate is far above what a site's owner would want; more is a slip of the pen.
	MaxRate = 1000.0
)

// problem is a mistake in an authorisation: the scope file's key, the index
// in that key's list (-1 for the key itself), what is wrong and what to do.
type problem struct {
	field string
	index int
	*coded
}

// coded is what is wrong, and what to do, with a code and what stands in it for the words of
// other languages.
type coded struct {
	code    string
	args    []any
	message string
}

func (c *coded) Error() string { return c.message }

// bad returns a mistake whose message is written as by fmt.Sprintf.
func bad(code, format string, args ...any) *coded {
	return &coded{code, args, fmt.Sprintf(format, args...)}
}

const never = "valid_until is not after valid_from; the authorisation would never be in force"

// normalise checks an authorisation and returns it in canonical form.
func normalise(a qianshao.Authorisation) (qianshao.Authorisation, []problem) {
	var found []problem
	add := func(field, code, format string, args ...any) {
		found = append(found, problem{field, -1, bad(code, format, args...)})
	}
	if a.ID == "" || strings.ContainsFunc(a.ID, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }) {
		add("id", "id_blank", "id %q is empty or has spaces; give a short name, as school-2026（编号不能为空，不能有空格，例如 school-2026）", a.ID)
	}
	for _, f := range []struct{ field, value, why string }{
		{"owner", a.Owner, "name the organisation that answers for the sites"},
		{"basis", a.Basis, "name the legal basis or the contract's reference"},
		{"contact", a.Contact, "say where the owner is told of findings"},
	} {
		if strings.TrimSpace(f.value) == "" {
			add(f.field, "blank_"+f.field, "%s is empty; %s", f.field, f.why)
		}
	}
	switch {
	case a.ValidFrom.IsZero():
		add("valid_from", "from_missing", "valid_from is missing; write the first day of the authorisation, as 2026-01-31")
	case a.ValidUntil.IsZero():
		add("valid_until", "until_missing", "valid_until is missing; write the last day of the authorisation, as 2026-12-31")
	case a.ValidUntil.Before(a.ValidFrom): // one that was ended before it began has both at the same time
		add("valid_until", "never", never)
	}
	if a.Rate == 0 {
		a.Rate = DefaultRate
	}
	if !(a.Rate >= MinRate && a.Rate <= MaxRate) { // the negation also catches NaN
		add("rate", "rate_bounds", "rate %v is not between %.4f (one request a minute) and %v requests a second", a.Rate, MinRate, MaxRate)
	}
	found = append(found, permissionProblems(&a)...)
	if len(a.Hosts) == 0 {
		add("hosts", "blank_hosts", "hosts is empty; name at least one host, as school.example or *.school.example")
	}
	a.Hosts = normaliseList(a.Hosts, "hosts", &found, func(h string) (string, *coded) { return normaliseHost(h, a.AllowPrivate) })
	a.Include = normaliseList(a.Include, "include", &found, normalisePath)
	a.Exclude = normaliseList(a.Exclude, "exclude", &found, normalisePath)
	if len(found) > 0 {
		return a, found // seeds are judged by what was wrong above
	}
	a.Seeds = normaliseList(a.Seeds, "seeds", &found, func(seed string) (string, *coded) { return normaliseSeed(seed, &a) })
	return a, found
}

// MaxRevisit bounds Authorisation.RevisitMax: a page not looked at for a
// quarter of a year is not watched.
const MaxRevisit = 90 * 24 * time.Hour

// permissionProblems checks what is permitted or asked for beside a plain visit.
func permissionProblems(a *qianshao.Authorisation) (found []problem) {
	for _, span := range []struct {
		field string
		value time.Duration
	}{{"revisit_min", a.RevisitMin}, {"revisit_max", a.RevisitMax}} {
		if span.value != 0 && (span.value < MinRevisit || span.value > MaxRevisit) {
			found = append(found, problem{span.field, -1,
				bad("revisit_bounds", "%s is not between %s and %d days; a page is visited anew within that time", span.field, MinRevisit, MaxRevisit/(24*time.Hour))})
		}
	}
	if a.RevisitMin > 0 && a.RevisitMax > 0 && a.RevisitMin > a.RevisitMax {
		found = append(found, problem{"revisit_max", -1, bad("revisit_swapped", "revisit_max is shorter than revisit_min; swap them")})
	}
	for i, v := range a.Views {
		switch {
		case v != qianshao.ViewSearchVisitor && v != qianshao.ViewSearchCrawler:
			found = append(found, problem{"views", i, bad("view_unknown", "view %q is neither %s nor %s", v, qianshao.ViewSearchVisitor, qianshao.ViewSearchCrawler)})
		case v == qianshao.ViewSearchCrawler && strings.TrimSpace(a.CrawlerBasis) == "":
			found = append(found, problem{"views", i,
				bad("view_basis", "view search_crawler needs crawler_basis: say where the owner permits it in writing, since its requests name a search engine's crawler")})
		}
	}
	return found
}

func normaliseList(list []string, field string, found *[]problem, f func(string) (string, *coded)) []string {
	out := make([]string, 0, len(list))
	for i, value := range list {
		v, wrong := f(value)
		if wrong != nil {
			if *found = append(*found, problem{field, i, wrong}); len(*found) >= maxMistakes {
				return out
			}
		}
		out = append(out, v)
	}
	return out
}

// normaliseHost checks a host pattern and writes its name in lower-case ASCII.
func normaliseHost(pattern string, allowPrivate bool) (string, *coded) {
	if strings.ContainsAny(pattern, "/\\?#@ \t") {
		return pattern, bad("host_bare", "host %q is not a bare name; write the host alone, without scheme or path, as school.example", pattern)
	}
	name, port := splitPort(pattern)
	suffix, wildcard := strings.CutPrefix(name, "*.")
	if strings.Contains(suffix, "*") {
		return pattern, bad("host_star", "host %q has a * elsewhere than as *. in front; name the hosts one by one", pattern)
	}
	if strings.Contains(suffix, ":") && !strings.HasPrefix(suffix, "[") {
		return pattern, bad("host_ipv6", "host %q: write an IPv6 address in brackets, as [2001:db8::1]", pattern)
	}
	canonical, err := Canonical("http://" + suffix + "/")
	if err != nil {
		return pattern, bad("host_name", "host %q is not a host name; write it as school.example", pattern)
	}
	u, err := url.Parse(canonical)
	if err != nil || u.Port() != "" {
		return pattern, bad("host_name", "host %q is not a host name; write it as school.example", pattern)
	}
	ip, ipErr := netip.ParseAddr(u.Hostname())
	if ipErr == nil && !allowPrivate && (ip.Unmap().IsPrivate() || ip.Unmap().IsLoopback()) {
		return pattern, bad("host_private", "host %q is a private address, which the address guard closes; set allow_private: true for an intranet site", pattern)
	}
	out := u.Host
	if wildcard {
		if ipErr == nil {
			return pattern, bad("host_address", "host %q: an address has no subdomains; name each address", pattern)
		}
		if s, _ := publicsuffix.PublicSuffix(u.Host); s == u.Host {
			return pattern, bad("host_suffix", "host %q covers the sites of many owners, since %s is a public suffix; name the owner's own domain, as *.school.%s", pattern, u.Host, u.Host)
		}
		out = "*." + out
	}
	if port == "" {
		if strings.HasSuffix(pattern, ":") {
			return pattern, bad("host_colon", "host %q ends in a colon; give a port or drop it", pattern)
		}
		return out, nil
	}
	return normalisePort(pattern, out, port)
}

func normalisePort(pattern, host, port string) (string, *coded) {
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return pattern, bad("port", "host %q: port %q is not a number from 1 to 65535", pattern, port)
	}
	if n == 80 || n == 443 {
		return pattern, bad("port_default", "host %q: ports 80 and 443 are covered without being named; write %s", pattern, host)
	}
	return host + ":" + strconv.FormatUint(n, 10), nil
}

// normalisePath checks a path prefix and writes it percent-encoded as
// canonical URLs are.
func normalisePath(path string) (string, *coded) {
	if !strings.HasPrefix(path, "/") {
		return path, bad("path_slash", "path %q does not begin with /; write a path prefix, as /news/", path)
	}
	if strings.ContainsAny(path, "?#*") {
		return path, bad("path_sign", "path %q has one of ? # *; it is a plain prefix of the path, as /news/", path)
	}
	const base = "http://x"
	canonical, err := Canonical(base + path)
	if err != nil {
		return path, bad("path_bad", "path %q: %v", path, err)
	}
	u, err := url.Parse(canonical)
	if err != nil {
		return path, bad("path_bad", "path %q: %v", path, err)
	}
	return u.EscapedPath(), nil // what Authorisation.Covers compares with
}

func normaliseSeed(seed string, a *qianshao.Authorisation) (string, *coded) {
	canonical, err := Canonical(seed)
	if err != nil {
		return seed, bad("seed_url", "seed: %v; write a whole URL, as https://school.example/", err)
	}
	u, err := url.Parse(canonical)
	if err != nil {
		return seed, bad("seed_url", "seed: %v", err)
	}
	skip := a.Covers(u, a.ValidFrom)
	if skip == qianshao.SkipNotAuthorised && u.Port() != "" && a.Names(u.Hostname()) {
		return seed, bad("seed_port", "seed %q is on port %s, which the authorisation does not cover: a host without a port covers 80 and 443 alone; add %s to hosts, or drop the port", seed, u.Port(), u.Host)
	}
	if skip != "" {
		return seed, bad("seed_outside", "seed %q lies outside its own authorisation (%s); add its host or path, permit its query, or drop it", seed, skip)
	}
	return canonical, nil
}

// startURLs returns where the crawl of an authorisation begins: its seeds, or
// without any the included paths (or else the front page) of each host that is
// named exactly.
func startURLs(a *qianshao.Authorisation) []string {
	if len(a.Seeds) > 0 {
		return a.Seeds
	}
	paths := a.Include
	if len(paths) == 0 {
		paths = []string{"/"}
	}
	var urls []string
	for _, host := range a.Hosts {
		if strings.HasPrefix(host, "*") {
			continue
		}
		for _, path := range paths {
			urls = append(urls, "http://"+host+path)
		}
	}
	return urls
}
