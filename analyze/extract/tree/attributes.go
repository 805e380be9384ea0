package tree

import (
	"strings"

	"github.com/qianshao/qianshao/analyze/extract/ascii"
)

// Attribute is one attribute of an element. Start and End are the range of its
// raw value in the element's fragment.
type Attribute struct {
	Name       string // lower case
	Start, End int32
}

// maxAttributes bounds the attributes of one element, so that looking one up is fast. Further
// attributes of a hostile tag are dropped.
const maxAttributes = 128

// appendAttributes parses the attributes of the start tag text[start:end] as WHATWG 13.2.5.32 to
// 13.2.5.39 says. x/net/html does the same, but gives no positions. If two attributes have the same
// name, a look-up finds the first.
func appendAttributes(attrs []Attribute, text string, start, end int) []Attribute {
	first := len(attrs)
	i := start + 1
	for i < end && !ascii.IsSpace(text[i]) && text[i] != '/' && text[i] != '>' {
		i++
	}
	for len(attrs)-first < maxAttributes {
		for i < end && (ascii.IsSpace(text[i]) || text[i] == '/') {
			i++
		}
		if i >= end || text[i] == '>' {
			break
		}
		nameStart := i
		for i++; i < end && !ascii.IsSpace(text[i]) && text[i] != '/' && text[i] != '>' && text[i] != '='; i++ {
		}
		a := Attribute{Name: ascii.Lower(text[nameStart:i])}
		var from, to int
		from, to, i = attributeValue(text, i, end)
		a.Start, a.End = int32(from), int32(to)
		attrs = append(attrs, a)
	}
	return attrs
}

// attributeValue returns the range of the value of the attribute with the name that ends at i, and
// where the next attribute may start.
func attributeValue(text string, i, end int) (from, to, next int) {
	j := i
	for j < end && ascii.IsSpace(text[j]) {
		j++
	}
	if j >= end || text[j] != '=' {
		return i, i, i
	}
	for j++; j < end && ascii.IsSpace(text[j]); j++ {
	}
	if j >= end {
		return end, end, end
	}
	if quote := text[j]; quote == '"' || quote == '\'' {
		k := strings.IndexByte(text[j+1:end], quote)
		if k < 0 {
			return j + 1, end, end
		}
		return j + 1, j + 1 + k, j + 2 + k
	}
	from = j
	for j < end && !ascii.IsSpace(text[j]) && text[j] != '>' {
		j++
	}
	return from, j, j
}
