package qianshao

import "time"

// State says whether a page still shows a finding's evidence.
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
	// CauseCategory: the finding is open as before, and its category is another one.
	CauseCategory Cause = "category"
	// CauseMerged: another finding of the page has taken it in.
	CauseMerged Cause = "merged"
)

// Causes returns every cause.
func Causes() []Cause {
	return []Cause{CauseContent, CauseRules, CausePage, CauseMoved, CauseCategory, CauseMerged}
}

// Change is a change of a finding's state or category. A temporary failure to fetch the page is not
// one.
type Change struct {
	At    time.Time `json:"at"`
	State State     `json:"state"`
	Cause Cause     `json:"cause"`
	// From and To are the categories if the finding has moved from one to another.
	From Category `json:"from,omitempty"`
	To   Category `json:"to,omitempty"`
	// Into is the id of the finding that has taken this one in.
	Into string `json:"into,omitempty"`
}
