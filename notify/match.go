package notify

import (
	"context"
	"errors"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/store"
)

const (
	// matchBatch findings are matched at a time, as many as the index processes.
	matchBatch = 200
	// Gather is how long a message waits for further findings: a crawl finds the pages of a site one after
	// another, and the first message would contain only one.
	Gather = 10 * time.Second
	// indexWait is after how long a finding is checked again that is not up to date in the index.
	indexWait = 5 * time.Second
)

// active is an enabled alert, with the present state of what it needs.
type active struct {
	Alert
	account qianshao.Account
	view    store.SavedView
	// why is what prevents it from sending; "" if nothing does.
	why Obstacle
}

// finds says whether findings can be searched for it. They are, and are kept waiting, if only its channel
// is at fault.
func (a *active) finds() bool {
	return a.why == "" || a.why == ChannelGone || a.why == ChannelDisabled
}

// alerts returns the enabled alerts, and records what prevents each from sending.
func (e *Engine) alerts(ctx context.Context) (list []*active, err error) {
	all, err := e.opts.Store.Alerts(ctx)
	if err != nil {
		return nil, err
	}
	now := e.opts.Now()
	for i := range all {
		if all[i].Disabled {
			continue
		}
		if all[i].Created.After(now) || all[i].Looked.After(now) {
			if all[i], err = e.setBack(ctx, all[i], now); err != nil {
				return nil, err
			}
		}
		a, err := e.activate(ctx, all[i])
		if err != nil {
			return nil, err
		}
		if a.why != a.Obstacle {
			if err := e.opts.Store.SetObstacle(ctx, a.ID, a.why); err != nil {
				return nil, err
			}
		}
		list = append(list, a)
	}
	return list, nil
}

// setBack makes an alert start earlier if the clock was set back, so that findings made before the clock
// has caught up are new to it.
func (e *Engine) setBack(ctx context.Context, a Alert, now time.Time) (Alert, error) {
	now = now.Truncate(time.Millisecond) // as precise as findings
	if a.Created.After(now) {
		a.Created = now
	}
	a.Looked = now
	return a, e.opts.Store.SetBack(ctx, a.ID, now)
}

// activate looks up what an alert needs. A search for nothing shows whether its query can be parsed.
func (e *Engine) activate(ctx context.Context, alert Alert) (a *active, err error) {
	a = &active{Alert: alert}
	if a.account, err = e.opts.Account(ctx, a.Account); errors.Is(err, store.ErrNotFound) || err == nil && a.account.Disabled {
		a.why = AccountDisabled
		return a, nil
	}
	if err != nil {
		return nil, err
	}
	if !a.account.May(qianshao.PowerDecide) { // it could not switch the alert off, either
		a.why = NotAllowed
		return a, nil
	}
	if a.view, err = e.opts.Store.SavedView(ctx, a.View); errors.Is(err, store.ErrNotFound) || err == nil && a.view.Owner != a.Account && !a.view.Shared {
		a.why = ViewGone
		return a, nil
	}
	if err != nil {
		return nil, err
	}
	var unreadable *index.SyntaxError
	if _, err = e.find(ctx, a, []string{}); errors.As(err, &unreadable) {
		a.why = ViewUnreadable
		return a, nil
	}
	if err != nil {
		return nil, err
	}
	c, err := e.opts.Store.Channel(ctx, a.Channel)
	switch {
	case errors.Is(err, store.ErrNotFound):
		a.why = ChannelGone
	case err != nil:
		return nil, err
	case c.Disabled:
		a.why = ChannelDisabled
	}
	return a, nil
}

// find returns those of the findings that an alert's view contains now, as its account sees them.
func (e *Engine) find(ctx context.Context, a *active, ids []string) (map[string]*index.Hit, error) {
	hits, err := e.opts.Find(ctx, a.account, a.view.Query, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*index.Hit, len(hits))
	for i := range hits {
		byID[hits[i].ID] = &hits[i]
	}
	return byID, nil
}

// match adds items for changed findings that are to be reported.
func (e *Engine) match(ctx context.Context, alerts []*active) error {
	for after := int64(0); ; {
		told, err := e.opts.Store.Pending(ctx, store.ConsumerNotices, after, matchBatch)
		if err != nil || len(told) == 0 {
			return err
		}
		after = told[len(told)-1].Seq
		var items []Item
		if len(alerts) > 0 {
			if items, err = e.matchBatch(ctx, alerts, told); err != nil {
				return err
			}
		}
		if err := e.opts.Store.NoteItems(ctx, items, told); err != nil {
			return err
		}
		if len(items) > 0 {
			e.gathered = e.opts.Now().Add(Gather)
		}
	}
}

