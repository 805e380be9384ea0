package store

import "time"

// Consumer names a process that keeps data derived from the findings. The transaction that changes a
// finding also records it for each consumer.
type Consumer string

// The consumers.
const (
	ConsumerIndex     Consumer = "index"     // the search index
	ConsumerCampaigns Consumer = "campaigns" // the grouper of findings into campaigns
	// ConsumerNotices sends notices. It is not among Consumers, as changes are not recorded for it
	// directly: if there is an alert, the index hands changes over to it when it settles them, so that it
	// finds all of them in the index. It starts empty, since older findings are not news.
	ConsumerNotices Consumer = "notices"
)

// Consumers returns the consumers for which every change of a finding is recorded. The migration that adds
// one records every finding for it, so that it starts with all of them.
func Consumers() []Consumer { return []Consumer{ConsumerIndex, ConsumerCampaigns} }

// Pending is a finding that a consumer has not yet seen in its present state. However often a finding
// changes, it is one Pending.
type Pending struct {
	// Seq grows with each change, so that a consumer sees changes in order; it is never used again.
	Seq     int64
	Finding string // its id
	// Deleted says that the finding was deleted since, even if it was found anew after that: nothing of its
	// old text may be left.
	Deleted bool
}

// Backlog is what a consumer has yet to process.
type Backlog struct {
	Findings int
	// Oldest is when the first of them changed; the zero time if there are none.
	Oldest time.Time
}
