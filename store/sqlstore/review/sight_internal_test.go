package review

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store/sqlstore/campaigns"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/database/databasetest"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// TestLatestOfSight: however many acts are searched before the rest is read by the findings of a sight, and
// whether or not that happens, a limited account reads the same acts in the same order.
func TestLatestOfSight(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, latestOfSight)
}

func latestOfSight(t *testing.T, open databasetest.Open) {
	db := open(t)
	s := New(db, campaigns.Options{})
	town := actsOfTown(t, db)
	q := desk.ActsQuery{Sight: qianshao.Sight{Authorisations: []string{"town"}}, Records: true, Reader: "mia", Latest: true, Limit: 4}
	for _, q.Kind = range []qianshao.ActKind{"", qianshao.ActNote, qianshao.ActExport, qianshao.ActPark} {
		want := slices.DeleteFunc(slices.Clone(town), func(a qianshao.Act) bool { return q.Kind != "" && a.Kind != q.Kind })
		want = want[:min(len(want), q.Limit)]
		for _, looked := range []int{0, 1, 2, 3, 5, 8, 13, 100} {
			for _, few := range []int{0, 100} {
				var c conditions
				if err := c.filter(&q); err != nil {
					t.Fatal(err)
				}
				got, err := s.latest(t.Context(), &q, &c, looked, few)
				if err != nil || !slices.Equal(seqs(got), seqs(want)) {
					t.Errorf("%q, %d looked through, %d findings are few: %v, want %v, error %v", q.Kind, looked, few, seqs(got), seqs(want), err)
				}
			}
		}
	}
}

func seqs(list []qianshao.Act) (out []int64) {
	for i := range list {
		out = append(out, list[i].Seq)
	}
	return out
}

// actsOfTown fills a trail with acts on findings of two authorisations and on subjects that are not
// reviewed, with times that go back once. It returns those that mia, who sees "town", may see, the latest
// first.
func actsOfTown(t *testing.T, db *database.DB) (town []qianshao.Act) {
	t.Helper()
	err := db.Update(t.Context(), database.Ordered, "fill", func(tx *database.Tx) error {
		var acts []qianshao.Act
		for i := range 24 {
			id, under := fmt.Sprintf("f%02d", i), []string{"town", "city"}[i%2]
			if _, err := tx.ExecContext(t.Context(), `INSERT INTO pages (page, requested, authorisation, sha256, status, first_seen, last_seen, flagged) VALUES ($1, $1, $2, '', 200, 1, 1, 1)`, id, under); err != nil {
				return err
			}
			if _, err := tx.ExecContext(t.Context(), `INSERT INTO findings (id, page, url, rule, category, level, score, finding, first_seen, last_seen, authorisation)
VALUES ($1, $1, $1, 'r', 'gambling', 3, 70, '{}', 1, 1, $2)`, id, under); err != nil {
				return err
			}
			a := qianshao.Act{At: time.Unix(int64(1000+i-i/12*6), 0), By: "ann", Kind: qianshao.ActNote, Subject: qianshao.Subject{Kind: qianshao.SubjectFinding, ID: id}}
			switch i % 6 {
			case 4, 5:
				a.Kind, a.By, a.Subject = qianshao.ActExport, []string{"mia", "ann"}[i%2], qianshao.Subject{Kind: qianshao.SubjectExport, ID: id}
			}
			acts = append(acts, a)
		}
		if err := trail.Append(t.Context(), tx, acts); err != nil {
			return err
		}
		for i := range acts {
			if i%2 == 0 {
				town = append(town, acts[i])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(town, func(a, b qianshao.Act) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		return int(b.Seq - a.Seq)
	})
	return town
}
