package auth

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/qianshao/qianshao/store"
)

// DefaultSecondReviewShare is the share of ordinary decisions that another person decides
// again, until an administrator sets another one.
const DefaultSecondReviewShare = 0.05

// ErrShare is for a share that is not 0 to 1.
var ErrShare = errors.New("the share of second reviews is 0 to 1, such as 0.05 for one decision in twenty")

// SecondReviewShare returns the share of ordinary decisions that another person decides again.
func (a *Accounts) SecondReviewShare(ctx context.Context) (float64, error) {
	last, err := a.store.LastAccountChange(ctx, store.AccountSecondReview)
	if errors.Is(err, store.ErrNotFound) {
		return DefaultSecondReviewShare, nil
	}
	if err != nil {
		return 0, err
	}
	share, err := strconv.ParseFloat(last.Detail, 64)
	if err != nil || !isShare(share) {
		return 0, fmt.Errorf("%w: the trail of accounts has %q as the share of second reviews; set it anew", store.ErrCorrupt, last.Detail)
	}
	return share, nil
}

// SetSecondReviewShare sets it, in the name of an account. The trail of accounts is where
// it is kept.
func (a *Accounts) SetSecondReviewShare(ctx context.Context, by string, share float64) error {
	if !isShare(share) {
		return ErrShare
	}
	return a.store.NoteAccountChange(ctx, store.AccountChange{
		At: a.now(), By: by, What: store.AccountSecondReview, Detail: strconv.FormatFloat(share, 'g', -1, 64),
	})
}

// isShare is false for NaN, too.
func isShare(x float64) bool { return x >= 0 && x <= 1 }
