package explain

import "github.com/qianshao/qianshao/locales"

// Reason is a reason for which a hit does not count.
type Reason uint8

// Reasons; messages has what is said of each.
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

// Drops counts the hits of a block that do not count, by the reason.
type Drops [reasons]drop

type drop struct {
	count   int
	example string
	detail  locales.Message
}

// Add counts a hit; it is true for the first one of the reason, which is to be shown.
func (d *Drops) Add(reason Reason) bool {
	d[reason].count++
	return d[reason].count == 1
}

// Show sets the hit in its text that stands for the others of the reason, and what
// else there is to say of it, in brackets, if anything.
func (d *Drops) Show(reason Reason, example string, detail locales.Message) {
	d[reason].example, d[reason].detail = example, detail
}

// Messages returns one for each reason.
func (d *Drops) Messages() (out []locales.Message) {
	for reason, dropped := range d {
		if dropped.count > 0 {
			out = append(out, locales.M(messages[reason], dropped.count, dropped.detail, dropped.example))
		}
	}
	return out
}
