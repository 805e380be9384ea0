package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/cmd/qianshao/demoweb"
)

// demoWorkers is one for each host of the demo's web.
const demoWorkers = 6

// demoCmd crawls the demo's web over real HTTP with the parts that a real
// crawl uses, and holds what was found against what the web declares.
type demoCmd struct {
	Once bool `help:"Exit after the crawl: 0 if all is found as declared, 3 if not."`
	consoleFlags
}

func (c demoCmd) Run(s *session) (err error) {
	folder, err := os.MkdirTemp("", "qianshao-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	s.data = folder

	web, err := demoweb.New()
	if err != nil {
		return err
	}
	if err := web.Start(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, web.Stop(context.WithoutCancel(s.ctx))) }()

	o, err := openOutpost(s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.Close()) }()
	mismatch, err := o.crawlDemo(s, web)
	if err != nil {
		return err
	}
	if c.Once {
		return mismatch
	}
	fmt.Fprintln(s.out, "\nLook around in the console; Ctrl-C ends the demo.")
	group, ctx := errgroup.WithContext(s.ctx)
	group.Go(func() error { return o.serveConsole(ctx, s, c.consoleFlags) })
	return group.Wait()
}

// crawlDemo crawls, prints the tables and returns how the outcome differs
// from what the web declares.
func (o *outpost) crawlDemo(s *session, web *demoweb.Web) (mismatch, err error) {
	start := time.Now()
	if err := o.store.PutAuthorisations(s.ctx, web.Authorisations(start)); err != nil {
		return nil, err
	}
	tally := newTally()
	err = o.crawl(s.ctx, crawlOptions{
		fetchFlags: fetchFlags{Contact: "https://qianshao.example/demo", Resolve: web.Resolve()},
		workers:    demoWorkers, once: true, tally: tally,
	})
	if err != nil {
		return nil, err
	}
	report := demoReport{web: web, chinese: chineseLocale()}
	if report.found, err = o.findingsByURL(s.ctx); err != nil {
		return nil, err
	}
	if report.fetched, err = o.fetchedURLs(s.ctx); err != nil {
		return nil, err
	}
	report.print(s.out)
	fmt.Fprintf(s.out, "\n%d pages fetched in %s; ", tally.fetched, time.Since(start).Round(time.Millisecond))
	differences := report.differences()
	if len(differences) == 0 {
		fmt.Fprintln(s.out, "everything is as the demo declares it.")
		return nil, nil
	}
	fmt.Fprintf(s.out, "%d differences from what the demo declares:\n", len(differences))
	for _, d := range differences {
		fmt.Fprintln(s.out, "  "+d)
	}
	return mismatchError(errors.New("the demo found something else than it declares")), nil
}

// findingsByURL reads all findings; the demo's web is small.
func (o *outpost) findingsByURL(ctx context.Context) (map[string][]qianshao.Finding, error) {
	found := map[string][]qianshao.Finding{}
	for entry, err := range o.store.AllFindings(ctx) {
		if err != nil {
			return nil, err
		}
		found[entry.Finding.URL] = append(found[entry.Finding.URL], entry.Finding)
	}
	return found, nil
}

