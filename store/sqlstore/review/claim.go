package review

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

func claimOf(ctx context.Context, db trail.Reader, subject qianshao.Subject) (c desk.Claim, err error) {
	var until int64
	err = db.QueryRowContext(ctx, `SELECT account, until FROM claims WHERE subject = $1 AND subject_kind = $2`, subject.ID, string(subject.Kind)).Scan(&c.By, &until)
	if errors.Is(err, sql.ErrNoRows) {
		return desk.Claim{}, nil
	}
	c.Until = trail.Moment(until)
	return c, err
}

// claimsOf counts the claims that an account holds at a given time.
func claimsOf(ctx context.Context, db trail.Reader, account string, at time.Time) (n int, err error) {
	err = db.QueryRowContext(ctx, `SELECT count(*) FROM claims WHERE account = $1 AND until > $2`, account, trail.Millis(at)).Scan(&n)
	return n, err
}

// forgetClaims removes expired claims. Nobody asks for them any more, and the table stays as small as the
// work in progress, so that counting in it needs no index.
func forgetClaims(ctx context.Context, tx *database.Tx, at time.Time) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM claims WHERE until <= $1`, trail.Millis(at))
	return err
}

// putClaim gives a subject its claim; one without an account ends it.
func putClaim(ctx context.Context, tx *database.Tx, subject qianshao.Subject, c desk.Claim) error {
	if c.By == "" {
		_, err := tx.ExecContext(ctx, `DELETE FROM claims WHERE subject = $1 AND subject_kind = $2`, subject.ID, string(subject.Kind))
		return err
	}
	_, err := tx.ExecContext(ctx, `
INSERT INTO claims (subject_kind, subject, account, until) VALUES ($1, $2, $3, $4)
ON CONFLICT (subject, subject_kind) DO UPDATE SET account = excluded.account, until = excluded.until`,
		string(subject.Kind), subject.ID, c.By, trail.Millis(c.Until))
	return err
}
