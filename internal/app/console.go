package app

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/dashboards"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/console"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

// shutdownTime is how long a request in progress may take when the process is told to stop.
const shutdownTime = 5 * time.Second

// ConsoleOptions say where the console listens and who may sign in.
type ConsoleOptions struct {
	// Listen is the address of console, API and metrics.
	Listen string
	// TrustedProxies are addresses and networks; see auth.Proxies.
	TrustedProxies []string
	// RequireFactor makes everybody set up a second factor before they can do anything else.
	RequireFactor bool
	// OIDC names the file that describes a provider through which people may sign in, too; see
	// ReadOIDC.
	OIDC string
}

// consoleServer is the server of the console, the API and the metrics. It listens once it is
// created, and answers once it runs.
type consoleServer struct {
	server   *http.Server
	listener net.Listener
	url      string
	urlFile  string
}

// newConsole listens, and writes the console's URL into the data folder for Search, with a token
// that permits reading, which adds nothing for anybody who can read the folder.
func newConsole(ctx context.Context, a *App, opts ConsoleOptions) (*consoleServer, error) {
	if err := dashboards.CheckListen(opts.Listen); err != nil {
		return nil, &datafolder.InputError{Err: err}
	}
	proxies, err := auth.ParseProxies(opts.TrustedProxies)
	if err != nil {
		return nil, &datafolder.InputError{Err: err}
	}
	var oidc *auth.OIDC
	if opts.OIDC != "" {
		if oidc, err = ReadOIDC(opts.OIDC); err != nil {
			return nil, &datafolder.InputError{Err: err}
		}
	}
	token := rand.Text() + rand.Text()
	closing := make(chan struct{})
	handler, err := dashboards.New(dashboards.Options{
		Store: a.Folder.Store, Index: a.Index, Holder: a.Folder.Holder,
		Accounts: a.Folder.Accounts, OIDC: oidc, LocalToken: token, Proxies: proxies, RequireFactor: opts.RequireFactor,
		Desk: a.Desk, Campaigns: a.Folder.Review.Campaigns, Checks: a.Folder.Review,
		Notices: a.Notices, ExportFolder: a.opts.Data, Evidence: a.Folder.ExportMany,
		Submit: func(ctx context.Context, report store.Report) (qianshao.Submission, error) {
			return a.Folder.Submit(ctx, a.Folder.Register.Scope(), report)
		},
		Reports: a.Folder.Report, Unmonitored: a.silence.list, Watch: a.Folder.Watch, Recheck: a.Folder.Recheck, Register: a.register(), Whereabouts: a.whereabouts,
		Rule: a.ruleTexts, RuleIDs: a.ruleIDs, RuleLaw: a.ruleLaw, Understand: understand, Scan: a.scan,
		Canonical: fetch.Canonical, Fold: fold.String,
		Zone: a.opts.Zone, Version: a.opts.Version, Log: a.opts.Log, Registry: a.metrics.Registry(), Closing: closing,
	})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", opts.Listen)
	if err != nil {
		return nil, locales.Errorf("start.listen", err)
	}
	c := &consoleServer{
		server: dashboards.NewServer(opts.Listen, handler), listener: listener,
		url: "http://" + reachable(listener.Addr()) + "/", urlFile: datafolder.ConsolePath(a.opts.Data),
	}
	c.server.RegisterOnShutdown(sync.OnceFunc(func() { close(closing) }))
	if err := os.WriteFile(c.urlFile, []byte(c.url+"\n"+token+"\n"), 0o600); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// reachable returns an address at which this machine can reach a listener: the address
// of one that listens everywhere, as in a container, cannot be opened in a browser.
func reachable(address net.Addr) string {
	if tcp, ok := address.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
	}
	return address.String()
}

// ruleTexts returns the title and the other descriptive texts of a rule in force.
func (a *App) ruleTexts(id string) (console.RuleTexts, bool) {
	r, ok := a.rules.Load().Rules().Rule(id)
	if !ok {
		return console.RuleTexts{}, false
	}
	return console.RuleTexts{Title: r.Title, Description: r.Description, Laws: r.LegalBasis, Mistaken: r.FalsePositives, Off: r.Off != nil}, true
}

// ruleIDs returns the ids of the rules in force.
func (a *App) ruleIDs() (ids []string) {
	for _, r := range a.rules.Load().Rules().Rules() {
		ids = append(ids, r.ID)
	}
	return ids
}

// whereabouts returns what is known about a URL.
func (a *App) whereabouts(ctx context.Context, url string) (w console.Whereabouts, err error) {
	item, refused, err := ingest.Place(a.Folder.Register.Scope(), url, time.Now())
	if errors.Is(err, qianshao.ErrBadURL) {
		return console.Whereabouts{URL: url, Refused: qianshao.SkipBadURL}, nil
	}
	if err != nil {
		return w, err
	}
	w = console.Whereabouts{URL: item.URL, Permits: item.Authorisation, Refused: refused}
	w.URLState, err = a.Folder.Store.URLState(ctx, item.URL)
	return w, err
}

// understand parses a stored source again, without the style sheets that it had when it was
// fetched.
func understand(url, source string) *qianshao.Document {
	x := analyze.Extraction{Page: qianshao.Page{URL: url, ContentType: "text/html; charset=utf-8", Body: []byte(source)}}
	return x.Document()
}

// ruleLaw returns the legal provisions that a rule in force names.
func (a *App) ruleLaw(id string) []string {
	r, ok := a.rules.Load().Rules().Rule(id)
	if !ok {
		return nil
	}
	return r.LegalBasis
}

// run answers requests until ctx ends.
func (c *consoleServer) run(ctx context.Context) error {
	shut := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(shut)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		_ = c.server.Shutdown(ctx) // close cuts off the requests that are still open
	})
	if err := c.server.Serve(c.listener); !errors.Is(err, http.ErrServerClosed) {
		stop()
		return err
	}
	<-shut
	return nil
}

// close cuts off the requests that are still open after run. It may be called more than once.
func (c *consoleServer) close() {
	_ = c.server.Close()
	_ = c.listener.Close()
	_ = os.Remove(c.urlFile)
}
