package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/clients"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/outbox"
)

// SavePage records a page in one transaction. It is idempotent. A flagged page (Assessment.Flagged) keeps
// its source, text and findings, each with the time when it was first seen. Of any other page only its key,
// hash, status and times are kept, and what an earlier visit stored is overwritten. If a known finding has
// another category than before, it has moved, and its history says so. Findings that are no longer made are
// gone from then on. They keep their evidence and the capture of the page that showed it; see
// store.Finding.
func (s *Store) SavePage(ctx context.Context, save store.Save) (store.Saved, error) {
	if save.Page.URL == "" || save.Page.FetchedAt.IsZero() || save.Document == nil {
		return store.Saved{}, s.db.Fail("save a page in", errors.New("Page.URL, Page.FetchedAt and Document must be set"))
	}
	if !utf8.ValidString(save.Page.URL) || strings.Contains(save.Page.URL, "\x00") { // no database may turn it into another URL
		return store.Saved{}, s.db.Fail("save a page in", fmt.Errorf("the URL %q is not UTF-8, or has a NUL", save.Page.URL))
	}
	// Findings must survive a power cut, since the site may have changed before the page is seen again. Any
	// other page is simply fetched again.
	need := database.Ordered
	if save.Assessment.Flagged() {
		need = database.Durable
	}
	var v visit
	hash := hashOf(save.Page.Body)
	err := s.db.Update(ctx, need, "save page "+save.Page.URL+" in", func(tx *database.Tx) error {
		v = visit{page: qianshao.PageKey(save.Page.URL), hash: hash, at: save.Page.FetchedAt}
		return s.savePage(ctx, tx, &save, &v)
	})
	if err != nil {
		return store.Saved{}, err
	}
	if v.cleared {
		s.emptyLog(ctx)
	}
	return v.saved, nil
}

// disorder is how much later visits may be saved out of order: pages are processed for minutes. If the last
// visit is further ahead, it was recorded by a clock that was ahead, and its times are replaced.
const disorder = time.Hour

// notAfter is the latest recorded time, in milliseconds, that a visit at a given time does not replace.
func notAfter(at time.Time) int64 { return database.Millis(at.Add(disorder)) }

// visit is one transaction's work on a page's rows.
type visit struct {
	page    string // its key
	hash    string // of the assessed body
	at      time.Time
	cleared bool // text was removed
	saved   store.Saved
}

// emptyLog empties the write-ahead log, which may still contain a removed text or query; in the database
// secure_delete has overwritten it. If a reader prevents it, the next checkpoint does it.
func (s *Store) emptyLog(ctx context.Context) { _ = s.db.Checkpoint(ctx) }

func (s *Store) savePage(ctx context.Context, tx *database.Tx, save *store.Save, v *visit) error {
	var hash, rules string
	known := true
	err := tx.QueryRowContext(ctx, `SELECT sha256, rules FROM pages WHERE page = $1`+forUpdate(tx), v.page).Scan(&hash, &rules)
	if errors.Is(err, sql.ErrNoRows) {
		known, err = false, nil
	}
	if err != nil {
		return err
	}
	meanwhile, err := putPage(ctx, tx, save, v)
	if err != nil {
		return err
	}
	known = known || meanwhile
	cause := qianshao.CauseContent
	if hash == v.hash && rules != save.Rules {
		cause = qianshao.CauseRules
	}
	fires := map[string]bool{}
	if save.Assessment.Flagged() {
		if err := s.putText(ctx, tx, save); err != nil {
			return err
		}
		if fires, err = putFindings(ctx, tx, save, cause); err != nil {
			return err
		}
		v.saved.Open, v.saved.Changed = len(fires) > 0, len(fires) > 0
	} else if known {
		if v.cleared, err = removeText(ctx, tx, v.page); err != nil {
			return err
		}
	}
	if !known && len(fires) == 0 && !save.ViewsAsked {
		return nil // a new page without findings: there is nothing to close
	}
	// Pictures are kept for findings that are gone before the page gets new ones.
	if err := closeQuiet(ctx, tx, v, fires, cause, save.Merged); err != nil {
		return err
	}
	return s.putViews(ctx, tx, save, v.hash)
}

// forUpdate ends a query whose rows must not change until the transaction ends. In SQLite they cannot.
func forUpdate(tx *database.Tx) string {
	if tx.Dialect == database.Postgres {
		return ` FOR UPDATE`
	}
	return ""
}

