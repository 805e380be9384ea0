package qianshao

// Review is the part of a finding's review that everybody may know, so it can be searched for. The
// zero value is for a finding that nobody has touched and that is not yet in a campaign.
type Review struct {
	// Answer is the verdict, or why there is none to show; empty is AnswerNone.
	Answer Answer
	// DecidedBy is the account whose verdict stands; empty if Answer is not a verdict.
	DecidedBy string
	// Assignee is the account to which the finding or else its primary campaign is assigned; may be
	// empty.
	Assignee string
	// Parked says that the finding or its primary campaign is still parked.
	Parked bool
	// Campaigns are the ids of the finding's campaigns, the primary one first.
	Campaigns []string
}

// Answer is what a search reveals of the verdict on a finding. A decision that waits for its blind
// review does not count as a verdict, since a search must not reveal what is kept from the
// reviewers.
type Answer string

// The answers that are not verdicts.
const (
	AnswerNone   Answer = "none"   // nobody has decided
	AnswerReview Answer = "review" // decided, and due for a second review
)

// Answers returns all answers: the verdicts, and those that are not verdicts.
func Answers() (list []Answer) {
	for _, v := range Verdicts() {
		list = append(list, Answer(v))
	}
	return append(list, AnswerNone, AnswerReview)
}

// Verdict returns the answer as a verdict; empty if it is not one.
func (a Answer) Verdict() Verdict {
	if v := Verdict(a); v.Valid() {
		return v
	}
	return ""
}
