// Package css reads style sheets, style attributes and selectors, as far as they decide whether
// text is hidden. It knows nothing of the page: package style applies them.
package css

import (
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"
)

// Declaration is the value of one property.
type Declaration struct {
	Property  Property
	Value     Value
	Important bool
}

// innocent reports whether a declaration hides nothing and is not inherited. Such a declaration
// matters only where it overrides another.
func (d Declaration) innocent() bool {
	return !d.Property.inherited() && d.Property != Background && d.Property != BackgroundImage &&
		(d.Value.Unit == Keyword && d.Value.Number == 0 || d.Value.Unit != Keyword && d.Value.Number == 0 && d.Property <= MarginTop)
}

// ParseDeclarations reads a style attribute. If it declares a property several times, the last
// declaration counts.
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

// appendDeclaration translates a declaration to longhand properties and appends those that matter.
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

// lengthProperties take one length. It is read only.
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

// cutImportant removes "!important" and reports whether it was there. It also removes "!ie", with
// which authors once addressed old browsers.
func cutImportant(tokens []css.Token) ([]css.Token, bool) {
	n := len(tokens)
	if n >= 2 && tokens[n-2].TokenType == css.DelimToken && tokens[n-2].Data[0] == '!' {
		return tokens[:n-2], strings.EqualFold(string(tokens[n-1].Data), "important")
	}
	return tokens, false
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

// appendBackground reads a background's colour and whether it has an image.
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
		c = Value{Unit: Coloured} // a background without a colour resets the colour
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

// filterOpacity reads filter: opacity(0) and alpha(opacity=0). The latter is not
// CSS, so it is read as text.
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
