package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
)

// Selection is what a batch is made of: findings by their ids, and how they were selected.
type Selection struct {
	Findings []string
	// Query or Campaign says how they were selected; both are empty for a list of ids.
	Query, Campaign string
	// Review restricts them to those on which another person's decision waits for a second
	// review, to be reviewed by one order.
	Review bool
}

// maxQuery bounds the query of a batch, in characters.
const maxQuery = 2000

// Freeze writes down the findings of a selection that the account sees, with their present
// state. Later findings and decisions do not change the list.
func (d *Desk) Freeze(ctx context.Context, account qianshao.Account, sel Selection) (Batch, error) {
	if account.Disabled || !account.May(qianshao.PowerDecide) {
		return Batch{}, forbidden(qianshao.PowerDecide, "make a batch")
	}
	if n := len(sel.Findings); n == 0 || n > MaxMembers {
		return Batch{}, refuse("members", "findings", "a batch has 1 to %d findings; this would be %d", MaxMembers, n)
	}
	if utf8.RuneCountInString(sel.Query) > maxQuery || len(sel.Campaign) > MaxKey {
		return Batch{}, refuse("query", "query", "the query can have at most %d characters", maxQuery)
	}
	b := Batch{By: account.Name, At: d.now(), Query: d.opts.Mask(sel.Query), Campaign: sel.Campaign, Review: sel.Review, State: BatchFreezing}
	return d.opts.Store.Freeze(ctx, b, account.Sight, sel.Findings)
}

// Batch returns a batch to its author and to accounts that may read the whole trail; for others it is ErrNotFound.
func (d *Desk) Batch(ctx context.Context, account qianshao.Account, id int64) (Batch, error) {
	b, err := d.batch(ctx, account, id)
	if err != nil {
		return Batch{}, err
	}
	return d.shownBatch(ctx, &account, b)
}

// Batches returns the batches that the account may read: its own, or everybody's if it may
// read the whole trail; those with an ID below before, or all if that is 0, the latest first,
// at most limit. Of others' orders, those who could review them see only the kind; Batch shows
// more once there is nothing left to review.
func (d *Desk) Batches(ctx context.Context, account qianshao.Account, before int64, limit int) ([]Batch, error) {
	return d.readable(&account, func(by string) ([]Batch, error) { return d.opts.Store.Batches(ctx, by, before, limit) })
}

// BatchesOf returns the latest batches of a campaign, by its present and former ids, that the
// account may read; at most limit.
func (d *Desk) BatchesOf(ctx context.Context, account qianshao.Account, campaigns []string, limit int) ([]Batch, error) {
	return d.readable(&account, func(by string) ([]Batch, error) { return d.opts.Store.BatchesOf(ctx, by, campaigns, limit) })
}

// readable makes list return the batches of an account, or all for "", and leaves out what
// is hidden from the reader.
func (d *Desk) readable(account *qianshao.Account, list func(by string) ([]Batch, error)) ([]Batch, error) {
	by := account.Name
	if readsAll(account) {
		by = ""
	}
	batches, err := list(by)
	for i := range batches {
		if b := &batches[i]; b.Order != nil && keptFrom(account, b.By) {
			blindOrder(b)
		}
	}
	return batches, err
}

func (d *Desk) batch(ctx context.Context, account qianshao.Account, id int64) (Batch, error) {
	b, err := d.opts.Store.Batch(ctx, id)
	if err != nil {
		return Batch{}, err
	}
	if !readsBatch(&account, &b) {
		return Batch{}, ErrNotFound
	}
	return b, nil
}

func readsBatch(account *qianshao.Account, b *Batch) bool {
	return b.By == account.Name || readsAll(account)
}

// readsAll says whether the account may read the whole trail.
func readsAll(account *qianshao.Account) bool {
	return account.Sight.All && account.May(qianshao.PowerAudit)
}

// Preview counts what a batch that the account may read consists of.
func (d *Desk) Preview(ctx context.Context, account qianshao.Account, id int64) (Preview, error) {
	if _, err := d.batch(ctx, account, id); err != nil {
		return Preview{}, err
	}
	return d.opts.Store.Preview(ctx, id, account.Sight)
}

// Tally counts what became of the members of a batch that the account may read.
func (d *Desk) Tally(ctx context.Context, account qianshao.Account, id int64) (Tally, error) {
	if _, err := d.batch(ctx, account, id); err != nil {
		return Tally{}, err
	}
	return d.opts.Store.Tally(ctx, id, account.Sight)
}

