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
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/locales"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden errors under testdata")

// day is the day on which the fixtures are loaded.
var day = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// TestMistakes loads one rule set for each mistake that the linter knows and compares the error
// with "want" and "want.zh" of the fixture. Files below overlay/ belong to an overlay.
func TestMistakes(t *testing.T) {
	eachFixture(t, "testdata/mistakes/*.txtar", func(t *testing.T, files fstest.MapFS, opts Options) said {
		set, err := Load(files, opts)
		var mistakes *syntax.Error
		if set != nil || !errors.As(err, &mistakes) {
			t.Fatalf("Load = %v, %v; want a *syntax.Error", set, err)
		}
		return func(l locales.Lang) string { return l.Error(err) + "\n" }
	})
}

// TestWarnings does the same for entries of an overlay that have no effect.
func TestWarnings(t *testing.T) {
	eachFixture(t, "testdata/warnings/*.txtar", func(t *testing.T, files fstest.MapFS, opts Options) said {
		set, err := Load(files, opts)
		if err != nil {
			t.Fatal(err)
		}
		return func(l locales.Lang) string {
			var lines strings.Builder
			for _, w := range set.Warnings() {
				fmt.Fprintln(&lines, w.In(l))
			}
			return lines.String()
		}
	})
}

// said returns what load says of a fixture's files, in a language.
type said func(locales.Lang) string

// eachFixture compares what load says of a fixture's files with the last two of them: "want", in
// English, and "want.zh".
func eachFixture(t *testing.T, pattern string, load func(*testing.T, fstest.MapFS, Options) said) {
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files, own := fstest.MapFS{}, fstest.MapFS{}
			want := map[string]*txtar.File{}
			for i, f := range archive.Files {
				if f.Name == "want" || f.Name == "want.zh" {
					want[f.Name] = &archive.Files[i]
				} else if inside, ok := strings.CutPrefix(f.Name, "overlay/"); ok {
					own[inside] = &fstest.MapFile{Data: f.Data}
				} else {
					files[f.Name] = &fstest.MapFile{Data: f.Data}
				}
			}
			opts := Options{Now: day}
			if len(own) > 0 {
				opts.Overlay, opts.OverlayName = own, "overlay"
			}
			says := load(t, files, opts)
			for file, l := range map[string]locales.Lang{"want": locales.English, "want.zh": locales.Chinese} {
				got := says(l)
				if *update {
					want[file].Data = []byte(got)
				}
				if diff := cmp.Diff(string(want[file].Data), got); diff != "" {
					t.Errorf("%s differs (-want +got):\n%s", file, diff)
				}
			}
			if *update {
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestHugeFiles has files that are too large for a fixture.
func TestHugeFiles(t *testing.T) {
	good := header + "id: r\ndetection:\n  a: {lists: [l]}\n  condition: a\n"
	for name, files := range map[string][]string{
		"rules/gambling/r.yaml: the file is larger than 256 KiB": {"rules/gambling/r.yaml", good + strings.Repeat("# 甲\n", (256<<10)/5), "lists/l.txt", "甲乙\n"},
		"lists/l.txt: the list is larger than 16 MiB":            {"rules/gambling/r.yaml", good, "lists/l.txt", strings.Repeat("# 甲乙丙丁\n", syntax.MaxListFile/15+1)},
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

// TestWindowsFiles: the byte order mark and the line ends of Windows' editor are neither mistakes
// nor part of a term. Quotes keep a term whole that looks like two.
func TestWindowsFiles(t *testing.T) {
	rule := header + "id: r\ndetection:\n  a: {lists: [l], terms: [\"首存，送\"]}\n  condition: a\n"
	windows := func(text string) string { return "\ufeff" + strings.ReplaceAll(text, "\n", "\r\n") }
	set, err := Load(fileSet(t, "rules/gambling/r.yaml", windows(rule), "lists/l.txt", windows("# 词\n甲乙\n“丙丁 戊己” ｜ 3\n")), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var terms []string
	for _, term := range set.Rules()[0].Detection.Blocks[0].Terms {
		terms = append(terms, fmt.Sprintf("%s %d", term.Text, term.Weight))
	}
	if got, want := strings.Join(terms, "; "), "丙丁 戊己 3; 甲乙 1; 首存，送 1"; got != want {
		t.Errorf("terms %q, want %q", got, want)
	}
}
