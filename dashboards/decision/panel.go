package decision

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/desk"
)

// Panel is shown to the right of a page: the current state of a subject, and what the account may
// do about it. It contains nothing that is kept from the account.
type Panel struct {
	*page.Layout
	Subject qianshao.Subject
	desk.View
	// Next is the local path to which a decision leads.
	Next string
	// Here is the page with the panel, which a claim leads back to.
	Here string
	// ClaimedElsewhere says that the page already has a form for claims, on the campaign that this
	// finding represents, so that the panel has none.
	ClaimedElsewhere bool
	// Blind says that the account is to review a decision that it must not know yet.
	Blind bool
	// Answer is the kind of act with which the account says what the finding is; "" if it may not.
	Answer qianshao.ActKind
	// MayDecide allows notes, parks and claims, and MayLead what only leads do.
	MayDecide, MayLead bool
	// Answered says that the account has given a different answer from the current decision, and
	// that this is not settled yet.
	Answered bool
	// Answers are the current decision and the second answers to it, for the adjudicator.
	Answers []Entry
	History []Entry
	// Policy says what becomes of newcomers to the campaign; nil if they are queued.
	Policy *qianshao.Act
	// Assignees are the accounts that a lead may assign the subject to.
	Assignees []string
	// Key identifies the forms of this page, so that what is sent twice is done once.
	Key string
	// Typed is the form if it was refused, and Mistake what is wrong with it.
	Typed   form
	Mistake mistake
}

// mistake is what is wrong with a form.
type mistake struct {
	Kind    qianshao.ActKind
	Reverts int64
	// Field is the name of the field that is wrong, "answer" for verdict and reason; "" for none in
	// particular.
	Field string
	Text  string
}

// Entry is an act in the history.
type Entry struct {
	desk.Shown
	Detail desk.Detail
	// Undo says that the account may undo it, and Why that it must give a reason for that.
	Undo, Why bool
}

// Panel returns the panel of a subject for the request's account, or desk.ErrNotFound. next is the
// local path that a decision leads to. Without a desk, it returns nil.
func (d *Decision) Panel(r *http.Request, v *page.Layout, subject qianshao.Subject, next string) (*Panel, error) {
	if d.opts.Desk == nil {
		return nil, nil
	}
	return d.panel(r, v, subject, next)
}

func (d *Decision) panel(r *http.Request, v *page.Layout, subject qianshao.Subject, next string) (*Panel, error) {
	who := auth.Acting(r.Context())
	view, err := d.opts.Desk.Look(r.Context(), who, subject)
	if err == nil && view.Campaign != "" && view.Campaign != subject.ID { // it was merged, and its id is another now
		subject.ID = view.Campaign
		view, err = d.opts.Desk.Look(r.Context(), who, subject)
	}
	if err != nil {
		return nil, err
	}
	p := &Panel{
		Layout: v, Subject: subject, Next: page.LocalPath(next), Here: here(r, next), Blind: view.Standing.KeptFrom(who),
		MayDecide: who.May(qianshao.PowerDecide), MayLead: who.May(qianshao.PowerLead), Key: rand.Text(),
	}
	p.Answer = view.Answer(who, subject, v.Now)
	if p.Policy, err = view.Policy(who); err != nil {
		return nil, err
	}
	p.Answered = slices.ContainsFunc(view.Acts, func(a qianshao.Act) bool {
		return a.By == who.Name && isAnswer(a.Kind) && a.Round == view.Standing.Round
	})
	p.View = view
	if p.Blind {
		p.View = view.Blind()
	}
	if err := p.history(who); err != nil {
		return nil, err
	}
	return p, d.assignees(r, p)
}

// here is the page that answers a request; if a form was refused, the page that it would have led
// to.
func here(r *http.Request, next string) string {
	if r.Method == http.MethodPost {
		return page.LocalPath(next)
	}
	return Here(r)
}

// Here is the page that answers a request, without the parameters of its message.
func Here(r *http.Request) string {
	return page.With(r.URL.RequestURI(), url.Values{"done": nil, "batch": nil})
}

