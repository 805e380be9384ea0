package opensearchindex

import (
	"context"
	"crypto/rand"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/index/indextest"
)

// cluster is the variable that names the nodes of a cluster for these tests,
// http://127.0.0.1:18840,http://…; .ci/servers/opensearch.sh starts one.
const cluster = "QIANSHAO_OPENSEARCH"

func TestContract(t *testing.T) {
	indextest.Run(t, func(t *testing.T, fold func(string) string) index.Index {
		opts := options(t)
		opts.Fold, opts.Shards = fold, 3
		return open(t, opts)
	})
}

// options are those of an index of the test's own, which is removed when it ends.
func options(t testing.TB) Options {
	t.Helper()
	nodes := os.Getenv(cluster)
	if nodes == "" {
		t.Skipf("set %s to the nodes of a cluster; .ci/servers/opensearch.sh starts one", cluster)
	}
	opts := Options{Nodes: strings.Split(nodes, ","), Name: "test-" + strings.ToLower(rand.Text())}
	t.Cleanup(func() {
		c, err := newClient(opts)
		if err == nil {
			err = (&Index{client: c, name: opts.Name}).Drop()
		}
		if err != nil {
			t.Error(err)
		}
	})
	return opts
}

func open(t testing.TB, opts Options) *Index {
	t.Helper()
	x, err := Open(t.Context(), opts)
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

// Drop removes all generations of a test's index.
func (x *Index) Drop() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var found map[string]described
	if err := x.do(ctx, call{method: http.MethodGet, path: "/" + x.name + "*", into: &found, patience: writePatience}); err != nil {
		return err
	}
	for generation := range found {
		if err := x.do(ctx, call{method: http.MethodDelete, path: "/" + generation, patience: writePatience}); err != nil {
			return err
		}
	}
	return nil
}
