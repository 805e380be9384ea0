package syntax

import (
	"strings"
	"testing"

	"github.com/qianshao/qianshao/locales"
)

func TestErrorIsBounded(t *testing.T) {
	mistakes := make([]Mistake, 1000)
	for i := range mistakes {
		mistakes[i] = Mistake{File: "f", Line: i + 1, Column: 1, Message: locales.M("rule.key.twice", "a", i)}
	}
	text := NewError(mistakes).Error()
	if lines := strings.Count(text, "\n") + 1; lines != maxMistakesShown+1 || !strings.HasSuffix(text, "and 900 more") {
		t.Errorf("%d lines, ending in %q", lines, text[len(text)-20:])
	}
}

// TestListInGBK: [专指] in GBK happens to be valid UTF-8 for other letters. The file is reported,
// once, as being in another encoding, and not as having an unknown grade.
func TestListInGBK(t *testing.T) {
	t.Parallel()
	f := &File{Name: "l.txt"}
	f.ParseList([]byte("[\xd7\xa8\xd6\xb8]\n\xd4\xc6\xe1\xdb\xb9\xfa\xbc\xca\n\xc2\xfa\xb0\xd9\n"))
	if len(f.Mistakes) != 1 || f.Mistakes[0].Line != 2 || f.Mistakes[0].Message.Key != "yaml.not_utf8" {
		t.Errorf("%v", f.Mistakes)
	}
}
