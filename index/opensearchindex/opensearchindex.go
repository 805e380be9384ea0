// Package opensearchindex is the search index on an OpenSearch cluster, for several processes on several
// machines. Apart from what hits show it contains no text, and Rebuild recreates it from the store. The
// cluster needs no plugin.
package opensearchindex

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/locales"
)

// remedy is what the user does about index.ErrRebuild; no finding is lost, because the
// index is derived from the store.
var remedy = locales.M("index.reindex")

// errClosed says that the index was closed before the call.
var errClosed = errors.New("the search index is closed")

// Index is an index on a cluster. It is safe for concurrent use.
type Index struct {
	*client
	fold      func(string) string
	zone      *time.Location
	name      string
	target    string      // the alias that is read and written
	isFilling bool        // it is not in use yet, so findings need not be searchable at once
	isWhole   atomic.Bool // it had one shard when last asked
}

var _ index.Index = (*Index)(nil)

// newIndex checks the cluster's version. The error wraps index.ErrUnavailable if it cannot be reached.
func newIndex(ctx context.Context, opts Options) (*Index, error) {
	if !names.MatchString(opts.name()) {
		return nil, fmt.Errorf("the search index cannot be called %q: a name consists of lower-case letters, digits, - and _", opts.name())
	}
	c, err := newClient(opts)
	if err != nil {
		return nil, err
	}
	x := &Index{client: c, fold: opts.Fold, zone: opts.zone(), name: opts.name(), target: opts.name()}
	if err := x.checkVersion(ctx); err != nil {
		c.close()
		return nil, locales.Errorf("cluster.reaching", c.nodes[0].Redacted(), err)
	}
	return x, nil
}

// The versions that were tested.
const minVersion, maxVersion = 2, 3

func (x *Index) checkVersion(ctx context.Context) error {
	var about struct {
		Version struct {
			Distribution string `json:"distribution"`
			Number       string `json:"number"`
		} `json:"version"`
	}
	if err := x.do(ctx, call{method: http.MethodGet, path: "/", into: &about, patience: readPatience}); err != nil {
		return err
	}
	v := about.Version
	major, _, _ := strings.Cut(v.Number, ".")
	n, err := strconv.Atoi(major)
	if v.Distribution != "opensearch" || err != nil || n < minVersion || n > maxVersion {
		return locales.Errorf("cluster.version", v.Distribution, v.Number, minVersion, maxVersion)
	}
	return nil
}

// Open opens the index, and creates an empty one if there is none. The error may wrap index.ErrUnavailable
// or index.ErrRebuild.
func Open(ctx context.Context, opts Options) (*Index, error) {
	x, err := newIndex(ctx, opts)
	if err != nil {
		return nil, err
	}
	if err := x.open(ctx, opts); err != nil {
		x.close()
		return nil, locales.Errorf("cluster.opening", x.name, x.nodes[0].Redacted(), err)
	}
	return x, nil
}

// Close closes the index. It may be called more than once.
func (x *Index) Close() error {
	x.close()
	return nil
}

// explain adds the remedy to the cluster's answer if the index is gone.
func (x *Index) explain(err error) error {
	if hasStatus(err, http.StatusNotFound) {
		return locales.Errorf("cluster.gone", index.ErrRebuild, x.name, err, remedy)
	}
	return err
}
