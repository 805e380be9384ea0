package auth

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/qianshao/qianshao/store"
)

// What holds until an administrator sets something else.
const (
	// DefaultSecondReviewShare is the share of ordinary decisions that another person decides again.
	DefaultSecondReviewShare = 0.05
	// DefaultTokenDays is for how many days a new token is good at most: the most that can be set.
	DefaultTokenDays = int(MaxTokenTime / (24 * time.Hour))
)

// Why a setting is not set; to test for with errors.Is.
var (
	// ErrShare is for a share that is not 0 to 1.
	ErrShare = errors.New("the share of second reviews is 0 to 1, such as 0.05 for one decision in twenty")
	// ErrTokenDays is for a longest time of tokens that is not in its bounds.
	ErrTokenDays = fmt.Errorf("tokens are good for 1 to %d days at most", DefaultTokenDays)
)

// SecondReviewShare returns the share of ordinary decisions that another person decides again.
func (a *Accounts) SecondReviewShare(ctx context.Context) (float64, error) {
	value, err := a.store.Setting(ctx, store.SettingSecondReview)
	if errors.Is(err, store.ErrNotFound) {
		return DefaultSecondReviewShare, nil
	}
	if err != nil {
		return 0, err
	}
	share, err := strconv.ParseFloat(value, 64)
	if err != nil || !isShare(share) {
		return 0, badSetting(store.SettingSecondReview, value)
	}
	return share, nil
}

// SetSecondReviewShare sets it, in the name of an account.
func (a *Accounts) SetSecondReviewShare(ctx context.Context, by string, share float64) error {
	if !isShare(share) {
		return ErrShare
	}
	write := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	return a.store.PutSetting(ctx, by, store.SettingSecondReview, write(share), write(DefaultSecondReviewShare), a.now())
}

// isShare is false for NaN, too.
func isShare(x float64) bool { return x >= 0 && x <= 1 }

// TokenDays returns for how many days a new token is good at most.
func (a *Accounts) TokenDays(ctx context.Context) (int, error) {
	value, err := a.store.Setting(ctx, store.SettingTokenDays)
	if errors.Is(err, store.ErrNotFound) {
		return DefaultTokenDays, nil
	}
	if err != nil {
		return 0, err
	}
	days, err := strconv.Atoi(value)
	if err != nil || !isTokenDays(days) {
		return 0, badSetting(store.SettingTokenDays, value)
	}
	return days, nil
}

// SetTokenDays sets it, in the name of an account. Tokens that there are stay as they are.
func (a *Accounts) SetTokenDays(ctx context.Context, by string, days int) error {
	if !isTokenDays(days) {
		return ErrTokenDays
	}
	return a.store.PutSetting(ctx, by, store.SettingTokenDays, strconv.Itoa(days), strconv.Itoa(DefaultTokenDays), a.now())
}

func isTokenDays(days int) bool { return days >= 1 && days <= DefaultTokenDays }

func badSetting(name store.Setting, value string) error {
	return fmt.Errorf("%w: the setting %s is %q; set it anew", store.ErrCorrupt, name, value)
}
