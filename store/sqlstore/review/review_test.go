package review_test

import (
	"path/filepath"
	"testing"

	"github.com/qianshao/qianshao/store/storetest"
)

func open(t testing.TB) (storetest.Store, storetest.Review) {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "qianshao.db"))
}

func TestContract(t *testing.T) { storetest.RunReview(t, open) }

// TestNoticesContract is here since it reads the trail, too.
func TestNoticesContract(t *testing.T) { storetest.RunNotices(t, open) }
