package fetch

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"time"

	"github.com/qianshao/qianshao/internal/dial"
)

// newNetwork returns what both transports make their connections with.
func newNetwork(opts Options, l Limits) (*dial.Network, error) {
	network, err := dial.New(dial.Options{
		Resolve: opts.Resolve, DNS: opts.DNS, Proxy: opts.Proxy, RootCAs: opts.RootCAs, Timeout: l.Connect,
		Remedy: "if this is an intranet site, set allow_private: true in its authorisation",
	})
	if err != nil {
		return nil, fmt.Errorf("fetch: %w", err)
	}
	return network, nil
}

func newTransport(d *dial.Dialer, opts Options, l Limits) *http.Transport {
	return &http.Transport{
		Proxy:                  nil, // the dialer's business, and never taken from the environment
		DialContext:            d.DialContext,
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
