package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/desk"
)

func (a *API) routeActs() {
	register(a, "", huma.Operation{
		OperationID: "acts", Method: http.MethodGet, Path: "/acts", Summary: "The trail of acts on what you may see, in its order",
	}, a.acts)
	register(a, qianshao.PowerDecide, huma.Operation{
		OperationID: "act", Method: http.MethodPost, Path: "/acts", Summary: "Decide, note, assign, park, claim, review, dispute; as a lead adjudicate, merge, split, set a campaign's policy",
		DefaultStatus: http.StatusCreated,
	}, a.act)
	register(a, qianshao.PowerDecide, huma.Operation{
		OperationID: "release", Method: http.MethodDelete, Path: "/claims/{subject}", Summary: "Give back what you have claimed",
		DefaultStatus: http.StatusNoContent,
	}, a.release)
	register(a, qianshao.PowerDecide, huma.Operation{
		OperationID: "undo", Method: http.MethodPost, Path: "/acts/{seq}/undo", Summary: "Undo an act",
		DefaultStatus: http.StatusCreated,
	}, a.undo)
}

// release ends the account's own claim. It is not an act, and repeating it does nothing.
func (a *API) release(ctx context.Context, in *struct {
	Subject string `path:"subject" maxLength:"128" doc:"finding:ID or campaign:ID"`
}) (*struct{}, error) {
	subject, ok := qianshao.ParseSubject(in.Subject)
	if !ok || !subject.Kind.Reviewed() {
		return nil, badParameter("subject: write finding:ID or campaign:ID")
	}
	if err := a.opts.Desk.Release(ctx, auth.Acting(ctx), subject); err != nil {
		return nil, a.refusal(ctx, "claim", err)
	}
	return nil, nil // 204
}

// Act is an act as the API shows it.
type Act struct {
	Seq     int64            `json:"seq" doc:"Its number in the trail, which has no gaps."`
	At      time.Time        `json:"at"`
	By      string           `json:"by" doc:"The account that did it."`
	Batch   int64            `json:"batch,omitempty" doc:"The batch that it belongs to."`
	Subject string           `json:"subject" doc:"finding:ID, campaign:ID, or another kind such as authorisation:ID or account:NAME"`
	Kind    qianshao.ActKind `json:"kind"`
	Basis   int64            `json:"basis" doc:"The last deciding act before it, as its author saw it; 0 if there was none."`
	Verdict qianshao.Verdict `json:"verdict,omitempty"`
	Reason  qianshao.Reason  `json:"reason,omitempty"`
	Seen    string           `json:"seen,omitempty" doc:"Hash of the finding's evidence at that time."`
	Rules   string           `json:"rules,omitempty" doc:"The rule set in force at that time."`
	Until   time.Time        `json:"until,omitzero" doc:"When a claim ends, or when a parked subject comes back at the latest."`
	Reverts int64            `json:"reverts,omitempty" doc:"The act that it undoes."`
	Round   int              `json:"round,omitempty" doc:"Which decision on the subject it is, or which one it reviews."`
	Detail  desk.Detail      `json:"detail,omitzero"`
	// Blind says that the answer is left out, because the reader may be the one to give the second
	// review.
	Blind bool   `json:"blind,omitempty" doc:"The answer and the chain are left out: the finding waits for a second review, which you may give. After the review they are included."`
	Chain string `json:"chain,omitempty" doc:"Its link in the hash chain; operations.md says how to check it."`
}

// newAct returns an act as the API shows it.
func newAct(from *qianshao.Act) Act {
	out := Act{
		Seq: from.Seq, At: from.At, By: from.By, Batch: from.Batch, Subject: from.Subject.String(), Kind: from.Kind, Basis: from.Basis,
		Verdict: from.Verdict, Reason: from.Reason, Seen: from.Seen, Rules: from.Rules, Until: from.Until, Reverts: from.Reverts,
		Round: from.Round, Chain: from.Chain,
	}
	out.Detail, _ = desk.ParseDetail(from.Detail) // "acts verify" reports malformed details
	return out
}

