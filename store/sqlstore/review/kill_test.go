package review_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store/sqlstore/database/databasetest"
	"github.com/qianshao/qianshao/store/storetest"
)

// QIANSHAO_KILLS sets the number of kills, as in cmd/qianshao: "make soak" sets 50.
const kills = "QIANSHAO_KILLS"

// killedDatabase names the database that the child of TestKilledDesk uses.
const killedDatabase = "QIANSHAO_TEST_KILLED_DESK"

// killedFindings is how many findings it acts on. A batch of them takes several transactions.
const killedFindings = 60

// TestKilledDesk kills a process at random moments in which three people decide, undo and act on batches.
// Each act that it has acknowledged is in the trail once; the trail is intact, and the standings follow
// from it; batches are finished.
func TestKilledDesk(t *testing.T) {
	if path := os.Getenv(killedDatabase); path != "" {
		actUntilKilled(t, path)
		return
	}
	t.Parallel()
	databasetest.EachPlace(t, killedDesk)
}

func killedDesk(t *testing.T, place databasetest.Place) {
	rounds := 5
	if asked := os.Getenv(kills); asked != "" {
		var err error
		if rounds, err = strconv.Atoi(asked); err != nil || rounds < 1 {
			t.Fatalf("%s=%s is not a number of kills", kills, asked)
		}
	}
	path := place(t)
	d := storetest.NewDesk(t, func(t testing.TB) (storetest.Store, storetest.Review) { return openAt(t, path) })
	d.FindMany(t, killedFindings)
	acknowledged := map[string]string{} // the act for each key
	for round := range rounds {
		for key, act := range killOnce(t, path, round) {
			acknowledged[key] = act
		}
		checkAcknowledged(t, d, acknowledged)
		d.Verify(t)
	}
	if len(acknowledged) < rounds {
		t.Errorf("%d acts were acknowledged in %d rounds", len(acknowledged), rounds)
	}
	checkBatches(t, d)
	t.Logf("%d kills, %d acts acknowledged", rounds, len(acknowledged))
}

// killOnce lets a child act for a random time, and returns what it has acknowledged.
func killOnce(t *testing.T, path string, round int) map[string]string {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestKilledDesk$")
	child.Env = append(os.Environ(), killedDatabase+"="+path, "QIANSHAO_TEST_ROUND="+strconv.Itoa(round))
	var stderr bytes.Buffer
	child.Stderr = &stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lives := 400 * time.Millisecond
	if strings.HasPrefix(path, "postgres://") { // where three people's connections are made and statements prepared first
		lives = 2 * time.Second
	}
	list := map[string]string{}
	var timer *time.Timer
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var key, act string
		switch n, _ := fmt.Sscanf(lines.Text(), "did %s %s", &key, &act); {
		case n == 2:
			list[key] = act
		case timer == nil: // it has begun; further output means that something is wrong
			timer = time.AfterFunc(time.Duration(rand.Int64N(int64(lives))), func() { _ = child.Process.Kill() })
		default:
			t.Errorf("the child says: %s", lines.Text())
		}
	}
	if err := child.Wait(); err == nil || stderr.Len() > 0 {
		t.Fatalf("the child has ended by itself: %v\n%s", err, stderr.String())
	}
	return list
}

