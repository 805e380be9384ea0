package qianshao

// Review is the part of what people say of a finding that everybody may know: it can be searched for. The
// zero value is that of a finding that nobody has touched and that has not been grouped yet.
type Review struct {
	// Answer is the verdict, or why there is none to show; empty is AnswerNone.
	Answer Answer
	// DecidedBy is the account whose verdict stands; empty if Answer is not a verdict.
	DecidedBy string
	// Assignee is whose task the finding is, or else its primary campaign; empty for nobody's.
	Assignee string
	// Parked says that the finding, or its primary campaign, is parked and has not come back.
	Parked bool
	// Campaigns are the ids of the finding's campaigns, its primary one first.
	Campaigns []string
}

// Answer is what a search tells of the verdict on a finding. A decision that waits for its blind review does
// not count as a verdict: a search must not find what is kept from the reviewers.
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