// newShown returns an act as the requesting account may read it.
func newShown(from *desk.Shown) Act {
	out := newAct(&from.Act)
	out.Blind = from.Blind
	return out
}

// Acts are a part of the trail.
type Acts struct {
	Acts []Act `json:"acts"`
	Next int64 `json:"next" doc:"Value of since for the acts that follow; with latest, value of before, or 0 if there are no more."`
}

type actsInput struct {
	Since  int64 `query:"since" minimum:"0" doc:"Acts with a higher number; 0 begins with the first act. A client that continues with next misses no act."`
	Latest bool  `query:"latest" doc:"The latest acts first, by time, instead of in the order of the trail. Filters are faster with it."`
	Before int64 `query:"before" minimum:"0" doc:"With latest: acts that come after this one in the list; 0 begins with the latest act."`
	Limit  int   `query:"limit" minimum:"1" maximum:"1000" default:"100"`

	By          string               `query:"by" maxLength:"256" doc:"The account that acted. Any account but your own needs the power audit."`
	Kind        qianshao.ActKind     `query:"kind" enum:"decide,undo,adjudicate,review,dispute,note,assign,park,claim,merge,split,policy,change,export"`
	SubjectKind qianshao.SubjectKind `query:"subject_kind" enum:"finding,campaign,authorisation,site,submission,account,setting,export"`
	Subject     string               `query:"subject" maxLength:"256" doc:"The subject of the acts, such as finding:ID"`
	Verdict     qianshao.Verdict     `query:"verdict" enum:"crime,not_crime,unsure" doc:"Does not find blind acts."`
	From        time.Time            `query:"from" doc:"Acts at or after this time."`
	To          time.Time            `query:"to" doc:"Acts before this time."`
}

func (in *actsInput) query() (desk.ActsQuery, error) {
	q := desk.ActsQuery{
		Since: in.Since, Latest: in.Latest, Before: in.Before, Limit: in.Limit, By: in.By, Kind: in.Kind, SubjectKind: in.SubjectKind,
		Verdict: in.Verdict, From: in.From, To: in.To,
	}
	if in.Before != 0 && !in.Latest {
		return q, badParameter("before: it goes with latest=true")
	}
	if in.Subject != "" {
		subject, ok := qianshao.ParseSubject(in.Subject)
		if !ok || q.SubjectKind != "" && q.SubjectKind != subject.Kind {
			return q, badParameter("subject: write finding:ID, or another kind of subject in front, the same as subject_kind")
		}
		q.SubjectKind, q.Subjects = subject.Kind, []string{subject.ID}
	}
	return q, nil
}

func (a *API) acts(ctx context.Context, in *actsInput) (*struct{ Body Acts }, error) {
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	list, err := a.opts.Desk.Trail(ctx, auth.Acting(ctx), q)
	if err != nil {
		return nil, a.refusal(ctx, "act", err)
	}
	out := &struct{ Body Acts }{Acts{Acts: []Act{}, Next: in.Since}}
	for i := range list {
		out.Body.Acts = append(out.Body.Acts, newShown(&list[i]))
		out.Body.Next = list[i].Seq
	}
	if in.Latest && len(list) < in.Limit {
		out.Body.Next = 0
	}
	return out, nil
}

