package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// together has updates wait for the writer at the same time, in their order, and returns
// their errors.
func together(t *testing.T, db *database.DB, updates ...func(tx *database.Tx) error) []error {
	t.Helper()
	list := make([]error, len(updates))
	var group sync.WaitGroup
	db.Engine.(*file).writer.lock()
	for i, f := range updates {
		group.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					list[i] = fmt.Errorf("panic: %v", p)
				}
			}()
			level := database.Ordered
			if i%2 == 0 {
				level = database.Durable
			}
			list[i] = db.Update(t.Context(), level, "try", f)
		})
		for waiting := 0; waiting <= i; {
			db.Engine.(*file).writer.queue.mu.Lock()
			waiting = len(db.Engine.(*file).writer.queue.waiting)
			db.Engine.(*file).writer.queue.mu.Unlock()
		}
	}
	db.Engine.(*file).writer.unlock()
	group.Wait()
	return list
}

// insert returns an update that adds a host.
func insert(t *testing.T, host string, then func(tx *database.Tx) error) func(tx *database.Tx) error {
	return func(tx *database.Tx) error {
		if _, err := tx.ExecContext(t.Context(), `INSERT INTO hosts (host) VALUES ($1)`, host); err != nil {
			return err
		}
		return then(tx)
	}
}

func hosts(t *testing.T, db *database.DB) (n int) {
	t.Helper()
	if err := db.Read.QueryRow(`SELECT count(*) FROM hosts`).Scan(&n); err != nil {
		t.Error(err)
	}
	return n
}

// TestUpdatesShareATransaction: updates that wait at the same time share one transaction, and one that
// fails or panics is undone alone.
func TestUpdatesShareATransaction(t *testing.T) {
	db := temp(t)
	broken := errors.New("broken")
	var committed [maxGroup + 1]int // how many hosts were committed when each ran
	var updates []func(tx *database.Tx) error
	for i := range committed {
		updates = append(updates, insert(t, fmt.Sprint(i), func(*database.Tx) error {
			committed[i] = hosts(t, db)
			switch i % 5 {
			case 1:
				return broken
			case 2:
				panic("no")
			case 3: // a statement fails, and the update handles the error
				return db.Fail("", insert(t, "0", func(*database.Tx) error { return broken })(db.Engine.(*file).writer.tx))
			}
			return nil
		}))
	}
	succeeded := 0
	for i, err := range together(t, db, updates...) {
		switch i % 5 {
		case 1:
			if !errors.Is(err, broken) {
				t.Errorf("update %d: %v", i, err)
			}
		case 2:
			if err == nil || err.Error() != "panic: no" {
				t.Errorf("update %d: %v", i, err)
			}
		case 3:
			if err == nil {
				t.Errorf("update %d ran twice", i)
			}
		default:
			succeeded++
			if err != nil {
				t.Errorf("update %d: %v", i, err)
			}
		}
	}
	if n := hosts(t, db); n != succeeded {
		t.Errorf("%d hosts, want %d", n, succeeded)
	}
	for i, n := range committed[:maxGroup] {
		if n != 0 {
			t.Errorf("update %d ran when %d hosts were committed: it was not in the transaction of the first", i, n)
		}
	}
	if committed[maxGroup] == 0 {
		t.Errorf("more than %d updates are one transaction", maxGroup)
	}
}

// TestTransactionIsLost: when SQLite rolls back the whole transaction, as with a full disk, all of its
// updates fail, and the next update succeeds.
func TestTransactionIsLost(t *testing.T) {
	db := temp(t)
	full := errors.New("disk full")
	ok := func(*database.Tx) error { return nil }
	list := together(t, db, insert(t, "a", ok), insert(t, "b", func(tx *database.Tx) error {
		_, err := tx.ExecContext(t.Context(), "ROLLBACK")
		return errors.Join(err, full)
	}), insert(t, "c", ok))
	for i, err := range list {
		if !errors.Is(err, full) {
			t.Errorf("update %d: %v", i, err)
		}
	}
	if n := hosts(t, db); n != 0 {
		t.Errorf("%d hosts", n)
	}
	if err := db.Update(t.Context(), database.Ordered, "try", insert(t, "d", ok)); err != nil || hosts(t, db) != 1 {
		t.Errorf("the next update: %v", err)
	}
}

// TestUpdateAfterItsEnd: an update whose context has ended while it waited is not run.
func TestUpdateAfterItsEnd(t *testing.T) {
	db := temp(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := db.Update(ctx, database.Ordered, "try", func(*database.Tx) error {
		t.Error("it was run")
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
