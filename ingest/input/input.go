package input

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/archive"
	"github.com/qianshao/qianshao/ingest/document"
	"github.com/qianshao/qianshao/locales"
)

const (
	// headSize is enough to recognise an input, even by a tar file's first header, gzipped.
	headSize = 4 << 10
	// maxPDF bounds a PDF: it is read whole, since its table of contents is at its
	// end. Larger ones are scanned books.
	maxPDF = 64 << 20
	// maxNesting allows an archive inside an archive, but no deeper. Sites' backups contain the former;
	// deeper nesting is made to exhaust whoever opens it.
	maxNesting = 2
)

// input is what is being read: a file, a stream, or a file in an archive.
type input struct {
	name     string // as shown in the answer
	suffix   string // the file's own name, for its suffix
	modified time.Time
	head     []byte      // the first bytes of r
	r        io.Reader   // all of it
	at       io.ReaderAt // nil for a stream
	size     int64       // of at
	budget   *archive.Budget
	nesting  int // how many archives it is in
}

// streamed returns the input in r, without budget. A read error is returned
// again when r is read further.
func streamed(name string, r io.Reader) input {
	in := bufio.NewReaderSize(r, headSize)
	head, _ := in.Peek(headSize)
	return input{name: name, suffix: name, head: bytes.Clone(head), r: in}
}

// read yields the entries of the input; it returns false when the caller wants no more.
func (in input) read(yield func(Entry) bool) bool {
	switch name := strings.ToLower(in.suffix); {
	case strings.HasSuffix(name, ".warc"), strings.HasSuffix(name, ".warc.gz"), bytes.HasPrefix(plain(in.head), []byte("WARC/")):
		return records(in.name, in.r, yield)
	case strings.HasSuffix(name, ".jsonl"), strings.HasSuffix(name, ".ndjson"):
		return lines(in.name, in.r, yield)
	}
	switch {
	case Unread(in.head) == qianshao.UnreadPDF:
		return in.pdf(yield)
	case bytes.HasPrefix(in.head, []byte("PK\x03\x04")), bytes.HasPrefix(in.head, []byte("PK\x05\x06")):
		return in.zip(yield)
	case isGzip(in.head):
		return in.gzip(yield)
	case isTar(in.head):
		return in.files(archive.Tar(in.r, in.budget), yield)
	}
	return in.page(yield)
}

// page yields the input as one page.
func (in input) page(yield func(Entry) bool) bool {
	if kind := Unread(in.head); in.isBinary() {
		return yield(Entry{Input: in.name, Page: in.pageOf(in.head), NotRead: kind})
	}
	body, err := io.ReadAll(io.LimitReader(in.r, MaxFileBody+1))
	return yield(in.answer(in.pageOf(body), err))
}

// isBinary says that the input is not text and of a kind that is not read: most of
// a site's bytes are pictures.
func (in input) isBinary() bool {
	switch Unread(in.head) {
	case qianshao.UnreadPicture, qianshao.UnreadMedia, qianshao.UnreadFont, qianshao.UnreadProgram:
		return bytes.IndexByte(in.head, 0) >= 0
	}
	return false
}

// pageOf returns a page with the body. Its type is decided by the suffix, or else by the bytes.
func (in input) pageOf(body []byte) qianshao.Page {
	page := qianshao.Page{URL: in.name, RequestedURL: in.name, Source: qianshao.SourceFolder, FetchedAt: in.modified, Body: body}
	if len(body) > MaxFileBody {
		page.Body, page.Truncated = body[:MaxFileBody:MaxFileBody], true
	}
	page.ContentType = typeOf(in.suffix, page.Body)
	return page
}

// answer is the entry for a page that was read whole, or up to an error.
func (in input) answer(page qianshao.Page, err error) Entry {
	entry := Entry{Input: in.name, Page: page}
	var unread qianshao.Unread
	var disk *fs.PathError
	switch {
	case err == nil:
	case errors.As(err, &unread):
		entry.NotRead = unread
	case in.nesting > 0 && !errors.As(err, &disk):
		entry.NotRead = qianshao.UnreadDamaged
	default:
		entry.Err = locales.Errorf("input.read", in.name, err)
	}
	return entry
}

// text is the entry for a document's text, or for its bytes if it had none.
func (in input) text(body, text []byte, kind string, err error) Entry {
	entry := in.answer(in.pageOf(body), err)
	if len(bytes.TrimSpace(text)) > 0 || err == nil {
		entry.TextOf, entry.Page.Truncated = kind, false
		entry.Page.Body, entry.Page.ContentType = text, "text/plain; charset=utf-8"
	}
	return entry
}

