package extract

import (
	"strings"

	"github.com/tdewolff/parse/v2/css"
)

// Distances, in CSS pixels or percent, from which a box is off the screen.
const (
	// farPosition: sites shift menus by their own width, and centre with left:
	// 50% and half a width as negative margin; hidden links lie further out.
	farPosition = 400
	farMargin   = 970 // half of the widest common layout (1920) is 960
	farRight    = 5000
	farPercent  = 150
	farShift    = 1000 // translate
)

// transform reads whether a transform makes a box vanish.
func transform(name string, tokens []css.Token) value {
	if name == "scale" || name == "translate" { // the properties of that name
		return shape(name, numbersOf(tokens))
	}
	for i, t := range tokens {
		if t.TokenType != css.FunctionToken {
			continue
		}
		function := strings.TrimSuffix(strings.ToLower(string(t.Data)), "(")
		if v := shape(function, numbersOf(tokens[i+1:])); v.number != 0 {
			return v
		}
	}
	return key(0)
}

// shape judges one transform function.
func shape(function string, args []value) value {
	for i, a := range args {
		switch {
		case strings.HasPrefix(function, "scale") && a.number == 0 && function != "scalez" && i < 2:
			return key(keyZero)
		case strings.HasPrefix(function, "translate") && i < 2 &&
			(a.unit == pixels && (a.number <= -farShift || a.number >= farRight) || a.unit == percent && (a.number <= -2*farPercent || a.number >= 5*farPercent)):
			return key(keyFar)
		case (function == "rotatex" || function == "rotatey") && a.number == 90:
			return key(keyZero) // seen from its edge
		case function == "matrix" && i == 0 && a.number == 0 && len(args) > 3 && args[3].number == 0 && args[1].number == 0:
			return key(keyZero)
		}
	}
	return key(0)
}

// numbersOf returns the numeric tokens up to the closing bracket.
func numbersOf(tokens []css.Token) []value {
	var out []value
	for _, t := range tokens {
		if t.TokenType == css.RightParenthesisToken {
			break
		}
		if t.TokenType == css.DimensionToken && strings.HasSuffix(strings.ToLower(string(t.Data)), "deg") {
			n, _ := splitNumber(string(t.Data))
			out = append(out, value{unit: factor, number: float32(n)})
		} else if v := length(t); v.unit == pixels || v.unit == percent || v.unit == factor {
			out = append(out, v)
		}
	}
	return out
}

// clip reads clip: rect(top, right, bottom, left): nothing is left if the
// edges meet, give or take the 1 px of screen-reader styles.
func clip(tokens []css.Token) value {
	if tokens[0].TokenType != css.FunctionToken || !strings.EqualFold(string(tokens[0].Data), "rect(") {
		return key(0)
	}
	n := numbersOf(tokens[1:])
	if len(n) == 4 && (n[2].number-n[0].number <= 1 || n[1].number-n[3].number <= 1) {
		return key(keyClipped)
	}
	return key(0)
}

// clipPath reads clip-path: inset(50%), circle(0), polygon(0 0, 0 0, 0 0).
func clipPath(tokens []css.Token) value {
	if tokens[0].TokenType != css.FunctionToken {
		return key(0)
	}
	n := numbersOf(tokens[1:])
	if len(n) == 0 {
		return key(0)
	}
	switch strings.ToLower(string(tokens[0].Data)) {
	case "inset(":
		top, bottom := n[0], n[0]
		if len(n) > 2 {
			bottom = n[2]
		}
		if top.unit == percent && top.number+bottom.number >= 100 || len(n) == 1 && n[0].unit == percent && n[0].number >= 50 {
			return key(keyClipped)
		}
	case "circle(", "ellipse(":
		if n[0].number == 0 {
			return key(keyClipped)
		}
	case "polygon(":
		for _, v := range n {
			if v.number != n[0].number {
				return key(0)
			}
		}
		return key(keyClipped)
	}
	return key(0)
}
