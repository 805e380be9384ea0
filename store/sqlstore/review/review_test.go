package review_test

import (
	"testing"

	"github.com/qianshao/qianshao/store/sqlstore/database/databasetest"
	"github.com/qianshao/qianshao/store/storetest"
)

// each runs a test on each engine.
func each(t *testing.T, test func(t *testing.T, open storetest.OpenReview)) {
	t.Parallel()
	databasetest.EachPlace(t, func(t *testing.T, place databasetest.Place) {
		test(t, func(t testing.TB) (storetest.Store, storetest.Review) { return openAt(t, place(t)) })
	})
}

func TestContract(t *testing.T) {
	each(t, func(t *testing.T, open storetest.OpenReview) { storetest.RunReview(t, open) })
}

// TestRunAgain: the contracts hold if transactions are run a second time.
func TestRunAgain(t *testing.T) {
	t.Parallel()
	open := func(t testing.TB) (storetest.Store, storetest.Review) { return deskIn(t, databasetest.Twice(t), nil) }
	t.Run("review", func(t *testing.T) { storetest.RunReview(t, open) })
	t.Run("notices", func(t *testing.T) { storetest.RunNotices(t, open) })
}

// TestNoticesContract is here because it reads the trail, too.
func TestNoticesContract(t *testing.T) {
	each(t, func(t *testing.T, open storetest.OpenReview) { storetest.RunNotices(t, open) })
}
