package fetch_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/fetch"
)

// TestPicture: a picture is fetched under the page's own authorisation and the same rules as a
// page. Anything else, and a picture that is too large or of another site, is refused.
func TestPicture(t *testing.T) {
	t.Parallel()
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		switch r.URL.Path {
		case "/page.png":
			w.Header().Set("Content-Type", "text/html")
		case "/drawing.svg":
			w.Header().Set("Content-Type", "image/svg+xml")
		case "/away.png":
			http.Redirect(w, r, "http://"+r.Host+"/other/a.png", http.StatusFound)
		case "/out.png":
			http.Redirect(w, r, "http://elsewhere.example/a.png", http.StatusFound)
		}
		_, _ = io.WriteString(w, "twelve bytes")
	})
	permit := func(u *url.URL) (*qianshao.Authorisation, qianshao.Skip) {
		a := &qianshao.Authorisation{ID: "own", ValidUntil: time.Now().AddDate(1, 0, 0), Rate: 10000, AllowPrivate: true}
		switch {
		case strings.Contains(u.Host, "elsewhere"):
			return nil, qianshao.SkipNotAuthorised
		case strings.HasPrefix(u.Path, "/other/"):
			a.ID = "other"
		}
		return a, ""
	}
	f := newFetcher(t, fetch.Options{Permit: permit})
	got, err := f.Picture(t.Context(), s.URL+"/a.png", "own", 12)
	if err != nil || string(got.Body) != "twelve bytes" || got.ContentType != "image/png" {
		t.Errorf("%+v, %v", got, err)
	}
	for path, want := range map[string]error{"/other/a.png": fetch.ErrPictureElsewhere, "/away.png": fetch.ErrPictureElsewhere} {
		if _, err := f.Picture(t.Context(), s.URL+path, "own", 100); !errors.Is(err, want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := f.Picture(t.Context(), s.URL+"/b.png", "own", 11); !errors.Is(err, fetch.ErrPictureTooLarge) {
		t.Errorf("one byte more than is accepted: %v", err)
	}
	for path, want := range map[string]qianshao.Skip{"/page.png": qianshao.SkipType, "/drawing.svg": qianshao.SkipType, "/out.png": qianshao.SkipNotAuthorised} {
		if _, err := f.Picture(t.Context(), s.URL+path, "own", 100); err == nil || skipOf(t, err) != want {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
}
