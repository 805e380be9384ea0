package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/queue"
)

// Finding returns one finding, or store.ErrNotFound.
func (s *Store) Finding(ctx context.Context, id string) (store.Finding, error) {
	f, err := s.finding(ctx, id)
	if err != nil {
		return store.Finding{}, s.db.Fail(fmt.Sprintf("read finding %q from", id), err)
	}
	return f, nil
}

// VisibleFinding returns one finding that the sight shows. Any other is store.ErrNotFound, and no more of
// it is read than of one that does not exist: the time to read it, or an error in it, would reveal it, and
// ids can be computed from URLs.
func (s *Store) VisibleFinding(ctx context.Context, sight qianshao.Sight, id string) (store.Finding, error) {
	var authorisation string
	// The index contains both columns; the row may have megabytes of evidence before them.
	err := s.db.Read.QueryRowContext(ctx, `SELECT authorisation FROM findings INDEXED BY findings_desk WHERE id = $1`, id).Scan(&authorisation)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !sight.Sees(authorisation) {
		return store.Finding{}, store.ErrNotFound
	}
	if err != nil {
		return store.Finding{}, s.db.Fail(fmt.Sprintf("read finding %q from", id), err)
	}
	f, err := s.Finding(ctx, id)
	if err == nil && !sight.Sees(f.Authorisation) { // it has just been moved
		return store.Finding{}, store.ErrNotFound
	}
	return f, err
}

func (s *Store) finding(ctx context.Context, id string) (f store.Finding, err error) {
	var text, shown string
	var source []byte
	var first, last, visited int64
	var gone sql.NullInt64
	err = s.db.Read.QueryRowContext(ctx, `
SELECT f.finding, f.first_seen, f.last_seen, f.gone_at, coalesce(t.title, f.title), f.charset, t.source,
       f.sha256, f.status, f.requested_url, f.seen,
       p.sha256, p.status, CASE WHEN p.missed_at > p.last_seen THEN p.missed_at ELSE p.last_seen END
FROM findings f JOIN pages p ON p.page = f.page LEFT JOIN page_texts t ON t.page = f.page AND f.gone_at IS NULL WHERE f.id = $1`, id).Scan(
		&text, &first, &last, &gone, &f.PageTitle, &f.Charset, &source,
		&f.Hash, &f.Status, &f.RequestedURL, &shown, &f.PageNow.Hash, &f.PageNow.Status, &visited)
	if errors.Is(err, sql.ErrNoRows) {
		return f, store.ErrNotFound
	}
	if err != nil {
		return f, err
	}
	if f.Finding, err = decodeFinding(text, shown); err != nil {
		return f, err
	}
	f.FirstSeen, f.LastSeen, f.FetchedAt = database.FromMillis(first), database.FromMillis(last), database.FromMillis(last)
	f.PageNow.At = database.FromMillis(visited)
	if f.Changes, err = s.changes(ctx, id); err != nil {
		return f, err
	}
	if gone.Valid {
		f.GoneAt = database.FromMillis(gone.Int64)
		return f, nil
	}
	f.Source, err = s.packer.unpack(source)
	return f, err
}

func (s *Store) changes(ctx context.Context, id string) ([]qianshao.Change, error) {
	return database.Collect(ctx, s.db.Read, func(r *sql.Rows) (c qianshao.Change, err error) {
		var at int64
		err = r.Scan(&at, &c.State, &c.Cause, &c.From, &c.To, &c.Into)
		c.At = database.FromMillis(at)
		return c, err
	}, `SELECT at, state, cause, from_category, to_category, merged_into FROM finding_changes WHERE id = $1 ORDER BY at, state`, id)
}

// Findings returns the findings with these ids, without their pages; unknown ids are left out.
func (s *Store) Findings(ctx context.Context, ids []string) (map[string]qianshao.Finding, error) {
	found := make(map[string]qianshao.Finding, len(ids))
	for _, id := range ids {
		var text, shown string
		err := s.db.Read.QueryRowContext(ctx, `SELECT finding, seen FROM findings WHERE id = $1`, id).Scan(&text, &shown)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err == nil {
			found[id], err = decodeFinding(text, shown)
		}
		if err != nil {
			return nil, s.db.Fail(fmt.Sprintf("read finding %q from", id), err)
		}
	}
	return found, nil
}

