package store

import (
	"time"

	"github.com/qianshao/qianshao"
)

// Gauges are the store's figures for the metrics. None names a page, a host or a person.
type Gauges struct {
	Findings []FindingCount
	// Answers counts all findings by the verdict that may be shown; every finding is in one of them.
	Answers map[qianshao.Category]map[qianshao.Answer]int
	// FlaggedSites are the hosts with open findings.
	FlaggedSites   int
	Queue          QueueCount
	Frontier       FrontierCount
	Authorisations []AuthorisationCount
	// Evidence and Trail are the last recorded checks of the archive and of the trail.
	Evidence, Trail Check
}

// FindingCount counts the findings of a category and level under an authorisation.
type FindingCount struct {
	Authorisation string
	Category      qianshao.Category
	Level         qianshao.Level
	Open, Gone    int
}

// QueueCount counts the findings that wait for people. Each is in at most one of the states; Overdue ones
// are also Undecided, and Relapsed ones stay decided.
type QueueCount struct {
	Undecided, Overdue, Parked, Reviewing, Relapsed int
	// Campaigns are the rows of the queue: those with undecided findings.
	Campaigns int
	// Oldest is when the longest-waiting undecided finding was first seen; the zero time if none waits.
	Oldest time.Time
}

// FrontierCount counts URLs and hosts of the frontier.
type FrontierCount struct {
	// Waiting URLs will be visited, Finished ones will not. Due is the number of Waiting ones whose time
	// has come.
	Waiting, Finished, Due int
	// DueHosts may be visited now; DueSince is since when the first of them may, the zero time if there are
	// none. New URLs are due since 1970.
	DueHosts int
	DueSince time.Time
}

// AuthorisationCount counts what belongs to an authorisation of the register.
type AuthorisationCount struct {
	ID      string
	InForce bool
	// DueHosts were last requested under it and may be visited now; LastPage is when one of them last
	// delivered a page, the zero time if never.
	DueHosts int
	LastPage time.Time
	// Open are its open findings.
	Open int
}

// Check is the recorded result of a verification; the zero value means that none was made.
type Check struct {
	At time.Time
	// Seq is the end of the chain at that time.
	Seq      int64
	Problems int
}

// Decision is an act on a finding that the metrics count: the first decision on it, or a
// second review.
type Decision struct {
	Kind  qianshao.ActKind
	Level qianshao.Level
	// Waited is the time from when the finding was first seen to its decision.
	Waited time.Duration
	// Agreed says that a second review gave the same verdict.
	Agreed bool
}
