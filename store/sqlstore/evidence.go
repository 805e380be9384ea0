package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// Store keeps the hash chains of the evidence archive.
var _ evidence.Ledger = (*Store)(nil)

// BeginEvidence implements evidence.Ledger. Number 0 is the chain of older versions.
func (s *Store) BeginEvidence(ctx context.Context, writer string) (c evidence.Chain, err error) {
	err = s.db.Update(ctx, database.Durable, "begin an evidence chain in", func(tx *database.Tx) error {
		c = evidence.Chain{Writer: writer, Head: evidence.Head{Chain: evidence.Start}}
		if err := tx.QueryRowContext(ctx, `
SELECT coalesce(max(number), 0) + 1, (SELECT coalesce(max(epoch), 0) + 1 FROM evidence_chains WHERE writer = $1) FROM evidence_chains`, writer).Scan(&c.Number, &c.Epoch); err != nil {
			return err
		}
		c.Seq = evidence.Before(c.Number)
		c.Registered = c.Seq
		_, err := tx.ExecContext(ctx, `INSERT INTO evidence_chains (number, writer, epoch, seq, chain, added, registered) VALUES ($1, $2, $3, $4, $5, 0, $4)`,
			c.Number, c.Writer, c.Epoch, c.Seq, c.Head.Chain)
		return err
	})
	return c, err
}

// FenceEvidence implements evidence.Ledger.
func (s *Store) FenceEvidence(ctx context.Context, chain int64) error {
	return s.db.Update(ctx, database.Durable, "end an evidence chain in", func(tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE evidence_chains SET fenced = 1 WHERE number = $1`, chain)
		return err
	})
}

// EndEvidence implements evidence.Ledger.
func (s *Store) EndEvidence(ctx context.Context, chain int64, at time.Time) error {
	return s.db.Update(ctx, database.Durable, "end an evidence chain in", func(tx *database.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE evidence_chains SET fenced = 1, ended = 1 WHERE number = $1`, chain); err != nil {
			return err
		}
		return registerHeads(ctx, tx, at)
	})
}

