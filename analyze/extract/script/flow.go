package script

import (
	"strconv"
	"strings"

	"github.com/qianshao/qianshao/analyze/extract/ascii"
	"github.com/qianshao/qianshao/analyze/extract/mapped"
)

// styleChange notes whether the script hides or shows the element that the call at token i looks
// up: getElementById("x").style.display="none", $("#x").hide().
func (s *reader) styleChange(i int) {
	if !s.is(i+1, "(") || i+3 >= len(s.tokens) || s.tokens[i+2].kind != stringToken || !s.is(i+3, ")") {
		return
	}
	id := s.literal(s.tokens[i+2]).Content
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
	if s.is(k, "=") && k > 0 && s.tokens[k-1].kind == nameToken {
		s.followVariable(s.text(k-1), i+4, id)
	}
}

// maxFollow is how many tokens after its assignment a variable is followed.
const maxFollow = 400

func (s *reader) followVariable(name string, from int, id string) {
	for k := from; k < min(len(s.tokens), from+maxFollow) && s.steps < s.maxSteps; k++ {
		s.steps++
		if s.is(k, name) && s.is(k+1, ".") {
			s.changes(k+2, id)
		}
	}
}

// changes notes whether the member at token i hides or shows the element with an id.
func (s *reader) changes(i int, id string) {
	hides, shows := false, false
	argument := func(k int) string {
		if k < len(s.tokens) && s.tokens[k].kind == stringToken {
			return strings.ToLower(strings.ReplaceAll(s.literal(s.tokens[k]).Content, " ", ""))
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
		s.shown[id] = true
	}
}

const (
	// maxChecks bounds how many uses of the referrer are examined in one script.
	maxChecks = 32
	// checkBefore and checkBehind are how many tokens before and after such a use are searched for
	// the names of search engines. The redirect is searched for only after it.
	checkBefore, checkBehind = 120, 300
)

// findRedirect looks for code that compares the referrer or user agent with search engines and then
// redirects, writes to the page or changes the title. It emits only the first one.
func (s *reader) findRedirect() {
	checks := 0
	for i := range s.tokens {
		if s.redirect {
			return
		}
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
			s.emit(Effect{Kind: Redirect, Start: int(first.start), End: int(last.end)})
			s.redirect = true
		}
	}
}

// outer returns token i including its quotes or slashes.
func (s *reader) outer(i int) token {
	t := s.tokens[i]
	if t.kind == stringToken || t.kind == regexToken || t.kind == templateToken {
		t.start--
		t.end = min(t.end+1, int32(len(s.script.Content)))
	}
	return t
}

// property returns the name at token i, whether written .name or ["name"].
func (s *reader) property(i int) string {
	switch {
	case s.tokens[i].kind == nameToken && s.is(i-1, "."):
		return s.text(i)
	case s.tokens[i].kind == stringToken && s.is(i-1, "[") && s.is(i+1, "]"):
		return s.literal(s.tokens[i]).Content
	}
	return ""
}

// findEngine returns the first token in from..to that names a search engine, or -1. Among user
// agents only crawlers count, since Baidu and Sogou also make browsers.
func (s *reader) findEngine(from, to int, crawlersOnly bool) int {
	names := []string{"baidu", "sogou", "so.com", "soso", "haosou", "google", "bing", "yahoo", "sm.cn", "360", "spider"}
	if crawlersOnly {
		names = []string{"spider", "googlebot", "bingbot", "slurp", "bot|", "|bot"}
	}
	for i := from; i < to; i++ {
		if k := s.tokens[i].kind; k != stringToken && k != regexToken {
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

// findDeparture returns the end of the first statement in from..to that leaves the page or replaces
// it: location = …, location.replace(…), write(…), or document.title = …, by which a hacked page
// shows people its old title. It returns 0 if there is none.
func (s *reader) findDeparture(from, to int) int {
	for i := from; i < to; i++ {
		if s.tokens[i].kind != nameToken {
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
		case "title":
			leaves = s.is(i-1, ".") && s.text(max(0, i-2)) == "document" && s.is(i+1, "=")
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
// which most injected scripts that are packed use. i is the token eval.
func (s *reader) unpack(i int) (v mapped.Text, next int, ok bool) {
	if !s.is(i+2, "function") || !s.is(i+3, "(") || !s.is(i+4, "p") || !s.is(i+6, "a") {
		return v, i, false
	}
	for k := i + 7; k+8 < len(s.tokens); k++ {
		s.steps++
		if s.is(k, "(") && s.tokens[k+1].kind == stringToken && s.is(k+2, ",") && s.tokens[k+3].kind == numberToken &&
			s.is(k+4, ",") && s.tokens[k+5].kind == numberToken && s.is(k+6, ",") && s.tokens[k+7].kind == stringToken && s.is(k+8, ".") {
			base, err := strconv.Atoi(s.text(k + 3))
			if err != nil || base < 2 || base > 95 {
				return v, i, false
			}
			words := strings.SplitN(s.literal(s.tokens[k+7]).Content, "|", maxPackedWords)
			return s.expand(s.literal(s.tokens[k+1]), base, words), s.skip(k + 1), true
		}
	}
	return v, i, false
}

// expand replaces each word of a packed script by the word that it stands for.
func (s *reader) expand(packed mapped.Text, base int, words []string) mapped.Text {
	var out mapped.Builder
	text, left := packed.Content, *s.budget
	for i := 0; i < len(text) && len(out.Text) < left; {
		from := i
		for i < len(text) && !isWordByte(text[i]) {
			i++
		}
		if i > from {
			out.Copy(&packed, from, i)
		}
		from = i
		for i < len(text) && isWordByte(text[i]) {
			i++
		}
		if from == i {
			continue
		}
		if n, ok := packedNumber(text[from:i], base); ok && n < len(words) && words[n] != "" {
			out.Put(packed.Span(from, i), words[n])
		} else {
			out.Copy(&packed, from, i)
		}
	}
	return out.Build()
}

func isWordByte(c byte) bool { return ascii.IsAlphanumeric(c) || c == '_' }

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
