// Package campaigns groups findings into campaigns and counts them: findings join and leave as they change,
// acts merge and split, and standings change how findings are counted. Package store/sqlstore/queue reads
// the result.
package campaigns

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/outbox"
	"github.com/qianshao/qianshao/store/sqlstore/queue"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// MaxRebuilt is how many members of a campaign an act may regroup. It does so in its own transaction, which
// makes the crawl wait: about a second for 1,000 of them.
const MaxRebuilt = 10_000

// Campaigns groups findings into campaigns and reads them. Campaigns, their ids, members and counters
// depend only on the findings and on the acts about campaigns, never on the order in which findings came
// in.
type Campaigns struct {
	*queue.Reader
	db     *database.DB
	traits func(*qianshao.Finding) campaign.Traits
	name   string
	now    func() time.Time
	// maxRebuilt is Options.MaxRebuilt.
	maxRebuilt int
	// rested says which of the parked campaigns were still parked when WakeParked last ran.
	waking sync.Mutex
	rested map[int64]bool
}

// Options configure the grouping.
type Options struct {
	// Traits returns what a finding is grouped by.
	Traits func(*qianshao.Finding) campaign.Traits
	// Name identifies that function: if it changes, all findings are grouped anew.
	Name string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// MaxRebuilt replaces the constant of that name; 0 is the constant.
	MaxRebuilt int
}

// New returns the campaigns of an open database.
func New(db *database.DB, opts Options) *Campaigns {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Campaigns{Reader: queue.New(db, opts.Now), db: db, traits: opts.Traits, name: opts.Name, now: opts.Now, maxRebuilt: cmp.Or(opts.MaxRebuilt, MaxRebuilt)}
}

// work is the work of one transaction on campaigns.
type work struct {
	ctx  context.Context
	tx   *database.Tx
	salt string
	now  time.Time
	// traits is nil if findings are only counted.
	traits func(*qianshao.Finding) campaign.Traits
	counts ledger
	// rebuilding is the campaign whose members are being regrouped; 0 for none.
	rebuilding int64
	// maxRebuilt is how many members may be regrouped at once; 0 is any number.
	maxRebuilt int
	// moved maps a campaign to the one that it was united with.
	moved map[int64]int64
	// newcomers are the findings that were grouped, with their former primary campaign; 0 for none.
	newcomers map[string]int64
	// revisit are findings whose primary campaign may have changed.
	revisit map[string]bool
	// told are findings that must be updated in the index: their campaigns, the ids of these, or the way
	// they are counted have changed.
	told map[string]bool
}

func newWork(ctx context.Context, tx *database.Tx, now time.Time) (*work, error) {
	w := &work{ctx: ctx, tx: tx, now: now, counts: ledger{}, moved: map[int64]int64{}, newcomers: map[string]int64{}, revisit: map[string]bool{}, told: map[string]bool{}}
	err := tx.QueryRowContext(ctx, `SELECT salt FROM campaign_state`).Scan(&w.salt)
	return w, err
}

func (w *work) exec(query string, args ...any) error {
	_, err := w.tx.ExecContext(w.ctx, query, args...)
	return err
}

// update runs f in a transaction and finishes its work.
func (c *Campaigns) update(ctx context.Context, d database.Durability, op string, f func(*work) error) error {
	return c.db.Update(ctx, d, op, func(tx *database.Tx) error {
		w, err := newWork(ctx, tx, c.now())
		if err != nil {
			return err
		}
		w.traits = c.traits
		if err := f(w); err != nil {
			return err
		}
		return w.finish()
	})
}

// finish chooses primary campaigns for findings, updates the counters, and records which findings must be
// updated in the index.
func (w *work) finish() error {
	for id := range w.revisit {
		if err := w.choosePrimary(id); err != nil {
			return err
		}
	}
	clear(w.revisit)
	if err := w.flush(); err != nil {
		return err
	}
	ids := slices.Sorted(maps.Keys(w.told))
	clear(w.told)
	return outbox.Reviewed(w.ctx, w.tx, ids, w.now)
}

// groupBatch findings are grouped in one transaction: it takes tens of milliseconds, in which nobody else
// can write.
const groupBatch = 50

