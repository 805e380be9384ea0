package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/pressly/goose/v3"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// changesMigration moves the accounts' former trail into the trail of acts. SQL cannot do it, since it
// cannot compute the hash chain. Its number places it among the migration files.
func changesMigration() *goose.Migration {
	return goose.NewGoMigration(37, &goose.GoFunc{RunTx: carryChanges}, nil)
}

// accountChange is a row of account_changes.
type accountChange struct {
	seq, at                   int64
	by, account, what, detail string
}

// secondReview is the only setting that the accounts' trail recorded, as a change without an account.
const secondReview = "second_review_share"

// carryChanges adds the rows after the existing acts, in their order and each with its own time. The last
// change of the setting becomes its row in settings.
func carryChanges(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, `CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)`); err != nil {
		return err
	}
	head := desk.Head{}
	if err := tx.QueryRowContext(ctx, `SELECT seq, chain FROM act_head WHERE id = 1`).Scan(&head.Seq, &head.Chain); err != nil {
		return err
	}
	share := ""
	for after := int64(-1); ; {
		rows, err := database.Collect(ctx, tx, func(r *sql.Rows) (c accountChange, err error) {
			err = r.Scan(&c.seq, &c.at, &c.by, &c.account, &c.what, &c.detail)
			return c, err
		}, `SELECT seq, at, by, account, what, detail FROM account_changes WHERE seq > $1 ORDER BY seq LIMIT $2`, after, keyBatch)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		for _, c := range rows {
			after = c.seq
			subject, detail := qianshao.Subject{Kind: qianshao.SubjectAccount, ID: c.account}, desk.Detail{Event: c.what, After: c.detail}
			if c.what == secondReview {
				subject, detail = qianshao.Subject{Kind: qianshao.SubjectSetting, ID: secondReview}, desk.Detail{Event: "set", Before: share, After: c.detail}
				share = c.detail
			}
			if err := addAct(ctx, tx, &head, c, subject, detail); err != nil {
				return fmt.Errorf("carry change %d of accounts over into the trail of acts: %w", c.seq, err)
			}
		}
	}
	return finishChanges(ctx, tx, head, share)
}

// addAct adds an act to the end of the trail, which is head.
func addAct(ctx context.Context, tx *sql.Tx, head *desk.Head, c accountChange, subject qianshao.Subject, detail desk.Detail) error {
	act, err := desk.Recorded(c.by, database.FromMillis(c.at), qianshao.ActChange, subject, detail)
	if err != nil {
		return err
	}
	act.Seq = head.Seq + 1
	act.Chain = desk.Link(head.Chain, &act)
	*head = desk.Head{Seq: act.Seq, Chain: act.Chain}
	_, err = tx.ExecContext(ctx, `INSERT INTO acts
(seq, at, account, client_key, batch, subject_kind, subject, kind, basis, verdict, reason, seen, rules, until, reverts, round, detail, chain)
VALUES ($1, $2, $3, '', 0, $4, $5, $6, 0, '', '', '', '', 0, 0, 0, $7, $8)`,
		act.Seq, c.at, act.By, string(act.Subject.Kind), act.Subject.ID, string(act.Kind), act.Detail, act.Chain)
	return err
}

func finishChanges(ctx context.Context, tx *sql.Tx, head desk.Head, share string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE act_head SET seq = $1, chain = $2 WHERE id = 1`, head.Seq, head.Chain); err != nil {
		return err
	}
	if share != "" {
		if _, err := tx.ExecContext(ctx, `INSERT INTO settings (name, value) VALUES ($1, $2)`, secondReview, share); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `DROP TABLE account_changes`)
	return err
}
