package database

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/qianshao/qianshao/store"
)

// ChangedRows returns the number of rows that a statement has changed.
func ChangedRows(res sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// Clean returns a text that both engines accept: with U+FFFD for NUL and for invalid UTF-8, which occur in
// pages and which PostgreSQL refuses.
func Clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// Values returns the parameters of an INSERT of that many rows: (?, ?), (?, ?). Not $1, $2 …: SQLite treats
// these as names, and searches all of them for each.
func Values(rows, columns int) string {
	row := "(?" + strings.Repeat(", ?", columns-1) + ")"
	return row + strings.Repeat(", "+row, rows-1)
}

// Collect runs a query and scans all its rows.
func Collect[T any](ctx context.Context, db interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// One returns the row that a query by key has found, or store.ErrNotFound.
func One[T any](list []T, err error) (T, error) {
	var none T
	if err != nil {
		return none, err
	}
	if len(list) == 0 {
		return none, store.ErrNotFound
	}
	return list[0], nil
}

// ScanValue scans a row of one column.
func ScanValue[T any](rows *sql.Rows) (v T, err error) {
	err = rows.Scan(&v)
	return v, err
}

// Ranges divides the ids of a table, in order, into ranges of n rows, which can be read in parallel. The
// last one may have fewer.
func Ranges(ctx context.Context, db *sql.DB, table string, n int) (ranges []store.Range, err error) {
	for after := ""; ; {
		var last sql.NullString
		err := db.QueryRowContext(ctx, `SELECT id FROM `+table+` WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2`, after, n-1).Scan(&last)
		if errors.Is(err, sql.ErrNoRows) { // fewer are left
			err = db.QueryRowContext(ctx, `SELECT max(id) FROM `+table+` WHERE id > $1`, after).Scan(&last)
		}
		if err != nil || !last.Valid {
			return ranges, err
		}
		ranges = append(ranges, store.Range{After: after, Last: last.String})
		after = last.String
	}
}
