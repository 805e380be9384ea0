package fetch

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/qianshao/qianshao/internal/dial"
	"github.com/qianshao/qianshao/locales"
)

// newNetwork returns the dialer of both transports.
func newNetwork(opts Options, l Limits) (*dial.Network, error) {
	return dial.New(dial.Options{
		Resolve: opts.Resolve, DNS: opts.DNS, Proxy: opts.Proxy, RootCAs: opts.RootCAs, Timeout: l.Connect,
		Remedy: locales.M("dial.remedy.scope"),
	})
}

func newTransport(d *dial.Dialer, opts Options, l Limits) *http.Transport {
	return &http.Transport{
		Proxy:                  nil, // done by the dialer, and never taken from the environment
		DialContext:            noted(d),
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

// connection knows when it was last written to: net/http reports a request as sent before the
// bytes leave its buffer.
type connection struct {
	net.Conn

	mu      sync.Mutex // held while something is written
	written time.Time
}

func noted(d *dial.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &connection{Conn: c}, nil
	}
}

func (c *connection) Write(p []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, err = c.Conn.Write(p)
	c.written = time.Now()
	return n, err
}

// sent returns when the last bytes were sent over a connection, and never too early a time:
// it returns now if something is still being written, or if there is no connection.
func sent(c net.Conn) time.Time {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	if c, ok := c.(*connection); ok && c.mu.TryLock() {
		defer c.mu.Unlock()
		return c.written
	}
	return time.Now()
}
