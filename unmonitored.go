package qianshao

import "time"

// Unmonitored is a host, or an authorisation as a whole, that the register lists as watched but that is not
// being visited: the absence of findings does not mean that it is clean.
type Unmonitored struct {
	// Host is empty where the whole authorisation is meant.
	Host string `json:"host,omitempty"`
	// Authorisation is the id of the authorisation that names the host.
	Authorisation string            `json:"authorisation"`
	Reason        UnmonitoredReason `json:"reason"`
	// Skip is why the last visit brought no page, if that is the reason.
	Skip Skip `json:"skip,omitempty"`
	// Since is when this began or, for an authorisation that is about to end, when it ends; the
	// zero time if there was no visit yet.
	Since time.Time `json:"since,omitzero"`
	// LastPage is when a page was last fetched; the zero time if never or not known.
	LastPage time.Time `json:"last_page,omitzero"`
	// NextTry is the next visit; the zero time if none is planned.
	NextTry time.Time `json:"next_try,omitzero"`
}

// UnmonitoredReason is why something is not monitored. The list is closed, since it is also a
// metric's label.
type UnmonitoredReason string

const (
	// UnmonitoredEnded: the authorisation has ended, and no other covers its hosts.
	UnmonitoredEnded UnmonitoredReason = "ended"
	// UnmonitoredEnding: the authorisation ends soon, and no other covers its hosts.
	UnmonitoredEnding UnmonitoredReason = "ending"
	// UnmonitoredNothingFetched: no page has been fetched under the authorisation yet.
	UnmonitoredNothingFetched UnmonitoredReason = "nothing_fetched"
	// UnmonitoredBlocked: the host name resolves to an address that must not be contacted.
	UnmonitoredBlocked UnmonitoredReason = "blocked"
	// UnmonitoredDown: the host does not answer; it is tried again with growing pauses.
	UnmonitoredDown UnmonitoredReason = "down"
	// UnmonitoredRobots: robots.txt forbids the visits.
	UnmonitoredRobots UnmonitoredReason = "robots"
	// UnmonitoredHTTPError: the host answers with errors, perhaps because it blocks us.
	UnmonitoredHTTPError UnmonitoredReason = "http_error"
	// UnmonitoredNoPage: visits bring no page for another reason, named by Skip.
	UnmonitoredNoPage UnmonitoredReason = "no_page"
	// UnmonitoredOverdue: visits have been due for days, and none was made.
	UnmonitoredOverdue UnmonitoredReason = "overdue"
	// UnmonitoredNeverFetched: the host's URLs are waiting for their first visit.
	UnmonitoredNeverFetched UnmonitoredReason = "never_fetched"
	// UnmonitoredNoSeed: an authorisation names the host, and no URL of it is known.
	UnmonitoredNoSeed UnmonitoredReason = "no_seed"
)

// UnmonitoredReasons returns every reason, those of authorisations first.
func UnmonitoredReasons() []UnmonitoredReason {
	return []UnmonitoredReason{
		UnmonitoredEnded, UnmonitoredEnding, UnmonitoredNothingFetched,
		UnmonitoredBlocked, UnmonitoredDown, UnmonitoredRobots, UnmonitoredHTTPError, UnmonitoredNoPage,
		UnmonitoredOverdue, UnmonitoredNeverFetched, UnmonitoredNoSeed,
	}
}

// OfAuthorisation says whether the reason applies to authorisations rather than hosts.
func (r UnmonitoredReason) OfAuthorisation() bool {
	return r == UnmonitoredEnded || r == UnmonitoredEnding || r == UnmonitoredNothingFetched
}

// UnmonitoredCounts counts what is not monitored, by reason.
type UnmonitoredCounts map[UnmonitoredReason]int

// Hosts is the number of hosts.
func (c UnmonitoredCounts) Hosts() int {
	return c.sum(func(r UnmonitoredReason) bool { return !r.OfAuthorisation() })
}

// Authorisations is the number of authorisations, without those that have yet to end.
func (c UnmonitoredCounts) Authorisations() int {
	return c.sum(func(r UnmonitoredReason) bool { return r.OfAuthorisation() && r != UnmonitoredEnding })
}

func (c UnmonitoredCounts) sum(counts func(UnmonitoredReason) bool) (n int) {
	for reason, count := range c {
		if counts(reason) {
			n += count
		}
	}
	return n
}

// UnmonitoredRequest asks for a part of the list.
type UnmonitoredRequest struct {
	// Sight limits rows and counts to those under authorisations that it sees.
	Sight         Sight
	Reason        UnmonitoredReason // "" for all
	Offset, Limit int
}

// UnmonitoredList is part of what is not monitored: authorisations first, by id, then hosts by
// name.
type UnmonitoredList struct {
	Rows []Unmonitored
	// Counts are for the whole list, whichever part was requested.
	Counts UnmonitoredCounts
}

// Total is the number of rows with the reason, or of all rows for "".
func (l UnmonitoredList) Total(reason UnmonitoredReason) int {
	if reason != "" {
		return l.Counts[reason]
	}
	return l.Counts.sum(func(UnmonitoredReason) bool { return true })
}
