package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards"
)

// shutdownTime is what a request under way gets when the process is told to stop.
const shutdownTime = 5 * time.Second

// consoleFlags say where the console listens and who may enter.
type consoleFlags struct {
	Listen       string `help:"Address of the console, the API and /metrics. Any but a loopback address needs a password." default:"127.0.0.1:8740"`
	PasswordFile string `help:"File that holds the console's password." type:"existingfile" placeholder:"FILE"`
	Password     string `help:"The console's password; better given by the environment or a file." env:"QIANSHAO_PASSWORD" hidden:""`
}

func (f consoleFlags) password() (string, error) {
	if f.PasswordFile == "" {
		return f.Password, nil
	}
	content, err := os.ReadFile(f.PasswordFile)
	if err != nil {
		return "", err
	}
	password := strings.TrimSpace(string(content))
	if password == "" {
		return "", usageError(fmt.Errorf("%s is empty; put the console's password into it", f.PasswordFile))
	}
	return password, nil
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

func (c serveCmd) Run(s *session) (err error) {
	o, err := openOutpost(s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.Close()) }()
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP) // before anybody can know of the process
	defer signal.Stop(hangups)
	group, ctx := errgroup.WithContext(s.ctx)
	group.Go(func() error { return o.reloadOn(ctx, hangups, s) })
	group.Go(func() error { return o.serveConsole(ctx, s, c.consoleFlags) })
	if !c.NoCrawl {
		group.Go(func() error {
			return o.crawl(ctx, crawlOptions{
				fetchFlags: c.fetchFlags, browserFlags: c.browserFlags, workers: c.Workers, revisit: c.Revisit,
			})
		})
	}
	if err := group.Wait(); err != nil && s.ctx.Err() == nil {
		return err
	}
	return nil
}

// serveConsole listens until ctx ends, and leaves the console's URL in the
// data folder so that "qianshao search" finds its way past the index's lock.
func (o *outpost) serveConsole(ctx context.Context, s *session, flags consoleFlags) error {
	password, err := flags.password()
	if err != nil {
		return err
	}
	if err := dashboards.CheckListen(flags.Listen, password != ""); err != nil {
		return usageError(err)
	}
	scope := newRegister(s.ctx, o.store, o.log).Scope
	handler, err := dashboards.New(dashboards.Options{
		Store: o.store, Index: o.index, Registry: o.metrics.Registry(),
		Submit: func(ctx context.Context, url string, suspected qianshao.Category) (qianshao.Submission, error) {
			return submit(ctx, o.store, scope(), url, suspected)
		},
		Password: password, Version: versionString(), Log: s.log,
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", flags.Listen)
	if err != nil {
		return fmt.Errorf("listen for the console: %w; choose another address with --listen", err)
	}
	url := "http://" + listener.Addr().String() + "/"
	if err := os.WriteFile(consoleURLPath(s.data), []byte(url), 0o600); err != nil {
		return errors.Join(err, listener.Close())
	}
	defer os.Remove(consoleURLPath(s.data))
	fmt.Fprintf(s.err, "the console is at %s\n", url)
	return serveUntil(ctx, dashboards.NewServer(flags.Listen, handler), listener)
}

func consoleURLPath(data string) string { return filepath.Join(data, "console.url") }

func serveUntil(ctx context.Context, server *http.Server, listener net.Listener) error {
	stopped := context.AfterFunc(ctx, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		_ = server.Shutdown(ctx) // what is left is cut off by the process's end
	})
	defer stopped()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// reloadOn reads the rules anew at each hang-up, and on the day after an entry
// of the overlay has lapsed. A broken set never replaces a good one: it is
// logged and counted, and the old one stays in force.
func (o *outpost) reloadOn(ctx context.Context, hangups <-chan os.Signal, s *session) error {
	for {
		var lapsed <-chan time.Time
		if at, ok := o.analyzer.Load().Rules().Lapses(); ok && at.After(time.Now()) {
			lapsed = time.After(time.Until(at))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-hangups:
		case <-lapsed:
		}
		analyzer, err := s.loadVetted()
		if err != nil {
			o.metrics.RulesReloadFailed()
			o.log.Error("the new rules are broken; the old ones stay in force", "error", err)
			continue
		}
		o.use(analyzer)
		o.log.Info("rules reloaded", "rules", len(analyzer.Rules().Rules()))
	}
}
