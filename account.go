package qianshao

import (
	"slices"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxAccountName bounds the name of an account, in characters.
const MaxAccountName = 64

// ValidAccountName says whether an account may have the name: lower-case ASCII letters,
// digits, Chinese characters and ". _ - @", so that no two names look alike. "." and ".."
// would be steps in a path, and a name that begins with "-" would be read as a command's option.
func ValidAccountName(name string) bool {
	if name == "" || name == "." || name == ".." || name[0] == '-' || utf8.RuneCountInString(name) > MaxAccountName {
		return false
	}
	for _, r := range name {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '.', r == '_', r == '-', r == '@', unicode.Is(unicode.Han, r):
		default:
			return false
		}
	}
	return true
}

// Unseen reports characters that make a name look like another one, or empty. They are also refused
// in names of saved views and labels of tokens, because people choose by these.
func Unseen(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }

// Role says what an account is for.
type Role string

// The roles.
const (
	// RoleAnalyst decides on findings.
	RoleAnalyst Role = "analyst"
	// RoleLead also adjudicates, merges and splits campaigns, and takes over.
	RoleLead Role = "lead"
	// RoleRuleOperator tunes lists and rules.
	RoleRuleOperator Role = "rule_operator"
	// RoleAdministrator manages accounts, and may do all that the others may: an outpost
	// with one person has this account alone.
	RoleAdministrator Role = "administrator"
	// RoleAuditor reads all that its sight shows, with the trail of acts, and changes nothing.
	RoleAuditor Role = "auditor"
)

// Roles returns all roles.
func Roles() []Role {
	return []Role{RoleAnalyst, RoleLead, RoleRuleOperator, RoleAdministrator, RoleAuditor}
}

// Valid says whether it is one of Roles.
func (r Role) Valid() bool { return slices.Contains(Roles(), r) }

// Power is something that not everybody may do. Whoever has an account may read what its
// Sight shows.
type Power string

// The powers.
const (
	// PowerDecide is for acts on findings: deciding, undoing one's own decisions, notes, parking,
	// claims, batches.
	PowerDecide Power = "decide"
	// PowerLead is for adjudicating, merging and splitting campaigns, setting their policy, undoing
	// what others did, assigning to others, taking over claims, and shared views.
	PowerLead Power = "lead"
	// PowerSubmit is for reporting pages and withdrawing reports.
	PowerSubmit Power = "submit"
	// PowerRules is for changing rules and lists.
	PowerRules Power = "rules"
	// PowerAudit is for reading the whole trail of acts, accounts included.
	PowerAudit Power = "audit"
	// PowerAdminister is for accounts, tokens of others, and limits.
	PowerAdminister Power = "administer"
)

// May says whether accounts of the role have the power.
func (r Role) May(p Power) bool {
	switch r {
	case RoleAnalyst:
		return p == PowerDecide || p == PowerSubmit
	case RoleLead:
		return p == PowerDecide || p == PowerSubmit || p == PowerLead || p == PowerAudit
	case RoleRuleOperator:
		return p == PowerRules || p == PowerSubmit
	case RoleAdministrator:
		return slices.Contains(Powers(), p)
	case RoleAuditor:
		return p == PowerAudit
	}
	return false
}

// Powers returns all powers.
func Powers() []Power {
	return []Power{PowerDecide, PowerLead, PowerSubmit, PowerRules, PowerAudit, PowerAdminister}
}

// Scope is what a token of the API permits: ScopeRead, ScopeMetrics, or the name of a power. A
// token never permits more than its account may do.
type Scope string

// The scopes that are not powers.
const (
	// ScopeRead reads what the account's Sight shows.
	ScopeRead Scope = "read"
	// ScopeMetrics scrapes /metrics. The metrics cover the whole outpost, so only tokens of
	// accounts that see everything may have it.
	ScopeMetrics Scope = "metrics"
)

// Scopes returns all scopes.
func Scopes() []Scope {
	list := []Scope{ScopeRead, ScopeMetrics}
	for _, p := range Powers() {
		list = append(list, Scope(p))
	}
	return list
}

// Allows says whether the account's tokens may have the scope.
func (a *Account) Allows(s Scope) bool {
	switch s {
	case ScopeRead:
		return true
	case ScopeMetrics:
		return a.Sight.All
	}
	return slices.Contains(Powers(), Power(s)) && a.Role.May(Power(s))
}

// Account is a person or a program that uses the console or the API. It exists to say who did what,
// never to count how much somebody did.
type Account struct {
	// Name is used to sign in and to sign acts. It never changes and is never given to another
	// account.
	Name string
	Role Role
	// Sight is what the account may see.
	Sight Sight
	// Disabled accounts cannot sign in, and their tokens are refused.
	Disabled bool
	// Created is when the account was made.
	Created time.Time
	// Without are powers of the role that the account may not use now, because it acts by a token
	// that does not permit them.
	Without []Power
}

// May says whether the account may use a power now.
func (a *Account) May(p Power) bool { return a.Role.May(p) && !slices.Contains(a.Without, p) }
