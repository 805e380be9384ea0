package rule

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule/policy"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/locales"
)

// resolve makes the second pass over patterns, rules and contexts: it fills in the word lists and
// checks what depends on several files. The set is complete only if no mistake was found.
func (l *loader) resolve() *Set {
	set := &Set{byID: map[string]*Rule{}, ordinary: l.ordinary}
	r := newResolver(l)
	ids, names := map[string]string{}, map[string]string{}
	for _, e := range l.entries {
		r.ungraded = syntax.Specific // in an operator's own rule, each word is meant
		if l.ordinary.Sites > 0 && (e.rule == nil || !e.rule.Overlay) {
			r.ungraded = syntax.Telling // a set that counts ordinary sites also grades its terms
		}
		d := r.detection(e.file, e.written, e.context != nil)
		d.ID = e.name.Value
		set.detections = append(set.detections, d)
		if e.context != nil {
			refuseTaken(e.file, names, e.name)
			e.context.Detection = d
			set.contexts = append(set.contexts, e.context)
		} else {
			refuseTaken(e.file, ids, e.name)
			e.rule.Detection = d
			set.rules = append(set.rules, e.rule)
			set.byID[e.rule.ID] = e.rule
		}
		l.mistakes = append(l.mistakes, e.file.Mistakes...)
	}
	l.mistakes = append(l.mistakes, l.patternMistakes(slices.Sorted(maps.Keys(l.patterns)))...)
	if len(l.mistakes) == 0 { // otherwise a mistake may be the reason why a list is not used
		l.refuseUnused(r.listNames)
	}
	slices.SortFunc(r.repeated, syntax.Mistake.Compare)
	set.repeated = r.repeated
	slices.SortFunc(set.rules, func(x, y *Rule) int { return strings.Compare(x.ID, y.ID) })
	slices.SortFunc(set.contexts, func(x, y *Context) int { return strings.Compare(x.Name, y.Name) })
	return set
}

// refuseTaken refuses an id or a name that an earlier file already has.
func refuseTaken(f *syntax.File, seen map[string]string, name syntax.Text) {
	if name.Value == "" {
		return
	}
	if first, ok := seen[name.Value]; ok {
		f.Errorf(name.Place, "rule.set.taken", name.Value, first)
		return
	}
	seen[name.Value] = f.Name
}

// refuseUnused refuses lists that no rule uses. If there is an overlay, unused shipped lists pass,
// since a rule that the overlay replaces may have used them.
func (l *loader) refuseUnused(names []string) {
	for name, list := range l.lists {
		if list.used || l.overlaid && list.own == "" {
			continue
		}
		message := unused(name, names, "rule.words.unused", "rule.words.unused_near")
		l.mistakes = append(l.mistakes, syntax.Mistake{File: cmp.Or(list.own, list.file), Message: message})
	}
}

// unused returns the message about a list or pattern that no rule names, whose name may be mistyped.
func unused(name string, names []string, alone, mistyped string) locales.Message {
	others := slices.DeleteFunc(slices.Clone(names), func(other string) bool { return other == name })
	if near := syntax.DidYouMean(name, others); near.Key != "" {
		return locales.M(mistyped, near.Args...)
	}
	return locales.M(alone)
}

// resolver turns written detections into those of the set.
type resolver struct {
	lists     map[string]*wordList
	listNames []string
	patterns  map[string]*pattern
	policy    *policy.Policy
	sound     map[string]bool // expressions that passed the check
	ungraded  syntax.Grade    // for terms and expressions without a grade
	repeated  []syntax.Mistake
}

func newResolver(l *loader) *resolver {
	r := &resolver{lists: l.lists, listNames: slices.Sorted(maps.Keys(l.lists)), patterns: l.patterns, policy: policy.New(l.vouched), sound: map[string]bool{}}
	for _, p := range l.patterns {
		p.block = r.block(p.reader, p.written.Block)
	}
	return r
}

