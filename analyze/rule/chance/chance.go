// Package chance finds terms so short that they occur by chance where one word ends and another
// begins: 口交 in 人口交通.
package chance

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/policy"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/analyze/token"
	"github.com/qianshao/qianshao/locales"
)

// MaxShort is the greatest length of a short term; on a page such a term is found only between
// words.
const MaxShort = 3

// IsShort says whether a folded term consists of Chinese characters, and of so few that they meet
// by chance where one word ends and another begins.
func IsShort(key string) bool {
	n := 0
	for _, r := range key {
		if n++; n > MaxShort || !unicode.Is(unicode.Han, r) {
			return false
		}
	}
	return true
}

// Term is a short term that counts inside words and occurs there by chance more often than
// policy.MaxChance.
type Term struct {
	Term        syntax.Term
	Rule, Block string
	Around      token.Around
	// Refused says that the term alone makes the rule fire, and that the rule gives no reason for
	// counting it inside words.
	Refused bool
}

// Terms looks up in the segmenter's dictionary the short terms that count inside words: those of
// rules that judge messages, and those of unbounded blocks. It returns each term that occurs by
// chance too often, once for each block. A term that only supports others, or for which "unbounded"
// gives a reason, is not refused.
func Terms(rules *rule.Set, segmenter *token.Segmenter) ([]Term, error) {
	var list []Term
	var queries []token.Query
	for _, d := range rules.Detections() {
		r, ok := rules.Rule(d.ID)
		if !ok || d.IsContext || r.Off != nil {
			continue
		}
		positive := d.Condition.Positive(len(d.Blocks))
		for i := range d.Blocks {
			b := &d.Blocks[i]
			if !positive[i] || b.Word || !b.Unbounded && !r.JudgesForm(qianshao.FormMessage) {
				continue
			}
			fires := firesAlone(d, i)
			for _, t := range b.Terms {
				if !IsShort(t.Key) {
					continue
				}
				list = append(list, Term{Term: t, Rule: d.ID, Block: b.Name, Refused: fires && !b.Unbounded && int(t.Weight) >= b.Min})
				queries = append(queries, token.Query{Term: withoutGaps(t.Key), Excepts: exceptsOf(b, t.Key)})
			}
		}
	}
	around := segmenter.FindAround(queries)
	for i := range list {
		list[i].Around = around[i]
	}
	list = slices.DeleteFunc(list, func(c Term) bool { return !policy.IsChance(c.Around.Chance, c.Around.Own) })
	slices.SortStableFunc(list, func(x, y Term) int {
		return cmp.Or(cmp.Compare(y.Around.Chance, x.Around.Chance), cmp.Compare(x.Term.Key, y.Term.Key))
	})
	return list, nil
}

// firesAlone says whether the condition can hold by the block alone, or with blocks that only ask
// for a length.
func firesAlone(d *rule.Detection, block int) bool {
	only := make([]bool, len(d.Blocks))
	for i := range d.Blocks {
		only[i] = i == block || d.Blocks[i].LengthOnly
	}
	return d.Condition.HoldsBy(only)
}

// exceptsOf returns the longer texts in which a block does not count the term.
func exceptsOf(b *rule.Block, key string) (texts []string) {
	for _, t := range b.Excepts {
		if strings.Contains(t.Key, key) {
			texts = append(texts, withoutGaps(t.Key))
		}
	}
	return texts
}

func withoutGaps(key string) string { return strings.ReplaceAll(key, " ", "") }

// Mistake says why the term is refused, at its place.
func (c *Term) Mistake() syntax.Mistake {
	return c.Term.Mistake(locales.M("rule.chance", c.Term.Text, c.often(), c.Rule, c.Block))
}

// often says "1.9 times in a million words (人口|交通, …), as a word 0.1 times".
func (c *Term) often() locales.Message {
	return locales.M("rule.chance.often", c.Around.Chance, locales.List(c.Around.Examples), c.Around.Own)
}
