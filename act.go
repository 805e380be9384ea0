package qianshao

import (
	"slices"
	"strings"
	"time"
)

// SubjectKind says what an act is about.
type SubjectKind string

// The kinds of subjects. Findings and campaigns are reviewed; for the others, the trail records who
// changed or exported them.
const (
	SubjectFinding       SubjectKind = "finding"
	SubjectCampaign      SubjectKind = "campaign"
	SubjectAuthorisation SubjectKind = "authorisation"
	SubjectSite          SubjectKind = "site" // by its host
	SubjectSubmission    SubjectKind = "submission"
	SubjectAccount       SubjectKind = "account" // by its name
	SubjectSetting       SubjectKind = "setting" // by its name
	SubjectExport        SubjectKind = "export"  // by the SHA-256 of what was handed out, in hex
	SubjectView          SubjectKind = "view"    // a saved view that everybody shares
	SubjectChannel       SubjectKind = "channel"
	SubjectAlert         SubjectKind = "alert"
	SubjectSchedule      SubjectKind = "schedule" // of a report
	SubjectDelivery      SubjectKind = "delivery" // by its key
)

// SubjectKinds returns all kinds.
func SubjectKinds() []SubjectKind {
	return []SubjectKind{
		SubjectFinding, SubjectCampaign, SubjectAuthorisation, SubjectSite, SubjectSubmission, SubjectAccount, SubjectSetting, SubjectExport, SubjectView,
		SubjectChannel, SubjectAlert, SubjectSchedule, SubjectDelivery,
	}
}

// Reviewed says whether people decide on subjects of the kind.
func (k SubjectKind) Reviewed() bool { return k == SubjectFinding || k == SubjectCampaign }

// Subject is what an act is about.
type Subject struct {
	Kind SubjectKind
	ID   string
}

// String writes a subject as the API and the trail write it: "finding:0123456789abcdef".
func (s Subject) String() string { return string(s.Kind) + ":" + s.ID }

// ParseSubject reads what String writes; ok is false for anything else.
func ParseSubject(text string) (s Subject, ok bool) {
	kind, id, found := strings.Cut(text, ":")
	s = Subject{Kind: SubjectKind(kind), ID: id}
	return s, found && id != "" && slices.Contains(SubjectKinds(), s.Kind)
}

// ActKind says what was done.
type ActKind string

// The kinds of acts. Those for which Decides is true settle the subject's verdict.
const (
	ActDecide     ActKind = "decide"
	ActUndo       ActKind = "undo"
	ActAdjudicate ActKind = "adjudicate"
	ActReview     ActKind = "review"  // a second, blind decision, which settles nothing by itself
	ActDispute    ActKind = "dispute" // disagreement with the standing verdict: a lead is asked to adjudicate
	ActNote       ActKind = "note"
	ActAssign     ActKind = "assign"
	ActPark       ActKind = "park"
	ActClaim      ActKind = "claim"
	ActMerge      ActKind = "merge"
	ActSplit      ActKind = "split"
	ActPolicy     ActKind = "policy"
	// These two are not requested at the desk: the code that changes or hands out something records
	// them with it. Detail.Event says what it was.
	ActChange ActKind = "change" // an authorisation, a submission, an account, a setting was added, changed or ended
	ActExport ActKind = "export" // evidence or a list was exported
)

// ActKinds returns all kinds.
func ActKinds() []ActKind {
	return []ActKind{ActDecide, ActUndo, ActAdjudicate, ActReview, ActDispute, ActNote, ActAssign, ActPark, ActClaim, ActMerge, ActSplit, ActPolicy, ActChange, ActExport}
}

// Valid says whether it is one of ActKinds.
func (k ActKind) Valid() bool { return slices.Contains(ActKinds(), k) }

// Recorded says whether acts of the kind are only written together with the change that they
// record, never requested by themselves.
func (k ActKind) Recorded() bool { return k == ActChange || k == ActExport }

// Decides says whether acts of the kind are deciding ones: the author of the next one must have
// seen the last one (see Act.Basis). For a campaign, these are the acts that say what it is.
func (k ActKind) Decides() bool {
	switch k {
	case ActDecide, ActUndo, ActAdjudicate, ActMerge, ActSplit, ActPolicy:
		return true
	}
	return false
}

// Verdict is what people decided.
type Verdict string

// The verdicts. The empty one means that nothing is decided.
const (
	VerdictCrime    Verdict = "crime"
	VerdictNotCrime Verdict = "not_crime"
	VerdictUnsure   Verdict = "unsure"
)

// Verdicts returns all verdicts.
func Verdicts() []Verdict { return []Verdict{VerdictCrime, VerdictNotCrime, VerdictUnsure} }

// Valid says whether it is one of Verdicts.
func (v Verdict) Valid() bool { return slices.Contains(Verdicts(), v) }

// Reason says why something is not a crime, or who put the crime there.
type Reason string

// The reasons: a closed list, so that they can be counted by rule.
const (
	// Of VerdictNotCrime:
	ReasonAwareness  Reason = "awareness"  // a text that warns of the crime
	ReasonLawful     Reason = "lawful"     // lawful trade
	ReasonHomonym    Reason = "homonym"    // a homonym or the name of a place
	ReasonExtraction Reason = "extraction" // the page was read wrongly
	ReasonOther      Reason = "other"      // with words
	// Of VerdictCrime:
	ReasonHacked   Reason = "hacked"    // a site that was broken into
	ReasonUserPost Reason = "user_post" // posted by a user of the site
	ReasonOperator Reason = "operator"  // the site's own
)

// Reasons returns the reasons that a verdict may have; VerdictUnsure has none.
func (v Verdict) Reasons() []Reason {
	switch v {
	case VerdictCrime:
		return []Reason{ReasonHacked, ReasonUserPost, ReasonOperator}
	case VerdictNotCrime:
		return []Reason{ReasonAwareness, ReasonLawful, ReasonHomonym, ReasonExtraction, ReasonOther}
	}
	return nil
}

// Act is something that a person, or a program with a token, did about a subject. Acts
// are only ever added: they are the authoritative record of review, and all standings are derived
// from them.
type Act struct {
	// Seq numbers all acts from 1, without gaps.
	Seq int64
	At  time.Time
	// By is the account's name.
	By string
	// Key is the client's own name for the act, unique within the account, so that a repeated
	// request has no further effect; usually empty.
	Key string
	// Batch is the batch that the act belongs to; 0 for a single act.
	Batch   int64
	Subject Subject
	Kind    ActKind
	// Basis is the Seq of the subject's last deciding act, as the author of this one saw it; 0 for none.
	Basis   int64
	Verdict Verdict
	Reason  Reason
	// Seen is Finding.Seen of what the author looked at; empty for campaigns.
	Seen string
	// Rules names the rule set in force, for measuring rules by verdicts.
	Rules string
	// Until is when a parked subject comes back at the latest, or when a claim ends unless it is
	// renewed; zero for other acts.
	Until time.Time
	// Reverts is the Seq of the act that this one undoes.
	Reverts int64
	// Round numbers the decisions of a subject from 1. A review or a dispute has the round of the
	// decision it is about; other acts have 0.
	Round int
	// Detail has the note and whatever else the kind needs: desk.Detail in JSON.
	Detail string
	// Chain is the SHA-256 over the previous act's Chain and this act, in hex; see desk.Link.
	Chain string
}
