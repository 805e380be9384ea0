package evidence

import (
	"context"
	"fmt"
	"math"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/qianshao/qianshao/ingest/warc"
)

// WriteIndexes writes CDXJ indexes of the archive into a folder, which is made for its owner alone
// where it is missing: a file for some thousand captures. It returns their number. Programs that replay web archives read them.
func (a *Archive) WriteIndexes(ctx context.Context, folder string) (files int, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return 0, err
	}
	x := indexer{folder: folder}
	err = a.eachLink(ctx, 0, math.MaxInt64, x.link)
	if err == nil {
		err = x.flush()
	}
	if err != nil {
		return x.files, fmt.Errorf("index the evidence archive: %w", err)
	}
	return x.files, nil
}

type indexer struct {
	folder  string
	files   int
	name    string // of the index under way
	entries []warc.IndexEntry
	file    string // under way
	removed int64  // from it, so far
}

// indexOf names the index of an object: one for those of a folder.
func indexOf(file string) string {
	if folder := path.Dir(file); folder != "." {
		return strings.ReplaceAll(folder, "/", "-") + oldIndex
	}
	return filepath.Base(oldIndexOf(file))
}

// link adds a response or resource, at its present place.
func (x *indexer) link(l *Link) error {
	if name := indexOf(l.File); name != x.name {
		if err := x.flush(); err != nil {
			return err
		}
		x.name = name
	}
	if l.File != x.file {
		x.file, x.removed = l.File, 0
	}
	switch {
	case l.Cut:
		x.removed += l.Length
	case l.Gone == 0 && (l.Kind == warc.TypeResponse || l.Kind == warc.TypeResource):
		x.entries = append(x.entries, warc.IndexEntry{URI: l.URI, Date: l.Captured, MIME: l.MIME, Status: l.Status,
			Digest: l.Payload, File: l.File, Offset: l.Offset - x.removed, Length: l.Length})
	}
	return nil
}

func (x *indexer) flush() error {
	if len(x.entries) == 0 {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(x.folder, x.name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = warc.WriteIndex(f, x.entries)
	if e := f.Close(); err == nil {
		err = e
	}
	x.files, x.entries = x.files+1, nil
	return err
}
