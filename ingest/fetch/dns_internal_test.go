package fetch

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/qianshao/qianshao"
)

// nameServer is a DNS server on loopback. For each name it gives the next of
// its answers, and the last one ever after; each answer is a list of addresses.
type nameServer struct {
	address string
	ttl     uint32

	mu      sync.Mutex
	answers map[string][]string // "203.0.113.1 127.0.0.1"
	asked   map[string]int      // questions of type A and AAAA by name
}

func newNameServer(t *testing.T, ttl uint32, answers map[string][]string) *nameServer {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &nameServer{address: conn.LocalAddr().String(), ttl: ttl, answers: answers, asked: map[string]int{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		packet := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			if reply := s.reply(packet[:n]); reply != nil {
				_, _ = conn.WriteTo(reply, from)
			}
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return s
}

func (s *nameServer) reply(packet []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(packet) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	reply := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true}, Questions: m.Questions}
	for _, ip := range s.next(strings.TrimSuffix(q.Name.String(), "."), q.Type) {
		header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: dnsmessage.ClassINET, TTL: s.ttl}
		switch {
		case ip.Is4() && q.Type == dnsmessage.TypeA:
			reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: ip.As4()}})
		case ip.Is6() && q.Type == dnsmessage.TypeAAAA:
			reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: ip.As16()}})
		}
	}
	out, err := reply.Pack()
	if err != nil {
		return nil
	}
	return out
}

// next moves on with each question for an A, which comes once a look-up.
func (s *nameServer) next(name string, kind dnsmessage.Type) (ips []netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.answers[name]
	if len(list) == 0 {
		return nil
	}
	at := min(s.asked[name], len(list)-1)
	if kind == dnsmessage.TypeA {
		s.asked[name]++
	}
	for field := range strings.FieldsSeq(list[at]) {
		ips = append(ips, netip.MustParseAddr(field))
	}
	return ips
}

func (s *nameServer) count(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[name]
}

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

var errNotInTests = errors.New("a test connects to nothing outside")

// watched returns a fetcher whose connections come as far as the guard: what it
// opens is noted and not connected to.
func watched(t *testing.T, opts Options) (f *Fetcher, opened func() []string) {
	f = testFetcher(t, false, opts)
	shared, err := newNetwork(opts, f.limits)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var list []string
	d := shared.dialer(false)
	d.direct.Control = func(network, address string, c syscall.RawConn) error {
		if err := d.guard.control(network, address, c); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		list = append(list, address)
		return errNotInTests
	}
	f.public = newTransport(d, opts, f.limits)
	return f, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(list)
	}
}

func skipName(t *testing.T, err error) qianshao.Skip {
	t.Helper()
	var skip *SkipError
	if !errors.As(err, &skip) {
		t.Fatalf("error %v is no SkipError", err)
	}
	return skip.Skip
}

// localTrap is a listener that must see nothing.
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

// TestRebinding: a name is public when it is first asked for and private ever
// after, or both at once. No order of answers leads inside.
func TestRebinding(t *testing.T) {
	port, hits := localTrap(t)
	names := newNameServer(t, 0, map[string][]string{
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
	f, opened := watched(t, Options{DNS: names.address})
	for _, tc := range []struct {
		host   string
		visits []qianshao.Skip
		opened int
	}{
		{"rebinds.example", []qianshao.Skip{qianshao.SkipUnreachable, qianshao.SkipAddress, qianshao.SkipAddress}, 1},
		{"metadata.example", []qianshao.Skip{qianshao.SkipUnreachable, qianshao.SkipAddress}, 1},
		{"both.example", []qianshao.Skip{qianshao.SkipAddress, qianshao.SkipAddress}, 2},
		{"inside.example", []qianshao.Skip{qianshao.SkipAddress}, 0},
		{"mapped.example", []qianshao.Skip{qianshao.SkipAddress}, 0},
		{"nat64.example", []qianshao.Skip{qianshao.SkipAddress}, 0},
		{"sixtofour.example", []qianshao.Skip{qianshao.SkipAddress}, 0},
		{"teredo.example", []qianshao.Skip{qianshao.SkipAddress}, 0},
		{"zero.example", []qianshao.Skip{qianshao.SkipAddress}, 0},
		{"metadata.google.internal", []qianshao.Skip{qianshao.SkipAddress}, 0},
	} {
		before := len(opened())
		for i, want := range tc.visits {
			_, err := f.Get(context.Background(), Request{URL: "http://" + tc.host + ":" + port + "/"})
			if got := skipName(t, err); got != want {
				t.Errorf("%s, visit %d: %v, want %s", tc.host, i, err, want)
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

// TestDNSCache: an answer is used as long as its TTL and no longer.
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
		names := newNameServer(t, ttl, map[string][]string{"school.example": {"127.0.0.1"}})
		f := testFetcher(t, true, Options{DNS: names.address})
		var counts []int // after each request; between the last two, a TTL of a second ends
		for i := range 3 {
			if i == 2 && ttl == 1 {
				time.Sleep(1100 * time.Millisecond)
			}
			if _, err := f.Get(context.Background(), Request{URL: "http://school.example:" + port + "/"}); err != nil {
				t.Fatal(err)
			}
			counts = append(counts, names.count("school.example"))
		}
		switch {
		case ttl == 300 && counts[2] != 1:
			t.Errorf("TTL 300 s: look-ups %v; the answer was not used again", counts)
		case ttl < 300 && counts[2] != counts[1]+1:
			t.Errorf("TTL %d s: look-ups %v; the answer outlived it", ttl, counts)
		case ttl == 0 && counts[1] != 2:
			t.Errorf("TTL 0: look-ups %v; an answer not to be kept was kept", counts)
		}
	}
	if len(hosts) != 9 {
		t.Errorf("%d requests", len(hosts))
	}
}

// TestNamesAreAbsolute: a name that does not exist is not looked for in a
// search domain, where it could be somebody else's.
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
