package qianshao

import "time"

// State says whether a page still shows what a finding was made of.
type State string

const (
	StateOpen State = "open"
	StateGone State = "gone"
)

// States returns every state, for queries, tables and metrics.
func States() []State { return []State{StateOpen, StateGone} }

// Cause says why a finding's state has changed.
type Cause string

const (
	// CauseContent: the page's content has changed, or come back.
	CauseContent Cause = "content"
	// CauseRules: the rules have changed; the content is the same.
	CauseRules Cause = "rules"
	// CausePage: the page is no longer there (404 or 410).
	CausePage Cause = "page"
	// CauseMoved: the URL now leads to another page.
	CauseMoved Cause = "moved"
)

// Causes returns every cause.
func Causes() []Cause { return []Cause{CauseContent, CauseRules, CausePage, CauseMoved} }

// Change is one change of a finding's state. A temporary failure of the page is none.
type Change struct {
	At    time.Time `json:"at"`
	State State     `json:"state"`
	Cause Cause     `json:"cause"`
}
