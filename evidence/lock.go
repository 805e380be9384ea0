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

const (
	// lockWait is how long a call waits for another process. None holds the lock
	// for longer than it takes to write one capture or one index.
	lockWait = 10 * time.Second
	lockPoll = 2 * time.Millisecond
)

// locked runs f while no other goroutine and no other process changes the
// archive's files. The folder must exist. If a process dies, the operating
// system releases its lock.
func (a *Archive) locked(ctx context.Context, f func() error) error {
	a.mu.Lock() // goroutines queue here, so that only processes poll
	defer a.mu.Unlock()
	lock := flock.New(a.path(lockName))
	limited, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	if ok, err := lock.TryLockContext(limited, lockPoll); !ok {
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return fmt.Errorf("another process has held %s for %s: stop it", lock.Path(), lockWait)
		}
		return explained(err)
	}
	defer func() {
		if err := lock.Unlock(); err != nil {
			a.opts.Log.Error("the lock of the evidence archive was not released", "file", lock.Path(), "error", err)
		}
	}()
	return f()
}
