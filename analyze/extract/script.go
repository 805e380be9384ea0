package extract

import (
	"strings"

	"github.com/qianshao/qianshao"
	"golang.org/x/net/html/atom"
)

// Limits of what scripts may produce.
const (
	// maxWritten is how many bytes scripts of a page may write beyond its own
	// length; an unpacker can be told to write without end.
	maxWritten = 1 << 20
	// maxScriptDepth bounds a script that writes a script that writes a script.
	maxScriptDepth = 4
	// minASCIILiteral is the length from which a string of ASCII alone may be
	// a domain or a word; shorter ones are option names by the thousand.
	minASCIILiteral = 4
	// stepsPerToken bounds the evaluation of nested expressions.
	stepsPerToken = 16
)

// scriptReader reads one script: which strings it holds, what it writes into
// the page, and what it hides.
type scriptReader struct {
	b        *builder
	view     *view
	vi       int32 // index of view
	owner    int32 // the script element
	tokens   []jsToken
	skipped  [][2]int // token ranges of operands that could not be evaluated
	steps    int
	maxSteps int
	hidden   []string // ids that are hidden …
	shown    []string // … and shown again, as any menu is
}

// script takes the text of a script element, at the time of the parse: what it
// writes stands in the page right behind it.
func (b *builder) script(el, vi int32, start, end int) {
	kind := strings.ToLower(strings.TrimSpace(b.value(el, "type")))
	switch {
	case strings.Contains(kind, "html") || strings.Contains(kind, "template"):
		v := b.views[vi].part(start, end)
		v.hiding, v.owner = qianshao.HidingTemplate, el
		b.write(v, true)
		return
	case kind == "" || strings.Contains(kind, "script") || strings.Contains(kind, "json") || kind == "module":
		if start < end {
			b.readScript(b.views[vi].part(start, end), el)
		}
	}
}

func (b *builder) readScript(v *view, el int32) {
	if v.depth > maxScriptDepth {
		return
	}
	v.owner = el
	s := &scriptReader{b: b, view: v, vi: int32(len(b.views)), owner: el}
	b.views = append(b.views, v)
	s.tokens = lexScript(v.text, make([]jsToken, 0, len(v.text)/5+8))
	s.maxSteps = stepsPerToken*len(s.tokens) + 1000
	s.walk(0, len(s.tokens), 0)
	s.findRedirect()
	for _, id := range s.hidden {
		if !containsString(s.shown, id) {
			b.hides = append(b.hides, id)
		}
	}
}

// text returns a token's text.
func (s *scriptReader) text(i int) string {
	if i < 0 || i >= len(s.tokens) {
		return ""
	}
	return s.view.text[s.tokens[i].start:s.tokens[i].end]
}

// is says whether token i is this name or punctuation, not a string of it.
func (s *scriptReader) is(i int, what string) bool {
	if i < 0 || i >= len(s.tokens) || s.tokens[i].kind != jsName && s.tokens[i].kind != jsPunct {
		return false
	}
	return s.text(i) == what
}

// maxWalkDepth bounds the second look at what the first could not evaluate.
const maxWalkDepth = 4

// walk looks at the tokens from..to, in order.
func (s *scriptReader) walk(from, to, depth int) {
	for i := from; i < to; {
		next := i
		if s.steps <= s.maxSteps {
			next = s.statement(i)
		}
		if next <= i {
			if k := s.tokens[i].kind; k == jsString || k == jsTemplate {
				s.plain(s.tokens[i])
			}
			next = i + 1
		}
		again := s.skipped
		s.skipped = nil
		if depth < maxWalkDepth {
			for _, r := range again {
				s.walk(r[0], min(r[1], to), depth+1)
			}
		}
		i = next
	}
}

// statement recognises what starts at token i and returns the token behind it; i for nothing.
func (s *scriptReader) statement(i int) int {
	t := s.tokens[i]
	switch t.kind {
	case jsString:
		if !s.is(i+1, "+") && !s.is(i+1, ".") {
			return i
		}
		return s.strings(i)
	case jsPunct:
		if s.is(i, "[") && s.is(i-1, "document") && s.is(i+2, "]") && s.is(i+3, "(") && i+1 < len(s.tokens) && s.tokens[i+1].kind == jsString {
			if name := s.literal(s.tokens[i+1]).text; name == "write" || name == "writeln" {
				return s.writes(i+4, false)
			}
		}
		if s.is(i, "[") && i+1 < len(s.tokens) && s.tokens[i+1].kind == jsString {
			if v, next, ok := s.join(i); ok {
				s.emit(v)
				return next
			}
		}
		return i
	case jsName:
		return s.name(i)
	}
	return i
}

// name is statement for a name.
func (s *scriptReader) name(i int) int {
	switch s.text(i) {
	case "write", "writeln":
		if s.is(i-1, ".") && s.is(i+1, "(") {
			return s.writes(i+2, false)
		}
	case "innerHTML", "outerHTML":
		if s.is(i-1, ".") && (s.is(i+1, "=") || s.is(i+1, "+=")) {
			return s.writes(i+2, true)
		}
	case "html", "append", "prepend", "after", "before", "appendTo", "prependTo":
		if s.is(i-1, ".") && s.is(i+1, "(") {
			return s.writesMarkup(i + 2)
		}
	case "insertAdjacentHTML":
		if s.is(i+1, "(") && s.is(i+3, ",") {
			return s.writes(i+4, true)
		}
	case "eval", "execScript":
		if s.is(i+1, "(") {
			return s.evals(i)
		}
	case "String", "unescape", "decodeURIComponent", "decodeURI", "atob":
		return s.strings(i)
	case "getElementById", "querySelector", "$", "jQuery":
		s.styleChange(i)
	}
	return i
}