// detection resolves a detection; mistakes go to f.
func (r *resolver) detection(f *syntax.File, written syntax.Detection, isContext bool) *Detection {
	d := &Detection{IsContext: isContext}
	for _, b := range written.Blocks {
		d.Blocks = append(d.Blocks, r.block(f, b))
	}
	if written.Condition.Value == "" || len(d.Blocks) == 0 {
		return d
	}
	if checkCondition(f, written, d); d.Condition != nil && !isContext {
		r.policy.Check(f, d.Condition, r.judged(f, written, d))
	}
	return d
}

// judged returns the blocks as the policy needs them.
func (r *resolver) judged(f *syntax.File, written syntax.Detection, d *Detection) []policy.Block {
	out := make([]policy.Block, len(d.Blocks))
	for i, b := range d.Blocks {
		out[i] = policy.Block{Terms: b.Terms, Regex: r.expressions(f, written.Blocks[i]), Min: b.Min, LengthOnly: b.LengthOnly}
	}
	return out
}

// checkCondition parses the condition, and refuses one that can hold on any page.
func checkCondition(f *syntax.File, written syntax.Detection, d *Detection) {
	root, used := f.ParseCondition(written)
	if root == nil {
		return
	}
	for i, b := range written.Blocks {
		if !used[i] {
			f.Errorf(b.Name.Place, "rule.block.unused", b.Name.Value)
		}
	}
	lengths := make([]bool, len(d.Blocks))
	for i, b := range d.Blocks {
		lengths[i] = b.LengthOnly
	}
	if root.HoldsOnNothing() {
		f.Errorf(written.Condition.Place, "rule.condition.empty_page")
	} else if root.HoldsBy(lengths) {
		f.Errorf(written.Condition.Place, "rule.condition.any_page")
	}
	if near := nearBetweenLengths(root, lengths); near != nil {
		f.Errorf(written.Condition.Place, "rule.condition.lengths", near.Text)
	}
	d.Condition = root
}

// nearBetweenLengths returns a part of the condition in which a near joins two blocks that look for
// nothing, or an away follows one.
func nearBetweenLengths(c *syntax.Condition, lengthOnly []bool) *syntax.Condition {
	if c.Op == syntax.OpNear && lengthOnly[c.Block] && (c.Other == syntax.NoBlock || lengthOnly[c.Other]) {
		return c
	}
	if slices.ContainsFunc(c.Away, func(from syntax.Distance) bool { return lengthOnly[from.Block] }) {
		return c
	}
	for _, part := range c.Parts {
		if found := nearBetweenLengths(part, lengthOnly); found != nil {
			return found
		}
	}
	return nil
}

func (r *resolver) block(f *syntax.File, written syntax.Block) Block {
	b := Block{
		Name: written.Name.Value, Hidden: written.Hidden,
		MinChars: written.MinChars, MaxChars: written.MaxChars,
		Word: written.Word != nil && *written.Word, Plain: written.Plain != nil && *written.Plain,
		Unbounded: written.Unbounded.IsSet(),
		Min:       written.Min, Within: written.Within, LengthOnly: written.LengthOnly(),
	}
	for _, region := range written.Regions {
		b.Regions = append(b.Regions, qianshao.RegionKind(region.Value))
	}
	patterns := r.patternsOf(f, written)
	b.Grade = written.Grade
	for _, p := range patterns {
		b.Grade = cmp.Or(b.Grade, p.written.Block.Grade)
	}
	b.Grade = cmp.Or(b.Grade, r.ungraded)
	b.Terms = r.terms(f, written, patterns)
	for i, p := range patterns {
		b.take(f, p, written.Patterns[i].Place)
	}
	for _, t := range written.Regex {
		if r.isSound(f, t, b.Name) && !slices.Contains(b.Regexps, t.Value) {
			b.Regexps = append(b.Regexps, t.Value)
		}
	}
	for _, t := range written.Except {
		if except, ok := checkExcept(f, t, &b, len(written.Lists)+len(patterns) > 0); ok {
			b.Excepts = append(b.Excepts, except)
		}
	}
	weight := len(b.Regexps)
	for _, t := range b.Terms {
		weight += int(t.Weight)
	}
	if weight > 0 && b.Min > weight {
		f.Errorf(written.Name.Place, "rule.block.weight", b.Name, b.Min, weight)
	}
	return b
}

