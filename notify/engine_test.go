package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/storetest"
)

// TestNew: findings made after an alert was created are reported once, several in one message, by campaign;
// earlier ones are not, nor are findings that are only seen again.
func TestNew(t *testing.T) {
	w := newWorld(t)
	w.found("old")
	w.feed()
	w.now = w.now.Add(time.Minute)
	w.alert("category:gambling", nil)
	w.tells("what was there", notify.Gather)
	w.found("a1")
	w.found("a2")
	w.found("b1")
	w.found("old")
	w.tells("before it is gathered", notify.Gather-time.Second)
	w.tells("three at once", time.Second, "new 3")
	w.found("a1")
	w.save("b1") // clean
	w.tells("seen again, and gone", time.Hour)
	w.logs("delivered 1")

	m := w.sent[0]
	if m.Alert != "值班群" || m.View != "夜班" || m.Link != "https://console.example/views/v1" || m.Left != 0 || !strings.HasPrefix(m.Key, "msg_") || m.Zone == nil {
		t.Errorf("%+v", m)
	}
	if len(m.Groups) != 2 || m.Groups[0].Findings != 2 || m.Groups[0].Campaign == "" || m.Groups[0].Link != "https://console.example/campaigns/"+m.Groups[0].Campaign ||
		m.Groups[0].Sites != 1 || !slices.Equal(m.Groups[0].Hosts, []string{"site.example"}) || m.Groups[0].Level != qianshao.LevelHigh || m.Groups[0].Score != 70 {
		t.Errorf("%+v", m.Groups)
	}
	if it := m.Groups[1].Items; len(it) != 1 || it[0].Finding != id("b1") || it[0].URL != "http://site.example/b1" || it[0].Event != notify.New {
		t.Errorf("%+v", it)
	}
	text, err := json.Marshal(m.Message)
	w.check(err)
	if strings.Contains(string(text), "彩金") || strings.Contains(string(text), "标题") {
		t.Errorf("text of a page is sent: %s", text)
	}
}

// TestMasked: no message contains an identity number from the address of a page.
func TestMasked(t *testing.T) {
	w := newWorld(t)
	w.alert("", nil)
	const number = "11010519491231002X"
	s := storetest.Page("http://"+number+".example/?id="+number, "注册送", 0, "casino")
	s.Page.FetchedAt = w.now
	_, err := w.f.Store.SavePage(t.Context(), s)
	w.check(err)
	w.tells("found", notify.Gather, "new 1")
	text, err := json.Marshal(w.sent[0].Message)
	w.check(err)
	if strings.Contains(strings.ToUpper(string(text)), number) || !strings.Contains(string(text), ".example/?id=***") {
		t.Errorf("%s", text)
	}
}

// TestEveryAndHourly: messages keep their interval and the hourly limit; findings made meanwhile share the
// next one.
func TestEveryAndHourly(t *testing.T) {
	w := newWorld(t)
	w.alert("", func(a *notify.Alert) { a.Every, a.Hourly = 5*time.Minute, 3 })
	w.found("a")
	w.tells("the first", notify.Gather, "new 1")
	w.found("b")
	w.found("c")
	w.tells("too soon", 5*time.Minute-time.Second)
	w.found("d")
	w.tells("after five minutes", notify.Gather, "new 3")
	w.found("e")
	w.tells("the third", 5*time.Minute, "new 1")
	w.found("f")
	w.tells("too many", 40*time.Minute)
	w.tells("after an hour", 10*time.Minute, "new 1")
}

// TestQuiet: findings made in the quiet hours wait for their end, as do failed deliveries.
func TestQuiet(t *testing.T) {
	w := newWorld(t)
	w.alert("", func(a *notify.Alert) { a.Quiet = notify.Quiet{From: 22 * 60, To: 7*60 + 30} })
	w.now = time.Date(2026, 11, 2, 21, 59, 0, 0, qianshao.ChinaTime())
	w.found("a")
	w.answer = func(notify.Channel, notify.Message) error { return errors.New("down") }
	w.tells("just before", notify.Gather, "new 1")
	w.answer = nil
	w.found("b")
	w.tells("at night", 2*time.Hour)
	w.tells("in the early morning", 7*time.Hour+29*time.Minute)
	w.tells("in the morning", 2*time.Minute, "new 1")
	w.tells("what came at night", time.Second, "new 1")
	w.logs("delivered 2", "delivered 1")
}

