// Package queue has the statements that read campaigns: the queue and the other lists, a campaign's page,
// its members. Package store/sqlstore/campaigns writes them.
package queue

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// Reader reads campaigns. It is safe for concurrent use.
type Reader struct {
	db  *database.DB
	now func() time.Time
}

// New returns a reader of an open database; now is the clock.
func New(db *database.DB, now func() time.Time) *Reader { return &Reader{db: db, now: now} }

// Everything stands for all authorisations, or all categories, in the counters.
const Everything = "*"

// SelectCampaign reads the number of the campaign with the id $1, present or former.
const SelectCampaign = `SELECT campaign FROM campaign_names WHERE id = $1 LIMIT 1`

// Queue returns a page of campaigns. It reads as few counters as possible: those of one authorisation, or
// of all, in the order of an index; those of several are added up first.
func (c *Reader) Queue(ctx context.Context, q campaign.Query) (page campaign.Page, err error) {
	if !slices.Contains(campaign.Sorts(), q.Sort) || !q.List.Sortable() {
		q.Sort = campaign.SortQueue
	}
	at, err := parsePosition(q.After, q.Sort, c.now())
	if err != nil {
		return page, err
	}
	if q.Limit = min(q.Limit, campaign.MaxLimit); q.Limit <= 0 {
		q.Limit = campaign.DefaultLimit
	}
	scopes := scopesOf(&q)
	if len(scopes) == 0 {
		return page, nil
	}
	rows, err := c.queueRows(ctx, &q, scopes, at)
	if err != nil {
		return page, c.db.Fail("read the queue of", err)
	}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		page.Next = rows[q.Limit-1].position(at.now, q.Sort).in(q.Sort)
	}
	for i := range rows {
		v, err := c.complete(ctx, &rows[i], scopes, at.now)
		if err != nil {
			return campaign.Page{}, c.db.Fail("read the queue of", err)
		}
		page.Campaigns = append(page.Campaigns, v)
	}
	return page, nil
}

// scopesOf returns the authorisations whose counters a query adds up: everything, or those that are visible
// and requested. Findings without an authorisation, from the operator's own files, count only in
// everything.
func scopesOf(q *campaign.Query) []string {
	switch {
	case q.Authorisation == Everything, q.Authorisation != "" && !q.Sight.Sees(q.Authorisation):
		return nil
	case q.Authorisation != "":
		return []string{q.Authorisation}
	case q.Sight.All:
		return []string{Everything}
	}
	return slices.DeleteFunc(slices.Clone(q.Sight.Authorisations), func(id string) bool { return id == "" || id == Everything })
}

// isEverything says whether scopes are the counters of all authorisations.
func isEverything(scopes []string) bool { return len(scopes) == 1 && scopes[0] == Everything }

// RankOf is a campaign's rank, from the numbers of its undecided and relapsed findings.
func RankOf(undecided, relapsed string) string {
	return `CASE WHEN ` + undecided + ` > 0 THEN 2 ELSE 0 END + CASE WHEN ` + relapsed + ` > 0 THEN 1 ELSE 0 END`
}

// position is a place in a list, with the time at which its first page was read: the same findings are
// overdue on all pages.
type position struct {
	now           int64
	started       bool
	few           bool // see Reader.few
	rank, overdue int
	score         int
	firstSeen     int64
	campaign      int64
	// value is what a list is sorted by if its order is not the queue's; apart from it, only
	// campaign is used then.
	value int64
}

// in encodes a position as a cursor of a list in an order.
func (p position) in(sort campaign.Sort) string {
	if sort != campaign.SortQueue {
		return fmt.Sprintf("%d.%d.%d", p.now, p.value, p.campaign)
	}
	return fmt.Sprintf("%d.%d.%d.%d.%d.%d", p.now, p.rank, p.overdue, p.score, p.firstSeen, p.campaign)
}

// errCursor is for a cursor that no page returned.
var errCursor = &desk.Refusal{Code: "cursor", Field: "after", Text: "that is not the cursor of a page: begin with the first page, without a cursor"}

