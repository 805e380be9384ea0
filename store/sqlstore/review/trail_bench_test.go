package review_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// trailActs is how long the trail of BenchmarkTrail is.
const trailActs = 1_000_000

// BenchmarkTrail reads a page of a long trail with each filter, for rare and common values, at its
// beginning and in its middle. It reports the milliseconds of the slowest.
func BenchmarkTrail(b *testing.B) {
	path := filepath.Join(b.TempDir(), "qianshao.db")
	_, kept := openAt(b, path)
	day := longTrail(b, path)
	all, some := qianshao.SeeAll(), qianshao.Sight{Authorisations: []string{"town"}}
	rare := qianshao.FindingID("http://host-7.example/7", "gambling")
	for name, q := range map[string]desk.ActsQuery{
		"nothing": {}, "account": {By: "a0"}, "a rare account": {By: "rare"}, "nobody": {By: "none"}, "kind": {Kind: qianshao.ActClaim}, "a rare kind": {Kind: qianshao.ActExport},
		"subject kind": {SubjectKind: qianshao.SubjectFinding}, "a rare subject kind": {SubjectKind: qianshao.SubjectSetting}, "subject": {Subjects: []string{rare, "none"}},
		"verdict": {Verdict: qianshao.VerdictCrime}, "a rare verdict": {Verdict: qianshao.VerdictUnsure},
		"a day": {From: day(3), To: day(4)}, "no day": {From: day(-3), To: day(-2)}, "until a day": {To: day(2)},
		"account on a day": {By: "a0", From: day(3), To: day(4)}, "account, kind and verdict": {By: "a0", Kind: qianshao.ActDecide, Verdict: qianshao.VerdictCrime},
		"limited": {Sight: some}, "limited, account": {Sight: some, By: "a1"}, "limited, nothing": {Sight: qianshao.Sight{Authorisations: []string{"village"}}}, "limited, account who did nothing there": {Sight: some, By: "a0"}, "limited, rare": {Sight: some, SubjectKind: qianshao.SubjectAuthorisation},
	} {
		if q.Sight.Authorisations == nil {
			q.Sight = all
		}
		q.Records, q.Latest, q.Limit = true, true, 51
		b.Run(name, func(b *testing.B) {
			var longest time.Duration
			for b.Loop() {
				for _, q.Before = range []int64{0, trailActs / 2} {
					began := time.Now()
					if _, err := kept.Acts(b.Context(), q); err != nil {
						b.Fatal(err)
					}
					longest = max(longest, time.Since(began))
				}
			}
			b.ReportMetric(float64(longest.Microseconds())/1000, "ms-longest")
		})
	}
}

// longTrail writes the acts of ten days, two in three of them claims, most of them by four accounts, and
// their findings, one in 400 of which is authorised by "town". The acts have no chain.
func longTrail(b *testing.B, path string) (day func(int) time.Time) {
	b.Helper()
	first := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	ids := fill(b, path, 2000)
	db, err := sqlite.Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	err = db.Update(b.Context(), database.Durable, "fill", func(tx *database.Tx) error {
		if _, err := tx.ExecContext(b.Context(), `UPDATE findings SET authorisation = 'town' WHERE rowid % 400 = 0`); err != nil {
			return err
		}
		_, err := tx.ExecContext(b.Context(), `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
INSERT INTO acts SELECT i, $2 + i * 864, CASE WHEN i % 99991 = 0 THEN 'rare' ELSE 'a' || (i % 4) END, '', 0,
  CASE WHEN i % 99991 = 0 THEN 'setting' ELSE 'finding' END, (SELECT id FROM findings WHERE rowid = i % 2000 + 1),
  CASE WHEN i % 99991 = 0 THEN 'export' WHEN i % 3 = 0 THEN 'decide' ELSE 'claim' END, 0,
  CASE WHEN i % 30000 = 0 THEN 'unsure' WHEN i % 3 = 0 THEN 'crime' ELSE '' END, '', '', 'rules 1', 0, 0, 0, '{"words":"a note of some length"}',
  'chain of some sixty-four characters, as a hash has in hexadecimals' FROM n`, trailActs, first.UnixMilli())
		return err
	})
	if err != nil || len(ids) == 0 {
		b.Fatal(fmt.Errorf("%d findings: %w", len(ids), err))
	}
	return func(n int) time.Time { return first.AddDate(0, 0, n) }
}
