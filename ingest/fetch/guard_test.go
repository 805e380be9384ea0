package fetch_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/fetch"
)

// everywhere permits every URL, so that only the address guard is left.
func everywhere(allowPrivate bool) func(*url.URL) (*qianshao.Authorisation, qianshao.Skip) {
	a := &qianshao.Authorisation{ID: "all", ValidUntil: time.Now().AddDate(1, 0, 0), Rate: 1000, AllowPrivate: allowPrivate}
	return func(*url.URL) (*qianshao.Authorisation, qianshao.Skip) { return a, "" }
}

func newFetcher(t testing.TB, opts fetch.Options) *fetch.Fetcher {
	t.Helper()
	if opts.UserAgent == "" {
		opts.UserAgent = "qianshao/test (+https://operator.example/)"
	}
	f, err := fetch.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

func skipOf(t testing.TB, err error) qianshao.Skip {
	t.Helper()
	var skip *fetch.SkipError
	if !errors.As(err, &skip) {
		t.Fatalf("error %v is not a SkipError", err)
	}
	return skip.Skip
}

// trap listens on all of loopback's usual addresses and counts connections.
func trap(t *testing.T) (port string, hits *atomic.Int64) {
	t.Helper()
	hits = new(atomic.Int64)
	listener, err := net.Listen("tcp", ":0") //nolint:gosec // every way to this machine must be seen
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			hits.Add(1)
			_ = conn.Close()
		}
	}()
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return port, hits
}

// badTargets must not be connected to without allow_private. PORT is a listener
// on this machine that must see no connection.
func badTargets(port string) []string {
	targets := []string{
		// loopback, in all spellings
		"http://127.0.0.1:PORT/", "http://127.0.0.2:PORT/", "http://127.255.255.254:PORT/", "http://localhost:PORT/",
		"http://2130706433:PORT/", "http://017700000001:PORT/", "http://0x7f000001:PORT/", "http://0x7f.1:PORT/",
		"http://127.1:PORT/", "http://127.0.1:PORT/", "http://0177.0.0.1:PORT/", "http://0x7F.0x0.0x0.0x1:PORT/",
		"http://127.0.0.1.:PORT/", "http://①②⑦.⓪.⓪.①:PORT/", "http://127。0。0。1:PORT/", "http://%31%32%37.0.0.1:PORT/",
		"http://user:pw@127.0.0.1:PORT/", "http:\\\\127.0.0.1:PORT\\", "http://127.0.0.1:PORT#@public.example/",
		"http://[::1]:PORT/", "http://[0:0:0:0:0:0:0:1]:PORT/", "http://[::ffff:127.0.0.1]:PORT/", "http://[::ffff:7f00:1]:PORT/",
		"http://[::127.0.0.1]:PORT/", "http://LOCALHOST:PORT/", "http://localhost.:PORT/", "http://ｌｏｃａｌｈｏｓｔ:PORT/", "http://loc%61lhost:PORT/",
		"http://１２７.０.０.１:PORT/", "http://0300.0250.1.1:PORT/", "http://0x7f.0.0.0x1.:PORT/", "http://[::ffff:0:127.0.0.1]:PORT/",
		// this host
		"http://0.0.0.0:PORT/", "http://0:PORT/", "http://0.1.2.3:PORT/", "http://[::]:PORT/", "http://[::ffff:0.0.0.0]:PORT/",
		// private and shared
		"http://10.0.0.1/", "http://10.255.255.255/", "http://172.16.0.1/", "http://172.31.255.254/", "http://192.168.1.1/",
		"http://0xc0a80101/", "http://[::ffff:192.168.1.1]/", "http://[fc00::1]/", "http://[fd12:3456:789a::1]/",
		"http://100.64.0.1/", "http://100.100.100.200/latest/meta-data/",
		// link-local and metadata
		"http://169.254.169.254/latest/meta-data/", "http://2852039166/", "http://0xa9fea9fe/", "http://0251.0376.0251.0376/",
		"http://[::ffff:169.254.169.254]/", "http://[fe80::1]/", "http://[fd00:ec2::254]/", "http://[fd20:ce::254]/",
		"http://168.63.129.16/metadata/instance",
		// embedded in other addresses
		"http://[64:ff9b::7f00:1]/", "http://[64:ff9b::a9fe:a9fe]/", "http://[64:ff9b:1::7f00:1]/",
		"http://[2002:7f00:1::]/", "http://[2002:a9fe:a9fe::1]/", "http://[2001:0:7f00:1::]/", "http://[2001:db8::1]/",
		// reserved, multicast, documentation, benchmarking
		"http://192.0.0.192/", "http://192.0.2.1/", "http://198.18.0.1/", "http://198.51.100.1/", "http://203.0.113.1/",
		"http://192.88.99.1/", "http://224.0.0.1/", "http://239.255.255.250/", "http://240.0.0.1/", "http://255.255.255.255/",
		"http://[ff02::1]/", "http://[100::1]/", "http://[5f00::1]/",
		// names that resolve to such an address, now or at a later look-up
		"http://rebinds.example/", "http://metadata.example/", "http://mapped.example/", "http://any.example/",
	}
	for i := range targets {
		targets[i] = strings.ReplaceAll(targets[i], "PORT", port)
	}
	return targets
}

