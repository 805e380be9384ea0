package render

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/fetch"
)

// proxy is a page's only way out. It listens to the browser on a loopback port,
// and passes requests to the fetcher and nowhere else.
type proxy struct {
	ctx     context.Context //nolint:containedctx // the page's time
	browser *Browser
	page    qianshao.Page
	server  *http.Server
	address string

	mu      sync.Mutex
	refused map[Refusal]int
	asked   int // requests handed to the fetcher
	seen    int // requests of the browser
	bytes   int
	shown   int // times the page itself was served
	busy    int // requests under way
	lastEnd time.Time
}

func newProxy(ctx context.Context, b *Browser, page qianshao.Page) (*proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the browser: %w", err)
	}
	p := &proxy{
		ctx: ctx, browser: b, page: page, address: "http://" + listener.Addr().String(),
		refused: map[Refusal]int{}, lastEnd: time.Now(),
	}
	p.server = newServer(p)
	go func() { _ = p.server.Serve(listener) }() // until close
	return p, nil
}

func newServer(h http.Handler) *http.Server {
	const (
		headerTime = 10 * time.Second
		maxHeader  = 64 << 10
	)
	return &http.Server{Handler: h, ReadHeaderTimeout: headerTime, MaxHeaderBytes: maxHeader, ErrorLog: quiet()}
}

func (p *proxy) close() { _ = p.server.Close() }

func (p *proxy) requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

func (p *proxy) refusals() map[Refusal]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.refused)
}

// idle says for how long no request has been under way.
func (p *proxy) idle() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.busy > 0 {
		return 0
	}
	return time.Since(p.lastEnd)
}

// ServeHTTP takes a request as browsers send it to a proxy: CONNECT for https
// and WebSockets, the whole URL for http.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect {
		p.tunnel(w, r)
		return
	}
	p.answer(w, r, r.URL.String())
}

// tunnel terminates the browser's TLS, so that scope and robots.txt are checked against paths. A
// connection without TLS, such as a WebSocket to port 80, is closed.
func (p *proxy) tunnel(w http.ResponseWriter, r *http.Request) {
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		p.refuse(w, http.StatusBadRequest, Refusal(qianshao.SkipBadURL))
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	defer conn.Close()
	stop := context.AfterFunc(p.ctx, func() { conn.Close() })
	defer stop()
	if _, err := conn.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		return
	}
	const handshakeTime = 10 * time.Second
	_ = conn.SetDeadline(time.Now().Add(handshakeTime))
	secure := tls.Server(&peekedConn{conn, buffered.Reader}, &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.browser.keys.certificate(host) },
	})
	if err := secure.HandshakeContext(p.ctx); err != nil {
		p.count(RefusedTunnel)
		return
	}
	_ = conn.SetDeadline(time.Time{})
	base := "https://" + r.Host
	if port == "443" {
		base = "https://" + host
		if strings.Contains(host, ":") {
			base = "https://[" + host + "]"
		}
	}
	inner := newServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.answer(w, r, base+r.URL.RequestURI()) // the Host field does not matter: the browser asked for this host
	}))
	listener := &oneConn{conn: secure, done: make(chan struct{})}
	inner.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateClosed || s == http.StateHijacked {
			listener.Close()
		}
	}
	_ = inner.Serve(listener) // returns when the connection ends
}

// answer decides one request.
func (p *proxy) answer(w http.ResponseWriter, r *http.Request, rawURL string) {
	p.begin()
	defer p.end()
	status := http.StatusForbidden
	if isDocument(r) {
		status = http.StatusNoContent // on which a browser stays where it is
	}
	if r.Header.Get("Upgrade") != "" {
		p.refuse(w, status, RefusedTunnel)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		p.refuse(w, status, RefusedMethod)
		return
	}
	url, err := fetch.Exact(rawURL) // a script that sends a session id needs it
	switch {
	case err != nil:
		p.refuse(w, status, Refusal(qianshao.SkipBadURL))
	case url == p.page.URL && isDocument(r):
		p.givePage(w)
	case isDocument(r):
		p.refuse(w, status, RefusedDocument)
	case strings.HasSuffix(url, "/favicon.ico"):
		http.NotFound(w, r) // the browser's own request, not the page's
	default:
		p.giveResource(w, r, url)
	}
}

