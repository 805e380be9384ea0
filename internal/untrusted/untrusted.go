// Package untrusted prepares the content of crawled pages for display: excerpts of their source
// with the evidence marked, their texts on one line, and their addresses in a form that nobody
// follows by mistake. Invisible characters become visible signs. What it returns must still be
// escaped, as html/template does.
package untrusted

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
)

// Piece is a part of a shown text with one look. The template escapes Text.
type Piece struct {
	Text string
	// Look is "" for ordinary text, or LookMark, LookAlso or LookSign.
	Look string
	// Title is the tooltip of a sign: the character's code point.
	Title string
}

// The looks of a Piece.
const (
	LookMark = "mark" // the evidence
	LookAlso = "also" // other evidence of the same finding
	LookSign = "sign" // stands for an invisible character
)

// Limits of an excerpt, so that it can be taken in at a glance, however long the lines are.
const (
	excerptAround  = 2   // lines before and after the evidence
	excerptMarked  = 12  // lines of evidence
	excerptLead    = 80  // characters of the line before and after the evidence
	excerptContext = 160 // characters of a line without evidence
	excerptMatch   = 800 // characters from the first evidence to the last in one line
)

// Line is one line of source, or the part of it that is shown.
type Line struct {
	Number            int
	CutStart, CutLast bool
	Marked            bool
	Pieces            []Piece
}

// Excerpt returns the lines around source[at.Start:at.End]. The ranges of spans are marked, and
// those of also less prominently. line is the number of the line in which at begins. Spans that
// exceed the source are clamped.
func Excerpt(source string, at qianshao.Span, line int, spans, also []qianshao.Span) []Line {
	at = clamp(source, at)
	start := strings.LastIndexByte(source[:at.Start], '\n') + 1
	first := line
	for range excerptAround {
		if start == 0 {
			break
		}
		start = strings.LastIndexByte(source[:start-1], '\n') + 1
		first--
	}
	var lines []Line
	inside, after := 0, 0
	for n := first; start <= len(source) && after < excerptAround && inside <= excerptMarked; n++ {
		end := len(source)
		if i := strings.IndexByte(source[start:], '\n'); i >= 0 {
			end = start + i
		}
		whole := qianshao.Span{Start: start, End: end}
		shown := cutLine(source, whole, at)
		l := Line{Number: n, CutStart: shown.Start > start, Pieces: marks(source, shown, spans, also)}
		l.CutLast = shown.End < end && source[shown.End:end] != "\r"
		l.Marked = slices.ContainsFunc(l.Pieces, func(p Piece) bool { return p.Look == LookMark })
		lines = append(lines, l)
		if start > at.End {
			after++
		} else if end >= at.Start {
			inside++
		}
		start = end + 1
	}
	return lines
}

// cutLine decides which part of a line is shown: on the sites that we watch, pages with a single
// line of a megabyte are usual.
func cutLine(source string, line, at qianshao.Span) (shown qianshao.Span) {
	if line.Len() > 0 && source[line.End-1] == '\r' {
		line.End--
	}
	lo, hi := max(line.Start, at.Start), min(line.End, at.End)
	if lo > hi {
		return qianshao.Span{Start: line.Start, End: ahead(source, line.Start, line.End, excerptContext)}
	}
	shown.Start = back(source, lo, line.Start, excerptLead)
	shown.End = ahead(source, lo, hi, excerptMatch)
	shown.End = ahead(source, shown.End, line.End, excerptLead)
	return shown
}

// First returns the first n characters of s.
func First(s string, n int) string { return s[:ahead(s, 0, len(s), n)] }

// ahead returns the offset n characters after from, but at most limit.
func ahead(s string, from, limit, n int) int {
	for ; n > 0 && from < limit; n-- {
		_, size := utf8.DecodeRuneInString(s[from:limit])
		from += size
	}
	return from
}

// back returns the offset n characters before from, but at least limit.
func back(s string, from, limit, n int) int {
	for ; n > 0 && from > limit; n-- {
		_, size := utf8.DecodeLastRuneInString(s[limit:from])
		from -= size
	}
	return from
}

