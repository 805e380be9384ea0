package store

import (
	"time"

	"github.com/qianshao/qianshao"
)

// Site is a host of which pages are known, or which an authorisation names, as somebody may see
// it: pages, skips and findings are those under the authorisations that they see.
type Site struct {
	Host string
	// Authorisation is the id under which it was last asked, "" if never.
	Authorisation string
	// Hidden says that it was last asked under one that is not seen: that and what came of it are left out.
	Hidden bool
	// Visited is when it was last asked for a page, Fetched when a page last came, Next when it is
	// to be asked again; the zero time for never.
	Visited, Fetched, Next time.Time
	// Trouble is why no page of it comes now; "" if pages come, or it was never asked.
	Trouble      qianshao.Skip
	TroubleSince time.Time
	// Pages counts its URLs in the frontier, Skipped those of them whose last visit brought none.
	Pages, Skipped int
	// Open counts the findings that are open. Verdicts are of all findings that were counted.
	Open     int
	Verdicts VerdictCounts
}

// VerdictCounts are the findings of a site by what people have decided.
type VerdictCounts struct {
	Crime, NotCrime, Unsure int
	// Reviewing are those whose decision waits for a second review: what it says is not told.
	Reviewing, Undecided int
	// More says that there are more findings than MaxSiteFindings: the rest is not counted.
	More bool
}

// MaxSiteFindings bounds the findings of one site of which verdicts are counted: a look at each
// takes a microsecond or two, and a page of a console may take 300 milliseconds.
const MaxSiteFindings = 10_000

// SiteTrouble says which sites are wanted: SiteTroubles are the others than "".
type SiteTrouble string

// Which sites are wanted, by what is amiss.
const (
	SiteAny       SiteTrouble = "any" // whatever is amiss
	SiteBlocked   SiteTrouble = "blocked"
	SiteDown      SiteTrouble = "down"
	SiteRobots    SiteTrouble = "robots"
	SiteHTTPError SiteTrouble = "http_error"
	SiteNoPage    SiteTrouble = "no_page" // visits bring no page for another reason
	SiteOverdue   SiteTrouble = "overdue"
	SiteNever     SiteTrouble = "never" // no page ever came
)

// SiteTroubles returns all of them.
func SiteTroubles() []SiteTrouble {
	return []SiteTrouble{SiteAny, SiteBlocked, SiteDown, SiteRobots, SiteHTTPError, SiteNoPage, SiteOverdue, SiteNever}
}

// SitesQuery asks for sites in the order of their places.
type SitesQuery struct {
	Sight qianshao.Sight
	// Within are the places that are wanted; nil is all. Whoever does not see all must be given those of
	// the authorisations that they see.
	Within []qianshao.PlaceRange
	// Name is a part of the host's name; "" for all.
	Name    string
	Trouble SiteTrouble
	// Overdue is the time since which something must have come of what is due.
	Overdue time.Time
	// Findings asks for those with open findings.
	Findings      bool
	Offset, Limit int
}

// SkipCount counts the URLs of a site whose last visit ended in a skip.
type SkipCount struct {
	Skip qianshao.Skip
	URLs int
}

// Watch is what the register says of a site now.
type Watch struct {
	// Authorisations are the ids of those that name it, InForce of those of them that are in
	// force.
	Authorisations, InForce []string
	// Silent says why it is not monitored; nil if it is.
	Silent *qianshao.Unmonitored
}
