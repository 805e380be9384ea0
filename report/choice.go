package report

import (
	"time"

	"github.com/qianshao/qianshao/locales"
)

// Choice is a requested period: by its kind, or by its days. The zero value is the last complete week.
type Choice struct {
	// Kind is a week, a month or a quarter; KindDays, or "", if From and To are given.
	Kind Kind
	// Of is a day in the period, in the form 2026-11-26; "" is the last complete period.
	Of string
	// From and To are the first and the last day.
	From, To string
}

// Mistake is what is wrong with a choice. Code is stable, Value is the input.
type Mistake struct{ Code, Value string }

// The codes of mistakes.
const (
	MistakeKind   = "kind"   // not a kind of period
	MistakeDate   = "date"   // not a date
	MistakeBoth   = "both"   // a kind, or a day, as well as From and To
	MistakeHalf   = "half"   // From without To, or To without From
	MistakeOrder  = "order"  // To before From
	MistakeLong   = "long"   // more than MaxDays
	MistakeFuture = "future" // none of it has begun
)

func (m *Mistake) Error() string { return m.In(locales.English) }

// In says it in a language.
func (m *Mistake) In(l locales.Lang) string {
	if m.Code == MistakeLong {
		return l.Text("period.mistake.long", MaxDays)
	}
	return l.Text("period.mistake."+m.Code, m.Value)
}

// Period returns the chosen period, as of now. An error is a *Mistake.
func (c Choice) Period(now time.Time, zone *time.Location) (p Period, err error) {
	switch {
	case c.From != "" || c.To != "":
		if p, err = c.between(zone); err != nil {
			return p, err
		}
	default:
		of := now
		if c.Of != "" {
			if of, err = dateOf(c.Of, zone); err != nil {
				return p, err
			}
		}
		make, ok := map[Kind]func(time.Time, *time.Location) Period{"": Week, KindWeek: Week, KindMonth: Month, KindQuarter: Quarter}[c.Kind]
		if !ok {
			return p, &Mistake{MistakeKind, string(c.Kind)}
		}
		if p = make(of, zone); c.Of == "" {
			p = p.Before()
		}
	}
	if !p.From.Before(now) {
		return p, &Mistake{Code: MistakeFuture}
	}
	return p, nil
}

// between returns the period from the first to the last day.
func (c Choice) between(zone *time.Location) (p Period, err error) {
	switch {
	case c.Kind != "" && c.Kind != KindDays || c.Of != "":
		return p, &Mistake{Code: MistakeBoth}
	case c.From == "" || c.To == "":
		return p, &Mistake{Code: MistakeHalf}
	}
	first, err := dateOf(c.From, zone)
	if err != nil {
		return p, err
	}
	last, err := dateOf(c.To, zone)
	if err != nil {
		return p, err
	}
	if last.Before(first) {
		return p, &Mistake{Code: MistakeOrder}
	}
	y, m, d := last.Date()
	a, b, n := first.Year(), first.Month(), first.Day()
	p = period(KindDays, zone, date(a, b, n), date(y, m, d+1))
	if len(p.Days()) > MaxDays {
		return p, &Mistake{Code: MistakeLong}
	}
	return p, nil
}

// dateOf returns noon of a day, which every time zone has.
func dateOf(s string, zone *time.Location) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return t, &Mistake{MistakeDate, s}
	}
	y, m, d := t.Date()
	return time.Date(y, m, d, 12, 0, 0, 0, zone), nil
}

// Choice returns the choice that gives the period again.
func (p Period) Choice() Choice {
	first := p.From.In(p.Zone).Format(time.DateOnly)
	if p.Kind != KindDays {
		return Choice{Kind: p.Kind, Of: first}
	}
	days := p.Days()
	return Choice{Kind: KindDays, From: first, To: days[len(days)-1].In(p.Zone).Format(time.DateOnly)}
}
