package campaign

import (
	"slices"
	"time"

	"github.com/qianshao/qianshao"
)

// List says which campaigns are requested. All lists have the same order: campaigns
// with undecided findings first, then those with relapsed ones, with overdue ones,
// with the highest score, the oldest.
type List string

// The lists.
const (
	// ListOpen is the queue: campaigns that wait for a decision, and that nobody else works on.
	ListOpen List = "open"
	// ListMine has those that are assigned to the account that asks, and wait.
	ListMine List = "mine"
	// ListClaimed has those that others work on now.
	ListClaimed List = "claimed"
	// ListParked has those that were put off.
	ListParked List = "parked"
	// ListReview has those that wait for a second review of others' decisions, or for a lead
	// to adjudicate.
	ListReview List = "review"
	// ListRelapsed has those with findings that were gone after the verdict and came back.
	ListRelapsed List = "relapsed"
	// ListOverdue has those that have waited too long for a decision; see OverdueAfter.
	ListOverdue List = "overdue"
	// ListAll is every campaign that is the primary one of a finding.
	ListAll List = "all"
	// ListShared has destinations and handles that more sites share than Key.Cap allows, so
	// that they do not group findings.
	ListShared List = "shared"
)

// Lists returns all lists.
func Lists() []List {
	return []List{ListOpen, ListMine, ListClaimed, ListParked, ListReview, ListRelapsed, ListOverdue, ListAll, ListShared}
}

// Valid says whether it is one of Lists.
func (l List) Valid() bool { return slices.Contains(Lists(), l) }

// Sort is an order of campaigns.
type Sort string

// The orders. Lists that are not Sortable only have the first.
const (
	SortQueue   Sort = ""        // as List says
	SortNew     Sort = "new"     // the newest FirstSeen first
	SortSeen    Sort = "seen"    // the newest LastSeen first
	SortMembers Sort = "members" // the most Findings first
)

// Sorts returns all orders.
func Sorts() []Sort { return []Sort{SortQueue, SortNew, SortSeen, SortMembers} }

// Sortable says whether the list is available in all orders. Lists of waiting campaigns are, by an
// index. Overdue campaigns are old, so looking for the newest of them would read all others first.
func (l List) Sortable() bool {
	switch l {
	case ListOpen, ListMine, ListClaimed, ListRelapsed:
		return true
	}
	return false
}

// Limits of a page of campaigns or of members.
const (
	DefaultLimit = 50
	MaxLimit     = 200
)

// Query asks for a page of campaigns.
type Query struct {
	List List
	// Sight is what may be seen; the zero value sees nothing.
	Sight qianshao.Sight
	// By is the account that asks. Adjudicates says that it may settle disputes, so that disputes
	// in which it has answered wait for it, too.
	By          string
	Adjudicates bool
	// Category, Level (at least), Authorisation, Kind and Assignee restrict the list; zero
	// values do not. A category or an authorisation counts its own findings only.
	Category      qianshao.Category
	Level         qianshao.Level
	Authorisation string
	Kind          Kind
	Assignee      string
	// Findings restricts the list to the primary campaigns of findings, by id, unless it is nil.
	Findings []string
	// NewSince restricts it to campaigns first seen after a time, unless that is zero.
	NewSince time.Time
	// Sort is the order; the zero value is the queue's.
	Sort Sort
	// After is Page.Next of the page before; empty for the first page.
	After string
	// Limit is the number of campaigns to return: DefaultLimit if 0, at most MaxLimit.
	Limit int
}

// MaxTally bounds a Tally: beyond it the exact number helps nobody, and counting on would make each page of a
// list slow.
const MaxTally = 1000

// Tally is the number of campaigns, which More says may be larger.
type Tally struct {
	N    int
	More bool
}

// Page is a part of a list.
type Page struct {
	Campaigns []Campaign
	// Next is the cursor of the next page; empty at the end.
	Next string
}