// strings emits the value of the expression at i as a string of the script.
func (s *scriptReader) strings(i int) int {
	v, next, ok := s.operand(i, 0)
	if !ok {
		s.skipped = nil
		return i
	}
	if s.is(next, "+") {
		if _, known := s.peek(next + 1); known {
			v, next, _ = s.value(i, 0)
		}
	}
	s.emit(v)
	return next
}

// peek says whether the operand at i could be a string.
func (s *scriptReader) peek(i int) (jsKind, bool) {
	if i >= len(s.tokens) {
		return 0, false
	}
	k := s.tokens[i].kind
	return k, k == jsString || k == jsTemplate || k == jsName || s.is(i, "(")
}

// plain emits a literal that stands alone.
func (s *scriptReader) plain(t jsToken) {
	text := s.view.text[t.start:t.end]
	if strings.IndexByte(text, '\\') >= 0 || t.kind == jsTemplate {
		s.emit(s.literal(t))
	} else if worthReading(text) {
		s.b.event(eventLiteral, s.owner, s.vi, int(t.start), int(t.end))
	}
}

// emit adds a decoded string.
func (s *scriptReader) emit(v *view) {
	if worthReading(v.text) && s.spend(len(v.text)) {
		s.b.views = append(s.b.views, v)
		s.b.event(eventLiteral, s.owner, int32(len(s.b.views)-1), 0, len(v.text))
	}
}

// spend takes n bytes off what scripts may still produce.
func (s *scriptReader) spend(n int) bool {
	s.b.budget -= n
	return s.b.budget >= 0
}

// worthReading leaves out the option names and selectors that scripts are full of.
func worthReading(s string) bool {
	letters := 0
	for i := range len(s) {
		if s[i] >= 0x80 {
			return true
		}
		if isAlphanumeric(s[i]) {
			letters++
		}
	}
	return letters >= minASCIILiteral
}

// writes takes the markup at token i into the page: right here, as
// document.write does, or apart from its surroundings, as innerHTML does.
func (s *scriptReader) writes(i int, apart bool) int {
	v, next, ok := s.value(i, 0)
	if !ok || !s.spend(len(v.text)) {
		s.skipped = nil
		return i
	}
	for s.is(next, ",") && !apart { // document.write takes several
		more, n, ok := s.value(next+1, 0)
		if !ok || n <= next+1 {
			break
		}
		var out textBuilder
		out.copyPiece(v, 0, len(v.text))
		out.copyPiece(more, 0, len(more.text))
		v, next = s.built(&out), n
	}
	v.hiding = qianshao.HidingWritten
	s.b.write(v, apart)
	return next
}

// writesMarkup is writes for jQuery's methods, which take plain strings as well.
func (s *scriptReader) writesMarkup(i int) int {
	if i >= len(s.tokens) || s.tokens[i].kind != jsString && !s.is(i, "unescape") {
		return i
	}
	v, next, ok := s.value(i, 0)
	if !ok || !plainHTML(v.text) || !s.spend(len(v.text)) {
		s.skipped = nil
		return i
	}
	v.hiding = qianshao.HidingWritten
	s.b.write(v, true)
	return next
}

// evals reads what eval would run.
func (s *scriptReader) evals(i int) int {
	v, next, ok := s.unpack(i)
	if !ok {
		s.skipped = nil
		if v, next, ok = s.value(i+2, 0); !ok {
			s.skipped = nil
			return i
		}
	}
	if s.spend(len(v.text)) {
		v.depth = s.view.depth + 1
		s.b.readScript(v, s.owner)
	}
	return next
}

// skip returns the token behind the operand at i: the next + , ; or closing
// bracket on the operand's own level.
func (s *scriptReader) skip(i int) int {
	level := 0
	for ; i < len(s.tokens); i++ {
		s.steps++
		if s.tokens[i].kind != jsPunct {
			continue
		}
		switch s.text(i) {
		case "(", "[", "{":
			level++
		case ")", "]", "}":
			if level == 0 {
				return i
			}
			level--
		case "+", ",", ";":
			if level == 0 {
				return i
			}
		}
		if s.steps > s.maxSteps {
			break
		}
	}
	return i
}

// write reads a view as HTML.
func (b *builder) write(v *view, apart bool) {
	if v.depth++; v.depth > maxScriptDepth || strings.TrimSpace(v.text) == "" {
		return
	}
	b.views = append(b.views, v)
	vi := int32(len(b.views) - 1)
	if !apart {
		b.openBodyFor(v.text)
		b.feed(vi)
		return
	}
	el := b.append(0, 0, 0, "div", atom.Div, block)
	if el == 0 {
		return
	}
	b.elements[el].view, b.elements[el].nthOfType = vi, 0
	b.elements[el].attrCount = 0
	b.event(eventOpen, el, -1, 0, 0)
	floor := b.floor
	b.push(el)
	b.floor = len(b.frames)
	b.feed(vi)
	b.popTo(b.floor - 1)
	b.floor = floor
}

// openBodyFor opens the body if what is written does not belong in the head.
func (b *builder) openBodyFor(text string) {
	for _, tag := range []string{"<style", "<link", "<meta", "<script", "<title"} {
		if strings.HasPrefix(strings.ToLower(strings.TrimSpace(text[:min(len(text), 32)])), tag) {
			return
		}
	}
	b.openBody()
}

func containsString(list []string, s string) bool {
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
}
