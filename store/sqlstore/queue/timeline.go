package queue

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// Days returns the days in a time zone on which visible members of a campaign were found or came back,
// within the MaxDays before the last such day, the earliest first.
func (c *Reader) Days(ctx context.Context, sight qianshao.Sight, id string, zone *time.Location) ([]campaign.Day, error) {
	n, err := c.visible(ctx, sight, id)
	if err != nil {
		return nil, err
	}
	t := &timeline{Reader: c, campaign: n, scopes: scopesOf(&campaign.Query{Sight: sight}), zone: zone, days: map[time.Time]campaign.Day{}}
	if err = t.found(ctx); err == nil {
		err = t.relapsed(ctx)
	}
	if err != nil {
		return nil, c.db.Fail("read the timeline of a campaign from", err)
	}
	list := slices.SortedFunc(maps.Values(t.days), func(a, b campaign.Day) int { return a.At.Compare(b.At) })
	if k := len(list) - 1; k > 0 {
		since := list[k].At.AddDate(0, 0, 1-campaign.MaxDays)
		list = slices.DeleteFunc(list, func(d campaign.Day) bool { return d.At.Before(since) })
	}
	return list, nil
}

// timeline is a campaign's days while they are being read.
type timeline struct {
	*Reader
	campaign int64
	scopes   []string
	zone     *time.Location
	days     map[time.Time]campaign.Day
}

// found counts the members by day. SQLite counts a range of an index four times as fast as it groups one,
// and the many members of a campaign are found on few days.
func (t *timeline) found(ctx context.Context) error {
	first, last, err := t.bounds(ctx)
	if err != nil || !first.Valid {
		return err
	}
	born := campaign.DayOf(database.FromMillis(first.Int64), t.zone)
	next := max(first.Int64, database.Millis(campaign.DayOf(database.FromMillis(last.Int64), t.zone).AddDate(0, 0, 1-campaign.MaxDays)))
	for {
		var at sql.NullInt64
		if err := t.row(ctx, `SELECT min(first_seen)`, ` AND first_seen >= $1`, next).Scan(&at); err != nil || !at.Valid {
			return err
		}
		day := campaign.Day{At: campaign.DayOf(database.FromMillis(at.Int64), t.zone)}
		day.First = day.At.Equal(born)
		next = database.Millis(day.At.AddDate(0, 0, 1))
		if err := t.row(ctx, `SELECT count(*)`, ` AND first_seen >= $1 AND first_seen < $2`, at.Int64, next).Scan(&day.Found); err != nil {
			return err
		}
		t.days[day.At] = day
	}
}

func (t *timeline) bounds(ctx context.Context) (first, last sql.NullInt64, err error) {
	if err = t.row(ctx, `SELECT min(first_seen)`, "").Scan(&first); err == nil {
		err = t.row(ctx, `SELECT max(first_seen)`, "").Scan(&last)
	}
	return first, last, err
}

// row queries the visible members.
func (t *timeline) row(ctx context.Context, what, where string, args ...any) *sql.Row {
	s := &statement{args: args}
	s.add("%s FROM campaign_members WHERE campaign = %s AND %s%s", what, s.arg(t.campaign), s.within("authorisation", t.scopes), where)
	return t.db.Read.QueryRowContext(ctx, s.text.String(), s.args...)
}

// relapsed counts the members that came back, by day. An index has those of the campaign.
func (t *timeline) relapsed(ctx context.Context) error {
	s := &statement{}
	s.add(`SELECT x.back_at FROM campaign_findings f JOIN findings x ON x.id = f.finding WHERE f.campaign = %s AND f.relapsed = 1 AND %s`,
		s.arg(t.campaign), s.within("f.authorisation", t.scopes))
	list, err := database.Collect(ctx, t.db.Read, database.ScanValue[int64], s.text.String(), s.args...)
	for _, back := range list {
		at := campaign.DayOf(database.FromMillis(back), t.zone)
		day := t.days[at]
		day.At = at
		day.Relapsed++
		t.days[at] = day
	}
	return err
}

// Kin returns the visible campaigns of blocks that share a key with a campaign, those with the most members
// in common first. Keys on too many sites do not count.
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
SELECT c.campaign, c.id, c.label, min(x.key_name), count(DISTINCT f.finding) FROM
  (SELECT m.finding, w.key_name FROM common w JOIN campaign_members m ON m.campaign = w.campaign WHERE %s ORDER BY m.first_seen DESC LIMIT %s) x
JOIN campaign_findings f ON f.finding = x.finding JOIN campaigns c ON c.campaign = f.block
WHERE f.block <> %s GROUP BY c.campaign ORDER BY 5 DESC, c.id LIMIT %s`,
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
		var oldest string // the label comes from the visible members
		if oldest, err = c.oldestOf(ctx, blocks[i], scopes); err == nil {
			list[i].Label, err = c.labelOf(ctx, oldest)
		}
	}
	return list, c.db.Fail("read the kin of a campaign from", err)
}
