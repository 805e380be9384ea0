package rule

import (
	"maps"
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule/policy"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/locales"
)

// pattern is a file of patterns/.
type pattern struct {
	file    file
	reader  *syntax.File
	written *syntax.Pattern
	block   Block // including the terms of its word lists
	used    bool
}

// keepPattern keeps a pattern for the second pass, unless its name is taken.
func (l *loader) keepPattern(p *pattern) {
	if first := l.patterns[p.file.base()]; first != nil {
		p.reader.Errorf(p.written.Name.Place, "rule.set.taken", p.file.base(), first.file.shown)
		l.mistakes = append(l.mistakes, p.reader.Mistakes...)
		return
	}
	l.patterns[p.file.base()] = p
}

// patternMistakes returns the mistakes of all pattern files, and refuses patterns that no rule
// uses. If there is an overlay, unused shipped patterns pass, since a rule that the overlay
// replaces may have used them.
func (l *loader) patternMistakes(names []string) (out []syntax.Mistake) {
	for _, p := range l.patterns {
		if !p.used && (p.file.overlay || !l.overlaid) && len(l.mistakes)+len(p.reader.Mistakes) == 0 {
			message := unused(p.file.base(), names, "rule.pattern.unused", "rule.pattern.unused_near")
			p.reader.Errorf(p.written.Name.Place, message.Key, message.Args...)
		}
		out = append(out, p.reader.Mistakes...)
	}
	return out
}

// patternsOf returns the patterns that a block refers to.
func (r *resolver) patternsOf(f *syntax.File, written syntax.Block) (out []*pattern) {
	for _, name := range written.Patterns {
		p, ok := r.patterns[name.Value]
		if !ok {
			names := slices.Sorted(maps.Keys(r.patterns))
			f.Errorf(name.Place, "rule.pattern.missing", name.Value, syntax.DidYouMean(name.Value, names).Or(locales.M("rule.write_or_name")))
			continue
		}
		p.used = true
		out = append(out, p)
	}
	return out
}

// take adds a pattern's expressions and excepts to a block, which already has the pattern's terms.
func (b *Block) take(f *syntax.File, p *pattern, at syntax.Place) {
	for _, expression := range p.block.Regexps {
		if !slices.Contains(b.Regexps, expression) {
			b.Regexps = append(b.Regexps, expression)
		}
	}
	for _, except := range p.block.Excepts {
		if t, isTerm := b.term(except.Key); isTerm {
			f.Errorf(at, "rule.block.except_pattern", b.Name, t.Text, p.file.base())
		}
		b.Excepts = append(b.Excepts, except)
	}
}

// expressions returns the expressions of a block and of its patterns, with the files they are in.
func (r *resolver) expressions(f *syntax.File, written syntax.Block) (out []policy.Expression) {
	for _, name := range written.Patterns {
		if p := r.patterns[name.Value]; p != nil {
			out = append(out, r.expressions(p.reader, p.written.Block)...)
		}
	}
	for _, t := range written.Regex {
		out = append(out, policy.Expression{Text: t, File: f})
	}
	return out
}

// OfPatterns returns a set in which each pattern is a rule that fires on texts containing the
// pattern, so that patterns are tested like rules.
func (s *Set) OfPatterns() *Set { return s.ofPatterns }

func (l *loader) ofPatterns() *Set {
	set := &Set{byID: map[string]*Rule{}}
	for _, name := range slices.Sorted(maps.Keys(l.patterns)) {
		p := l.patterns[name]
		condition := &syntax.Condition{Op: syntax.OpBlock, Other: syntax.NoBlock, Text: name}
		d := &Detection{ID: name, Blocks: []Block{p.block}, Condition: condition}
		r := &Rule{ID: name, Title: p.written.Description.Value, Category: qianshao.Fraud, Level: qianshao.LevelCritical,
			Judges: string(qianshao.FormMessage), Detection: d, Tests: p.written.Tests, File: p.file.shown, Overlay: p.file.overlay}
		set.detections = append(set.detections, d)
		set.rules = append(set.rules, r)
		set.byID[name] = r
	}
	return set
}
