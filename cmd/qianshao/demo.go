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
	"github.com/qianshao/qianshao/store"
)

// demoWorkers is one for each host of the demo's web.
const demoWorkers = 6

// defaultData is the data folder of who names none.
const defaultData = "data"

// demoCmd crawls the demo's web over real HTTP with the parts that a real
// crawl uses, and holds what was found against what the web declares.
type demoCmd struct {
	Once bool `help:"Exit after the crawl: 0 if all is found as declared, 3 if not."`
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
	err = env.withFolder(func(f *datafolder.Folder) error {
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
	fmt.Fprintln(env.out, "\nLook around in the console; Ctrl-C ends the demo. This link logs you in, once:")
	fmt.Fprintln(env.out, "  "+link)
	fmt.Fprintln(env.out, "To see what a colleague sees, make a second account and open its link in another browser:")
	fmt.Fprintf(env.out, "  qianshao account add ann --all --data=%s\n", env.data)
	fmt.Fprintf(env.err, "the console is at %s\n", a.ConsoleURL())
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

// useDemoFolder makes a temporary folder the data folder, and says so where another was named.
func (env *environment) useDemoFolder() (err error) {
	if env.data != defaultData {
		env.warn("the demo works in a temporary folder of its own, not in " + env.data)
	}
	if env.backends.Any() {
		env.warn("the demo works in its folder alone: --store, --index and --evidence do not count")
		env.backends = backends.Options{}
	}
	env.data, err = os.MkdirTemp("", "qianshao-demo-")
	return err
}

// printDemo prints what was found and returns how it differs from what the web declares.
func printDemo(env *environment, web *demoweb.Web, f *datafolder.Folder, fetched int, took time.Duration) (mismatch, err error) {
	report := demoReport{web: web, chinese: terminal.IsChinese()}
	if report.found, err = findingsByURL(env.ctx, f); err != nil {
		return nil, err
	}
	if report.fetched, err = fetchedURLs(env.ctx, f); err != nil {
		return nil, err
	}
	report.print(env.out)
	fmt.Fprintf(env.out, "\n%s fetched in %s; ", terminal.Counted(fetched, "page"), took.Round(time.Millisecond))
	differences := web.Differences(report.found, report.fetched, terminal.EvidenceInWords)
	if len(differences) == 0 {
		fmt.Fprintln(env.out, "everything is as the demo declares it.")
		return nil, nil
	}
	fmt.Fprintf(env.out, "%s from what the demo declares:\n", terminal.Counted(len(differences), "difference"))
	for _, d := range differences {
		fmt.Fprintln(env.out, "  "+d)
	}
	return mismatchError(errors.New("the demo found something else than it declares")), nil
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

// demoReport holds what was found against what the web declares.
type demoReport struct {
	web     *demoweb.Web
	found   map[string][]qianshao.Finding
	fetched map[string]bool
	chinese bool
}

func (r demoReport) print(w io.Writer) {
	found := terminal.NewTable(w, "LEVEL", "SCORE", "CATEGORY", "HIDDEN", "EVIDENCE", "PAGE")
	quiet := terminal.NewTable(w, "PAGE", "WHY")
	unfetched := terminal.NewTable(w, "REASON", "URL", "WHY")
	for _, e := range r.web.Expected() {
		f, flagged := demoweb.HighestScoring(r.found[e.URL])
		switch {
		case flagged:
			found.Row(f.Level.String(), strconv.Itoa(f.Score), string(f.Category), terminal.HiddenHow(f), terminal.EvidenceInWords(f), e.URL)
		case r.fetched[e.URL]:
			quiet.Row(e.URL, r.why(e))
		default:
			unfetched.Row(string(e.Skip), e.URL, r.why(e))
		}
	}
	for _, part := range []struct {
		title string
		table *terminal.Table
	}{{"FOUND", found}, {"RIGHTLY LEFT ALONE", quiet}, {"NOT FETCHED", unfetched}} {
		fmt.Fprintf(w, "\n%s (%d)\n", part.title, part.table.Len())
		_ = part.table.Flush() // a terminal that is gone is no reason to fail
	}
}

func (r demoReport) why(e demoweb.Expectation) string {
	if r.chinese {
		return e.WhyZH
	}
	return e.WhyEN
}
