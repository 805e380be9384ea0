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
)

// TestSchemas holds the schemas, by which editors complete and underline, to files that the
// parser takes: everything that is shipped and every example of the documents. That they have
// the parser's keys and values is held by tests beside the parsers.
func TestSchemas(t *testing.T) {
	valid := func(t *testing.T, schema *jsonschema.Schema, name, text string) {
		t.Helper()
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := schema.Validate(valueOf(t, &doc)); err != nil {
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
