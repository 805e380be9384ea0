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

// WriteIndexes writes CDXJ indexes of the archive into a folder, which is made for its owner alone where it is
// missing: one for every thousand captures of a chain. It returns how many. Programs that replay web archives read them.
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
	name    string // of the index under way
	entries []warc.IndexEntry
	chain   string // under way, as objects name it
	objects int    // of it, so far
	file    string // under way
	removed int64  // from it, so far
}

// object goes on to the next object, and to another index where that begins one. Objects are counted, whatever
// their numbers: of two that are stored at the same time the later one may be linked first.
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
