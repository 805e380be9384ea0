package console

import (
	"context"
	"errors"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/untrusted"
	"github.com/qianshao/qianshao/index"
)

const (
	// pageSize is how many findings one page of results shows.
	pageSize = 20
	// facetShown values of a facet are open to view; the rest unfolds.
	facetShown = 7
	// snippetRunes bounds the evidence in a list, in characters.
	snippetRunes = 60
	// queryLead is how much of a query is shown before and behind a mistake, in characters.
	queryLead = 80
)

// searchPage is the model of the front page: a query with its findings.
type searchPage struct {
	*layout
	Error  *queryError
	Chips  []chip
	Facets []facet
	Days   []dayBar
	Groups []group
	Total  int
	From   int
	To     int
	Took   string
	Prev   string
	Next   string
	// Capped is MaxWindow if paging ends before the hits do, else 0.
	Capped int
	// Empty is none, nohit or end if there is nothing to list.
	Empty    string
	Examples []chip
}

// queryError shows where a query cannot be read: the text before, at and after the place.
type queryError struct{ Before, At, After, Message string }

// chip is a clause with a link: one that is active and can be removed, or an example.
type chip struct{ Text, URL string }

type facet struct {
	Name        string
	Shown, More []facetValue
}

type facetValue struct {
	Label   string
	Code    string // the level's code, for its colour
	Count   int
	Percent int // of the largest value
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

// group is the findings of one page that follow each other in the results.
type group struct {
	URL, Title string
	Rows       []row
}

type row struct {
	index.Hit
	Link          string
	Name          string // the rule's title
	Before, After string
	Match         []untrusted.Piece
}

// offsetOf reads the parameter offset; a page that is not a number up to limit is the first.
func offsetOf(r *http.Request, limit int) int {
	n, err := strconv.Atoi(r.FormValue("offset"))
	if err != nil || n < 0 || n > limit {
		return 0
	}
	return n
}

func searchURL(query string, offset int) string {
	values := url.Values{}
	if query != "" {
		values.Set("q", query)
	}
	if offset > 0 {
		values.Set("offset", strconv.Itoa(offset))
	}
	if len(values) == 0 {
		return "/"
	}
	return "/?" + values.Encode()
}

func (c *Console) serveSearch(w http.ResponseWriter, r *http.Request) {
	v := &searchPage{layout: c.layout(w, r, "search.title")}
	v.Query = strings.TrimSpace(r.FormValue("q"))
	for _, q := range []string{"level:>=high", "hidden:true", "category:gambling", `"注册送"`, "seen:>=7d"} {
		v.Examples = append(v.Examples, chip{q, searchURL(q, 0)})
	}
	query, err := index.Parse(v.Query, c.now())
	if err != nil {
		v.Error = v.explain(err)
		c.render(w, r, http.StatusBadRequest, "search", v)
		return
	}
	offset := offsetOf(r, index.MaxWindow-pageSize)
	results, err := c.index.Search(r.Context(), index.Request{Query: query, Offset: offset, Limit: pageSize})
	if err != nil {
		c.failWith(w, r, err)
		return
	}
	v.chips(query)
	v.facets(query, results.Facets)
	if err := c.list(r.Context(), v, offset, results.Hits); err != nil {
		c.failWith(w, r, err)
		return
	}
	v.paging(offset, results)
	if err := c.whyEmpty(r.Context(), v, offset); err != nil {
		c.failWith(w, r, err)
		return
	}
	c.render(w, r, http.StatusOK, "search", v)
}

// explain cuts the query at the character at which it cannot be read.
func (v *searchPage) explain(err error) *queryError {
	var syntax *index.SyntaxError
	if !errors.As(err, &syntax) {
		return &queryError{Message: err.Error()}
	}
	text := []rune(syntax.Query)
	at := min(max(syntax.Column-1, 0), len(text))
	from, to := max(0, at-queryLead), min(len(text), at+queryLead)
	e := &queryError{
		Before: string(text[from:at]), At: "␣",
		Message: v.T("query.at", syntax.Column, syntax.Message),
	}
	if at < len(text) {
		e.At, e.After = string(text[at]), string(text[at+1:max(at+1, to)])
	}
	return e
}

func (v *searchPage) chips(query index.Node) {
	for _, part := range clauses(query) {
		v.Chips = append(v.Chips, chip{part, searchURL(without(query, part), 0)})
	}
}

// facets makes each value a link that adds its clause to the query, or removes
// it if it is there.
func (v *searchPage) facets(query index.Node, counts map[string][]index.FacetCount) {
	active := clauses(query)
	for _, name := range []string{"level", "category", "state", "host", "rule"} {
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

// byLevel puts the most urgent first.
func byLevel(a, b index.FacetCount) int {
	la, _ := qianshao.ParseLevel(a.Value)
	lb, _ := qianshao.ParseLevel(b.Value)
	return int(lb) - int(la)
}

func (v *searchPage) facetValue(query index.Node, active []string, name string, fc index.FacetCount) facetValue {
	cl := clause(name, fc.Value)
	out := facetValue{Label: untrusted.Plain(fc.Value), Count: fc.Count, Active: slices.Contains(active, cl)}
	switch name {
	case "level":
		out.Label, out.Code = v.lang.Named("level.", fc.Value), fc.Value
	case "state":
		out.Label = v.lang.Named("state.", fc.Value)
	case "category":
		out.Label = v.lang.Named("category.", fc.Value)
	case "host":
		out.Label = untrusted.DefangHost(out.Label)
	}
	out.URL = searchURL(with(query, cl), 0)
	if out.Active {
		out.URL = searchURL(without(query, cl), 0)
	}
	return out
}

// barHeight is the height of the histogram's tallest bar, in units of its viewBox.
const barHeight = 40

// days draws the last FacetDays days up to the newest that has findings.
func (v *searchPage) days(query index.Node, active []string, counts []index.FacetCount) {
	byDay, largest := map[string]int{}, 1
	var newest time.Time
	for _, fc := range counts {
		day, err := time.Parse(time.DateOnly, fc.Value)
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
	if today := v.now.UTC().Truncate(24 * time.Hour); newest.Before(today) && today.Sub(newest) < index.FacetDays*24*time.Hour {
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

// list groups the hits by page and looks up in the store what the index does
// not hold: the rule's title, and where in the snippet the evidence begins.
func (c *Console) list(ctx context.Context, v *searchPage, offset int, hits []index.Hit) error {
	back := strings.TrimPrefix(searchURL(v.Query, offset), "/") // so that the finding's page leads back here
	ids := make([]string, 0, len(hits))
	for _, hit := range hits {
		ids = append(ids, hit.ID)
	}
	findings, err := c.store.Findings(ctx, ids)
	if err != nil {
		return err
	}
	for _, hit := range hits {
		line := row{Hit: hit, Link: "/findings/" + url.PathEscape(hit.ID) + back, Name: hit.Rule, Before: untrusted.Plain(hit.Evidence)}
		if f, ok := findings[hit.ID]; ok {
			line.Name = untrusted.Plain(f.Title)
			if e, ok := f.Primary(); ok {
				line.Before, line.After = untrusted.Plain(e.Before), untrusted.Plain(e.After)
				text := html.UnescapeString(e.Text) // as Before and After are
				line.Match = untrusted.Reveal(untrusted.First(text, snippetRunes), untrusted.LookMark)
			}
		}
		if n := len(v.Groups); n == 0 || v.Groups[n-1].URL != hit.URL {
			v.Groups = append(v.Groups, group{URL: hit.URL, Title: untrusted.Plain(hit.Title)})
		}
		g := &v.Groups[len(v.Groups)-1]
		g.Rows = append(g.Rows, line)
	}
	for i := range v.Groups {
		slices.SortStableFunc(v.Groups[i].Rows, func(a, b row) int { return b.Score - a.Score })
	}
	return nil
}

func (v *searchPage) paging(offset int, results index.Results) {
	v.Total, v.Took = results.Total, results.Took.Round(100*time.Microsecond).String()
	if len(results.Hits) == 0 {
		return
	}
	v.From, v.To = offset+1, offset+len(results.Hits)
	if offset > 0 {
		v.Prev = searchURL(v.Query, max(0, offset-pageSize))
	}
	if next := offset + pageSize; next < results.Total {
		if next+pageSize <= index.MaxWindow {
			v.Next = searchURL(v.Query, next)
		} else {
			v.Capped = index.MaxWindow
		}
	}
}

// whyEmpty sets Empty: an empty database is not the same as a query without hits.
func (c *Console) whyEmpty(ctx context.Context, v *searchPage, offset int) error {
	switch {
	case len(v.Groups) > 0:
		return nil
	case offset > 0 && v.Total > 0:
		v.Empty = "end"
		return nil
	case v.Query == "":
		v.Empty = "none"
		return nil
	}
	all, err := c.index.Search(ctx, index.Request{})
	if err != nil {
		return err
	}
	v.Empty = "nohit"
	if all.Total == 0 {
		v.Empty = "none"
	}
	return nil
}