// history fills in the acts, the latest first.
func (p *Panel) history(who qianshao.Account) error {
	list, err := p.View.History(who)
	if err != nil {
		return err
	}
	for _, a := range slices.Backward(list) {
		e := newEntry(a)
		e.Undo, e.Why = p.View.Undoable(who, &a.Act, p.Now)
		p.History = append(p.History, e)
		second := isAnswer(a.Kind) && a.Round == p.Standing.Round
		if p.Standing.Verdict != "" && (second || a.Seq == p.Standing.Decided) {
			p.Answers = append(p.Answers, e)
		}
	}
	slices.Reverse(p.Answers)
	return nil
}

func newEntry(a desk.Shown) Entry {
	e := Entry{Shown: a}
	e.Detail, _ = desk.ParseDetail(a.Detail) // "acts verify" reports malformed details
	return e
}

func isAnswer(k qianshao.ActKind) bool { return k == qianshao.ActReview || k == qianshao.ActDispute }

// assignees fills in the accounts that the subject can be assigned to: enabled ones that may decide
// and see it.
func (d *Decision) assignees(r *http.Request, p *Panel) error {
	if !p.MayLead {
		return nil
	}
	list, err := d.opts.Store.Accounts(r.Context())
	for i := range list {
		a := &list[i].Account
		sees := a.Sight.All || slices.ContainsFunc(p.Authorisations, a.Sight.Sees)
		if !a.Disabled && a.May(qianshao.PowerDecide) && sees {
			p.Assignees = append(p.Assignees, a.Name)
		}
	}
	return err
}

// fill puts back what the author has sent. Basis and Seen remain those of the form, since the
// author has not looked at the evidence again.
func (p *Panel) fill(f *form, m mistake) {
	p.Typed, p.Mistake = *f, m
	if f.Subject == p.Subject && f.Basis != "" {
		if basis, err := strconv.ParseInt(f.Basis, 10, 64); err == nil {
			p.Standing.Act, p.Seen = basis, f.Seen
		}
	}
}

// IsFinding says that verdicts are given on the subject itself.
func (p *Panel) IsFinding() bool { return p.Subject.Kind == qianshao.SubjectFinding }

// Ask is the last part of the key of the question above the answers. It is a different one for the
// account's own verdict, which can be changed, and for a verdict that nobody disputes.
func (p *Panel) Ask() string {
	switch {
	case p.Answer == qianshao.ActDecide && p.Standing.By == p.User && !p.Stale:
		return "own"
	case p.Answer == qianshao.ActAdjudicate && !p.Disputed():
		return "overrule"
	}
	return string(p.Answer)
}

// Skip leads to the next subject without a decision; "" if there is none.
func (p *Panel) Skip() string {
	if u, err := url.Parse(p.Next); err != nil || u.Path == p.Page() {
		return ""
	}
	return p.Next
}

// Page is the page of the subject.
func (p *Panel) Page() string { return pageOf(p.Subject) }

func pageOf(s qianshao.Subject) string {
	return "/" + string(s.Kind) + "s/" + url.PathEscape(s.ID)
}

// Wrong says whether the mistake is in this field of the form for this kind of act. The form with
// the answers serves several kinds; for all of them, form is decide.
func (p *Panel) Wrong(form qianshao.ActKind, field string) bool {
	return p.Mistake.Text != "" && formOf(p.Mistake.Kind) == form && p.Mistake.Field == field
}

// formOf is the kind that stands for the form of an act.
func formOf(k qianshao.ActKind) qianshao.ActKind {
	switch k {
	case qianshao.ActReview, qianshao.ActDispute, qianshao.ActAdjudicate, qianshao.ActNote:
		return qianshao.ActDecide
	}
	return k
}

// WrongUndo says that undoing the act was refused.
func (p *Panel) WrongUndo(seq int64) bool {
	return p.Mistake.Text != "" && p.Mistake.Kind == qianshao.ActUndo && p.Mistake.Reverts == seq
}

