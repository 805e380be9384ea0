package review_test

import (
	"path/filepath"
	"testing"

	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlite/review"
	"github.com/qianshao/qianshao/store/storetest"
)

func open(t testing.TB) (storetest.Store, storetest.Review) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "qianshao.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, review.New(s.Database())
}

func TestContract(t *testing.T) { storetest.RunReview(t, open) }