// saveUnflagged saves a page in the transaction of its visit, as SavePage does. It need not be exclusive:
// it has locked the page's row, and if findings are gone, the outbox requires it to be.
func (s *Store) saveUnflagged(ctx context.Context, tx *database.Tx, p *ingest.Unflagged) (cleared bool, err error) {
	save := store.Save{
		Page: qianshao.Page{
			URL: p.URL, RequestedURL: p.RequestedURL, Authorisation: p.Authorisation, Status: p.Status, FetchedAt: p.FetchedAt,
		},
		ViewsAsked: p.ViewsAsked, Scripted: p.Scripted, Rules: p.Rules,
	}
	v := visit{page: qianshao.PageKey(p.URL), hash: p.Hash, at: p.FetchedAt}
	err = s.savePage(ctx, tx, &save, &v)
	return v.cleared, err
}

// putPage adds or updates a page's row. meanwhile says that the page was missing and another transaction
// has added it since.
func putPage(ctx context.Context, tx *database.Tx, save *store.Save, v *visit) (meanwhile bool, err error) {
	var scripted int64
	if save.Scripted {
		scripted = database.Millis(save.Page.FetchedAt)
	}
	const put = `
INSERT INTO pages (page, requested, authorisation, sha256, status, first_seen, last_seen, flagged, rules, scripts_at)
VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $10)
ON CONFLICT (page) DO UPDATE SET requested = excluded.requested, authorisation = excluded.authorisation,
  sha256 = excluded.sha256, status = excluded.status, flagged = excluded.flagged, rules = excluded.rules, scripts_at = excluded.scripts_at,
  first_seen = CASE WHEN excluded.first_seen < pages.first_seen THEN excluded.first_seen ELSE pages.first_seen END,
  missed_at = CASE WHEN pages.missed_at > $9 THEN 0 ELSE pages.missed_at END,
  last_seen = CASE WHEN excluded.last_seen > pages.last_seen OR pages.last_seen > $9 THEN excluded.last_seen ELSE pages.last_seen END`
	args := []any{
		v.page, qianshao.PageKey(save.Page.RequestedURL), save.Page.Authorisation, v.hash, save.Page.Status,
		database.Millis(save.Page.FetchedAt), bit(save.Assessment.Flagged()), save.Rules, notAfter(save.Page.FetchedAt), scripted,
	}
	if tx.Dialect == database.Postgres { // an existing row says which transaction changed it
		err = tx.QueryRowContext(ctx, put+` RETURNING xmax <> 0`, args...).Scan(&meanwhile)
	} else {
		_, err = tx.ExecContext(ctx, put, args...)
	}
	return meanwhile, err
}

