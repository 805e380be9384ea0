package auth

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

// How long links can be used. The one of the first start is read in a log, perhaps by somebody else
// than who started the service; an invitation has to reach its recipient.
const (
	FirstLinkTime    = 24 * time.Hour
	PasswordLinkTime = 72 * time.Hour
	EnterLinkTime    = time.Hour
)

// Bounds of tokens.
const (
	MaxTokenTime = 2 * 366 * 24 * time.Hour
	// maxTokens bounds the tokens of one account; a program needs only one.
	maxTokens = 50
	// maxLabel bounds the label of a token, in characters.
	maxLabel = 100
)

// tokenPrefix lets scanners for leaked secrets recognise our tokens.
const tokenPrefix = "qs_"

// Accounts makes and changes accounts, for the command line and the console alike. The parameter by
// is the author of a change.
type Accounts struct {
	store     Store
	passwords *passwords
	now       func() time.Time
}

// NewAccounts returns the accounts of a store; now may be nil.
func NewAccounts(s Store, now func() time.Time) *Accounts {
	if now == nil {
		now = time.Now
	}
	return &Accounts{store: s, passwords: newPasswords(), now: now}
}

// Empty says whether there are no accounts at all.
func (a *Accounts) Empty(ctx context.Context) (bool, error) {
	list, err := a.store.Accounts(ctx)
	return len(list) == 0, err
}

// Add adds an account. Without a password it can sign in only by a link; see NewLink.
func (a *Accounts) Add(ctx context.Context, by string, account qianshao.Account, password string) error {
	return a.add(ctx, by, store.AccountRecord{Account: account}, password, false)
}

// AddFirst adds the first account, an administrator who sees everything. If there already is an
// account, it returns store.ErrExists.
func (a *Accounts) AddFirst(ctx context.Context, by, name, password string) error {
	return a.add(ctx, by, firstAdministrator(name), password, true)
}

func firstAdministrator(name string) store.AccountRecord {
	return store.AccountRecord{Account: qianshao.Account{Name: name, Role: qianshao.RoleAdministrator, Sight: qianshao.SeeAll()}}
}

// add adds an account created now, with a password unless it is "".
func (a *Accounts) add(ctx context.Context, by string, record store.AccountRecord, password string, first bool) error {
	if err := CheckName(record.Name); err != nil {
		return err
	}
	if !record.Role.Valid() {
		return locales.Errorf("account.mistake.role", record.Role, qianshao.Roles())
	}
	record.Created = a.now()
	if password != "" {
		hash, err := a.passwords.hash(ctx, password)
		if err != nil {
			return err
		}
		record.Password = hash
	}
	return a.store.AddAccount(ctx, by, record, first)
}

// CheckName refuses what cannot be the name of an account, with ErrName.
func CheckName(name string) error {
	if !qianshao.ValidAccountName(name) {
		return locales.Errorf("account.mistake.name_not", ErrName, name)
	}
	return nil
}

// ErrName says that an account cannot have the name. Test for it with errors.Is.
var ErrName = locales.Errorf("account.mistake.name", qianshao.MaxAccountName)

// setPassword sets an account's password, which ends its sessions.
func (a *Accounts) setPassword(ctx context.Context, by, name, password string) (store.AccountRecord, error) {
	hash, err := a.passwords.hash(ctx, password)
	if err != nil {
		return store.AccountRecord{}, err
	}
	return a.Change(ctx, by, name, func(r *store.AccountRecord) error {
		r.Password = hash
		return nil
	})
}

// Change changes an account, in one transaction; see Store.ChangeAccount.
func (a *Accounts) Change(ctx context.Context, by, name string, change func(*store.AccountRecord) error) (store.AccountRecord, error) {
	return a.store.ChangeAccount(ctx, by, name, a.now(), change)
}

// Reset removes the password of an account, and its second factor if factor is true; this ends its
// sessions. The owner can then sign in by a link.
func (a *Accounts) Reset(ctx context.Context, by, name string, factor bool) error {
	_, err := a.Change(ctx, by, name, func(r *store.AccountRecord) error {
		r.Password = ""
		if factor {
			r.Factor = store.SecondFactor{}
		}
		return nil
	})
	return err
}

