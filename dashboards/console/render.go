package console

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/locale"
	"github.com/qianshao/qianshao/dashboards/untrusted"
	"github.com/qianshao/qianshao/index"
)

// pages are the templates by name, each with the layout around it.
type pages map[string]*template.Template

func parsePages() (pages, error) {
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, err
	}
	out := pages{}
	for _, name := range names {
		base := strings.TrimSuffix(path.Base(name), ".html")
		if base == "layout" || base == "parts" {
			continue
		}
		t, err := template.New("layout.html").ParseFS(files, "templates/layout.html", "templates/parts.html", name)
		if err != nil {
			return nil, fmt.Errorf("console: template %s: %w", name, err)
		}
		out[base] = t
	}
	return out, nil
}

// layout is what every page shows. Its methods give the templates their words.
type layout struct {
	lang    locale.Lang
	now     time.Time
	zone    *time.Location
	Title   string
	Path    string
	CSS     string
	Version string
	// Query fills the search box.
	Query string
	// Reports says that submissions are taken.
	Reports bool
	// Watch says that what is not monitored is listed.
	Watch bool
	// User is the name of the account that looks at the page; "" for a stranger.
	User string
	// Form is what the page's forms carry; see auth.FormToken.
	Form string
	// MaySubmit says that the account may report pages.
	MaySubmit bool
	// Chinese and English are this very page in either language.
	Chinese, English string
}

func (c *Console) layout(w http.ResponseWriter, r *http.Request, title string) *layout {
	l, at := languageOf(w, r), shownAt(r)
	return &layout{
		lang: l, now: c.now().In(c.zone), zone: c.zone, Title: l.Text(title), Path: at.Path, CSS: c.css, Version: c.version,
		Reports: c.intake != nil,
		Watch:   c.unmonitored != nil,
		User:    auth.From(r.Context()).Name, Form: auth.FormToken(r.Context()), MaySubmit: auth.May(r.Context(), qianshao.PowerSubmit),
		Chinese: inLanguage(at, locale.Chinese), English: inLanguage(at, locale.English),
	}
}

// shownAt is where the page that answers a request is to be had by GET: the form that
// was sent is on a page of another address.
func shownAt(r *http.Request) *url.URL {
	path := r.URL.Path
	switch {
	case r.Method != http.MethodPost:
	case path == "/enter":
		return &url.URL{Path: path, RawQuery: url.Values{"key": {r.PostFormValue("key")}}.Encode()}
	case path == "/login", strings.HasPrefix(path, "/login/"):
		return &url.URL{Path: "/login", RawQuery: url.Values{"next": {localPath(r.PostFormValue("next"))}}.Encode()}
	case strings.HasPrefix(path, "/account/"):
		return &url.URL{Path: "/account"}
	}
	return r.URL
}

func inLanguage(u *url.URL, l locale.Lang) string {
	values := u.Query()
	values.Set("lang", l.Code())
	return u.EscapedPath() + "?" + values.Encode()
}

// T returns a message, N one that counts.
func (v *layout) T(key string, args ...any) string { return v.lang.Text(key, args...) }
func (v *layout) N(key string, n int) string       { return v.lang.Count(key, n) }

// Lang is the page's BCP 47 tag; IsEnglish marks the language in use.
func (v *layout) Lang() string    { return v.lang.Tag() }
func (v *layout) IsEnglish() bool { return v.lang == locale.English }

// Level, Category and the like name a code in the page's language.
func (v *layout) Level(l qianshao.Level) string       { return v.lang.Named("level.", l.String()) }
func (v *layout) Category(c qianshao.Category) string { return v.lang.Named("category.", string(c)) }
func (v *layout) StateName(s qianshao.State) string   { return v.lang.Named("state.", string(s)) }
func (v *layout) Region(k qianshao.RegionKind) string { return v.lang.Named("region.", string(k)) }
func (v *layout) Hiding(h qianshao.Hiding) string     { return v.lang.Named("hidden.", string(h)) }
func (v *layout) Indicator(k qianshao.IndicatorKind) string {
	return v.lang.Named("indicator.", string(k))
}
func (v *layout) Step(s string) string { return v.lang.Named("step.", s) }