// putText stores the texts that a flagged page's evidence points into, and the page's whole URL.
func (s *Store) putText(ctx context.Context, tx *database.Tx, save *store.Save) error {
	source, err := s.packer.pack(save.Document.Source)
	if err != nil {
		return err
	}
	body, err := s.packer.pack(pageText(save.Document))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
INSERT INTO page_texts (page, url, requested_url, charset, title, source, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (page) DO UPDATE SET url = excluded.url, requested_url = excluded.requested_url, charset = excluded.charset, title = excluded.title,
  source = excluded.source, body = excluded.body`,
		qianshao.PageKey(save.Page.URL), save.Page.URL, save.Page.RequestedURL, save.Document.Charset, save.Document.Title, source, body)
	return err
}

// removeText removes the text of a page that is not flagged. removed says whether it had any.
func removeText(ctx context.Context, tx *database.Tx, page string) (removed bool, err error) {
	res, err := tx.ExecContext(ctx, `DELETE FROM page_texts WHERE page = $1`, page)
	if err != nil {
		return false, err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	return true, database.MarkRemoved(ctx, tx, ofPages...)
}

// ofPages are the tables with text of flagged pages.
var ofPages = []string{"page_texts", "page_views"}

// putFindings saves findings, reopens those that were gone, and records those that have moved to another
// category.
func putFindings(ctx context.Context, tx *database.Tx, save *store.Save, cause qianshao.Cause) (fires map[string]bool, err error) {
	known, err := standings(ctx, tx, qianshao.PageKey(save.Page.URL))
	if err != nil {
		return nil, err
	}
	fires = map[string]bool{}
	for i := range save.Assessment.Findings {
		f := &save.Assessment.Findings[i]
		if err := putFinding(ctx, tx, f, save); err != nil {
			return nil, fmt.Errorf("finding of rule %s: %w", f.Rule, err)
		}
		if err := outbox.Changed(ctx, tx, f.ID, save.Page.FetchedAt); err != nil {
			return nil, err
		}
		fires[f.ID] = true
		was, ok := known[f.ID]
		if !ok || !was.gone && was.category == f.Category {
			continue
		}
		c := qianshao.Change{At: save.Page.FetchedAt, State: qianshao.StateOpen, Cause: qianshao.CauseCategory}
		if was.category != f.Category {
			c.From, c.To = was.category, f.Category
		}
		if was.gone {
			c.Cause = cause
			if _, err := tx.ExecContext(ctx, `DELETE FROM finding_pictures WHERE id = $1`, f.ID); err != nil {
				return nil, err
			}
		}
		if err := noteChange(ctx, tx, f.ID, c); err != nil {
			return nil, err
		}
	}
	return fires, nil
}

// standing is a finding's state before a visit.
type standing struct {
	category qianshao.Category
	gone     bool
}

// standings returns the state of a page's findings, by id.
func standings(ctx context.Context, tx *database.Tx, page string) (map[string]standing, error) {
	known := map[string]standing{}
	_, err := database.Collect(ctx, tx, func(r *sql.Rows) (id string, err error) {
		var was standing
		err = r.Scan(&id, &was.category, &was.gone)
		known[id] = was
		return id, err
	}, `SELECT id, category, gone_at IS NOT NULL FROM findings WHERE page = $1`, page)
	return known, err
}

func putFinding(ctx context.Context, tx *database.Tx, f *qianshao.Finding, save *store.Save) error {
	if f.ID == "" || f.URL != save.Page.URL {
		return fmt.Errorf("its id %q or URL %q is not that of the page", f.ID, f.URL)
	}
	kept := *f
	kept.Seen = "" // it has a column of its own
	text, err := json.Marshal(&kept)
	if err != nil {
		return err
	}
	if err := clients.Found(ctx, tx, f.ID); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
INSERT INTO findings (id, page, url, rule, category, level, score, finding, first_seen, last_seen, sha256, status, requested_url, charset, title,
  seen, host, authorisation)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11, $12, $13, $14, $16, $17, $18)
ON CONFLICT (id) DO UPDATE SET rule = excluded.rule, category = excluded.category, level = excluded.level,
  score = excluded.score, finding = excluded.finding, gone_at = NULL, sha256 = excluded.sha256, status = excluded.status,
  requested_url = excluded.requested_url, charset = excluded.charset, title = excluded.title,
  seen = excluded.seen, host = excluded.host, authorisation = excluded.authorisation,
  back_at = CASE WHEN findings.gone_at IS NOT NULL THEN excluded.last_seen WHEN findings.back_at > $15 THEN 0 ELSE findings.back_at END,
  first_seen = CASE WHEN excluded.first_seen < findings.first_seen THEN excluded.first_seen ELSE findings.first_seen END,
  last_seen = CASE WHEN excluded.last_seen > findings.last_seen OR findings.last_seen > $15 THEN excluded.last_seen ELSE findings.last_seen END`,
		f.ID, qianshao.PageKey(f.URL), f.URL, f.Rule, string(f.Category), int(f.Level), f.Score, string(text), database.Millis(save.Page.FetchedAt),
		hashOf(save.Page.Body), save.Page.Status, save.Page.RequestedURL, save.Document.Charset, cut(save.Document.Title, store.MaxTitle),
		notAfter(save.Page.FetchedAt), f.Seen, f.Host(), f.Authorisation)
	return err
}

// cut returns the beginning of s, at most n bytes, without splitting a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// closeQuiet marks open findings of the page that are not in fires as gone.
func closeQuiet(ctx context.Context, tx *database.Tx, v *visit, fires map[string]bool, cause qianshao.Cause, merged map[string]string) error {
	open, err := database.Collect(ctx, tx, database.ScanValue[string], `SELECT id FROM findings WHERE page = $1 AND gone_at IS NULL`, v.page)
	if err != nil {
		return err
	}
	for _, id := range open {
		if fires[id] {
			continue
		}
		if _, err := tx.ExecContext(ctx, `
UPDATE findings SET gone_at = $1, first_seen = CASE WHEN first_seen > $3 THEN $1 ELSE first_seen END,
  last_seen = CASE WHEN last_seen > $3 THEN $1 ELSE last_seen END WHERE id = $2`, database.Millis(v.at), id, notAfter(v.at)); err != nil {
			return err
		}
		if err := keepPictures(ctx, tx, id); err != nil {
			return err
		}
		c := qianshao.Change{At: v.at, State: qianshao.StateGone, Cause: cause}
		if into := merged[id]; into != "" {
			c.Cause, c.Into = qianshao.CauseMerged, into
		}
		if err := noteChange(ctx, tx, id, c); err != nil {
			return err
		}
		if err := outbox.Changed(ctx, tx, id, v.at); err != nil {
			return err
		}
		v.saved.Changed = true
	}
	return nil
}

