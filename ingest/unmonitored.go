package ingest

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/fetch"
)

const (
	// OverdueAfter is how long a visit may be overdue before its host counts as
	// not monitored: a crawl that cron starts once a day may fail once.
	OverdueAfter = 48 * time.Hour
	// EndingWithin is how long before its end an authorisation is listed: a
	// contract is seldom renewed within less than a month.
	EndingWithin = 30 * 24 * time.Hour
	// EndedWithin is how long an authorisation is listed after its end. An owner
	// who has not renewed it within a quarter of a year does not intend to.
	EndedWithin = 90 * 24 * time.Hour
	// LostPages is a number of failed visits in a row, at URLs that had a page before: one or two mean
	// that pages were taken down, more that the host shuts us out.
	LostPages = 3
)

// SilentHost is a host from which no pages come: none ever came, its visits
// fail, or they are overdue.
type SilentHost struct {
	Host string
	// Trouble is why its visits fail; "" if it is only that none were made.
	Trouble qianshao.Skip
	// Since is when Trouble began.
	Since time.Time
	// LastPage is when a page last came; the zero time if never.
	LastPage time.Time
	// NextTry is the time of the next visit; the zero time if none is planned.
	NextTry time.Time
}

// Silence is what a store knows about hosts without pages; store/storetest
// checks implementations.
type Silence interface {
	// SilentHosts yields, by name, the hosts whose visits fail, those that never brought a page, and
	// those that brought none since overdue although a visit was due before that, or none is planned.
	// A host is in trouble when it is down (Outcome.HostDown), when none of its pages is fresh any
	// more (each is due again), or when LostPages visits in a row failed at URLs that had brought a
	// page. The next page ends the trouble.
	SilentHosts(ctx context.Context, overdue time.Time) iter.Seq2[SilentHost, error]
	// FetchedUnder returns the ids, in order, of the authorisations under which
	// the hosts that have brought a page were last requested.
	FetchedUnder(ctx context.Context) ([]string, error)
}

// Unmonitored yields what should be watched by the scope and is not:
// authorisations by id, then hosts by name.
func Unmonitored(ctx context.Context, s Silence, scope *Scope, now time.Time) iter.Seq2[qianshao.Unmonitored, error] {
	return func(yield func(qianshao.Unmonitored, error) bool) {
		fetched, err := s.FetchedUnder(ctx)
		if err != nil {
			yield(qianshao.Unmonitored{}, err)
			return
		}
		for _, row := range scope.unmonitored(fetched, now) {
			if !yield(row, nil) {
				return
			}
		}
		seeded := scope.seeded(now)
		for host, err := range s.SilentHosts(ctx, now.Add(-OverdueAfter)) {
			if err != nil {
				yield(qianshao.Unmonitored{}, err)
				return
			}
			under := scope.ofHost(host.Host, now)
			if under != nil && !yield(host.unmonitored(under.ID, seeded[host.Host]), nil) {
				return
			}
		}
	}
}

// seeded returns the hosts at which a crawl begins.
func (s *Scope) seeded(now time.Time) map[string]bool {
	hosts := map[string]bool{}
	for _, it := range startItems(s, now) {
		hosts[it.Host] = true
	}
	return hosts
}

// unmonitored says why no pages come from the host.
func (h SilentHost) unmonitored(authorisation string, isSeeded bool) qianshao.Unmonitored {
	u := qianshao.Unmonitored{Host: h.Host, Authorisation: authorisation, Skip: h.Trouble, Since: h.Since, LastPage: h.LastPage, NextTry: h.NextTry}
	switch h.Trouble {
	case qianshao.SkipAddress:
		u.Reason = qianshao.UnmonitoredBlocked
	case qianshao.SkipUnreachable, qianshao.SkipRobotsUnavailable:
		u.Reason = qianshao.UnmonitoredDown
	case qianshao.SkipRobots:
		u.Reason = qianshao.UnmonitoredRobots
	case qianshao.SkipStatus:
		u.Reason = qianshao.UnmonitoredHTTPError
	case "":
		u.Reason, u.Since = h.unvisited(isSeeded)
	default:
		u.Reason = qianshao.UnmonitoredNoPage
	}
	return u
}

// unvisited says why there was no visit, and since when.
func (h SilentHost) unvisited(isSeeded bool) (reason qianshao.UnmonitoredReason, since time.Time) {
	switch {
	case !h.LastPage.IsZero():
		return qianshao.UnmonitoredOverdue, h.LastPage
	case h.NextTry.IsZero() && !isSeeded:
		return qianshao.UnmonitoredNoSeed, time.Time{}
	}
	return qianshao.UnmonitoredNeverFetched, time.Time{}
}

