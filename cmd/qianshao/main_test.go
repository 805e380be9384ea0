package main

import (
	"fmt"
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
		// Rules are held against thousands of texts each time that they are checked, which takes minutes
		// under the race detector; what runs in parallel there is tested beside it.
		Condition: func(name string) (bool, error) {
			if name == "race" {
				return raceDetector, nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("QIANSHAO_BROWSER", "off") // the same on every machine
			env.Setenv("QIANSHAO_DATA", env.WorkDir+"/data")
			return os.MkdirAll(env.WorkDir+"/data", 0o700)
		},
	})
}
