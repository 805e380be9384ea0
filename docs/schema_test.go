package docs_test

import (
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/qianshao/qianshao/analyze/packs"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/ingest"
)

// TestSchemas holds the schemas, by which editors complete and underline, to files that the
// parser takes: everything that is shipped and every example of the documents. That they have
// the parser's keys and values is held by tests beside the parsers.
func TestSchemas(t *testing.T) {
	valid := func(t *testing.T, schema *jsonschema.Schema, name, text string) {
		t.Helper()
		if err := validate(t, schema, text); err != nil {
			t.Errorf("%s is not what its schema says: %v\n%s", name, err, text)
		}
	}
	for kind, folder := range map[string]string{"rule": "rules", "pattern": "patterns", "context": "contexts"} {
		schema := schemaOf(t, kind)
		n := 0
		err := fs.WalkDir(packs.FS(), folder, func(name string, d fs.DirEntry, err error) error {
			if err != nil || path.Ext(name) != ".yaml" {
				return err
			}
			n++
			text, err := fs.ReadFile(packs.FS(), name)
			valid(t, schema, name, string(text))
			return err
		})
		if err != nil || n == 0 {
			t.Errorf("%d files below %s, error %v", n, folder, err)
		}
	}
	for _, document := range []string{"docs/rules.md", "docs/rules.zh-CN.md", "docs/operations.md", "docs/operations.zh-CN.md", "README.md", "README.zh-CN.md"} {
		for first, kind := range map[string]string{"title": "rule", "name": "", "hosts": "allow", "rules": "off", "authorisations": "scope"} {
			for _, example := range examples(read(t, document), first) {
				if kind := kindOf(kind, example); kind != "" {
					valid(t, schemaOf(t, kind), document, example)
				}
			}
		}
	}
}

// files are one of each kind, without a mistake.
var files = map[string]string{
	"rule": `
title: 办证
id: a-1
status: stable
description: 卖假证
date: 2026-01-01
tags: [证]
category: forged_documents
level: high
legal_basis: [刑法第二百八十条]
falsepositives: [新闻]
detection:
  a: {terms: [办证], min: 1}
  b: {like: a, regex: [证件], min: 2, except: [办证处], regions: [title]}
  condition: a or b
tests:
  - {text: 办证, expect: fires}
  - {html: 新闻, expect: quiet}
`,
	"context": `
name: a_1
title: 警示
description: 提醒
detection:
  a: {lists: [提醒]}
  condition: a
lowers: 10
`,
	"pattern": `
name: a-1
description: 电话
terms: [电话]
tests:
  - {text: 电话, expect: fires}
  - {text: 新闻, expect: quiet}
`,
	"allow": `
hosts:
  - {host: a.example.cn, reason: 合同, rules: [a-1]}
texts:
  - {text: 某某公司, reason: 合同}
`,
	"off": `
rules:
  - {id: a-1, reason: 误报}
`,
	"scope": `
authorisations:
  - id: a-1
    owner: 学校
    basis: 合同
    contact: a@school.example
    valid_from: 2026-01-01
    valid_until: 2026-12-31
    hosts: [school.example]
    exclude: [/a/]
    queries: true
    rate: 1
    revisit_min: 1h
    views: [search_visitor]
`,
}