// isDocument recognises requests whose answer would become a page or a frame. Browsers say so in a
// header field, but not over plain http; there the Accept field tells.
func isDocument(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Dest") {
	case "document", "iframe", "frame", "object", "embed", "fencedframe":
		return true
	case "":
		return strings.HasPrefix(r.Header.Get("Accept"), "text/html")
	}
	return false
}

// maxShown is how often a page may be loaded, reloads of its own included.
const maxShown = 3

// givePage answers with the body that has been fetched already.
func (p *proxy) givePage(w http.ResponseWriter) {
	p.mu.Lock()
	p.shown++
	again := p.shown > maxShown
	p.mu.Unlock()
	if again {
		p.refuse(w, http.StatusNoContent, RefusedDocument)
		return
	}
	if p.page.ContentType != "" {
		w.Header().Set("Content-Type", p.page.ContentType)
	}
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(p.page.Body)
}

func (p *proxy) giveResource(w http.ResponseWriter, r *http.Request, url string) {
	if css, ok := p.page.Stylesheets[url]; ok {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(css)
		return
	}
	resource, ok := p.browser.cache.get(url)
	if !ok {
		if !p.take() {
			p.refuse(w, http.StatusForbidden, RefusedBudget)
			return
		}
		var err error
		if resource, err = p.browser.opts.Fetcher.Resource(p.ctx, url, r.Header.Get("Accept")); err != nil {
			p.refuse(w, statusOf(err), reasonOf(err))
			return
		}
		p.browser.cache.put(url, resource)
	}
	if !p.load(len(resource.Body)) {
		p.refuse(w, http.StatusForbidden, RefusedBudget)
		return
	}
	maps.Copy(w.Header(), resource.Header)
	_, _ = w.Write(resource.Body)
}

// take takes one request from the page's budget.
func (p *proxy) take() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked >= maxRequests || p.ctx.Err() != nil {
		return false
	}
	p.asked++
	return true
}

func (p *proxy) load(bytes int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes += bytes
	return p.bytes <= maxBytes
}

func (p *proxy) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy++
	p.seen++
}

func (p *proxy) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy--
	p.lastEnd = time.Now()
}

func (p *proxy) count(why Refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused[why]++
}

func (p *proxy) refuse(w http.ResponseWriter, status int, why Refusal) {
	p.count(why)
	w.WriteHeader(status)
}

// statusOf returns the server's own status, if there was one.
func statusOf(err error) int {
	var skip *fetch.SkipError
	if errors.As(err, &skip) && skip.Status >= 400 {
		return skip.Status
	}
	return http.StatusForbidden
}

func reasonOf(err error) Refusal {
	var skip *fetch.SkipError
	if errors.As(err, &skip) {
		return Refusal(skip.Skip)
	}
	return Refusal(qianshao.SkipUnreachable) // the page's time is over
}

// peekedConn returns first the bytes that the server had read ahead.
type peekedConn struct {
	net.Conn
	r *bufio.Reader
}

func (c *peekedConn) Read(b []byte) (int, error) { return c.r.Read(b) }

// oneConn is a listener of one connection.
type oneConn struct {
	mu   sync.Mutex
	conn net.Conn // until accepted
	once sync.Once
	done chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	l.mu.Lock()
	conn := l.conn
	l.conn = nil
	l.mu.Unlock()
	if conn != nil {
		return conn, nil
	}
	<-l.done
	return nil, net.ErrClosed
}

func (l *oneConn) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// wall is the proxy for requests that belong to no page, that is, the browser's own. It refuses them.
type wall struct {
	server  *http.Server
	address string
}

func newWall() (*wall, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the browser: %w", err)
	}
	w := &wall{address: "http://" + listener.Addr().String()}
	w.server = newServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	go func() { _ = w.server.Serve(listener) }()
	return w, nil
}

func (w *wall) url() string { return w.address }

func (w *wall) close() { _ = w.server.Close() }
