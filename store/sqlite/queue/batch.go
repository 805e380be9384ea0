package queue

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/rand/v2"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/store/sqlite/database"
)

// Preview counts what a batch consists of, and draws examples.
func (c *Reader) Preview(ctx context.Context, id int64, sight qianshao.Sight) (desk.Preview, error) {
	p := desk.Preview{Sites: map[string]int{}, Categories: map[qianshao.Category]int{}, Levels: map[qianshao.Level]int{}}
	_, err := database.Collect(ctx, c.db.Read, func(r *sql.Rows) (none struct{}, err error) {
		var host, authorisation string
		var category qianshao.Category
		var level qianshao.Level
		var decided bool
		var n int
		if err = r.Scan(&host, &category, &level, &authorisation, &decided, &n); err != nil || !sight.Sees(authorisation) {
			return none, err
		}
		p.Members += n
		p.Sites[host] += n
		p.Categories[category] += n
		p.Levels[level] += n
		if decided {
			p.Decided += n
		}
		return none, nil
	}, `SELECT f.host, f.category, f.level, f.authorisation, m.verdict <> '', count(*)
FROM batch_members m JOIN findings f ON f.id = m.finding WHERE m.batch = $1 GROUP BY 1, 2, 3, 4, 5`, id)
	if err == nil {
		err = c.examples(ctx, id, sight, &p)
	}
	return p, c.db.Fail("count a batch in", err)
}

// examples are the members least like the rest, and some that chance draws. Chance is the
// batch's digest, so that they are the same whenever one looks, and nobody chooses them.
func (c *Reader) examples(ctx context.Context, id int64, sight qianshao.Sight, p *desk.Preview) error {
	blocks, err := database.Collect(ctx, c.db.Read, func(r *sql.Rows) (b campaign.Weighed, err error) {
		var sketch int64
		err = r.Scan(&sketch, &b.Members, &b.Finding)
		b.Sketch = uint64(sketch)
		return b, err
	}, `SELECT s.sketch, count(*), min(m.finding) FROM batch_members m JOIN campaign_findings f ON f.finding = m.finding
JOIN campaign_shapes s ON s.campaign = f.block AND s.shape = f.shape AND s.split = f.split WHERE m.batch = $1 GROUP BY s.sketch`, id)
	if err != nil {
		return err
	}
	if p.Unlike, err = c.shown(ctx, sight, campaign.LeastLike(blocks, desk.PreviewExamples)); err != nil {
		return err
	}
	drawn, err := c.drawn(ctx, id)
	if err != nil {
		return err
	}
	p.Random, err = c.shown(ctx, sight, drawn)
	return err
}

// drawn returns members of a batch by chance.
func (c *Reader) drawn(ctx context.Context, id int64) (list []string, err error) {
	var digest string
	var members int
	if err := c.db.Read.QueryRowContext(ctx, `SELECT digest, members FROM batches WHERE id = $1`, id).Scan(&digest, &members); err != nil {
		return nil, err
	}
	var seed [32]byte
	if n, err := hex.Decode(seed[:], []byte(digest)); err != nil || n != len(seed) {
		return nil, errors.Join(err, errors.New("the digest of a batch is not a SHA-256"))
	}
	chance := rand.New(rand.NewChaCha8(seed)) //nolint:gosec // the draw can be done again by anybody
	for _, place := range chance.Perm(members)[:min(members, desk.PreviewExamples)] {
		var finding string
		err := c.db.Read.QueryRowContext(ctx, `SELECT finding FROM batch_members WHERE batch = $1 ORDER BY finding LIMIT 1 OFFSET $2`, id, place).Scan(&finding)
		if err != nil {
			return nil, err
		}
		list = append(list, finding)
	}
	return list, nil
}

// shown returns examples of those findings that exist and may be seen, in the order given.
func (c *Reader) shown(ctx context.Context, sight qianshao.Sight, findings []string) ([]desk.Example, error) {
	ids, err := json.Marshal(findings)
	if err != nil {
		return nil, err
	}
	var list []desk.Example
	_, err = database.Collect(ctx, c.db.Read, func(r *sql.Rows) (none struct{}, err error) {
		var e desk.Example
		var authorisation string
		if err = r.Scan(&e.Finding, &e.Site, &e.Category, &e.Level, &authorisation); err == nil && sight.Sees(authorisation) {
			list = append(list, e)
		}
		return none, err
	}, `SELECT f.id, f.host, f.category, f.level, f.authorisation FROM json_each($1) j CROSS JOIN findings f ON f.id = j.value ORDER BY j.key`, string(ids))
	return list, err
}
