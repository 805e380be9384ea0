package campaigns

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// block returns the campaign of a finding's block, a new one if none of its bands leads to one. If bands
// lead to several, these are united.
func (w *work) block(now *counted, t *campaign.Traits, p place) (n int64, err error) {
	err = w.tx.QueryRowContext(w.ctx, `SELECT campaign FROM campaign_shapes WHERE shape = $1 AND split = $2 LIMIT 1`, int64(t.Shape), p.split).Scan(&n)
	if !errors.Is(err, sql.ErrNoRows) {
		return n, err
	}
	for _, key := range p.keys {
		other, err := w.blockOf(key, p.split)
		switch {
		case err != nil:
			return 0, err
		case n == 0 || other == n:
			n = max(n, other)
		case other != 0:
			if n, err = w.uniteBlocks(n, other); err != nil {
				return 0, err
			}
		}
	}
	if n == 0 {
		if n, err = w.create(campaign.KindBlock, campaign.Key{}, campaign.ID(w.salt, now.finding), 0); err != nil {
			return 0, err
		}
	}
	for _, key := range p.keys {
		if p.split != 0 {
			err = w.lead(key, n)
		} else {
			err = w.exec(`INSERT INTO campaign_bands (band, campaign) VALUES ($1, $2) ON CONFLICT (band) DO NOTHING`, int64(key), n)
		}
		if err != nil {
			return 0, err
		}
	}
	return n, w.exec(`
INSERT INTO campaign_shapes (campaign, shape, split, sketch, bands, members) VALUES ($1, $2, $3, $4, $5, 0)
ON CONFLICT (campaign, shape, split) DO NOTHING`, n, int64(t.Shape), p.split, int64(t.Sketch), campaign.PackBands(p.keys))
}

// keyed returns the campaign of a destination or a handle, a new one if there is none.
func (w *work) keyed(p place) (int64, error) {
	n, err := w.leadsTo(p.keys[0])
	if err != nil || n != 0 {
		return n, err
	}
	id, limit := p.key.ID(w.salt), p.key.Cap()
	if p.split != 0 {
		id, limit = campaign.Key{Kind: "split", Name: p.key.Name}.ID(w.salt+string(campaign.PackBands(p.keys))), 0
	}
	if n, err = w.create(p.key.Kind, p.key, id, limit); err != nil {
		return 0, err
	}
	if err := w.exec(`UPDATE campaigns SET key_hash = $1 WHERE campaign = $2`, int64(p.keys[0]), n); err != nil {
		return 0, err
	}
	return n, w.lead(p.keys[0], n)
}

func (w *work) create(kind campaign.Kind, key campaign.Key, id string, limit int) (n int64, err error) {
	// A block's id is that of its oldest finding, which may have just left another campaign.
	err = w.tx.QueryRowContext(w.ctx, `
INSERT INTO campaigns (id, kind, key_name, cap, label) VALUES ($1, $2, $3, $4, $3) RETURNING campaign`, id, string(kind), key.Name, limit).Scan(&n)
	if err != nil {
		return 0, err
	}
	return n, w.exec(`DELETE FROM campaign_aliases WHERE id = $1`, id)
}

// blockOf returns the campaign to which a band or a split leads, 0 for none.
func (w *work) blockOf(key uint64, split int64) (int64, error) {
	if split != 0 {
		return w.leadsTo(key)
	}
	return w.number(`SELECT campaign FROM campaign_bands WHERE band = $1`, int64(key))
}

// leadsTo returns the campaign to which a destination, a handle or a split leads, 0 for none.
func (w *work) leadsTo(key uint64) (int64, error) {
	return w.number(`SELECT campaign FROM campaign_keys WHERE key_hash = $1`, int64(key))
}

// number reads the number of a campaign, 0 if there is no row.
func (w *work) number(query string, args ...any) (n int64, err error) {
	err = w.tx.QueryRowContext(w.ctx, query, args...).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n, err
}

func (w *work) lead(key uint64, n int64) error {
	return w.exec(`INSERT INTO campaign_keys (key_hash, campaign) VALUES ($1, $2) ON CONFLICT (key_hash) DO NOTHING`, int64(key), n)
}

