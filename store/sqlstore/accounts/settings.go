package accounts

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// Number returns a setting that is a number, or initial if it is not set.
func Number(ctx context.Context, tx *database.Tx, name store.Setting, initial int) (int, error) {
	value, err := SettingIn(ctx, tx, name)
	if errors.Is(err, store.ErrNotFound) {
		return initial, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(value)
}

// Setting returns the value of a setting, or store.ErrNotFound.
func (s *Store) Setting(ctx context.Context, name store.Setting) (string, error) {
	value, err := SettingIn(ctx, s.db.Read, name)
	return value, s.db.Fail(fmt.Sprintf("read the setting %s of", name), err)
}

// SettingIn is Setting for a transaction, or for a database opened with Peek.
func SettingIn(ctx context.Context, db trail.Reader, name store.Setting) (value string, err error) {
	return database.One(database.Collect(ctx, db, database.ScanValue[string], `SELECT value FROM settings WHERE name = $1`, string(name)))
}

// PutSetting sets a setting in the name of an account; initial is its value before it was ever set. Setting
// it to its present value does nothing.
func (s *Store) PutSetting(ctx context.Context, by string, name store.Setting, value, initial string, at time.Time) error {
	return s.db.Update(ctx, database.Durable, fmt.Sprintf("set %s in", name), func(tx *database.Tx) error {
		before, err := SettingIn(ctx, tx, name)
		if errors.Is(err, store.ErrNotFound) {
			before, err = initial, nil
		}
		if err != nil || before == value {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
			string(name), value); err != nil {
			return err
		}
		act, err := desk.Recorded(by, at, qianshao.ActChange, qianshao.Subject{Kind: qianshao.SubjectSetting, ID: string(name)},
			desk.Detail{Event: store.EventSet, Before: before, After: value})
		if err != nil {
			return err
		}
		return trail.Append(ctx, tx, []qianshao.Act{act})
	})
}
