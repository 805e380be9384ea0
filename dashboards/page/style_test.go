package page

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestContrast checks the contrast of text against WCAG 2.2 AA (4.5:1) in both colour schemes.
func TestContrast(t *testing.T) {
	sheet, err := newStyleSheet(nil)
	if err != nil {
		t.Fatal(err)
	}
	css := sheet.content
	colours := map[string][2]string{}
	for _, m := range regexp.MustCompile(`(?m)^  --([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);`).FindAllStringSubmatch(string(css), -1) {
		colours[m[1]] = [2]string{m[2], m[3]}
	}
	pairs := [][2]string{
		{"mark-ink", "mark"}, {"ink", "also"}, {"critical", "sheet"}, {"critical", "sunk"}, {"hidden", "hidden-ground"}, {"hidden", "sunk"},
		{"hidden", "sheet"}, {"good", "good-ground"},
	}
	for _, text := range []string{"ink", "soft", "link"} {
		for _, ground := range []string{"ground", "sheet", "sunk"} {
			pairs = append(pairs, [2]string{text, ground})
		}
	}
	for _, level := range []string{"critical", "high", "medium", "low", "info"} {
		pairs = append(pairs, [2]string{level, level + "-ground"})
	}
	for _, p := range pairs {
		for scheme, name := range []string{"light", "dark"} {
			text, ground := colours[p[0]][scheme], colours[p[1]][scheme]
			if text == "" || ground == "" {
				t.Errorf("%v: not among the style sheet's colours", p)
				continue
			}
			if c := contrast(text, ground); c < 4.5 {
				t.Errorf("%s: %s on %s has a contrast of %.2f", name, p[0], p[1], c)
			}
		}
	}
}

func contrast(a, b string) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// luminance is WCAG's relative luminance of #rrggbb.
func luminance(hex string) float64 {
	n, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
	if err != nil {
		return math.NaN()
	}
	linear := func(v uint64) float64 {
		c := float64(v&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(n>>16) + 0.7152*linear(n>>8) + 0.0722*linear(n)
}

// TestStylesheet: the style sheet loads nothing from elsewhere.
func TestStylesheet(t *testing.T) {
	sheet, err := newStyleSheet(nil)
	if err != nil {
		t.Fatal(err)
	}
	css := sheet.content
	if strings.Contains(string(css), "url(") || strings.Contains(string(css), "@import") {
		t.Error("the style sheet loads something")
	}
	if strings.Count(string(css), "{") != strings.Count(string(css), "}") {
		t.Error("unbalanced braces")
	}
}
