// Package fetch makes one GET at a time, and only where a written authorisation permits it. On every
// hop of a redirect it checks, in this order, that the URL is authorised in this view, that robots.txt
// allows it, that it is the host's turn, and that its address may be dialled. It parses no HTML and
// stores nothing.
package fetch

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/robots"
	"github.com/qianshao/qianshao/locales"
)

// DefaultRobotsAgent is the product token by which robots.txt may address us.
const DefaultRobotsAgent = "qianshao"

// Options say how to fetch. UserAgent and Permit are required.
type Options struct {
	// UserAgent is sent with every request. It names the operator and a way to
	// reach them: "qianshao/1.0 (+https://operator.example/contact)".
	UserAgent string
	// RobotsAgent is the product token looked up in robots.txt; DefaultRobotsAgent if empty.
	RobotsAgent string
	// Permit returns the authorisation in force for a canonical URL and "", or
	// the reason why there is none. With SkipPathExcluded it may return the
	// authorisation that covers the host: robots.txt is then still read.
	Permit func(*url.URL) (*qianshao.Authorisation, qianshao.Skip)
	// Resolve sends connections for a host ("school.example" or
	// "school.example:8080") to an address ("127.0.0.1:8081"), as curl's
	// --connect-to does. The address guard applies to the address dialled.
	Resolve map[string]string
	// DNS is the server that resolves names ("192.0.2.53:53"); the system's if
	// empty.
	DNS string
	// Proxy is the URL of a proxy through which every connection is made: http, https or socks5, with
	// user and password if it requires them. If it is empty, no proxy is used; the environment is
	// ignored. Names are still resolved and addresses checked here: the proxy is given an address
	// to connect to.
	Proxy string
	// RootCAs replace the system's certificate authorities, for intranet sites.
	RootCAs *x509.CertPool
	// Limits that are zero take their defaults.
	Limits Limits
	// Turns are the hosts' turns, shared with other processes that make requests; nil if there are none.
	Turns Turns
	// Now is the clock; time.Now if nil.
	Now func() time.Time
	// Log is optional.
	Log *slog.Logger
}

// Fetcher fetches pages, style sheets, sitemaps and robots.txt files. It is
// safe for concurrent use.
type Fetcher struct {
	opts    Options
	limits  Limits
	log     *slog.Logger
	public  *http.Transport
	private *http.Transport
	pace    *pacer
	robots  *robotsCache
	sheets  *sheetCache
	scripts *scriptCache
	decoder Decoder
}