func parsePosition(cursor string, sort campaign.Sort, now time.Time) (p position, err error) {
	if cursor == "" {
		return position{now: database.Millis(now)}, nil
	}
	parts := strings.Split(cursor, ".")
	v := make([]int64, len(parts))
	for i := range v {
		if v[i], err = strconv.ParseInt(parts[i], 10, 64); err != nil {
			return p, errCursor
		}
	}
	switch {
	case sort != campaign.SortQueue && len(v) == 3:
		return position{now: v[0], started: true, value: v[1], campaign: v[2]}, nil
	case sort == campaign.SortQueue && len(v) == 6:
		return position{now: v[0], started: true, rank: int(v[1]), overdue: int(v[2]), score: int(v[3]), firstSeen: v[4], campaign: v[5]}, nil
	}
	return p, errCursor
}

// queueRow is a campaign with its counters from a query.
type queueRow struct {
	campaign                                        int64
	members, undecided, relapsed, parked, reviewing int
	level, score                                    int
	firstSeen, lastSeen                             int64
	due                                             sql.NullInt64
	rank, overdue                                   int
}

func (r *queueRow) position(now int64, sort campaign.Sort) position {
	p := position{now: now, rank: r.rank, overdue: r.overdue, score: r.score, firstSeen: r.firstSeen, campaign: r.campaign}
	switch sort {
	case campaign.SortNew:
		p.value = r.firstSeen
	case campaign.SortSeen:
		p.value = r.lastSeen
	case campaign.SortMembers:
		p.value = int64(r.members)
	}
	return p
}

// queueRows returns the rows of a page, and one more if there is another page.
func (c *Reader) queueRows(ctx context.Context, q *campaign.Query, scopes []string, at position) (rows []queueRow, err error) {
	if q.List == campaign.ListShared {
		return c.shared(ctx, q, scopes, at)
	}
	if at.few, err = c.few(ctx, q, scopes, at); err != nil {
		return nil, err
	}
	if q.Sort != campaign.SortQueue {
		s := selectQueue(q, scopes, at)
		s.sorted(q.Sort, q.Limit+1)
		return s.run(ctx, c.db)
	}
	segments := segmentsOf(q.List)
	if len(scopes) > 1 || segments == nil {
		s := selectQueue(q, scopes, at)
		s.general(q.Limit + 1)
		return s.run(ctx, c.db)
	}
	for _, seg := range segments {
		if at.started && (seg.rank > at.rank || seg.rank == at.rank && seg.overdue > at.overdue) {
			continue
		}
		s := selectQueue(q, scopes, at)
		s.at.few = s.at.few && q.List != campaign.ListRelapsed // few refers to the rank here
		s.segment(seg.rank, seg.overdue, q.Limit+1-len(rows))
		part, err := s.run(ctx, c.db)
		if err != nil {
			return nil, err
		}
		if rows = append(rows, part...); len(rows) > q.Limit {
			return rows, nil
		}
	}
	return rows, nil
}

// fewRows rows are few enough to be selected by their own condition, and sorted. With more, a page is
// quickly found in the index in the list's order.
const fewRows = 1000

// few says whether a list has few rows: for the relapsed list these are relapsed ones, otherwise overdue
// ones, which the open list has first.
func (c *Reader) few(ctx context.Context, q *campaign.Query, scopes []string, at position) (bool, error) {
	s := &statement{}
	s.add(`SELECT count(*) FROM (SELECT 1 FROM campaign_counts WHERE %s AND %s AND `, s.in("authorisation", scopes), s.of("category", q.Category))
	if q.List == campaign.ListRelapsed {
		s.add(`rank IN (1, 3)`)
	} else {
		s.add(`due <= %s`, s.arg(at.now))
	}
	s.add(` LIMIT %s) f`, s.arg(fewRows))
	var n int
	err := c.db.Read.QueryRowContext(ctx, s.text.String(), s.args...).Scan(&n)
	return n < fewRows, err
}

// segment is a part of a list in an index's order: a rank, and within it the overdue or the other
// campaigns.
type segment struct{ rank, overdue int }

// segmentsOf returns the segments of a list in order; nil if no index has them.
func segmentsOf(list campaign.List) []segment {
	switch list {
	case campaign.ListOpen:
		return []segment{{3, 1}, {3, 0}, {2, 1}, {2, 0}, {1, 1}, {1, 0}}
	case campaign.ListAll:
		return append(segmentsOf(campaign.ListOpen), segment{0, 1}, segment{0, 0})
	case campaign.ListRelapsed:
		return []segment{{3, 1}, {3, 0}, {1, 1}, {1, 0}}
	case campaign.ListOverdue: // overdue campaigns are undecided
		return []segment{{3, 1}, {2, 1}}
	}
	return nil
}

