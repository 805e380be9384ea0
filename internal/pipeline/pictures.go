package pipeline

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/extract"
	"github.com/qianshao/qianshao/ingest/picture"
)

// Bounds on the pictures that are read for one page.
const (
	// maxPictures is how many pictures are fetched, each with one request to the host. Those with
	// addresses that mention a code come first.
	maxPictures = 10
	// picturesTime bounds the time for fetching pictures at the host's pace and reading them. Those
	// that have not been read by then are left out.
	picturesTime = 2 * time.Minute
)

// addPictures reads the pictures of a page that is flagged or shows hardly any text, and those of
// its rendering by a browser. It reads QR codes and, if the page shows hardly any text, text. said
// says that it found some, so that the page must be judged again.
func (p *Pipeline) addPictures(ctx context.Context, x *analyze.Extraction, j judged) (said bool) {
	ctx, cancel := context.WithTimeout(ctx, picturesTime)
	defer cancel()
	refs, pictorial, flagged := j.pictures, j.hardlyAnyText, j.assessment.Flagged()
	browser := slices.IndexFunc(x.Others, func(o *analyze.Extraction) bool { return o.Page.View == qianshao.ViewBrowser && !o.Page.LedAway() })
	if browser >= 0 {
		shown := x.Others[browser].Document()
		refs, pictorial = slices.Concat(shown.Pictures, refs), extract.HardlyAnyText(shown)
	}
	if !flagged && !pictorial {
		return false
	}
	readText := p.OCR != nil && pictorial
	var screenshot []qianshao.Picture
	if readText && browser >= 0 {
		if screenshot = p.screenshot(ctx, &x.Others[browser].Page); screenshot != nil {
			readText = false // the screenshot shows the pictures, too
		}
	}
	pictures := p.readPictures(ctx, &x.Page, refs, reading{text: readText, remember: flagged})
	if len(pictures) == 0 && len(screenshot) == 0 {
		return false
	}
	x.Page.Pictures = pictures
	if browser >= 0 {
		x.Others[browser].Page.Pictures = slices.Concat(pictures, screenshot)
	}
	x.Forget()
	return true
}

// screenshot reads the text of a page's screenshot. It returns nil if there is no screenshot or
// text.
func (p *Pipeline) screenshot(ctx context.Context, page *qianshao.Page) []qianshao.Picture {
	if len(page.Screenshot) == 0 {
		return nil
	}
	grey, err := picture.Decode(page.Screenshot)
	if err != nil {
		p.Log.Info("screenshot not read", "url", page.URL, "error", err)
		return nil
	}
	text := p.textOf(ctx, grey, page.URL)
	if text == "" {
		return nil
	}
	return []qianshao.Picture{{URL: qianshao.PictureScreenshot, Text: text}}
}

// reading says how pictures are to be read.
type reading struct {
	text bool // read text as well as QR codes
	// remember caches what pictures say for the site's next pages. Nothing from a page that is not
	// flagged is cached.
	remember bool
}

