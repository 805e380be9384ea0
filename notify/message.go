package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/store"
)

// uncomposed says why no message can be sent now.
type uncomposed struct {
	why  Obstacle      // the delivery is dropped because of this
	wait time.Duration // the delivery is put off
	// quiet says that it is put off for quiet hours. They do not count towards the day after which a
	// delivery is given up, but extend it by at most another day.
	quiet bool
	// report is why a report could not be made: it is retried as if the channel had failed.
	report error
}

func (u *uncomposed) Error() string {
	return fmt.Sprintf("no message: %s %s %v", u.why, u.wait, u.report)
}

// notComposed records that a delivery has no message now: it is dropped, put off, or failed.
func (e *Engine) notComposed(ctx context.Context, d Delivery, c Channel, err error) error {
	var u *uncomposed
	switch {
	case !errors.As(err, &u):
		return err
	case u.wait > 0:
		d.Next = e.opts.Now().Add(u.wait)
		if u.quiet {
			d.Since = tryingSince(&d)
		}
		return e.opts.Store.PutOff(ctx, d, time.Time{})
	case u.report != nil:
		e.opts.Log.Error("a report cannot be made; trying again", "schedule", d.Schedule, "error", u.report)
		return e.conclude(ctx, d, c, &Message{}, &SendError{Text: "the report cannot be made at present; the program's log says why", Fault: NewFault(FaultNoReport)})
	case u.why == NoReports:
		d.State, d.Obstacle = Failed, u.why
		return e.settle(ctx, d, c.Kind)
	}
	return e.drop(ctx, d, c.Kind, u.why)
}

// tryingSince is since when a delivery counts as tried if it is put off for quiet hours.
func tryingSince(d *Delivery) time.Time {
	since := d.Created.Add(GiveUp)
	if d.Next.Before(since) {
		since = d.Next
	}
	if d.Since.After(since) {
		return d.Since
	}
	return since
}

// compose returns the message of a delivery as of now, and sets its number of findings. The error is an
// *uncomposed if there is none.
func (e *Engine) compose(ctx context.Context, d *Delivery) (m Message, err error) {
	link, err := e.opts.ConsoleURL(ctx)
	if err != nil {
		return m, err
	}
	m = Message{Key: d.Key, At: e.opts.Now(), Zone: e.opts.Zone}
	if d.Schedule != "" {
		m.Link = link
		m.Report, err = e.report(ctx, d)
		return m, err
	}
	alert, err := e.opts.Store.Alert(ctx, d.Alert)
	if errors.Is(err, store.ErrNotFound) || err == nil && (alert.Disabled || alert.Channel != d.Channel) {
		return m, &uncomposed{why: AlertGone}
	}
	if err != nil {
		return m, err
	}
	a, err := e.activate(ctx, alert)
	switch {
	case err != nil:
		return m, err
	case a.why != "":
		return m, &uncomposed{why: a.why}
	case a.Quiet.Holds(m.At, e.opts.Zone):
		return m, &uncomposed{wait: a.Quiet.End(m.At, e.opts.Zone).Sub(m.At), quiet: true}
	}
	m.Alert, m.View = a.Name, a.view.Name
	list, err := e.recheck(ctx, a, d, &m)
	if err != nil {
		return m, err
	}
	m.groups(list, link)
	if link != "" {
		m.Link = link + "/views/" + url.PathEscape(a.View)
	}
	return m, nil
}

// recheck returns the items that a delivery still reports, and takes back the others. If there are more
// than maxListed it returns the first, and counts the rest.
func (e *Engine) recheck(ctx context.Context, a *active, d *Delivery, m *Message) ([]told, error) {
	for sifted := false; ; {
		items, all, err := e.opts.Store.ItemsOf(ctx, d.Key, maxListed)
		if err != nil {
			return nil, err
		}
		if len(items) == 0 {
			return nil, &uncomposed{} // dropped: nothing is left to report
		}
		if len(items) == maxListed && !sifted {
			if err := e.siftAll(ctx, a, d.Key, m.At); err != nil {
				return nil, err
			}
			sifted = true
			continue
		}
		c, err := e.sift(ctx, a, items, m.At)
		if err != nil {
			return nil, err
		}
		if len(c.told) == 0 {
			continue
		}
		m.Counts = all
		for _, lost := range slices.Concat(c.gone, c.later) {
			if m.Counts[lost.Event]--; m.Counts[lost.Event] == 0 {
				delete(m.Counts, lost.Event)
			}
		}
		for _, n := range m.Counts {
			m.Left += n
		}
		m.Left -= len(c.told)
		d.Findings = findings(c.told) + m.Left
		return c.told, nil
	}
}

// sift checks the present state of items, and takes back those that are not to be reported.
func (e *Engine) sift(ctx context.Context, a *active, items []Item, now time.Time) (c checked, err error) {
	if c, err = e.check(ctx, a, items, now); err != nil {
		return c, err
	}
	if c.behind {
		return c, &uncomposed{wait: indexWait}
	}
	return c, e.opts.Store.TakeBack(ctx, c.gone, c.later)
}

