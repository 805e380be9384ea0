package engine

// Some blocks share their lists, and a word sounds like several terms, so the same place of a page
// is asked about again and again: whether words begin and end there, which needs the dictionary,
// and whether a contact handle is near, which needs an expression. On the pages of casinos each
// place is asked about three to six times. So the latest answers are kept.

const (
	answerBits = 11
	maxAnswers = 1 << answerBits // more than most pages ask for
)

// answers keeps the latest answers to one question about parts of a page. Each part has one cell,
// and the next part with the same cell overwrites it.
type answers struct {
	cells [maxAnswers]answer
	used  bool // some cell is filled
}

// span is a part of a region, in bytes or folded characters. to is exclusive.
type span struct{ from, to int32 }

// answer is the answer for one part of a region.
type answer struct {
	region     int32
	part       span
	known, yes bool
}

// reset forgets all answers.
func (a *answers) reset() {
	if a.used {
		a.used = false
		clear(a.cells[:])
	}
}

// at returns the cell of a part of a region. Its known field is set if it holds the answer.
func (a *answers) at(region int32, part span) *answer {
	a.used = true
	const odd = 0x9e3779b1 // the golden ratio of 2³², which spreads neighbouring parts
	key := ((uint32(part.from)*odd^uint32(part.to))*odd ^ uint32(region)) * odd
	cell := &a.cells[key>>(32-answerBits)]
	if cell.region != region || cell.part != part {
		*cell = answer{region: region, part: part}
	}
	return cell
}

// bounded says whether a part of a region, in bytes, begins and ends at word boundaries.
func (e *evaluation) bounded(region int32, part span) bool {
	known := e.bounds.at(region, part)
	if !known.known {
		known.known = true
		known.yes = e.engine.segmenter.IsBounded(e.page.doc.Regions[region].Text, int(part.from), int(part.to))
	}
	return known.yes
}

// contactBeside says whether a contact handle is near a hit of the open region.
func (e *evaluation) contactBeside(h *hit) bool {
	known := e.contacts.at(h.region, span{h.first, h.last})
	if !known.known {
		known.known, known.yes = true, e.contactNear(h)
	}
	return known.yes
}
