package packs

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
	"go.yaml.in/yaml/v3"
)

// header is the part of a rule file that these tests look at; the rule
// language itself is checked by analyze/rule.
type header struct {
	ID             string            `yaml:"id"`
	Category       qianshao.Category `yaml:"category"`
	Level          string            `yaml:"level"`
	LegalBasis     []string          `yaml:"legal_basis"`
	FalsePositives []string          `yaml:"falsepositives"`
	Tests          []struct {
		Expect string `yaml:"expect"`
	} `yaml:"tests"`
}

func TestRules(t *testing.T) {
	seen := map[string]string{}
	names, err := fs.Glob(FS(), "rules/*/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no rules are embedded: %v", err)
	}
	for _, name := range names {
		src, err := fs.ReadFile(FS(), name)
		if err != nil {
			t.Fatal(err)
		}
		var h header
		if err := yaml.Unmarshal(src, &h); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		checkHeader(t, name, h)
		if other, ok := seen[h.ID]; ok {
			t.Errorf("%s: id %s is used by %s too", name, h.ID, other)
		}
		seen[h.ID] = name
	}
}

func checkHeader(t *testing.T, name string, h header) {
	t.Helper()
	if want := strings.TrimSuffix(path.Base(name), ".yaml"); h.ID != want {
		t.Errorf("%s: id is %q, the file's name says %q", name, h.ID, want)
	}
	if folder := path.Base(path.Dir(name)); folder != string(h.Category) {
		t.Errorf("%s: category %s stands in the folder %s", name, h.Category, folder)
	}
	if !slices.Contains(qianshao.Categories(), h.Category) {
		t.Errorf("%s: category %q is not on the closed list", name, h.Category)
	}
	if _, err := qianshao.ParseLevel(h.Level); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if len(h.LegalBasis) == 0 || len(h.FalsePositives) == 0 {
		t.Errorf("%s: legal_basis and falsepositives must not be empty", name)
	}
	expects := map[string]int{}
	for _, test := range h.Tests {
		expects[test.Expect]++
	}
	if expects["fires"] == 0 || expects["quiet"] == 0 {
		t.Errorf("%s: needs a test that fires and one that is quiet", name)
	}
}

// Lists are read by people who edit them by hand: a stray BOM, a term given
// twice or a one-character term is a mistake they should hear of.
func TestLists(t *testing.T) {
	names, err := fs.Glob(FS(), "lists/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no lists are embedded: %v", err)
	}
	for _, name := range names {
		src, err := fs.ReadFile(FS(), name)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]int{}
		for i, line := range strings.Split(string(src), "\n") {
			term, _, _ := strings.Cut(line, "|")
			term = strings.TrimSpace(term)
			if term == "" || strings.HasPrefix(term, "#") {
				continue
			}
			if len([]rune(term)) < 2 {
				t.Errorf("%s:%d: %q is a term of one character", name, i+1, term)
			}
			if first, ok := seen[term]; ok {
				t.Errorf("%s:%d: %q stands in line %d already", name, i+1, term, first)
			}
			seen[term] = i + 1
		}
	}
}
