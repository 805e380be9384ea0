package mapped

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/extract/ascii"
)

// Limits of maps. A hostile text has one run for each character, and such a map takes 32 times the
// memory of the text.
const (
	// maxExact is how many runs of a text are kept exact. Half a megabyte of character references
	// has no more than that.
	maxExact = 1 << 16
	// Beyond maxExact, runs are joined for up to coarse bytes of text. A joined run maps its text
	// as a whole to a range of the source that holds what it stands for and what is around that.
	coarse = 64
)

// Builder builds a text from parts of other texts: it resolves character references, collapses and
// trims white space, and maps each byte to its source. The zero value is an empty text.
type Builder struct {
	Text []byte
	Runs []qianshao.Run // map Text to the source

	fixed int // how many runs must not grow, because the last of them is not a plain copy
	// space is the source of white space that is written once another character follows. wait says
	// that there is such white space.
	space qianshao.Span
	wait  bool
	blank bool // the white space is a single blank in the source
}

// Reset empties the builder and keeps its memory.
func (b *Builder) Reset() {
	b.Text, b.Runs, b.fixed, b.wait = b.Text[:0], b.Runs[:0], 0, false
}

// Build returns the text.
func (b *Builder) Build() Text {
	runs := b.Runs
	if runs == nil {
		runs = []qianshao.Run{}
	}
	return Text{Content: string(b.Text), runs: runs}
}

// stops are the bytes at which plain copying ends. It is read only.
var stops = [256]bool{' ': true, '\t': true, '\n': true, '\r': true, '\f': true, 0: true, '&': true}

// Add appends t.Content[start:end] as a reader sees it: white space collapsed,
// character references resolved as mode says.
func (b *Builder) Add(t *Text, start, end int, mode Mode) {
	s := t.Content
	for i := start; i < end; {
		c := s[i]
		switch {
		case ascii.IsSpace(c):
			from := i
			for i < end && ascii.IsSpace(s[i]) {
				i++
			}
			b.addSpace(t.Span(from, i), c == ' ' && i == from+1 && t.runs == nil)
		case c == 0: // browsers drop NUL, so it must not break a word
			i++
		case c == '&' && mode != Verbatim:
			out, n := reference(s[i:end], mode)
			if n == 0 {
				n = 1
				b.Copy(t, i, i+1)
			} else {
				b.Put(t.Span(i, i+n), out)
			}
			i += n
		default:
			from := i
			for i++; i < end && !stops[s[i]]; i++ {
			}
			b.Copy(t, from, i)
		}
	}
}

// AddExact appends t.Content[start:end]. It resolves character references as in attributes and
// leaves white space as it is.
func (b *Builder) AddExact(t *Text, start, end int) {
	for i := start; i < end; {
		n := strings.IndexByte(t.Content[i:end], '&')
		if n < 0 {
			n = end - i
		}
		if n > 0 {
			b.Copy(t, i, i+n)
			i += n
			continue
		}
		if out, n := reference(t.Content[i:end], InAttribute); n > 0 {
			b.Put(t.Span(i, i+n), out)
			i += n
			continue
		}
		b.Copy(t, i, i+1)
		i++
	}
}

// AddSpace appends white space that stands for the source range at, such as the tag of a line
// break. It is written once another character follows.
func (b *Builder) AddSpace(at qianshao.Span) { b.addSpace(at, false) }

// addSpace is AddSpace; blank says that the source is a single blank.
func (b *Builder) addSpace(at qianshao.Span, blank bool) {
	if len(b.Text) == 0 {
		return
	}
	if b.wait {
		b.space.End, b.blank = max(at.End, b.space.End), false
		return
	}
	b.space, b.blank, b.wait = at, blank, true
}

func (b *Builder) flushSpace() {
	if !b.wait {
		return
	}
	b.wait = false
	b.Text = append(b.Text, ' ')
	b.mapLast(1, b.space, b.blank)
}

// Put appends s, which stands for the source range at as a whole.
func (b *Builder) Put(at qianshao.Span, s string) {
	b.flushSpace()
	if len(s) > 0 {
		b.Text = append(room(b.Text, len(s)), s...)
		b.mapLast(len(s), at, false)
	}
}

// mapLast maps the last n bytes of the text to a source range. plain says that they are the same
// bytes as in the source, so that the last run may grow.
func (b *Builder) mapLast(n int, at qianshao.Span, plain bool) {
	k := len(b.Runs) - 1
	if plain && k >= b.fixed && b.Runs[k].Source.End == at.Start {
		b.Runs[k].Source.End, b.Runs[k].Text.End = at.End, len(b.Text)
		return
	}
	joined := b.put(qianshao.Run{Text: qianshao.Span{Start: len(b.Text) - n, End: len(b.Text)}, Source: at})
	if !plain || joined {
		b.fixed = len(b.Runs)
	}
}

// put appends a run, or joins it to the last one if there are too many.
func (b *Builder) put(r qianshao.Run) (joined bool) {
	if len(b.Runs) >= maxExact && b.join(r) {
		return true
	}
	b.Runs = append(room(b.Runs, 1), r)
	return false
}

