// Package style applies a page's style sheets to its tree and says how the text of each element is
// hidden.
package style

import (
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/extract/css"
	"github.com/qianshao/qianshao/analyze/extract/link"
	"github.com/qianshao/qianshao/analyze/extract/tree"
)

// Styles are the computed styles of a tree's elements, as far as they decide what is visible.
type Styles struct {
	of       []int32 // element → index in computed: many elements share one
	computed []computed
	cover    bool // something opaque covers the whole page
	// OverBudget says that the sheets were too expensive to apply in full.
	OverBudget bool
}

// Text returns how the text of an element is hidden.
func (s *Styles) Text(el int32) qianshao.Hiding {
	return s.computed[s.of[el]].text(s.cover)
}

// Box returns how an element's box, and with it its attributes, are hidden.
func (s *Styles) Box(el int32) qianshao.Hiding {
	c := &s.computed[s.of[el]]
	if c.sealed == qianshao.HidingNone && c.invisible {
		return qianshao.HidingVisibility
	}
	return c.sealed
}

// Sealed reports whether an element is hidden together with everything in it.
func (s *Styles) Sealed(el int32) bool {
	return s.computed[s.of[el]].sealed != qianshao.HidingNone
}

// Compute computes the style of every element from the page's style sheets, its style attributes
// and what its scripts hide. load returns the external sheet at a URL and whether it was fetched.
// It may be nil.
func Compute(t *tree.Tree, urls *link.Resolver, load func(url string) ([]byte, bool)) Styles {
	c := &cascade{matcher: newMatcher(t, stepsPerElement*len(t.Elements)+freeSteps), rules: css.NewRules()}
	l := loader{rules: c.rules, load: load}
	complete := true
	for _, s := range t.Sheets {
		if !css.MediaApplies(s.Media) {
			continue
		}
		if s.Link == 0 {
			c.rules.Parse(t.Fragments[s.Fragment].Content[s.Start:s.End])
			complete = l.imports(urls) && complete
			continue
		}
		complete = l.sheet(urls.Resolve(t.Value(s.Link, "href"))) && complete
	}
	for _, id := range t.HiddenIDs {
		c.rules.Hide(id)
	}
	c.compute(computed{
		fontSize: defaultFont, colour: css.Colour{A: 255},
		// A page's canvas is white unless a sheet says otherwise. If a sheet is missing, the canvas
		// may be dark.
		background: css.Colour{R: 255, G: 255, B: 255, A: 255}, backgroundKnown: complete && !c.rules.Cut(),
	})
	c.styles.OverBudget = c.steps >= c.maxSteps || c.rules.Cut()
	return c.styles
}

// loader adds external style sheets to the rules.
type loader struct {
	rules *css.Rules
	load  func(url string) ([]byte, bool)
}

// sheet adds the style sheet at a URL and those that it imports. It reports whether all were there.
func (l *loader) sheet(url string) bool {
	if url == "" || l.load == nil {
		return false
	}
	body, ok := l.load(url)
	if !ok {
		return false
	}
	l.rules.Parse(strings.ToValidUTF8(string(body), "\uFFFD"))
	urls := link.NewResolver(url, "")
	return l.imports(&urls)
}

// imports adds what the last sheet imports, and reports whether all of it was there. Here the
// imported rules come after the sheet's own, while in a browser they come before: if both select an
// element, the result can differ.
func (l *loader) imports(urls *link.Resolver) bool {
	complete := true
	for {
		ref, ok := l.rules.NextImport()
		if !ok {
			return complete && !l.rules.Pending()
		}
		complete = l.sheet(urls.Resolve(ref)) && complete
	}
}
