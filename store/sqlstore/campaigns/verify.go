package campaigns

import (
	"context"
	"database/sql"
	"slices"

	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/queue"
)

// Verify counts everything anew and returns the differences from what is stored: at most queue.MaxFaults,
// none if all is well. It reads all findings.
func (c *Campaigns) Verify(ctx context.Context) (faults []queue.Fault, err error) {
	counted, err := c.Check(ctx)
	if err != nil {
		return nil, err
	}
	err = c.update(ctx, database.Ordered, "verify the campaigns of", func(w *work) error {
		faults = slices.Clip(counted) // it may be run again
		ranges, err := database.Ranges(ctx, c.db.Read, "findings", readAtATime)
		if err != nil {
			return err
		}
		for _, r := range ranges {
			wrong, err := w.verifySome(r)
			if faults = append(faults, wrong...); err != nil || len(faults) >= queue.MaxFaults {
				return err
			}
		}
		return nil
	})
	return faults[:min(len(faults), queue.MaxFaults)], err
}

// verifySome compares how the findings of a range were counted with how they should be.
func (w *work) verifySome(r store.Range) (faults []queue.Fault, err error) {
	list, err := database.Collect(w.ctx, w.tx, func(r *sql.Rows) (c counted, err error) {
		err = r.Scan(c.fields()...)
		return c, err
	}, `SELECT `+countedColumns+` FROM campaign_findings WHERE finding > $1 AND finding <= $2`, r.After, r.Last)
	if err != nil {
		return nil, err
	}
	primary, err := w.primaries(r)
	if err != nil {
		return nil, err
	}
	now := map[string]counted{}
	err = eachCurrent(w.ctx, w.tx, w.now, r, false, func(f *counted, _ string) error {
		now[f.finding] = *f
		return nil
	})
	for i := range list {
		was := &list[i]
		is := now[was.finding]
		is.campaign, is.block, is.shape, is.split, is.owner = was.campaign, was.block, was.shape, was.split, was.owner
		switch {
		case primary[was.finding] != was.campaign:
			faults = append(faults, queue.Fault{What: "primary campaign", Where: was.finding})
		case is != *was:
			faults = append(faults, queue.Fault{What: "standing", Where: was.finding})
		}
	}
	return faults, err
}

// primaries returns the campaigns that should be the primary ones of a range's findings.
func (w *work) primaries(r store.Range) (map[string]int64, error) {
	type row struct {
		finding string
		n       int64
		c       campaign.Candidate
	}
	rows, err := database.Collect(w.ctx, w.tx, func(r *sql.Rows) (v row, err error) {
		err = r.Scan(&v.finding, &v.n, &v.c.Members, &v.c.Shared)
		return v, err
	}, `SELECT m.finding, m.campaign, c.members, c.shared FROM campaign_members m JOIN campaigns c ON c.campaign = m.campaign
WHERE m.finding > $1 AND m.finding <= $2 ORDER BY m.finding, m.place`, r.After, r.Last)
	primary := map[string]int64{}
	for start, end := 0, 0; start < len(rows); start = end {
		var candidates []campaign.Candidate
		for end = start; end < len(rows) && rows[end].finding == rows[start].finding; end++ {
			candidates = append(candidates, rows[end].c)
		}
		primary[rows[start].finding] = rows[start+campaign.Primary(candidates)].n
	}
	return primary, err
}
