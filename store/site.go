package store

import (
	"time"

	"github.com/qianshao/qianshao"
)

// Site is a host with known pages or named by an authorisation, as somebody may see it: its pages, skips
// and findings are those under the authorisations that they see.
type Site struct {
	Host string
	// Authorisation is the id of the one under which it was last requested, "" if never.
	Authorisation string
	// Hidden says that it was last requested under an authorisation that the reader does not see: the
	// authorisation and the visits' results are left out.
	Hidden bool
	// Visited is when a page was last requested, Fetched when one was last received, Next when the next
	// request is due; the zero time if never.
	Visited, Fetched, Next time.Time
	// Trouble is why visits bring no page at present; "" if they do, or if there was none yet.
	Trouble      qianshao.Skip
	TroubleSince time.Time
	// Pages counts its URLs in the frontier, Skipped those of them whose last visit brought no page.
	Pages, Skipped int
	// Open counts the open findings; Verdicts counts all of them.
	Open     int
	Verdicts VerdictCounts
}

// VerdictCounts are the findings of a site by what people have decided.
type VerdictCounts struct {
	Crime, NotCrime, Unsure int
	// Reviewing are those whose decision waits for a second review; it is not shown until then.
	Reviewing, Undecided int
	// More says that there are more findings than MaxSiteFindings: the rest is not counted.
	More bool
}

// MaxSiteFindings bounds how many findings of one site are counted by verdict: each takes a microsecond or
// two, and a page of the console may take 300 milliseconds.
const MaxSiteFindings = 10_000

// SiteTrouble selects sites by their trouble; SiteTroubles are all of its values but "".
type SiteTrouble string

// The selections of sites by their trouble.
const (
	SiteAny       SiteTrouble = "any" // with any trouble
	SiteBlocked   SiteTrouble = "blocked"
	SiteDown      SiteTrouble = "down"
	SiteRobots    SiteTrouble = "robots"
	SiteHTTPError SiteTrouble = "http_error"
	SiteNoPage    SiteTrouble = "no_page" // visits bring no page for another reason
	SiteOverdue   SiteTrouble = "overdue"
	SiteNever     SiteTrouble = "never" // never delivered a page
)

// SiteTroubles returns all of them.
func SiteTroubles() []SiteTrouble {
	return []SiteTrouble{SiteAny, SiteBlocked, SiteDown, SiteRobots, SiteHTTPError, SiteNoPage, SiteOverdue, SiteNever}
}

// SitesQuery asks for sites in the order of qianshao.Place.
type SitesQuery struct {
	Sight qianshao.Sight
	// Within are the wanted ranges of places; nil is all. For an account that does not see everything, they
	// must be those of the authorisations that it sees.
	Within []qianshao.PlaceRange
	// Name is a part of the host's name; "" for all.
	Name    string
	Trouble SiteTrouble
	// Overdue is the time by which what was due must have been visited.
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

// Watch is what the register says about a site now.
type Watch struct {
	// Authorisations are the ids of those that name it, InForce are the ones of them in force.
	Authorisations, InForce []string
	// Silent says why it is not monitored; nil if it is.
	Silent *qianshao.Unmonitored
}
