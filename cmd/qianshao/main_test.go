package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"qianshao": main, "qianshao-test-web": serveWeb, "qianshao-test-bare": fetchBare,
		"qianshao-test-costly": writeCostly, "qianshao-test-costly-web": serveCostly,
	})
}

// TestScripts runs the commands as a user types them.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("QIANSHAO_BROWSER", "off") // the same on every machine
			env.Setenv("QIANSHAO_DATA", env.WorkDir+"/data")
			return os.MkdirAll(env.WorkDir+"/data", 0o700)
		},
	})
}
