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
	// Shared ones are seen by all accounts; each finds with it what it may see.
	Shared  bool
	Changed time.Time
}

// Preferences are how an account wants the queue to look.
type Preferences struct {
	// Compact has more rows to a screen.
	Compact bool
	// Clear shows pictures without being asked; they are blurred otherwise.
	Clear bool
}

// MaxViews bounds the views of one account: nobody picks one out of more.
const MaxViews = 50

// ErrTooManyViews says that an account has MaxViews views already.
var ErrTooManyViews = locales.Errorf("store.too_many_views", MaxViews)

// KeyedRequest is a request with an Idempotency-Key.
type KeyedRequest struct {
	Account, Key string
	// Hash is the SHA-256 of what it asks for, in hex.
	Hash string
	// Holder is the process that works on it, by the same name after a restart.
	Holder string
}

// KeptAnswer is the answer to a request with an Idempotency-Key.
type KeptAnswer struct {
	// Hash is the request's.
	Hash string
	// Status is 0 while the request is worked on.
	Status         int
	Type, Location string // headers
	Body           []byte
}

const (
	// AnswerTerm is how long an answer is kept. Whoever has not got it by then asks what
	// became of its request.
	AnswerTerm = 24 * time.Hour
	// AnswerTime is how long a request may be worked on. One that has taken longer was cut
	// off by the end of its process, and may be sent to another one.
	AnswerTime = time.Minute
	// MaxAnswers bounds the answers that are kept of one account: the oldest make room.
	MaxAnswers = 10_000
)

// NewFinding is a finding that was made, in the order in which they were.
type NewFinding struct {
	// Seq counts them from 1, without gaps.
	Seq     int64
	Finding string // its id; it may have been deleted since
}

// KeptNews is how many new findings are remembered for programs that come back.
const KeptNews = 10_000