// Members returns members of a batch that the account may read: those above after, at most
// limit; passed returns only those that were skipped.
func (d *Desk) Members(ctx context.Context, account qianshao.Account, id int64, passed bool, after string, limit int) ([]Member, error) {
	if _, err := d.batch(ctx, account, id); err != nil {
		return nil, err
	}
	list, err := d.opts.Store.Members(ctx, id, account.Sight, passed, after, limit)
	if err != nil {
		return nil, err
	}
	var ids []string
	for i := range list {
		if list[i].Verdict != "" {
			ids = append(ids, list[i].Finding)
		}
	}
	due, err := d.due(ctx, &account, ids)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if m := &list[i]; due[m.Finding] {
			m.Verdict, m.Blind = "", true
		}
	}
	return list, nil
}

// Begin gives a batch its order. confirm is the number of members as typed by the author,
// which must be right above ConfirmAbove. The members are worked on by Work, or by Run.
// Giving the same order again changes nothing.
func (d *Desk) Begin(ctx context.Context, account qianshao.Account, id int64, order Order, confirm int) (Batch, error) {
	if account.Disabled || !account.May(qianshao.PowerDecide) {
		return Batch{}, forbidden(qianshao.PowerDecide, "act on a batch")
	}
	order.Detail.Words = d.opts.Mask(strings.TrimSpace(order.Detail.Words))
	order.Until = order.Until.UTC().Truncate(time.Millisecond)
	order.Without = account.Without
	b, err := d.opts.Store.ChangeBatch(ctx, id, func(b *Batch) error {
		if b.By != account.Name {
			return ErrNotFound
		}
		if b.Order != nil && sameOrder(*b.Order, order) {
			return nil
		}
		if b.State != BatchFrozen {
			return refuse("batch", "batch", "the batch is %s; make a new one for another act", b.State)
		}
		if err := rightOrder(b, &order, d.now()); err != nil {
			return err
		}
		if b.Members > ConfirmAbove && confirm != b.Members || confirm != 0 && confirm != b.Members {
			return refuse("confirm", "confirm", "the batch has %d findings: give this number to confirm", b.Members)
		}
		b.Order, b.State = &order, BatchApplying
		return nil
	})
	d.wake()
	return b, err
}

// sameOrder says whether two orders are the same, whichever tokens they were given with.
func sameOrder(x, y Order) bool {
	x.Without, y.Without = nil, nil
	a, errA := json.Marshal(x)
	b, errB := json.Marshal(y)
	return errA == nil && errB == nil && string(a) == string(b)
}

// rightOrder says what is wrong with an order of a batch.
func rightOrder(b *Batch, o *Order, now time.Time) error {
	switch {
	case b.Review && o.Kind != qianshao.ActReview:
		return refuse("kind", "kind", "the members of this batch wait for a second review: review them")
	case !b.Review && o.Kind != qianshao.ActDecide && o.Kind != qianshao.ActPark:
		return refuse("kind", "kind", "a batch decides or parks; to review, make a batch of findings that wait for a second review")
	}
	if o.Detail.Park != nil && o.Detail.Park.Sites != 0 {
		return refuse("park", "detail.park.sites", "a batch can be parked until a date, other content, or a relapse")
	}
	return wellFormed(&Draft{
		Subject: qianshao.Subject{Kind: qianshao.SubjectFinding}, Kind: o.Kind, Verdict: o.Verdict, Reason: o.Reason, Until: o.Until, Detail: o.Detail,
	}, now)
}