// noteChange adds to a finding's history. Earlier entries made by a clock that was ahead are moved before
// it, in their order.
func noteChange(ctx context.Context, tx *database.Tx, id string, c qianshao.Change) error {
	var latest sql.NullInt64
	if err := tx.QueryRowContext(ctx, `SELECT max(at) FROM finding_changes WHERE id = $1`, id).Scan(&latest); err != nil {
		return err
	}
	if at, most := database.Millis(c.At), notAfter(c.At); latest.Int64 > most {
		if _, err := tx.ExecContext(ctx, `UPDATE finding_changes SET at = at - $1 WHERE id = $2 AND at > $3`, latest.Int64-at+1, id, most); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `
INSERT INTO finding_changes (id, at, state, cause, from_category, to_category, merged_into) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id, at, state) DO NOTHING`,
		id, database.Millis(c.At), string(c.State), string(c.Cause), string(c.From), string(c.To), c.Into)
	return err
}

// Confirm records that a page is unchanged since its last assessment: a body of the same SHA-256, the same
// rules, and scripts whose content is still known. known is false if that does not match the store; then
// nothing is recorded, and the page must be assessed.
func (s *Store) Confirm(ctx context.Context, pageURL, hash, rules string, at time.Time) (saved store.Saved, known bool, err error) {
	page := qianshao.PageKey(pageURL)
	err = s.db.UpdateRows(ctx, database.Ordered, "confirm page "+pageURL+" in", func(tx *database.Tx) error {
		saved, known = store.Saved{}, false
		res, err := tx.ExecContext(ctx, `
UPDATE pages SET last_seen = CASE WHEN $1 > last_seen OR last_seen > $5 THEN $1 ELSE last_seen END,
  first_seen = CASE WHEN first_seen > $5 THEN $1 ELSE first_seen END, missed_at = CASE WHEN missed_at > $5 THEN 0 ELSE missed_at END
WHERE page = $2 AND sha256 = $3 AND rules = $4 AND (scripts_at = 0 OR scripts_at > $6 AND scripts_at <= $5)`,
			database.Millis(at), page, hash, rules, notAfter(at), database.Millis(at.Add(-store.ScriptsHold)))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		known = true
		seen, err := database.Collect(ctx, tx, database.ScanValue[string], `
UPDATE findings SET last_seen = CASE WHEN $1 > last_seen OR last_seen > $3 THEN $1 ELSE last_seen END,
  first_seen = CASE WHEN first_seen > $3 THEN $1 ELSE first_seen END
WHERE page = $2 AND gone_at IS NULL RETURNING id`, database.Millis(at), page, notAfter(at))
		if err != nil {
			return err
		}
		for _, id := range seen {
			if err := outbox.Changed(ctx, tx, id, at); err != nil {
				return err
			}
		}
		saved.Open, saved.Changed = len(seen) > 0, len(seen) > 0
		return nil
	})
	return saved, known && err == nil, err
}

// PageGone records that a page no longer exists: its URL answered status, or leads elsewhere if status is
// 0. Its text is removed, and its findings are gone; they keep their captures. A page unknown to the store
// is ignored.
func (s *Store) PageGone(ctx context.Context, pageURL string, status int, cause qianshao.Cause, at time.Time) (store.Saved, error) {
	var v visit
	err := s.db.Update(ctx, database.Durable, "record that "+pageURL+" is gone in", func(tx *database.Tx) error {
		v = visit{page: qianshao.PageKey(pageURL), at: at}
		res, err := tx.ExecContext(ctx, `
UPDATE pages SET status = $1, sha256 = '', flagged = 0, rules = '', missed_at = CASE WHEN $2 > missed_at OR missed_at > $4 THEN $2 ELSE missed_at END,
  first_seen = CASE WHEN first_seen > $4 THEN $2 ELSE first_seen END, last_seen = CASE WHEN last_seen > $4 THEN $2 ELSE last_seen END
WHERE page = $3`, status, database.Millis(at), v.page, notAfter(at))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		if v.cleared, err = removeText(ctx, tx, v.page); err != nil {
			return err
		}
		if err := closeQuiet(ctx, tx, &v, nil, cause, nil); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM page_views WHERE page = $1`, v.page)
		return err
	})
	if err != nil {
		return store.Saved{}, err
	}
	if v.cleared {
		s.emptyLog(ctx)
	}
	return v.saved, nil
}

// pageText joins the text of all regions with newlines: search never matches across a newline. Newlines
// within a region become spaces.
func pageText(doc *qianshao.Document) string {
	var b strings.Builder
	for i := range doc.Regions {
		text := strings.ReplaceAll(doc.Regions[i].Text, "\n", " ")
		if text == "" {
			continue
		}
		if b.Len()+1+len(text) > store.MaxPageText {
			break
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(text)
	}
	return b.String()
}
