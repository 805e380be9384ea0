package page

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/untrusted"
)

// Authorisation is an authorisation with its standing at a given time.
type Authorisation struct {
	qianshao.Authorisation
	Standing string // in_force, expired, not_yet
	DaysLeft int    // whole days until it ends, if it is in force
	Search   string
	// FirstDay and LastDay are the first and the last day on which it is in force.
	FirstDay, LastDay string
}

// NewAuthorisation returns an authorisation with its standing at a given time.
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

// RateText writes the requests a second, without trailing zeros.
func (a Authorisation) RateText() string { return strconv.FormatFloat(a.Rate, 'g', 4, 64) }

// FieldName names a field of an authorisation by its key in a scope file.
func (v *Layout) FieldName(key string) string { return v.Language.Named("field.", key) }

// FieldValue writes the value of a field of an authorisation: choices from a list in the reader's
// language, anything else as it is.
func (v *Layout) FieldValue(key, value string) string {
	switch key {
	case "queries", "allow_private":
		if value == "true" || value == "false" {
			return v.Language.Named("choice."+key+".", value)
		}
	case "views":
		names := strings.Fields(value)
		for i, name := range names {
			names[i] = v.Language.Named("view.", name)
		}
		return untrusted.Plain(strings.Join(names, " · "))
	case "valid_from", "valid_until": // a day, or a moment such as that of an ending
		if t, err := time.Parse(time.RFC3339, value); err == nil {
			return v.Time(t)
		}
	}
	return untrusted.Plain(value)
}

// FieldChanges writes what an act has changed in an authorisation, from the store's text ("owner A;
// rate 1"), with the names of the fields.
func (v *Layout) FieldChanges(text string) string {
	keys := new(qianshao.Authorisation).Fields()
	parts := strings.Split(text, "; ")
	for i, part := range parts {
		key, value, _ := strings.Cut(part, " ")
		if slices.ContainsFunc(keys, func(f qianshao.AuthorisationField) bool { return f.Key == key }) {
			parts[i] = v.T("field.is", v.FieldName(key), v.FieldValue(key, value))
		} else {
			parts[i] = untrusted.Plain(part)
		}
	}
	return strings.Join(parts, v.T("field.between"))
}
