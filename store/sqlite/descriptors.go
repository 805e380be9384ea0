package sqlite

import (
	"errors"
	"os"
	"syscall"
)

// connectionFiles is how many files SQLite opens for a connection: the database, its log, the log's index,
// and briefly a folder or temporary file.
const connectionFiles = 4

// exhausted returns the system's error if the process, or the machine, has too few file descriptors left
// for another connection. SQLite hides it behind its error for a file that cannot be opened.
func exhausted() error {
	for range connectionFiles {
		f, err := os.Open(os.DevNull)
		if tooManyFiles(err) {
			return errors.Unwrap(err) // without the name of the file, which the user does not know
		}
		if err != nil {
			return nil // says nothing about descriptors
		}
		defer f.Close() //nolint:gocritic // all must be open at once, that is the test
	}
	return nil
}

func tooManyFiles(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}
