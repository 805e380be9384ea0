package report

import (
	"errors"
	"fmt"
	"time"
)

// Kind is the kind of a period.
type Kind string

// The kinds. Days are any other number of days.
const (
	KindWeek    Kind = "week" // Monday to Sunday
	KindMonth   Kind = "month"
	KindQuarter Kind = "quarter"
	KindDays    Kind = "days"
)

// Period is the period of a report: from From, inclusive, to To, exclusive; both are midnights of Zone.
type Period struct {
	Kind     Kind
	From, To time.Time
	Zone     *time.Location
}

// MaxDays bounds a period: a report has a row for each day, and covers at most about a year.
const MaxDays = 366

// Week returns the week, from Monday to Sunday, that contains at. The week before is its Before.
func Week(at time.Time, zone *time.Location) Period {
	y, m, d := at.In(zone).Date()
	sinceMonday := (int(at.In(zone).Weekday()) + 6) % 7
	return period(KindWeek, zone, date(y, m, d-sinceMonday), date(y, m, d-sinceMonday+7))
}

// Month returns the calendar month that contains at.
func Month(at time.Time, zone *time.Location) Period {
	y, m, _ := at.In(zone).Date()
	return period(KindMonth, zone, date(y, m, 1), date(y, m+1, 1))
}

// Quarter returns the calendar quarter that contains at.
func Quarter(at time.Time, zone *time.Location) Period {
	y, m, _ := at.In(zone).Date()
	first := (m-1)/3*3 + 1
	return period(KindQuarter, zone, date(y, first, 1), date(y, first+3, 1))
}

// Days returns the period of n days whose last day contains at.
func Days(at time.Time, days int, zone *time.Location) Period {
	y, m, d := at.In(zone).Date()
	return period(KindDays, zone, date(y, m, d-days+1), date(y, m, d+1))
}

// day is a calendar date, which is normalised: the 32nd of January is the 1st of February.
type day struct {
	year  int
	month time.Month
	day   int
}

func date(y int, m time.Month, d int) day { return day{y, m, d} }

// begin is the midnight at which the day begins. If clocks are put forward at midnight, it is the first
// moment of the day.
func (d day) begin(zone *time.Location) time.Time {
	noon := time.Date(d.year, d.month, d.day, 12, 0, 0, 0, zone)
	t := time.Date(d.year, d.month, d.day, 0, 0, 0, 0, zone)
	for t.Day() != noon.Day() { // time.Date has subtracted the hour that the clocks skip
		t = t.Add(30 * time.Minute)
	}
	return t
}

func period(kind Kind, zone *time.Location, from, to day) Period {
	return Period{Kind: kind, From: from.begin(zone), To: to.begin(zone), Zone: zone}
}

// Before returns the period before, of the same kind.
func (p Period) Before() Period {
	y, m, d := p.From.In(p.Zone).Date()
	from := date(y, m, d-len(p.Days()))
	switch p.Kind {
	case KindMonth:
		from = date(y, m-1, 1)
	case KindQuarter:
		from = date(y, m-3, 1)
	}
	return period(p.Kind, p.Zone, from, date(y, m, d))
}

// Days returns the midnights at which the days of the period begin.
func (p Period) Days() (list []time.Time) {
	y, m, d := p.From.In(p.Zone).Date()
	for len(list) <= MaxDays {
		at := date(y, m, d+len(list)).begin(p.Zone)
		if !at.Before(p.To) {
			break
		}
		list = append(list, at)
	}
	return list
}

// Check returns what is wrong with a period.
func (p Period) Check() error {
	if p.Zone == nil {
		return errors.New("report: a period needs its zone")
	}
	if !p.From.Before(p.To) {
		return fmt.Errorf("report: the period ends (%s) before it begins (%s)", p.To.Format(time.DateOnly), p.From.Format(time.DateOnly))
	}
	if n := len(p.Days()); n > MaxDays {
		return fmt.Errorf("report: a period can have at most %d days", MaxDays)
	}
	for _, t := range []time.Time{p.From, p.To} {
		y, m, d := t.In(p.Zone).Date()
		if !date(y, m, d).begin(p.Zone).Equal(t) {
			return fmt.Errorf("report: %s is not midnight in %s", t.In(p.Zone).Format(time.RFC3339), p.Zone)
		}
	}
	return nil
}
