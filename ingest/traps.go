package ingest

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
)

// Bounds against spider traps: parts of a site, mostly made by mistake, that
// have endless new URLs. Each bound has its own Skip, so that an operator sees
// what was left out. They apply to links and sitemaps, not to seeds, which a
// person has chosen.
const (
	// maxURLLength is the length of Internet Explorer's address bar, to which sites still keep;
	// Heritrix has the same limit. Longer URLs are usually generated without end.
	maxURLLength = 2083
	// maxRepeats is how many times in a row a group of path segments may occur:
	// /a/a and /a/b/a/b exist, but a third time is a relative link gone wrong.
	maxRepeats = 2
	// maxGroup is the longest such group, in segments.
	maxGroup = 4
	// maxSameSegment is how often one segment may occur anywhere in a path.
	// /2025/11/11/11.html has three.
	maxSameSegment = 4
	// firstYear is when the web began; calendars page back beyond it.
	firstYear = 1990
	// maxAhead is how far ahead a date in a URL may lie: pages announce events
	// of next year, but calendars go on for ever.
	maxAhead = 400 * 24 * time.Hour
	// DefaultQueryVariants is a quarter of DefaultHostBudget: a forum puts
	// thousands of threads under one path, and what remains of the budget is
	// left for the rest of the site.
	DefaultQueryVariants = DefaultHostBudget / 4
)

// trap returns why a link is taken for part of a spider trap, or "".
func trap(canonical string, now time.Time) qianshao.Skip {
	_, rest, _ := strings.Cut(canonical, "://")
	_, rest, _ = strings.Cut(rest, "/")
	path, _, _ := strings.Cut(rest, "?")
	switch {
	case len(canonical) > maxURLLength:
		return qianshao.SkipLongURL
	case repeats(path):
		return qianshao.SkipRepeatedPath
	case isMadeUpDate(rest, now):
		return qianshao.SkipCalendar
	}
	return ""
}

// repeats says whether a path repeats itself more than paths of pages do.
func repeats(path string) bool {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	if len(segments) <= maxRepeats {
		return false
	}
	count := map[string]int{}
	for _, s := range segments {
		if count[s]++; count[s] > maxSameSegment {
			return true
		}
	}
	for size := 1; size <= maxGroup; size++ {
		same := 0 // segments in a row that equal the segment one group earlier
		for i := size; i < len(segments); i++ {
			if segments[i] != segments[i-size] {
				same = 0
				continue
			}
			if same++; same >= size*maxRepeats {
				return true
			}
		}
	}
	return false
}

// fullDate finds a year, month and day: 2031/04/01, 2031-4-1.
var fullDate = regexp.MustCompile(`(?:^|[^0-9])([0-9]{4})[-/_.]([0-9]{1,2})[-/_.][0-9]{1,2}(?:[^0-9]|$)`)

// monthPage finds a year and month where the URL says that it belongs to a
// calendar: calendar/2031/4, month=2031-04, date=20310401, year=2031&month=4.
// Without such a word 2048/3 may be the third page of a list.
var monthPage = regexp.MustCompile(`(?i)(?:calendar|rili|riqi|month|date|day|year|\b[dy])[=/_-]([0-9]{4})(?:[-/_.]?|&(?:month|mon|m)=)([0-9]{1,2})(?:[0-9]{2})?(?:[^0-9]|$)`)

// isMadeUpDate says whether a path or query names a date far ahead, or, in a calendar, a month before
// there was a web. Outside calendars an early date is fine: newspapers have archives.
func isMadeUpDate(text string, now time.Time) bool {
	if !strings.ContainsAny(text, "0123456789") {
		return false
	}
	latest := now.Add(maxAhead)
	for _, m := range fullDate.FindAllStringSubmatch(text, -1) {
		if at, ok := monthOf(m[1], m[2]); ok && at.After(latest) {
			return true
		}
	}
	for _, m := range monthPage.FindAllStringSubmatch(text, -1) {
		if at, ok := monthOf(m[1], m[2]); ok && (at.After(latest) || at.Year() < firstYear) {
			return true
		}
	}
	return false
}

// monthOf returns the first day of a month; ok is false for numbers that are not a month. A year beyond
// 2100 is taken for an id: a calendar is stopped long before it gets there.
func monthOf(year, month string) (at time.Time, ok bool) {
	y, yearErr := strconv.Atoi(year)
	m, monthErr := strconv.Atoi(month)
	ok = yearErr == nil && monthErr == nil && m >= 1 && m <= 12 && y >= 1900 && y <= 2100
	return time.Date(y, time.Month(m), 1, 0, 0, 0, 0, time.UTC), ok
}
