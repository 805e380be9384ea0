package review_test

import (
	"path/filepath"
	"testing"

	"github.com/qianshao/qianshao/store/sqlstore/database/databasetest"
	"github.com/qianshao/qianshao/store/storetest"
)

func open(t testing.TB) (storetest.Store, storetest.Review) {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "qianshao.db"))
}

// on returns what opens the desk in a database of an engine.
func on(open databasetest.Open) storetest.OpenReview {
	return func(t testing.TB) (storetest.Store, storetest.Review) {
		t.Helper()
		return deskIn(t, open(t), nil)
	}
}

func TestContract(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, open databasetest.Open) { storetest.RunReview(t, on(open)) })
}

// TestNoticesContract is here since it reads the trail, too.
func TestNoticesContract(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, open databasetest.Open) { storetest.RunNotices(t, on(open)) })
}
