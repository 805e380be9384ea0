package queue

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// reviewed is a finding with its standing and primary campaign.
type reviewed struct {
	finding  string
	standing desk.Standing
	primary  int64
	resting  bool
}

// Reviews returns the verdicts and tasks of findings, by id, as far as everybody may know them. A finding
// without acts and campaigns has no entry.
func Reviews(ctx context.Context, db *database.DB, findings []string, now time.Time) (map[string]qianshao.Review, error) {
	reviews, err := reviewsOf(ctx, db, findings, now)
	return reviews, db.Fail("read what people say of findings from", err)
}

func reviewsOf(ctx context.Context, db *database.DB, findings []string, now time.Time) (map[string]qianshao.Review, error) {
	if len(findings) == 0 {
		return nil, nil
	}
	ids, err := json.Marshal(findings)
	if err != nil {
		return nil, err
	}
	rows, err := database.Collect(ctx, db.Read, func(r *sql.Rows) (v reviewed, err error) {
		s := &v.standing
		err = r.Scan(&v.finding, &s.Verdict, &s.Second, &s.Reviews, &s.By, &s.Assignee, &v.primary, &v.resting)
		return v, err
	}, `
SELECT j.value, coalesce(s.verdict, ''), coalesce(s.second, ''), coalesce(s.reviews, 0), coalesce(s.decided_by, ''), coalesce(s.assignee, ''),
  coalesce(f.campaign, 0), coalesce(f.parked, 0)
FROM json_each($1) j LEFT JOIN standings s ON s.subject = j.value AND s.subject_kind = 'finding'
LEFT JOIN campaign_findings f ON f.finding = j.value`, string(ids))
	if err != nil {
		return nil, err
	}
	names, err := campaignsOf(ctx, db, string(ids))
	if err != nil {
		return nil, err
	}
	of, err := campaignTasks(ctx, db, rows, now)
	if err != nil {
		return nil, err
	}
	reviews := map[string]qianshao.Review{}
	for i := range rows {
		v := &rows[i]
		r := answer(&v.standing)
		task := of[v.primary]
		r.Assignee = cmp.Or(v.standing.Assignee, task.assignee)
		r.Parked = v.resting || task.resting
		r.Campaigns = names[v.finding]
		reviews[v.finding] = r
	}
	return reviews, nil
}

// answer returns what everybody may know of a verdict.
func answer(s *desk.Standing) qianshao.Review {
	switch {
	case s.Verdict == "":
		return qianshao.Review{Answer: qianshao.AnswerNone}
	case s.DueForReview():
		return qianshao.Review{Answer: qianshao.AnswerReview}
	}
	return qianshao.Review{Answer: qianshao.Answer(s.Verdict), DecidedBy: s.By}
}

// campaignsOf returns the ids of the campaigns of findings, the primary one first.
func campaignsOf(ctx context.Context, db *database.DB, findings string) (map[string][]string, error) {
	names := map[string][]string{}
	_, err := database.Collect(ctx, db.Read, func(r *sql.Rows) (none struct{}, err error) {
		var finding, id string
		err = r.Scan(&finding, &id)
		names[finding] = append(names[finding], id)
		return none, err
	}, `
SELECT m.finding, c.id FROM json_each($1) j CROSS JOIN campaign_members m ON m.finding = j.value CROSS JOIN campaigns c ON c.campaign = m.campaign
LEFT JOIN campaign_findings f ON f.finding = m.finding ORDER BY m.finding, f.campaign IS DISTINCT FROM m.campaign, m.place`, findings)
	return names, err
}

// task is the state of a campaign as a whole.
type task struct {
	assignee string
	resting  bool
}

// campaignTasks returns the tasks of findings' primary campaigns.
func campaignTasks(ctx context.Context, db *database.DB, rows []reviewed, now time.Time) (map[int64]task, error) {
	var list []int64
	for i := range rows {
		if rows[i].primary != 0 {
			list = append(list, rows[i].primary)
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	primary, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	tasks := map[int64]task{}
	_, err = database.Collect(ctx, db.Read, func(r *sql.Rows) (none struct{}, err error) {
		var n int64
		var t task
		if err = r.Scan(&n, &t.assignee, &t.resting); err == nil {
			had := tasks[n]
			tasks[n] = task{cmp.Or(t.assignee, had.assignee), t.resting || had.resting}
		}
		return none, err
	}, `
SELECT t.campaign, t.assignee, t.resting FROM (
  SELECT `+CampaignOf("s.subject")+` AS campaign, s.assignee, 0 AS resting FROM standings s WHERE s.subject_kind = 'campaign' AND s.assignee <> ''
  UNION ALL SELECT r.campaign, '', 1 FROM (`+resting("$2")+`) r) t
WHERE t.campaign IN (SELECT CAST(value AS BIGINT) FROM json_each($1))`, string(primary), database.Millis(now))
	return tasks, err
}

// Sizes returns how many members of campaigns, by their present ids, a sight shows.
func (c *Reader) Sizes(ctx context.Context, sight qianshao.Sight, ids []string) (map[string]int, error) {
	sizes := map[string]int{}
	names, err := json.Marshal(ids)
	if err != nil || len(ids) == 0 {
		return sizes, err
	}
	query, args := `SELECT c.id, c.members FROM json_each($1) j CROSS JOIN campaigns c ON c.id = j.value`, []any{string(names)}
	if !sight.All {
		seen, err := json.Marshal(slices.DeleteFunc(slices.Clone(sight.Authorisations), func(id string) bool { return id == "" }))
		if err != nil {
			return nil, err
		}
		query = `
SELECT c.id, sum(o.members) FROM (SELECT DISTINCT value FROM json_each($1)) j CROSS JOIN campaigns c ON c.id = j.value
JOIN campaign_owners o ON o.campaign = c.campaign WHERE o.authorisation IN (SELECT value FROM json_each($2)) GROUP BY c.id`
		args = append(args, string(seen))
	}
	_, err = database.Collect(ctx, c.db.Read, func(r *sql.Rows) (none struct{}, err error) {
		var id string
		var n int
		err = r.Scan(&id, &n)
		sizes[id] = n
		return none, err
	}, query, args...)
	return sizes, c.db.Fail("count the members of campaigns in", err)
}

// Resting returns the parked campaigns, and whether each has yet to come back.
func (c *Reader) Resting(ctx context.Context) (map[int64]bool, error) {
	rests := map[int64]bool{}
	_, err := database.Collect(ctx, c.db.Read, func(r *sql.Rows) (none struct{}, err error) {
		var n int64
		var resting bool
		err = r.Scan(&n, &resting)
		rests[n] = rests[n] || resting
		return none, err
	}, `
SELECT `+CampaignOf("s.subject")+`, 0 FROM standings s WHERE s.subject_kind = 'campaign' AND s.parked <> 0
UNION ALL SELECT r.campaign, 1 FROM (`+resting("$1")+`) r`, database.Millis(c.now()))
	return rests, c.db.Fail("read what is parked in", err)
}
