package fetch

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/dial/dialtest"
)

func testFetcher(t *testing.T, private bool, opts Options) *Fetcher {
	t.Helper()
	a := &qianshao.Authorisation{ID: "all", ValidUntil: time.Now().AddDate(1, 0, 0), Rate: 1000, AllowPrivate: private, RobotsWaiver: "test"}
	opts.UserAgent = "qianshao/test (+https://operator.example/)"
	opts.Permit = func(*url.URL) (*qianshao.Authorisation, qianshao.Skip) { return a, "" }
	f, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

func skipName(t *testing.T, err error) qianshao.Skip {
	t.Helper()
	var skip *SkipError
	if !errors.As(err, &skip) {
		t.Fatalf("error %v is not a SkipError", err)
	}
	return skip.Skip
}

// localTrap is a listener that must see no connection.
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

// TestDNSCache: an answer is used for as long as its TTL and no longer.
func TestDNSCache(t *testing.T) {
	var hosts []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hosts = append(hosts, r.Context().Value(http.LocalAddrContextKey).(net.Addr).String())
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Connection", "close") // a look-up for each request
	}))
	t.Cleanup(s.Close)
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	for _, ttl := range []uint32{0, 1, 300} {
		names := dialtest.NewNameServer(t, ttl, map[string][]string{"school.example": {"127.0.0.1"}})
		f := testFetcher(t, true, Options{DNS: names.Address})
		var counts []int // after each request; between the last two, a TTL of a second ends
		for i := range 3 {
			if i == 2 && ttl == 1 {
				time.Sleep(1100 * time.Millisecond)
			}
			if _, err := f.Get(context.Background(), Request{URL: "http://school.example:" + port + "/"}); err != nil {
				t.Fatal(err)
			}
			counts = append(counts, names.Count("school.example"))
		}
		switch {
		case ttl == 300 && counts[2] != 1:
			t.Errorf("TTL 300 s: look-ups %v; the answer was not used again", counts)
		case ttl < 300 && counts[2] != counts[1]+1:
			t.Errorf("TTL %d s: look-ups %v; the answer was used for longer", ttl, counts)
		case ttl == 0 && counts[1] != 2:
			t.Errorf("TTL 0: look-ups %v; an answer not to be kept was kept", counts)
		}
	}
	if len(hosts) != 9 {
		t.Errorf("%d requests", len(hosts))
	}
}

func TestDialOptions(t *testing.T) {
	for _, tc := range []struct {
		opts Options
		want string
	}{
		{Options{DNS: "dns.example:53"}, "address and port"},
		{Options{DNS: "192.0.2.53"}, "address and port"},
		{Options{Proxy: "proxy.example:3128"}, "proxy"},
		{Options{Proxy: "http://proxy.example"}, "host and a port"},
		{Options{Proxy: "ftp://proxy.example:21"}, "socks5"},
		{Options{Proxy: "http://user:secret@proxy.example"}, "user:xxxxx@"},
		{Options{Proxy: "http://user:secret@proxy .example:1"}, "not a URL"},
	} {
		tc.opts.UserAgent = "test"
		tc.opts.Permit = func(*url.URL) (*qianshao.Authorisation, qianshao.Skip) { return nil, "" }
		_, err := New(tc.opts)
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q %q: %v, want %q", tc.opts.DNS, tc.opts.Proxy, err, tc.want)
		}
	}
}
