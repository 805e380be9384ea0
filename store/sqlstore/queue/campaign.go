package queue

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// within writes the condition that an authorisation is in the scopes.
func (s *statement) within(column string, scopes []string) string {
	if isEverything(scopes) {
		return "1 = 1"
	}
	return s.in(column, scopes)
}

// Campaign returns the visible part of the campaign with an id, present or former. If no member may be seen
// it returns desk.ErrNotFound, as for an unknown id.
func (c *Reader) Campaign(ctx context.Context, sight qianshao.Sight, id string) (d campaign.Details, err error) {
	n, err := c.visible(ctx, sight, id)
	if err != nil {
		return d, err
	}
	scopes := scopesOf(&campaign.Query{Sight: sight})
	row := queueRow{campaign: n}
	s := &statement{}
	s.add(`SELECT campaign, coalesce(sum(members), 0), sum(undecided), sum(relapsed), sum(parked), sum(reviewing), max(level), max(score), min(first_seen), max(last_seen),
  min(due), 0, 0 FROM campaign_counts WHERE campaign = %s AND category = '*' AND %s GROUP BY campaign`, s.arg(n), s.in("authorisation", scopes))
	rows, err := s.run(ctx, c.db)
	if err != nil {
		return d, c.db.Fail("read a campaign from", err)
	}
	if len(rows) > 0 {
		row = rows[0]
	}
	if d.Campaign, err = c.complete(ctx, &row, scopes, database.Millis(c.now())); err != nil {
		return d, c.db.Fail("read a campaign from", err)
	}
	err = c.detail(ctx, n, scopes, &d)
	return d, c.db.Fail("read a campaign from", err)
}

// visible returns the campaign with an id, if any of its members may be seen.
func (c *Reader) visible(ctx context.Context, sight qianshao.Sight, id string) (n int64, err error) {
	err = c.db.Read.QueryRowContext(ctx, SelectCampaign, id).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, desk.ErrNotFound
	}
	if err != nil {
		return 0, c.db.Fail("read a campaign from", err)
	}
	scopes := scopesOf(&campaign.Query{Sight: sight})
	if len(scopes) == 0 {
		return 0, desk.ErrNotFound
	}
	s := &statement{}
	s.add(`SELECT EXISTS (SELECT 1 FROM campaign_members WHERE campaign = %s AND %s)`, s.arg(n), s.within("authorisation", scopes))
	var sees bool
	if err := c.db.Read.QueryRowContext(ctx, s.text.String(), s.args...).Scan(&sees); err != nil {
		return 0, c.db.Fail("read a campaign from", err)
	}
	if !sees {
		return 0, desk.ErrNotFound
	}
	return n, nil
}

// complete derives what is shown of a campaign from its counters.
func (c *Reader) complete(ctx context.Context, r *queueRow, scopes []string, now int64) (v campaign.Campaign, err error) {
	v = campaign.Campaign{
		Findings: r.members, Undecided: r.undecided, Relapsed: r.relapsed, Parked: r.parked, Reviewing: r.reviewing,
		Level: qianshao.Level(r.level), Score: r.score, Overdue: r.due.Valid && r.due.Int64 <= now,
	}
	if r.members > 0 {
		v.FirstSeen, v.LastSeen = database.FromMillis(r.firstSeen), database.FromMillis(r.lastSeen)
	}
	if r.due.Valid {
		v.Due = database.FromMillis(r.due.Int64)
	}
	var oldest, claimed, assignee sql.NullString
	var until sql.NullInt64
	err = c.db.Read.QueryRowContext(ctx, `
SELECT c.id, c.kind, c.key_name, c.label, c.oldest, c.shared, c.members, c.owners, c.policy, l.account, l.until, s.assignee
FROM campaigns c LEFT JOIN claims l ON l.subject = c.id AND l.subject_kind = 'campaign' AND l.until > $2
LEFT JOIN standings s ON s.subject = c.id AND s.subject_kind = 'campaign' WHERE c.campaign = $1`, r.campaign, now).Scan(
		&v.ID, &v.Kind, &v.Key, &v.Label, &oldest, &v.Shared, &v.Members, &v.Sites, &v.Policy, &claimed, &until, &assignee)
	if err != nil {
		return v, err
	}
	v.ClaimedBy, v.Assignee = claimed.String, assignee.String
	if until.Valid {
		v.ClaimedUntil = database.FromMillis(until.Int64)
	}
	if !isEverything(scopes) {
		if err = c.narrow(ctx, r.campaign, scopes, &v); err != nil {
			return v, err
		}
	}
	err = c.first(ctx, r.campaign, scopes, now, &v)
	return v, err
}

