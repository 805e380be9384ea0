package desk

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/qianshao/qianshao"
)

// A decision that waits for a second review is hidden from all who could give that review,
// that is, from every account that decides except its author, until somebody has reviewed
// it. Auditors, who decide nothing, read everything.

// keptFrom says whether an author's answer that waits for a second review is hidden from an account.
func keptFrom(account *qianshao.Account, author string) bool {
	return author != account.Name && (account.Role.May(qianshao.PowerDecide) || !account.May(qianshao.PowerAudit))
}

// KeptFrom says whether the standing verdict must be hidden from the account.
func (s *Standing) KeptFrom(account qianshao.Account) bool {
	return s.DueForReview() && keptFrom(&account, s.By)
}

// Blind returns the view without others' answers, for the reviewer of the decision.
// The basis and the round stay. The reason why it is due is left out, as "critical"
// implies the verdict.
func (v View) Blind() View {
	s := v.Standing
	v.Standing = Standing{Act: s.Act, Decided: s.Decided, Round: s.Round, Assignee: s.Assignee}
	v.Acts, v.Former, v.Wake = nil, nil, ""
	return v
}

// Shown is an act as an account may read it.
type Shown struct {
	qianshao.Act
	// Blind says that the answer is left out: verdict, reason, words, and the chain, from which
	// they could be guessed.
	Blind bool
}

func blind(a qianshao.Act) (Shown, error) {
	was := detailOf(&a)
	a.Verdict, a.Reason, a.Chain = "", "", ""
	var err error
	a.Detail, err = Detail{Assignee: was.Assignee, Park: was.Park, From: was.From, Newcomers: was.Newcomers}.encode()
	return Shown{a, true}, err
}

// Acts returns acts that the account may see, with a Seq above since, in their order, at most limit.
// None is ever missed, as acts become visible in the order of their Seq, except that acts on a campaign
// which the account comes to see later are only in the campaign's history. Others' acts on a finding
// whose decision is hidden from the account are included, but blind. Acts on what is not reviewed, such
// as accounts, are only for those who may read the whole trail.
func (d *Desk) Acts(ctx context.Context, account qianshao.Account, since int64, limit int) ([]Shown, error) {
	return d.Trail(ctx, account, ActsQuery{Since: since, Limit: limit})
}

// Trail returns the acts of a query that the account may see; Sight, Records and Reader are set from
// the account. If they are fewer than Limit, there are no more. Only those who may read the whole trail
// may ask for somebody else's acts: By is ErrForbidden to others. If the query names a verdict, blind
// acts are left out, since a match would reveal their verdict.
func (d *Desk) Trail(ctx context.Context, account qianshao.Account, q ActsQuery) (out []Shown, err error) {
	q.Sight, q.Reader, q.Records = account.Sight, account.Name, account.May(qianshao.PowerAudit)
	if q.By != "" && q.By != account.Name && !q.Records {
		return nil, ErrForbidden
	}
	for {
		list, err := d.opts.Store.Acts(ctx, q)
		if err != nil {
			return nil, err
		}
		shown, err := d.shownActs(ctx, &account, list)
		if err != nil {
			return nil, err
		}
		for i := range shown {
			if (q.Verdict == "" || !shown[i].Blind) && len(out) < q.Limit {
				out = append(out, shown[i])
			}
		}
		if len(list) < q.Limit || len(out) == q.Limit {
			return out, nil
		}
		if last := list[len(list)-1].Seq; q.Latest {
			q.Before = last
		} else {
			q.Since = last
		}
	}
}

// Head returns the end of the trail, and when its last act was. The chain is left out if that
// act is not shown to the account in full, as its answer could be guessed from the chain.
func (d *Desk) Head(ctx context.Context, account qianshao.Account) (Head, time.Time, error) {
	head, at, err := d.opts.Store.Head(ctx)
	if err != nil || head.Seq == 0 {
		return Head{}, at, err
	}
	list, err := d.Trail(ctx, account, ActsQuery{Since: head.Seq - 1, Limit: 1})
	if len(list) == 0 || list[0].Seq != head.Seq {
		return Head{Seq: head.Seq}, at, err
	}
	return Head{Seq: head.Seq, Chain: list[0].Chain}, at, err
}

