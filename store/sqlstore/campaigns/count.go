package campaigns

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/queue"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// counted is a row of campaign_findings: how a finding was counted in its campaigns.
type counted struct {
	finding                                string
	campaign, block                        int64
	shape, split                           int64
	owner, authorisation, category         string
	level, score                           int
	firstSeen, lastSeen                    int64
	undecided, relapsed, parked, reviewing int
	due, wakes                             sql.NullInt64
	decider                                string
}

const countedColumns = `finding, campaign, block, shape, split, owner, authorisation, category, level, score, first_seen, last_seen,
  undecided, relapsed, parked, reviewing, due, wakes, decider`

func (c *counted) fields() []any {
	return []any{&c.finding, &c.campaign, &c.block, &c.shape, &c.split, &c.owner, &c.authorisation, &c.category, &c.level, &c.score, &c.firstSeen, &c.lastSeen,
		&c.undecided, &c.relapsed, &c.parked, &c.reviewing, &c.due, &c.wakes, &c.decider}
}

func (c *counted) values() []any {
	return []any{c.finding, c.campaign, c.block, c.shape, c.split, c.owner, c.authorisation, c.category, c.level, c.score, c.firstSeen, c.lastSeen,
		c.undecided, c.relapsed, c.parked, c.reviewing, c.due, c.wakes, c.decider}
}