// Doing is an act that somebody wants to do, and its subject.
type Doing struct {
	Subject  string           `json:"subject" doc:"finding:ID or campaign:ID"`
	Kind     qianshao.ActKind `json:"kind" enum:"decide,adjudicate,review,dispute,note,assign,park,claim,merge,split,policy"`
	Basis    *int64           `json:"basis,omitempty" minimum:"0" doc:"review.basis of the finding or campaign as you saw it; 0 if nobody has decided. Needed for decide, adjudicate, review, dispute, park, merge, split, policy."`
	Seen     string           `json:"seen,omitempty" maxLength:"64" doc:"seen of the finding as you saw it. For acts with a verdict, and parks."`
	Verdict  qianshao.Verdict `json:"verdict,omitempty" enum:"crime,not_crime,unsure"`
	Reason   qianshao.Reason  `json:"reason,omitempty" doc:"Of crime: hacked, user_post, operator. Of not_crime: awareness, lawful, homonym, extraction, other (with words)."`
	Until    time.Time        `json:"until,omitempty" doc:"When a parked subject comes back at the latest."`
	Words    string           `json:"words,omitempty" maxLength:"4000" doc:"A note, or why. Resident identity numbers are masked."`
	Assignee string           `json:"assignee,omitempty" doc:"For assign; empty means that the subject is assigned to nobody."`
	Park     *ParkUntil       `json:"park,omitempty" doc:"What brings a parked subject back, besides until."`
	TakeOver bool             `json:"take_over,omitempty" doc:"For claim: take over what somebody else has claimed. Needs the power lead."`

	Campaigns []string       `json:"campaigns,omitempty" maxItems:"1000" doc:"For merge: the campaigns that become part of the subject."`
	Findings  []string       `json:"findings,omitempty" maxItems:"1000" doc:"For split: the findings that leave the subject."`
	Newcomers desk.Newcomers `json:"newcomers,omitempty" enum:"decided,queue" doc:"For policy."`
}

// ParkUntil says what brings a parked subject back.
type ParkUntil struct {
	Content bool `json:"content,omitempty" doc:"It comes back when other content is found."`
	Relapse bool `json:"relapse,omitempty" doc:"It comes back when the content, after it was gone, is found again."`
	Sites   int  `json:"sites,omitempty" minimum:"0" maximum:"10000" doc:"It comes back when this many further sites have it."`
}

func (p *ParkUntil) detail() *desk.Park {
	if p == nil {
		return nil
	}
	return &desk.Park{Content: p.Content, Relapse: p.Relapse, Sites: p.Sites}
}

// draft returns the act as the desk takes it. key is the client's Idempotency-Key.
func (d *Doing) draft(key string) (desk.Draft, error) {
	subject, ok := qianshao.ParseSubject(d.Subject)
	if !ok || !subject.Kind.Reviewed() {
		return desk.Draft{}, badBody("subject: write finding:ID or campaign:ID")
	}
	var basis int64
	switch {
	case d.Basis != nil:
		basis = *d.Basis
	case d.Kind != qianshao.ActNote && d.Kind != qianshao.ActAssign && d.Kind != qianshao.ActClaim:
		// If a missing basis were taken for 0, a program could decide without having looked.
		return desk.Draft{}, badBody("basis: write review.basis of the finding or campaign as you saw it; 0 if nobody has decided")
	}
	return desk.Draft{
		Subject: subject, Kind: d.Kind, Basis: basis, Seen: d.Seen, Verdict: d.Verdict, Reason: d.Reason, Until: d.Until, Key: key, TakeOver: d.TakeOver,
		Detail: desk.Detail{
			Words: d.Words, Assignee: d.Assignee, Park: d.Park.detail(), Campaigns: d.Campaigns, Findings: d.Findings, Newcomers: d.Newcomers,
		},
	}, nil
}

// Key is the client's own name for an act: an act that is sent again under the same key is done
// once, however long ago that was.
type Key struct {
	Key string `header:"Idempotency-Key" maxLength:"128" doc:"Identifies the request: a request that is sent again gets the same answer and is not carried out twice."`
}

// Done is the answer to an act.
type Done struct {
	// Act is null if your own claim was renewed, which is not an act.
	Act *Act `json:"act"`
}