// clamp makes a span fit the source, with its ends between characters.
func clamp(source string, s qianshao.Span) qianshao.Span {
	s.Start = min(max(s.Start, 0), len(source))
	s.End = min(max(s.End, s.Start), len(source))
	for s.Start > 0 && s.Start < len(source) && !utf8.RuneStart(source[s.Start]) {
		s.Start--
	}
	for s.End < len(source) && !utf8.RuneStart(source[s.End]) {
		s.End++
	}
	return s
}

// marks cuts the shown part into pieces: evidence, other evidence, the rest.
func marks(source string, shown qianshao.Span, spans, also []qianshao.Span) []Piece {
	edges := []int{shown.Start, shown.End}
	for _, list := range [][]qianshao.Span{spans, also} {
		for _, s := range list {
			s = clamp(source, s)
			for _, e := range []int{s.Start, s.End} {
				if e > shown.Start && e < shown.End {
					edges = append(edges, e)
				}
			}
		}
	}
	slices.Sort(edges)
	var out []Piece
	from, look := shown.Start, ""
	for i, edge := range edges[1:] {
		next := lookOf(qianshao.Span{Start: edges[i], End: edge}, spans, also)
		if edges[i] == edge || next == look {
			continue // ranges that overlap or touch become one mark
		}
		out = append(out, Reveal(source[from:edges[i]], look)...)
		from, look = edges[i], next
	}
	return append(out, Reveal(source[from:shown.End], look)...)
}

func lookOf(part qianshao.Span, spans, also []qianshao.Span) string {
	holds := func(s qianshao.Span) bool { return within(part, s) }
	switch {
	case slices.ContainsFunc(spans, holds):
		return LookMark
	case slices.ContainsFunc(also, holds):
		return LookAlso
	}
	return ""
}

func within(part, whole qianshao.Span) bool {
	return part.Start >= whole.Start && part.End <= whole.End
}

// Reveal splits s so that characters that are invisible, or reverse the direction of writing,
// become visible signs. They are used to disguise words, and would do that on our own pages, too.
func Reveal(s, look string) []Piece {
	var out []Piece
	from := 0
	for i, r := range s {
		if !unseen(r) && !(r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD")) {
			continue
		}
		if i > from {
			out = append(out, Piece{Text: s[from:i], Look: look})
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		out = append(out, Piece{Text: sign(r), Look: LookSign, Title: fmt.Sprintf("U+%04X", r)})
		from = i + size
	}
	if from < len(s) {
		out = append(out, Piece{Text: s[from:], Look: look})
	}
	return out
}

// unseen reports whether a character is invisible: controls, format characters, line separators,
// variation selectors, and the blank letters of Hangul and Braille.
func unseen(r rune) bool {
	switch r {
	case '\t', '\n':
		return false
	case 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, 0x034F:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Variation_Selector, unicode.Co)
}

// sign names an unseen character: the usual abbreviation, or the code point.
func sign(r rune) string {
	switch r {
	case 0x00AD:
		return "SHY"
	case 0x200B:
		return "ZWSP"
	case 0x200C:
		return "ZWNJ"
	case 0x200D:
		return "ZWJ"
	case 0x200E:
		return "LRM"
	case 0x200F:
		return "RLM"
	case 0x202D:
		return "LRO"
	case 0x202E:
		return "RLO"
	case 0x2060:
		return "WJ"
	case 0xFEFF:
		return "BOM"
	}
	return fmt.Sprintf("%04X", r)
}

// Plain returns s for places that cannot show pieces (titles, lines of lists): invisible characters
// are removed and white space is collapsed.
func Plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r == '\r' {
			return ' '
		}
		if unseen(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Join(strings.Fields(s), " ")
}

// Defang writes a URL in a form that nobody follows by mistake and no program turns into a link:
// hxxp://a[.]example/path. Other text is not changed. Resident identity numbers are masked.
func Defang(raw string) string {
	s := mask.String(Plain(raw))
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return s
	}
	switch strings.ToLower(scheme) {
	case "http":
		scheme = "hxxp"
	case "https":
		scheme = "hxxps"
	case "ftp":
		scheme = "fxp"
	}
	host, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	return scheme + "://" + DefangHost(host) + path
}

// DefangHost writes a host name in a form that no program turns into a link: a[.]example.
func DefangHost(host string) string { return strings.ReplaceAll(host, ".", "[.]") }
