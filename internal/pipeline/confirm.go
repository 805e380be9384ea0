package pipeline

import (
	"context"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
)

// confirm handles a page that has not changed since it was last judged, and so need not be judged
// again. known says that the page needs no more work now: it is unchanged, or it came without a
// body and must be fetched again in full (stale).
func (p *Pipeline) confirm(ctx context.Context, page *qianshao.Page, before ingest.Memory) (handled ingest.Handled, known bool, err error) {
	bodiless := page.NotModified()
	handled.Hash = before.Hash
	if !bodiless && before.Hash != "" { // there is a hash to compare the body with
		handled.Hash = hashOf(page.Body)
	}
	// Asking the store is not enough: the item's memory is written last, and the process may have
	// died after it saved the page and before it saved its links.
	if before.Hash != "" && before.Hash == handled.Hash && before.Rules == p.RulesName() {
		var saved store.Saved
		if saved, known, err = p.Store.Confirm(ctx, page.URL, handled.Hash, before.Rules, page.FetchedAt); err != nil {
			p.Metrics.Failed(metrics.StageSave)
			return handled, false, err
		}
		if known {
			p.Metrics.Unchanged()
			p.tell(saved)
			handled.Open, handled.Links = saved.Open, p.feedLinks(*page)
			return handled, true, p.touch(ctx, page, saved)
		}
	}
	handled.Stale = bodiless
	return handled, bodiless, nil
}

// touch tells the archive that the evidence of an open finding was seen again.
func (p *Pipeline) touch(ctx context.Context, page *qianshao.Page, saved store.Saved) error {
	if !saved.Open {
		return nil
	}
	return p.Evidence.Seen(ctx, page.URL, page.FetchedAt)
}
