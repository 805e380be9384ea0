package evidence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/flock"
)

// lockName is the file in the archive's folder whose lock is held by whoever
// changes the archive's files. It is empty and stays.
const lockName = "archive.lock"

// LockFile is the file whose lock is held while files of the archive change.
func (a *Archive) LockFile() string { return a.path(lockName) }

const (
	// lockWait is how long a call waits for another process. None holds the lock
	// for longer than it takes to write one capture or one index.
	lockWait = 10 * time.Second
	lockPoll = 2 * time.Millisecond
)

// locked runs f while no other goroutine and no other process changes the
// archive's files.
func (a *Archive) locked(ctx context.Context, f func() error) error {
	unlock, err := a.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return f()
}

// lock takes the lock and returns what releases it. The folder must exist. If a
// process dies, the operating system releases its lock.
func (a *Archive) lock(ctx context.Context) (unlock func(), err error) {
	a.mu.Lock() // goroutines queue here, so that only processes poll
	lock := flock.New(a.path(lockName))
	limited, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	if ok, err := lock.TryLockContext(limited, lockPoll); !ok {
		a.mu.Unlock()
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return nil, fmt.Errorf("another process has held %s for %s: stop it", lock.Path(), lockWait)
		}
		return nil, explained(err)
	}
	return func() {
		defer a.mu.Unlock()
		if err := lock.Unlock(); err != nil {
			a.opts.Log.Error("the lock of the evidence archive was not released", "file", lock.Path(), "error", err)
		}
	}, nil
}