// first reads the oldest visible member. In a campaign of one, work on the finding is work on the campaign.
func (c *Reader) first(ctx context.Context, n int64, scopes []string, now int64, v *campaign.Campaign) error {
	s := &statement{}
	s.add(`SELECT m.finding, f.owner, f.category, coalesce(l.account, ''), coalesce(l.until, 0), coalesce(s.assignee, '')
FROM (SELECT finding FROM campaign_members WHERE campaign = %s AND %s ORDER BY first_seen, finding LIMIT 1) m JOIN campaign_findings f ON f.finding = m.finding
LEFT JOIN claims l ON l.subject = m.finding AND l.subject_kind = 'finding' AND l.until > %s
LEFT JOIN standings s ON s.subject = m.finding AND s.subject_kind = 'finding'`, s.arg(n), s.within("authorisation", scopes), s.arg(now))
	var claimed, assignee string
	var until int64
	err := c.db.Read.QueryRowContext(ctx, s.text.String(), s.args...).Scan(&v.Oldest, &v.Site, &v.Category, &claimed, &until, &assignee)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // all visible members have left it since
	}
	if err != nil || v.Members != 1 {
		return err
	}
	if v.ClaimedBy == "" && claimed != "" {
		v.ClaimedBy, v.ClaimedUntil = claimed, database.FromMillis(until)
	}
	v.Assignee = cmp.Or(v.Assignee, assignee)
	return nil
}

// narrow reduces a campaign to what a limited account may see: the members in its sight, and a label from
// their evidence.
func (c *Reader) narrow(ctx context.Context, n int64, scopes []string, v *campaign.Campaign) error {
	s := &statement{}
	s.add(`SELECT coalesce(sum(members), 0), count(DISTINCT owner) FROM campaign_owners WHERE campaign = %s AND %s`, s.arg(n), s.within("authorisation", scopes))
	if err := c.db.Read.QueryRowContext(ctx, s.text.String(), s.args...).Scan(&v.Members, &v.Sites); err != nil {
		return err
	}
	if v.Kind != campaign.KindBlock {
		return nil
	}
	oldest, err := c.oldestOf(ctx, n, scopes)
	if err != nil {
		return err
	}
	v.Label, err = c.labelOf(ctx, oldest)
	return err
}

// oldestOf returns the oldest visible member.
func (c *Reader) oldestOf(ctx context.Context, n int64, scopes []string) (id string, err error) {
	s := &statement{}
	s.add(`SELECT finding FROM campaign_members WHERE campaign = %s AND %s ORDER BY first_seen, finding LIMIT 1`, s.arg(n), s.within("authorisation", scopes))
	err = c.db.Read.QueryRowContext(ctx, s.text.String(), s.args...).Scan(&id)
	return id, err
}

func (c *Reader) labelOf(ctx context.Context, id string) (string, error) {
	var text string
	if err := c.db.Read.QueryRowContext(ctx, `SELECT finding FROM findings WHERE id = $1`, id).Scan(&text); err != nil {
		return "", err
	}
	f, err := database.DecodeFinding(text)
	if err != nil {
		return "", err
	}
	return campaign.Label(&f), nil
}