// Why says why a finding's state or category has changed.
func (v *layout) Why(c qianshao.Change) string {
	why := v.lang.Named("cause.", string(c.Cause))
	if c.From != "" {
		why = v.T("finding.recategorised", why, v.Category(c.From), v.Category(c.To))
	}
	return why
}

// Ago and Time write a time for reading, in the zone that the foot of the page
// names, and Stamp for machines.
func (v *layout) Ago(t time.Time) string { return v.lang.Ago(t, v.now) }

func (v *layout) Time(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(v.timeZone()).Format(time.DateTime)
}

// Zone names the zone of Time.
func (v *layout) Zone() string { return qianshao.ZoneName(v.timeZone()) }

// timeZone is the zone of all times; nil is index.DefaultZone.
func (v *layout) timeZone() *time.Location {
	if v.zone == nil {
		return index.DefaultZone()
	}
	return v.zone
}

func (v *layout) Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Defang writes a URL that nobody is to follow; Plain hostile text in one line.
func (v *layout) Defang(raw string) string        { return untrusted.Defang(raw) }
func (v *layout) DefangHost(host string) string   { return untrusted.DefangHost(untrusted.Plain(host)) }
func (v *layout) Plain(s string) string           { return untrusted.Plain(s) }
func (v *layout) Search(clause string) string     { return searchURL(clause, 0) }
func (v *layout) Clause(field, val string) string { return clause(field, val) }

// Appearances is the search for the other appearances of an indicator; "" where
// the query language has no way to write it.
func (v *layout) Appearances(i qianshao.Indicator) string {
	query := index.OfIndicator(i).String()
	if _, err := index.Parse(query, v.now); err != nil {
		return ""
	}
	return searchURL(query, 0)
}

// render executes a page into memory first, so that a failure still gives a
// clean answer.
func (c *Console) render(w http.ResponseWriter, r *http.Request, status int, page string, data any) {
	var body bytes.Buffer
	if err := c.pages[page].Execute(&body, data); err != nil {
		c.log.Error("render a page", "page", page, "error", err)
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
	*layout
	Status int
	Why    string
}

// Fail answers with the page of an error status that the catalogue knows (403, 404, 500).
func (c *Console) Fail(w http.ResponseWriter, r *http.Request, status int) {
	key := fmt.Sprintf("error.%d", status)
	v := errorPage{layout: c.layout(w, r, key), Status: status}
	v.Why = v.T(key + ".why")
	c.render(w, r, status, "error", v)
}

// Refuse answers a person who is not let in. code is the one of auth.Rules.
func (c *Console) Refuse(w http.ResponseWriter, r *http.Request, status int, code string) {
	key := "error.401"
	switch {
	case status == http.StatusInternalServerError:
		key = "error.500"
	case code == "csrf":
		key = "error.csrf"
	case status == http.StatusForbidden:
		key = "error.power"
	}
	v := errorPage{layout: c.layout(w, r, key), Status: status}
	v.Why = v.T(key + ".why")
	c.render(w, r, status, "error", v)
}

// failWith logs the error and answers 500.
func (c *Console) failWith(w http.ResponseWriter, r *http.Request, err error) {
	c.log.Error("console request failed", "path", r.URL.Path, "error", err)
	c.Fail(w, r, http.StatusInternalServerError)
}

func (c *Console) notFound(w http.ResponseWriter, r *http.Request) {
	c.Fail(w, r, http.StatusNotFound)
}

// styleURL names the style sheet with a part of its hash, so that browsers may
// keep it for ever and never keep an old one.
func styleURL() (string, error) {
	content, err := files.ReadFile("static/console.css")
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(content)
	return "/static/console.css?v=" + hex.EncodeToString(sum[:6]), nil
}

func (c *Console) serveStatic(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.PathValue("file"))
	content, err := files.ReadFile("static/" + name)
	if err != nil {
		c.notFound(w, r)
		return
	}
	keep := "public, max-age=3600"
	if r.URL.RequestURI() == c.css {
		keep = "public, max-age=31536000, immutable"
	}
	w.Header().Set("Cache-Control", keep)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content)) // type from the name's ending
}
