package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
)

// MaxPageText bounds the region text that is kept for search of one page, in
// bytes, cut at a region's end. The source is kept whole. A page of more text
// than a long novel is data, and each finding on it is indexed with all of it.
const MaxPageText = 2 << 20

// Save is one analysed page.
type Save struct {
	// Page as fetched; FetchedAt must be set.
	Page       qianshao.Page
	Document   *qianshao.Document
	Assessment qianshao.Assessment
	// ViewsAsked says that the page's other views were asked for at this visit,
	// whether or not they came.
	ViewsAsked bool
}

// Saved says what the search index must be told of a saved page.
type Saved struct {
	Entries []index.Entry // to Put
	// Removed are the ids to Delete: findings of the page that fire no more. They
	// are named at every save until Unlisted has heard that the index is rid of them.
	Removed []string
}

// SavePage records a page in one transaction; doing it twice is doing it once.
// A flagged page (Assessment.Flagged) keeps its source, text and findings, each
// with the time when it was first seen. Of any other page nothing but URL, hash,
// status and times stays, and what an earlier visit kept is overwritten.
func (s *Store) SavePage(ctx context.Context, save Save) (Saved, error) {
	if save.Page.URL == "" || save.Page.FetchedAt.IsZero() || save.Document == nil {
		return Saved{}, s.fail("save a page in", errors.New("Page.URL, Page.FetchedAt and Document must be set"))
	}
	var saved Saved
	cleared := false
	err := s.update(ctx, durable, "save page "+save.Page.URL+" in", func(tx *sql.Tx) (err error) {
		if err := putPage(ctx, tx, &save); err != nil {
			return err
		}
		if save.Assessment.Flagged() {
			saved, err = s.saveFlagged(ctx, tx, &save)
		} else {
			saved.Removed, cleared, err = clearPage(ctx, tx, save.Page.URL)
		}
		if err == nil {
			err = s.putViews(ctx, tx, &save)
		}
		if err == nil {
			saved.Removed, err = noteRemovals(ctx, tx, save.Page.URL, saved.Removed)
		}
		return err
	})
	if err != nil {
		return Saved{}, err
	}
	if cleared {
		// secure_delete has overwritten the text in the database; this drops
		// what the write-ahead log still has of it. A reader may be in the way:
		// then the next checkpoint does it.
		_, _ = s.write.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	}
	return saved, nil
}

func putPage(ctx context.Context, tx *sql.Tx, save *Save) error {
	sum := sha256.Sum256(save.Page.Body)
	_, err := tx.ExecContext(ctx, `
INSERT INTO pages (url, requested_url, authorisation, sha256, status, first_seen, last_seen, flagged)
VALUES ($1, $2, $3, $4, $5, $6, $6, $7)
ON CONFLICT (url) DO UPDATE SET requested_url = excluded.requested_url, authorisation = excluded.authorisation,
  sha256 = excluded.sha256, status = excluded.status, flagged = excluded.flagged,
  first_seen = CASE WHEN excluded.first_seen < pages.first_seen THEN excluded.first_seen ELSE pages.first_seen END,
  last_seen = CASE WHEN excluded.last_seen > pages.last_seen THEN excluded.last_seen ELSE pages.last_seen END`,
		save.Page.URL, save.Page.RequestedURL, save.Page.Authorisation, hex.EncodeToString(sum[:]), save.Page.Status,
		millis(save.Page.FetchedAt), bit(save.Assessment.Flagged()))
	return err
}

// clearPage removes the text and the findings of a page that is not flagged.
// any says whether there was something.
func clearPage(ctx context.Context, tx *sql.Tx, pageURL string) (removed []string, any bool, err error) {
	res, err := tx.ExecContext(ctx, `DELETE FROM page_texts WHERE url = $1`, pageURL)
	if err != nil {
		return nil, false, err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return nil, false, err
	}
	removed, err = collect(ctx, tx, scanString, `DELETE FROM findings WHERE url = $1 RETURNING id`, pageURL)
	return removed, n > 0 || len(removed) > 0, err
}

