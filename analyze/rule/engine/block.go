package engine

import (
	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/locales"
)

// kindSet is a bit set of region kinds.
type kindSet uint16

func kindBit(k qianshao.RegionKind) kindSet {
	switch k {
	case qianshao.RegionTitle:
		return 1 << 0
	case qianshao.RegionMeta:
		return 1 << 1
	case qianshao.RegionHeading:
		return 1 << 2
	case qianshao.RegionText:
		return 1 << 3
	case qianshao.RegionAnchor:
		return 1 << 4
	case qianshao.RegionURL:
		return 1 << 5
	case qianshao.RegionAttr:
		return 1 << 6
	case qianshao.RegionComment:
		return 1 << 7
	case qianshao.RegionScript:
		return 1 << 8
	}
	return 0
}

// titleKinds are the kinds for which inTitle is true.
const titleKinds kindSet = 1<<0 | 1<<1 | 1<<2

func inTitle(kind qianshao.RegionKind) bool { return kindBit(kind)&titleKinds != 0 }

// visibility is a block's hidden filter.
type visibility uint8

const (
	anyVisibility visibility = iota
	concealedOnly
	visibleOnly
)

// block is a compiled block.
type block struct {
	name       string
	index      int32 // in Engine.blocks
	owner      *detection
	kinds      kindSet
	hidden     visibility
	length     length
	lengthOnly bool // asks for a length and looks for nothing
	word       bool
	unbounded  bool // short terms count inside words, too
	plain      bool // disguised hits do not count
	min        int32
	within     int32         // characters in which min has to be reached; 0 means the whole page
	terms      []syntax.Term // sorted by key
	patterns   []*pattern
	excepts    bool
	// positive says that the block can help to make the condition true.
	positive bool
	// neighbours are the blocks that the condition wants this one to be near, or away from, if only
	// hits beside theirs count; otherwise nil.
	neighbours []*block
}

// filters returns the kinds of regions that a block reads, and how visible they have to be. A
// link's target is not text, so only blocks that ask for it read it.
func filters(b *rule.Block, isContext bool) (kinds kindSet, hidden visibility) {
	for _, k := range b.Regions {
		kinds |= kindBit(k)
	}
	if len(b.Regions) == 0 {
		for _, k := range qianshao.RegionKinds() {
			if k != qianshao.RegionURL {
				kinds |= kindBit(k)
			}
		}
	}
	switch {
	case b.Hidden == nil && isContext, b.Hidden != nil && !*b.Hidden:
		hidden = visibleOnly
	case b.Hidden != nil:
		hidden = concealedOnly
	}
	return kinds, hidden
}

// regionTraits are the properties of a region that blocks filter by.
type regionTraits struct {
	kind               kindSet // one bit
	visible, concealed bool
	chars              int32
}

// reads says whether the block reads a region.
func (b *block) reads(r *regionTraits) bool {
	return b.kinds&r.kind != 0 && b.length.admits(r.chars) &&
		(b.hidden == anyVisibility || b.hidden == concealedOnly && r.concealed || b.hidden == visibleOnly && r.visible)
}

// length is a block's filter of regions by their characters; 0 sets no bound.
type length struct{ min, max int32 }

func (l length) admits(chars int32) bool {
	return chars >= l.min && (l.max == 0 || chars <= l.max)
}

// message says which lengths are admitted; the zero Message means all.
func (l length) message() locales.Message {
	switch {
	case l.min > 0 && l.max > 0:
		return locales.M("explain.length.between", l.min, l.max)
	case l.max > 0:
		return locales.M("explain.length.most", l.max)
	case l.min > 0:
		return locales.M("explain.length.least", l.min)
	}
	return locales.Message{}
}