// changes of these files, each with what the parser and the schema make of it.
var changes = []struct {
	kind, old, changed string
	parser, schema     bool // whether it takes the file
}{
	// Neither takes it.
	{"rule", "title: 办证", `title: ""`, false, false},
	{"rule", "description: 卖假证", `description: " "`, false, false},
	{"rule", "tags: [证]", "tags: []", false, false},
	{"rule", "tags: [证]", "tags: [证, 证]", false, false},
	{"rule", "legal_basis: [刑法第二百八十条]", "legal_basis: []", false, false},
	{"rule", "falsepositives: [新闻]", "falsepositives: []", false, false},
	{"rule", "terms: [办证]", "terms: []", false, false},
	{"rule", "terms: [办证]", `terms: [""]`, false, false},
	{"rule", "terms: [办证]", "lists: []", false, false},
	{"rule", "terms: [办证], min: 1", "hidden: true", false, false},
	{"rule", "{terms: [办证], min: 1}", "{}", false, false},
	{"rule", "terms: [办证]", `terms: [办证], unbounded: ""`, false, false},
	{"rule", "regex: [证件]", "regex: []", false, false},
	{"rule", "except: [办证处]", "except: []", false, false},
	{"rule", "regions: [title]", "regions: []", false, false},
	{"rule", "  b: {", "  B: {", false, false},
	{"rule", "  b: {", `  "b c": {`, false, false},
	{"rule", "  b: {", "  and: {", false, false},
	{"rule", "  b: {", "  any: {", false, false},
	{"rule", "  b: {", "  1: {", false, false},
	{"rule", "text: 办证", `text: ""`, false, false},
	{"context", "lists: [提醒]", "lists: []", false, false},
	{"context", "  a: {", "  not: {", false, false},
	{"pattern", "terms: [电话]", "terms: []", false, false},
	{"pattern", "description: 电话", `description: ""`, false, false},
	{"allow", "reason: 合同", `reason: ""`, false, false},
	{"allow", "rules: [a-1]", "rules: []", false, false},
	{"off", "reason: 误报", `reason: ""`, false, false},
	{"scope", "id: a-1", `id: "a b"`, false, false},
	{"scope", "id: a-1", "id: -a", false, false},
	{"scope", "owner: 学校", "owner:", false, false},
	{"scope", "contact: a@school.example", `contact: " "`, false, false},
	{"scope", "hosts: [school.example]", "hosts: []", false, false},
	{"scope", "exclude: [/a/]", "exclude: [a]", false, false},
	{"scope", "exclude: [/a/]", `exclude: ["/a?b"]`, false, false},
	{"scope", "valid_from: 2026-01-01", "valid_from: 2026-01-01T8", false, false},
	{"scope", "rate: 1", "rate: 100000", false, false},
	{"scope", "rate: 1", "rate: 0.01", false, false},
	{"scope", "revisit_min: 1h", "revisit_min: ..d", false, false},
	{"scope", "revisit_min: 1h", "revisit_min: 1d30s", false, false},
	{"scope", "revisit_min: 1h", "revisit_min: 0m", false, false},
	{"scope", "views: [search_visitor]", "views: [search_crawler]", false, false},
	{"scope", "views: [search_visitor]", "views: [search_crawler]\n    crawler_basis:", false, false},
	// Both take it.
	{"rule", "title: 办证", "title: 12", true, true},
	{"rule", "tags: [证]", "tags: [1]", true, true},
	{"rule", "terms: [办证]", "terms: [110]", true, true},
	{"rule", "terms: [办证], min: 1", "min_chars: 20", true, true},
	{"rule", "text: 办证", "text: 12", true, true},
	{"rule", "  b: {", "  b_2-c: {", true, true},
	{"context", "title: 警示", "title: 12", true, true},
	{"pattern", "text: 电话", "text: 12", true, true},
	{"allow", "reason: 合同", "reason: 12", true, true},
	{"allow", "text: 某某公司", "text: 4008001234", true, true},
	{"off", "reason: 误报", "reason: 12", true, true},
	{"off", "id: a-1", "id: 2026", true, true},
	{"scope", "id: a-1", "id: 2026", true, true},
	{"scope", "id: a-1", "id: 学校.a_b@c-1", true, true},
	{"scope", "owner: 学校", "owner: 12", true, true},
	{"scope", "basis: 合同", "basis: 2026017", true, true},
	{"scope", "contact: a@school.example", "contact: 13800138000", true, true},
	{"scope", "valid_from: 2026-01-01", "valid_from: 2026-01-01T08:00:00+08:00", true, true},
	{"scope", "exclude: [/a/]", "exclude:", true, true},
	{"scope", "revisit_min: 1h", "revisit_min: 1h1h", true, true},
	{"scope", "revisit_min: 1h", "revisit_min: 7d", true, true},
	{"scope", "revisit_min: 1h", "robots_waiver:", true, true},
	{"scope", "views: [search_visitor]", "views:", true, true},
	{"scope", "views: [search_visitor]", "views: [search_crawler]\n    crawler_basis: 12", true, true},
	// A schema does not know how a number or a truth value is written.
	{"rule", "min: 1}", "min: 1.0}", false, true},
	{"context", "lowers: 10", "lowers: 10.0", false, true},
	{"scope", "queries: true", "queries: False", false, true},
	// The parser takes a text for what it says; an editor may say that it is another type.
	{"rule", "terms: [办证]", "terms: [true]", true, false},
	{"context", "lowers: 10", `lowers: "10"`, true, false},
	{"scope", "rate: 1", `rate: "1"`, true, false},
	{"scope", "queries: true", `queries: "true"`, true, false},
}

