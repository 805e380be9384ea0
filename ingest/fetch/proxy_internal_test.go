package fetch

import (
	"bytes"
	"context"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/dial/dialtest"
)

// connectProxy is an HTTP proxy that knows only CONNECT. It connects to backend
// whatever address is requested, and notes that address.
type connectProxy struct {
	backend string
	secure  string // for port 443

	mu    sync.Mutex
	asked []string
	auth  []string
}

func (p *connectProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, r.Method+" "+r.RequestURI)
	p.auth = append(p.auth, r.Header.Get("Proxy-Authorization"))
	p.mu.Unlock()
	if r.Method != http.MethodConnect || p.backend == "" {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	to := p.backend
	if strings.HasSuffix(r.RequestURI, ":443") {
		to = p.secure
	}
	out, err := net.Dial("tcp", to)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	in, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	_, _ = in.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n"))
	splice(in, out)
}

func (p *connectProxy) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

// TestProxy: the proxy is asked for the address that was checked, never for a
// name, and never for an address that the guard closes.
func TestProxy(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(page))
	t.Cleanup(plain.Close)
	names := dialtest.NewNameServer(t, 0, map[string][]string{
		"school.example":  {"93.184.216.34"},
		"rebinds.example": {"93.184.216.34", "127.0.0.1"},
		"both.example":    {"127.0.0.1 93.184.216.34 10.0.0.1"},
		"inside.example":  {"10.0.0.1"},
		"own.example":     {"127.0.0.1"},
	})
	p := &connectProxy{backend: plain.Listener.Addr().String()}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	via := strings.Replace(server.URL, "http://", "http://us:word@", 1)
	f := testFetcher(t, false, Options{DNS: names.Address, Proxy: via})
	for _, tc := range []struct {
		url  string
		want qianshao.Skip
	}{
		{"http://school.example/", ""}, {"http://93.184.216.34/", ""}, {"http://both.example/", ""},
		{"http://rebinds.example/", ""}, {"http://rebinds.example/again", qianshao.SkipAddress},
		{"http://inside.example/", qianshao.SkipAddress}, {"http://10.0.0.1/", qianshao.SkipAddress}, {"http://own.example/", qianshao.SkipAddress},
		{"http://169.254.169.254/", qianshao.SkipAddress}, {"http://[::ffff:127.0.0.1]/", qianshao.SkipAddress}, {"http://2130706433/", qianshao.SkipAddress},
		{"http://nowhere.example/", qianshao.SkipUnreachable},
	} {
		got, err := f.Get(context.Background(), Request{URL: tc.url})
		if tc.want != "" {
			if err == nil || skipName(t, err) != tc.want {
				t.Errorf("%s: %v, want %s", tc.url, err, tc.want)
			}
			continue
		}
		if err != nil || string(got.Body) != "<p>behind the proxy" || got.Exchanges[0].Address != "93.184.216.34" {
			t.Errorf("%s: %q from %v, %v", tc.url, got.Body, got.Exchanges, err)
		}
		f.public.CloseIdleConnections()
	}
	if diff := cmp.Diff(slices.Repeat([]string{"CONNECT 93.184.216.34:80"}, 4), p.requests()); diff != "" {
		t.Errorf("the proxy was asked for (-want +got):\n%s", diff)
	}
	if p.auth[0] != "Basic dXM6d29yZA==" {
		t.Errorf("authorisation %q", p.auth[0])
	}
	// An intranet behind the proxy is open where the authorisation says so, and
	// this machine too, since the proxy runs on it.
	f = testFetcher(t, true, Options{DNS: names.Address, Proxy: server.URL})
	for _, target := range []string{"http://inside.example/", "http://own.example/"} {
		if _, err := f.Get(context.Background(), Request{URL: target}); err != nil {
			t.Error(err)
		}
	}
	if _, err := f.Get(context.Background(), Request{URL: "http://169.254.169.254/"}); err == nil || skipName(t, err) != qianshao.SkipAddress {
		t.Error(err)
	}
	if asked := p.requests(); len(asked) != 6 || asked[4] != "CONNECT 10.0.0.1:80" || asked[5] != "CONNECT 127.0.0.1:80" {
		t.Errorf("the proxy was asked for %v", asked)
	}
	p.backend = ""
	f.Close()
	if _, err := f.Get(context.Background(), Request{URL: "http://inside.example/"}); err == nil || skipName(t, err) != qianshao.SkipUnreachable || !strings.Contains(err.Error(), "must permit CONNECT") {
		t.Errorf("refused: %v", err)
	}
}

