package sqlstore

import (
	"context"
	"database/sql"
	"iter"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// nameHosts adds the hosts that an authorisation names, so that one without any URL is noticed.
func nameHosts(ctx context.Context, tx *database.Tx, a *qianshao.Authorisation) error {
	for _, host := range a.HostNames() {
		if err := addHost(ctx, tx, host); err != nil {
			return err
		}
	}
	return nil
}

// addHost adds a host that is missing, or of which only requests were known.
func addHost(ctx context.Context, tx *database.Tx, host string) error {
	_, err := tx.ExecContext(ctx, `
INSERT INTO hosts (host, place) VALUES ($1, $2) ON CONFLICT (host) DO UPDATE SET aside = 0 WHERE hosts.aside = 1`, host, qianshao.Place(host))
	return err
}

// addHosts is addHost for hosts sorted by name.
func addHosts(ctx context.Context, tx *database.Tx, names []string) error {
	if tx.Dialect == database.SQLite {
		for _, host := range names {
			if err := addHost(ctx, tx, host); err != nil {
				return err
			}
		}
		return nil
	}
	type row struct {
		Host  string `json:"host"`
		Place string `json:"place"`
	}
	rows := make([]row, len(names))
	for i, host := range names {
		rows[i] = row{host, qianshao.Place(host)}
	}
	list, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
INSERT INTO hosts (host, place) SELECT host, place FROM json_to_recordset(CAST($1 AS JSON)) AS h (host TEXT, place TEXT)
ON CONFLICT (host) DO UPDATE SET aside = 0 WHERE hosts.aside = 1`, string(list))
	return err
}

// told returns the columns of hosts that a visit updates, with their parameters from $5 on. A page that
// could not be saved, and a host that asks for a pause, update nothing.
func told(it *ingest.Item, o *ingest.Outcome) (columns string, args []any) {
	at := database.Millis(o.At)
	switch {
	case o.Authorisation == "" || o.Skip == qianshao.SkipPaused || o.Skip == "" && o.Failed:
		return "", nil
	case o.Skip == "":
		// A time in the future is from before the clock was set back.
		return `, authorisation = $5, trouble = '', lost = 0, fetched_at = $6, visited_at = $6,
  fresh_until = CASE WHEN fetched_at > $6 OR fresh_until < $7 THEN $7 ELSE fresh_until END`,
			[]any{o.Authorisation, at, database.Millis(o.Again)}
	}
	isLost := bit(o.Memory.Hash != "" && it.Attempts == 0)
	return `, authorisation = $5, lost = lost + $6, visited_at = $8,
  trouble = CASE WHEN $7 = 1 OR fresh_until <= $8 OR lost + $6 >= $9 THEN $10 ELSE '' END,
  trouble_at = CASE WHEN trouble = '' THEN $8 ELSE trouble_at END`,
		[]any{o.Authorisation, isLost, bit(o.HostDown), at, ingest.LostPages, string(o.Skip)}
}

// SilentHosts yields the hosts that deliver no page; see ingest.Silence. It goes through the hosts by name,
// a batch at a time.
func (s *Store) SilentHosts(ctx context.Context, overdue time.Time) iter.Seq2[ingest.SilentHost, error] {
	return batched(batchHosts, func(after string) ([]ingest.SilentHost, error) {
		list, err := database.Collect(ctx, s.db.Read, scanSilentHost, `
SELECT host, trouble, trouble_at, fetched_at, CASE WHEN head_due < next_at THEN next_at ELSE head_due END FROM hosts
WHERE host > $1 AND aside = 0 AND (trouble <> '' OR fetched_at = 0 OR coalesce(head_due, 0) <= $2 AND fetched_at <= $2)
ORDER BY host LIMIT $3`, after, database.Millis(overdue), batchHosts)
		return list, s.db.Fail("read the hosts without pages from", err)
	}, func(h ingest.SilentHost) string { return h.Host })
}

// batchHosts are read at a time: a hundred bytes each.
const batchHosts = 5000

func scanSilentHost(rows *sql.Rows) (h ingest.SilentHost, err error) {
	var since, last int64
	var next sql.NullInt64
	if err = rows.Scan(&h.Host, &h.Trouble, &since, &last, &next); err != nil {
		return h, err
	}
	if h.Trouble != "" && since > 0 {
		h.Since = database.FromMillis(since)
	}
	if last > 0 {
		h.LastPage = database.FromMillis(last)
	}
	if next.Valid {
		h.NextTry = database.FromMillis(next.Int64)
	}
	return h, nil
}

// FetchedUnder returns the authorisations under which pages were received; see ingest.Silence.
func (s *Store) FetchedUnder(ctx context.Context) ([]string, error) {
	// Reads all hosts once: no index has them by authorisation.
	ids, err := database.Collect(ctx, s.db.Read, database.ScanValue[string], `
SELECT id FROM authorisations WHERE id IN (SELECT authorisation FROM hosts WHERE fetched_at > 0) ORDER BY id`)
	return ids, s.db.Fail("read the authorisations with pages from", err)
}