// groupState is what joining and leaving need to know about a campaign.
type groupState struct {
	kind            campaign.Kind
	id, oldest      string
	keyHash         int64
	members, owners int
	cap             int
	shared          bool
}

func (w *work) state(n int64) (s groupState, err error) {
	err = w.tx.QueryRowContext(w.ctx, `SELECT kind, id, oldest, key_hash, members, owners, cap, shared FROM campaigns WHERE campaign = $1`, n).
		Scan(&s.kind, &s.id, &s.oldest, &s.keyHash, &s.members, &s.owners, &s.cap, &s.shared)
	return s, err
}

// join counts a finding in a campaign in which it already has a row.
func (w *work) join(f *counted, n int64, label string) error {
	s, err := w.state(n)
	if err != nil {
		return err
	}
	known, err := w.hasOwner(n, f.owner)
	if err != nil {
		return err
	}
	if err := w.exec(`
INSERT INTO campaign_owners (campaign, owner, authorisation, members) VALUES ($1, $2, $3, 1)
ON CONFLICT (campaign, owner, authorisation) DO UPDATE SET members = campaign_owners.members + 1`, n, f.owner, f.authorisation); err != nil {
		return err
	}
	if !known {
		s.owners++
	}
	s.members++
	if err := w.exec(`UPDATE campaigns SET members = $1, owners = $2 WHERE campaign = $3`, s.members, s.owners, n); err != nil {
		return err
	}
	older, err := w.isOlder(f, s.oldest)
	if err != nil {
		return err
	}
	if older {
		if err := w.setOldest(n, &s, f.finding, label); err != nil {
			return err
		}
	}
	return w.revisitMembers(n, &s, s.members == 2)
}

// hasOwner says whether a campaign has a member of the owner.
func (w *work) hasOwner(n int64, owner string) (has bool, err error) {
	err = w.tx.QueryRowContext(w.ctx, `SELECT EXISTS (SELECT 1 FROM campaign_owners WHERE campaign = $1 AND owner = $2)`, n, owner).Scan(&has)
	return has, err
}

// isOlder says whether a finding is older than another one; it is if there is no other.
func (w *work) isOlder(f *counted, other string) (bool, error) {
	if other == "" {
		return true, nil
	}
	var first int64
	err := w.tx.QueryRowContext(w.ctx, `SELECT first_seen FROM campaign_members WHERE finding = $1 LIMIT 1`, other).Scan(&first)
	return f.firstSeen < first || f.firstSeen == first && f.finding < other, err
}

// setOldest records the oldest finding of a campaign. It gives a block its id and label; the former id
// still leads to the campaign.
func (w *work) setOldest(n int64, s *groupState, finding, label string) error {
	if s.kind != campaign.KindBlock {
		return w.exec(`UPDATE campaigns SET oldest = $1 WHERE campaign = $2`, finding, n)
	}
	var place int
	var key int64
	if err := w.tx.QueryRowContext(w.ctx, `SELECT place, key_hash FROM campaign_members WHERE finding = $1 AND campaign = $2`, finding, n).Scan(&place, &key); err != nil {
		return err
	}
	id := campaign.ID(w.salt, finding)
	if place > 0 { // it is here by a merged key; its own id belongs to the campaign of its own block
		id = campaign.ID(w.salt, fmt.Sprintf("%s\x00%d", finding, key))
	}
	if s.oldest != "" && s.oldest != finding && s.id != id {
		if err := w.alias(s.id, s.oldest, 0); err != nil {
			return err
		}
	}
	if s.id != id {
		if err := w.tellMembers(n); err != nil { // the index knows them by the campaign's id
			return err
		}
	}
	if err := w.exec(`UPDATE campaigns SET oldest = $1, id = $2, label = $3 WHERE campaign = $4`, finding, id, label, n); err != nil {
		return err
	}
	return w.exec(`DELETE FROM campaign_aliases WHERE id = $1`, id)
}

