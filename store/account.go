package store

import (
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
)

// Errors of accounts, to test for with errors.Is.
var (
	// ErrExists: there is a row with that key already.
	ErrExists = locales.Errorf("store.exists")
	// ErrLastAdministrator: nobody would be left who may change accounts.
	ErrLastAdministrator = locales.Errorf("store.last_administrator")
)

// AccountRecord is an account with what its log-in is checked against.
type AccountRecord struct {
	qianshao.Account
	// Password is the argon2id hash of the password in the PHC string format; "" for an
	// account that cannot log in with one.
	Password string
	// Subject is who the account is at the OIDC provider, issuer and subject; "" for
	// accounts of our own.
	Subject string
	Factor  SecondFactor
	// Epoch grows with each change after which sessions must not go on: of role, sight,
	// password or second factor, and with disabling. A session holds the epoch in which it began.
	Epoch int64
}

// SecondFactor is what an account proves in addition to its password: time-based
// one-time passwords (RFC 6238), and recovery codes for a lost telephone.
type SecondFactor struct {
	// Secret is shared with the authenticator, in base32; "" without a second factor.
	Secret string
	// Confirmed says that a code has proved that the authenticator has the secret. Before,
	// none is asked for.
	Confirmed bool
	// Step is the time step of the last code that was taken: no code is taken twice.
	Step int64
	// Recovery are the SHA-256 of the recovery codes that are left, in hex.
	Recovery []string
}

// ByCommand signs changes made by whoever may write the data folder.
const ByCommand = "(command)"

// AccountEvent is what happened to an account, as the acts on accounts name it: what was
// changed, never what somebody looked at, nor who logged in when.
type AccountEvent string

// The events.
const (
	AccountAdded     AccountEvent = "added"
	AccountRole      AccountEvent = "role"
	AccountSight     AccountEvent = "sight"
	AccountDisabled  AccountEvent = "disabled"
	AccountEnabled   AccountEvent = "enabled"
	AccountPassword  AccountEvent = "password"
	AccountFactorOn  AccountEvent = "second_factor_on"
	AccountFactorOff AccountEvent = "second_factor_off"
	AccountTokenNew  AccountEvent = "token_added"
	AccountTokenGone AccountEvent = "token_revoked"
	AccountLink      AccountEvent = "link"
)

// Setting is what an administrator sets for all, by its name.
type Setting string

// The settings.
const (
	// SettingSecondReview is the share of decisions that are due for a second review.
	SettingSecondReview Setting = "second_review_share"
	// SettingTokenDays is for how many days a new token is good at most.
	SettingTokenDays Setting = "token_days"
	// SettingOpenReports is how many reports of one origin may be open, MaxOfOrigin at most.
	SettingOpenReports Setting = "open_reports"
	// SettingZone is the time zone by its IANA name; it holds from the next start.
	SettingZone Setting = "zone"
	// SettingConsoleURL is the console's own address, for links in what is sent to people.
	SettingConsoleURL Setting = "console_url"
)

// EventSet is the event of acts on settings.
const EventSet = "set"

// The events of acts on saved views that all share.
const (
	ViewShared   = "shared"
	ViewChanged  = "changed"
	ViewUnshared = "unshared"
	ViewDeleted  = "deleted"
)

// Session is a session at the console as it is kept. ID is the hash of its token.
type Session struct {
	ID      string
	Data    []byte
	Expires time.Time
}

// Token is a key to the API. It is shown once and kept as its hash.
type Token struct {
	// ID names the token to people.
	ID      string
	Account string
	// Label says what the token is for.
	Label string
	// Hash is the SHA-256 of the token, in hex.
	Hash    string
	Scopes  []qianshao.Scope
	Created time.Time
	Expires time.Time
	// Used is when it was last used, to the minute; the zero time if never.
	Used time.Time
}

// Link is a link that can be used once. Hash is the SHA-256 of its key, in hex.
type Link struct {
	Hash    string
	Purpose LinkPurpose
	// Account is whom the link is for; "" if it makes the first account.
	Account string
	Expires time.Time
}

// LinkPurpose is what a link is good for.
type LinkPurpose string

// The purposes.
const (
	// LinkFirst makes the first administrator.
	LinkFirst LinkPurpose = "first"
	// LinkPassword sets the account's password.
	LinkPassword LinkPurpose = "password"
	// LinkEnter logs in.
	LinkEnter LinkPurpose = "enter"
)
