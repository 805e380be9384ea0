package notify_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/storetest"
)

// TestHanging: a channel that hangs does not hold up the others, and the message being sent to it is not
// lost when the process is stopped.
func TestHanging(t *testing.T) {
	w := newWorld(t)
	w.channel("hangs")
	w.alert("", func(a *notify.Alert) { a.Channel = "hangs" })
	b := notify.Alert{ID: "a2", Name: "b", Account: "ann", View: "v1", Channel: "c1", Events: notify.Events(), Every: time.Minute, Hourly: 60}
	w.check(w.f.Store.PutAlert(t.Context(), w.signed(), b))
	w.found("a")
	w.feed()
	w.check(w.e.Flush(t.Context()))
	w.now = w.now.Add(notify.Gather)

	hangs, delivered := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w.opts.Send = func(ctx context.Context, c notify.Channel, m notify.Message) error {
		if c.ID == "hangs" {
			once.Do(func() { close(hangs) })
			<-ctx.Done()
			return ctx.Err()
		}
		<-hangs
		close(delivered)
		return nil
	}
	w.restart()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); w.e.Run(ctx) }()
	select {
	case <-delivered:
	case <-time.After(20 * time.Second):
		t.Error("the other channel waits")
	}
	stop()
	<-ended
	log, err := w.f.Store.Deliveries(t.Context(), notify.DeliveriesQuery{Limit: 10})
	w.check(err)
	for _, d := range log {
		want := map[string]notify.State{"hangs": notify.Pending, "c1": notify.Delivered}[d.Channel]
		if d.State != want || d.Channel == "hangs" && d.Attempts != 0 {
			t.Errorf("%+v", d)
		}
		if d.Channel == "hangs" {
			w.opts.Send = w.send
			w.restart()
			w.tells("after the start of the next process", 0, "new 1")
			if w.sent[0].Key != d.Key {
				t.Error("with another key")
			}
		}
	}
}

// fullDisk is a store that cannot record the results of deliveries.
type fullDisk struct {
	notify.Store
	full bool
}

func (s *fullDisk) SettleDelivery(ctx context.Context, d notify.Delivery) error {
	if s.full {
		return errors.New("the disk is full")
	}
	return s.Store.SettleDelivery(ctx, d)
}

func (s *fullDisk) PutOff(ctx context.Context, d notify.Delivery, until time.Time) error {
	if s.full {
		return errors.New("the disk is full")
	}
	return s.Store.PutOff(ctx, d, until)
}

// TestFullDiskWhileDown: with a full disk, a receiver that is down or asks for a pause is not tried more
// often, and gets no more messages in all.
func TestFullDiskWhileDown(t *testing.T) {
	w := newWorld(t)
	disk := &fullDisk{Store: w.f.Store, full: true}
	w.opts.Store = disk
	w.restart()
	w.alert("", nil)
	w.found("a")
	w.answer = func(notify.Channel, notify.Message) error {
		return &notify.SendError{Text: "429", After: 10 * time.Minute}
	}
	w.tells("the first attempt", notify.Gather, "new 1")
	w.tells("and not again", 9*time.Minute)
	w.tells("until its time", time.Minute, "new 1")
	w.logs("pending 0")
	disk.full = false
	w.tells("and not again", time.Minute)
	w.logs("pending 2")
	w.answer = nil
	w.tells("when there is room", 10*time.Minute, "new 1")
	w.logs("delivered 3")
}

// TestFullDisk: an accepted message that cannot be settled is not sent again and again.
func TestFullDisk(t *testing.T) {
	w := newWorld(t)
	disk := &fullDisk{Store: w.f.Store, full: true}
	w.opts.Store = disk
	w.restart()
	w.alert("", nil)
	w.found("a")
	w.tells("sent", notify.Gather, "new 1")
	w.tells("and not again", time.Minute)
	w.logs("pending 0")
	disk.full = false
	w.tells("and not again", time.Minute)
	w.logs("delivered 1")
}

