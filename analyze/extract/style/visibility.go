package style

import (
	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/extract/ascii"
	"github.com/qianshao/qianshao/analyze/extract/css"
	"github.com/qianshao/qianshao/analyze/extract/tree"
	"golang.org/x/net/html/atom"
)

// computed is the part of an element's computed style that decides whether its
// text is visible.
type computed struct {
	// sealed hides the element and its descendants, whatever these declare.
	sealed qianshao.Hiding
	// Descendants inherit the following, but can declare otherwise.
	invisible bool
	indented  bool // text-indent far off
	flat      bool // line-height 0
	fontSize  float32
	colour    css.Colour
	fill      css.Colour // -webkit-text-fill-color
	hasFill   bool
	// background is the colour behind the text. It is unknown over an image and in a box positioned
	// over others.
	background      css.Colour
	backgroundKnown bool
	// boxed says that an element between the body and this one has a background, which covers
	// elements with a negative z-index.
	boxed bool
	// under says that the element has a negative z-index.
	under bool
}

// Distances, in CSS pixels, at which a box is off the screen.
const (
	// Sites shift menus by the menu's own width, and centre boxes with left: 50% and a negative
	// margin of half the box's width. Hidden links are further out.
	farPosition = 400
	farMargin   = 970 // half of the widest common layout (1920) is 960
)

// transparentBelow is the opacity below which text cannot be read (of 255).
const transparentBelow = 26

// Sizes at which nothing can be read.
const (
	defaultFont  = 16
	readableFont = 2 // px; 1px and less is a known trick
	pointSize    = 1 // px; a box of this width or height shows nothing
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
	case ink.A < transparentBelow:
		return qianshao.HidingOpacity
	case s.under && (s.boxed || cover):
		return qianshao.HidingCovered
	case s.backgroundKnown && ink.Over(s.background).LooksLike(s.background):
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
	if v := d.get(css.Visibility); d.has(css.Visibility) && v.Unit != css.Inherit {
		s.invisible = v.Is(css.Hidden)
	}
	if d.has(css.FontSize) {
		s.fontSize = fontSize(d.get(css.FontSize), s.fontSize)
	}
	if d.has(css.LineHeight) {
		v := d.get(css.LineHeight)
		s.flat = v.Unit != css.Keyword && v.Unit != css.Inherit && v.Number == 0
	}
	if d.has(css.TextIndent) {
		v := d.get(css.TextIndent)
		s.indented = v.Unit == css.Pixels && v.Number <= -farPosition || v.Unit == css.Percent && v.Number <= -100
	}
	if v := d.get(css.ZIndex); v.Unit == css.Factor && v.Number < 0 && d.get(css.Position).Unit == css.Keyword && d.get(css.Position).Number != 0 {
		s.under = true
	}
	c.paint(el, &s)
	return s
}

// fontSize computes a font size from the parent's.
func fontSize(v css.Value, parent float32) float32 {
	switch v.Unit {
	case css.Pixels:
		return v.Number
	case css.Percent:
		return parent * v.Number / 100
	case css.Factor:
		if v.Number == 0 {
			return 0
		}
		return v.Number // quirks mode reads it as pixels
	case css.Inherit:
		return parent
	}
	return defaultFont
}

// paint computes colours and background.
func (c *cascade) paint(el int32, s *computed) {
	d, e := &c.d, &c.Elements[el]
	if _, ok := c.Lookup(el, "href"); ok && e.Atom == atom.A {
		s.colour, s.hasFill = css.Colour{B: 238, A: 255}, false // an unvisited link, HTML 15.3.5
	}
	if v := d.get(css.TextColour); v.Unit == css.Coloured {
		s.colour = v.Colour
	} else if v.Unit == css.Inherit && e.Parent >= 0 {
		s.colour = c.styles.computed[c.styles.of[e.Parent]].colour
	}
	if v := d.get(css.TextFill); v.Unit == css.Coloured {
		s.fill, s.hasFill = v.Colour, true
	}
	switch {
	case e.Atom == atom.Button || e.Atom == atom.Select || e.Atom == atom.Input || e.Atom == atom.Textarea:
		s.backgroundKnown = false // the browser's own background
	case d.get(css.Position).Is(css.Absolute) && !s.under:
		s.backgroundKnown = false // it lies over something else
	}
	if v := d.get(css.Background); v.Unit == css.Coloured && v.Colour.A > 0 {
		s.background = v.Colour.Over(s.background)
		s.backgroundKnown = s.backgroundKnown || v.Colour.A == 255
		if e.Atom != atom.Body && e.Atom != atom.Html {
			s.boxed = true
			c.styles.cover = c.styles.cover || c.coversPage()
		}
	}
	if d.get(css.BackgroundImage).Is(css.Image) {
		s.backgroundKnown = false
	}
}

// coversPage reports whether the element, which has a background, covers the whole window: it is
// fixed or absolute and at least as large.
func (c *cascade) coversPage() bool {
	d := &c.d
	if !d.get(css.Position).Is(css.Absolute) {
		return false
	}
	whole := func(p, from, to css.Property) bool {
		v := d.get(p)
		full := v.Unit == css.Percent && v.Number >= 100 || v.Unit == css.Pixels && v.Number >= 1000
		return full || d.has(from) && d.has(to) && d.get(from).Number == 0 && d.get(to).Number == 0
	}
	return whole(css.Width, css.Left, css.Right) && whole(css.Height, css.Top, css.Bottom)
}

