package prefilter

import (
	"slices"

	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/analyze/match"
)

// longText is the number of folded characters from which it pays to cut a text into windows.
const longText = 80

// IsLong says whether it pays to cut a text into windows.
func IsLong(text *fold.Text) bool { return text.Len() >= longText }

// Window is a part of a text, in folded characters. To is exclusive.
type Window struct{ From, To int32 }

// Windows finds the parts of a text in which an expression can match. A window has one more unit on
// either side than any match in it, so no match depends on where the window ends: the matches are
// those of the whole text. Windows reuses its memory, so it is for one goroutine.
type Windows struct {
	index  *Index
	opened bool // units are those of the current text
	placed bool // places are, too
	places []match.Place
	units  units
	sets   []uint8          // by literal: its sets in the current expression
	at     [maxSets][]int32 // where the atoms of each of its sets begin
	order  [maxSets][]int32 // the same without the sets that it lacks, the smallest first
	out    []Window
}

// NewWindows returns the memory for windows.
func (x *Index) NewWindows() *Windows { return &Windows{index: x} }

// Reset forgets the text of the last call of Of. It has to be called before another text is read.
func (w *Windows) Reset() { w.opened, w.placed = false, false }

// Of returns the parts of a text in which an expression can match, ordered and disjoint. ok is
// false if reading the whole text costs no more. The list is valid until the next call. places are
// what Search.Places returned for the text; if there are none, they are searched again.
func (w *Windows) Of(text *fold.Text, places []match.Place, expression int32) (out []Window, ok bool) {
	width := int(w.index.widths[expression])
	if width == unbounded || !IsLong(text) || len(w.index.atoms[expression]) == 0 {
		return nil, false
	}
	if !w.opened {
		w.opened = true
		w.units.count(text)
	}
	if len(places) == 0 {
		if !w.placed {
			w.placed = true
			w.places = w.index.literals.Places(text.Runes, w.places[:0])
		}
		places = w.places
	}
	rarest, others := w.place(places, expression)
	out = w.out[:0]
	total := int32(0)
	for _, at := range rarest {
		next := w.units.around(at, width)
		if !allIn(others, next) {
			continue
		}
		if last := len(out) - 1; last >= 0 && next.From <= out[last].To {
			total += next.To - out[last].To
			out[last].To = next.To
		} else {
			total += next.To - next.From
			out = append(out, next)
		}
	}
	w.out = out
	return out, total < int32(text.Len())*3/4
}

// place finds the characters at which the atoms of each of the expression's sets begin. It returns
// those of the set that has the fewest, and those of the other sets.
func (w *Windows) place(places []match.Place, expression int32) (fewest []int32, others [][]int32) {
	atoms := w.index.atoms[expression]
	if len(w.sets) < len(w.index.postings) {
		w.sets = make([]uint8, len(w.index.postings))
	}
	all := uint8(0)
	for _, n := range atoms {
		w.sets[n.literal] |= n.set
		all |= n.set
	}
	for k := range w.at {
		w.at[k] = w.at[k][:0]
	}
	for _, place := range places {
		set := w.sets[place.Literal]
		for k := 0; set != 0; k, set = k+1, set>>1 {
			if set&1 != 0 {
				w.at[k] = append(w.at[k], place.At)
			}
		}
	}
	for _, n := range atoms {
		w.sets[n.literal] = 0
	}
	others = w.order[:0]
	for k := range w.at {
		if all>>k&1 != 0 {
			others = append(others, w.at[k])
		}
	}
	slices.SortStableFunc(others, func(x, y []int32) int { return len(x) - len(y) })
	return others[0], others[1:]
}

// allIn says whether an atom of each set begins in the window.
func allIn(sets [][]int32, in Window) bool {
	return !slices.ContainsFunc(sets, func(at []int32) bool {
		i, _ := slices.BinarySearch(at, in.From)
		return i == len(at) || at[i] >= in.To
	})
}

// units numbers the units of a folded text.
type units struct {
	of     []int32 // by character
	starts []int32 // by unit: its first character; then the text's length
}

func (u *units) count(text *fold.Text) {
	u.of, u.starts = u.of[:0], u.starts[:0]
	before := false
	for i, r := range text.Runes {
		alphanum := isAlphanum(r)
		if i == 0 || !(alphanum && before) && text.Start[i] != text.Start[i-1] {
			u.starts = append(u.starts, int32(i))
		}
		u.of = append(u.of, int32(len(u.starts)-1))
		before = alphanum
	}
	u.starts = append(u.starts, int32(len(u.of)))
}

// around returns the window of width units, and one more, on both sides of character i.
func (u *units) around(i int32, width int) Window {
	from := max(0, int(u.of[i])-width-1)
	to := min(len(u.starts)-1, int(u.of[i])+width+2)
	return Window{u.starts[from], u.starts[to]}
}
