// Package view compares two views of a page, block by block, no matter where on the page a block
// is. It compares wording and link targets, and ignores what differs on every visit: numbers,
// dates, tokens and order. It does not judge a difference.
package view

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
)

const (
	// gramLength is how many consecutive characters make a wording. Two texts seldom have the same
	// five Chinese characters by accident.
	gramLength = 5
	// tokenLength is the length from which letters mixed with digits count as a token of a session,
	// a cache or a form, and not as a name.
	tokenLength = 16
	// lead is how many characters of shared text are kept on either side of new text, up to the end
	// of the sentence: a warning in front of a word changes what it says.
	lead = 40
)

// Baseline is what plain visitors get: the wording and the link targets of all their visits.
type Baseline struct {
	docs []*qianshao.Document
	// grams are sorted hashes of each wording in a block, and of each whole block.
	grams  []uint64
	reader reader
}

// NewBaseline returns the baseline of one or more plain visits to a page.
func NewBaseline(docs ...*qianshao.Document) *Baseline {
	b := &Baseline{docs: docs}
	for _, doc := range docs {
		for i := range doc.Regions {
			region := &doc.Regions[i]
			symbols := b.reader.read(region)
			b.grams = append(b.grams, whole(region, symbols))
			if region.Kind == qianshao.RegionURL {
				continue
			}
			for k := 0; k+gramLength <= len(symbols); k++ {
				b.grams = append(b.grams, gram(classOf(region), symbols[k:k+gramLength]))
			}
		}
	}
	slices.Sort(b.grams)
	b.grams = slices.Compact(b.grams)
	return b
}

// Difference is what one view of a page has and the baseline lacks.
type Difference struct {
	// Document has the view's source and its new regions and links. A region that is partly new is
	// cut to the new part and a little around it.
	Document *qianshao.Document
	// New are the new ranges of that source, in the order of the regions.
	New []qianshao.Span
}

// Difference compares a view of the page with the baseline.
func (b *Baseline) Difference(doc *qianshao.Document) Difference {
	only := &qianshao.Document{Charset: doc.Charset, CharsetFrom: doc.CharsetFrom, Source: doc.Source, Form: doc.Form, Notes: doc.Notes}
	d := Difference{Document: only}
	targets := map[int]int{} // region in doc → region in only
	for i := range doc.Regions {
		region := &doc.Regions[i]
		unknown := b.unknown(region)
		for _, part := range unknown {
			d.New = append(d.New, region.SourceSpan(part.Start, part.End))
		}
		for _, part := range widen(region.Text, unknown) {
			targets[i] = len(only.Regions)
			only.Regions = append(only.Regions, cut(region, part))
		}
		if len(unknown) > 0 && region.Kind == qianshao.RegionTitle {
			only.Title = doc.Title
		}
	}
	for _, link := range doc.Links {
		if at, isNew := targets[link.Region]; isNew {
			link.Region = at
			only.Links = append(only.Links, link)
		}
	}
	return d
}

// Holds reports whether something new overlaps a span of the source.
func (d *Difference) Holds(span qianshao.Span) bool {
	return slices.ContainsFunc(d.New, func(n qianshao.Span) bool { return n.Start < span.End && span.Start < n.End })
}

// unknown returns the parts of a region's text, in bytes, that no wording of the baseline covers.
func (b *Baseline) unknown(region *qianshao.Region) []qianshao.Span {
	symbols := b.reader.read(region)
	if len(symbols) == 0 || b.has(whole(region, symbols)) {
		return nil
	}
	if region.Kind == qianshao.RegionURL || len(symbols) < gramLength {
		return []qianshao.Span{{Start: 0, End: len(region.Text)}}
	}
	covered := 0 // the symbols before this one are in the baseline or in parts
	var parts []qianshao.Span
	stretch := func(from, to int) {
		if from < to {
			parts = append(parts, qianshao.Span{Start: symbols[from].start, End: symbols[to-1].end})
		}
	}
	for k := 0; k+gramLength <= len(symbols); k++ {
		if b.has(gram(classOf(region), symbols[k:k+gramLength])) {
			stretch(covered, k)
			covered = max(covered, k+gramLength)
		}
	}
	stretch(covered, len(symbols))
	return parts
}

func (b *Baseline) has(gram uint64) bool {
	_, found := slices.BinarySearch(b.grams, gram)
	return found
}

