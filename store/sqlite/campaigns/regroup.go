package campaigns

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite/database"
	"github.com/qianshao/qianshao/store/sqlite/outbox"
	"github.com/qianshao/qianshao/store/sqlite/trail"
)

// regrouping is kept instead of the name of the traits until all is grouped anew.
const regrouping = "regrouping"

// Stale says whether the campaigns are to be grouped anew: by other traits than today's,
// or not to the end. Those of a new database, or of one that had none, are not.
func (c *Campaigns) Stale(ctx context.Context) (stale bool, err error) {
	var name string
	if err := c.db.Read.QueryRowContext(ctx, `SELECT traits FROM campaign_state`).Scan(&name); err != nil {
		return false, c.db.Fail("read the state of campaigns from", err)
	}
	if name != "" {
		return name != c.name, nil
	}
	return false, c.setTraits(ctx, c.name)
}

func (c *Campaigns) setTraits(ctx context.Context, name string) error {
	return c.update(ctx, database.Ordered, "name the traits in", func(w *work) error {
		return w.exec(`UPDATE campaign_state SET traits = $1`, name)
	})
}

// clearCampaigns are the statements that remove all campaigns. Their ids stay, as aliases.
var clearCampaigns = []string{
	`INSERT INTO campaign_aliases (id, finding, key_hash) SELECT id, CASE WHEN key_hash = 0 THEN oldest ELSE '' END, key_hash FROM campaigns WHERE 1 = 1 ON CONFLICT (id) DO NOTHING`,
	`DELETE FROM campaigns`, `DELETE FROM campaign_keys`, `DELETE FROM campaign_bands`, `DELETE FROM campaign_shapes`, `DELETE FROM campaign_findings`, `DELETE FROM campaign_members`,
	`DELETE FROM campaign_owners`, `DELETE FROM campaign_counts`, `DELETE FROM campaign_dirty`, `DELETE FROM campaign_pins`,
	`UPDATE campaign_state SET traits = '` + regrouping + `'`,
}

// Regroup groups all findings anew, and then does again what the acts on campaigns say.
// Former ids lead to where their findings are now. If it is interrupted, Stale says so.
// It calls told with the number of findings done so far.
func (c *Campaigns) Regroup(ctx context.Context, told func(done int)) (count int, err error) {
	// What has changed until now is read below.
	pending, err := outbox.Pending(ctx, c.db, store.ConsumerCampaigns, 0, math.MaxInt)
	if err != nil {
		return 0, err
	}
	err = c.update(ctx, database.Ordered, "clear the campaigns of", func(w *work) error {
		for _, statement := range clearCampaigns {
			if err := w.exec(statement); err != nil {
				return err
			}
		}
		return nil
	})
	for after := ""; err == nil; {
		var ids []string
		if ids, err = database.Collect(ctx, c.db.Read, database.ScanValue[string], `SELECT id FROM findings WHERE id > $1 ORDER BY id LIMIT $2`, after, groupBatch); err != nil || len(ids) == 0 {
			break
		}
		err = c.update(ctx, database.Ordered, "group findings in", func(w *work) error {
			for _, id := range ids {
				if err := w.group(id); err != nil {
					return fmt.Errorf("finding %s: %w", id, err)
				}
			}
			return nil
		})
		after = ids[len(ids)-1]
		count += len(ids)
		told(count)
	}
	if err == nil {
		err = c.replay(ctx)
	}
	if err != nil {
		return count, c.db.Fail("regroup the findings of", err)
	}
	return count, c.update(ctx, database.Durable, "regroup the findings of", func(w *work) error {
		if err := w.exec(`DELETE FROM campaign_aliases WHERE EXISTS (SELECT 1 FROM campaigns c WHERE c.id = campaign_aliases.id)`); err != nil {
			return err
		}
		if err := outbox.Settle(ctx, w.tx, store.ConsumerCampaigns, pending); err != nil {
			return err
		}
		return w.exec(`UPDATE campaign_state SET traits = $1`, c.name)
	})
}

// replay does again what the acts on campaigns say, save those that were undone.
func (c *Campaigns) replay(ctx context.Context) error {
	acts, err := database.Collect(ctx, c.db.Read, trail.ScanAct, trail.SelectActs+`
WHERE a.subject_kind = 'campaign' AND a.kind IN ('merge', 'split', 'policy') AND NOT EXISTS (
  SELECT 1 FROM acts u WHERE u.subject = a.subject AND u.subject_kind = 'campaign' AND u.kind = 'undo' AND u.reverts = a.seq) ORDER BY a.seq`)
	if err != nil {
		return err
	}
	for i := range acts {
		if err := c.replayAct(ctx, &acts[i]); err != nil {
			return fmt.Errorf("act %d: %w", acts[i].Seq, err)
		}
	}
	return nil
}

// replayAct does one act again. What it was about may have been deleted since.
func (c *Campaigns) replayAct(ctx context.Context, act *qianshao.Act) error {
	err := c.update(ctx, database.Ordered, "do an act again in", func(w *work) error { return w.applyAct(act) })
	if errors.Is(err, desk.ErrNotFound) {
		return nil
	}
	return err
}
