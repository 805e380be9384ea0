package extract

import (
	"strconv"
	"strings"

	"github.com/qianshao/qianshao/analyze/extract/ascii"
	"golang.org/x/net/html/atom"
)

// maxPathSteps bounds a path: of an element nested deeper, the innermost steps
// are given, which is a selector all the same.
const maxPathSteps = 6

// path returns a CSS selector that leads to the element:
// "#list > li:nth-of-type(2) > a". It starts at an element with an id, at the
// body or head, or maxPathSteps up. What a script writes has the script's path.
func (t *tree) path(el int32) string {
	for owner := t.fragments[t.elements[el].fragment].owner; owner != 0 && owner < el; owner = t.fragments[t.elements[el].fragment].owner {
		el = owner
	}
	var steps [maxPathSteps]int32
	n := 0
	for n < maxPathSteps {
		steps[n] = el
		n++
		e := &t.elements[el]
		if e.parent < 0 || e.atom == atom.Body || e.atom == atom.Head || t.plainID(el) != "" {
			break
		}
		if el = e.parent; el == 0 {
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

func (t *tree) appendStep(b []byte, el int32) []byte {
	if id := t.plainID(el); id != "" {
		return append(append(b, '#'), id...)
	}
	e := &t.elements[el]
	b = append(b, e.tag...)
	if e.nthOfType > 1 || e.nthOfType == 1 && e.more {
		b = append(b, ":nth-of-type("...)
		b = strconv.AppendInt(b, int64(e.nthOfType), 10)
		b = append(b, ')')
	}
	return b
}

// plainID returns the element's id if it can be written as a selector unescaped.
func (t *tree) plainID(el int32) string {
	if t.elements[el].attrCount == 0 {
		return ""
	}
	id := t.value(el, "id")
	if id == "" || len(id) > 40 || id[0] >= '0' && id[0] <= '9' || id[0] == '-' {
		return ""
	}
	if strings.IndexFunc(id, func(r rune) bool { return r >= 0x80 || !ascii.IsAlphanumeric(byte(r)) && r != '_' && r != '-' }) >= 0 {
		return ""
	}
	return id
}