// widen extends each part with the text around it in its sentence, and joins parts that meet. The
// parts are in order.
func widen(text string, parts []qianshao.Span) []qianshao.Span {
	var out []qianshao.Span
	for _, p := range parts {
		for n := 0; n < lead && p.Start > 0; n++ {
			r, size := utf8.DecodeLastRuneInString(text[:p.Start])
			if endsSentence(r) {
				break
			}
			p.Start -= size
		}
		for n := 0; n < lead && p.End < len(text); n++ {
			r, size := utf8.DecodeRuneInString(text[p.End:])
			if endsSentence(r) {
				break
			}
			p.End += size
		}
		if n := len(out); n > 0 && p.Start <= out[n-1].End {
			out[n-1].End = p.End
			continue
		}
		out = append(out, p)
	}
	return out
}

func endsSentence(r rune) bool { return strings.ContainsRune("。！？!?\n", r) }

// cut returns the part of a region between two offsets of its text.
func cut(r *qianshao.Region, part qianshao.Span) qianshao.Region {
	out := *r
	out.Text, out.Map = r.Text[part.Start:part.End], nil
	for _, run := range r.Map {
		start, end := max(run.Text.Start, part.Start), min(run.Text.End, part.End)
		if start >= end {
			continue
		}
		piece := qianshao.Run{Text: qianshao.Span{Start: start - part.Start, End: end - part.Start}, Source: run.Source}
		if run.Text.Len() == run.Source.Len() { // mapped byte by byte
			piece.Source = qianshao.Span{Start: run.Source.Start + start - run.Text.Start, End: run.Source.Start + end - run.Text.Start}
		}
		out.Map = append(out.Map, piece)
	}
	return out
}

// class separates what a browser shows or follows from what it does not: a link that is no longer
// commented out is new.
type class uint64

const (
	classShown class = iota
	classTarget
	classInert
)

func classOf(r *qianshao.Region) class {
	switch r.Kind {
	case qianshao.RegionURL:
		return classTarget
	case qianshao.RegionComment, qianshao.RegionScript:
		return classInert
	}
	return classShown
}

// symbol is one character of a region as it is compared, with its bytes in the region's text.
type symbol struct {
	r          rune
	start, end int
}

const (
	anyNumber = '0'
	anyToken  = '#'
)

// reader folds the text of regions, and keeps its buffers.
type reader struct {
	text    fold.Text
	symbols []symbol
}

// read returns the region's characters, folded, with a single symbol for each number and each
// token. They are valid until the next call.
func (rd *reader) read(region *qianshao.Region) []symbol {
	rd.text.Fold(region.Text)
	rd.symbols = rd.symbols[:0]
	t := &rd.text
	for i := 0; i < len(t.Runes); {
		end, digits := rd.word(i)
		switch {
		case digits == end-i:
			rd.add(anyNumber, i, end)
		case digits > 0 && end-i >= tokenLength:
			rd.add(anyToken, i, end)
		default:
			for k := i; k < end; k++ {
				rd.add(t.Runes[k], k, k+1)
			}
		}
		i = end
	}
	return rd.symbols
}

func (rd *reader) add(r rune, from, to int) {
	rd.symbols = append(rd.symbols, symbol{r: r, start: int(rd.text.Start[from]), end: int(rd.text.End[to-1])})
}

// word returns where the word of Latin letters and digits at i ends, and how many digits it has.
// Any other character is a word without digits.
func (rd *reader) word(i int) (end, digits int) {
	isDigit := func(r rune) bool { return '0' <= r && r <= '9' }
	for end = i; end < len(rd.text.Runes); end++ {
		r := rd.text.Runes[end]
		if end > i && rd.text.Gaps[end].Break != fold.BreakNone || !isDigit(r) && (r < 'a' || r > 'z') {
			break
		}
		if isDigit(r) {
			digits++
		}
	}
	return max(end, i+1), digits
}

// FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

func gram(c class, symbols []symbol) uint64 {
	h := uint64(fnvOffset)
	h = (h ^ uint64(c)) * fnvPrime
	for _, s := range symbols {
		h = (h ^ uint64(s.r)) * fnvPrime
	}
	return h
}

// whole returns the gram of a whole region. It never equals the gram of a wording.
func whole(r *qianshao.Region, symbols []symbol) uint64 {
	const mark = 1 << 32
	return gram(classOf(r)|mark, symbols)
}