func (w *work) alias(id, finding string, key int64) error {
	return w.exec(`
INSERT INTO campaign_aliases (id, finding, key_hash) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET finding = excluded.finding, key_hash = excluded.key_hash`, id, finding, key)
}

// revisitMembers has the primary campaigns of all members chosen again if the campaign has become shared or
// no longer is, or if few is set.
func (w *work) revisitMembers(n int64, s *groupState, few bool) error {
	shared := s.cap > 0 && s.owners > s.cap
	if shared != s.shared {
		if err := w.exec(`UPDATE campaigns SET shared = $1 WHERE campaign = $2`, shared, n); err != nil {
			return err
		}
	} else if !few {
		return nil
	}
	return w.revisitAll(n)
}

// revisitAll has each member's primary campaign chosen again.
func (w *work) revisitAll(n int64) error {
	ids, err := database.Collect(w.ctx, w.tx, database.ScanValue[string], `SELECT finding FROM campaign_members WHERE campaign = $1`, n)
	for _, id := range ids {
		w.revisit[id] = true
	}
	return err
}

// leave removes a finding from a campaign.
func (w *work) leave(f *counted, n int64) error {
	if err := w.exec(`DELETE FROM campaign_members WHERE finding = $1 AND campaign = $2`, f.finding, n); err != nil || n == w.rebuilding {
		return err
	}
	if err := w.exec(`UPDATE campaign_owners SET members = members - 1 WHERE campaign = $1 AND owner = $2 AND authorisation = $3`, n, f.owner, f.authorisation); err != nil {
		return err
	}
	if err := w.exec(`DELETE FROM campaign_owners WHERE campaign = $1 AND owner = $2 AND members = 0`, n, f.owner); err != nil {
		return err
	}
	s, err := w.state(n)
	if err != nil {
		return err
	}
	known, err := w.hasOwner(n, f.owner)
	if err != nil {
		return err
	}
	if !known {
		s.owners--
	}
	if s.members--; s.members == 0 {
		return w.dissolve(n)
	}
	if err := w.exec(`UPDATE campaigns SET members = $1, owners = $2 WHERE campaign = $3`, s.members, s.owners, n); err != nil {
		return err
	}
	if s.oldest == f.finding {
		if err := w.replaceOldest(n, &s); err != nil {
			return err
		}
	}
	return w.revisitMembers(n, &s, s.members == 1)
}

// replaceOldest finds the next oldest finding of a campaign.
func (w *work) replaceOldest(n int64, s *groupState) error {
	var next, label string
	if err := w.tx.QueryRowContext(w.ctx, `SELECT finding FROM campaign_members WHERE campaign = $1 ORDER BY first_seen, finding LIMIT 1`, n).Scan(&next); err != nil {
		return err
	}
	if s.kind == campaign.KindBlock {
		var err error
		if label, err = w.labelOf(next); err != nil {
			return err
		}
	}
	s.oldest = "" // the remaining one gets the alias
	former := s.id
	if err := w.setOldest(n, s, next, label); err != nil || s.kind != campaign.KindBlock {
		return err
	}
	return w.alias(former, next, 0)
}

// dissolve removes a campaign without members.
func (w *work) dissolve(n int64) error {
	if err := w.eachBand(n, func(band uint64) error {
		return w.exec(`DELETE FROM campaign_bands WHERE band = $1 AND campaign = $2`, int64(band), n)
	}); err != nil {
		return err
	}
	for _, statement := range []string{
		`DELETE FROM campaigns WHERE campaign = $1`, `DELETE FROM campaign_keys WHERE campaign = $1`, `DELETE FROM campaign_shapes WHERE campaign = $1`,
		`DELETE FROM campaign_owners WHERE campaign = $1`, `DELETE FROM campaign_dirty WHERE campaign = $1`,
	} {
		if err := w.exec(statement, n); err != nil {
			return err
		}
	}
	return nil
}

