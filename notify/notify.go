// Package notify informs people of the findings in a saved view: new, relapsed and overdue ones are sent to
// a channel, grouped by campaign and in batches. It never sends evidence or page text: the services that
// carry the messages belong to others. For more, a link leads into the console.
//
// Items are in the store before they are sent, and settled after they were accepted: a message arrives at
// least once, each time with the same key.
package notify

import (
	"slices"
	"time"

	"github.com/qianshao/qianshao"
)

// Kind is the kind of a channel.
type Kind string

// The kinds.
const (
	Webhook  Kind = "webhook"  // JSON, signed by Standard Webhooks
	DingTalk Kind = "dingtalk" // a group robot of DingTalk, 钉钉
	WeCom    Kind = "wecom"    // a group robot of WeCom, 企业微信
	Feishu   Kind = "feishu"   // a group robot of Feishu, 飞书
	Mail     Kind = "mail"     // SMTP
)

// Kinds returns all kinds.
func Kinds() []Kind { return []Kind{Webhook, DingTalk, WeCom, Feishu, Mail} }

// Valid says whether it is one of Kinds.
func (k Kind) Valid() bool { return slices.Contains(Kinds(), k) }

// Channel is where messages go. Administrators manage channels.
type Channel struct {
	ID   string
	Name string
	Kind Kind
	// Address is the URL of a webhook or a robot; for mail it is smtp://user@host:port (STARTTLS) or
	// smtps://user@host:port. The URL of a robot contains its access token: it is as secret as Secret.
	Address string
	// Secret signs messages, or is the password for mail; it may be empty if a robot requires no signature.
	// It is never shown again.
	Secret string
	// From and To are for mail.
	From string
	To   []string
	// Private permits an address in a private network, such as an internal gateway.
	Private bool
	// Language is the language of messages, "zh" or "en".
	Language string
	Disabled bool
	Changed  time.Time
}

// Event is why a finding is reported.
type Event string

// The events.
const (
	// New: it was found after the alert was created, and matches the view for the first time.
	New Event = "new"
	// Relapsed: it was gone, and has come back.
	Relapsed Event = "relapsed"
	// Overdue: it has waited too long for a decision.
	Overdue Event = "overdue"
)

// Events returns all events.
func Events() []Event { return []Event{New, Relapsed, Overdue} }

// Valid says whether it is one of Events.
func (e Event) Valid() bool { return slices.Contains(Events(), e) }

// Quiet are hours in which nothing is sent, in the operator's time zone: from From, inclusive, to To,
// exclusive, in minutes of the day; they span midnight if To is less than From. If both are equal there are
// no quiet hours.
type Quiet struct{ From, To int }

// Alert says which findings are reported, and where. It finds what its account may see: if the account is
// disabled, may no longer decide, or sees less, the alert reports accordingly less or nothing.
type Alert struct {
	ID      string
	Name    string
	Account string
	// View and Channel are the ids of a saved view and a channel.
	View    string
	Channel string
	Events  []Event
	// Every is the minimum time between messages; findings made meanwhile share one.
	Every time.Duration
	// Hourly is the maximum number of messages in an hour.
	Hourly   int
	Quiet    Quiet
	Disabled bool
	// Created is when it started: when it was created, enabled again, or given another view. Earlier
	// findings are not new to it. The store sets it.
	Created time.Time
	// Obstacle is why it sends nothing at present; "" if it can. The engine sets it.
	Obstacle Obstacle
	// Looked is the time up to which overdue findings were searched for. The engine sets it.
	Looked time.Time
}

// Tells says whether the alert reports an event.
func (a *Alert) Tells(e Event) bool { return slices.Contains(a.Events, e) }

// Obstacle is why nothing is sent: a code, which the console puts into words.
type Obstacle string

// The obstacles.
const (
	AccountDisabled Obstacle = "account_disabled" // or it does not exist
	NotAllowed      Obstacle = "not_allowed"      // the account no longer has the permission that alerts or schedules require
	ViewGone        Obstacle = "view_gone"        // deleted, or no longer shared with the account
	ViewUnreadable  Obstacle = "view_unreadable"  // its query is in an older version of the language
	ChannelGone     Obstacle = "channel_gone"
	ChannelDisabled Obstacle = "channel_disabled"
	AlertGone       Obstacle = "alert_gone" // deleted, disabled, or changed to another view or channel
	NotSeen         Obstacle = "not_seen"   // the account does not see the report's authorisation
	ScheduleGone    Obstacle = "schedule_gone"
	NoReports       Obstacle = "no_reports" // this program cannot make reports
	// GivenUp: a person gave up the failed delivery.
	GivenUp Obstacle = "given_up"
)

// Obstacles returns all obstacles.
func Obstacles() []Obstacle {
	return []Obstacle{AccountDisabled, NotAllowed, ViewGone, ViewUnreadable, ChannelGone, ChannelDisabled, AlertGone, NotSeen, ScheduleGone, NoReports, GivenUp}
}

// Item is a finding that an alert has to report. It is reported once for each event, and once for each
// relapse; Occurred is the time of the event.
type Item struct {
	Alert    string
	Finding  string
	Event    Event
	Occurred time.Time
	// Ready is the earliest time at which it may be sent: when the last decision on it can no longer be
	// undone.
	Ready time.Time
}

