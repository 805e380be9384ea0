package rule

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// own loads an empty rule set with a dictionary.
func own(content string) (*Set, error) {
	return Load(fstest.MapFS{}, Options{OverlayName: "own", Overlay: fstest.MapFS{"dictionary.txt": {Data: []byte(content)}}})
}

func TestDictionary(t *testing.T) {
	t.Parallel()
	set, err := own("\ufeff# 地名\r\n六合社区\r\n\r\n博彩路 200\r\n  金沙4S店\t7 nz\r\n")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("六合社区\n博彩路 200\n金沙4S店 7\n", set.Dictionary()); diff != "" || set.Own().Words != 3 {
		t.Errorf("%d words\n%s", set.Own().Words, diff)
	}
	other, err := own("六合社区\n")
	if err != nil || other.Digest() == set.Digest() {
		t.Errorf("another dictionary has the same digest; %v", err)
	}
	if none, err := own("# 还没有\n"); err != nil || none.Dictionary() != "" {
		t.Errorf("a dictionary without words: %v", err)
	}
}

// TestDictionaryBounds: files that are too large are refused, each with a single message.
func TestDictionaryBounds(t *testing.T) {
	t.Parallel()
	var many, mixed strings.Builder
	for i := range maxDictionary + 10 {
		fmt.Fprintf(&many, "%c%c\n", 0x4e00+i%5000, 0x5e00+i/5000)
	}
	for i := range maxOther/4 + 10 {
		fmt.Fprintf(&mixed, "店%04d\n", i)
	}
	for content, want := range map[string]string{
		strings.Repeat("# 六合\n", maxDictionaryFile/9+1): "own/dictionary.txt: the dictionary is larger than 2 MiB; ",
		strings.Repeat("六", 17<<20/3):                   "own/dictionary.txt: the dictionary is larger than 2 MiB; ",
		many.String():                                   fmt.Sprintf("own/dictionary.txt:%d:1: more than 20000 words; ", maxDictionary+1),
		mixed.String():                                  fmt.Sprintf("own/dictionary.txt:%d:1: from here on, the words have more than 1500 letters", maxOther/4+1),
		"六合" + strings.Repeat(" 1", 600):                "own/dictionary.txt:1:1: a line of more than 1000 bytes",
	} {
		if _, err := own(content); err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q… is refused by %.300v, want %s", content[:9], err, want)
		}
	}
}
