package fetch

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"github.com/qianshao/qianshao/locales"
)

// idleReader gives up a body that pauses for too long, by cancelling its request.
type idleReader struct {
	body  io.ReadCloser
	timer *time.Timer
	idle  time.Duration
	cause func() error // why the request was cancelled; nil if it was not
}

func newIdleReader(body io.ReadCloser, idle time.Duration, cancel func(error), cause func() error) *idleReader {
	return &idleReader{body: body, idle: idle, cause: cause, timer: time.AfterFunc(idle, func() { cancel(errIdle) })}
}

func (r *idleReader) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	if r.timer.Stop() {
		r.timer.Reset(r.idle)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		if cause := r.cause(); cause != nil {
			err = cause
		}
	}
	return n, err
}

func (r *idleReader) Close() error {
	r.timer.Stop()
	return r.body.Close()
}

// decode sets a.body to the response's body without its content encodings. No
// more than most bytes are read as sent; with keep, these are kept where
// decoding changes them.
func (f *Fetcher) decode(a *answer, most int64, keep bool) error {
	a.wire = &countingReader{r: a.response.Body, most: most}
	if keep && len(contentCodings(a.response.Header)) > 0 {
		a.wire.kept = new(bytes.Buffer)
	}
	body, closers, err := f.decoder.open(a.response.Header, a.wire)
	if err != nil {
		return err
	}
	a.body = body
	a.closers = append(a.closers, closers...)
	return nil
}

// Decoder undoes content encodings: gzip, br, zstd and deflate. The zero value
// is ready; it is safe for concurrent use and keeps its buffers for the next body.
type Decoder struct {
	gzips sync.Pool // of *gzip.Reader
}

// Body returns a response's body without the content encodings that its header
// names, cut at most bytes. Of a body that breaks off, is corrupt or is a
// decompression bomb, it returns what could be read, with the error.
func (d *Decoder) Body(h http.Header, body io.Reader, most int64) (data []byte, truncated bool, err error) {
	r, closers, err := d.open(h, &countingReader{r: body, most: most})
	if err != nil {
		return nil, false, err
	}
	defer func() {
		for _, c := range slices.Backward(closers) {
			c()
		}
	}()
	return readCapped(r, -1, most)
}

func (d *Decoder) open(h http.Header, wire *countingReader) (r io.Reader, closers []func(), err error) {
	codings := contentCodings(h)
	if len(codings) > maxCodings {
		return nil, nil, locales.Errorf("unfetched.codings", len(codings), maxCodings)
	}
	if len(codings) == 0 {
		return wire, nil, nil
	}
	r = wire
	for _, coding := range slices.Backward(codings) {
		next, closer, err := d.layer(coding, r)
		if err != nil {
			return nil, nil, err
		}
		if closer != nil {
			closers = append(closers, closer)
		}
		r = &bombReader{r: next, wire: wire} // at each layer: one in between may expand hugely, and the last shrink to nothing
	}
	return r, closers, nil
}

func contentCodings(h http.Header) []string {
	var codings []string
	for _, value := range h.Values("Content-Encoding") {
		for coding := range strings.SplitSeq(value, ",") {
			coding = strings.ToLower(strings.TrimSpace(coding))
			if coding != "" && coding != "identity" {
				codings = append(codings, coding)
			}
		}
	}
	return codings
}

