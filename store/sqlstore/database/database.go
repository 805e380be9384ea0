// Package database is what the rooms of the store have below them: a database that is
// read by many and written in transactions, whichever engine it is. The engines,
// store/sqlite and store/postgres, open it; the rooms have the statements, in one text
// for both wherever there is one.
package database

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

// Dialect names the engine, for the few statements of which each needs its own.
type Dialect int

// The dialects.
const (
	SQLite Dialect = iota
	Postgres
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	// Read is the pool of readers, which cannot write.
	Read *sql.DB
	Engine
}

// Engine is the database system.
type Engine interface {
	Dialect() Dialect
	// Write runs f in a transaction; see DB.Update and DB.UpdateRows. alone keeps all
	// others that are alone out, in this process and in any other.
	Write(ctx context.Context, d Durability, alone bool, f func(tx *Tx) error) error
	// Fail adds the operation and, if the user can do something, the remedy. A full disk is
	// syscall.ENOSPC, whoever has met it.
	Fail(op string, err error) error
	// Checkpoint takes out of logs what was deleted, as far as the engine can.
	Checkpoint(ctx context.Context) error
	// Rewrite writes the database anew if MarkForgotten was called since it last did; done says
	// that it has. Nobody can write meanwhile, and as much room again must be free on the disk.
	Rewrite(ctx context.Context) (done bool, err error)
	// Snapshot writes the database as of one moment into a new file, beside whatever else
	// reads and writes it. The file must not exist; after an error it is removed.
	Snapshot(ctx context.Context, path string) error
	// Close ends all connections.
	Close() error
}

// Durability says what a commit waits for.
type Durability int

const (
	// Durable commits are on the disk when they return: what a person has entered
	// and what was found must outlast a power cut.
	Durable Durability = iota
	// Ordered commits outlast the death of the process. A power cut may lose the
	// last of them, but never one and keep a later one. That is enough for the
	// frontier, where lost work is merely repeated, and saves most of the waits
	// for the disk.
	Ordered
)

// Tx is a transaction that writes. A statement that is begun is finished, even if its
// context ends meanwhile.
type Tx struct {
	Statements
	Dialect Dialect
	// Alone says that no other transaction that is alone runs beside it. In SQLite every one is.
	Alone bool
}

// errAlone is what a transaction fails with that is not alone and ought to be.
var errAlone = errors.New("this is done by nobody beside another")

// MustBeAlone is for what relies on more than the rows that it has locked: the last of numbers, a
// chain. In UpdateRows its error makes f begin anew, alone.
func (tx *Tx) MustBeAlone() error {
	if !tx.Alone {
		return errAlone
	}
	return nil
}

// Statements are run one after the other.
type Statements interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Update runs f in a transaction that writes; op says what for, in front of the database's
// name. Updates come one after the other, of all processes, so that f may rely on what it has
// read. Once begun, one is finished even if ctx ends meanwhile. One that fails leaves nothing.
// f may run in another caller's goroutine, and more than once where the engine has lost what
// it did before the commit: it begins anew each time, and appends to nothing outside of it.
func (db *DB) Update(ctx context.Context, d Durability, op string, f func(tx *Tx) error) error {
	return db.Fail(op, db.Write(ctx, d, true, f))
}

// UpdateRows is Update for what many processes do at the same time: f relies on nothing but the rows that it
// has locked, and locks those of a table in the order of their keys. One that comes upon more is run
// again as Update runs it; see Tx.MustBeAlone.
func (db *DB) UpdateRows(ctx context.Context, d Durability, op string, f func(tx *Tx) error) error {
	err := db.Write(ctx, d, false, f)
	if errors.Is(err, errAlone) {
		err = db.Write(ctx, d, true, f)
	}
	return db.Fail(op, err)
}

// Failed says that an operation on the database of that name has failed. In Chinese the kind of
// operation is enough: what exactly was read or written helps whoever reads a log, in English.
func Failed(op, name string, err error) error {
	verb, _, _ := strings.Cut(op, " ")
	kind := "write"
	switch verb {
	case "open", "copy", "read":
		kind = verb
	case "count", "look", "verify":
		kind = "read"
	case "lock", "unlock", "claim":
		kind = "lock"
	}
	return locales.Errorf("store.failed", locales.M("store.failed."+kind, op), name, err)
}

// NewerSchema refuses the schema of a later program than this one.
func NewerSchema(version, latest int64) error {
	return locales.Errorf("store.newer.schema", store.ErrNewerSchema, version, latest)
}

// Millis converts a time to what the database has.
func Millis(t time.Time) int64 { return t.UnixMilli() }

// FromMillis converts it back.
func FromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// DecodeFinding reads a finding as its column has it, in JSON. Finding.Seen has a column of its own.
// A byte that went wrong on the disk costs a character, as it does with encoding/json, and not the finding.
func DecodeFinding(text string) (f qianshao.Finding, err error) {
	if err := json.Unmarshal([]byte(text), &f, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)); err != nil {
		return f, locales.Errorf("store.damaged.finding", store.ErrCorrupt, err)
	}
	return f, nil
}
