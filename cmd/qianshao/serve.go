package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/locales"
)

// consoleFlags say where the console listens and who may enter.
type consoleFlags struct {
	Listen        string   `default:"127.0.0.1:8740"`
	TrustedProxy  []string `placeholder:"CIDR"`
	RequireFactor bool     `name:"require-second-factor"`
	OIDC          string   `name:"oidc" type:"existingfile" placeholder:"FILE"`
	// From the time before accounts.
	PasswordFile string `hidden:""`
	Password     string `hidden:"" env:"QIANSHAO_PASSWORD"`
}

func (f consoleFlags) options() (*app.ConsoleOptions, error) {
	if f.PasswordFile != "" || f.Password != "" {
		return nil, usageError(locales.Errorf("cli.serve.old_password"))
	}
	return &app.ConsoleOptions{Listen: f.Listen, TrustedProxies: f.TrustedProxy, RequireFactor: f.RequireFactor, OIDC: f.OIDC}, nil
}

// serveCmd watches the sites until it is told to stop. SIGHUP reads the rules anew.
type serveCmd struct {
	NoCrawl bool
	Workers int           `default:"8"`
	Revisit time.Duration `default:"24h"`
	consoleFlags
	fetchFlags
	browserFlags
}

func (c serveCmd) Run(env *environment) (err error) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP) // before anybody can know the process's id
	defer signal.Stop(hangups)
	fetch := app.FetchOptions(c.fetchFlags)
	opts := app.Options{InForce: env.tellInForce, Outward: &fetch} // messages are sent even without a crawl
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
	env.tell("cli.serve.console", a.ConsoleURL())
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
			_ = a.Reload() // a failure is in the log and a metric
		}
	}
}