// TestUndo: a finding that a decision puts into the view is reported when the decision can no longer be
// undone, and not at all if it was.
func TestUndo(t *testing.T) {
	w := newWorld(t)
	w.alert("verdict:crime", nil)
	w.found("a")
	w.found("b")
	w.tells("undecided", time.Minute)
	act := w.decide("a", qianshao.VerdictCrime, qianshao.ReasonHacked)
	w.tells("just decided", desk.UndoTime-time.Second)
	w.undo(act)
	w.tells("undone in the last second", time.Minute)
	w.logs()
	w.decide("a", qianshao.VerdictCrime, qianshao.ReasonHacked)
	w.tells("decided once more", desk.UndoTime-time.Second)
	w.decide("b", qianshao.VerdictCrime, qianshao.ReasonHacked)
	w.tells("the first of two", time.Second, "new 1")
	w.tells("the second", desk.UndoTime, "new 1")
	w.logs("delivered 1", "delivered 1")
}

// TestUndoneWithoutTheIndex: an undo counts even before the index knows of it.
func TestUndoneWithoutTheIndex(t *testing.T) {
	w := newWorld(t)
	w.alert("verdict:crime", nil)
	w.found("a")
	w.feed()
	act := w.decide("a", qianshao.VerdictCrime, qianshao.ReasonHacked)
	w.tells("decided", desk.UndoTime-time.Second)
	w.undo(act)
	w.now = w.now.Add(time.Minute)
	w.check(w.e.Flush(t.Context())) // in the index it still is a crime
	w.tells("undone", time.Minute)
	if len(w.sent) > 0 {
		t.Errorf("%+v", w.sent)
	}
}

// TestUndoOfBatch: a batch can be undone as long as its last member can, so its members wait for that.
func TestUndoOfBatch(t *testing.T) {
	w := newWorld(t)
	w.alert("verdict:crime", nil)
	w.found("a")
	w.found("b")
	w.feed()
	b, err := w.desk.Freeze(t.Context(), w.ann, desk.Selection{Findings: []string{id("a"), id("b")}})
	w.check(err)
	_, err = w.desk.Begin(t.Context(), w.ann, b.ID, desk.Order{Kind: qianshao.ActDecide, Verdict: qianshao.VerdictCrime, Reason: qianshao.ReasonHacked}, b.Members)
	w.check(err)
	working, stop := context.WithCancel(t.Context())
	go func() {
		defer stop()
		for working.Err() == nil {
			if now, err := w.f.Review.Batch(working, b.ID); err != nil || now.State == desk.BatchApplied {
				return
			}
		}
	}()
	w.desk.Work(working, func(err error) { t.Error(err) })
	w.tells("just done", desk.UndoTime-time.Second)
	w.tells("to stay", 2*time.Second, "new 2")
}

// TestLeftTheView: a finding that leaves the view before it is reported is not reported, unless it comes
// back.
func TestLeftTheView(t *testing.T) {
	w := newWorld(t)
	w.alert("verdict:none", func(a *notify.Alert) { a.Every = 30 * time.Minute })
	w.found("a")
	w.tells("the first", notify.Gather, "new 1")
	w.found("b")
	w.found("c")
	w.tells("too soon", time.Minute)
	act := w.decide("b", qianshao.VerdictNotCrime, qianshao.ReasonLawful)
	_, err := w.f.Store.DeleteFindings(t.Context(), []store.Deletion{{Finding: id("c"), At: w.now, Reason: "asked for"}})
	w.check(err)
	w.tells("decided, deleted", 9*time.Minute)
	w.undo(act)
	w.tells("undone: it waits for a decision", 30*time.Minute, "new 1")
	if m := w.sent[1]; m.Groups[0].Items[0].Finding != id("b") {
		t.Errorf("%+v", m)
	}
}

// TestRelapsed: each relapse is reported once, unless it is gone and back again before that.
func TestRelapsed(t *testing.T) {
	w := newWorld(t)
	w.found("a")
	w.feed()
	w.now = w.now.Add(time.Hour)
	w.alert("", nil)
	for range 2 {
		w.save("a")
		w.tells("gone", time.Hour)
		w.found("a")
		w.tells("back", notify.Gather, "relapsed 1")
		w.found("a")
		w.tells("still there", time.Hour)
	}
}

