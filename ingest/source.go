package ingest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/qianshao/qianshao"
)

// MaxFileBody bounds what is read of one file; the rest is left out and the page
// marked Truncated. It exceeds the largest HTML pages in the wild.
const MaxFileBody = 32 << 20

// Entry is one input of a scan. Either Page is set or Err.
type Entry struct {
	// Input names it: a path, "path#8123" for the record at that byte of a WARC
	// file, "path:12" for a line of a JSON lines file.
	Input string
	Page  qianshao.Page
	// Err says why there is no page: the file or line could not be read.
	Err error
}

// Path yields what lies at path: a folder's regular files in order of their
// names, with those of its subfolders; a WARC file's records (.warc, .warc.gz); a
// JSON lines file's lines (.jsonl, .ndjson); or one page, whatever the file holds.
// Every file gets an answer. Symbolic links inside a folder are not followed.
// One page at a time is in memory.
func Path(path string) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			yield(Entry{Input: path, Err: fmt.Errorf("%w; check the path", err)})
		case info.IsDir():
			folder(path, yield)
		case !info.Mode().IsRegular():
			file, err := os.Open(path) // a pipe: <(…) of a shell
			if err != nil {
				yield(Entry{Input: path, Err: err})
				return
			}
			defer file.Close()
			Stream(path, file)(yield)
		default:
			one(path, yield)
		}
	}
}

func folder(root string, yield func(Entry) bool) {
	// The separator makes a root that is a link be followed: it was named outright.
	err := filepath.WalkDir(root+string(filepath.Separator), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if !yield(Entry{Input: path, Err: err}) {
				return fs.SkipAll
			}
			return nil
		}
		// A symbolic link could lead out of the folder, or in a circle.
		if d.Type().IsRegular() && !one(path, yield) {
			return fs.SkipAll
		}
		return nil
	})
	if err != nil { // WalkDir gives our own errors only, and there are none
		yield(Entry{Input: root, Err: err})
	}
}

// one yields what a regular file holds; false when the caller wants no more.
func one(path string, yield func(Entry) bool) bool {
	file, err := os.Open(path)
	if err != nil {
		return yield(Entry{Input: path, Err: err})
	}
	defer file.Close()
	switch name := strings.ToLower(path); {
	case strings.HasSuffix(name, ".warc"), strings.HasSuffix(name, ".warc.gz"):
		return archive(path, file, yield)
	case strings.HasSuffix(name, ".jsonl"), strings.HasSuffix(name, ".ndjson"):
		return lines(path, file, yield)
	}
	page, err := pageOf(path, file)
	if err != nil {
		return yield(Entry{Input: path, Err: fmt.Errorf("read %s: %w", path, err)})
	}
	if info, err := file.Stat(); err == nil {
		page.FetchedAt = info.ModTime()
	}
	return yield(Entry{Input: path, Page: page})
}

// pageOf reads one page, its type by the name's extension or else by its bytes.
func pageOf(name string, r io.Reader) (qianshao.Page, error) {
	body, err := io.ReadAll(io.LimitReader(r, MaxFileBody+1))
	if err != nil {
		return qianshao.Page{}, err
	}
	page := qianshao.Page{URL: name, RequestedURL: name, Source: qianshao.SourceFolder, Body: body}
	if len(body) > MaxFileBody {
		page.Body, page.Truncated = body[:MaxFileBody:MaxFileBody], true
	}
	page.ContentType = typeOf(name, page.Body)
	return page, nil
}

// typeOf returns a media type without a charset: nothing has declared one.
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

// Stream yields what a stream holds, standard input above all: a WARC file, JSON
// lines or one page, as its first bytes tell.
func Stream(name string, r io.Reader) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		const enough = 64
		in := bufio.NewReaderSize(r, 64<<10)
		start, err := in.Peek(enough)
		if err != nil && !errors.Is(err, io.EOF) {
			yield(Entry{Input: name, Err: fmt.Errorf("read %s: %w", name, err)})
			return
		}
		start = bytes.TrimPrefix(start, []byte("\xef\xbb\xbf"))
		switch {
		case bytes.HasPrefix(start, []byte("WARC/")), bytes.HasPrefix(start, []byte{0x1f, 0x8b}):
			archive(name, in, yield)
		case bytes.HasPrefix(bytes.TrimLeft(start, " \t\r\n"), []byte("{")):
			lines(name, in, yield)
		default:
			page, err := pageOf(name, in)
			if err != nil {
				yield(Entry{Input: name, Err: fmt.Errorf("read %s: %w", name, err)})
				return
			}
			yield(Entry{Input: name, Page: page})
		}
	}
}