// ofHost returns the authorisation in force that covers something of a host, the
// first in the register; nil if there is none.
func (s *Scope) ofHost(host string, now time.Time) *qianshao.Authorisation {
	best := -1
	s.candidates(host, func(e entry) {
		if s.list[e.at].InForce(now) && (best < 0 || e.at < best) {
			best = e.at
		}
	})
	if best < 0 {
		return nil
	}
	return &s.list[best]
}

// unmonitored returns the authorisations that have ended, will end soon, or have
// brought nothing.
func (s *Scope) unmonitored(fetched []string, now time.Time) []qianshao.Unmonitored {
	var rows []qianshao.Unmonitored
	for i := range s.list {
		a := &s.list[i]
		row := qianshao.Unmonitored{Authorisation: a.ID, Since: a.ValidUntil}
		_, hasPages := slices.BinarySearch(fetched, a.ID)
		left := a.ValidUntil.Sub(now)
		switch {
		case left <= 0 && left > -EndedWithin && !s.succeeded(a, now):
			row.Reason = qianshao.UnmonitoredEnded
		case a.InForce(now) && !hasPages:
			row.Reason, row.Since = qianshao.UnmonitoredNothingFetched, a.ValidFrom
		case a.InForce(now) && left <= EndingWithin && !s.succeeded(a, a.ValidUntil):
			row.Reason = qianshao.UnmonitoredEnding
		default:
			continue
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b qianshao.Unmonitored) int { return strings.Compare(a.Authorisation, b.Authorisation) })
	return rows
}

// succeeded says whether other authorisations cover all hosts of one that has
// ended at the given time, as a renewal under another id does.
func (s *Scope) succeeded(a *qianshao.Authorisation, at time.Time) bool {
	for _, pattern := range a.Hosts {
		name, _ := splitPort(pattern)
		covered := false
		s.candidates(strings.Trim(name, "[]"), func(e entry) {
			other := &s.list[e.at]
			covered = covered || other.ID != a.ID && other.InForce(at) && covers(e.pattern, pattern)
		})
		if !covered {
			return false
		}
	}
	return true
}

// covers says whether a host pattern matches every host that another matches.
func covers(wider, pattern string) bool {
	wide, widePort := splitPort(wider)
	name, port := splitPort(pattern)
	suffix, wildcard := strings.CutPrefix(wide, "*")
	return port == widePort && (name == wide || wildcard && strings.HasSuffix(name, suffix))
}

// isDown says whether a failed visit means that the whole host is down. The
// failure of another host, to which a redirect led, does not.
func isDown(host string, err error) bool {
	var skipped *fetch.SkipError
	if !errors.As(err, &skipped) {
		return false
	}
	u, parseErr := url.Parse(skipped.URL)
	if parseErr != nil || u.Hostname() != host {
		return false
	}
	switch skipped.Skip {
	case qianshao.SkipPaused: // the host answers, and will again within the hour
		return false
	case qianshao.SkipAddress:
		return true
	}
	return skipped.HostWide()
}

// Named returns the ids of the authorisations that name a host, in the order of the register, and
// those of them that are in force.
func (s *Scope) Named(host string, now time.Time) (named, inForce []string) {
	var found []int
	s.candidates(host, func(e entry) { found = append(found, e.at) })
	slices.Sort(found)
	for _, i := range slices.Compact(found) {
		named = append(named, s.list[i].ID)
		if s.list[i].InForce(now) {
			inForce = append(inForce, s.list[i].ID)
		}
	}
	return named, inForce
}

// Silent says why a host is not monitored under an authorisation, if it is not: h.Trouble, or that
// no page has come although a visit was due before overdue.
func (s *Scope) Silent(h SilentHost, authorisation string, now time.Time) (u qianshao.Unmonitored, silent bool) {
	overdue := now.Add(-OverdueAfter)
	if h.Trouble == "" && !h.LastPage.IsZero() && (h.NextTry.After(overdue) || h.LastPage.After(overdue)) {
		return u, false
	}
	isSeeded := false
	s.candidates(h.Host, func(e entry) {
		for _, start := range startURLs(&s.list[e.at]) {
			item, skip := judge(s, start, now)
			isSeeded = isSeeded || skip == "" && item.Host == h.Host
		}
	})
	return h.unmonitored(authorisation, isSeeded), true
}
