package campaigns

import (
	"fmt"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// decideNewcomers decides the findings that have joined a campaign, if its policy says so.
func (w *work) decideNewcomers() error {
	for id, before := range w.newcomers {
		if err := w.decideNewcomer(id, before); err != nil {
			return fmt.Errorf("the policy for finding %s: %w", id, err)
		}
	}
	clear(w.newcomers)
	return nil
}

func (w *work) decideNewcomer(id string, before int64) error {
	is, err := w.counted(id)
	if err != nil || is == nil {
		return err
	}
	if is.campaign == w.united(before) {
		return nil // it already was a member
	}
	var seq int64
	if err := w.tx.QueryRowContext(w.ctx, `SELECT policy FROM campaigns WHERE campaign = $1`, is.campaign).Scan(&seq); err != nil || seq == 0 {
		return err
	}
	policy, err := database.Collect(w.ctx, w.tx, trail.ScanAct, trail.SelectActs+` WHERE a.seq = $1`, seq)
	if err != nil || len(policy) == 0 {
		return err
	}
	n := desk.Newcomer{Finding: id, Level: qianshao.Level(is.level)}
	if err := w.tx.QueryRowContext(w.ctx, `SELECT seen FROM findings WHERE id = $1`, id).Scan(&n.Seen); err != nil {
		return err
	}
	subject := qianshao.Subject{Kind: qianshao.SubjectFinding, ID: id}
	if n.Acts, err = trail.ActsOf(w.ctx, w.tx, subject); err != nil {
		return err
	}
	act, ok, err := desk.ByPolicy(&policy[0], &n, w.now)
	if err != nil || !ok {
		return err
	}
	acts := []qianshao.Act{act}
	if err := trail.Append(w.ctx, w.tx, acts); err != nil {
		return err
	}
	return PutStandings(w.ctx, w.tx, []trail.Standing{{Subject: subject, Standing: desk.Replay(acts)}}, w.now)
}