// Fact is what the store knows about a finding to be reported.
type Fact struct {
	Finding string
	// BackAt is when it last came back after it was gone; the zero time if never.
	BackAt time.Time
	// Due is when it is overdue; the zero time if it does not wait for a decision.
	Due time.Time
	// Undoable is until when the last decision on it can be undone without a reason; the zero time if there
	// is none.
	Undoable time.Time
	// Behind says that it is not up to date in the index.
	Behind bool
}

// State is the state of a delivery.
type State string

// The states.
const (
	Pending   State = "pending"   // to be sent, or retried
	Delivered State = "delivered" // the channel has accepted it
	Failed    State = "failed"    // given up after GiveUp, or refused for good
	Dropped   State = "dropped"   // nothing was left to report: its findings were undone, deleted, or left the view
)

// States returns all states.
func States() []State { return []State{Pending, Delivered, Failed, Dropped} }

// Valid says whether it is one of States.
func (s State) Valid() bool { return slices.Contains(States(), s) }

// Delivery is a message on its way. Its items are read when it is sent, so it stores nothing of a finding.
type Delivery struct {
	// Key is the same at every attempt: by it, the receiver recognises a repeated message.
	Key string
	// Alert or Schedule is where it comes from; a test has neither.
	Alert    string
	Schedule string
	Channel  string
	// From and To are the period of a report.
	From, To time.Time
	State    State
	Created  time.Time
	// Since is when the first attempt was made: at Created, when a person requested a retry, or at the end
	// of quiet hours in between.
	Since time.Time
	// Next is when the next attempt is made.
	Next     time.Time
	Attempts int
	// Findings is how many findings it reports.
	Findings int
	// Problem is why the last attempt failed, in English, without secrets. Fault is the same for the
	// console.
	Problem string
	Fault   Fault
	// Obstacle is why there was no attempt; "" if there was one.
	Obstacle Obstacle
	Settled  time.Time // zero while Pending
}

// Test says whether it is a test from the console.
func (d *Delivery) Test() bool { return d.Alert == "" && d.Schedule == "" }

// DeliveriesQuery asks for deliveries, the latest first.
type DeliveriesQuery struct {
	// State selects by state; "" is all.
	State State
	// Account selects the deliveries of the account's present alerts and schedules; "" is all, including
	// tests.
	Account string
	// After is the key of the delivery after which the list continues; "" is its beginning.
	After string
	Limit int
}

// Message is the content that a channel puts into its own format.
type Message struct {
	Key string
	At  time.Time
	// Alert is the name of the alert, View that of its view.
	Alert, View string
	// Test says that it is a test from the console, without findings.
	Test bool
	// Counts are the numbers of findings for each event.
	Counts map[Event]int
	// Groups are the findings by campaign, the worst first, at most MaxGroups; Left is the number of
	// further findings: "and N more".
	Groups []Group
	Left   int
	// Link leads to the view in the console; "" if the console's address is unknown.
	Link string
	// Report is set if the message contains a report instead of findings.
	Report *Attached
	Zone   *time.Location
}

// MaxGroups is how many campaigns a message names: chat messages are limited to a few thousand bytes.
const MaxGroups = 10

// Group is the part of a message about one campaign.
type Group struct {
	Campaign string
	Events   map[Event]int
	Category qianshao.Category
	Level    qianshao.Level
	Score    int
	Findings int
	// Hosts are at most MaxHosts of the Sites sites.
	Hosts []string
	Sites int
	First time.Time
	Link  string
	// Items are the findings, for programs only; at most MaxItems.
	Items []Told
}

// Limits of a group.
const (
	MaxHosts = 3
	MaxItems = 100
)

// Told is a finding in a message for programs.
type Told struct {
	Finding  string
	Event    Event
	Occurred time.Time
	URL      string
	Rule     string
	Category qianshao.Category
	Level    qianshao.Level
	Score    int
	Link     string
}

// Attached is a report in a message: the part that a chat shows, and the files for mail.
type Attached struct {
	Title string
	Lines []string
	Link  string
	Files []File
}

// File is an attachment of a mail.
type File struct {
	Name, Type string
	Body       []byte
}

// Period is the period of scheduled reports.
type Period string

// The periods.
const (
	Week  Period = "week"  // Monday to Sunday, sent on Monday
	Month Period = "month" // sent on the first of the next month
)

// Schedule sends a report to a channel after each period, at Hour in the operator's time zone. It contains
// what its account may see, as long as the account may lead.
type Schedule struct {
	ID      string
	Account string
	Channel string
	Period  Period
	// Authorisation restricts the report to one; "" is everything that the account sees.
	Authorisation string
	Hour          int
	Disabled      bool
	Created       time.Time
	// Sent is the end of the last period whose report was put into the outbox. The engine sets it.
	Sent time.Time
}

// Periods returns all periods.
func Periods() []Period { return []Period{Week, Month} }

// Valid says whether it is one of Periods.
func (p Period) Valid() bool { return slices.Contains(Periods(), p) }
