package index

import "fmt"

// Window is the requested part of the sorted hits.
type Window struct {
	Skip, Size int    // Size hits after the first Skip ones
	At         *Place // of those after this place, or
	Backward   bool   // of those before it, counted from there
}

// Window checks the order and the page of a request. The error may wrap ErrWindow or ErrCursor.
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
