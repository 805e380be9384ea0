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

// Tries of a password or code are counted three ways. Whoever knows a name cannot keep
// its owner out: a browser in which the owner has logged in before has an allowance of
// its own, as OWASP's "device cookies" have it, and a one-time link needs none. One
// address, perhaps a proxy's with everybody behind it, has enough for an office.
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

// maxTriers bounds the allowances that are remembered.
const maxTriers = 8192

// trier identifies the tries that are counted together.
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

// take takes one try of an account's from an address, or says when there is one again.
// device is of a browser that the account knows, "" for others.
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
	if wait > 0 { // what is refused costs nothing, or knocking on would keep the door shut
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

// forget drops those that have their whole allowance back. If there are none, it drops
// all but the accounts' own: an attacker with thousands of addresses gains five tries
// each, of which an account counts thirty.
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
	if len(t.each) >= maxTriers { // of names that nobody has
		clear(t.each)
	}
}

// network is the address that tries are counted by: one IPv4 address, or the
// /64 that one IPv6 customer commonly has.
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
