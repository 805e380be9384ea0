package page

import (
	"strconv"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/untrusted"
)

// Authorisation is an authorisation with its standing at a moment.
type Authorisation struct {
	qianshao.Authorisation
	Standing string // in_force, expired, not_yet
	DaysLeft int    // whole days until it ends, if it is in force
	Search   string
	// FirstDay and LastDay are the first and the last day on which it is in force.
	FirstDay, LastDay string
}

// NewAuthorisation returns how an authorisation stands at a moment.
func NewAuthorisation(a qianshao.Authorisation, now time.Time) Authorisation {
	v := Authorisation{Authorisation: a, Search: SearchURL(Clause("authorisation", a.ID))}
	v.FirstDay, v.LastDay = a.Days()
	v.Owner, v.Basis, v.Contact = untrusted.Plain(a.Owner), untrusted.Plain(a.Basis), untrusted.Plain(a.Contact)
	switch {
	case now.Before(a.ValidFrom):
		v.Standing = "not_yet"
	case a.InForce(now):
		v.Standing = "in_force"
		v.DaysLeft = int(a.ValidUntil.Sub(now) / (24 * time.Hour))
	default:
		v.Standing = "expired"
	}
	return v
}

// RateText writes requests a second without needless zeros.
func (a Authorisation) RateText() string { return strconv.FormatFloat(a.Rate, 'g', 4, 64) }