func (a *API) act(ctx context.Context, in *struct {
	Key
	Body Doing
}) (*struct{ Body Done }, error) {
	draft, err := in.Body.draft(in.Key.Key)
	if err != nil {
		return nil, err
	}
	act, err := a.opts.Desk.Do(ctx, auth.Acting(ctx), draft)
	return a.done(ctx, string(draft.Subject.Kind), &act, err)
}

func (a *API) undo(ctx context.Context, in *struct {
	Key
	Seq  int64 `path:"seq" minimum:"1"`
	Body *Why
}) (*struct{ Body Done }, error) {
	act, err := a.opts.Desk.Undo(ctx, auth.Acting(ctx), in.Seq, in.Body.words(), in.Key.Key)
	return a.done(ctx, "act", &act, err)
}

// Why says why something is undone.
type Why struct {
	Words string `json:"words,omitempty" maxLength:"4000" doc:"Why it is undone. Required after 10 minutes, and for acts of other accounts."`
}

func (w *Why) words() string {
	if w == nil {
		return ""
	}
	return w.Words
}

// done returns the answer to an act on what, or the problem if it was refused.
func (a *API) done(ctx context.Context, what string, act *qianshao.Act, err error) (*struct{ Body Done }, error) {
	if err != nil {
		return nil, a.refusal(ctx, what, err)
	}
	out := &struct{ Body Done }{}
	if act.Seq > 0 {
		made := newAct(act)
		out.Body.Act = &made
	}
	return out, nil
}

// refusal returns the problem for an error of the desk.
func (a *API) refusal(ctx context.Context, what string, err error) error {
	var conflict *desk.Conflict
	var refused *desk.Refusal
	switch {
	case errors.As(err, &conflict):
		return conflictProblem(conflict)
	case errors.As(err, &refused) && refused.Field == "after":
		return badParameter("%s", refused.Text)
	case errors.As(err, &refused):
		p := NewProblem(http.StatusUnprocessableEntity, "refused", refused.Text)
		p.Refusal, p.Field = refused.Code, strings.TrimPrefix(refused.Field, "detail.") // in bodies, the members of detail are at the top level
		return p
	case errors.Is(err, desk.ErrForbidden):
		return NewProblem(http.StatusForbidden, "forbidden", err.Error())
	case errors.Is(err, desk.ErrNotFound):
		return notFound(what)
	}
	return a.failure(ctx, what, err)
}

// Conflict is added to a problem with the status 409. It has both answers.
type Conflict struct {
	Why    desk.Why `json:"why" enum:"basis,seen,decided,claimed,key" doc:"basis: somebody has decided meanwhile; seen: it shows other content; decided: another person's verdict stands; claimed: somebody else works on it; key: another act has the Idempotency-Key."`
	Theirs Standing `json:"theirs" doc:"The decision that is now in force."`
	Yours  Answer   `json:"yours" doc:"The decision that you asked for."`
	// Seen is that of the finding now.
	Seen  string `json:"seen,omitempty"`
	Claim *Claim `json:"claim,omitempty" doc:"Who works on it."`
}

// Answer is a verdict with its reason.
type Answer struct {
	Kind    qianshao.ActKind `json:"kind"`
	Basis   int64            `json:"basis"`
	Verdict qianshao.Verdict `json:"verdict,omitempty"`
	Reason  qianshao.Reason  `json:"reason,omitempty"`
}

func conflictProblem(c *desk.Conflict) *Problem {
	p := NewProblem(http.StatusConflict, "conflict", c.Error())
	d := &c.Draft
	p.Conflict = &Conflict{
		Why: c.Why, Theirs: newStanding(&c.Standing), Seen: c.Seen, Claim: newClaim(c.Claim),
		Yours: Answer{Kind: d.Kind, Basis: d.Basis, Verdict: d.Verdict, Reason: d.Reason},
	}
	return p
}

// Claim says who works on something.
type Claim struct {
	By    string    `json:"by"`
	Until time.Time `json:"until"`
}

