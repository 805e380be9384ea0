package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// Store is where the chain of the evidence archive is kept.
var _ evidence.Ledger = (*Store)(nil)

// AppendEvidence implements evidence.Ledger.
func (s *Store) AppendEvidence(ctx context.Context, after evidence.Head, x evidence.Extension) error {
	return s.db.Update(ctx, database.Durable, "extend the evidence chain in", func(tx *database.Tx) error {
		if err := checkHead(ctx, tx, after); err != nil {
			return err
		}
		for i := range x.Links {
			if err := putLink(ctx, tx, &x.Links[i]); err != nil {
				return fmt.Errorf("link %d: %w", x.Links[i].Seq, err)
			}
		}
		if n := len(x.Links); n > 0 {
			if err := putHead(ctx, tx, &x.Links[n-1]); err != nil {
				return err
			}
		}
		if x.Capture != nil {
			if err := putCapture(ctx, tx, x.Capture); err != nil {
				return fmt.Errorf("capture %d: %w", x.Capture.ID, err)
			}
		}
		return putDeletions(ctx, tx, x.Deletions)
	})
}

// checkHead returns evidence.ErrEndChanged unless the chain ends with head.
func checkHead(ctx context.Context, tx *database.Tx, head evidence.Head) error {
	var now evidence.Head
	err := tx.QueryRowContext(ctx, `SELECT seq, chain FROM evidence_head`).Scan(&now.Seq, &now.Chain)
	if err != nil && !errors.Is(err, sql.ErrNoRows) { // none: the archive is empty
		return err
	}
	if now.Seq != head.Seq || now.Chain != head.Chain {
		return fmt.Errorf("%w: it is record %d, not %d", evidence.ErrEndChanged, now.Seq, head.Seq)
	}
	return nil
}

func putLink(ctx context.Context, tx *database.Tx, l *evidence.Link) error {
	if _, err := tx.ExecContext(ctx, `
INSERT INTO evidence_links (seq, kind, added, file, start, length, record, chain, record_id, uri, captured, mime, status, payload, capture)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		l.Seq, l.Kind, database.Millis(l.Added), l.File, l.Offset, l.Length, l.Record, l.Chain,
		l.ID, l.URI, database.Millis(l.Captured), l.MIME, l.Status, l.Payload, l.Capture); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
INSERT INTO evidence_files (file, first_seq) VALUES ($1, $2) ON CONFLICT (file) DO UPDATE SET index_sha256 = ''`, l.File, l.Seq)
	return err
}

func putHead(ctx context.Context, tx *database.Tx, l *evidence.Link) error {
	_, err := tx.ExecContext(ctx, `
INSERT INTO evidence_head (one, seq, chain, added) VALUES (1, $1, $2, $3)
ON CONFLICT (one) DO UPDATE SET seq = excluded.seq, chain = excluded.chain, added = excluded.added`, l.Seq, l.Chain, database.Millis(l.Added))
	return err
}

func putCapture(ctx context.Context, tx *database.Tx, c *evidence.Capture) error {
	categories, err := json.Marshal(c.Categories)
	if err != nil {
		return err
	}
	findings, err := json.Marshal(c.Findings)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
INSERT INTO evidence_captures (id, url, captured, seen, fingerprint, categories, findings, records, bytes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		c.ID, c.URL, database.Millis(c.Captured), database.Millis(c.Seen), c.Fingerprint, string(categories), string(findings), c.Records, c.Bytes)
	return err
}

func putDeletions(ctx context.Context, tx *database.Tx, list []evidence.Deletion) error {
	for _, d := range list {
		res, err := tx.ExecContext(ctx, `UPDATE evidence_captures SET gone = $1 WHERE id = $2 AND gone = 0`, d.Seq, d.Capture)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, fmt.Errorf("capture %d is not there any more; was it deleted meanwhile?", d.Capture))
		}
		if _, err := tx.ExecContext(ctx, `
UPDATE evidence_files SET index_sha256 = '' WHERE file IN (SELECT file FROM evidence_links WHERE seq >= $1 AND capture = $1
  AND seq < $1 + (SELECT records FROM evidence_captures WHERE id = $1))`, d.Capture); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
