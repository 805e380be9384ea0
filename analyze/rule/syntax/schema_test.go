package syntax

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
)

// schema is the part of a JSON Schema that the test reads.
type schema struct {
	Properties map[string]schema
	Defs       map[string]schema `json:"$defs"`
	Items      *schema
	Required   []string
	Enum       []string
	Minimum    int
	Maximum    int

	MaxProperties int
	PropertyNames struct{ Not struct{ Enum []string } }
}

func readSchema(t *testing.T, kind string) (s schema) {
	t.Helper()
	content, err := os.ReadFile("../../../docs/schemas/" + kind + ".schema.json")
	if err == nil {
		err = json.Unmarshal(content, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSchemaKeys compares the schemas of docs/schemas with the keys and values of the parser.
func TestSchemaKeys(t *testing.T) {
	rule, pattern, context := readSchema(t, "rule"), readSchema(t, "pattern"), readSchema(t, "context")
	allow, off := readSchema(t, "allow"), readSchema(t, "off")
	block := rule.Defs["block"]
	for name, keys := range map[string]struct {
		schema schema
		keys   []string
	}{
		"rule": {rule, ruleKeys()}, "pattern": {pattern, patternKeys()}, "context": {context, contextKeys()},
		"block of a rule": {block, blockKeys()}, "block of a context": {context.Defs["block"], blockKeys()},
		"test": {rule.Defs["test"], testKeys()}, "allow": {allow, allowKeys()}, "off": {off, []string{"rules"}},
		"rule that is off": {*off.Properties["rules"].Items, []string{"id", "reason", "until"}},
		"host":             {*allow.Properties["hosts"].Items, []string{"host", "reason", "until", "rules"}},
		"url":              {*allow.Properties["urls"].Items, []string{"prefix", "reason", "until", "rules"}},
		"text":             {*allow.Properties["texts"].Items, []string{"text", "reason", "until", "rules"}},
	} {
		if diff := cmp.Diff(slices.Sorted(slices.Values(keys.keys)), slices.Sorted(maps.Keys(keys.schema.Properties))); diff != "" {
			t.Errorf("keys of a %s (- parser, + schema):\n%s", name, diff)
		}
	}
	var categories, regions []string
	for _, c := range qianshao.Categories() {
		categories = append(categories, string(c))
	}
	for _, k := range qianshao.RegionKinds() {
		regions = append(regions, string(k))
	}
	for name, values := range map[string]struct{ schema, parser []string }{
		"category": {rule.Properties["category"].Enum, categories},
		"level":    {rule.Properties["level"].Enum, levels()},
		"status":   {rule.Properties["status"].Enum, statuses()},
		"judges":   {rule.Properties["judges"].Enum, judged()},
		"excuses":  {context.Properties["excuses"].Enum, []string{ExcusesArticle, ExcusesPage}},
		"expect":   {rule.Defs["test"].Properties["expect"].Enum, []string{ExpectFires, ExpectQuiet}},
		"regions":  {block.Properties["regions"].Items.Enum, regions},
		"grade":    {block.Properties["grade"].Enum, slices.Collect(maps.Keys(gradeNames))},
	} {
		if diff := cmp.Diff(slices.Sorted(slices.Values(values.parser)), slices.Sorted(slices.Values(values.schema))); diff != "" {
			t.Errorf("values of %s (- parser, + schema):\n%s", name, diff)
		}
	}
	for name, s := range map[string]schema{"rule": rule, "context": context} {
		detection := s.Defs["detection"]
		if detection.MaxProperties != maxBlocks+1 { // the blocks and the condition
			t.Errorf("a %s has at most %d blocks for the parser, and %d keys of its detection in the schema", name, maxBlocks, detection.MaxProperties)
		}
		if diff := cmp.Diff(reservedWords(), append(detection.PropertyNames.Not.Enum, "condition")); diff != "" {
			t.Errorf("words that cannot name a block of a %s (- parser, + schema):\n%s", name, diff)
		}
	}
	for key, most := range map[string]int{"min": maxMin, "within": maxDistance, "min_chars": maxChars, "max_chars": maxChars} {
		if got := block.Properties[key]; got.Minimum != 1 || got.Maximum != most {
			t.Errorf("%s is from %d to %d in the schema, to %d for the parser", key, got.Minimum, got.Maximum, most)
		}
	}
	if got := context.Properties["lowers"].Maximum; got != maxLowers {
		t.Errorf("lowers is at most %d in the schema, %d for the parser", got, maxLowers)
	}
}

// TestSchemaRequired compares the keys that a schema requires with those that the parser reports as
// missing.
func TestSchemaRequired(t *testing.T) {
	missed := func(parse func(*File)) []string {
		f := &File{Name: "x.yaml"}
		parse(f)
		return missingKeys(f)
	}
	for kind, got := range map[string][]string{
		"rule":    missed(func(f *File) { f.ParseRule([]byte("references: []\n")) }),
		"pattern": missed(func(f *File) { f.ParsePattern([]byte("terms: [甲]\n")) }),
		"context": missed(func(f *File) { f.ParseContext([]byte("excuses: page\n")) }),
	} {
		if diff := cmp.Diff(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(readSchema(t, kind).Required))); diff != "" {
			t.Errorf("required in a %s (- parser, + schema):\n%s", kind, diff)
		}
	}
}

// missingKeys returns the keys that the parser reported as missing.
func missingKeys(f *File) (keys []string) {
	for _, m := range f.Mistakes {
		if m.Message.Key == "rule.key.missing" {
			keys = append(keys, fmt.Sprint(m.Message.Args...))
		}
	}
	return keys
}
