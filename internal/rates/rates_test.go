package rates_test

import (
	"math"
	"testing"

	"github.com/qianshao/qianshao/internal/rates"
)

// TestWilson compares the interval with Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
func TestWilson(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		n, all    int
		low, high float64
	}{
		{81, 263, .2553, .3662}, {15, 148, .0624, .1605}, {0, 20, 0, .1611}, {1, 29, .0061, .1718}, {0, 0, 0, 1}, {20, 20, .8389, 1},
	} {
		low, high := rates.Wilson(tc.n, tc.all)
		if math.Abs(low-tc.low) > .00005 || math.Abs(high-tc.high) > .00005 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", tc.n, tc.all, low, high, tc.low, tc.high)
		}
	}
}

// TestKappa: of 50 applications, two readers both accept 20 and both refuse 15. So they agree in .7
// of the cases, and would by chance in .5.
func TestKappa(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		table map[[2]string]int
		want  float64
		ok    bool
	}{
		{"readers", map[[2]string]int{{"yes", "yes"}: 20, {"yes", "no"}: 5, {"no", "yes"}: 10, {"no", "no"}: 15}, .4, true},
		{"always", map[[2]string]int{{"yes", "yes"}: 3, {"no", "no"}: 7}, 1, true},
		{"never", map[[2]string]int{{"yes", "no"}: 5, {"no", "yes"}: 5}, -1, true},
		{"three answers", map[[2]string]int{{"a", "a"}: 4, {"b", "b"}: 3, {"c", "c"}: 1, {"a", "b"}: 1, {"c", "a"}: 1}, (.8 - .39) / (1 - .39), true},
		{"one answer", map[[2]string]int{{"yes", "yes"}: 9}, 0, false},
		{"none", nil, 0, false},
	} {
		got, ok := rates.Kappa(tc.table)
		if ok != tc.ok || math.Abs(got-tc.want) > 1e-9 {
			t.Errorf("%s: %v, %v, want %v, %v", tc.name, got, ok, tc.want, tc.ok)
		}
	}
}
