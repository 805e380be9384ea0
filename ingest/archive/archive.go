package archive

import (
	"archive/tar"
	"archive/zip"
	"errors"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/qianshao/qianshao"
)

// File is a file in an archive.
type File struct {
	Name     string // safe to show: see Shown
	Modified time.Time
	// Body is the file's content, valid until the next file is requested. Its
	// errors are a qianshao.Unread or those of a damaged archive.
	Body io.Reader
}

// Zip is an opened zip file.
type Zip struct {
	// Parts are its files as the directory lists them.
	Parts  []*zip.File
	budget *Budget
}

// OpenZip reads the directory of a zip file.
func OpenZip(at io.ReaderAt, size int64, budget *Budget) (*Zip, error) {
	directory := &bounded{at: at, left: maxDirectory}
	reader, err := zip.NewReader(directory, size)
	var unread qianshao.Unread
	switch {
	case errors.As(err, &unread):
		return nil, unread
	case err != nil && !errors.Is(err, zip.ErrInsecurePath): // an insecure path does no harm: nothing is written to it
		return nil, qianshao.UnreadDamaged
	}
	directory.left = -1
	return &Zip{Parts: reader.File, budget: budget}, nil
}

// bounded reads at most left bytes, all if left is negative.
type bounded struct {
	at   io.ReaderAt
	left int64
}

func (b *bounded) ReadAt(p []byte, offset int64) (int, error) {
	if b.left >= 0 {
		if int64(len(p)) > b.left {
			return 0, qianshao.UnreadFiles
		}
		b.left -= int64(len(p))
	}
	return b.at.ReadAt(p, offset)
}

// Open returns a part's content.
func (z *Zip) Open(part *zip.File) (io.ReadCloser, error) {
	const encrypted = 0x1 // general purpose bit 0
	if part.Flags&encrypted != 0 {
		return nil, qianshao.UnreadEncrypted
	}
	body, err := part.Open()
	switch {
	case errors.Is(err, zip.ErrAlgorithm):
		return nil, qianshao.UnreadPacking
	case err != nil:
		return nil, qianshao.UnreadDamaged
	}
	return struct {
		io.Reader
		io.Closer
	}{&unpacked{body, z.budget}, body}, nil
}

// Files yields the files of a zip in the order of its directory. An error with a
// File concerns that file; without one, it concerns all files that would follow.
func (z *Zip) Files() iter.Seq2[*File, error] {
	return func(yield func(*File, error) bool) {
		for _, part := range z.Parts {
			if strings.HasSuffix(part.Name, "/") && part.UncompressedSize64 == 0 {
				continue // a folder
			}
			if err := z.budget.file(); err != nil {
				yield(nil, err)
				return
			}
			file := &File{Name: Shown(part.Name), Modified: part.Modified}
			body, err := z.Open(part)
			if err != nil {
				if !yield(file, err) {
					return
				}
				continue
			}
			file.Body = body
			more := yield(file, nil)
			body.Close()
			if !more {
				return
			}
		}
	}
}

// Tar yields the regular files of a tar file, as Zip.Files does for a zip.
func Tar(r io.Reader, budget *Budget) iter.Seq2[*File, error] {
	return func(yield func(*File, error) bool) {
		reader := tar.NewReader(r)
		for {
			header, err := reader.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
				yield(nil, Reason(err))
				return
			}
			if header.Typeflag != tar.TypeReg && header.Typeflag != tar.TypeGNUSparse {
				continue // folders, links, devices
			}
			if err := budget.file(); err != nil {
				yield(nil, err)
				return
			}
			file := &File{Name: Shown(header.Name), Modified: header.ModTime, Body: reader}
			if err = nil; isSparse(header) {
				err = qianshao.UnreadPacking
			}
			if !yield(file, err) {
				return
			}
		}
	}
}

// isSparse recognises files with holes. Pages have none, and a few bytes can
// stand for terabytes of zeros.
func isSparse(header *tar.Header) bool {
	if header.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range header.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// Gunzip returns the content of a gzip stream.
func Gunzip(r io.Reader, budget *Budget) (io.Reader, error) {
	reader, err := gzip.NewReader(r)
	if err != nil {
		return nil, qianshao.UnreadDamaged
	}
	return &unpacked{reader, budget}, nil
}

// Reason names what kept an archive from being read.
func Reason(err error) qianshao.Unread {
	var unread qianshao.Unread
	if errors.As(err, &unread) {
		return unread
	}
	return qianshao.UnreadDamaged
}
