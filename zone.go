package qianshao

import (
	"fmt"
	"strings"
	"time"
)

// ParseZone returns the time zone with a name in the IANA database, such as Asia/Shanghai. The
// machine's own zone is refused, since a finding would fall on different days on different
// machines.
func ParseZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || strings.EqualFold(name, "local") {
		return nil, fmt.Errorf("there is no time zone %q; write a name such as Asia/Shanghai, Asia/Urumqi or UTC", name)
	}
	return zone, nil
}

// ZoneName names a zone next to times: UTC+8, UTC+5:30, UTC; a zone with summer time by its own
// name, because no single offset holds all year.
func ZoneName(zone *time.Location) string {
	const hour = 60 * 60
	year := time.Now().Year()
	_, winter := time.Date(year, time.January, 1, 0, 0, 0, 0, zone).Zone()
	_, summer := time.Date(year, time.July, 1, 0, 0, 0, 0, zone).Zone()
	sign, offset := "+", winter
	if offset < 0 {
		sign, offset = "-", -offset
	}
	switch {
	case winter != summer:
		return zone.String()
	case offset == 0:
		return "UTC"
	case offset%hour == 0:
		return fmt.Sprintf("UTC%s%d", sign, offset/hour)
	}
	return fmt.Sprintf("UTC%s%d:%02d", sign, offset/hour, offset%hour/60)
}