func (s *Store) saveFlagged(ctx context.Context, tx *sql.Tx, save *Save) (saved Saved, err error) {
	body := pageText(save.Document)
	source, err := s.packer.pack(save.Document.Source)
	if err != nil {
		return saved, err
	}
	packed, err := s.packer.pack(body)
	if err != nil {
		return saved, err
	}
	if _, err := tx.ExecContext(ctx, `
INSERT INTO page_texts (url, charset, title, source, body) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (url) DO UPDATE SET charset = excluded.charset, title = excluded.title, source = excluded.source, body = excluded.body`,
		save.Page.URL, save.Document.Charset, save.Document.Title, source, packed); err != nil {
		return saved, err
	}
	fires := map[string]bool{}
	for _, f := range save.Assessment.Findings {
		first, last, err := putFinding(ctx, tx, &f, save)
		if err != nil {
			return saved, fmt.Errorf("finding of rule %s: %w", f.Rule, err)
		}
		fires[f.ID] = true
		saved.Entries = append(saved.Entries, index.Entry{
			Finding: f, Host: hostOf(save.Page.URL), PageTitle: save.Document.Title, PageText: body, FirstSeen: first, LastSeen: last,
		})
	}
	saved.Removed, err = removeQuiet(ctx, tx, save.Page.URL, fires)
	return saved, err
}

func putFinding(ctx context.Context, tx *sql.Tx, f *qianshao.Finding, save *Save) (first, last time.Time, err error) {
	if f.ID == "" || f.URL != save.Page.URL {
		return first, last, fmt.Errorf("its id %q or URL %q is not that of the page", f.ID, f.URL)
	}
	text, err := json.Marshal(f)
	if err != nil {
		return first, last, err
	}
	var firstMS, lastMS int64
	err = tx.QueryRowContext(ctx, `
INSERT INTO findings (id, url, rule, category, level, score, finding, first_seen, last_seen)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
ON CONFLICT (id) DO UPDATE SET rule = excluded.rule, category = excluded.category, level = excluded.level,
  score = excluded.score, finding = excluded.finding,
  first_seen = CASE WHEN excluded.first_seen < findings.first_seen THEN excluded.first_seen ELSE findings.first_seen END,
  last_seen = CASE WHEN excluded.last_seen > findings.last_seen THEN excluded.last_seen ELSE findings.last_seen END
RETURNING first_seen, last_seen`,
		f.ID, f.URL, f.Rule, string(f.Category), int(f.Level), f.Score, string(text), millis(save.Page.FetchedAt)).Scan(&firstMS, &lastMS)
	return fromMillis(firstMS), fromMillis(lastMS), err
}

// removeQuiet deletes the page's findings that are not among those that fire.
func removeQuiet(ctx context.Context, tx *sql.Tx, pageURL string, fires map[string]bool) ([]string, error) {
	ids, err := collect(ctx, tx, scanString, `SELECT id FROM findings WHERE url = $1 ORDER BY id`, pageURL)
	if err != nil {
		return nil, err
	}
	var removed []string
	for _, id := range ids {
		if fires[id] {
			continue
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM findings WHERE id = $1`, id); err != nil {
			return nil, err
		}
		removed = append(removed, id)
	}
	return removed, nil
}

// noteRemovals remembers findings that are gone until the index has heard of
// it: the process may die in between. It returns all that the index may still have.
func noteRemovals(ctx context.Context, tx *sql.Tx, pageURL string, removed []string) ([]string, error) {
	for _, id := range removed {
		if _, err := tx.ExecContext(ctx, `INSERT INTO removals (id, url) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, id, pageURL); err != nil {
			return nil, err
		}
	}
	// One that fires again is no removal any more.
	if _, err := tx.ExecContext(ctx, `DELETE FROM removals WHERE url = $1 AND id IN (SELECT id FROM findings WHERE url = $1)`, pageURL); err != nil {
		return nil, err
	}
	return collect(ctx, tx, scanString, `SELECT id FROM removals WHERE url = $1 ORDER BY id`, pageURL)
}

// Unlisted records that the search index is rid of the ids of Saved.Removed.
func (s *Store) Unlisted(ctx context.Context, ids []string) error {
	return s.update(ctx, durable, "record removals from the index in", func(tx *sql.Tx) error {
		for _, id := range ids {
			if _, err := tx.ExecContext(ctx, `DELETE FROM removals WHERE id = $1`, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// pageText joins the text of all regions with newlines, which search never
// matches across. A newline inside of a region becomes a space.
func pageText(doc *qianshao.Document) string {
	var b strings.Builder
	for i := range doc.Regions {
		text := strings.ReplaceAll(doc.Regions[i].Text, "\n", " ")
		if text == "" {
			continue
		}
		if b.Len()+1+len(text) > MaxPageText {
			break
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(text)
	}
	return b.String()
}

// hostOf returns the host of a canonical URL without its port, "" for a file.
func hostOf(pageURL string) string {
	u, err := url.Parse(pageURL)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

func scanString(r *sql.Rows) (v string, err error) {
	err = r.Scan(&v)
	return v, err
}
