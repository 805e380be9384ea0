package evidence

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/qianshao/qianshao/ingest/warc"
	"github.com/qianshao/qianshao/locales"
)

// WriteIndexes writes CDXJ indexes of the archive, which programs that replay web archives read, into a
// folder: one for every thousand captures of a chain. It makes the folder if it is missing, for its owner
// only, and returns the number of indexes.
func (a *Archive) WriteIndexes(ctx context.Context, folder string) (files int, err error) {
	x := indexer{folder: folder}
	if err = os.MkdirAll(folder, 0o700); err == nil {
		err = a.eachLink(ctx, 0, math.MaxInt64, x.link)
	}
	if err == nil {
		err = x.flush()
	}
	if err != nil {
		return x.files, locales.Errorf("archive.index", err)
	}
	return x.files, nil
}

type indexer struct {
	folder  string
	files   int
	name    string // of the current index
	entries []warc.IndexEntry
	chain   string // the current one, as in the names of objects
	objects int    // in this chain so far
	file    string // under way
	removed int64  // bytes deleted from it so far
}

// object goes on to the next object, and to a new index if that begins one. It counts objects and ignores
// their numbers: of two that are stored at the same time, the later one may be linked first.
func (x *indexer) object(file string) error {
	x.file, x.removed = file, 0
	name := oldIndexOf(file)
	if chain, _, ok := strings.Cut(file, "/"); ok {
		if chain != x.chain {
			x.chain, x.objects = chain, 0
		}
		name = fmt.Sprintf("%s-%06d%s", chain, x.objects/perFolder, oldIndex)
		x.objects++
	}
	if name == x.name {
		return nil
	}
	err := x.flush()
	x.name = name
	return err
}

// link adds a response or resource, at its present place.
func (x *indexer) link(l *Link) error {
	if l.File != x.file {
		if err := x.object(l.File); err != nil {
			return err
		}
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