// VisibleFindings returns those of the findings that the sight shows, by id, without the texts of their
// pages.
func (s *Store) VisibleFindings(ctx context.Context, sight qianshao.Sight, ids []string) ([]qianshao.FindingRecord, error) {
	wanted, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	authorisations, err := json.Marshal(append([]string{}, sight.Authorisations...))
	if err != nil {
		return nil, err
	}
	list, err := database.Collect(ctx, s.db.Read, scanVisible, `SELECT f.finding, f.seen, f.first_seen, f.last_seen, f.gone_at, coalesce(t.title, f.title)
FROM json_each($1) j CROSS JOIN findings f ON f.id = j.value LEFT JOIN page_texts t ON t.page = f.page AND f.gone_at IS NULL
WHERE $2 = 1 OR f.authorisation <> '' AND f.authorisation IN (SELECT value FROM json_each($3)) ORDER BY CAST(j.key AS BIGINT)`, string(wanted), bit(sight.All), string(authorisations))
	return list, s.db.Fail("read findings from", err)
}

func scanVisible(rows *sql.Rows) (e qianshao.FindingRecord, err error) {
	var text, shown string
	var first, last int64
	var gone sql.NullInt64
	if err = rows.Scan(&text, &shown, &first, &last, &gone, &e.PageTitle); err != nil {
		return e, err
	}
	e.Finding, err = decodeFinding(text, shown)
	e.Host, e.FirstSeen, e.LastSeen = e.Finding.Host(), database.FromMillis(first), database.FromMillis(last)
	if gone.Valid {
		e.GoneAt = database.FromMillis(gone.Int64)
	}
	return e, err
}

// FindingsOfPage returns the records of all findings of a page, open and gone, by id ascending.
func (s *Store) FindingsOfPage(ctx context.Context, pageURL string) ([]qianshao.FindingRecord, error) {
	list, err := database.Collect(ctx, s.db.Read, s.scanFindingRecord, selectFindingRecords+` WHERE f.page = $1 ORDER BY f.id`, qianshao.PageKey(pageURL))
	return list, s.db.Fail("read the findings of "+pageURL+" from", err)
}

// FindingRecords returns up to limit records with an id greater than after, by id ascending, to rebuild the
// index.
func (s *Store) FindingRecords(ctx context.Context, after string, limit int) ([]qianshao.FindingRecord, error) {
	list, err := database.Collect(ctx, s.db.Read, s.scanFindingRecord, selectFindingRecords+` WHERE f.id > $1 ORDER BY f.id LIMIT $2`, after, limit)
	return list, s.db.Fail("read index entries from", err)
}

// FindingRanges divides the ids of all findings, in ascending order, into ranges of n for FindingRecordsIn.
func (s *Store) FindingRanges(ctx context.Context, n int) ([]store.Range, error) {
	list, err := database.Ranges(ctx, s.db.Read, "findings", n)
	return list, s.db.Fail("read the ids of the findings of", err)
}

// FindingRecordsIn returns the records of a range, by id ascending.
func (s *Store) FindingRecordsIn(ctx context.Context, r store.Range) ([]qianshao.FindingRecord, error) {
	list, err := database.Collect(ctx, s.db.Read, s.scanFindingRecord, selectFindingRecords+` WHERE f.id > $1 AND f.id <= $2 ORDER BY f.id`, r.After, r.Last)
	return list, s.db.Fail("read index entries from", err)
}

// AddReviews adds to records the present verdicts and tasks of people. It reads for many records at a time.
func (s *Store) AddReviews(ctx context.Context, list []qianshao.FindingRecord) error {
	if len(list) == 0 {
		return nil
	}
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = list[i].Finding.ID
	}
	reviews, err := queue.Reviews(ctx, s.db, ids, time.Now())
	for i := range list {
		list[i].Review = reviews[ids[i]]
	}
	return err
}

// FindingMark returns the mark of the findings' present state. It reads a small index: some milliseconds
// for a hundred thousand findings.
func (s *Store) FindingMark(ctx context.Context) (m store.FindingMark, err error) {
	var newest sql.NullInt64
	err = s.db.Read.QueryRowContext(ctx, `SELECT count(*), count(*) - count(gone_at), max(last_seen) FROM findings`).Scan(&m.Findings, &m.Open, &newest)
	if newest.Valid {
		m.Newest = database.FromMillis(newest.Int64)
	}
	return m, s.db.Fail("read the mark of the findings from", err)
}

