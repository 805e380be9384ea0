package main

import (
	"context"
	"errors"

	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
)

// fetchFlags are app.FetchOptions as flags, for every command that makes requests.
type fetchFlags struct {
	Contact  string            `env:"QIANSHAO_CONTACT" placeholder:"URL"`
	Operator string            `env:"QIANSHAO_OPERATOR" placeholder:"NAME"`
	Resolve  map[string]string `placeholder:"HOST=ADDR:PORT"`
	DNS      string            `name:"dns" placeholder:"ADDR:PORT"`
	Proxy    string            `env:"QIANSHAO_PROXY" placeholder:"URL"`
}

// browserFlags are app.BrowserOptions as flags.
type browserFlags struct {
	Browser          string `default:"auto" env:"QIANSHAO_BROWSER" placeholder:"auto|off|PATH"`
	BrowserNoSandbox bool
}

// crawlCmd visits everything that is due and ends.
type crawlCmd struct {
	Workers int `default:"8"`
	Retry   bool
	fetchFlags
	browserFlags

	MetricsFile string `placeholder:"FILE.prom"`
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
		err = terminal.Crawl(env.out, env.lang, summary, env.zone())
	}
	if err != nil {
		return err
	}
	if err := env.unmonitored(context.WithoutCancel(env.ctx), env.out, env.lang, a.Folder); err != nil {
		return err
	}
	if isInterrupted {
		return interrupted(locales.M("cli.crawl.next"))
	}
	return nil
}

// retryBeside makes URLs due for the server that has the folder open, which then visits them.
func (env *environment) retryBeside() error {
	return env.withFolder(func(f *datafolder.Folder) error {
		urls, err := f.Store.Retry(env.ctx)
		if err == nil {
			env.print("cli.crawl.retry", locales.Counted("count.urls", urls))
		}
		return err
	})
}

// tellInForce says which rules, overlay and authorisations are in force.
func (env *environment) tellInForce(f app.InForce) { terminal.InForce(env.err, env.told, f) }
