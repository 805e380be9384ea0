// Package robots reads robots.txt according to RFC 9309, and tolerates the same
// mistakes as Google's open-source parser. Where the two differ on
// percent-encoding, it takes the interpretation that permits less.
package robots

import (
	"bytes"
	"iter"
	"strconv"
	"strings"
	"time"
)

// Limits of what is read.
const (
	// MaxBytes is how much of a file counts (RFC 9309, 2.5: at least 500 KiB).
	MaxBytes = 500 << 10
	// maxLine is where Google's parser cuts a line: eight times the longest URL
	// that browsers used to accept.
	maxLine = 8*2083 - 1
	// maxSitemaps bounds the list; a file of 500 KiB could name 25,000.
	maxSitemaps = 100
	// maxDelay keeps a Crawl-delay of 1e300 within a Duration; callers cap far lower.
	maxDelay = 24 * time.Hour
)

// Robots is a parsed robots.txt. The zero value allows everything. It is
// immutable, and safe for concurrent use.
type Robots struct {
	groups   []group
	sitemaps []string
}

// group is the rules that follow one or several user-agent lines.
type group struct {
	agents []agent
	rules  []rule
}

type agent struct {
	name  string // product token, lower case; "*" for all
	delay time.Duration
}

// rule is one allow or disallow line.
type rule struct {
	allow bool
	// pattern has its non-ASCII bytes escaped and its escapes in upper case.
	pattern string
	// unescaped is pattern with unreserved characters decoded as well, for
	// disallow rules; "" if that makes no difference.
	unescaped string
}

// Parse reads a robots.txt. It never fails: meaningless lines are skipped, and
// everything after MaxBytes is ignored.
func Parse(body []byte) *Robots {
	p := parser{robots: &Robots{}}
	for line := range lines(body[:min(len(body), MaxBytes)]) {
		p.line(line)
	}
	return p.robots
}

// lines yields each line, ended by CR, LF or both and cut at maxLine; empty
// ones too.
func lines(body []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		rest := trimBOM(body)
		for len(rest) > 0 {
			line := rest
			if end := bytes.IndexAny(rest, "\r\n"); end < 0 {
				rest = nil
			} else if line = rest[:end]; bytes.HasPrefix(rest[end:], []byte("\r\n")) {
				rest = rest[end+2:]
			} else {
				rest = rest[end+1:]
			}
			if !yield(string(line[:min(len(line), maxLine)])) {
				return
			}
		}
	}
}

// trimBOM drops a UTF-8 byte order mark, even an incomplete one as some editors
// leave it.
func trimBOM(b []byte) []byte {
	for _, c := range []byte{0xEF, 0xBB, 0xBF} {
		if len(b) == 0 || b[0] != c {
			break
		}
		b = b[1:]
	}
	return b
}

type parser struct {
	robots *Robots
	// closed says that the current group has a rule, so that the next
	// user-agent line starts a new group.
	closed bool
}

func (p *parser) line(line string) {
	key, value, ok := split(line)
	if !ok {
		return
	}
	switch directive(key) {
	case "user-agent":
		p.userAgent(value)
	case "allow":
		p.rule(true, value)
	case "disallow":
		p.rule(false, value)
	case "crawl-delay":
		p.crawlDelay(value)
	case "sitemap":
		if value != "" && len(p.robots.sitemaps) < maxSitemaps {
			p.robots.sitemaps = append(p.robots.sitemaps, value)
		}
	}
}

// split cuts a line into key and value. Two words without a colon are accepted
// too, as "disallow /" is clear enough.
func split(line string) (key, value string, ok bool) {
	line, _, _ = strings.Cut(line, "#")
	line = strings.Trim(line, " \t\v\f\x00")
	key, value, ok = strings.Cut(line, ":")
	if !ok {
		i := strings.IndexAny(line, " \t")
		if i < 0 {
			return "", "", false
		}
		key, value = line[:i], strings.Trim(line[i:], " \t")
		if strings.ContainsAny(value, " \t") {
			return "", "", false
		}
	}
	key, value = strings.Trim(key, " \t"), strings.Trim(value, " \t")
	return key, value, key != ""
}

// directive returns the directive that key means; as in Google's parser only
// its beginning counts, and frequent misspellings are understood.
func directive(key string) string {
	for _, d := range [...]struct{ prefix, name string }{
		{"user-agent", "user-agent"}, {"useragent", "user-agent"}, {"user agent", "user-agent"},
		{"allow", "allow"},
		{"disallow", "disallow"}, {"dissallow", "disallow"}, {"dissalow", "disallow"},
		{"disalow", "disallow"}, {"diasllow", "disallow"}, {"disallaw", "disallow"},
		{"crawl-delay", "crawl-delay"}, {"crawldelay", "crawl-delay"}, {"crawl delay", "crawl-delay"},
		{"sitemap", "sitemap"}, {"site-map", "sitemap"},
	} {
		if len(key) >= len(d.prefix) && strings.EqualFold(key[:len(d.prefix)], d.prefix) {
			return d.name
		}
	}
	return ""
}

func (p *parser) userAgent(value string) {
	if len(p.robots.groups) == 0 || p.closed {
		p.robots.groups = append(p.robots.groups, group{})
		p.closed = false
	}
	name := productToken(value)
	if value == "*" || strings.HasPrefix(value, "* ") || strings.HasPrefix(value, "*\t") {
		name = "*"
	}
	g := &p.robots.groups[len(p.robots.groups)-1]
	g.agents = append(g.agents, agent{name: name})
}

