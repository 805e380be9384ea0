package datafolder_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/qianshao/qianshao/internal/backends"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store/postgres/postgrestest"
)

// copiedChild has the options of the process that runs on a folder, in JSON.
const copiedChild = "QIANSHAO_TEST_COPIED"

// TestCopiedFolder: while a process runs on a folder, a process on a copy of it is refused, until
// the copy has a holder of its own. After a kill the next process can start at once.
func TestCopiedFolder(t *testing.T) {
	if options := os.Getenv(copiedChild); options != "" {
		runCopied(t, options)
		return
	}
	t.Parallel()
	servers := backends.Options{ // a cluster that is down must not keep a process from starting
		Store: backends.Place{Address: postgrestest.DSN(t)}, Index: backends.Place{Address: "http://127.0.0.1:1/i"}, Evidence: backends.Place{Address: t.TempDir()},
	}
	original, copied := datafolder.Options{Data: t.TempDir(), Backends: servers}, datafolder.Options{Data: t.TempDir(), Backends: servers}
	options, err := json.Marshal(original)
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestCopiedFolder$")
	child.Env = append(os.Environ(), copiedChild+"="+string(options))
	if _, err := child.StdinPipe(); err != nil { // it ends with this process
		t.Fatal(err)
	}
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(output).ReadString('\n'); line != "open\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	holder, err := os.ReadFile(filepath.Join(original.Data, "holder"))
	if err != nil {
		t.Fatal(err)
	}
	its := filepath.Join(copied.Data, "holder")
	if err := os.WriteFile(its, holder, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, run(t, copied), fmt.Sprintf("uses the name %.16s of %s; if the folder was copied, delete %s", holder, copied.Data, its))
	if f, err := datafolder.Open(t.Context(), copied); err != nil {
		t.Errorf("a command that leases nothing: %v", err)
	} else if err := f.Close(); err != nil {
		t.Error(err)
	}
	if err := os.Remove(its); err != nil {
		t.Fatal(err)
	}
	if err := run(t, copied); err != nil {
		t.Errorf("with a holder of its own: %v", err)
	}
	if err := errors.Join(child.Process.Kill(), os.WriteFile(its, holder, 0o600)); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	if err := run(t, copied); err != nil {
		t.Errorf("after the other was killed: %v", err)
	}
}

// runCopied runs on a folder until the test that started it ends.
func runCopied(t *testing.T, options string) {
	var opts datafolder.Options
	if err := json.Unmarshal([]byte(options), &opts); err != nil {
		t.Fatal(err)
	}
	if _, _, err := datafolder.OpenWithIndex(t.Context(), opts, nil); err != nil {
		t.Fatal(err)
	}
	fmt.Println("open")
	_, _ = io.Copy(io.Discard, os.Stdin)
}
