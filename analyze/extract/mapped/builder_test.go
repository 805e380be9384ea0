package mapped

import (
	"fmt"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
)

// letter is a letter of a text and its place in the source.
type letter struct {
	text   string
	source qianshao.Span
}

// letters returns a source of n letters, two of every three written as character references.
func letters(n int) (source string, all []letter) {
	var b strings.Builder
	for i := range n {
		text := string(rune('a' + i%26))
		written := fmt.Sprintf("&#%d;", text[0])
		if i%3 == 0 {
			written = text
		}
		all = append(all, letter{text, qianshao.Span{Start: b.Len(), End: b.Len() + len(written)}})
		b.WriteString(written)
	}
	return b.String(), all
}

// holds checks that no text is lost, that the runs map all of it in order, and that the source
// range of each letter holds the place where it is written.
func holds(t *testing.T, b *Builder, all []letter) {
	t.Helper()
	var want strings.Builder
	for _, l := range all {
		want.WriteString(l.text)
	}
	if string(b.Text) != want.String() {
		t.Fatal("the text is another one")
	}
	at := 0
	for i, r := range b.Runs {
		if r.Text.Start != at || r.Text.End <= at {
			t.Fatalf("run %d maps %v, want from %d on", i, r.Text, at)
		}
		at = r.Text.End
	}
	if at != len(b.Text) {
		t.Fatalf("%d bytes of %d are mapped", at, len(b.Text))
	}
	text := b.Build()
	for i, l := range all {
		if got := text.Span(i, i+1); got.Start > l.source.Start || got.End < l.source.End {
			t.Fatalf("letter %d is at %v, beyond the range %v", i, l.source, got)
		}
	}
}

// TestMapsGetCoarse: runs beyond maxExact are joined, so that there are few of them. The first runs
// stay exact, and a joined run's source holds all of its letters.
func TestMapsGetCoarse(t *testing.T) {
	t.Parallel()
	const n = maxExact + 100*coarse
	source, all := letters(n)
	text := Source(source)
	var b Builder
	b.Add(&text, 0, len(source), InText)
	holds(t, &b, all)
	if most := maxExact + 110; len(b.Runs) > most {
		t.Errorf("%d runs, want at most %d", len(b.Runs), most)
	}
	built := b.Build()
	for i, l := range all[:maxExact-1] {
		if got := built.Span(i, i+1); got != l.source {
			t.Fatalf("letter %d is at %v, want %v", i, got, l.source)
		}
	}
	for i := range all {
		if got := built.Span(i, i+1); got.Len() > 2*coarse*len("&#100;") {
			t.Fatalf("letter %d has a range of %d bytes", i, got.Len())
		}
	}
}

// TestCoarsen: the runs of a text are joined even if there are few, also after it was cut, joined
// with another or put into another order.
func TestCoarsen(t *testing.T) {
	t.Parallel()
	const n = 10 * coarse
	source, all := letters(n)
	text := Source(source)
	whole := func() *Builder {
		b := new(Builder)
		b.Add(&text, 0, len(source), InText)
		return b
	}
	t.Run("whole", func(t *testing.T) {
		t.Parallel()
		b := whole()
		exact := len(b.Runs)
		b.Coarsen()
		holds(t, b, all)
		if len(b.Runs) > exact/10 {
			t.Errorf("%d runs of %d are left", len(b.Runs), exact)
		}
		b.Coarsen()
		holds(t, b, all)
	})
	t.Run("and more behind", func(t *testing.T) {
		t.Parallel()
		b := new(Builder)
		half := all[n/2].source.Start
		b.Add(&text, 0, half, InText)
		b.Coarsen()
		b.Add(&text, half, len(source), InText)
		holds(t, b, all)
	})
	t.Run("turned round", func(t *testing.T) {
		t.Parallel()
		b := whole()
		b.Coarsen()
		const cut = n/2 + 7 // in the middle of a run
		b.Reorder([]qianshao.Span{{Start: cut, End: n}, {Start: 0, End: cut}})
		turned := append(append([]letter{}, all[cut:]...), all[:cut]...)
		holds(t, b, turned)
		b.Coarsen()
		holds(t, b, turned)
	})
	t.Run("joined", func(t *testing.T) {
		t.Parallel()
		half := all[n/2].source.Start
		var front, back Builder
		front.Add(&text, 0, half, InText)
		back.Add(&text, half, len(source), InText)
		back.Coarsen()
		front.Join(&back)
		front.Coarsen()
		holds(t, &front, all)
	})
}

// TestCoarseTextsAreCut: a text with a coarse map can be cut in two without loss, and the letters
// of both parts lie in the ranges that they are mapped to.
func TestCoarseTextsAreCut(t *testing.T) {
	t.Parallel()
	const n = 12 << 10
	source, all := letters(n)
	text := Source(source)
	var b Builder
	b.Add(&text, 0, len(source), InText)
	b.Coarsen()
	front := b.CutFront(8 << 10)
	cut := len(front.Text)
	if cut < 4<<10 || cut > 8<<10 {
		t.Fatalf("the front has %d bytes", cut)
	}
	holds(t, &front, all[:cut])
	holds(t, &b, all[cut:])
}

// TestOneToOneIsNotFeigned: a joined run never has text and source of the same length by chance,
// which would wrongly claim that it maps byte by byte.
func TestOneToOneIsNotFeigned(t *testing.T) {
	t.Parallel()
	var b Builder
	b.Put(qianshao.Span{Start: 0, End: 5}, "w")
	b.Put(qianshao.Span{Start: 5, End: 6}, "xxxxx") // together with the w, six bytes for six
	b.Coarsen()
	x := letter{"x", qianshao.Span{Start: 5, End: 6}}
	holds(t, &b, []letter{{"w", qianshao.Span{Start: 0, End: 5}}, x, x, x, x, x})
}
