// Package transfer copies a whole store from one database into another, of any engine, and compares each
// table that was written with the one that was read.
package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"math"
	"slices"
	"strings"

	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// ErrNotEmpty says that the target database is not empty.
var ErrNotEmpty = locales.Errorf("transfer.not_empty")

// Table is the result for a copied table.
type Table struct {
	Name   string
	Rows   int
	SHA256 string // of all rows in order, the same on both sides
}

// Copy copies all tables in one transaction: after an error the target is empty. The source is read as of
// one moment. The target gets store.PartMigration among its places, to be removed by whoever has copied the
// rest.
func Copy(ctx context.Context, from, to *database.DB) (done []Table, err error) {
	err = to.Update(ctx, database.Durable, "copy into", func(tx *database.Tx) (err error) {
		done = nil // the transaction may be run again
		opts := &sql.TxOptions{ReadOnly: true}
		if from.Dialect() == database.Postgres {
			opts.Isolation = sql.LevelRepeatableRead
		}
		source, err := from.Read.BeginTx(ctx, opts)
		if err != nil {
			return from.Fail("read", err)
		}
		defer func() { err = errors.Join(err, source.Rollback()) }()
		tables, err := common(ctx, side{source, from.Dialect()}, side{tx, tx.Dialect})
		if err != nil {
			return err
		}
		for i := range tables {
			if err := clearTable(ctx, tx, &tables[i]); err != nil {
				return err
			}
		}
		for i := range tables {
			t, err := tables[i].copyRows(ctx, side{source, from.Dialect()}, tx)
			if err != nil {
				return locales.Errorf("transfer.table", tables[i].name, err)
			}
			done = append(done, t)
		}
		if err := copyCounters(ctx, side{source, from.Dialect()}, tx); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO places (part, place) VALUES ($1, 'under way')`, string(store.PartMigration))
		return err
	})
	return done, err
}

// seeded tables start with one row, which the copy replaces.
var seeded = []string{"act_head", "campaign_state"}

// clearTable refuses a table with rows, or removes the initial one.
func clearTable(ctx context.Context, tx *database.Tx, t *table) error {
	if slices.Contains(seeded, t.name) {
		_, err := tx.ExecContext(ctx, `DELETE FROM `+t.name)
		return err
	}
	var rows int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM `+t.name+` LIMIT 1) AS any_row`).Scan(&rows); err != nil {
		return err
	}
	if rows > 0 {
		return locales.Errorf("transfer.not_empty.table", ErrNotEmpty, t.name)
	}
	return nil
}

// batch rows are written by one statement: few enough for the largest texts.
const batch = 32

// copyRows copies a table's rows, and reads them back from the target.
func (t *table) copyRows(ctx context.Context, source side, tx *database.Tx) (done Table, err error) {
	var waiting []any
	sum, many := newDigest(), t.insert(batch)
	err = t.each(ctx, source, func(row []any) error {
		sum.add(row)
		if waiting = append(waiting, row...); len(waiting) < batch*len(row) {
			return nil
		}
		_, err := tx.ExecContext(ctx, many, waiting...)
		waiting = waiting[:0]
		return err
	})
	if err != nil {
		return done, err
	}
	for row := range slices.Chunk(waiting, len(t.columns)) {
		if _, err := tx.ExecContext(ctx, t.insert(1), row...); err != nil {
			return done, err
		}
	}
	written := newDigest()
	if err := t.each(ctx, side{tx, tx.Dialect}, func(row []any) error { written.add(row); return nil }); err != nil {
		return done, err
	}
	done = Table{Name: t.name, Rows: sum.rows, SHA256: sum.String()}
	if written.rows != sum.rows || written.String() != done.SHA256 {
		return done, locales.Errorf("transfer.differs", written.rows, sum.rows, written, done.SHA256)
	}
	return done, nil
}

// insert returns the statement that writes that many rows.
func (t *table) insert(rows int) string {
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", t.name, strings.Join(t.names(), ", "), database.Values(rows, len(t.columns)))
}

// each yields the rows in an order that is the same in both engines, with their values as each stores them.
func (t *table) each(ctx context.Context, from side, yield func(row []any) error) error {
	order := t.key
	if extra := inserted[t.name]; extra != "" {
		order = []string{"rowid"}
		if from.dialect == database.Postgres {
			order = []string{extra}
		}
	}
	rows, err := from.QueryContext(ctx, `SELECT `+strings.Join(t.names(), ", ")+` FROM `+t.name+` ORDER BY `+strings.Join(order, ", "))
	if err != nil {
		return err
	}
	defer rows.Close()
	values, places := make([]any, len(t.columns)), make([]any, len(t.columns))
	for i := range values {
		places[i] = &values[i]
	}
	for rows.Next() {
		if err := errors.Join(rows.Scan(places...), ctx.Err()); err != nil {
			return err
		}
		row := make([]any, len(values))
		for i, c := range t.columns {
			if row[i], err = c.kind.value(values[i]); err != nil {
				return locales.Errorf("transfer.column", c.name, err)
			}
		}
		if err := yield(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// value returns a value in the form common to both engines.
func (k kind) value(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil //nolint:nilnil // NULL
	case int64:
		switch k {
		case integer:
			return v, nil
		case number:
			return float64(v), nil
		}
	case float64:
		if k == number {
			return v, nil
		}
	case string:
		switch k {
		case text:
			return database.Clean(v), nil
		case blob:
			return []byte(v), nil
		}
	case []byte:
		if k == text {
			return k.value(string(v))
		}
		if k == blob {
			return append([]byte{}, v...), nil
		}
	}
	return nil, locales.Errorf("transfer.value", fmt.Sprintf("%T", v))
}

// digest is the SHA-256 of rows.
type digest struct {
	hash.Hash
	rows int
}

func newDigest() *digest { return &digest{Hash: sha256.New()} }

func (d *digest) String() string { return hex.EncodeToString(d.Sum(nil)) }

func (d *digest) add(row []any) {
	d.rows++
	var b bytes.Buffer
	for _, v := range row {
		switch v := v.(type) {
		case nil:
			b.WriteByte('n')
		case int64:
			b.WriteByte('i')
			_ = binary.Write(&b, binary.BigEndian, v)
		case float64:
			b.WriteByte('f')
			_ = binary.Write(&b, binary.BigEndian, math.Float64bits(v))
		case string:
			fmt.Fprintf(&b, "t%d:%s", len(v), v)
		case []byte:
			fmt.Fprintf(&b, "b%d:%s", len(v), v)
		}
	}
	_, _ = d.Write(b.Bytes())
}