// TestNoSecrets: a channel's answer is stored without its token and its secret, and without the sites in
// the message.
func TestNoSecrets(t *testing.T) {
	w := newWorld(t)
	w.alert("", nil)
	w.found("a")
	said := "the robot says: token 70ken is unknown, with http://site.example/a on site.example, site[.]example" + strings.Repeat("长", 1000)
	answers := []error{
		&url.Error{Op: "Post", URL: "https://robot.example/send?access_token=70ken", Err: io.ErrUnexpectedEOF},
		fmt.Errorf("connect to https://robot.example/send?access_token=70ken: %w", errors.New("no route, secret SECret")),
		&notify.SendError{Text: said, Fault: notify.NewFault(notify.FaultRobot, 7, said)},
	}
	w.answer = func(notify.Channel, notify.Message) error { err := answers[0]; answers = answers[1:]; return err }
	for i, wait := range []time.Duration{notify.Gather, time.Minute, 2 * time.Minute} {
		w.tells("an attempt", wait, "new 1")
		log, err := w.f.Store.Deliveries(t.Context(), notify.DeliveriesQuery{Limit: 1})
		w.check(err)
		for _, p := range append(log[0].Fault.Args, log[0].Problem) {
			if p == "" || len(p) > 500 || strings.Contains(p, "70ken") || strings.Contains(p, "SECret") || strings.Contains(p, "site") {
				t.Errorf("attempt %d has failed with %q", i, p)
			}
		}
		if known := log[0].Fault.Known(); known != (i == 2) {
			t.Errorf("attempt %d has failed with %+v", i, log[0].Fault)
		}
	}
	answers = []error{fmt.Errorf("SECret 70ken")}
	if err := w.e.Test(t.Context(), "c1"); err == nil || strings.Contains(err.Error(), "70ken") || strings.Contains(err.Error(), "SECret") {
		t.Errorf("%v", err)
	}
}

// TestTest: a test message is sent at once and once, and is logged; it is not a message of an alert, and is
// not counted in the metrics.
func TestTest(t *testing.T) {
	w := newWorld(t)
	counted := 0
	w.opts.Count = func(notify.Kind, notify.State) { counted++ }
	w.restart()
	w.check(w.e.Test(t.Context(), "c1"))
	if m := w.sent[0]; !m.Test || m.Key == "" || len(m.Groups) != 0 {
		t.Errorf("%+v", m)
	}
	w.answer = func(notify.Channel, notify.Message) error { return &notify.SendError{Text: "the signature is wrong"} }
	var refused *notify.SendError
	if err := w.e.Test(t.Context(), "c1"); !errors.As(err, &refused) || refused.Text != "the signature is wrong" {
		t.Errorf("%v", err)
	}
	if err := w.e.Test(t.Context(), "none"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%v", err)
	}
	w.tells("not tried again", time.Hour)
	w.logs("delivered 1", "failed 1")
	counts, _, err := w.f.Store.DeliveryStates(t.Context())
	w.check(err)
	if counts[notify.Failed] != 0 || counted != 0 {
		t.Errorf("metrics have %v, and %d attempts", counts, counted)
	}
	log, err := w.f.Store.Deliveries(t.Context(), notify.DeliveriesQuery{Limit: 1})
	w.check(err)
	if !log[0].Test() || log[0].Problem != "the signature is wrong" {
		t.Errorf("%+v", log[0])
	}
	if err := w.f.Store.RetryDelivery(t.Context(), w.signed(), log[0].Key); !errors.Is(err, notify.ErrNotFailed) {
		t.Errorf("a test is retried: %v", err)
	}
}

// TestFlood: of very many findings a message lists the worst and counts the rest, and none of them is
// reported later.
func TestFlood(t *testing.T) {
	w := newWorld(t)
	w.alert("", nil)
	var rules []string
	for i := range 1100 {
		rules = append(rules, fmt.Sprint("rule", i))
	}
	w.found("b1", rules...)
	w.found("a1")
	w.tells("a flood", notify.Gather, "new 1102")
	m := w.sent[0]
	listed := 0
	for _, g := range m.Groups {
		listed += g.Findings
		if len(g.Items) > notify.MaxItems || g.Findings > 1000 {
			t.Errorf("%d items of %d", len(g.Items), g.Findings)
		}
	}
	if len(m.Groups) > notify.MaxGroups || listed+m.Left != 1102 || m.Left < 102 {
		t.Errorf("%d groups with %d findings, and %d more", len(m.Groups), listed, m.Left)
	}
	log, err := w.f.Store.Deliveries(t.Context(), notify.DeliveriesQuery{Limit: 1})
	w.check(err)
	if log[0].Findings != 1102 {
		t.Errorf("%+v", log[0])
	}
	w.found("b1", rules...)
	w.tells("seen again", time.Hour)
}

