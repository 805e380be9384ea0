package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/notices"
	"github.com/qianshao/qianshao/store/sqlstore/outbox"
	"github.com/qianshao/qianshao/store/sqlstore/review"
)

// OldFindings returns the findings last seen before a given time, by id ascending.
func (s *Store) OldFindings(ctx context.Context, before time.Time) ([]store.OldFinding, error) {
	list, err := database.Collect(ctx, s.db.Read, func(r *sql.Rows) (f store.OldFinding, err error) {
		var last int64
		err = r.Scan(&f.ID, &f.URL, &f.Category, &last)
		f.LastSeen = database.FromMillis(last)
		return f, err
	}, `SELECT id, url, category, last_seen FROM findings WHERE last_seen < $1 ORDER BY id`, database.Millis(before))
	return list, s.db.Fail("read old findings from", err)
}

// DeleteFindings deletes findings and everything that was kept for them alone, and records each in the log
// of deletions: all of them, or none. Unknown ids are skipped. A page that loses its last open finding
// loses its source, text and views; if it still shows the content, its next visit finds it anew. The first
// result is how many were deleted.
func (s *Store) DeleteFindings(ctx context.Context, list []store.Deletion) (findings int, err error) {
	err = s.db.Update(ctx, database.Durable, "delete findings from", func(tx *database.Tx) error {
		findings = 0
		for i := range list {
			was, err := deleteFinding(ctx, tx, &list[i])
			if err != nil {
				return err
			}
			findings += was
		}
		if findings == 0 {
			return nil
		}
		return database.MarkForgotten(ctx, tx, slices.Concat(ofFindings, ofPages)...)
	})
	if err != nil {
		return 0, err
	}
	if findings > 0 {
		s.emptyLog(ctx)
	}
	return findings, nil
}

// ofFindings are the tables with data of findings, and derived from them, apart from those of their pages.
var ofFindings = []string{
	"findings", "finding_changes", "finding_pictures", "outbox", "standings", "claims", "batch_previews", "notice_items",
	"campaigns", "campaign_findings", "campaign_members", "campaign_owners", "campaign_counts", "campaign_keys", "campaign_bands", "campaign_shapes",
	"campaign_aliases", "campaign_pins", "campaign_dirty",
}

func deleteFinding(ctx context.Context, tx *database.Tx, d *store.Deletion) (was int, err error) {
	var page, url, requested, category string
	var gone sql.NullInt64
	query := `SELECT f.page, f.url, f.requested_url, f.category, f.gone_at FROM findings f JOIN pages p ON p.page = f.page WHERE f.id = $1`
	if tx.Dialect == database.Postgres { // the page before its findings: a visit locks in this order
		query += ` FOR UPDATE OF p`
	}
	err = tx.QueryRowContext(ctx, query, d.Finding).Scan(&page, &url, &requested, &category, &gone)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM findings WHERE id = $1`, d.Finding); err != nil {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, `
INSERT INTO deletions (finding, at, category, reason, acts) VALUES ($1, $2, $3, $4, (SELECT seq FROM act_head WHERE id = 1))
ON CONFLICT (finding, at) DO UPDATE SET reason = excluded.reason, acts = excluded.acts`, d.Finding, database.Millis(d.At), category, d.Reason); err != nil {
		return 0, err
	}
	if err := outbox.Deleted(ctx, tx, d.Finding, d.At); err != nil {
		return 0, err
	}
	if err := review.Forget(ctx, tx, d.Finding, d.At); err != nil {
		return 0, err
	}
	if err := notices.Forget(ctx, tx, d.Finding); err != nil {
		return 0, err
	}
	if gone.Valid {
		return 1, nil
	}
	if err := unflag(ctx, tx, page); err != nil { // before the URL: a visit locks in this order
		return 0, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE frontier SET priority = 0 WHERE url IN ($1, $2)`, url, requested)
	return 1, err
}

// unflag makes a page that has lost an open finding be judged anew, and removes its text if it has no other
// finding.
func unflag(ctx context.Context, tx *database.Tx, page string) error {
	for _, statement := range []string{
		`UPDATE pages SET rules = '' WHERE page = $1`,
		`UPDATE pages SET flagged = 0 WHERE page = $1 AND NOT EXISTS (SELECT 1 FROM findings f WHERE f.page = $1 AND f.gone_at IS NULL)`,
		`DELETE FROM page_texts WHERE page = $1 AND EXISTS (SELECT 1 FROM pages p WHERE p.page = $1 AND p.flagged = 0)`,
		`DELETE FROM page_views WHERE page = $1 AND EXISTS (SELECT 1 FROM pages p WHERE p.page = $1 AND p.flagged = 0)`,
	} {
		if _, err := tx.ExecContext(ctx, statement, page); err != nil {
			return err
		}
	}
	return nil
}

const selectDeletions = `SELECT finding, at, category, reason FROM deletions`

func scanDeletion(r *sql.Rows) (d store.Deletion, err error) {
	var at int64
	err = r.Scan(&d.Finding, &at, &d.Category, &d.Reason)
	d.At = database.FromMillis(at)
	return d, err
}

// Deletions returns the log of deletions, the latest first, at most limit.
func (s *Store) Deletions(ctx context.Context, limit int) ([]store.Deletion, error) {
	list, err := database.Collect(ctx, s.db.Read, scanDeletion, selectDeletions+` ORDER BY at DESC, finding LIMIT $1`, limit)
	return list, s.db.Fail("read the log of deletions from", err)
}

// FindingRecordsOf returns the records of the findings; unknown ids are left out.
func (s *Store) FindingRecordsOf(ctx context.Context, ids []string) (list []qianshao.FindingRecord, err error) {
	for _, id := range ids {
		records, err := database.Collect(ctx, s.db.Read, s.scanFindingRecord, selectFindingRecords+` WHERE f.id = $1`, id)
		if err != nil {
			return nil, s.db.Fail("read index entries from", err)
		}
		list = append(list, records...)
	}
	return list, nil
}
