// Package sites has the queries of sites: hosts with their visits, pages, skips and findings, as an account
// may see them, and the acts on subjects that are not reviewed.
package sites

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// Reader reads sites from an open database. It is safe for concurrent use.
type Reader struct{ db *database.DB }

// New returns a reader.
func New(db *database.DB) *Reader { return &Reader{db: db} }

// isSilent is the condition on hosts that deliver no page; see ingest.Silence. $4 is Overdue.
const (
	isOverdue = `h.trouble = '' AND h.fetched_at > 0 AND h.fetched_at <= $4 AND coalesce(h.head_due, 0) <= $4`
	isSilent  = `(h.trouble <> '' OR h.fetched_at = 0 OR ` + isOverdue + `)`
)

// amiss is the condition on hosts h with a trouble.
func amiss(t store.SiteTrouble) string {
	switch t {
	case store.SiteAny:
		return isSilent
	case store.SiteBlocked:
		return `h.trouble = '` + string(qianshao.SkipAddress) + `'`
	case store.SiteDown:
		return `h.trouble IN ('` + string(qianshao.SkipUnreachable) + `', '` + string(qianshao.SkipRobotsUnavailable) + `')`
	case store.SiteRobots:
		return `h.trouble = '` + string(qianshao.SkipRobots) + `'`
	case store.SiteHTTPError:
		return `h.trouble = '` + string(qianshao.SkipStatus) + `'`
	case store.SiteNoPage:
		return `h.trouble NOT IN ('', '` + string(qianshao.SkipAddress) + `', '` + string(qianshao.SkipUnreachable) + `', '` +
			string(qianshao.SkipRobotsUnavailable) + `', '` + string(qianshao.SkipRobots) + `', '` + string(qianshao.SkipStatus) + `')`
	case store.SiteOverdue:
		return `(` + isOverdue + `)`
	case store.SiteNever:
		return `h.trouble = '' AND h.fetched_at = 0`
	}
	return `1 = 1`
}

// parameters are the same for all statements about sites: $1 ranges of places or NULL, $2 ids of
// authorisations or NULL for all, $3 a part of a name, $4 Overdue.
func parameters(q *store.SitesQuery) (args []any, err error) {
	var within, sight sql.NullString
	if q.Within != nil || !q.Sight.All {
		ranges := make([][2]string, len(q.Within))
		for i, r := range q.Within {
			ranges[i] = [2]string{r.First, r.Limit}
		}
		text, err := json.Marshal(ranges)
		if err != nil {
			return nil, err
		}
		within = sql.NullString{String: string(text), Valid: true}
	}
	if !q.Sight.All {
		text, err := json.Marshal(append([]string{}, q.Sight.Authorisations...))
		if err != nil {
			return nil, err
		}
		sight = sql.NullString{String: string(text), Valid: true}
	}
	return []any{within, sight, q.Name, trail.Millis(q.Overdue)}, nil
}

// Sites returns a page of the matching sites, and their total number.
func (s *Reader) Sites(ctx context.Context, q store.SitesQuery) (list []store.Site, total int, err error) {
	args, err := parameters(&q)
	if err != nil {
		return nil, 0, err
	}
	from := ` FROM hosts h WHERE h.aside = 0 AND ($3 = '' OR instr(h.host, $3) > 0) AND CAST($4 AS BIGINT) >= 0 AND ` + amiss(q.Trouble)
	if q.Trouble != "" && !q.Sight.All { // a match would reveal the results of another authorisation's visits; see scanSite
		from += ` AND (h.authorisation = '' OR h.authorisation IN (SELECT value FROM json_each($2)))`
	}
	if q.Within != nil || !q.Sight.All {
		from += ` AND h.host IN (SELECT g.host FROM json_each($1) r CROSS JOIN hosts g ON g.place >= r.value ->> 0 AND g.place < r.value ->> 1)`
	} else {
		from += ` AND CAST($1 AS TEXT) IS NULL`
	}
	if q.Findings {
		from += ` AND EXISTS (SELECT 1 FROM findings f WHERE f.host = h.host AND f.gone_at IS NULL AND ` + seen(q.Sight, "f") + `)`
	} else {
		from += ` AND (CAST($2 AS TEXT) IS NULL OR CAST($2 AS TEXT) <> '')`
	}
	if err := s.db.Read.QueryRowContext(ctx, `SELECT count(*)`+from, args...).Scan(&total); err != nil {
		return nil, 0, s.db.Fail("count the sites of", err)
	}
	list, err = database.Collect(ctx, s.db.Read, scanSite(q.Sight), selectSite+from+` ORDER BY h.place LIMIT $5 OFFSET $6`, append(args, q.Limit, q.Offset)...)
	if err == nil {
		err = s.fill(ctx, q.Sight, list)
	}
	return list, total, s.db.Fail("read the sites of", err)
}

