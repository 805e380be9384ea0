package datafolder

import (
	"context"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
)

// Unmonitored lists sites that the register says should be monitored, but that are not. It fails if
// the register cannot be read: an empty list would mean that all is well.
func (f *Folder) Unmonitored(ctx context.Context, r qianshao.UnmonitoredRequest) (list qianshao.UnmonitoredList, err error) {
	scope, err := f.Register.Read(ctx)
	if err != nil {
		return list, err
	}
	list.Counts = qianshao.UnmonitoredCounts{}
	matched := 0
	for u, err := range ingest.Unmonitored(ctx, f.Store, scope, time.Now()) {
		if err != nil {
			return list, err
		}
		if !r.Sight.Sees(u.Authorisation) {
			continue
		}
		list.Counts[u.Reason]++
		if r.Reason != "" && r.Reason != u.Reason {
			continue
		}
		if matched++; matched > r.Offset && len(list.Rows) < r.Limit {
			list.Rows = append(list.Rows, u)
		}
	}
	return list, nil
}
