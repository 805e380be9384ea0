package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// clockNow is PostgreSQL's clock in milliseconds: now() does not advance within a transaction.
const clockNow = `CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)`

// Clock implements ingest.Frontier. SQLite runs in the caller's process, and has no clock of its own.
func (s *Store) Clock(ctx context.Context) (time.Time, error) {
	if s.db.Dialect() == database.SQLite {
		return time.Time{}, nil
	}
	var now int64
	err := s.db.Read.QueryRowContext(ctx, `SELECT `+clockNow).Scan(&now)
	return database.FromMillis(now), s.db.Fail("read the clock of", err)
}

// booking is the durability of turns: a booked turn must outlast its request. SQLite goes down with the
// crawler's machine; PostgreSQL on another machine may restart while crawlers go on.
func (s *Store) booking() database.Durability {
	if s.db.Dialect() == database.Postgres {
		return database.Durable
	}
	return database.Ordered
}

// bookTurn books a turn of host $1 for holder $2 if no other holder has it: $3 is the interval, $4 the
// longest wait, $5 the duration of the request. $6 says that it is for a visit of the holder, which needs
// no mark if its lease lasts long enough. {now} is the time. A turn begins at the former next_at, or now.
const bookTurn = `
UPDATE hosts SET next_at = max(next_at, t.now) + $3, pace = $3,
  asked_by = CASE WHEN $6 = 1 AND holder = $2 AND lease_until >= max(next_at, t.now) + $5 THEN asked_by ELSE $2 END,
  asked_until = CASE WHEN $6 = 1 AND holder = $2 AND lease_until >= max(next_at, t.now) + $5 THEN asked_until ELSE max(next_at, t.now) + $5 END
FROM (SELECT {now} AS now) t
WHERE host = $1 AND next_at <= t.now + $4 AND asked_until <= t.now AND (lease_until <= t.now OR holder = $2)
RETURNING next_at - $3, asked_until, {told}`

// endTurn ends holder $2's turn of host $1, which then rests for $3.
const endTurn = `
UPDATE hosts SET asked_by = '', asked_until = 0, next_at = max(next_at, {now} + $3) WHERE host = $1 AND asked_by = $2`

// selectTurn returns when host $1 may be requested, by its pace alone, and the current time.
const selectTurn = `SELECT next_at, {now} FROM hosts WHERE host = $1`

// byClock makes a statement use PostgreSQL's clock. SQLite's time is the caller's, passed as one more
// argument. In SQLite, RETURNING can only use the columns of the table.
func byClock(d database.Dialect, text string, now time.Time, args ...any) (query string, all []any) {
	at, told := clockNow, `t.now`
	if d == database.SQLite {
		args = append(args, database.Millis(now))
		at = fmt.Sprintf("CAST($%d AS BIGINT)", len(args))
		told = at
	}
	return strings.NewReplacer("{now}", at, "{told}", told).Replace(text), args
}

// Turn implements ingest.Frontier.
func (s *Store) Turn(ctx context.Context, t ingest.Turn) (booked fetch.Booked, err error) {
	err = s.db.UpdateRows(ctx, s.booking(), "book a turn of "+t.Host+" in", func(tx *database.Tx) (err error) {
		ok := false
		if booked, ok, err = tryTurn(ctx, tx, &t); err != nil || ok {
			return err
		}
		booked, ok, err = noTurn(ctx, tx, &t)
		if err != nil || ok {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO hosts (host, place, aside) VALUES ($1, $2, 1) ON CONFLICT (host) DO NOTHING`,
			t.Host, qianshao.Place(t.Host)); err != nil {
			return err
		}
		if booked, ok, err = tryTurn(ctx, tx, &t); err == nil && !ok { // another crawler has just added it
			booked = fetch.Booked{Busy: true}
		}
		return err
	})
	return booked, err
}

// tryTurn books a turn; ok is false if the host may not be requested, or has no row.
func tryTurn(ctx context.Context, tx *database.Tx, t *ingest.Turn) (booked fetch.Booked, ok bool, err error) {
	query, args := byClock(tx.Dialect, bookTurn, t.Now,
		t.Host, t.Holder, t.Interval.Milliseconds(), t.Most.Milliseconds(), t.For.Milliseconds(), bit(t.Leased))
	var turn, until, now int64
	err = tx.QueryRowContext(ctx, query, args...).Scan(&turn, &until, &now)
	if errors.Is(err, sql.ErrNoRows) {
		return booked, false, nil
	}
	// An earlier mark has ended: a turn is never booked while one is valid.
	return fetch.Booked{Pause: time.Duration(turn-now) * time.Millisecond, Ends: until > now}, err == nil, err
}

// noTurn says why no turn could be booked; ok is false if the host has no row.
func noTurn(ctx context.Context, tx *database.Tx, t *ingest.Turn) (booked fetch.Booked, ok bool, err error) {
	query, args := byClock(tx.Dialect, selectTurn, t.Now, t.Host)
	var next, now int64
	err = tx.QueryRowContext(ctx, query, args...).Scan(&next, &now)
	if errors.Is(err, sql.ErrNoRows) {
		return booked, false, nil
	}
	if pause := time.Duration(next-now) * time.Millisecond; pause > t.Most {
		return fetch.Booked{Pause: pause}, true, err
	}
	return fetch.Booked{Busy: true}, err == nil, err
}

// EndTurn implements ingest.Frontier.
func (s *Store) EndTurn(ctx context.Context, holder, host string, now time.Time, rest time.Duration) error {
	return s.db.UpdateRows(ctx, s.booking(), "end a turn of "+host+" in", func(tx *database.Tx) error {
		query, args := byClock(tx.Dialect, endTurn, now, host, holder, rest.Milliseconds())
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	})
}
