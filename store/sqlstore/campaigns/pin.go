package campaigns

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/queue"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// Apply carries out an act on campaigns, in the transaction that adds it: a merge, a split, a policy, or
// the undoing of one. Other acts change nothing. The effect survives regrouping.
func (c *Campaigns) Apply(ctx context.Context, tx *database.Tx, act *qianshao.Act) error {
	if act.Subject.Kind != qianshao.SubjectCampaign {
		return nil
	}
	w, err := newWork(ctx, tx, act.At)
	if err != nil {
		return err
	}
	w.traits, w.maxRebuilt = c.traits, c.maxRebuilt
	if err := w.applyAct(act); err != nil {
		return err
	}
	return w.finish()
}

// State reads the state of a campaign for the desk. A merge concerns the other campaigns, too: its author
// must see the members of all.
func State(ctx context.Context, db trail.Reader, q desk.Question, s *desk.State) error {
	for i, id := range append([]string{q.Subject.ID}, q.Campaigns...) {
		var n int64
		if err := db.QueryRowContext(ctx, queue.SelectCampaign, id).Scan(&n); err != nil {
			return err
		}
		under, err := database.Collect(ctx, db, database.ScanValue[string], `SELECT DISTINCT authorisation FROM campaign_owners WHERE campaign = $1`, n)
		if err != nil {
			return err
		}
		if i > 0 {
			s.Others = append(s.Others, under)
			continue
		}
		s.Authorisations = under
		var back sql.NullInt64
		if err := db.QueryRowContext(ctx, `
SELECT c.id, c.owners, (SELECT max(x.back_at) FROM campaign_findings f JOIN findings x ON x.id = f.finding WHERE f.campaign = c.campaign AND f.relapsed = 1)
FROM campaigns c WHERE c.campaign = $1`, n).Scan(&s.Campaign, &s.Sites, &back); err != nil {
			return err
		}
		s.BackAt = trail.Moment(back.Int64)
	}
	return nil
}

func (w *work) applyAct(act *qianshao.Act) error {
	detail, err := desk.ParseDetail(act.Detail)
	if err != nil {
		return err
	}
	if act.Kind == qianshao.ActUndo {
		return w.unpin(act.Reverts)
	}
	subject, err := w.resolve(act.Subject.ID)
	if err != nil {
		return err
	}
	switch act.Kind {
	case qianshao.ActMerge:
		return w.merge(act.Seq, subject, detail.Campaigns)
	case qianshao.ActSplit:
		return w.split(act.Seq, subject, detail.Findings)
	case qianshao.ActPolicy:
		finding, key, err := w.anchor(subject)
		if err != nil {
			return err
		}
		if err := w.pin(pin{act: act.Seq, kind: act.Kind, finding: finding, key: key}); err != nil {
			return err
		}
		return w.exec(`UPDATE campaigns SET policy = $1 WHERE campaign = $2`, act.Seq, subject)
	}
	return nil
}

// resolve returns the campaign with an id, present or former, or desk.ErrNotFound.
func (w *work) resolve(id string) (n int64, err error) {
	err = w.tx.QueryRowContext(w.ctx, queue.SelectCampaign, id).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, desk.ErrNotFound
	}
	return n, err
}

// pin is a row of campaign_pins.
type pin struct {
	act         int64
	kind        qianshao.ActKind
	finding     string
	key         int64
	intoFinding string
	intoKey     int64
}

func (w *work) pin(p pin) error {
	return w.exec(`
INSERT INTO campaign_pins (act, kind, finding, key_hash, into_finding, into_key) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (act, finding, key_hash) DO NOTHING`, p.act, string(p.kind), p.finding, p.key, p.intoFinding, p.intoKey)
}

