package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/locales"
)

// Recover cleans up after processes of this writer that have died: it ends their chains,
// removes objects that were never recorded, and finishes deletions. A process calls it
// before it begins to add. If another process of the same writer is in fact still running,
// that one begins another chain.
func (a *Archive) Recover(ctx context.Context) error {
	if err := a.recover(ctx); err != nil {
		return locales.Errorf("archive.recover", err)
	}
	return nil
}

func (a *Archive) recover(ctx context.Context) error {
	state, err := a.opts.Ledger.EvidenceState(ctx)
	if err != nil {
		return err
	}
	var kept error // ErrLocked, if locks keep objects
	for _, c := range state.Chains {
		if !c.Ended && (c.Writer == a.opts.Writer || c.Writer == "") && !a.isOwn(c.Number) {
			err := a.end(ctx, c, true)
			if err != nil && !errors.Is(err, bucket.ErrLocked) {
				return err
			}
			kept = errors.Join(kept, err)
		}
	}
	return errors.Join(kept, a.finishDeletions(ctx), a.removeUnfinished(ctx))
}

func (a *Archive) isOwn(chain int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.ContainsFunc(a.begun, func(w *writing) bool { return w.Number == chain })
}

// removeUnfinished removes temporary files of processes that died while rewriting a file, but
// not those that another process is just writing.
func (a *Archive) removeUnfinished(ctx context.Context) error {
	for name, err := range a.opts.Bucket.List(ctx, ".") {
		if err != nil {
			return err
		}
		if !strings.HasSuffix(name, bucket.Temporary) {
			continue
		}
		is, err := a.isBeingRewritten(ctx, name)
		if err == nil && !is {
			err = a.opts.Bucket.Delete(ctx, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isBeingRewritten says whether another process may still be writing a temporary file: a file is rewritten in
// CutEvidence, by one process at a time, and until that is done its deleted records are not marked as cut.
func (a *Archive) isBeingRewritten(ctx context.Context, temporary string) (bool, error) {
	file, _, _ := strings.Cut(strings.TrimPrefix(temporary, "."), ".warc.gz.")
	uncut, err := a.opts.Ledger.UncutEvidence(ctx)
	return slices.Contains(uncut, file+".warc.gz"), err
}

// The chain of older versions is in files with many captures, under a lock of the folder.
const (
	oldLock  = "archive.lock"
	oldIndex = ".cdxj"
)

// oldFile is the name of the file whose first record was seq.
func oldFile(seq int64) string { return fmt.Sprintf("qianshao-%012d.warc.gz", seq) }

func oldIndexOf(file string) string { return strings.TrimSuffix(file, ".warc.gz") + oldIndex }

// sweepFiles cuts off what a crash of an older version has left: bytes after the chain's
// end, in its last file or in the one that was to follow.
func (a *Archive) sweepFiles(ctx context.Context, c Chain) error {
	for _, name := range []string{oldFile(c.Seq + 1), oldLock} {
		if err := a.opts.Bucket.Delete(ctx, name); err != nil {
			return err
		}
	}
	last, err := a.opts.Ledger.EvidenceLinks(ctx, c.Seq-1, 1)
	if err != nil || len(last) == 0 || last[0].Seq != c.Seq {
		return err // Verify reports it
	}
	links, err := a.opts.Ledger.EvidenceFileLinks(ctx, last[0].File)
	if err != nil {
		return err
	}
	file := last[0].File
	size, err := a.opts.Bucket.Size(ctx, file)
	if err != nil || size <= uncut(links) {
		return unlessMissing(err) // Verify reports it
	}
	if gone(links) {
		return nil // finishDeletions rewrites it
	}
	return a.opts.Ledger.CutEvidence(ctx, file, func(now []Link) error {
		size, err := a.opts.Bucket.Size(ctx, file)
		recorded := uncut(now)
		switch {
		case err != nil || size == recorded: // another process has done it
			return err
		case gone(now):
			return errCutMeanwhile
		}
		a.opts.Log.Warn("cutting bytes that were never recorded off an evidence file, as after a crash", "file", file, "from", recorded, "bytes", size-recorded)
		return a.rewrite(ctx, file, slices.DeleteFunc(now, func(l Link) bool { return l.Cut }))
	})
}

func unlessMissing(err error) error {
	if errors.Is(err, bucket.ErrNotFound) {
		return nil
	}
	return err
}

// uncut is the size of an object according to the ledger.
func uncut(links []Link) (bytes int64) {
	for i := range links {
		if !links[i].Cut {
			bytes += links[i].Length
		}
	}
	return bytes
}

// gone says whether an object has deleted records that are not marked as cut.
func gone(links []Link) bool {
	return slices.ContainsFunc(links, func(l Link) bool { return l.Gone != 0 && !l.Cut })
}

// rewrite rewrites an object with only those links that are not deleted; standing are all links whose
// bytes are in it.
func (a *Archive) rewrite(ctx context.Context, file string, standing []Link) error {
	old, err := a.opts.Bucket.Get(ctx, file, 0, math.MaxInt64)
	if err != nil {
		return err
	}
	defer old.Close()
	read, write := io.Pipe()
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		write.CloseWithError(copyKept(write, old, standing))
	}()
	err = a.opts.Bucket.Replace(ctx, file, read, keptOf(standing))
	err = errors.Join(err, read.Close())
	<-copied
	return err
}

// copyKept copies the records that are not deleted.
func copyKept(w io.Writer, old io.Reader, standing []Link) error {
	for i := range standing {
		to := w
		if standing[i].Gone != 0 {
			to = io.Discard
		}
		if _, err := io.CopyN(to, old, standing[i].Length); err != nil {
			return err
		}
	}
	return nil
}