// Site returns a site, or store.ErrNotFound. The caller decides whether somebody may see it.
func (s *Reader) Site(ctx context.Context, sight qianshao.Sight, host string) (store.Site, error) {
	list, err := database.Collect(ctx, s.db.Read, scanSite(sight), selectSite+` FROM hosts h WHERE h.host = $1`, host)
	if err == nil && len(list) == 0 {
		err = store.ErrNotFound
	}
	if err == nil {
		err = s.fill(ctx, sight, list)
	}
	if err != nil {
		return store.Site{}, s.db.Fail("read site "+host+" of", err)
	}
	return list[0], nil
}

const selectSite = `SELECT h.host, h.authorisation, h.visited_at, h.fetched_at, h.trouble, h.trouble_at,
  CASE WHEN h.head_due IS NULL THEN 0 WHEN h.head_due < h.next_at THEN h.next_at ELSE h.head_due END, h.head_due IS NOT NULL`

// dueNow is the next visit of a site that is due at once and need not rest: any time in the past.
const dueNow = 1

func scanSite(sight qianshao.Sight) func(*sql.Rows) (store.Site, error) {
	return func(r *sql.Rows) (site store.Site, err error) {
		var visited, fetched, since, next int64
		var waits bool
		if err = r.Scan(&site.Host, &site.Authorisation, &visited, &fetched, &site.Trouble, &since, &next, &waits); err != nil {
			return site, err
		}
		if site.Authorisation != "" && !sight.Sees(site.Authorisation) {
			return store.Site{Host: site.Host, Hidden: true}, nil // the results of visits are for those who see that authorisation
		}
		if waits {
			next = max(next, dueNow)
		}
		site.Visited, site.Fetched, site.Next = trail.Moment(visited), trail.Moment(fetched), trail.Moment(next)
		if site.Trouble != "" {
			site.TroubleSince = trail.Moment(since)
		}
		return site, nil
	}
}

// seen is Sight.Sees as a condition on the table x; $2 are the ids. For a limited account an index answers
// it.
func seen(sight qianshao.Sight, x string) string {
	if sight.All {
		return `CAST($2 AS TEXT) IS NULL`
	}
	return x + `.authorisation <> '' AND ` + x + `.authorisation IN (SELECT value FROM json_each($2))`
}

// fill counts the contents of the sites of a page, site by site: no count reads other sites' rows.
func (s *Reader) fill(ctx context.Context, sight qianshao.Sight, list []store.Site) error {
	args, err := parameters(&store.SitesQuery{Sight: sight})
	if err != nil {
		return err
	}
	countURLs, countVerdicts := countURLs(sight), countVerdicts(sight)
	for i := range list {
		site := &list[i]
		if err := s.db.Read.QueryRowContext(ctx, countURLs, site.Host, args[1]).Scan(&site.Pages, &site.Skipped, &site.Open); err != nil {
			return err
		}
		v, looked := &site.Verdicts, 0
		err := s.db.Read.QueryRowContext(ctx, countVerdicts, site.Host, args[1], store.MaxSiteFindings+1).
			Scan(&looked, &v.Crime, &v.NotCrime, &v.Unsure, &v.Reviewing)
		if err != nil {
			return err
		}
		v.Undecided = looked - v.Crime - v.NotCrime - v.Unsure - v.Reviewing
		v.More = looked > store.MaxSiteFindings
	}
	return nil
}

