package ingest

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/publicsuffix"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
)

// Bounds of Authorisation.Rate, in requests a second.
const (
	DefaultRate = 1.0
	// MinRate is one request a minute. At a slower rate, a site of a thousand
	// pages could not be crawled within a day. It matches fetch.MaxCrawlDelay.
	MinRate = 1.0 / 60
	// MaxRate is far above what a site's owner would want; a greater rate is a typing mistake.
	MaxRate = 1000.0
)

// problem is a mistake in an authorisation: the scope file's key, the index in that key's list (-1 for
// the key itself), and what is wrong and what to do about it.
type problem struct {
	field string
	index int
	*locales.Message
}

// bad returns a mistake: what is wrong, and what to do.
func bad(code string, args ...any) *locales.Message {
	return &locales.Message{Key: "scope.mistake." + code, Args: args}
}

// key is a key of a scope file as mistakes name it. About a form, they say its label instead.
type key string

// setting is a key with a value that a mistake recommends.
type setting struct {
	key   key
	value string
}

func (s setting) String() string { return string(s.key) + ": " + s.value }

// onForm returns a mistake in an authorisation as it is said about a form, which has labels for
// keys, and names for views and reasons.
func onForm(m locales.Message) locales.Message {
	args := slices.Clone(m.Args)
	for i, arg := range args {
		switch a := arg.(type) {
		case key:
			args[i] = locales.M("field." + string(a))
		case setting:
			args[i] = locales.M("field.is", locales.M("field."+string(a.key)), locales.M("choice."+string(a.key)+"."+a.value))
		case qianshao.View:
			args[i] = locales.M("view." + string(a))
		case qianshao.Skip:
			args[i] = locales.M("skip." + string(a))
		}
	}
	return locales.M(m.Key, args...)
}

// normalise checks an authorisation and returns it in canonical form.
func normalise(a qianshao.Authorisation) (qianshao.Authorisation, []problem) {
	var found []problem
	add := func(field, code string, args ...any) {
		found = append(found, problem{field, -1, bad(code, append([]any{key(field)}, args...)...)})
	}
	if a.ID == "" {
		add("id", "blank_id")
	} else if strings.ContainsFunc(a.ID, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }) {
		add("id", "id_space", a.ID)
	}
	for _, f := range []struct{ field, value string }{{"owner", a.Owner}, {"basis", a.Basis}, {"contact", a.Contact}} {
		if strings.TrimSpace(f.value) == "" {
			add(f.field, "blank_"+f.field)
		}
	}
	if a.ValidFrom.IsZero() {
		add("valid_from", "from_missing")
	}
	if a.ValidUntil.IsZero() {
		add("valid_until", "until_missing")
	} else if a.ValidUntil.Before(a.ValidFrom) { // one that was ended before it began has both at the same time
		add("valid_until", "never", key("valid_from"))
	}
	if a.Rate == 0 {
		a.Rate = DefaultRate
	}
	if !(a.Rate >= MinRate && a.Rate <= MaxRate) { // the negation also catches NaN
		add("rate", "rate_bounds", a.Rate, MinRate, MaxRate)
	}
	found = append(found, permissionProblems(&a)...)
	if len(a.Hosts) == 0 {
		add("hosts", "blank_hosts")
	}
	a.Hosts = normaliseList(a.Hosts, "hosts", &found, func(h string) (string, *locales.Message) { return normaliseHost(h, a.AllowPrivate) })
	a.Include = normaliseList(a.Include, "include", &found, normalisePath)
	a.Exclude = normaliseList(a.Exclude, "exclude", &found, normalisePath)
	if len(found) > 0 {
		return a, found // with the mistakes above, the seeds cannot be judged
	}
	a.Seeds = normaliseList(a.Seeds, "seeds", &found, func(seed string) (string, *locales.Message) { return normaliseSeed(seed, &a) })
	return a, found
}

// MaxRevisit bounds Authorisation.RevisitMax: a page that is visited less than
// once a quarter is not being watched.
const MaxRevisit = 90 * 24 * time.Hour

