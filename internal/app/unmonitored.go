package app

import (
	"context"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/internal/datafolder"
)

// countsAge is how old the numbers may be when they are requested without a list: every scrape and
// every view of the console requests them, and they count all hosts.
const countsAge = 30 * time.Second

// unmonitored caches the numbers of unmonitored sites.
type unmonitored struct {
	folder *datafolder.Folder
	mu     sync.Mutex
	// counts are the numbers for each authorisation, because not everybody sees all authorisations.
	counts map[string]qianshao.UnmonitoredCounts
	read   time.Time
}

// list is Folder.Unmonitored; if no rows are requested, the numbers may be countsAge old.
func (u *unmonitored) list(ctx context.Context, r qianshao.UnmonitoredRequest) (list qianshao.UnmonitoredList, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if r.Limit > 0 {
		return u.folder.Unmonitored(ctx, r)
	}
	if u.counts == nil || time.Since(u.read) >= countsAge {
		if err := u.count(ctx); err != nil {
			return list, err
		}
	}
	list.Counts = qianshao.UnmonitoredCounts{}
	for authorisation, counts := range u.counts {
		if r.Sight.Sees(authorisation) {
			for reason, n := range counts {
				list.Counts[reason] += n
			}
		}
	}
	return list, nil
}

// count reads the numbers again.
func (u *unmonitored) count(ctx context.Context) error {
	scope, err := u.folder.Register.Read(ctx)
	if err != nil {
		return err
	}
	all := map[string]qianshao.UnmonitoredCounts{}
	for row, err := range ingest.Unmonitored(ctx, u.folder.Store, scope, time.Now()) {
		if err != nil {
			return err
		}
		if all[row.Authorisation] == nil {
			all[row.Authorisation] = qianshao.UnmonitoredCounts{}
		}
		all[row.Authorisation][row.Reason]++
	}
	u.counts, u.read = all, time.Now()
	return nil
}

// states returns the values of the gauge qianshao_unmonitored.
func (u *unmonitored) states(ctx context.Context) (map[string]int, error) {
	list, err := u.list(ctx, qianshao.UnmonitoredRequest{Sight: qianshao.SeeAll()})
	states := map[string]int{}
	for _, reason := range qianshao.UnmonitoredReasons() {
		states[string(reason)] = list.Counts[reason]
	}
	return states, err
}
