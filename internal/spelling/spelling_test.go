package spelling

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	known := []string{"category", "level", "host", "rule", "id", "authorisation", "high"}
	for word, want := range map[string]string{
		"categroy": "category", "levl": "level", "HOST": "host", "hots": "host", "cat": "category", "auth": "authorisation",
		"ie": "id", "x": "", "xy": "", "": "", "hosting": "", "politics": "", "赌": "", strings.Repeat("level", 100): "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}