// GroupPending groups a batch of the findings that have changed since they were last grouped, and settles
// them in the same transaction. n is how many were grouped. One that cannot be grouped stays pending and
// causes an error; the rest of its batch is grouped without it.
func (c *Campaigns) GroupPending(ctx context.Context) (n int, err error) {
	pending, err := outbox.Pending(ctx, c.db, store.ConsumerCampaigns, 0, groupBatch)
	if err != nil || len(pending) == 0 {
		return 0, err
	}
	if err = c.groupSome(ctx, pending); err == nil {
		return len(pending), nil
	}
	if len(pending) == 1 || ctx.Err() != nil {
		return 0, err
	}
	var errs []error
	for i := range pending {
		if err := c.groupSome(ctx, pending[i:i+1]); err != nil {
			errs = append(errs, err)
			continue
		}
		n++
	}
	return n, errors.Join(errs...)
}

func (c *Campaigns) groupSome(ctx context.Context, pending []store.Pending) error {
	// Durable, since a campaign's policy may decide newcomers.
	return c.update(ctx, database.Durable, "group findings in", func(w *work) error {
		for _, p := range pending {
			if err := w.group(p.Finding); err != nil {
				return fmt.Errorf("finding %s: %w", p.Finding, err)
			}
		}
		if err := w.settleDirty(); err != nil {
			return err
		}
		if err := w.finish(); err != nil {
			return err
		}
		if err := w.decideNewcomers(); err != nil {
			return err
		}
		_, err := outbox.Settle(ctx, w.tx, store.ConsumerCampaigns, pending)
		return err
	})
}

// group puts a finding, in its present state, into its campaigns.
func (w *work) group(id string) error {
	now, f, err := w.read(id)
	if errors.Is(err, sql.ErrNoRows) {
		return w.forget(id)
	}
	if err != nil {
		return err
	}
	old, err := w.counted(id)
	if err != nil {
		return err
	}
	t := w.traits(f)
	now.owner = t.Owner
	wanted, err := w.places(id, &t)
	if err != nil {
		return err
	}
	if old == nil {
		old = &counted{finding: id}
	} else if old.owner != now.owner || old.authorisation != now.authorisation || old.firstSeen != now.firstSeen {
		// Memberships are stored with these: the finding leaves and joins again.
		if err := w.leaveAll(old); err != nil {
			return err
		}
	}
	if err := w.move(old, &now, &t, wanted); err != nil {
		return err
	}
	w.newcomers[id] = old.campaign
	return w.wakeBySites(id)
}

// selectParkedAlike are the findings with the same content as $1 that are parked until it is on further
// sites. The few parked findings are read first (SQLite keeps the order of a CROSS JOIN): thousands of
// findings may have the same content.
const selectParkedAlike = `
SELECT s.subject FROM standings s CROSS JOIN findings p ON p.id = s.subject WHERE s.parked_sites > 0 AND s.subject <> $1
  AND p.seen = (SELECT seen FROM findings WHERE id = $1)`

// wakeBySites recounts parked findings that come back when their content is on further sites, which may now
// be the case.
func (w *work) wakeBySites(id string) error {
	ids, err := database.Collect(w.ctx, w.tx, database.ScanValue[string], selectParkedAlike, id)
	if err != nil {
		return err
	}
	for _, parked := range ids {
		if err := w.recount(parked); err != nil {
			return err
		}
	}
	return nil
}

// place is a campaign that a finding belongs in.
type place struct {
	keys []uint64 // the bands, or the one key, that lead there
	key  campaign.Key
	hash uint64 // of the key; 0 for the block
	// split is the act that moved the finding out of the campaign of its own keys; 0 for none.
	split int64
}

// places returns the campaigns that a finding belongs in, by its traits and by the splits that name it.
func (w *work) places(id string, t *campaign.Traits) ([]place, error) {
	list := []place{{keys: t.Bands}}
	for _, k := range t.Keys {
		list = append(list, place{keys: []uint64{k.Hash()}, key: k, hash: k.Hash()})
	}
	pins, err := w.pins(`finding = $1 AND kind = 'split'`, id)
	if err != nil {
		return nil, err
	}
	for i := range list {
		for _, p := range pins {
			if uint64(p.key) == list[i].hash {
				list[i].split, list[i].keys = p.act, []uint64{splitKey(p.act)}
			}
		}
	}
	return list, nil
}

// splitKey is the key of the campaign that an act has split off.
func splitKey(act int64) uint64 {
	return campaign.Key{Kind: "split", Name: fmt.Sprint(act)}.Hash()
}

// member is a row of campaign_members.
type member struct {
	campaign int64
	place    int
	hash     uint64
}

func (w *work) members(id string) ([]member, error) {
	return database.Collect(w.ctx, w.tx, func(r *sql.Rows) (m member, err error) {
		var hash int64
		err = r.Scan(&m.campaign, &m.place, &hash)
		m.hash = uint64(hash)
		return m, err
	}, `SELECT campaign, place, key_hash FROM campaign_members WHERE finding = $1 ORDER BY place`, id)
}