// siftAll sifts all items of a delivery: even a number reveals findings, which the account may no longer be
// allowed to see.
func (e *Engine) siftAll(ctx context.Context, a *active, key string, now time.Time) error {
	for after := int64(0); ; {
		items, last, err := e.opts.Store.WalkItems(ctx, key, after, maxListed)
		if err != nil || len(items) == 0 {
			return err
		}
		if _, err := e.sift(ctx, a, items, now); err != nil {
			return err
		}
		after = last
	}
}

// findings counts the different findings of sorted items.
func findings(list []told) (n int) {
	for i := range list {
		if i == 0 || list[i].Finding != list[i-1].Finding {
			n++
		}
	}
	return n
}

// groups groups items by campaign, the worst first. A finding without a campaign is a group by itself.
func (m *Message) groups(list []told, link string) {
	byCampaign := map[string][]told{}
	for _, t := range list {
		key := cmp.Or(t.hit.Campaign, "finding "+t.Finding)
		byCampaign[key] = append(byCampaign[key], t)
	}
	for _, members := range byCampaign {
		m.Groups = append(m.Groups, groupOf(members, link))
	}
	slices.SortFunc(m.Groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Level, a.Level), cmp.Compare(b.Score, a.Score), cmp.Compare(b.Findings, a.Findings),
			a.First.Compare(b.First), strings.Compare(a.Campaign, b.Campaign), strings.Compare(a.Items[0].Finding, b.Items[0].Finding))
	})
	for len(m.Groups) > MaxGroups {
		last := len(m.Groups) - 1
		m.Left += m.Groups[last].Findings
		m.Groups = m.Groups[:last]
	}
}

// groupOf summarises the members of a campaign, the first of which has the highest score.
func groupOf(members []told, link string) Group {
	worst := members[0].hit
	g := Group{
		Campaign: worst.Campaign, Events: map[Event]int{}, Category: worst.Category, Level: worst.Level, Score: worst.Score,
		Findings: findings(members), First: worst.FirstSeen,
	}
	hosts := map[string]bool{}
	for _, t := range members {
		g.Events[t.Event]++
		if t.hit.FirstSeen.Before(g.First) {
			g.First = t.hit.FirstSeen
		}
		if t.hit.Level > g.Level || t.hit.Level == g.Level && t.hit.Score > g.Score {
			g.Level, g.Score, g.Category = t.hit.Level, t.hit.Score, t.hit.Category
		}
		if !hosts[t.hit.Host] {
			hosts[t.hit.Host] = true
			if len(g.Hosts) < MaxHosts {
				g.Hosts = append(g.Hosts, mask.String(t.hit.Host)) // an address may contain an identity number
			}
		}
		if len(g.Items) < MaxItems {
			g.Items = append(g.Items, Told{
				Finding: t.Finding, Event: t.Event, Occurred: t.Occurred, URL: mask.String(t.hit.URL), Rule: t.hit.Rule, Category: t.hit.Category,
				Level: t.hit.Level, Score: t.hit.Score, Link: linkTo(link, "/findings/", t.Finding),
			})
		}
	}
	g.Sites = len(hosts)
	if g.Link = linkTo(link, "/campaigns/", g.Campaign); g.Campaign == "" {
		g.Link = linkTo(link, "/findings/", members[0].Finding)
	}
	return g
}

// linkTo returns a link into the console; "" if the console's address is unknown.
func linkTo(console, path, id string) string {
	if console == "" {
		return ""
	}
	return console + path + url.PathEscape(id)
}

// report makes the report of a delivery.
func (e *Engine) report(ctx context.Context, d *Delivery) (*Attached, error) {
	select { // before the account is looked up: its access counts as of its turn
	case e.making <- struct{}{}:
		defer func() { <-e.making }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s, err := e.opts.Store.Schedule(ctx, d.Schedule)
	if errors.Is(err, store.ErrNotFound) || err == nil && s.Disabled {
		return nil, &uncomposed{why: ScheduleGone}
	}
	if err != nil {
		return nil, err
	}
	account, err := e.opts.Account(ctx, s.Account)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && account.Disabled:
		return nil, &uncomposed{why: AccountDisabled}
	case err != nil:
		return nil, err
	case !account.May(qianshao.PowerLead):
		return nil, &uncomposed{why: NotAllowed}
	case s.Authorisation != "" && !account.Sight.Sees(s.Authorisation):
		return nil, &uncomposed{why: NotSeen}
	case e.opts.Report == nil:
		return nil, &uncomposed{why: NoReports}
	}
	attached, err := e.opts.Report(ctx, s, account, d.From.In(e.opts.Zone), d.To.In(e.opts.Zone))
	if err != nil {
		return nil, &uncomposed{report: err}
	}
	return attached, nil
}
