package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/accounts"
	"github.com/qianshao/qianshao/store/sqlstore/clients"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// Submit records a report. With an item, its URL goes into the frontier, due at once even if known. Without
// one, the report waits for an authorisation, because of skip. Submitting a URL again only counts it; the
// first submission leaves an act.
func (s *Store) Submit(ctx context.Context, r store.Report, item *ingest.Item, skip qianshao.Skip) (qianshao.Submission, error) {
	id := qianshao.SubmissionID(r.URL)
	err := s.updateFrontier(ctx, database.Durable, "record the report of "+r.URL+" in", func(tx *database.Tx) error {
		if _, err := expire(ctx, tx, r.At); err != nil {
			return err
		}
		if err := makeRoom(ctx, tx, id, r.Origin, item != nil); err != nil {
			return err
		}
		if err := noteReport(ctx, tx, id, r); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
INSERT INTO submissions (id, url, page, category, reports, origin, first_reported, last_reported, waits_for) VALUES ($1, $2, $3, $4, 1, $5, $6, $6, $7)
ON CONFLICT (id) DO UPDATE SET reports = submissions.reports + 1, last_reported = excluded.last_reported, waits_for = excluded.waits_for,
  category = CASE WHEN excluded.category <> '' THEN excluded.category ELSE submissions.category END`,
			id, r.URL, qianshao.PageKey(r.URL), string(r.Suspected), r.Origin, database.Millis(r.At), string(skip))
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

// Conditions of reports that wait for an authorisation, that wait for their visit, and whose pages have
// been visited.
const (
	isWaiting = `waits_for <> ''`
	isQueued  = `waits_for = '' AND visited = 0`
	isVisited = `waits_for = '' AND visited = 1`
)

// makeRoom refuses a report that is one too many of its kind, and removes the oldest visited ones.
func makeRoom(ctx context.Context, tx *database.Tx, id, origin string, queued bool) error {
	query, bound, full := `SELECT count(*), count(*) FILTER (WHERE origin = $1) FROM submissions WHERE `+isWaiting+` AND id <> $2`, store.MaxWaiting, store.ErrTooManyWaiting
	if queued {
		query, bound, full = `SELECT count(*), count(*) FILTER (WHERE origin = $1) FROM submissions WHERE `+isQueued+` AND id <> $2`, store.MaxQueued, store.ErrTooManyQueued
	}
	var all, own int
	if err := tx.QueryRowContext(ctx, query, origin, id).Scan(&all, &own); err != nil {
		return err
	}
	most, err := accounts.Number(ctx, tx, store.SettingOpenReports, store.MaxOfOrigin)
	if err != nil {
		return err
	}
	switch {
	case own >= most:
		return store.ErrTooManyOfOrigin
	case all >= bound:
		return full
	}
	_, err = tx.ExecContext(ctx, `
DELETE FROM submissions WHERE id IN (SELECT id FROM submissions WHERE `+isVisited+` ORDER BY last_reported DESC LIMIT 1000000000 OFFSET $1)`, store.MaxVisited)
	return err
}

func expire(ctx context.Context, tx *database.Tx, now time.Time) (n int64, err error) {
	res, err := tx.ExecContext(ctx, `DELETE FROM submissions WHERE last_reported < $1`, database.Millis(now.Add(-store.ReportTerm)))
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// ExpireSubmissions removes the reports last handed in longer than store.ReportTerm ago, and returns their
// number.
func (s *Store) ExpireSubmissions(ctx context.Context, now time.Time) (n int, err error) {
	return s.removeSubmissions(ctx, "remove old reports from", func(tx *database.Tx) (int64, error) { return expire(ctx, tx, now) })
}

// noteReport adds the act of a report, if its URL was not reported before. The act has only the report's
// id: the trail is kept longer than the report, its URL and its origin.
func noteReport(ctx context.Context, tx *database.Tx, id string, r store.Report) error {
	var known bool
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM submissions WHERE id = $1)`, id).Scan(&known); err != nil || known {
		return err
	}
	return noteReports(ctx, tx, store.Signed{By: r.By, At: r.At}, desk.Detail{Event: "added", After: string(r.Suspected)}, []string{id})
}

func noteReports(ctx context.Context, tx *database.Tx, by store.Signed, detail desk.Detail, ids []string) error {
	acts := make([]qianshao.Act, len(ids))
	for i, id := range ids {
		var err error
		if acts[i], err = recorded(by, qianshao.Subject{Kind: qianshao.SubjectSubmission, ID: id}, detail); err != nil {
			return err
		}
	}
	return trail.Append(ctx, tx, acts)
}

// WithdrawSubmission removes a report, or returns store.ErrNotFound. If its page is authorised, it stays in
// the frontier like the other pages of its site.
func (s *Store) WithdrawSubmission(ctx context.Context, by store.Signed, id string) error {
	n, err := s.withdraw(ctx, by, fmt.Sprintf("withdraw report %q from", id), `id = $1`, id)
	if err == nil && n == 0 {
		err = store.ErrNotFound
	}
	return err
}

// WithdrawOrigin removes the reports of an origin that wait for an authorisation or for their visit, and
// returns their number.
func (s *Store) WithdrawOrigin(ctx context.Context, by store.Signed, origin string) (n int, err error) {
	return s.withdraw(ctx, by, "withdraw reports from", `origin = $1 AND (`+isWaiting+` OR `+isQueued+`)`, origin)
}

// withdraw removes reports, each with an act, and the stored answers about them.
func (s *Store) withdraw(ctx context.Context, by store.Signed, op, where, arg string) (int, error) {
	return s.removeSubmissions(ctx, op, func(tx *database.Tx) (int64, error) {
		ids, err := database.Collect(ctx, tx, database.ScanValue[string], `SELECT id FROM submissions WHERE `+where+` ORDER BY id`, arg)
		if err != nil {
			return 0, err
		}
		for _, id := range ids {
			if _, err := tx.ExecContext(ctx, `DELETE FROM submissions WHERE id = $1`, id); err != nil {
				return 0, err
			}
			if err := clients.DropAnswersOf(ctx, tx, store.SubmissionPath(id)); err != nil {
				return 0, err
			}
		}
		return int64(len(ids)), noteReports(ctx, tx, by, desk.Detail{Event: "withdrawn", Words: by.Words}, ids)
	})
}

func (s *Store) removeSubmissions(ctx context.Context, op string, remove func(tx *database.Tx) (int64, error)) (n int, err error) {
	err = s.db.Update(ctx, database.Durable, op, func(tx *database.Tx) error {
		removed, err := remove(tx)
		if n = int(removed); err != nil || n == 0 {
			return err
		}
		return database.MarkRemoved(ctx, tx, "submissions", "kept_answers")
	})
	if err != nil {
		return 0, err
	}
	if n > 0 {
		s.emptyLog(ctx)
	}
	return n, nil
}

// SubmissionOrigins counts the open reports that somebody may read, by origin, the origin with the most
// first.
func (s *Store) SubmissionOrigins(ctx context.Context, who store.Reader) ([]store.OriginCount, error) {
	visible, args := visibleTo(who)
	list, err := database.Collect(ctx, s.db.Read, func(rows *sql.Rows) (c store.OriginCount, err error) {
		err = rows.Scan(&c.Origin, &c.Waiting, &c.Queued)
		return c, err
	}, `
SELECT origin, sum(waits), count(*) - sum(waits) FROM (
  SELECT s.origin, 1 AS waits FROM submissions s WHERE `+isWaiting+visible+`
  UNION ALL SELECT s.origin, 0 FROM submissions s WHERE `+isQueued+visible+`) r
GROUP BY origin ORDER BY count(*) DESC, origin`, args...)
	return list, s.db.Fail("count the reports of", err)
}

// QueueSubmission puts a waiting submission into the frontier.
func (s *Store) QueueSubmission(ctx context.Context, item ingest.Item) error {
	return s.updateFrontier(ctx, database.Durable, "queue the report of "+item.URL+" in", func(tx *database.Tx) error {
		return requeue(ctx, tx, qianshao.SubmissionID(item.URL), &item)
	})
}

// requeue makes a submitted URL due at once.
func requeue(ctx context.Context, tx *database.Tx, id string, item *ingest.Item) error {
	for _, statement := range []struct {
		query string
		args  []any
	}{
		{`INSERT INTO frontier (url, host, authorisation, depth, due) VALUES ($1, $2, $3, $4, 0)` +
			onKnownURL(tx) + `DO UPDATE SET due = 0, attempts = 0, authorisation = excluded.authorisation`,
			[]any{item.URL, item.Host, item.Authorisation, item.Depth}},
		{`UPDATE submissions SET waits_for = '', visited = 0, dropped = '' WHERE id = $1`, []any{id}},
	} {
		if _, err := tx.ExecContext(ctx, statement.query, statement.args...); err != nil {
			return err
		}
	}
	return refreshHosts(ctx, tx, map[string]bool{item.Host: true})
}

// authorisedBy is the authorisation of a report s: that of its URL in the frontier, or of its page if the
// URL has left the frontier.
const authorisedBy = `coalesce((SELECT q.authorisation FROM frontier q WHERE q.url = s.url),
  (SELECT p.authorisation FROM pages p WHERE p.page = s.page OR p.requested = s.page ORDER BY p.last_seen DESC LIMIT 1), '')`

// visibleTo is store.Reader.Sees as a further condition on submissions s.
func visibleTo(who store.Reader) (condition string, args []any) {
	if who.Sight.All {
		return "", nil
	}
	args = append(args, who.Origin)
	var holders []string
	for _, authorisation := range who.Sight.Authorisations {
		if authorisation != "" {
			args = append(args, authorisation)
			holders = append(holders, "$"+strconv.Itoa(len(args)))
		}
	}
	if holders == nil {
		holders = []string{"NULL"}
	}
	return ` AND (s.waits_for <> '' AND s.origin = $1 AND $1 <> '' OR s.waits_for = '' AND ` + authorisedBy + ` IN (` + strings.Join(holders, ", ") + `))`, args
}

// selectSubmissions reads a submission with its result: the frontier has the reason why a visit brought no
// page; pages has whether it was flagged.
const selectSubmissions = `
SELECT s.id, s.url, ` + authorisedBy + `, s.category, s.reports, s.origin, s.first_reported, s.last_reported, s.waits_for,
  s.visited, coalesce(f.skip, s.dropped), ` + isFlagged + `
FROM submissions s LEFT JOIN frontier f ON f.url = s.url`

// Submission returns one submission, or store.ErrNotFound.
func (s *Store) Submission(ctx context.Context, id string) (qianshao.Submission, error) {
	r, err := database.One(database.Collect(ctx, s.db.Read, scanSubmission, selectSubmissions+` WHERE s.id = $1`, id))
	return r, s.db.Fail(fmt.Sprintf("read report %q from", id), err)
}

// Submissions returns the submissions that somebody may read, the latest first, at most limit.
func (s *Store) Submissions(ctx context.Context, who store.Reader, limit int) ([]qianshao.Submission, error) {
	visible, args := visibleTo(who)
	list, err := database.Collect(ctx, s.db.Read, scanSubmission, selectSubmissions+`
WHERE 1 = 1`+visible+` ORDER BY s.last_reported DESC, s.id LIMIT `+strconv.Itoa(limit), args...)
	return list, s.db.Fail("read reports from", err)
}

// SubmissionsIn returns the submissions in a state, "" for all.
func (s *Store) SubmissionsIn(ctx context.Context, who store.Reader, state qianshao.SubmissionState, offset, limit int) ([]qianshao.Submission, error) {
	const visited, skip = `s.waits_for = '' AND s.visited = 1`, `coalesce(f.skip, s.dropped)`
	where := map[qianshao.SubmissionState]string{
		"": `1 = 1`, qianshao.SubmissionWaiting: `s.waits_for <> ''`, qianshao.SubmissionQueued: `s.waits_for = '' AND s.visited = 0`,
		qianshao.SubmissionNotFetched: visited + ` AND ` + skip + ` <> ''`,
		qianshao.SubmissionFlagged:    visited + ` AND ` + skip + ` = '' AND ` + isFlagged,
		qianshao.SubmissionClear:      visited + ` AND ` + skip + ` = '' AND NOT ` + isFlagged,
	}[state]
	visible, args := visibleTo(who)
	list, err := database.Collect(ctx, s.db.Read, scanSubmission, selectSubmissions+`
WHERE `+cmp.Or(where, `1 = 0`)+visible+` ORDER BY s.last_reported DESC, s.id LIMIT `+strconv.Itoa(limit)+` OFFSET `+strconv.Itoa(offset), args...)
	return list, s.db.Fail("read reports from", err)
}

// isFlagged says whether the page of a report s is flagged.
const isFlagged = `EXISTS (SELECT 1 FROM pages p WHERE (p.page = s.page OR p.requested = s.page) AND p.flagged = 1)`

// FindingsOfSubmissions returns the open findings on the reported pages that the sight shows, by the ids of
// the reports.
func (s *Store) FindingsOfSubmissions(ctx context.Context, sight qianshao.Sight, ids []string) (map[string][]string, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	found := map[string][]string{}
	_, err = database.Collect(ctx, s.db.Read, func(r *sql.Rows) (none struct{}, err error) {
		var id, finding, authorisation string
		if err = r.Scan(&id, &finding, &authorisation); err == nil && sight.Sees(authorisation) {
			found[id] = append(found[id], finding)
		}
		return none, err
	}, `SELECT DISTINCT s.id, f.id, f.authorisation FROM json_each($1) j CROSS JOIN submissions s ON s.id = j.value
JOIN pages p ON p.page = s.page OR p.requested = s.page JOIN findings f ON f.page = p.page WHERE f.gone_at IS NULL ORDER BY f.id`, string(list))
	return found, s.db.Fail("read the findings of reports from", err)
}

// WaitingSubmissions returns the URLs of all submissions that wait for an authorisation, the earliest
// first.
func (s *Store) WaitingSubmissions(ctx context.Context) ([]string, error) {
	urls, err := database.Collect(ctx, s.db.Read, database.ScanValue[string], `SELECT url FROM submissions WHERE waits_for <> '' ORDER BY first_reported, id`)
	return urls, s.db.Fail("read waiting reports from", err)
}

func scanSubmission(rows *sql.Rows) (r qianshao.Submission, err error) {
	var first, last int64
	var waitsFor, skip string
	var visited, flagged bool
	err = rows.Scan(&r.ID, &r.URL, &r.Authorisation, &r.Category, &r.Reports, &r.Origin, &first, &last, &waitsFor, &visited, &skip, &flagged)
	if err != nil {
		return r, err
	}
	r.First, r.Last = database.FromMillis(first), database.FromMillis(last)
	switch {
	case waitsFor != "":
		r.Authorisation = "" // the page may once have had one
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