// OpenHead returns the end of the trail for documents that may be passed on to reviewers: without the
// chain, if the answer of the last act waits for a second review.
func (d *Desk) OpenHead(ctx context.Context) (Head, error) {
	head, _, err := d.Head(ctx, qianshao.Account{Role: qianshao.RoleLead, Sight: qianshao.SeeAll()}) // an account that reads and reviews everything
	return head, err
}

// shownActs returns acts as the account may read them.
func (d *Desk) shownActs(ctx context.Context, account *qianshao.Account, list []qianshao.Act) ([]Shown, error) {
	var findings, campaigns []string
	for i := range list {
		switch a := &list[i]; {
		case a.By == account.Name:
		case a.Subject.Kind == qianshao.SubjectFinding:
			findings = append(findings, a.Subject.ID)
		case a.Kind == qianshao.ActPolicy && keptFrom(account, a.By):
			campaigns = append(campaigns, a.Subject.ID)
		}
	}
	due, err := d.due(ctx, account, findings) // after the acts, as a decision that is reviewed in between may be shown
	if err != nil {
		return nil, err
	}
	var policies map[string]bool
	if len(campaigns) > 0 {
		if policies, err = d.opts.Store.PoliciesDue(ctx, campaigns); err != nil {
			return nil, err
		}
	}
	out := make([]Shown, len(list))
	for i, a := range list {
		kept := a.Subject.Kind == qianshao.SubjectFinding && due[a.Subject.ID] || a.Kind == qianshao.ActPolicy && policies[a.Subject.ID]
		if out[i], err = shown(account, a); err == nil && kept && a.By != account.Name {
			out[i], err = blind(a)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// History returns the acts of the view in their order, as the account may read them; for
// a campaign also those under its other ids.
func (v *View) History(account qianshao.Account) ([]Shown, error) {
	list := slices.Concat(v.Acts, v.Former)
	slices.SortFunc(list, func(a, b qianshao.Act) int { return cmp.Compare(a.Seq, b.Seq) })
	out := make([]Shown, len(list))
	for i, a := range list {
		var err error
		if out[i], err = shown(&account, a); err == nil && v.keepsPolicy(&account, &a) {
			out[i], err = blind(a)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// keepsPolicy says whether the answer of an act that sets a policy is hidden from the account,
// as it is while a finding that the campaign's policy has decided waits for a second review.
func (v *View) keepsPolicy(account *qianshao.Account, a *qianshao.Act) bool {
	return v.PolicyDue && a.Kind == qianshao.ActPolicy && keptFrom(account, a.By)
}

// shown returns an act without the lists of campaigns and findings that a limited account may not see.
func shown(account *qianshao.Account, a qianshao.Act) (Shown, error) {
	if account.Sight.All || a.Subject.Kind != qianshao.SubjectCampaign {
		return Shown{Act: a}, nil
	}
	detail := detailOf(&a)
	detail.Campaigns, detail.Findings = nil, nil
	var err error
	a.Detail, err = detail.encode()
	return Shown{Act: a}, err
}

// due returns those of the findings whose decision is hidden from the account.
func (d *Desk) due(ctx context.Context, account *qianshao.Account, findings []string) (map[string]bool, error) {
	if len(findings) == 0 {
		return nil, nil
	}
	authors, err := d.opts.Store.Due(ctx, findings)
	kept := map[string]bool{}
	for id, author := range authors {
		kept[id] = keptFrom(account, author)
	}
	return kept, err
}

// shownBatch returns a batch as the account may read it: the order is hidden from those who could review
// a member.
func (d *Desk) shownBatch(ctx context.Context, account *qianshao.Account, b Batch) (Batch, error) {
	if b.Order == nil || !keptFrom(account, b.By) {
		return b, nil
	}
	due := b.State == BatchApplying
	if !due {
		var err error
		if due, err = d.opts.Store.BatchDue(ctx, b.ID); err != nil {
			return Batch{}, err
		}
	}
	if due {
		blindOrder(&b)
	}
	return b, nil
}

// blindOrder leaves out the verdict of a batch's order.
func blindOrder(b *Batch) {
	o := *b.Order
	o.Verdict, o.Reason, o.Detail.Words = "", "", ""
	b.Order, b.Blind = &o, true
}
