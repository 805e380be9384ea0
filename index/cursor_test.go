package index

import (
	"errors"
	"testing"

	"pgregory.net/rapid"
)

// TestCursor: every place can be decoded again, in its own order only, and anything else is refused.
func TestCursor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		place := Place{rapid.Int64().Draw(t, "first"), rapid.Int64().Draw(t, "seen"), rapid.String().Draw(t, "id")}
		order := rapid.SampledFrom(append(Sorts(), "")).Draw(t, "order")
		cursor := place.Cursor(order)
		for _, other := range Sorts() {
			got, err := cursor.Place(other)
			if same := other == order || order == "" && other == SortSeen; same && (err != nil || got != place) {
				t.Errorf("%v is read back as %v, error %v", place, got, err)
			} else if !same && !errors.Is(err, ErrCursor) {
				t.Errorf("a cursor of the order %q is read in %q, error %v", order, other, err)
			}
		}
		at := rapid.IntRange(0, len(cursor)-1).Draw(t, "at")
		for _, damaged := range []Cursor{cursor[:at], cursor[:at] + cursor[at+1:], cursor[:at] + "注" + cursor[at:], Cursor(rapid.String().Draw(t, "text"))} {
			if _, err := damaged.Place(order); !errors.Is(err, ErrCursor) {
				t.Errorf("%q is read, error %v", damaged, err)
			}
		}
	})
}
