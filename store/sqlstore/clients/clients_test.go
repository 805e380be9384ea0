package clients

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/database/databasetest"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// each runs a test on each engine.
func each(t *testing.T, test func(t *testing.T, c *Clients)) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, open databasetest.Open) { test(t, New(open(t))) })
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (c *Clients) update(t *testing.T, f func(ctx context.Context, tx *database.Tx) error) {
	t.Helper()
	check(t, c.db.Update(t.Context(), database.Ordered, "test", func(tx *database.Tx) error { return f(t.Context(), tx) }))
}

func keyed(key, holder string) store.KeyedRequest {
	return store.KeyedRequest{Account: "me", Key: key, Hash: "request", Holder: holder}
}

// TestAnswersHaveAHolder: a process that has not answered its request can begin it again at once, another
// process after store.AnswerTime; a process whose request was taken over can neither answer nor drop it.
func TestAnswersHaveAHolder(t *testing.T) {
	each(t, func(t *testing.T, c *Clients) {
		begin := func(holder string, at time.Time, want bool) store.KeptAnswer {
			t.Helper()
			kept, begun, err := c.BeginAnswer(t.Context(), keyed("k", holder), at)
			if err != nil || begun != want {
				t.Errorf("%s begins at %v: %v, %v", holder, at, begun, err)
			}
			return kept
		}
		begin("own", now, true)
		begin("own", now, true)
		if kept := begin("other", now.Add(store.AnswerTime-time.Second), false); kept.Status != 0 {
			t.Errorf("a request still being worked on has the answer %+v", kept)
		}
		begin("other", now.Add(store.AnswerTime), true)
		check(t, c.KeepAnswer(t.Context(), keyed("k", "own"), store.KeptAnswer{Status: 201}))
		check(t, c.DropAnswer(t.Context(), keyed("k", "own")))
		begin("own", now.Add(store.AnswerTime), false)
		check(t, c.KeepAnswer(t.Context(), keyed("k", "other"), store.KeptAnswer{Status: 202}))
		check(t, c.DropAnswer(t.Context(), keyed("k", "other")))
		if kept := begin("own", now.Add(store.AnswerTime), false); kept.Status != 202 {
			t.Errorf("the kept answer is %+v", kept)
		}
		begin("other", now.Add(store.AnswerTime), false)
	})
}

// TestAnswersHaveATerm: an answer is forgotten after its term, and the oldest make room.
func TestAnswersHaveATerm(t *testing.T) {
	each(t, func(t *testing.T, c *Clients) {
		begin := func(key string, at time.Time) bool {
			t.Helper()
			_, begun, err := c.BeginAnswer(t.Context(), keyed(key, "own"), at)
			check(t, err)
			return begun
		}
		keep := func(key string) {
			t.Helper()
			check(t, c.KeepAnswer(t.Context(), keyed(key, "own"), store.KeptAnswer{Status: 201, Location: "/x"}))
		}
		if !begin("a", now) {
			t.Fatal("a first request is not begun")
		}
		keep("a")
		if begin("a", now.Add(store.AnswerTerm-time.Second)) {
			t.Error("forgotten before its term")
		}
		if !begin("a", now.Add(store.AnswerTerm+time.Second)) {
			t.Error("not forgotten after its term")
		}
		keep("a")
		c.update(t, func(ctx context.Context, tx *database.Tx) error { return DropAnswersOf(ctx, tx, "/x") })
		if !begin("a", now.Add(store.AnswerTerm+time.Second)) {
			t.Error("an answer outlives what it names")
		}
		keep("a")
		check(t, c.ExpireAnswers(t.Context(), now.Add(3*store.AnswerTerm)))
		if !begin("a", now) {
			t.Error("not forgotten when old answers are")
		}
		keep("a")
		c.update(t, func(ctx context.Context, tx *database.Tx) error {
			_, err := tx.ExecContext(ctx, `
INSERT INTO kept_answers (account, key, request, begun, status, type, location, body)
WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $2)
SELECT 'me', 'k' || i, 'request', $1 + i, 201, '', '', '' FROM n`, database.Millis(now), store.MaxAnswers)
			return err
		})
		if !begin("new", now.Add(time.Minute)) || !begin("a", now.Add(time.Minute)) {
			t.Error("the oldest answer does not make room")
		}
		if begin(fmt.Sprint("k", store.MaxAnswers), now.Add(time.Minute)) {
			t.Error("the newest answer made room")
		}
	})
}

