package main

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shapes knows which parts the characters are made of.
type shapes struct {
	*data
	leaves   map[rune]map[string]int // smallest parts, with how often they occur
	big      map[rune]map[string]bool
	byLeaf   map[string][]rune // common characters that contain the part
	byBig    map[string][]rune
	partSize map[string]int
}

const (
	leafStrokes = 4   // a part with at most this many strokes is not taken apart further
	bigShare    = 0.4 // a part with this share of the strokes gives a character its look
	likeShare   = 0.7 // characters that share this much of their strokes look alike
	likeBig     = 0.4 // … or this much, if they share a big part
	maxLike     = 6   // look-alikes kept for each character
	maxDepth    = 6
	bigBonus    = 0.25 // added to the score of characters that differ only in the radical
)

func newShapes(d *data) *shapes {
	s := &shapes{data: d, leaves: map[rune]map[string]int{}, big: map[rune]map[string]bool{},
		byLeaf: map[string][]rune{}, byBig: map[string][]rune{}, partSize: map[string]int{}}
	for c := range d.known() {
		s.leaves[c], s.big[c] = map[string]int{}, map[string]bool{}
		s.take(c, string(c), 0)
		if d.commonness[c] == 0 {
			continue
		}
		for leaf := range s.leaves[c] {
			s.byLeaf[leaf] = append(s.byLeaf[leaf], c)
		}
		for part := range s.big[c] {
			s.byBig[part] = append(s.byBig[part], c)
		}
	}
	return s
}

// same maps the forms of a part to one: 訁 and 讠, 金 and 钅, 人 and 亻.
func (s *shapes) same(part string) string {
	r, n := utf8.DecodeRuneInString(part)
	if n != len(part) {
		return part
	}
	if to, ok := s.simplified[r]; ok {
		r = to
	}
	if to, ok := radicals[r]; ok {
		r = to
	}
	return string(r)
}

// radicals maps the traditional form of a radical to the form in use.
var radicals = map[rune]rune{'釒': '钅', '訁': '讠', '飠': '饣', '糹': '纟', '糸': '纟', '牜': '牛', '王': '玉', '𧾷': '足'}

// meaningRadicals stand beside the part that gives a character its sound and look, so that two
// characters do not look alike just because they share one.
const meaningRadicals = "钅金讠言饣食纟牛玉足人亻水氵手扌心忄犬犭示礻衣衤刀刂火灬艹艸贝车木口日月土石竹⺮虫鱼鸟马门页雨山女禾米酉田目耳走辶阝邑阜疒广厂尸囗宀穴力又大革骨羽舟身舌角里"

func isRadical(part string) bool { return strings.Contains(meaningRadicals, part) }

func (s *shapes) size(part string) int {
	if n, ok := s.partSize[part]; ok {
		return n
	}
	s.partSize[part] = 1 // stops cycles
	n := 0
	if r, width := utf8.DecodeRuneInString(part); width == len(part) {
		n = s.strokes[r]
	}
	if n == 0 {
		for _, p := range s.parts[part] {
			n += s.size(p)
		}
	}
	s.partSize[part] = max(n, 1)
	return s.partSize[part]
}

// take adds the parts of part to those of c.
func (s *shapes) take(c rune, part string, depth int) {
	total := s.size(string(c))
	size := s.size(part)
	if size >= 2 && float64(size) >= bigShare*float64(total) || depth == 1 && s.repeats[c] {
		s.big[c][s.same(part)] = true
	}
	parts := s.parts[part]
	if size <= leafStrokes || len(parts) == 0 || depth == maxDepth {
		s.leaves[c][s.same(part)]++
		return
	}
	for _, p := range parts {
		s.take(c, p, depth+1)
	}
	if depth == 0 && s.repeats[c] {
		s.big[c][s.same(parts[0])] = true
	}
}

// like returns the common characters that c may be mistaken for.
func (s *shapes) like(c rune) []rune {
	shared := map[rune]int{}
	for leaf, n := range s.leaves[c] {
		for _, d := range s.byLeaf[leaf] {
			shared[d] += min(n, s.leaves[d][leaf]) * s.size(leaf)
		}
	}
	scores := map[rune]float64{}
	total := s.size(string(c))
	for d, n := range shared {
		if share := 2 * float64(n) / float64(total+s.size(string(d))); share >= likeShare {
			scores[d] = share
		}
	}
	for part := range s.big[c] {
		for _, d := range s.byBig[part] {
			if isRadical(part) && part != string(d) && part != string(c) {
				continue
			}
			share := 2 * float64(min(s.size(part), total)) / float64(total+s.size(string(d)))
			if share >= likeBig || s.repeats[c] {
				scores[d] = max(scores[d], share) + bigBonus
			}
		}
	}
	for _, v := range s.variants[c] {
		if to, ok := s.simplified[v]; ok {
			v = to
		}
		if s.commonness[v] > 0 {
			scores[v] = 1
		}
	}
	delete(scores, c)
	return s.best(c, scores)
}

// best orders the candidates: those that also sound the same and are common come first.
func (s *shapes) best(c rune, scores map[rune]float64) []rune {
	list := make([]rune, 0, len(scores))
	for d := range scores {
		if s.sameSound(c, d) {
			scores[d] += 0.4
		}
		scores[d] += 0.05 * float64(s.commonness[d])
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b rune) int { return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b)) })
	return list[:min(len(list), maxLike)]
}

// splits lists left half, right half and whole of common characters, with the halves as a keyboard
// gives them: 亻 and 人, 钅 and 金.
func (s *shapes) splits() []string {
	var list []string
	for c := range s.known() {
		// A traditional whole counts if its simplified form is common: 訁+正.
		if s.commonness[c] == 0 || !s.across[c] {
			continue
		}
		left, right := s.forms(s.parts[string(c)][0]), s.forms(s.parts[string(c)][1])
		for _, l := range left {
			for _, r := range right {
				list = append(list, string([]rune{l, r, c}))
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (s *shapes) forms(part string) []rune {
	r, n := utf8.DecodeRuneInString(part)
	if n != len(part) || !unicode.Is(unicode.Han, r) {
		return nil
	}
	if to, ok := s.simplified[r]; ok {
		r = to
	}
	if to, ok := radicals[r]; ok {
		r = to
	}
	forms := []rune{r}
	for _, more := range keyboardForms[r] {
		forms = append(forms, more)
	}
	return forms
}

// keyboardForms are characters, some of them kana, that are typed instead of a half.
var keyboardForms = map[rune]string{
	'亻': "イィ彳人", '刂': "リ刀", '扌': "才手", '忄': "小心", '氵': "シ水", '钅': "金釒", '讠': "言訁", '纟': "糸糹", '饣': "食飠", '口': "ロ", '力': "カ", '又': "ヌ", '夕': "タ", '卜': "ト", '宀': "ウ", '工': "エ",
}