// eachBand calls f with the bands of a campaign's blocks, including blocks without findings.
func (w *work) eachBand(n int64, f func(band uint64) error) error {
	shapes, err := database.Collect(w.ctx, w.tx, database.ScanValue[[]byte], `SELECT bands FROM campaign_shapes WHERE campaign = $1 AND split = 0`, n)
	if err != nil {
		return err
	}
	for _, packed := range shapes {
		for _, band := range campaign.UnpackBands(packed) {
			if err := f(band); err != nil {
				return err
			}
		}
	}
	return nil
}

// leaveAll removes a finding from all its campaigns. It remains counted in its primary one until it is
// counted again or forgotten.
func (w *work) leaveAll(f *counted) error {
	had, err := w.members(f.finding)
	if err != nil {
		return err
	}
	left, err := database.Collect(w.ctx, w.tx, database.ScanValue[int], `
UPDATE campaign_shapes SET members = members - 1 WHERE campaign = $1 AND shape = $2 AND split = $3 RETURNING members`, f.block, f.shape, f.split)
	if err != nil {
		return err
	}
	if slices.Contains(left, 0) { // no other finding has this block: it may have connected others
		if err := w.exec(`INSERT INTO campaign_dirty (campaign) VALUES ($1) ON CONFLICT (campaign) DO NOTHING`, f.block); err != nil {
			return err
		}
	}
	for _, m := range had {
		if err := w.leave(f, m.campaign); err != nil {
			return err
		}
	}
	if f.block == w.rebuilding {
		return nil
	}
	return w.reanchor(f)
}

// reanchor makes former ids, merges and policies that refer to a finding stay with the block that it has
// left.
func (w *work) reanchor(f *counted) error {
	var anchors bool
	err := w.tx.QueryRowContext(w.ctx, `
SELECT EXISTS (SELECT 1 FROM campaign_aliases WHERE finding = $1) OR EXISTS (SELECT 1 FROM campaign_pins WHERE finding = $1 AND kind <> 'split')
  OR EXISTS (SELECT 1 FROM campaign_pins WHERE into_finding = $1)`, f.finding).Scan(&anchors)
	if err != nil || !anchors {
		return err
	}
	kin, err := w.kin(f)
	if err != nil || kin == "" {
		return err
	}
	for _, statement := range []string{
		`UPDATE campaign_aliases SET finding = $1 WHERE finding = $2`,
		`UPDATE campaign_pins SET finding = $1 WHERE finding = $2 AND kind <> 'split'`,
		`UPDATE campaign_pins SET into_finding = $1 WHERE into_finding = $2`,
	} {
		if err := w.exec(statement, kin, f.finding); err != nil {
			return err
		}
	}
	return nil
}

// kin returns the finding most similar to one that has left a block: of the same shape, else one sharing a
// band, else the oldest; "" if none is left.
func (w *work) kin(f *counted) (id string, err error) {
	const ofShape = `SELECT finding FROM campaign_findings WHERE block = $1 AND shape = $2 AND split = $3 AND finding <> $4 ORDER BY first_seen, finding LIMIT 1`
	err = w.tx.QueryRowContext(w.ctx, ofShape, f.block, f.shape, f.split, f.finding).Scan(&id)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	type shape struct {
		shape, split int64
		members      int
		bands        []byte
	}
	shapes, err := database.Collect(w.ctx, w.tx, func(r *sql.Rows) (s shape, err error) {
		err = r.Scan(&s.shape, &s.split, &s.members, &s.bands)
		return s, err
	}, `SELECT shape, split, members, bands FROM campaign_shapes WHERE campaign = $1 ORDER BY shape, split`, f.block)
	if err != nil {
		return "", err
	}
	own := map[uint64]bool{}
	for _, s := range shapes {
		if s.shape == f.shape && s.split == f.split {
			for _, band := range campaign.UnpackBands(s.bands) {
				own[band] = true
			}
		}
	}
	for _, s := range shapes {
		if s.members > 0 && slices.ContainsFunc(campaign.UnpackBands(s.bands), func(band uint64) bool { return own[band] }) {
			err = w.tx.QueryRowContext(w.ctx, ofShape, f.block, s.shape, s.split, f.finding).Scan(&id)
			return id, err
		}
	}
	s, err := w.state(f.block)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return s.oldest, err
}
