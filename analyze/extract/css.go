package extract

import (
	"math"
	"strconv"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"
)

// property is a CSS property by which text can be hidden.
type property uint8

const (
	propDisplay property = iota
	propVisibility
	propOpacity
	propFilter // opacity by way of filter
	propPosition
	propLeft
	propTop
	propRight
	propBottom
	propIndent
	propMarginLeft
	propMarginTop
	propTransform
	propClip
	propClipPath
	propWidth
	propHeight
	propMaxWidth
	propMaxHeight
	propOverflow
	propFontSize
	propLineHeight
	propColour
	propTextFill
	propBackground
	propBackgroundImage
	propZIndex
	propContentVisibility
	propCount
)

// inherited says whether a property passes to the elements inside.
func (p property) inherited() bool {
	switch p {
	case propVisibility, propIndent, propFontSize, propLineHeight, propColour, propTextFill:
		return true
	}
	return false
}

// unit is what a value's number means.
type unit uint8

const (
	keyword unit = iota // one of the codes below
	pixels
	percent  // of the parent's size, or of the font
	factor   // a bare number
	coloured // see colour
	inherit
)

// Codes of keyword values. Zero stands for every value that hides nothing.
const (
	keyNone     = iota + 1 // display: none; background-image: none; max-width: none
	keyHidden              // visibility, overflow, content-visibility: hidden
	keyAbsolute            // position: absolute or fixed
	keyRelative            // position: relative or sticky
	keyZero                // transform: scale(0) and the like
	keyFar                 // transform: translate(-9999px)
	keyClipped             // clip, clip-path: nothing is left
	keyImage               // background-image: there is one
)

// value is what a declaration says, as far as it matters here.
type value struct {
	unit   unit
	number float32
	colour colour
}

func key(code float32) value { return value{unit: keyword, number: code} }

// is says whether the value is this keyword.
func (v value) is(code float32) bool { return v.unit == keyword && v.number == code }

// declaration is one property's value.
type declaration struct {
	property  property
	value     value
	important bool
}

// innocent says that a declaration hides nothing and passes nothing on, so it
// matters only where it overrides another one.
func (d declaration) innocent() bool {
	return !d.property.inherited() && d.property != propBackground && d.property != propBackgroundImage &&
		(d.value.unit == keyword && d.value.number == 0 || d.value.unit != keyword && d.value.number == 0 && d.property <= propMarginTop)
}

// parseDeclarations reads a style attribute. Of several declarations of a
// property the last one is returned.
func parseDeclarations(style string) []declaration {
	p := css.NewParser(parse.NewInputString(style), true)
	var out []declaration
	for n := 0; n <= len(style); n++ {
		kind, _, name := p.Next()
		if kind == css.DeclarationGrammar {
			out = appendDeclaration(out, string(name), p.Values())
		} else if kind == css.ErrorGrammar && !p.HasParseError() {
			break
		}
	}
	return lastOfEach(out)
}

// appendDeclaration translates a declaration into those of its longhands that matter.
func appendDeclaration(out []declaration, name string, tokens []css.Token) []declaration {
	tokens, important := cutImportant(tokens)
	if len(tokens) == 0 {
		return out
	}
	set := func(p property, v value) { out = append(out, declaration{p, v, important}) }
	first := keywordOf(tokens[0])
	if p, ok := lengthProperties[name]; ok {
		v := length(tokens[0])
		if p == propFontSize {
			v = fontLength(tokens[0])
		}
		set(p, v)
		return out
	}
	switch strings.TrimPrefix(name, "-webkit-") {
	case "display":
		set(propDisplay, key(code(first == "none", keyNone)))
	case "visibility":
		set(propVisibility, orInherit(first, code(first == "hidden" || first == "collapse", keyHidden)))
	case "content-visibility":
		set(propContentVisibility, key(code(first == "hidden", keyHidden)))
	case "opacity":
		set(propOpacity, length(tokens[0]))
	case "filter", "-ms-filter":
		set(propFilter, filterOpacity(tokens))
	case "position":
		set(propPosition, position(first))
	case "z-index":
		set(propZIndex, length(tokens[0]))
	case "overflow", "overflow-x", "overflow-y":
		set(propOverflow, key(code(first == "hidden" || first == "clip", keyHidden)))
	case "transform", "-ms-transform", "-moz-transform", "scale", "translate":
		set(propTransform, transform(name, tokens))
	case "clip":
		set(propClip, clip(tokens))
	case "clip-path":
		set(propClipPath, clipPath(tokens))
	case "margin", "inset":
		out = appendBox(out, name, tokens, important)
	case "font":
		out = appendFont(out, tokens, important)
	case "color", "text-fill-color":
		if c, ok := colourOf(tokens); ok && name == "color" {
			set(propColour, c)
		} else if ok {
			set(propTextFill, c)
		}
	case "background", "background-color", "background-image":
		out = appendBackground(out, name, tokens, important)
	}
	return out
}

