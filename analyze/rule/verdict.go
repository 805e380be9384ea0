package rule

// verdict decides one detection's condition from the page's state.
type verdict struct {
	e *evaluation
	d *detection
}

func (e *evaluation) verdict(d *detection) verdict { return verdict{e, d} }

// holds says whether the condition does; maybe only before the regular
// expressions have been run.
func (v verdict) holds() truth {
	return v.d.fast.eval(v.block, v.near)
}

func (v verdict) state(local int) *blockState {
	return &v.e.states[v.d.blocks[local].index]
}

func (v verdict) block(local int) truth {
	b, st := v.d.blocks[local], v.state(local)
	switch {
	case st.strong >= b.min:
		return yes
	case !v.e.patternsRun && len(b.patterns) > 0:
		return maybe
	case st.all >= b.min && v.corroborated(local):
		return yes
	case st.all >= b.min && !v.e.patternsRun && len(v.d.patternBlocks) > 0:
		return maybe // a pattern of another block may still corroborate
	}
	return no
}

// corroborated says whether another block of the rule is satisfied by plain
// hits alone, so that disguised short terms may count.
func (v verdict) corroborated(local int) bool {
	for i, b := range v.d.blocks {
		if i != local && b.positive && v.state(i).plain >= b.min {
			return true
		}
	}
	return false
}

// near says whether both blocks hold and two of their hits stand close enough.
func (v verdict) near(n *node) truth {
	both := min(v.block(n.block), v.block(n.other))
	switch {
	case both == no || v.pairs(n, false, false):
		return both
	case v.e.patternsRun:
		return no
	case len(v.d.blocks[n.block].patterns)+len(v.d.blocks[n.other].patterns) > 0 || v.pairs(n, true, false):
		return maybe
	}
	return no
}

// pairs looks for hits of both blocks that have at most n.n characters between
// them in one region. With hope, weak hits count as if they were corroborated;
// with mark, the pairs are noted as evidence.
func (v verdict) pairs(n *node, hope, mark bool) (found bool) {
	left, right := v.state(n.block).hits, v.state(n.other).hits
	leftWeak, rightWeak := hope || v.corroborated(n.block), hope || v.corroborated(n.other)
	next, reach := 0, int32(n.n)
	for i := range left {
		a := &left[i]
		if a.weak && !leftWeak {
			continue
		}
		for next < len(right) && (right[next].region < a.region || right[next].region == a.region && right[next].last < a.first-reach-1) {
			next++
		}
		for k := next; k < len(right) && right[k].region == a.region && right[k].first <= a.last+reach+1; k++ {
			b := &right[k]
			same := a.term == b.term && a.first == b.first // one word in both blocks' lists is one hit
			if same || b.weak && !rightWeak || b.last < a.first-reach-1 {
				continue
			}
			found = true
			if !mark {
				return true
			}
			a.used, b.used = true, true
			break
		}
	}
	return found
}

// collect marks the hits that make the condition true and returns the satisfied blocks.
func (v verdict) collect(n *node, blocks map[int]bool) {
	if n.eval(v.block, v.near) != yes {
		return
	}
	switch n.op {
	case opNot:
		return
	case opNear:
		v.pairs(n, false, true)
		blocks[n.block], blocks[n.other] = true, true
		return
	case opBlock:
		weak := v.corroborated(n.block)
		hits := v.state(n.block).hits
		for i := range hits {
			hits[i].used = hits[i].used || weak || !hits[i].weak
		}
		blocks[n.block] = true
		return
	}
	for _, kid := range n.kids {
		v.collect(kid, blocks)
	}
}
