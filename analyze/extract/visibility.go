package extract

import (
	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/extract/ascii"
	"golang.org/x/net/html/atom"
)

// computed is what of an element's style decides whether its text is seen.
type computed struct {
	// sealed hides the element with all that is in it, whatever that declares.
	sealed qianshao.Hiding
	// The following pass to the elements inside, which may declare otherwise.
	invisible bool
	indented  bool // text-indent far off
	flat      bool // line-height 0
	fontSize  float32
	colour    colour
	fill      colour // -webkit-text-fill-color
	hasFill   bool
	// background is the colour behind the text, if it is known: behind an image
	// or a box that floats over others it is not.
	background      colour
	backgroundKnown bool
	// boxed says that an element between here and the body has a background,
	// which covers what has a negative z-index.
	boxed bool
	// under says that the element has a negative z-index.
	under bool
}

// Sizes at which nothing can be read.
const (
	defaultFont  = 16
	readableFont = 2 // px; 1px and less is a known trick, 2px the first that can be guessed at
	pointSize    = 1 // px; boxes no wider or higher show nothing
)

// text returns how text with this style is hidden.
func (s *computed) text(cover bool) qianshao.Hiding {
	ink := s.colour
	if s.hasFill {
		ink = s.fill
	}
	switch {
	case s.sealed != qianshao.HidingNone:
		return s.sealed
	case s.invisible:
		return qianshao.HidingVisibility
	case s.fontSize < readableFont:
		return qianshao.HidingZeroFont
	case s.indented:
		return qianshao.HidingOffScreen
	case ink.a < transparentBelow:
		return qianshao.HidingOpacity
	case s.under && (s.boxed || cover):
		return qianshao.HidingCovered
	case s.backgroundKnown && ink.over(s.background).looksLike(s.background):
		return qianshao.HidingSameColour
	}
	return qianshao.HidingNone
}

// derive computes the element's style from its parent's and from c.d.
func (c *cascade) derive(el int32, s computed) computed {
	d := &c.d
	if s.sealed = c.seal(el, &s); s.sealed != qianshao.HidingNone {
		return s
	}
	if v := d.get(propVisibility); d.has(propVisibility) && v.unit != inherit {
		s.invisible = v.is(keyHidden)
	}
	if d.has(propFontSize) {
		s.fontSize = fontSize(d.get(propFontSize), s.fontSize)
	}
	if d.has(propLineHeight) {
		v := d.get(propLineHeight)
		s.flat = v.unit != keyword && v.unit != inherit && v.number == 0
	}
	if d.has(propIndent) {
		v := d.get(propIndent)
		s.indented = v.unit == pixels && v.number <= -farPosition || v.unit == percent && v.number <= -100
	}
	if v := d.get(propZIndex); v.unit == factor && v.number < 0 && d.get(propPosition).unit == keyword && d.get(propPosition).number != 0 {
		s.under = true
	}
	c.paint(el, &s)
	return s
}

// fontSize computes a font size from the parent's.
func fontSize(v value, parent float32) float32 {
	switch v.unit {
	case pixels:
		return v.number
	case percent:
		return parent * v.number / 100
	case factor:
		if v.number == 0 {
			return 0
		}
		return v.number // quirks mode reads it as pixels
	case inherit:
		return parent
	}
	return defaultFont
}

// paint computes colours and background.
func (c *cascade) paint(el int32, s *computed) {
	d, e := &c.d, &c.elements[el]
	if _, ok := c.lookup(el, "href"); ok && e.atom == atom.A {
		s.colour, s.hasFill = linkBlue, false
	}
	if v := d.get(propColour); v.unit == coloured {
		s.colour = v.colour
	} else if v.unit == inherit && e.parent >= 0 {
		s.colour = c.styles.computed[c.styles.of[e.parent]].colour
	}
	if v := d.get(propTextFill); v.unit == coloured {
		s.fill, s.hasFill = v.colour, true
	}
	switch {
	case e.atom == atom.Button || e.atom == atom.Select || e.atom == atom.Input || e.atom == atom.Textarea:
		s.backgroundKnown = false // the browser's own
	case d.get(propPosition).is(keyAbsolute) && !s.under:
		s.backgroundKnown = false // it lies over something else
	}
	if v := d.get(propBackground); v.unit == coloured && v.colour.a > 0 {
		s.background = v.colour.over(s.background)
		s.backgroundKnown = s.backgroundKnown || v.colour.a == 255
		if e.atom != atom.Body && e.atom != atom.Html {
			s.boxed = true
			c.styles.cover = c.styles.cover || c.coversPage()
		}
	}
	if d.get(propBackgroundImage).is(keyImage) {
		s.backgroundKnown = false
	}
}

// coversPage says whether the element, which has a background, lies over the
// whole window: fixed or absolute, and as large.
func (c *cascade) coversPage() bool {
	d := &c.d
	if !d.get(propPosition).is(keyAbsolute) {
		return false
	}
	whole := func(p, from, to property) bool {
		v := d.get(p)
		full := v.unit == percent && v.number >= 100 || v.unit == pixels && v.number >= 1000
		return full || d.has(from) && d.has(to) && d.get(from).number == 0 && d.get(to).number == 0
	}
	return whole(propWidth, propLeft, propRight) && whole(propHeight, propTop, propBottom)
}

