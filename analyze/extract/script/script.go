// Package script reads scripts without running them: which strings they hold, what they write into
// the page, which elements they hide, and whether they send visitors from search engines to another
// page.
//
// It evaluates only string literals, +, variables that hold strings, and the decoders with which
// injected scripts disguise their strings.
package script

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/qianshao/qianshao/analyze/extract/ascii"
	"github.com/qianshao/qianshao/analyze/extract/mapped"
)

const (
	// minASCIILiteral is the shortest string of ASCII alone that may be a domain or a word. Scripts
	// have thousands of shorter ones as names of options.
	minASCIILiteral = 4
	// minAccount is the number of digits of the shortest account.
	minAccount = 5
	// stepsPerToken bounds the evaluation of nested expressions.
	stepsPerToken = 16
	// maxTokens is how many tokens of a script are read at a time (12 bytes each). Libraries
	// written into a page have a tenth of that. A longer script is read in parts.
	maxTokens = 1 << 20
)

// Kind says what an effect is.
type Kind uint8

// The kinds of effects.
const (
	Literal    Kind = iota // a string literal without escapes, from Start to End of the script
	String                 // a string that was decoded: Text
	Write                  // markup that is written at the script's place: Text
	WriteApart             // markup that is written in another place, as by innerHTML: Text
	Eval                   // a script that eval runs: Text
	Redirect               // code from Start to End that sends visitors from search engines to another page
	Hide                   // the element of this ID is hidden
)

// Effect is something that a script holds or does.
type Effect struct {
	Kind       Kind
	Text       mapped.Text
	Start, End int // in the script
	ID         string
}

// Matters reports whether an external script has anything to say: it has Chinese characters, writes
// into the page, hides a part of it, or sends visitors to another page. Most scripts of a page are
// libraries and do none of this.
func Matters(code string) bool {
	text, budget, matters := mapped.Source(code), len(code), false
	Read(&text, &budget, func(e Effect) { matters = matters || e.Matters(&text) })
	return matters
}

// Matters is Matters for one effect of a script.
func (e *Effect) Matters(script *mapped.Text) bool {
	switch e.Kind {
	case Literal:
		return HasHan(script.Content[e.Start:e.End])
	case String, WriteApart:
		return HasHan(e.Text.Content)
	case Write:
		return strings.TrimSpace(e.Text.Content) != ""
	case Eval:
		return HasHan(e.Text.Content) || strings.Contains(e.Text.Content, "document")
	}
	return true
}

// HasHan reports whether a text has a Chinese character.
func HasHan(s string) bool {
	for i := range len(s) { // most texts are ASCII, for which this is the fastest way
		if s[i] >= utf8.RuneSelf {
			return strings.ContainsFunc(s[i:], func(r rune) bool { return unicode.Is(unicode.Han, r) })
		}
	}
	return false
}

// Read calls emit with the script's effects, in order. budget is how many bytes of decoded text may
// still be emitted. Read subtracts what it emits and leaves out what does not fit.
func Read(script *mapped.Text, budget *int, emit func(Effect)) {
	s := &reader{script: script, budget: budget, emit: emit, shown: map[string]bool{}}
	s.tokens = make([]token, 0, min(len(script.Content)/5+8, maxTokens))
	for at := 0; at < len(script.Content); {
		s.tokens, at = lex(script.Content, at, s.tokens[:0])
		s.steps, s.looked, s.maxSteps = 0, 0, stepsPerToken*len(s.tokens)+1000
		s.walk(0, len(s.tokens), 0)
		s.findRedirect()
	}
	for _, id := range s.hidden {
		if !s.shown[id] {
			emit(Effect{Kind: Hide, ID: id})
		}
	}
}

// reader reads one script.
type reader struct {
	script   *mapped.Text
	budget   *int
	emit     func(Effect)
	tokens   []token
	skipped  [][2]int // token ranges of operands that could not be evaluated
	steps    int
	maxSteps int
	looked   int             // tokens searched for an assignment
	copied   int             // bytes of the values of variables
	hidden   []string        // ids that are hidden …
	shown    map[string]bool // … and shown again, as menus are
	redirect bool            // a redirect was found
}

// text returns a token's text, or "" if there is no token i.
func (s *reader) text(i int) string {
	if i < 0 || i >= len(s.tokens) {
		return ""
	}
	return s.script.Content[s.tokens[i].start:s.tokens[i].end]
}

// is reports whether token i is this name or punctuation. It is false for a string.
func (s *reader) is(i int, what string) bool {
	if i < 0 || i >= len(s.tokens) || s.tokens[i].kind != nameToken && s.tokens[i].kind != punctuationToken {
		return false
	}
	return s.text(i) == what
}

// maxWalkDepth bounds how often the tokens of operands that could not be evaluated are walked
// again.
const maxWalkDepth = 4