// productToken returns the leading run of the characters that RFC 9309, 2.2.1
// permits, in lower case.
func productToken(s string) string {
	for i := range len(s) {
		c := s[i]
		if c|0x20 < 'a' || c|0x20 > 'z' {
			if c != '-' && c != '_' {
				return strings.ToLower(s[:i])
			}
		}
	}
	return strings.ToLower(s)
}

func (p *parser) rule(allow bool, value string) {
	if len(p.robots.groups) == 0 {
		return // a rule outside any group
	}
	p.closed = true
	g := &p.robots.groups[len(p.robots.groups)-1]
	if value == "" {
		return // an empty "disallow:" forbids nothing
	}
	r := rule{allow: allow, pattern: escape(value)}
	if !allow {
		if u := unescape(r.pattern, true); u != r.pattern {
			r.unescaped = u
		}
	}
	g.rules = append(g.rules, r)
}

// crawlDelay sets the delay for the agents named so far in the group, and does not close the group:
// other records must not interfere with groups (RFC 9309, 2.2.4).
func (p *parser) crawlDelay(value string) {
	if len(p.robots.groups) == 0 {
		return
	}
	seconds, err := strconv.ParseFloat(value, 64)
	if err != nil || !(seconds > 0) { // the negation also catches NaN
		return
	}
	delay := maxDelay
	if seconds < maxDelay.Seconds() {
		delay = time.Duration(seconds * float64(time.Second))
	}
	g := &p.robots.groups[len(p.robots.groups)-1]
	for i := range g.agents {
		g.agents[i].delay = max(g.agents[i].delay, delay)
	}
}

// Sitemaps returns the sitemap URLs that the file names, as written.
func (r *Robots) Sitemaps() []string { return r.sitemaps }

// CrawlDelay returns the delay that the file asks agent to keep; 0 if none.
func (r *Robots) CrawlDelay(agent string) time.Duration {
	name := r.effective(agent)
	var delay time.Duration
	for i := range r.groups {
		for _, a := range r.groups[i].agents {
			if name != "" && a.name == name {
				delay = max(delay, a.delay)
			}
		}
	}
	return delay
}

// ValidAgent says whether name is a bare product token, which Allowed and
// CrawlDelay require: "qianshao", not "qianshao/1.0".
func ValidAgent(name string) bool {
	return name != "" && len(productToken(name)) == len(name)
}

// Allowed says whether agent, a bare product token, may fetch the URL, which is
// percent-encoded ("http://school.example/a/b?c=d" or "/a/b?c=d"; a fragment is
// ignored).
//
// The rules of all groups that name the agent count together, or else those of
// "*". The longest pattern wins, and allow wins a tie. An allow rule must match
// the path as given; a disallow rule also matches if path and pattern differ
// only in percent-encoding.
func (r *Robots) Allowed(agent, rawURL string) bool {
	name := r.effective(agent)
	if name == "" {
		return true
	}
	path := pathOf(rawURL)
	plain := unescape(escape(path), false)
	allow, disallow := 0, 0 // lengths of the longest matching patterns
	for i := range r.groups {
		if !r.groups[i].names(name) {
			continue
		}
		for _, rule := range r.groups[i].rules {
			if rule.allow {
				allow = max(allow, rule.allows(path))
			} else if n := len(rule.pattern); n > disallow && rule.forbids(path, plain) {
				disallow = n
			}
		}
	}
	return allow >= disallow
}

// pathOf returns path and query of a URL, against which patterns are matched.
// It finds them where Google's parser does, with or without a scheme.
func pathOf(rawURL string) string {
	rest, _, _ := strings.Cut(rawURL, "#")
	rest = strings.TrimPrefix(rest, "//")
	if scheme, after, ok := strings.Cut(rest, "://"); ok && !strings.ContainsAny(scheme, "/?;") {
		rest = after
	}
	start := strings.IndexAny(rest, "/?;")
	switch {
	case start < 0:
		return "/"
	case rest[start] != '/':
		return "/" + rest[start:]
	}
	return rest[start:]
}

// effective returns the name of the groups that apply to agent: its own, "*",
// or "" if there is no such group.
func (r *Robots) effective(agent string) string {
	agent = strings.ToLower(agent)
	found := ""
	for i := range r.groups {
		if agent != "" && r.groups[i].names(agent) {
			return agent
		}
		if r.groups[i].names("*") && agent != "" {
			found = "*"
		}
	}
	return found
}

func (g *group) names(name string) bool {
	for _, a := range g.agents {
		if a.name == name {
			return true
		}
	}
	return false
}

func (r *rule) forbids(path, plain string) bool {
	if matches(r.pattern, path) {
		return true
	}
	if r.unescaped != "" {
		return matches(r.unescaped, plain)
	}
	return plain != path && matches(r.pattern, plain)
}

// allows returns the length of the pattern that allows path, or 0. It takes
// "/dir/index.html" for "/dir/" too, as Google does.
func (r *rule) allows(path string) int {
	if matches(r.pattern, path) {
		return len(r.pattern)
	}
	dir, ok := strings.CutSuffix(r.pattern, "/index.html")
	if !ok {
		dir, ok = strings.CutSuffix(r.pattern, "/index.htm")
	}
	if directory := dir + "/$"; ok && matches(directory, path) {
		return len(directory)
	}
	return 0
}
