package token

import (
	"cmp"
	"slices"
	"strings"
)

// Around says how a term comes about by chance: inside longer words of the dictionary, as 彩金 in
// 五彩金香, and where two words meet, as 离心 in 远离|心脏.
type Around struct {
	// Own is how often the term is a word by itself, in a million words of ordinary text. It is 0
	// if the dictionary does not have it.
	Own float64
	// Chance is how often the term comes about by chance, in a million words: in words that contain
	// it, and across pairs of words, as often as such pairs are expected to meet given the
	// frequencies of the words.
	Chance float64
	// Examples are the words and pairs that account for most of it, the most frequent first. A pair
	// is written as 远离|心脏.
	Examples []string
}

// Limits of the examples of a term.
const (
	maxExamples = 6  // words and pairs
	maxPairing  = 20 // the most frequent words on either side that are tried as pairs
	// minChance is how often a term must come about in a million words to have examples. Nobody
	// asks about rarer ones.
	minChance = 0.5
)

// Query is a term to look up, with longer texts that contain it. Occurrences inside one of those
// texts do not count.
type Query struct {
	Term    string
	Excepts []string
}

// FindAround looks up terms in the segmenter's words and answers in the order of the queries.
func (s *Segmenter) FindAround(queries []Query) []Around {
	c := newChances(queries)
	for word := range s.load().Words() {
		c.count(word.Text, float64(word.Frequency))
	}
	out := make([]Around, len(queries))
	for i := range queries {
		out[i] = c.around(&queries[i])
	}
	return out
}

// part is what the dictionary has for a part of a term.
type part struct {
	all   float64   // frequency of all words that end, or begin, with the part
	own   float64   // frequency of the word that is the part itself
	words []example // of all, in no order, or only the most frequent
}

// example is a word or a pair with its frequency.
type example struct {
	text      string
	frequency float64
}

// chances collects what FindAround needs, in one pass over the dictionary.
type chances struct {
	total        float64            // frequency of all words
	terms        map[string]float64 // own frequency
	inside       map[string][]example
	heads, tails map[string]*part // by the part, for words that end with it and that begin with it
}

func newChances(queries []Query) *chances {
	c := &chances{terms: map[string]float64{}, inside: map[string][]example{}, heads: map[string]*part{}, tails: map[string]*part{}}
	for i := range queries {
		q := &queries[i]
		c.terms[q.Term] = 0
		q.eachCut(func(head, tail string) { c.heads[head], c.tails[tail] = &part{}, &part{} })
		for _, except := range q.Excepts {
			q.eachCutOf(except, func(head, tail string) { c.heads[head], c.tails[tail] = &part{}, &part{} })
		}
	}
	return c
}

// eachCut calls f with the two parts of the term for each place at which two words may meet in it.
func (q *Query) eachCut(f func(head, tail string)) { q.eachCutOf(q.Term, f) }

// eachCutOf does the same for a text that contains the term, and includes what stands around the
// term.
func (q *Query) eachCutOf(text string, f func(head, tail string)) {
	from := strings.Index(text, q.Term)
	if from < 0 {
		return
	}
	for at := range q.Term {
		if at > 0 {
			f(text[:from+at], text[from+at:])
		}
	}
}

// excepts reports whether an occurrence in a text does not count.
func (q *Query) excepts(text string) bool {
	return slices.ContainsFunc(q.Excepts, func(except string) bool { return strings.Contains(text, except) })
}

// count counts a word of the dictionary.
func (c *chances) count(word string, frequency float64) {
	c.total += frequency
	ends := make([]int, 0, len(word)+1)
	for at := range word {
		ends = append(ends, at)
	}
	ends = append(ends, len(word))
	for i, start := range ends[:len(ends)-1] {
		if p := c.heads[word[start:]]; p != nil {
			p.add(word, frequency, i == 0)
		}
		for _, end := range ends[i+1:] {
			stretch := word[start:end]
			if p := c.tails[stretch]; i == 0 && p != nil {
				p.add(word, frequency, end == len(word))
			}
			if _, wanted := c.terms[stretch]; !wanted {
				continue
			}
			if len(stretch) == len(word) {
				c.terms[word] = max(c.terms[word], frequency)
			} else {
				c.inside[stretch] = append(c.inside[stretch], example{word, frequency})
			}
		}
	}
}

func (p *part) add(word string, frequency float64, isPart bool) {
	p.all += frequency
	if isPart {
		p.own += frequency
	}
	p.words = append(p.words, example{word, frequency})
}

// most returns the most frequent words of a part, and forgets the others.
func (p *part) most() []example {
	if len(p.words) > maxPairing {
		p.words = most(p.words, maxPairing)
	}
	return p.words
}

// most sorts examples and returns the n most frequent.
func most(list []example, n int) []example {
	slices.SortFunc(list, func(x, y example) int {
		return cmp.Or(cmp.Compare(y.frequency, x.frequency), cmp.Compare(x.text, y.text))
	})
	return list[:min(len(list), n)]
}

func (c *chances) around(q *Query) Around {
	chance := 0.0
	for _, e := range c.inside[q.Term] {
		if !q.excepts(e.text) {
			chance += e.frequency
		}
	}
	q.eachCut(func(head, tail string) {
		before, behind := c.heads[head], c.tails[tail]
		chance += (before.all*behind.all - before.own*behind.own) / c.total
	})
	for _, except := range q.Excepts {
		q.eachCutOf(except, func(head, tail string) { chance -= c.heads[head].all * c.tails[tail].all / c.total })
	}
	perMillion := 1e6 / c.total
	a := Around{Own: perMillion * c.terms[q.Term], Chance: perMillion * max(0, chance)}
	if a.Chance >= minChance {
		a.Examples = c.examples(q)
	}
	return a
}

// examples returns the words and pairs that contain a term, the most frequent first.
func (c *chances) examples(q *Query) (texts []string) {
	list := slices.DeleteFunc(slices.Clone(c.inside[q.Term]), func(e example) bool { return q.excepts(e.text) })
	q.eachCut(func(head, tail string) { list = append(list, c.pairs(q, head, tail)...) })
	for _, e := range most(list, maxExamples) {
		texts = append(texts, e.text)
	}
	return texts
}

// pairs returns the most frequent pairs of words that meet between the two parts of a term.
func (c *chances) pairs(q *Query, head, tail string) (list []example) {
	for _, before := range c.heads[head].most() {
		for _, behind := range c.tails[tail].most() {
			if before.text == head && behind.text == tail || q.excepts(before.text+behind.text) {
				continue
			}
			list = append(list, example{before.text + "|" + behind.text, before.frequency * behind.frequency / c.total})
		}
	}
	return list
}
