package strictyaml

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/qianshao/qianshao/locales"
)

func TestParse(t *testing.T) {
	for src, want := range map[string]string{
		"":                   "the file is empty",
		"# a remark\n":       "the file is empty",
		"a: [1\n":            "line 1: did not find expected ',' or ']'",
		"a: 1\nb: c: d\n":    "line 2: mapping values are not allowed in this context",
		"a: 1\n":             "",
		"a: 1\n---\nb: 2\n":  "line 2: a second document",
		"a: 1\n---\nb: [2\n": "line 2: did not find expected ',' or ']'",
	} {
		_, rest, err := Parse([]byte(src))
		got := ""
		if err := errors.Join(err, rest); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("Parse(%q) says %q, want %q", src, got, want)
		}
	}
}

func TestDecode(t *testing.T) {
	var file struct {
		Days int `yaml:"days"`
	}
	if err := Decode(nil, &file); err != nil {
		t.Errorf("an empty file: %v", err)
	}
	if err := Decode([]byte("days: 3\n"), &file); err != nil || file.Days != 3 {
		t.Errorf("days %d, %v", file.Days, err)
	}
	if err := Decode([]byte("day: 3\n"), &file); err == nil || !strings.HasSuffix(err.Error(), `line 1: field day not found`) {
		t.Errorf("an unknown key: %v", err)
	}
	if err := Decode([]byte("days：3\n"), &file); err == nil || !strings.Contains(err.Error(), `line 1, column 5: a full-width colon after a key`) {
		t.Errorf("a full-width colon: %v", err)
	}
	chinese := "YAML 有误：\n  第 1 行：!!seq 不能当作 int\n  第 2 行：没有 x 这个键"
	if err := Decode([]byte("days: [3]\nx: 1\n"), &file); err == nil || locales.Chinese.Error(err) != chinese {
		t.Errorf("in Chinese: %s", locales.Chinese.Error(err))
	}
	if err := Decode([]byte("\"a b\\nc\": 3\n"), &file); err == nil || !strings.HasSuffix(err.Error(), `line 1: field a b\nc not found`) {
		t.Errorf("a key with a line end: %v", err)
	}
	if err := Decode([]byte("# \xc4\xe3\ndays: 3\n"), &file); err == nil || err.Error() != NotUTF8().String() {
		t.Errorf("GBK: %v", err)
	}
	var second *SecondDocumentError
	if err := Decode([]byte("days: 3\n---\ndays: 4\n"), &file); !errors.As(err, &second) {
		t.Errorf("two documents: %v", err)
	}
}

func TestFields(t *testing.T) {
	root, _, err := Parse([]byte("a: 1\nb: 2\na: 3\n[c]: 4\nb: 5\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	Fields(root.Content[0], []string{"a"}, func(key, value *yaml.Node) {
		got = append(got, key.Value+"="+value.Value)
	}, func(p Problem) {
		got = append(got, fmt.Sprintf("%s word %v known %v first %d", p.Key.Value, !p.NotAWord, !p.Unknown, p.FirstLine))
	})
	want := "a=1, b word true known false first 0, a word true known true first 1, " +
		" word false known false first 0, b word true known false first 2"
	if got := strings.Join(got, ", "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestFirstExtra(t *testing.T) {
	for src, want := range map[string]int{
		"a: 1\nb: [c, d]\n":      0,
		"a: 1\nb: [c, &x d]\n":   2,
		"a: &x 1\nb: *x\n":       1,
		"a: 1\nb: 2\nc: !!str 3": 3,
	} {
		root, _, err := Parse([]byte(src))
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		if extra := FirstExtra(root); extra != nil {
			got = extra.Line
		}
		if got != want {
			t.Errorf("%q: line %d, want %d", src, got, want)
		}
	}
}

// FuzzParse: no input causes a panic, and input that cannot be read is an error.
func FuzzParse(f *testing.F) {
	f.Add([]byte("a: &a [*a]\n---\n- x"))
	f.Add([]byte("? [a, b]\n: c\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		root, _, err := Parse(src)
		if (root == nil) == (err == nil) {
			t.Errorf("Parse(%q) = %v, %v", src, root, err)
		}
		if root != nil {
			FirstExtra(root)
		}
	})
}