// layer returns a reader of one content encoding. A body that is declared
// compressed but is not, as misconfigured proxies send it, is passed through.
func (d *Decoder) layer(coding string, body io.Reader) (io.Reader, func(), error) {
	peeked := bufio.NewReader(body)
	start, err := peeked.Peek(4)
	if len(start) == 0 {
		if errors.Is(err, io.EOF) {
			return peeked, nil, nil // an empty body has no compressed form
		}
		return nil, nil, err
	}
	switch coding {
	case "gzip", "x-gzip":
		if !bytes.HasPrefix(start, []byte{0x1f, 0x8b}) {
			return peeked, nil, nil
		}
		return d.gunzip(peeked)
	case "br":
		return brotli.NewReader(peeked), nil, nil
	case "zstd":
		if !bytes.Equal(start, []byte{0x28, 0xb5, 0x2f, 0xfd}) && (start[0]&0xf0 != 0x50 || !bytes.Equal(start[1:], []byte{0x2a, 0x4d, 0x18})) {
			return peeked, nil, nil
		}
		z, err := zstd.NewReader(peeked, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	case "deflate":
		// The name means zlib (RFC 9110, 8.4.1.2); some servers send bare deflate.
		if len(start) >= 2 && start[0]&0x0f == 8 && (int(start[0])<<8|int(start[1]))%31 == 0 {
			z, err := zlib.NewReader(peeked)
			if err != nil {
				return nil, nil, err
			}
			return z, func() { _ = z.Close() }, nil
		}
		z := flate.NewReader(peeked)
		return z, func() { _ = z.Close() }, nil
	}
	return nil, nil, locales.Errorf("unfetched.coding", printable(coding))
}

func (d *Decoder) gunzip(r io.Reader) (io.Reader, func(), error) {
	z, ok := d.gzips.Get().(*gzip.Reader)
	if !ok {
		z = new(gzip.Reader)
	}
	if err := z.Reset(r); err != nil {
		return nil, nil, err
	}
	return z, func() { d.gzips.Put(z) }, nil
}

// countingReader counts the bytes that came over the wire, and bounds them: an
// endless compressed stream can decode to nothing.
type countingReader struct {
	r     io.Reader
	n     int64
	most  int64
	kept  *bytes.Buffer // the bytes read; nil if they are not kept
	ended bool          // r has been read to its end
}

func (c *countingReader) Read(p []byte) (int, error) {
	if c.n > c.most {
		return 0, locales.Errorf("unfetched.too_large.cap", errTooLarge, c.most)
	}
	n, err := c.r.Read(p)
	c.n += int64(n)
	if c.kept != nil {
		c.kept.Write(p[:n])
	}
	c.ended = c.ended || errors.Is(err, io.EOF)
	return n, err
}

// bombReader stops a body that expands far more than text ever does.
type bombReader struct {
	r    io.Reader
	wire *countingReader
	n    int64
}

func (b *bombReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.n += int64(n)
	if b.n > bombFloor && b.n > maxRatio*b.wire.n {
		return 0, locales.Errorf("unfetched.bomb.size", errBomb, b.n, b.wire.n)
	}
	return n, err
}

// readCapped reads no more than most bytes; on an error it returns those that
// came before it. length is a hint; -1 if unknown.
func readCapped(r io.Reader, length, most int64) (body []byte, truncated bool, err error) {
	const unknown = 32 << 10 // the median page
	size := int64(unknown)
	if length >= 0 {
		size = min(length, most)
	}
	const largest = 1 << 20
	// Read in parts: a buffer that doubles takes three times the body's size while
	// it grows, and each worker of a crawl may be reading one.
	var parts [][]byte
	for left := most; left > 0 && err == nil; size = min(2*size, largest) {
		part := make([]byte, min(max(size, 1), left))
		n := 0
		for n < len(part) && err == nil {
			var more int
			more, err = r.Read(part[n:])
			n += more
		}
		parts = append(parts, part[:n])
		left -= int64(n)
	}
	if err == nil { // there are more than most bytes, or exactly as many
		var one [1]byte
		var extra int
		if extra, err = io.ReadFull(r, one[:]); err == nil {
			truncated = extra > 0
		}
	}
	if len(parts) == 1 {
		body = parts[0]
	} else {
		body = slices.Concat(parts...)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return body, true, err
	}
	return body, truncated, nil
}

// sniff looks at the first bytes of a.body, which can still be read in full.
func sniff(a *answer) (mediaTypeFound string, err error) {
	const enough = 512 // what http.DetectContentType considers
	r := bufio.NewReaderSize(a.body, 4<<10)
	a.body = r
	start, err := r.Peek(enough)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if len(start) == 0 {
		return "text/plain", nil
	}
	return mediaType(http.DetectContentType(start)), nil
}

// PageType says whether a Content-Type is one that Get returns: HTML, XML or
// text. If the Content-Type says nothing, the body's first bytes decide.
func PageType(contentType string, body []byte) bool {
	t := mediaType(contentType)
	if !saysSomething(t) {
		if len(body) == 0 {
			return true
		}
		t = mediaType(http.DetectContentType(body))
	}
	return isPage(t)
}

// mediaType returns the type without parameters, lower case; "" if there is none.
func mediaType(contentType string) string {
	if t, _, err := mime.ParseMediaType(contentType); err == nil || errors.Is(err, mime.ErrInvalidMediaParameter) {
		return t
	}
	t, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// saysSomething is false for types that servers send when they do not know the type.
func saysSomething(mediaType string) bool {
	switch mediaType {
	case "", "application/octet-stream", "application/x-unknown", "unknown/unknown", "*/*", "text":
		return false
	}
	return strings.Contains(mediaType, "/")
}

// isPage says whether a type holds text that people read.
func isPage(mediaType string) bool {
	switch mediaType {
	case "text/css", "text/javascript", "text/ecmascript", "text/calendar", "text/vcard", "image/svg+xml", "application/wasm":
		return false
	case "application/xml", "application/feed+json":
		return true
	}
	return strings.HasPrefix(mediaType, "text/") ||
		strings.HasPrefix(mediaType, "application/") && strings.HasSuffix(mediaType, "+xml")
}

// isXML says whether a type may be a sitemap's, gzipped or not.
func isXML(mediaType string) bool {
	switch mediaType {
	case "application/gzip", "application/x-gzip", "text/plain", "text/html":
		return true // some are sniffed, or sent by servers, as text/html
	}
	return strings.HasSuffix(mediaType, "/xml") || strings.HasSuffix(mediaType, "+xml")
}

func isCSS(mediaType string) bool { return mediaType == "text/css" }