// TestFloodUnseen: of very many findings, those that the account no longer sees when they are reported are
// neither listed nor counted.
func TestFloodUnseen(t *testing.T) {
	w := newWorld(t)
	w.alert("", nil)
	var rules []string
	for i := range 600 {
		rules = append(rules, fmt.Sprint("rule", i))
	}
	for _, authorisation := range []string{"city", "school"} {
		s := storetest.Page("http://"+authorisation+".example/", "注册送", 0, rules...)
		s.Page.FetchedAt, s.Page.Authorisation = w.now, authorisation
		for i := range s.Assessment.Findings {
			s.Assessment.Findings[i].Authorisation = authorisation
		}
		_, err := w.f.Store.SavePage(t.Context(), s)
		w.check(err)
	}
	w.answer = func(notify.Channel, notify.Message) error { return errors.New("down") }
	w.tells("down", notify.Gather, "new 1200")
	w.answer, w.ann.Sight = nil, qianshao.Sight{Authorisations: []string{"city"}}
	w.tells("those that are seen", time.Minute, "new 600")
}

// TestSchedule: after each week and month a report is sent once, at its hour, and retried if it cannot be
// made; after a long standstill the last ones are sent.
func TestSchedule(t *testing.T) {
	w := newWorld(t)
	var failure error
	w.opts.Report = func(_ context.Context, s notify.Schedule, account qianshao.Account, from, to time.Time) (*notify.Attached, error) {
		if account.Name != "ann" {
			t.Errorf("as %q may see it", account.Name)
		}
		return &notify.Attached{Title: fmt.Sprint(s.Period, " ", from.Format("01-02"), " ", to.Format("01-02 15:04"))}, failure
	}
	w.restart()
	put := func(change func(s *notify.Schedule)) {
		t.Helper()
		s := notify.Schedule{ID: "s1", Account: "ann", Channel: "c1", Period: notify.Week, Authorisation: "city", Hour: 8}
		change(&s)
		w.check(w.f.Store.PutSchedule(t.Context(), w.signed(), s))
	}
	put(func(*notify.Schedule) {})
	day := 24 * time.Hour
	w.tells("on Sunday", 6*day)
	w.tells("on Monday, before eight", 22*time.Hour+59*time.Minute)
	failure = errors.New("out of memory")
	w.tells("it cannot be made", time.Minute)
	failure = nil
	w.restart()
	w.tells("the report of the first week", time.Minute, "report week 11-02 11-09 00:00")
	w.tells("later that week", 3*day)
	w.tells("after a standstill", 8*7*day, "report week 11-30 12-07 00:00", "report week 12-07 12-14 00:00", "report week 12-14 12-21 00:00", "report week 12-21 12-28 00:00",
		"report week 12-28 01-04 00:00")
	w.ann.Sight = qianshao.Sight{Authorisations: []string{"other"}}
	w.tells("of what the account does not see", 7*day)
	w.ann.Sight, w.ann.Disabled = qianshao.SeeAll(), true
	w.tells("of a disabled account", 7*day)
	w.ann.Disabled, w.ann.Role = false, qianshao.RoleAnalyst
	w.tells("of a lead who is none any more", 7*day)
	w.ann.Role = qianshao.RoleLead
	w.opts.Report = nil
	w.restart()
	w.tells("without reports", 7*day)
	w.logs("delivered 2", "delivered 1", "delivered 1", "delivered 1", "delivered 1", "delivered 1", "dropped 0 not_seen", "dropped 0 account_disabled", "dropped 0 not_allowed", "failed 0 no_reports")
}

