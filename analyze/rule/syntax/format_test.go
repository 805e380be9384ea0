package syntax

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden layouts under testdata")

// TestFormat compares each fixture's "in", once formatted, with its "want", which formatting must
// not change.
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
		"":                "1:1: the file is empty; write a rule into it",
		"- a\n":           "1:1: the file should hold keys with values, as in \"title: …\"",
		"title: &a 甲\n":   "1:8: anchors and aliases (&, *) are not part of the rule language; write the value out, in quotes if it begins with & or *",
		"? [a, b]\n: 甲\n": "1:1: a key should be a plain word",
	} {
		if _, err := Format([]byte(src)); err == nil || err.Error() != want {
			t.Errorf("Format(%q) = %v, want %s", src, err, want)
		}
	}
}

func FuzzFormat(f *testing.F) {
	names, _ := filepath.Glob("testdata/*/*.txtar")
	others, _ := filepath.Glob("../testdata/*/*.txtar")
	names = append(names, others...)
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Data)
	}
	f.Add([]byte("# a\n\ntags: # b\n  [c, # d\n  e] # f\ntests: [{a: b}] # g\n# h\n"))
	f.Add([]byte("level: x # a\n# b\ntests:\n  # c\n  - {why: d, text: [e]} # f\n  # g\ntitle: |\n  # h\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		out, err := Format(src)
		if err != nil {
			return
		}
		again, err := Format(out)
		if err != nil || !bytes.Equal(out, again) {
			t.Errorf("Format(%q) = %q,\nand again %q, %v", src, out, again, err)
		}
		if _, sound := meaning("rules/r.yaml", src); sound {
			checkRoundTrip(t, "rules/r.yaml", src)
		}
	})
}

// meaning returns the content of a rule or a context without places, and whether it has mistakes.
func meaning(name string, src []byte) (any, bool) {
	f := &File{Name: name}
	squeeze := func(d *Detection) { d.Condition.Value = strings.Join(strings.Fields(d.Condition.Value), " ") }
	if strings.Contains(name, "contexts/") {
		c := f.ParseContext(src)
		squeeze(&c.Detection)
		return c, len(f.Mistakes) == 0
	}
	r := f.ParseRule(src)
	squeeze(&r.Detection)
	return r, len(f.Mistakes) == 0
}

// checkRoundTrip formats a file. Its meaning must stay the same, and formatting it again must
// change nothing.
func checkRoundTrip(t *testing.T, name string, src []byte) (formatted []byte) {
	t.Helper()
	out, err := Format(src)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return nil
	}
	again, err := Format(out)
	if err != nil || !bytes.Equal(out, again) {
		t.Errorf("%s: formatting again changes it (%v):\n%s", name, err, cmp.Diff(string(out), string(again)))
	}
	want, _ := meaning(name, src)
	got, sound := meaning(name, out)
	if !sound {
		t.Errorf("%s has mistakes once it is formatted", name)
	}
	ignore := []cmp.Option{cmpopts.IgnoreUnexported(Rule{}, Detection{}, Block{}, Text{}), cmpopts.IgnoreTypes(Place{}), cmpopts.IgnoreFields(Test{}, "Line")}
	if diff := cmp.Diff(want, got, ignore...); diff != "" {
		t.Errorf("%s says something else (-before +after):\n%s", name, diff)
	}
	return out
}

// TestFormatShipped: the shipped files are in canonical form, and adding a term is a diff of one
// line.
func TestFormatShipped(t *testing.T) {
	eachShipped(t, func(name string, src []byte) {
		out := checkRoundTrip(t, name, src)
		if !bytes.Equal(src, out) {
			t.Errorf("%s is not formatted; run \"qianshao rules fmt -w\"", name)
		}
		const list = "    terms:\n"
		before, after, found := strings.Cut(string(out), list)
		if !found {
			return
		}
		longer := before + list + "      - 新添的词\n" + after
		if got, err := Format([]byte(longer)); err != nil || string(got) != longer {
			t.Errorf("%s: an added term moves other lines (%v):\n%s", name, err, cmp.Diff(longer, string(got)))
		}
	})
}

// TestFormatFixtures: so are the rules and contexts without mistakes in the fixtures.
func TestFormatFixtures(t *testing.T) {
	names, err := filepath.Glob("../testdata/*/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	formatted := 0
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range archive.Files {
			if filepath.Ext(file.Name) != ".yaml" {
				continue
			}
			if _, sound := meaning(file.Name, file.Data); sound {
				checkRoundTrip(t, file.Name, file.Data)
				formatted++
			}
		}
	}
	if formatted < 20 {
		t.Errorf("only %d files of the fixtures parse", formatted)
	}
}
