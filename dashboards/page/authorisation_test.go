package page

import (
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
)

// TestFieldValue: a limit that is a moment is written like any other time, and one that is a day as
// that day.
func TestFieldValue(t *testing.T) {
	v := Bare(locales.Chinese, time.Now(), qianshao.ChinaTime())
	for value, want := range map[string]string{"2026-11-28T01:23:54.981+08:00": "2026-11-28 01:23:54", "2026-09-01": "2026-09-01"} {
		if got := v.FieldValue("valid_from", value); got != want {
			t.Errorf("%s is written as %q, want %q", value, got, want)
		}
	}
}
