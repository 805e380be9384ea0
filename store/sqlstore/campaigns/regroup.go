package campaigns

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/outbox"
	"github.com/qianshao/qianshao/store/sqlstore/queue"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// regrouping replaces the name of the traits until all findings are regrouped.
const regrouping = "regrouping"

// Stale says whether the findings must be regrouped: because the traits have changed, or because regrouping
// was interrupted. A database that is new, or never had campaigns, is not stale.
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

// clearCampaigns are the statements that remove all campaigns. Their ids remain as aliases.
var clearCampaigns = []string{
	`INSERT INTO campaign_aliases (id, finding, key_hash) SELECT id, CASE WHEN key_hash = 0 THEN oldest ELSE '' END, key_hash FROM campaigns WHERE 1 = 1 ON CONFLICT (id) DO NOTHING`,
	`DELETE FROM campaigns`, `DELETE FROM campaign_keys`, `DELETE FROM campaign_bands`, `DELETE FROM campaign_shapes`, `DELETE FROM campaign_findings`, `DELETE FROM campaign_members`,
	`DELETE FROM campaign_owners`, `DELETE FROM campaign_counts`, `DELETE FROM campaign_dirty`, `DELETE FROM campaign_pins`,
	`UPDATE campaign_state SET traits = '` + regrouping + `'`,
}

// Regroup groups all findings anew, in one transaction, and then applies the acts on campaigns again.
// Former ids lead to the present campaigns of their findings. If it is interrupted, Stale says so. It
// returns the number of findings.
func (c *Campaigns) Regroup(ctx context.Context) (count int, err error) {
	// Changes up to now are covered by the reading below.
	pending, err := outbox.Pending(ctx, c.db, store.ConsumerCampaigns, 0, math.MaxInt)
	if err != nil {
		return 0, err
	}
	err = c.update(ctx, database.Ordered, "group the findings of", func(w *work) error {
		for _, statement := range clearCampaigns {
			if err := w.exec(statement); err != nil {
				return err
			}
		}
		count, err = c.groupAll(w)
		return err
	})
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
		if _, err := outbox.Settle(ctx, w.tx, store.ConsumerCampaigns, pending); err != nil {
			return err
		}
		return w.exec(`UPDATE campaign_state SET traits = $1`, c.name)
	})
}

// lastNumber reads the greatest number that a campaign has ever had.
var lastNumber = map[database.Dialect]string{
	database.SQLite:   `SELECT seq FROM sqlite_sequence WHERE name = 'campaigns'`,
	database.Postgres: `SELECT nextval(pg_get_serial_sequence('campaigns', 'campaign'))`,
}

// groupAll groups all findings; there must be no campaigns.
func (c *Campaigns) groupAll(w *work) (count int, err error) {
	g := newGrouping(w.salt)
	if err := c.readAll(w.ctx, w.now, g); err != nil {
		return 0, err
	}
	last, err := w.number(lastNumber[w.tx.Dialect])
	if err != nil {
		return 0, err
	}
	if err := g.put(w, g.settle(last+1)); err != nil {
		return 0, err
	}
	if w.tx.Dialect == database.Postgres { // its sequence does not notice numbers set by a statement
		if _, err := w.number(`SELECT setval(pg_get_serial_sequence('campaigns', 'campaign'), $1)`, last+1+int64(len(g.campaigns))); err != nil {
			return 0, err
		}
	}
	if err := w.exec(`INSERT INTO campaign_counts ` + queue.Recounted); err != nil {
		return 0, err
	}
	return len(g.findings), outbox.NoteAll(w.ctx, w.tx, store.ConsumerIndex, w.now)
}

// readAtATime findings are read at a time: some megabytes, since each may have 20 KB of evidence.
const readAtATime = 200

// readAll reads all findings and their traits, on all cores. Nobody changes them meanwhile: it runs in the
// only writing transaction, and the readers see the state before it.
func (c *Campaigns) readAll(ctx context.Context, now time.Time, g *grouping) error {
	ranges, err := database.Ranges(ctx, c.db.Read, "findings", readAtATime)
	if err != nil {
		return err
	}
	group, reading := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	var adding sync.Mutex
	for _, r := range ranges {
		group.Go(func() error {
			return c.readSome(reading, now, r, func(f counted, t *campaign.Traits) {
				adding.Lock()
				defer adding.Unlock()
				g.add(f, t)
			})
		})
	}
	return group.Wait()
}

// readSome reads the findings of a range.
func (c *Campaigns) readSome(ctx context.Context, now time.Time, r store.Range, add func(counted, *campaign.Traits)) error {
	return eachCurrent(ctx, c.db.Read, now, r, true, func(f *counted, text string) error {
		finding, err := database.DecodeFinding(text)
		if err != nil {
			return fmt.Errorf("finding %s: %w", f.finding, err)
		}
		t := c.traits(&finding)
		f.owner, f.shape = t.Owner, int64(t.Shape)
		add(*f, &t)
		return nil
	})
}

// eachCurrent reads how the findings of a range are to be counted, with their JSON on request.
func eachCurrent(ctx context.Context, db trail.Reader, now time.Time, r store.Range, withText bool, do func(f *counted, text string) error) error {
	standings, err := database.Collect(ctx, db, trail.ScanStanding,
		`SELECT `+trail.StandingColumns+` FROM standings WHERE subject > $1 AND subject <= $2 AND subject_kind = 'finding'`, r.After, r.Last)
	if err != nil {
		return err
	}
	of := make(map[string]desk.Standing, len(standings))
	for _, s := range standings {
		of[s.Subject.ID] = s.Standing
	}
	type row struct {
		counted
		facts desk.Facts
		text  string
	}
	rows, err := database.Collect(ctx, db, func(r *sql.Rows) (v row, err error) {
		v.counted, v.facts, err = scanFacts(r.Scan, &v.text)
		return v, err
	}, `SELECT `+factColumns+`, CASE WHEN $3 = 1 THEN finding ELSE '' END FROM findings WHERE id > $1 AND id <= $2`, r.After, r.Last, withText)
	if err != nil {
		return err
	}
	for i := range rows {
		v := &rows[i]
		s := of[v.finding]
		if err := addSites(ctx, db, s, &v.facts); err != nil {
			return err
		}
		v.standBy(s, v.facts, now)
		if err := do(&v.counted, v.text); err != nil {
			return err
		}
	}
	return nil
}

// replay applies the acts on campaigns again, except those that were undone.
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

// replayAct applies one act again. Its subjects may have been deleted since.
func (c *Campaigns) replayAct(ctx context.Context, act *qianshao.Act) error {
	err := c.update(ctx, database.Ordered, "do an act again in", func(w *work) error { return w.applyAct(act) })
	if errors.Is(err, desk.ErrNotFound) {
		return nil
	}
	return err
}