// seal returns how the element hides all that is in it.
func (c *cascade) seal(el int32, parent *computed) qianshao.Hiding {
	d, e := &c.d, &c.elements[el]
	switch {
	case e.atom == atom.Template:
		return qianshao.HidingTemplate
	case e.atom == atom.Noscript || e.kind&fallback != 0 && e.atom != atom.Iframe:
		return qianshao.HidingNoScript
	case e.atom == atom.Input && ascii.Lower(c.value(el, "type")) == "hidden":
		return qianshao.HidingAttribute
	case d.get(propDisplay).is(keyNone):
		if d.priorities[propDisplay] == hintPriority {
			return qianshao.HidingAttribute
		}
		return qianshao.HidingDisplayNone
	case e.atom == atom.Dialog && !d.has(propDisplay) && !c.hasAttribute(el, "open"):
		return qianshao.HidingDisplayNone
	case d.get(propContentVisibility).is(keyHidden):
		return qianshao.HidingVisibility
	case isTransparent(d.get(propOpacity)) || isTransparent(d.get(propFilter)):
		return qianshao.HidingOpacity
	case d.get(propTransform).is(keyZero):
		return qianshao.HidingZeroSize
	case d.get(propTransform).is(keyFar) || c.offScreen():
		return qianshao.HidingOffScreen
	case d.get(propClipPath).is(keyClipped) || d.get(propClip).is(keyClipped) && d.get(propPosition).is(keyAbsolute):
		return qianshao.HidingClipped
	case e.atom == atom.Marquee && c.tinyMarquee(el):
		return qianshao.HidingMarquee
	}
	return c.zeroSize(el, parent)
}

func (c *cascade) hasAttribute(el int32, name string) bool {
	_, ok := c.lookup(el, name)
	return ok
}

// isTransparent reads an opacity; below a tenth nobody can read.
func isTransparent(v value) bool {
	switch v.unit {
	case factor:
		return v.number < transparentBelow/255.
	case percent:
		return v.number < transparentBelow/2.55
	}
	return false
}

// offScreen says whether position or margin puts the element out of sight.
func (c *cascade) offScreen() bool {
	d := &c.d
	if d.get(propPosition).unit == keyword && d.get(propPosition).number != 0 {
		for _, p := range [...]property{propLeft, propTop, propRight, propBottom} {
			v := d.get(p)
			if v.unit == pixels && v.number <= -farPosition || v.unit == percent && v.number <= -farPercent {
				return true
			}
			if (p == propLeft || p == propTop) && (v.unit == pixels && v.number >= farRight || v.unit == percent && v.number >= 5*farPercent) {
				return true
			}
		}
	}
	for _, p := range [...]property{propMarginLeft, propMarginTop} {
		v := d.get(p)
		if v.unit == pixels && v.number <= -farMargin || v.unit == percent && v.number <= -farPercent {
			return true
		}
	}
	return false
}

// maxScroll is a marquee's step in pixels from which nothing can be read;
// injected ones use 1000 to 9000.
const maxScroll = 500

// tinyMarquee knows <marquee width=5 height=10 scrollamount=3000>, the oldest
// way of hiding links on Chinese sites.
func (c *cascade) tinyMarquee(el int32) bool {
	for _, p := range [...]property{propWidth, propHeight} {
		if v := c.d.get(p); v.unit == pixels && v.number <= 10 || v.unit == factor && c.d.has(p) && v.number == 0 {
			return true
		}
	}
	n, _ := splitNumber(c.value(el, "scrollamount"))
	return n >= maxScroll
}

// zeroSize says whether the element has no area. Text overflows a box of size
// zero, so that alone hides only what is drawn inside: frames and images.
func (c *cascade) zeroSize(el int32, parent *computed) qianshao.Hiding {
	d, e := &c.d, &c.elements[el]
	small := func(p property) bool {
		v := d.get(p)
		return (v.unit == pixels || v.unit == factor || v.unit == percent && v.number == 0) && d.has(p) && v.number <= pointSize
	}
	clipped := d.get(propOverflow).is(keyHidden)
	switch e.atom {
	case atom.Iframe, atom.Img, atom.Embed, atom.Object, atom.Frame:
		clipped = true
	}
	if !clipped {
		return qianshao.HidingNone
	}
	for _, p := range [...]property{propWidth, propHeight, propMaxWidth, propMaxHeight} {
		if small(p) {
			return qianshao.HidingZeroSize
		}
	}
	flat := parent.flat
	if d.has(propLineHeight) {
		v := d.get(propLineHeight)
		flat = v.unit != keyword && v.unit != inherit && v.number == 0
	}
	if flat && !d.has(propHeight) {
		return qianshao.HidingZeroSize
	}
	return qianshao.HidingNone
}
