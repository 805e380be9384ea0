package review

import (
	"context"
	"database/sql"
	"time"

	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// Check verifies the trail, and stores the result as the last check.
func (s *Store) Check(ctx context.Context, now time.Time) (desk.Check, error) {
	v, err := s.Verify(ctx, desk.Head{}, func(locales.Speaker) {})
	if err != nil {
		return desk.Check{}, err
	}
	c := desk.Check{At: now.UTC().Truncate(time.Millisecond), Seq: v.Head.Seq, Problems: v.Problems}
	return c, s.KeepCheck(ctx, c)
}

// KeepCheck stores a check of the trail as the last one.
func (s *Store) KeepCheck(ctx context.Context, c desk.Check) error {
	return s.db.Update(ctx, database.Durable, "keep the check of the trail in", func(tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, `
INSERT INTO act_checks (id, at, seq, problems) VALUES (1, $1, $2, $3)
ON CONFLICT (id) DO UPDATE SET at = excluded.at, seq = excluded.seq, problems = excluded.problems`, trail.Millis(c.At), c.Seq, c.Problems)
		return err
	})
}

// LastCheck returns the last stored check; the zero value if there was none.
func (s *Store) LastCheck(ctx context.Context) (desk.Check, error) {
	list, err := database.Collect(ctx, s.db.Read, func(r *sql.Rows) (c desk.Check, err error) {
		var at int64
		err = r.Scan(&at, &c.Seq, &c.Problems)
		c.At = trail.Moment(at)
		return c, err
	}, `SELECT at, seq, problems FROM act_checks WHERE id = 1`)
	if err != nil || len(list) == 0 {
		return desk.Check{}, s.db.Fail("read the check of the trail from", err)
	}
	return list[0], nil
}