// RegisterEvidence implements evidence.Ledger.
func (s *Store) RegisterEvidence(ctx context.Context, at time.Time) error {
	var missing bool
	err := s.db.Read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM evidence_chains WHERE seq <> registered)`).Scan(&missing)
	if err != nil || !missing {
		return s.db.Fail("read the evidence chains from", err)
	}
	return s.db.Update(ctx, database.Durable, "register the evidence chains in", func(tx *database.Tx) error { return registerHeads(ctx, tx, at) })
}

func registerHeads(ctx context.Context, tx *database.Tx, at time.Time) error {
	chains, err := database.Collect(ctx, tx, scanChain, selectChains+` WHERE seq <> registered ORDER BY number`)
	if err != nil {
		return err
	}
	var last int64
	previous := ""
	err = tx.QueryRowContext(ctx, `SELECT seq, hash FROM evidence_register ORDER BY seq DESC LIMIT 1`).Scan(&last, &previous)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	for i := range chains {
		c := &chains[i]
		e := evidence.Entry{Seq: last + 1 + int64(i), Chain: c.Number, Name: c.Name(), Head: c.Head}
		e.Head.Added = at.UTC().Truncate(time.Second)
		e.Hash = e.HashAfter(previous)
		previous = e.Hash
		if _, err := tx.ExecContext(ctx, `INSERT INTO evidence_register (seq, number, name, head, chain, at, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			e.Seq, e.Chain, e.Name, e.Head.Seq, e.Head.Chain, database.Millis(e.Head.Added), e.Hash); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE evidence_chains SET registered = $1 WHERE number = $2`, c.Seq, c.Number); err != nil {
			return err
		}
	}
	return nil
}

const selectEntries = `
SELECT r.seq, r.number, r.name, r.head, r.chain, r.at, r.hash, coalesce(l.chain, '')
FROM evidence_register r LEFT JOIN evidence_links l ON l.seq = r.head`

func scanEntry(rows *sql.Rows) (e evidence.Entry, err error) {
	var at int64
	err = rows.Scan(&e.Seq, &e.Chain, &e.Name, &e.Head.Seq, &e.Head.Chain, &at, &e.Hash, &e.Now)
	e.Head.Added = database.FromMillis(at)
	return e, err
}

// EvidenceRegister implements evidence.Ledger.
func (s *Store) EvidenceRegister(ctx context.Context, after int64, limit int) ([]evidence.Entry, error) {
	list, err := database.Collect(ctx, s.db.Read, scanEntry, selectEntries+` WHERE r.seq > $1 ORDER BY r.seq LIMIT $2`, after, limit)
	return list, s.db.Fail("read the evidence register from", err)
}

// EvidenceRegistered implements evidence.Ledger.
func (s *Store) EvidenceRegistered(ctx context.Context, seq int64) (e evidence.Entry, ok bool, err error) {
	list, err := database.Collect(ctx, s.db.Read, scanEntry, selectEntries+` WHERE r.head >= $1 AND r.head < $2 ORDER BY r.head, r.seq LIMIT 1`,
		seq, evidence.Before(evidence.ChainOf(seq)+1))
	if err != nil || len(list) == 0 {
		return e, false, s.db.Fail("read the evidence register from", err)
	}
	return list[0], true, nil
}

const selectChains = `SELECT number, writer, epoch, seq, chain, added, registered, fenced, ended FROM evidence_chains`

func scanChain(rows *sql.Rows) (c evidence.Chain, err error) {
	var added int64
	var fenced, ended int
	err = rows.Scan(&c.Number, &c.Writer, &c.Epoch, &c.Seq, &c.Head.Chain, &added, &c.Registered, &fenced, &ended)
	if c.Fenced, c.Ended = fenced != 0, ended != 0; c.Seq > evidence.Before(c.Number) {
		c.Added = database.FromMillis(added)
	}
	return c, err
}

// EvidenceState implements evidence.Ledger.
func (s *Store) EvidenceState(ctx context.Context) (evidence.State, error) {
	state, err := s.evidenceState(ctx)
	return state, s.db.Fail("read the evidence chains from", err)
}

func (s *Store) evidenceState(ctx context.Context) (state evidence.State, err error) {
	if state.Chains, err = database.Collect(ctx, s.db.Read, scanChain, selectChains+` ORDER BY number`); err != nil {
		return state, err
	}
	var at int64
	err = s.db.Read.QueryRowContext(ctx, `SELECT seq, hash, at FROM evidence_register ORDER BY seq DESC LIMIT 1`).Scan(&state.Register.Seq, &state.Register.Chain, &at)
	if err == nil {
		state.Register.Added = database.FromMillis(at)
	} else if !errors.Is(err, sql.ErrNoRows) {
		return state, err
	}
	return state, s.db.Read.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE cut = 1) FROM evidence_links WHERE gone <> 0`).Scan(&state.Gone, &state.Cut)
}

// EvidenceChain implements evidence.Ledger.
func (s *Store) EvidenceChain(ctx context.Context, number int64) (c evidence.Chain, ok bool, err error) {
	list, err := database.Collect(ctx, s.db.Read, scanChain, selectChains+` WHERE number = $1`, number)
	if err != nil || len(list) == 0 {
		return c, false, s.db.Fail("read the evidence chains from", err)
	}
	return list[0], true, nil
}

// AppendEvidence implements evidence.Ledger.
func (s *Store) AppendEvidence(ctx context.Context, after evidence.Head, x evidence.Extension) error {
	return s.db.Update(ctx, database.Durable, "extend the evidence chain in", func(tx *database.Tx) error {
		if err := moveHead(ctx, tx, after, x.Links); err != nil {
			return err
		}
		var capture int64
		if x.Capture != nil {
			var err error
			if capture, err = putCapture(ctx, tx, x.Capture); err != nil {
				return fmt.Errorf("a capture of %s: %w", x.Capture.URL, err)
			}
		}
		for links := range slices.Chunk(x.Links, linksAtATime) {
			if err := putLinks(ctx, tx, links, capture); err != nil {
				return fmt.Errorf("link %d: %w", links[0].Seq, err)
			}
		}
		return putDeletions(ctx, tx, x.Deletions)
	})
}

