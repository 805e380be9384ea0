package desk

import (
	"context"
	"time"

	"github.com/qianshao/qianshao"
)

// Limits of batches.
const (
	// BatchStep is how many members are worked on in one transaction. A crawl waits meanwhile
	// for some hundredths of a second, little more than a durable commit takes.
	BatchStep = 500
	// ConfirmAbove is the number of members above which the author must type that number
	// to confirm, and above which the decisions are due for a second review.
	ConfirmAbove = 50
	// PreviewExamples is how many examples of each kind are shown: as many as people will look at before
	// confirming.
	PreviewExamples = 5
	// MaxMembers bounds a batch: nobody examines more than that in one decision.
	MaxMembers = 200_000
	// MaxFrozen is how many frozen batches without an order an account may have; with one more, the oldest is
	// dropped. Nobody works on more at a time, and each batch may have MaxMembers rows.
	MaxFrozen = 10
	// FrozenTime is how long a batch without an order is kept. After that, what it shows is out of date.
	FrozenTime = 24 * time.Hour
)

// BatchState says how far a batch is.
type BatchState string

// The states of a batch, in their order.
const (
	BatchFreezing BatchState = "freezing" // its members are being written down
	BatchFrozen   BatchState = "frozen"   // nothing has been done yet
	BatchApplying BatchState = "applying"
	BatchApplied  BatchState = "applied"
	BatchUndoing  BatchState = "undoing"
	BatchUndone   BatchState = "undone"
	BatchDropped  BatchState = "dropped" // nobody gave an order; its members are being removed
)

// Batch is a frozen list of findings, and what was done with it.
type Batch struct {
	ID int64
	By string
	At time.Time
	// Query and Campaign say how the members were selected; both are empty for a list of ids.
	Query, Campaign string
	Members         int
	// Review says that the members were frozen because another person's decision on each waits for a second
	// review; the order is that review.
	Review bool
	// Digest is the SHA-256, in hex, of a line for each member, in ascending order of ids:
	// its id, a space, its Seen, a line feed.
	Digest string
	State  BatchState
	// Order is what is done with each member; nil until the order is given.
	Order *Order
	// Done is when the last member was worked on; zero before.
	Done time.Time
	// Progress is the last member that was worked on.
	Progress string
	// UndoneBy is who has undone the batch, for the reason in UndoWords.
	UndoneBy, UndoWords string
	// Blind says that verdict, reason and words of the order are left out, because
	// decisions of the batch wait for a second review that the reader may give.
	Blind bool
}

// Order is what a batch does with each of its members: decide or park, or review if it was
// frozen for that.
type Order struct {
	Kind    qianshao.ActKind `json:"kind"`
	Verdict qianshao.Verdict `json:"verdict,omitempty"`
	Reason  qianshao.Reason  `json:"reason,omitempty"`
	Until   time.Time        `json:"until,omitzero"`
	Detail  Detail           `json:"detail,omitzero"`
	// Again includes the members that had a verdict when the batch was frozen.
	Again bool `json:"again,omitempty"`
	// Without lists powers that the account lacked when it gave the order, since its token did not cover
	// them. Begin fills them in.
	Without []qianshao.Power `json:"without,omitempty"`
}

// Member is a member of a batch.
type Member struct {
	Finding string
	// Seen, Basis and Verdict are as of the freezing.
	Seen    string
	Basis   int64
	Verdict qianshao.Verdict
	// Act is the act of the batch; 0 for none, for the reason in Skipped.
	Act     int64
	Skipped Skipped
	// Undone is the act that took it back; 0 for none, for the reason in Kept.
	Undone int64
	Kept   Skipped
	// Blind says that the verdict is left out, because it waits for a second review that the
	// reader may give.
	Blind bool
}

// Skipped says why a batch has skipped a member.
type Skipped string

