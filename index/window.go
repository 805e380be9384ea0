package index

import "fmt"

// Window is which part of the sorted hits a request wants.
type Window struct {
	Skip, Size int    // Size hits behind the first Skip ones
	At         *Place // of those behind this place, or
	Backward   bool   // of those before it, counted from there
}

// Window checks what the request says of order and page. The error wraps ErrWindow or
// ErrCursor where it is one of these.
func (r *Request) Window() (w Window, err error) {
	if !r.Sort.Valid() {
		return w, fmt.Errorf("there is no order %q", r.Sort)
	}
	if r.Offset < 0 || r.Limit < 0 || r.Limit > MaxWindow || r.Offset > MaxWindow-r.Limit {
		return w, fmt.Errorf("%w: offset %d and limit %d reach beyond %d: narrow the query, or page by cursor",
			ErrWindow, r.Offset, r.Limit, MaxWindow)
	}
	w = Window{Skip: r.Offset, Size: r.Limit, Backward: r.Before != ""}
	cursor := r.After
	if w.Backward {
		cursor = r.Before
	}
	if cursor == "" {
		return w, nil
	}
	if r.Offset > 0 || r.After != "" && r.Before != "" {
		return w, fmt.Errorf("%w: a page begins at an offset, after a cursor or before one; give only one of these", ErrCursor)
	}
	place, err := cursor.Place(r.Sort)
	w.At = &place
	return w, err
}
