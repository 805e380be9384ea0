package fetch

import (
	"context"
	"net/http"
	"strings"

	"github.com/qianshao/qianshao"
)

// maxResource bounds a script, image or answer to a script's request, in
// bytes: bundles of large applications have some 5 MB.
const maxResource = 8 << 20

// Resource is what a browser asks for on behalf of a page.
type Resource struct {
	// Header has the content's type and what other origins may do with it.
	Header http.Header
	// Body is the content after content decoding, cut at 8 MiB.
	Body []byte
}

// Resource fetches a script, image or other part of a page under the same
// rules as a page: scope on every hop, robots.txt, address guard, pace. The
// error is a *SkipError for every named reason, or ctx's.
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