// selectFindingRecords returns the page's text for open findings only: one that is gone has its own title
// and evidence, and nothing of the page's present text.
const selectFindingRecords = `
SELECT f.finding, f.seen, f.first_seen, f.last_seen, f.gone_at, coalesce(t.title, f.title), t.body
FROM findings f LEFT JOIN page_texts t ON t.page = f.page AND f.gone_at IS NULL`

func (s *Store) scanFindingRecord(rows *sql.Rows) (e qianshao.FindingRecord, err error) {
	var text, shown string
	var body []byte
	var first, last int64
	var gone sql.NullInt64
	if err = rows.Scan(&text, &shown, &first, &last, &gone, &e.PageTitle, &body); err != nil {
		return e, err
	}
	if e.Finding, err = decodeFinding(text, shown); err != nil {
		return e, err
	}
	e.Host, e.FirstSeen, e.LastSeen = e.Finding.Host(), database.FromMillis(first), database.FromMillis(last)
	if gone.Valid {
		e.GoneAt, e.PageText = database.FromMillis(gone.Int64), evidenceText(&e.Finding)
		return e, nil
	}
	e.PageText, err = s.packer.unpack(body)
	return e, err
}

// evidenceText is the searchable text of a finding that is gone: its evidence.
func evidenceText(f *qianshao.Finding) string {
	lines := make([]string, 0, len(f.Evidence))
	for i := range f.Evidence {
		e := &f.Evidence[i]
		lines = append(lines, strings.ReplaceAll(e.Before+e.Text+e.After, "\n", " "))
	}
	return strings.Join(lines, "\n")
}

// decodeFinding reads a finding from its JSON and from the column with Seen.
func decodeFinding(text, seen string) (qianshao.Finding, error) {
	f, err := database.DecodeFinding(text)
	f.Seen = seen
	return f, err
}

// Pages returns up to limit records with a key greater than after, by key ascending.
func (s *Store) Pages(ctx context.Context, after string, limit int) ([]qianshao.PageRecord, error) {
	list, err := database.Collect(ctx, s.db.Read, scanPage, `
SELECT page, authorisation, sha256, status, first_seen, last_seen, flagged
FROM pages WHERE page > $1 ORDER BY page LIMIT $2`, after, limit)
	return list, s.db.Fail("read pages from", err)
}

func scanPage(rows *sql.Rows) (p qianshao.PageRecord, err error) {
	var first, last int64
	var flagged int
	err = rows.Scan(&p.Key, &p.Authorisation, &p.Hash, &p.Status, &first, &last, &flagged)
	p.FirstSeen, p.LastSeen, p.Flagged = database.FromMillis(first), database.FromMillis(last), flagged != 0
	return p, err
}

// Counts returns the numbers of rows in the store. It reads whole indexes: a second for ten million rows.
func (s *Store) Counts(ctx context.Context) (store.Counts, error) {
	c := store.Counts{Skips: map[qianshao.Skip]int{}}
	err := s.db.Read.QueryRowContext(ctx, `
SELECT (SELECT count(*) FROM pages), (SELECT count(*) FROM pages WHERE flagged = 1), (SELECT count(*) FROM findings),
       (SELECT count(*) FROM findings WHERE gone_at IS NULL),
       (SELECT count(*) FROM frontier), (SELECT count(*) FROM frontier WHERE due IS NOT NULL)`).Scan(
		&c.Pages, &c.Flagged, &c.Findings, &c.Open, &c.URLs, &c.Waiting)
	if err != nil {
		return store.Counts{}, s.db.Fail("count the rows of", err)
	}
	_, err = database.Collect(ctx, s.db.Read, func(r *sql.Rows) (skip string, err error) {
		var n int
		err = r.Scan(&skip, &n)
		c.Skips[qianshao.Skip(skip)] = n
		return skip, err
	}, `SELECT skip, count(*) FROM frontier WHERE skip <> '' GROUP BY skip`)
	return c, s.db.Fail("count the skips of", err)
}
