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

// versions is the place of a piece of evidence in two views of the page: with the evidence, and as
// plain visitors see it.
type versions struct {
	// Nothing says that plain visitors see nothing at this place; Plain is then the text around it.
	Nothing bool
	Plain   []untrusted.Line
}

// shownLines are the lines of an excerpt, with the layout for its template's texts.
type shownLines struct {
	*page.Layout
	Lines []untrusted.Line
}

// Shown returns lines as the template "lines" takes them.
func (v *findingPage) Shown(lines []untrusted.Line) shownLines { return shownLines{v.Layout, lines} }

// Who names the visitors who see a view.
func (v *findingPage) Who(view qianshao.View) string { return v.Language.Named("who.", string(view)) }

// sourceOf returns the source that evidence of a view refers to; "" if it is not kept.
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

// compare sets the plain visitor's version beside the first place in another view. A finding
// records only one such version.
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

// cloaked says whether evidence was hidden from plain visitors. What a browser shows does not
// count: everybody can see it.
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

// pictureOf returns a screenshot of a finding's page as PNG; nil if there is none. If there are
// several, it prefers a view that has the evidence.
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