// UndoBatch undoes a batch as a whole: each of its acts that still stands. Members that it has not
// reached yet are left alone. words say why, and are needed after UndoTime and for another person's
// batch. An account that does not see all members on which it has acted is refused.
func (d *Desk) UndoBatch(ctx context.Context, account qianshao.Account, id int64, words string) (Batch, error) {
	words = d.opts.Mask(strings.TrimSpace(words))
	if utf8.RuneCountInString(words) > MaxWords || !utf8.ValidString(words) {
		return Batch{}, refuse("words", "words", "the words must be UTF-8, with at most %d characters", MaxWords)
	}
	b, err := d.opts.Store.ChangeBatch(ctx, id, func(b *Batch) error {
		if !readsBatch(&account, b) {
			return ErrNotFound
		}
		own := b.By == account.Name
		if p := undoPower(own); account.Disabled || !account.May(p) {
			return forbidden(p, "undo a batch")
		}
		switch b.State {
		case BatchUndoing, BatchUndone:
			return nil
		case BatchApplying, BatchApplied:
		default:
			return refuse("batch", "batch", "nothing has been done with the batch yet")
		}
		late := !b.Done.IsZero() && d.now().Sub(b.Done) > UndoTime
		if (!own || late) && words == "" {
			return refuse("words", "words", "after %d minutes, or for another person's batch, say why it is undone", int(UndoTime.Minutes()))
		}
		if whole, err := d.seesDone(ctx, &account, id); err != nil || !whole {
			return cmp.Or(err, refuse("unseen", "batch", "you can no longer see all of its findings, and a batch can only be undone as a whole: ask a lead who sees all, or undo the acts that you see one by one"))
		}
		b.State, b.Progress, b.UndoneBy, b.UndoWords = BatchUndoing, "", account.Name, words
		return nil
	})
	d.wake()
	if err != nil {
		return Batch{}, err
	}
	return d.shownBatch(ctx, &account, b)
}

// seesDone says whether the account sees all members on which a batch has acted: if a batch
// were undone only in part, nobody could undo the rest.
func (d *Desk) seesDone(ctx context.Context, account *qianshao.Account, id int64) (bool, error) {
	if account.Sight.All {
		return true, nil
	}
	all, err := d.opts.Store.Tally(ctx, id, qianshao.SeeAll())
	if err != nil {
		return false, err
	}
	seen, err := d.opts.Store.Tally(ctx, id, account.Sight)
	return seen.Done == all.Done, err
}

func undoPower(own bool) qianshao.Power {
	if own {
		return qianshao.PowerDecide
	}
	return qianshao.PowerLead
}

// wake tells Work that there is something to do.
func (d *Desk) wake() {
	select {
	case d.work <- struct{}{}:
	default: // it has been woken already
	}
}

const (
	// firstPause and longestPause bound how long a worker waits after a failure: a full disk should not
	// flood the log, and once it has room again, that should be noticed within a minute.
	firstPause   = time.Second
	longestPause = time.Minute
	// dropInterval is how often Work looks for batches without an order.
	dropInterval = time.Hour
)

// Rest makes a worker wait after a round in which it could do nothing, longer each time, until ctx ends.
// failed says that this was such a round, and last is the previous result of Rest.
func Rest(ctx context.Context, failed bool, last time.Duration) time.Duration {
	if !failed {
		return 0
	}
	pause := min(max(2*last, firstPause), longestPause)
	select {
	case <-ctx.Done():
	case <-time.After(pause):
	}
	return pause
}

// Work works on batches until ctx ends, first on those that a dead process has left. failed is called with
// each failure; a failed batch is tried again after a Rest, even if Work is woken earlier.
func (d *Desk) Work(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(dropInterval)
	defer tick.Stop()
	var pause time.Duration
	for drop := true; ctx.Err() == nil; {
		err := d.runAll(ctx)
		if drop && err == nil {
			err = d.opts.Store.DropUnused(ctx, d.now().Add(-FrozenTime))
			drop = err != nil
		}
		if err != nil && ctx.Err() == nil {
			failed(err)
		}
		if pause = Rest(ctx, err != nil, pause); pause > 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-d.work:
		case <-tick.C:
			drop = true
		}
	}
}

func (d *Desk) runAll(ctx context.Context) error {
	ids, err := d.opts.Store.Unfinished(ctx)
	for _, id := range ids {
		err = errors.Join(err, d.Run(ctx, id))
	}
	return err
}

// Run works on a batch to its end, Options.Step members at a time. It may be interrupted at
// any moment, and may run beside Work.
func (d *Desk) Run(ctx context.Context, id int64) error {
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		if more, err = d.StepBatch(ctx, id, d.opts.Step); err != nil {
			return err
		}
	}
	return nil
}

// StepBatch works on the next members of a batch, at most limit, in one transaction. more
// is false when it was the last one.
func (d *Desk) StepBatch(ctx context.Context, id int64, limit int) (more bool, err error) {
	now := d.now()
	return d.opts.Store.Step(ctx, id, limit, now, func(b *Batch, members []MemberState) ([]Outcome, error) {
		return d.step(ctx, b, members, now)
	})
}

