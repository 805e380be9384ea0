// Package notices has the statements about notices: channels, alerts, schedules, the findings to be
// reported, and the deliveries. A change made by a person adds an act in the same transaction; acts contain
// no secrets.
package notices

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// Notices stores notices in an open database. It is safe for concurrent use.
type Notices struct{ db *database.DB }

// New returns the Notices of a database.
func New(db *database.DB) *Notices { return &Notices{db: db} }

// The events of acts on channels, alerts, schedules and deliveries.
const (
	added    = "added"
	changed  = "changed"
	disabled = "disabled"
	enabled  = "enabled"
	deleted  = "deleted"
	retried  = "retried"
	givenUp  = "given_up"
	sentNow  = "sent_now"
)

// record adds the act of a change, with the name of the changed object.
func record(ctx context.Context, tx *database.Tx, by store.Signed, kind qianshao.SubjectKind, id, event, before, after string) error {
	detail := desk.Detail{Event: event, Words: by.Words, Before: before, After: after}
	if before == after {
		detail.Before = ""
	}
	act, err := desk.Recorded(by.By, by.At, qianshao.ActChange, qianshao.Subject{Kind: kind, ID: id}, detail)
	if err != nil {
		return err
	}
	return trail.Append(ctx, tx, []qianshao.Act{act})
}

// eventOf names the event of a change.
func eventOf(existed, wasDisabled, isDisabled bool) string {
	switch {
	case !existed:
		return added
	case wasDisabled && !isDisabled:
		return enabled
	case !wasDisabled && isDisabled:
		return disabled
	}
	return changed
}

// jsonOf writes a list for a column; a list of strings can always be encoded.
func jsonOf[T ~string](list []T) string {
	if list == nil {
		list = []T{}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return "[]"
	}
	return string(text)
}

func listOf[T ~string](text string) (list []T, err error) {
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("%w: a list: %w", store.ErrCorrupt, err)
	}
	return list, nil
}

// taken says whether a query finds a row.
func taken(ctx context.Context, tx *database.Tx, query string, args ...any) (is bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (`+query+`)`, args...).Scan(&is)
	return is, err
}

// signed refuses a change without an author.
func signed(by store.Signed) error {
	if by.By == "" || by.At.IsZero() {
		return errors.New("a change of who is told is signed")
	}
	return nil
}

const selectChannels = `SELECT id, name, kind, address, secret, sender, recipients, private, language, disabled, changed FROM notice_channels `

func scanChannel(r *sql.Rows) (c notify.Channel, err error) {
	var to string
	var at int64
	if err := r.Scan(&c.ID, &c.Name, &c.Kind, &c.Address, &c.Secret, &c.From, &to, &c.Private, &c.Language, &c.Disabled, &at); err != nil {
		return c, err
	}
	c.Changed = database.FromMillis(at)
	c.To, err = listOf[string](to)
	return c, err
}

// Channels returns all channels by name, with their secrets.
func (n *Notices) Channels(ctx context.Context) ([]notify.Channel, error) {
	list, err := database.Collect(ctx, n.db.Read, scanChannel, selectChannels+`ORDER BY name, id`)
	return list, n.db.Fail("read the channels of", err)
}

// Channel returns one channel with its secrets, or store.ErrNotFound.
func (n *Notices) Channel(ctx context.Context, id string) (notify.Channel, error) {
	c, err := database.One(database.Collect(ctx, n.db.Read, scanChannel, selectChannels+`WHERE id = $1`, id))
	return c, n.db.Fail(fmt.Sprintf("read channel %q of", id), err)
}

// PutChannel adds a channel, or changes the one with its id; by.At is its Changed. It returns
// notify.ErrTooManyChannels or notify.ErrNameTaken. The secret is stored as given.
func (n *Notices) PutChannel(ctx context.Context, by store.Signed, c notify.Channel) error {
	if err := signed(by); err != nil {
		return err
	}
	return n.db.Update(ctx, database.Durable, "save a channel in", func(tx *database.Tx) error {
		old, err := store.Optional(database.One(database.Collect(ctx, tx, scanChannel, selectChannels+`WHERE id = $1`, c.ID)))
		if err != nil {
			return err
		}
		if is, err := taken(ctx, tx, `SELECT 1 FROM notice_channels WHERE name = $1 AND id <> $2`, c.Name, c.ID); err != nil || is {
			return errors.Join(err, orNil(is, notify.ErrNameTaken))
		}
		if old == nil {
			old = &notify.Channel{}
			if full, err := taken(ctx, tx, `SELECT 1 FROM notice_channels LIMIT 1 OFFSET $1`, notify.MaxChannels-1); err != nil || full {
				return errors.Join(err, orNil(full, notify.ErrTooManyChannels))
			}
		}
		if _, err := tx.ExecContext(ctx, `
INSERT INTO notice_channels (id, name, kind, address, secret, sender, recipients, private, language, disabled, changed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, address = excluded.address, secret = excluded.secret, sender = excluded.sender,
  recipients = excluded.recipients, private = excluded.private, language = excluded.language, disabled = excluded.disabled, changed = excluded.changed`,
			c.ID, c.Name, string(c.Kind), c.Address, c.Secret, c.From, jsonOf(c.To), c.Private, c.Language, c.Disabled, database.Millis(by.At)); err != nil {
			return err
		}
		return record(ctx, tx, by, qianshao.SubjectChannel, c.ID, eventOf(old.ID != "", old.Disabled, c.Disabled), old.Name, c.Name)
	})
}

// orNil returns the error if it applies, or nil.
func orNil(holds bool, err error) error {
	if !holds {
		return nil
	}
	return err
}

// DeleteChannel deletes a channel, or returns store.ErrNotFound. Its pending deliveries are dropped; their
// findings wait until the alerts have another channel.
func (n *Notices) DeleteChannel(ctx context.Context, by store.Signed, id string) error {
	if err := signed(by); err != nil {
		return err
	}
	return n.db.Update(ctx, database.Durable, "delete a channel of", func(tx *database.Tx) error {
		name, err := database.One(database.Collect(ctx, tx, database.ScanValue[string], `DELETE FROM notice_channels WHERE id = $1 RETURNING name`, id))
		if err != nil {
			return err
		}
		if err := dropPending(ctx, tx, `channel`, id, notify.ChannelGone, by); err != nil {
			return err
		}
		return record(ctx, tx, by, qianshao.SubjectChannel, id, deleted, "", name)
	})
}

// dropPending drops the pending deliveries with an id in a column. Their findings wait again.
func dropPending(ctx context.Context, tx *database.Tx, column, id string, why notify.Obstacle, by store.Signed) error {
	if _, err := tx.ExecContext(ctx, `UPDATE notice_items SET delivery = 0 WHERE delivery > 0
  AND delivery IN (SELECT number FROM notice_deliveries WHERE state = 'pending' AND `+column+` = $1)`, id); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE notice_deliveries SET state = 'dropped', obstacle = $2, settled = $3 WHERE state = 'pending' AND `+column+` = $1`,
		id, string(why), database.Millis(by.At))
	return err
}