// terms returns the terms of a block, of its lists and of its patterns, sorted by key. A repeated
// term keeps its highest weight.
func (r *resolver) terms(f *syntax.File, written syntax.Block, patterns []*pattern) []syntax.Term {
	most := r.mostTerms(written, patterns)
	terms, places := make([]syntax.Term, 0, most), make(map[string]int32, most)
	repeated := repetitions{}
	add := func(t syntax.Term) {
		t.Grade = cmp.Or(written.Grade, t.Grade, r.ungraded)
		at, ok := places[t.Key]
		if !ok {
			places[t.Key] = int32(len(terms))
			terms = append(terms, t)
			return
		}
		have := &terms[at]
		if have.File != t.File {
			repeated.add(*have, t)
		}
		if t.Weight > have.Weight {
			*have = t
		}
	}
	defer func() { r.repeated = append(r.repeated, repeated.notes(f, written.Name)...) }()
	for _, p := range patterns {
		for _, t := range p.block.Terms {
			add(t)
		}
	}
	for _, name := range written.Lists {
		list, ok := r.lists[name.Value]
		if !ok {
			f.Errorf(name.Place, "rule.words.missing", name.Value, syntax.DidYouMean(name.Value, r.listNames).Or(locales.M("rule.write_or_name")))
			continue
		}
		list.used = true
		for _, t := range list.terms {
			add(t)
		}
	}
	for _, text := range written.Terms {
		t, message := f.ParseTerm(text.Value, text.Place)
		if message.Key != "" {
			f.Errorf(text.Place, "rule.of", locales.M("rule.what.of_block", "terms", written.Name.Value), message)
			continue
		}
		add(t)
	}
	slices.SortFunc(terms, func(x, y syntax.Term) int { return strings.Compare(x.Key, y.Key) })
	return terms
}

// mostTerms returns how many terms a block has if none is repeated.
func (r *resolver) mostTerms(written syntax.Block, patterns []*pattern) int {
	n := len(written.Terms)
	for _, p := range patterns {
		n += len(p.block.Terms)
	}
	for _, name := range written.Lists {
		if list, ok := r.lists[name.Value]; ok {
			n += len(list.terms)
		}
	}
	return n
}

func (r *resolver) isSound(f *syntax.File, expression syntax.Text, block string) bool {
	if !r.sound[expression.Value] {
		if problem := syntax.CheckRegex(expression.Value); problem.Key != "" {
			f.Errorf(expression.Place, "rule.of", locales.M("rule.what.of_block", "regex", block), problem)
			return false
		}
		r.sound[expression.Value] = true
	}
	return true
}

// checkExcept reads an except of a block. It has to contain a term of the block, unless the block
// has lists: an operator may remove a term from a list without touching the rule.
func checkExcept(f *syntax.File, text syntax.Text, b *Block, fromList bool) (except syntax.Term, ok bool) {
	except = f.FoldTerm(text.Value)
	switch _, isTerm := b.term(except.Key); {
	case except.Length == 0 || except.Length > syntax.MaxTerm:
		f.Errorf(text.Place, "rule.block.except_long", b.Name, text.Value, syntax.MaxTerm)
	case isTerm:
		f.Errorf(text.Place, "rule.block.except_term", b.Name, text.Value)
	case len(b.Regexps) == 0 && !fromList && !containsTerm(except.Key, b.Terms):
		f.Errorf(text.Place, "rule.block.except_none", b.Name, text.Value)
	default:
		return except, true
	}
	return except, false
}

// term returns the block's term with the given key.
func (b *Block) term(key string) (syntax.Term, bool) {
	i, found := slices.BinarySearchFunc(b.Terms, key, func(t syntax.Term, key string) int { return strings.Compare(t.Key, key) })
	if !found {
		return syntax.Term{}, false
	}
	return b.Terms[i], true
}

func containsTerm(except string, terms []syntax.Term) bool {
	squeezed := strings.ReplaceAll(except, " ", "")
	return slices.ContainsFunc(terms, func(t syntax.Term) bool { return strings.Contains(squeezed, strings.ReplaceAll(t.Key, " ", "")) })
}
