package transfer

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// reader is a transaction of either kind.
type reader interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// side is one of the two databases.
type side struct {
	reader
	dialect database.Dialect
}

// table is a table of both databases.
type table struct {
	name    string
	columns []column // by name
	key     []string
	parents []string // tables that its rows refer to
}

type column struct {
	name string
	kind kind
}

func (t *table) names() []string {
	names := make([]string, 0, len(t.columns))
	for _, c := range t.columns {
		names = append(names, c.name)
	}
	return names
}

// kind is a column type of both engines.
type kind int

const (
	integer kind = iota + 1
	text
	blob
	number
)

var kinds = map[string]kind{
	"bigint": integer, "integer": integer, "text": text, "blob": blob, "bytea": blob, "double precision": number,
}

// own are the tables specific to one database, which are not copied: the versions of its schema, where its
// parts are, and PostgreSQL's marks for Rewrite.
var own = []string{"goose_db_version", "places", "forgotten"}

// inserted are the columns with the order in which rows were inserted into PostgreSQL; in SQLite the rowid
// is that.
var inserted = map[string]string{"frontier": "added", "notice_items": "rowid"}

// common returns the tables of both databases, which must be the same, referenced tables first.
func common(ctx context.Context, from, to side) ([]table, error) {
	source, err := from.tables(ctx)
	if err != nil {
		return nil, err
	}
	target, err := to.tables(ctx)
	if err != nil {
		return nil, err
	}
	describe := func(t table) string { return fmt.Sprintf("%s %v %v", t.name, t.columns, t.key) }
	if !slices.EqualFunc(source, target, func(a, b table) bool { return describe(a) == describe(b) }) {
		for i := range min(len(source), len(target)) {
			if a, b := describe(source[i]), describe(target[i]); a != b {
				return nil, locales.Errorf("transfer.schemas", a, b)
			}
		}
		return nil, locales.Errorf("transfer.tables", len(source), len(target))
	}
	return parentsFirst(target), nil
}

// parentsFirst sorts tables after those that their rows refer to.
func parentsFirst(list []table) (ordered []table) {
	ready := map[string]bool{}
	for len(list) > 0 {
		before := len(list)
		list = slices.DeleteFunc(list, func(t table) bool {
			for _, parent := range t.parents {
				if !ready[parent] && parent != t.name {
					return false
				}
			}
			ready[t.name] = true
			ordered = append(ordered, t)
			return true
		})
		if len(list) == before { // a cycle, which the database will refuse
			return append(ordered, list...)
		}
	}
	return ordered
}

// A database's description of itself: table, column, type, and the column's position in the key, from 1.
const (
	columnsInSQLite = `
SELECT m.name, c.name, lower(c.type), c.pk FROM sqlite_master m, pragma_table_xinfo(m.name) c
WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND c.hidden = 0`
	columnsInPostgres = `
SELECT c.table_name::TEXT, c.column_name::TEXT, c.data_type::TEXT, coalesce((
  SELECT k.ordinal_position FROM information_schema.key_column_usage k
  JOIN information_schema.table_constraints p ON p.constraint_name = k.constraint_name AND p.table_schema = k.table_schema AND p.table_name = k.table_name
  WHERE p.constraint_type = 'PRIMARY KEY' AND k.table_schema = c.table_schema AND k.table_name = c.table_name AND k.column_name = c.column_name), 0)::BIGINT
FROM information_schema.columns c
JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'`
	parentsInSQLite   = `SELECT m.name, f."table" FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`
	parentsInPostgres = `
SELECT c.relname::TEXT, p.relname::TEXT FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class p ON p.oid = f.confrelid
WHERE f.contype = 'f'`
)

// tables describes a database, by name.
func (s side) tables(ctx context.Context) ([]table, error) {
	columns, parents := columnsInSQLite, parentsInSQLite
	if s.dialect == database.Postgres {
		columns, parents = columnsInPostgres, parentsInPostgres
	}
	above := map[string][]string{}
	_, err := database.Collect(ctx, s, func(rows *sql.Rows) (child string, err error) {
		var parent string
		err = rows.Scan(&child, &parent)
		above[child] = append(above[child], parent)
		return child, err
	}, parents)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, columns)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found, keys := map[string]*table{}, map[string]map[int]string{}
	for rows.Next() {
		var in, name, declared string
		var place int
		if err := rows.Scan(&in, &name, &declared, &place); err != nil {
			return nil, err
		}
		if slices.Contains(own, in) || inserted[in] == name {
			continue
		}
		if kinds[declared] == 0 {
			return nil, locales.Errorf("transfer.type", in, name, declared)
		}
		if found[in] == nil {
			found[in], keys[in] = &table{name: in, parents: above[in]}, map[int]string{}
		}
		found[in].columns = append(found[in].columns, column{name, kinds[declared]})
		if place > 0 && inserted[in] == "" {
			keys[in][place] = name
		}
	}
	var list []table
	for _, name := range slices.Sorted(maps.Keys(found)) {
		t := found[name]
		slices.SortFunc(t.columns, func(a, b column) int { return strings.Compare(a.name, b.name) })
		for _, place := range slices.Sorted(maps.Keys(keys[name])) {
			t.key = append(t.key, keys[name][place])
		}
		list = append(list, *t)
	}
	return list, rows.Err()
}

// copyCounters makes the target's counters continue where the source's stopped, even if the last rows are
// deleted.
func copyCounters(ctx context.Context, from side, tx *database.Tx) error {
	counters := `SELECT name, seq FROM sqlite_sequence`
	if from.dialect == database.Postgres {
		counters = `
SELECT c.table_name::TEXT, coalesce(pg_sequence_last_value(pg_get_serial_sequence(c.table_name, c.column_name)::regclass), 0)
FROM information_schema.columns c WHERE c.is_identity = 'YES' AND c.table_schema = current_schema()`
	}
	last := map[string]int64{}
	_, err := database.Collect(ctx, from, func(rows *sql.Rows) (name string, err error) {
		var n int64
		err = rows.Scan(&name, &n)
		last[name] = n
		return name, err
	}, counters)
	if err != nil {
		return err
	}
	if tx.Dialect == database.Postgres {
		return setSequences(ctx, tx, last)
	}
	for name, n := range last {
		_, err := tx.ExecContext(ctx, `UPDATE sqlite_sequence SET seq = max(seq, $1) WHERE name = $2`, n, name)
		if err == nil {
			_, err = tx.ExecContext(ctx, `
INSERT INTO sqlite_sequence (name, seq) SELECT m.name, $1 FROM sqlite_master m
WHERE m.name = $2 AND m.sql LIKE '%AUTOINCREMENT%' AND m.name NOT IN (SELECT name FROM sqlite_sequence)`, n, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func setSequences(ctx context.Context, tx *database.Tx, last map[string]int64) error {
	type identity struct{ table, column string }
	list, err := database.Collect(ctx, tx, func(rows *sql.Rows) (i identity, err error) {
		err = rows.Scan(&i.table, &i.column)
		return i, err
	}, `SELECT table_name::TEXT, column_name::TEXT FROM information_schema.columns WHERE is_identity = 'YES' AND table_schema = current_schema()`)
	if err != nil {
		return err
	}
	for _, i := range list {
		if slices.Contains(own, i.table) {
			continue
		}
		var set int64
		err := tx.QueryRowContext(ctx, `SELECT setval(pg_get_serial_sequence($1, $2), greatest(1, CAST($3 AS BIGINT), (SELECT max(`+i.column+`) FROM `+i.table+`)))`,
			i.table, i.column, last[i.table]).Scan(&set)
		if err != nil {
			return err
		}
	}
	return nil
}
