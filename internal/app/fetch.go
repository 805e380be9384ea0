package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/ingest/render"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/internal/pipeline"
	"github.com/qianshao/qianshao/locales"
)

// FetchOptions say who makes requests, and how. Contact is required.
type FetchOptions struct {
	// Contact is a URL or mail address of the collector's operator.
	Contact string
	// Operator is the operator's name, in ASCII; if it is empty, the contact's
	// host is used.
	Operator string
	// Resolve maps hosts to the ADDR:PORT to connect to, as for a staging server.
	Resolve map[string]string
	// DNS is the ADDR:PORT of a name server to use instead of the system's.
	DNS string
	// Proxy is the URL of a proxy for all connections.
	Proxy string
}

// newFetcher returns a fetcher that checks the scope before every request, and shares the pace for
// each host with all other fetchers on the same store.
func newFetcher(opts FetchOptions, version string, scope func() *ingest.Scope, turns fetch.Turns) (*fetch.Fetcher, error) {
	agent, err := opts.userAgent(version)
	if err != nil {
		return nil, &datafolder.InputError{Err: err}
	}
	fetcher, err := fetch.New(fetch.Options{
		UserAgent: agent,
		Permit: func(u *url.URL) (*qianshao.Authorisation, qianshao.Skip) {
			return scope().Decide(u, time.Now())
		},
		Resolve: opts.Resolve,
		DNS:     opts.DNS,
		Proxy:   opts.Proxy,
		Turns:   turns,
	})
	if err != nil {
		return nil, &datafolder.InputError{Err: err}
	}
	return fetcher, nil
}

// userAgent names the program, its operator and a way to reach them, so that a site's owner who
// sees our requests in the log can ask.
func (o FetchOptions) userAgent(version string) (string, error) {
	if o.Contact == "" {
		return "", locales.Errorf("start.contact_missing")
	}
	operator := o.Operator
	if u, err := url.Parse(o.Contact); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" {
		operator = cmp.Or(operator, u.Hostname())
	} else if a, err := mail.ParseAddress(o.Contact); err == nil && a.Address == o.Contact {
		operator = cmp.Or(operator, a.Address[strings.LastIndexByte(a.Address, '@')+1:])
	} else {
		return "", locales.Errorf("start.contact", o.Contact)
	}
	for _, part := range []string{operator, o.Contact} {
		if strings.ContainsFunc(part, func(r rune) bool { return r < ' ' || r > '~' || r == '(' || r == ')' }) {
			return "", locales.Errorf("start.user_agent", part)
		}
	}
	return fmt.Sprintf("%s (%s; +%s)", datafolder.Software(version), operator, o.Contact), nil
}

// FetchPage fetches a single URL with its style sheets and scripts, under the register's
// authorisations.
func FetchPage(ctx context.Context, folder datafolder.Options, opts FetchOptions, rawURL string) (page qianshao.Page, err error) {
	f, err := datafolder.Open(ctx, folder)
	if err != nil {
		return page, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	scope := func() *ingest.Scope {
		f.Register.Forget() // the console of the same folder does not announce its changes; see Folder.RegisterChanged
		return f.Register.Scope()
	}
	fetcher, err := newFetcher(opts, folder.Version, scope, ingest.NewTurns(f.Store, f.Holder+"/scan", time.Now))
	if err != nil {
		return page, err
	}
	defer fetcher.Close()
	if page, err = fetcher.Get(ctx, fetch.Request{URL: rawURL}); err != nil {
		return page, err
	}
	x := analyze.NewExtraction(page)
	page.Stylesheets = pipeline.FetchStylesheets(ctx, fetcher, x.Stylesheets())
	page.Scripts, _ = pipeline.FetchScripts(ctx, fetcher, x, x.Scripts())
	return page, nil
}

// BrowserOptions say which browser renders pages.
type BrowserOptions struct {
	// Browser is "auto", which looks for one; "off" or empty, which renders
	// nothing; or a path.
	Browser string
	// BrowserNoSandbox runs the browser without its sandbox, which is necessary for root. Set it
	// only inside a container that is itself a sandbox.
	BrowserNoSandbox bool
}

// newBrowser returns the browser, or nil if there is none. A browser that was given by its path
// must work.
func newBrowser(o BrowserOptions, fetcher *fetch.Fetcher, log *slog.Logger) (*render.Browser, error) {
	opts := render.Options{Fetcher: fetcher, NoSandbox: o.BrowserNoSandbox, Log: log}
	switch o.Browser {
	case "", "off":
		return nil, nil
	case "auto":
	default:
		opts.Path = o.Browser
	}
	browser, err := render.New(opts)
	if err != nil && o.Browser == "auto" {
		log.Warn("pages are not rendered: those built by scripts are judged by their source, and no screenshots are taken", "reason", err)
		return nil, nil
	}
	if err != nil {
		return nil, &datafolder.InputError{Err: err}
	}
	return browser, nil
}
