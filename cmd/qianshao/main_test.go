package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/notify"
)

func TestMain(m *testing.M) {
	if strings.HasSuffix(os.Args[0], ".test") { // not for a script's command, which sets its own language
		for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG", "QIANSHAO_LANG"} {
			os.Unsetenv(name)
		}
	}
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
		// Under the race detector a command takes a second or more to start, and minutes to test rules
		// on thousands of texts; other tests cover what runs in parallel there.
		Condition: func(name string) (bool, error) {
			if name == "race" {
				return raceDetector, nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"addchannel": addChannel},
		Setup: func(env *testscript.Env) error {
			env.Setenv("QIANSHAO_BROWSER", "off") // the same on every machine
			env.Setenv("QIANSHAO_DATA", env.WorkDir+"/data")
			return os.MkdirAll(env.WorkDir+"/data", 0o700)
		},
	})
}

// addChannel adds a webhook in a private network: addchannel NAME ADDRESS SECRET. Channels are
// added on the console only; there is no command for it.
func addChannel(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: addchannel NAME ADDRESS SECRET")
	}
	f, err := datafolder.Open(context.Background(), datafolder.Options{Data: ts.Getenv("QIANSHAO_DATA")})
	ts.Check(err)
	ts.Check(f.Store.PutChannel(context.Background(), byCommand(), notify.Channel{
		ID: "c-" + args[0], Name: args[0], Kind: notify.Webhook, Address: args[1], Secret: args[2], Private: true, Language: "zh",
	}))
	ts.Check(f.Close())
}

// TestConfigOfAnotherEncoding: a configuration file that a Chinese editor has saved as GBK is
// refused, with what to do.
func TestConfigOfAnotherEncoding(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "gbk.yaml")
	if err := os.WriteFile(name, []byte("contact: \xc7\xb0\xc9\xda\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := command(t, t.TempDir(), "--config", name, "version"); code != exitUsage || !strings.Contains(out, "gbk.yaml: not UTF-8; save the file as UTF-8") {
		t.Errorf("%d\n%s", code, out)
	}
}
