package syntax

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFormatComments: a comment stays with the line that it was written for.
func TestFormatComments(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"list, last in the file", "title: x\ntags: [o] # 尾\n", "title: x\ntags: # 尾\n  - o\n"},
		{"list, another key below", "title: x\ntags: [o] # 尾\nlevel: high\n", "title: x\ntags: # 尾\n  - o\nlevel: high\n"},
		{"list of mappings", "title: x\ntests: [{text: x, expect: fires}] # about tests\n", "title: x\ntests: # about tests\n  - {text: x, expect: fires}\n"},
		{"mapping", "detection:\n  a: {terms: [b]} # about a\n  c: {terms: [d]}\n  condition: a\n", "detection:\n  a: # about a\n    terms:\n      - b\n  c:\n    terms:\n      - d\n  condition: a\n"},
		{
			"entries of an allow list",
			"hosts:\n  - {host: a.example, reason: 报社} # 张三批准\n  - {host: \"*.gov.example\", reason: 政府, rules: [a-b, c-d]} # 李四批准\ntexts:\n  # 剧\n  - {text: 话剧, reason: 剧名, rules: [x-y]} # 最后一行\n",
			"hosts:\n  - {host: a.example, reason: 报社} # 张三批准\n  # 李四批准\n  - host: '*.gov.example'\n    reason: 政府\n    rules:\n      - a-b\n      - c-d\ntexts:\n  # 剧\n  # 最后一行\n  - text: 话剧\n    reason: 剧名\n    rules:\n      - x-y\n",
		},
		{"list in a list", "tests:\n  - [a, b] # nested\n  - [{a: b}, {c: [d]}] # other\n", "tests:\n  # nested\n  - - a\n    - b\n  # other\n  - - {a: b}\n    - c:\n        - d\n"},
		{"behind key and value", "tags: # one\n  [a] # two\ntitle: x\n", "title: x\n# two\ntags: # one\n  - a\n"},
		{"mapping that moves up to its key", "like: # on it\n  p: q\n", "like: {p: q} # on it\n"},
		{"text below its key", "title: # c\n  x\n", "title: x # c\n"},
		{"inside brackets", "tags: [a, # in a\n  # above b\n  b # in b\n  ] # out\n", "tags: # out\n  - a # in a\n  # above b\n  - b # in b\n"},
		{"empty list", "title: x\ntags: [] # empty\n", "title: x\ntags: [] # empty\n"},
		{"text of several lines", "description: | # why\n  # no comment\n  b # none\ntitle: x # none\n", "title: x # none\ndescription: | # why\n  # no comment\n  b # none\n"},
		{"# in quotes", "title: 'a # b' # c\ntags: [\"# d\", '# e'] # f\n", "title: 'a # b' # c\ntags: # f\n  - '# d'\n  - '# e'\n"},
		{"lines of Windows", "# one\r\n# two\r\n\r\ntitle: x # c\r\ntags: [a] # d\r\n", "# one\n# two\n\ntitle: x # c\ntags: # d\n  - a\n"},
		{"below a key with a comment", "tags: # a\n  # b\n  - o\n", "tags: # a\n  # b\n  - o\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Format([]byte(c.src))
			if diff := cmp.Diff(c.want, string(got)); err != nil || diff != "" {
				t.Fatalf("%v (-want +got):\n%s", err, diff)
			}
			if again, err := Format(got); err != nil || string(again) != c.want {
				t.Errorf("formatting again changes it (%v):\n%s", err, again)
			}
		})
	}
}

// TestFormatRefuses: a comment that cannot stay in its place is an error.
func TestFormatRefuses(t *testing.T) {
	for src, want := range map[string]string{
		"title: x\ntags: [ # in\n  a]\n":                         `2:1: the comment "# in"`,
		"{title: x, tags: [a]} # root\n":                         `1:1: the comment "# root"`,
		"title: x\n... # end\n":                                  `2:1: the comment "# end"`,
		"level: high # a\n            # b\ntitle: y\n":           `2:1: the comment "# b"`,
		"hosts:\n  - {host: a} # 批准\n     # 到期\n  - {host: b}\n": `3:1: the comment "# 到期"`,
		// The same words in a text are not taken for the comment.
		"description: |\n  # in\ntags: [ # in\n  a]\n": `3:1: the comment "# in"`,
	} {
		got, err := Format([]byte(src))
		if err == nil || !strings.Contains(err.Error(), want+" would be lost or moved") {
			t.Errorf("Format(%q) = %q, %v, want %s …", src, got, err, want)
		}
	}
}

func TestSameComments(t *testing.T) {
	before := []comment{{"/a", 1, "# x"}, {"/b", 2, "# x"}}
	for _, c := range []struct {
		after []comment
		same  bool
	}{
		{[]comment{{"/b", 1, "# x"}, {"/a", 2, "# x"}}, true},
		{[]comment{{"/a", 1, "# x"}, {"/a", 2, "# x"}}, false},
		{[]comment{{"/a", 1, "# x"}}, false},
	} {
		if err := sameComments(before, c.after); (err == nil) != c.same {
			t.Errorf("%v: %v", c.after, err)
		}
	}
}
