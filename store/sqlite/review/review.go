// Package review has the statements of the desk: the trail of acts, the standings that
// derive from it, claims and batches. The rules are the desk's, which the store runs
// inside of its transactions.
package review

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store/sqlite/database"
)

// Store is the desk's part of the truth, in an open database. It is safe for concurrent use.
type Store struct {
	// Campaigns are the groups of findings, and the queue of what waits in them.
	Campaigns *Campaigns
	db        *database.DB
	// freezing is held while a batch is written down, so that dropping what a dead process
	// has left does not take it.
	freezing sync.Mutex
}

// New returns the desk's part of an open database, which stays the caller's to close.
func New(db *database.DB, opts CampaignOptions) *Store {
	return &Store{Campaigns: NewCampaigns(db, opts), db: db}
}

// reader runs queries: the pool of readers, or a transaction.
type reader interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// notFound makes a missing row the desk's error.
func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return desk.ErrNotFound
	}
	return err
}

// rowsAtATime are put into one statement. Statements are prepared and kept, so there is
// one of so many rows and one of a single row, and none of any other length.
const rowsAtATime = 100

// insertRows runs "INSERT INTO … VALUES (…), (…)" for all rows, with tail behind it. The
// parameters have no numbers: the driver would look for the name of each of them among all.
func insertRows(ctx context.Context, tx *database.Tx, head string, columns int, rows [][]any, tail string) error {
	row := "(?" + strings.Repeat(", ?", columns-1) + ")"
	many := head + " VALUES " + row + strings.Repeat(", "+row, rowsAtATime-1) + " " + tail
	for len(rows) >= rowsAtATime {
		if _, err := tx.ExecContext(ctx, many, slices.Concat(rows[:rowsAtATime]...)...); err != nil {
			return err
		}
		rows = rows[rowsAtATime:]
	}
	for _, args := range rows {
		if _, err := tx.ExecContext(ctx, head+" VALUES "+row+" "+tail, args...); err != nil {
			return err
		}
	}
	return nil
}

// Forget removes what was derived for a finding that is deleted: its standing, its claim,
// its part in campaigns. Its acts stay in the trail, which names no page.
func Forget(ctx context.Context, tx *database.Tx, finding string) error {
	if err := leaveCampaigns(ctx, tx, finding); err != nil {
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
	return nil
}

// state reads what a subject is.
func state(ctx context.Context, db reader, q desk.Question) (s desk.State, err error) {
	switch q.Subject.Kind {
	case qianshao.SubjectFinding:
		err = findingState(ctx, db, q, &s)
	case qianshao.SubjectCampaign:
		err = campaignState(ctx, db, q, &s)
	default:
		err = desk.ErrNotFound
	}
	if err != nil {
		return s, notFound(err)
	}
	if s.Acts, err = actsOf(ctx, db, q.Subject); err != nil {
		return s, err
	}
	if s.Claim, err = claimOf(ctx, db, q.Subject); err != nil {
		return s, err
	}
	if q.Key != "" {
		s.Earlier, err = actByKey(ctx, db, q.By, q.Key)
	}
	return s, err
}

func findingState(ctx context.Context, db reader, q desk.Question, s *desk.State) error {
	var authorisation string
	var back int64
	err := db.QueryRowContext(ctx, `SELECT seen, back_at, authorisation, level FROM findings WHERE id = $1`, q.Subject.ID).
		Scan(&s.Seen, &back, &authorisation, &s.Level)
	if err != nil {
		return err
	}
	s.Authorisations = []string{authorisation}
	s.BackAt = moment(back)
	if q.Sites {
		err = db.QueryRowContext(ctx, `SELECT count(DISTINCT host) FROM findings WHERE seen = $1`, s.Seen).Scan(&s.Sites)
	}
	return err
}
