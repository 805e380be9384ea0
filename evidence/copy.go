package evidence

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// CopyTo copies the files of the archive into a new folder, as far as its ledger goes,
// beside other processes that add to them. The ledger is a copy, too: of a moment before
// the call. What was added since is left out. A file that is missing or too short is
// copied as it is, for Verify to report: somebody may have damaged it, or records were
// deleted since the ledger was copied.
func (a *Archive) CopyTo(ctx context.Context, folder string) error {
	files, err := a.opts.Ledger.EvidenceFiles(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	for _, f := range files {
		links, err := a.opts.Ledger.EvidenceFileLinks(ctx, f.Name)
		if err != nil {
			return err
		}
		recorded, _ := sizes(links)
		if err := a.copyFile(ctx, f.Name, folder, recorded); err != nil {
			return explained(err)
		}
	}
	return syncFolder(folder)
}

// DeletedSince says whether a deletion is recorded behind a link. The files of a copy
// that was being made meanwhile may then be of a later moment than its ledger.
func (a *Archive) DeletedSince(ctx context.Context, seq int64) (bool, error) {
	for {
		links, err := a.opts.Ledger.EvidenceLinks(ctx, seq, linksAtATime)
		if err != nil || len(links) == 0 {
			return false, err
		}
		if slices.ContainsFunc(links, func(l Link) bool { return l.Kind == KindDeletion }) {
			return true, nil
		}
		seq = links[len(links)-1].Seq
	}
}

// copyFile copies the first bytes of a file, or all if there are fewer: a file whose
// deleted records were cut out after the ledger was copied is as good as the longer one.
func (a *Archive) copyFile(ctx context.Context, name, folder string, bytes int64) error {
	from, err := os.Open(a.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(filepath.Join(folder, filepath.Base(name)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, io.LimitReader(untilDone{ctx, from}, bytes))
	return errors.Join(err, to.Sync(), to.Close())
}

// untilDone reads until its context ends.
type untilDone struct {
	ctx  context.Context //nolint:containedctx // lives for one copy
	from io.Reader
}

func (r untilDone) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(p)
}
