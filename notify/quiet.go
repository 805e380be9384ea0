package notify

import "time"

// dayMinutes is the number of minutes in a day without clock changes.
const dayMinutes = 24 * 60

// Valid says whether both ends are minutes of the day.
func (q Quiet) Valid() bool {
	return q.From >= 0 && q.From < dayMinutes && q.To >= 0 && q.To < dayMinutes
}

// Holds says whether a given time is in the quiet hours.
func (q Quiet) Holds(at time.Time, zone *time.Location) bool {
	at = at.In(zone)
	m := at.Hour()*60 + at.Minute()
	if q.From <= q.To {
		return q.From <= m && m < q.To
	}
	return m >= q.From || m < q.To
}

// End returns the end of the quiet hours that contain a given time: the first moment after it that is not
// in them, also on days of 23 or 25 hours, when the clocks change.
func (q Quiet) End(at time.Time, zone *time.Location) time.Time {
	local := at.In(zone)
	for days := range 3 {
		end := time.Date(local.Year(), local.Month(), local.Day()+days, 0, q.To, 0, 0, zone)
		if q.Holds(end, zone) { // the hour skipped in spring
			end = end.Add(time.Hour)
		}
		if end.After(at) {
			return end
		}
	}
	return at.Add(time.Hour) // no time zone has days like that
}