// seal returns how the element hides itself and its descendants.
func (c *cascade) seal(el int32, parent *computed) qianshao.Hiding {
	d, e := &c.d, &c.Elements[el]
	switch {
	case e.Atom == atom.Template:
		return qianshao.HidingTemplate
	case e.Atom == atom.Noscript || e.Kind&tree.Fallback != 0 && e.Atom != atom.Iframe:
		return qianshao.HidingNoScript
	case e.Atom == atom.Input && ascii.Lower(c.Value(el, "type")) == "hidden":
		return qianshao.HidingAttribute
	case d.get(css.Display).Is(css.None):
		if d.priorities[css.Display] == hintPriority {
			return qianshao.HidingAttribute
		}
		return qianshao.HidingDisplayNone
	case e.Atom == atom.Dialog && !d.has(css.Display) && !c.hasAttribute(el, "open"):
		return qianshao.HidingDisplayNone
	case d.get(css.ContentVisibility).Is(css.Hidden):
		return qianshao.HidingVisibility
	case isTransparent(d.get(css.Opacity)) || isTransparent(d.get(css.Filter)):
		return qianshao.HidingOpacity
	case d.get(css.Transform).Is(css.Flattened):
		return qianshao.HidingZeroSize
	case d.get(css.Transform).Is(css.Far) || c.offScreen():
		return qianshao.HidingOffScreen
	case d.get(css.ClipPath).Is(css.Clipped) || d.get(css.Clip).Is(css.Clipped) && d.get(css.Position).Is(css.Absolute):
		return qianshao.HidingClipped
	case e.Atom == atom.Marquee && c.tinyMarquee(el):
		return qianshao.HidingMarquee
	}
	return c.zeroSize(el, parent)
}

func (c *cascade) hasAttribute(el int32, name string) bool {
	_, ok := c.Lookup(el, name)
	return ok
}

// isTransparent reports whether an opacity makes text impossible to read.
func isTransparent(v css.Value) bool {
	switch v.Unit {
	case css.Factor:
		return v.Number < transparentBelow/255.
	case css.Percent:
		return v.Number < transparentBelow/2.55
	}
	return false
}

// offScreen reports whether position or margin moves the element off the screen.
func (c *cascade) offScreen() bool {
	d := &c.d
	if d.get(css.Position).Unit == css.Keyword && d.get(css.Position).Number != 0 {
		for _, p := range [...]css.Property{css.Left, css.Top, css.Right, css.Bottom} {
			v := d.get(p)
			if v.Unit == css.Pixels && v.Number <= -farPosition || v.Unit == css.Percent && v.Number <= -css.FarPercent {
				return true
			}
			if (p == css.Left || p == css.Top) && (v.Unit == css.Pixels && v.Number >= css.FarRight || v.Unit == css.Percent && v.Number >= 5*css.FarPercent) {
				return true
			}
		}
	}
	for _, p := range [...]css.Property{css.MarginLeft, css.MarginTop} {
		v := d.get(p)
		if v.Unit == css.Pixels && v.Number <= -farMargin || v.Unit == css.Percent && v.Number <= -css.FarPercent {
			return true
		}
	}
	return false
}

// maxScroll is the step of a marquee, in pixels, from which its text cannot be read. Injected ones
// use 1000 to 9000.
const maxScroll = 500

// tinyMarquee recognises <marquee width=5 height=10 scrollamount=3000>, the
// oldest way of hiding links on Chinese sites.
func (c *cascade) tinyMarquee(el int32) bool {
	for _, p := range [...]css.Property{css.Width, css.Height} {
		if v := c.d.get(p); v.Unit == css.Pixels && v.Number <= 10 || v.Unit == css.Factor && c.d.has(p) && v.Number == 0 {
			return true
		}
	}
	n, _ := css.SplitNumber(c.Value(el, "scrollamount"))
	return n >= maxScroll
}

// zeroSize returns HidingZeroSize if the element has no area. Text overflows a box of size zero
// unless its overflow is hidden. Frames and images do not.
func (c *cascade) zeroSize(el int32, parent *computed) qianshao.Hiding {
	d, e := &c.d, &c.Elements[el]
	small := func(p css.Property) bool {
		v := d.get(p)
		return (v.Unit == css.Pixels || v.Unit == css.Factor || v.Unit == css.Percent && v.Number == 0) && d.has(p) && v.Number <= pointSize
	}
	clipped := d.get(css.Overflow).Is(css.Hidden)
	switch e.Atom {
	case atom.Iframe, atom.Img, atom.Embed, atom.Object, atom.Frame:
		clipped = true
	}
	if !clipped {
		return qianshao.HidingNone
	}
	for _, p := range [...]css.Property{css.Width, css.Height, css.MaxWidth, css.MaxHeight} {
		if small(p) {
			return qianshao.HidingZeroSize
		}
	}
	flat := parent.flat
	if d.has(css.LineHeight) {
		v := d.get(css.LineHeight)
		flat = v.Unit != css.Keyword && v.Unit != css.Inherit && v.Number == 0
	}
	if flat && !d.has(css.Height) {
		return qianshao.HidingZeroSize
	}
	return qianshao.HidingNone
}
