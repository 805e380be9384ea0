package evidence_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
)

// These variables turn this test binary into a process that archives pages,
// from the number childFirst on.
const (
	childFolder = "QIANSHAO_TEST_ARCHIVE_INTO"
	childWriter = "QIANSHAO_TEST_ARCHIVE_WRITER"
	childFirst  = "QIANSHAO_TEST_ARCHIVE_FROM"
	childPages  = "QIANSHAO_TEST_ARCHIVE_PAGES"     // how many; without it, until it is killed
	childDies   = "QIANSHAO_TEST_ARCHIVE_DIES_LINK" // kills itself instead of linking this one
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(childFolder); folder != "" {
		if err := archiveInto(folder); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child is a process that archives into a folder, as writer "writer" unless settings name another.
func child(folder string, first int, settings ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childFolder+"="+folder, childWriter+"=writer", fmt.Sprintf("%s=%d", childFirst, first))
	cmd.Env = append(cmd.Env, settings...)
	return cmd
}

// dying is a ledger that kills its process instead of linking something for the nth time.
type dying struct {
	evidence.Ledger
	n, calls int
}

func (d *dying) AppendEvidence(ctx context.Context, after evidence.Head, x evidence.Extension) error {
	if d.calls++; d.calls == d.n {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	return d.Ledger.AppendEvidence(ctx, after, x)
}

// archiveInto adds pages and prints the number of each that is archived;
// every tenth time it deletes those with an even number.
func archiveInto(folder string) error {
	ctx := context.Background()
	dies, _ := strconv.Atoi(os.Getenv(childDies))
	a, err := opened(folder, os.Getenv(childWriter), func(l evidence.Ledger) evidence.Ledger { return &dying{Ledger: l, n: dies} })
	if err != nil {
		return err
	}
	first, err := strconv.Atoi(os.Getenv(childFirst))
	if err != nil {
		return err
	}
	last := math.MaxInt
	if pages, err := strconv.Atoi(os.Getenv(childPages)); err == nil {
		last = first + pages
	}
	if err := a.Recover(ctx); err != nil {
		return err
	}
	for i := first; i < last; i++ {
		category := []qianshao.Category{qianshao.Gambling, qianshao.Fraud}[i%2]
		if _, err := a.Add(ctx, aged(i, 0, category)); err != nil {
			return err
		}
		fmt.Println(i)
		if i%10 != 9 {
			continue
		}
		list, err := a.Expired(ctx, evidence.Policy{Days: map[qianshao.Category]int{qianshao.Gambling: 1}}, day.AddDate(1, 0, 0))
		if err := errors.Join(err, a.Delete(ctx, list)); err != nil {
			return err
		}
	}
	return a.Close(ctx)
}

// TestKill9 kills a process that archives and deletes, at random moments, again and again on one archive.
// Each time, every page that it had reported as archived is there once. Before the next start, the only
// problems are objects that were never recorded; after it, the archive verifies, and the dead processes'
// chains are ended and registered.
func TestKill9(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	folder, first := sqlitetest.Folder(t), 0
	archived := map[int]bool{}
	for range rounds {
		child := child(folder, first)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(100*time.Millisecond+time.Duration(rand.Int64N(int64(400*time.Millisecond))), func() { _ = child.Process.Kill() })
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			var n int
			if _, err := fmt.Sscan(lines.Text(), &n); err != nil {
				t.Fatalf("the process says %s", lines.Text())
			}
			archived[n], first = true, n+1
		}
		_ = child.Wait()

		a := open(t, folder)
		list, _ := a.problems(t, evidence.Head{})
		for _, p := range list {
			if !strings.Contains(p, "the file was never recorded") {
				t.Errorf("before a start: %s", p)
			}
		}
		if err := a.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		if v := a.sound(t); v.Uncut > 0 {
			t.Errorf("deletions are not finished: %+v", v)
		}
		state, err := a.store.EvidenceState(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range state.Chains {
			if !c.Fenced || !c.Ended || c.Registered != c.Seq {
				t.Errorf("after a start there is the chain %+v", c)
			}
		}
		captures := map[string]int{}
		all, err := a.store.EvidenceCaptures(t.Context(), "", 0, 100_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			captures[c.URL]++
		}
		for n := range archived {
			if url := fmt.Sprintf("http://a.example/%d", n); captures[url] != 1 {
				t.Errorf("%s is archived %d times", url, captures[url])
			}
		}
	}
	if len(archived) < rounds {
		t.Errorf("only %d pages were archived in %d rounds", len(archived), rounds)
	}
}
