// Package opensearchindex is the search index on an OpenSearch cluster, for several processes
// on several machines. It holds no text beyond what a hit shows, and is rebuilt from
// the store with Rebuild. The cluster needs no plugin.
package opensearchindex

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
)

// remedy is what the user does about index.ErrRebuild; no finding is lost, because the
// store is the truth.
const remedy = "run `qianshao reindex`: it builds the index anew from the store"

// errClosed says that the index was closed before it was asked.
var errClosed = errors.New("the search index is closed")

// Index is an index on a cluster. It is safe for concurrent use.
type Index struct {
	*client
	fold      func(string) string
	zone      *time.Location
	name      string
	target    string // the alias that is read and written
	isFilling bool   // it is not in use yet: nothing need be found at once
}

var _ index.Index = (*Index)(nil)

// newIndex checks the cluster's version. The error wraps index.ErrUnavailable where it
// cannot be reached.
func newIndex(ctx context.Context, opts Options) (*Index, error) {
	if !names.MatchString(opts.name()) {
		return nil, fmt.Errorf("the search index cannot be called %q: letters in lower case, digits, - and _ are a name", opts.name())
	}
	c, err := newClient(opts)
	if err != nil {
		return nil, err
	}
	x := &Index{client: c, fold: opts.Fold, zone: opts.zone(), name: opts.name(), target: opts.name()}
	if err := x.checkVersion(ctx); err != nil {
		c.close()
		return nil, fmt.Errorf("opening the search index at %s: %w", c.nodes[0].Redacted(), err)
	}
	return x, nil
}

// The versions that were tried.
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
		return fmt.Errorf("there is %.40q %.40q; OpenSearch %d or %d is needed", v.Distribution, v.Number, minVersion, maxVersion)
	}
	return nil
}

// Open opens the index, and makes an empty one if there is none. The error wraps
// index.ErrUnavailable or index.ErrRebuild where it is one of these.
func Open(ctx context.Context, opts Options) (*Index, error) {
	x, err := newIndex(ctx, opts)
	if err != nil {
		return nil, err
	}
	if err := x.open(ctx, opts); err != nil {
		x.close()
		return nil, fmt.Errorf("opening the search index %s at %s: %w", x.name, x.nodes[0].Redacted(), err)
	}
	return x, nil
}

// Close closes the index. It may be called more than once.
func (x *Index) Close() error {
	x.close()
	return nil
}

// explain adds the remedy to what the cluster answers where the index has gone.
func (x *Index) explain(err error) error {
	if hasStatus(err, http.StatusNotFound) {
		return fmt.Errorf("%w: the cluster has no index %s any more (%w); %s", index.ErrRebuild, x.name, err, remedy)
	}
	return err
}

// Purge writes those segments anew that have deleted or replaced records in them: until then
// their tokens, and what a hit shows of them, stay on the disks. What a copy of a shard still needs
// to be brought up to date goes with a later Purge, or when segments are merged.
func (x *Index) Purge(ctx context.Context, _ *qianshao.FindingRecord) error {
	limited, cancel := context.WithTimeout(ctx, purgeWait)
	defer cancel()
	for {
		deleted, err := x.expunge(limited)
		if err != nil && limited.Err() == nil {
			return fmt.Errorf("writing the search index anew without deleted records: %w", x.explain(err))
		}
		if deleted == 0 && err == nil {
			return nil
		}
		if rest(limited, purgePoll) != nil {
			return ctx.Err()
		}
	}
}

// How long Purge waits for the disks, and how often it asks: the cluster's own settings say when
// its copies agree on what they no longer need.
const (
	purgeWait = 90 * time.Second
	purgePoll = time.Second
)

// expunge writes segments anew and returns how many deleted records are left in all copies.
func (x *Index) expunge(ctx context.Context) (deleted int, err error) {
	for _, path := range []string{"/_flush", "/_forcemerge?only_expunge_deletes=true", "/_flush?force=true", "/_refresh"} {
		if err := x.do(ctx, call{method: http.MethodPost, path: "/" + x.target + path, patience: writePatience}); err != nil {
			return 0, err
		}
	}
	var stats struct {
		All struct {
			Total struct {
				Docs struct {
					Deleted int `json:"deleted"`
				} `json:"docs"`
			} `json:"total"`
		} `json:"_all"`
	}
	err = x.do(ctx, call{method: http.MethodGet, path: "/" + x.target + "/_stats/docs", into: &stats, patience: readPatience})
	return stats.All.Total.Docs.Deleted, err
}
