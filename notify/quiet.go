package notify

import "time"

// dayMinutes is the number of minutes in a day, leaving clock changes aside.
const dayMinutes = 24 * 60

// Valid says whether both ends are minutes of the day.
func (q Quiet) Valid() bool {
	return q.From >= 0 && q.From < dayMinutes && q.To >= 0 && q.To < dayMinutes
}

// Holds says whether nothing is sent at a moment.
func (q Quiet) Holds(at time.Time, zone *time.Location) bool {
	at = at.In(zone)
	m := at.Hour()*60 + at.Minute()
	if q.From <= q.To {
		return q.From <= m && m < q.To
	}
	return m >= q.From || m < q.To
}

// End returns when the quiet hours end in which a moment is. It is the first moment after it
// that is not in them: a day on which the clock is turned has 23 or 25 hours.
func (q Quiet) End(at time.Time, zone *time.Location) time.Time {
	local := at.In(zone)
	for days := range 3 {
		end := time.Date(local.Year(), local.Month(), local.Day()+days, 0, q.To, 0, 0, zone)
		if q.Holds(end, zone) { // the hour that a spring leaves out
			end = end.Add(time.Hour)
		}
		if end.After(at) {
			return end
		}
	}
	return at.Add(time.Hour) // no zone has days like that
}
