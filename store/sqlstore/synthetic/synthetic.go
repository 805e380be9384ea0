// Package synthetic fills a database with findings for benchmarks.
package synthetic

import (
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/queue"
)

// Authorisations is how many authorisations the findings are under.
const Authorisations = 200

// Findings fills an empty database with findings in campaigns: a tenth of them in one
// campaign, undecided, the others a quarter decided, each in a handle's, too. It takes
// some minutes for a million.
func Findings(b testing.TB, db *database.DB, findings, campaigns int) {
	b.Helper()
	handles := max(10, campaigns/5)
	for _, s := range []statement{
		{`CREATE TEMP TABLE n (i INTEGER PRIMARY KEY, c INTEGER, h INTEGER, auth TEXT, owner TEXT, cat TEXT, level INTEGER, score INTEGER, first INTEGER, id TEXT, url TEXT, undecided INTEGER, rule TEXT)`, nil},
		{`INSERT INTO n WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < $1)
SELECT i, CASE WHEN i % 10 = 0 THEN 1 ELSE 1 + (i - i / 10) % $2 END, $2 + 1 + (i * 31) % $3, 'a' || ((i * 7919) % $4), 's' || ((i * 7919) % 5000) || '.example',
  CASE i % 3 WHEN 0 THEN 'gambling' WHEN 1 THEN 'fraud' ELSE 'pornography' END, 3 + (i / 7) % 3, 40 + (i * 13) % 61, 1780000000000 + (i * 7777) % 5000000000,
  printf('%016x', i * 2654435761), 'http://s' || ((i * 7919) % 5000) || '.example/' || i, i % 4 <> 0 OR i % 10 = 0, 'rule-' || (i % 80) FROM k`, []any{findings, campaigns, handles, Authorisations}},
		{`INSERT INTO pages (page, requested, authorisation, sha256, status, first_seen, last_seen, flagged, rules) SELECT url, url, auth, '', 200, first, first, 1, '' FROM n`, nil},
		{`INSERT INTO page_texts (page, url, requested_url, charset, title, source, body) SELECT url, url, url, '', '澳门新葡京 ' || c, $1, $1 FROM n`, []any{packed(b, "澳门新葡京赌场官方网站，注册送彩金")}},
		{`INSERT INTO findings (id, page, url, rule, category, level, score, finding, first_seen, last_seen, sha256, status, requested_url, charset, title, seen, host, authorisation)
SELECT id, url, url, rule, cat, level, score, '{"id":"' || id || '","url":"' || url || '","authorisation":"' || auth || '","rule":"' || rule || '","category":"' || cat || '","level":"' ||
  CASE level WHEN 3 THEN 'medium' WHEN 4 THEN 'high' ELSE 'critical' END || '","score":' || score || ',"title":"澳门新葡京 ' || c || '","evidence":[{"text":"澳门新葡京赌场官方网站，注册送彩金，编号' || i || '"}]}', first, first, '', 200, '', '', '', id, owner, auth FROM n`, nil},
		{`INSERT INTO campaign_findings SELECT id, c, c, i, 0, owner, auth, cat, level, score, first, first, undecided, 0, 0, 0, CASE WHEN undecided THEN first + 259200000 END, NULL, '' FROM n`, nil},
		{`INSERT INTO standings (subject_kind, subject, act, decided, decided_at, decided_by, batch, verdict, reason, seen, round, second, reviews, dissent, assignee, parked, parked_at, parked_until, parked_seen, parked_content, parked_relapse, parked_sites)
SELECT 'finding', id, i, i, first, 'li', 0, 'crime', 'hacked', id, 1, '', 0, 0, '', 0, 0, 0, '', 0, 0, 0 FROM n WHERE undecided = 0`, nil},
		{`INSERT INTO campaign_members SELECT id, c, 0, 0, auth, first FROM n`, nil},
		{`INSERT INTO campaign_members SELECT id, h, 1, h, auth, first FROM n`, nil},
		{`INSERT INTO campaign_shapes SELECT c, i, 0, i * 2654435761, zeroblob(192), 1 FROM n WHERE i % 5 = 0 OR i < $1`, []any{campaigns}},
		{`INSERT INTO campaign_bands WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < 24)
SELECT (n.i * 24 + k.i) * 3037000493 - 4611686018427387904, n.c FROM n, k WHERE n.i % 5 = 0 OR n.i < $1`, []any{campaigns}},
		{`INSERT INTO campaign_owners SELECT m.campaign, f.owner, f.authorisation, count(*) FROM campaign_members m JOIN campaign_findings f ON f.finding = m.finding GROUP BY 1, 2, 3`, nil},
		{`INSERT INTO campaigns (campaign, id, kind, key_hash, key_name, label, oldest, members, owners) SELECT campaign, printf('%016x', campaign), CASE WHEN campaign <= $1 THEN 'block' ELSE 'handle' END,
  0, '', '澳门 ' || campaign, min(finding), count(*), 1 FROM campaign_members GROUP BY campaign`, []any{campaigns}},
		{`INSERT INTO campaign_counts ` + queue.Recounted, nil},
		{`DROP TABLE n`, nil},
		{`ANALYZE`, nil},
	} {
		Exec(b, db, s.query, s.args...)
	}
}

