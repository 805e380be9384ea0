package datafolder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/analyze/indicator"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/locales"
)

// traits returns the function that computes what a finding is grouped by.
func traits() func(*qianshao.Finding) campaign.Traits {
	options := campaign.Options{Fold: fold.Strings(), Registered: indicator.Registrable}
	return func(f *qianshao.Finding) campaign.Traits { return campaign.Of(f, options) }
}

// traitsName identifies that function by the version of the traits and the result of folding each
// character. If it changes, all findings are grouped again.
var traitsName = sync.OnceValue(func() string {
	sum := sha256.New()
	const chunk = 128 // characters folded at a time
	var b strings.Builder
	for r := rune(' '); r <= 0xFFFF; r++ {
		if utf8.ValidRune(r) {
			b.WriteRune(r)
		}
		if r%chunk == chunk-1 {
			sum.Write([]byte(fold.String(b.String())))
			b.Reset()
		}
	}
	return fmt.Sprintf("%d %s", campaign.Version, hex.EncodeToString(sum.Sum(nil)[:8]))
})

// matchCampaigns groups all findings again if another version of the program grouped them, or if
// grouping was interrupted.
func matchCampaigns(ctx context.Context, review *Review, log *slog.Logger) error {
	stale, err := review.Campaigns.Stale(ctx)
	if err != nil || !stale {
		return err
	}
	log.Info("regrouping all findings into campaigns")
	count, err := review.Campaigns.Regroup(ctx)
	if err == nil {
		log.Info("grouped", "findings", count)
	}
	return err
}

// regroup groups all findings again and checks the counters.
func regroup(ctx context.Context, review *Review) error {
	if _, err := review.Campaigns.Regroup(ctx); err != nil {
		return err
	}
	faults, err := review.Campaigns.Verify(ctx)
	if err == nil && len(faults) > 0 {
		err = locales.Errorf("data.campaigns", fmt.Sprint(faults))
	}
	return err
}

// Campaigns returns the first campaigns of a list, at most limit.
func (f *Folder) Campaigns(ctx context.Context, q campaign.Query, limit int) (list []campaign.Campaign, err error) {
	for {
		q.Limit = min(limit-len(list), campaign.MaxLimit)
		page, err := f.Review.Campaigns.Queue(ctx, q)
		if err != nil {
			return nil, err
		}
		list = append(list, page.Campaigns...)
		if page.Next == "" || len(list) >= limit {
			return list, nil
		}
		q.After = page.Next
	}
}
