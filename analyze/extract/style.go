package extract

import (
	"strings"

	"github.com/qianshao/qianshao"
)

// styles are the computed styles of a tree's elements, as far as they decide
// what is seen.
type styles struct {
	of       []int32 // element → index in computed: many elements share one
	computed []computed
	cover    bool // something opaque lies over the whole page
	// overBudget says that the sheets were too costly to apply in full.
	overBudget bool
}

// text returns how the text of an element is hidden.
func (s *styles) text(el int32) qianshao.Hiding {
	return s.computed[s.of[el]].text(s.cover)
}

// box returns how an element's box is hidden, and its attributes with it.
func (s *styles) box(el int32) qianshao.Hiding {
	c := &s.computed[s.of[el]]
	if c.sealed == qianshao.HidingNone && c.invisible {
		return qianshao.HidingVisibility
	}
	return c.sealed
}

// sealed reports whether an element is hidden with all that is in it.
func (s *styles) sealed(el int32) bool {
	return s.computed[s.of[el]].sealed != qianshao.HidingNone
}

// computeStyles computes the style of every element from the page's style sheets, style
// attributes and scripts. load returns the external sheet at a URL, if it is
// there; it may be nil.
func computeStyles(t *tree, urls *resolver, load func(url string) ([]byte, bool)) *styles {
	c := &cascade{matcher: newMatcher(t, stepsPerElement*len(t.elements)+freeSteps), rules: newStyleIndex()}
	l := loader{rules: c.rules, load: load}
	complete := true
	for _, s := range t.sheets {
		if !mediaApplies(s.media) {
			continue
		}
		if s.link == 0 {
			c.rules.parse(t.fragments[s.fragment].Content[s.start:s.end])
			complete = l.imports(urls) && complete
			continue
		}
		complete = l.sheet(urls.resolve(t.value(s.link, "href"))) && complete
	}
	for _, id := range t.hides {
		c.rules.hide(id)
	}
	c.compute(computed{
		fontSize: defaultFont, colour: black,
		// A page whose sheets are all here has a white canvas unless it says
		// otherwise; with one missing it may well be dark.
		background: white, backgroundKnown: complete,
	})
	c.styles.overBudget = c.steps >= c.maxSteps
	return c.styles
}

// loader adds external style sheets to the rules.
type loader struct {
	rules *styleIndex
	load  func(url string) ([]byte, bool)
}

// sheet adds the style sheet at a URL with what it imports; false if any is missing.
func (l *loader) sheet(url string) bool {
	if url == "" || l.load == nil {
		return false
	}
	body, ok := l.load(url)
	if !ok {
		return false
	}
	l.rules.parse(strings.ToValidUTF8(string(body), "\uFFFD"))
	return l.imports(newResolver(url, ""))
}

// imports adds what the last sheet imports. Imported rules come after the
// sheet's own here, not before; where both select one element the result can differ.
func (l *loader) imports(urls *resolver) bool {
	complete := true
	for {
		ref, ok := l.rules.nextImport()
		if !ok {
			return complete && !l.rules.pending()
		}
		complete = l.sheet(urls.resolve(ref)) && complete
	}
}
