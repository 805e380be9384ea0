package css

import (
	"math"
	"strconv"
	"strings"

	"github.com/tdewolff/parse/v2/css"
)

// Property is a CSS property by which text can be hidden.
type Property uint8

// The properties, named as in CSS unless a comment says otherwise.
const (
	Display Property = iota
	Visibility
	Opacity
	Filter // the opacity that a filter sets
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
	TextColour // color
	TextFill   // -webkit-text-fill-color
	Background
	BackgroundImage
	ZIndex
	ContentVisibility
	PropertyCount // the number of properties
)

// inherited reports whether descendants inherit a property.
func (p Property) inherited() bool {
	switch p {
	case Visibility, TextIndent, FontSize, LineHeight, TextColour, TextFill:
		return true
	}
	return false
}

// Unit is what a value's number means.
type Unit uint8

// The units. The zero Value is a keyword that hides nothing.
const (
	Keyword  Unit = iota // Number is one of the codes below
	Pixels               // all absolute lengths, and those relative to the window
	Percent              // of the parent's size or of its font size
	Factor               // a number without unit
	Coloured             // Colour is set
	Inherit
)

// Codes of keywords. Zero stands for every keyword that hides nothing.
const (
	None      = iota + 1 // display: none; background-image: none; max-width: none
	Hidden               // visibility, overflow, content-visibility: hidden
	Absolute             // position: absolute or fixed
	Relative             // position: relative or sticky
	Flattened            // transform: scale(0) and the like
	Far                  // transform: translate(-9999px)
	Clipped              // clip, clip-path: nothing of the box can be seen
	Image                // background-image: any image
)

// Value is the value of a declaration, as far as it matters for hiding.
type Value struct {
	Unit   Unit
	Number float32
	Colour Colour
}

// KeywordValue returns the keyword with a code.
func KeywordValue(code float32) Value { return Value{Unit: Keyword, Number: code} }

// Is reports whether the value is the keyword with a code.
func (v Value) Is(code float32) bool { return v.Unit == Keyword && v.Number == code }

// ident returns an identifier in lower case, or "" for another token. It leaves out "\9", with
// which authors once addressed old browsers.
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

// pixelsPer converts a unit to CSS pixels, for a font size of 16 px and a window of 1280 by 720. It
// is read only.
var pixelsPer = map[string]float64{
	"px": 1, "em": 16, "rem": 16, "ex": 8, "ch": 8, "pt": 4. / 3, "pc": 16, "in": 96, "cm": 96 / 2.54, "mm": 96 / 25.4,
	"vw": 12.8, "vh": 7.2, "vmin": 7.2, "vmax": 12.8, "dvh": 7.2, "svh": 7.2, "lvh": 7.2, "dvw": 12.8,
}

// windowWidth is the window's width in pixels for which media queries are evaluated.
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

// fontLength is like length, but for a font size, where em is a multiple of the parent's.
func fontLength(t css.Token) Value {
	if n, u := SplitNumber(string(t.Data)); t.TokenType == css.DimensionToken && u == "em" {
		return Value{Unit: Percent, Number: float32(100 * n)}
	}
	return length(t)
}
