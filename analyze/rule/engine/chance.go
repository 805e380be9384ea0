package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule/policy"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/analyze/token"
)

// ChanceTerm is a short term that counts inside words, where it comes about by chance
// more often than policy.MaxChance.
type ChanceTerm struct {
	Term        syntax.Term
	Rule, Block string
	Around      token.Around
	// Refused says that the rule fires by it alone, and gives no reason.
	Refused bool
}

// ChanceTerms holds the short terms that count inside words against the dictionary: those
// of rules that judge messages, and those of unbounded blocks. It returns each term that
// comes about by chance too often, once for each block. One that only supports others, or
// for which "unbounded" gives a reason, is not refused.
func (e *Engine) ChanceTerms() ([]ChanceTerm, error) {
	var list []ChanceTerm
	var queries []token.Query
	for _, b := range e.blocks {
		if !b.positive || b.word || !e.isOn(b.owner) {
			continue
		}
		if r, _ := e.rules.Rule(b.owner.ID); !b.unbounded && !r.JudgesForm(qianshao.FormMessage) {
			continue
		}
		fires := b.firesAlone()
		for _, t := range b.terms {
			if !isShort(t.Key) {
				continue
			}
			list = append(list, ChanceTerm{Term: t, Rule: b.owner.ID, Block: b.name, Refused: fires && !b.unbounded && t.Weight >= b.min})
			queries = append(queries, token.Query{Term: withoutGaps(t.Key), Excepts: e.exceptsOf(b, t.Key)})
		}
	}
	around, err := token.FindAround(queries)
	if err != nil {
		return nil, err
	}
	for i := range list {
		list[i].Around = around[i]
	}
	list = slices.DeleteFunc(list, func(c ChanceTerm) bool { return !policy.IsChance(c.Around.Chance, c.Around.Own) })
	slices.SortStableFunc(list, func(x, y ChanceTerm) int {
		return cmp.Or(cmp.Compare(y.Around.Chance, x.Around.Chance), cmp.Compare(x.Term.Key, y.Term.Key))
	})
	return list, nil
}

// firesAlone says whether the condition may hold by the block and a length.
func (b *block) firesAlone() bool {
	only := make([]bool, len(b.owner.blocks))
	for i, other := range b.owner.blocks {
		only[i] = other == b || other.lengthOnly
	}
	return b.owner.Condition.HoldsBy(only)
}

// exceptsOf returns the longer texts in which a block does not count a term.
func (e *Engine) exceptsOf(b *block, key string) (texts []string) {
	for i := range b.owner.Blocks {
		if b.owner.Blocks[i].Name != b.name {
			continue
		}
		for _, t := range b.owner.Blocks[i].Excepts {
			if strings.Contains(t.Key, key) {
				texts = append(texts, withoutGaps(t.Key))
			}
		}
	}
	return texts
}

func withoutGaps(key string) string { return strings.ReplaceAll(key, " ", "") }

// Mistake says why the term is refused, at its place.
func (c *ChanceTerm) Mistake() syntax.Mistake {
	return c.Term.Mistake(fmt.Sprintf("%q comes about by chance %s, and rule %s fires by it in block %s; "+
		"make it longer, except such words, ask for whole words (word: true), or say why it must count inside words (unbounded: …)",
		c.Term.Text, c.InWords(), c.Rule, c.Block))
}

// InWords returns "1.9 times in a million words (人口|交通, …), as a word 0.1 times".
func (c *ChanceTerm) InWords() string {
	return fmt.Sprintf("%.1f times in a million words (%s), as a word %.1f times", c.Around.Chance, strings.Join(c.Around.Examples, ", "), c.Around.Own)
}