// New returns a Fetcher. Call Close when done with it.
func New(opts Options) (*Fetcher, error) {
	if strings.TrimSpace(opts.UserAgent) == "" {
		return nil, errors.New("fetch: no user agent; set one that names the operator and a contact URL, so that a site's owner can reach you")
	}
	if strings.ContainsAny(opts.UserAgent, "\r\n\x00") {
		return nil, fmt.Errorf("fetch: user agent %q holds a line break; write it on one line", opts.UserAgent)
	}
	if opts.Permit == nil {
		return nil, errors.New("fetch: Options.Permit is nil; without an authorisation register nothing may be fetched")
	}
	limits := opts.Limits.withDefaults()
	network, err := newNetwork(opts, limits)
	if err != nil {
		return nil, err
	}
	if opts.RobotsAgent == "" {
		opts.RobotsAgent = DefaultRobotsAgent
	}
	if !robots.ValidAgent(opts.RobotsAgent) {
		return nil, fmt.Errorf("fetch: robots agent %q is not a product token; write letters, - and _ only, without a version", opts.RobotsAgent)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	f := &Fetcher{
		opts: opts, limits: limits, log: opts.Log,
		public:  newTransport(network.Dialer(false), opts, limits),
		private: newTransport(network.Dialer(true), opts, limits),
		pace:    newPacer(opts.Now),
	}
	f.pace.turns, f.pace.longest, f.pace.log = opts.Turns, limits.Total, opts.Log
	f.robots = newRobotsCache(f)
	f.sheets = newSheetCache(opts.Now)
	f.scripts = newScriptCache(opts.Now)
	return f, nil
}

// Close closes idle connections.
func (f *Fetcher) Close() {
	f.public.CloseIdleConnections()
	f.private.CloseIdleConnections()
}

// Request says which page to fetch, and how to ask for it.
type Request struct {
	URL string
	// View must be permitted by the authorisation.
	View qianshao.View
	// ETag and LastModified are the validators from the last visit. With either
	// of them, the result may be a page without body whose NotModified is true.
	ETag         string
	LastModified string
}

// Get fetches a page. A body above the cap is cut, and the page marked
// Truncated. The error is a *SkipError that names the reason, or ctx's error.
func (f *Fetcher) Get(ctx context.Context, r Request) (qianshao.Page, error) {
	if !isRequestable(r.View) {
		return qianshao.Page{}, fmt.Errorf("fetch %s: the view %q cannot be fetched by a GET", printable(r.URL), r.View)
	}
	wanted := want{
		accept:  "text/html,application/xhtml+xml,application/xml;q=0.9,text/plain;q=0.8,*/*;q=0.1",
		isType:  isPage,
		maxBody: f.limits.MaxBody,
		view:    r.View,
		etag:    validator(r.ETag), lastModified: validator(r.LastModified),
		keepsWire: true,
	}
	asked, err := Canonical(r.URL)
	if err != nil {
		return qianshao.Page{}, &SkipError{Skip: qianshao.SkipBadURL, URL: r.URL, Err: err}
	}
	a, err := f.follow(ctx, asked, wanted)
	if err != nil {
		return qianshao.Page{}, err
	}
	defer a.close()
	page := qianshao.Page{
		URL: pageOf(a.url.String()), RequestedURL: asked, Authorisation: a.authorisation.ID,
		Source: qianshao.SourceCrawl, FetchedAt: f.opts.Now(), View: r.View,
		Status: a.response.StatusCode, ContentType: a.response.Header.Get("Content-Type"),
	}
	page.Body, page.Truncated, err = a.read(f.limits.MaxBody)
	if err != nil {
		return qianshao.Page{}, f.readError(ctx, a.url, err)
	}
	page.ETag, page.LastModified = a.validators(wanted)
	page.RobotsTags = robots.Tags(a.response.Header.Values("X-Robots-Tag"), f.opts.RobotsAgent)
	page.RobotsWaiver = a.authorisation.RobotsWaiver
	page.Exchanges = a.exchanges(page.Body, page.Truncated)
	return page, nil
}

// want says what to fetch, and in which view.
type want struct {
	accept string
	// isType says whether a media type (lower case, without parameters) is acceptable. If the header's
	// type is missing or says nothing, it is called with the sniffed type.
	isType func(mediaType string) bool
	// maxBody is the cap of the body in bytes.
	maxBody int64
	// total bounds each request; Limits.Total if it is zero.
	total time.Duration
	view  qianshao.View
	// etag and lastModified, if either is set, make the request conditional.
	etag, lastModified string
	// mayAsk, if it is set, may refuse a hop that the scope permits: it is called with the
	// authorisation that covers the hop.
	mayAsk func(*qianshao.Authorisation) error
	// keepsWire keeps a body as it was sent, before decoding.
	keepsWire bool
}

// permitted says whether an authorisation lets a URL be requested in this way.
func (w want) permitted(u *url.URL, a *qianshao.Authorisation) error {
	if w.mayAsk != nil {
		if err := w.mayAsk(a); err != nil {
			return err
		}
	}
	return viewPermitted(u, a, w.view)
}

func (w want) isConditional() bool { return w.etag != "" || w.lastModified != "" }

// answer is a response with a 2xx status and the right type, or a 304 to a
// conditional request. Its body is still to be read.
type answer struct {
	url           *url.URL // of the last hop, as it was requested
	authorisation *qianshao.Authorisation
	response      *http.Response
	body          io.Reader
	wire          *countingReader // below body, once that is decoded
	closers       []func()
	exchange      qianshao.Exchange   // this response's; its body is added last
	hops          []qianshao.Exchange // the redirects before
}

func (a *answer) close() {
	for i := len(a.closers) - 1; i >= 0; i-- {
		a.closers[i]()
	}
}

// read returns the body, cut at most bytes.
func (a *answer) read(most int64) (body []byte, truncated bool, err error) {
	if a.response.StatusCode == http.StatusNotModified {
		return nil, false, nil
	}
	length := a.response.ContentLength
	if len(contentCodings(a.response.Header)) > 0 {
		length = -1 // ContentLength is that of the encoded body
	}
	return readCapped(a.body, length, most)
}

// follow requests a URL in its exact spelling, and follows redirects, each
// checked anew.
func (f *Fetcher) follow(ctx context.Context, asked string, want want) (*answer, error) {
	seen := map[string]bool{}
	var hops []qianshao.Exchange
	for current := asked; ; {
		if seen[current] {
			return nil, &SkipError{Skip: qianshao.SkipRedirects, URL: current, Err: locales.Errorf("unfetched.circle", asked)}
		}
		if len(seen) > f.limits.MaxRedirects {
			return nil, &SkipError{Skip: qianshao.SkipRedirects, URL: current, Err: locales.Errorf("unfetched.redirects", f.limits.MaxRedirects, asked)}
		}
		seen[current] = true
		a, next, err := f.hop(ctx, current, asked, want)
		if err != nil {
			return nil, via(err, asked, hops)
		}
		if next == "" {
			a.hops = hops
			return a, nil
		}
		hops = append(hops, a.exchange)
		current = next
	}
}

// hop checks one URL of a chain of redirects and requests it. next is where the
// answer redirects to, or "" if it is the wanted answer.
func (f *Fetcher) hop(ctx context.Context, current, asked string, want want) (a *answer, next string, err error) {
	u, authorisation, err := f.checked(ctx, current, want)
	if err != nil {
		return nil, "", err
	}
	again := func() (*qianshao.Authorisation, error) { return f.stillPermitted(current, authorisation, want) }
	if a, err = f.send(ctx, u, authorisation, again, f.header(want, asked), cmp.Or(want.total, f.limits.Total)); err != nil {
		return nil, "", f.sendError(ctx, u, err)
	}
	if next, err = f.judge(ctx, a, want); err != nil || next != "" {
		a.close()
	}
	return a, next, err
}

// checked returns the authorisation for a URL that may be requested now. Both
// the URL and the page's own URL, which has no session id in its path, must be
// permitted and allowed: the id must not be a way around an exclusion.
func (f *Fetcher) checked(ctx context.Context, current string, want want) (u *url.URL, a *qianshao.Authorisation, err error) {
	for form := range forms(current) {
		if u, a, err = f.permitted(form); err != nil {
			return nil, nil, err
		}
		if err = want.permitted(u, a); err != nil {
			return nil, nil, err
		}
		if err = f.allowed(ctx, u, a); err != nil {
			return nil, nil, err
		}
	}
	return u, a, nil
}

// stillPermitted returns the present authorisation for a URL that was checked under an earlier one,
// before. robots.txt cannot be read in the middle of a request: if its waiver has ended meanwhile,
// the URL is tried again later.
func (f *Fetcher) stillPermitted(current string, before *qianshao.Authorisation, want want) (a *qianshao.Authorisation, err error) {
	for form := range forms(current) {
		var u *url.URL
		if u, a, err = f.permitted(form); err == nil {
			err = want.permitted(u, a)
		}
		if err != nil {
			return nil, err
		}
	}
	if before.RobotsWaiver != "" && a.RobotsWaiver == "" {
		return nil, &pausedError{err: locales.Errorf("unfetched.waiver")}
	}
	return a, nil
}

// forms yields the page's own URL, if it differs, and then the URL to request.
func forms(current string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if page := pageOf(current); page == current || yield(page) {
			yield(current)
		}
	}
}