// TestReportNow: sending a schedule's report early does not change what it sends automatically.
func TestReportNow(t *testing.T) {
	w := newWorld(t)
	w.opts.Report = func(_ context.Context, s notify.Schedule, _ qianshao.Account, from, to time.Time) (*notify.Attached, error) {
		return &notify.Attached{Title: fmt.Sprint(s.Period, " ", from.Format("01-02"), " ", to.Format("01-02 15:04"))}, nil
	}
	w.restart()
	for id, period := range map[string]notify.Period{"week": notify.Week, "month": notify.Month} {
		w.check(w.f.Store.PutSchedule(t.Context(), w.signed(), notify.Schedule{ID: id, Account: "ann", Channel: "c1", Period: period, Hour: 8}))
	}
	w.check(w.e.SendReport(t.Context(), w.signed(), "month"))
	w.tells("the last month", time.Minute, "report month 10-01 11-01 00:00")
	w.check(w.e.SendReport(t.Context(), w.signed(), "week"))
	if err := w.e.SendReport(t.Context(), w.signed(), "week"); !errors.Is(err, notify.ErrReportWaits) {
		t.Errorf("requested twice: %v", err)
	}
	w.tells("the last week", time.Minute, "report week 10-26 11-02 00:00")
	w.check(w.e.SendReport(t.Context(), w.signed(), "week"))
	w.tells("once more", time.Minute, "report week 10-26 11-02 00:00")
	w.tells("in its time", 7*24*time.Hour, "report week 11-02 11-09 00:00")
	if err := w.e.SendReport(t.Context(), w.signed(), "none"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of an unknown schedule: %v", err)
	}
}

// TestReportsInTurn: the reports of all schedules are due at the same time, and are made one after another.
func TestReportsInTurn(t *testing.T) {
	w := newWorld(t)
	arrived := make(chan struct{}, 3)
	w.opts.Report = func(context.Context, notify.Schedule, qianshao.Account, time.Time, time.Time) (*notify.Attached, error) {
		arrived <- struct{}{}
		defer func() { <-arrived }()
		for range 50 { // time for another one to start
			if len(arrived) > 1 {
				t.Error("two are made at the same time")
			}
			time.Sleep(100 * time.Microsecond)
		}
		return &notify.Attached{Title: "x"}, nil
	}
	w.restart()
	for _, id := range []string{"c1", "c2", "c3"} {
		w.channel(id)
		w.check(w.f.Store.PutSchedule(t.Context(), w.signed(), notify.Schedule{ID: id, Account: "ann", Channel: id, Period: notify.Week, Hour: 8}))
	}
	w.tells("all three", 7*24*time.Hour, "report x", "report x", "report x")
}

// TestNotTwiceAfterExpiry: the log is kept for 90 days; findings are not reported again after that.
func TestNotTwiceAfterExpiry(t *testing.T) {
	w := newWorld(t)
	w.alert("", func(a *notify.Alert) { a.Events = []notify.Event{notify.New} })
	w.found("a")
	w.tells("new", notify.Gather, "new 1")
	w.tells("kept", notify.Kept-time.Hour)
	w.logs("delivered 1")
	w.tells("forgotten", 2*time.Hour)
	w.logs()
	w.found("a")
	w.tells("seen again", time.Hour)
}

// TestFails: while the index fails, messages are delayed, and none is lost.
func TestFails(t *testing.T) {
	w := newWorld(t)
	w.alert("", nil)
	w.found("a")
	w.feed()
	find := w.opts.Find
	w.opts.Find = func(context.Context, qianshao.Account, string, []string) ([]index.Hit, error) {
		return nil, errors.New("the index is damaged")
	}
	w.restart()
	if err := w.e.Flush(t.Context()); err == nil {
		t.Error("no error")
	}
	w.opts.Find = find
	w.restart()
	w.tells("mended", notify.Gather, "new 1")
}

// TestClockSetBack: findings made after the clock was set back to before the creation of an alert are
// reported, as are those that become overdue then, and none twice.
func TestClockSetBack(t *testing.T) {
	w := newWorld(t)
	w.found("old")
	w.feed()
	w.now = w.now.Add(time.Minute)
	w.alert("", nil)
	w.found("a")
	w.tells("before", notify.Gather, "new 1")
	w.now = w.now.Add(-time.Hour)
	w.check(w.e.Flush(t.Context()))
	w.found("b")
	w.found("a")
	w.tells("after, as late as the clock was ahead", time.Hour+time.Minute, "new 1")
	w.tells("nothing more", time.Hour)
	w.tells("three days later", 80*time.Hour)
	w.tells("overdue", notify.Gather, "overdue 3")
}

