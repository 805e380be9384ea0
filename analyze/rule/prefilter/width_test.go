package prefilter

import "testing"

func TestMaxMatchWidth(t *testing.T) {
	for _, test := range []struct {
		expression string
		want       int16
	}{
		{`彩金`, 2},
		{`\d{2,4}\s*元\s*彩金`, 4},
		{`(?i)usd\d+`, 1},
		{`[a-z0-9-]{2,}\s*[.．点]\s*(?:com|net)`, 3},
		{`送[^。]{0,12}\d{2,}`, 14},
		{`(?:^|[^a-z])加\+`, 3},
		{`[^。]+元`, unbounded},
		{`彩.*金`, unbounded},
		{`彩{3}`, 3},
		{`㋉+`, unbounded},
		{`彩.{0,300}金`, unbounded},
	} {
		if got := (&folder{known: map[rune]form{}}).maxMatchWidth(treeOf(test.expression)); got != test.want {
			t.Errorf("%s is %d units wide, want %d", test.expression, got, test.want)
		}
	}
}
