package datafolder

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/qianshao/qianshao/locales"
)

// orUndo calls fill, which makes the paths in a folder. If it fails, those that it has made are
// removed, so that the command can be run again.
func orUndo(folder string, paths []string, fill func() error) error {
	missing := func(name string) bool {
		_, err := os.Lstat(name)
		return errors.Is(err, fs.ErrNotExist)
	}
	anew := missing(folder)
	var made []string
	for _, path := range paths {
		if missing(path) {
			made = append(made, path)
		}
	}
	err := fill()
	if err == nil {
		return nil
	}
	for _, path := range made {
		err = errors.Join(err, os.RemoveAll(path))
	}
	if anew {
		_ = os.Remove(folder) // it stays if somebody has put something else into it
	}
	return undone(err)
}

// undone says what to do if a command failed because the disk is full, and has left nothing behind.
func undone(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return locales.Errorf("data.no_room", err)
	}
	return err
}
