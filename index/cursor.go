package index

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

// Cursor is a position in a sorted list of hits, in a form for links and programs: the page after it, or
// before it, begins at the same hit however many were found meanwhile. It reveals and grants nothing: a
// forged one only leads to another position in a list that the caller may see anyway.
type Cursor string

// ErrCursor is wrapped by Search's error for a cursor that cannot be read, or that
// belongs to another order.
var ErrCursor = errors.New("the cursor cannot be read")

// Place is what an order compares; see Sort.
type Place struct {
	First int64 // the order's own value: milliseconds since 1970, or the score
	Seen  int64 // milliseconds since 1970
	ID    string
}

// PlaceOf returns the place of a hit.
func PlaceOf(sort Sort, h *Hit) Place {
	p := Place{First: h.LastSeen.UnixMilli(), Seen: h.LastSeen.UnixMilli(), ID: h.ID}
	switch sort {
	case SortNew:
		p.First = h.FirstSeen.UnixMilli()
	case SortScore:
		p.First = int64(h.Score)
	}
	return p
}

// Compare is negative if p comes before q in the list, and 0 if they are the same.
func (p *Place) Compare(q *Place) int {
	return cmp.Or(cmp.Compare(q.First, p.First), cmp.Compare(q.Seen, p.Seen), strings.Compare(p.ID, q.ID))
}

// Cursor encodes the place, for use in one order.
func (p *Place) Cursor(sort Sort) Cursor {
	text := fmt.Sprintf("%s %d %d %s", cmp.Or(sort, SortSeen), p.First, p.Seen, p.ID)
	return Cursor(base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%08x %s", crc32.ChecksumIEEE([]byte(text)), text)))
}

// Place decodes a cursor of the order; the error wraps ErrCursor. The checksum detects truncated and
// mistyped cursors, which might decode to another place.
func (c Cursor) Place(sort Sort) (p Place, err error) {
	text, err := base64.RawURLEncoding.DecodeString(string(c))
	parts := strings.SplitN(string(text), " ", 5)
	if err != nil || len(parts) != 5 {
		return p, ErrCursor
	}
	first, err1 := strconv.ParseInt(parts[2], 10, 64)
	seen, err2 := strconv.ParseInt(parts[3], 10, 64)
	p = Place{First: first, Seen: seen, ID: parts[4]}
	if err := errors.Join(err1, err2); err != nil || p.Cursor(Sort(parts[1])) != c {
		return p, ErrCursor
	}
	if want := cmp.Or(sort, SortSeen); Sort(parts[1]) != want {
		return p, fmt.Errorf("%w: it belongs to the order %q, not to %q", ErrCursor, parts[1], want)
	}
	return p, nil
}
