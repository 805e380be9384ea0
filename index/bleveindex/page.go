package bleveindex

import (
	"encoding/json"
	"slices"
	"sort"

	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/locales"
)

// window is the requested part of the sorted hits.
type window index.Window

// candidate is a document that may be on the page. The id in its place is read when it is needed.
type candidate struct {
	index.Place
	part *part
	doc  uint32
}

// compare orders candidates from the beginning of the page.
func (w window) compare(a, b *candidate) int {
	if a.First == b.First && a.Seen == b.Seen {
		a.read()
		b.read()
	}
	if w.Backward {
		return b.Compare(&a.Place)
	}
	return a.Compare(&b.Place)
}

// read reads the id. A segment without an id for one of its documents is damaged.
func (c *candidate) read() {
	if c.ID != "" || c.part == nil {
		return
	}
	id, err := c.part.id(c.doc)
	if err != nil {
		panic(err) // guard turns it into ErrCorrupt
	}
	c.ID = id
}

// first returns candidates from the documents, as many as the page may need, and before: the number of
// documents before those that follow the cursor, or before the cursor itself if the page precedes it.
func (p *part) first(docs []uint32, order index.Sort, w window) (page []candidate, before int, err error) {
	seen, err := p.numbers(fieldSeen)
	if err != nil {
		return nil, 0, err
	}
	first := seen
	if order != "" && order != index.SortSeen {
		if first, err = p.numbers(string(order)); err != nil {
			return nil, 0, err
		}
	}
	var cursor candidate
	if w.At != nil {
		cursor.Place = *w.At
	}
	list := newTop(w.Skip+w.Size, w.compare)
	// The newest documents are mostly at the end of a segment; starting there avoids most changes of the
	// list.
	for _, doc := range slices.Backward(docs) {
		c := candidate{Place: index.Place{First: first(doc), Seen: seen(doc)}, part: p, doc: doc}
		if w.At != nil {
			isBehind := w.compare(&c, &cursor) > 0
			if isBehind == w.Backward {
				before++
			}
			if !isBehind {
				continue
			}
		}
		list.offer(c)
	}
	return list.list, before, nil
}

// page fills in the hits from the segments' candidates.
func (x *Index) page(res *index.Results, req index.Request, w window, list []found) error {
	hits := newTop(w.Skip+w.Size, w.compare)
	for _, f := range list {
		res.Total += f.total
		res.From += f.before
		for _, c := range f.page {
			hits.offer(c)
		}
	}
	page := hits.sorted()
	if w.At == nil {
		res.From = min(w.Skip, res.Total)
		page = page[min(w.Skip, len(page)):]
	}
	if w.Backward {
		slices.Reverse(page)
		res.From -= len(page)
	}
	res.Hits = make([]index.Hit, 0, len(page))
	for _, c := range page {
		hit, err := c.hit()
		if err != nil {
			return err
		}
		res.Hits = append(res.Hits, hit)
	}
	res.Link(req.Sort)
	return nil
}

// hit reads the part of a finding that a list shows.
func (c *candidate) hit() (hit index.Hit, err error) {
	text, err := c.part.stored(c.doc)
	if err != nil {
		return hit, err
	}
	if err := json.Unmarshal(text, &hit); err != nil {
		c.read()
		return hit, damaged(locales.Errorf("index.damaged.hit", c.ID, err))
	}
	return hit, nil
}

// top keeps the first values in an order.
type top[T any] struct {
	size    int
	compare func(a, b *T) int
	list    []T
	full    bool // the first size values are sorted; those after them are not
	next    T    // the value offered; kept here to save an allocation
}

func newTop[T any](size int, compare func(a, b *T) int) *top[T] {
	return &top[T]{size: size, compare: compare, list: []T{}}
}

// offer adds a value if it comes before the last one kept. It sorts when twice the size is reached, so that
// a value costs about one comparison.
func (t *top[T]) offer(v T) {
	t.next = v
	if t.size == 0 || t.full && t.compare(&t.next, &t.list[t.size-1]) >= 0 {
		return
	}
	t.list = append(t.list, t.next)
	if len(t.list) >= 2*t.size {
		t.sorted()
		t.full = true
	}
}

// sorted returns the first values in order.
func (t *top[T]) sorted() []T {
	// Sorted in place, so that an id that a comparison reads is read only once.
	sort.Slice(t.list, func(i, j int) bool { return t.compare(&t.list[i], &t.list[j]) < 0 })
	t.list = t.list[:min(len(t.list), t.size)]
	return t.list
}