// Campaign is what can be seen of a campaign. All numbers count findings that may be
// seen; up to LastSeen they count only findings whose primary campaign it is.
type Campaign struct {
	ID   string `json:"id"`
	Kind Kind   `json:"kind"`
	// Key is the destination, or the handle after its kind; empty for a block.
	Key string `json:"key,omitempty"`
	// Label is the key, or the evidence of the oldest finding that may be seen.
	Label string `json:"label"`
	// Shared says that too many sites have the key, so that it does not group findings.
	Shared bool `json:"shared,omitempty"`

	Findings  int            `json:"findings"`
	Undecided int            `json:"undecided"`
	Relapsed  int            `json:"relapsed"`
	Parked    int            `json:"parked"`
	Reviewing int            `json:"reviewing"`
	Level     qianshao.Level `json:"level"`
	Score     int            `json:"score"`
	FirstSeen time.Time      `json:"first_seen,omitzero"`
	LastSeen  time.Time      `json:"last_seen,omitzero"`
	// Due is when the first undecided finding is overdue; zero if none waits.
	Due     time.Time `json:"due,omitzero"`
	Overdue bool      `json:"overdue"`

	// Members are all findings, also those that have another primary campaign; Sites are the
	// registered domains that they are on.
	Members int `json:"members"`
	Sites   int `json:"sites"`
	// Oldest is the oldest member that may be seen, by the id of its finding; Site and Category
	// are where it is and what it is.
	Oldest   string            `json:"oldest,omitempty"`
	Site     string            `json:"site,omitempty"`
	Category qianshao.Category `json:"category,omitempty"`
	// ClaimedBy works on the campaign until ClaimedUntil; empty for nobody.
	ClaimedBy    string    `json:"claimed_by,omitempty"`
	ClaimedUntil time.Time `json:"claimed_until,omitzero"`
	// Assignee is whose task the campaign, or its only finding, is; empty for nobody's. The
	// same holds for ClaimedBy.
	Assignee string `json:"assignee,omitempty"`
	// Policy is the act that sets what happens to newcomers; 0 for none.
	Policy int64 `json:"policy,omitempty"`
}

// Details are what the page of a campaign shows in addition.
type Details struct {
	Campaign
	// Typical is the finding that most others resemble.
	Typical string `json:"typical"`
	// Unlike are findings that are least like the typical one, at most MaxUnlike.
	Unlike []string `json:"unlike"`
	// BySite counts all members, ByCategory only those whose primary campaign it is; the largest
	// numbers first, at most MaxShown.
	BySite     []Count `json:"by_site"`
	ByCategory []Count `json:"by_category"`
	// Keys are the destinations and handles of the members, in the same way. They are
	// read from the MaxRead oldest members.
	Keys []KeyCount `json:"keys"`
	// Aliases are former ids of the campaign, at most MaxShown.
	Aliases []string `json:"aliases,omitempty"`
}

// Limits of Details.
const (
	MaxUnlike = 5
	MaxShown  = 50
	MaxRead   = 1000
)

// Count is how many members have a value.
type Count struct {
	Value   string `json:"value"`
	Members int    `json:"members"`
}

// KeyCount is how many of the members have a key.
type KeyCount struct {
	// ID is the id of the key's campaign.
	ID      string `json:"id"`
	Kind    Kind   `json:"kind"`
	Key     string `json:"key"`
	Members int    `json:"members"`
	Shared  bool   `json:"shared,omitempty"`
}

// Membership is a campaign that a finding is in.
type Membership struct {
	ID   string
	Kind Kind
	// Key is the destination or handle; "" for a block.
	Key     string
	Primary bool
	// Shared says that too many sites have the key, so that it does not group findings.
	Shared bool
}

// Member is a finding of a campaign.
type Member struct {
	Finding       string `json:"finding"`
	Authorisation string `json:"authorisation"`
	// Site is the registered domain that the finding is on.
	Site     string            `json:"site"`
	Category qianshao.Category `json:"category"`
	Level    qianshao.Level    `json:"level"`
	Score    int               `json:"score"`
	// Primary says that the campaign is the finding's primary one.
	Primary   bool      `json:"primary"`
	Undecided bool      `json:"undecided"`
	Relapsed  bool      `json:"relapsed"`
	Parked    bool      `json:"parked"`
	Reviewing bool      `json:"reviewing"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
}

// Members is a part of a campaign's members, the oldest first.
type Members struct {
	List []Member
	// Next is the cursor of the next part; empty at the end.
	Next string
}

// Day is what happened to the members of a campaign on a day.
type Day struct {
	// At is its beginning.
	At time.Time
	// First says that the first member was found then: before, there was no campaign to join.
	First bool
	// Found are the members that were first seen on it.
	Found int
	// Relapsed are the members with this primary campaign that came back after they had been gone; only those
	// that wait for a decision.
	Relapsed int
}

// MaxDays is how many days of a campaign's life are listed one by one, the latest ones: a year.
const MaxDays = 366

// DayOf is the day of a moment in a zone, by its beginning.
func DayOf(at time.Time, zone *time.Location) time.Time {
	y, month, day := at.In(zone).Date()
	return time.Date(y, month, day, 0, 0, 0, 0, zone)
}

// Kin is a campaign that has a key in common with another one.
type Kin struct {
	ID    string
	Label string
	// Key is one of the keys that they have in common, and Members are the members of the
	// campaign that were found by such keys.
	Key     string
	Members int
}

// Limits of kin.
const (
	// MaxKin is how many campaigns are offered for comparison before a merge: nobody compares more.
	MaxKin = 10
	// MaxKinRead is how many members of common keys, the latest ones, are searched for kin.
	MaxKinRead = 5000
)