// NewLink returns the key of a link that can be used once, and when it expires. It replaces earlier
// links of the same purpose and account.
func (a *Accounts) NewLink(ctx context.Context, by string, purpose store.LinkPurpose, name string) (key string, expires time.Time, err error) {
	valid := PasswordLinkTime
	switch purpose {
	case store.LinkFirst:
		valid = FirstLinkTime
	case store.LinkEnter:
		valid = EnterLinkTime
	}
	key, hash := newKey()
	now := a.now()
	expires = now.Add(valid)
	return key, expires, a.store.PutLink(ctx, by, store.Link{Hash: hash, Purpose: purpose, Account: name, Expires: expires}, now)
}

// LinkPath is the path and query of the link with the key.
func LinkPath(key string) string { return "enter?key=" + key }

// Why a token is not made. Test for these with errors.Is.
var (
	// ErrScope: there is no such scope, or the account's role or sight does not allow it.
	ErrScope = locales.Errorf("account.mistake.scope")
	// ErrLabel: the label is empty, unreadable or too long.
	ErrLabel = locales.Errorf("account.mistake.label", maxLabel)
	// ErrTokenTime: the token's validity is out of bounds. A TokenTimeError says what they are.
	ErrTokenTime = locales.Errorf("account.mistake.token_time")
	// ErrTooManyTokens: the account has too many.
	ErrTooManyTokens = locales.Errorf("account.mistake.too_many_tokens", maxTokens)
)

// TokenTimeError is an ErrTokenTime that knows the most days allowed.
type TokenTimeError struct{ Days int }

// In says the error in a language.
func (e *TokenTimeError) In(l locales.Lang) string {
	return l.Text("account.mistake.token_days", e.Days)
}

func (e *TokenTimeError) Error() string { return e.In(locales.English) }

// Is makes errors.Is find ErrTokenTime.
func (e *TokenTimeError) Is(other error) bool { return other == ErrTokenTime }

// NewToken makes a token of an account and returns it; it cannot be shown again. The scopes must be
// allowed to the account's role and sight.
func (a *Accounts) NewToken(ctx context.Context, by, name, label string, scopes []qianshao.Scope, valid time.Duration) (token string, made store.Token, err error) {
	account, err := a.store.Account(ctx, name)
	if err != nil {
		return "", made, err
	}
	most, err := a.TokenDays(ctx)
	if err != nil {
		return "", made, err
	}
	label = strings.TrimSpace(label)
	switch n := utf8.RuneCountInString(label); {
	case n == 0 || n > maxLabel || strings.ContainsFunc(label, qianshao.Unseen):
		return "", made, ErrLabel
	case valid < 24*time.Hour || valid > time.Duration(most)*24*time.Hour:
		return "", made, &TokenTimeError{Days: most}
	case len(scopes) == 0:
		return "", made, locales.Errorf("account.mistake.scope_missing", ErrScope, qianshao.Scopes())
	}
	for _, scope := range scopes {
		if !account.Allows(scope) {
			if scope == qianshao.ScopeMetrics {
				return "", made, locales.Errorf("account.mistake.scope_all", ErrScope, scope)
			}
			return "", made, locales.Errorf("account.mistake.scope_role", ErrScope, account.Role, scope)
		}
	}
	list, err := a.store.Tokens(ctx, name)
	if err != nil {
		return "", made, err
	}
	if len(list) >= maxTokens {
		return "", made, ErrTooManyTokens
	}
	scopes = slices.Clone(scopes)
	slices.Sort(scopes)
	key, _ := newKey()
	token = tokenPrefix + key
	id, _ := newKey()
	now := a.now()
	made = store.Token{
		ID: strings.ToLower(id[:8]), Account: name, Label: label, Hash: hashKey(token), Scopes: slices.Compact(scopes), Created: now, Expires: now.Add(valid),
	}
	return token, made, a.store.AddToken(ctx, by, made)
}

// RevokeToken ends a token of an account, or of any account if account is "".
func (a *Accounts) RevokeToken(ctx context.Context, by, account, id string) error {
	return a.store.RevokeToken(ctx, by, account, id, a.now())
}
