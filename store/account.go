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

// AccountRecord is an account and the credentials that its sign-in is checked against.
type AccountRecord struct {
	qianshao.Account
	// Password is the argon2id hash of the password in the PHC string format; "" for an
	// account that cannot sign in with one.
	Password string
	// Subject identifies the account at the OIDC provider, by issuer and subject; "" for local accounts.
	Subject string
	Factor  SecondFactor
	// Epoch grows with each change that must end the account's sessions: of role, sight, password or second
	// factor, and when it is disabled. A session holds the epoch in which it began.
	Epoch int64
}

// SecondFactor is what an account proves in addition to its password: time-based
// one-time passwords (RFC 6238), and recovery codes for a lost telephone.
type SecondFactor struct {
	// Secret is shared with the authenticator, in base32; "" without a second factor.
	Secret string
	// Confirmed says that a code has proved that the authenticator has the secret. Until then sign-in asks
	// for no code.
	Confirmed bool
	// Step is the time step of the last code that was accepted: no code is accepted twice.
	Step int64
	// Recovery are the SHA-256 hashes of the unused recovery codes, in hex.
	Recovery []string
}

// ByCommand signs changes made on the command line, by anyone who may write the data folder.
const ByCommand = "(command)"

// AccountEvent is what happened to an account, by the names that acts on accounts use: changes only, never
// what somebody looked at or when they signed in.
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

// Setting is the name of something that an administrator sets for everybody.
type Setting string

// The settings.
const (
	// SettingSecondReview is the share of decisions that are due for a second review.
	SettingSecondReview Setting = "second_review_share"
	// SettingTokenDays is how many days a new token may be valid at most.
	SettingTokenDays Setting = "token_days"
	// SettingOpenReports is how many reports of one origin may be open; it cannot exceed MaxOfOrigin.
	SettingOpenReports Setting = "open_reports"
	// SettingZone is the time zone, by its IANA name; a change takes effect at the next start.
	SettingZone Setting = "zone"
	// SettingConsoleURL is the console's own address, for links in messages and reports.
	SettingConsoleURL Setting = "console_url"
)

// EventSet is the event of acts on settings.
const EventSet = "set"

// The events of acts on shared saved views.
const (
	ViewShared   = "shared"
	ViewChanged  = "changed"
	ViewUnshared = "unshared"
	ViewDeleted  = "deleted"
)

// Session is a stored session at the console. ID is the hash of its token.
type Session struct {
	ID      string
	Data    []byte
	Expires time.Time
}

// Token is a key to the API. It is shown once; only its hash is stored.
type Token struct {
	// ID names the token to people.
	ID      string
	Account string
	// Label says, for people, what the token is for.
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
	// Account is whom the link is for; "" for the link that creates the first account.
	Account string
	Expires time.Time
}

// LinkPurpose is what a link may be used for.
type LinkPurpose string

// The purposes.
const (
	// LinkFirst creates the first administrator.
	LinkFirst LinkPurpose = "first"
	// LinkPassword sets the account's password.
	LinkPassword LinkPurpose = "password"
	// LinkEnter signs in.
	LinkEnter LinkPurpose = "enter"
)
