package qianshao_test

import (
	"testing"
	_ "time/tzdata"

	"github.com/qianshao/qianshao"
)

func TestZone(t *testing.T) {
	for name, want := range map[string]string{
		"Asia/Shanghai": "UTC+8", "UTC": "UTC", "Asia/Kolkata": "UTC+5:30", "Europe/Berlin": "Europe/Berlin",
		"America/Phoenix": "UTC-7", "America/Lima": "UTC-5", "Pacific/Marquesas": "UTC-9:30",
	} {
		zone, err := qianshao.ParseZone(name)
		if err != nil {
			t.Error(err)
		} else if got := qianshao.ZoneName(zone); got != want {
			t.Errorf("%s is named %s, want %s", name, got, want)
		}
	}
	for _, name := range []string{"", "Local", "local", "Asia/Beijing", "../etc/passwd", "UTC+8"} {
		if zone, err := qianshao.ParseZone(name); err == nil {
			t.Errorf("%q is read as %v", name, zone)
		}
	}
}
