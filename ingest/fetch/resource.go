package fetch

import (
	"context"
	"net/http"
	"strings"

	"github.com/qianshao/qianshao"
)

// maxResource bounds a script, image or answer to a script's request, in bytes:
// the bundle of a large application has some 5 MB.
const maxResource = 8 << 20

// Resource is a part of a page that a browser requests.
type Resource struct {
	// Header has the content type, and what other origins may do with the content.
	Header http.Header
	// Body is the content after content decoding, cut at 8 MiB.
	Body []byte
}

// Resource fetches a script, image or other part of a page under the same
// rules as a page: scope on every hop, robots.txt, address guard, pace. The
// error is a *SkipError that names the reason, or ctx's error.
func (f *Fetcher) Resource(ctx context.Context, rawURL, accept string) (Resource, error) {
	asked, err := Exact(rawURL)
	if err != nil {
		return Resource{}, &SkipError{Skip: qianshao.SkipBadURL, URL: rawURL, Err: err}
	}
	a, err := f.follow(ctx, asked, want{accept: accept, isType: func(string) bool { return true }, maxBody: maxResource})
	if err != nil {
		return Resource{}, err
	}
	defer a.close()
	body, _, err := a.read(maxResource)
	if err != nil {
		return Resource{}, f.readError(ctx, a.url, err)
	}
	header := http.Header{}
	for name, values := range a.response.Header {
		if name == "Content-Type" || name == "X-Content-Type-Options" || strings.HasPrefix(name, "Access-Control-") {
			header[name] = values
		}
	}
	return Resource{Header: header, Body: body}, nil
}
