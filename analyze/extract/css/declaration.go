package css

import (
	"math"
	"strconv"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"
)

// Property is a CSS property by which text can be hidden.
type Property uint8

const (
	Display Property = iota
	Visibility
	Opacity
	Filter // opacity by way of filter
	Position
	Left
	Top
	Right
	Bottom
	TextIndent
	MarginLeft
	MarginTop
	Transform
	Clip
	ClipPath
	Width
	Height
	MaxWidth
	MaxHeight
	Overflow
	FontSize
	LineHeight
	TextColour
	TextFill
	Background
	BackgroundImage
	ZIndex
	ContentVisibility
	PropertyCount
)

// inherited says whether a property passes to the elements inside.
func (p Property) inherited() bool {
	switch p {
	case Visibility, TextIndent, FontSize, LineHeight, TextColour, TextFill:
		return true
	}
	return false
}

// Unit is what a value's number means.
type Unit uint8

const (
	Keyword Unit = iota // one of the codes below
	Pixels
	Percent  // of the parent's size, or of the font
	Factor   // a bare number
	Coloured // see colour
	Inherit
)

// Codes of keyword values. Zero stands for every value that hides nothing.
const (
	None      = iota + 1 // display: none; background-image: none; max-width: none
	Hidden               // visibility, overflow, content-visibility: hidden
	Absolute             // position: absolute or fixed
	Relative             // position: relative or sticky
	Flattened            // transform: scale(0) and the like
	Far                  // transform: translate(-9999px)
	Clipped              // clip, clip-path: nothing is left
	Image                // background-image: there is one
)

// Value is what a declaration says, as far as it matters here.
type Value struct {
	Unit   Unit
	Number float32
	Colour Colour
}

func KeywordValue(code float32) Value { return Value{Unit: Keyword, Number: code} }

// Is says whether the value is this keyword.
func (v Value) Is(code float32) bool { return v.Unit == Keyword && v.Number == code }

// Declaration is one property's value.
type Declaration struct {
	Property  Property
	Value     Value
	Important bool
}

// innocent says that a declaration hides nothing and passes nothing on, so it
// matters only where it overrides another one.
func (d Declaration) innocent() bool {
	return !d.Property.inherited() && d.Property != Background && d.Property != BackgroundImage &&
		(d.Value.Unit == Keyword && d.Value.Number == 0 || d.Value.Unit != Keyword && d.Value.Number == 0 && d.Property <= MarginTop)
}

