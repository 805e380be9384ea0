package policy

import (
	"strings"
	"unicode"

	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/locales"
)

// Policy refuses rules that look for persons or opinions. It judges only blocks that can make a rule
// fire. A block behind a "not" or in an awareness context keeps pages from being flagged, so it may
// look for anything.
type Policy struct {
	names    *names
	subjects *subjects
	vouched  map[string]bool             // words of words.txt, by Term.Key
	refusals map[string]*locales.Message // by Term.Key, so that a list is judged once; nil for a term that passes
}

// New returns a policy that accepts the vouched words, as ParseVouched returns them.
func New(vouched map[string]bool) *Policy {
	return &Policy{names: newNames(), subjects: newSubjects(), vouched: vouched, refusals: map[string]*locales.Message{}}
}

// Block is what the policy needs to know of a rule's block.
type Block struct {
	Terms []syntax.Term // including those of its lists
	Regex []Expression
	Min   int
	// LengthOnly blocks look for nothing.
	LengthOnly bool
}

// Expression is a regular expression and its file: the rule's or a pattern's.
type Expression struct {
	syntax.Text
	File *syntax.File
}

// Check adds a mistake to f for each term and expression that a rule may not look for.
func (p *Policy) Check(f *syntax.File, condition *syntax.Condition, blocks []Block) {
	positive := condition.Positive(len(blocks))
	alone := make([]bool, len(blocks)) // satisfied by institutions alone
	for i, b := range blocks {
		if !positive[i] {
			continue
		}
		institutions := 0
		for _, t := range b.Terms {
			if why := p.refusal(t); why != nil {
				f.Mistakes = append(f.Mistakes, t.Mistake(*why))
			}
			if p.subjects.institutions[t.Key] {
				institutions += int(t.Weight)
			}
		}
		for _, t := range b.Regex {
			p.checkRegex(t)
			if p.offersInstitution(t.Value) {
				institutions++
			}
		}
		alone[i] = b.LengthOnly || institutions >= b.Min
	}
	if condition.HoldsBy(alone) {
		p.refuseInstitutions(f, blocks, func(i int) bool { return alone[i] && positive[i] })
	}
}

// refuseInstitutions refuses institutions in blocks that make a rule fire by themselves.
func (p *Policy) refuseInstitutions(f *syntax.File, blocks []Block, firesAlone func(int) bool) {
	for i, b := range blocks {
		if !firesAlone(i) {
			continue
		}
		for _, t := range b.Terms {
			if p.subjects.institutions[t.Key] {
				f.Mistakes = append(f.Mistakes, t.Mistake(locales.M("rule.policy.no_crime", t.Text)))
			}
		}
		for _, t := range b.Regex {
			if p.offersInstitution(t.Value) {
				t.File.Errorf(t.Place, "rule.policy.no_crime", t.Value)
			}
		}
	}
}

// refusal says why a rule may not look for a term, or returns nil if it may.
func (p *Policy) refusal(t syntax.Term) *locales.Message {
	if why, known := p.refusals[t.Key]; known {
		return why
	}
	var why *locales.Message
	refuse := func(key string, args ...any) {
		m := locales.M(key, args...)
		why = &m
	}
	word := withoutSeparators(t)
	switch shape := p.names.shape(word); {
	case shape == sureName:
		refuse("rule.policy.name", t.Text)
	case shape == likeName && !p.vouched[t.Key]:
		refuse("rule.policy.maybe_name", t.Text)
	}
	if topic := p.subjects.topic(word); topic != "" && why == nil {
		refuse("rule.policy.topic", t.Text, topic)
	}
	p.refusals[t.Key] = why
	return why
}

func withoutSeparators(t syntax.Term) string { return strings.ReplaceAll(t.Key, " ", "") }

// offersInstitution says whether an institution is one of an expression's alternatives.
func (p *Policy) offersInstitution(expression string) bool {
	for _, alternative := range strings.FieldsFunc(expression, func(r rune) bool { return strings.ContainsRune("|()", r) }) {
		if p.subjects.institutions[strings.TrimPrefix(alternative, "?:")] {
			return true
		}
	}
	return false
}

// checkRegex judges the runs of Chinese characters in a regular expression, except those in its
// [sets].
func (p *Policy) checkRegex(expression Expression) {
	inSet := false
	for _, run := range strings.FieldsFunc(expression.Value, func(r rune) bool {
		inSet = r == '[' || inSet && r != ']'
		return inSet || !unicode.Is(unicode.Han, r)
	}) {
		t := expression.File.FoldTerm(run)
		if p.names.shape(t.Key) == sureName || p.subjects.topic(t.Key) != "" {
			expression.File.Errorf(expression.Place, "rule.policy.regex", *p.refusal(t))
		}
	}
}

// ParseVouched reads a words.txt into vouched, by Term.Key. It contains words that look like
// persons' names but are not, each with what it is: "路子野 | 行话，门路多". Words that are certainly names
// cannot be vouched for.
func ParseVouched(f *syntax.File, src []byte, vouched map[string]bool) {
	names := newNames()
	f.Lines(src, func(line string, at syntax.Place) {
		word, what, _ := strings.Cut(strings.ReplaceAll(line, "｜", "|"), "|") // a Chinese keyboard types the full-width bar
		t := f.FoldTerm(strings.TrimSpace(word))
		switch shape := names.shape(withoutSeparators(t)); {
		case strings.TrimSpace(what) == "":
			f.Errorf(at, "rule.vouch.what", t.Text)
		case shape == sureName:
			f.Errorf(at, "rule.vouch.name", t.Text)
		case shape == noName:
			f.Errorf(at, "rule.vouch.needless", t.Text)
		default:
			vouched[t.Key] = true
		}
	})
}