// lengthProperties take one length. It is never changed.
var lengthProperties = map[string]property{
	"left": propLeft, "top": propTop, "right": propRight, "bottom": propBottom, "text-indent": propIndent,
	"margin-left": propMarginLeft, "margin-top": propMarginTop, "width": propWidth, "height": propHeight,
	"max-width": propMaxWidth, "max-height": propMaxHeight, "font-size": propFontSize, "line-height": propLineHeight,
}

func code(yes bool, c float32) float32 {
	if yes {
		return c
	}
	return 0
}

func orInherit(word string, c float32) value {
	if word == "inherit" {
		return value{unit: inherit}
	}
	return key(c)
}

// cutImportant takes "!important" off, and the "\9" with which authors once
// addressed old browsers.
func cutImportant(tokens []css.Token) ([]css.Token, bool) {
	n := len(tokens)
	if n >= 2 && tokens[n-2].TokenType == css.DelimToken && tokens[n-2].Data[0] == '!' {
		return tokens[:n-2], strings.EqualFold(string(tokens[n-1].Data), "important")
	}
	return tokens, false
}

func keywordOf(t css.Token) string {
	if t.TokenType != css.IdentToken {
		return ""
	}
	word := strings.ToLower(string(t.Data))
	if i := strings.IndexByte(word, '\\'); i > 0 {
		word = word[:i]
	}
	return word
}

// pixelsPer converts a unit to CSS pixels, for a font of 16 px and a window of
// 1280 by 720. It is never changed.
var pixelsPer = map[string]float64{
	"px": 1, "em": 16, "rem": 16, "ex": 8, "ch": 8, "pt": 4. / 3, "pc": 16, "in": 96, "cm": 96 / 2.54, "mm": 96 / 25.4,
	"vw": 12.8, "vh": 7.2, "vmin": 7.2, "vmax": 12.8, "dvh": 7.2, "svh": 7.2, "lvh": 7.2, "dvw": 12.8,
}

// windowWidth is the width in pixels at which media queries are answered.
const windowWidth = 1280

// splitNumber splits "-10px" into its number and its unit, lower case.
func splitNumber(s string) (number float64, unit string) {
	i := len(s)
	for i > 0 && (s[i-1] < '0' || s[i-1] > '9') && s[i-1] != '.' {
		i--
	}
	number, err := strconv.ParseFloat(s[:i], 64)
	if err != nil && !math.IsInf(number, 0) {
		return 0, ""
	}
	unit = strings.ToLower(s[i:])
	if cut := strings.IndexByte(unit, '\\'); cut >= 0 {
		unit = unit[:cut]
	}
	return number, unit
}

// length reads a length, percentage, number or keyword.
func length(t css.Token) value {
	switch t.TokenType {
	case css.NumberToken:
		n, _ := splitNumber(string(t.Data))
		return value{unit: factor, number: float32(n)}
	case css.PercentageToken:
		n, _ := splitNumber(string(t.Data))
		return value{unit: percent, number: float32(n)}
	case css.DimensionToken:
		n, u := splitNumber(string(t.Data))
		if per, ok := pixelsPer[u]; ok {
			return value{unit: pixels, number: float32(n * per)}
		}
	case css.IdentToken:
		switch keywordOf(t) {
		case "none":
			return key(keyNone)
		case "inherit":
			return value{unit: inherit}
		}
	}
	return key(0)
}

// fontLength is length for a font's size, of which em is a multiple.
func fontLength(t css.Token) value {
	if n, u := splitNumber(string(t.Data)); t.TokenType == css.DimensionToken && u == "em" {
		return value{unit: percent, number: float32(100 * n)}
	}
	return length(t)
}

