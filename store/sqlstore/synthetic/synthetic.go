// Package synthetic fills a database with findings for benchmarks.
package synthetic

import (
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/queue"
)

// Authorisations is how many authorisations the findings belong to.
const Authorisations = 200

// Findings fills an empty database with findings in campaigns: a tenth of them in one campaign, undecided;
// a quarter of the others decided; each is also in a handle's campaign. It takes some minutes for a
// million.
func Findings(b testing.TB, db *database.DB, findings, campaigns int) {
	b.Helper()
	handles := max(10, campaigns/5)
	e := of[db.Dialect()]
	fill(b, db,
		statement{`CREATE ` + e.temporary + ` TABLE n (i INTEGER PRIMARY KEY, c BIGINT, h BIGINT, auth TEXT, owner TEXT, cat TEXT, level BIGINT, score BIGINT, first BIGINT, id TEXT, url TEXT, undecided BIGINT, rule TEXT)`, nil},
		statement{`INSERT INTO n WITH RECURSIVE k(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM k WHERE i < $1)
SELECT i, CASE WHEN i % 10 = 0 THEN 1 ELSE 1 + (i - i / 10) % $2 END, $2 + 1 + (i * 31) % $3, 'a' || ((i * 7919) % $4), 's' || ((i * 7919) % 5000) || '.example',
  CASE i % 3 WHEN 0 THEN 'gambling' WHEN 1 THEN 'fraud' ELSE 'pornography' END, 3 + (i / 7) % 3, 40 + (i * 13) % 61, 1780000000000 + (i * 7777) % 5000000000,
  ` + e.hex("i * 2654435761") + `, 'http://s' || ((i * 7919) % 5000) || '.example/' || i, CASE WHEN i % 4 <> 0 OR i % 10 = 0 THEN 1 ELSE 0 END, 'rule-' || (i % 80) FROM k`, []any{findings, campaigns, handles, Authorisations}},
		statement{`INSERT INTO pages (page, requested, authorisation, sha256, status, first_seen, last_seen, flagged, rules) SELECT url, url, auth, '', 200, first, first, 1, '' FROM n`, nil},
		statement{`INSERT INTO page_texts (page, url, requested_url, charset, title, source, body) SELECT url, url, url, '', '澳门新葡京 ' || c, $1, $1 FROM n`, []any{packed(b, "澳门新葡京赌场官方网站，注册送彩金")}},
		statement{`INSERT INTO findings (id, page, url, rule, category, level, score, finding, first_seen, last_seen, sha256, status, requested_url, charset, title, seen, host, authorisation)
SELECT id, url, url, rule, cat, level, score, '{"id":"' || id || '","url":"' || url || '","authorisation":"' || auth || '","rule":"' || rule || '","category":"' || cat || '","level":"' ||
  CASE level WHEN 3 THEN 'medium' WHEN 4 THEN 'high' ELSE 'critical' END || '","score":' || score || ',"title":"澳门新葡京 ' || c || '","evidence":[{"text":"澳门新葡京赌场官方网站，注册送彩金，编号' || i || '"}]}', first, first, '', 200, '', '', '', id, owner, auth FROM n`, nil},
		statement{`INSERT INTO campaign_findings SELECT id, c, c, i, 0, owner, auth, cat, level, score, first, first, undecided, 0, 0, 0, CASE WHEN undecided = 1 THEN first + 259200000 END, NULL, '' FROM n`, nil},
		statement{`INSERT INTO standings (subject_kind, subject, act, decided, decided_at, decided_by, batch, verdict, reason, seen, round, second, reviews, dissent, assignee, parked, parked_at, parked_until, parked_seen, parked_content, parked_relapse, parked_sites)
SELECT 'finding', id, i, i, first, 'li', 0, 'crime', 'hacked', id, 1, '', 0, 0, '', 0, 0, 0, '', 0, 0, 0 FROM n WHERE undecided = 0`, nil},
		statement{`INSERT INTO campaign_members SELECT id, c, 0, 0, auth, first FROM n`, nil},
		statement{`INSERT INTO campaign_members SELECT id, h, 1, h, auth, first FROM n`, nil},
		statement{`INSERT INTO campaign_shapes SELECT c, i, 0, i * 2654435761, $2, 1 FROM n WHERE i % 5 = 0 OR i < $1`, []any{campaigns, make([]byte, 192)}},
		statement{`INSERT INTO campaign_bands WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < 24)
SELECT (n.i * 24 + k.i) * 3037000493 - 4611686018427387904, n.c FROM n, k WHERE n.i % 5 = 0 OR n.i < $1`, []any{campaigns}},
		statement{`INSERT INTO campaign_owners SELECT m.campaign, f.owner, f.authorisation, count(*) FROM campaign_members m JOIN campaign_findings f ON f.finding = m.finding GROUP BY 1, 2, 3`, nil},
		statement{`INSERT INTO campaigns (campaign, id, kind, key_hash, key_name, label, oldest, members, owners) SELECT campaign, ` + e.hex("campaign") + `, CASE WHEN campaign <= $1 THEN 'block' ELSE 'handle' END,
  0, '', '澳门 ' || campaign, min(finding), count(*), 1 FROM campaign_members GROUP BY campaign`, []any{campaigns}},
		statement{`INSERT INTO campaign_counts ` + queue.Recounted, nil},
		statement{`DROP TABLE n`, nil},
		statement{e.numbered, nil},
		statement{`ANALYZE`, nil},
	)
}