// Named returns the id of a campaign, by its number, and its label as a sight shows it; both are empty if
// it is gone, or nothing of it may be seen.
func (c *Reader) Named(ctx context.Context, sight qianshao.Sight, n int64) (id, label string, err error) {
	var v campaign.Campaign
	err = c.db.Read.QueryRowContext(ctx, `SELECT id, kind, label FROM campaigns WHERE campaign = $1`, n).Scan(&v.ID, &v.Kind, &v.Label)
	if scopes := scopesOf(&campaign.Query{Sight: sight}); err == nil && !isEverything(scopes) {
		err = c.narrow(ctx, n, scopes, &v)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", nil
	}
	return v.ID, v.Label, c.db.Fail("read a campaign from", err)
}

// detail reads what the page of a campaign shows besides its counters.
func (c *Reader) detail(ctx context.Context, n int64, scopes []string, d *campaign.Details) (err error) {
	counts := func(query string) ([]campaign.Count, error) {
		s := &statement{}
		s.add(query, s.arg(n), s.within("authorisation", scopes), s.arg(campaign.MaxShown))
		return database.Collect(ctx, c.db.Read, func(r *sql.Rows) (v campaign.Count, err error) {
			err = r.Scan(&v.Value, &v.Members)
			return v, err
		}, s.text.String(), s.args...)
	}
	if d.BySite, err = counts(`SELECT owner, sum(members) FROM campaign_owners WHERE campaign = %s AND %s GROUP BY owner ORDER BY 2 DESC, owner LIMIT %s`); err != nil {
		return err
	}
	if d.ByCategory, err = counts(`SELECT category, sum(members) FROM campaign_counts WHERE campaign = %s AND authorisation <> '*' AND category <> '*' AND %s
GROUP BY category ORDER BY 2 DESC, category LIMIT %s`); err != nil {
		return err
	}
	if d.Typical, d.Unlike, err = c.typical(ctx, n, scopes); err != nil {
		return err
	}
	if d.Keys, err = c.keysOf(ctx, n, scopes); err != nil {
		return err
	}
	if isEverything(scopes) { // a limited account gets them from the members that it sees
		d.Aliases, err = database.Collect(ctx, c.db.Read, database.ScanValue[string], `
SELECT a.id FROM campaign_aliases a JOIN campaign_members m ON m.finding = a.finding AND m.place = 0 WHERE m.campaign = $1
UNION SELECT a.id FROM campaign_keys k JOIN campaign_aliases a ON a.key_hash = k.key_hash WHERE k.campaign = $1 AND a.finding = '' ORDER BY 1 LIMIT $2`, n, campaign.MaxShown)
	}
	return err
}

// likeShape is a block of a campaign, with one of its visible findings.
type likeShape struct {
	sketch  int64
	finding string
}

// shapes returns a campaign's most frequent block, then its rarest ones.
func (c *Reader) shapes(ctx context.Context, n int64, scopes []string) ([]likeShape, error) {
	s := &statement{}
	number, limit := s.arg(n), s.arg(campaign.MaxShown)
	if isEverything(scopes) {
		one := `(SELECT f.finding FROM campaign_findings f WHERE f.block = s.campaign AND f.shape = s.shape LIMIT 1)`
		s.add(`SELECT sketch, %s FROM (SELECT * FROM campaign_shapes WHERE campaign = %s AND members > 0 ORDER BY members DESC, shape DESC LIMIT 1) s
UNION ALL SELECT sketch, %s FROM (SELECT * FROM campaign_shapes WHERE campaign = %s AND members > 0 ORDER BY members, shape LIMIT %s) s`,
			one, number, one, number, limit)
	} else { // among the oldest visible ones
		blocks := fmt.Sprintf(`SELECT s.sketch, min(f.finding) AS finding, count(*) AS members FROM
  (SELECT finding FROM campaign_members WHERE campaign = %s AND place = 0 AND %s ORDER BY first_seen, finding LIMIT %s) m
JOIN campaign_findings f ON f.finding = m.finding JOIN campaign_shapes s ON s.campaign = %s AND s.shape = f.shape AND s.split = f.split GROUP BY s.shape, s.sketch`,
			number, s.within("authorisation", scopes), s.arg(campaign.MaxRead), number)
		s.add(`WITH b AS (%s) SELECT * FROM (SELECT sketch, finding FROM b ORDER BY members DESC, finding LIMIT 1) x
UNION ALL SELECT * FROM (SELECT sketch, finding FROM b ORDER BY members, finding LIMIT %s) y`, blocks, limit)
	}
	return database.Collect(ctx, c.db.Read, func(r *sql.Rows) (v likeShape, err error) {
		err = r.Scan(&v.sketch, &v.finding)
		return v, err
	}, s.text.String(), s.args...)
}

