package queue

import (
	"context"
	"database/sql"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/store/sqlite/database"
)

// Moments returns when the members of a campaign that may be seen were found, and came back, the
// earliest first.
func (c *Reader) Moments(ctx context.Context, sight qianshao.Sight, id string) ([]campaign.Moment, error) {
	n, err := c.visible(ctx, sight, id)
	if err != nil {
		return nil, err
	}
	scopes := scopesOf(&campaign.Query{Sight: sight})
	quarter := campaign.Quarter.Milliseconds()
	s := &statement{}
	s.add(`SELECT at, sum(found), sum(back) FROM (
  SELECT first_seen / %s AS at, count(*) AS found, 0 AS back FROM campaign_members WHERE campaign = %s AND %s GROUP BY 1
  UNION ALL SELECT x.back_at / %s, 0, count(*) FROM campaign_findings f JOIN findings x ON x.id = f.finding
    WHERE f.campaign = %s AND f.relapsed = 1 AND %s GROUP BY 1
) GROUP BY at ORDER BY at`,
		s.arg(quarter), s.arg(n), s.within("authorisation", scopes), s.arg(quarter), s.arg(n), s.within("f.authorisation", scopes))
	list, err := database.Collect(ctx, c.db.Read, func(r *sql.Rows) (m campaign.Moment, err error) {
		var at int64
		err = r.Scan(&at, &m.Found, &m.Relapsed)
		m.At = time.UnixMilli(at * quarter).UTC()
		return m, err
	}, s.text.String(), s.args...)
	return list, c.db.Fail("read the timeline of a campaign from", err)
}

// Kin returns the campaigns of blocks that have a key in common with a campaign, as far as they
// may be seen, those with the most members in common first. Keys that too many sites have count
// for nothing.
func (c *Reader) Kin(ctx context.Context, sight qianshao.Sight, id string) ([]campaign.Kin, error) {
	n, err := c.visible(ctx, sight, id)
	if err != nil {
		return nil, err
	}
	scopes := scopesOf(&campaign.Query{Sight: sight})
	s := &statement{}
	number := s.arg(n)
	s.add(`WITH common AS (SELECT DISTINCT o.campaign, k.key_name FROM
    (SELECT finding FROM campaign_members WHERE campaign = %s AND %s ORDER BY first_seen, finding LIMIT %s) m
  JOIN campaign_members o ON o.finding = m.finding JOIN campaigns k ON k.campaign = o.campaign AND k.key_name <> '' AND k.shared = 0 LIMIT %s)
SELECT f.block, c.id, c.label, min(x.key_name), count(DISTINCT f.finding) FROM
  (SELECT m.finding, w.key_name FROM common w JOIN campaign_members m ON m.campaign = w.campaign WHERE %s ORDER BY m.first_seen DESC LIMIT %s) x
JOIN campaign_findings f ON f.finding = x.finding JOIN campaigns c ON c.campaign = f.block
WHERE f.block <> %s GROUP BY f.block ORDER BY 5 DESC, c.id LIMIT %s`,
		number, s.within("authorisation", scopes), s.arg(campaign.MaxRead), s.arg(campaign.MaxShown),
		s.within("m.authorisation", scopes), s.arg(campaign.MaxKinRead), number, s.arg(campaign.MaxKin))
	var blocks []int64
	list, err := database.Collect(ctx, c.db.Read, func(r *sql.Rows) (k campaign.Kin, err error) {
		var block int64
		err = r.Scan(&block, &k.ID, &k.Label, &k.Key, &k.Members)
		blocks = append(blocks, block)
		return k, err
	}, s.text.String(), s.args...)
	for i := range list {
		if err != nil || isEverything(scopes) {
			break
		}
		var oldest string // the label is out of what may be seen
		if oldest, err = c.oldestOf(ctx, blocks[i], scopes); err == nil {
			list[i].Label, err = c.labelOf(ctx, oldest)
		}
	}
	return list, c.db.Fail("read the kin of a campaign from", err)
}
