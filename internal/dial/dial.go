// Package dial makes the connections outward: it looks up names, checks addresses at the
// moment of connection, and goes through the organisation's proxy. An address that the guard
// closes cannot be reached, whatever a name resolves to, now or later.
package dial

import (
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/ncruces/go-dns"

	"github.com/qianshao/qianshao/locales"
)

const (
	// maxAddresses is how many of a name's addresses are tried through a proxy.
	maxAddresses = 3
	// maxDNSEntries bounds the cache: two answers, A and AAAA, a host.
	maxDNSEntries = 10_000
	// maxDNSAge bounds how long an answer is used, however long its TTL: an
	// address that moved is found again soon, and the absence of one, which
	// may come without a TTL, is soon asked for anew.
	maxDNSAge = 5 * time.Minute
)

// Options say how connections are made. Timeout is required.
type Options struct {
	// Resolve sends connections for a host ("school.example" or
	// "school.example:8080") to an address ("127.0.0.1:8081"), as curl's
	// --connect-to does. The address guard applies to the address dialled.
	Resolve map[string]string
	// DNS is the server that names are looked up with ("192.0.2.53:53"); the
	// system's if empty.
	DNS string
	// Proxy is the URL of a proxy through which every connection is made: http,
	// https or socks5, with user and password if it wants them. None if empty;
	// the environment is never asked. Names are resolved and addresses checked
	// here all the same, and the proxy gets an address to connect to.
	Proxy string
	// RootCAs replace the system's certificate authorities, for an https proxy.
	RootCAs *x509.CertPool
	// Timeout bounds the making of a connection.
	Timeout time.Duration
	// Remedy ends the error that refuses a private address: it says where to permit one.
	Remedy string
}

// Network is what the dialers share.
type Network struct {
	targets  map[string]string
	resolver *net.Resolver
	proxy    *proxy // nil: none
	timeout  time.Duration
	remedy   string
}

// New returns the network. The error says what is wrong with the options.
func New(opts Options) (*Network, error) {
	targets, err := parseResolve(opts.Resolve)
	if err != nil {
		return nil, err
	}
	resolver, err := newResolver(opts.DNS)
	if err != nil {
		return nil, err
	}
	via, err := parseProxy(opts)
	if err != nil {
		return nil, err
	}
	return &Network{targets: targets, resolver: resolver, proxy: via, timeout: opts.Timeout, remedy: opts.Remedy}, nil
}

// Dialer makes connections: a name is resolved, what it resolved to is checked, and
// the address that was checked is connected to.
type Dialer struct {
	network *Network
	guard   *guard
	direct  net.Dialer // its Control is the guard's
}

// Dialer returns the one that opens private addresses, or that does not.
func (s *Network) Dialer(private bool) *Dialer {
	g := newGuard(private, s.proxy != nil && !s.proxy.isLocal(), s.remedy)
	return &Dialer{network: s, guard: g, direct: net.Dialer{Timeout: s.timeout, Resolver: s.resolver, Control: g.control}}
}

// newResolver returns Go's resolver with a cache in front of the DNS servers,
// in which an answer lives as long as its shortest TTL.
func newResolver(server string) (*net.Resolver, error) {
	parent := &net.Resolver{}
	if server != "" {
		if host, port, err := net.SplitHostPort(server); err != nil || net.ParseIP(host) == nil || port == "" {
			return nil, locales.Errorf("start.dns", server)
		}
		parent.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server)
		}
	}
	return dns.NewCachingResolver(parent, dns.MaxCacheEntries(maxDNSEntries), dns.MaxCacheTTL(maxDNSAge), dns.NegativeCache(false)), nil
}

// DialContext is for an http.Transport. The error is an *AddressError if the guard has
// refused.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(target(d.network.targets, address))
	if err != nil {
		return nil, err
	}
	// Some systems turn an unspecified address into loopback before Control
	// sees it: look at what was written, too.
	if ip, err := netip.ParseAddr(host); err == nil {
		if err := d.guard.check(ip); err != nil {
			return nil, err
		}
	}
	if d.network.proxy == nil {
		return d.direct.DialContext(ctx, network, net.JoinHostPort(absolute(host), port))
	}
	addresses, err := d.resolve(ctx, host, port)
	if err != nil {
		return nil, err
	}
	return d.network.proxy.connect(ctx, addresses)
}

// absolute keeps a name with a dot in it from being looked for in the system's search domains,
// where another server may have it. Names without one are an intranet's and need them.
func absolute(host string) string {
	if _, err := netip.ParseAddr(host); err == nil || !strings.Contains(host, ".") || strings.HasSuffix(host, ".") {
		return host
	}
	return host + "."
}

// resolve returns the addresses of host that the guard opens; an error if there
// is none.
func (d *Dialer) resolve(ctx context.Context, host, port string) ([]netip.AddrPort, error) {
	number, err := d.network.resolver.LookupPort(ctx, "tcp", port)
	if err != nil {
		return nil, err
	}
	found, err := d.network.resolver.LookupNetIP(ctx, "ip", absolute(host))
	if err != nil {
		return nil, err
	}
	var open []netip.AddrPort
	err = &net.DNSError{Err: "no address", Name: host, IsNotFound: true}
	for _, ip := range found {
		if refusal := d.guard.check(ip); refusal != nil {
			err = refusal
		} else if len(open) < maxAddresses {
			open = append(open, netip.AddrPortFrom(ip.Unmap(), uint16(number)))
		}
	}
	if len(open) == 0 {
		return nil, err
	}
	return open, nil
}

// target applies Options.Resolve to "host:port".
func target(targets map[string]string, address string) string {
	if to, ok := targets[address]; ok {
		return to
	}
	if host, _, err := net.SplitHostPort(address); err == nil {
		if to, ok := targets[host]; ok {
			return to
		}
	}
	return address
}

func parseResolve(resolve map[string]string) (map[string]string, error) {
	targets := make(map[string]string, len(resolve))
	for from, to := range resolve {
		if host, port, err := net.SplitHostPort(to); err != nil || host == "" || port == "" {
			return nil, locales.Errorf("start.resolve", from, to)
		}
		targets[strings.ToLower(from)] = to
	}
	return targets, nil
}