// TestQuietIsNotStuck: a message that waits for the end of quiet hours is not stuck, and is retried for a
// day after them; one that fails for more than a day is stuck.
func TestQuietIsNotStuck(t *testing.T) {
	w := newWorld(t)
	w.alert("", func(a *notify.Alert) { a.Quiet = notify.Quiet{From: 22 * 60, To: 7 * 60} })
	w.now = time.Date(2026, 11, 2, 21, 59, 30, 0, qianshao.ChinaTime())
	w.answer = func(notify.Channel, notify.Message) error { return errors.New("down") }
	w.found("a")
	w.tells("before the night", notify.Gather, "new 1")
	oldest := func() time.Duration {
		t.Helper()
		_, since, err := w.f.Store.DeliveryStates(t.Context())
		w.check(err)
		return w.now.Sub(since)
	}
	w.tells("in the night", 8*time.Hour)
	if d := oldest(); d > 0 {
		t.Errorf("in quiet hours it counts as tried for %s", d)
	}
	w.tells("in the morning", time.Hour+time.Minute, "new 1")
	w.after(14 * time.Hour)
	w.tells("in the second night", 8*time.Hour)
	w.after(2 * time.Hour)
	if d := oldest(); d < 8*time.Hour {
		t.Errorf("after a day and a half it counts as tried for %s", d)
	}
	w.logs("pending 4")
	w.after(14 * time.Hour)
	w.after(40 * time.Minute)
	w.logs("failed 6")
}

// TestLongQuiet: if all but one minute of a day is quiet, that minute is used: a failed message is retried
// in the next one, at least once.
func TestLongQuiet(t *testing.T) {
	w := newWorld(t)
	w.alert("", func(a *notify.Alert) { a.Quiet = notify.Quiet{From: 9*60 + 1, To: 9 * 60} })
	w.answer = func(notify.Channel, notify.Message) error { return errors.New("down") }
	w.found("a")
	w.tells("in the minute", notify.Gather, "new 1")
	w.found("b")
	w.answer = nil
	w.tells("in the night", 23*time.Hour)
	w.tells("in the next minute", time.Hour, "new 1")
	w.tells("what came meanwhile", 2*time.Second, "new 1")
	w.logs("delivered 2", "delivered 1")
}

// TestChangedWhileSent: changes by people while a message is being sent lose nothing, and findings that are
// gone are not reported again.
func TestChangedWhileSent(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(w *world)
		log    string
		after  []string // reported afterwards, of findings made before and one made since
	}{
		"view deleted":     {func(w *world) { w.check(w.f.Store.DeleteView(w.t.Context(), w.signed(), "v1")) }, "delivered 1", nil},
		"account disabled": {func(w *world) { w.ann.Disabled = true }, "delivered 1", nil},
		"alert deleted":    {func(w *world) { w.check(w.f.Store.DeleteAlert(w.t.Context(), w.signed(), "a1")) }, "dropped 0 alert_gone", nil},
		"finding deleted": {func(w *world) {
			_, err := w.f.Store.DeleteFindings(w.t.Context(), []store.Deletion{{Finding: id("a"), At: w.now, Reason: "asked for"}})
			w.check(err)
		}, "delivered 1", []string{"new 1"}},
		"channel deleted, and made anew": {func(w *world) {
			w.check(w.f.Store.DeleteChannel(w.t.Context(), w.signed(), "c1"))
			w.channel("c1")
		}, "dropped 0 channel_gone", []string{"new 1", "new 1"}},
		"sent elsewhere": {func(w *world) {
			a, err := w.f.Store.Alert(w.t.Context(), "a1")
			w.check(err)
			w.channel("c2")
			a.Channel = "c2"
			w.check(w.f.Store.PutAlert(w.t.Context(), w.signed(), a))
		}, "dropped 0 alert_gone", []string{"new 1", "new 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.alert("", nil)
			w.found("a")
			w.answer = func(notify.Channel, notify.Message) error { tc.change(w); return nil }
			w.tells("on its way", notify.Gather, "new 1")
			w.answer = nil
			w.logs(tc.log)
			w.found("b")
			w.tells("after that", 2*time.Minute, tc.after...)
		})
	}
}
