package qianshao

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// AuthorisationField is a field of an authorisation as people write it: its key in a scope
// file and its value as text, "" if it is not set. Entries of a list are separated by spaces.
type AuthorisationField struct{ Key, Value string }

// Fields returns the fields in the order of a scope file.
func (a *Authorisation) Fields() []AuthorisationField {
	views := make([]string, len(a.Views))
	for i, v := range a.Views {
		views[i] = string(v)
	}
	list := func(l []string) string { return strings.Join(l, " ") }
	truth := func(b bool) string {
		if b {
			return "true"
		}
		return ""
	}
	queries := ""
	if a.NoQueries {
		queries = "false"
	}
	return []AuthorisationField{
		{"id", a.ID}, {"owner", a.Owner}, {"basis", a.Basis}, {"contact", a.Contact},
		{"valid_from", dayOrTime(a.ValidFrom, false)}, {"valid_until", dayOrTime(a.ValidUntil, true)},
		{"hosts", list(a.Hosts)}, {"include", list(a.Include)}, {"exclude", list(a.Exclude)}, {"queries", queries},
		{"rate", rateText(a.Rate)}, {"allow_private", truth(a.AllowPrivate)}, {"seeds", list(a.Seeds)},
		{"revisit_min", spanText(a.RevisitMin)}, {"revisit_max", spanText(a.RevisitMax)},
		{"robots_waiver", a.RobotsWaiver}, {"views", list(views)}, {"crawler_basis", a.CrawlerBasis},
	}
}

// AuthorisationChange is a field whose value has changed.
type AuthorisationChange struct{ Key, Before, After string }

// ChangedFrom returns the fields that differ from before, or all fields that are set if before is
// nil.
func (a *Authorisation) ChangedFrom(before *Authorisation) (changes []AuthorisationChange) {
	was := map[string]string{}
	if before != nil {
		for _, f := range before.Fields() {
			was[f.Key] = f.Value
		}
	}
	for _, f := range a.Fields() {
		if f.Value != was[f.Key] {
			changes = append(changes, AuthorisationChange{f.Key, was[f.Key], f.Value})
		}
	}
	return changes
}

// dayOrTime writes a bound of the time in force: as a date if it falls on midnight in China (the
// day that ends then if end is set), otherwise as a time. The zero time is "".
func dayOrTime(t time.Time, end bool) string {
	if t.IsZero() {
		return ""
	}
	local := t.In(ChinaTime())
	if h, m, s := local.Clock(); h+m+s+local.Nanosecond() > 0 {
		return local.Format(time.RFC3339Nano)
	}
	if end {
		local = local.AddDate(0, 0, -1)
	}
	return local.Format(time.DateOnly)
}

func rateText(rate float64) string {
	if rate == 0 {
		return ""
	}
	return strconv.FormatFloat(rate, 'f', -1, 64)
}

// spanText writes a duration as scope files do.
func spanText(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d == 0:
		return ""
	case d%day == 0:
		return strconv.Itoa(int(d/day)) + "d"
	case d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	case d%time.Minute == 0:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	}
	return d.String()
}

// Place is a host with its labels reversed, "cn.edu.school.www": when places are sorted, the hosts
// of one domain are together, and the subdomains of a name form a range.
func Place(host string) string {
	labels := strings.Split(host, ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".")
}

// PlaceRange is the range of places from First up to Limit, without Limit.
type PlaceRange struct{ First, Limit string }

// Has says whether a place is in the range.
func (r PlaceRange) Has(place string) bool { return r.First <= place && place < r.Limit }

// Places returns the ranges of the hosts that the authorisation names, whatever their ports.
func (a *Authorisation) Places() []PlaceRange {
	ranges := make([]PlaceRange, 0, len(a.Hosts))
	for _, pattern := range a.Hosts {
		name, _ := splitPort(pattern)
		if suffix, ok := strings.CutPrefix(name, "*."); ok {
			place := Place(suffix)
			ranges = append(ranges, PlaceRange{place + ".", place + "/"}) // '/' is the character after '.'
		} else {
			place := Place(strings.Trim(name, "[]"))
			ranges = append(ranges, PlaceRange{place, place + "\x00"})
		}
	}
	return ranges
}

// Names says whether the authorisation names a host, whatever the time, port and path.
func (a *Authorisation) Names(host string) bool {
	place := Place(host)
	return slices.ContainsFunc(a.Places(), func(r PlaceRange) bool { return r.Has(place) })
}
