package syntax

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/internal/strictyaml"
	"github.com/qianshao/qianshao/locales"
)

// Limits of terms and word lists.
const (
	// MaxTerm is the length of the longest term, in folded characters; a sentence is not a term.
	MaxTerm = 64
	// MinTerm is the length of the shortest term; a single character is on every page.
	MinTerm = 2

	// MaxListFile bounds a word list, in bytes: about 500,000 terms.
	MaxListFile = 16 << 20
	maxListLine = 1000 // bytes
	maxWeight   = 100  // of one term
)

// Term is a term with its weight.
type Term struct {
	Text string
	// Key is the folded form with one space for each separator inside the term. Terms with the same
	// key are the same term.
	Key    string
	Length int // of the folded form, in characters
	Weight int32
	Grade  Grade
	// File, Line and Column say where the term is written: in a list or in a rule.
	File         string
	Line, Column int32
}

// Mistake returns a mistake at the place of the term.
func (t Term) Mistake(message locales.Message) Mistake {
	return Mistake{File: t.File, Line: int(t.Line), Column: int(t.Column), Message: message}
}

// ParseTerm reads "term" or "term | weight", written at a place. The message says what is wrong, if
// anything.
func (f *File) ParseTerm(line string, at Place) (t Term, message locales.Message) {
	word, weight, hasWeight := strings.Cut(strings.ReplaceAll(line, "｜", "|"), "|") // a Chinese keyboard types the full-width bar
	t = Term{Text: strings.TrimSpace(word), Weight: 1, File: f.Name, Line: int32(at.Line), Column: int32(at.Column)}
	if hasWeight {
		n, err := strconv.Atoi(strings.TrimSpace(weight))
		if err != nil || n < 1 || n > maxWeight {
			return t, locales.M("rule.weight", strings.TrimSpace(weight), maxWeight, strictyaml.HalfWidth(strings.TrimSpace(weight)))
		}
		t.Weight = int32(n)
	}
	f.fold(&t)
	switch {
	case t.Text == "":
		return t, locales.M("rule.term.empty")
	case t.Length == 0:
		return t, locales.M("rule.term.nothing_left", t.Text)
	case t.Length < MinTerm:
		return t, locales.M("rule.term.single", t.Text)
	case t.Length > MaxTerm:
		return t, locales.M("rule.term.long", MaxTerm)
	}
	return t, message
}

// FoldTerm returns a text as a term of weight 1, whatever its length.
func (f *File) FoldTerm(text string) Term {
	t := Term{Text: text, Weight: 1, File: f.Name}
	f.fold(&t)
	return t
}

// fold fills in Key and Length. It uses the file's buffers, since lists have 100,000 terms.
func (f *File) fold(t *Term) {
	f.folded.Fold(t.Text)
	f.key = f.key[:0]
	for i, r := range f.folded.Runes {
		if i > 0 && f.folded.Gaps[i].Break != fold.BreakNone {
			f.key = append(f.key, ' ')
		}
		f.key = utf8.AppendRune(f.key, r)
	}
	t.Key, t.Length = string(f.key), f.folded.Len()
}

// ParseList reads a word list: one term per line, in quotes if it looks like two. A line such as
// [specific] grades the terms below it (Grading); last is the last such grading. In an overlay, a
// line "- term" removes a term.
func (f *File) ParseList(src []byte) (terms, removed []Term, last Grading) {
	if len(src) > MaxListFile {
		f.Errorf(Place{}, "rule.words.large", MaxListFile>>20)
		return nil, nil, nil
	}
	seen := map[string]int{}
	var grading Grading
	f.Lines(src, func(line string, at Place) {
		if g, message, ok := gradingOf(line); ok {
			if grading = g; message.Key != "" {
				f.Add(at, message)
			}
			return
		}
		if message := wideMark(line); message.Key != "" {
			f.Add(at, message)
			return
		}
		line, removes := strings.CutPrefix(line, "-")
		line, quoted := unquote(line)
		t, message := f.ParseTerm(line, at)
		switch first := seen[t.Text]; {
		case message.Key != "":
		case !quoted && slip(t.Text).Key != "":
			message = slip(t.Text)
		case removes && strings.Contains(line, "|"):
			message = locales.M("rule.words.removed_weight", "- "+t.Text)
		case first > 0:
			message = locales.M("rule.words.twice", t.Text, first)
		}
		if message.Key != "" {
			f.Add(at, message)
			return
		}
		seen[t.Text] = at.Line
		t.Grade = grading.Of(t.Weight)
		if removes {
			removed = append(removed, t)
		} else {
			terms = append(terms, t)
		}
	})
	if len(terms)+len(removed) == 0 && len(f.Mistakes) == 0 {
		f.Errorf(Place{}, "rule.words.empty")
	}
	return terms, removed, grading
}

