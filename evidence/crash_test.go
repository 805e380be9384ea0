package evidence_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/evidence"
)

// childFolder makes of this test binary a process that archives until it is killed.
const (
	childFolder = "QIANSHAO_TEST_ARCHIVE_INTO"
	childFirst  = "QIANSHAO_TEST_ARCHIVE_FROM"
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(childFolder); folder != "" {
		fmt.Println(archiveForEver(folder))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// archiveForEver adds pages and prints the number of each that is archived;
// every tenth time it deletes what is even. It returns only if something fails.
func archiveForEver(folder string) error {
	ctx := context.Background()
	a, err := opened(folder, 20_000)
	if err != nil {
		return err
	}
	var first int
	if _, err := fmt.Sscan(os.Getenv(childFirst), &first); err != nil {
		return err
	}
	if err := a.Recover(ctx); err != nil {
		return err
	}
	for i := first; ; i++ {
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
}

// TestKill9 kills a process that archives and deletes, at random moments, again
// and again over one archive. Each time what it had said to be archived is
// there once, and the archive verifies after a start, and without one but for
// bytes that were never recorded.
func TestKill9(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	folder, first := t.TempDir(), 0
	archived := map[int]bool{}
	for range rounds {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childFolder+"="+folder, fmt.Sprintf("%s=%d", childFirst, first))
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

		a := open(t, folder, 20_000)
		list, _ := a.problems(t, evidence.Head{})
		for _, p := range list {
			if !strings.Contains(p, "never recorded") && !strings.Contains(p, "before it was recorded") && !strings.Contains(p, temporaryFile) {
				t.Errorf("before a start: %s", p)
			}
		}
		if err := a.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		if v := a.sound(t); v.Uncut > 0 {
			t.Errorf("deletions are not finished: %+v", v)
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

const temporaryFile = "an interrupted process has left this file"
