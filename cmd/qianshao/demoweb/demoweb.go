// Package demoweb is the small web that the demo crawls: six sites of some
// sixty pages, served over real HTTP on the loopback, with a table that says
// for every page what must be found, or that it must not be flagged. All texts
// are written for it; every name, number and account in them is made up.
package demoweb

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
)

//go:embed hosts search web.yaml expected.yaml
var files embed.FS

// Web is the demo's web. All its hosts share one listener and are distinguished
// by the Host header, as on a shared server.
type Web struct {
	hosts     []host
	external  []string
	content   map[string]content // by host + path, as in Requests
	redirects map[string]string  // host + path → absolute URL
	// The content that visitors from a search engine get instead, by host + path.
	searchContent   map[string]content
	searchRedirects map[string]string
	expected        []Expectation

	server   *http.Server
	listener net.Listener
	served   chan error // the one result of server.Serve

	mu       sync.Mutex
	requests map[string]int
}

// New reads the embedded pages. Nothing listens yet.
func New() (*Web, error) {
	var def definition
	if err := decodeYAML("web.yaml", &def); err != nil {
		return nil, err
	}
	w := &Web{
		hosts: def.Hosts, external: def.External,
		content: map[string]content{}, searchContent: map[string]content{}, requests: map[string]int{},
	}
	for _, h := range def.Hosts {
		if err := w.load(h); err != nil {
			return nil, err
		}
	}
	var err error
	if w.redirects, err = byPath(def.Redirects); err != nil {
		return nil, err
	}
	if w.searchRedirects, err = byPath(def.SearchRedirects); err != nil {
		return nil, err
	}
	w.expected, err = loadExpected()
	return w, err
}

// byPath returns redirects keyed as requests are: by host and path.
func byPath(redirects map[string]string) (map[string]string, error) {
	out := make(map[string]string, len(redirects))
	for from, to := range redirects {
		u, err := url.Parse(from)
		if err != nil {
			return nil, fmt.Errorf("web.yaml: redirect from %q: %w", from, err)
		}
		out[u.Host+u.Path] = to
	}
	return out, nil
}

// Start listens on a free port of 127.0.0.1 and serves until Stop.
func (w *Web) Start() error {
	if w.listener != nil {
		return errors.New("demo web: started twice")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("demo web: %w", err)
	}
	w.listener = listener
	w.server = &http.Server{Handler: w, ReadHeaderTimeout: 10 * time.Second}
	w.served = make(chan error, 1)
	go func() { w.served <- w.server.Serve(listener) }()
	return nil
}

// Stop closes the listener and waits for requests under way until ctx ends.
func (w *Web) Stop(ctx context.Context) error {
	if w.server == nil {
		return nil
	}
	if err := w.server.Shutdown(ctx); err != nil {
		return fmt.Errorf("demo web: %w", err)
	}
	if err := <-w.served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("demo web: %w", err)
	}
	w.server = nil
	return nil
}

// Addr returns "127.0.0.1:port", or "" before Start.
func (w *Web) Addr() string {
	if w.listener == nil {
		return ""
	}
	return w.listener.Addr().String()
}

// Resolve maps every host that occurs in the web to Addr, for
// fetch.Options.Resolve. Unauthorised hosts are in it too: if the scope leaked,
// the request would reach this listener and be counted rather than leave the
// machine.
func (w *Web) Resolve() map[string]string {
	to := make(map[string]string, len(w.hosts)+len(w.external))
	for _, h := range w.hosts {
		to[h.Name] = w.Addr()
	}
	for _, name := range w.external {
		to[name] = w.Addr()
	}
	return to
}

// demoRate is far above a suitable rate for a real site: the demo's server is in this very process.
const demoRate = 200

// Authorisations returns the permissions under which the demo crawls, one for
// each host and in force for a year. outside.example has none.
func (w *Web) Authorisations(now time.Time) []qianshao.Authorisation {
	var all []qianshao.Authorisation
	for _, h := range w.hosts {
		if h.Outside {
			continue
		}
		all = append(all, qianshao.Authorisation{
			ID:           "demo-" + h.shortName(),
			Owner:        h.Owner,
			Basis:        h.Basis,
			Contact:      "webmaster@" + h.Name,
			ValidFrom:    now.Add(-time.Hour),
			ValidUntil:   now.AddDate(1, 0, 0), // the front page would name one that ends within a month
			Hosts:        []string{h.Name},
			Exclude:      h.Exclude,
			Views:        h.Views,
			Rate:         demoRate,
			AllowPrivate: true,
			Seeds:        []string{"http://" + h.Name + "/"},
		})
	}
	return all
}

// Expected returns the expected outcome for every page, in the order of expected.yaml.
func (w *Web) Expected() []Expectation {
	return append([]Expectation(nil), w.expected...)
}

// Redirects says whether the web answers u's host and path with a redirect.
func (w *Web) Redirects(u *url.URL) bool {
	_, ok := w.redirects[u.Host+u.Path]
	return ok
}

// Requests counts the requests since New by host and path
// ("school.example/news/"), including those for unknown hosts and paths.
func (w *Web) Requests() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.requests)
}
