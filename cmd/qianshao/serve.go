package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/qianshao/qianshao/internal/app"
)

// consoleFlags say where the console listens and who may enter.
type consoleFlags struct {
	Listen        string   `help:"Address of the console, the API and /metrics." default:"127.0.0.1:8740"`
	TrustedProxy  []string `help:"Address or network of a proxy in front of the console, whose X-Forwarded-For, X-Forwarded-Proto or Forwarded is believed." placeholder:"CIDR"`
	RequireFactor bool     `name:"require-second-factor" help:"Let nobody use the console before they have set up a second factor."`
	OIDC          string   `name:"oidc" help:"File that says at which OIDC provider people may log in, too, and what its claims grant." type:"existingfile" placeholder:"FILE"`
	// What there was before accounts.
	PasswordFile string `hidden:""`
	Password     string `hidden:"" env:"QIANSHAO_PASSWORD"`
}

func (f consoleFlags) options() (*app.ConsoleOptions, error) {
	if f.PasswordFile != "" || f.Password != "" {
		return nil, usageError(errors.New("the console has accounts now, and no password for all: take --password-file, --password and QIANSHAO_PASSWORD away, " +
			"then run \"qianshao account add NAME --role administrator --all\" once for yourself; programs that sent the password by HTTP Basic " +
			"send a token of \"qianshao account token add NAME\""))
	}
	return &app.ConsoleOptions{Listen: f.Listen, TrustedProxies: f.TrustedProxy, RequireFactor: f.RequireFactor, OIDC: f.OIDC}, nil
}

// serveCmd watches the sites until it is told to stop. SIGHUP reads the rules anew.
type serveCmd struct {
	NoCrawl bool          `help:"Serve the console only."`
	Workers int           `help:"Hosts visited at the same time." default:"8"`
	Revisit time.Duration `help:"Time between two visits of a page." default:"24h"`
	consoleFlags
	fetchFlags
	browserFlags
}

func (c serveCmd) Run(env *environment) (err error) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP) // before anybody can know of the process
	defer signal.Stop(hangups)
	fetch := app.FetchOptions(c.fetchFlags)
	opts := app.Options{InForce: env.tellInForce, Outward: &fetch} // messages are sent without a crawl, too
	if opts.Console, err = c.consoleFlags.options(); err != nil {
		return err
	}
	if !c.NoCrawl {
		opts.Crawl = &app.CrawlOptions{
			FetchOptions: fetch, BrowserOptions: app.BrowserOptions(c.browserFlags),
			Workers: c.Workers, Revisit: c.Revisit,
		}
	}
	a, err := env.newApp(opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Stop()) }()
	if err := env.firstAccount(a); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(env.ctx)
	defer cancel()
	go reloadOn(ctx, hangups, a)
	a.Start(env.ctx)
	fmt.Fprintf(env.err, "the console is at %s\n", a.ConsoleURL())
	if err := a.Wait(); err != nil && env.ctx.Err() == nil {
		return err
	}
	return nil
}

// reloadOn reads the rules anew at each hang-up, until ctx ends.
func reloadOn(ctx context.Context, hangups <-chan os.Signal, a *app.App) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
			_ = a.Reload() // the log and a metric tell of a failure
		}
	}
}
