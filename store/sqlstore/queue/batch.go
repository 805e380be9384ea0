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
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// Counted is the composition of a batch, regardless of who looks at it.
type Counted struct {
	Parts []Part `json:"parts"`
	// Unlike are the most unusual members, Random a random sample.
	Unlike []string `json:"unlike"`
	Random []string `json:"random"`
}

// Part counts the members with the same values of everything that a preview distinguishes.
type Part struct {
	Host          string            `json:"host"`
	Category      qianshao.Category `json:"category"`
	Level         qianshao.Level    `json:"level"`
	Authorisation string            `json:"authorisation"`
	Decided       bool              `json:"decided"`
	Members       int               `json:"members"`
}

// Preview returns the visible composition of a batch, with examples.
func (c *Reader) Preview(ctx context.Context, id int64, sight qianshao.Sight) (p desk.Preview, err error) {
	counted, err := c.kept(ctx, id)
	if err != nil {
		return p, err
	}
	p = desk.Preview{Sites: map[string]int{}, Categories: map[qianshao.Category]int{}, Levels: map[qianshao.Level]int{}}
	for i := range counted.Parts {
		part := &counted.Parts[i]
		if !sight.Sees(part.Authorisation) {
			continue
		}
		p.Members += part.Members
		p.Sites[part.Host] += part.Members
		p.Categories[part.Category] += part.Members
		p.Levels[part.Level] += part.Members
		if part.Decided {
			p.Decided += part.Members
		}
	}
	if p.Unlike, err = c.shown(ctx, sight, counted.Unlike); err == nil {
		p.Random, err = c.shown(ctx, sight, counted.Random)
	}
	return p, c.db.Fail("read a batch from", err)
}

// kept returns the count made when the batch was frozen, or counts now.
func (c *Reader) kept(ctx context.Context, id int64) (counted Counted, err error) {
	var text string
	err = c.db.Read.QueryRowContext(ctx, `SELECT preview FROM batch_previews WHERE batch = $1`, id).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) || err == nil && text == "" {
		return c.CountBatch(ctx, id)
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &counted)
	}
	return counted, c.db.Fail("read a batch from", err)
}

// CountBatch counts the members of a batch and selects its examples. It reads every member.
func (c *Reader) CountBatch(ctx context.Context, id int64) (counted Counted, err error) {
	counted.Parts, err = database.Collect(ctx, c.db.Read, func(r *sql.Rows) (p Part, err error) {
		err = r.Scan(&p.Host, &p.Category, &p.Level, &p.Authorisation, &p.Decided, &p.Members)
		return p, err
	}, `SELECT f.host, f.category, f.level, f.authorisation, m.verdict <> '', count(*)
FROM batch_members m CROSS JOIN findings f INDEXED BY findings_desk ON f.id = m.finding WHERE m.batch = $1 GROUP BY 1, 2, 3, 4, 5`, id)
	if err == nil {
		counted.Unlike, err = c.unlike(ctx, id)
	}
	if err == nil {
		counted.Random, err = c.drawn(ctx, id)
	}
	return counted, c.db.Fail("count a batch in", err)
}

// unlike returns the most unusual members.
func (c *Reader) unlike(ctx context.Context, id int64) ([]string, error) {
	blocks, err := database.Collect(ctx, c.db.Read, func(r *sql.Rows) (b campaign.Weighed, err error) {
		var sketch int64
		err = r.Scan(&sketch, &b.Members, &b.Finding)
		b.Sketch = uint64(sketch)
		return b, err
	}, `SELECT s.sketch, count(*), min(m.finding) FROM batch_members m JOIN campaign_findings f ON f.finding = m.finding
JOIN campaign_shapes s ON s.campaign = f.block AND s.shape = f.shape AND s.split = f.split WHERE m.batch = $1 GROUP BY s.sketch`, id)
	return campaign.LeastLike(blocks, desk.PreviewExamples), err
}

// drawn returns a random sample of a batch. The seed is the batch's digest, so that the sample is the same
// for every viewer, and nobody chooses it.
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
	chance := rand.New(rand.NewChaCha8(seed)) //nolint:gosec // anybody can repeat the draw
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

// shown returns as examples those of the findings that exist and may be seen, in the given order.
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