// room makes room for n more elements. A builder collects one text after another and soon has the
// size of the longest. append would grow it by a quarter at a time, copying it each time.
func room[T any](s []T, n int) []T {
	if n <= cap(s)-len(s) {
		return s
	}
	return slices.Grow(s, max(n, len(s)))
}

// join extends the last run over what r maps. A run with text and source of the same length claims
// to map byte by byte. If that would be false, the joined run's source is extended to the beginning
// of the run before.
func (b *Builder) join(r qianshao.Run) bool {
	k := len(b.Runs) - 1
	if k < 0 || r.Text.End-b.Runs[k].Text.Start > coarse {
		return false
	}
	last := b.Runs[k]
	exact := isExact(last) && isExact(r) && last.Source.End == r.Source.Start
	last.Text.End = r.Text.End
	last.Source = qianshao.Span{Start: min(last.Source.Start, r.Source.Start), End: max(last.Source.End, r.Source.End)}
	if isExact(last) && !exact && k > 0 {
		last.Source.Start = min(last.Source.Start, b.Runs[k-1].Source.Start)
	}
	if isExact(last) && !exact {
		return false
	}
	b.Runs[k] = last
	return true
}

// isExact reports whether each byte of a run's text stands for one of the source.
func isExact(r qianshao.Run) bool { return r.Text.Len() == r.Source.Len() }

// Coarsen joins as many runs of the text as possible.
func (b *Builder) Coarsen() {
	runs := b.Runs
	b.Runs = b.Runs[:0]
	for _, r := range runs {
		if !b.join(r) {
			b.Runs = append(b.Runs, r)
		}
	}
	b.fixed = len(b.Runs)
}

// Copy appends t.Content[start:end] byte by byte.
func (b *Builder) Copy(t *Text, start, end int) {
	b.flushSpace()
	n := len(b.Text)
	b.Text = append(room(b.Text, end-start), t.Content[start:end]...)
	if t.runs == nil {
		b.mapLast(end-start, qianshao.Span{Start: t.base + start, End: t.base + end}, true)
		return
	}
	for k := firstRun(t.runs, start); k < len(t.runs) && t.runs[k].Text.Start < end; k++ {
		run := t.runs[k]
		from, to := max(run.Text.Start, start), min(run.Text.End, end)
		at := run.Source
		if run.Text.Len() == at.Len() {
			at = qianshao.Span{Start: at.Start + from - run.Text.Start, End: at.Start + to - run.Text.Start}
		}
		b.put(qianshao.Run{Text: qianshao.Span{Start: n + from - start, End: n + to - start}, Source: at})
	}
	b.fixed = len(b.Runs)
}

// CutFront cuts the front off the text and returns it. The front has at most limit bytes and ends
// at the last blank within its last kilobytes, or else at the end of a character. It is valid until
// the builder is used again.
func (b *Builder) CutFront(limit int) Builder {
	const reach = 4 << 10
	cut := limit
	for cut > 0 && !utf8.RuneStart(b.Text[cut]) {
		cut--
	}
	if n := bytes.LastIndexByte(b.Text[cut-reach:cut], ' '); n >= 0 {
		cut += n + 1 - reach
	}
	k := firstRun(b.Runs, cut)
	if k < len(b.Runs) && !isExact(b.Runs[k]) && b.Runs[k].Text.Start > cut-reach {
		cut = b.Runs[k].Text.Start // a run that is not mapped byte by byte stays whole
	}
	front := Builder{Text: b.Text[:cut], Runs: append([]qianshao.Run{}, b.Runs[:k]...)}
	if k < len(b.Runs) && b.Runs[k].Text.Start < cut {
		run := b.Runs[k]
		run.Text.End = cut
		if isExact(b.Runs[k]) {
			run.Source.End = run.Source.Start + run.Text.Len()
			b.Runs[k].Source.Start = run.Source.End
		}
		b.Runs[k].Text.Start = cut
		front.Runs = append(front.Runs, run)
	}
	b.Text, b.Runs = b.Text[cut:], b.Runs[k:]
	for i := range b.Runs {
		b.Runs[i].Text.Start -= cut
		b.Runs[i].Text.End -= cut
	}
	b.fixed = len(b.Runs)
	return front
}

// Reorder puts pieces of the text, which must cover all of it, into another order.
func (b *Builder) Reorder(order []qianshao.Span) {
	var out Builder
	from := Text{Content: string(b.Text), runs: b.Runs}
	for _, piece := range order {
		out.Copy(&from, piece.Start, piece.End)
	}
	b.Text, b.Runs, b.fixed = out.Text, out.Runs, out.fixed
}

// Join appends the text of another builder.
func (b *Builder) Join(o *Builder) {
	b.flushSpace()
	n := len(b.Text)
	b.Text = append(b.Text, o.Text...)
	for _, r := range o.Runs {
		r.Text.Start += n
		r.Text.End += n
		b.put(r)
	}
	b.fixed = len(b.Runs)
	b.wait, b.space, b.blank = o.wait, o.space, o.blank
}
