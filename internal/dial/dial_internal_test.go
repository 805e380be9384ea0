package dial

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/qianshao/qianshao/internal/dial/dialtest"
)

var errNotInTests = errors.New("a test connects to nothing outside")

// watched returns a dialer that makes no connections: addresses that the guard permits are noted
// instead.
func watched(t *testing.T, opts Options) (d *Dialer, opened func() []string) {
	opts.Timeout = 10 * time.Second
	network, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var list []string
	d = network.Dialer(false)
	d.direct.Control = func(network, address string, c syscall.RawConn) error {
		if err := d.guard.control(network, address, c); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		list = append(list, address)
		return errNotInTests
	}
	return d, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(list)
	}
}

// localTrap is a listener that must not get any connection.
func localTrap(t *testing.T) (port string, hits *atomic.Int64) {
	hits = new(atomic.Int64)
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			hits.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	_, port, _ = net.SplitHostPort(s.Listener.Addr().String())
	return port, hits
}

// TestRebinding: a name has a public address when it is first looked up and a private one ever
// after, or both at once. No order of answers leads to the private address.
func TestRebinding(t *testing.T) {
	port, hits := localTrap(t)
	names := dialtest.NewNameServer(t, 0, map[string][]string{
		"rebinds.example":   {"93.184.216.34", "127.0.0.1"},
		"metadata.example":  {"93.184.216.34", "169.254.169.254"},
		"both.example":      {"93.184.216.34 127.0.0.1"},
		"inside.example":    {"127.0.0.1 10.0.0.1 ::1 fe80::1 fd00:ec2::254"},
		"mapped.example":    {"::ffff:127.0.0.1"},
		"nat64.example":     {"64:ff9b::7f00:1"},
		"sixtofour.example": {"2002:7f00:1::"},
		"teredo.example":    {"2001:0:7f00:1::"},
		"zero.example":      {"0.0.0.0 ::"},

		"metadata.google.internal": {"169.254.169.254"},
	})
	d, opened := watched(t, Options{DNS: names.Address})
	for _, tc := range []struct {
		host    string
		refused []bool // for each visit; a visit that is not refused fails with errNotInTests
		opened  int
	}{
		{"rebinds.example", []bool{false, true, true}, 1},
		{"metadata.example", []bool{false, true}, 1},
		{"both.example", []bool{true, true}, 2},
		{"inside.example", []bool{true}, 0},
		{"mapped.example", []bool{true}, 0},
		{"nat64.example", []bool{true}, 0},
		{"sixtofour.example", []bool{true}, 0},
		{"teredo.example", []bool{true}, 0},
		{"zero.example", []bool{true}, 0},
		{"metadata.google.internal", []bool{true}, 0},
	} {
		before := len(opened())
		for i, want := range tc.refused {
			_, err := d.DialContext(context.Background(), "tcp", tc.host+":"+port)
			var closed *AddressError
			if err == nil || errors.As(err, &closed) != want {
				t.Errorf("%s, visit %d: %v, want a refusal: %v", tc.host, i, err, want)
			}
		}
		after := opened()[before:]
		if len(after) != tc.opened {
			t.Errorf("%s: opened %v, want %d", tc.host, after, tc.opened)
		}
		for _, address := range after {
			if address != "93.184.216.34:"+port {
				t.Errorf("%s: %s was opened", tc.host, address)
			}
		}
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

// TestNamesAreAbsolute: a name that does not exist is not looked up in a search domain, where it
// could belong to somebody else.
func TestNamesAreAbsolute(t *testing.T) {
	for in, want := range map[string]string{
		"school.example": "school.example.", "school.example.": "school.example.", "oa": "oa", "localhost": "localhost",
		"127.0.0.1": "127.0.0.1", "::1": "::1", "fe80::1%eth0": "fe80::1%eth0",
	} {
		if got := absolute(in); got != want {
			t.Errorf("absolute(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestProxyIsLocal: is the proxy's loopback that of this machine?
func TestProxyIsLocal(t *testing.T) {
	for via, local := range map[string]bool{
		"http://127.0.0.1:3128": true, "http://localhost:3128": true, "socks5://[::1]:1080": true, "http://[::ffff:127.0.0.1]:3128": true,
		"http://192.0.2.1:3128": false, "socks5://proxy.example:1080": false, "https://localhost.example:443": false,
	} {
		p, err := parseProxy(Options{Proxy: via, Timeout: time.Second})
		if err != nil || p.isLocal() != local {
			t.Errorf("%s is local: %v, %v", via, !local, err)
		}
	}
}
