package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/cmd/qianshao/demoweb"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/backends"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

// demoWorkers is one worker for each host of the demo's web.
const demoWorkers = 6

// defaultData is the data folder if none is named.
const defaultData = "data"

// demoCmd crawls the demo's web over real HTTP with the parts that a real crawl uses, and compares the
// findings with the expected ones.
type demoCmd struct {
	Once bool
	consoleFlags
}

func (c demoCmd) Run(env *environment) (err error) {
	if err = env.useDemoFolder(); err != nil {
		return err
	}
	defer os.RemoveAll(env.data)

	web, err := demoweb.New()
	if err != nil {
		return err
	}
	if err := web.Start(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, web.Stop(context.WithoutCancel(env.ctx))) }()

	start := time.Now()
	err = env.beginFolder(func(f *datafolder.Folder) error {
		return f.Store.PutAuthorisations(env.ctx, byCommand(), web.Authorisations(start))
	})
	if err != nil {
		return err
	}
	tally := app.NewTally()
	opts := app.Options{Crawl: &app.CrawlOptions{
		FetchOptions: app.FetchOptions{Contact: "https://qianshao.example/demo", Resolve: web.Resolve()},
		Workers:      demoWorkers, Once: true, Observe: tally,
	}}
	if !c.Once {
		if opts.Console, err = c.consoleFlags.options(); err != nil {
			return err
		}
	}
	a, err := env.newApp(opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Stop()) }()
	a.Start(env.ctx)
	if err := errors.Join(a.WaitCrawl(), env.ctx.Err()); err != nil {
		return err
	}
	took := time.Since(start)
	summary, err := tally.Summary(env.ctx, a.Folder)
	if err != nil {
		return err
	}
	mismatch, err := printDemo(env, web, a.Folder, summary.Fetched, took)
	if err != nil || c.Once {
		return errors.Join(err, mismatch)
	}
	link, err := demoLink(env.ctx, a)
	if err != nil {
		return err
	}
	env.print("cli.demo.look")
	fmt.Fprintln(env.out, "  "+link)
	env.print("cli.demo.colleague")
	fmt.Fprintf(env.out, "  qianshao account add ann --all --data=%s\n", env.data)
	env.tell("cli.serve.console", a.ConsoleURL())
	return a.Wait()
}

// demoLink makes the demo's one account and returns a link that logs it in.
func demoLink(ctx context.Context, a *app.App) (string, error) {
	demo := qianshao.Account{Name: "demo", Role: qianshao.RoleAdministrator, Sight: qianshao.SeeAll()}
	if err := a.Folder.Accounts.Add(ctx, store.ByCommand, demo, ""); err != nil {
		return "", err
	}
	key, _, err := a.Folder.Accounts.NewLink(ctx, store.ByCommand, store.LinkEnter, demo.Name)
	return a.ConsoleURL() + auth.LinkPath(key), err
}

// useDemoFolder makes a temporary folder the data folder, and says so if another was named.
func (env *environment) useDemoFolder() (err error) {
	if env.data != defaultData {
		env.warn(locales.M("cli.demo.folder", env.data))
	}
	if env.backends.Any() {
		env.warn(locales.M("cli.demo.servers"))
		env.backends = backends.Options{}
	}
	env.data, err = os.MkdirTemp("", "qianshao-demo-")
	return err
}

// printDemo prints the findings and returns how they differ from the expected ones.
func printDemo(env *environment, web *demoweb.Web, f *datafolder.Folder, fetched int, took time.Duration) (mismatch, err error) {
	report := demoReport{web: web, env: env}
	if report.found, err = findingsByURL(env.ctx, f); err != nil {
		return nil, err
	}
	if report.fetched, err = fetchedURLs(env.ctx, f); err != nil {
		return nil, err
	}
	report.print(env.out)
	fmt.Fprintln(env.out)
	pages, took := locales.Counted("count.pages", fetched), took.Round(time.Millisecond)
	differences := web.Differences(report.found, report.fetched, terminal.EvidenceInWords)
	if len(differences) == 0 {
		env.print("cli.demo.fetched", pages, took)
		return nil, nil
	}
	env.print("cli.demo.differs", pages, took, locales.Counted("count.differences", len(differences)))
	for _, d := range differences {
		fmt.Fprintln(env.out, "  "+d)
	}
	return mismatchError(locales.Errorf("cli.demo.mismatch")), nil
}

// findingsByURL reads all findings; the demo's web is small.
func findingsByURL(ctx context.Context, f *datafolder.Folder) (map[string][]qianshao.Finding, error) {
	found := map[string][]qianshao.Finding{}
	for entry, err := range f.Store.AllFindings(ctx) {
		if err != nil {
			return nil, err
		}
		found[entry.Finding.URL] = append(found[entry.Finding.URL], entry.Finding)
	}
	return found, nil
}

func fetchedURLs(ctx context.Context, f *datafolder.Folder) (map[string]bool, error) {
	fetched := map[string]bool{}
	for page, err := range f.Store.AllPages(ctx) {
		if err != nil {
			return nil, err
		}
		fetched[page.Key] = true
	}
	return fetched, nil
}

// demoReport compares the findings with the expected ones.
type demoReport struct {
	web     *demoweb.Web
	found   map[string][]qianshao.Finding
	fetched map[string]bool
	env     *environment
}

func (r demoReport) print(w io.Writer) {
	found := r.env.table("cli.col.level", "cli.col.score", "cli.col.category", "cli.col.hidden", "cli.col.evidence", "cli.col.page")
	quiet := r.env.table("cli.col.page", "cli.col.why")
	unfetched := r.env.table("cli.col.reason", "cli.col.url", "cli.col.why")
	for _, e := range r.web.Expected() {
		f, flagged := demoweb.HighestScoring(r.found[e.URL])
		switch {
		case flagged:
			found.Row(r.env.named("level.", f.Level.String()), strconv.Itoa(f.Score), r.env.named("category.", string(f.Category)), terminal.HiddenHow(r.env.lang, f), terminal.EvidenceInWords(f), e.URL)
		case r.fetched[e.URL]:
			quiet.Row(e.URL, r.why(e))
		default:
			unfetched.Row(r.env.named("skip.", string(e.Skip)), e.URL, r.why(e))
		}
	}
	for _, part := range []struct {
		title string
		table *terminal.Table
	}{{"cli.demo.found", found}, {"cli.demo.quiet", quiet}, {"cli.demo.unfetched", unfetched}} {
		fmt.Fprintf(w, "\n%s (%d)\n", r.env.lang.Text(part.title), part.table.Len())
		_ = part.table.Flush() // a closed terminal is not a reason to fail
	}
}

func (r demoReport) why(e demoweb.Expectation) string {
	if r.env.lang == locales.Chinese {
		return e.WhyZH
	}
	return e.WhyEN
}
