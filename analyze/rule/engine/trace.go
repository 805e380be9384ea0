package engine

import (
	"fmt"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
)

// dropReason is a reason for which a hit does not count.
type dropReason uint8

const (
	droppedByRegion dropReason = iota
	droppedByLength
	droppedByExcept
	droppedByAllowance
	droppedByWord
	droppedAsDate
	droppedByOverlap
	droppedByDisguise
	dropReasons
)

func (r dropReason) String() string {
	switch r {
	case droppedByRegion:
		return "in a region that the block does not read"
	case droppedByLength:
		return "in a region of the wrong length"
	case droppedByExcept:
		return "inside one of the block's excepts"
	case droppedByAllowance:
		return "inside a text of the allow-list"
	case droppedByWord:
		return "cut out of words"
	case droppedAsDate:
		return "of dates, years or ranges"
	case droppedByOverlap:
		return "inside a longer hit of the block"
	case droppedByDisguise:
		return "far from the term (plain: true)"
	}
	return "dropped"
}

// trace remembers the dropped hits of a page that is explained.
type trace struct {
	drops map[int32]*[dropReasons]dropped // by block
}

type dropped struct {
	count   int
	example string
	detail  string
}

// whyNotRead says why a block does not read the open region.
func (e *evaluation) whyNotRead(b *block) dropReason {
	region := e.page.traits[e.open.index]
	region.chars = b.length.min // as if its length were right
	if b.reads(&region) {
		return droppedByLength
	}
	return droppedByRegion
}

// drop notes that a hit does not count.
func (e *evaluation) drop(b *block, h *hit, reason dropReason) {
	if e.trace == nil {
		return
	}
	drops := e.trace.drops[b.index]
	if drops == nil {
		drops = new([dropReasons]dropped)
		e.trace.drops[b.index] = drops
	}
	if drops[reason].count++; drops[reason].count == 1 {
		source := e.page.doc.Regions[h.region].Text
		if reason == droppedByAllowance {
			drops[reason].detail = fmt.Sprintf(" (%s)", e.allowed.withheld[b.owner])
		}
		if reason == droppedByLength {
			drops[reason].detail = fmt.Sprintf(" (the first has %d characters; wanted are %s)", e.page.traits[h.region].chars, b.length)
		}
		drops[reason].example = lastCharacters(source[:h.start], 5) + "[" + syntax.Cut(source[h.start:h.end], qianshao.MaxEvidenceText) + "]" + firstCharacters(source[h.end:], 5)
	}
}
