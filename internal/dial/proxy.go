package dial

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	xproxy "golang.org/x/net/proxy"

	"github.com/qianshao/qianshao/locales"
)

// proxy makes connections through a proxy. It gets addresses that the guard has permitted, never
// names, so that the proxy connects to what was checked. Plain http uses a tunnel, too: with a
// request in the form for proxies, the proxy would replace the site's name by the address.
type proxy struct {
	url     *url.URL
	timeout time.Duration
	roots   *x509.CertPool       // for an https proxy; nil means the system's
	socks   xproxy.ContextDialer // for a socks5 proxy
}

// parseProxy reads Options.Proxy. It returns nil for "". Errors do not show a password.
func parseProxy(opts Options) (*proxy, error) {
	if opts.Proxy == "" {
		return nil, nil
	}
	u, err := url.Parse(opts.Proxy)
	if err != nil { // the library's message would quote the password
		return nil, locales.Errorf("start.proxy.no_url")
	}
	p := &proxy{url: u, timeout: opts.Timeout, roots: opts.RootCAs}
	switch {
	case u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5":
		return nil, locales.Errorf("start.proxy.scheme", u.Redacted())
	case u.Hostname() == "" || u.Port() == "":
		return nil, locales.Errorf("start.proxy.host", u.Redacted())
	case u.Scheme != "socks5":
		return p, nil
	}
	var auth *xproxy.Auth
	if u.User != nil {
		password, _ := u.User.Password()
		auth = &xproxy.Auth{User: u.User.Username(), Password: password}
	}
	socks, err := xproxy.SOCKS5("tcp", u.Host, auth, &net.Dialer{Timeout: opts.Timeout})
	if err != nil {
		return nil, fmt.Errorf("proxy %q: %w", u.Redacted(), err)
	}
	dialer, ok := socks.(xproxy.ContextDialer)
	if !ok {
		return nil, fmt.Errorf("proxy %q: its dialer cannot be cancelled", u.Redacted())
	}
	p.socks = dialer
	return p, nil
}

// isLocal reports whether the proxy runs on this machine, according to its URL.
func (p *proxy) isLocal() bool {
	ip, err := netip.ParseAddr(p.url.Hostname())
	return p.url.Hostname() == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// ProxyError means that no connection could be made through the proxy.
type ProxyError struct {
	by  string // the proxy, without its password
	at  netip.AddrPort
	err error
}

// Error names the proxy, and the address that it should have connected to.
func (e *ProxyError) Error() string { return e.In(locales.English) }

// In implements locales.Speaker.
func (e *ProxyError) In(l locales.Lang) string { return l.Text("dial.proxy", e.by, e.at, e.err) }

// Unwrap returns the cause.
func (e *ProxyError) Unwrap() error { return e.err }

// connect returns a connection to the first address that answers, or else the error of the last
// one.
func (p *proxy) connect(ctx context.Context, addresses []netip.AddrPort) (conn net.Conn, err error) {
	for _, at := range addresses {
		if conn, err = p.tunnel(ctx, at); err == nil {
			return &tunnelled{Conn: conn, to: net.TCPAddrFromAddrPort(at)}, nil
		}
		err = &ProxyError{p.url.Redacted(), at, err}
	}
	return nil, err
}

// tunnelled is a connection through a proxy. Its remote address is the site's.
type tunnelled struct {
	net.Conn
	to net.Addr
}

func (t *tunnelled) RemoteAddr() net.Addr { return t.to }

func (p *proxy) tunnel(ctx context.Context, at netip.AddrPort) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	if p.socks != nil {
		return p.socks.DialContext(ctx, "tcp", at.String())
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.url.Host)
	if err != nil {
		return nil, err
	}
	if p.url.Scheme == "https" {
		conn = tls.Client(conn, &tls.Config{ServerName: p.url.Hostname(), RootCAs: p.roots, MinVersion: tls.VersionTLS12})
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	err = p.ask(conn, at)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// ask asks the proxy to connect to at (RFC 9110, 9.3.6).
func (p *proxy) ask(conn net.Conn, at netip.AddrPort) error {
	request := &http.Request{
		Method: http.MethodConnect, URL: &url.URL{Opaque: at.String()}, Host: at.String(), Header: http.Header{},
	}
	request.Header.Set("User-Agent", "") // the proxy need not know it
	if user := p.url.User; user != nil {
		password, _ := user.Password()
		request.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	if err := request.Write(conn); err != nil {
		return err
	}
	const most = 64 << 10 // bytes of the answer's header
	reader := bufio.NewReader(io.LimitReader(conn, most))
	response, err := http.ReadResponse(reader, request)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return locales.Errorf("dial.proxy.refused", fmt.Sprintf("%.200s", response.Status))
	}
	if reader.Buffered() > 0 {
		return locales.Errorf("dial.proxy.early")
	}
	return nil
}