// badNames maps names to closed addresses.
func badNames(port string) map[string]string {
	return map[string]string{
		"rebinds.example": "127.0.0.1:" + port, "metadata.example": "169.254.169.254:80",
		"mapped.example": "[::ffff:127.0.0.1]:" + port, "any.example": "0.0.0.0:" + port,
	}
}

func TestGuard(t *testing.T) {
	port, hits := trap(t)
	f := newFetcher(t, fetch.Options{Permit: everywhere(false), Resolve: badNames(port)})
	targets := badTargets(port)
	if len(targets) < 80 {
		t.Fatalf("only %d targets", len(targets))
	}
	for _, target := range targets {
		_, err := f.Get(context.Background(), fetch.Request{URL: target})
		if err == nil {
			t.Errorf("%s was fetched", target)
			continue
		}
		if skip := skipOf(t, err); skip != qianshao.SkipAddress {
			t.Errorf("%s: skip %s (%v), want %s", target, skip, err, qianshao.SkipAddress)
		}
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

// TestGuardOnEveryHop: the same targets behind one redirect or two, from a site
// that itself may be reached.
func TestGuardOnEveryHop(t *testing.T) {
	port, hits := trap(t)
	site := server(t, func(w http.ResponseWriter, r *http.Request) {
		to := r.URL.Query().Get("to")
		if r.URL.Path == "/chain" {
			to = "/straight?to=" + url.QueryEscape(to)
		}
		w.Header()["Location"] = []string{to}
		w.WriteHeader(http.StatusFound)
	})
	inside, outside := everywhere(true), everywhere(false)
	f := newFetcher(t, fetch.Options{Resolve: badNames(port), Permit: func(u *url.URL) (*qianshao.Authorisation, qianshao.Skip) {
		if "http://"+u.Host == site.URL {
			return inside(u)
		}
		return outside(u)
	}})
	for _, target := range badTargets(port) {
		for _, way := range []string{"/straight", "/chain"} {
			_, err := f.Get(context.Background(), fetch.Request{URL: site.URL + way + "?to=" + url.QueryEscape(target)})
			if err == nil || skipOf(t, err) != qianshao.SkipAddress {
				t.Errorf("%s by %s: %v, want %s", target, way, err, qianshao.SkipAddress)
			}
		}
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

// TestGuardNeverOpened: allow_private opens the intranet and nothing more.
func TestGuardNeverOpened(t *testing.T) {
	port, hits := trap(t)
	f := newFetcher(t, fetch.Options{Permit: everywhere(true), Resolve: map[string]string{
		"rebinds.example": "169.254.169.254:80", "mapped.example": "[::ffff:169.254.169.254]:80",
	}})
	for _, target := range []string{
		"http://169.254.169.254/", "http://0xa9fea9fe/", "http://[::ffff:169.254.169.254]/", "http://169.254.1.1/",
		"http://[fe80::1]/", "http://[fd00:ec2::254]/", "http://[fd20:ce::254]/", "http://168.63.129.16/",
		"http://100.100.100.200/", "http://100.64.0.1/", "http://0.0.0.0:" + port + "/", "http://[::]:" + port + "/",
		"http://224.0.0.1/", "http://[ff02::1]/", "http://255.255.255.255/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/",
		"http://rebinds.example/", "http://mapped.example/",
	} {
		_, err := f.Get(context.Background(), fetch.Request{URL: target})
		if err == nil {
			t.Errorf("%s was fetched", target)
		} else if skip := skipOf(t, err); skip != qianshao.SkipAddress {
			t.Errorf("%s: skip %s (%v), want %s", target, skip, err, qianshao.SkipAddress)
		}
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

// TestGuardOpensPrivate: with allow_private a loopback server is reached, in
// every spelling of its address.
func TestGuardOpensPrivate(t *testing.T) {
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(serve(t, "<p>intranet").URL, "http://"))
	f := newFetcher(t, fetch.Options{Permit: everywhere(true)})
	for _, target := range []string{"http://127.0.0.1:" + port, "http://2130706433:" + port, "http://[::ffff:127.0.0.1]:" + port} {
		if page, err := f.Get(context.Background(), fetch.Request{URL: target}); err != nil || string(page.Body) != "<p>intranet" {
			t.Errorf("%s: %q, %v", target, page.Body, err)
		}
	}
}
