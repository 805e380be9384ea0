package evidence_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/evidence"
)

// archivedOnce checks that the archive is one whole chain with each page in it once.
func archivedOnce(t *testing.T, a archive, pages int) {
	t.Helper()
	a.sound(t)
	all, err := a.store.EvidenceCaptures(t.Context(), "", 0, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, c := range all {
		seen[c.URL] = true
	}
	if len(all) != pages || len(seen) != pages {
		t.Errorf("%d captures of %d pages, want %d", len(all), len(seen), pages)
	}
}

// TestTwoProcesses: two processes that write into one folder at once make one chain.
func TestTwoProcesses(t *testing.T) {
	const pages = 9 // of each process; the tenth would begin a deletion
	folder := t.TempDir()
	a := open(t, folder, 20_000) // migrated before the children open it
	var all sync.WaitGroup
	for n := range 2 {
		all.Go(func() {
			if out, err := child(folder, 100*n, fmt.Sprintf("%s=%d", childPages, pages)).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	all.Wait()
	archivedOnce(t, a, 2*pages)
}

// TestDeletingBesideAnother: one process deletes while another adds.
func TestDeletingBesideAnother(t *testing.T) {
	folder := t.TempDir()
	a := open(t, folder, 20_000)
	var all sync.WaitGroup
	for n := range 2 {
		all.Go(func() {
			if out, err := child(folder, 1000*n, fmt.Sprintf("%s=%d", childPages, 9+20*n)).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	all.Wait()
	if err := a.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	archivedOnce(t, a, 9+29)
	if v := a.sound(t); v.Deletions == 0 || v.Uncut > 0 {
		t.Errorf("verified %+v", v)
	}
}

// TestTwoArchives: two archives on one folder within a process, each used by
// several goroutines.
func TestTwoArchives(t *testing.T) {
	const workers, pages = 3, 5
	folder := t.TempDir()
	archives := []archive{open(t, folder, 10_000), open(t, folder, 10_000)}
	var all sync.WaitGroup
	for n, a := range archives {
		for w := range workers {
			all.Go(func() {
				for i := range pages {
					if _, err := a.Add(context.Background(), aged(1000*n+100*w+i, 0, qianshao.Gambling)); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	all.Wait()
	archivedOnce(t, archives[0], 2*workers*pages)
}

// failing is a ledger that does not link what it is given while fails is set.
type failing struct {
	evidence.Ledger
	fails  error
	linked bool // it links, and says that it has failed
}

func (f *failing) AppendEvidence(ctx context.Context, after evidence.Head, x evidence.Extension) error {
	if f.fails == nil {
		return f.Ledger.AppendEvidence(ctx, after, x)
	}
	if f.linked {
		if err := f.Ledger.AppendEvidence(ctx, after, x); err != nil {
			return err
		}
	}
	return f.fails
}

func openFailing(t *testing.T) (archive, *failing) {
	t.Helper()
	f := &failing{}
	a, err := openedWith(t.TempDir(), 20_000, func(l evidence.Ledger) evidence.Ledger {
		f.Ledger = l
		return f
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.store.Close() })
	return a, f
}

// TestLinkingFails: where the transaction fails that links what was written,
// nothing is linked, nothing stays in the files, and the next Add succeeds.
func TestLinkingFails(t *testing.T) {
	a, ledger := openFailing(t)
	for before := range 2 { // in a file that was to be begun, and in one that is there
		ledger.fails = fmt.Errorf("for the test: %w", evidence.ErrEndChanged)
		if _, err := a.Add(t.Context(), item(before, "x")); !errors.Is(err, evidence.ErrEndChanged) {
			t.Fatalf("error %v", err)
		}
		if v := a.sound(t); v.Records != 5*before || len(a.files(t)) != before {
			t.Errorf("verified %+v in %d files", v, len(a.files(t)))
		}
		ledger.fails = nil
		if added := a.add(t, item(before, "x")); added.Records != 4 {
			t.Errorf("added %+v", added)
		}
	}
	archivedOnce(t, a, 2)
	gone, err := a.Expired(t.Context(), evidence.Policy{Default: 1}, day.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	ledger.fails = errors.New("for the test")
	if err := a.Delete(t.Context(), gone); !errors.Is(err, ledger.fails) {
		t.Errorf("error %v", err)
	}
	archivedOnce(t, a, 2)
	ledger.fails = nil
	if err := a.Delete(t.Context(), gone); err != nil {
		t.Error(err)
	}
	a.sound(t)
}

// TestLostAnswer: the links were committed, although the ledger says that it
// has failed. What the ledger has stays in the file, and is not archived twice.
func TestLostAnswer(t *testing.T) {
	a, ledger := openFailing(t)
	ledger.fails, ledger.linked = errors.New("the connection was lost"), true
	if _, err := a.Add(t.Context(), item(1, "x")); !errors.Is(err, ledger.fails) {
		t.Fatalf("error %v", err)
	}
	archivedOnce(t, a, 1)
	ledger.fails = nil
	if added := a.add(t, item(1, "x")); added.Records != 0 {
		t.Errorf("archived again: %+v", added)
	}
	archivedOnce(t, a, 1)
}

// TestKilledBeforeLinking kills a process after it has synced a record and
// before it links it: the next start, or else the next Add, cuts it off.
func TestKilledBeforeLinking(t *testing.T) {
	for _, link := range []int{1, 3} { // of a new file, of one that is there
		for _, recovers := range []bool{true, false} {
			t.Run(fmt.Sprintf("link %d, recovers %v", link, recovers), func(t *testing.T) {
				folder := t.TempDir()
				if out, err := child(folder, 0, fmt.Sprintf("%s=%d", childDies, link)).CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
					t.Fatalf("the process ended with %v: %s", err, out)
				}
				a := open(t, folder, 20_000)
				list, _ := a.problems(t, evidence.Head{})
				if len(list) != 1 || !strings.Contains(list[0], "recorded") {
					t.Errorf("problems %q, want the bytes that were never recorded", list)
				}
				if recovers {
					if err := a.Recover(t.Context()); err != nil {
						t.Fatal(err)
					}
					archivedOnce(t, a, link-1)
				}
				a.add(t, aged(link-1, 0, qianshao.Gambling)) // the lock of the dead is free
				archivedOnce(t, a, link)
			})
		}
	}
}

// TestLock: Add waits for whoever holds the folder's lock, and not for longer
// than its context.
func TestLock(t *testing.T) {
	a := temp(t, 0)
	a.add(t, item(1, "x"))
	lock := flock.New(filepath.Join(a.folder, "archive.lock"))
	if err := lock.Lock(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := a.Add(ctx, item(2, "x")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while another has the lock: %v", err)
	}
	archivedOnce(t, a, 1)
	time.AfterFunc(50*time.Millisecond, func() { _ = lock.Unlock() })
	a.add(t, item(2, "x"))
	archivedOnce(t, a, 2)
}
