package clients

import (
	"context"
	"database/sql"
	"time"

	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// Preferences returns how an account wants the queue to look; the zero value if it has not said.
func (c *Clients) Preferences(ctx context.Context, account string) (store.Preferences, error) {
	p, err := store.Optional(database.One(database.Collect(ctx, c.db.Read, func(r *sql.Rows) (p store.Preferences, err error) {
		err = r.Scan(&p.Compact, &p.Clear)
		return p, err
	}, `SELECT compact, clear FROM preferences WHERE account = $1`, account)))
	if err != nil || p == nil {
		return store.Preferences{}, c.db.Fail("read preferences of", err)
	}
	return *p, nil
}

// SavePreferences stores how an account wants the queue to look.
func (c *Clients) SavePreferences(ctx context.Context, account string, p store.Preferences) error {
	return c.db.Update(ctx, database.Durable, "save preferences in", func(tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, `
INSERT INTO preferences (account, compact, clear) VALUES ($1, $2, $3)
ON CONFLICT (account) DO UPDATE SET compact = excluded.compact, clear = excluded.clear`, account, p.Compact, p.Clear)
		return err
	})
}

// Looked returns when an account last marked a list as seen; the zero time for never.
func (c *Clients) Looked(ctx context.Context, account, list string) (time.Time, error) {
	at, err := database.Collect(ctx, c.db.Read, database.ScanValue[int64], `SELECT at FROM looked WHERE account = $1 AND list = $2`, account, list)
	if err != nil || len(at) == 0 {
		return time.Time{}, c.db.Fail("read when lists were looked at of", err)
	}
	return database.FromMillis(at[0]), nil
}

// SaveLooked records that an account has marked a list as seen. A time before the recorded one changes
// nothing.
func (c *Clients) SaveLooked(ctx context.Context, account, list string, at time.Time) error {
	return c.db.Update(ctx, database.Durable, "note a look at a list in", func(tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, `
INSERT INTO looked (account, list, at) VALUES ($1, $2, $3)
ON CONFLICT (account, list) DO UPDATE SET at = max(looked.at, excluded.at)`, account, list, database.Millis(at))
		return err
	})
}
