package strictyaml

import "testing"

// TestSlipsOfReadableFiles: valid YAML is not reported as a slip in an entry, a key or a value, and
// in a file that is not YAML, texts with the same signs are not reported.
func TestSlipsOfReadableFiles(t *testing.T) {
	root, _, err := Parse([]byte("title: “换号了”、骗局：一\n" +
		`list: ["办证，刻章", '甲；乙', 1:1, "“甲”"]` + "\n" +
		"map: {text: 甲，乙：丙, expect: quiet}\n"))
	if err != nil {
		t.Fatal(err)
	}
	mapping := root.Content[0]
	for i := 0; i < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		if s := KeySlip(key); s != nil {
			t.Errorf("key %q: %+v", key.Value, s)
		}
		for j, item := range value.Content {
			if s := CommaSlip(item); s != nil && value == mapping.Content[3] {
				t.Errorf("entry %q: %+v", item.Value, s)
			}
			if s := QuoteSlip(item); s != nil {
				t.Errorf("entry %q: %+v", item.Value, s)
			}
			if s := ValueSlip(value, item, []string{"text", "expect"}); j%2 == 1 && s != nil {
				t.Errorf("value %q: %+v", item.Value, s)
			}
		}
	}
	if s := Slips([]byte("html: |\n  \t<p>甲</p>\n  　　标题：乙，expect: x\n\n  - 【丙】\nb: [1\n")); s != nil {
		t.Errorf("in a text: %+v", s)
	}
	if s := Slips([]byte("a:\n  - html: |\n      标题：甲\n    expect：fires\n")); len(s) != 1 || s[0].Line != 4 || s[0].Column != 11 {
		t.Errorf("behind a text: %+v", s)
	}
	if s := Slips([]byte("# 标题：甲，expect: x\na: https://x.example/，乙\nb: [1\n")); s != nil {
		t.Errorf("%+v", s)
	}
}

// TestMisaligned: texts over several lines may be indented as one likes.
func TestMisaligned(t *testing.T) {
	for src, line := range map[string]int{
		"a:\n    b: 1\n  c: 2\n": 3, "a: 1\n  b: 2\n": 2, "a:\n  - b: 1\n   c: 2\n": 3, "a:\n    - b\n  - c\n": 3,
		"a:\n- b: 1\n  c: 2\nd: 甲\n    乙\n   丙\ne:\n  f: # 丁\n    g: 1\n": 0,
		"a: [b,\n      c,\n   d\n": 0, "a: |\n     b: 1\n   c\nd: [1\n": 0,
	} {
		got := 0
		for _, s := range Slips([]byte(src)) {
			got = s.Line
		}
		if got != line {
			t.Errorf("%q: line %d, want %d", src, got, line)
		}
	}
}
