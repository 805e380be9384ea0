package datafolder

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/store"
)

// Expired is everything that a retention policy no longer keeps.
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

// Expired returns what the policy no longer keeps at the time now.
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

// Prune deletes what has expired: captures from the archive, findings from the database. For the
// search index, see SettleIndex. If the error wraps bucket.ErrLocked, the bucket keeps bytes until
// their locks end, and everything else was deleted.
func (f *Folder) Prune(ctx context.Context, x Expired, now time.Time) error {
	kept := f.Evidence.Delete(ctx, x.Captures)
	if kept != nil && !errors.Is(kept, bucket.ErrLocked) {
		return kept
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
	return kept
}

// deletionsAtATime is how many deletions are recorded in one transaction.
const deletionsAtATime = 200

// DeletedFinding says what was deleted with a finding.
type DeletedFinding struct {
	Finding store.Finding
	// Captures were deleted from the archive.
	Captures []evidence.Expired
	// Shared are captures that were kept because they also show another finding.
	Shared []evidence.Captured
}

// DeleteFinding deletes a finding with everything that belongs only to it, from archive and
// database, and records that in the archive's chain and in the log of deletions. For the search
// index, see SettleIndex. The archive comes first: if the process dies in between, the finding
// still exists and can be deleted again. If the error wraps bucket.ErrLocked, everything was
// deleted except for what the bucket keeps until its lock ends.
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
	kept := f.Evidence.Delete(ctx, d.Captures)
	if kept != nil && !errors.Is(kept, bucket.ErrLocked) {
		return d, kept
	}
	_, err = f.Store.DeleteFindings(ctx, []store.Deletion{{Finding: id, Category: d.Finding.Category, At: now, Reason: reason}})
	return d, cmp.Or(err, kept)
}

// SettleIndex removes deleted findings from the search index. elsewhere says that another process
// has the index open. A running server then removes them within seconds, and any other process when
// it next opens the index.
func (f *Folder) SettleIndex(ctx context.Context) (elsewhere bool, err error) {
	if err := f.opts.keepPlaces(ctx, f.Store, false, store.PartIndex); err != nil {
		return false, err
	}
	ix, err := f.OpenIndex(ctx)
	switch {
	case InUse(err):
		return true, nil
	case mustRebuild(err):
		return false, nil // it will be rebuilt from the store when it is next used
	case err != nil:
		return false, err
	}
	elsewhere, err = settleIndex(ctx, ix, f.Store)
	return elsewhere, errors.Join(err, ix.Close())
}
