package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/internal/untrusted"
	"github.com/qianshao/qianshao/store"
)

// versions is one place of evidence in another view of the page, beside what a
// plain visitor got there.
type versions struct {
	// Nothing says that the plain visitor got nothing at this place; then Plain
	// is what surrounds it.
	Nothing bool
	Plain   []untrusted.Line
}

// shownLines are an excerpt with the texts that its template needs.
type shownLines struct {
	*page.Layout
	Lines []untrusted.Line
}

// Shown is for the template "lines".
func (v *findingPage) Shown(lines []untrusted.Line) shownLines { return shownLines{v.Layout, lines} }

// Who names a view by those who have it.
func (v *findingPage) Who(view qianshao.View) string { return v.Language.Named("who.", string(view)) }

// sourceOf returns the source into which evidence of a view points, "" if it is not kept.
func (v *findingPage) sourceOf(view qianshao.View) string {
	if view == qianshao.ViewVisitor {
		return v.Source
	}
	for _, other := range v.others {
		if other.View == view {
			return other.Source
		}
	}
	return ""
}

// compare sets the plain visitor's version beside the first place in another
// view: the finding names one.
func (v *findingPage) compare() {
	at := slices.IndexFunc(v.Places, func(p place) bool { return p.View != qianshao.ViewVisitor })
	if at < 0 || v.PlainVersion == nil || v.Source == "" {
		return
	}
	spans := []qianshao.Span{v.PlainVersion.Span}
	if v.PlainVersion.Span.Len() == 0 {
		spans = nil
	}
	v.Places[at].Versions = &versions{
		Nothing: v.PlainVersion.Span.Len() == 0,
		Plain:   untrusted.Excerpt(v.Source, v.PlainVersion.Span, v.PlainVersion.Line, spans, nil),
	}
}

// cloaked says whether evidence was kept from plain visitors; what a browser
// shows them all is not.
func cloaked(f *qianshao.Finding) bool {
	return slices.ContainsFunc(f.Evidence, func(e qianshao.Evidence) bool {
		return e.View != qianshao.ViewVisitor && e.View != qianshao.ViewBrowser
	})
}

func (c *Console) serveScreenshot(w http.ResponseWriter, r *http.Request) {
	picture, err := c.pictureOf(r.Context(), r.PathValue("id"))
	if err == nil && picture == nil {
		err = store.ErrNotFound
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		c.NotFound(w, r)
	case err != nil:
		c.FailWith(w, r, err)
	default:
		w.Header().Set("Content-Type", "image/png")
		w.Header().Set("Content-Length", strconv.Itoa(len(picture)))
		_, _ = w.Write(picture)
	}
}

// pictureOf returns the PNG of a finding's page, that of the view which has the
// evidence where there are two; nil if there is none.
func (c *Console) pictureOf(ctx context.Context, id string) ([]byte, error) {
	f, err := c.opts.Store.VisibleFinding(ctx, auth.From(ctx).Sight, id)
	if err != nil {
		return nil, err
	}
	others, err := c.opts.Store.Views(ctx, f.ID)
	if err != nil {
		return nil, err
	}
	var picture []byte
	for _, other := range others {
		shows := slices.ContainsFunc(f.Evidence, func(e qianshao.Evidence) bool { return e.View == other.View })
		if len(other.Screenshot) > 0 && (picture == nil || shows) {
			picture = other.Screenshot
		}
	}
	return picture, nil
}
