package extract

import "strings"

// newCascade reads the page's style sheets and computes every element's style.
func (t *tree) newCascade(urls *resolver, opts Options) *cascade {
	c := &cascade{matcher: newMatcher(t, stepsPerElement*len(t.elements)+freeSteps), index: newStyleIndex()}
	complete := true
	for _, s := range t.sheets {
		if !mediaApplies(s.media) {
			continue
		}
		if s.link == 0 {
			c.index.parse(t.fragments[s.fragment].Content[s.start:s.end])
			complete = c.loadImports(urls, opts) && complete
			continue
		}
		complete = c.load(urls.resolve(t.value(s.link, "href")), opts) && complete
	}
	for _, id := range t.hides {
		c.index.hide(id)
	}
	c.compute(computed{
		fontSize: defaultFont, colour: black,
		// A page whose sheets are all here has a white canvas unless it says
		// otherwise; with one missing it may well be dark.
		background: white, backgroundKnown: complete,
	})
	return c
}

// load parses the external style sheet at a URL; false if it is not there.
func (c *cascade) load(url string, opts Options) bool {
	if url == "" || opts.Stylesheets == nil {
		return false
	}
	body, ok := opts.Stylesheets(url)
	if !ok {
		return false
	}
	c.index.parse(strings.ToValidUTF8(string(body), "\uFFFD"))
	return c.loadImports(newResolver(url, ""), opts)
}

// loadImports parses what the last sheet imports. It comes after the sheet
// here and not before; where both speak of one element that can differ.
func (c *cascade) loadImports(urls *resolver, opts Options) bool {
	complete := true
	for len(c.index.imports) > 0 && c.index.loaded < maxImports {
		url := urls.resolve(c.index.imports[0])
		c.index.imports = c.index.imports[1:]
		c.index.loaded++
		complete = c.load(url, opts) && complete
	}
	return complete && len(c.index.imports) == 0
}

// hide files the rule of a script that hides the element of an id; it wins
// over whatever the sheets say.
func (x *styleIndex) hide(id string) {
	s := &selector{compounds: []compound{{id: id}}, specificity: 1 << 16}
	x.order++
	x.file(styleRule{s, []declaration{{propDisplay, key(keyNone), true}}, x.order})
}
