package extract

import (
	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/extract/ascii"
	"github.com/qianshao/qianshao/analyze/extract/mapped"
	"golang.org/x/net/html/atom"
)

const (
	// stepsPerElement bounds selector matching: some tens of compounds are
	// compared for an element of an ordinary page.
	stepsPerElement = 256
	// freeSteps are granted to any page.
	freeSteps = 1 << 20
	// maxStyleCache bounds the distinct style attributes that are kept parsed.
	maxStyleCache = 4096
)

// cascaded is what the cascade gives one element: of each property the
// declaration with the highest priority. Only entries whose bit is set count.
type cascaded struct {
	set        uint32
	priorities [propCount]uint64
	values     [propCount]value
}

func (d *cascaded) has(p property) bool { return d.set&(1<<p) != 0 }

// get returns the value, or the zero value: a keyword that hides nothing.
func (d *cascaded) get(p property) value {
	if d.has(p) {
		return d.values[p]
	}
	return value{}
}

func (d *cascaded) apply(p property, v value, priority uint64) {
	if d.has(p) && d.priorities[p] > priority {
		return
	}
	d.set |= 1 << p
	d.priorities[p], d.values[p] = priority, v
}

// Priorities order declarations: important ones over others, style attributes over
// rules, then specificity, then order.
const (
	importantPriority = 1 << 63
	inlinePriority    = 1 << 62
	hintPriority      = 0 // what attributes like bgcolor say is weaker than any rule
)

func rulePriority(r *styleRule, d declaration) uint64 {
	k := 1<<60 | uint64(r.selector.specificity)<<32 | uint64(uint32(r.order))
	if d.important {
		k |= importantPriority
	}
	return k
}

// cascade computes the style of every element of a tree.
type cascade struct {
	matcher
	rules  *styleIndex
	inline map[string][]declaration // style attributes, parsed
	styles *styles
	d      cascaded
}

// compute gives every element its style. Elements stand in order, so a parent
// is done before its children.
func (c *cascade) compute(canvas computed) {
	c.inline = make(map[string][]declaration)
	c.styles = &styles{
		of:       make([]int32, len(c.elements)),
		computed: append(make([]computed, 0, 64+len(c.elements)/8), canvas),
	}
	for i := range c.elements {
		el := int32(i)
		e := &c.elements[i]
		c.enter(el)
		parent := int32(0)
		if e.parent >= 0 {
			parent = c.styles.of[e.parent]
		}
		c.styles.of[el] = parent
		if c.styles.computed[parent].sealed != qianshao.HidingNone {
			continue // nothing inside can come to light
		}
		hinted := c.hints(el)
		c.matchRules(el)
		c.matchInline(el)
		if c.d.set == 0 && !hinted {
			continue
		}
		c.styles.computed = append(c.styles.computed, c.derive(el, c.styles.computed[parent]))
		c.styles.of[el] = int32(len(c.styles.computed) - 1)
	}
}

// matchRules applies the rules that select the element.
func (c *cascade) matchRules(el int32) {
	e := &c.elements[el]
	c.try(c.rules.universal, el)
	if len(c.rules.byTag) > 0 {
		c.try(c.rules.byTag[e.tag], el)
	}
	if e.attrCount == 0 {
		return
	}
	if len(c.rules.byID) > 0 {
		if id, _ := c.attribute(el, "id"); id != "" {
			c.try(c.rules.byID[id], el)
		}
	}
	if len(c.rules.byClass) == 0 {
		return
	}
	list, _ := c.attribute(el, "class")
	ascii.EachWord(list, func(class string) { c.try(c.rules.byClass[class], el) })
}

func (c *cascade) try(rules []int32, el int32) {
	for _, n := range rules {
		if c.steps >= c.maxSteps {
			return
		}
		r := &c.rules.rules[n]
		if !c.matches(r.selector, el) {
			continue
		}
		c.steps += len(r.declarations)
		for _, d := range r.declarations {
			c.d.apply(d.property, d.value, rulePriority(r, d))
		}
	}
}

// matchInline applies the style attribute.
func (c *cascade) matchInline(el int32) {
	style := c.value(el, "style")
	if style == "" {
		return
	}
	list, ok := c.inline[style]
	if !ok {
		list = parseDeclarations(style)
		if len(c.inline) < maxStyleCache {
			c.inline[style] = list
		}
	}
	for _, d := range list {
		k := uint64(inlinePriority)
		if d.important {
			k |= importantPriority
		}
		c.d.apply(d.property, d.value, k)
	}
}

// hints starts the element's declarations with what its attributes say
// (HTML 15, presentational hints), and says whether its tag has a style of its own.
func (c *cascade) hints(el int32) bool {
	c.d.set = 0
	e := &c.elements[el]
	hinted := false
	for _, a := range c.attributes(el) {
		raw := c.fragments[e.fragment].Content[a.start:a.end]
		switch a.name {
		case "hidden":
			c.d.apply(propDisplay, key(keyNone), hintPriority)
		case "color":
			c.colourHint(propColour, raw)
		case "text":
			if e.atom == atom.Body {
				c.colourHint(propColour, raw)
			}
		case "bgcolor":
			c.colourHint(propBackground, raw)
		case "background":
			c.d.apply(propBackgroundImage, key(keyImage), hintPriority)
		case "width", "height":
			if n, u := splitNumber(mapped.Unescape(raw)); u == "" || u == "px" {
				p := propWidth
				if a.name == "height" {
					p = propHeight
				}
				c.d.apply(p, value{unit: pixels, number: float32(n)}, hintPriority)
				if raw == "" {
					c.d.set &^= 1 << p
				}
			}
		}
	}
	switch e.atom {
	case atom.A, atom.Template, atom.Noscript, atom.Input, atom.Button, atom.Textarea, atom.Select, atom.Marquee, atom.Dialog:
		hinted = true
	}
	return hinted || e.kind&fallback != 0
}

func (c *cascade) colourHint(p property, raw string) {
	if v, ok := parseColour(mapped.Unescape(raw)); ok {
		c.d.apply(p, value{unit: coloured, colour: v}, hintPriority)
	}
}
