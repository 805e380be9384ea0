package datafolder

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/qianshao/qianshao/dashboards/metrics"
)

// Sizes returns the sizes of the parts of a data folder, and of its disk. Files may appear and
// disappear meanwhile.
func Sizes(ctx context.Context, data string) (s metrics.Folder, err error) {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(storePath(data) + suffix)
		if err == nil {
			s.Store += info.Size()
		} else if !errors.Is(err, fs.ErrNotExist) {
			return s, err
		}
	}
	if s.Index, err = bytesBelow(ctx, indexPath(data)); err != nil {
		return s, err
	}
	if s.Evidence, err = bytesBelow(ctx, EvidencePath(data)); err != nil {
		return s, err
	}
	s.Free, s.Size, err = disk(data)
	return s, err
}

// bytesBelow returns the total size of the files in a folder, or 0 if there is no folder.
func bytesBelow(ctx context.Context, folder string) (n int64, err error) {
	err = filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = entry.Info(); err == nil {
				n += info.Size()
			}
		}
		if errors.Is(err, fs.ErrNotExist) { // the index has just merged the file
			return nil
		}
		return errors.Join(err, ctx.Err())
	})
	return n, err
}
