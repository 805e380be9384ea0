package css

import (
	"strings"
	"testing"
)

// TestSheetsAreCut: only the first maxSheets bytes of all sheets are read. Rules before that limit
// apply, rules after it do not, and Cut reports it.
func TestSheetsAreCut(t *testing.T) {
	t.Parallel()
	const hides = "{display:none}\n"
	filler := strings.Repeat(" ", maxSheets-len(".first"+hides)-len(".last"+hides))
	x := NewRules()
	x.Parse(".first" + hides + filler)
	x.Parse(".last" + hides)
	if x.Cut() {
		t.Error("sheets of just the size that is read are cut")
	}
	x.Parse(".beyond" + hides)
	if !x.Cut() {
		t.Error("sheets of more than is read are not cut")
	}
	for class, want := range map[string]int{"first": 1, "last": 1, "beyond": 0} {
		if n := len(x.ByClass[class]); n != want {
			t.Errorf("%d rules of .%s, want %d", n, class, want)
		}
	}
}

// TestRulesAreBounded: rules and compounds of selectors beyond the limits are left out.
func TestRulesAreBounded(t *testing.T) {
	t.Parallel()
	for name, sheet := range map[string]string{
		"rules":     strings.Repeat("a{left:0}", maxRules+10),
		"selectors": "a{left:0}" + strings.Repeat("a b c d,", maxSelectorParts/4+10) + "e{left:0}",
		"compounds": "a{left:0}" + strings.Repeat("a b c d e f g h i j{left:0}", maxSelectorParts/10+10),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if len(sheet) > maxSheets {
				sheet = sheet[:maxSheets]
			}
			x := NewRules()
			x.Parse(sheet)
			if len(x.All) == 0 || len(x.All) > maxRules {
				t.Errorf("%d rules", len(x.All))
			}
			if most := maxSelectorParts + 10; x.parts > most { // the last selector is kept whole
				t.Errorf("%d compounds are kept, want at most %d", x.parts, most)
			}
		})
	}
}
