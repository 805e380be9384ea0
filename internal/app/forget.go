package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/store"
)

// Expired is what a retention policy no longer keeps.
type Expired struct {
	// Captures are those of the archive.
	Captures []evidence.Expired
	// Findings are those of the database and the search index.
	Findings []ExpiredFinding
}

// ExpiredFinding is a finding that a retention policy no longer keeps.
type ExpiredFinding struct {
	store.OldFinding
	Reason string
}

// Expired returns what the policy no longer keeps at a moment.
func (f *Folder) Expired(ctx context.Context, p evidence.Policy, now time.Time) (x Expired, err error) {
	if x.Captures, err = f.Evidence.Expired(ctx, p, now); err != nil {
		return x, err
	}
	old, err := f.Store.OldFindings(ctx, now)
	for _, finding := range old {
		if reason, ok := p.Expires(finding.ID, finding.Category, finding.LastSeen, now); ok {
			x.Findings = append(x.Findings, ExpiredFinding{finding, reason})
		}
	}
	return x, err
}

// Prune deletes what has expired: captures from the archive, findings from the
// database. See SettleIndex for the search index.
func (f *Folder) Prune(ctx context.Context, x Expired, now time.Time) error {
	if err := f.Evidence.Delete(ctx, x.Captures); err != nil {
		return err
	}
	for batch := range slices.Chunk(x.Findings, deletionsAtATime) {
		list := make([]store.Deletion, 0, len(batch))
		for _, e := range batch {
			list = append(list, store.Deletion{Finding: e.ID, Category: e.Category, At: now, Reason: e.Reason})
		}
		if _, err := f.Store.DeleteFindings(ctx, list); err != nil {
			return err
		}
	}
	return nil
}

// deletionsAtATime are recorded in one transaction, and told to the index in one batch.
const deletionsAtATime = 200

// DeletedFinding says what went with a finding that an operator has deleted.
type DeletedFinding struct {
	Finding store.Finding
	// Captures were deleted from the archive.
	Captures []evidence.Expired
	// Shared are captures that stay, since they show another finding, too.
	Shared []evidence.Captured
}

// DeleteFinding deletes a finding with all that belongs to it alone, from archive
// and database, and records that in the archive's chain and in the log of
// deletions. See SettleIndex for the search index. The archive comes first: if the
// process dies in between, the finding is still there to be deleted again.
func (f *Folder) DeleteFinding(ctx context.Context, id, reason string, now time.Time) (d DeletedFinding, err error) {
	if d.Finding, err = f.Store.Finding(ctx, id); err != nil {
		return d, err
	}
	if reason != "" {
		reason = ": " + reason
	}
	reason = "deleted by an operator" + reason
	captures, err := f.Evidence.CapturesOf(ctx, d.Finding.URL, id)
	if err != nil {
		return d, err
	}
	for _, c := range captures {
		others := slices.DeleteFunc(slices.Clone(c.Findings), func(other string) bool { return other == id })
		left, err := f.Store.Findings(ctx, others)
		if err != nil {
			return d, err
		}
		if len(left) > 0 {
			d.Shared = append(d.Shared, c)
			continue
		}
		d.Captures = append(d.Captures, evidence.Expired{Capture: c.Capture, Reason: "finding " + id + " " + reason})
	}
	if err := f.Evidence.Delete(ctx, d.Captures); err != nil {
		return d, err
	}
	_, err = f.Store.DeleteFindings(ctx, []store.Deletion{{Finding: id, Category: d.Finding.Category, At: now, Reason: reason}})
	return d, err
}

// SettleIndex takes deleted findings out of the search index. elsewhere says that
// another process has the index open: a running server does it then within
// settleInterval, and any other process when it next opens the index.
func (f *Folder) SettleIndex(ctx context.Context) (elsewhere bool, err error) {
	ix, err := OpenIndex(f.data, f.zone)
	switch {
	case InUse(err):
		return true, nil
	case mustRebuild(err):
		return false, nil // it is built anew from the store when it is next used
	case err != nil:
		return false, err
	}
	return false, errors.Join(settleDeletions(ctx, ix, f.Store), ix.Close())
}

// settleInterval is how often a process that has the index open looks whether
// another one has deleted findings.
const settleInterval = 10 * time.Second

// settleDeletions takes findings out of the index that were deleted from the
// store. One that was found anew meanwhile is put back.
func settleDeletions(ctx context.Context, ix index.Index, db *Store) error {
	for deleted := false; ; deleted = true {
		list, err := db.UnindexedDeletions(ctx, deletionsAtATime)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			if deleted {
				return purge(ctx, ix, db)
			}
			return nil
		}
		ids := make([]string, 0, len(list))
		for _, d := range list {
			ids = append(ids, d.Finding)
		}
		if err := ix.Delete(ctx, ids); err != nil {
			return fmt.Errorf("take deleted findings out of the search index: %w", err)
		}
		anew, err := db.FindingRecordsOf(ctx, ids)
		if err != nil {
			return err
		}
		if err := ix.Put(ctx, anew); err != nil {
			return err
		}
		if err := db.MarkDeletionsIndexed(ctx, list); err != nil {
			return err
		}
	}
}

// purge removes from the index's files what deleted findings said.
func purge(ctx context.Context, ix index.Index, db *Store) error {
	records, err := db.FindingRecords(ctx, "", 1)
	if err != nil || len(records) == 0 {
		return errors.Join(err, ix.Purge(ctx, nil))
	}
	return ix.Purge(ctx, &records[0])
}

// settleOften takes findings out of the index that commands delete beside this
// process, until ctx ends.
func (a *App) settleOften(ctx context.Context) {
	tick := time.NewTicker(settleInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := settleDeletions(ctx, a.Index, a.Folder.Store); err != nil && ctx.Err() == nil {
			a.opts.Log.Error("deleted findings are still in the search index; tried again", "error", err)
		}
	}
}