func (w *work) pins(where string, args ...any) ([]pin, error) {
	return database.Collect(w.ctx, w.tx, func(r *sql.Rows) (p pin, err error) {
		err = r.Scan(&p.act, &p.kind, &p.finding, &p.key, &p.intoFinding, &p.intoKey)
		return p, err
	}, `SELECT act, kind, finding, key_hash, into_finding, into_key FROM campaign_pins WHERE `+where+` ORDER BY act, finding, key_hash`, args...)
}

// anchor returns how a campaign is recognised after regrouping: by its key, or else by its oldest finding.
func (w *work) anchor(n int64) (finding string, key int64, err error) {
	s, err := w.state(n)
	if s.keyHash != 0 {
		return "", s.keyHash, err
	}
	return s.oldest, 0, err
}

// anchored returns the campaign of an anchor, 0 for none.
func (w *work) anchored(finding string, key int64) (int64, error) {
	if key != 0 {
		return w.leadsTo(uint64(key))
	}
	return w.number(`SELECT campaign FROM campaign_members WHERE finding = $1 AND place = 0`, finding)
}

// merge merges campaigns into another one.
func (w *work) merge(act, into int64, others []string) error {
	p := pin{act: act, kind: qianshao.ActMerge}
	var err error
	if p.intoFinding, p.intoKey, err = w.anchor(into); err != nil {
		return err
	}
	for _, id := range others {
		n, err := w.resolve(id)
		if err != nil {
			return fmt.Errorf("campaign %s: %w", id, err)
		}
		if n == into {
			continue
		}
		if p.finding, p.key, err = w.anchor(n); err != nil {
			return err
		}
		if err := w.pin(p); err != nil {
			return err
		}
		if err := w.unite(into, n); err != nil {
			return err
		}
	}
	return nil
}

// split moves findings out of a campaign, into one of their own.
func (w *work) split(act, from int64, findings []string) error {
	for _, id := range findings {
		had, err := w.members(id)
		if err != nil {
			return err
		}
		if !isIn(had, from) {
			continue // it has left meanwhile
		}
		if err := w.pinAll(act, from, id); err != nil {
			return err
		}
		if err := w.group(id); err != nil {
			return err
		}
	}
	return nil
}

// pinAll pins everything that keeps a finding in a campaign.
func (w *work) pinAll(act, from int64, id string) error {
	_, f, err := w.read(id)
	if err != nil {
		return err
	}
	t := w.traits(f)
	places, err := w.places(id, &t)
	if err != nil {
		return err
	}
	for i := range places {
		n, err := w.leadsTo(places[i].keys[0])
		if i == 0 {
			n, err = w.blockOf(places[i].keys[0], places[i].split)
		}
		if err != nil {
			return err
		}
		if n != from {
			continue
		}
		if err := w.pin(pin{act: act, kind: qianshao.ActSplit, finding: id, key: int64(places[i].hash)}); err != nil {
			return err
		}
	}
	return nil
}

// unpin undoes a merge, a split or a policy.
func (w *work) unpin(act int64) error {
	pins, err := w.pins(`act = $1`, act)
	if err != nil || len(pins) == 0 {
		return err
	}
	if err := w.exec(`DELETE FROM campaign_pins WHERE act = $1`, act); err != nil {
		return err
	}
	switch pins[0].kind {
	case qianshao.ActMerge:
		n, err := w.anchored(pins[0].intoFinding, pins[0].intoKey)
		if err != nil || n == 0 {
			return err
		}
		return w.rebuild(n)
	case qianshao.ActSplit:
		for _, p := range pins {
			if err := w.group(p.finding); err != nil {
				return err
			}
		}
		return nil
	}
	return w.repin()
}