// countURLs counts the URLs of host $1, the skipped ones, and the open findings.
func countURLs(sight qianshao.Sight) string {
	return `
SELECT (SELECT count(*) FROM frontier q WHERE q.host = $1 AND ` + seen(sight, "q") + `),
  (SELECT count(*) FROM frontier q WHERE q.host = $1 AND q.skip <> '' AND ` + seen(sight, "q") + `),
  (SELECT count(*) FROM findings f WHERE f.host = $1 AND f.gone_at IS NULL AND ` + seen(sight, "f") + `)`
}

// countVerdicts counts the first $3 findings of host $1 by verdict. A decision that waits for a second
// review (desk.Standing.DueForReview) is not shown to anybody here.
func countVerdicts(sight qianshao.Sight) string {
	return `
SELECT count(*), count(*) FILTER (WHERE verdict = 'crime' AND due = 0), count(*) FILTER (WHERE verdict = 'not_crime' AND due = 0),
  count(*) FILTER (WHERE verdict = 'unsure' AND due = 0), count(*) FILTER (WHERE due = 1)
FROM (SELECT coalesce(s.verdict, '') AS verdict, CASE WHEN s.verdict <> '' AND s.second <> '' AND s.reviews = 0 THEN 1 ELSE 0 END AS due
  FROM (SELECT f.id FROM findings f WHERE f.host = $1 AND ` + seen(sight, "f") + ` LIMIT $3) n
  LEFT JOIN standings s ON s.subject = n.id AND s.subject_kind = 'finding') v`
}

// Skips counts the URLs of a site by why their last visit brought no page, the most frequent first.
func (s *Reader) Skips(ctx context.Context, sight qianshao.Sight, host string) ([]store.SkipCount, error) {
	args, err := parameters(&store.SitesQuery{Sight: sight})
	if err != nil {
		return nil, err
	}
	list, err := database.Collect(ctx, s.db.Read, func(r *sql.Rows) (k store.SkipCount, err error) {
		err = r.Scan(&k.Skip, &k.URLs)
		return k, err
	}, `SELECT q.skip, count(*) FROM frontier q WHERE q.host = $1 AND q.skip <> '' AND `+seen(sight, "q")+` GROUP BY q.skip ORDER BY count(*) DESC, q.skip`, host, args[1])
	return list, s.db.Fail("count what is skipped in", err)
}

// OpenURLs returns the URLs with open findings of a site, at most limit.
func (s *Reader) OpenURLs(ctx context.Context, host string, limit int) ([]string, error) {
	list, err := database.Collect(ctx, s.db.Read, database.ScanValue[string], `
SELECT DISTINCT f.url FROM findings f WHERE f.host = $1 AND f.gone_at IS NULL AND f.url <> '' ORDER BY f.url LIMIT $2`, host, limit)
	return list, s.db.Fail("read the flagged pages of", err)
}

// KnowsURL says whether a URL waits in the frontier, or a finding was made at it.
func (s *Reader) KnowsURL(ctx context.Context, host, url string) (known bool, err error) {
	err = s.db.Read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM frontier WHERE url = $1)
  OR EXISTS (SELECT 1 FROM findings f WHERE f.host = $2 AND f.url = $1)`, url, host).Scan(&known)
	return known, s.db.Fail("look for a page in", err)
}

// Records returns the acts on a subject that is not reviewed, the latest first, at most limit.
func (s *Reader) Records(ctx context.Context, subject qianshao.Subject, limit int) ([]qianshao.Act, error) {
	list, err := database.Collect(ctx, s.db.Read, trail.ScanAct, trail.SelectActs+` WHERE a.subject = $1 AND a.subject_kind = $2 ORDER BY a.seq DESC LIMIT $3`,
		subject.ID, string(subject.Kind), limit)
	return list, s.db.Fail("read the trail of", err)
}
