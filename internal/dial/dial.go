// Package dial makes outgoing connections: it looks up names, checks addresses at the moment of
// connecting, and goes through the organisation's proxy. An address that the guard refuses cannot
// be reached, whatever a name resolves to, now or later.
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
	// maxAddresses is how many addresses of a name are tried through a proxy.
	maxAddresses = 3
	// maxDNSEntries bounds the cache. A host has two answers, A and AAAA.
	maxDNSEntries = 10_000
	// maxDNSAge bounds how long an answer is used, whatever its TTL: an address that has moved is
	// soon found again, and so is one that was missing, an answer that may come without a TTL.
	maxDNSAge = 5 * time.Minute
)

// Options say how connections are made. Timeout is required.
type Options struct {
	// Resolve sends connections for a host ("school.example" or "school.example:8080") to an
	// address ("127.0.0.1:8081"), like curl's --connect-to. The address guard checks the address
	// that is dialled.
	Resolve map[string]string
	// DNS is the server that looks up names ("192.0.2.53:53"). If it is empty, the system's is
	// used.
	DNS string
	// Proxy is the URL of a proxy through which every connection is made: http, https or socks5,
	// with user and password if necessary. If it is empty there is no proxy: the environment is not
	// consulted. Names are still resolved and addresses checked here, and the proxy is given an
	// address to connect to.
	Proxy string
	// RootCAs replace the system's certificate authorities, for an https proxy.
	RootCAs *x509.CertPool
	// Timeout bounds the time to make a connection.
	Timeout time.Duration
	// Remedy ends the error that refuses a private address: it says where to permit such addresses.
	Remedy locales.Message
}

// Network is what all dialers share.
type Network struct {
	targets  map[string]string
	resolver *net.Resolver
	proxy    *proxy // nil if there is none
	timeout  time.Duration
	remedy   locales.Message
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

// Dialer makes connections: it resolves a name, checks the addresses, and connects to the address
// that it has checked.
type Dialer struct {
	network *Network
	guard   *guard
	direct  net.Dialer // its Control is the guard's
}

// Dialer returns the dialer that may connect to private addresses, or the one that may not.
func (s *Network) Dialer(private bool) *Dialer {
	g := newGuard(private, s.proxy != nil && !s.proxy.isLocal(), s.remedy)
	return &Dialer{network: s, guard: g, direct: net.Dialer{Timeout: s.timeout, Resolver: s.resolver, Control: g.control}}
}

// newResolver returns Go's resolver with a cache in front of the DNS servers. An answer stays in
// the cache for its shortest TTL.
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

// DialContext can be used by an http.Transport. The error is an *AddressError if the guard has
// refused the address.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(target(d.network.targets, address))
	if err != nil {
		return nil, err
	}
	// Some systems turn an unspecified address into loopback before Control sees it, so the address
	// as written is checked, too.
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

// absolute makes a name with a dot absolute, so that it is not looked up in the system's search
// domains, where another server may have it. Names without a dot belong to an intranet and need
// those domains.
func absolute(host string) string {
	if _, err := netip.ParseAddr(host); err == nil || !strings.Contains(host, ".") || strings.HasSuffix(host, ".") {
		return host
	}
	return host + "."
}

// resolve returns the addresses of host that the guard permits, or an error if it permits none.
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