func (e *Engine) matchBatch(ctx context.Context, alerts []*active, told []store.Pending) (items []Item, err error) {
	ids := make([]string, len(told))
	for i := range told {
		ids[i] = told[i].Finding
	}
	now := e.opts.Now()
	facts, err := e.opts.Store.Facts(ctx, ids, now)
	if err != nil {
		return nil, err
	}
	for _, a := range alerts {
		if !a.finds() {
			continue
		}
		hits, err := e.find(ctx, a, ids)
		if err != nil {
			return nil, err
		}
		for i := range facts {
			if h := hits[facts[i].Finding]; h != nil {
				items = append(items, a.itemsOf(h, &facts[i], now)...)
			}
		}
	}
	return items, nil
}

// itemsOf returns the items of a finding in an alert's view.
func (a *active) itemsOf(h *index.Hit, f *Fact, now time.Time) (items []Item) {
	tell := func(e Event, occurred time.Time) {
		if a.Tells(e) {
			items = append(items, a.item(f, e, occurred, now))
		}
	}
	if !h.FirstSeen.Before(a.Created) {
		tell(New, h.FirstSeen)
	}
	if !f.BackAt.IsZero() && !f.BackAt.Before(a.Created) {
		tell(Relapsed, f.BackAt)
	}
	if f.overdue(now) && !f.Due.Before(a.Created) {
		tell(Overdue, f.Due)
	}
	return items
}

// item is ready after Gather, and once nothing about the finding can be undone any more.
func (a *active) item(f *Fact, e Event, occurred, now time.Time) Item {
	ready := now.Add(Gather)
	if f.Undoable.After(ready) {
		ready = f.Undoable
	}
	return Item{Alert: a.ID, Finding: f.Finding, Event: e, Occurred: occurred, Ready: ready}
}

func (f *Fact) overdue(now time.Time) bool { return !f.Due.IsZero() && !f.Due.After(now) }

// overdue adds the findings of an alert that have become overdue since it last searched: they do so by the
// passing of time, without any change.
func (e *Engine) overdue(ctx context.Context, a *active) error {
	now := e.opts.Now()
	if !a.Tells(Overdue) || now.Sub(a.Looked) < overdueInterval {
		return nil
	}
	for from, behind := a.Looked, ""; ; {
		due, err := e.opts.Store.Overdue(ctx, from, now, behind, matchBatch)
		if err != nil {
			return err
		}
		if len(due) == 0 {
			return e.opts.Store.NoteOverdue(ctx, a.ID, nil, now)
		}
		ids := make([]string, len(due))
		for i := range due {
			ids[i] = due[i].Finding
		}
		hits, err := e.find(ctx, a, ids)
		if err != nil {
			return err
		}
		var items []Item
		for i := range due {
			if hits[due[i].Finding] != nil {
				items = append(items, a.item(&due[i], Overdue, due[i].Due, now))
			}
		}
		from, behind = due[len(due)-1].Due, due[len(due)-1].Finding
		if err := e.opts.Store.NoteOverdue(ctx, a.ID, items, from); err != nil {
			return err
		}
	}
}

// checked is the present state of items.
type checked struct {
	told []told // to be reported now
	gone []Item // not to be reported any more
	// later are items that may be reported later. behind says that the index is not up to date with some
	// findings, whose items are among these.
	later  []Item
	behind bool
}

// told is an item with its finding from the index.
type told struct {
	Item
	hit *index.Hit
}

// check determines the present state of items: the facts of their findings, and whether the view contains
// them. It reads the facts first: findings not Behind in them are up to date in the index.
func (e *Engine) check(ctx context.Context, a *active, items []Item, now time.Time) (c checked, err error) {
	var ids []string
	for i := range items {
		if i == 0 || items[i].Finding != items[i-1].Finding {
			ids = append(ids, items[i].Finding)
		}
	}
	list, err := e.opts.Store.Facts(ctx, ids, now)
	if err != nil {
		return c, err
	}
	facts := make(map[string]*Fact, len(list))
	for i := range list {
		facts[list[i].Finding] = &list[i]
	}
	hits, err := e.find(ctx, a, ids)
	if err != nil {
		return c, err
	}
	for _, it := range items {
		f, h := facts[it.Finding], hits[it.Finding]
		switch {
		case f != nil && f.Behind:
			c.behind, it.Ready = true, now.Add(indexWait)
			c.later = append(c.later, it)
		case f == nil || h == nil || !a.Tells(it.Event) || it.Event == Relapsed && !f.BackAt.Equal(it.Occurred) || it.Event == Overdue && !f.overdue(now):
			c.gone = append(c.gone, it)
		case f.Undoable.After(now):
			it.Ready = f.Undoable
			c.later = append(c.later, it)
		default:
			c.told = append(c.told, told{it, h})
		}
	}
	return c, nil
}
