package notify

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
)

// Limits of what people can set up.
const (
	// MaxChannels bounds the channels, each of which may have a worker.
	MaxChannels = 50
	// MaxAlertsOf bounds the alerts of an account, the same as its views.
	MaxAlertsOf = 50
	// MaxAlerts bounds all alerts: each runs a search for every batch of changed findings.
	MaxAlerts = 200
	// MaxSchedules bounds the schedules: each makes a report, which takes seconds.
	MaxSchedules = 50
	// MaxName bounds a name, in characters: it is shown in lists and at the top of messages.
	MaxName = 100
	// MinEvery and MaxEvery bound Alert.Every. For less than one message a day there are reports.
	MinEvery, MaxEvery = time.Minute, 24 * time.Hour
	// MaxHourly bounds Alert.Hourly: it corresponds to MinEvery.
	MaxHourly = 60
	// DefaultEvery and DefaultHourly are the initial values of a form.
	DefaultEvery, DefaultHourly = 15 * time.Minute, 4
)

// Errors about what people set up, to test for with errors.Is.
var (
	ErrTooManyChannels  = fmt.Errorf("there are %d channels already; delete one first", MaxChannels)
	ErrTooManyAlerts    = fmt.Errorf("the account has %d alerts already, or there are %d in all; delete one first", MaxAlertsOf, MaxAlerts)
	ErrTooManySchedules = fmt.Errorf("there are %d scheduled reports already; delete one first", MaxSchedules)
	// ErrNameTaken says that another channel, or another alert of the account, has the name.
	ErrNameTaken = errors.New("the name is already taken")
	// ErrReportWaits says that a report of the schedule is pending.
	ErrReportWaits = errors.New("a report of this schedule is already on its way; see the log of deliveries")
	// ErrNotFailed says that only a delivery with a failed attempt can be retried, and only a permanently
	// failed one can be given up.
	ErrNotFailed = errors.New("only a failed delivery can be retried or given up; this one has not failed, or somebody has already dealt with it")
)

// The mistakes of an alert or a schedule, to test for with errors.Is.
var (
	ErrName   = fmt.Errorf("a name must have 1 to %d visible characters, without control characters or direction marks", MaxName)
	ErrEvents = errors.New("an alert needs at least one event: new, relapsed or overdue")
	ErrEvery  = errors.New("the shortest time between two messages must be 1 minute to 24 hours")
	ErrHourly = fmt.Errorf("the number of messages an hour must be 1 to %d", MaxHourly)
	ErrQuiet  = errors.New("quiet hours need a start and an end, from 00:00 to 23:59")
	ErrPeriod = errors.New("the period of a scheduled report must be a week or a month")
	ErrHour   = errors.New("the hour must be 0 to 23")
)

// ValidName says whether channels, alerts and schedules may have the name.
func ValidName(name string) bool {
	return name != "" && strings.TrimSpace(name) == name && utf8.ValidString(name) && utf8.RuneCountInString(name) <= MaxName &&
		!strings.ContainsFunc(name, qianshao.Unseen)
}

// Check returns the first mistake in an alert, nil if it has none.
func (a *Alert) Check() error {
	switch {
	case !ValidName(a.Name):
		return ErrName
	case len(a.Events) == 0 || slices.ContainsFunc(a.Events, func(e Event) bool { return !e.Valid() }):
		return ErrEvents
	case a.Every < MinEvery || a.Every > MaxEvery:
		return ErrEvery
	case a.Hourly < 1 || a.Hourly > MaxHourly:
		return ErrHourly
	case !a.Quiet.Valid():
		return ErrQuiet
	}
	return nil
}

// Check returns the first mistake in a schedule, nil if it has none.
func (s *Schedule) Check() error {
	switch {
	case !s.Period.Valid():
		return ErrPeriod
	case s.Hour < 0 || s.Hour > 23:
		return ErrHour
	}
	return nil
}