// statement is a query under construction.
type statement struct {
	text strings.Builder
	args []any
	at   position
	// shared says that claimed, resting, mine and tasks are common table expressions of the statement.
	shared bool
}

// arg adds an argument and returns its placeholder.
func (s *statement) arg(v any) string {
	s.args = append(s.args, v)
	return "$" + strconv.Itoa(len(s.args))
}

func (s *statement) add(format string, args ...any) { fmt.Fprintf(&s.text, format, args...) }

// in writes the condition that a column has one of the values.
func (s *statement) in(column string, values []string) string {
	places := make([]string, len(values))
	for i, v := range values {
		places[i] = s.arg(v)
	}
	return column + " IN (" + strings.Join(places, ", ") + ")"
}

// unlessNamed prevents SQLite from reading all counters in an index that does not begin with the campaign,
// if the list names its campaigns.
func unlessNamed(q *campaign.Query) string {
	if q.List == campaign.ListMine || q.List == campaign.ListClaimed || q.List == campaign.ListParked || q.Findings != nil {
		return "+"
	}
	return ""
}

// of writes the condition that counters are of a category, or of all. All is written literally, as in the
// conditions of some indexes, which would not be used otherwise.
func (s *statement) of(column string, category qianshao.Category) string {
	if category == "" {
		return column + ` = '` + Everything + `'`
	}
	return column + ` = ` + s.arg(string(category))
}

// selectQueue begins a query with the part that all lists share.
func selectQueue(q *campaign.Query, scopes []string, at position) *statement {
	s := &statement{at: at}
	s.add(`SELECT q.campaign, q.members, q.undecided, q.relapsed, q.parked, q.reviewing, q.level, q.score, q.first_seen, q.last_seen, q.due, q.rank,
  CASE WHEN q.due <= %s THEN 1 ELSE 0 END AS overdue FROM `, s.arg(at.now))
	if len(scopes) == 1 {
		s.add(`campaign_counts q WHERE q.authorisation = %s AND %s`, s.arg(scopes[0]), s.of(unlessNamed(q)+"q.category", q.Category))
	} else {
		s.add(`(SELECT campaign, sum(members) AS members, sum(undecided) AS undecided, sum(relapsed) AS relapsed, sum(parked) AS parked,
  sum(reviewing) AS reviewing, max(level) AS level, max(score) AS score, min(first_seen) AS first_seen, max(last_seen) AS last_seen, min(due) AS due,
  `+RankOf("sum(undecided)", "sum(relapsed)")+` AS rank
  FROM campaign_counts WHERE %s AND %s GROUP BY campaign) q WHERE 1 = 1`, s.in("authorisation", scopes), s.of("category", q.Category))
	}
	s.restrict(q)
	return s
}