// walk reads the tokens from..to, in order.
func (s *reader) walk(from, to, depth int) {
	for i := from; i < to; {
		next := i
		if s.steps <= s.maxSteps {
			next = s.statement(i)
		}
		if next <= i {
			if k := s.tokens[i].kind; k == stringToken || k == templateToken {
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

// statement recognises the statement or expression that starts at token i. It returns the token
// after it, or i if it recognises none.
func (s *reader) statement(i int) int {
	t := s.tokens[i]
	switch t.kind {
	case stringToken:
		if !s.is(i+1, "+") && !s.is(i+1, ".") {
			return i
		}
		return s.strings(i)
	case punctuationToken:
		if s.is(i, "[") && s.is(i-1, "document") && s.is(i+2, "]") && s.is(i+3, "(") && i+1 < len(s.tokens) && s.tokens[i+1].kind == stringToken {
			if name := s.literal(s.tokens[i+1]).Content; name == "write" || name == "writeln" {
				return s.writes(i+4, false)
			}
		}
		if s.is(i, "[") && i+1 < len(s.tokens) && s.tokens[i+1].kind == stringToken {
			if v, next, ok := s.join(i); ok {
				s.decoded(v)
				return next
			}
		}
		return i
	case nameToken:
		return s.name(i)
	}
	return i
}

// name is statement for a token that is a name.
func (s *reader) name(i int) int {
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

// strings emits the value of the expression at token i as a string of the script.
func (s *reader) strings(i int) int {
	v, next, ok := s.operand(i, 0)
	if !ok {
		s.skipped = nil
		return i
	}
	if s.is(next, "+") {
		if s.peek(next + 1) {
			v, next, _ = s.value(i, 0)
		}
	}
	s.decoded(v)
	return next
}

// peek reports whether the operand at token i could be a string.
func (s *reader) peek(i int) bool {
	if i >= len(s.tokens) {
		return false
	}
	k := s.tokens[i].kind
	return k == stringToken || k == templateToken || k == nameToken || s.is(i, "(")
}

// plain emits a literal that is not part of an expression.
func (s *reader) plain(t token) {
	text := s.script.Content[t.start:t.end]
	if strings.IndexByte(text, '\\') >= 0 || t.kind == templateToken {
		s.decoded(s.literal(t))
	} else if worthReading(text) && !isOption(text) {
		s.emit(Effect{Kind: Literal, Start: int(t.start), End: int(t.end)})
	}
}

// isOption reports whether a string is one of the program's own names: of an option, a class, an
// event. It has no dot, slash, colon or @, which an address has, no blank, and too few digits for
// an account. In a script, such an ASCII string is no sign of a crime.
func isOption(s string) bool {
	digits := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 0x80, c == '.' && i > 0, c == '/', c == ':', c == '@', c == ' ', c == '<':
			return false
		case c >= '0' && c <= '9':
			digits++
		}
	}
	return digits < minAccount
}

// decoded emits a string that was decoded.
func (s *reader) decoded(v mapped.Text) {
	if worthReading(v.Content) && s.spend(len(v.Content)) {
		s.emit(Effect{Kind: String, Text: v})
	}
}

// spend takes n bytes off the budget, and reports whether that many were left.
func (s *reader) spend(n int) bool {
	*s.budget -= n
	return *s.budget >= 0
}

// worthReading reports whether a string may be a domain or text that people read. It leaves out the
// names of options and the selectors that scripts are full of.
func worthReading(s string) bool {
	if strings.HasPrefix(s, "data:") {
		return false // a picture or a font
	}
	letters := 0
	for i := range len(s) {
		if s[i] >= 0x80 {
			return true
		}
		if ascii.IsAlphanumeric(s[i]) {
			letters++
		}
	}
	return letters >= minASCIILiteral
}

// writes emits the markup at token i: as written at the script's place, like document.write does,
// or elsewhere, like innerHTML does.
func (s *reader) writes(i int, apart bool) int {
	v, next, ok := s.value(i, 0)
	if !ok || !s.spend(len(v.Content)) {
		s.skipped = nil
		return i
	}
	for s.is(next, ",") && !apart { // document.write takes several arguments
		more, n, ok := s.value(next+1, 0)
		if !ok || n <= next+1 {
			break
		}
		var out mapped.Builder
		out.Copy(&v, 0, len(v.Content))
		out.Copy(&more, 0, len(more.Content))
		v, next = out.Build(), n
	}
	kind := Write
	if apart {
		kind = WriteApart
	}
	s.emit(Effect{Kind: kind, Text: v})
	return next
}

// writesMarkup is writes for jQuery's methods, which also take strings that are not markup.
func (s *reader) writesMarkup(i int) int {
	if i >= len(s.tokens) || s.tokens[i].kind != stringToken && !s.is(i, "unescape") && (s.tokens[i].kind != nameToken || !s.is(i+1, ")")) {
		return i
	}
	v, next, ok := s.value(i, 0)
	if !ok || !isMarkup(v.Content) || !s.spend(len(v.Content)) {
		s.skipped = nil
		return i
	}
	s.emit(Effect{Kind: WriteApart, Text: v})
	return next
}

// evals emits the script that eval would run.
func (s *reader) evals(i int) int {
	v, next, ok := s.unpack(i)
	if !ok {
		s.skipped = nil
		if v, next, ok = s.value(i+2, 0); !ok {
			s.skipped = nil
			return i
		}
	}
	if s.spend(len(v.Content)) {
		s.emit(Effect{Kind: Eval, Text: v})
	}
	return next
}

// skip returns the token that ends the operand at token i: the next + , ; or closing bracket
// outside other brackets.
func (s *reader) skip(i int) int {
	level := 0
	for ; i < len(s.tokens); i++ {
		s.steps++
		if s.tokens[i].kind != punctuationToken {
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
