package sqlite

import (
	"cmp"
	"context"
	"runtime"
	"sync"

	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// maxGroup bounds the updates in one transaction, so that the first need not wait long for the last. A
// crawl has a few more workers than that.
const maxGroup = 16

// Write implements database.Engine. With a single writing connection, every transaction is exclusive.
// Updates that wait at the same time share a transaction, one after another, since most of the cost of a
// small one is its commit. One that fails is undone by itself.
func (f *file) Write(ctx context.Context, d database.Durability, _ bool, update func(tx *database.Tx) error) error {
	return f.writer.update(ctx, d, update)
}

// synchronous is the value of SQLite's pragma.
type synchronous string

const (
	full   synchronous = "FULL"
	normal synchronous = "NORMAL"
)

// update is a caller that waits for the writer.
type update struct {
	ctx      context.Context
	level    database.Durability
	f        func(tx *database.Tx) error
	err      error
	panicked any           // the value that f panicked with
	done     chan struct{} // closed when the other fields are final
}

// queue has the waiting updates, first come first.
type queue struct {
	mu      sync.Mutex
	waiting []*update
}

func (q *queue) put(u *update) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, u)
}

// take takes out the first updates, at most maxGroup.
func (q *queue) take() []*update {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.waiting), maxGroup)
	group := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	return group
}

// update waits until f was run, by the caller that has the writer's turn, which may be this one.
func (w *writer) update(ctx context.Context, d database.Durability, f func(tx *database.Tx) error) error {
	u := &update{ctx: ctx, level: d, f: f, done: make(chan struct{})}
	w.queue.put(u)
	runtime.Gosched() // with more callers than cores, others about to come can share the transaction
	for finished := false; !finished; {
		select {
		case <-u.done:
			finished = true
		case w.turn <- struct{}{}:
			w.transact(w.queue.take()) // the first in the queue, perhaps u among them
			w.unlock()
		}
	}
	if u.panicked != nil {
		panic(u.panicked)
	}
	return u.err
}

// transact runs updates between BEGIN and COMMIT, with the greatest durability that one of them asks for.
func (w *writer) transact(group []*update) {
	defer func() {
		for _, u := range group {
			close(u.done)
		}
	}()
	var begun []*update
	level := normal
	for _, u := range group {
		if u.err = u.ctx.Err(); u.err != nil {
			continue
		}
		begun = append(begun, u)
		if u.level == database.Durable {
			level = full
		}
	}
	if len(begun) == 0 {
		return
	}
	ctx := context.Background() // a member whose context ends does not interrupt the others
	err := w.begin(ctx, level)
	if err == nil {
		if w.runAll(ctx, begun) {
			_, err = w.ExecContext(ctx, "COMMIT")
		} else {
			_, _ = w.ExecContext(ctx, "ROLLBACK")
		}
	}
	if err == nil {
		return
	}
	// After some errors, such as a full disk, SQLite has already rolled back.
	_, _ = w.ExecContext(ctx, "ROLLBACK")
	failAll(begun, err)
}

// failAll sets an error on all updates that have none.
func failAll(group []*update, err error) {
	for _, u := range group {
		if u.err == nil {
			u.err = err
		}
	}
}

func (w *writer) begin(ctx context.Context, level synchronous) error {
	if w.level != level {
		if _, err := w.ExecContext(ctx, "PRAGMA synchronous = "+string(level)); err != nil {
			return err
		}
		w.level = level
	}
	_, err := w.ExecContext(ctx, "BEGIN IMMEDIATE")
	return err
}

// runAll runs the updates of a transaction one after another, and says whether there is anything to commit.
func (w *writer) runAll(ctx context.Context, group []*update) (commit bool) {
	if len(group) == 1 {
		group[0].run(w.tx)
		return group[0].err == nil && group[0].panicked == nil
	}
	for _, u := range group {
		if _, u.err = w.ExecContext(ctx, "SAVEPOINT member"); u.err == nil {
			u.run(w.tx)
		}
		if u.err == nil && u.panicked == nil {
			commit = true
		} else if _, err := w.ExecContext(ctx, "ROLLBACK TO member"); err != nil {
			// SQLite has rolled back the transaction, as it does when the disk is full: all updates so far
			// are undone, and the rest would run outside a transaction.
			failAll(group, cmp.Or(u.err, err))
			return false
		}
		if _, err := w.ExecContext(ctx, "RELEASE member"); err != nil {
			failAll(group, err)
			return false
		}
	}
	return commit
}

// run runs f. A panic is passed on to the caller, and what f did is undone.
func (u *update) run(tx *database.Tx) {
	defer func() { u.panicked = recover() }()
	u.err = u.f(tx)
}
