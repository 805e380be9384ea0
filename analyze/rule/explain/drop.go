package explain

import "fmt"

// Reason is a reason for which a hit does not count.
type Reason uint8

// Reasons; String says what each means.
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

func (r Reason) String() string {
	switch r {
	case OutsideRegions:
		return "in a region that the block does not read"
	case WrongLength:
		return "in a region of the wrong length"
	case Excepted:
		return "inside one of the block's excepts"
	case Allowed:
		return "inside a text of the allow-list"
	case CutOutOfWords:
		return "cut out of words"
	case PartOfDate:
		return "of dates, years or ranges"
	case Overlapped:
		return "inside a longer hit of the block"
	case TooDisguised:
		return "far from the term (plain: true)"
	}
	return "dropped"
}

// Drops counts the hits of a block that do not count, by the reason.
type Drops [reasons]drop

type drop struct {
	count           int
	example, detail string
}

// Add counts a hit; it is true for the first one of the reason, which is to be shown.
func (d *Drops) Add(reason Reason) bool {
	d[reason].count++
	return d[reason].count == 1
}

// Show sets the hit in its text that stands for the others of the reason, and what
// else there is to say of it, in brackets, if anything.
func (d *Drops) Show(reason Reason, example, detail string) {
	d[reason].example, d[reason].detail = example, detail
}

// InWords returns a line for each reason.
func (d *Drops) InWords() (lines []string) {
	for reason, dropped := range d {
		if dropped.count > 0 {
			lines = append(lines, fmt.Sprintf("%d %s%s, as in %s", dropped.count, Reason(reason), dropped.detail, dropped.example))
		}
	}
	return lines
}
