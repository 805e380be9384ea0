package qianshao

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// Authorisation is a written permission to monitor sites. Without one in
// force for a URL, no request is made.
type Authorisation struct {
	ID string `json:"id"`
	// Owner is the organisation responsible for the sites.
	Owner string `json:"owner"`
	// Basis is the legal basis or the contract's reference.
	Basis string `json:"basis"`
	// Contact is where the owner is told of findings.
	Contact string `json:"contact"`
	// ValidFrom and ValidUntil bound the time in force: from ≤ now < until.
	ValidFrom  time.Time `json:"valid_from"`
	ValidUntil time.Time `json:"valid_until"`
	// Hosts are exact names ("school.example") or all subdomains of a name, without the name itself
	// ("*.school.example"). Either may have a port ("school.example:8080"); without one, only 80
	// and 443 are covered. Names are lower case and in ASCII (punycode).
	Hosts []string `json:"hosts"`
	// Include and Exclude are path prefixes. No Include means every path. Exclude takes precedence,
	// however a server might read the path.
	Include []string `json:"include,omitempty"`
	Exclude []string `json:"exclude,omitempty"`
	// NoQueries forbids every URL with a query, since queries may hold names, numbers and session
	// tokens.
	NoQueries bool `json:"no_queries,omitempty"`
	// Rate is the highest number of requests a second to one host.
	Rate float64 `json:"rate"`
	// AllowPrivate opens loopback and private addresses, for intranet sites.
	// Link-local and cloud metadata addresses stay closed.
	AllowPrivate bool `json:"allow_private"`
	// Seeds are the URLs from which the crawl starts.
	Seeds []string `json:"seeds,omitempty"`
	// RevisitMin and RevisitMax bound the time between two visits of a page,
	// which adapts to how often it changes. Zero takes the collector's default.
	RevisitMin time.Duration `json:"revisit_min,omitempty"`
	RevisitMax time.Duration `json:"revisit_max,omitempty"`
	// RobotsWaiver cites where the owner waives robots.txt in writing, such as "合同附件 3". It is
	// recorded on every finding. If it is empty, robots.txt is obeyed.
	RobotsWaiver string `json:"robots_waiver,omitempty"`
	// Views are the views that the owner permits besides the plain visitor's: ViewSearchVisitor and
	// ViewSearchCrawler.
	Views []View `json:"views,omitempty"`
	// CrawlerBasis cites where the owner permits ViewSearchCrawler in writing. The view requires
	// it, because its requests claim to come from somebody else.
	CrawlerBasis string `json:"crawler_basis,omitempty"`
}

// Permits says whether pages may be requested in the view. ViewSearchCrawler also needs
// CrawlerBasis.
func (a *Authorisation) Permits(v View) bool {
	switch v {
	case ViewVisitor, ViewBrowser:
		return true
	case ViewSearchCrawler:
		return a.CrawlerBasis != "" && slices.Contains(a.Views, v)
	}
	return slices.Contains(a.Views, v)
}

// Covers returns "" if the authorisation permits a request to u at the time now, and otherwise the
// reason why not: SkipNotAuthorised, SkipPathExcluded, SkipQuery or SkipNotInForce. u's host must
// be lower case and in ASCII.
func (a *Authorisation) Covers(u *url.URL, now time.Time) Skip {
	return a.covers(u, now, a.coversHost(u))
}

// CoversBy is Covers as if pattern were the only one of Hosts. It is for callers that have found the pattern
// in an index of names: an authorisation may name thousands.
func (a *Authorisation) CoversBy(pattern string, u *url.URL, now time.Time) Skip {
	return a.covers(u, now, hostMatches(pattern, u))
}

func (a *Authorisation) covers(u *url.URL, now time.Time, host bool) Skip {
	if u.Scheme != "http" && u.Scheme != "https" {
		return SkipBadURL
	}
	if !host {
		return SkipNotAuthorised
	}
	if !a.coversPath(u.EscapedPath()) {
		return SkipPathExcluded
	}
	if a.NoQueries && (u.RawQuery != "" || u.ForceQuery) {
		return SkipQuery
	}
	if !a.InForce(now) {
		return SkipNotInForce
	}
	return ""
}

// InForce says whether now lies within the authorisation's time.
func (a *Authorisation) InForce(now time.Time) bool {
	return !now.Before(a.ValidFrom) && now.Before(a.ValidUntil)
}

// ChinaTime is the zone in which the days of an authorisation begin and end,
// whatever the machine's own zone.
func ChinaTime() *time.Location { return time.FixedZone("CST", 8*60*60) }

// Days returns the first and the last day in force, as YYYY-MM-DD.
func (a *Authorisation) Days() (first, last string) {
	lastMoment := a.ValidUntil.Add(-time.Nanosecond)
	return a.ValidFrom.In(ChinaTime()).Format(time.DateOnly), lastMoment.In(ChinaTime()).Format(time.DateOnly)
}

// HostNames returns the names that the authorisation gives in full, without
// ports. Hosts that it covers by "*." are not among them: they are found only through links.
func (a *Authorisation) HostNames() []string {
	names := make([]string, 0, len(a.Hosts))
	for _, pattern := range a.Hosts {
		if name, _ := splitPort(pattern); !strings.HasPrefix(name, "*") {
			names = append(names, strings.Trim(name, "[]"))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// splitPort cuts a host pattern into name and port; "[::1]" has no port.
func splitPort(pattern string) (name, port string) {
	if i := strings.LastIndexByte(pattern, ':'); i > strings.LastIndexByte(pattern, ']') {
		return pattern[:i], pattern[i+1:]
	}
	return pattern, ""
}

func (a *Authorisation) coversHost(u *url.URL) bool {
	for _, pattern := range a.Hosts {
		if hostMatches(pattern, u) {
			return true
		}
	}
	return false
}

func hostMatches(pattern string, u *url.URL) bool {
	name, port := splitPort(pattern)
	if !portMatches(port, u.Port()) {
		return false
	}
	host := u.Hostname()
	if suffix, ok := strings.CutPrefix(name, "*"); ok { // "*.a.cn" → ".a.cn"
		return len(host) > len(suffix) && strings.HasSuffix(host, suffix)
	}
	return host == strings.Trim(name, "[]")
}

// portMatches limits an entry without a port to 80 and 443: an authorisation for a site does not
// cover the admin panel on port 8443.
func portMatches(want, got string) bool {
	if want == "" {
		return got == "" || got == "80" || got == "443"
	}
	return got == want
}

// coversPath compares a path with Include and Exclude in all the ways in which a
// server might read it: a path that leads one server to a permitted file may lead another into an
// excluded folder. A path is covered if no reading is excluded, whatever the case of its letters,
// and every reading is included.
func (a *Authorisation) coversPath(path string) bool {
	if path == "" {
		path = "/"
	}
	if len(a.Include)+len(a.Exclude) == 0 {
		return true
	}
	asServed, ok := readings(path)
	if !ok {
		return false
	}
	excluded, included := excluding(a.Exclude), including(a.Include)
	for _, reading := range asServed {
		if begins(strings.ToLower(reading), excluded) || len(included) > 0 && !begins(reading, included) {
			return false
		}
	}
	return true
}
