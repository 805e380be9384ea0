package qianshao

import "testing"

func TestSight(t *testing.T) {
	for _, tt := range []struct {
		sight Sight
		of    string
		want  bool
	}{
		{Sight{}, "", false},
		{Sight{}, "a", false},
		{Sight{Authorisations: []string{"a", "b"}}, "b", true},
		{Sight{Authorisations: []string{"a"}}, "A", false},
		{Sight{Authorisations: []string{""}}, "", false}, // the operator's own files
		{SeeAll(), "", true},
		{SeeAll(), "a", true},
	} {
		if got := tt.sight.Sees(tt.of); got != tt.want {
			t.Errorf("%+v sees %q: %v, want %v", tt.sight, tt.of, got, tt.want)
		}
	}
}
