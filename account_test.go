package qianshao_test

import (
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
)

func TestValidAccountName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"wang.fang": true, "王芳": true, "a-b": true, "_": true, "...": true, ".a": true, strings.Repeat("王", qianshao.MaxAccountName): true,
		"": false, ".": false, "..": false, "-": false, "-ann": false, "--help": false, "Ann": false, "a b": false, "a/b": false,
		strings.Repeat("a", qianshao.MaxAccountName+1): false,
	} {
		if is := qianshao.ValidAccountName(name); is != want {
			t.Errorf("%q: %v", name, is)
		}
	}
}
