// Package ingesttest is a web to crawl: as many hosts and pages as asked for,
// the same for the same seed, on one listener of 127.0.0.1. Most hosts are
// ordinary; the others are what a crawler meets on the real web: hosts that are
// slow, drop connections, loop, lie about length, charset and type, lead into
// endless mazes or send bombs. All link out of the scope now and then. It counts
// the requests, so that a test can check a crawler's manners.
package ingesttest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
)

// Options of New.
type Options struct {
	Hosts int
	Pages int // of all ordinary and slow hosts together
	Seed  uint64
	// Rate is the authorisation's rate, in requests a second to each host.
	Rate float64
	// Plain makes all hosts ordinary, for measurements.
	Plain bool
	// FlaggedEvery is n where one page in n has an advertisement like those on
	// hacked sites; 0 means 60.
	FlaggedEvery int
	// Campaigns is how many different advertisements there are; 0 is one.
	Campaigns int
	// Listen is the address to listen on; by default a free port of 127.0.0.1.
	Listen string
}

// Web is a web at work.
type Web struct {
	Options
	hosts  []host
	byName map[string]host
	server *http.Server
	addr   string

	mu       sync.Mutex
	requests map[string]int     // by URL without scheme
	visits   map[string][]visit // by host, in the order in which they began
	outside  []string
}

// visit is a request as the server saw it.
type visit struct {
	path       string
	arrived    Arrival
	request    context.Context
	begin, end time.Time // end is zero until the request is answered, or its client has gone
}

// host is one host of the web.
type host struct {
	name  string
	kind  kind
	pages int
}

// New makes a web; Start makes it answer.
func New(opts Options) *Web {
	w := &Web{Options: opts, byName: map[string]host{}, requests: map[string]int{}, visits: map[string][]visit{}}
	if w.FlaggedEvery == 0 {
		w.FlaggedEvery = defaultFlagged
	}
	kinds := unruly()
	for i := range opts.Hosts {
		h := host{name: fmt.Sprintf("h%03d.example", i), kind: ordinary}
		// Every fourth host is unruly, of each kind in turn.
		if !opts.Plain && i%4 == 3 {
			h.kind = kinds[i/4%len(kinds)]
		}
		w.hosts = append(w.hosts, h)
	}
	var full []int // hosts with pages
	for i := range w.hosts {
		if k := w.hosts[i].kind; k == ordinary || k == slow {
			full = append(full, i)
		}
	}
	for n, i := range full {
		w.hosts[i].pages = opts.Pages/len(full) + min(1, max(0, opts.Pages%len(full)-n))
	}
	for _, h := range w.hosts {
		w.byName[h.name] = h
	}
	return w
}

