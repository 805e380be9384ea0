package fetch

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/ncruces/go-dns"
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

// network is what the dialers of both transports share.
type network struct {
	targets  map[string]string
	resolver *net.Resolver
	proxy    *proxy // nil: none
	timeout  time.Duration
}

func newNetwork(opts Options, l Limits) (*network, error) {
	targets, err := parseResolve(opts.Resolve)
	if err != nil {
		return nil, err
	}
	resolver, err := newResolver(opts.DNS)
	if err != nil {
		return nil, err
	}
	via, err := parseProxy(opts, l.Connect)
	if err != nil {
		return nil, err
	}
	return &network{targets: targets, resolver: resolver, proxy: via, timeout: l.Connect}, nil
}

// dialer makes the connections of a transport: a name is resolved, what it
// resolved to is checked, and the address that was checked is connected to.
type dialer struct {
	*network
	guard  *guard
	direct net.Dialer // its Control is the guard's
}

// dialer returns the one for authorisations that open private addresses, or
// that do not.
func (s *network) dialer(private bool) *dialer {
	g := newGuard(private, s.proxy != nil && !s.proxy.isLocal())
	return &dialer{network: s, guard: g, direct: net.Dialer{Timeout: s.timeout, Resolver: s.resolver, Control: g.control}}
}

func newTransport(d *dialer, opts Options, l Limits) *http.Transport {
	return &http.Transport{
		Proxy:                  nil, // the dialer's business, and never taken from the environment
		DialContext:            d.dial,
		TLSClientConfig:        &tls.Config{RootCAs: opts.RootCAs, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:      true, // a custom dialer would switch it off
		DisableCompression:     true, // decoded here, with a cap
		TLSHandshakeTimeout:    l.Connect,
		ResponseHeaderTimeout:  l.Header,
		MaxResponseHeaderBytes: l.MaxHeader,
		MaxIdleConns:           200,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        30 * time.Second,
	}
}

// newResolver returns Go's resolver with a cache in front of the DNS servers,
// in which an answer lives as long as its shortest TTL.
func newResolver(server string) (*net.Resolver, error) {
	parent := &net.Resolver{}
	if server != "" {
		if host, port, err := net.SplitHostPort(server); err != nil || net.ParseIP(host) == nil || port == "" {
			return nil, fmt.Errorf("fetch: DNS server %q must be an address and port, as 192.0.2.53:53", server)
		}
		parent.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server)
		}
	}
	return dns.NewCachingResolver(parent, dns.MaxCacheEntries(maxDNSEntries), dns.MaxCacheTTL(maxDNSAge), dns.NegativeCache(false)), nil
}

// dial is an http.Transport's DialContext.
func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(target(d.targets, address))
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
	if d.proxy == nil {
		return d.direct.DialContext(ctx, network, net.JoinHostPort(absolute(host), port))
	}
	addresses, err := d.resolve(ctx, host, port)
	if err != nil {
		return nil, err
	}
	return d.proxy.connect(ctx, addresses)
}

// absolute keeps a name with a dot in it from being looked for in the system's
// search domains, where another server may bear it. Names without one are an
// intranet's and need them.
func absolute(host string) string {
	if _, err := netip.ParseAddr(host); err == nil || !strings.Contains(host, ".") || strings.HasSuffix(host, ".") {
		return host
	}
	return host + "."
}

// resolve returns the addresses of host that the guard opens; an error if there
// is none.
func (d *dialer) resolve(ctx context.Context, host, port string) ([]netip.AddrPort, error) {
	number, err := d.resolver.LookupPort(ctx, "tcp", port)
	if err != nil {
		return nil, err
	}
	found, err := d.resolver.LookupNetIP(ctx, "ip", absolute(host))
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
			return nil, fmt.Errorf("fetch: resolve %q to %q: the target must be an address and port, as 127.0.0.1:8081", from, to)
		}
		targets[strings.ToLower(from)] = to
	}
	return targets, nil
}