// moveHead moves a chain's head from one link to the last of new ones, or returns evidence.ErrFenced or
// evidence.ErrEndChanged.
func moveHead(ctx context.Context, tx *database.Tx, from evidence.Head, links []evidence.Link) error {
	number, last := evidence.ChainOf(from.Seq), evidence.Link{Seq: from.Seq, Chain: from.Chain, Added: from.Added}
	if n := len(links); n > 0 {
		last = links[n-1]
	}
	if evidence.ChainOf(last.Seq) != number {
		return fmt.Errorf("link %d does not belong to chain %d", last.Seq, number)
	}
	moved, err := database.ChangedRows(tx.ExecContext(ctx, `
UPDATE evidence_chains SET seq = $1, chain = $2, added = $3 WHERE number = $4 AND seq = $5 AND chain = $6 AND fenced = 0`,
		last.Seq, last.Chain, database.Millis(last.Added), number, from.Seq, from.Chain))
	if err != nil || moved == 1 {
		return err
	}
	list, err := database.Collect(ctx, tx, scanChain, selectChains+` WHERE number = $1`, number)
	switch {
	case err != nil:
		return err
	case len(list) == 0:
		return fmt.Errorf("%w: there is no chain %d", evidence.ErrEndChanged, number)
	case list[0].Fenced:
		return fmt.Errorf("chain %s: %w", list[0].Name(), evidence.ErrFenced)
	}
	return fmt.Errorf("%w: it is record %d, not %d", evidence.ErrEndChanged, list[0].Seq, from.Seq)
}

// linksAtATime are added by one statement.
const linksAtATime = 100

// putLinks adds links, of a capture or of none.
func putLinks(ctx context.Context, tx *database.Tx, links []evidence.Link, capture int64) error {
	const columns = 15
	args := make([]any, 0, columns*len(links))
	for i := range links {
		l := &links[i]
		args = append(args, l.Seq, l.Kind, database.Millis(l.Added), l.File, l.Offset, l.Length, l.Record, l.Chain,
			l.ID, l.URI, database.Millis(l.Captured), l.MIME, l.Status, l.Payload, capture)
	}
	_, err := tx.ExecContext(ctx, `
INSERT INTO evidence_links (seq, kind, added, file, start, length, record, chain, record_id, uri, captured, mime, status, payload, capture)
VALUES `+database.Values(len(links), columns), args...)
	return err
}