// Start listens.
func (w *Web) Start() error {
	at := w.Listen
	if at == "" {
		at = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", at)
	if err != nil {
		return fmt.Errorf("test web: %w", err)
	}
	w.addr = listener.Addr().String()
	w.server = &http.Server{Handler: http.HandlerFunc(w.serve), ReadHeaderTimeout: time.Minute}
	WithArrivals(w.server)
	go func() { _ = w.server.Serve(listener) }() // ends with Stop
	return nil
}

// Stop closes all connections.
func (w *Web) Stop(context.Context) error { return w.server.Close() }

// outsideHosts is the number of hosts that are linked to, but not covered by any authorisation.
const outsideHosts = 3

// Resolve directs all hosts, even those outside, to the listener, so that a
// request that should not be made is seen.
func (w *Web) Resolve() map[string]string {
	m := map[string]string{}
	for _, h := range w.hosts {
		m[h.name] = w.addr
	}
	for i := range outsideHosts {
		m[outsideHost(i)] = w.addr
	}
	return m
}

func outsideHost(i int) string { return fmt.Sprintf("outside%d.example", i) }

// Addr is the listener's address.
func (w *Web) Addr() string { return w.addr }

// Authorisation covers the web's hosts and nothing else.
func (w *Web) Authorisation(now time.Time) qianshao.Authorisation {
	a := qianshao.Authorisation{
		ID: "test-web", Owner: "测试", Basis: "测试", Contact: "test@example.com", Rate: w.Rate, AllowPrivate: true,
		ValidFrom: now.Add(-24 * time.Hour), ValidUntil: now.AddDate(1, 0, 0),
	}
	for _, h := range w.hosts {
		a.Hosts = append(a.Hosts, h.name)
		a.Seeds = append(a.Seeds, "http://"+h.name+"/")
	}
	return a
}

// URLs are the pages of ordinary hosts, host by host.
func (w *Web) URLs() (urls []string) {
	w.Pages(func(url, _ string) bool {
		urls = append(urls, url)
		return true
	})
	return urls
}

// Pages calls yield with the URL and the HTML of every page of an ordinary
// host, until it returns false.
func (w *Web) Pages(yield func(url, html string) bool) {
	for _, h := range w.hosts {
		if h.kind != ordinary {
			continue
		}
		for n := range h.pages {
			if !yield("http://"+h.name+pagePath(n), w.html(h, n)) {
				return
			}
		}
	}
}

// note counts a request. answered is to be called at its end.
func (w *Web) note(r *http.Request) (times int, answered func()) {
	arrived := Arrived(r)
	w.mu.Lock()
	defer w.mu.Unlock()
	key := r.Host + r.URL.RequestURI()
	w.requests[key]++
	answered = func() {}
	if w.Rate > 0 && !w.Plain {
		n := len(w.visits[r.Host])
		end := func(i int) {
			if v := &w.visits[r.Host][i]; v.end.IsZero() {
				v.end = time.Now()
			}
		}
		if n > 0 && HungUp(w.visits[r.Host][n-1].request) { // the handler may not know it yet
			end(n - 1)
		}
		w.visits[r.Host] = append(w.visits[r.Host], visit{path: r.URL.Path, arrived: arrived, request: r.Context(), begin: time.Now()})
		answered = func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			end(n)
		}
	}
	if _, ok := w.byName[r.Host]; !ok {
		w.outside = append(w.outside, key)
	}
	return w.requests[key], answered
}

// Requests returns how often each URL (without its scheme) was requested.
func (w *Web) Requests() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := make(map[string]int, len(w.requests))
	for k, n := range w.requests {
		m[k] = n
	}
	return m
}

// Outside returns the requested URLs of hosts that no authorisation covers.
func (w *Web) Outside() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.outside)
}

// Hasty returns the hosts that got more requests than their rate permits: run requests in less time than they
// should take. As net/http by itself repeats a request to a host that drops connections, single requests are
// not compared for such hosts.
func (w *Web) Hasty(run int) []string {
	least := time.Duration(float64(run) / w.Rate * float64(time.Second))
	return w.faults(func(h host, visits []visit) string {
		for i := run; i < len(visits) && (run > 1 || h.kind != drops); i++ {
			if took := visits[i].arrived.SinceAtMost(visits[i-run].arrived); took < least {
				return fmt.Sprintf("%d requests in %s at most, at least %s expected; the last for %s", run+1, took, least, visits[i].path)
			}
		}
		return ""
	})
}

// Together returns the hosts that got a request before they had answered the last one.
func (w *Web) Together() []string {
	return w.faults(func(_ host, visits []visit) string {
		for i := 1; i < len(visits); i++ {
			if before, now := visits[i-1], visits[i]; before.end.IsZero() || before.end.After(now.begin) {
				return fmt.Sprintf("%s was asked for %s after %s, which was not answered yet", now.path, now.begin.Sub(before.begin), before.path)
			}
		}
		return ""
	})
}

// faults returns what find reports for each host, in order.
func (w *Web) faults(find func(host, []visit) string) (list []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, h := range w.hosts {
		if fault := find(h, w.visits[h.name]); fault != "" {
			list = append(list, h.name+": "+fault)
		}
	}
	return list
}