// typical returns the finding most similar to the others, and the least similar ones.
func (c *Reader) typical(ctx context.Context, n int64, scopes []string) (typical string, unlike []string, err error) {
	list, err := c.shapes(ctx, n, scopes)
	if err != nil {
		return "", nil, err
	}
	if len(list) == 0 { // a destination or a handle: use members of the rarest blocks
		return c.typicalOfKey(ctx, n, scopes)
	}
	first, rest := list[0], list[1:]
	slices.SortStableFunc(rest, func(a, b likeShape) int {
		x, y := campaign.Alike(uint64(first.sketch), uint64(a.sketch)), campaign.Alike(uint64(first.sketch), uint64(b.sketch))
		return int(64 * (x - y))
	})
	for _, v := range rest {
		if v.finding != first.finding && len(unlike) < campaign.MaxUnlike {
			unlike = append(unlike, v.finding)
		}
	}
	return first.finding, unlike, nil
}

// typicalOfKey chooses by blocks: the most frequent one and the rarest.
func (c *Reader) typicalOfKey(ctx context.Context, n int64, scopes []string) (typical string, unlike []string, err error) {
	s := &statement{}
	s.add(`SELECT min(f.finding) FROM (SELECT finding FROM campaign_members WHERE campaign = %s AND %s ORDER BY first_seen, finding LIMIT %s) m
JOIN campaign_findings f ON f.finding = m.finding GROUP BY f.block ORDER BY count(*) DESC, 1`, s.arg(n), s.within("authorisation", scopes), s.arg(campaign.MaxRead))
	list, err := database.Collect(ctx, c.db.Read, database.ScanValue[string], s.text.String(), s.args...)
	if err != nil || len(list) == 0 {
		return "", nil, err
	}
	typical, list = list[0], list[1:]
	slices.Reverse(list)
	return typical, list[:min(len(list), campaign.MaxUnlike)], nil
}

// keysOf counts the destinations and handles of the oldest members.
func (c *Reader) keysOf(ctx context.Context, n int64, scopes []string) ([]campaign.KeyCount, error) {
	s := &statement{}
	s.add(`SELECT k.id, k.kind, k.key_name, k.shared, count(*) FROM
  (SELECT finding FROM campaign_members WHERE campaign = %s AND %s ORDER BY first_seen, finding LIMIT %s) m
JOIN campaign_members o ON o.finding = m.finding AND o.place > 0 JOIN campaigns k ON k.campaign = o.campaign AND k.key_name <> ''
GROUP BY k.campaign ORDER BY 5 DESC, k.key_name LIMIT %s`, s.arg(n), s.within("authorisation", scopes), s.arg(campaign.MaxRead), s.arg(campaign.MaxShown))
	return database.Collect(ctx, c.db.Read, func(r *sql.Rows) (v campaign.KeyCount, err error) {
		err = r.Scan(&v.ID, &v.Kind, &v.Key, &v.Shared, &v.Members)
		return v, err
	}, s.text.String(), s.args...)
}

// Of returns the campaigns of a finding, the primary one first; none if it waits to be grouped. Whoever
// sees the finding may see them.
func (c *Reader) Of(ctx context.Context, finding string) ([]campaign.Membership, error) {
	list, err := database.Collect(ctx, c.db.Read, func(r *sql.Rows) (v campaign.Membership, err error) {
		err = r.Scan(&v.ID, &v.Kind, &v.Key, &v.Primary, &v.Shared)
		return v, err
	}, `SELECT c.id, c.kind, c.key_name, c.campaign = f.campaign, c.shared FROM campaign_members m JOIN campaign_findings f ON f.finding = m.finding
JOIN campaigns c ON c.campaign = m.campaign WHERE m.finding = $1 GROUP BY c.campaign, f.campaign ORDER BY 4 DESC, min(m.place)`, finding)
	if err != nil {
		return nil, c.db.Fail("read the campaigns of a finding from", err)
	}
	return list, nil
}

