package strictyaml

import "testing"

func TestEncode(t *testing.T) {
	for _, src := range []string{
		"a: 送🧧\n",
		"# 🧧 \ue000\na: '[🧧]'\n",
		"a: \"甲\\U0000200B乙\"\n",
		"a: \"\\U0000E000🧧\"\n",
		"a: |\n  两行\n  🉐\n",
	} {
		root, _, err := Parse([]byte(src))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Encode(root)
		if err != nil || string(got) != src {
			t.Errorf("%q is written as %q, %v", src, got, err)
		}
	}
}
