package campaign

import (
	"time"

	"github.com/qianshao/qianshao"
)

// How long a finding may wait for a decision before it is overdue, by level: critical findings should reach
// the owner on the same day, doubtful ones within a month.
const (
	overdueCritical = 24 * time.Hour
	overdueHigh     = 3 * 24 * time.Hour
	overdueMedium   = 14 * 24 * time.Hour
	overdueLow      = 30 * 24 * time.Hour
)

// OverdueAfter is how long a finding of a level may wait for a decision.
func OverdueAfter(l qianshao.Level) time.Duration {
	switch l {
	case qianshao.LevelCritical:
		return overdueCritical
	case qianshao.LevelHigh:
		return overdueHigh
	case qianshao.LevelMedium:
		return overdueMedium
	}
	return overdueLow
}
