package opensearchindex

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/locales"
)

// Deleted and replaced documents stay on the disks so that a shard's copies can be brought up to date.
// Every 30 s the copies agree on what none of them needs any more, except a copy that is away, and each
// then drops it when it rewrites the segment.
const (
	purgeWait = 75 * time.Second
	purgePoll = time.Second
	// mergeWait bounds the wait for rewriting segments; the cluster answers when it has finished.
	mergeWait = 10 * time.Minute
)

// Purge removes everything deleted or replaced before it began from the disks of all copies. It takes about
// half a minute, in which the index is searched and written as usual. The error wraps index.ErrUnavailable
// if the copies do not agree in time: one is away, and Purge must be called again.
func (x *Index) Purge(ctx context.Context, _ *qianshao.FindingRecord) error {
	err := x.purge(ctx)
	if err != nil && ctx.Err() == nil {
		err = locales.Errorf("because", locales.M("index.purging"), x.explain(err))
	}
	return err
}

func (x *Index) purge(ctx context.Context) error {
	if err := x.mayWrite(ctx); err != nil {
		return err
	}
	// The requests below do not reach a shard without any copy, which would keep its data.
	err := x.do(ctx, call{method: http.MethodGet, path: "/_cluster/health/" + x.target + "?wait_for_status=yellow&timeout=1s", patience: readPatience})
	if hasStatus(err, http.StatusRequestTimeout) {
		return locales.Errorf("cluster.no_copy", index.ErrUnavailable)
	}
	if err != nil {
		return err
	}
	last, err := x.shards(ctx)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, purgeWait)
	defer cancel()
	for {
		shards, err := x.shards(ctx)
		if err != nil {
			return err
		}
		if haveAgreed(shards, last) {
			break
		}
		if rest(limited, purgePoll) != nil {
			return locales.Errorf("cluster.copies_differ", index.ErrUnavailable)
		}
	}
	for _, path := range []string{"/_flush?force=true", "/_forcemerge?only_expunge_deletes=true", "/_flush?force=true", "/_refresh"} {
		if err := x.everywhere(ctx, "/"+x.target+path, mergeWait); err != nil {
			return err
		}
	}
	return nil
}

// everywhere makes each copy of the index do something. The cluster answers 200 even if some have failed.
func (x *Index) everywhere(ctx context.Context, path string, wait time.Duration) error {
	var done parts
	err := x.do(ctx, call{method: http.MethodPost, path: path, into: &done, patience: writePatience, wait: wait})
	return cmp.Or(err, done.err())
}

// parts says how many copies failed to do it.
type parts struct {
	Shards struct {
		Failed int `json:"failed"`
	} `json:"_shards"`
}

func (p *parts) err() error {
	if p.Shards.Failed > 0 {
		return locales.Errorf("cluster.copies_failed", index.ErrUnavailable, p.Shards.Failed)
	}
	return nil
}

// shard is one copy of a shard.
type shard struct {
	Sequence struct {
		Last int64 `json:"max_seq_no"`
	} `json:"seq_no"`
	Retention struct {
		Leases []struct {
			From int64 `json:"retaining_seq_no"`
		} `json:"leases"`
	} `json:"retention_leases"`
}

// shards returns all copies of each shard.
func (x *Index) shards(ctx context.Context) (list map[string][]shard, err error) {
	var found struct {
		parts
		Indices map[string]struct {
			Shards map[string][]shard `json:"shards"`
		} `json:"indices"`
	}
	const wanted = "?level=shards&filter_path=_shards.failed,indices.*.shards.*.seq_no,indices.*.shards.*.retention_leases"
	err = x.do(ctx, call{method: http.MethodGet, path: "/" + x.target + "/_stats/docs" + wanted, into: &found, patience: readPatience})
	for _, generation := range found.Indices {
		list = generation.Shards
	}
	if err = cmp.Or(err, found.err()); err == nil && len(list) == 0 {
		err = locales.Errorf("cluster.no_parts", index.ErrUnavailable)
	}
	return list, err
}

// haveAgreed says whether all shards are present, and no copy keeps for another one any operation from an
// earlier time.
func haveAgreed(now, earlier map[string][]shard) bool {
	for number, copies := range earlier {
		if len(now[number]) == 0 {
			return false
		}
		for _, before := range copies {
			for _, c := range now[number] {
				for _, lease := range c.Retention.Leases {
					if lease.From <= before.Sequence.Last {
						return false
					}
				}
			}
		}
	}
	return true
}
