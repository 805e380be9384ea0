package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// Place returns where a part of the outpost is stored outside the store, "" if that was not set.
func (s *Store) Place(ctx context.Context, part store.Part) (place string, err error) {
	err = s.db.Read.QueryRowContext(ctx, `SELECT place FROM places WHERE part = $1`, string(part)).Scan(&place)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return place, s.db.Fail("read places from", err)
}

// SetPlace sets where a part is stored, unless that was set before; moved replaces it in any case. It
// returns the place now in force.
func (s *Store) SetPlace(ctx context.Context, part store.Part, place string, moved bool) (holds string, err error) {
	if holds, err = s.Place(ctx, part); err != nil || holds == place || holds != "" && !moved {
		return holds, err
	}
	err = s.db.Update(ctx, database.Durable, "note a place in", func(tx *database.Tx) error {
		return tx.QueryRowContext(ctx, `
INSERT INTO places (part, place) VALUES ($1, $2)
ON CONFLICT (part) DO UPDATE SET place = CASE WHEN CAST($3 AS BIGINT) = 1 THEN excluded.place ELSE places.place END
RETURNING place`, string(part), place, moved).Scan(&holds)
	})
	return holds, err
}
