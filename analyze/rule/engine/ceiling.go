package engine

import "slices"

// On a dense page hundreds of places are full of a rule's words, and each holds nearly the
// same words as the one before it. Weighing them all took most of the time spent on such a
// page. So the terms that a place may hold are counted first, as it moves down the page, and
// only a place that may hold more than the best so far is weighed.

// ceiling counts the distinct terms that may help a condition in a place: all those that do,
// and some whose hits may turn out too weak.
type ceiling struct {
	sights   []sight // outside the head, in order
	head     []sight
	counts   []int32 // by term, its sights in the place and in the head
	from, to int     // the sights in the place
	distinct int
}

// sight is a region and a term in it; sights sort by their regions.
type sight uint64

func (s sight) region() int32 { return int32(s >> 32) }

func (s sight) term() int32 { return int32(s & (1<<32 - 1)) }

// begin gathers the hits that may help the outcome's condition; end has to follow.
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

// of returns how many terms a place may hold. Both its ends lie at or behind those of the
// place before.
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

// end forgets the hits.
func (c *ceiling) end() {
	for _, s := range c.sights[c.from:c.to] {
		c.remove(s)
	}
	for _, s := range c.head {
		c.remove(s)
	}
	c.sights, c.head, c.from, c.to = c.sights[:0], c.head[:0], 0, 0
}
