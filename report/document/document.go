// Package document writes reports for people: HTML to print and for pages of the console, .docx to edit,
// CSV for spreadsheets. All three are written from one Document, so that they say the same. It names no
// people. Text from pages, rules and registers is hostile: it is put on one line, without invisible
// characters, and with its addresses defanged.
package document

import (
	"slices"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/report"
)

// Document is the content of a report, in one language.
type Document struct {
	Language locales.Lang
	// Title is its name, Period its days.
	Title, Period string
	// Facts are shown under the title: period, scope, when and by which version it was made.
	Facts []Fact
	// Sections are in order; the first is the summary, which fits on a page.
	Sections []Section
	Made     time.Time

	name string // for files: the kind, and the first day
}

// Fact is a name with its value.
type Fact struct{ Name, Value string }

// Section is a part of a document. Its contents are shown in the order of the fields.
type Section struct {
	ID, Title string
	Tiles     []Tile
	Text      []string
	List      List
	Charts    []Chart
	Tables    []Table
}

// Tile is a figure to be seen at a glance, with the one to compare it with.
type Tile struct{ Name, Value, Note string }

// List are short sentences under a title.
type List struct {
	Title string
	Items []string
}

// Table is a table. A table without rows is not shown.
type Table struct {
	Title   string
	Columns []Column
	Rows    [][]Cell
	// Note is shown below it.
	Note string
}

// Column is the head of a column; numbers are aligned right.
type Column struct {
	Name   string
	Number bool
	// Wide columns take the remaining width; others are as narrow as their words allow.
	Wide bool
	// Time columns do not wrap.
	Time bool
}

// Cell is a cell of a table. Raw is the value for programs; "" means Text.
type Cell struct{ Text, Raw string }

// Options say how a report is written.
type Options struct {
	Language locales.Lang
	// Version is the program's.
	Version string
}

// New puts a report into words.
func New(r *report.Report, opts Options) *Document {
	m := &maker{Lang: opts.Language, r: r, zone: r.Query.Period.Zone}
	d := &Document{Language: opts.Language, Title: m.t("title." + string(r.Query.Period.Kind)), Period: m.period(), Made: r.Made, name: string(r.Query.Period.Kind) + "-" + m.day(r.Query.Period.From)}
	scope := m.t("scope.all")
	switch {
	case r.Query.Authorisation != "":
		scope = m.t("scope.of", plain(r.Query.Authorisation))
	case !r.Query.Sight.All:
		scope = m.t("scope.seen", len(r.Query.Sight.Authorisations))
	}
	d.Facts = []Fact{
		{m.t("fact.period"), d.Period + m.t("fact.zone", qianshao.ZoneName(m.zone))}, {m.t("fact.before"), m.days(r.Query.Period.Before())},
		{m.t("fact.scope"), scope}, {m.t("fact.made"), m.time(r.Made)}, {m.t("fact.by"), "qianshao " + plain(opts.Version)},
	}
	d.Sections = []Section{
		m.summary(), m.volume(), m.verdicts(), m.waiting(), m.rules(), m.sites(), m.campaigns(), m.relapses(), m.unmonitored(), m.ruleChanges(), m.meaning(),
	}
	for i := range d.Sections {
		s := &d.Sections[i]
		s.Tables = slices.DeleteFunc(s.Tables, func(t Table) bool { return len(t.Rows) == 0 })
		s.Charts = slices.DeleteFunc(s.Charts, func(c Chart) bool { return c.most() == 0 })
	}
	return d
}

// Scope returns what the report is about, for the head of each page.
func (d *Document) Scope() string { return d.Facts[2].Value }

// Running is the header of each printed page.
func (d *Document) Running() string { return d.Title + " · " + d.Period + " · " + d.Scope() }

// maxLines is how many lines a chat shows of a report.
const maxLines = 5

// Lines are what a chat shows of the report: its title, the sentences of the summary, and what needs
// action, as far as there is room.
func (d *Document) Lines() []string {
	s := &d.Sections[0]
	lines := append([]string{d.Period + " · " + d.Scope()}, s.Text...)
	lines = append(lines, s.List.Items...)
	return lines[:min(len(lines), maxLines)]
}