func (o *outpost) fetchedURLs(ctx context.Context) (map[string]bool, error) {
	fetched := map[string]bool{}
	for page, err := range o.store.AllPages(ctx) {
		if err != nil {
			return nil, err
		}
		fetched[page.URL] = true
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
	found := newTable(w, "LEVEL", "SCORE", "CATEGORY", "HIDDEN", "EVIDENCE", "PAGE")
	quiet := newTable(w, "PAGE", "WHY")
	unfetched := newTable(w, "REASON", "URL", "WHY")
	for _, e := range r.web.Expected() {
		f, flagged := highestScoring(r.found[e.URL])
		switch {
		case flagged:
			found.row(f.Level.String(), strconv.Itoa(f.Score), string(f.Category), hiddenHow(f), evidenceInWords(f), e.URL)
		case r.fetched[e.URL]:
			quiet.row(e.URL, r.why(e))
		default:
			unfetched.row(string(e.Skip), e.URL, r.why(e))
		}
	}
	for _, part := range []struct {
		title string
		table *tableWriter
	}{{"FOUND", found}, {"RIGHTLY LEFT ALONE", quiet}, {"NOT FETCHED", unfetched}} {
		fmt.Fprintf(w, "\n%s (%d)\n", part.title, len(part.table.rows)-1)
		_ = part.table.flush() // a terminal that is gone is no reason to fail
	}
}

func (r demoReport) why(e demoweb.Expectation) string {
	if r.chinese {
		return e.WhyZH
	}
	return e.WhyEN
}

// differences says in words where the outcome is not what the web declares.
func (r demoReport) differences() (list []string) {
	differs := func(url, format string, args ...any) {
		list = append(list, url+": "+fmt.Sprintf(format, args...))
	}
	declared := map[string]bool{}
	for _, e := range r.web.Expected() {
		declared[e.URL] = true
		f, flagged := highestScoring(r.found[e.URL])
		if named, ok := highestScoring(ofCategory(r.found[e.URL], e.Category)); ok {
			f = named // an advertisement of forged invoices is invoice trade, too
		}
		switch {
		case e.Skip != "" && r.fetched[e.URL]:
			differs(e.URL, "was fetched, though %s", e.Skip)
		case e.Skip == "" && !r.fetched[e.URL]:
			differs(e.URL, "was not fetched")
		case e.Category == "" && flagged:
			differs(e.URL, "was flagged by %s: %s", f.Rule, evidenceInWords(f))
		case e.Category != "" && !flagged:
			differs(e.URL, "was not flagged; it is %s", e.Category)
		case e.Category != "" && f.Category != e.Category:
			differs(e.URL, "was taken for %s; it is %s", f.Category, e.Category)
		case f.Level < e.MinLevel:
			differs(e.URL, "has level %s; it is at least %s", f.Level, e.MinLevel)
		case e.View != "" && !hasView(f, e.View):
			differs(e.URL, "was found, but not as what only %s gets", e.View)
		case e.View == "" && hiddenHow(f) == string(qianshao.ViewSearchVisitor):
			differs(e.URL, "was found in a search visitor's view; everybody gets it")
		case e.Hidden && !f.Hidden:
			differs(e.URL, "was found, but not that it is hidden")
		}
	}
	for url := range r.fetched {
		if !declared[url] {
			differs(url, "was fetched, but the demo knows of no such page")
		}
	}
	return append(list, r.trespasses()...)
}

// trespasses names requests that reached the web's server and should not have:
// for hosts that nobody authorised, and for pages that are closed.
func (r demoReport) trespasses() (list []string) {
	closed := map[string]qianshao.Skip{}
	for _, e := range r.web.Expected() {
		if u, err := url.Parse(e.URL); err == nil && e.Skip != "" && !r.web.Redirects(u) {
			closed[u.Host+u.Path] = e.Skip
		}
	}
	authorised := map[string]bool{}
	for _, a := range r.web.Authorisations(time.Now()) {
		for _, host := range a.Hosts {
			authorised[host] = true
		}
	}
	for at, n := range r.web.Requests() {
		host, _, _ := strings.Cut(at, "/")
		if skip := closed[at]; skip != "" || !authorised[host] {
			list = append(list, fmt.Sprintf("%s: %d requests, though %s", at, n, cmp.Or(skip, qianshao.SkipNotAuthorised)))
		}
	}
	slices.Sort(list)
	return list
}

func highestScoring(findings []qianshao.Finding) (best qianshao.Finding, ok bool) {
	for _, f := range findings {
		if !ok || f.Score > best.Score {
			best, ok = f, true
		}
	}
	return best, ok
}

func ofCategory(findings []qianshao.Finding, c qianshao.Category) (of []qianshao.Finding) {
	for _, f := range findings {
		if f.Category == c {
			of = append(of, f)
		}
	}
	return of
}

func hasView(f qianshao.Finding, v qianshao.View) bool {
	return slices.ContainsFunc(f.Evidence, func(e qianshao.Evidence) bool { return e.View == v })
}

// hiddenHow says how a finding's evidence is kept from visitors: a way of
// hiding, or the view that alone has it.
func hiddenHow(f qianshao.Finding) string {
	for _, e := range f.Evidence {
		if e.View != "" {
			return string(e.View)
		}
	}
	for _, e := range f.Evidence {
		if e.Hidden.Concealed() {
			return string(e.Hidden)
		}
	}
	return "-"
}

// chineseLocale follows the environment that the C library would.
func chineseLocale() bool {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := os.Getenv(name); value != "" {
			return strings.HasPrefix(value, "zh")
		}
	}
	return false
}
