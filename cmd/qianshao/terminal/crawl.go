package terminal

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

// maxWaiting is the number of waiting hosts that a summary lists.
const maxWaiting = 20

// Crawl writes the last lines of a crawl in a language: what it did, what it
// did not do, and what to do about that. Times are in the zone.
func Crawl(w io.Writer, lang locales.Lang, s app.Summary, zone *time.Location) error {
	fmt.Fprintln(w, lang.Text("cli.crawl.fetched", locales.Counted("count.pages", s.Fetched), locales.Counted("count.pages", s.Pages),
		s.Flagged, locales.Counted("count.findings", s.Open), s.Findings-s.Open))
	if s.Replanned != (ingest.Replanned{}) {
		fmt.Fprintln(w, lang.Text("crawl.clock", s.Replanned.URLs, s.Replanned.Hosts, s.Replanned.Findings))
	}
	printSkipped(w, lang, lang.Text("cli.crawl.skipped.now"), s.Skipped)
	printSkipped(w, lang, lang.Text("cli.crawl.skipped.before"), s.Before)
	if s.Fetched == 0 && !s.Next.IsZero() {
		fmt.Fprintln(w, lang.Text("crawl.next", clock(s.Next, zone), qianshao.ZoneName(zone)))
	}
	return printWaiting(w, lang, s.Waiting, zone)
}

// printSkipped writes each reason with some of its hosts and what to do.
func printSkipped(w io.Writer, lang locales.Lang, word string, list []app.Skipped) {
	for _, s := range list {
		hosts := locales.List(s.Hosts).In(lang)
		if s.MoreHosts > 0 {
			hosts += lang.Text("crawl.more", s.MoreHosts)
		}
		fmt.Fprintln(w, lang.Text("cli.crawl.skipped", s.URLs, word, s.Reason, Printable(hosts)))
		fmt.Fprintf(w, "        %s\n", lang.Named("remedy.", string(s.Reason)))
	}
}

// printWaiting lists the hosts that currently fail.
func printWaiting(w io.Writer, lang locales.Lang, hosts []store.WaitingHost, zone *time.Location) error {
	if len(hosts) == 0 {
		return nil
	}
	fmt.Fprintln(w, lang.Count("crawl.waiting", len(hosts)))
	in := qianshao.ZoneName(zone)
	table := NewTable(w, lang.Text("cli.col.host"), lang.Text("cli.col.urls"), lang.Text("cli.col.since", in), lang.Text("cli.col.next", in), lang.Text("cli.col.why"))
	for _, h := range hosts[:min(len(hosts), maxWaiting)] {
		table.Row(h.Host, strconv.Itoa(h.URLs), clock(h.Since, zone), clock(h.Next, zone), string(h.Skip))
	}
	if more := len(hosts) - maxWaiting; more > 0 {
		table.Row("…", "", "", "", strings.TrimSpace(lang.Text("crawl.more", more)))
	}
	return table.Flush()
}

func clock(t time.Time, zone *time.Location) string { return t.In(zone).Format("2006-01-02 15:04:05") }
