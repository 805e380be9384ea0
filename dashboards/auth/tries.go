package auth

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// allowance is how many tries are allowed at once, and the time after which there is one more.
type allowance struct {
	atOnce int
	every  time.Duration
}

// Tries of a password or code are counted in three ways. Somebody who knows a name cannot lock its
// owner out: a browser in which the owner has signed in before has an allowance of its own (OWASP's
// "device cookies"), and a one-time link needs none. The allowance of an address, perhaps a proxy's
// with everybody behind it, is enough for an office.
const (
	deviceTries  = "device"  // of an account from a browser that it knows
	pairTries    = "pair"    // of an account from an address
	accountTries = "account" // of an account from all addresses
	addressTries = "address" // of all accounts from an address
)

func allowances() map[string]allowance {
	return map[string]allowance{
		deviceTries:  {10, 10 * time.Second},
		pairTries:    {5, 10 * time.Second},
		accountTries: {30, 5 * time.Second},
		addressTries: {60, time.Second},
	}
}

// maxTriers bounds the number of counts that are remembered.
const maxTriers = 8192

// trier identifies tries that are counted together.
type trier struct {
	kind    string
	account string
	address netip.Prefix
	device  string
}

// tries counts tries. It is safe for concurrent use.
type tries struct {
	now  func() time.Time
	mu   sync.Mutex
	each map[trier]*rate.Limiter
}

func newTries(now func() time.Time) *tries {
	return &tries{now: now, each: map[trier]*rate.Limiter{}}
}

// take takes one try of an account's from an address, or returns how long to wait for the next.
// device is the browser's, if the account knows it; otherwise "".
func (t *tries) take(account, remote, device string) (wait time.Duration) {
	from := network(remote)
	counted := []trier{{kind: pairTries, account: account, address: from}, {kind: accountTries, account: account}, {kind: addressTries, address: from}}
	if device != "" {
		counted = []trier{{kind: deviceTries, account: account, device: device}}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now, limits := t.now(), allowances()
	for _, c := range counted {
		if missing := 1 - t.limiter(c, limits[c.kind], now).TokensAt(now); missing > 0 {
			wait = max(wait, time.Duration(missing*float64(limits[c.kind].every)).Truncate(time.Second)+time.Second)
		}
	}
	if wait > 0 { // refused tries are not counted: somebody who keeps trying would never get in
		return wait
	}
	for _, c := range counted {
		t.each[c].AllowN(now, 1)
	}
	return 0
}

func (t *tries) limiter(c trier, a allowance, now time.Time) *rate.Limiter {
	limiter := t.each[c]
	if limiter == nil {
		if len(t.each) >= maxTriers {
			t.forget(now)
		}
		limiter = rate.NewLimiter(rate.Every(a.every), a.atOnce)
		t.each[c] = limiter
	}
	return limiter
}

// forget drops the counts that have their whole allowance back. If there are none, it drops all but
// those of accounts over all addresses: an attacker with thousands of addresses gains five tries
// from each, but the account allows only thirty in all.
func (t *tries) forget(now time.Time) {
	for c, limiter := range t.each {
		if limiter.TokensAt(now) >= float64(limiter.Burst()) {
			delete(t.each, c)
		}
	}
	if len(t.each) < maxTriers {
		return
	}
	for c := range t.each {
		if c.kind != accountTries {
			delete(t.each, c)
		}
	}
	if len(t.each) >= maxTriers { // counts of names that do not exist
		clear(t.each)
	}
}

// network is the unit of addresses by which tries are counted: one IPv4 address, or a /64, which is
// what an IPv6 customer commonly has.
func network(remote string) netip.Prefix {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	ip = ip.Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