UPDATE evidence_links SET gone = $1 WHERE capture = $2 AND seq >= $2
  AND seq < $2 + (SELECT records FROM evidence_captures WHERE id = $2)`, d.Seq, d.Capture); err != nil {
			return err
		}
	}
	return nil
}

// MarkEvidenceCut implements evidence.Ledger.
func (s *Store) MarkEvidenceCut(ctx context.Context, file string) error {
	return s.db.Update(ctx, database.Durable, "cut deleted evidence in", func(tx *database.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE evidence_files SET index_sha256 = '' WHERE file = $1`, file); err != nil {
			return err
		}
		return forgetCut(ctx, tx, file)
	})
}

// forgetCut marks the file's deleted records as cut, and leaves of their URLs what
// is kept of any page's. The chain does not have the URLs.
func forgetCut(ctx context.Context, tx *database.Tx, file string) error {
	captures, err := database.Collect(ctx, tx, scanCapture, selectCaptures+`
WHERE id IN (SELECT seq FROM evidence_links WHERE file = $1 AND gone <> 0 AND cut = 0)`, file)
	if err != nil {
		return err
	}
	for i := range captures {
		if _, err := tx.ExecContext(ctx, `UPDATE evidence_captures SET url = $1 WHERE id = $2`, qianshao.PageKey(captures[i].URL), captures[i].ID); err != nil {
			return err
		}
	}
	links, err := database.Collect(ctx, tx, scanLink, selectLinks+` WHERE file = $1 AND gone <> 0 AND cut = 0`, file)
	if err != nil {
		return err
	}
	for i := range links {
		if _, err := tx.ExecContext(ctx, `UPDATE evidence_links SET cut = 1, uri = $1 WHERE seq = $2`, qianshao.PageKey(links[i].URI), links[i].Seq); err != nil {
			return err
		}
	}
	return database.MarkRemoved(ctx, tx, "evidence_captures", "evidence_links")
}

// EvidenceEnd implements evidence.Ledger.
func (s *Store) EvidenceEnd(ctx context.Context) (evidence.End, error) {
	end, err := s.evidenceEnd(ctx)
	return end, s.db.Fail("read the end of the evidence chain from", err)
}

func (s *Store) evidenceEnd(ctx context.Context) (end evidence.End, err error) {
	var added int64
	var holed bool
	// The writer has the statement prepared and the pages cached. One statement, so that all of it is of one moment.
	err = s.db.ByWriter(func(tx *database.Tx) error {
		return tx.QueryRowContext(ctx, `
SELECT coalesce(h.seq, 0), coalesce(h.chain, ''), coalesce(h.added, 0), coalesce(l.seq, 0), coalesce(l.file, ''), coalesce(l.start + l.length, 0),
  EXISTS (SELECT 1 FROM evidence_links g WHERE g.file = l.file AND g.gone <> 0),
  (SELECT count(*) FROM evidence_links c WHERE c.gone <> 0 AND c.cut = 1)
FROM (SELECT 1 AS one) o LEFT JOIN evidence_head h ON h.one = o.one
  LEFT JOIN evidence_links l ON l.seq = (SELECT max(seq) FROM evidence_links)`).Scan(
			&end.Seq, &end.Chain, &added, &end.Last, &end.File, &end.Bytes, &holed, &end.Cut)
	})
	end.Holed = holed
	if end.Seq > 0 {
		end.Added = database.FromMillis(added)
	}
	return end, err
}

const selectLinks = `SELECT seq, kind, added, file, start, length, record, chain, record_id, uri, captured, mime, status, payload, capture, gone, cut FROM evidence_links`

func scanLink(rows *sql.Rows) (l evidence.Link, err error) {
	var added, captured int64
	var cut int
	err = rows.Scan(&l.Seq, &l.Kind, &added, &l.File, &l.Offset, &l.Length, &l.Record, &l.Chain,
		&l.ID, &l.URI, &captured, &l.MIME, &l.Status, &l.Payload, &l.Capture, &l.Gone, &cut)
	l.Added, l.Captured, l.Cut = database.FromMillis(added), database.FromMillis(captured), cut != 0
	return l, err
}

// EvidenceLinks implements evidence.Ledger.
func (s *Store) EvidenceLinks(ctx context.Context, after int64, limit int) ([]evidence.Link, error) {
	list, err := database.Collect(ctx, s.db.Read, scanLink, selectLinks+` WHERE seq > $1 ORDER BY seq LIMIT $2`, after, limit)
	return list, s.db.Fail("read the evidence chain from", err)
}

