package review

import (
	"net/url"

	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/desk/campaign"
)

// place is a position in the queue: a list, filtered and sorted, a page of it, and an item. It
// corresponds to the page's address.
type place struct {
	list  campaign.List
	query string
	sort  campaign.Sort
	after string
	// at is campaign:ID or finding:ID; "" is the first item that nobody else has claimed.
	at string
}

// placeOf reads an address; it replaces unknown values with the open list and the queue's order.
func placeOf(values url.Values) place {
	p := place{list: campaign.List(values.Get("list")), query: values.Get("q"), sort: campaign.Sort(values.Get("sort")), after: values.Get("after"), at: values.Get("at")}
	if !p.list.Valid() {
		p.list = campaign.ListOpen
	}
	known := false
	for _, sort := range campaign.Sorts() {
		known = known || sort == p.sort
	}
	if !known || !p.list.Sortable() {
		p.sort = campaign.SortQueue
	}
	return p
}

// placeOfPath reads the place that a form leads back to.
func placeOfPath(next string) place {
	u, err := url.Parse(page.LocalPath(next))
	if err != nil || u.Path != "/" {
		return placeOf(nil)
	}
	return placeOf(u.Query())
}

func (p place) url() string {
	values := url.Values{}
	for name, value := range map[string]string{"q": p.query, "sort": string(p.sort), "after": p.after, "at": p.at} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if p.list != campaign.ListOpen {
		values.Set("list", string(p.list))
	}
	return page.WithQuery("/", values)
}

// item is the place of an item on the same page of the list.
func (p place) item(subject string) place {
	p.at = subject
	return p
}

// first is the first page of the list.
func (p place) first() place {
	p.after, p.at = "", ""
	return p
}

// following is the page after a cursor.
func (p place) following(after string) place {
	p.after, p.at = after, ""
	return p
}

// filtered is the first page of the list with another query.
func (p place) filtered(query string) place {
	p = p.first()
	p.query = query
	return p
}
