package extract

import (
	"strconv"
	"strings"
)

// styleChange recognises that the element that the call at token i looks up is
// hidden or shown: getElementById("x").style.display="none", $("#x").hide().
func (s *scriptReader) styleChange(i int) {
	if !s.is(i+1, "(") || i+3 >= len(s.tokens) || s.tokens[i+2].kind != jsString || !s.is(i+3, ")") {
		return
	}
	id := s.literal(s.tokens[i+2]).text
	if s.text(i) != "getElementById" {
		var isID bool
		if id, isID = strings.CutPrefix(id, "#"); !isID {
			return
		}
	}
	if s.is(i+4, ".") {
		s.changes(i+5, id)
		return
	}
	// var x = document.getElementById("id"); … x.style.display = "none"
	k := i - 1
	for s.is(k, ".") || s.is(k, "document") || s.is(k, "window") {
		k--
	}
	if s.is(k, "=") && k > 0 && s.tokens[k-1].kind == jsName {
		s.followVariable(s.text(k-1), i+4, id)
	}
}

// maxFollow is how many tokens behind its assignment a variable is followed.
const maxFollow = 400

func (s *scriptReader) followVariable(name string, from int, id string) {
	for k := from; k < min(len(s.tokens), from+maxFollow) && s.steps < s.maxSteps; k++ {
		s.steps++
		if s.is(k, name) && s.is(k+1, ".") {
			s.changes(k+2, id)
		}
	}
}

// changes reads what is done to the element of the id by the member at token i.
func (s *scriptReader) changes(i int, id string) {
	hides, shows := false, false
	argument := func(k int) string {
		if k < len(s.tokens) && s.tokens[k].kind == jsString {
			return strings.ToLower(strings.ReplaceAll(s.literal(s.tokens[k]).text, " ", ""))
		}
		return ""
	}
	assigned := func(property, value string) {
		hiding := property == "display" && value == "none" || property == "visibility" && value == "hidden" ||
			property == "cssText" && (strings.Contains(value, "display:none") || strings.Contains(value, "visibility:hidden"))
		hides, shows = hiding, !hiding && property != "cssText"
	}
	switch s.text(i) {
	case "style":
		if p := s.text(i + 2); s.is(i+1, ".") && s.is(i+3, "=") && (p == "display" || p == "visibility" || p == "cssText") {
			assigned(p, argument(i+4))
		}
	case "setAttribute":
		if argument(i+2) == "style" {
			assigned("cssText", argument(i+4))
		}
	case "hide":
		hides = s.is(i+1, "(")
	case "show", "toggle", "fadeIn", "slideDown", "fadeToggle", "slideToggle":
		shows = s.is(i+1, "(")
	case "css":
		if p := argument(i + 2); s.is(i+3, ",") && (p == "display" || p == "visibility") {
			assigned(p, argument(i+4))
		}
	}
	if hides {
		s.hidden = append(s.hidden, id)
	}
	if shows {
		s.shown = append(s.shown, id)
	}
}

const (
	// maxChecks bounds how many looks at the referrer are followed in one script.
	maxChecks = 32
	// checkBefore and checkBehind are the tokens around such a look in which
	// the search engines' names and the redirect must stand.
	checkBefore, checkBehind = 120, 300
)

// redirectName is the Name of the region of a script that sends visitors who
// come from a search engine elsewhere.
const redirectName = "referrer-redirect"

// findRedirect looks for a check of the referrer or user agent for search
// engines with a redirect or a write behind it. One is enough for a script.
func (s *scriptReader) findRedirect() {
	checks := 0
	for i := range s.tokens {
		what := s.property(i)
		if what != "referrer" && what != "userAgent" {
			continue
		}
		if checks++; checks > maxChecks {
			return
		}
		engine := s.findEngine(max(0, i-checkBefore), min(len(s.tokens), i+checkBehind), what == "userAgent")
		if engine < 0 {
			continue
		}
		if end := s.findDeparture(i, min(len(s.tokens), max(i, engine)+checkBehind)); end > i {
			first, last := s.outer(min(i, engine)), s.outer(end-1)
			s.b.event(eventRedirect, s.owner, s.vi, int(first.start), int(last.end))
			return
		}
	}
}

// outer returns token i with its quotes or slashes.
func (s *scriptReader) outer(i int) jsToken {
	t := s.tokens[i]
	if t.kind == jsString || t.kind == jsRegex || t.kind == jsTemplate {
		t.start--
		t.end = min(t.end+1, int32(len(s.view.text)))
	}
	return t
}