// counted returns how a finding was counted, nil if it was not.
func (w *work) counted(id string) (*counted, error) {
	var c counted
	err := w.tx.QueryRowContext(w.ctx, `SELECT `+countedColumns+` FROM campaign_findings WHERE finding = $1`, id).Scan(c.fields()...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &c, err
}

// put records how a finding is counted, and changes the counters from old to now.
func (w *work) put(old, now *counted) error {
	err := w.exec(`
INSERT INTO campaign_findings (`+countedColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
ON CONFLICT (finding) DO UPDATE SET campaign = excluded.campaign, block = excluded.block, shape = excluded.shape, split = excluded.split,
  owner = excluded.owner, authorisation = excluded.authorisation, category = excluded.category, level = excluded.level, score = excluded.score,
  first_seen = excluded.first_seen, last_seen = excluded.last_seen, undecided = excluded.undecided, relapsed = excluded.relapsed,
  parked = excluded.parked, reviewing = excluded.reviewing, due = excluded.due, wakes = excluded.wakes, decider = excluded.decider`,
		now.values()...)
	if err != nil {
		return err
	}
	if old.campaign != now.campaign || old.parked != now.parked {
		w.told[now.finding] = true
	}
	old.campaign = w.united(old.campaign)
	w.counts.change(old, -1)
	w.counts.change(now, 1)
	return nil
}

// united returns the campaign that another one was united with in this transaction, or itself.
func (w *work) united(n int64) int64 {
	for w.moved[n] != 0 {
		n = w.moved[n]
	}
	return n
}

// ledger collects the differences of a transaction.
type ledger map[scope]*difference

// scope is a row of campaign_counts.
type scope struct {
	campaign                int64
	authorisation, category string
}

type difference struct {
	members, undecided, relapsed, parked, reviewing int
	taken, given                                    extremes
	due                                             bool // some member's due time changed
}

// extremes are the greatest and least values among findings.
type extremes struct {
	level, score        int
	firstSeen, lastSeen int64
	any                 bool
}

func (e *extremes) widen(o extremes) {
	if !e.any {
		*e = o
		return
	}
	e.level, e.score = max(e.level, o.level), max(e.score, o.score)
	e.firstSeen, e.lastSeen = min(e.firstSeen, o.firstSeen), max(e.lastSeen, o.lastSeen)
}

func (l ledger) change(c *counted, sign int) {
	if c.campaign == 0 {
		return
	}
	for _, s := range []scope{
		{c.campaign, queue.Everything, queue.Everything}, {c.campaign, c.authorisation, queue.Everything},
		{c.campaign, queue.Everything, c.category}, {c.campaign, c.authorisation, c.category},
	} {
		d := l[s]
		if d == nil {
			d = &difference{}
			l[s] = d
		}
		d.members += sign
		d.undecided += sign * c.undecided
		d.relapsed += sign * c.relapsed
		d.parked += sign * c.parked
		d.reviewing += sign * c.reviewing
		d.due = d.due || c.due.Valid
		e := extremes{c.level, c.score, c.firstSeen, c.lastSeen, true}
		if sign < 0 {
			d.taken.widen(e)
		} else {
			d.given.widen(e)
		}
	}
}

// flush applies the differences.
func (w *work) flush() error {
	for s, d := range w.counts {
		if err := w.apply(s, d); err != nil {
			return fmt.Errorf("the counters of campaign %d: %w", s.campaign, err)
		}
	}
	clear(w.counts)
	return nil
}

// counts is a row of campaign_counts.
type counts struct {
	members, undecided, relapsed, parked, reviewing int
	extremes
	due sql.NullInt64
}

func (c *counts) rank() (n int) {
	if c.undecided > 0 {
		n += 2
	}
	if c.relapsed > 0 {
		n++
	}
	return n
}

func (w *work) apply(s scope, d *difference) error {
	var c counts
	err := w.tx.QueryRowContext(w.ctx, `
SELECT members, undecided, relapsed, parked, reviewing, level, score, first_seen, last_seen, due FROM campaign_counts
WHERE campaign = $1 AND authorisation = $2 AND category = $3`, s.campaign, s.authorisation, s.category).Scan(
		&c.members, &c.undecided, &c.relapsed, &c.parked, &c.reviewing, &c.level, &c.score, &c.firstSeen, &c.lastSeen, &c.due)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	c.any = c.members > 0
	c.members += d.members
	c.undecided += d.undecided
	c.relapsed += d.relapsed
	c.parked += d.parked
	c.reviewing += d.reviewing
	if c.members == 0 {
		return w.exec(`DELETE FROM campaign_counts WHERE campaign = $1 AND authorisation = $2 AND category = $3`, s.campaign, s.authorisation, s.category)
	}
	if err := w.setExtremes(s, d, &c); err != nil {
		return err
	}
	return w.exec(`
INSERT INTO campaign_counts (campaign, authorisation, category, members, undecided, relapsed, parked, reviewing, level, score, first_seen, last_seen, due, rank)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (campaign, authorisation, category) DO UPDATE SET members = excluded.members, undecided = excluded.undecided, relapsed = excluded.relapsed,
  parked = excluded.parked, reviewing = excluded.reviewing, level = excluded.level, score = excluded.score,
  first_seen = excluded.first_seen, last_seen = excluded.last_seen, due = excluded.due, rank = excluded.rank`,
		s.campaign, s.authorisation, s.category, c.members, c.undecided, c.relapsed, c.parked, c.reviewing, c.level, c.score, c.firstSeen, c.lastSeen, c.due, c.rank())
}

// setExtremes widens the extremes to added values, and looks them up again if one of them was removed.
func (w *work) setExtremes(s scope, d *difference, c *counts) error {
	lost := d.taken.any && c.any && (d.taken.level >= c.level && d.given.level < c.level || d.taken.score >= c.score && d.given.score < c.score ||
		d.taken.firstSeen <= c.firstSeen && (!d.given.any || d.given.firstSeen > c.firstSeen) || d.taken.lastSeen >= c.lastSeen && d.given.lastSeen < c.lastSeen)
	switch {
	case lost:
		if err := w.tx.QueryRowContext(w.ctx, `
SELECT max(level), max(score), min(first_seen), max(last_seen) FROM campaign_findings
WHERE campaign = $1 AND ($2 = '*' OR authorisation = $2) AND ($3 = '*' OR category = $3)`, s.campaign, s.authorisation, s.category).Scan(
			&c.level, &c.score, &c.firstSeen, &c.lastSeen); err != nil {
			return err
		}
	case d.given.any:
		c.widen(d.given)
	}
	if !d.due {
		return nil
	}
	err := w.tx.QueryRowContext(w.ctx, `
SELECT due FROM campaign_findings WHERE campaign = $1 AND due IS NOT NULL AND ($2 = '*' OR authorisation = $2) AND ($3 = '*' OR category = $3)
ORDER BY due LIMIT 1`, s.campaign, s.authorisation, s.category).Scan(&c.due)
	if errors.Is(err, sql.ErrNoRows) {
		c.due, err = sql.NullInt64{}, nil
	}
	return err
}

// choosePrimary sets a finding's primary campaign.
func (w *work) choosePrimary(id string) error {
	old, err := w.counted(id)
	if err != nil || old == nil {
		return err
	}
	n, err := w.primary(id)
	if err != nil || n == old.campaign {
		return err
	}
	now := *old
	now.campaign = n
	return w.put(old, &now)
}

// PutStandings writes the standings that result from acts, counts the findings by them, and records which
// findings must be updated in the index. at is the time of the acts.
func PutStandings(ctx context.Context, tx *database.Tx, list []trail.Standing, at time.Time) error {
	w, err := newWork(ctx, tx, at)
	if err != nil {
		return err
	}
	for i := range list {
		if err := w.tellOf(&list[i]); err != nil {
			return err
		}
	}
	if err := trail.PutStandings(ctx, tx, list); err != nil {
		return err
	}
	return w.recountAll(list)
}

// tellOf has the index update the findings that a standing affects: one finding, or, if the task or the
// parking of a campaign has changed, all findings whose primary campaign it is.
func (w *work) tellOf(now *trail.Standing) error {
	if now.Subject.Kind == qianshao.SubjectFinding {
		w.told[now.Subject.ID] = true
		return nil
	}
	was, err := database.Collect(w.ctx, w.tx, trail.ScanStanding, `SELECT `+trail.StandingColumns+` FROM standings WHERE subject = $1 AND subject_kind = 'campaign'`, now.Subject.ID)
	if err != nil {
		return err
	}
	old := desk.Standing{}
	if len(was) > 0 {
		old = was[0].Standing
	}
	if old.Assignee == now.Standing.Assignee && old.Parked == now.Standing.Parked {
		return nil
	}
	n, err := w.number(queue.SelectCampaign, now.Subject.ID)
	if err != nil {
		return err
	}
	return w.tellPrimary(n)
}

// tellPrimary has the index update the findings whose primary campaign it is.
func (w *work) tellPrimary(n int64) error {
	return w.tell(`SELECT finding FROM campaign_findings WHERE campaign = $1`, n)
}

// tellMembers has the index update the members of a campaign.
func (w *work) tellMembers(n int64) error {
	return w.tell(`SELECT finding FROM campaign_members WHERE campaign = $1`, n)
}

func (w *work) tell(query string, n int64) error {
	ids, err := database.Collect(w.ctx, w.tx, database.ScanValue[string], query, n)
	for _, id := range ids {
		w.told[id] = true
	}
	return err
}

// recountAll updates the counters of campaigns with findings whose standings have changed in the same
// transaction. Findings not grouped yet are counted when they are. A finding that an act parks is counted
// as parked until WakeParked ends that.
func (w *work) recountAll(list []trail.Standing) error {
	at := w.now
	for i := range list {
		if list[i].Subject.Kind != qianshao.SubjectFinding {
			continue
		}
		w.now = list[i].Standing.ParkedAt
		if err := w.recount(list[i].Subject.ID); err != nil {
			return fmt.Errorf("count finding %s: %w", list[i].Subject.ID, err)
		}
	}
	w.now = at
	return w.finish()
}

func (w *work) recount(id string) error {
	old, err := w.counted(id)
	if err != nil || old == nil {
		return err
	}
	now, _, err := w.current(id)
	if errors.Is(err, sql.ErrNoRows) {
		return w.forget(id)
	}
	if err != nil {
		return err
	}
	now.campaign, now.block, now.shape, now.split, now.owner = old.campaign, old.block, old.shape, old.split, old.owner
	// Memberships are stored with these until the finding is grouped again.
	now.authorisation, now.firstSeen = old.authorisation, old.firstSeen
	return w.put(old, &now)
}

// Forget removes a deleted finding from its campaigns, in the same transaction.
func Forget(ctx context.Context, tx *database.Tx, finding string, at time.Time) error {
	w, err := newWork(ctx, tx, at)
	if err != nil {
		return err
	}
	if err := w.forget(finding); err != nil {
		return err
	}
	return w.finish()
}

func (w *work) forget(id string) error {
	old, err := w.counted(id)
	if err != nil || old == nil {
		return err
	}
	if err := w.leaveAll(old); err != nil {
		return err
	}
	delete(w.revisit, id)
	delete(w.told, id)
	for _, statement := range []string{
		`DELETE FROM campaign_findings WHERE finding = $1`, `DELETE FROM campaign_aliases WHERE finding = $1`,
		`DELETE FROM campaign_pins WHERE finding = $1`, `DELETE FROM campaign_pins WHERE into_finding = $1`,
	} {
		if err := w.exec(statement, id); err != nil {
			return err
		}
	}
	w.counts.change(old, -1)
	return nil
}

// factColumns are the columns that scanFacts reads.
const factColumns = `id, authorisation, category, level, score, first_seen, last_seen, seen, back_at`

// scanFacts reads factColumns and further columns.
func scanFacts(scan func(...any) error, besides ...any) (c counted, f desk.Facts, err error) {
	var back int64
	err = scan(append([]any{&c.finding, &c.authorisation, &c.category, &c.level, &c.score, &c.firstSeen, &c.lastSeen, &f.Seen, &back}, besides...)...)
	if c.authorisation == queue.Everything { // from an older version; it would be counted twice in the total
		c.authorisation = ""
	}
	f.BackAt = trail.Moment(back)
	return c, f, err
}

// current reads how a finding is to be counted now, with its JSON.
func (w *work) current(id string) (c counted, text string, err error) {
	c, f, err := scanFacts(w.tx.QueryRowContext(w.ctx, `SELECT `+factColumns+`, finding FROM findings WHERE id = $1`, id).Scan, &text)
	if err != nil {
		return c, "", err
	}
	s, err := w.standing(id, &f)
	if err != nil {
		return c, "", err
	}
	c.standBy(s, f, w.now)
	return c, text, nil
}

// standBy sets how a finding is counted, by its standing.
func (c *counted) standBy(s desk.Standing, f desk.Facts, now time.Time) {
	bit := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	c.parked = bit(s.Resting(f, now))
	c.undecided = bit(s.Undecided(f) && c.parked == 0)
	c.relapsed = bit(s.Relapsed(f) && c.parked == 0)
	if (s.DueForReview() || s.Disputed()) && c.undecided == 0 && c.parked == 0 {
		c.reviewing, c.decider = 1, s.By
	}
	if c.undecided > 0 {
		c.due = sql.NullInt64{Int64: c.firstSeen + campaign.OverdueAfter(qianshao.Level(c.level)).Milliseconds(), Valid: true}
	}
	if c.parked > 0 && !s.ParkedUntil.IsZero() {
		c.wakes = sql.NullInt64{Int64: database.Millis(s.ParkedUntil), Valid: true}
	}
}

// primary returns the campaign that should be a finding's primary one.
func (w *work) primary(id string) (int64, error) {
	type row struct {
		n int64
		c campaign.Candidate
	}
	rows, err := database.Collect(w.ctx, w.tx, func(r *sql.Rows) (v row, err error) {
		err = r.Scan(&v.n, &v.c.Members, &v.c.Shared)
		return v, err
	}, `SELECT m.campaign, c.members, c.shared FROM campaign_members m JOIN campaigns c ON c.campaign = m.campaign WHERE m.finding = $1 ORDER BY m.place`, id)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	candidates := make([]campaign.Candidate, len(rows))
	for i := range rows {
		candidates[i] = rows[i].c
	}
	return rows[campaign.Primary(candidates)].n, nil
}

// wakeCampaigns has the index update the findings of parked campaigns that have come back since the last
// call, or may have come back while no process ran.
func (c *Campaigns) wakeCampaigns(ctx context.Context) (n int, err error) {
	rests, err := c.Resting(ctx)
	if err != nil {
		return 0, err
	}
	c.waking.Lock()
	defer c.waking.Unlock()
	var back []int64
	for id, resting := range rests {
		if was, known := c.rested[id]; !resting && (was || !known) {
			back = append(back, id)
		}
	}
	if len(back) > 0 {
		slices.Sort(back)
		if err := c.update(ctx, database.Ordered, "wake parked campaigns in", func(w *work) error {
			for _, id := range back {
				if err := w.tellPrimary(id); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return 0, err
		}
	}
	c.rested = rests
	return len(back), nil
}

// WakeParked recounts parked findings whose day has come, a batch at most, and if there are none, deals
// with parked campaigns. n is how many have come back.
func (c *Campaigns) WakeParked(ctx context.Context) (n int, err error) {
	ids, err := database.Collect(ctx, c.db.Read, database.ScanValue[string],
		`SELECT finding FROM campaign_findings WHERE wakes <= $1 ORDER BY wakes LIMIT $2`, database.Millis(c.now()), groupBatch)
	if err != nil {
		return 0, err
	}
	if len(ids) == 0 {
		return c.wakeCampaigns(ctx)
	}
	slices.Sort(ids)
	err = c.update(ctx, database.Ordered, "wake parked findings in", func(w *work) error {
		for _, id := range ids {
			if err := w.recount(id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return len(ids), nil
}
