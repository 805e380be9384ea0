package qianshao

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"
)

// ErrBadURL says that something handed in is not the address of a web page.
var ErrBadURL = errors.New("not the address of a web page")

// Submission is a report that a page may show a crime, handed in by a citizen or a colleague. The
// page is fetched only if an authorisation covers it. A report is about a page: it has no field for
// who made it, nor for free text.
type Submission struct {
	ID string `json:"id"`
	// URL is canonical.
	URL string `json:"url"`
	// Authorisation is the one under which the page is visited; empty while it waits for one.
	Authorisation string `json:"authorisation,omitempty"`
	// Category is what the reporter suspects; empty if they did not say.
	Category Category `json:"category,omitempty"`
	// Reports counts how often the URL was handed in.
	Reports int `json:"reports"`
	// Origin is how the URL was first handed in: "command", "form" or "api", with the sender's
	// network appended for "api" from another machine; or "account" with the name of an account
	// that does not see everything. It shows where a flood of reports comes from without
	// identifying a person. Empty in old reports.
	Origin string          `json:"origin,omitempty"`
	First  time.Time       `json:"first_reported"`
	Last   time.Time       `json:"last_reported"`
	State  SubmissionState `json:"state"`
	// Skip is why the page is waiting, or was not fetched.
	Skip Skip `json:"reason,omitempty"`
}

// SubmissionID returns the id of the report of a canonical URL: 16 hex digits.
// Reporting a URL twice gives the same id.
func SubmissionID(url string) string {
	sum := sha256.Sum256([]byte("submission\x00" + url))
	return hex.EncodeToString(sum[:8])
}

// SubmissionState says how far a report has come.
type SubmissionState string

const (
	SubmissionWaiting    SubmissionState = "waiting"     // no authorisation in force covers the page
	SubmissionQueued     SubmissionState = "queued"      // in the frontier, to be fetched next
	SubmissionNotFetched SubmissionState = "not_fetched" // visited in vain; Skip says why
	SubmissionClear      SubmissionState = "clear"       // fetched, and not flagged
	SubmissionFlagged    SubmissionState = "flagged"     // fetched, and flagged
)

// SubmissionStates returns all states in the order of a report's way.
func SubmissionStates() []SubmissionState {
	return []SubmissionState{SubmissionWaiting, SubmissionQueued, SubmissionNotFetched, SubmissionClear, SubmissionFlagged}
}