// Members returns the visible members of a campaign, the oldest first, after a cursor, at most limit.
func (c *Reader) Members(ctx context.Context, sight qianshao.Sight, id, after string, limit int) (campaign.Members, error) {
	return c.MembersOn(ctx, sight, id, "", after, limit)
}

// MembersOn returns those on a site, which is a registered domain; "" is all.
func (c *Reader) MembersOn(ctx context.Context, sight qianshao.Sight, id, site, after string, limit int) (page campaign.Members, err error) {
	n, err := c.visible(ctx, sight, id)
	if err != nil {
		return page, err
	}
	if limit = min(limit, campaign.MaxLimit); limit <= 0 {
		limit = campaign.DefaultLimit
	}
	s := &statement{}
	var seen, from string
	if site == "" {
		seen, from = "m.authorisation", `campaign_members m JOIN campaign_findings f ON f.finding = m.finding WHERE m.campaign = `+s.arg(n)
	} else {
		seen = "+m.authorisation"
		// A site has fewer findings than a campaign has members; SQLite would read all members for each of
		// them from an index of campaigns, were it not for the plus sign.
		from = `campaign_findings f CROSS JOIN campaign_members m ON m.finding = f.finding WHERE f.owner = ` + s.arg(site) + ` AND +m.campaign = ` + s.arg(n)
	}
	s.add(`SELECT f.finding, f.authorisation, f.owner, f.category, f.level, f.score, f.campaign = m.campaign, f.undecided, f.relapsed, f.parked, f.reviewing, f.first_seen, f.last_seen
FROM %s AND %s`, from, s.within(seen, scopesOf(&campaign.Query{Sight: sight})))
	by := "m"
	if site != "" {
		by = "f"
	}
	if after != "" {
		first, finding, ok := strings.Cut(after, ".")
		at, err := strconv.ParseInt(first, 10, 64)
		if !ok || err != nil {
			return page, errCursor
		}
		s.add(` AND (%s.first_seen, %s.finding) > (%s, %s)`, by, by, s.arg(at), s.arg(finding))
	}
	s.add(` ORDER BY %s.first_seen, %s.finding LIMIT %s`, by, by, s.arg(limit+1))
	page.List, err = database.Collect(ctx, c.db.Read, scanMember, s.text.String(), s.args...)
	if err != nil {
		return page, c.db.Fail("read the members of a campaign from", err)
	}
	if len(page.List) > limit {
		page.List = page.List[:limit]
		last := page.List[limit-1]
		page.Next = fmt.Sprintf("%d.%s", database.Millis(last.FirstSeen), last.Finding)
	}
	return page, nil
}

func scanMember(r *sql.Rows) (m campaign.Member, err error) {
	var first, last int64
	err = r.Scan(&m.Finding, &m.Authorisation, &m.Site, &m.Category, &m.Level, &m.Score, &m.Primary, &m.Undecided, &m.Relapsed, &m.Parked, &m.Reviewing, &first, &last)
	m.FirstSeen, m.LastSeen = database.FromMillis(first), database.FromMillis(last)
	return m, err
}

// shared returns a page of the destinations and handles too widespread to group by.
func (c *Reader) shared(ctx context.Context, q *campaign.Query, scopes []string, at position) (rows []queueRow, err error) {
	s := &statement{}
	s.add(`SELECT c.campaign FROM campaigns c WHERE c.shared = 1 AND c.campaign > %s AND EXISTS (
  SELECT 1 FROM campaign_members m WHERE m.campaign = c.campaign AND %s) ORDER BY c.campaign LIMIT %s`,
		s.arg(at.campaign), s.within("m.authorisation", scopes), s.arg(q.Limit+1))
	return database.Collect(ctx, c.db.Read, func(r *sql.Rows) (v queueRow, err error) {
		err = r.Scan(&v.campaign)
		return v, err
	}, s.text.String(), s.args...)
}