// restrict adds the conditions of the list and the filters. Waiting campaigns have a rank; that is written
// as in the conditions of the indexes for the other orders. A + before a column keeps SQLite from using an
// index of it.
func (s *statement) restrict(q *campaign.Query) {
	waits, own := `q.rank <> 0`, `+`
	if s.at.few || q.List == campaign.ListMine || q.List == campaign.ListClaimed {
		waits, own = `+q.rank <> 0`, ``
	}
	// A subquery with NULL in it makes NOT IN unknown, so unknown ids are 0.
	switch q.List {
	case campaign.ListOpen:
		s.add(` AND q.rank <> 0 AND q.campaign NOT IN (%s) AND q.campaign NOT IN (%s)`, s.claimed(q), s.resting())
	case campaign.ListClaimed:
		s.add(` AND %s AND q.campaign IN (%s)`, waits, s.claimed(q))
	case campaign.ListParked:
		s.add(` AND q.campaign IN (SELECT o.campaign FROM campaign_counts o WHERE %s AND %s AND o.parked > 0 UNION ALL %s)`,
			s.in("o.authorisation", scopesOf(q)), s.of("o.category", q.Category), s.resting())
	case campaign.ListReview:
		s.add(` AND q.reviewing > 0 AND EXISTS (%s)`, s.othersDecided(q))
	case campaign.ListRelapsed:
		s.add(` AND %s AND %sq.rank IN (1, 3) AND q.campaign NOT IN (%s)`, waits, own, s.resting())
	case campaign.ListOverdue:
		s.add(` AND %s AND %sq.due <= %s AND q.campaign NOT IN (%s)`, waits, own, s.arg(s.at.now), s.resting())
	case campaign.ListMine:
		s.add(` AND %s AND q.campaign IN (%s)`, waits, s.assigned(q.By, "mine"))
	}
	if q.Findings != nil {
		ids, _ := json.Marshal(q.Findings) // strings can always be encoded
		s.add(` AND q.campaign IN (SELECT f.campaign FROM json_each(%s) j CROSS JOIN campaign_findings f ON f.finding = j.value)`, s.arg(string(ids)))
	}
	if !q.NewSince.IsZero() {
		s.add(` AND q.first_seen > %s`, s.arg(database.Millis(q.NewSince)))
	}
	if q.Assignee != "" {
		s.add(` AND q.campaign IN (%s)`, s.assigned(q.Assignee, "tasks"))
	}
	if q.Level > qianshao.LevelInformational {
		s.add(` AND q.level >= %s`, s.arg(int(q.Level)))
	}
	if q.Kind != "" {
		s.add(` AND EXISTS (SELECT 1 FROM campaigns c WHERE c.campaign = q.campaign AND c.kind = %s)`, s.arg(string(q.Kind)))
	}
}

// CampaignOf is the number of the campaign with an id, 0 for none. The id must not be a column of x, m, k
// or former, which are names within.
func CampaignOf(id string) string {
	return `coalesce((SELECT x.campaign FROM campaigns x WHERE x.id = ` + id + `),
  (SELECT m.campaign FROM campaign_aliases former JOIN campaign_members m ON m.finding = former.finding AND m.place = 0 WHERE former.id = ` + id + `),
  (SELECT k.campaign FROM campaign_aliases former JOIN campaign_keys k ON k.key_hash = former.key_hash WHERE former.id = ` + id + ` AND former.finding = ''), 0)`
}

// claimed are the campaigns claimed by others.
func (s *statement) claimed(q *campaign.Query) string {
	if s.shared {
		return `SELECT campaign FROM claimed`
	}
	now := s.arg(s.at.now)
	return `SELECT ` + CampaignOf("l.subject") + ` AS campaign FROM claims l WHERE l.subject_kind = 'campaign' AND l.until > ` + now + ` AND l.account <> ` + s.arg(q.By) + `
UNION ALL SELECT f.campaign FROM claims l JOIN campaign_findings f ON f.finding = l.subject JOIN campaigns c ON c.campaign = f.campaign
WHERE l.subject_kind = 'finding' AND l.until > ` + now + ` AND l.account <> ` + s.arg(q.By) + ` AND c.members = 1`
}

// resting are the parked campaigns that have not come back.
func (s *statement) resting() string {
	if s.shared {
		return `SELECT campaign FROM resting`
	}
	return resting(s.arg(s.at.now))
}

func resting(now string) string {
	return `SELECT p.campaign FROM (SELECT ` + CampaignOf("s.subject") + ` AS campaign, s.* FROM standings s WHERE s.subject_kind = 'campaign' AND s.parked <> 0) p
JOIN campaigns c ON c.campaign = p.campaign WHERE (p.parked_until = 0 OR p.parked_until > ` + now + `) AND (p.parked_sites = 0 OR c.owners < p.parked_sites)
AND NOT (p.parked_relapse = 1 AND EXISTS (SELECT 1 FROM campaign_findings f JOIN findings x ON x.id = f.finding
  WHERE f.campaign = p.campaign AND f.relapsed = 1 AND x.back_at > p.parked_at))`
}

// othersDecided are the findings of campaign q on which another account's decision waits for this account's
// answer: nobody reviews their own.
func (s *statement) othersDecided(q *campaign.Query) string {
	seen := s.within("f.authorisation", scopesOf(q))
	if q.Category != "" {
		seen += ` AND f.category = ` + s.arg(string(q.Category))
	}
	return `SELECT 1 FROM campaign_findings f WHERE f.campaign = q.campaign AND f.reviewing = 1 AND ` + s.answerable(q) + ` AND ` + seen
}

