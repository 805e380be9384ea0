package rule

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden errors under testdata")

// TestMistakes loads one rule set for each mistake that the linter knows and
// compares the error with the "want" of its fixture.
func TestMistakes(t *testing.T) {
	names, err := filepath.Glob("testdata/mistakes/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files, want := fstest.MapFS{}, &archive.Files[len(archive.Files)-1]
			for _, f := range archive.Files[:len(archive.Files)-1] {
				files[f.Name] = &fstest.MapFile{Data: f.Data}
			}
			set, err := Load(files, Options{})
			var mistakes *LoadError
			if set != nil || !errors.As(err, &mistakes) {
				t.Fatalf("Load = %v, %v; want a *LoadError", set, err)
			}
			if *update {
				want.Data = []byte(err.Error() + "\n")
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(want.Data), err.Error()+"\n"); diff != "" {
				t.Errorf("error differs (-want +got):\n%s", diff)
			}
		})
	}
}

// Files too large for a fixture.
func TestHugeFiles(t *testing.T) {
	good := header + "id: r\ndetection:\n  a: {lists: [l]}\n  condition: a\n"
	for name, files := range map[string][]string{
		"rules/gambling/r.yaml: the file is larger than 256 KiB": {"rules/gambling/r.yaml", good + strings.Repeat("# 甲\n", maxRuleFile/5), "lists/l.txt", "甲乙\n"},
		"lists/l.txt: the list is larger than 16 MiB":            {"rules/gambling/r.yaml", good, "lists/l.txt", strings.Repeat("# 甲乙丙丁\n", maxListFile/15+1)},
		"lists/l.txt:1:1: a line of more than 1000 bytes":        {"rules/gambling/r.yaml", good, "lists/l.txt", strings.Repeat("甲", 1000) + "\n"},
		"lists/l.txt:2:1: not UTF-8":                             {"rules/gambling/r.yaml", good, "lists/l.txt", "甲乙\n\xb6\xc4\n"},
		"rules/gambling/r.yaml:1:1: not UTF-8":                   {"rules/gambling/r.yaml", "title: \xb6\xc4\n" + good, "lists/l.txt", "甲乙\n"},
	} {
		_, err := Load(fileSet(t, files...), Options{})
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v does not say %q", err, name)
		}
	}
}

func TestLoadErrorIsBounded(t *testing.T) {
	mistakes := make([]Mistake, 1000)
	for i := range mistakes {
		mistakes[i] = Mistake{File: "f", Line: i + 1, Column: 1, Message: fmt.Sprint(i)}
	}
	text := loadError(mistakes).Error()
	if lines := strings.Count(text, "\n") + 1; lines != maxMistakesShown+1 || !strings.HasSuffix(text, "and 900 more") {
		t.Errorf("%d lines, ending in %q", lines, text[len(text)-20:])
	}
}
