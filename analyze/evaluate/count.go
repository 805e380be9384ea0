package evaluate

import (
	"fmt"
	"math"

	"github.com/qianshao/qianshao/internal/rates"
)

// Count is the number of texts, pages or sites of which something is true. In JSON it is "3/140",
// so that a changed figure is a one-line diff.
type Count struct{ N, Of int }

// MarshalText writes "3/140".
func (c Count) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%d/%d", c.N, c.Of), nil }

// UnmarshalText reads "3/140".
func (c *Count) UnmarshalText(text []byte) error {
	_, err := fmt.Sscanf(string(text), "%d/%d", &c.N, &c.Of)
	return err
}

func (c *Count) add(hit bool) {
	c.Of++
	if hit {
		c.N++
	}
}

// Share returns N as a share of Of; 0 if Of is 0.
func (c Count) Share() float64 {
	if c.Of == 0 {
		return 0
	}
	return float64(c.N) / float64(c.Of)
}

// Interval returns the ends of the 95 % confidence interval of the share; see rates.Wilson.
func (c Count) Interval() (low, high float64) { return rates.Wilson(c.N, c.Of) }

// Tally counts by text and by site. A site counts once; it is a hit if one of its pages is.
// Messages have no sites.
type Tally struct {
	Texts Count `json:"texts"`
	Sites Count `json:"sites,omitzero"`
}

// tally counts the outcomes that are a hit.
func tally(outcomes []Outcome, hit func(*Outcome) bool) (t Tally) {
	sites := map[string]bool{}
	for i := range outcomes {
		o := &outcomes[i]
		t.Texts.add(hit(o))
		if !o.Sample.IsMessage() {
			sites[o.Sample.Site] = sites[o.Sample.Site] || hit(o)
		}
	}
	for _, hit := range sites {
		t.Sites.add(hit)
	}
	return t
}

func tallies(outcomes []Outcome, hit func(*Outcome) bool) Halves[Tally] {
	return halves(outcomes, func(half []Outcome) Tally { return tally(half, hit) })
}

// counts counts hits by text alone.
func counts(outcomes []Outcome, hit func(*Outcome) bool) Halves[Count] {
	return halves(outcomes, func(half []Outcome) Count { return tally(half, hit).Texts })
}

// rounded keeps four decimal places, so that figures in a golden file are short.
func rounded(x float64) float64 { return math.Round(x*10_000) / 10_000 }