// answerable is the condition on findings f that wait for a review or for adjudication, and that this
// account has not answered. A reviewer who disagreed has to wait for a lead.
func (s *statement) answerable(q *campaign.Query) string {
	by := s.arg(q.By)
	others := `f.decider <> ` + by
	if q.Adjudicates {
		return others
	}
	return others + ` AND NOT EXISTS (SELECT 1 FROM standings d JOIN acts a ON a.subject = d.subject AND a.subject_kind = d.subject_kind
  AND a.round = d.round AND +a.account = ` + by + ` AND +a.kind IN ('review', 'dispute') WHERE d.subject = f.finding AND d.subject_kind = 'finding' AND d.dissent <> 0)`
}

// assigned are the campaigns that are an account's task, or have a finding that is; shared is the common
// table expression with them, if statements share one.
func (s *statement) assigned(to, shared string) string {
	if s.shared {
		return `SELECT campaign FROM ` + shared
	}
	account := s.arg(to)
	return `SELECT ` + CampaignOf("s.subject") + ` AS campaign FROM standings s WHERE s.assignee = ` + account + ` AND s.assignee <> '' AND s.subject_kind = 'campaign'
UNION ALL SELECT f.campaign FROM standings s JOIN campaign_findings f ON f.finding = s.subject
WHERE s.assignee = ` + account + ` AND s.assignee <> '' AND s.subject_kind = 'finding'`
}

// segment ends the query with one rank, overdue or not, in the index's order.
func (s *statement) segment(rank, overdue, limit int) {
	switch {
	case overdue == 0:
		s.add(` AND q.rank = %s AND (q.due IS NULL OR q.due > %s)`, s.arg(rank), s.arg(s.at.now))
	case s.at.few:
		s.add(` AND +q.rank = %s AND q.due <= %s`, s.arg(rank), s.arg(s.at.now))
	default:
		s.add(` AND q.rank = %s AND +q.due <= %s`, s.arg(rank), s.arg(s.at.now))
	}
	if s.at.started && s.at.rank == rank && s.at.overdue == overdue {
		score, first, n := s.arg(s.at.score), s.arg(s.at.firstSeen), s.arg(s.at.campaign)
		s.add(` AND q.score <= %s AND (q.score < %s OR q.first_seen > %s OR q.first_seen = %s AND q.campaign > %s)`, score, score, first, first, n)
	}
	s.add(` ORDER BY q.score DESC, q.first_seen, q.campaign LIMIT %s`, s.arg(limit))
}

// general ends the query with the queue's full order.
func (s *statement) general(limit int) {
	if s.at.started {
		s.add(` AND (q.rank, CASE WHEN q.due <= %s THEN 1 ELSE 0 END, q.score, -q.first_seen, -q.campaign) < (%s, %s, %s, %s, %s)`,
			s.arg(s.at.now), s.arg(s.at.rank), s.arg(s.at.overdue), s.arg(s.at.score), s.arg(-s.at.firstSeen), s.arg(-s.at.campaign))
	}
	s.add(` ORDER BY q.rank DESC, overdue DESC, q.score DESC, q.first_seen, q.campaign LIMIT %s`, s.arg(limit))
}

// sorted ends the query with an order other than the queue's.
func (s *statement) sorted(sort campaign.Sort, limit int) {
	column := map[campaign.Sort]string{campaign.SortNew: "q.first_seen", campaign.SortSeen: "q.last_seen", campaign.SortMembers: "q.members"}[sort]
	if s.at.started {
		value, n := s.arg(s.at.value), s.arg(s.at.campaign)
		s.add(` AND %s <= %s AND (%s < %s OR q.campaign > %s)`, column, value, column, value, n)
	}
	s.add(` ORDER BY %s DESC, q.campaign LIMIT %s`, column, s.arg(limit))
}

func (s *statement) run(ctx context.Context, db *database.DB) ([]queueRow, error) {
	return database.Collect(ctx, db.Read, func(r *sql.Rows) (v queueRow, err error) {
		err = r.Scan(&v.campaign, &v.members, &v.undecided, &v.relapsed, &v.parked, &v.reviewing, &v.level, &v.score, &v.firstSeen, &v.lastSeen, &v.due, &v.rank, &v.overdue)
		return v, err
	}, s.text.String(), s.args...)
}
