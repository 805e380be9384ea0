package rule

import "testing"

func TestReach(t *testing.T) {
	for _, test := range []struct {
		pattern string
		want    int16
	}{
		{`彩金`, 2},
		{`\d{2,4}\s*元\s*彩金`, 4},
		{`(?i)usd\d+`, 1},
		{`[a-z0-9-]{2,}\s*[.．点]\s*(?:com|net)`, 3},
		{`送[^。]{0,12}\d{2,}`, 14},
		{`(?:^|[^a-z])加\+`, 3},
		{`[^。]+元`, endless},
		{`彩.*金`, endless},
		{`彩{3}`, 3},
		{`㋉+`, endless},
		{`彩.{0,300}金`, endless},
	} {
		if got := (&folder{known: map[rune]form{}}).reachOf((&pattern{text: test.pattern}).tree()); got != test.want {
			t.Errorf("%s reaches %d units, want %d", test.pattern, got, test.want)
		}
	}
}
