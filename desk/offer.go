package desk

import (
	"context"
	"slices"
	"time"

	"github.com/qianshao/qianshao"
)

// Permits says whether the rules let the account do what the draft says, as far as that depends on the
// account and on the standing. Pages offer only what it permits.
func (v *View) Permits(account qianshao.Account, draft Draft, now time.Time) bool {
	j := judgement{now: now, account: &account, draft: draft, state: &v.State, standing: v.Standing}
	return rightSubject(&draft) == nil && mayAct(&account, &draft, &v.State) == nil && j.permitted() == nil
}

// Answer returns the kind of act by which the account can say what a finding is: it decides,
// reviews without knowing the first answer, adjudicates, or disputes. It is empty if the
// account has answered already, or lacks the power.
func (v *View) Answer(account qianshao.Account, subject qianshao.Subject, now time.Time) qianshao.ActKind {
	s := &v.Standing
	kind := qianshao.ActDispute
	switch {
	case s.Undecided(v.Facts):
		kind = qianshao.ActDecide
	case s.KeptFrom(account):
		kind = qianshao.ActReview
	case s.By == account.Name, s.Verdict == qianshao.VerdictUnsure, v.Relapsed:
		kind = qianshao.ActDecide
	case account.May(qianshao.PowerLead):
		kind = qianshao.ActAdjudicate
	}
	if !v.Permits(account, Draft{Subject: subject, Kind: kind}, now) {
		return ""
	}
	return kind
}

// Undoable says whether the account may undo an act of the view, and whether it must say why.
func (v *View) Undoable(account qianshao.Account, a *qianshao.Act, now time.Time) (may, why bool) {
	draft := Draft{Subject: a.Subject, Kind: qianshao.ActUndo, Reverts: a.Seq}
	if v.Permits(account, draft, now) {
		return true, false
	}
	draft.Detail.Words = "?"
	return v.Permits(account, draft, now), true
}

// Policy returns the act whose policy holds for newcomers to the campaign, as the account may
// read it; nil if none was set, so that they queue.
func (v *View) Policy(account qianshao.Account) (*qianshao.Act, error) {
	last := v.policy()
	if last == nil || !v.keepsPolicy(&account, last) {
		return last, nil
	}
	s, err := blind(*last)
	return &s.Act, err
}

// policy returns the act for Policy, whatever the campaign's id was then.
func (v *View) policy() (last *qianshao.Act) {
	list := slices.Concat(v.Acts, v.Former)
	for i := range list {
		a := &list[i]
		undone := slices.ContainsFunc(list, func(b qianshao.Act) bool { return b.Reverts == a.Seq })
		if a.Kind == qianshao.ActPolicy && !undone && (last == nil || a.Seq > last.Seq) {
			last = a
		}
	}
	return last
}

// Own returns an act that the account has done, with the present state of its subject. Another
// account's act is ErrNotFound, and so is one on a subject that the account may not see any more.
func (d *Desk) Own(ctx context.Context, account qianshao.Account, seq int64) (qianshao.Act, View, error) {
	act, err := d.opts.Store.Act(ctx, seq)
	if err != nil {
		return qianshao.Act{}, View{}, err
	}
	if act.By != account.Name || !act.Subject.Kind.Reviewed() {
		return qianshao.Act{}, View{}, ErrNotFound
	}
	v, err := d.Look(ctx, account, act.Subject)
	return act, v, err
}
