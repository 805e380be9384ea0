package store

import (
	"time"

	"github.com/qianshao/qianshao/locales"
)

// SavedView is a query that an account has saved under a name.
type SavedView struct {
	ID string
	// Owner is the account that has saved it.
	Owner string
	Name  string
	// Query is in the query language, Sort an order of the index.
	Query, Sort string
	// Shared views are seen by all accounts; each still finds only what it may see.
	Shared  bool
	Changed time.Time
}

// Preferences are how an account wants the queue to look.
type Preferences struct {
	// Compact fits more rows on a screen.
	Compact bool
	// Clear shows pictures at once; otherwise they are blurred.
	Clear bool
}

// MaxViews bounds the views of one account: nobody chooses from a longer list.
const MaxViews = 50

// ErrTooManyViews says that an account has MaxViews views already.
var ErrTooManyViews = locales.Errorf("store.too_many_views", MaxViews)

// KeyedRequest is a request with an Idempotency-Key.
type KeyedRequest struct {
	Account, Key string
	// Hash is the SHA-256 of method, path and body, in hex.
	Hash string
	// Holder is the process that works on it; its name is the same after a restart.
	Holder string
}

// KeptAnswer is the answer to a request with an Idempotency-Key.
type KeptAnswer struct {
	// Hash is the request's.
	Hash string
	// Status is 0 while the request is being worked on.
	Status         int
	Type, Location string // headers
	Body           []byte
}

const (
	// AnswerTerm is how long an answer is kept. A client that has not fetched it by then must look up the
	// result itself.
	AnswerTerm = 24 * time.Hour
	// AnswerTime is how long a request may be worked on. One that takes longer was cut off when its process
	// ended, and another process may take it.
	AnswerTime = time.Minute
	// MaxAnswers bounds the answers kept for one account: the oldest make room.
	MaxAnswers = 10_000
)

// NewFinding is an entry in the list of new findings, in the order in which they were made.
type NewFinding struct {
	// Seq numbers them from 1, without gaps.
	Seq     int64
	Finding string // its id; the finding may have been deleted since
}

// KeptNews is how many new findings are remembered for programs that poll.
const KeptNews = 10_000