// Acts gives the findings a trail: four in five are decided within five days, one in five of these as not
// crime; a twentieth is drawn for a second review, which agrees nine times in ten; a tenth is decided
// again, a fiftieth is undone, and a fiftieth was gone and came back. Standings and counters are not
// changed: this is for code that reads acts.
func Acts(b testing.TB, db *database.DB) {
	b.Helper()
	fill(b, db,
		statement{`CREATE ` + of[db.Dialect()].temporary + ` TABLE d (i INTEGER PRIMARY KEY, id TEXT, seen TEXT, at BIGINT, verdict TEXT, reason TEXT, sampled BIGINT)`, nil},
		statement{`INSERT INTO d SELECT i, id, seen, first_seen + (i * 7919) % 432000000, CASE WHEN i % 7 < 5 THEN 'crime' ELSE 'not_crime' END,
  CASE WHEN i % 7 < 5 THEN 'hacked' ELSE 'lawful' END, CASE WHEN i % 20 = 3 THEN 1 ELSE 0 END
FROM (SELECT row_number() OVER (ORDER BY first_seen, id) AS i, id, seen, first_seen FROM findings) f WHERE i % 5 <> 0`, nil},
		statement{insertActs + `SELECT 4 * i, at, 'li', '', 0, 'finding', id, 'decide', 0, verdict, reason, seen, 'r', 0, 0, 1, CASE WHEN sampled = 1 THEN '{"second":"sample"}' ELSE '' END, '' FROM d`, nil},
		statement{insertActs + `SELECT 4 * i + 1, at + 3600000, 'wu', '', 0, 'finding', id, 'review', 4 * i, CASE WHEN i % 10 = 3 THEN 'unsure' ELSE verdict END, '', seen, 'r', 0, 0, 1, '', '' FROM d WHERE sampled = 1`, nil},
		statement{insertActs + `SELECT 4 * i + 2, at + 7200000, 'li', '', 0, 'finding', id, 'decide', 4 * i, 'crime', 'operator', seen, 'r', 0, 0, 2, '', '' FROM d WHERE i % 10 = 1`, nil},
		statement{insertActs + `SELECT 4 * i + 3, at + 600000, 'li', '', 0, 'finding', id, 'undo', 4 * i, '', '', seen, 'r', 0, 4 * i, 0, '', '' FROM d WHERE i % 50 = 2`, nil},
		statement{`UPDATE act_head SET seq = (SELECT max(seq) FROM acts)`, nil},
		statement{`INSERT INTO finding_changes (id, at, state, cause) SELECT id, at, 'gone', 'content' FROM d WHERE i % 50 = 4`, nil},
		statement{`INSERT INTO finding_changes (id, at, state, cause) SELECT id, at + 86400000, 'open', 'content' FROM d WHERE i % 50 = 4`, nil},
		statement{`DROP TABLE d`, nil},
		statement{`ANALYZE`, nil},
	)
}

const insertActs = `INSERT INTO acts (seq, at, account, client_key, batch, subject_kind, subject, kind, basis, verdict, reason, seen, rules, until, reverts, round, detail, chain) `

// statement is a statement that fills a database.
type statement struct {
	query string
	args  []any
}

// engine has the SQL in which the engines differ.
type engine struct {
	// temporary creates tables that are soon dropped; in PostgreSQL a temporary table belongs to one
	// connection.
	temporary string
	// hex writes a number in sixteen digits.
	hex func(expression string) string
	// numbered makes campaigns' numbers continue from the last one.
	numbered string
}

var of = map[database.Dialect]engine{
	database.SQLite: {"TEMP", func(e string) string { return `printf('%016x', ` + e + `)` }, `SELECT 1`},
	database.Postgres: {
		"UNLOGGED", func(e string) string { return `lpad(to_hex(` + e + `), 16, '0')` },
		`SELECT setval(pg_get_serial_sequence('campaigns', 'campaign'), (SELECT max(campaign) FROM campaigns))`,
	},
}

func fill(b testing.TB, db *database.DB, statements ...statement) {
	b.Helper()
	for _, s := range statements {
		Exec(b, db, s.query, s.args...)
	}
}

// Exec runs a statement that fills a database.
func Exec(b testing.TB, db *database.DB, query string, args ...any) {
	b.Helper()
	err := db.Update(b.Context(), database.Ordered, "fill", func(tx *database.Tx) error {
		_, err := tx.ExecContext(b.Context(), query, args...)
		return err
	})
	if err != nil {
		b.Fatalf("%v in %s", err, query)
	}
}

// packed is a text in the store's format.
func packed(b testing.TB, text string) []byte {
	b.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll([]byte(text), nil)
}
