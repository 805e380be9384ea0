// Package input reads what scan and preview are given: files, folders, WARC files, JSON
// lines, archives, documents and standard input. It yields entries, each with a page or
// the reason why there is none. It makes no requests.
package input

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/archive"
	"github.com/qianshao/qianshao/locales"
)

// MaxFileBody bounds what is read from one file; the rest is left out and the
// page marked Truncated. The largest real HTML pages are smaller.
const MaxFileBody = 32 << 20

// Entry is one input of a scan: its page, and why there is none, or only a part of it.
type Entry struct {
	// Input names the input: a path, "path#8123" for the record at that byte of a
	// WARC file, "path:12" for a line of a JSON lines file, "path!name" for a file
	// in an archive.
	Input string
	Page  qianshao.Page
	// TextOf is the kind of document from which Page.Body was extracted: "pdf", or a
	// result of document.Kind. It is empty if Page.Body is the file itself.
	TextOf string
	// NotRead says why the input, or a part of it, was not read, if that is
	// known without looking into the page.
	NotRead qianshao.Unread
	// Err says why there is no page: the file or line could not be read.
	Err error
}

// Path yields what lies at path: a folder's regular files in order of their
// names, with those of its subfolders; a WARC file's records (.warc, .warc.gz); a
// JSON lines file's lines (.jsonl, .ndjson); an archive's files (zip, tar, gzip); a
// document's text (PDF, Office); or one page, whatever else the file is. Archives
// and documents are recognised by their content. Every file gets an answer.
// Symbolic links inside a folder are not followed. One page at a time is in memory.
func Path(path string) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			yield(Entry{Input: path, Err: locales.Errorf("input.no_file", path)})
		case err != nil:
			yield(Entry{Input: path, Err: locales.Errorf("input.path", err)})
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
	// With the separator, a root that is a link is followed, as it was named explicitly.
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
	if err != nil { // cannot happen: WalkDir returns only our own errors, and we return none
		yield(Entry{Input: root, Err: err})
	}
}

// one yields the content of a regular file; it returns false when the caller wants no more.
func one(path string, yield func(Entry) bool) bool {
	file, err := os.Open(path)
	if err != nil {
		return yield(Entry{Input: path, Err: err})
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return yield(Entry{Input: path, Err: err})
	}
	head := make([]byte, min(headSize, info.Size()))
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return yield(Entry{Input: path, Err: err})
	}
	return input{
		name: path, suffix: path, modified: info.ModTime(), head: head[:n], r: file, at: file, size: info.Size(),
		budget: archive.NewBudget(info.Size()),
	}.read(yield)
}

// Stream yields the content of a stream, mostly standard input; its first bytes
// tell what it is.
func Stream(name string, r io.Reader) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		const enough = 64 // wait for no more, so that a line is answered as soon as it is written
		budget := archive.NewBudget(0)
		buffered := bufio.NewReaderSize(budget.Count(r), 64<<10)
		start, _ := buffered.Peek(enough) // a read error is returned again later
		if Unread(start) == "" && bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf")), " \t\r\n"), []byte("{")) {
			lines(name, buffered, yield)
			return
		}
		in := streamed(name, buffered)
		in.budget = budget
		in.read(yield)
	}
}
