package syntax

import (
	"fmt"
	"strings"
	"testing"
)

// TestMaxBlocks: the condition is not a block, and a rule with too many blocks has that one mistake.
func TestMaxBlocks(t *testing.T) {
	for blocks, want := range map[int]string{maxBlocks: "", maxBlocks + 1: "rule.block.many"} {
		var src strings.Builder
		src.WriteString("name: x\ntitle: 甲\ndescription: 乙\nlowers: 1\ndetection:\n")
		for i := range blocks {
			fmt.Fprintf(&src, "  b%d: {terms: [词]}\n", i)
		}
		src.WriteString("  condition: b0\n")
		f := &File{Name: "x.yaml"}
		f.ParseContext([]byte(src.String()))
		var found []string
		for _, m := range f.Mistakes {
			found = append(found, m.Message.Key)
		}
		if got := strings.Join(found, " "); got != want {
			t.Errorf("%d blocks: mistakes %q, want %q", blocks, got, want)
		}
	}
}
