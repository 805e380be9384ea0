package postgres_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/store/postgres"
	"github.com/qianshao/qianshao/store/postgres/postgrestest"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/database/databasetest"
)

// TestUpdate: the changes of an update stay; those of one that fails or panics do not.
func TestUpdate(t *testing.T) {
	db := postgrestest.Open(t)
	insert := func(host string, then func() error) error {
		return db.Update(t.Context(), database.Durable, "try", func(tx *database.Tx) error {
			if _, err := tx.ExecContext(t.Context(), `INSERT INTO hosts (host) VALUES ($1)`, host); err != nil {
				return err
			}
			return then()
		})
	}
	broken := errors.New("broken")
	if err := insert("a\x00\xff", func() error { return nil }); err != nil {
		t.Error(err)
	}
	if err := insert("b", func() error { return broken }); !errors.Is(err, broken) || !strings.Contains(err.Error(), "try postgres://") {
		t.Error(err)
	}
	func() {
		defer func() {
			if p := recover(); p != "no" {
				t.Errorf("panic %v", p)
			}
		}()
		_ = insert("c", func() error { panic("no") })
	}()
	hosts, err := database.Collect(t.Context(), db.Read, database.ScanValue[string], `SELECT host FROM hosts INDEXED BY sqlite_autoindex WHERE +host <> $1`, "")
	if err != nil || len(hosts) != 1 || hosts[0] != "a\uFFFD\uFFFD" {
		t.Errorf("%q, %v", hosts, err)
	}
	if _, err := db.Read.Exec(`DELETE FROM hosts`); err == nil {
		t.Error("a reader has deleted")
	}
}

// TestConnectionLost: a transaction is run again if the server has ended its connection.
func TestConnectionLost(t *testing.T) {
	db := postgrestest.Open(t)
	runs := 0
	err := db.Update(t.Context(), database.Durable, "try", func(tx *database.Tx) error {
		runs++
		if _, err := tx.ExecContext(t.Context(), `INSERT INTO hosts (host) VALUES ('a')`); err != nil {
			return err
		}
		if runs == 1 {
			_, _ = tx.ExecContext(t.Context(), `SELECT pg_terminate_backend(pg_backend_pid())`)
		}
		_, err := tx.ExecContext(t.Context(), `INSERT INTO hosts (host) VALUES ('b')`)
		return err
	})
	var hosts int
	if err := errors.Join(err, db.Read.QueryRow(`SELECT count(*) FROM hosts`).Scan(&hosts)); err != nil || runs != 2 || hosts != 2 {
		t.Errorf("%d runs, %d hosts, %v", runs, hosts, err)
	}
}

