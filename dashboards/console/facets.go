package console

import (
	"slices"
	"strconv"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/untrusted"
)

// facetShown is how many values of a facet are shown before it is unfolded.
const facetShown = 7

// chip is a clause with a link: an active one that can be removed, or an example.
type chip struct{ Text, URL string }

type facet struct {
	Name        string
	Shown, More []facetValue
}

type facetValue struct {
	Label   string
	Hint    string // the meaning of the label, if it does not say so itself
	Code    string // the level's code, for its colour
	Count   int
	Percent int // of the largest count
	URL     string
	Active  bool
}

// dayBar is one day of the histogram, in units of its viewBox.
type dayBar struct {
	Label        string
	X, Y, Height int
	URL          string
	Active       bool
}

func (v *searchPage) chips(query index.Node) {
	for _, c := range v.Layout.Chips(query) {
		v.Chips = append(v.Chips, chip{c.Text, v.link(c.Without)})
	}
}

// facets makes each value a link that adds its clause to the query, or removes it if it is already
// there.
func (v *searchPage) facets(query index.Node, counts map[string][]index.FacetCount) {
	active := page.Clauses(query)
	for _, name := range []string{"level", "category", "verdict", "state", "host", "rule"} {
		values := counts[name]
		if name == "level" {
			slices.SortStableFunc(values, byLevel)
		}
		f := facet{Name: name}
		largest := 1
		for _, fc := range values {
			largest = max(largest, fc.Count)
		}
		for _, fc := range values {
			value := v.facetValue(query, active, name, fc)
			value.Percent = max(1, 100*fc.Count/largest)
			if len(f.Shown) < facetShown || value.Active {
				f.Shown = append(f.Shown, value)
			} else {
				f.More = append(f.More, value)
			}
		}
		if len(values) > 0 {
			v.Facets = append(v.Facets, f)
		}
	}
	v.days(query, active, counts["day"])
}

// byLevel puts the most urgent level first.
func byLevel(a, b index.FacetCount) int {
	la, _ := qianshao.ParseLevel(a.Value)
	lb, _ := qianshao.ParseLevel(b.Value)
	return int(lb) - int(la)
}

func (v *searchPage) facetValue(query index.Node, active []string, name string, fc index.FacetCount) facetValue {
	cl := page.Clause(name, fc.Value)
	out := facetValue{Label: untrusted.Plain(fc.Value), Count: fc.Count, Active: slices.Contains(active, cl)}
	switch name {
	case "level":
		out.Label, out.Code = v.Language.Named("level.", fc.Value), fc.Value
	case "state":
		out.Label = v.Language.Named("state.", fc.Value)
	case "verdict":
		out.Label = v.Language.Named("answer.", fc.Value)
	case "category":
		out.Label = v.Language.Named("category.", fc.Value)
	case "rule":
		if r, ok := v.rule(fc.Value); ok {
			out.Label, out.Hint = untrusted.Plain(r.Title), untrusted.Plain(fc.Value)
		}
	case "host":
		out.Label = untrusted.DefangHost(out.Label)
	}
	out.URL = v.link(page.WithClause(query, cl))
	if out.Active {
		out.URL = v.link(page.WithoutClause(query, cl))
	}
	return out
}

// barHeight is the height of the histogram's tallest bar, in units of its viewBox.
const barHeight = 40

// days draws the last FacetDays days: up to today, or up to the newest day with findings if that is
// longer ago. A day in the future, from a clock that was ahead, is listed but not drawn.
func (v *searchPage) days(query index.Node, active []string, counts []index.FacetCount) {
	byDay, largest := map[string]int{}, 1
	var newest time.Time
	for _, fc := range counts {
		day, err := time.ParseInLocation(time.DateOnly, fc.Value, v.TimeZone())
		if err != nil {
			continue
		}
		byDay[fc.Value] = fc.Count
		largest = max(largest, fc.Count)
		if day.After(newest) {
			newest = day
		}
	}
	if len(byDay) == 0 {
		return
	}
	if today := index.Day(v.Now, v.TimeZone()); today.Sub(newest) < index.FacetDays*24*time.Hour {
		newest = today
	}
	for i := range index.FacetDays {
		day := newest.AddDate(0, 0, i-index.FacetDays+1).Format(time.DateOnly)
		n := byDay[day]
		bar := dayBar{Label: day + " · " + strconv.Itoa(n), X: 10 * i, Height: 1}
		if n > 0 {
			bar.Height = max(3, barHeight*n/largest)
			f := v.facetValue(query, active, "seen", index.FacetCount{Value: day})
			bar.URL, bar.Active = f.URL, f.Active
		}
		bar.Y = barHeight - bar.Height
		v.Days = append(v.Days, bar)
	}
	f := facet{Name: "day"}
	for _, fc := range counts {
		value := v.facetValue(query, active, "seen", fc)
		value.Percent = max(1, 100*fc.Count/largest)
		if len(f.Shown) < facetShown || value.Active {
			f.Shown = append(f.Shown, value)
		} else {
			f.More = append(f.More, value)
		}
	}
	v.Facets = slices.Insert(v.Facets, min(2, len(v.Facets)), f)
}