// appendBox reads margin or inset.
func appendBox(out []declaration, name string, tokens []css.Token, important bool) []declaration {
	box := fourValues(tokens) // top, right, bottom, left
	if name == "margin" {
		return append(out, declaration{propMarginTop, box[0], important}, declaration{propMarginLeft, box[3], important})
	}
	for i, p := range [4]property{propTop, propRight, propBottom, propLeft} {
		out = append(out, declaration{p, box[i], important})
	}
	return out
}

// fourValues reads the values of margin or inset: top, right, bottom, left.
func fourValues(tokens []css.Token) (box [4]value) {
	var v []value
	for _, t := range tokens {
		if t.TokenType != css.WhitespaceToken && len(v) < 4 {
			v = append(v, length(t))
		}
	}
	switch len(v) {
	case 0:
		return box
	case 1:
		return [4]value{v[0], v[0], v[0], v[0]}
	case 2:
		return [4]value{v[0], v[1], v[0], v[1]}
	case 3:
		return [4]value{v[0], v[1], v[2], v[1]}
	}
	return [4]value(v)
}

// appendFont reads font: [style weight] size[/line-height] family.
func appendFont(out []declaration, tokens []css.Token, important bool) []declaration {
	for i, t := range tokens {
		v := fontLength(t)
		if v.unit != pixels && v.unit != percent && (v.unit != factor || v.number != 0) {
			continue
		}
		out = append(out, declaration{propFontSize, v, important})
		if i+2 < len(tokens) && tokens[i+1].TokenType == css.DelimToken && tokens[i+1].Data[0] == '/' {
			out = append(out, declaration{propLineHeight, length(tokens[i+2]), important})
		}
		return out
	}
	return out
}

// colourOf finds the first colour among the tokens.
func colourOf(tokens []css.Token) (value, bool) {
	for i, t := range tokens {
		var c colour
		ok := false
		switch t.TokenType {
		case css.HashToken:
			c, ok = hexColour(strings.ToLower(string(t.Data[1:])))
		case css.IdentToken:
			word := keywordOf(t)
			if word == "inherit" || word == "currentcolor" || word == "unset" {
				return value{unit: inherit}, true
			}
			if word == "transparent" {
				c, ok = colour{}, true
			} else if v, found := colourNames[word]; found {
				c, ok = rgb(v), true
			}
		case css.FunctionToken:
			c, ok = functionColour(strings.ToLower(string(t.Data)), tokens[i+1:])
		}
		if ok {
			return value{unit: coloured, colour: c}, true
		}
	}
	return value{}, false
}

// appendBackground reads the colour of a background and whether there is an image.
func appendBackground(out []declaration, name string, tokens []css.Token, important bool) []declaration {
	image := false
	for _, t := range tokens {
		function := strings.ToLower(string(t.Data))
		image = image || t.TokenType == css.URLToken || t.TokenType == css.FunctionToken &&
			(strings.Contains(function, "gradient") || strings.HasPrefix(function, "url") || strings.Contains(function, "image") || strings.HasPrefix(function, "var"))
	}
	if name != "background-color" {
		out = append(out, declaration{propBackgroundImage, key(code(image, keyImage)), important})
	}
	if name == "background-image" {
		return out
	}
	c, ok := colourOf(tokens)
	if !ok || c.unit == inherit {
		c = value{unit: coloured} // background without a colour resets it
	}
	return append(out, declaration{propBackground, c, important})
}

func position(word string) value {
	switch word {
	case "absolute", "fixed":
		return key(keyAbsolute)
	case "relative", "sticky":
		return key(keyRelative)
	}
	return key(0)
}

// filterOpacity reads filter: opacity(0) and alpha(opacity=0); the latter is
// no CSS, so it is read as text.
func filterOpacity(tokens []css.Token) value {
	var b strings.Builder
	for _, t := range tokens {
		b.Write(t.Data)
	}
	s := strings.ToLower(b.String())
	for _, f := range []struct {
		prefix string
		scale  float64
	}{{"alpha(opacity=", 100}, {"opacity=", 100}, {"opacity(", 1}} {
		i := strings.Index(s, f.prefix)
		if i < 0 {
			continue
		}
		s = s[i+len(f.prefix):]
		end := strings.IndexAny(s, "),;'\"")
		if end < 0 {
			end = len(s)
		}
		n, u := splitNumber(strings.TrimSpace(s[:end]))
		if u == "%" {
			n /= 100
		}
		return value{unit: factor, number: float32(n / f.scale)}
	}
	return value{unit: factor, number: 1}
}