// TestOverdue: a finding that has waited too long is reported once, although nothing about it changes; one
// decided before is not, even if only just.
func TestOverdue(t *testing.T) {
	w := newWorld(t)
	term := campaign.OverdueAfter(qianshao.LevelHigh)
	w.found("old")
	w.now = w.now.Add(time.Hour)
	w.alert("", func(a *notify.Alert) { a.Events = []notify.Event{notify.Overdue} })
	w.found("a")
	w.found("b")
	w.found("c")
	w.tells("not yet", term-time.Hour)
	w.decide("b", qianshao.VerdictNotCrime, qianshao.ReasonLawful)
	w.tells("the one from before, which is overdue since then", 30*time.Minute, "overdue 1")
	w.now = w.now.Add(30*time.Minute + time.Second)
	w.feed()
	w.check(w.e.Flush(t.Context())) // adds the overdue findings
	act := w.decide("c", qianshao.VerdictNotCrime, qianshao.ReasonLawful)
	w.tells("two are overdue, one was decided since", time.Minute, "overdue 1")
	w.undo(act)
	w.tells("and it waits again", desk.UndoTime+time.Minute, "overdue 1")
	w.tells("once", 48*time.Hour)
}

// TestObstacles: an alert that may not send says why and sends nothing, not even pending deliveries; when
// it may again, it sends what it could not.
func TestObstacles(t *testing.T) {
	for _, tc := range []struct {
		why  notify.Obstacle
		bar  func(w *world)
		open func(w *world)
	}{
		{notify.AccountDisabled, func(w *world) { w.ann.Disabled = true }, func(w *world) { w.ann.Disabled = false }},
		{notify.AccountDisabled, func(w *world) { w.ann.Name = "bob" }, func(w *world) { w.ann.Name = "ann" }},
		{notify.NotAllowed, func(w *world) { w.ann.Role = qianshao.RoleAuditor }, func(w *world) { w.ann.Role = qianshao.RoleAnalyst }},
		{"", func(w *world) { w.ann.Sight = qianshao.Sight{Authorisations: []string{"other"}} }, nil},
		{notify.ViewGone, func(w *world) { w.check(w.f.Store.DeleteView(w.t.Context(), w.signed(), "v1")) }, func(w *world) {
			_, err := w.f.Store.SaveView(w.t.Context(), store.SavedView{ID: "v1", Owner: "bob", Name: "x", Shared: true})
			w.check(err)
		}},
		{notify.ViewUnreadable, func(w *world) {
			_, err := w.f.Store.SaveView(w.t.Context(), store.SavedView{Owner: "ann", Name: "夜班", Query: "level:>"})
			w.check(err)
		}, func(w *world) {
			_, err := w.f.Store.SaveView(w.t.Context(), store.SavedView{Owner: "ann", Name: "夜班", Query: "level:high"})
			w.check(err)
		}},
		{notify.ChannelGone, func(w *world) { w.check(w.f.Store.DeleteChannel(w.t.Context(), w.signed(), "c1")) }, func(w *world) { w.channel("c1") }},
	} {
		t.Run(string(tc.why), func(t *testing.T) {
			w := newWorld(t)
			w.alert("", nil)
			w.found("a")
			w.answer = func(notify.Channel, notify.Message) error { return errors.New("down") }
			w.tells("down", notify.Gather, "new 1")
			w.answer = nil
			w.now = w.now.Add(time.Minute)
			tc.bar(w)
			w.tells("barred", time.Hour)
			a, err := w.f.Store.Alert(t.Context(), "a1")
			w.check(err)
			if a.Obstacle != tc.why {
				t.Errorf("the alert says %q, want %q", a.Obstacle, tc.why)
			}
			w.logs(strings.TrimSpace("dropped 1 " + string(tc.why)))
			if tc.open == nil {
				return
			}
			tc.open(w)
			w.tells("open again", 2*time.Minute, "new 1")
			if a, err = w.f.Store.Alert(t.Context(), "a1"); err != nil || a.Obstacle != "" {
				t.Errorf("the alert says %q, %v", a.Obstacle, err)
			}
		})
	}
}

// TestDisabledChannel: messages to it wait, for a day.
func TestDisabledChannel(t *testing.T) {
	w := newWorld(t)
	w.alert("", nil)
	w.answer = func(notify.Channel, notify.Message) error { return errors.New("down") }
	w.found("a")
	w.tells("down", notify.Gather, "new 1")
	w.answer = nil
	c := w.channel("c1")
	c.Disabled = true
	w.check(w.f.Store.PutChannel(t.Context(), w.signed(), c))
	w.found("b")
	w.tells("disabled", time.Hour)
	c.Disabled = false
	w.check(w.f.Store.PutChannel(t.Context(), w.signed(), c))
	w.tells("enabled", time.Hour, "new 1")
	w.tells("what came meanwhile", time.Second, "new 1")
	c.Disabled = true
	w.answer = func(notify.Channel, notify.Message) error { return errors.New("down") }
	w.found("c")
	w.tells("down", time.Minute, "new 1")
	w.check(w.f.Store.PutChannel(t.Context(), w.signed(), c))
	w.tells("disabled for a day", 25*time.Hour)
	w.logs("delivered 2", "delivered 1", "failed 1 channel_disabled")
}