// TestViewsAreBounded: an account has at most MaxViews views; replacing one does not add one.
func TestViewsAreBounded(t *testing.T) {
	each(t, func(t *testing.T, c *Clients) {
		save := func(owner, name string) error {
			_, err := c.SaveView(t.Context(), store.SavedView{ID: owner + name, Owner: owner, Name: name, Changed: now})
			return err
		}
		for i := range store.MaxViews {
			check(t, save("me", fmt.Sprint(i)))
		}
		if err := save("me", "more"); !errors.Is(err, store.ErrTooManyViews) {
			t.Errorf("one too many: %v", err)
		}
		check(t, save("me", "0"))
		check(t, save("other", "more"))
	})
}

// TestNewFindings: each new finding gets the next number, a known one none; the oldest are forgotten.
func TestNewFindings(t *testing.T) {
	each(t, func(t *testing.T, c *Clients) {
		found := func(id string) {
			t.Helper()
			c.update(t, func(ctx context.Context, tx *database.Tx) error { return Found(ctx, tx, id) })
		}
		found("a")
		found("b")
		list, err := c.NewFindings(t.Context(), 0, 10)
		if err != nil || len(list) != 2 || list[0] != (store.NewFinding{Seq: 1, Finding: "a"}) || list[1].Seq != 2 {
			t.Errorf("%+v, %v", list, err)
		}
		c.update(t, func(ctx context.Context, tx *database.Tx) error {
			_, err := tx.ExecContext(ctx, `
INSERT INTO finding_news (seq, finding) WITH RECURSIVE n (i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT i, 'n' || i FROM n`, store.KeptNews)
			return err
		})
		found("c")
		list, err = c.NewFindings(t.Context(), 0, 1)
		if err != nil || len(list) != 1 || list[0].Seq != 2 {
			t.Errorf("the oldest remembered is %+v, %v", list, err)
		}
		if act, finding, err := c.Now(t.Context()); err != nil || act != 0 || finding != store.KeptNews+1 {
			t.Errorf("now %d, %d, %v", act, finding, err)
		}
	})
}

// TestPreferencesAndLooks: each account has its own, and a look cannot be set back.
func TestPreferencesAndLooks(t *testing.T) {
	each(t, func(t *testing.T, c *Clients) {
		for _, p := range []store.Preferences{{}, {Compact: true}, {Clear: true}} {
			if p != (store.Preferences{}) {
				check(t, c.SavePreferences(t.Context(), "me", p))
			}
			mine, err := c.Preferences(t.Context(), "me")
			check(t, err)
			theirs, err := c.Preferences(t.Context(), "you")
			check(t, err)
			if mine != p || theirs != (store.Preferences{}) {
				t.Errorf("saved %+v, mine are %+v, theirs %+v", p, mine, theirs)
			}
		}
		for _, at := range []time.Time{now, now.Add(-time.Hour)} {
			check(t, c.SaveLooked(t.Context(), "me", "open", at))
		}
		for _, who := range []struct {
			account, list string
			at            time.Time
		}{{"me", "open", now}, {"me", "mine", time.Time{}}, {"you", "open", time.Time{}}} {
			at, err := c.Looked(t.Context(), who.account, who.list)
			check(t, err)
			if !at.Equal(who.at) {
				t.Errorf("%s has looked at %s at %v, want %v", who.account, who.list, at, who.at)
			}
		}
	})
}
