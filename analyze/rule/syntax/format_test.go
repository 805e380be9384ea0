package syntax

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden layouts under testdata")

// TestFormat compares each fixture's "in" with its "want", which has to stay as it is.
func TestFormat(t *testing.T) {
	names, err := filepath.Glob("testdata/format/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			in, want := archive.Files[0].Data, &archive.Files[1]
			got, err := Format(in)
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				want.Data = got
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(want.Data), string(got)); diff != "" {
				t.Errorf("layout differs (-want +got):\n%s", diff)
			}
			if again, err := Format(got); err != nil || !bytes.Equal(again, got) {
				t.Errorf("formatting again changes it (%v):\n%s", err, cmp.Diff(string(got), string(again)))
			}
		})
	}
}

func TestFormatErrors(t *testing.T) {
	for src, want := range map[string]string{
		"":                "1:1: the file is empty; a rule belongs in it",
		"- a\n":           "1:1: the file should hold keys with values, as in \"title: …\"",
		"title: &a 甲\n":   "1:8: anchors and aliases (&, *) are not part of the rule language; write the value out, in quotes if it begins with & or *",
		"? [a, b]\n: 甲\n": "rule: line 1: a key should be a plain word",
	} {
		if _, err := Format([]byte(src)); err == nil || err.Error() != want {
			t.Errorf("Format(%q) = %v, want %s", src, err, want)
		}
	}
}

func FuzzFormat(f *testing.F) {
	names, _ := filepath.Glob("testdata/*/*.txtar")
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		out, err := Format(src)
		if err != nil {
			return
		}
		again, err := Format(out)
		if err != nil || !bytes.Equal(out, again) {
			t.Errorf("Format(%q) = %q,\nand again %q, %v", src, out, again, err)
		}
	})
}