// permissionProblems checks what the authorisation permits or asks for besides plain visits.
func permissionProblems(a *qianshao.Authorisation) (found []problem) {
	for _, span := range []struct {
		field string
		value time.Duration
	}{{"revisit_min", a.RevisitMin}, {"revisit_max", a.RevisitMax}} {
		if span.value != 0 && (span.value < MinRevisit || span.value > MaxRevisit) {
			found = append(found, problem{span.field, -1,
				bad("revisit_bounds", key(span.field), locales.M("scope.mistake.minutes", int(MinRevisit/time.Minute)), locales.M("scope.mistake.days", int(MaxRevisit/(24*time.Hour))))})
		}
	}
	if a.RevisitMin > 0 && a.RevisitMax > 0 && a.RevisitMin > a.RevisitMax {
		found = append(found, problem{"revisit_max", -1, bad("revisit_swapped", key("revisit_max"), key("revisit_min"))})
	}
	for i, v := range a.Views {
		switch {
		case v != qianshao.ViewSearchVisitor && v != qianshao.ViewSearchCrawler:
			found = append(found, problem{"views", i, bad("view_unknown", string(v), qianshao.ViewSearchVisitor, qianshao.ViewSearchCrawler)})
		case v == qianshao.ViewSearchCrawler && strings.TrimSpace(a.CrawlerBasis) == "":
			found = append(found, problem{"views", i, bad("view_basis", v, key("crawler_basis"))})
		}
	}
	return found
}

func normaliseList(list []string, field string, found *[]problem, f func(string) (string, *locales.Message)) []string {
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
func normaliseHost(pattern string, allowPrivate bool) (string, *locales.Message) {
	if strings.ContainsAny(pattern, "/\\?#@ \t") {
		return pattern, bad("host_bare", pattern)
	}
	name, port := splitPort(pattern)
	suffix, wildcard := strings.CutPrefix(name, "*.")
	if strings.Contains(suffix, "*") {
		return pattern, bad("host_star", pattern)
	}
	if strings.Contains(suffix, ":") && !strings.HasPrefix(suffix, "[") {
		return pattern, bad("host_ipv6", pattern)
	}
	canonical, err := Canonical("http://" + suffix + "/")
	if err != nil {
		return pattern, bad("host_name", pattern)
	}
	u, err := url.Parse(canonical)
	if err != nil || u.Port() != "" {
		return pattern, bad("host_name", pattern)
	}
	ip, ipErr := netip.ParseAddr(u.Hostname())
	if ipErr == nil && !allowPrivate && (ip.Unmap().IsPrivate() || ip.Unmap().IsLoopback()) {
		return pattern, bad("host_private", pattern, setting{"allow_private", "true"})
	}
	out := u.Host
	if wildcard {
		if ipErr == nil {
			return pattern, bad("host_address", pattern)
		}
		if s, _ := publicsuffix.PublicSuffix(u.Host); s == u.Host {
			return pattern, bad("host_suffix", pattern, u.Host, u.Host)
		}
		out = "*." + out
	}
	if port == "" {
		if strings.HasSuffix(pattern, ":") {
			return pattern, bad("host_colon", pattern)
		}
		return out, nil
	}
	return normalisePort(pattern, out, port)
}

func normalisePort(pattern, host, port string) (string, *locales.Message) {
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return pattern, bad("port", pattern, port)
	}
	if n == 80 || n == 443 {
		return pattern, bad("port_default", pattern, host)
	}
	return host + ":" + strconv.FormatUint(n, 10), nil
}

// normalisePath checks a path prefix and writes it percent-encoded as
// canonical URLs are.
func normalisePath(path string) (string, *locales.Message) {
	if !strings.HasPrefix(path, "/") {
		return path, bad("path_slash", path)
	}
	if strings.ContainsAny(path, "?#*") {
		return path, bad("path_sign", path)
	}
	const base = "http://x"
	canonical, err := Canonical(base + path)
	if err != nil {
		return path, bad("path_bad", path)
	}
	u, err := url.Parse(canonical)
	if err != nil {
		return path, bad("path_bad", path)
	}
	return u.EscapedPath(), nil // what Authorisation.Covers compares with
}

func normaliseSeed(seed string, a *qianshao.Authorisation) (string, *locales.Message) {
	canonical, err := Canonical(seed)
	if err != nil {
		return seed, bad("seed_url", seed)
	}
	u, err := url.Parse(canonical)
	if err != nil {
		return seed, bad("seed_url", seed)
	}
	skip := a.Covers(u, a.ValidFrom)
	if skip == qianshao.SkipNotAuthorised && u.Port() != "" && a.Names(u.Hostname()) {
		return seed, bad("seed_port", seed, u.Port(), u.Host, key("hosts"))
	}
	if skip != "" {
		return seed, bad("seed_outside", seed, skip)
	}
	return canonical, nil
}

// startURLs returns where the crawl of an authorisation begins: its seeds, or,
// if it has none, the included paths (by default the front page) of each host
// that is named exactly.
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
