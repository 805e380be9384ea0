package dashboards

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
			return nil, fmt.Errorf("dashboards: template %s: %w", name, err)
		}
		out[base] = t
	}
	return out, nil
}

// view is what every page shows, and the words that templates speak with.
type view struct {
	lang    lang
	now     time.Time
	Title   string
	Path    string
	CSS     string
	Version string
	// Query fills the search box.
	Query string
	// Reports says that reports of pages are taken.
	Reports bool
	// SignedIn says that there is a session to end.
	SignedIn bool
	// Chinese and English are this very page in either language.
	Chinese, English string
}

func (c *console) view(w http.ResponseWriter, r *http.Request, title string) *view {
	l := languageOf(w, r)
	return &view{
		lang: l, now: c.now(), Title: l.text(title), Path: r.URL.Path, CSS: c.css, Version: c.version,
		Reports:  c.submit != nil,
		SignedIn: c.password != nil && c.password.hasSession(r),
		Chinese:  inLanguage(r.URL, chinese), English: inLanguage(r.URL, english),
	}
}

func inLanguage(u *url.URL, l lang) string {
	values := u.Query()
	values.Set("lang", l.code())
	return u.EscapedPath() + "?" + values.Encode()
}

// T returns a message, N one that counts.
func (v *view) T(key string, args ...any) string { return v.lang.text(key, args...) }
func (v *view) N(key string, n int) string       { return v.lang.count(key, n) }

// Lang is the page's BCP 47 tag; IsEnglish marks the language in use.
func (v *view) Lang() string    { return v.lang.tag() }
func (v *view) IsEnglish() bool { return v.lang == english }

// Level, Category and the like name a code in the page's language.
func (v *view) Level(l qianshao.Level) string       { return v.lang.named("level.", l.String()) }
func (v *view) Category(c qianshao.Category) string { return v.lang.named("category.", string(c)) }
func (v *view) StateName(s qianshao.State) string   { return v.lang.named("state.", string(s)) }
func (v *view) Cause(c qianshao.Cause) string       { return v.lang.named("cause.", string(c)) }
func (v *view) Region(k qianshao.RegionKind) string { return v.lang.named("region.", string(k)) }
func (v *view) Hiding(h qianshao.Hiding) string     { return v.lang.named("hidden.", string(h)) }
func (v *view) Indicator(k qianshao.IndicatorKind) string {
	return v.lang.named("indicator.", string(k))
}
func (v *view) Step(s string) string { return v.lang.named("step.", s) }

// Ago, Time and Stamp write a time for reading, with the zone, and for machines.
func (v *view) Ago(t time.Time) string { return v.lang.ago(t, v.now) }

func (v *view) Time(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

func (v *view) Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Defang writes a URL that nobody is to follow; Plain hostile text in one line.
func (v *view) Defang(raw string) string        { return defang(raw) }
func (v *view) DefangHost(host string) string   { return defangHost(plain(host)) }
func (v *view) Plain(s string) string           { return plain(s) }
func (v *view) Search(clause string) string     { return searchURL(clause, 0) }
func (v *view) Clause(field, val string) string { return clause(field, val) }

// render executes a page into memory first, so that a failure still gives a
// clean answer.
func (c *console) render(w http.ResponseWriter, r *http.Request, status int, page string, data any) {
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

type errorView struct {
	*view
	Status int
	Why    string
}

// fail answers a person with the page of an error status that the catalogue
// knows (403, 404, 500), and a program in its form.
func (c *console) fail(w http.ResponseWriter, r *http.Request, status int) {
	if isMachine(r) {
		c.refuse(w, r, status, strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_"), http.StatusText(status))
		return
	}
	key := fmt.Sprintf("error.%d", status)
	v := errorView{view: c.view(w, r, key), Status: status}
	v.Why = v.T(key + ".why")
	c.render(w, r, status, "error", v)
}

// failWith logs the error and answers 500.
func (c *console) failWith(w http.ResponseWriter, r *http.Request, err error) {
	c.log.Error("console request failed", "path", r.URL.Path, "error", err)
	c.fail(w, r, http.StatusInternalServerError)
}

func (c *console) notFound(w http.ResponseWriter, r *http.Request) {
	c.fail(w, r, http.StatusNotFound)
}

func (c *console) crossOriginPage(w http.ResponseWriter, r *http.Request) {
	c.fail(w, r, http.StatusForbidden)
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

func (c *console) static(w http.ResponseWriter, r *http.Request) {
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