// step judges members of a batch. The account acts with the power and the sight that it
// has now, which may be less than when it gave the order.
func (d *Desk) step(ctx context.Context, b *Batch, members []MemberState, now time.Time) ([]Outcome, error) {
	undoing := b.State == BatchUndoing
	name := b.By
	if undoing {
		name = b.UndoneBy
	}
	account, err := d.opts.Account(ctx, name)
	if errors.Is(err, ErrNotFound) {
		account, err = qianshao.Account{}, nil // the zero account has no powers
	}
	if err != nil {
		return nil, err
	}
	needs := qianshao.PowerDecide
	if undoing {
		needs = undoPower(name == b.By)
	} else {
		account.Without = b.Order.Without
	}
	may := !account.Disabled && account.May(needs)
	rules := d.opts.Rules()
	outcomes := make([]Outcome, len(members))
	for i := range members {
		m := &members[i]
		switch {
		case m.State == nil || may && !sees(&account, m.State):
			outcomes[i].Skipped = SkippedDeleted
		case !may:
			outcomes[i].Skipped = SkippedAccount
		case undoing:
			outcomes[i], err = undoMember(b, m, &account, now, rules)
		default:
			outcomes[i], err = applyToMember(b, m, &account, now, rules)
		}
		if err != nil {
			return nil, err
		}
	}
	return outcomes, nil
}

func applyToMember(b *Batch, m *MemberState, account *qianshao.Account, now time.Time, rules string) (Outcome, error) {
	o := b.Order
	j := judgement{now: now, account: account, state: m.State, standing: Replay(m.State.Acts), draft: Draft{
		Subject: qianshao.Subject{Kind: qianshao.SubjectFinding, ID: m.Finding}, Kind: o.Kind, Basis: m.Basis, Seen: m.Seen,
		Verdict: o.Verdict, Reason: o.Reason, Until: o.Until, Detail: o.Detail,
	}}
	switch {
	case o.Kind == qianshao.ActReview && j.standing.Act == m.Basis && j.standing.Reviews > 0:
		return Outcome{Skipped: SkippedReviewed}, nil
	case o.Kind != qianshao.ActReview && m.Verdict != "" && !o.Again:
		return Outcome{Skipped: SkippedDecided}, nil
	}
	var conflict *Conflict
	switch err := cmp.Or(j.current(), j.permitted()); {
	case err == nil:
	case !errors.As(err, &conflict):
		return Outcome{Skipped: SkippedFailed}, nil
	case conflict.Why == WhyBasis:
		return Outcome{Skipped: SkippedActed}, nil
	case conflict.Why == WhySeen:
		return Outcome{Skipped: SkippedContent}, nil
	default:
		return Outcome{Skipped: SkippedOther}, nil
	}
	if o.Kind == qianshao.ActDecide {
		j.draft.Detail.Second = second(m.State.Level, o.Verdict, false)
		if b.Members > ConfirmAbove {
			j.draft.Detail.Second = SecondBatch
		}
	}
	act, err := j.act(rules)
	act.Batch = b.ID
	return Outcome{Act: act}, err
}

func undoMember(b *Batch, m *MemberState, account *qianshao.Account, now time.Time, rules string) (Outcome, error) {
	if m.Act == 0 {
		return Outcome{}, nil
	}
	j := judgement{now: now, account: account, state: m.State, standing: Replay(m.State.Acts), draft: Draft{
		Subject: qianshao.Subject{Kind: qianshao.SubjectFinding, ID: m.Finding}, Kind: qianshao.ActUndo, Reverts: m.Act, Seen: m.State.Seen,
		Detail: Detail{Words: b.UndoWords},
	}}
	done := actOf(m.State.Acts, m.Act)
	if done == nil || !j.stands(done) && !j.reviews(done) {
		return Outcome{Skipped: SkippedActed}, nil
	}
	j.draft.Basis = j.standing.Act
	act, err := j.act(rules)
	act.Batch = b.ID
	return Outcome{Act: act}, err
}

// reviews says whether an act is a review of the decision that stands, and nobody has decided or
// undone anything since. When a batch's reviews are undone, another person reviews the members: its
// author, who has seen the first answers by then, is not asked again.
func (j *judgement) reviews(a *qianshao.Act) bool {
	return a.Kind == qianshao.ActReview && a.Basis == j.standing.Act && a.Round == j.standing.Round
}
