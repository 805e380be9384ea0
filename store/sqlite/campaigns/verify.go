package campaigns

import (
	"context"

	"github.com/qianshao/qianshao/store/sqlite/database"
	"github.com/qianshao/qianshao/store/sqlite/queue"
)

// Verify counts everything anew and returns what is otherwise than it is stored: at most
// queue.MaxFaults, none if all is well. It reads all findings.
func (c *Campaigns) Verify(ctx context.Context) (faults []queue.Fault, err error) {
	if faults, err = c.Check(ctx); err != nil {
		return nil, err
	}
	err = c.update(ctx, database.Ordered, "verify the campaigns of", func(w *work) error {
		ids, err := database.Collect(ctx, c.db.Read, database.ScanValue[string], `SELECT finding FROM campaign_findings`)
		if err != nil {
			return err
		}
		for _, id := range ids {
			fault, ok, err := w.verifyFinding(id)
			if err != nil {
				return err
			}
			if ok {
				continue
			}
			if faults = append(faults, fault); len(faults) >= queue.MaxFaults {
				return nil
			}
		}
		return nil
	})
	return faults[:min(len(faults), queue.MaxFaults)], err
}

// verifyFinding holds a finding as it was counted against what it is.
func (w *work) verifyFinding(id string) (f queue.Fault, ok bool, err error) {
	was, err := w.counted(id)
	if err != nil {
		return f, false, err
	}
	now, _, err := w.current(id)
	if err != nil {
		return f, false, err
	}
	primary, err := w.primary(id)
	if err != nil {
		return f, false, err
	}
	if primary != was.campaign {
		return queue.Fault{What: "primary campaign", Where: id}, false, nil
	}
	now.campaign, now.block, now.shape, now.split, now.owner = was.campaign, was.block, was.shape, was.split, was.owner
	return queue.Fault{What: "standing", Where: id}, now == *was, nil
}
