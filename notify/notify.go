// Package notify tells people what a saved view finds: its new, relapsed and overdue findings go to a
// channel, grouped by campaign and in batches. It never sends evidence or page text: the services that carry
// the messages belong to others. Whoever wants to see more follows the link into the console.
//
// What is to be told stands in the store before it is sent, and is settled after it was
// taken: a message comes at least once, each time with the same key.
package notify

import (
	"slices"
	"time"

	"github.com/qianshao/qianshao"
)

// Kind is what a channel speaks.
type Kind string

// The kinds.
const (
	Webhook  Kind = "webhook"  // JSON, signed as by Standard Webhooks
	DingTalk Kind = "dingtalk" // a robot of a group of DingTalk, 钉钉
	WeCom    Kind = "wecom"    // a robot of a group of WeCom, 企业微信
	Feishu   Kind = "feishu"   // a robot of a group of Feishu, 飞书
	Mail     Kind = "mail"     // SMTP
)

// Kinds returns all kinds.
func Kinds() []Kind { return []Kind{Webhook, DingTalk, WeCom, Feishu, Mail} }

// Valid says whether it is one of Kinds.
func (k Kind) Valid() bool { return slices.Contains(Kinds(), k) }

// Channel is where messages go. Administrators keep channels.
type Channel struct {
	ID   string
	Name string
	Kind Kind
	// Address is the URL of a webhook or a robot; of mail, smtp://user@host:port (STARTTLS) or
	// smtps://user@host:port. The URL of a robot has its access token in it: it is as secret as Secret.
	Address string
	// Secret signs what is sent, or is the password of mail; it may be empty where a robot
	// does not ask for a signature. It is never shown again.
	Secret string
	// From and To are of mail.
	From string
	To   []string
	// Private says that the address may lie in a private network, as a gateway within the house.
	Private bool
	// Language is "zh" or "en", that of what is sent.
	Language string
	Disabled bool
	Changed  time.Time
}

// Event is why a finding is told of.
type Event string

// The events.
const (
	// New: it was found after the alert was made, and matches the view for the first time.
	New Event = "new"
	// Relapsed: it was gone, and is there again.
	Relapsed Event = "relapsed"
	// Overdue: it has waited too long for a decision.
	Overdue Event = "overdue"
)

// Events returns all events.
func Events() []Event { return []Event{New, Relapsed, Overdue} }

// Valid says whether it is one of Events.
func (e Event) Valid() bool { return slices.Contains(Events(), e) }

// Quiet are hours in which nothing is sent, in the operator's zone: from From, inclusive, to To, exclusive,
// in minutes of the day; they span midnight if To is the lesser. If both are equal there are no quiet hours.
type Quiet struct{ From, To int }

// Alert says which findings are told of, and where. It finds what its account may see: an
// account that is disabled, may not decide any more, or sees less than it did, is told nothing more.
type Alert struct {
	ID      string
	Name    string
	Account string
	// View and Channel are ids of a saved view and of a channel.
	View    string
	Channel string
	Events  []Event
	// Every is the least time from one message to the next; what comes meanwhile shares one.
	Every time.Duration
	// Hourly is the most messages in an hour.
	Hourly   int
	Quiet    Quiet
	Disabled bool
	// Created is since when it tells: when it was made, enabled anew, or given another view.
	// What was found before is not new to it. The store sets it.
	Created time.Time
	// Obstacle says why it sends nothing at present; "" if it can. The engine sets it.
	Obstacle Obstacle
	// Looked is up to when findings were looked for that have become overdue. The engine sets it.
	Looked time.Time
}

// Tells says whether the alert tells of an event.
func (a *Alert) Tells(e Event) bool { return slices.Contains(a.Events, e) }

// Obstacle is why nothing is sent: a code, which the console has words for.
type Obstacle string

// The obstacles.
const (
	AccountDisabled Obstacle = "account_disabled" // or it is not there
	NotAllowed      Obstacle = "not_allowed"      // the account has lost the power that alerts or schedules ask for
	ViewGone        Obstacle = "view_gone"        // deleted, or shared with the account no more
	ViewUnreadable  Obstacle = "view_unreadable"  // its query is of an older language
	ChannelGone     Obstacle = "channel_gone"
	ChannelDisabled Obstacle = "channel_disabled"
	AlertGone       Obstacle = "alert_gone" // deleted, disabled, about another view, or sent elsewhere
	NotSeen         Obstacle = "not_seen"   // the account does not see the authorisation that the report is about
	ScheduleGone    Obstacle = "schedule_gone"
	NoReports       Obstacle = "no_reports" // this program makes no reports
	// GivenUp: a person has given the delivery up after it had failed.
	GivenUp Obstacle = "given_up"
)

// Obstacles returns all obstacles.
func Obstacles() []Obstacle {
	return []Obstacle{AccountDisabled, NotAllowed, ViewGone, ViewUnreadable, ChannelGone, ChannelDisabled, AlertGone, NotSeen, ScheduleGone, NoReports, GivenUp}
}

