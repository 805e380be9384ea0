package app_test

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/qianshao/qianshao/internal/backends"
	"github.com/qianshao/qianshao/internal/backends/backendstest"
	"github.com/qianshao/qianshao/internal/datafolder"
)

// QIANSHAO_KILLS is the number of kills, as in cmd/qianshao: "make soak" sets 50.
const kills = "QIANSHAO_KILLS"

// killsOr returns the number of kills asked for, or else few.
func killsOr(t *testing.T, few int) int {
	t.Helper()
	asked := os.Getenv(kills)
	if asked == "" {
		return few
	}
	n, err := strconv.Atoi(asked)
	if err != nil || n < 1 {
		t.Fatalf("%s=%s is not a number of kills", kills, asked)
	}
	return n
}

// place is where a process that is killed works: a data folder, and servers that replace some of its
// parts.
type place struct {
	datafolder.Options
	// cut says that its connections to the database are cut, too.
	cut bool
}

// childServers is the variable with the servers of a child, in JSON.
const childServers = "QIANSHAO_TEST_SERVERS"

// cuttable is the application name of a child's connections to the database.
const cuttable = "cuttable"

// onEach runs a test in parallel on a data folder alone, on servers, and on servers whose
// connections are cut.
func onEach(t *testing.T, test func(*testing.T, place)) {
	t.Parallel()
	for _, name := range []string{"folder", "servers", "cut"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := place{datafolder.Options{Data: t.TempDir(), Version: "test"}, name == "cut"}
			if name != "folder" {
				p.Backends = backendstest.All(t)
			}
			test(t, p)
		})
	}
}

// child returns the command that runs the test in another process. The variable names the
// folder; serversOfChild returns the servers.
func (p place) child(t *testing.T, variable string, more ...string) *exec.Cmd {
	t.Helper()
	named := p.Backends
	named.Store = named.Store.Named(cuttable)
	servers, err := json.Marshal(named)
	if err != nil {
		t.Fatal(err)
	}
	name, _, _ := strings.Cut(t.Name(), "/")
	child := exec.Command(os.Args[0], "-test.run=^"+name+"$", "-test.timeout=5m")
	child.Env = append(os.Environ(), variable+"="+p.Data, childServers+"="+string(servers))
	child.Env = append(child.Env, more...)
	return child
}

func serversOfChild(t *testing.T) (servers backends.Options) {
	t.Helper()
	if err := json.Unmarshal([]byte(os.Getenv(childServers)), &servers); err != nil {
		t.Fatal(err)
	}
	return servers
}

// disturb waits until there are enough answers, however long that takes, and cuts the child's
// connections meanwhile, after every few answers: if they were cut more often, there might never be an
// answer.
func (p place) disturb(t *testing.T, answered *atomic.Int64, enough int64) {
	t.Helper()
	next := answered.Load()
	within(t, time.Minute, "the clients have answers", func() bool {
		n := answered.Load()
		if p.cut && n >= next {
			time.Sleep(time.Duration(rand.IntN(30)) * time.Millisecond)
			backendstest.Cut(t, p.Backends, cuttable)
			next = n + 1 + rand.Int64N(10)
		}
		return n >= enough
	})
}