func (in input) pdf(yield func(Entry) bool) bool {
	body, err := io.ReadAll(io.LimitReader(in.r, maxPDF+1))
	if err != nil && len(body) == 0 {
		return yield(in.answer(in.pageOf(nil), err))
	}
	if len(body) > maxPDF {
		body, err = body[:maxPDF], qianshao.UnreadTruncated
	}
	text, unread := document.PDF(body)
	return yield(in.text(body, text, "pdf", cmp.Or(err, unread)))
}

// zip yields the text of an Office document and what is embedded in it, or the
// files of an archive.
func (in input) zip(yield func(Entry) bool) bool {
	if in.at == nil {
		body, err := io.ReadAll(io.LimitReader(in.r, MaxFileBody+1))
		if err != nil || len(body) > MaxFileBody {
			return yield(in.answer(in.pageOf(body), cmp.Or(err, error(qianshao.UnreadTruncated))))
		}
		in.r, in.at, in.size = bytes.NewReader(body), bytes.NewReader(body), int64(len(body))
	}
	opened, err := archive.OpenZip(in.at, in.size, in.budget)
	if err != nil {
		return in.page(func(e Entry) bool {
			e.NotRead = archive.Reason(err)
			return yield(e)
		})
	}
	kind := document.Kind(opened)
	if kind == "" {
		return in.files(opened.Files(), yield)
	}
	text, err := document.Office(opened)
	if !yield(in.text(nil, text, kind, err)) {
		return false
	}
	opened.Parts = slices.DeleteFunc(opened.Parts, func(p *zip.File) bool { return document.IsPart(p.Name) })
	return len(opened.Parts) == 0 || in.files(opened.Files(), yield)
}

// gzip yields the content of a gzip file: the files of a tar file, or a page
// under the file's own name.
func (in input) gzip(yield func(Entry) bool) bool {
	if in.nesting == maxNesting {
		return yield(Entry{Input: in.name, NotRead: qianshao.UnreadNested})
	}
	r, err := archive.Gunzip(in.r, in.budget)
	if err != nil {
		return yield(in.answer(in.pageOf(in.head), err))
	}
	inner := streamed(in.name, r)
	inner.suffix = strings.TrimSuffix(strings.ToLower(in.suffix), ".gz")
	inner.modified, inner.budget, inner.nesting = in.modified, in.budget, in.nesting+1
	if isTar(inner.head) {
		return in.files(archive.Tar(inner.r, in.budget), yield) // .tar.gz is one archive
	}
	return inner.read(yield)
}

// files yields the content of the files in an archive.
func (in input) files(files iter.Seq2[*archive.File, error], yield func(Entry) bool) bool {
	if in.nesting == maxNesting {
		return yield(Entry{Input: in.name, NotRead: qianshao.UnreadNested})
	}
	isEmpty := true
	for file, err := range files {
		isEmpty = false
		name := in.name
		if file != nil {
			name += "!" + file.Name
		}
		if err != nil {
			if !yield(Entry{Input: name, NotRead: archive.Reason(err)}) {
				return false
			}
			continue
		}
		inner := streamed(name, file.Body)
		inner.suffix, inner.modified, inner.budget, inner.nesting = file.Name, file.Modified, in.budget, in.nesting+1
		if !inner.read(yield) {
			return false
		}
	}
	return !isEmpty || yield(Entry{Input: in.name, Page: in.pageOf(nil)})
}

func isGzip(head []byte) bool { return bytes.HasPrefix(head, []byte("\x1f\x8b")) }

// plain returns the first bytes of a file's content, decompressed if the file is gzipped.
func plain(head []byte) []byte {
	if !isGzip(head) {
		return head
	}
	r, err := gzip.NewReader(bytes.NewReader(head))
	if err != nil {
		return nil
	}
	start := make([]byte, 16)
	n, _ := io.ReadFull(r, start)
	return start[:n]
}

// isTar recognises a tar file by the checksum of its first header, as the oldest
// kind has no other mark.
func isTar(head []byte) bool {
	const size, at, length = 512, 148, 8 // of the header, and its checksum
	if len(head) < size {
		return false
	}
	stated, err := strconv.ParseInt(strings.Trim(string(head[at:at+length]), " \x00"), 8, 32)
	if err != nil {
		return false
	}
	sum := int64(length * ' ')
	for i, c := range head[:size] {
		if i < at || i >= at+length {
			sum += int64(c)
		}
	}
	return sum == stated
}

// typeOf returns a media type without a charset, as none was declared.
func typeOf(name string, body []byte) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".html", ".htm", ".shtml":
		return "text/html"
	case ".xhtml", ".xht":
		return "application/xhtml+xml"
	case ".txt":
		return "text/plain"
	case ".xml":
		return "text/xml"
	}
	t, _, _ := strings.Cut(http.DetectContentType(body), ";")
	return t
}
