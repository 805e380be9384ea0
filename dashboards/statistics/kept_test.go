package statistics

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/report"
)

// queryOf is a query for the week of a day.
func queryOf(day int, sight qianshao.Sight) report.Query {
	return report.Query{Period: report.Week(time.Date(2026, 1, 7*day, 12, 0, 0, 0, time.UTC), time.UTC), Sight: sight}
}

// TestKept: while a report is being made, those who ask for it are told so, and get it once it is
// ready. It is made once, one at a time, and again when it is old. Another sight gets its own.
func TestKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		made, working := 0, 0
		k := newKept(func(context.Context, report.Query) (*report.Report, error) {
			if working++; working > 1 {
				t.Error("two are made at a time")
			}
			time.Sleep(time.Second)
			working--
			made++
			return &report.Report{}, nil
		}, time.Now, nil)
		all := queryOf(1, qianshao.SeeAll())
		if _, err := k.get(all).wait(t.Context(), patience); !errors.Is(err, errMaking) {
			t.Fatalf("at once: %v", err)
		}
		other := k.get(queryOf(1, qianshao.Sight{Authorisations: []string{"a", "b"}}))
		if k.get(queryOf(1, qianshao.Sight{Authorisations: []string{"b", "a"}})) != other {
			t.Error("the order of authorisations makes another sight")
		}
		time.Sleep(900 * time.Millisecond)
		if r, err := k.get(all).wait(t.Context(), patience); err != nil || r == nil {
			t.Errorf("then: %v", err)
		}
		if r, err := other.wait(t.Context(), time.Minute); err != nil || r == nil || made != 2 {
			t.Errorf("of the other sight: %v, %d made", err, made)
		}
		time.Sleep(maxAge)
		if _, err := k.get(all).wait(t.Context(), patience); !errors.Is(err, errMaking) {
			t.Errorf("an old one: %v", err)
		}
		synctest.Wait()
		time.Sleep(time.Minute)
	})
}

// TestKeptAbandoned: a report that nobody is waiting for any more is not made, and does not block
// others.
func TestKeptAbandoned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		made := map[string]int{}
		k := newKept(func(_ context.Context, q report.Query) (*report.Report, error) {
			made[q.Authorisation]++
			time.Sleep(30 * time.Second)
			return &report.Report{}, nil
		}, time.Now, nil)
		of := func(name string) *making {
			q := queryOf(1, qianshao.SeeAll())
			q.Authorisation = name
			return k.get(q)
		}
		for i := range maxKept {
			of(fmt.Sprint("left ", i))
			synctest.Wait()
		}
		if of("mine") != nil {
			t.Error("more are made than are kept")
		}
		time.Sleep(abandoned + time.Second)
		mine := of("mine")
		if mine == nil {
			t.Fatal("there is no place for who waits, among those that nobody waits for")
		}
		for range 60 { // as the page does
			if _, err := mine.wait(t.Context(), patience); !errors.Is(err, errMaking) {
				break
			}
			time.Sleep(2 * time.Second)
			mine = of("mine")
		}
		if r, err := mine.wait(t.Context(), patience); err != nil || r == nil || made["mine"] != 1 || len(made) != 2 {
			t.Errorf("%v; %v were made", err, made)
		}
	})
}

// TestKeptFew: at most maxKept reports are kept or being made; a failure is reported and forgotten;
// reports being made stop with the process.
func TestKeptFew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		failure, closing := errors.New("disk"), make(chan struct{})
		k := newKept(func(ctx context.Context, q report.Query) (*report.Report, error) {
			if q.Authorisation == "fails" {
				return nil, failure
			}
			if q.Authorisation == "hangs" {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return &report.Report{}, nil
		}, time.Now, closing)
		fails := queryOf(1, qianshao.SeeAll())
		fails.Authorisation = "fails"
		if _, err := k.get(fails).wait(t.Context(), patience); !errors.Is(err, failure) || len(k.list) != 0 {
			t.Errorf("a failure: %v, %d kept", err, len(k.list))
		}
		for i := range 3 * maxKept {
			if _, err := k.get(queryOf(i, qianshao.SeeAll())).wait(t.Context(), patience); err != nil {
				t.Fatal(err)
			}
		}
		if len(k.list) != maxKept {
			t.Errorf("%d are kept", len(k.list))
		}
		for i := range maxKept {
			q := queryOf(1, qianshao.Sight{Authorisations: []string{fmt.Sprint(i)}})
			q.Authorisation = "hangs"
			if k.get(q) == nil {
				t.Fatalf("after %d none is taken any more", i)
			}
		}
		if k.get(fails) != nil {
			t.Error("more are made than are kept")
		}
		close(closing)
		synctest.Wait()
		if len(k.list) != 0 {
			t.Errorf("%d are still being made", len(k.list))
		}
	})
}
