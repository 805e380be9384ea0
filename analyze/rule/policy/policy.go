// Package policy decides what a rule may look for: crimes on pages, never persons or opinions. It
// refuses names and topics among a rule's terms, titles and tags, and rules without a basis in law.
// It also decides how common a term may be in innocent texts.
package policy

import (
	"slices"
	"strings"

	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/locales"
)

// The closed list of categories does most of the work. These words catch titles and tags that are
// about persons or opinions nevertheless.
func personalTitles() []string {
	return []string{"领导人", "政治", "宗教", "信仰", "上访", "维权人士", "异见", "某某人", "先生", "女士", "同志"}
}

func personalTags() []string {
	return []string{"person", "persons", "people", "politician", "politics", "political", "religion", "religious", "ethnicity", "protest", "dissident"}
}

// laws are the laws of which a rule has to name at least one. The Public Security Administration
// Punishments Law has had new article numbers since 2026, so a citation names the revision.
func laws() []string { return []string{"刑法", "反电信网络诈骗法", "治安管理处罚法"} }

// CheckHeader adds a mistake to f for a title or a tag that is about persons or opinions, and for a
// legal basis that names no article or none of the laws.
func CheckHeader(f *syntax.File, r *syntax.Rule) {
	for _, word := range personalTitles() {
		if strings.Contains(r.Title.Value, word) {
			f.Errorf(r.Title.Place, "rule.policy.title", r.Title.Value)
			break
		}
	}
	for _, tag := range r.Tags {
		if slices.Contains(personalTags(), strings.ToLower(tag.Value)) {
			f.Errorf(r.PlaceOf("tags"), "rule.policy.tag", tag.Value)
		}
	}
	checkLegalBasis(f, r)
}

func checkLegalBasis(f *syntax.File, r *syntax.Rule) {
	namesLaw := false
	for _, t := range r.LegalBasis {
		if !namesArticle(t.Value) {
			f.Errorf(t.Place, "rule.policy.article", t.Value)
		}
		namesLaw = namesLaw || slices.ContainsFunc(laws(), func(law string) bool { return strings.Contains(t.Value, law) })
	}
	if len(r.LegalBasis) > 0 && !namesLaw {
		f.Errorf(r.PlaceOf("legal_basis"), "rule.policy.law", locales.List(laws()))
	}
}

// namesArticle looks for 第 … 条 with a number in between.
func namesArticle(basis string) bool {
	for {
		_, rest, found := strings.Cut(basis, "第")
		if !found {
			return false
		}
		number, _, found := strings.Cut(rest, "条")
		number = strings.TrimSpace(number)
		if found && number != "" && strings.Trim(number, "零〇一二三四五六七八九十百0123456789") == "" {
			return true
		}
		basis = rest
	}
}

// MaxBenignShare is the greatest share of innocent texts that a rule may flag, and that may contain
// a term that can make a rule fire: two in a thousand.
const MaxBenignShare = 0.002

// MaxChance is how often, in a million words of ordinary text, a short term that makes a rule fire
// may occur by chance if it counts inside words. A message of ten words then has it by chance once
// in 100,000 messages. A thousand such terms, all at the limit, would flag one message in a
// hundred; but few are near it.
const MaxChance = 1.0

// IsChance says whether a term is unreliable, given how often in a million words it occurs by
// chance, and how often as a word of its own.
func IsChance(chance, own float64) bool { return chance > MaxChance && chance > own }

// Limits of what a message quotes.
const (
	maxExamples = 3  // texts
	maxExample  = 90 // bytes of each
)

// IsTooCommon says whether n texts are more than MaxBenignShare of the innocent ones.
func IsTooCommon(n, of int) bool { return float64(n) > MaxBenignShare*float64(of) }

// Share returns "5 of 1664 innocent texts (0.30 %, the limit is 0.20 %)".
func Share(n, of int) locales.Message {
	return locales.M("rule.benign.share", n, of, 100*float64(n)/float64(of), 100*MaxBenignShare)
}

// Quotes are texts. A message quotes the first of them, each on a line of its own.
type Quotes []string

// In returns the quoted lines, and the number of further texts.
func (texts Quotes) In(l locales.Lang) string {
	var b strings.Builder
	for i, text := range texts {
		if i == maxExamples {
			b.WriteString("\n    " + l.Text("rule.benign.more", len(texts)-i))
			break
		}
		short := syntax.Cut(text, maxExample)
		if short != text {
			short += "…"
		}
		b.WriteString("\n    " + locales.Escape(short))
	}
	return b.String()
}