// WrongElsewhere says that the mistake is in none of the fields, and must be shown above them.
func (p *Panel) WrongElsewhere() bool {
	if p.Mistake.Text == "" {
		return false
	}
	if p.Mistake.Kind == qianshao.ActUndo {
		return !slices.ContainsFunc(p.History, func(e Entry) bool { return e.Undo && e.Seq == p.Mistake.Reverts })
	}
	fields := map[qianshao.ActKind][]string{
		qianshao.ActDecide: {"words", "answer"}, qianshao.ActPark: {"words", "until", "park_sites", "park_content"}, qianshao.ActAssign: {"assignee"},
	}
	return !slices.Contains(fields[formOf(p.Mistake.Kind)], p.Mistake.Field)
}

// Words are the words typed into the form for a kind of act.
func (p *Panel) Words(form qianshao.ActKind) string {
	if formOf(p.Typed.Kind) != form {
		return ""
	}
	return p.Typed.Words
}

// Parking says that a park was refused, so that its form must be open.
func (p *Panel) Parking() bool { return p.Typed.Kind == qianshao.ActPark }

// Choices are the verdicts with their reasons and keys.
func (p *Panel) Choices() (list []Choice) {
	keys := map[qianshao.Verdict]string{qianshao.VerdictCrime: "y", qianshao.VerdictNotCrime: "n", qianshao.VerdictUnsure: "u"}
	for _, v := range qianshao.Verdicts() {
		c := Choice{Verdict: v, Key: keys[v]}
		for i, r := range v.Reasons() {
			c.Reasons = append(c.Reasons, ReasonChoice{r, i + 1})
		}
		list = append(list, c)
	}
	return list
}

// Choice is a verdict in the form. Its key opens its reasons, if it has some.
type Choice struct {
	Verdict qianshao.Verdict
	Key     string
	Reasons []ReasonChoice
}

// ReasonChoice is a reason in the form; after the verdict's key, the digit chooses it.
type ReasonChoice struct {
	qianshao.Reason
	Digit int
}

// NeedsWords says that this reason requires words.
func (c ReasonChoice) NeedsWords() bool { return c.Reason == qianshao.ReasonOther }

// Chosen says whether this answer was chosen in the refused form.
func (p *Panel) Chosen(v qianshao.Verdict, r qianshao.Reason) bool {
	return p.Typed.Verdict == v && p.Typed.Reason == r && formOf(p.Typed.Kind) == qianshao.ActDecide
}

// Disputed says that a lead must adjudicate, as far as the account may know.
func (p *Panel) Disputed() bool { return p.Standing.Disputed() }

// Due says that the decision is waiting for a second review by somebody else.
func (p *Panel) Due() bool { return p.Standing.DueForReview() }

// Resting says that the subject is parked and has not come back yet.
func (p *Panel) Resting() bool { return p.Standing.Resting(p.Facts, p.Now) }

// Mine says that the account itself has claimed the subject.
func (p *Panel) Mine() bool { return p.Claim.By != "" && p.Claim.By == p.User }

// Held says that somebody else has claimed the subject.
func (p *Panel) Held() bool { return p.Claim.By != "" && p.Claim.By != p.User }

// MayAssignSelf says whether the account may assign the subject to itself.
func (p *Panel) MayAssignSelf() bool {
	return p.Standing.Assignee != p.User && (p.MayLead || p.Standing.Assignee == "")
}

// MayUnassign says whether the account may remove the subject's assignment.
func (p *Panel) MayUnassign() bool {
	return p.Standing.Assignee != "" && (p.MayLead || p.Standing.Assignee == p.User)
}

// FirstDay is the earliest day until which something can be parked.
func (p *Panel) FirstDay() string {
	return p.Now.In(p.TimeZone()).AddDate(0, 0, 1).Format(time.DateOnly)
}

// ParkDay is the day that the form proposes to park until: a week from now, or what was typed.
func (p *Panel) ParkDay() string {
	if p.Parking() {
		return p.Typed.Until
	}
	return p.Now.In(p.TimeZone()).AddDate(0, 0, 7).Format(time.DateOnly)
}

// LastDay is the latest day until which something can be parked.
func (p *Panel) LastDay() string {
	return p.Now.In(p.TimeZone()).Add(desk.MaxPark).Format(time.DateOnly)
}

// MaxWords bounds the words of an act.
func (p *Panel) MaxWords() int { return desk.MaxWords }

// MaxSites bounds the number of further sites that a park can wait for.
func (p *Panel) MaxSites() int { return desk.MaxSites }
