package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/datafolder"
)

// fetchFlags are app.FetchOptions as flags, of every command that makes requests.
type fetchFlags struct {
	Contact  string            `help:"A URL or mail address of whoever runs this collector; every request names it." env:"QIANSHAO_CONTACT" placeholder:"URL"`
	Operator string            `help:"The name of whoever runs this collector, in ASCII; every request names it. By default the contact's host." env:"QIANSHAO_OPERATOR" placeholder:"NAME"`
	Resolve  map[string]string `help:"Connect to ADDR:PORT for HOST, as for a staging server. The address guard still applies." placeholder:"HOST=ADDR:PORT"`
	DNS      string            `name:"dns" help:"Look names up with this DNS server instead of the system's." placeholder:"ADDR:PORT"`
	Proxy    string            `help:"Make every connection through this proxy: http, https or socks5. Addresses are resolved and checked here all the same. HTTP_PROXY and the like are not looked at." env:"QIANSHAO_PROXY" placeholder:"URL"`
}

// browserFlags are app.BrowserOptions as flags.
type browserFlags struct {
	Browser          string `help:"Chromium, to render pages that scripts make and to take pictures of flagged ones: auto looks for one, off renders nothing, or its PATH." default:"auto" env:"QIANSHAO_BROWSER" placeholder:"auto|off|PATH"`
	BrowserNoSandbox bool   `help:"Run the browser without its sandbox, as root must. Only inside a container that is a sandbox itself."`
}

// crawlCmd visits everything that is due and ends.
type crawlCmd struct {
	Workers int  `help:"Hosts visited at the same time." default:"8"`
	Retry   bool `help:"Make due at once what waits because it failed, and what was skipped."`
	fetchFlags
	browserFlags

	MetricsFile string `help:"Leave the metrics in this file when the crawl ends, for node_exporter's textfile collector; its name ends in .prom." placeholder:"FILE.prom"`
}

func (c crawlCmd) Run(env *environment) (err error) {
	tally := app.NewTally()
	a, err := env.newApp(app.Options{InForce: env.tellInForce, Crawl: &app.CrawlOptions{
		FetchOptions: app.FetchOptions(c.fetchFlags), BrowserOptions: app.BrowserOptions(c.browserFlags),
		Workers: c.Workers, Once: true, Retry: c.Retry, Observe: tally,
		MetricsFile: c.MetricsFile,
	}})
	if c.Retry && datafolder.InUse(err) {
		return env.retryBeside()
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Stop()) }()
	a.Start(env.ctx)
	err = a.WaitCrawl()
	isInterrupted := env.ctx.Err() != nil
	if err != nil && !(isInterrupted && errors.Is(err, context.Canceled)) {
		return err
	}
	summary, err := tally.Summary(context.WithoutCancel(env.ctx), a.Folder)
	if err == nil {
		err = terminal.Crawl(env.out, summary, env.zone())
	}
	if err != nil {
		return err
	}
	if err := printUnmonitored(context.WithoutCancel(env.ctx), env.out, a.Folder); err != nil {
		return err
	}
	if isInterrupted {
		return env.interrupted("the next crawl visits what is still due")
	}
	return nil
}

// retryBeside leaves the visits to the server that has the folder open.
func (env *environment) retryBeside() error {
	return env.withFolder(func(f *datafolder.Folder) error {
		urls, err := f.Store.Retry(env.ctx)
		if err == nil {
			fmt.Fprintf(env.out, "%s made due at once; the running server visits what is due\n", terminal.Counted(urls, "URL"))
		}
		return err
	})
}

// tellInForce says what the process works with.
func (env *environment) tellInForce(f app.InForce) { terminal.InForce(env.err, f) }
