package postgres

import "testing"

// TestWithoutHints: hints for SQLite's planner are dropped and placeholders numbered; nothing else changes.
func TestWithoutHints(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		`SELECT f.id FROM a CROSS JOIN f INDEXED BY f_desk ON f.id = a.id WHERE +f.x = 1 AND (+y > $1)`: `SELECT f.id FROM a JOIN f ON f.id = a.id WHERE f.x = 1 AND (y > $1)`,
		`WHERE a IN (SELECT value FROM json_each($1)) AND b NOT IN (SELECT value FROM json_each(?))`:    `WHERE a = ANY (json_texts($1)) AND b <> ALL (json_texts($1))`,
		`INSERT INTO t (a, b) VALUES (?, ?), (?, ?)`:                                                    `INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4)`,
		`SELECT 1 + a, instr(url, '?'), d ->> '$.x' FROM t WHERE a = $1`:                                `SELECT 1 + a, instr(url, '?'), d ->> '$.x' FROM t WHERE a = $1`,
	} {
		if got := withoutHints(query); got != want {
			t.Errorf("%s\nbecomes %s\nwant    %s", query, got, want)
		}
	}
}
