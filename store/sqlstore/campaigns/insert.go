package campaigns

import (
	"strings"

	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// rowsAtATime rows are inserted by one statement: running a statement costs more than a row does.
const rowsAtATime = 100

// inserter inserts many rows into a table.
type inserter struct {
	w         *work
	one, many string // the statements for one row and for rowsAtATime
	columns   int
	values    []any
	err       error // the first one
}

// inserter returns an inserter; into is the table with its columns in brackets.
func (w *work) inserter(into string) *inserter {
	columns := strings.Count(into, ",") + 1
	statement := func(rows int) string { return "INSERT INTO " + into + " VALUES " + database.Values(rows, columns) }
	return &inserter{w: w, one: statement(1), many: statement(rowsAtATime), columns: columns}
}

// row inserts a row; an error is kept for flush.
func (i *inserter) row(values ...any) {
	i.values = append(i.values, values...)
	if i.err == nil && len(i.values) == rowsAtATime*i.columns {
		i.err = i.w.exec(i.many, i.values...)
		i.values = i.values[:0]
	}
}

// flush inserts the remaining rows.
func (i *inserter) flush() error {
	for ; i.err == nil && len(i.values) > 0; i.values = i.values[i.columns:] {
		i.err = i.w.exec(i.one, i.values[:i.columns]...)
	}
	return i.err
}
