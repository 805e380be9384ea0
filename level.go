package qianshao

import "fmt"

// Level says how urgently a person should look. The names are those of Sigma; LevelNone is the
// level of a page on which no rule fired.
type Level uint8

const (
	LevelNone Level = iota
	LevelInformational
	LevelLow
	LevelMedium
	LevelHigh
	LevelCritical
)

// AlertLevel is the level from which a page counts as flagged. Below it, none of the page's text is
// kept.
const AlertLevel = LevelMedium

var levelNames = [...]string{"none", "informational", "low", "medium", "high", "critical"}

// levelFloors are the lowest scores of each level: a score always determines its level.
var levelFloors = [...]int{0, 1, 20, 40, 60, 80}

// MaxScore is the highest score a finding or a page can have.
const MaxScore = 100

// LevelOf returns the level of a score between 0 and MaxScore.
func LevelOf(score int) Level {
	for l := LevelCritical; l > LevelNone; l-- {
		if score >= levelFloors[l] {
			return l
		}
	}
	return LevelNone
}

// Floor returns the lowest score of the level.
func (l Level) Floor() int { return levelFloors[l] }

// String returns the level's name, in lower case.
func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return fmt.Sprintf("level(%d)", uint8(l))
}

// ParseLevel returns the level named s.
func ParseLevel(s string) (Level, error) {
	for i, name := range levelNames {
		if s == name {
			return Level(i), nil
		}
	}
	return LevelNone, fmt.Errorf("there is no level %q; the levels are informational, low, medium, high, critical", s)
}

// MarshalText writes the level's name.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads a level's name.
func (l *Level) UnmarshalText(b []byte) (err error) {
	*l, err = ParseLevel(string(b))
	return err
}
