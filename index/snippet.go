package index

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Snippet is the part of a hit's text around the first of the query's words in it.
type Snippet struct {
	// Text is plain text in one line; … marks what was cut.
	Text string `json:"text"`
	// Spans are the positions of the query's words in Text, ascending and not touching.
	Spans []Span `json:"spans"`
}

// Span is a range of bytes: from Start to before End.
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// Piece is a part of a snippet's text that is, or is not, one of the query's words.
type Piece struct {
	Text  string
	IsHit bool
}

// Pieces splits the text at the ends of its spans. Joined they give the text again.
func (s Snippet) Pieces() []Piece {
	var list []Piece
	at := 0
	add := func(end int, isHit bool) {
		if end > at {
			list = append(list, Piece{s.Text[at:end], isHit})
			at = end
		}
	}
	for _, span := range s.Spans {
		add(span.Start, false)
		add(span.End, true)
	}
	add(len(s.Text), false)
	return list
}

// Bounds of a snippet.
const (
	snippetBefore = 30  // characters before the first word
	snippetAfter  = 120 // characters from the first word on
	maxSpans      = 50
	// maxMarked bounds the bytes of a text that are searched for words: a page may have megabytes, and the
	// part shown is near its beginning.
	maxMarked = 256 << 10
)

// Marker finds the words and phrases of one query in texts. It is not safe for
// concurrent use.
type Marker struct {
	fold    func(string) string
	phrases []markedPhrase
	folded  map[string]string // of single characters
}

type markedPhrase struct {
	tokens    []string
	positions []int
	inTitle   bool // for title: only, not for other texts
}

// NewMarker returns a marker for the words that a query asks for; excluded words are not marked. fold is
// the index's and may be nil.
func NewMarker(n Node, fold func(string) string) *Marker {
	m := &Marker{fold: fold, folded: map[string]string{}}
	m.collect(n)
	return m
}

func (m *Marker) collect(n Node) {
	switch n := n.(type) {
	case And:
		for _, part := range n.Nodes {
			m.collect(part)
		}
	case Or:
		for _, part := range n.Nodes {
			m.collect(part)
		}
	case Phrase:
		m.add(n.Text, false)
	case Field:
		if n.Name == FieldTitle {
			m.add(n.Value.String(), true)
		}
	}
}

func (m *Marker) add(text string, inTitle bool) {
	if tokens, positions := PhraseTokens(text, m.fold); len(tokens) > 0 {
		m.phrases = append(m.phrases, markedPhrase{tokens, positions, inTitle})
	}
}

// Snippet returns a snippet of the first text that contains a word of the query, or nil. title is the
// page's. If no text contains one literally, words with other characters between theirs are marked: the
// index finds 注册 in the evidence 注*册 by its plain form.
func (m *Marker) Snippet(title string, texts ...string) *Snippet {
	if len(m.phrases) == 0 {
		return nil
	}
	if s := m.snippet(strings.ReplaceAll(title, "\n", " "), marking{isTitle: true}); s != nil {
		return s
	}
	for _, how := range []marking{{}, {isDisguised: true}} {
		for _, text := range texts {
			for line := range strings.SplitSeq(text[:min(len(text), maxMarked)], "\n") {
				if s := m.snippet(line, how); s != nil {
					return s
				}
			}
		}
	}
	return nil
}

// marking says how words are searched for in a line.
type marking struct{ isTitle, isDisguised bool }

// snippet cuts one line around its first span.
func (m *Marker) snippet(line string, how marking) *Snippet {
	line = strings.ToValidUTF8(line, "\uFFFD")
	spans := m.spans(line, how)
	if len(spans) == 0 {
		return nil
	}
	from, to := spans[0].Start, spans[0].Start
	for range snippetBefore {
		_, n := utf8.DecodeLastRuneInString(line[:from])
		from -= n
	}
	for range snippetAfter {
		_, n := utf8.DecodeRuneInString(line[to:])
		to += n
	}
	s := &Snippet{}
	if from > 0 {
		s.Text = "…"
	}
	shift := len(s.Text) - from
	s.Text += line[from:to]
	end := len(s.Text)
	if to < len(line) {
		s.Text += "…"
	}
	for _, span := range spans {
		if span.Start < to {
			s.Spans = append(s.Spans, Span{span.Start + shift, min(span.End+shift, end)})
		}
	}
	return s
}

// markedToken is a token of a line with its position among the tokens and in the line.
type markedToken struct {
	text     string
	position int
	Span
}

// spans returns where a line contains the phrases, ascending, with touching ones joined.
func (m *Marker) spans(line string, how marking) []Span {
	var found []Span
	tokens := m.tokens(line[:min(len(line), maxMarked)])
	for _, p := range m.phrases {
		if p.inTitle && !how.isTitle {
			continue
		}
		for i := 0; i+len(p.tokens) <= len(tokens) && len(found) < maxSpans; i++ {
			if p.standsAt(tokens[i:], how) {
				found = append(found, Span{tokens[i].Start, tokens[i+len(p.tokens)-1].End})
			}
		}
	}
	slices.SortFunc(found, func(a, b Span) int { return a.Start - b.Start })
	var apart []Span
	for _, span := range found {
		if n := len(apart); n > 0 && span.Start <= apart[n-1].End {
			apart[n-1].End = max(apart[n-1].End, span.End)
		} else {
			apart = append(apart, span)
		}
	}
	return apart
}

func (p *markedPhrase) standsAt(tokens []markedToken, how marking) bool {
	for i, want := range p.tokens {
		isInPlace := how.isDisguised || tokens[i].position-tokens[0].position == p.positions[i]
		if tokens[i].text != want || !isInPlace {
			return false
		}
	}
	return true
}

// tokens splits a line into Tokens with their positions in it. Folding does not say which character becomes
// what, so each is folded separately.
func (m *Marker) tokens(line string) []markedToken {
	var folded strings.Builder
	var ends []int     // of each character's result in the folded line
	var origins []Span // of each character in the line
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRuneInString(line[i:])
		end := i + size
		for end < len(line) { // marks and invisible characters belong to the character before them
			next, size := utf8.DecodeRuneInString(line[end:])
			if kindOf(next) != kindInvisible {
				break
			}
			end += size
		}
		folded.WriteString(m.foldOne(line[i:end], r))
		ends, origins = append(ends, folded.Len()), append(origins, Span{i, end})
		i = end
	}
	var list []markedToken
	at := 0 // the character in which the last token began
	tokens(folded.String(), 0, func(text string, position, start, end int) {
		for ends[at] <= start {
			at++
		}
		last := at
		for ends[last] < end {
			last++
		}
		list = append(list, markedToken{text, position, Span{origins[at].Start, origins[last].End}})
	})
	return list
}

// foldOne folds one character. A character that folding removes counts as a separator: folding trims it at
// the ends of a text, but within a text it would separate words.
func (m *Marker) foldOne(s string, r rune) string {
	if m.fold == nil || kindOf(r) == kindInvisible {
		return s
	}
	folded, ok := m.folded[s]
	if !ok {
		if folded = m.fold(s); folded == "" {
			folded = " "
		}
		m.folded[s] = folded
	}
	return folded
}
