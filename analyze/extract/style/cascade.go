package style

import (
	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/extract/ascii"
	"github.com/qianshao/qianshao/analyze/extract/css"
	"github.com/qianshao/qianshao/analyze/extract/mapped"
	"github.com/qianshao/qianshao/analyze/extract/tree"
	"golang.org/x/net/html/atom"
)

const (
	// stepsPerElement bounds the matching of selectors. On an ordinary page an element takes a few
	// dozen steps.
	stepsPerElement = 256
	// freeSteps are the steps that any page may take.
	freeSteps = 1 << 20
	// maxStyleCache bounds how many different style attributes are kept parsed.
	maxStyleCache = 4096
)

// cascaded holds, for one element, the declaration of each property with the
// highest priority. An entry is valid if its bit is set.
type cascaded struct {
	set        uint32
	priorities [css.PropertyCount]uint64
	values     [css.PropertyCount]css.Value
}

func (d *cascaded) has(p css.Property) bool { return d.set&(1<<p) != 0 }

// get returns the property's value, or the zero value, which hides nothing.
func (d *cascaded) get(p css.Property) css.Value {
	if d.has(p) {
		return d.values[p]
	}
	return css.Value{}
}

func (d *cascaded) apply(p css.Property, v css.Value, priority uint64) {
	if d.has(p) && d.priorities[p] > priority {
		return
	}
	d.set |= 1 << p
	d.priorities[p], d.values[p] = priority, v
}

// Priorities of declarations: important ones before others, style attributes before rules, then by
// specificity, then by order.
const (
	importantPriority = 1 << 63
	inlinePriority    = 1 << 62
	hintPriority      = 0 // attributes like bgcolor are weaker than any rule
)

func rulePriority(r *css.Rule, d css.Declaration) uint64 {
	k := 1<<60 | uint64(r.Selector.Specificity)<<32 | uint64(uint32(r.Order))
	if d.Important {
		k |= importantPriority
	}
	return k
}

// cascade computes the style of every element of a tree.
type cascade struct {
	matcher
	rules  *css.Rules
	inline map[string][]css.Declaration // style attributes, parsed
	styles Styles
	d      cascaded
}

// compute gives every element its style. Parents come before their children.
func (c *cascade) compute(canvas computed) {
	c.inline = make(map[string][]css.Declaration)
	c.styles = Styles{
		of:       make([]int32, len(c.Elements)),
		computed: append(make([]computed, 0, 64+len(c.Elements)/8), canvas),
	}
	for i := range c.Elements {
		el := int32(i)
		e := &c.Elements[i]
		c.enter(el)
		parent := int32(0)
		if e.Parent >= 0 {
			parent = c.styles.of[e.Parent]
		}
		c.styles.of[el] = parent
		if c.styles.computed[parent].sealed != qianshao.HidingNone {
			continue // everything inside is hidden, too
		}
		hinted := c.hints(el)
		c.matchRules(el)
		c.matchInline(el)
		if c.d.set == 0 && !hinted {
			continue
		}
		c.styles.keep(el, c.derive(el, c.styles.computed[parent]))
	}
}

// keep sets the style of an element. Adjacent links have the same style, which is kept once.
func (s *Styles) keep(el int32, style computed) {
	last := len(s.computed) - 1
	if s.computed[last] != style {
		s.computed = append(s.computed, style)
		last++
	}
	s.of[el] = int32(last)
}

// matchRules applies the rules that select the element.
func (c *cascade) matchRules(el int32) {
	e := &c.Elements[el]
	c.try(c.rules.Universal, el)
	if len(c.rules.ByTag) > 0 {
		c.try(c.rules.ByTag[e.Name], el)
	}
	if e.AttributeCount == 0 {
		return
	}
	if len(c.rules.ByID) > 0 {
		if id, _ := c.attribute(el, "id"); id != "" {
			c.try(c.rules.ByID[id], el)
		}
	}
	if len(c.rules.ByClass) == 0 {
		return
	}
	list, _ := c.attribute(el, "class")
	ascii.EachWord(list, func(class string) { c.try(c.rules.ByClass[class], el) })
}

func (c *cascade) try(rules []int32, el int32) {
	for _, n := range rules {
		if c.steps >= c.maxSteps {
			return
		}
		r := &c.rules.All[n]
		if !c.matches(r.Selector, el) {
			continue
		}
		c.steps += len(r.Declarations)
		for _, d := range r.Declarations {
			c.d.apply(d.Property, d.Value, rulePriority(r, d))
		}
	}
}

// matchInline applies the style attribute.
func (c *cascade) matchInline(el int32) {
	style := c.Value(el, "style")
	if style == "" {
		return
	}
	list, ok := c.inline[style]
	if !ok {
		list = css.ParseDeclarations(style)
		if len(c.inline) < maxStyleCache {
			c.inline[style] = list
		}
	}
	for _, d := range list {
		k := uint64(inlinePriority)
		if d.Important {
			k |= importantPriority
		}
		c.d.apply(d.Property, d.Value, k)
	}
}

// hints starts the element's declarations with its presentational attributes
// (HTML 15), and reports whether its tag has a style of its own.
func (c *cascade) hints(el int32) bool {
	c.d.set = 0
	e := &c.Elements[el]
	hinted := false
	for _, a := range c.Attributes(el) {
		raw := c.Fragments[e.Fragment].Content[a.Start:a.End]
		switch a.Name {
		case "hidden":
			c.d.apply(css.Display, css.KeywordValue(css.None), hintPriority)
		case "color":
			c.colourHint(css.TextColour, raw)
		case "text":
			if e.Atom == atom.Body {
				c.colourHint(css.TextColour, raw)
			}
		case "bgcolor":
			c.colourHint(css.Background, raw)
		case "background":
			c.d.apply(css.BackgroundImage, css.KeywordValue(css.Image), hintPriority)
		case "width", "height":
			if n, u := css.SplitNumber(mapped.Unescape(raw)); u == "" || u == "px" {
				p := css.Width
				if a.Name == "height" {
					p = css.Height
				}
				c.d.apply(p, css.Value{Unit: css.Pixels, Number: float32(n)}, hintPriority)
				if raw == "" {
					c.d.set &^= 1 << p
				}
			}
		}
	}
	switch e.Atom {
	case atom.A, atom.Template, atom.Noscript, atom.Input, atom.Button, atom.Textarea, atom.Select, atom.Marquee, atom.Dialog:
		hinted = true
	}
	return hinted || e.Kind&tree.Fallback != 0
}

func (c *cascade) colourHint(p css.Property, raw string) {
	if v, ok := css.ParseColour(mapped.Unescape(raw)); ok {
		c.d.apply(p, css.Value{Unit: css.Coloured, Colour: v}, hintPriority)
	}
}
