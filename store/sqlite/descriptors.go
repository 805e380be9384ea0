package sqlite

import (
	"errors"
	"os"
	"syscall"
)

// connectionFiles is how many files SQLite opens for a connection: the database, its
// log, the log's index, and a folder or temporary file on the way.
const connectionFiles = 4

// exhausted returns what the system says where the process, or the machine, has too few
// file descriptors left for one more connection. SQLite keeps it to itself: its error is
// that of a file that cannot be opened.
func exhausted() error {
	for range connectionFiles {
		f, err := os.Open(os.DevNull)
		if tooManyFiles(err) {
			return errors.Unwrap(err) // without the name of the file, which is not the user's
		}
		if err != nil {
			return nil // tells nothing of descriptors
		}
		defer f.Close() //nolint:gocritic // all of them are open at once, that is the question
	}
	return nil
}

func tooManyFiles(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}
