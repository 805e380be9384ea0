package store

import "time"

// Consumer names one that keeps something derived from the findings. The store
// notes for each, in the transaction that changes a finding, that it must be told.
type Consumer string

// The consumers.
const (
	ConsumerIndex     Consumer = "index"     // the search index
	ConsumerCampaigns Consumer = "campaigns" // what groups findings into campaigns
	// ConsumerNotices tells people. No change notes it, so it is not among Consumers: what the
	// index was told is handed over to it when the index settles that, if there is an alert, so that
	// it finds all of it there. It begins with nothing, since what was found before is not new to it.
	ConsumerNotices Consumer = "notices"
)

// Consumers returns those that every change of a finding notes. The migration that comes with
// a new one notes every finding for it, so that it begins with what is there.
func Consumers() []Consumer { return []Consumer{ConsumerIndex, ConsumerCampaigns} }

// Pending is a finding that has changed since a consumer was last told of it. Many
// changes of a finding are one Pending.
type Pending struct {
	// Seq grows with each change, so that a consumer is told in order; it never comes again.
	Seq     int64
	Finding string // its id
	// Deleted says that the finding was deleted since, even if it was found anew
	// after that: nothing of what it said may be left.
	Deleted bool
}

// Backlog is what a consumer was not told yet.
type Backlog struct {
	Findings int
	// Oldest is when the first of them changed; the zero time if there are none.
	Oldest time.Time
}
