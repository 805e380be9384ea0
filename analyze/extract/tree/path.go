package tree

import (
	"strconv"
	"strings"

	"github.com/qianshao/qianshao/analyze/extract/ascii"
	"golang.org/x/net/html/atom"
)

// maxPathSteps bounds a path. The path of an element nested deeper has the
// innermost steps, which are a valid selector.
const maxPathSteps = 6

// Path returns a CSS selector of the element: "#list > li:nth-of-type(2) > a". It
// starts at an element with an id, at the body or head, or maxPathSteps up. An
// element that a script writes has the script's path.
func (t *Tree) Path(el int32) string {
	for owner := t.Fragments[t.Elements[el].Fragment].Owner; owner != 0 && owner < el; owner = t.Fragments[t.Elements[el].Fragment].Owner {
		el = owner
	}
	var steps [maxPathSteps]int32
	n := 0
	for n < maxPathSteps {
		steps[n] = el
		n++
		e := &t.Elements[el]
		if e.Parent < 0 || e.Atom == atom.Body || e.Atom == atom.Head || t.plainID(el) != "" {
			break
		}
		if el = e.Parent; el == 0 {
			break // html > is left out
		}
	}
	var buf [128]byte
	b := buf[:0]
	for i := n - 1; i >= 0; i-- {
		if len(b) > 0 {
			b = append(b, " > "...)
		}
		b = t.appendStep(b, steps[i])
	}
	return string(b)
}

func (t *Tree) appendStep(b []byte, el int32) []byte {
	if id := t.plainID(el); id != "" {
		return append(append(b, '#'), id...)
	}
	e := &t.Elements[el]
	b = append(b, e.Name...)
	if e.NthOfType > 1 || e.NthOfType == 1 && e.More {
		b = append(b, ":nth-of-type("...)
		b = strconv.AppendInt(b, int64(e.NthOfType), 10)
		b = append(b, ')')
	}
	return b
}

// plainID returns the element's id if it needs no escapes in a selector.
func (t *Tree) plainID(el int32) string {
	if !t.Elements[el].named {
		return ""
	}
	id := t.Value(el, "id")
	if id == "" || len(id) > 40 || id[0] >= '0' && id[0] <= '9' || id[0] == '-' {
		return ""
	}
	if strings.IndexFunc(id, func(r rune) bool { return r >= 0x80 || !ascii.IsAlphanumeric(byte(r)) && r != '_' && r != '-' }) >= 0 {
		return ""
	}
	return id
}
