package figures

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// finding is the part of a finding that is counted.
type finding struct {
	id, rule, category, authorisation string
	// site is the registered domain; until the finding is grouped, its host.
	site  string
	first int64
	level int
	open  bool
	// campaign is the number of its primary campaign, 0 until the finding is grouped.
	campaign int64
	// facts are today's: a finding's earlier content is not kept. They are read only for findings with
	// acts.
	facts desk.Facts
	// acts are those that determine the standing, in their order.
	acts []qianshao.Act
}

// selectFindings reads the findings first seen before $2, oldest first, with a row for each of their acts
// before then, or one row without an act. The condition on s keeps SQLite from reading more of findings
// without acts. The sites with the same content are counted only if parking depends on their number. The
// order comes from the index of findings alone, so that nothing is sorted on disk.
//
// Findings from before $3 that are neither undecided nor parked, and were not changed since, do not count:
// in a store of years, that is most of them.
func selectFindings(s *scope) string {
	return `
SELECT f.id, f.first_seen, f.rule, f.category, f.level, f.gone_at IS NULL, f.authorisation, coalesce(c.campaign, 0), coalesce(c.owner, f.host),
  a.seq, a.at, a.kind, a.basis, a.verdict, a.reason, a.seen, a.until, a.reverts, a.round, a.detail, s.seen, s.back_at,
  CASE WHEN a.kind = 'park' AND json_valid(a.detail) AND CAST(a.detail ->> '$.park.sites' AS BIGINT) > 0 THEN (SELECT count(DISTINCT x.host) FROM findings x WHERE x.seen = s.seen) ELSE 0 END
FROM findings f INDEXED BY findings_figures LEFT JOIN campaign_findings c ON c.finding = f.id
LEFT JOIN acts a ON a.subject = f.id AND a.subject_kind = 'finding' AND a.at < $2 AND ` + trail.SinceDeletion + `
  AND a.kind IN ('decide', 'undo', 'adjudicate', 'review', 'dispute', 'park')
LEFT JOIN findings s INDEXED BY findings_desk ON a.seq IS NOT NULL AND s.id = f.id
WHERE f.first_seen < $2 AND ` + s.sees() + ` AND (f.first_seen >= $3 OR c.finding IS NULL OR c.undecided = 1 OR c.parked = 1
  OR EXISTS (SELECT 1 FROM acts x WHERE x.subject = f.id AND x.subject_kind = 'finding' AND x.at >= $3)) ORDER BY f.first_seen, f.id`
}

// stream passes on the findings that were first seen before the end of a window and count in it, one after
// another. Each overwrites the one before.
func stream(ctx context.Context, tx *sql.Tx, s *scope, w window, add func(*finding)) error {
	rows, err := tx.QueryContext(ctx, selectFindings(s), s.ids, w.to, w.from)
	if err != nil {
		return err
	}
	defer rows.Close()
	var f, next finding
	var a act
	done := func() {
		slices.SortFunc(f.acts, func(a, b qianshao.Act) int { return cmp.Compare(a.Seq, b.Seq) })
		add(&f)
	}
	for rows.Next() {
		if err := rows.Scan(&next.id, &next.first, &next.rule, &next.category, &next.level, &next.open, &next.authorisation, &next.campaign, &next.site,
			&a.seq, &a.at, &a.kind, &a.basis, &a.verdict, &a.reason, &a.seen, &a.until, &a.reverts, &a.round, &a.detail, &a.shown, &a.back, &a.sites); err != nil {
			return err
		}
		if next.id != f.id {
			if f.id != "" {
				done()
			}
			next.acts = f.acts[:0]
			f = next
			f.facts = desk.Facts{}
		}
		if a.seq.Valid {
			f.acts = append(f.acts, a.act())
			f.facts.Seen, f.facts.BackAt, f.facts.Sites = a.shown.String, trail.Moment(a.back.Int64), max(f.facts.Sites, a.sites)
		}
	}
	if f.id != "" {
		done()
	}
	return rows.Err()
}

// act is the act of a row, and the finding's content at the time.
type act struct {
	seq, at, basis, until, reverts, round, back sql.NullInt64
	kind, verdict, reason, seen, detail, shown  sql.NullString
	sites                                       int
}

func (a *act) act() qianshao.Act {
	return qianshao.Act{
		Seq: a.seq.Int64, At: trail.Moment(a.at.Int64), Kind: qianshao.ActKind(a.kind.String), Basis: a.basis.Int64,
		Verdict: qianshao.Verdict(a.verdict.String), Reason: qianshao.Reason(a.reason.String), Seen: a.seen.String,
		Until: trail.Moment(a.until.Int64), Reverts: a.reverts.Int64, Round: int(a.round.Int64), Detail: a.detail.String,
	}
}