// ParseDeclarations reads a style attribute. Of several declarations of a
// property the last one is returned.
func ParseDeclarations(style string) []Declaration {
	p := css.NewParser(parse.NewInputString(style), true)
	var out []Declaration
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
func appendDeclaration(out []Declaration, name string, tokens []css.Token) []Declaration {
	tokens, important := cutImportant(tokens)
	if len(tokens) == 0 {
		return out
	}
	set := func(p Property, v Value) { out = append(out, Declaration{p, v, important}) }
	first := ident(tokens[0])
	if p, ok := lengthProperties[name]; ok {
		v := length(tokens[0])
		if p == FontSize {
			v = fontLength(tokens[0])
		}
		set(p, v)
		return out
	}
	switch strings.TrimPrefix(name, "-webkit-") {
	case "display":
		set(Display, KeywordValue(keywordIf(first == "none", None)))
	case "visibility":
		set(Visibility, orInherit(first, keywordIf(first == "hidden" || first == "collapse", Hidden)))
	case "content-visibility":
		set(ContentVisibility, KeywordValue(keywordIf(first == "hidden", Hidden)))
	case "opacity":
		set(Opacity, length(tokens[0]))
	case "filter", "-ms-filter":
		set(Filter, filterOpacity(tokens))
	case "position":
		set(Position, position(first))
	case "z-index":
		set(ZIndex, length(tokens[0]))
	case "overflow", "overflow-x", "overflow-y":
		set(Overflow, KeywordValue(keywordIf(first == "hidden" || first == "clip", Hidden)))
	case "transform", "-ms-transform", "-moz-transform", "scale", "translate":
		set(Transform, transform(name, tokens))
	case "clip":
		set(Clip, clip(tokens))
	case "clip-path":
		set(ClipPath, clipPath(tokens))
	case "margin", "inset":
		out = appendBox(out, name, tokens, important)
	case "font":
		out = appendFont(out, tokens, important)
	case "color", "text-fill-color":
		if c, ok := colourOf(tokens); ok && name == "color" {
			set(TextColour, c)
		} else if ok {
			set(TextFill, c)
		}
	case "background", "background-color", "background-image":
		out = appendBackground(out, name, tokens, important)
	}
	return out
}

// lengthProperties take one length. It is never changed.
var lengthProperties = map[string]Property{
	"left": Left, "top": Top, "right": Right, "bottom": Bottom, "text-indent": TextIndent,
	"margin-left": MarginLeft, "margin-top": MarginTop, "width": Width, "height": Height,
	"max-width": MaxWidth, "max-height": MaxHeight, "font-size": FontSize, "line-height": LineHeight,
}

func keywordIf(yes bool, c float32) float32 {
	if yes {
		return c
	}
	return 0
}

func orInherit(word string, c float32) Value {
	if word == "inherit" {
		return Value{Unit: Inherit}
	}
	return KeywordValue(c)
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

func ident(t css.Token) string {
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

// SplitNumber splits "-10px" into its number and its unit, lower case.
func SplitNumber(s string) (number float64, unit string) {
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
func length(t css.Token) Value {
	switch t.TokenType {
	case css.NumberToken:
		n, _ := SplitNumber(string(t.Data))
		return Value{Unit: Factor, Number: float32(n)}
	case css.PercentageToken:
		n, _ := SplitNumber(string(t.Data))
		return Value{Unit: Percent, Number: float32(n)}
	case css.DimensionToken:
		n, u := SplitNumber(string(t.Data))
		if per, ok := pixelsPer[u]; ok {
			return Value{Unit: Pixels, Number: float32(n * per)}
		}
	case css.IdentToken:
		switch ident(t) {
		case "none":
			return KeywordValue(None)
		case "inherit":
			return Value{Unit: Inherit}
		}
	}
	return KeywordValue(0)
}

// fontLength is length for a font's size, of which em is a multiple.
func fontLength(t css.Token) Value {
	if n, u := SplitNumber(string(t.Data)); t.TokenType == css.DimensionToken && u == "em" {
		return Value{Unit: Percent, Number: float32(100 * n)}
	}
	return length(t)
}

// appendBox reads margin or inset.
func appendBox(out []Declaration, name string, tokens []css.Token, important bool) []Declaration {
	box := fourValues(tokens) // top, right, bottom, left
	if name == "margin" {
		return append(out, Declaration{MarginTop, box[0], important}, Declaration{MarginLeft, box[3], important})
	}
	for i, p := range [4]Property{Top, Right, Bottom, Left} {
		out = append(out, Declaration{p, box[i], important})
	}
	return out
}

// fourValues reads the values of margin or inset: top, right, bottom, left.
func fourValues(tokens []css.Token) (box [4]Value) {
	var v []Value
	for _, t := range tokens {
		if t.TokenType != css.WhitespaceToken && len(v) < 4 {
			v = append(v, length(t))
		}
	}
	switch len(v) {
	case 0:
		return box
	case 1:
		return [4]Value{v[0], v[0], v[0], v[0]}
	case 2:
		return [4]Value{v[0], v[1], v[0], v[1]}
	case 3:
		return [4]Value{v[0], v[1], v[2], v[1]}
	}
	return [4]Value(v)
}

// appendFont reads font: [style weight] size[/line-height] family.
func appendFont(out []Declaration, tokens []css.Token, important bool) []Declaration {
	for i, t := range tokens {
		v := fontLength(t)
		if v.Unit != Pixels && v.Unit != Percent && (v.Unit != Factor || v.Number != 0) {
			continue
		}
		out = append(out, Declaration{FontSize, v, important})
		if i+2 < len(tokens) && tokens[i+1].TokenType == css.DelimToken && tokens[i+1].Data[0] == '/' {
			out = append(out, Declaration{LineHeight, length(tokens[i+2]), important})
		}
		return out
	}
	return out
}

// colourOf finds the first colour among the tokens.
func colourOf(tokens []css.Token) (Value, bool) {
	for i, t := range tokens {
		var c Colour
		ok := false
		switch t.TokenType {
		case css.HashToken:
			c, ok = hexColour(strings.ToLower(string(t.Data[1:])))
		case css.IdentToken:
			word := ident(t)
			if word == "inherit" || word == "currentcolor" || word == "unset" {
				return Value{Unit: Inherit}, true
			}
			if word == "transparent" {
				c, ok = Colour{}, true
			} else if v, found := colourNames[word]; found {
				c, ok = rgb(v), true
			}
		case css.FunctionToken:
			c, ok = functionColour(strings.ToLower(string(t.Data)), tokens[i+1:])
		}
		if ok {
			return Value{Unit: Coloured, Colour: c}, true
		}
	}
	return Value{}, false
}

// appendBackground reads the colour of a background and whether there is an image.
func appendBackground(out []Declaration, name string, tokens []css.Token, important bool) []Declaration {
	image := false
	for _, t := range tokens {
		function := strings.ToLower(string(t.Data))
		image = image || t.TokenType == css.URLToken || t.TokenType == css.FunctionToken &&
			(strings.Contains(function, "gradient") || strings.HasPrefix(function, "url") || strings.Contains(function, "image") || strings.HasPrefix(function, "var"))
	}
	if name != "background-color" {
		out = append(out, Declaration{BackgroundImage, KeywordValue(keywordIf(image, Image)), important})
	}
	if name == "background-image" {
		return out
	}
	c, ok := colourOf(tokens)
	if !ok || c.Unit == Inherit {
		c = Value{Unit: Coloured} // background without a colour resets it
	}
	return append(out, Declaration{Background, c, important})
}

func position(word string) Value {
	switch word {
	case "absolute", "fixed":
		return KeywordValue(Absolute)
	case "relative", "sticky":
		return KeywordValue(Relative)
	}
	return KeywordValue(0)
}

// filterOpacity reads filter: opacity(0) and alpha(opacity=0); the latter is
// no CSS, so it is read as text.
func filterOpacity(tokens []css.Token) Value {
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
		n, u := SplitNumber(strings.TrimSpace(s[:end]))
		if u == "%" {
			n /= 100
		}
		return Value{Unit: Factor, Number: float32(n / f.scale)}
	}
	return Value{Unit: Factor, Number: 1}
}
