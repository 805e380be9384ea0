package engine

import (
	"slices"

	"github.com/qianshao/qianshao/analyze/rule/dfa"
)

// contactHandle finds, in folded text, the handles by which a seller can be reached: the name of a
// messenger with an account, a mobile number, a link.
const contactHandle = `(?:qq|扣|企鹅|微信|薇|vx|wx|加v|加q|wechat|telegram|tg|电报|飞机|电话|手机|热线|客服|联系)[^0-9a-z]{0,8}[0-9a-z]{5,}|(?:^|[^0-9])1[3-9][0-9]{9}(?:$|[^0-9])|tme|http`

const (
	// minHandle is the least number of letters or digits in a row of an account, or of a link,
	// which has no dots and slashes once it is folded: tmeab.
	minHandle = 5
	// contactDistance is how many characters a contact handle may be away from a hit.
	contactDistance = 40
)

// newContactFinder compiles contactHandle.
func newContactFinder(states *dfa.Memory) *dfa.Expression {
	x, err := states.Compile(contactHandle)
	if err != nil {
		panic(err) // it is a constant
	}
	return x
}

// contactNear says whether a contact handle is near the hit. Every handle has minHandle letters or
// digits in a row, which are cheap to find, so they are looked for first: with 100,000 terms,
// ordinary prose has many words that sound like one.
func (e *evaluation) contactNear(h *hit) bool {
	from := max(0, h.first-contactDistance)
	to := min(int32(e.open.text.Len()), h.last+1+contactDistance)
	i, _ := slices.BinarySearch(e.contactHandles(), from+minHandle-1)
	if i == len(e.open.handles) || e.open.handles[i] >= to {
		return false
	}
	return e.engine.contact.Matches(e.open.text.Runes[from:to])
}

// contactHandles returns where, in the open region, minHandle letters or digits in a row end.
func (e *evaluation) contactHandles() []int32 {
	if e.open.handlesKnown {
		return e.open.handles
	}
	e.open.handlesKnown, e.open.handles = true, e.open.handles[:0]
	run := 0
	for i, r := range e.open.text.Runes {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
			run++
		} else {
			run = 0
		}
		if run >= minHandle {
			e.open.handles = append(e.open.handles, int32(i))
		}
	}
	return e.open.handles
}
