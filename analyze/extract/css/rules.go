package css

import (
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"
)

// Limits of style sheets.
const (
	// maxRules bounds the rules of a page. Large portals have some 20,000, most of which set only
	// properties that are not kept here.
	maxRules = 100_000
	// maxSelectorParts bounds the compounds of all their selectors (about 100 bytes each).
	maxSelectorParts = 250_000
	// maxSheets bounds the text of all sheets of a page, in bytes. It is enough for more than
	// 20,000 rules. Parsing takes up to sixty times as much memory.
	maxSheets = 2 << 20
	// maxImports bounds how many sheets are imported, whether they import each other or stand side
	// by side.
	maxImports = 16
)

// Rule is a selector with the declarations of its block that can hide text.
type Rule struct {
	Selector     *Selector
	Declarations []Declaration
	Order        int // of the block among all
}

// Rules are the rules of a page's style sheets. Each is filed under the most selective part of its
// last compound, so that the work for a page grows with elements plus rules and not with their
// product. The lists hold indexes in All.
type Rules struct {
	All       []Rule
	ByID      map[string][]int32
	ByClass   map[string][]int32
	ByTag     map[string][]int32
	Universal []int32
	imports   []string // references of @import that were not returned yet
	taken     int      // how many were returned
	order     int
	parts     int // compounds of all selectors
	read      int // bytes of all sheets
}

// NewRules returns an empty set of rules.
func NewRules() *Rules {
	return &Rules{ByID: map[string][]int32{}, ByClass: map[string][]int32{}, ByTag: map[string][]int32{}}
}

// Cut reports whether the page's style sheets have more text than is read.
func (x *Rules) Cut() bool { return x.read > maxSheets }

// Parse adds the rules of a style sheet.
func (x *Rules) Parse(sheet string) {
	left := max(0, maxSheets-x.read)
	x.read += len(sheet)
	sheet = sheet[:min(len(sheet), left)]
	p := css.NewParser(parse.NewInputString(sheet), false)
	var selectors []byte // kept as text, because most blocks declare nothing that matters
	var block []Declaration
	skip, depth := 0, 0 // depth counts nested at-rules; skip is the depth of one that does not apply
	for n := 0; n <= len(sheet)+1; n++ {
		kind, _, data := p.Next()
		switch kind {
		case css.ErrorGrammar:
			if !p.HasParseError() {
				return
			}
		case css.AtRuleGrammar:
			if string(data) == "@import" && skip == 0 {
				x.addImport(p.Values())
			}
		case css.BeginAtRuleGrammar:
			if depth++; skip == 0 && !applies(string(data), p.Values()) {
				skip = depth
			}
		case css.EndAtRuleGrammar:
			if skip == depth {
				skip = 0
			}
			depth--
		case css.QualifiedRuleGrammar:
			selectors = append(appendText(selectors, p.Values()), ',')
		case css.BeginRulesetGrammar:
			selectors, block = appendText(selectors, p.Values()), block[:0]
		case css.DeclarationGrammar:
			if skip == 0 {
				block = appendDeclaration(block, string(data), p.Values())
			}
		case css.EndRulesetGrammar:
			if len(block) > 0 {
				x.add(x.parseSelectors(string(selectors)), lastOfEach(block))
			}
			selectors, block = selectors[:0], block[:0]
		}
	}
}

// addImport notes the reference of an @import, unless it is only for print.
func (x *Rules) addImport(tokens []css.Token) {
	for i, t := range tokens {
		var url string
		switch t.TokenType {
		case css.StringToken:
			url = strings.Trim(string(t.Data), `"'`)
		case css.URLToken:
			url = strings.TrimSuffix(string(t.Data)[len("url("):], ")")
			url = strings.Trim(strings.TrimSpace(url), `"'`)
		default:
			continue
		}
		if url != "" && len(x.imports) < maxImports && MediaApplies(textOf(tokens[i+1:])) {
			x.imports = append(x.imports, url)
		}
		return
	}
}

// applies reports whether the block of an at-rule applies to a desktop browser.
func applies(name string, tokens []css.Token) bool {
	switch name {
	case "@media":
		return MediaApplies(textOf(tokens))
	case "@supports", "@layer", "@document", "@-moz-document":
		return true
	}
	return false // @keyframes, @font-face, @page
}

func textOf(tokens []css.Token) string {
	var b strings.Builder
	for _, t := range tokens {
		b.Write(t.Data)
	}
	return strings.ToLower(strings.TrimSpace(b.String()))
}

// MediaApplies reports whether a media query list applies to a screen that is
// windowWidth wide. An empty list applies.
func MediaApplies(list string) bool {
	if strings.TrimSpace(list) == "" {
		return true
	}
	for _, query := range strings.Split(strings.ToLower(list), ",") {
		if queryApplies(strings.TrimSpace(query)) {
			return true
		}
	}
	return false
}

