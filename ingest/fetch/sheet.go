package fetch

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
)

const (
	// maxSheets bounds the cache: a site links to the same few from all its pages.
	maxSheets = 128
	// sheetFresh is how long a style sheet, or the failure to get it, is kept.
	sheetFresh = 30 * time.Minute
)

// sheetCache keeps the latest style sheets.
type sheetCache struct {
	now func() time.Time

	mu     sync.Mutex
	sheets map[string]sheet
}

type sheet struct {
	css   []byte
	err   error
	until time.Time
}

func newSheetCache(now func() time.Time) *sheetCache {
	return &sheetCache{now: now, sheets: map[string]sheet{}}
}

func (c *sheetCache) get(key string) (sheet, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.sheets[key]
	return s, ok && c.now().Before(s.until)
}

func (c *sheetCache) put(key string, css []byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for victim := range c.sheets {
		if len(c.sheets) < maxSheets {
			break
		}
		delete(c.sheets, victim)
	}
	c.sheets[key] = sheet{css, err, c.now().Add(sheetFresh)}
}

// Stylesheet fetches the CSS at rawURL under the same rules as a page: scope,
// robots.txt, address guard, pace. It is cut at Limits.MaxStylesheet and cached
// for half an hour, failures too. The caller must not change the bytes.
func (f *Fetcher) Stylesheet(ctx context.Context, rawURL string) ([]byte, error) {
	key, err := Exact(rawURL)
	if err != nil {
		return nil, &SkipError{Skip: qianshao.SkipBadURL, URL: rawURL, Err: err}
	}
	if _, _, err := f.permitted(key); err != nil {
		return nil, err // looked up each time: an authorisation may end
	}
	if s, ok := f.sheets.get(key); ok {
		return s.css, s.err
	}
	css, err := f.fetchSheet(ctx, key)
	if ctx.Err() == nil {
		f.sheets.put(key, css, err)
	}
	return css, err
}

func (f *Fetcher) fetchSheet(ctx context.Context, rawURL string) ([]byte, error) {
	a, err := f.follow(ctx, rawURL, want{accept: "text/css,*/*;q=0.1", isType: isCSSOrUnknown, maxBody: f.limits.MaxStylesheet})
	if err != nil {
		return nil, err
	}
	defer a.close()
	css, _, err := a.read(f.limits.MaxStylesheet)
	if err != nil {
		return nil, f.readError(ctx, a.url, err)
	}
	return css, nil
}

// isCSSOrUnknown also accepts text/plain: that is how a style sheet without a
// type is sniffed.
func isCSSOrUnknown(mediaType string) bool { return isCSS(mediaType) || mediaType == "text/plain" }

// Sitemap opens the sitemap at rawURL, under the same rules as a page. The
// reader gives XML, gunzipped if the file was gzipped, and fails with
// ErrSitemapTooLarge beyond Limits.MaxSitemap. The caller closes it.
func (f *Fetcher) Sitemap(ctx context.Context, rawURL string) (io.ReadCloser, error) {
	asked, err := Exact(rawURL)
	if err != nil {
		return nil, &SkipError{Skip: qianshao.SkipBadURL, URL: rawURL, Err: err}
	}
	a, err := f.follow(ctx, asked, want{accept: "application/xml,text/xml,*/*;q=0.1", isType: isXML, maxBody: f.limits.MaxSitemap})
	if err != nil {
		return nil, err
	}
	body := bufio.NewReader(a.body)
	a.body = body
	if magic, _ := body.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		wire := &countingReader{r: body, most: f.limits.MaxSitemap}
		z, closer, err := f.decoder.gunzip(wire)
		if err != nil {
			a.close()
			return nil, f.readError(ctx, a.url, err)
		}
		a.closers = append(a.closers, closer)
		a.body = &bombReader{r: z, wire: wire}
	}
	return &sitemapReader{answer: a, left: f.limits.MaxSitemap, url: a.url}, nil
}

// ErrSitemapTooLarge is returned when a sitemap is longer than the cap.
var ErrSitemapTooLarge = errors.New("sitemap is larger than the cap")

type sitemapReader struct {
	answer *answer
	url    *url.URL
	left   int64
}

func (s *sitemapReader) Read(p []byte) (int, error) {
	if s.left <= 0 {
		return 0, fmt.Errorf("%s: %w", s.url, ErrSitemapTooLarge)
	}
	n, err := s.answer.body.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	return n, err
}

func (s *sitemapReader) Close() error {
	s.answer.close()
	return nil
}
