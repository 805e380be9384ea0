package ingest

import (
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
)

func TestTrap(t *testing.T) {
	now := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	for url, want := range map[string]qianshao.Skip{
		"http://a.cn/":                                            "",
		"http://a.cn/news/2026/11/11/11.html":                     "",
		"http://a.cn/rmrb/1957/03/01/1.html":                      "", // a newspaper's archive
		"http://a.cn/list/2048/3.html":                            "", // a list's third page
		"http://a.cn/read.php?tid=20990101":                       "",
		"http://a.cn/p/20270301/1.html":                           "",
		"http://a.cn/calendar/2026/12":                            "",
		"http://a.cn/a/b/a/b/c":                                   "",
		"http://a.cn/a/a/b":                                       "",
		"http://a.cn/x?u=" + strings.Repeat("1", 1500):            "",
		"http://a.cn/a/b/a/b/a/b":                                 qianshao.SkipRepeatedPath,
		"http://a.cn/x/a/a/a/y":                                   qianshao.SkipRepeatedPath,
		"http://a.cn/1/css/2/css/3/css/4/css/5/css/6":             qianshao.SkipRepeatedPath,
		"http://a.cn/news/2031/04/01/":                            qianshao.SkipCalendar,
		"http://a.cn/day?d=2031-4-1":                              qianshao.SkipCalendar,
		"http://a.cn/day?d=20310401":                              qianshao.SkipCalendar,
		"http://a.cn/calendar/2031/4":                             qianshao.SkipCalendar,
		"http://a.cn/rili?year=2031&month=4":                      qianshao.SkipCalendar,
		"http://a.cn/rili?month=1961-05":                          qianshao.SkipCalendar,
		"http://a.cn/x?u=" + strings.Repeat("1", maxURLLength-15): qianshao.SkipLongURL,
	} {
		if got := trap(url, now); got != want {
			t.Errorf("%.80s: %q, want %q", url, got, want)
		}
	}
}
