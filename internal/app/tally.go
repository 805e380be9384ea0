package app

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
)

// Tally counts what a crawl does, for its summary. It is an ingest.Observer.
type Tally struct {
	mu        sync.Mutex
	fetched   int
	skipped   map[qianshao.Skip]hostCounts
	replanned ingest.Replanned
}

// hostCounts are numbers of URLs by host, with the port where there is one.
type hostCounts map[string]int

// maxTallied bounds the hosts that are counted separately for one reason, since pages may link to
// millions. Further hosts count under "".
const maxTallied = 10_000

// NewTally returns an empty tally.
func NewTally() *Tally { return &Tally{skipped: map[qianshao.Skip]hostCounts{}} }

// Fetched counts a page.
func (t *Tally) Fetched(*qianshao.Page, time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fetched++
}

// Skipped counts a URL that yields no page.
func (t *Tally) Skipped(skip qianshao.Skip, rawURL string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	host := ""
	if u, err := url.Parse(rawURL); err == nil {
		host = u.Host
	}
	hosts := t.skipped[skip]
	if hosts == nil {
		hosts = hostCounts{}
		t.skipped[skip] = hosts
	}
	if hosts[host] == 0 && len(hosts) >= maxTallied {
		host = ""
	}
	hosts[host]++
}

// Replanned counts what was planned while the clock was ahead.
func (t *Tally) Replanned(what ingest.Replanned) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.replanned.URLs += what.URLs
	t.replanned.Hosts += what.Hosts
	t.replanned.Findings = what.Findings
}

// Summary is the result of a crawl, and the state after it.
type Summary struct {
	Fetched int
	store.Counts
	// Skipped is what the crawl has skipped, and Before what earlier crawls skipped on hosts that
	// are not in Skipped, each beginning with the most URLs.
	Skipped, Before []Skipped
	// Waiting are the hosts that fail at present.
	Waiting []store.WaitingHost
	// Replanned is what was planned while the clock was ahead.
	Replanned ingest.Replanned
	// Next is when the next URL is due; the zero time if none is left.
	Next time.Time
}

// Skipped is what was skipped for one reason.
type Skipped struct {
	Reason qianshao.Skip
	URLs   int
	// Hosts are those with the most URLs, MoreHosts is the number of the others.
	Hosts     []string
	MoreHosts int
}

// Summary reads the state of the folder. It is called at the end of the crawl.
func (t *Tally) Summary(ctx context.Context, f *datafolder.Folder) (s Summary, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.Fetched, s.Replanned = t.fetched, t.replanned
	if s.Counts, err = f.Store.Counts(ctx); err != nil {
		return s, err
	}
	if s.Waiting, err = f.Store.WaitingHosts(ctx); err != nil {
		return s, err
	}
	if s.Next, _, err = f.Store.Next(ctx); err != nil {
		return s, err
	}
	standing, err := f.Store.SkippedHosts(ctx)
	if err != nil {
		return s, err
	}
	s.Skipped, s.Before = byReason(t.skipped), byReason(t.without(standing))
	return s, nil
}

// without returns what is recorded as skipped on hosts that are not in the tally.
func (t *Tally) without(standing []store.SkippedHost) map[qianshao.Skip]hostCounts {
	told := map[store.SkippedHost]bool{}
	for skip, hosts := range t.skipped {
		for host := range hosts {
			told[store.SkippedHost{Skip: skip, Host: (&url.URL{Host: host}).Hostname()}] = true
		}
	}
	left := map[qianshao.Skip]hostCounts{}
	for _, k := range standing {
		if told[store.SkippedHost{Skip: k.Skip, Host: k.Host}] {
			continue
		}
		if left[k.Skip] == nil {
			left[k.Skip] = hostCounts{}
		}
		left[k.Skip][k.Host] += k.URLs
	}
	return left
}

// shownHosts is the number of hosts that a summary names for a reason.
const shownHosts = 3

func byReason(skipped map[qianshao.Skip]hostCounts) (list []Skipped) {
	for reason, hosts := range skipped {
		s := Skipped{Reason: reason}
		for host, n := range hosts {
			s.URLs += n
			if host != "" {
				s.Hosts = append(s.Hosts, host)
			}
		}
		slices.SortFunc(s.Hosts, func(a, b string) int { return cmp.Or(cmp.Compare(hosts[b], hosts[a]), cmp.Compare(a, b)) })
		if len(s.Hosts) > shownHosts {
			s.MoreHosts, s.Hosts = len(s.Hosts)-shownHosts, s.Hosts[:shownHosts]
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b Skipped) int { return cmp.Or(cmp.Compare(b.URLs, a.URLs), cmp.Compare(a.Reason, b.Reason)) })
	return list
}
