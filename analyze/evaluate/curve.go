package evaluate

import (
	"fmt"

	"github.com/qianshao/qianshao"
)

// CrimeShare is the share of malicious pages that the curve assumes: one page in a hundred. A
// labelled set holds far more of them than the sites that an operator watches, so the precision
// measured on the set alone would be too good.
const CrimeShare = 0.01

// Bucket says how reliable a score within its bounds is, on pages.
type Bucket struct {
	// Scores are the bounds, such as "40-59".
	Scores string `json:"scores"`
	Halves[BucketFigures]
}

// BucketFigures counts pages by their highest-scoring finding, whether or not it is an alert.
type BucketFigures struct {
	// Right counts malicious pages whose finding has the right category, Wrong those with another
	// category, and Innocent the pages that should have no finding.
	Right    int `json:"right"`
	Wrong    int `json:"wrong"`
	Innocent int `json:"innocent"`
	// Precision is the share of findings that would be right if CrimeShare of the pages were
	// malicious; 0 if there are no findings.
	Precision float64 `json:"precision"`
}

// curve measures each bucket of scores on the labelled pages.
func curve(outcomes []Outcome) (buckets []Bucket) {
	pages := filter(outcomes, func(o *Outcome) bool {
		return !o.Sample.IsMessage() && (o.Sample.Label.Innocent() || o.Sample.Label.Crime())
	})
	floors := []int{
		qianshao.LevelInformational.Floor(), qianshao.LevelMedium.Floor(),
		qianshao.LevelHigh.Floor(), qianshao.LevelCritical.Floor(), qianshao.MaxScore + 1,
	}
	for i, low := range floors[:len(floors)-1] {
		high := floors[i+1] - 1
		buckets = append(buckets, Bucket{fmt.Sprintf("%d-%d", low, high), halves(pages, func(half []Outcome) BucketFigures {
			return bucketFigures(half, low, high)
		})})
	}
	return buckets
}

func bucketFigures(pages []Outcome, low, high int) (b BucketFigures) {
	crime, innocent := 0, 0
	for i := range pages {
		o := &pages[i]
		if o.Sample.Label.Crime() {
			crime++
		} else {
			innocent++
		}
		score := o.Assessment.Score
		switch {
		case score < low || score > high:
		case o.Sample.Label.Innocent():
			b.Innocent++
		case o.Sample.Label.Covers(o.Assessment.Findings[0].Category):
			b.Right++
		default:
			b.Wrong++
		}
	}
	onCrime := func(n int) float64 { return CrimeShare * Count{n, crime}.Share() }
	right := onCrime(b.Right)
	if all := right + onCrime(b.Wrong) + (1-CrimeShare)*(Count{b.Innocent, innocent}).Share(); all > 0 {
		b.Precision = rounded(right / all)
	}
	return b
}
