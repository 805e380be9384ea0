package datafolder

import "golang.org/x/sys/unix"

// disk returns the free space on a folder's disk that is available to us, and the disk's size.
func disk(folder string) (free, size uint64, err error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(folder, &fs); err != nil {
		return 0, 0, err
	}
	block := uint64(fs.Bsize) //nolint:gosec // it is never negative
	return fs.Bavail * block, fs.Blocks * block, nil
}