// Item is a finding that an alert is to tell of. It is told once for each of its events, and of
// relapses once for each; Occurred is when the event was.
type Item struct {
	Alert    string
	Finding  string
	Event    Event
	Occurred time.Time
	// Ready is when it may be sent at the earliest: after the time in which what was decided
	// on it can be undone.
	Ready time.Time
}

// Fact is what the store knows of a finding that is to be told of.
type Fact struct {
	Finding string
	// BackAt is when it was last found again after it was gone; zero for never.
	BackAt time.Time
	// Due is when it is overdue; zero if it does not wait for a decision.
	Due time.Time
	// Undoable is up to when what was last decided on it can be undone without a reason; zero
	// if nobody has decided.
	Undoable time.Time
	// Behind says that the index does not have it as it is now.
	Behind bool
}

// State is what has become of a delivery.
type State string

// The states.
const (
	Pending   State = "pending"   // to be sent, or sent again
	Delivered State = "delivered" // the channel has taken it
	Failed    State = "failed"    // given up after GiveUp, or refused for good
	Dropped   State = "dropped"   // nothing was left to tell: its findings were undone, deleted, or left the view
)

// States returns all states.
func States() []State { return []State{Pending, Delivered, Failed, Dropped} }

// Valid says whether it is one of States.
func (s State) Valid() bool { return slices.Contains(States(), s) }

// Delivery is a message on its way. Its items are read when it is sent, so that nothing
// of a finding is kept here.
type Delivery struct {
	// Key is the same at every attempt: the receiver knows by it what it has had.
	Key string
	// Alert or Schedule is what it is of; a test has neither.
	Alert    string
	Schedule string
	Channel  string
	// From and To are the period of a report.
	From, To time.Time
	State    State
	Created  time.Time
	// Since is when the trying began: Created, when a person had it tried again, or the end of
	// quiet hours that came between.
	Since time.Time
	// Next is when it is tried, or tried again.
	Next     time.Time
	Attempts int
	// Findings is how many it tells of.
	Findings int
	// Problem is what the last attempt has failed with, in English; without secrets. Fault is the
	// same for the console.
	Problem string
	Fault   Fault
	// Obstacle is why it was not tried; "" if it was.
	Obstacle Obstacle
	Settled  time.Time // zero while Pending
}

// Test says whether it is a trial from the console.
func (d *Delivery) Test() bool { return d.Alert == "" && d.Schedule == "" }

// DeliveriesQuery asks for deliveries, the latest first.
type DeliveriesQuery struct {
	// State is which; "" is all.
	State State
	// Account is whose: those of the alerts and schedules that it has today; "" is all, tests among them.
	Account string
	// After is the key of the delivery behind which the list goes on; "" is its beginning.
	After string
	Limit int
}

// Message is what a channel puts into its own format.
type Message struct {
	Key string
	At  time.Time
	// Alert is the name of the alert, View that of its view.
	Alert, View string
	// Test says that it is a trial from the console, about no finding.
	Test bool
	// Counts are how many findings there are for each event.
	Counts map[Event]int
	// Groups are the findings by campaign, the worst first, at most MaxGroups; Left is how many
	// findings there are besides: "and N more".
	Groups []Group
	Left   int
	// Link leads to the view in the console; "" if the console's own address is not known.
	Link string
	// Report is set where the message carries a report in place of findings.
	Report *Attached
	Zone   *time.Location
}

// MaxGroups is how many campaigns a message names: a chat's message may have some thousand bytes.
const MaxGroups = 10

// Group is what a message says of one campaign.
type Group struct {
	Campaign string
	Events   map[Event]int
	Category qianshao.Category
	Level    qianshao.Level
	Score    int
	Findings int
	// Hosts are the sites, at most MaxHosts of Sites.
	Hosts []string
	Sites int
	First time.Time
	Link  string
	// Items are the findings, for programs alone; at most MaxItems.
	Items []Told
}

// Limits of a group.
const (
	MaxHosts = 3
	MaxItems = 100
)

// Told is a finding as programs are told of it.
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

// Attached is a report that a message brings: what a chat shows of it, and the files that
// mail has.
type Attached struct {
	Title string
	Lines []string
	Link  string
	Files []File
}

// File is attached to mail.
type File struct {
	Name, Type string
	Body       []byte
}

// Period is what a scheduled report is about.
type Period string

// The periods.
const (
	Week  Period = "week"  // Monday to Sunday, sent on Monday
	Month Period = "month" // sent on the first of the next
)

// Schedule sends a report to a channel after each period, at Hour of the operator's zone.
// It has what its account may see, as long as the account may lead.
type Schedule struct {
	ID      string
	Account string
	Channel string
	Period  Period
	// Authorisation restricts the report to one; "" is all that the account sees.
	Authorisation string
	Hour          int
	Disabled      bool
	Created       time.Time
	// Sent is the end of the last period of which the report was put into the outbox. The
	// engine sets it.
	Sent time.Time
}

// Periods returns all periods.
func Periods() []Period { return []Period{Week, Month} }

// Valid says whether it is one of Periods.
func (p Period) Valid() bool { return slices.Contains(Periods(), p) }
