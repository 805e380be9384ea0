// Package database is what the packages of the store build on: a database that many read and that is
// written in transactions, whichever engine it is. The engines, store/sqlite and store/postgres, open it;
// the packages have the statements, wherever possible one text for both.
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

// Dialect names the engine, for the few statements that differ.
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
	// Write runs f in a transaction; see DB.Update and DB.UpdateRows. alone keeps all other exclusive
	// transactions out, in this process and in any other.
	Write(ctx context.Context, d Durability, alone bool, f func(tx *Tx) error) error
	// Fail adds the operation and, if the user can do something, the remedy. A full disk is syscall.ENOSPC,
	// wherever it occurred.
	Fail(op string, err error) error
	// Checkpoint removes deleted text from logs, as far as the engine can.
	Checkpoint(ctx context.Context) error
	// Rewrite rewrites the database if MarkForgotten was called since the last time; done says that it has.
	// Nobody can write meanwhile, and the disk needs as much free space as the database takes.
	Rewrite(ctx context.Context) (done bool, err error)
	// Snapshot writes the database as of one moment into a new file, while others read and write it. The
	// file must not exist; after an error it is removed.
	Snapshot(ctx context.Context, path string) error
	// Close ends all connections.
	Close() error
}

// Durability says what a commit waits for.
type Durability int

const (
	// Durable commits are on the disk when they return: what a person has entered and what was found must
	// survive a power cut.
	Durable Durability = iota
	// Ordered commits survive the death of the process. A power cut may lose the last of them, but never
	// one before another that is kept. That is enough for the frontier, where lost work is merely repeated,
	// and saves most of the waiting for the disk.
	Ordered
)

// Tx is a transaction that writes. A statement that has begun is finished, even if its context ends
// meanwhile.
type Tx struct {
	Statements
	Dialect Dialect
	// Alone says that no other exclusive transaction runs at the same time. In SQLite every transaction is
	// exclusive.
	Alone bool
}

// errAlone is the error of a transaction that has to be exclusive and is not.
var errAlone = errors.New("this is done by nobody beside another")

// MustBeAlone is for work that relies on more than the rows that it has locked: the last number, a chain.
// In UpdateRows its error makes f begin again, exclusively.
func (tx *Tx) MustBeAlone() error {
	if !tx.Alone {
		return errAlone
	}
	return nil
}

// Statements are run one after another.
type Statements interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Update runs f in a transaction that writes; op describes it in errors, before the database's name.
// Updates of all processes run one after another, so that f may rely on what it has read. Once begun, one
// is finished even if ctx ends meanwhile. One that fails changes nothing. f may run in another caller's
// goroutine, and more than once if the engine lost a try before the commit: it must start afresh each time,
// and not append to anything outside.
func (db *DB) Update(ctx context.Context, d Durability, op string, f func(tx *Tx) error) error {
	return db.Fail(op, db.Write(ctx, d, true, f))
}

// UpdateRows is Update for what many processes do at the same time: f relies on nothing but the rows that
// it has locked, and locks those of a table in the order of their keys. If it turns out to need more it is
// run again as by Update; see Tx.MustBeAlone.
func (db *DB) UpdateRows(ctx context.Context, d Durability, op string, f func(tx *Tx) error) error {
	err := db.Write(ctx, d, false, f)
	if errors.Is(err, errAlone) {
		err = db.Write(ctx, d, true, f)
	}
	return db.Fail(op, err)
}

// failure is the error of Failed.
type failure struct {
	locales.Message
	cause error
}

func (f *failure) Error() string { return f.String() }
func (f *failure) Unwrap() error { return f.cause }

// HasFailed says whether an error already names the operation that has failed, which need not be said
// again of one that contains it.
func HasFailed(err error) bool {
	var f *failure
	return errors.As(err, &f)
}

// Failed says that an operation on the database of that name has failed. The Chinese message only
// names the kind of operation: what exactly was read or written is of use in the log, which is in
// English.
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
	return &failure{locales.M("store.failed", locales.M("store.failed."+kind, op), name, err), err}
}

// NewerSchema refuses the schema of a later program than this one.
func NewerSchema(version, latest int64) error {
	return locales.Errorf("store.newer.schema", store.ErrNewerSchema, version, latest)
}

// Millis converts a time to the database's format.
func Millis(t time.Time) int64 { return t.UnixMilli() }

// FromMillis converts it back.
func FromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// DecodeFinding reads a finding from its JSON column. Finding.Seen has a column of its own. A byte
// corrupted on the disk costs a character, as with encoding/json, and not the finding.
func DecodeFinding(text string) (f qianshao.Finding, err error) {
	if err := json.Unmarshal([]byte(text), &f, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)); err != nil {
		return f, locales.Errorf("store.damaged.finding", store.ErrCorrupt, err)
	}
	return f, nil
}