// permitted parses a canonical URL and finds its authorisation.
func (f *Fetcher) permitted(canonical string) (*url.URL, *qianshao.Authorisation, error) {
	u, err := url.Parse(canonical)
	if err != nil {
		return nil, nil, &SkipError{Skip: qianshao.SkipBadURL, URL: canonical, Err: err}
	}
	a, skip := f.opts.Permit(u)
	if skip == "" && a == nil { // deny, whatever Permit meant by that
		skip = qianshao.SkipNotAuthorised
	}
	if skip != "" {
		return nil, nil, &SkipError{Skip: skip, URL: canonical, Err: refusal(u, a, skip)}
	}
	return u, a, nil
}

// judge checks status, redirect target and type. It returns the URL to go on
// to, or "" if this is the wanted answer, with its body ready to read.
func (f *Fetcher) judge(ctx context.Context, a *answer, want want) (next string, err error) {
	status := a.response.StatusCode
	if isRedirect(status) {
		location := a.response.Header.Get("Location")
		if location == "" {
			return "", &SkipError{Skip: qianshao.SkipStatus, URL: a.url.String(), Status: status,
				Err: locales.Errorf("unfetched.no_location", status)}
		}
		a.exchange.Body, a.exchange.Truncated = drain(a.response.Body)
		next, err := resolveExact(a.url.String(), location)
		if err != nil {
			return "", &SkipError{Skip: qianshao.SkipBadURL, URL: a.url.String(), Err: locales.Errorf("unfetched.redirect", err)}
		}
		return next, nil
	}
	if status == http.StatusNotModified && want.isConditional() {
		return "", nil
	}
	if status < 200 || status > 299 {
		return "", &SkipError{Skip: qianshao.SkipStatus, URL: a.url.String(), Status: status,
			RetryAfter: retryAfter(a.response.Header, f.opts.Now()),
			Err:        locales.Errorf("unfetched.answered", fmt.Sprint(status, " ", http.StatusText(status)))}
	}
	declared := mediaType(a.response.Header.Get("Content-Type"))
	if saysSomething(declared) && !want.isType(declared) {
		return "", typeError(a.url, declared)
	}
	if err := f.decode(a, want.maxBody, want.keepsWire); err != nil {
		return "", f.readError(ctx, a.url, err)
	}
	if saysSomething(declared) {
		return "", nil
	}
	sniffed, err := sniff(a)
	if err != nil {
		return "", f.readError(ctx, a.url, err)
	}
	if !want.isType(sniffed) {
		return "", typeError(a.url, sniffed+" (sniffed)")
	}
	return "", nil
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// drain reads a little of a body that is not needed, so that the connection can
// be used again.
func drain(body io.Reader) (start []byte, truncated bool) {
	const most = 4 << 10
	start, truncated, _ = readCapped(body, 0, most)
	return start, truncated
}

// send makes one request when the host's pace permits. It asks for the
// authorisation again after the wait for the host's turn, as the one found
// before may have ended. The answer's closers end the request.
func (f *Fetcher) send(ctx context.Context, u *url.URL, before *qianshao.Authorisation, permitted func() (*qianshao.Authorisation, error), header http.Header, total time.Duration) (*answer, error) {
	host, interval := u.Hostname(), f.Interval(u, before)
	leave, err := f.pace.enter(ctx, host, interval)
	if err != nil {
		return nil, err
	}
	a, err := permitted()
	if err != nil {
		leave()
		return nil, err
	}
	ctx, cancelCause := context.WithCancelCause(ctx)
	ctx, cancelTimeout := context.WithTimeoutCause(ctx, total, errTotal)
	cancel := func() { cancelTimeout(); cancelCause(nil); leave() }
	exchange := qianshao.Exchange{URL: u.String(), At: f.opts.Now()}
	var used net.Conn
	req, err := http.NewRequestWithContext(traced(ctx, &exchange, &used), http.MethodGet, exchange.URL, nil)
	if err != nil {
		cancel()
		return nil, err
	}
	req.Header = header
	transport := f.public
	if a.AllowPrivate {
		transport = f.private
	}
	response, err := transport.RoundTrip(req)
	f.pace.rest(host, sent(used), interval)
	if err != nil {
		err = explainTimeout(ctx, err)
		cancel()
		return nil, err
	}
	writeHeaders(&exchange, req, response)
	if pause := hostPause(response, f.opts.Now()); pause > 0 {
		f.pace.postpone(host, pause)
	}
	body := newIdleReader(response.Body, f.limits.BodyIdle, cancelCause, func() error { return context.Cause(ctx) })
	response.Body = body
	return &answer{
		url: u, authorisation: a, response: response, exchange: exchange,
		closers: []func(){cancel, func() { _ = body.Close() }},
	}, nil
}