// checkAcknowledged: each acknowledged act is in the trail, once.
func checkAcknowledged(t *testing.T, d *storetest.Desk, acknowledged map[string]string) {
	t.Helper()
	have := map[string]string{}
	for since := int64(0); ; {
		acts, err := d.Acts(t.Context(), d.Accounts["amy"], since, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(acts) == 0 {
			break
		}
		for i := range acts {
			a := &acts[i]
			if a.Key != "" {
				if other, twice := have[a.Key]; twice {
					t.Errorf("the key %s has the acts %s and %d", a.Key, other, a.Seq)
				}
				have[a.Key] = fmt.Sprint(a.Seq)
			}
			since = a.Seq
		}
	}
	for key, act := range acknowledged {
		if have[key] != act {
			t.Errorf("act %s (%s) was acknowledged; the trail has %q", act, key, have[key])
		}
	}
}

// checkBatches: every batch is finished, and has acted once on each member.
func checkBatches(t *testing.T, d *storetest.Desk) {
	t.Helper()
	if err := d.Review.DropUnused(t.Context(), time.Time{}); err != nil {
		t.Fatal(err)
	}
	ids, err := d.Review.Unfinished(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if err := d.Run(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	done := map[string]int{}
	acts, err := d.Acts(t.Context(), d.Accounts["amy"], 0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	for i := range acts {
		if a := &acts[i]; a.Batch > 0 {
			done[fmt.Sprintf("%d %s %s", a.Batch, a.Kind, a.Subject)]++
		}
	}
	for what, times := range done {
		if times > 1 {
			t.Errorf("batch %s: %d times", what, times)
		}
	}
	list, err := d.Review.Batches(t.Context(), "", 0, 1000)
	if err != nil || len(list) == 0 {
		t.Errorf("%d batches, %v", len(list), err)
	}
	for _, b := range list {
		tally, err := d.Tally(t.Context(), d.Accounts["leo"], b.ID)
		if err != nil || b.State != desk.BatchFrozen && tally.Pending > 0 {
			t.Errorf("batch %d is %s: %+v, %v", b.ID, b.State, tally, err)
		}
	}
	d.Verify(t)
}

// actUntilKilled is the child: three people act, and each prints its acknowledged acts.
func actUntilKilled(t *testing.T, path string) {
	d := storetest.NewDesk(t, func(t testing.TB) (storetest.Store, storetest.Review) { return openAt(t, path) })
	records, err := d.Store.FindingRecords(t.Context(), "", killedFindings)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for i := range records {
		ids = append(ids, records[i].Finding.ID)
	}
	fmt.Println("begun")
	var people sync.WaitGroup
	people.Go(func() { d.Work(t.Context(), func(err error) { t.Error(err) }) })
	for _, by := range []string{"ann", "bob", "leo"} {
		people.Go(func() {
			for n := 0; ; n++ {
				key := fmt.Sprintf("%s-%s-%d", os.Getenv("QIANSHAO_TEST_ROUND"), by, n)
				if err := actAtRandom(t.Context(), d, by, key, ids); err != nil {
					fmt.Println(by, err)
				}
			}
		})
	}
	people.Wait()
}

// actAtRandom does one thing, and prints it when it was acknowledged. It is no error if somebody else was
// faster.
func actAtRandom(ctx context.Context, d *storetest.Desk, by, key string, ids []string) error {
	account := d.Accounts[by]
	f := qianshao.Subject{Kind: qianshao.SubjectFinding, ID: ids[rand.IntN(len(ids))]}
	v, err := d.Desk.Look(ctx, account, f)
	if err != nil {
		return err
	}
	var act qianshao.Act
	switch rand.IntN(8) {
	case 0:
		err = batchAtRandom(ctx, d, account, ids)
	case 1, 2, 3:
		act, err = d.Undo(ctx, account, max(1, v.Standing.Decided), "because", key)
	default:
		act, err = d.Do(ctx, account, desk.Draft{Subject: f, Kind: qianshao.ActDecide, Verdict: qianshao.VerdictUnsure, Basis: v.Standing.Act, Seen: v.Seen, Key: key})
	}
	if act.Seq != 0 {
		fmt.Printf("did %s %d\n", key, act.Seq)
	}
	var refusal *desk.Refusal
	if errors.Is(err, desk.ErrConflict) || errors.Is(err, desk.ErrForbidden) || errors.Is(err, desk.ErrNotFound) || errors.As(err, &refusal) {
		return nil
	}
	return err
}

func batchAtRandom(ctx context.Context, d *storetest.Desk, account qianshao.Account, ids []string) error {
	b, err := d.Freeze(ctx, account, desk.Selection{Findings: ids})
	if err != nil {
		return err
	}
	if b, err = d.Begin(ctx, account, b.ID, desk.Order{Kind: qianshao.ActDecide, Verdict: qianshao.VerdictUnsure, Again: true}, b.Members); err != nil || rand.IntN(2) == 0 {
		return err
	}
	_, err = d.UndoBatch(ctx, account, b.ID, "because")
	return err
}