// rebuild regroups the members of a campaign.
func (w *work) rebuild(n int64) error {
	ids, err := database.Collect(w.ctx, w.tx, database.ScanValue[string], `SELECT finding FROM campaign_members WHERE campaign = $1 ORDER BY first_seen, finding`, n)
	if err != nil {
		return err
	}
	if w.maxRebuilt > 0 && len(ids) > w.maxRebuilt {
		return &desk.Refusal{Code: "large", Field: "reverts", Text: fmt.Sprintf("the campaign has %d findings, more than %d, which would have to be grouped anew at once, "+
			"and the crawl would stand still meanwhile: split off what does not belong there, %d findings at a time", len(ids), w.maxRebuilt, desk.MaxNamed)}
	}
	s, err := w.state(n)
	if err != nil {
		return err
	}
	w.rebuilding = n
	for _, id := range ids {
		old, err := w.counted(id)
		if err != nil {
			return err
		}
		if err := w.leaveAll(old); err != nil {
			return err
		}
	}
	w.rebuilding = 0
	if err := w.dissolve(n); err != nil {
		return err
	}
	if err := w.alias(s.id, s.oldest, s.keyHash); err != nil {
		return err
	}
	for _, id := range ids {
		if err := w.group(id); err != nil {
			return err
		}
	}
	if err := w.exec(`DELETE FROM campaign_aliases WHERE id = $1 AND EXISTS (SELECT 1 FROM campaigns c WHERE c.id = $1)`, s.id); err != nil {
		return err
	}
	return w.repin()
}

// repin applies merges and policies again.
func (w *work) repin() error {
	merges, err := w.pins(`kind = 'merge'`)
	if err != nil {
		return err
	}
	for _, p := range merges {
		into, err := w.anchored(p.intoFinding, p.intoKey)
		if err != nil {
			return err
		}
		n, err := w.anchored(p.finding, p.key)
		if err != nil {
			return err
		}
		if into != 0 && n != 0 && into != n {
			if err := w.unite(into, n); err != nil {
				return err
			}
		}
	}
	if err := w.exec(`UPDATE campaigns SET policy = 0 WHERE policy <> 0`); err != nil {
		return err
	}
	policies, err := w.pins(`kind = 'policy'`)
	if err != nil {
		return err
	}
	for _, p := range policies {
		n, err := w.anchored(p.finding, p.key)
		if err != nil {
			return err
		}
		if err := w.exec(`UPDATE campaigns SET policy = $1 WHERE campaign = $2`, p.act, n); err != nil {
			return err
		}
	}
	return nil
}

// settleDirty checks the blocks that have lost one of their shapes: it may have been the only connection
// between others.
func (w *work) settleDirty() error {
	dirty, err := database.Collect(w.ctx, w.tx, database.ScanValue[int64], `SELECT campaign FROM campaign_dirty ORDER BY campaign`)
	if err != nil {
		return err
	}
	for _, n := range dirty {
		if err := w.settle(n); err != nil {
			return err
		}
	}
	return w.exec(`DELETE FROM campaign_dirty`)
}

func (w *work) settle(n int64) error {
	type shape struct {
		members int
		bands   []byte
	}
	shapes, err := database.Collect(w.ctx, w.tx, func(r *sql.Rows) (s shape, err error) {
		err = r.Scan(&s.members, &s.bands)
		return s, err
	}, `SELECT members, bands FROM campaign_shapes WHERE campaign = $1`, n)
	if err != nil {
		return err
	}
	var alive [][]uint64
	held := map[uint64]bool{}
	for _, s := range shapes {
		if s.members == 0 {
			continue
		}
		bands := campaign.UnpackBands(s.bands)
		alive = append(alive, bands)
		for _, band := range bands {
			held[band] = true
		}
	}
	for _, s := range shapes {
		for _, band := range campaign.UnpackBands(s.bands) {
			if held[band] || s.members > 0 {
				continue
			}
			if err := w.exec(`DELETE FROM campaign_bands WHERE band = $1 AND campaign = $2`, int64(band), n); err != nil {
				return err
			}
		}
	}
	if err := w.exec(`DELETE FROM campaign_shapes WHERE campaign = $1 AND members = 0`, n); err != nil || campaign.Parts(alive) < 2 {
		return err
	}
	return w.rebuild(n)
}