// readPictures returns those of a page's pictures that have a code or text.
func (p *Pipeline) readPictures(ctx context.Context, page *qianshao.Page, refs []string, how reading) (said []qianshao.Picture) {
	refs = slices.Clone(refs)
	slices.SortStableFunc(refs, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	tried := map[string]bool{}
	for _, ref := range refs {
		if len(tried) == maxPictures || ctx.Err() != nil {
			break
		}
		if tried[ref] || !p.isOwn(ref, page.Authorisation) {
			continue
		}
		tried[ref] = true
		read, err := p.pictures.read(ref, how, func() (qianshao.Picture, error) { return p.readPicture(ctx, page, ref, how.text) })
		if err != nil {
			p.Log.Debug("picture not read", "picture", (&qianshao.Picture{URL: ref}).Place(), "url", page.URL, "error", err)
			continue
		}
		if saysSomething(&read) {
			said = append(said, read)
		}
	}
	return said
}

// rank orders pictures: those that look like codes to scan first, page furniture last.
func rank(ref string) int {
	if strings.HasPrefix(ref, "data:") {
		return 0 // an inline picture needs no request
	}
	lower := strings.ToLower(ref)
	for _, word := range []string{"qr", "ewm", "erweima", "weixin", "wechat", "wx", "alipay", "zhifu", "kefu", "code"} {
		if strings.Contains(lower, word) {
			return 0
		}
	}
	for _, word := range []string{"logo", "icon", "avatar", "loading", "blank", "beian"} {
		if strings.Contains(lower, word) {
			return 2
		}
	}
	return 1
}

// isOwn reports whether a picture is inline or belongs to the page's own site.
func (p *Pipeline) isOwn(ref, authorisation string) bool {
	if strings.HasPrefix(ref, "data:") {
		return true
	}
	u, err := url.Parse(ref)
	if err != nil {
		return false
	}
	a, skip := p.Scope().Decide(u, time.Now())
	return skip == "" && a.ID == authorisation
}

// readPicture fetches a picture and reads it.
func (p *Pipeline) readPicture(ctx context.Context, page *qianshao.Page, ref string, readText bool) (qianshao.Picture, error) {
	read := qianshao.Picture{URL: ref}
	body, inline := inlined(ref)
	if !inline {
		got, err := p.Fetcher.Picture(ctx, ref, page.Authorisation, picture.MaxBytes)
		if err != nil {
			return read, err
		}
		body, read.Body, read.ContentType = got.Body, got.Body, got.ContentType
	}
	grey, err := p.decode(ctx, body)
	if err != nil {
		return read, err
	}
	read.Codes = picture.Codes(grey)
	if readText {
		read.Text = p.textOf(ctx, grey, page.URL)
	}
	if !saysSomething(&read) {
		read.Body = nil // so that it is not kept
	}
	return read, ctx.Err()
}

func saysSomething(p *qianshao.Picture) bool { return p.Text != "" || len(p.Codes) > 0 }

// decode decodes one picture at a time, and none while a large page is being processed, because
// each takes tens of megabytes.
func (p *Pipeline) decode(ctx context.Context, body []byte) (*image.Gray, error) {
	done, err := p.turns.Wait(ctx, maxWorked)
	if err != nil {
		return nil, err
	}
	defer done()
	return picture.Decode(body)
}

// inlined returns the bytes of a data URI.
func inlined(ref string) (body []byte, ok bool) {
	data, ok := strings.CutPrefix(ref, "data:")
	if !ok {
		return nil, false
	}
	kind, text, _ := strings.Cut(data, ",")
	if !strings.HasSuffix(kind, ";base64") {
		return nil, true
	}
	text, err := url.PathUnescape(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, true
	}
	body, _ = base64.StdEncoding.DecodeString(text) // on an error, what was decoded so far
	return body, true
}

// textOf reads the text of a picture. A failure counts as no text.
func (p *Pipeline) textOf(ctx context.Context, grey *image.Gray, pageURL string) string {
	text, err := p.OCR.Text(ctx, grey)
	if err != nil {
		p.Log.Info("text of a picture not read", "url", pageURL, "error", err)
	}
	return text
}

// Bounds on the pictures that are remembered.
const (
	// pictureFresh is how long a picture, or the failure to fetch it, is remembered: all pages of a
	// site show the same few pictures.
	pictureFresh = 24 * time.Hour
	// maxRemembered and maxRememberedBytes bound the memory for that.
	maxRemembered      = 512
	maxRememberedBytes = 16 << 20
)

// pictureMemory remembers what pictures say.
type pictureMemory struct {
	mu    sync.Mutex
	known map[string]rememberedPicture
	bytes int
}

type rememberedPicture struct {
	picture qianshao.Picture
	err     error
	until   time.Time
}

func (r *rememberedPicture) size() int { return len(r.picture.Body) + len(r.picture.URL) }

// read returns what a picture says, and calls get if that is not remembered. Reading a picture's
// text and reading only its codes are remembered separately.
func (m *pictureMemory) read(ref string, how reading, get func() (qianshao.Picture, error)) (qianshao.Picture, error) {
	key := fmt.Sprint(how.text, " ", ref)
	m.mu.Lock()
	have, ok := m.known[key]
	m.mu.Unlock()
	if ok && time.Now().Before(have.until) {
		return have.picture, have.err
	}
	read, err := get()
	if saysSomething(&read) && !how.remember || isTemporary(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return read, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(key, rememberedPicture{read, err, time.Now().Add(pictureFresh)})
	return read, err
}

func (m *pictureMemory) put(key string, r rememberedPicture) {
	if r.size() > maxRememberedBytes/4 {
		return
	}
	if m.known == nil {
		m.known = map[string]rememberedPicture{}
	}
	drop := func(key string) {
		old := m.known[key]
		m.bytes -= old.size()
		delete(m.known, key)
	}
	drop(key)
	for victim := range m.known {
		if len(m.known) < maxRemembered && m.bytes+r.size() <= maxRememberedBytes {
			break
		}
		drop(victim)
	}
	m.known[key] = r
	m.bytes += r.size()
}
