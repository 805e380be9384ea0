package script

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestParts: a script of more than maxTokens is read in parts, and no token is cut. Whatever stands
// at the end of a part is found once, at its place.
func TestParts(t *testing.T) {
	t.Parallel()
	for _, kind := range []struct{ name, code, want string }{
		{"string", `'博彩';`, "literal 博彩"},
		{"string with an escape", `'\u535a彩';`, `string 博彩 ← \u535a彩`},
		{"template", "`博彩${a}`;", "string 博彩 ← 博彩"},
	} {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			// The token is one before the end of a part, at the end, or just behind it.
			for _, before := range []int{maxTokens - 2, maxTokens - 1, maxTokens, maxTokens + 1} {
				code := strings.Repeat(";", before) + kind.code + strings.Repeat(";", 10) + "'尾巴'"
				if got, want := read(code, 1000), []string{kind.want, "literal 尾巴"}; !slices.Equal(got, want) {
					t.Errorf("behind %d tokens: %q, want %q", before, got, want)
				}
			}
		})
	}
	t.Run("ids that are shown again in a later part", func(t *testing.T) {
		t.Parallel()
		code := `$("#a").hide();$("#b").hide();` + strings.Repeat(";", maxTokens) + `$("#a").show()`
		if got, want := read(code, 1000), []string{"hide b"}; !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	})
}

// TestLexGoesOn: the tokens of all parts together are those of the whole script.
func TestLexGoesOn(t *testing.T) {
	t.Parallel()
	var code strings.Builder
	for i := 0; code.Len() < 5*maxTokens; i++ {
		fmt.Fprintf(&code, "a%d='博';/x/;/*c*/`d`\n", i)
	}
	s, tokens, end := code.String(), []token(nil), 0
	for at := 0; at < len(s); {
		if tokens, at = lex(s, at, tokens[:0]); len(tokens) > maxTokens {
			t.Fatalf("%d tokens in a part", len(tokens))
		}
		for _, k := range tokens {
			if int(k.start) < end || k.end < k.start {
				t.Fatalf("a token at %d to %d, behind %d", k.start, k.end, end)
			}
			if kind := s[k.start:k.end]; k.kind == stringToken && kind != "博" || k.kind == templateToken && kind != "d" {
				t.Fatalf("a token %q at %d", kind, k.start)
			}
			end = int(k.end)
		}
	}
	if !strings.HasSuffix(strings.TrimSpace(s[:end+1]), "`") {
		t.Errorf("the last token ends at %d of %d", end, len(s))
	}
}