// TestProxyElsewhere: the loopback addresses of a proxy on another machine stay
// closed, whatever the authorisation opens.
func TestProxyElsewhere(t *testing.T) {
	port, hits := localTrap(t)
	for via, local := range map[string]bool{
		"http://127.0.0.1:" + port: true, "http://localhost:" + port: true, "socks5://[::1]:" + port: true, "http://[::ffff:127.0.0.1]:" + port: true,
		"http://192.0.2.1:3128": false, "socks5://proxy.example:1080": false, "https://localhost.example:443": false,
	} {
		if local {
			continue
		}
		f := testFetcher(t, true, Options{Proxy: via})
		for _, target := range []string{"http://127.0.0.1/", "http://localhost:" + port + "/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://2130706433/", "http://169.254.169.254/"} {
			if _, err := f.Get(context.Background(), Request{URL: target}); err == nil || skipName(t, err) != qianshao.SkipAddress {
				t.Errorf("%s through %s: %v", target, via, err)
			}
		}
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

func page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	_, _ = w.Write([]byte("<p>behind the proxy"))
}

// splice copies both ways until one end closes.
func splice(a, b net.Conn) {
	go func() {
		_, _ = io.Copy(a, b)
		_ = a.Close()
	}()
	_, _ = io.Copy(b, a)
	_ = b.Close()
}

// TestProxyKinds: a site with TLS and HTTP/2, through each kind of proxy.
func TestProxyKinds(t *testing.T) {
	site := httptest.NewUnstartedServer(http.HandlerFunc(page))
	site.EnableHTTP2 = true
	site.StartTLS()
	t.Cleanup(site.Close)
	roots := x509.NewCertPool()
	roots.AddCert(site.Certificate())
	names := dialtest.NewNameServer(t, 60, map[string][]string{"example.com": {"93.184.216.34"}})
	p := &connectProxy{backend: site.Listener.Addr().String(), secure: site.Listener.Addr().String()}
	plain, secure := httptest.NewServer(p), httptest.NewTLSServer(p)
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	roots.AddCert(secure.Certificate())
	socks := socksProxy(t, site.Listener.Addr().String())
	for _, via := range []string{plain.URL, secure.URL, "socks5://us:word@" + socks} {
		f := testFetcher(t, false, Options{DNS: names.Address, Proxy: via, RootCAs: roots})
		got, err := f.Get(context.Background(), Request{URL: "https://example.com/"})
		if err != nil || string(got.Body) != "<p>behind the proxy" || got.Exchanges[0].Protocol != "HTTP/2.0" || got.Exchanges[0].Address != "93.184.216.34" {
			t.Errorf("%s: %q, %+v, %v", via, got.Body, got.Exchanges, err)
		}
		f.Close()
	}
}

// socksProxy takes one connection: user and password, then an IPv4 address,
// which it answers by connecting to backend.
func socksProxy(t *testing.T, backend string) (address string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		read := func(n int) []byte {
			b := make([]byte, n)
			_, _ = io.ReadFull(conn, b)
			return b
		}
		read(int(read(2)[1])) // version, methods
		_, _ = conn.Write([]byte{5, 2})
		user := read(int(read(2)[1]))
		word := read(int(read(1)[0]))
		_, _ = conn.Write([]byte{1, 0})
		want := append([]byte{5, 1, 0, 1}, 93, 184, 216, 34, 443>>8, 443&255)
		if got := read(len(want)); !bytes.Equal(got, want) || string(user) != "us" || string(word) != "word" {
			t.Errorf("socks: %s %s asks %v, want %v", user, word, got, want)
			return
		}
		out, err := net.Dial("tcp", backend)
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = conn.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
		splice(conn, out)
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	return listener.Addr().String()
}

// TestProxyMisbehaves: whatever a proxy does wrong ends in a named reason.
func TestProxyMisbehaves(t *testing.T) {
	for name, answer := range map[string]string{
		"speaks first": "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "no HTTP": "hello\r\n\r\n", "nothing": "",
		"endless header": "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20),
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = conn.Write([]byte(answer))
			_ = conn.Close()
		}()
		f := testFetcher(t, false, Options{Proxy: "http://" + listener.Addr().String()})
		if _, err := f.Get(context.Background(), Request{URL: "http://93.184.216.34/"}); err == nil || skipName(t, err) != qianshao.SkipUnreachable {
			t.Errorf("%s: %v", name, err)
		}
		_ = listener.Close()
		<-done
	}
}
