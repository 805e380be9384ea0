package store

import (
	"time"

	"github.com/qianshao/qianshao"
)

// Gauges are numbers of what there is, for the metrics. None names a page, a host or a person.
type Gauges struct {
	Findings []FindingCount
	// Answers counts all findings by what is told of their verdicts; none is left out.
	Answers map[qianshao.Category]map[qianshao.Answer]int
	// FlaggedSites are the hosts with open findings.
	FlaggedSites   int
	Queue          QueueCount
	Frontier       FrontierCount
	Authorisations []AuthorisationCount
	// Evidence and Trail are the last checks that were kept.
	Evidence, Trail Check
}

// FindingCount counts the findings of a category and level under an authorisation.
type FindingCount struct {
	Authorisation string
	Category      qianshao.Category
	Level         qianshao.Level
	Open, Gone    int
}

// QueueCount counts what waits for people. A finding is in one of the states at most; Overdue
// are some of Undecided, and Relapsed stay decided.
type QueueCount struct {
	Undecided, Overdue, Parked, Reviewing, Relapsed int
	// Campaigns are the rows of the queue: those with undecided findings.
	Campaigns int
	// Oldest is when the undecided finding that waits for longest was first seen; zero if none waits.
	Oldest time.Time
}

// FrontierCount counts URLs and hosts of the frontier.
type FrontierCount struct {
	// Waiting URLs are to be visited some day, Finished ones are not. Due are those of Waiting
	// whose time has come.
	Waiting, Finished, Due int
	// DueHosts may be visited now; DueSince is since when the first of them may, zero if
	// none may. New URLs are due since 1970.
	DueHosts int
	DueSince time.Time
}

// AuthorisationCount is what there is under an authorisation of the register.
type AuthorisationCount struct {
	ID      string
	InForce bool
	// DueHosts are those that were last asked under it, and may be visited now; LastPage is
	// when one of them last gave a page, zero for never.
	DueHosts int
	LastPage time.Time
	// Open are its open findings.
	Open int
}

// Check is a verification that was made, as it is remembered; the zero value is none.
type Check struct {
	At time.Time
	// Seq is where the chain ended then.
	Seq      int64
	Problems int
}

// Decision is an act on a finding that the metrics count: the first decision on it, or a
// second review.
type Decision struct {
	Kind  qianshao.ActKind
	Level qianshao.Level
	// Waited is how long the finding had been there when it was decided.
	Waited time.Duration
	// Agreed says that a second review has the verdict that stood.
	Agreed bool
}
