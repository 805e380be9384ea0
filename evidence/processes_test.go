package evidence_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
)

// archivedOnce checks that the archive verifies and has each page once.
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

// TestTwoProcesses: two processes write into one folder at once, each its own chain.
func TestTwoProcesses(t *testing.T) {
	const pages = 9 // of each process; the tenth would begin a deletion
	folder := sqlitetest.Folder(t)
	a := open(t, folder) // migrated before the children open it
	var all sync.WaitGroup
	for n := range 2 {
		all.Go(func() {
			if out, err := child(folder, 100*n, fmt.Sprintf("%s=%d", childPages, pages), fmt.Sprintf("%s=w%d", childWriter, n)).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	all.Wait()
	archivedOnce(t, a, 2*pages)
	if v := a.sound(t); v.Chains != 2 || v.Head.Seq < 2 {
		t.Errorf("verified %+v, want two chains, each registered at its end", v)
	}
}

// TestDeletingBesideAnother: one process deletes while another adds.
func TestDeletingBesideAnother(t *testing.T) {
	folder := sqlitetest.Folder(t)
	a := open(t, folder)
	var all sync.WaitGroup
	for n := range 2 {
		all.Go(func() {
			if out, err := child(folder, 1000*n, fmt.Sprintf("%s=%d", childPages, 9+20*n), fmt.Sprintf("%s=w%d", childWriter, n)).CombinedOutput(); err != nil {
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

// TestTwoArchives: two archives of one writer on one folder within a process, each used by
// several goroutines.
func TestTwoArchives(t *testing.T) {
	const workers, pages = 3, 5
	folder := sqlitetest.Folder(t)
	archives := []archive{open(t, folder), open(t, folder)}
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

// failing is a ledger that fails to link anything while fails is set.
type failing struct {
	evidence.Ledger
	fails  error
	linked bool // it links, but returns an error
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
	a, err := opened(sqlitetest.Folder(t), "writer", func(l evidence.Ledger) evidence.Ledger {
		f.Ledger = l
		return f
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.store.Close() })
	return a, f
}

// TestLinkingFails: if the transaction fails that links what was written,
// nothing is linked, no object stays, and the next Add succeeds.
func TestLinkingFails(t *testing.T) {
	a, ledger := openFailing(t)
	for before := range 2 { // in a new chain, and in an existing one
		ledger.fails = fmt.Errorf("for the test: %w", evidence.ErrEndChanged)
		if _, err := a.Add(t.Context(), item(before, "x")); !errors.Is(err, evidence.ErrEndChanged) {
			t.Fatalf("error %v", err)
		}
		if v := a.sound(t); v.Records != 5*before || len(a.files(t)) != before {
			t.Errorf("verified %+v in %d files", v, len(a.files(t)))
		}
		ledger.fails = nil
		if added := a.add(t, item(before, "x")); added.Records != 5 {
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

// TestLostAnswer: the ledger returns an error although the links were
// committed. Add asks the ledger again, and the page is archived only once.
func TestLostAnswer(t *testing.T) {
	a, ledger := openFailing(t)
	ledger.fails, ledger.linked = errors.New("the connection was lost"), true
	if added := a.add(t, item(1, "x")); added.Records != 5 {
		t.Fatalf("added %+v", added)
	}
	archivedOnce(t, a, 1)
	ledger.fails = nil
	if added := a.add(t, item(1, "x")); added.Records != 0 {
		t.Errorf("archived again: %+v", added)
	}
	a.add(t, item(2, "x"))
	archivedOnce(t, a, 2)
}

// unreachable is a ledger that at some moment becomes unreachable.
type unreachable struct {
	failing
	away error
}

func (u *unreachable) FenceEvidence(ctx context.Context, chain int64) error {
	if u.away != nil {
		return u.away
	}
	return u.failing.FenceEvidence(ctx, chain)
}

// TestNobodyKnows: linking fails, and the ledger cannot be asked whether the links were recorded. Their
// object stays. If they were, a repeated Add notices it; if not, the next start removes the object.
func TestNobodyKnows(t *testing.T) {
	for _, linked := range []bool{true, false} {
		folder, u := sqlitetest.Folder(t), &unreachable{away: errors.New("the database is away")}
		a, err := opened(folder, "writer", func(l evidence.Ledger) evidence.Ledger { u.Ledger = l; return u })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { a.store.Close() })
		u.fails, u.linked = errors.New("the connection was lost"), linked
		if _, err := a.Add(t.Context(), item(1, "x")); !errors.Is(err, u.fails) || !errors.Is(err, u.away) {
			t.Fatalf("error %v", err)
		}
		u.fails, u.away = nil, nil
		if added := a.add(t, item(1, "x")); (added.Records == 0) != linked {
			t.Errorf("linked %v: added again %+v", linked, added)
		}
		if n := len(a.files(t)); (n == 1) != linked {
			t.Errorf("linked %v: %d objects", linked, n)
		}
		if err := a.Close(t.Context()); err != nil { // which looks for what its chains have left
			t.Fatal(err)
		}
		archivedOnce(t, a, 1)
		if n := len(a.files(t)); n != 1 {
			t.Errorf("linked %v: %d objects", linked, n)
		}
	}
}

// TestKilledBeforeLinking kills a process after it has stored an object and
// before it links it: only the writer's next start removes the object.
func TestKilledBeforeLinking(t *testing.T) {
	for _, link := range []int{1, 3} { // in a new chain, in one with links
		t.Run(fmt.Sprintf("link %d", link), func(t *testing.T) {
			t.Parallel()
			folder := sqlitetest.Folder(t)
			if out, err := child(folder, 0, fmt.Sprintf("%s=%d", childDies, link)).CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
				t.Fatalf("the process ended with %v: %s", err, out)
			}
			other, err := opened(folder, "other", nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { other.store.Close() })
			if err := other.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			if list, _ := other.problems(t, evidence.Head{}); len(list) != 1 || !strings.Contains(list[0], "the file was never recorded") {
				t.Errorf("problems %q, want the object that was never recorded", list)
			}
			a := open(t, folder)
			if err := a.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			archivedOnce(t, a, link-1)
			a.add(t, aged(link-1, 0, qianshao.Gambling))
			archivedOnce(t, a, link)
		})
	}
}

// stalling blocks a process between storing an object and linking it.
type stalling struct {
	evidence.Ledger
	stalled, goOn chan struct{}
	once          sync.Once
}

func (s *stalling) AppendEvidence(ctx context.Context, after evidence.Head, x evidence.Extension) error {
	s.once.Do(func() { close(s.stalled); <-s.goOn })
	return s.Ledger.AppendEvidence(ctx, after, x)
}

// TestTakenForDead: a process that stalls while the writer's next one starts is fenced. Its object has been
// removed, so it links nothing to it, begins another chain and stores it again.
func TestTakenForDead(t *testing.T) {
	folder := sqlitetest.Folder(t)
	s := &stalling{stalled: make(chan struct{}), goOn: make(chan struct{})}
	slow, err := opened(folder, "writer", func(l evidence.Ledger) evidence.Ledger { s.Ledger = l; return s })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slow.store.Close() })
	var adding sync.WaitGroup
	adding.Go(func() { slow.add(t, item(1, "x")) })
	<-s.stalled
	a := open(t, folder)
	if n := len(a.files(t)); n != 1 {
		t.Errorf("%d objects while the process stalls", n)
	}
	if err := a.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(a.files(t)); n != 0 {
		t.Errorf("%d objects after the next start", n)
	}
	close(s.goOn)
	adding.Wait()
	archivedOnce(t, a, 1)
	if v := a.sound(t); v.Chains != 1 {
		t.Errorf("verified %+v", v)
	}
}