// TestRetries: a failing channel is retried after 1, 2, 5, 15, 30 minutes and each hour, with the same key,
// also by a process started since, for a day; then a person can request another try.
func TestRetries(t *testing.T) {
	w := newWorld(t)
	var outcomes []notify.State
	w.opts.Count = func(k notify.Kind, s notify.State) { outcomes = append(outcomes, s) }
	w.restart()
	w.alert("", nil)
	w.answer = func(notify.Channel, notify.Message) error { return &notify.SendError{Text: "503 Service Unavailable"} }
	w.found("a")
	w.tells("the first attempt", notify.Gather, "new 1")
	for passed, step := time.Duration(0), time.Minute; passed < 26*time.Hour; passed += step {
		if passed >= 53*time.Minute {
			step = 10 * time.Minute
			w.restart()
		}
		w.now = w.now.Add(step)
		w.check(w.e.Flush(t.Context()))
	}
	var waits []string
	for i, m := range w.sent {
		if m.Key != w.sent[0].Key {
			t.Errorf("attempt %d has another key", i)
		}
		if i > 0 && i < 9 {
			waits = append(waits, fmt.Sprint(m.at.Sub(w.sent[i-1].at).Minutes()))
		}
	}
	if got := strings.Join(waits, " "); got != "1 2 5 15 30 60 60 60" || len(w.sent) != 29 {
		t.Errorf("%d attempts, after %s minutes", len(w.sent), got)
	}
	w.logs("failed 29")
	if outcomes[0] != notify.Pending || outcomes[28] != notify.Failed || len(outcomes) != 29 {
		t.Errorf("counted: %v", outcomes)
	}
	w.found("b")
	w.tells("after a day, what came since is sent anew", time.Hour, "new 1")
	w.answer = nil
	w.tells("and taken", 2*time.Minute, "new 1")
	key := w.sent[0].Key
	w.check(w.f.Store.RetryDelivery(t.Context(), w.signed(), key))
	w.tells("tried again", time.Second, "new 1")
	w.logs("delivered 30", "delivered 2")
	if w.sent[31].Key != key {
		t.Error("tried again with another key")
	}
}

// TestRefused: a permanent refusal is not retried, and a channel that asks for a pause gets one from all
// its deliveries.
func TestRefused(t *testing.T) {
	w := newWorld(t)
	w.alert("", nil)
	w.answer = func(notify.Channel, notify.Message) error {
		return &notify.SendError{Text: "the robot is gone", Final: true}
	}
	w.found("a")
	w.tells("refused", notify.Gather, "new 1")
	w.tells("for good", 24*time.Hour)
	w.answer = func(notify.Channel, notify.Message) error {
		return &notify.SendError{Text: "429", After: 20 * time.Minute}
	}
	w.found("b")
	w.tells("too many requests", notify.Gather, "new 1")
	w.answer = nil
	w.found("c")
	w.tells("before the time", 19*time.Minute)
	w.tells("after it", time.Minute, "new 1")
	w.tells("what came meanwhile", time.Second, "new 1")
	w.logs("failed 1", "delivered 2", "delivered 1")
	log, err := w.f.Store.Deliveries(t.Context(), notify.DeliveriesQuery{Limit: 1, State: notify.Failed})
	w.check(err)
	if log[0].Problem != "the robot is gone" {
		t.Errorf("%+v", log[0])
	}
}

// TestDownForHours: a channel that was down gets the pending message when it is back, and one message for
// everything found since.
func TestDownForHours(t *testing.T) {
	w := newWorld(t)
	w.alert("", nil)
	w.answer = func(notify.Channel, notify.Message) error { return errors.New("down") }
	for i := range 9 {
		w.found(fmt.Sprint("b", i))
		w.after(20 * time.Minute)
	}
	w.answer = nil
	w.tells("back", time.Hour, "new 1")
	w.tells("all that came since", time.Second, "new 8")
	w.tells("nothing more", time.Hour)
}

// TestOtherEvents: events that an alert no longer has are not reported.
func TestOtherEvents(t *testing.T) {
	w := newWorld(t)
	a := w.alert("", nil)
	w.found("a")
	w.feed()
	w.check(w.e.Flush(t.Context()))
	a.Events = []notify.Event{notify.Overdue}
	w.check(w.f.Store.PutAlert(t.Context(), w.signed(), a))
	w.tells("overdue only", time.Minute)
	w.logs()
}
