package campaign

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
)

const (
	// gram is how many consecutive characters make a shingle. Two texts seldom share five Chinese
	// characters in a row by accident, except in the terms of their trade.
	gram = 5
	// minShingles is how many a block needs at least to be grouped by. With fewer it is a stock word and
	// its neighbours, which unrelated sites share: such a finding is grouped only by its keys.
	minShingles = 20
	// bands and rows of MinHash: two blocks with similarity s (Jaccard, over shingles)
	// share a band with probability 1-(1-s^rows)^bands: .5 → 5 %, .7 → 63 %, .8 → 97
	// %, .3 → 5 in 10,000. Two ads that only share stock words have less than .2; a
	// copy of a template joins if it shares a band with any other copy.
	bands, rows = 24, 9
)

// Placeholders for what differs from copy to copy.
const (
	anyNumber = '0'
	anyToken  = '#'
	anyDomain = '@'
)

// setBlock sets the traits of the finding's block.
func (t *Traits) setBlock(f *qianshao.Finding, opts Options) {
	shingles := shinglesOf(f, opts)
	if len(shingles) < minShingles {
		t.Shape = hash("finding\x00" + f.ID)
		t.Bands = []uint64{t.Shape}
		return
	}
	var ones [64]int // how many shingles have each bit set
	for _, s := range shingles {
		t.Shape += mix(s)
		for bit := range ones {
			ones[bit] += int(s >> bit & 1)
		}
	}
	t.Shape = mix(t.Shape)
	for bit, n := range ones {
		if n > len(shingles)-n {
			t.Sketch |= 1 << bit
		}
	}
	t.Bands = make([]uint64, bands)
	for b := range t.Bands {
		t.Bands[b] = mix(uint64(b) + 1)
		for i := b * rows; i < (b+1)*rows; i++ {
			t.Bands[b] = mix(t.Bands[b] ^ least(shingles, mix(uint64(i))))
		}
	}
}

// least returns the least hash of shingles, by the hash function of the salt. Nearly all of a block's
// cost is here.
func least(shingles []uint64, salt uint64) uint64 {
	least := ^uint64(0)
	for _, s := range shingles {
		least = min(least, mix(s^salt))
	}
	return least
}

// Alike compares two sketches: 1 for equal blocks, about 0 for unrelated ones.
func Alike(a, b uint64) float64 { return 1 - min(1, float64(bits.OnesCount64(a^b))/32) }

// Weighed is a block and the number of members that have it; Finding is one of them.
type Weighed struct {
	Sketch  uint64
	Members int
	Finding string
}

// LeastLike returns findings of at most n blocks, those least like the blocks of all members: the least
// similar first, and among equally similar ones the rarest. The block that most members resemble is never
// among them.
func LeastLike(blocks []Weighed, n int) []string {
	var ones [64]int // how many members' sketches have each bit set
	all := 0
	for _, b := range blocks {
		all += b.Members
		for bit := range ones {
			ones[bit] += b.Members * int(b.Sketch>>bit&1)
		}
	}
	distance := func(b Weighed) (sum int) { // to all members, in bits
		for bit, set := range ones {
			if b.Sketch>>bit&1 == 1 {
				set = all - set
			}
			sum += set
		}
		return sum
	}
	far := make(map[uint64]int, len(blocks))
	for _, b := range blocks {
		far[b.Sketch] = distance(b)
	}
	blocks = slices.Clone(blocks)
	slices.SortFunc(blocks, func(a, b Weighed) int {
		return cmp.Or(cmp.Compare(far[b.Sketch], far[a.Sketch]), cmp.Compare(a.Members, b.Members), cmp.Compare(a.Finding, b.Finding))
	})
	var list []string
	for _, b := range blocks[:min(n, max(len(blocks)-1, 0))] {
		list = append(list, b.Finding)
	}
	return list
}

// shinglesOf returns the hashes of all shingles of the finding's evidence and the text
// around it, sorted, each once.
func shinglesOf(f *qianshao.Finding, opts Options) []uint64 {
	var list []uint64
	for i := range f.Evidence {
		e := &f.Evidence[i]
		text := symbols(e.Before+e.Text+e.After, opts.Fold)
		for k := 0; k+gram <= len(text); k++ {
			h := uint64(k0)
			for _, r := range text[k : k+gram] {
				h = mix(h ^ uint64(r))
			}
			list = append(list, h)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

const k0 = 0x9E3779B97F4A7C15 // the golden ratio

// symbols returns the characters of a text for comparison: folded, without separators,
// with one symbol for each number, token and domain.
func symbols(text string, fold func(string) string) (out []rune) {
	for text != "" {
		start, end := nextDomain(text)
		out = appendWords(out, fold(text[:start]))
		if start < end {
			out = append(out, anyDomain)
		}
		text = text[end:]
	}
	return out
}

// appendWords adds folded text. A word of letters with digits in it is a token: a session,
// a promotion's code, a random path.
func appendWords(out []rune, folded string) []rune {
	for word := range strings.FieldsSeq(folded) {
		for word != "" {
			n := strings.IndexFunc(word, func(r rune) bool { return !isWord(r) })
			switch {
			case n < 0:
				n = len(word)
			case n == 0:
				r, size := utf8.DecodeRuneInString(word)
				out, word = append(out, r), word[size:]
				continue
			}
			out = appendWord(out, word[:n])
			word = word[n:]
		}
	}
	return out
}

func appendWord(out []rune, word string) []rune {
	letters := strings.TrimFunc(word, unicode.IsDigit)
	switch {
	case letters == "" && len(out) > 0 && out[len(out)-1] == anyNumber: // 2026 08 01 counts as one number
		return out
	case letters == "":
		return append(out, anyNumber)
	case strings.ContainsFunc(word, unicode.IsDigit):
		return append(out, anyToken)
	}
	return append(out, []rune(word)...)
}

func isWord(r rune) bool { return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' }

// nextDomain returns the bounds of the first host name in a text, with the scheme and the
// path around it; both are the text's length if there is none.
func nextDomain(text string) (start, end int) {
	for from := 0; from < len(text); {
		dot := strings.IndexByte(text[from:], '.')
		if dot < 0 {
			break
		}
		dot += from
		from = dot + 1
		start, end = dot, dot+1
		for start > 0 && isAddress(text[start-1]) {
			start--
		}
		for end < len(text) && isAddress(text[end]) {
			end++
		}
		if hasTop(text[dot+1:end]) && start < dot {
			return start, end
		}
	}
	return len(text), len(text)
}

// isAddress says whether a character may be part of a URL.
func isAddress(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._/:%?=&#~+", c) >= 0
}

// hasTop says whether the text after a dot may be the rest of a host name.
func hasTop(s string) bool {
	letters := 0
	for _, label := range strings.FieldsFunc(s, func(r rune) bool { return r == '.' }) {
		label, _, isEnd := strings.Cut(label, "/")
		letters = max(letters, len(strings.TrimFunc(label, unicode.IsDigit)))
		if isEnd {
			break
		}
	}
	return letters >= 2
}

// mix is the finaliser of SplitMix64: https://prng.di.unimi.it/splitmix64.c
func mix(x uint64) uint64 {
	x += k0
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}
