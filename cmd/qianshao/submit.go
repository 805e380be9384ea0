package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store/sqlite"
)

// submitCmd takes reports of pages. It may run beside a server.
type submitCmd struct {
	URLs    []string `arg:"" optional:"" name:"url" help:"Pages that may show a crime; - reads one a line from standard input."`
	Suspect string   `help:"What they are suspected of: one of the closed list of crimes." placeholder:"CATEGORY"`
	Limit   int      `help:"Without a URL, the latest reports are listed: at most so many." default:"50"`
}

func (c submitCmd) Run(s *session) error {
	db, err := openStore(s)
	if err != nil {
		return err
	}
	defer db.Close()
	if len(c.URLs) == 0 {
		return listReports(s, db, c.Limit)
	}
	var suspected qianshao.Category
	if c.Suspect != "" {
		if suspected, err = qianshao.ParseCategory(c.Suspect); err != nil {
			return usageError(err)
		}
	}
	scope, err := newRegister(s.ctx, db, s.log).readScope()
	if err != nil {
		return err
	}
	var refused error
	for url, err := range lines(s, c.URLs) {
		if err != nil {
			return err
		}
		report, err := submit(s.ctx, db, scope, url, suspected)
		if errors.Is(err, qianshao.ErrBadURL) {
			refused = errors.Join(refused, err)
			continue
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s  %s  %s\n", report.ID, reportState(report), printable(report.URL))
	}
	if refused != nil {
		return usageError(refused)
	}
	return nil
}

// lines yields the arguments, and for "-" the lines of standard input that say something.
func lines(s *session, args []string) func(yield func(string, error) bool) {
	return func(yield func(string, error) bool) {
		for _, arg := range args {
			if arg != "-" {
				if !yield(arg, nil) {
					return
				}
				continue
			}
			in := bufio.NewScanner(s.in)
			for in.Scan() {
				if line := strings.TrimSpace(in.Text()); line != "" && !yield(line, nil) {
					return
				}
			}
			if err := in.Err(); err != nil && !yield("", fmt.Errorf("read standard input: %w", err)) {
				return
			}
		}
	}
}

// submit records the report of a page. It is fetched when an authorisation
// covers it, and otherwise waits for one.
func submit(ctx context.Context, db *sqlite.Store, scope *ingest.Scope, url string, suspected qianshao.Category) (qianshao.Submission, error) {
	now := time.Now()
	item, skip, err := ingest.Place(scope, url, now)
	if err != nil {
		return qianshao.Submission{}, err
	}
	if skip != "" {
		return db.Submit(ctx, item.URL, suspected, nil, skip, now)
	}
	return db.Submit(ctx, item.URL, suspected, &item, "", now)
}

// queueReports puts the waiting reports that an authorisation covers by now into the frontier.
func queueReports(ctx context.Context, db *sqlite.Store, scope *ingest.Scope) error {
	urls, err := db.WaitingSubmissions(ctx)
	if err != nil {
		return err
	}
	for _, url := range urls {
		item, skip, err := ingest.Place(scope, url, time.Now())
		if err != nil || skip != "" {
			continue
		}
		if err := db.QueueSubmission(ctx, item); err != nil {
			return err
		}
	}
	return nil
}

func listReports(s *session, db *sqlite.Store, limit int) error {
	reports, err := db.Submissions(s.ctx, limit)
	if err != nil {
		return err
	}
	if len(reports) == 0 {
		fmt.Fprintln(s.err, "nobody has reported a page yet; report one with \"qianshao submit URL\"")
		return nil
	}
	table := newTable(s.out, "STATE", "REPORTS", "LAST", "SUSPECTED", "URL")
	for _, r := range reports {
		table.row(reportState(r), strconv.Itoa(r.Reports), r.Last.Local().Format(time.DateTime), string(r.Category), r.URL)
	}
	return table.flush()
}

func reportState(r qianshao.Submission) string {
	if r.Skip == "" {
		return string(r.State)
	}
	return fmt.Sprintf("%s (%s)", r.State, r.Skip)
}
