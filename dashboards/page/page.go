// Package page is what all pages of the console share: the layout with its texts and times, the
// language, templates that show hostile text safely, error pages, the style sheet. Each room of
// pages embeds a Room, which adds the templates of its own pages.
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
	// Submissions and Unmonitored say that there are pages for submissions and for what is not
	// monitored.
	Submissions, Unmonitored bool
	// Exports says that findings can be exported.
	Exports bool
	// Register says that the register of authorisations can be changed in the console.
	Register bool
	// Counts returns how many items each list of the queue has for the request's account, up to
	// MaxCounted and one more. Without it there is no queue.
	Counts func(ctx context.Context) (map[string]int, error)
	// Ending returns how many authorisations end soon, of those that the request's account sees; if
	// it is nil, none are counted.
	Ending func(ctx context.Context) (int, error)
	// Notices says that there are pages about notifications. Undelivered returns how many of the
	// messages that the request's account is responsible for were not delivered, up to MaxCounted
	// and one more.
	Notices     bool
	Undelivered func(ctx context.Context) (int, error)
	// Look returns how the request's account wants pages to look; without it, all pages look the
	// same.
	Look func(ctx context.Context) (Look, error)
	// Exists says whether an address has a page; if it is nil, all have.
	Exists func(at *url.URL) bool
	// Styles are CSS rules from rooms outside dashboards.
	Styles []string
	// Zone is the time zone of all times and days shown, the same as the index's.
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

// Room is a room of pages: the base with the templates of its pages.
type Room struct {
	*Base
	templates templates
}

// Room returns a room. Its pages are templates/*.html in own, each named after its file. They may
// use what templates/*.html in parts define.
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

// Parts returns the templates for pieces and lines of hostile text, for use in documents.
func Parts(name string) (*template.Template, error) {
	return template.New(name).ParseFS(files, "templates/parts.html")
}

// Render answers with a page of the room.
func (m *Room) Render(w http.ResponseWriter, r *http.Request, status int, page string, data any) {
	m.render(w, r, status, m.templates[page], data)
}

// render executes a page into memory first, so that a failure still gives a clean answer.
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

// Fail answers with an error page. The catalogue has texts for 403, 404, 405, 413, 500, 503 and
// 507.
func (b *Base) Fail(w http.ResponseWriter, r *http.Request, status int) {
	b.showError(w, r, status, fmt.Sprintf("error.%d", status))
}

// Refuse answers a person whose request is not allowed. code is that of auth.Rules.
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

// showError answers with an error page that has the message of the key.
func (b *Base) showError(w http.ResponseWriter, r *http.Request, status int, key string) {
	v := errorPage{Layout: b.Layout(w, r, key), Status: status}
	v.Why = v.T(key + ".why")
	b.render(w, r, status, b.errors["error"], v)
}

// FailWith logs the error and answers with 500; with 507 if the disk is full; with 503 if only the
// search is unavailable, which the rest of the console does not need.
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
