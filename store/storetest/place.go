package storetest

import (
	"testing"

	"github.com/qianshao/qianshao/store"
)

func runPlaces(t *testing.T, open Open) {
	t.Run("places", func(t *testing.T) { testPlaces(t, open) })
}

// testPlaces: the first place given for a part holds until the part is moved.
func testPlaces(t *testing.T, open Open) {
	s := open(t)
	holds := func(part store.Part, want string) {
		t.Helper()
		if place, err := s.Place(t.Context(), part); err != nil || place != want {
			t.Errorf("%s is in %q, %v; want %q", part, place, err, want)
		}
	}
	holds(store.PartIndex, "")
	for _, c := range []struct {
		part  store.Part
		place string
		moved bool
		want  string
	}{
		{store.PartIndex, "a", false, "a"},
		{store.PartIndex, "b", false, "a"},
		{store.PartIndex, "a", true, "a"},
		{store.PartEvidence, "b", true, "b"},
		{store.PartIndex, "b", true, "b"},
		{store.PartIndex, "a", false, "b"},
	} {
		if place, err := s.SetPlace(t.Context(), c.part, c.place, c.moved); err != nil || place != c.want {
			t.Errorf("%+v: %q, %v", c, place, err)
		}
	}
	holds(store.PartIndex, "b")
	holds(store.PartEvidence, "b")
}