func queryApplies(query string) bool {
	query, negated := strings.CutPrefix(query, "not ")
	return negated != allApply(strings.TrimPrefix(query, "only "))
}

func allApply(query string) bool {
	for _, part := range strings.Split(query, "and") {
		part = strings.Trim(part, " ()")
		if strings.HasPrefix(part, "forced-") { // high-contrast mode
			return false
		}
		feature, v, _ := strings.Cut(part, ":")
		n, u := SplitNumber(strings.TrimSpace(v))
		width := n * max(pixelsPer[u], 0)
		switch strings.TrimSpace(feature) {
		case "print", "speech", "tty", "tv", "projection", "handheld", "braille", "embossed", "aural":
			return false
		case "min-width", "min-device-width":
			if width > windowWidth {
				return false
			}
		case "max-width", "max-device-width":
			if width < windowWidth {
				return false
			}
		case "prefers-color-scheme":
			if strings.TrimSpace(v) == "dark" {
				return false
			}
		case "prefers-reduced-motion", "prefers-contrast":
			return false
		case "orientation":
			if strings.TrimSpace(v) == "portrait" {
				return false
			}
		}
	}
	return true
}

func appendText(b []byte, tokens []css.Token) []byte {
	for _, t := range tokens {
		b = append(b, t.Data...)
	}
	return b
}

// parseSelectors parses the selectors of a rule. Unknown ones and those beyond the limits are left
// out. A comma inside brackets does not separate selectors.
func (x *Rules) parseSelectors(list string) []*Selector {
	var out []*Selector
	level, from := 0, 0
	for i := 0; i <= len(list); i++ {
		c := byte(',')
		if i < len(list) {
			c = list[i]
		} else {
			level = 0
		}
		switch c {
		case '(', '[':
			level++
		case ')', ']':
			level--
		case ',':
			if level == 0 {
				if len(x.All)+len(out) >= maxRules || x.parts >= maxSelectorParts {
					return out
				}
				if s, ok := ParseSelector(list[from:i]); ok {
					x.parts += len(s.Compounds)
					out = append(out, s)
				}
				from = i + 1
			}
		}
	}
	return out
}

// NextImport returns the reference of the next @import. ok is false if there are no more, or too
// many were returned.
func (x *Rules) NextImport() (ref string, ok bool) {
	if !x.Pending() || x.taken >= maxImports {
		return "", false
	}
	ref = x.imports[0]
	x.imports = x.imports[1:]
	x.taken++
	return ref, true
}

// Pending reports whether an @import is left that NextImport has not returned.
func (x *Rules) Pending() bool { return len(x.imports) > 0 }

// Hide adds the rule of a script that hides the element with an id. The rule overrides whatever the
// sheets say.
func (x *Rules) Hide(id string) {
	s := &Selector{Compounds: []Compound{{ID: id}}, Specificity: 1 << 16}
	x.order++
	x.file(Rule{s, []Declaration{{Display, KeywordValue(None), true}}, x.order})
}

// add files a block under each of its selectors.
func (x *Rules) add(selectors []*Selector, block []Declaration) {
	x.order++
	for _, s := range selectors {
		declarations := block
		if s.Specificity == 0 {
			// *{margin:0} is weaker than any other rule, so that a declaration that hides nothing
			// has no effect here. Leaving it out saves work on every element.
			declarations = nil
			for _, d := range block {
				if !d.innocent() || d.Important {
					declarations = append(declarations, d)
				}
			}
		}
		if len(declarations) > 0 {
			x.file(Rule{s, declarations, x.order})
		}
	}
}

// file files a rule, unless the limit of rules is reached.
func (x *Rules) file(r Rule) {
	if len(x.All) >= maxRules {
		return
	}
	n := int32(len(x.All))
	x.All = append(x.All, r)
	switch last := &r.Selector.Compounds[0]; {
	case last.ID != "":
		x.ByID[last.ID] = append(x.ByID[last.ID], n)
	case len(last.Classes) > 0:
		x.ByClass[last.Classes[0]] = append(x.ByClass[last.Classes[0]], n)
	case last.Tag != "":
		x.ByTag[last.Tag] = append(x.ByTag[last.Tag], n)
	default:
		x.Universal = append(x.Universal, n)
	}
}

// lastOfEach drops declarations that a later one in the same block overrides, so that a block has
// at most one declaration for each property.
func lastOfEach(block []Declaration) []Declaration {
	var at [2 * PropertyCount]int
	out := block[:0:0]
	for _, d := range block {
		k := int(d.Property)
		if d.Important {
			k += int(PropertyCount)
		}
		if at[k] > 0 {
			out[at[k]-1].Value = d.Value
			continue
		}
		out = append(out, d)
		at[k] = len(out)
	}
	return out
}