// Acts gives the findings a trail: four of five are decided within five days, one of five of these as no
// crime; a twentieth is drawn for a second review, which agrees nine times of ten; a tenth is decided
// again, a fiftieth is undone, and a fiftieth was gone and came back. Standings and counters stay as they
// are: this is for what reads acts.
func Acts(b testing.TB, db *database.DB) {
	b.Helper()
	for _, s := range []statement{
		{`CREATE TEMP TABLE d (i INTEGER PRIMARY KEY, id TEXT, seen TEXT, at INTEGER, verdict TEXT, reason TEXT, sampled INTEGER)`, nil},
		{`INSERT INTO d SELECT rowid, id, seen, first_seen + (rowid * 7919) % 432000000, CASE WHEN rowid % 7 < 5 THEN 'crime' ELSE 'not_crime' END,
  CASE WHEN rowid % 7 < 5 THEN 'hacked' ELSE 'lawful' END, rowid % 20 = 3 FROM findings WHERE rowid % 5 <> 0`, nil},
		{insertActs + `SELECT 4 * i, at, 'li', '', 0, 'finding', id, 'decide', 0, verdict, reason, seen, 'r', 0, 0, 1, CASE WHEN sampled THEN '{"second":"sample"}' ELSE '' END, '' FROM d`, nil},
		{insertActs + `SELECT 4 * i + 1, at + 3600000, 'wu', '', 0, 'finding', id, 'review', 4 * i, CASE WHEN i % 10 = 3 THEN 'unsure' ELSE verdict END, '', seen, 'r', 0, 0, 1, '', '' FROM d WHERE sampled`, nil},
		{insertActs + `SELECT 4 * i + 2, at + 7200000, 'li', '', 0, 'finding', id, 'decide', 4 * i, 'crime', 'operator', seen, 'r', 0, 0, 2, '', '' FROM d WHERE i % 10 = 1`, nil},
		{insertActs + `SELECT 4 * i + 3, at + 600000, 'li', '', 0, 'finding', id, 'undo', 4 * i, '', '', seen, 'r', 0, 4 * i, 0, '', '' FROM d WHERE i % 50 = 2`, nil},
		{`UPDATE act_head SET seq = (SELECT max(seq) FROM acts)`, nil},
		{`INSERT INTO finding_changes (id, at, state, cause) SELECT id, at, 'gone', 'content' FROM d WHERE i % 50 = 4`, nil},
		{`INSERT INTO finding_changes (id, at, state, cause) SELECT id, at + 86400000, 'open', 'content' FROM d WHERE i % 50 = 4`, nil},
		{`DROP TABLE d`, nil},
		{`ANALYZE`, nil},
	} {
		Exec(b, db, s.query, s.args...)
	}
}

const insertActs = `INSERT INTO acts (seq, at, account, client_key, batch, subject_kind, subject, kind, basis, verdict, reason, seen, rules, until, reverts, round, detail, chain) `

// statement is one that fills a database.
type statement struct {
	query string
	args  []any
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

// packed is a text as the store keeps it.
func packed(b testing.TB, text string) []byte {
	b.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll([]byte(text), nil)
}
