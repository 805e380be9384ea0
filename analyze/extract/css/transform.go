package css

import (
	"strings"

	"github.com/tdewolff/parse/v2/css"
)

// Distances, in CSS pixels or percent, at which a box is off the screen.
const (
	FarRight   = 5000
	FarPercent = 150
	farShift   = 1000 // translate
)

// transform returns how a transform makes a box vanish.
func transform(name string, tokens []css.Token) Value {
	if name == "scale" || name == "translate" { // the properties scale and translate
		return shape(name, numbersOf(tokens))
	}
	for i, t := range tokens {
		if t.TokenType != css.FunctionToken {
			continue
		}
		function := strings.TrimSuffix(strings.ToLower(string(t.Data)), "(")
		if v := shape(function, numbersOf(tokens[i+1:])); v.Number != 0 {
			return v
		}
	}
	return KeywordValue(0)
}

// shape returns how one transform function makes a box vanish.
func shape(function string, args []Value) Value {
	for i, a := range args {
		switch {
		case strings.HasPrefix(function, "scale") && a.Number == 0 && function != "scalez" && i < 2:
			return KeywordValue(Flattened)
		case strings.HasPrefix(function, "translate") && i < 2 &&
			(a.Unit == Pixels && (a.Number <= -farShift || a.Number >= FarRight) || a.Unit == Percent && (a.Number <= -2*FarPercent || a.Number >= 5*FarPercent)):
			return KeywordValue(Far)
		case (function == "rotatex" || function == "rotatey") && a.Number == 90:
			return KeywordValue(Flattened) // turned so that it is seen edge-on
		case function == "matrix" && i == 0 && a.Number == 0 && len(args) > 3 && args[3].Number == 0 && args[1].Number == 0:
			return KeywordValue(Flattened)
		}
	}
	return KeywordValue(0)
}

// numbersOf returns the numeric tokens up to the closing bracket.
func numbersOf(tokens []css.Token) []Value {
	var out []Value
	for _, t := range tokens {
		if t.TokenType == css.RightParenthesisToken {
			break
		}
		if t.TokenType == css.DimensionToken && strings.HasSuffix(strings.ToLower(string(t.Data)), "deg") {
			n, _ := SplitNumber(string(t.Data))
			out = append(out, Value{Unit: Factor, Number: float32(n)})
		} else if v := length(t); v.Unit == Pixels || v.Unit == Percent || v.Unit == Factor {
			out = append(out, v)
		}
	}
	return out
}

// clip reads clip: rect(top, right, bottom, left). Nothing of the box can be seen if two edges
// meet, or if they leave the one pixel that styles for screen readers use.
func clip(tokens []css.Token) Value {
	if tokens[0].TokenType != css.FunctionToken || !strings.EqualFold(string(tokens[0].Data), "rect(") {
		return KeywordValue(0)
	}
	n := numbersOf(tokens[1:])
	if len(n) == 4 && (n[2].Number-n[0].Number <= 1 || n[1].Number-n[3].Number <= 1) {
		return KeywordValue(Clipped)
	}
	return KeywordValue(0)
}

// clipPath reads clip-path: inset(50%), circle(0), polygon(0 0, 0 0, 0 0).
func clipPath(tokens []css.Token) Value {
	if tokens[0].TokenType != css.FunctionToken {
		return KeywordValue(0)
	}
	n := numbersOf(tokens[1:])
	if len(n) == 0 {
		return KeywordValue(0)
	}
	switch strings.ToLower(string(tokens[0].Data)) {
	case "inset(":
		top, bottom := n[0], n[0]
		if len(n) > 2 {
			bottom = n[2]
		}
		if top.Unit == Percent && top.Number+bottom.Number >= 100 || len(n) == 1 && n[0].Unit == Percent && n[0].Number >= 50 {
			return KeywordValue(Clipped)
		}
	case "circle(", "ellipse(":
		if n[0].Number == 0 {
			return KeywordValue(Clipped)
		}
	case "polygon(":
		for _, v := range n {
			if v.Number != n[0].Number {
				return KeywordValue(0)
			}
		}
		return KeywordValue(Clipped)
	}
	return KeywordValue(0)
}
