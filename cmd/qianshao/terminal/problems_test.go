package terminal_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/locales"
)

// TestProblems: the first hundred problems are written without control characters, and
// the others are counted.
func TestProblems(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	problems := terminal.NewProblems(&out, locales.English)
	for i := range 103 {
		problems.Print(locales.M("archive.problem.record", fmt.Sprintf("%d\x1b[2J", i+1)))
	}
	problems.Finish()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 101 || lines[99] != `record 100\x1b[2J` || lines[100] != "… and 3 more" {
		t.Errorf("%d lines:\n%s", len(lines), out.String())
	}
}
