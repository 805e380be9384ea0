package campaigns

import (
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/store/sqlstore/queue"
)

// uniteBlocks unites two campaigns that one block belongs to, and returns the result.
func (w *work) uniteBlocks(a, b int64) (int64, error) {
	sa, err := w.state(a)
	if err != nil {
		return 0, err
	}
	sb, err := w.state(b)
	if err != nil {
		return 0, err
	}
	// The larger one absorbs the other, but a block never absorbs a destination or a handle: people have
	// merged the block into it.
	if sb.kind != campaign.KindBlock && sa.kind == campaign.KindBlock || (sb.kind == campaign.KindBlock) == (sa.kind == campaign.KindBlock) && sb.members > sa.members {
		a, b = b, a
	}
	return a, w.unite(a, b)
}

// unite moves everything that belongs to campaign b into campaign a, and removes b. Its id leads to a.
func (w *work) unite(a, b int64) error {
	if err := w.flush(); err != nil { // SQL adds up the counters
		return err
	}
	into, err := w.state(a)
	if err != nil {
		return err
	}
	from, err := w.state(b)
	if err != nil {
		return err
	}
	if err := w.revisitBefore(a, b, &into, &from); err != nil {
		return err
	}
	if err := w.tellMembers(b); err != nil {
		return err
	}
	if err := w.eachBand(b, func(band uint64) error {
		return w.exec(`UPDATE campaign_bands SET campaign = $1 WHERE band = $2`, a, int64(band))
	}); err != nil {
		return err
	}
	for _, statement := range moveCampaign {
		if err := w.exec(statement, a, b); err != nil {
			return err
		}
	}
	w.moved[b] = a
	if err := w.nameUnited(a, &into, &from); err != nil {
		return err
	}
	if err := w.tx.QueryRowContext(w.ctx, `SELECT members, owners FROM campaigns WHERE campaign = $1`, a).Scan(&into.members, &into.owners); err != nil {
		return err
	}
	return w.revisitMembers(a, &into, false)
}

// revisitBefore revisits the members of those campaigns that had a single member before, or were held
// together by other means.
func (w *work) revisitBefore(a, b int64, into, from *groupState) error {
	if into.members == 1 {
		if err := w.revisitAll(a); err != nil {
			return err
		}
	}
	if from.members == 1 || from.kind != into.kind {
		return w.revisitAll(b)
	}
	return nil
}

// moveCampaign are the statements that move everything of campaign $2 into campaign $1. A finding in both
// stays by the first of its keys.
var moveCampaign = []string{
	`UPDATE campaign_keys SET campaign = $1 WHERE campaign = $2`,
	`UPDATE campaign_shapes SET campaign = $1 WHERE campaign = $2`,
	`INSERT INTO campaign_dirty (campaign) SELECT $1 FROM campaign_dirty WHERE campaign = $2 ON CONFLICT (campaign) DO NOTHING`,
	`DELETE FROM campaign_dirty WHERE campaign = $2 AND campaign <> $1`,
	`DELETE FROM campaign_members WHERE campaign = $2 AND EXISTS (
  SELECT 1 FROM campaign_members o WHERE o.finding = campaign_members.finding AND o.campaign = $1 AND o.place < campaign_members.place)`,
	`DELETE FROM campaign_members WHERE campaign = $1 AND finding IN (SELECT finding FROM campaign_members WHERE campaign = $2)`,
	`UPDATE campaign_members SET campaign = $1 WHERE campaign = $2`,
	`UPDATE campaign_findings SET block = $1 WHERE block = $2`,
	`UPDATE campaign_findings SET campaign = $1 WHERE campaign = $2`,
	`DELETE FROM campaign_owners WHERE campaign IN ($1, $2)`,
	`INSERT INTO campaign_owners (campaign, owner, authorisation, members)
SELECT m.campaign, f.owner, f.authorisation, count(*) FROM campaign_members m JOIN campaign_findings f ON f.finding = m.finding
WHERE m.campaign = $1 AND m.campaign <> $2 GROUP BY m.campaign, f.owner, f.authorisation`,
	`INSERT INTO campaign_counts (campaign, authorisation, category, members, undecided, relapsed, parked, reviewing, level, score, first_seen, last_seen, due, rank)
SELECT $1, authorisation, category, members, undecided, relapsed, parked, reviewing, level, score, first_seen, last_seen, due, rank
FROM campaign_counts WHERE campaign = $2
ON CONFLICT (campaign, authorisation, category) DO UPDATE SET
  members = campaign_counts.members + excluded.members, undecided = campaign_counts.undecided + excluded.undecided,
  relapsed = campaign_counts.relapsed + excluded.relapsed, parked = campaign_counts.parked + excluded.parked,
  reviewing = campaign_counts.reviewing + excluded.reviewing,
  level = CASE WHEN excluded.level > campaign_counts.level THEN excluded.level ELSE campaign_counts.level END,
  score = CASE WHEN excluded.score > campaign_counts.score THEN excluded.score ELSE campaign_counts.score END,
  first_seen = CASE WHEN excluded.first_seen < campaign_counts.first_seen THEN excluded.first_seen ELSE campaign_counts.first_seen END,
  last_seen = CASE WHEN excluded.last_seen > campaign_counts.last_seen THEN excluded.last_seen ELSE campaign_counts.last_seen END,
  due = CASE WHEN excluded.due < coalesce(campaign_counts.due, excluded.due + 1) THEN excluded.due ELSE campaign_counts.due END,
  rank = ` + queue.RankOf("campaign_counts.undecided + excluded.undecided", "campaign_counts.relapsed + excluded.relapsed"),
	`DELETE FROM campaign_counts WHERE campaign = $2 AND campaign <> $1`,
	`UPDATE campaigns SET members = (SELECT count(*) FROM campaign_members WHERE campaign = $1),
  owners = (SELECT count(DISTINCT owner) FROM campaign_owners WHERE campaign = $1),
  policy = (SELECT max(policy) FROM campaigns WHERE campaign IN ($1, $2)) WHERE campaign = $1`,
}

// nameUnited gives the united campaign its id; both former ids lead to it.
func (w *work) nameUnited(a int64, into, from *groupState) error {
	var label string
	if err := w.tx.QueryRowContext(w.ctx, `DELETE FROM campaigns WHERE campaign <> $1 AND id = $2 RETURNING label`, a, from.id).Scan(&label); err != nil {
		return err
	}
	finding := from.oldest
	if from.keyHash != 0 {
		finding = ""
	}
	if err := w.alias(from.id, finding, from.keyHash); err != nil {
		return err
	}
	var older bool
	err := w.tx.QueryRowContext(w.ctx, `
SELECT x.first_seen < y.first_seen OR x.first_seen = y.first_seen AND x.finding < y.finding
FROM campaign_members x, campaign_members y WHERE x.finding = $1 AND y.finding = $2 LIMIT 1`, from.oldest, into.oldest).Scan(&older)
	if err != nil || !older {
		return err
	}
	if into.kind == campaign.KindBlock && from.kind != campaign.KindBlock {
		if label, err = w.labelOf(from.oldest); err != nil {
			return err
		}
	}
	return w.setOldest(a, into, from.oldest, label)
}