// TestSchemasAndParsers compares what the schemas take with what the parsers take.
func TestSchemasAndParsers(t *testing.T) {
	for kind, text := range files {
		if err := validate(t, schemaOf(t, kind), text); err != nil || !parses(kind, text) {
			t.Errorf("the %s, unchanged: parser %t, schema %v", kind, parses(kind, text), err)
		}
	}
	for _, c := range changes {
		if !strings.Contains(files[c.kind], c.old) {
			t.Fatalf("the %s lacks %q", c.kind, c.old)
		}
		text := strings.Replace(files[c.kind], c.old, c.changed, 1)
		if got := parses(c.kind, text); got != c.parser {
			t.Errorf("%s with %q: the parser takes it: %t", c.kind, c.changed, got)
		}
		if err := validate(t, schemaOf(t, c.kind), text); (err == nil) != c.schema {
			t.Errorf("%s with %q: the schema says %v", c.kind, c.changed, err)
		}
	}
}

// parses says whether the parser finds no mistake.
func parses(kind, text string) bool {
	name := map[string]string{"rule": "a-1.yaml", "pattern": "a-1.yaml", "context": "a_1.yaml"}[kind]
	f := &syntax.File{Name: name}
	switch src := []byte(text); kind {
	case "rule":
		f.ParseRule(src)
	case "context":
		f.ParseContext(src)
	case "pattern":
		f.ParsePattern(src)
	case "allow":
		f.ParseAllow(src, func(syntax.Allow) {})
	case "off":
		f.ParseOff(src, func(syntax.Off) {})
	case "scope":
		_, err := ingest.ParseScope("scope.yaml", src)
		return err == nil
	}
	return len(f.Mistakes) == 0
}

func validate(t *testing.T, schema *jsonschema.Schema, text string) error {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return schema.Validate(valueOf(t, &doc))
}

// kindOf tells patterns from contexts, and whole rules from parts of one.
func kindOf(kind, example string) string {
	switch {
	case kind == "" && strings.Contains(example, "\nlowers:"):
		return "context"
	case kind == "":
		return "pattern"
	case kind == "rule" && !strings.Contains(example, "\ntests:"):
		return ""
	}
	return kind
}

func schemaOf(t *testing.T, kind string) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join("schemas", kind+".schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// valueOf returns what an editor makes of YAML: a day is a text.
func valueOf(t *testing.T, n *yaml.Node) (value any) {
	t.Helper()
	switch n.Kind {
	case yaml.DocumentNode:
		return valueOf(t, n.Content[0])
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			m[n.Content[i].Value] = valueOf(t, n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range n.Content {
			list = append(list, valueOf(t, item))
		}
		return list
	}
	if n.Tag == "!!timestamp" {
		return n.Value
	}
	if err := n.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}
