package syntax

import (
	"github.com/qianshao/qianshao/locales"
	"go.yaml.in/yaml/v3"
)

// Pattern is a file of patterns/ as written: what a block looks for, under a name to which the
// blocks of many rules can refer.
type Pattern struct {
	Name, Description Text
	Tests             []Test
	Block             Block // its lists, terms, regex and except; named like the pattern
}

func patternKeys() []string {
	return []string{"name", "description", "lists", "terms", "regex", "except", "tests"}
}

// ParsePattern reads a pattern's file. The pattern is complete only if f has no mistakes.
func (f *File) ParsePattern(src []byte) *Pattern {
	p := &Pattern{Block: Block{Min: 1}}
	root := f.mappingOf(src, locales.M("rule.what.pattern"))
	if root == nil {
		return p
	}
	given := map[string]*yaml.Node{}
	f.mapping(root, locales.M("rule.what.pattern"), patternKeys(), func(key, value *yaml.Node) {
		given[key.Value] = value
		p.Block.keys = append(p.Block.keys, key.Value)
		switch key.Value {
		case "name":
			p.Name = f.name(value, "name", isID, locales.M("rule.name.id"))
		case "description":
			p.Description = f.scalar(value, "description")
		case "lists":
			p.Block.Lists = f.list(value, "lists")
		case "terms":
			p.Block.Terms = f.list(value, "terms")
		case "regex":
			p.Block.Regex = f.list(value, "regex")
		case "except":
			p.Block.Except = f.list(value, "except")
		case "tests":
			p.Tests = f.patternTests(value)
		}
	})
	p.Block.Name = p.Name
	f.requireKeys(root, given, "name", "description", "tests")
	if !p.Block.has("lists", "terms", "regex") {
		f.errorf(root, "rule.pattern.nothing")
	}
	return p
}

// patternTests reads the tests of a pattern, at least one of each kind. They have to be texts,
// since a pattern knows nothing of pages.
func (f *File) patternTests(n *yaml.Node) []Test {
	tests := f.tests(n)
	if n.Kind == yaml.SequenceNode {
		f.checkTests(tests, n)
	}
	for _, t := range tests {
		if t.HTML != "" {
			f.Errorf(Place{t.Line, 1}, "rule.pattern.html")
		}
	}
	return tests
}
