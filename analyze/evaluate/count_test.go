package evaluate_test

import (
	"math"
	"testing"

	"github.com/qianshao/qianshao/analyze/evaluate"
)

// The intervals are those of R. G. Newcombe, "Two-sided confidence intervals for
// the single proportion" (1998), table I, method 3.
func TestInterval(t *testing.T) {
	for _, test := range []struct {
		count     evaluate.Count
		low, high float64
	}{
		{evaluate.Count{N: 81, Of: 263}, 0.2553, 0.3662},
		{evaluate.Count{N: 15, Of: 148}, 0.0624, 0.1605},
		{evaluate.Count{N: 0, Of: 20}, 0, 0.1611},
		{evaluate.Count{N: 1, Of: 29}, 0.0061, 0.1718},
		{evaluate.Count{N: 20, Of: 20}, 0.8389, 1},
		{evaluate.Count{}, 0, 1},
	} {
		low, high := test.count.Interval()
		if math.Abs(low-test.low) > 5e-5 || math.Abs(high-test.high) > 5e-5 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", test.count.N, test.count.Of, low, high, test.low, test.high)
		}
	}
}
