// Package backendstest gives tests the servers that several machines share, as .ci/backends
// starts them.
package backendstest

import (
	"crypto/rand"
	"database/sql"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/qianshao/qianshao/evidence/bucket/buckettest"
	"github.com/qianshao/qianshao/internal/backends"
	"github.com/qianshao/qianshao/store/postgres/postgrestest"
)

// OpenSearch names the variable with the nodes of a cluster, http://127.0.0.1:18840,http://….
const OpenSearch = "QIANSHAO_OPENSEARCH"

// Nodes returns the addresses of the cluster's nodes, with commas. Without a cluster the test is
// skipped.
func Nodes(t testing.TB) string {
	t.Helper()
	nodes := os.Getenv(OpenSearch)
	if nodes == "" {
		t.Skipf("no OpenSearch: set %s to the nodes of a cluster; .ci/backends starts one", OpenSearch)
	}
	return nodes
}

// Store returns options with a database of the test's own instead of the data folder's.
// Without a server the test is skipped.
func Store(t testing.TB) backends.Options {
	t.Helper()
	return backends.Options{Store: backends.Place{Address: postgrestest.DSN(t)}}
}

// All returns a database, a search index and a bucket of the test's own. Without one of the
// servers the test is skipped.
func All(t testing.TB) backends.Options {
	t.Helper()
	nodes := Nodes(t)
	all := Store(t)
	all.Index.Address = nodes + "/test-" + strings.ToLower(rand.Text())
	all.Evidence.Address = buckettest.S3Location(t)
	return all
}

// Flags returns the command line's flags for the options.
func Flags(o backends.Options) (flags []string) {
	for flag, place := range map[string]backends.Place{"--store": o.Store, "--index": o.Index, "--evidence": o.Evidence} {
		if place.Elsewhere() {
			flags = append(flags, flag, place.Address)
		}
	}
	return flags
}

// Cut ends the application's connections to the database, whatever they are doing.
func Cut(t testing.TB, o backends.Options, application string) {
	t.Helper()
	db, err := sql.Open("pgx", os.Getenv(postgrestest.Env))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name = $2`,
		strings.TrimPrefix(address(o).Path, "/"), application); err != nil {
		t.Fatal(err)
	}
}

// address is the address of a store that was made here.
func address(o backends.Options) *url.URL {
	u, err := url.Parse(o.Store.Address)
	if err != nil {
		panic(err)
	}
	return u
}

// OpenSearchNode names the variable with the command that kills and starts nodes of the cluster,
// .ci/servers/opensearch.sh, and with the number of nodes: "COMMAND 3".
const OpenSearchNode = "QIANSHAO_OPENSEARCH_NODE"

// Killable returns a function that kills one node of the OpenSearch cluster and returns a function that
// starts it again. If there is no cluster of several nodes that may be killed, the test is skipped.
func Killable(t testing.TB) (kill func() (restart func())) {
	t.Helper()
	command, nodes, ok := strings.Cut(os.Getenv(OpenSearchNode), " ")
	if n, err := strconv.Atoi(nodes); !ok || err != nil || n < 2 {
		t.Skipf("no nodes of OpenSearch to kill: set %s to their command and number, as .ci/backends does", OpenSearchNode)
	}
	run := func(arguments ...string) {
		t.Helper()
		if output, err := exec.Command(command, arguments...).CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v\n%s", command, arguments, err, output)
		}
	}
	return func() (restart func()) {
		t.Helper()
		run("kill", "1")
		restart = sync.OnceFunc(func() { run("node", "1", nodes); run("wait", nodes) })
		t.Cleanup(restart)
		return restart
	}
}

// Servers names the variable with the folder of the scripts that start servers, .ci/servers.
const Servers = "QIANSHAO_SERVERS"

// Start starts a server for one test by its script, which gets the port and folder in variables
// with this prefix, and further settings in env. It returns the server's port on 127.0.0.1 and its
// folder. Without the scripts the test is skipped.
func Start(t testing.TB, script, prefix string, env ...string) (port, folder string) {
	t.Helper()
	scripts := os.Getenv(Servers)
	if scripts == "" {
		t.Skipf("no servers to start: set %s to the folder of their scripts, as .ci/backends does", Servers)
	}
	folder, err := os.MkdirTemp("", "qianshao-"+script+"-") // only the test itself could enter the folder of t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ = net.SplitHostPort(free.Addr().String())
	_ = free.Close()
	run := func(verb string) {
		t.Helper()
		command := exec.Command(filepath.Join(scripts, script+".sh"), verb)
		command.Env = append(append(os.Environ(), prefix+"_ROOT="+folder, prefix+"_PORT="+port), env...)
		log, err := os.Create(filepath.Join(folder, verb+".txt")) // not a pipe, which the server would keep open
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		command.Stdout, command.Stderr = log, log
		if err := command.Run(); err != nil {
			said, _ := os.ReadFile(log.Name())
			t.Fatalf("%s %s: %v\n%s", script, verb, err, said)
		}
	}
	t.Cleanup(func() { run("clean") })
	run("start")
	return port, folder
}
