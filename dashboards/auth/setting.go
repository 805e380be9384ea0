package auth

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

// Defaults until an administrator sets something else.
const (
	// DefaultSecondReviewShare is the share of ordinary decisions that get a second review.
	DefaultSecondReviewShare = 0.05
	// DefaultTokenDays is for how many days a new token may be valid; it is also the most that can
	// be set.
	DefaultTokenDays = int(MaxTokenTime / (24 * time.Hour))
)

// Why a setting is refused. Test for these with errors.Is.
var (
	// ErrShare is for a share outside 0 to 1.
	ErrShare = locales.Errorf("setting.mistake.share")
	// ErrTokenDays is for a longest validity of tokens that is out of bounds.
	ErrTokenDays = locales.Errorf("setting.mistake.token_days", DefaultTokenDays)
	// ErrOpenReports is for a number of open reports that is out of bounds.
	ErrOpenReports = locales.Errorf("setting.mistake.open_reports", store.MaxOfOrigin)
	// ErrZone is for an unknown time zone.
	ErrZone = locales.Errorf("setting.mistake.zone")
	// ErrConsoleURL is for a value that cannot be the console's address.
	ErrConsoleURL = locales.Errorf("setting.mistake.console_url", maxConsoleURL)
)

// SecondReviewShare returns the share of ordinary decisions that get a second review.
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

// SetSecondReviewShare sets that share; by is the account that does so.
func (a *Accounts) SetSecondReviewShare(ctx context.Context, by string, share float64) error {
	if !isShare(share) {
		return ErrShare
	}
	write := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	return a.store.PutSetting(ctx, by, store.SettingSecondReview, write(share), write(DefaultSecondReviewShare), a.now())
}

// isShare is also false for NaN.
func isShare(x float64) bool { return x >= 0 && x <= 1 }

// TokenDays returns for how many days a new token may be valid.
func (a *Accounts) TokenDays(ctx context.Context) (int, error) {
	return a.number(ctx, store.SettingTokenDays, DefaultTokenDays)
}

// SetTokenDays sets that number. Existing tokens do not change.
func (a *Accounts) SetTokenDays(ctx context.Context, by string, days int) error {
	if !isNumber(days, DefaultTokenDays) {
		return ErrTokenDays
	}
	return a.setNumber(ctx, by, store.SettingTokenDays, days, DefaultTokenDays)
}

// OpenReports returns how many reports of one origin may be open.
func (a *Accounts) OpenReports(ctx context.Context) (int, error) {
	return a.number(ctx, store.SettingOpenReports, store.MaxOfOrigin)
}

// SetOpenReports sets that number. Existing reports are kept.
func (a *Accounts) SetOpenReports(ctx context.Context, by string, n int) error {
	if !isNumber(n, store.MaxOfOrigin) {
		return ErrOpenReports
	}
	return a.setNumber(ctx, by, store.SettingOpenReports, n, store.MaxOfOrigin)
}

// number returns a setting that is a number from 1 to most; most if it is not set.
func (a *Accounts) number(ctx context.Context, name store.Setting, most int) (int, error) {
	value, err := a.store.Setting(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return most, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(value)
	if err != nil || !isNumber(n, most) {
		return 0, badSetting(name, value)
	}
	return n, nil
}

func (a *Accounts) setNumber(ctx context.Context, by string, name store.Setting, n, most int) error {
	return a.store.PutSetting(ctx, by, name, strconv.Itoa(n), strconv.Itoa(most), a.now())
}

func isNumber(n, most int) bool { return n >= 1 && n <= most }

// Zone returns the name of the time zone that is set; "" if the one given at the start applies.
func (a *Accounts) Zone(ctx context.Context) (string, error) {
	value, err := a.store.Setting(ctx, store.SettingZone)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return value, err
}

// SetZone sets the time zone from the next start on; "" goes back to the one given at the start. An
// unknown zone is refused with an ErrZone.
func (a *Accounts) SetZone(ctx context.Context, by, name string) error {
	if _, err := qianshao.ParseZone(name); name != "" && err != nil {
		return locales.Errorf("setting.mistake.zone_unknown", ErrZone, name)
	}
	return a.store.PutSetting(ctx, by, store.SettingZone, name, "", a.now())
}

// maxConsoleURL bounds the console's own address: it begins each link of a message, and a chat may
// allow only some thousand bytes a message.
const maxConsoleURL = 200

// ConsoleURL returns the console's own address, without a slash at its end; "" if it is not set.
func (a *Accounts) ConsoleURL(ctx context.Context) (string, error) {
	value, err := a.store.Setting(ctx, store.SettingConsoleURL)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return value, err
}

// SetConsoleURL sets that address; with "", messages have no links. Anything that is not an address
// is refused with ErrConsoleURL.
func (a *Accounts) SetConsoleURL(ctx context.Context, by, address string) error {
	address = strings.TrimRight(strings.TrimSpace(address), "/")
	if address != "" && !isConsoleURL(address) {
		return ErrConsoleURL
	}
	return a.store.PutSetting(ctx, by, store.SettingConsoleURL, address, "", a.now())
}

func isConsoleURL(address string) bool {
	u, err := url.Parse(address)
	return err == nil && len(address) <= maxConsoleURL && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil &&
		u.Opaque == "" && !strings.ContainsAny(address, "?#") && !strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>\\^`{|}", r) })
}

func badSetting(name store.Setting, value string) error {
	return locales.Errorf("setting.mistake.corrupt", store.ErrCorrupt, name, value)
}