// EvidenceFileLinks implements evidence.Ledger.
func (s *Store) EvidenceFileLinks(ctx context.Context, file string) ([]evidence.Link, error) {
	list, err := database.Collect(ctx, s.db.Read, scanLink, selectLinks+` WHERE file = $1 ORDER BY seq`, file)
	return list, s.db.Fail("read the evidence chain from", err)
}

// EvidenceCutBefore implements evidence.Ledger.
func (s *Store) EvidenceCutBefore(ctx context.Context, link evidence.Link) (n int64, err error) {
	err = s.db.Read.QueryRowContext(ctx, `
SELECT coalesce(sum(length), 0) FROM evidence_links WHERE file = $1 AND seq < $2 AND gone <> 0 AND cut = 1`, link.File, link.Seq).Scan(&n)
	return n, s.db.Fail("read the evidence chain from", err)
}

const selectCaptures = `SELECT id, url, captured, seen, fingerprint, categories, findings, records, bytes, gone FROM evidence_captures`

func scanCapture(rows *sql.Rows) (c evidence.Capture, err error) {
	var captured, seen int64
	var categories, findings string
	if err := rows.Scan(&c.ID, &c.URL, &captured, &seen, &c.Fingerprint, &categories, &findings, &c.Records, &c.Bytes, &c.Gone); err != nil {
		return c, err
	}
	c.Captured, c.Seen = database.FromMillis(captured), database.FromMillis(seen)
	if err := errors.Join(json.Unmarshal([]byte(categories), &c.Categories), json.Unmarshal([]byte(findings), &c.Findings)); err != nil {
		return c, fmt.Errorf("%w: capture %d: %w", store.ErrCorrupt, c.ID, err)
	}
	return c, nil
}

// EvidenceCapture implements evidence.Ledger.
func (s *Store) EvidenceCapture(ctx context.Context, url string) (evidence.Capture, bool, error) {
	list, err := database.Collect(ctx, s.db.Read, scanCapture, selectCaptures+` WHERE url = $1 AND gone = 0 ORDER BY id DESC LIMIT 1`, url)
	if err != nil || len(list) == 0 {
		return evidence.Capture{}, false, s.db.Fail("read captures from", err)
	}
	return list[0], true, nil
}

// EvidenceCaptures implements evidence.Ledger.
func (s *Store) EvidenceCaptures(ctx context.Context, url string, after int64, limit int) ([]evidence.Capture, error) {
	if url == "" {
		list, err := database.Collect(ctx, s.db.Read, scanCapture, selectCaptures+` WHERE id > $1 ORDER BY id LIMIT $2`, after, limit)
		return list, s.db.Fail("read captures from", err)
	}
	list, err := database.Collect(ctx, s.db.Read, scanCapture, selectCaptures+` WHERE url = $1 AND id > $2 ORDER BY id LIMIT $3`, url, after, limit)
	return list, s.db.Fail("read captures from", err)
}

// SeeEvidence implements evidence.Ledger.
func (s *Store) SeeEvidence(ctx context.Context, url string, at time.Time) error {
	return s.db.Update(ctx, database.Ordered, "record that evidence was seen again in", func(tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, `
UPDATE evidence_captures SET seen = $1
WHERE id = (SELECT max(id) FROM evidence_captures WHERE url = $2 AND gone = 0) AND (seen < $1 OR seen > $3)`, database.Millis(at), url, notAfter(at))
		return err
	})
}

// EvidenceFiles implements evidence.Ledger.
func (s *Store) EvidenceFiles(ctx context.Context) ([]evidence.File, error) {
	list, err := database.Collect(ctx, s.db.Read, func(rows *sql.Rows) (f evidence.File, err error) {
		err = rows.Scan(&f.Name, &f.Index, &f.Uncut)
		return f, err
	}, `
SELECT f.file, f.index_sha256, EXISTS (SELECT 1 FROM evidence_links l WHERE l.file = f.file AND l.gone <> 0 AND l.cut = 0)
FROM evidence_files f ORDER BY f.first_seq`)
	return list, s.db.Fail("read the evidence files from", err)
}

// SetEvidenceIndex implements evidence.Ledger.
func (s *Store) SetEvidenceIndex(ctx context.Context, file string, through int64, sum string) error {
	return s.db.Update(ctx, database.Durable, "record an evidence index in", func(tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, `
UPDATE evidence_files SET index_sha256 = $1 WHERE file = $2
  AND $3 = (SELECT max(seq) FROM evidence_links WHERE evidence_links.file = $2)`, sum, file, through)
		return err
	})
}