// TestCompatibility: the SQLite functions that the statements use mean the same in PostgreSQL.
func TestCompatibility(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, open databasetest.Open) {
		db := open(t)
		for expression, want := range map[string]string{
			`CAST('{"a":{"b":7},"c":"x"}' AS TEXT) ->> '$.a.b'`:                                                                "7",
			`CAST('{"a":{"b":7},"c":"x"}' AS TEXT) ->> '$.c'`:                                                                  "x",
			`coalesce(CAST('{}' AS TEXT) ->> '$.c', 'none')`:                                                                   "none",
			`CAST('["u","v"]' AS TEXT) ->> 1`:                                                                                  "v",
			`CASE WHEN json_valid('{') THEN 'valid' WHEN json_valid('{}') THEN 'not' END`:                                      "not",
			`(SELECT string_agg(value, ',' ORDER BY key) FROM json_each('["a","b","c","d","e","f","g","h","i","j","k","l"]'))`: "a,b,c,d,e,f,g,h,i,j,k,l",
			`CASE WHEN 'b' IN (SELECT value FROM json_each(?)) THEN 'in' ELSE 'not' END`:                                       "in",
			`CASE WHEN 'c' NOT IN (SELECT value FROM json_each(?)) THEN 'not' ELSE 'in' END`:                                   "not",
			`'?' || CAST(? AS TEXT) || '''?'`:                                                                                  `?["a","b"]'?`,
			`(SELECT string_agg(key || value, ' ' ORDER BY key) FROM json_each('{"b":2,"a":1}'))`:                              "a1 b2",
			`coalesce(json_extract('{"park":{"sites":3}}', '$.park.sites') || '', json_extract('{}', '$.x'))`:                  "3",
			`CAST(instr('前哨x', 'x') AS TEXT)`:                                                                                  "3",
			`max(CAST('a' AS TEXT), CAST('b' AS TEXT))`:                                                                        "b",
			`CAST(min(CAST(2 AS BIGINT), CAST(1 AS BIGINT)) AS TEXT)`:                                                          "1",
			`coalesce(max(CAST('a' AS TEXT), CAST(NULL AS TEXT)), 'none')`:                                                     "none",
		} {
			var got string
			var args []any
			if strings.Contains(expression, "(?") {
				args = []any{`["a","b"]`}
			}
			if err := db.Read.QueryRow(`SELECT `+expression, args...).Scan(&got); err != nil || got != want {
				t.Errorf("%s is %q, %v; want %q", expression, got, err, want)
			}
		}
	})
}

func TestOpenErrors(t *testing.T) {
	for dsn, remedy := range map[string]string{
		"postgres://nobody@127.0.0.1:1/q": "is the server up",
		"postgres://127.0.0.1:x/q":        "postgres://USER@HOST:PORT/DATABASE",
	} {
		if _, err := postgres.Open(t.Context(), postgres.Options{DSN: dsn}); err == nil || !strings.Contains(err.Error(), remedy) {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}

// TestUnsuitable: a server that is too old is refused, and so is a database that does not sort texts by
// their bytes or lacks characters, with what to do about it.
func TestUnsuitable(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.DSN(t)
	refused := func(dsn string, says ...string) {
		t.Helper()
		_, err := postgres.Open(t.Context(), postgres.Options{DSN: dsn})
		for _, part := range says {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%v; want %q", err, part)
			}
		}
	}
	own, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(own.Path, "/")
	for suffix, made := range map[string]string{
		"_icu":   `ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'und'`,
		"_latin": `ENCODING 'LATIN1' LOCALE 'C'`,
	} {
		execute(t, dsn, `CREATE DATABASE `+name+suffix+` TEMPLATE template0 `+made)
		defer execute(t, dsn, `DROP DATABASE `+name+suffix)
		own.Path = "/" + name + suffix
		refused(own.String(), "does not sort texts by their bytes", "ENCODING 'UTF8' LOCALE 'C'")
	}
	// There is no old server to test with: this one pretends to be old.
	execute(t, dsn, `CREATE SCHEMA old`)
	execute(t, dsn, `CREATE FUNCTION old.current_setting(TEXT) RETURNS TEXT LANGUAGE sql AS $$ SELECT '130014' $$`)
	execute(t, dsn, `ALTER DATABASE `+name+` SET search_path = old, pg_catalog, public`)
	refused(dsn, "PostgreSQL 13 is too old: 14 or later is needed")
}

// TestUnlike: edge cases of SQLite's JSON functions where PostgreSQL is almost the same.
func TestUnlike(t *testing.T) {
	db := postgrestest.Open(t)
	for query, want := range map[string]string{
		`SELECT string_agg(CAST(key AS BIGINT) || value, ' ' ORDER BY key) FROM json_each('["a","\u0000中",3]')`: "0a 1\uFFFD中 23",
		`SELECT coalesce(string_agg(value, ' '), 'none') FROM json_each('null')`:                                "none",
		`SELECT coalesce(json_extract('', '$.x'), '-')`:                                                         "-",
	} {
		var got string
		if err := db.Read.QueryRow(query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %q, %v", query, got, err)
		}
	}
}
