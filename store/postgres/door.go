package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// pool returns a pool of connections through the door.
func pool(config *pgx.ConnConfig, size int, readOnly string) *sql.DB {
	own := config.Copy()
	own.RuntimeParams = maps.Clone(config.RuntimeParams)
	own.RuntimeParams["default_transaction_read_only"] = readOnly
	for name, value := range planner {
		own.RuntimeParams[name] = cmp.Or(own.RuntimeParams[name], value)
	}
	db := sql.OpenDB(door{stdlib.GetConnector(*own)})
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db
}

// planner are settings of the server's planner, unless the DSN sets them. Compiling the desk's queries
// takes longer than running them. The default page cost is that of spinning disks, for which it is cheaper
// to read a whole table than a tenth of its rows through an index.
var planner = map[string]string{"jit": "off", "random_page_cost": "1.1"}

// door adapts statements and arguments to PostgreSQL: it wraps its driver, drops from statements what only
// SQLite understands, and converts arguments to the columns' types.
type door struct{ driver.Connector }

func (d door) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := d.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return conn{c.(*stdlib.Conn)}, nil
}

type conn struct{ *stdlib.Conn }

func (c conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.Conn.PrepareContext(ctx, plain.of(query))
}

func (c conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.Conn.ExecContext(ctx, plain.of(query), args)
}

func (c conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.QueryContext(ctx, plain.of(query), args)
}

// CheckNamedValue turns booleans into numbers, as the columns hold them, and cleans texts.
func (conn) CheckNamedValue(v *driver.NamedValue) (err error) {
	if v.Value, err = driver.DefaultParameterConverter.ConvertValue(v.Value); err != nil {
		return err
	}
	switch x := v.Value.(type) {
	case bool:
		v.Value = int64(0)
		if x {
			v.Value = int64(1)
		}
	case string:
		v.Value = database.Clean(x)
	}
	return nil
}

// hints are addressed to SQLite's planner: which index to use, which table first, and a plus before a
// column for which no index is to be used. A CROSS JOIN with a condition tells it to go through the tables
// in that order.
var (
	indexHint = regexp.MustCompile(`\s(?:INDEXED BY \w+|NOT INDEXED)\b`)
	plusHint  = regexp.MustCompile(`([\s(,])\+([a-z])`)
)

// listed and unlisted are conditions on a list in JSON. PostgreSQL's planner can estimate an array: its
// length and its values.
var (
	listed   = regexp.MustCompile(`\bIN \(SELECT value FROM json_each\((\$\d+|\?)\)\)`)
	unlisted = regexp.MustCompile(`\bNOT IN \(SELECT value FROM json_each\((\$\d+|\?)\)\)`)
)

// plain maps texts with hints to texts without.
var plain = texts{known: map[string]string{}}

type texts struct {
	mu    sync.RWMutex
	known map[string]string
}

// maxTexts bounds the texts that are remembered: there are a few hundred constant ones, and filters put
// some together.
const maxTexts = 4096

func (t *texts) of(query string) string {
	t.mu.RLock()
	text, ok := t.known[query]
	t.mu.RUnlock()
	if ok {
		return text
	}
	text = withoutHints(query)
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.known) >= maxTexts {
		clear(t.known)
	}
	t.known[query] = text
	return text
}

func withoutHints(query string) string {
	query = indexHint.ReplaceAllString(query, "")
	query = strings.ReplaceAll(query, "CROSS JOIN", "JOIN")
	query = unlisted.ReplaceAllString(query, "<> ALL (json_texts(${1}))")
	query = listed.ReplaceAllString(query, "= ANY (json_texts(${1}))")
	return numbered(plusHint.ReplaceAllString(query, "${1}${2}"))
}

// numbered numbers the parameters of a text in which they have no numbers. A question mark in quotes is not
// a parameter.
func numbered(query string) string {
	parts := strings.Split(query, "'")
	n := 0
	for i := 0; i < len(parts); i += 2 {
		plain := strings.Split(parts[i], "?")
		for k := 1; k < len(plain); k++ {
			n++
			plain[k] = "$" + strconv.Itoa(n) + plain[k]
		}
		parts[i] = strings.Join(plain, "")
	}
	if n == 0 {
		return query
	}
	return strings.Join(parts, "'")
}