func newClaim(c desk.Claim) *Claim {
	if c.By == "" {
		return nil
	}
	return &Claim{By: c.By, Until: c.Until}
}

// Standing is the state of a subject that follows from the acts on it.
type Standing struct {
	Act     int64            `json:"act" doc:"The last deciding act, which is the basis of the next one; 0 if there is none."`
	Verdict qianshao.Verdict `json:"verdict,omitempty"`
	Reason  qianshao.Reason  `json:"reason,omitempty"`
	By      string           `json:"by,omitempty"`
	At      time.Time        `json:"at,omitzero"`
	Batch   int64            `json:"batch,omitempty"`
	Seen    string           `json:"seen,omitempty" doc:"Hash of the content that was judged."`
	Round   int              `json:"round,omitempty"`
	// Second says why the decision is, or was, due for a second review.
	Second   desk.Second `json:"second,omitempty" doc:"Why the decision is due for a second review: sample, critical, batch."`
	Reviews  int         `json:"reviews,omitempty" doc:"Number of second answers so far."`
	Dissent  int         `json:"dissent,omitempty" doc:"Number of reviews and disputes with a different verdict."`
	Assignee string      `json:"assignee,omitempty"`
	Parked   *Parked     `json:"parked,omitempty"`
}

// Parked says since when something is parked, and what brings it back.
type Parked struct {
	Act   int64     `json:"act"`
	At    time.Time `json:"at"`
	Until time.Time `json:"until,omitzero"`
	ParkUntil
}

func newStanding(s *desk.Standing) Standing {
	out := Standing{
		Act: s.Act, Verdict: s.Verdict, Reason: s.Reason, By: s.By, At: s.At, Batch: s.Batch, Seen: s.Seen, Round: s.Round,
		Second: s.Second, Reviews: s.Reviews, Dissent: s.Dissent, Assignee: s.Assignee,
	}
	if s.Parked != 0 {
		out.Parked = &Parked{Act: s.Parked, At: s.ParkedAt, Until: s.ParkedUntil, ParkUntil: ParkUntil{
			Content: s.ParkedContent, Relapse: s.ParkedRelapse, Sites: s.ParkedSites,
		}}
	}
	return out
}

// Review is what people have decided about something.
type Review struct {
	Basis    int64     `json:"basis" doc:"The basis that your act must name."`
	Standing Standing  `json:"standing" doc:"The decision in force, and its reviews."`
	Stale    bool      `json:"stale" doc:"The content found now differs from the content that was judged."`
	Relapsed bool      `json:"relapsed" doc:"The content was gone after the verdict, and has been found again."`
	Wake     desk.Wake `json:"wake,omitempty" doc:"Why it is not parked any more: date, content, relapse, sites."`
	Due      bool      `json:"due_for_review" doc:"A second review is due."`
	Blind    bool      `json:"blind,omitempty" doc:"The first answer is hidden from you until the second review."`
	Claim    *Claim    `json:"claim,omitempty"`
	History  []Act     `json:"history" doc:"All its acts, oldest first; for a campaign also those under its former ids and on campaigns merged into it."`
}

// review returns what people have decided about a subject that the account may see.
func (a *API) review(ctx context.Context, subject qianshao.Subject) (*Review, error) {
	who := auth.Acting(ctx)
	v, err := a.opts.Desk.Look(ctx, who, subject)
	if err != nil {
		return nil, err
	}
	due := v.Standing.DueForReview()
	blind := v.Standing.KeptFrom(who)
	if blind {
		v = v.Blind()
	}
	out := &Review{
		Basis: v.Standing.Act, Standing: newStanding(&v.Standing), Stale: v.Stale, Relapsed: v.Relapsed, Wake: v.Wake,
		Due: due, Blind: blind, Claim: newClaim(v.Claim), History: []Act{},
	}
	history, err := v.History(who)
	for i := range history {
		out.History = append(out.History, newShown(&history[i]))
	}
	return out, err
}
