package engine

import "slices"

// A dense page has hundreds of places full of a rule's words, each with nearly the same words as
// the one before. Weighing all of them took most of the time spent on such a page. So the terms
// that a place may have are counted first, as the place moves down the page, and only a place that
// may have more than the best so far is weighed.

// ceiling counts the distinct terms that may help a condition in a place. It includes all that do,
// and some whose hits may turn out to be too weak.
type ceiling struct {
	sights   []sight // outside the head, in order
	head     []sight
	counts   []int32 // by term: its sights in the place and in the head
	from, to int     // the sights in the place
	distinct int
}

// sight is a region and a term in it; sights sort by their regions.
type sight uint64

func (s sight) region() int32 { return int32(s >> 32) }

func (s sight) term() int32 { return int32(s & (1<<32 - 1)) }

// begin collects the hits that may help the outcome's condition. Call end afterwards.
func (c *ceiling) begin(o outcome) {
	for i, b := range o.d.blocks {
		if !b.positive {
			continue
		}
		hits := o.state(i).hits
		for k := range hits {
			h := &hits[k]
			region := &o.e.page.traits[h.region]
			if h.isolated || o.concealed && !region.concealed {
				continue
			}
			s := sight(h.region)<<32 | sight(h.term)
			if region.kind&headKinds == 0 {
				c.sights = append(c.sights, s)
				continue
			}
			c.head = append(c.head, s)
			c.add(s)
		}
	}
	slices.Sort(c.sights)
	c.sights = slices.Compact(c.sights)
}

// of returns how many terms a place may have. From call to call, neither end of the place may move
// up the page.
func (c *ceiling) of(p *place) int {
	for ; c.to < len(c.sights) && c.sights[c.to].region() <= p.last; c.to++ {
		c.add(c.sights[c.to])
	}
	for ; c.from < c.to && c.sights[c.from].region() < p.first; c.from++ {
		c.remove(c.sights[c.from])
	}
	return c.distinct
}

func (c *ceiling) add(s sight) {
	if c.counts[s.term()]++; c.counts[s.term()] == 1 {
		c.distinct++
	}
}

func (c *ceiling) remove(s sight) {
	if c.counts[s.term()]--; c.counts[s.term()] == 0 {
		c.distinct--
	}
}

// end discards the hits.
func (c *ceiling) end() {
	for _, s := range c.sights[c.from:c.to] {
		c.remove(s)
	}
	for _, s := range c.head {
		c.remove(s)
	}
	c.sights, c.head, c.from, c.to = c.sights[:0], c.head[:0], 0, 0
}
