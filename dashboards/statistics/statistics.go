// Package statistics shows the report of a period in the console, and exports it as a file. Reports
// are made in the background, one at a time, and kept for a while: counting a million findings
// takes longer than anybody waits for a page.
package statistics

import (
	"context"
	"embed"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/report"
	"github.com/qianshao/qianshao/report/document"
	"github.com/qianshao/qianshao/store"
)

//go:embed templates/*.html
var files embed.FS

// Path is the path of the page.
const Path = "/statistics"

// Store is what the page reads besides reports.
type Store interface {
	// Authorisations returns the register, by id.
	Authorisations(ctx context.Context) ([]qianshao.Authorisation, error)
}

// Options of New. Store and Report are required.
type Options struct {
	Store Store
	// Report makes a report, or returns store.ErrNotFound if the authorisation does not exist.
	Report func(ctx context.Context, q report.Query) (*report.Report, error)
	// Desk records exports; without it there are none.
	Desk *desk.Desk
	// Closing is closed when the process is shutting down; reports being made are then given up.
	Closing <-chan struct{}
}

// Statistics serves the page and its files.
type Statistics struct {
	*page.Room
	opts Options
	kept *kept
}

// New returns the room.
func New(base *page.Base, opts Options) (*Statistics, error) {
	room, err := base.Room(files, document.Parts())
	return &Statistics{Room: room, opts: opts, kept: newKept(opts.Report, base.Now, opts.Closing)}, err
}

// Style has the CSS rules of reports, for the console's style sheet.
func Style() string { return document.Style() }

// Route adds the routes. Whoever may see findings may read and export the statistics on them.
func (s *Statistics) Route(mux page.Mux) {
	mux.HandleFunc("GET /statistics", s.serve)
	mux.HandleFunc("POST /statistics/file", s.serveFile)
}

// URL returns the address of the report of a period, under the console's address; authorisation may
// be "".
func URL(console string, p report.Period, authorisation string) string {
	return console + page.WithQuery(Path, valuesOf(p.Choice(), authorisation))
}

func valuesOf(c report.Choice, authorisation string) url.Values {
	values := url.Values{}
	for name, value := range map[string]string{"period": string(c.Kind), "of": c.Of, "from": c.From, "to": c.To, "authorisation": authorisation} {
		if value != "" {
			values.Set(name, value)
		}
	}
	return values
}

type statisticsPage struct {
	*page.Layout
	// Choice and Authorisation are the form's values; Authorisations are those that the account
	// sees.
	Choice         report.Choice
	Authorisation  string
	Authorisations []string
	// Problem says what is wrong with the form.
	Problem string
	// Document is the report; nil while it is Making, or if there is a Problem.
	Document *document.Document
	Making   bool
	// Files says that the report can be exported as a file.
	Files bool
	// Period is the period of the report.
	Period report.Period
}

// Kinds are the kinds of periods in the form.
func (statisticsPage) Kinds() []report.Kind {
	return []report.Kind{report.KindWeek, report.KindMonth, report.KindQuarter, report.KindDays}
}

// Formats are the formats of the buttons.
func (statisticsPage) Formats() []document.Format { return document.Formats() }

// Before is the address of the period before the one that is shown.
func (v *statisticsPage) Before() string { return URL("", v.Period.Before(), v.Authorisation) }

// After is the address of the next period; "" if it has not begun.
func (v *statisticsPage) After() string {
	next, err := report.Choice{Kind: v.Period.Kind, Of: v.Period.To.In(v.Period.Zone).Format(time.DateOnly)}.Period(v.Now, v.Period.Zone)
	if err != nil { // it has not begun, or the period is a choice of days, which has no next one
		return ""
	}
	return URL("", next, v.Authorisation)
}

// choiceOf reads the form. It ignores days that are left over from another kind of period.
func choiceOf(value func(string) string) report.Choice {
	c := report.Choice{Kind: report.Kind(value("period"))}
	if c.From, c.To = value("from"), value("to"); c.Kind != report.KindDays && c.Kind != "" {
		c.From, c.To = "", ""
	}
	if c.Kind != report.KindDays {
		c.Of = value("of")
	}
	return c
}

func (s *Statistics) serve(w http.ResponseWriter, r *http.Request) {
	v, m, err := s.asked(w, r, r.URL.Query().Get)
	switch {
	case err != nil:
		s.refuse(w, r, err)
		return
	case v.Problem != "":
		s.Render(w, r, http.StatusUnprocessableEntity, "statistics", v)
		return
	}
	made, err := m.wait(r.Context(), patience)
	switch {
	case errors.Is(err, errMaking):
		v.Making = true
	case err != nil:
		s.refuse(w, r, err)
		return
	default:
		v.Document = s.document(v, made)
	}
	s.Render(w, r, http.StatusOK, "statistics", v)
}

func (s *Statistics) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, store.ErrNotFound) {
		s.NotFound(w, r)
		return
	}
	s.FailWith(w, r, err)
}

// asked reads a form, and starts making the requested report, or finds it among those that are
// kept. For an authorisation that the account may not see, the error is store.ErrNotFound.
func (s *Statistics) asked(w http.ResponseWriter, r *http.Request, value func(string) string) (*statisticsPage, *making, error) {
	v := &statisticsPage{Layout: s.Layout(w, r, "nav.statistics"), Choice: choiceOf(value), Authorisation: value("authorisation"), Files: s.opts.Desk != nil}
	sight := auth.From(r.Context()).Sight
	list, err := s.opts.Store.Authorisations(r.Context())
	if err != nil {
		return v, nil, err
	}
	for i := range list {
		if sight.Sees(list[i].ID) {
			v.Authorisations = append(v.Authorisations, list[i].ID)
		}
	}
	if v.Authorisation != "" {
		if !sight.Sees(v.Authorisation) {
			return v, nil, store.ErrNotFound
		}
		sight = qianshao.Sight{Authorisations: []string{v.Authorisation}}
	}
	period, err := v.Choice.Period(v.Now, s.Zone)
	var mistake *report.Mistake
	if errors.As(err, &mistake) {
		v.Problem = v.T("statistics.mistake." + mistake.Code)
		if mistake.Value != "" {
			v.Problem += v.T("colon") + v.Plain(mistake.Value)
		}
		return v, nil, nil
	}
	if v.Period = period; v.Choice.Kind == "" {
		v.Choice.Kind = period.Kind
	}
	m := s.kept.get(report.Query{Period: period, Sight: sight, Authorisation: v.Authorisation})
	if m == nil {
		v.Problem = v.T("statistics.busy")
	}
	return v, m, nil
}

func (s *Statistics) document(v *statisticsPage, r *report.Report) *document.Document {
	return document.New(r, document.Options{Language: v.Language, Version: s.Version})
}
