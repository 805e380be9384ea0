// Package export hands out findings: as CSV for tables, JSON lines for programs, Markdown for a ticket, and
// a zip with the evidence for verification. An export contains only what the requesting account may see. It
// is written to a file first and recorded in the trail with that file's hash: nothing is handed out without
// a record.
package export

import (
	"slices"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/internal/untrusted"
)

// Format is the format of an export.
type Format string

// The formats.
const (
	CSV       Format = "csv"
	JSONLines Format = "jsonl"
	Markdown  Format = "md"
	Zip       Format = "zip"
)

// Formats returns all formats.
func Formats() []Format { return []Format{Zip, CSV, JSONLines, Markdown} }

// Valid says whether it is one of Formats.
func (f Format) Valid() bool { return slices.Contains(Formats(), f) }

// MediaType is the content type of files of the format.
func (f Format) MediaType() string {
	switch f {
	case CSV:
		return "text/csv; charset=utf-8"
	case JSONLines:
		return "application/jsonl"
	case Markdown:
		return "text/markdown; charset=utf-8"
	}
	return "application/zip"
}

// Row is a finding as it is shown outside the console. Its JSON form is a line of JSON lines; the keys are
// stable. Resident identity numbers are masked everywhere in it.
type Row struct {
	ID string `json:"id"`
	// URL is for programs. People get the defanged Finding.
	URL       string            `json:"url"`
	Defanged  string            `json:"url_defanged"`
	Site      string            `json:"site"`
	PageTitle string            `json:"page_title"`
	Category  qianshao.Category `json:"category"`
	Level     qianshao.Level    `json:"level"`
	Score     int               `json:"score"`
	State     qianshao.State    `json:"state"`
	Rule      string            `json:"rule"`
	RuleTitle string            `json:"rule_title"`
	// Law lists the provisions that the rule names; empty if the rule is no longer in force.
	Law        []string `json:"law"`
	Evidence   Excerpt  `json:"evidence"`
	Indicators []Handle `json:"indicators"`
	// FirstSeen, LastSeen and GoneAt are in the operator's zone, to the second. GoneAt is zero while it is open.
	FirstSeen     time.Time `json:"first_seen"`
	LastSeen      time.Time `json:"last_seen"`
	GoneAt        time.Time `json:"gone_at,omitzero"`
	Authorisation string    `json:"authorisation,omitempty"`
	// Verdict is a qianshao.Verdict, InReview, or empty.
	Verdict string          `json:"verdict,omitempty"`
	Reason  qianshao.Reason `json:"reason,omitempty"`
	// Stale says that the content has changed since the verdict.
	Stale     bool     `json:"stale,omitempty"`
	Campaigns []string `json:"campaigns"`
}

// InReview is the verdict of a row whose decision waits for a second review. No export contains the actual
// verdict, whoever requests it: files are passed on, possibly to the reviewer.
const InReview = "in_review"

// Excerpt is the most informative piece of evidence, with its place in the page's source.
type Excerpt struct {
	Before string              `json:"before,omitempty"`
	Text   string              `json:"text"`
	After  string              `json:"after,omitempty"`
	Line   int                 `json:"line,omitempty"`
	Column int                 `json:"column,omitempty"`
	Region qianshao.RegionKind `json:"region,omitempty"`
	Hidden qianshao.Hiding     `json:"hidden,omitempty"`
	View   qianshao.View       `json:"view,omitempty"`
	// Pieces is how many pieces of evidence the finding has.
	Pieces int `json:"pieces"`
}

// Handle is an indicator, defanged.
type Handle struct {
	Kind  qianshao.IndicatorKind `json:"kind"`
	Value string                 `json:"value"`
}

// newRow returns an export's row for a finding with its standing.
func newRow(r *qianshao.FindingRecord, s *desk.Standing, campaigns, law []string, zone *time.Location) Row {
	f := &r.Finding
	row := Row{
		ID: plain(f.ID), URL: mask.String(f.URL), Defanged: untrusted.Defang(f.URL), Site: plain(r.Host), PageTitle: plain(r.PageTitle),
		Category: f.Category, Level: f.Level, Score: f.Score, State: r.State(), Rule: plain(f.Rule), RuleTitle: plain(f.Title),
		Law: []string{}, Indicators: []Handle{}, Campaigns: []string{}, Authorisation: plain(f.Authorisation),
		FirstSeen: local(r.FirstSeen, zone), LastSeen: local(r.LastSeen, zone), GoneAt: local(r.GoneAt, zone),
	}
	for _, provision := range law {
		row.Law = append(row.Law, plain(provision))
	}
	for _, id := range campaigns {
		row.Campaigns = append(row.Campaigns, plain(id))
	}
	row.Evidence.Pieces = len(f.Evidence)
	if e, ok := f.Primary(); ok {
		row.Evidence = Excerpt{
			Before: plain(e.Before), Text: plain(e.Text), After: plain(e.After), Line: e.Line, Column: e.Column,
			Region: e.Region, Hidden: e.Hidden, View: e.View, Pieces: len(f.Evidence),
		}
	}
	for _, i := range f.Indicators {
		row.Indicators = append(row.Indicators, Handle{i.Kind, plain(i.Defanged())})
	}
	switch {
	case s.DueForReview():
		row.Verdict = InReview
	case s.Verdict != "":
		row.Verdict, row.Reason, row.Stale = string(s.Verdict), s.Reason, s.Stale(desk.Facts{Seen: f.Seen})
	}
	return row
}

// plain returns hostile text in one line, without invisible characters and resident identity numbers.
func plain(s string) string { return mask.String(untrusted.Plain(s)) }

func local(t time.Time, zone *time.Location) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(zone).Truncate(time.Second)
}