// putCapture adds a capture and returns its id.
func putCapture(ctx context.Context, tx *database.Tx, c *evidence.Capture) (id int64, err error) {
	categories, err := json.Marshal(c.Categories)
	if err != nil {
		return 0, err
	}
	findings, err := json.Marshal(c.Findings)
	if err != nil {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, `
INSERT INTO evidence_captures (id, first_seq, url, captured, seen, fingerprint, categories, findings, records, bytes)
VALUES ((SELECT coalesce(max(id), 0) + 1 FROM evidence_captures), $1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
		c.First, c.URL, database.Millis(c.Captured), database.Millis(c.Seen), c.Fingerprint, string(categories), string(findings), c.Records, c.Bytes).Scan(&id)
	return id, err
}

func putDeletions(ctx context.Context, tx *database.Tx, list []evidence.Deletion) error {
	for _, d := range list {
		res, err := tx.ExecContext(ctx, `UPDATE evidence_captures SET gone = $1 WHERE id = $2 AND gone = 0`, d.Seq, d.Capture)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, locales.Errorf("store.capture_gone", d.Capture))
		}
		if _, err := tx.ExecContext(ctx, `
UPDATE evidence_links SET gone = $1 WHERE capture = $2 AND seq >= (SELECT first_seq FROM evidence_captures WHERE id = $2)
  AND seq < (SELECT first_seq + records FROM evidence_captures WHERE id = $2)`, d.Seq, d.Capture); err != nil {
			return err
		}
	}
	return nil
}

// UncutEvidence implements evidence.Ledger.
func (s *Store) UncutEvidence(ctx context.Context) ([]string, error) {
	list, err := database.Collect(ctx, s.db.Read, database.ScanValue[string], `SELECT DISTINCT file FROM evidence_links WHERE gone <> 0 AND cut = 0 ORDER BY file`)
	return list, s.db.Fail("read the evidence chain from", err)
}

// CutEvidence implements evidence.Ledger.
func (s *Store) CutEvidence(ctx context.Context, file string, cut func(links []evidence.Link) error) error {
	return s.db.Update(ctx, database.Durable, "cut deleted evidence in", func(tx *database.Tx) error {
		links, err := database.Collect(ctx, tx, scanLink, selectLinks+` WHERE file = $1 ORDER BY seq`, file)
		if err != nil {
			return err
		}
		if err := cut(links); err != nil {
			return err
		}
		return forgetCut(ctx, tx, file)
	})
}

// forgetCut marks the file's deleted records as cut, and reduces their URLs to what is kept of any page's
// URL. The chain does not contain the URLs.
func forgetCut(ctx context.Context, tx *database.Tx, file string) error {
	captures, err := database.Collect(ctx, tx, scanCapture, selectCaptures+`
WHERE id IN (SELECT capture FROM evidence_links WHERE file = $1 AND gone <> 0 AND cut = 0)`, file)
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

const selectCaptures = `SELECT id, first_seq, url, captured, seen, fingerprint, categories, findings, records, bytes, gone FROM evidence_captures`

func scanCapture(rows *sql.Rows) (c evidence.Capture, err error) {
	var captured, seen int64
	var categories, findings string
	if err := rows.Scan(&c.ID, &c.First, &c.URL, &captured, &seen, &c.Fingerprint, &categories, &findings, &c.Records, &c.Bytes, &c.Gone); err != nil {
		return c, err
	}
	c.Captured, c.Seen = database.FromMillis(captured), database.FromMillis(seen)
	if err := errors.Join(json.Unmarshal([]byte(categories), &c.Categories), json.Unmarshal([]byte(findings), &c.Findings)); err != nil {
		return c, fmt.Errorf("%w: capture %d: %w", store.ErrCorrupt, c.ID, err)
	}
	return c, nil
}

// ofURL is the condition for captures of the URL in the first parameter. PostgreSQL cannot index keys as
// long as a URL may be.
func (s *Store) ofURL() string {
	if s.db.Dialect() == database.Postgres {
		return `md5(url) = md5($1) AND url = $1`
	}
	return `url = $1`
}

// EvidenceCapture implements evidence.Ledger.
func (s *Store) EvidenceCapture(ctx context.Context, url string) (evidence.Capture, bool, error) {
	list, err := database.Collect(ctx, s.db.Read, scanCapture, selectCaptures+` WHERE `+s.ofURL()+` AND gone = 0 ORDER BY id DESC LIMIT 1`, url)
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
	list, err := database.Collect(ctx, s.db.Read, scanCapture, selectCaptures+` WHERE `+s.ofURL()+` AND id > $2 ORDER BY id LIMIT $3`, url, after, limit)
	return list, s.db.Fail("read captures from", err)
}

// SeeEvidence implements evidence.Ledger.
func (s *Store) SeeEvidence(ctx context.Context, url string, at time.Time) error {
	return s.db.UpdateRows(ctx, database.Ordered, "record that evidence was seen again in", func(tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, `
UPDATE evidence_captures SET seen = $2
WHERE id = (SELECT max(id) FROM evidence_captures WHERE `+s.ofURL()+` AND gone = 0) AND (seen < $2 OR seen > $3)`, url, database.Millis(at), notAfter(at))
		return err
	})
}
