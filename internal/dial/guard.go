package dial

import (
	"net/netip"
	"syscall"

	"code.dny.dev/ssrf"

	"github.com/qianshao/qianshao/locales"
)

// AddressError means that the address guard has refused an address.
type AddressError struct {
	address string
	reason  locales.Message
	never   bool
}

// Address is the refused address.
func (e *AddressError) Address() string { return e.address }

// Never reports whether nothing can permit the address. Other addresses can be permitted, if they
// are services of the organisation.
func (e *AddressError) Never() bool { return e.never }

// Error names the address and why it is refused.
func (e *AddressError) Error() string { return e.In(locales.English) }

// In implements locales.Speaker.
func (e *AddressError) In(l locales.Lang) string { return l.Text("dial.closed", e.address, e.reason) }

// guard checks the address of every connection just before it is made, so that a name that resolves
// differently between check and use gains nothing.
type guard struct {
	guardian *ssrf.Guardian
	// never are the addresses that are refused whatever the authorisation says.
	never []netip.Prefix
	// private says that private addresses are permitted.
	private bool
	// remedy ends the error that refuses a private address.
	remedy locales.Message
}

// newGuard permits the public Internet and, if private, also loopback, RFC 1918 and unique local
// addresses. It does not check ports. If there is a proxy elsewhere, loopback is always refused: it
// would be the proxy's own.
func newGuard(private, elsewhere bool, remedy locales.Message) *guard {
	opts := []ssrf.Option{ssrf.WithAnyPort()}
	if private {
		opts = append(opts,
			ssrf.WithAllowedV4Prefixes(
				netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"),
				netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16")),
			ssrf.WithAllowedV6Prefixes(netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("fc00::/7")))
	}
	g := &guard{guardian: ssrf.New(opts...), private: private, remedy: remedy, never: []netip.Prefix{
		netip.MustParsePrefix("168.63.129.16/32"),   // Azure's WireServer, on a public address
		netip.MustParsePrefix("169.254.0.0/16"),     // link-local; 169.254.169.254 serves metadata in most clouds
		netip.MustParsePrefix("100.100.100.200/32"), // Alibaba Cloud metadata
		netip.MustParsePrefix("fd00:ec2::254/128"),  // AWS metadata, in the unique local range
		netip.MustParsePrefix("fd20:ce::254/128"),   // Google Cloud metadata, in the same range
		netip.MustParsePrefix("fd00:42::42/128"),    // Scaleway metadata, in the same range
		netip.MustParsePrefix("fe80::/10"),          // link-local
	}}
	if elsewhere {
		g.never = append(g.never, netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"))
	}
	return g
}

// control can be used as a net.Dialer.Control.
func (g *guard) control(network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return &AddressError{address, locales.M("dial.network", network), true}
	}
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return &AddressError{address, locales.M("dial.no_address"), true}
	}
	return g.check(at.Addr())
}

func (g *guard) check(ip netip.Addr) error {
	plain := ip.Unmap().WithZone("")
	for _, prefix := range g.never {
		if prefix.Contains(plain) {
			return &AddressError{ip.String(), locales.M("dial.never"), true}
		}
	}
	if err := g.guardian.SafeAddr(plain); err != nil {
		return &AddressError{ip.String(), locales.M("dial.private", g.remedy), g.private || !plain.IsLoopback() && !plain.IsPrivate()}
	}
	return nil
}