// property returns the name at token i, written .name or ["name"].
func (s *scriptReader) property(i int) string {
	switch {
	case s.tokens[i].kind == jsName && s.is(i-1, "."):
		return s.text(i)
	case s.tokens[i].kind == jsString && s.is(i-1, "[") && s.is(i+1, "]"):
		return s.literal(s.tokens[i]).text
	}
	return ""
}

// findEngine returns the first token from..to that names a search engine; for
// user agents only crawlers count, since Baidu and Sogou make browsers as well.
func (s *scriptReader) findEngine(from, to int, crawlersOnly bool) int {
	names := []string{"baidu", "sogou", "so.com", "soso", "haosou", "google", "bing", "yahoo", "sm.cn", "360", "spider"}
	if crawlersOnly {
		names = []string{"spider", "googlebot", "bingbot", "slurp", "bot|", "|bot"}
	}
	for i := from; i < to; i++ {
		if k := s.tokens[i].kind; k != jsString && k != jsRegex {
			continue
		}
		text := strings.ToLower(strings.ReplaceAll(s.text(i), `\`, ""))
		for _, name := range names {
			if strings.Contains(text, name) {
				return i
			}
		}
	}
	return -1
}

// findDeparture returns the end of the first statement from..to that leaves
// the page or writes another one: location = …, location.replace(…), write(…).
func (s *scriptReader) findDeparture(from, to int) int {
	for i := from; i < to; i++ {
		if s.tokens[i].kind != jsName {
			continue
		}
		leaves := false
		switch s.text(i) {
		case "location":
			member := s.text(i + 2)
			leaves = s.is(i+1, "=") || s.is(i+1, ".") &&
				(member == "href" && s.is(i+3, "=") || (member == "replace" || member == "assign") && s.is(i+3, "("))
		case "write", "writeln", "innerHTML":
			leaves = s.is(i-1, ".") && (s.is(i+1, "(") || s.is(i+1, "="))
		}
		if !leaves {
			continue
		}
		end := i + 1
		for end < min(len(s.tokens), i+40) && !s.is(end, ";") && !s.is(end, "}") {
			end++
		}
		return end
	}
	return 0
}

// maxPackedWords bounds the dictionary of a packed script.
const maxPackedWords = 1 << 16

// unpack undoes Dean Edwards' packer, eval(function(p,a,c,k,e,d){…}('…',62,9,'…'.split('|'))),
// which injected scripts use more than anybody else. i is eval's token.
func (s *scriptReader) unpack(i int) (v *view, next int, ok bool) {
	if !s.is(i+2, "function") || !s.is(i+3, "(") || !s.is(i+4, "p") || !s.is(i+6, "a") {
		return nil, i, false
	}
	for k := i + 7; k+8 < len(s.tokens); k++ {
		s.steps++
		if s.is(k, "(") && s.tokens[k+1].kind == jsString && s.is(k+2, ",") && s.tokens[k+3].kind == jsNumber &&
			s.is(k+4, ",") && s.tokens[k+5].kind == jsNumber && s.is(k+6, ",") && s.tokens[k+7].kind == jsString && s.is(k+8, ".") {
			base, err := strconv.Atoi(s.text(k + 3))
			if err != nil || base < 2 || base > 95 {
				return nil, i, false
			}
			words := strings.SplitN(s.literal(s.tokens[k+7]).text, "|", maxPackedWords)
			return s.expand(s.literal(s.tokens[k+1]), base, words), s.skip(k + 1), true
		}
	}
	return nil, i, false
}

// expand replaces each word of a packed script by the one it stands for.
func (s *scriptReader) expand(packed *view, base int, words []string) *view {
	var out textBuilder
	text, left := packed.text, s.b.budget
	for i := 0; i < len(text) && len(out.text) < left; {
		from := i
		for i < len(text) && !isWordByte(text[i]) {
			i++
		}
		if i > from {
			out.copyPiece(packed, from, i)
		}
		from = i
		for i < len(text) && isWordByte(text[i]) {
			i++
		}
		if from == i {
			continue
		}
		if n, ok := packedNumber(text[from:i], base); ok && n < len(words) && words[n] != "" {
			out.put(packed.span(from, i), words[n])
		} else {
			out.copyPiece(packed, from, i)
		}
	}
	return s.built(&out)
}

func isWordByte(c byte) bool { return isAlphanumeric(c) || c == '_' }

// packedNumber reads the packer's digits: 0-9, a-z, A-Z.
func packedNumber(s string, base int) (n int, ok bool) {
	if len(s) > 4 {
		return 0, false
	}
	for i := range len(s) {
		d := base
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			d = int(c - '0')
		case c >= 'a' && c <= 'z':
			d = int(c-'a') + 10
		case c >= 'A' && c <= 'Z':
			d = int(c-'A') + 36
		}
		if d >= base {
			return 0, false
		}
		n = n*base + d
	}
	return n, true
}
