package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/internal/app"
)

// consoleFlags say where the console listens and who may enter.
type consoleFlags struct {
	Listen       string `help:"Address of the console, the API and /metrics. Any but a loopback address needs a password." default:"127.0.0.1:8740"`
	PasswordFile string `help:"File that holds the console's password." type:"existingfile" placeholder:"FILE"`
	Password     string `help:"The console's password; better given by the environment or a file." env:"QIANSHAO_PASSWORD" hidden:""`
}

func (f consoleFlags) options(env *environment) (*app.ConsoleOptions, error) {
	if f.PasswordFile == "" {
		if value, set := os.LookupEnv("QIANSHAO_PASSWORD"); set && value == "" && f.Password == "" {
			return nil, usageError(errors.New("QIANSHAO_PASSWORD is set and empty; put the console's password into it, or unset it for a console without one"))
		}
		return &app.ConsoleOptions{Listen: f.Listen, Password: f.Password}, nil
	}
	password, exposed, err := auth.ReadPassword(f.PasswordFile)
	if err != nil {
		return nil, usageError(err)
	}
	if exposed {
		env.warn(fmt.Sprintf("everybody on this machine can read the console's password in %s; run \"chmod 600 %[1]s\"", f.PasswordFile))
	}
	return &app.ConsoleOptions{Listen: f.Listen, Password: password}, nil
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
	opts := app.Options{InForce: env.tellInForce}
	if opts.Console, err = c.consoleFlags.options(env); err != nil {
		return err
	}
	if !c.NoCrawl {
		opts.Crawl = &app.CrawlOptions{
			FetchOptions: app.FetchOptions(c.fetchFlags), BrowserOptions: app.BrowserOptions(c.browserFlags),
			Workers: c.Workers, Revisit: c.Revisit,
		}
	}
	a, err := env.newApp(opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Stop()) }()
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
