package css

import (
	"strings"
	"testing"
)

func TestBadSelectors(t *testing.T) {
	for _, s := range []string{"", " ", ">", "a >", "a,", "..a", "#", "[", "[a", "a:hover", "a::before", ":nth-child(", ":nth-child(x)", ":not(", ":not(:not(:not(:not(a))))", "a b\x00", "a{", strings.Repeat("a ", 100)} {
		if sel, ok := ParseSelector(s); ok {
			t.Errorf("%q parses as %+v", s, sel)
		}
	}
}
