package rule

import (
	"cmp"
	"maps"
	"slices"

	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/locales"
)

// repetitions holds the terms that two files give to one block, by the names of the files.
type repetitions map[[2]string][]string

func (r repetitions) add(first, second syntax.Term) {
	files := [2]string{first.File, second.File}
	slices.Sort(files[:])
	r[files] = append(r[files], first.Text)
}

// maxRepeatedShown is how many terms a note quotes.
const maxRepeatedShown = 5

// notes returns a note for each pair of files, at the block.
func (r repetitions) notes(f *syntax.File, block syntax.Text) (out []syntax.Mistake) {
	byName := func(a, b [2]string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) }
	for _, files := range slices.SortedFunc(maps.Keys(r), byName) {
		terms := r[files]
		slices.Sort(terms)
		out = append(out, f.MistakeAt(block.Place, locales.M("rule.words.repeated", block.Value, len(terms), files[0], files[1], terms[:min(len(terms), maxRepeatedShown)])))
	}
	return out
}
