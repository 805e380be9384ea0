package syntax

import "slices"

// Truth is a truth value of Kleene's logic: true, false or not known yet.
type Truth uint8

// The values of Truth are ordered: "and" is the least of its parts, "or" the greatest, and "not" is
// Yes minus its part.
const (
	No Truth = iota
	Maybe
	Yes
)

// Eval decides the condition. block and near say what holds on the page.
func (c *Condition) Eval(block func(int) Truth, near func(*Condition) Truth) Truth {
	switch c.Op {
	case OpBlock:
		return block(c.Block)
	case OpNear:
		return near(c)
	case OpNot:
		return Yes - c.Parts[0].Eval(block, near)
	}
	return c.join(func(part *Condition) Truth { return part.Eval(block, near) })
}

// HoldsBy says whether the condition holds if the given blocks hold wherever they are wanted, and
// no block holds behind a not.
func (c *Condition) HoldsBy(blocks []bool) bool {
	return c.evalSigned(true, func(leaf *Condition, positive bool) Truth {
		if positive && blocks[leaf.Block] && (leaf.Op == OpBlock || leaf.Other == NoBlock || blocks[leaf.Other]) {
			return Yes
		}
		return No
	}) == Yes
}

// HoldsOnNothing says whether the condition holds on an empty page.
func (c *Condition) HoldsOnNothing() bool {
	return c.Eval(func(int) Truth { return No }, func(*Condition) Truth { return No }) == Yes
}

// evalSigned decides the condition for leaves (OpBlock and OpNear) whose truth depends on the
// number of nots in front of them: positive is false if it is odd.
func (c *Condition) evalSigned(positive bool, leaf func(c *Condition, positive bool) Truth) Truth {
	switch c.Op {
	case OpBlock, OpNear:
		return leaf(c, positive)
	case OpNot:
		return Yes - c.Parts[0].evalSigned(!positive, leaf)
	}
	return c.join(func(part *Condition) Truth { return part.evalSigned(positive, leaf) })
}

// join decides an and, an or or a count by the truth of its parts.
func (c *Condition) join(truth func(*Condition) Truth) Truth {
	switch c.Op {
	case OpAnd:
		out := Yes
		for _, part := range c.Parts {
			if out = min(out, truth(part)); out == No {
				break
			}
		}
		return out
	case OpOr:
		out := No
		for _, part := range c.Parts {
			if out = max(out, truth(part)); out == Yes {
				break
			}
		}
		return out
	}
	return c.count(truth)
}

func (c *Condition) count(truth func(*Condition) Truth) Truth {
	sure, possible := 0, 0
	for _, part := range c.Parts {
		switch truth(part) {
		case Yes:
			sure++
			possible++
		case Maybe:
			possible++
		}
	}
	switch {
	case sure >= c.N:
		return Yes
	case possible >= c.N:
		return Maybe
	}
	return No
}

// Each calls f for the condition and all parts below it.
func (c *Condition) Each(f func(*Condition)) {
	f(c)
	for _, part := range c.Parts {
		part.Each(f)
	}
}

// Positive says which of n blocks can help to make the condition true: those that occur without a
// not in front of them, and those that an away behind a not refers to.
func (c *Condition) Positive(n int) []bool {
	out := make([]bool, n)
	c.markPositive(out, true)
	return out
}

func (c *Condition) markPositive(blocks []bool, positive bool) {
	switch c.Op {
	case OpBlock:
		blocks[c.Block] = blocks[c.Block] || positive
	case OpNear:
		blocks[c.Block] = blocks[c.Block] || positive
		if c.Other != NoBlock {
			blocks[c.Other] = blocks[c.Other] || positive
		}
		for _, from := range c.Away {
			blocks[from.Block] = blocks[from.Block] || !positive
		}
	case OpNot:
		positive = !positive
	}
	for _, part := range c.Parts {
		part.markPositive(blocks, positive)
	}
}

// CheapestFirst returns a copy with its parts ordered by the cost of deciding them: blocks of
// terms, blocks with regular expressions, near. It also returns the total cost.
func (c *Condition) CheapestFirst(blockCost func(int) int) (*Condition, int) {
	out, cost := *c, 0
	switch c.Op {
	case OpBlock:
		return &out, blockCost(c.Block)
	case OpNear:
		cost := 10 + blockCost(c.Block)
		if c.Other != NoBlock {
			cost += blockCost(c.Other)
		}
		for _, d := range c.Away {
			cost += blockCost(d.Block)
		}
		return &out, cost
	}
	type priced struct {
		part *Condition
		cost int
	}
	parts := make([]priced, len(c.Parts))
	for i, part := range c.Parts {
		sorted, price := part.CheapestFirst(blockCost)
		parts[i] = priced{sorted, price}
		cost += price
	}
	slices.SortStableFunc(parts, func(x, y priced) int { return x.cost - y.cost })
	out.Parts = make([]*Condition, len(parts))
	for i, p := range parts {
		out.Parts[i] = p.part
	}
	return &out, cost
}
