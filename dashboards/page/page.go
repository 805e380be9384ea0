// Package page is what all pages of the console share: the layout around them with its
// words and times, the language, templates that show hostile text, error pages, the style
// sheet. Each room of pages embeds a Room, which has its own templates besides.
package page

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"syscall"
	"time"

	"github.com/qianshao/qianshao/index"
)

//go:embed templates/*.html static
var files embed.FS

// Options of New. Those from Zone on are required.
type Options struct {
	// Submissions and Unmonitored say that there are pages for submissions and for what is
	// not monitored.
	Submissions, Unmonitored bool
	// Exports says that findings can be taken out.
	Exports bool
	// Register says that the register of authorisations is changed by pages.
	Register bool
	// Counts returns how much waits in each list of the queue for who makes the request, up to
	// MaxCounted and one more. Without it there is no queue.
	Counts func(ctx context.Context) (map[string]int, error)
	// Ending returns how many of the authorisations that who makes the request sees end soon;
	// nil counts none.
	Ending func(ctx context.Context) (int, error)
	// Notices says that there are pages for what people are told. Undelivered returns how many of the
	// messages that who makes the request is to see to were not delivered, up to MaxCounted and one more.
	Notices     bool
	Undelivered func(ctx context.Context) (int, error)
	// Look returns how who makes the request wants pages to look; without it, as all do.
	Look func(ctx context.Context) (Look, error)
	// Exists says whether there is a page at an address; nil for all.
	Exists func(at *url.URL) bool
	// Styles are rules of the style sheet that rooms outside of dashboards bring.
	Styles []string
	// Zone is the zone of all times and days that are shown, the same as the index's.
	Zone *time.Location
	// Version is shown at the foot of every page.
	Version string
	Now     func() time.Time
	Log     *slog.Logger
}

// Base is what the rooms of pages have in common.
type Base struct {
	Options
	errors        templates
	style, script asset
}

// New returns the base of all rooms.
func New(opts Options) (*Base, error) {
	style, err := newStyleSheet(opts.Styles)
	if err != nil {
		return nil, err
	}
	script, err := newScript()
	if err != nil {
		return nil, err
	}
	b := &Base{Options: opts, style: style, script: script}
	b.errors, err = parse(files)
	return b, err
}

// Room is a room of pages: the base with the room's own templates.
type Room struct {
	*Base
	templates templates
}

// Room returns a room. Its pages are templates/*.html of its files, each by its name without
// the ending; what templates/*.html of parts define they may use.
func (b *Base) Room(own fs.FS, parts ...fs.FS) (*Room, error) {
	t, err := parse(own, parts...)
	return &Room{Base: b, templates: t}, err
}

// templates are pages by name, each with the layout around it.
type templates map[string]*template.Template

// shared are the templates that every page has.
func shared() []string { return []string{"templates/layout.html", "templates/parts.html"} }

func parse(own fs.FS, parts ...fs.FS) (templates, error) {
	names, err := fs.Glob(own, "templates/*.html")
	if err != nil {
		return nil, err
	}
	out := templates{}
	for _, name := range names {
		base := strings.TrimSuffix(path.Base(name), ".html")
		if base == "layout" || base == "parts" {
			continue
		}
		t, err := template.New("layout.html").ParseFS(files, shared()...)
		for _, part := range parts {
			if err == nil {
				t, err = t.ParseFS(part, "templates/*.html")
			}
		}
		if err == nil {
			t, err = t.ParseFS(own, name)
		}
		if err != nil {
			return nil, fmt.Errorf("console: template %s: %w", name, err)
		}
		out[base] = t
	}
	return out, nil
}

// Parts returns the templates that show pieces and lines of hostile text, for documents.
func Parts(name string) (*template.Template, error) {
	return template.New(name).ParseFS(files, "templates/parts.html")
}

// Render answers with a page of the room.
func (m *Room) Render(w http.ResponseWriter, r *http.Request, status int, page string, data any) {
	m.render(w, r, status, m.templates[page], data)
}

// render executes a page into memory first, so that a failure still gives a
// clean answer.
func (b *Base) render(w http.ResponseWriter, r *http.Request, status int, page *template.Template, data any) {
	var body bytes.Buffer
	if err := page.Execute(&body, data); err != nil {
		b.Log.Error("render a page", "path", r.URL.Path, "error", err)
		http.Error(w, "500", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Add("Vary", "Accept-Language, Cookie")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body.Bytes())
	}
}

type errorPage struct {
	*Layout
	Status int
	Why    string
}

// Fail answers with the page of an error status that the catalogue knows (403, 404, 405, 413, 500, 503, 507).
func (b *Base) Fail(w http.ResponseWriter, r *http.Request, status int) {
	b.showError(w, r, status, fmt.Sprintf("error.%d", status))
}

// Refuse answers a person who is not let in. code is the one of auth.Rules.
func (b *Base) Refuse(w http.ResponseWriter, r *http.Request, status int, code string) {
	key := "error.401"
	switch {
	case status == http.StatusInternalServerError:
		key = "error.500"
	case status == http.StatusRequestEntityTooLarge:
		key = "error.413"
	case code == "csrf":
		key = "error.csrf"
	case status == http.StatusForbidden:
		key = "error.power"
	}
	b.showError(w, r, status, key)
}

// showError answers with an error page; key is that of its message.
func (b *Base) showError(w http.ResponseWriter, r *http.Request, status int, key string) {
	v := errorPage{Layout: b.Layout(w, r, key), Status: status}
	v.Why = v.T(key + ".why")
	b.render(w, r, status, b.errors["error"], v)
}

// FailWith logs the error and answers 500, or 507 where the disk is full, or 503 where only the
// search is away, which the rest of the console does not need.
func (b *Base) FailWith(w http.ResponseWriter, r *http.Request, err error) {
	b.Log.Error("console request failed", "path", r.URL.Path, "error", err)
	if errors.Is(err, syscall.ENOSPC) {
		b.Fail(w, r, http.StatusInsufficientStorage)
		return
	}
	if errors.Is(err, index.ErrUnavailable) {
		b.Fail(w, r, http.StatusServiceUnavailable)
		return
	}
	b.Fail(w, r, http.StatusInternalServerError)
}

// NotFound answers that there is no such page.
func (b *Base) NotFound(w http.ResponseWriter, r *http.Request) {
	b.Fail(w, r, http.StatusNotFound)
}

// Mux is what routes are added to.
type Mux interface {
	Handle(pattern string, handler http.Handler)
	HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request))
}
