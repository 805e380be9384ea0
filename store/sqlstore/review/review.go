// Package review has the statements of the desk: acts and their consequences, claims and batches; verifying
// the trail, and rebuilding standings. The rules are the desk's; the store runs them inside its
// transactions.
package review

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store/sqlstore/campaigns"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// Store is the desk's part of the store, in an open database. It is safe for concurrent use.
type Store struct {
	// Campaigns are the groups of findings, and the queue of those that wait.
	Campaigns *campaigns.Campaigns
	db        *database.DB
}

// New returns the desk's part of an open database, which the caller closes.
func New(db *database.DB, opts campaigns.Options) *Store {
	return &Store{Campaigns: campaigns.New(db, opts), db: db}
}

// notFound turns a missing row into the desk's error.
func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return desk.ErrNotFound
	}
	return err
}

// Forget removes the data derived for a deleted finding: its standing, its claim, its memberships in
// campaigns, and the previews of batches, which name hosts. Its acts stay in the trail, which names no
// page.
func Forget(ctx context.Context, tx *database.Tx, finding string, at time.Time) error {
	if err := campaigns.Forget(ctx, tx, finding, at); err != nil {
		return err
	}
	for _, statement := range []string{
		`DELETE FROM standings WHERE subject = $1 AND subject_kind = 'finding'`,
		`DELETE FROM claims WHERE subject = $1 AND subject_kind = 'finding'`,
	} {
		if _, err := tx.ExecContext(ctx, statement, finding); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM batch_previews`)
	return err
}

// state reads the state of a subject.
func state(ctx context.Context, db trail.Reader, q desk.Question) (s desk.State, err error) {
	switch q.Subject.Kind {
	case qianshao.SubjectFinding:
		err = findingState(ctx, db, q, &s)
	case qianshao.SubjectCampaign:
		err = campaigns.State(ctx, db, q, &s)
	default:
		err = desk.ErrNotFound
	}
	if err != nil {
		return s, notFound(err)
	}
	if s.Acts, err = trail.ActsOf(ctx, db, q.Subject); err != nil {
		return s, err
	}
	if s.Claim, err = claimOf(ctx, db, q.Subject); err != nil {
		return s, err
	}
	if !q.ClaimsAt.IsZero() {
		if s.Claims, err = claimsOf(ctx, db, q.By, q.ClaimsAt); err != nil {
			return s, err
		}
	}
	if q.Key != "" {
		s.Earlier, err = actByKey(ctx, db, q.By, q.Key)
	}
	return s, err
}

func findingState(ctx context.Context, db trail.Reader, q desk.Question, s *desk.State) error {
	var authorisation string
	var back int64
	err := db.QueryRowContext(ctx, `SELECT seen, back_at, authorisation, level FROM findings WHERE id = $1`, q.Subject.ID).
		Scan(&s.Seen, &back, &authorisation, &s.Level)
	if err != nil {
		return err
	}
	s.Authorisations = []string{authorisation}
	s.BackAt = trail.Moment(back)
	if q.Sites {
		err = db.QueryRowContext(ctx, `SELECT count(DISTINCT host) FROM findings WHERE seen = $1`, s.Seen).Scan(&s.Sites)
	}
	return err
}
