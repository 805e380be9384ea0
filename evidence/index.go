package evidence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/qianshao/qianshao/ingest/warc"
)

// indexName is the name of a file's CDXJ index.
func indexName(file string) string { return strings.TrimSuffix(file, ".warc.gz") + ".cdxj" }

// WriteIndexes writes the CDXJ index of every file whose index is out of date.
// While pages come in, that of the last file always is; a process calls
// WriteIndexes when it ends.
func (a *Archive) WriteIndexes(ctx context.Context) error {
	files, err := a.opts.Ledger.EvidenceFiles(ctx)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Index != "" || f.Uncut {
			continue
		}
		if err := a.WriteIndex(ctx, f.Name); err != nil {
			return err
		}
	}
	return nil
}

// WriteIndex writes the CDXJ index beside a file. The index is derived from the
// ledger and can be written anew at any time.
func (a *Archive) WriteIndex(ctx context.Context, file string) error {
	// Under the lock, because Recover in another process removes unfinished files.
	err := a.locked(ctx, func() error { return a.writeIndex(ctx, file) })
	if err != nil {
		return fmt.Errorf("index of %s: %w", file, err)
	}
	return nil
}

func (a *Archive) writeIndex(ctx context.Context, file string) error {
	links, err := a.opts.Ledger.EvidenceFileLinks(ctx, file)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := warc.WriteIndex(&text, indexEntries(links)); err != nil {
		return err
	}
	written, err := writeBeside(a.path(indexName(file)), func(w io.Writer) error {
		_, err := w.Write(text.Bytes())
		return err
	})
	if err != nil {
		return err
	}
	defer written.discard()
	if err := written.put(); err != nil {
		return err
	}
	sum := sha256.Sum256(text.Bytes())
	var through int64
	if len(links) > 0 {
		through = links[len(links)-1].Seq
	}
	return a.opts.Ledger.SetEvidenceIndex(ctx, file, through, hex.EncodeToString(sum[:]))
}

// indexEntries are the lines of a file's index: its responses and resources, at their present places.
func indexEntries(links []Link) (entries []warc.IndexEntry) {
	var removed int64
	for i := range links {
		l := &links[i]
		if l.Gone != 0 {
			if l.Cut {
				removed += l.Length
			}
			continue
		}
		if l.Kind == warc.TypeResponse || l.Kind == warc.TypeResource {
			entries = append(entries, warc.IndexEntry{URI: l.URI, Date: l.Captured, MIME: l.MIME, Status: l.Status,
				Digest: l.Payload, File: l.File, Offset: l.Offset - removed, Length: l.Length})
		}
	}
	return entries
}