// The reasons for skipping a member.
const (
	SkippedDecided  Skipped = "decided"  // it had a verdict at the freezing, and Order.Again was not set
	SkippedOther    Skipped = "other"    // another person's verdict stands
	SkippedActed    Skipped = "acted"    // somebody has decided, or undone, meanwhile
	SkippedContent  Skipped = "content"  // other content was found meanwhile
	SkippedDeleted  Skipped = "deleted"  // it was deleted, or may not be seen any more
	SkippedAccount  Skipped = "account"  // the account was disabled, or lost its power, before its turn
	SkippedReviewed Skipped = "reviewed" // somebody has given the second review meanwhile
	SkippedUndone   Skipped = "undone"   // the batch was undone before its turn
	SkippedFailed   Skipped = "failed"   // the rules refuse the act for this one
)

// Preview is what a frozen batch consists of.
type Preview struct {
	Members int
	// Decided are the members that had a verdict at the freezing.
	Decided    int
	Sites      map[string]int
	Categories map[qianshao.Category]int
	Levels     map[qianshao.Level]int
	// Unlike are the members least like the rest, and Random some that are drawn by the digest; at most
	// PreviewExamples of each. Members that are not grouped yet count as like the rest.
	Unlike, Random []Example
}

// Example is a member that a preview shows.
type Example struct {
	Finding, Site string
	Category      qianshao.Category
	Level         qianshao.Level
}

// Tally counts what became of the members of a batch.
type Tally struct {
	Pending, Done, Undone int
	Skipped, Kept         map[Skipped]int
}

// MemberState is a member with the state of its finding at the moment of the act.
type MemberState struct {
	Member
	// State is nil if the finding no longer exists.
	State *State
}

// Outcome is what the rules decide for a member: an act, or why there is none.
type Outcome struct {
	Act     qianshao.Act
	Skipped Skipped
}

// BatchStore is what a store does for batches.
type BatchStore interface {
	// Freeze writes down a batch of those findings that exist and that the sight shows, each once, with their
	// present state, and fills in ID, Members and Digest. A batch that reviews has only findings that its
	// account may review. Freeze takes several transactions; an unfinished batch is dropped by DropUnused. Of
	// the account's batches without an order, it drops all but the latest MaxFrozen.
	Freeze(ctx context.Context, b Batch, sight qianshao.Sight, findings []string) (Batch, error)
	// DropUnused drops batches without an order that were frozen, or begun and not finished, before a
	// moment; later ones may still be being written by other processes. An ID is never used again.
	DropUnused(ctx context.Context, before time.Time) error
	// Batch returns a batch, or ErrNotFound.
	Batch(ctx context.Context, id int64) (Batch, error)
	// Batches returns the batches of an account, or all for "", with an ID below before, or
	// all IDs if that is 0, the latest first, at most limit.
	Batches(ctx context.Context, by string, before int64, limit int) ([]Batch, error)
	// BatchesOf returns the batches of a campaign, by any of its ids, that have an order, the latest
	// first.
	BatchesOf(ctx context.Context, by string, campaigns []string, limit int) ([]Batch, error)
	// ChangeBatch lets change alter the batch, in one durable transaction.
	ChangeBatch(ctx context.Context, id int64, change func(*Batch) error) (Batch, error)
	// Step calls judge with the batch and its next members, at most limit, and writes its
	// result, one outcome for each member, in one durable transaction with the batch's
	// progress. more is false when the last member is done, and the batch's state says so.
	Step(ctx context.Context, id int64, limit int, now time.Time, judge func(*Batch, []MemberState) ([]Outcome, error)) (more bool, err error)
	// Unfinished returns the batches that are being applied or undone.
	Unfinished(ctx context.Context) ([]int64, error)
	// Members returns members that the sight shows, with an id above after, at most limit; passed restricts
	// them to those that the order or its undoing has skipped.
	Members(ctx context.Context, id int64, sight qianshao.Sight, passed bool, after string, limit int) ([]Member, error)
	// BatchDue says whether a decision of the batch waits for a second review.
	BatchDue(ctx context.Context, id int64) (bool, error)
	// Preview and Tally count the members that the sight shows.
	Preview(ctx context.Context, id int64, sight qianshao.Sight) (Preview, error)
	Tally(ctx context.Context, id int64, sight qianshao.Sight) (Tally, error)
}
