package bleveindex

import (
	"testing"

	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/index/indextest"
)

func TestContract(t *testing.T) {
	indextest.Run(t, func(t *testing.T, fold func(string) string) index.Index {
		return open(t, t.TempDir(), Options{Fold: fold})
	})
}

func open(t testing.TB, path string, opts Options) *Index {
	t.Helper()
	x, err := Open(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}