// Lines calls read for each line that is neither empty nor a comment, with the white space around
// it removed.
func (f *File) Lines(src []byte, read func(line string, at Place)) {
	src = bytes.TrimPrefix(src, []byte("\ufeff")) // written by Windows' editor
	if !bytes.Contains(src, []byte("\n")) {
		src = bytes.ReplaceAll(src, []byte("\r"), []byte("\n")) // line ends of the classic Macintosh
	}
	if line := invalidLine(src); line > 0 { // the only mistake reported, since those in earlier lines may come from the wrong encoding
		f.Add(Place{line, 1}, strictyaml.NotUTF8())
		return
	}
	for number := 1; len(src) > 0; number++ {
		var raw []byte
		raw, src, _ = bytes.Cut(src, []byte("\n"))
		if len(raw) > maxListLine {
			f.Errorf(Place{number, 1}, "rule.words.line", maxListLine)
			continue
		}
		line := strings.TrimSpace(string(raw))
		if line == "" || line[0] == '#' {
			continue
		}
		before, _, _ := strings.Cut(string(raw), line)
		at := Place{number, 1 + utf8.RuneCountInString(before)}
		read(line, at)
	}
}

// invalidLine returns the number of the first line that is not UTF-8, or 0.
func invalidLine(src []byte) int {
	for number := 1; !utf8.Valid(src); number++ {
		line, rest, _ := bytes.Cut(src, []byte("\n"))
		if !utf8.Valid(line) {
			return number
		}
		src = rest
	}
	return 0
}

// wideMark explains a line that begins with the full-width form of a mark and would be read as a
// term.
func wideMark(line string) locales.Message {
	switch first, _ := utf8.DecodeRuneInString(line); first {
	case '＃':
		return locales.M("rule.words.wide_hash")
	case '－', '—', '–':
		return locales.M("rule.words.wide_minus")
	}
	return locales.Message{}
}

// dashWithin finds the dash of another entry within a term: its line was indented with full-width
// spaces, or begins with a full-width dash.
var dashWithin = regexp.MustCompile(`[\s\x{3000}](?:-[\s\x{3000}]|[－—–])`)

// slip explains a line that is written in the syntax of another program; it returns the zero
// Message for any other line.
func slip(term string) locales.Message {
	if before, _, found := strings.Cut(term, " #"); found {
		return locales.M("rule.words.comment", strings.TrimSpace(before))
	}
	hasBlank := strings.ContainsAny(term, " \t") || strings.Contains(term, "\u3000") // checked first, since lists have 100,000 terms
	if hasBlank && dashWithin.MatchString(term) {
		return locales.M("rule.words.entries", term)
	}
	i := strings.IndexAny(term, ",，、;；:：=\t")
	if i < 0 && hasBlank {
		i = blankBetweenWords(term)
	}
	if i <= 0 || i == len(term)-1 {
		return locales.Message{}
	}
	_, size := utf8.DecodeRuneInString(term[i:])
	before, after := strings.TrimSpace(term[:i]), strings.TrimSpace(term[i+size:])
	switch {
	case after == "":
	case strings.Trim(after, "0123456789") == "" && strings.Trim(before, "0123456789") != "": // "1:1" is a term
		return locales.M("rule.words.bar", before, after)
	case strings.ContainsAny(term[i:i+size], "，、；;\t \u3000"), isWord(before) && isWord(after) && term[i] == ',':
		return locales.M("rule.words.two", before, after, term)
	}
	return locales.Message{}
}

// blankBetweenWords returns the place of a blank between two Chinese words, as in "注册送 首存送", or -1.
// Terms such as "U 盾" and "buy sim" may have blanks, too.
func blankBetweenWords(term string) int {
	for i, r := range term {
		if r != ' ' && r != '\u3000' {
			continue
		}
		before, after := strings.TrimSpace(term[:i]), strings.TrimSpace(term[i+utf8.RuneLen(r):])
		first, _, _ := strings.Cut(strings.ReplaceAll(after, "\u3000", " "), " ")
		if isWord(before) && isWord(first) {
			return i
		}
	}
	return -1
}

// isWord says whether a text is a Chinese word that could be a term.
func isWord(s string) bool {
	return utf8.RuneCountInString(s) >= MinTerm && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.Is(unicode.Han, r) })
}

// unquote removes the quotes, half-width or full-width, around the term of a line.
func unquote(line string) (unquoted string, quoted bool) {
	term, weight := line, ""
	if i := strings.LastIndexAny(line, "|｜"); i >= 0 {
		term, weight = line[:i], line[i:]
	}
	term = strings.TrimSpace(term)
	for _, marks := range [][2]string{{`"`, `"`}, {"“", "”"}} {
		inside, opens := strings.CutPrefix(term, marks[0])
		if inside, closes := strings.CutSuffix(inside, marks[1]); opens && closes {
			return inside + weight, true
		}
	}
	return line, false
}