// move makes a finding leave the campaigns in which it no longer belongs and join those in which it does.
func (w *work) move(old, now *counted, t *campaign.Traits, wanted []place) error {
	had, err := w.members(now.finding)
	if err != nil {
		return err
	}
	if len(had) > 0 && (old.shape != int64(t.Shape) || old.split != wanted[0].split) {
		// Its block has changed.
		if err := w.leaveAll(old); err != nil {
			return err
		}
		had = nil
	}
	now.shape, now.split = int64(t.Shape), wanted[0].split
	targets := map[int64]bool{}
	list := make([]member, 0, len(wanted))
	for i, p := range wanted {
		var to int64
		switch {
		case i > 0:
			to, err = w.keyed(p)
		case len(had) > 0:
			to = old.block
		default:
			to, err = w.block(now, t, p)
		}
		if err != nil {
			return err
		}
		if i == 0 {
			now.block = to
		}
		if !targets[to] {
			targets[to] = true
			list = append(list, member{to, i, p.hash})
		}
	}
	return w.rejoin(old, now, t, had, list)
}

// rejoin changes the memberships of a finding from had to list, and counts it in its present state.
func (w *work) rejoin(old, now *counted, t *campaign.Traits, had, list []member) error {
	if !slices.Equal(had, list) { // most findings were only seen again
		if err := w.replaceMembers(old, now, t, had, list); err != nil {
			return err
		}
	}
	now.campaign = now.block
	if isIn(list, old.campaign) {
		now.campaign = old.campaign
	}
	w.revisit[now.finding] = true
	return w.put(old, now)
}

// isIn says whether a finding with these memberships is in a campaign.
func isIn(list []member, n int64) bool {
	return slices.ContainsFunc(list, func(m member) bool { return m.campaign == n })
}

func (w *work) replaceMembers(old, now *counted, t *campaign.Traits, had, list []member) error {
	for _, m := range had {
		if !isIn(list, m.campaign) {
			if err := w.leave(old, m.campaign); err != nil {
				return err
			}
		}
	}
	w.told[now.finding] = true
	if err := w.exec(`DELETE FROM campaign_members WHERE finding = $1`, now.finding); err != nil { // places may have changed
		return err
	}
	for _, m := range list {
		if err := w.exec(`
INSERT INTO campaign_members (finding, campaign, place, key_hash, authorisation, first_seen) VALUES ($1, $2, $3, $4, $5, $6)`,
			now.finding, m.campaign, m.place, int64(m.hash), now.authorisation, now.firstSeen); err != nil {
			return err
		}
		if !isIn(had, m.campaign) {
			if err := w.join(now, m.campaign, t.Label); err != nil {
				return err
			}
		}
	}
	if len(had) > 0 {
		return nil
	}
	return w.exec(`UPDATE campaign_shapes SET members = members + 1 WHERE campaign = $1 AND shape = $2 AND split = $3`, now.block, now.shape, now.split)
}

// read reads the counted state of a finding as it is now, with the finding.
func (w *work) read(id string) (now counted, f *qianshao.Finding, err error) {
	now, text, err := w.current(id)
	if err != nil {
		return now, nil, err
	}
	finding, err := database.DecodeFinding(text)
	return now, &finding, err
}

// labelOf returns the text by which people recognise a finding.
func (w *work) labelOf(id string) (string, error) {
	_, f, err := w.read(id)
	if err != nil {
		return "", err
	}
	return campaign.Label(f), nil
}

// standing reads the standing of a finding, and the facts needed for it.
func (w *work) standing(id string, f *desk.Facts) (desk.Standing, error) {
	rows, err := database.Collect(w.ctx, w.tx, trail.ScanStanding, `SELECT `+trail.StandingColumns+` FROM standings WHERE subject = $1 AND subject_kind = 'finding'`, id)
	if err != nil || len(rows) == 0 {
		return desk.Standing{}, err
	}
	return rows[0].Standing, addSites(w.ctx, w.tx, rows[0].Standing, f)
}

// addSites counts the sites with a finding's content, if it is parked until there are more.
func addSites(ctx context.Context, db trail.Reader, s desk.Standing, f *desk.Facts) error {
	if s.ParkedSites == 0 {
		return nil
	}
	return db.QueryRowContext(ctx, `SELECT count(DISTINCT host) FROM findings WHERE seen = $1`, f.Seen).Scan(&f.Sites)
}
