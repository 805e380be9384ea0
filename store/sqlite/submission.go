package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
)

// Submit records the submission of a canonical URL at the time now. With an item
// the URL goes into the frontier, due at once even if it is known. Without one it
// waits for an authorisation, because of skip. Submitting a URL again only
// counts it.
func (s *Store) Submit(ctx context.Context, url string, suspected qianshao.Category, item *ingest.Item, skip qianshao.Skip, now time.Time) (qianshao.Submission, error) {
	id := qianshao.SubmissionID(url)
	err := s.update(ctx, durable, "record the report of "+url+" in", func(tx *writer) error {
		if item == nil {
			if err := roomForWaiting(ctx, tx, id); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `
INSERT INTO submissions (id, url, page, category, reports, first_reported, last_reported, waits_for) VALUES ($1, $2, $3, $4, 1, $5, $5, $6)
ON CONFLICT (id) DO UPDATE SET reports = submissions.reports + 1, last_reported = excluded.last_reported, waits_for = excluded.waits_for,
  category = CASE WHEN excluded.category <> '' THEN excluded.category ELSE submissions.category END`,
			id, url, qianshao.PageKey(url), string(suspected), millis(now), string(skip))
		if err != nil || item == nil {
			return err
		}
		return requeue(ctx, tx, id, item)
	})
	if err != nil {
		return qianshao.Submission{}, err
	}
	return s.Submission(ctx, id)
}

func roomForWaiting(ctx context.Context, tx *writer, id string) error {
	var waiting int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM submissions WHERE waits_for <> '' AND id <> $1`, id).Scan(&waiting)
	if err == nil && waiting >= store.MaxWaiting {
		err = store.ErrTooManyWaiting
	}
	return err
}

// QueueSubmission puts a submission that has waited into the frontier.
func (s *Store) QueueSubmission(ctx context.Context, item ingest.Item) error {
	return s.update(ctx, durable, "queue the report of "+item.URL+" in", func(tx *writer) error {
		return requeue(ctx, tx, qianshao.SubmissionID(item.URL), &item)
	})
}

// requeue makes a submitted URL due at once, and records how often it had been
// visited until then.
func requeue(ctx context.Context, tx *writer, id string, item *ingest.Item) error {
	for _, statement := range []struct {
		query string
		args  []any
	}{
		{`INSERT INTO frontier (url, host, authorisation, depth, due) VALUES ($1, $2, $3, $4, 0)
ON CONFLICT (url) DO UPDATE SET due = 0, attempts = 0, authorisation = excluded.authorisation`,
			[]any{item.URL, item.Host, item.Authorisation, item.Depth}},
		{`UPDATE submissions SET waits_for = '', visits = (SELECT visits FROM frontier WHERE url = $1) WHERE id = $2`, []any{item.URL, id}},
	} {
		if _, err := tx.ExecContext(ctx, statement.query, statement.args...); err != nil {
			return err
		}
	}
	return refreshHosts(ctx, tx, map[string]bool{item.Host: true})
}

// selectSubmissions reads a submission with what became of it: the frontier
// knows whether its URL was visited since, or why not; the pages know whether it
// was flagged.
const selectSubmissions = `
SELECT s.id, s.url, s.category, s.reports, s.first_reported, s.last_reported, s.waits_for,
  f.url IS NULL OR f.visits > s.visits, coalesce(f.skip, s.dropped),
  EXISTS (SELECT 1 FROM pages p WHERE (p.page = s.page OR p.requested = s.page) AND p.flagged = 1)
FROM submissions s LEFT JOIN frontier f ON f.url = s.url`

// Submission returns one submission, or store.ErrNotFound.
func (s *Store) Submission(ctx context.Context, id string) (qianshao.Submission, error) {
	list, err := collect(ctx, s.read, scanSubmission, selectSubmissions+` WHERE s.id = $1`, id)
	if err == nil && len(list) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return qianshao.Submission{}, s.fail(fmt.Sprintf("read report %q from", id), err)
	}
	return list[0], nil
}

// Submissions returns the submissions, the latest first, at most limit.
func (s *Store) Submissions(ctx context.Context, limit int) ([]qianshao.Submission, error) {
	list, err := collect(ctx, s.read, scanSubmission, selectSubmissions+` ORDER BY s.last_reported DESC, s.id LIMIT $1`, limit)
	return list, s.fail("read reports from", err)
}

// WaitingSubmissions returns the URLs of all submissions that wait for an
// authorisation, the one first handed in first.
func (s *Store) WaitingSubmissions(ctx context.Context) ([]string, error) {
	urls, err := collect(ctx, s.read, scanString, `SELECT url FROM submissions WHERE waits_for <> '' ORDER BY first_reported, id`)
	return urls, s.fail("read waiting reports from", err)
}

func scanSubmission(rows *sql.Rows) (r qianshao.Submission, err error) {
	var first, last int64
	var waitsFor, skip string
	var visited, flagged bool
	err = rows.Scan(&r.ID, &r.URL, &r.Category, &r.Reports, &first, &last, &waitsFor, &visited, &skip, &flagged)
	if err != nil {
		return r, err
	}
	r.First, r.Last = fromMillis(first), fromMillis(last)
	switch {
	case waitsFor != "":
		r.State, r.Skip = qianshao.SubmissionWaiting, qianshao.Skip(waitsFor)
	case !visited:
		r.State = qianshao.SubmissionQueued
	case skip != "":
		r.State, r.Skip = qianshao.SubmissionNotFetched, qianshao.Skip(skip)
	case flagged:
		r.State = qianshao.SubmissionFlagged
	default:
		r.State = qianshao.SubmissionClear
	}
	return r, nil
}
