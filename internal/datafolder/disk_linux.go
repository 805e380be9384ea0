package datafolder

import "golang.org/x/sys/unix"

// disk returns the free space of a folder's disk available to us, and its size.
func disk(folder string) (free, size uint64, err error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(folder, &fs); err != nil {
		return 0, 0, err
	}
	block := uint64(fs.Bsize) //nolint:gosec // it is never negative
	return fs.Bavail * block, fs.Blocks * block, nil
}
