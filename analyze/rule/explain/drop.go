package explain

import "github.com/qianshao/qianshao/locales"

// Reason says why a hit does not count.
type Reason uint8

// The reasons; messages has the text of each.
const (
	OutsideRegions Reason = iota
	WrongLength
	Excepted
	Allowed
	CutOutOfWords
	PartOfDate
	Overlapped
	TooDisguised
	reasons
)

var messages = [reasons]string{
	OutsideRegions: "explain.drop.regions",
	WrongLength:    "explain.drop.length",
	Excepted:       "explain.drop.excepted",
	Allowed:        "explain.drop.allowed",
	CutOutOfWords:  "explain.drop.cut",
	PartOfDate:     "explain.drop.date",
	Overlapped:     "explain.drop.overlapped",
	TooDisguised:   "explain.drop.disguised",
}

// Drops counts the hits of a block that do not count, by reason.
type Drops [reasons]drop

type drop struct {
	count   int
	example string
	detail  locales.Message
}

// Add counts a hit. It returns true for the first hit of a reason, which should be shown.
func (d *Drops) Add(reason Reason) bool {
	d[reason].count++
	return d[reason].count == 1
}

// Show sets an example for a reason: the hit within its text, and perhaps a detail that follows it
// in brackets.
func (d *Drops) Show(reason Reason, example string, detail locales.Message) {
	d[reason].example, d[reason].detail = example, detail
}

// Messages returns a message for each reason that occurred.
func (d *Drops) Messages() (out []locales.Message) {
	for reason, dropped := range d {
		if dropped.count > 0 {
			out = append(out, locales.M(messages[reason], dropped.count, dropped.detail, dropped.example))
		}
	}
	return out
}
