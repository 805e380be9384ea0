package app_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/backends/backendstest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/notify/channel"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/storetest"
)

// The environment of TestKilledSender's child: the data folder, and the clock.
const (
	senderFolder = "QIANSHAO_TEST_KILLED_SENDER"
	senderClock  = "QIANSHAO_TEST_CLOCK"
)

// quickly is how many times faster than real time the clock of the test and of its child runs.
const quickly = 120

// quickClock is the same in the test and in its child.
type quickClock struct{ start, ahead int64 } // in nanoseconds

func (c quickClock) Now() time.Time {
	return time.Unix(0, c.start+c.ahead+(time.Now().UnixNano()-c.start)*quickly)
}

// TestKilledSender kills the sender of messages at random moments, while it sends to a receiver that
// fails, hangs, breaks off and is down, and while findings come, come back, become overdue, and are
// decided, undone and deleted. Every event that an alert has to report is reported, with one key;
// findings that were undone in time, deleted or have left the view are not; and the log of deliveries
// agrees with the receiver.
func TestKilledSender(t *testing.T) {
	if data := os.Getenv(senderFolder); data != "" {
		sendUntilKilled(t, data)
		return
	}
	if testing.Short() {
		t.Skip("kills a sender, which under the race detector is too slow to send between two kills")
	}
	onEach(t, func(t *testing.T, p place) {
		rounds := killsOr(t, 3)
		o := newOutpost(t, p)
		for range rounds {
			kill := o.start()
			o.live(kill)
			o.ahead(time.Duration(rand.Int64N(int64(15 * time.Minute))))
		}
		o.settle()
		o.verify()
		o.t.Logf("alerts under kill -9: %d kills; %s", rounds, o.receiver.summary())
	})
}

// sendUntilKilled is the child: the program without a console. It looks for changes all the time, as
// they are made by another process, and waits less than half a minute for a receiver.
func sendUntilKilled(t *testing.T, data string) {
	var clock quickClock
	if _, err := fmt.Sscan(os.Getenv(senderClock), &clock.start, &clock.ahead); err != nil {
		t.Fatal(err)
	}
	sender, err := channel.New(channel.Options{Version: "test", Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	a := apptest.New(t, app.Options{
		Data: data, Backends: serversOfChild(t), Version: "test", Now: clock.Now, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Send: func(ctx context.Context, c notify.Channel, m notify.Message) error {
			ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
			defer cancel()
			return sender.Send(ctx, c, m)
		},
	})
	a.Start(t.Context())
	fmt.Println("sending")
	for t.Context().Err() == nil {
		a.Look()
		if err := a.Notices.Flush(t.Context()); err != nil {
			fmt.Fprintln(os.Stderr, "flush:", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// fate is a finding of the test, and what may and must be reported about it.
type fate struct {
	id, page string
	// barred are, by the kind of alert, the periods in which no message may report anything about it.
	barred map[string][][2]time.Time
	// must are, by the kind of alert, the events that have to be reported.
	must map[string][]notify.Event
	// left says that it has left the list of pending findings and come back: then events may be
	// reported again.
	left bool
}

func (f *fate) bar(kind string, from, to time.Time) {
	f.barred[kind] = append(f.barred[kind], [2]time.Time{from, to})
}

// There are two kinds of alerts: for findings that were decided to be a crime, and for those that wait
// for a decision. There are several of each kind, each with its own channel; the first is crimes1.
const (
	crimes, waiting = "crimes", "waiting"
	alertsOfAKind   = 3
)

func alertsOf(kind string) (names []string) {
	for i := range alertsOfAKind {
		names = append(names, fmt.Sprint(kind, i+1))
	}
	return names
}

func kindOf(alert string) string { return strings.TrimRight(alert, "0123456789") }

var (
	never  = time.Time{}
	always = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
)

// planned is what happens to a finding later.
type planned struct {
	at time.Time
	do func()
	// before says that it must happen before the clock is put forward.
	before bool
}

// outpost is a store with alerts, their receiver, and the events of the test.
type outpost struct {
	t        *testing.T
	place    place
	f        *datafolder.Folder
	desk     *desk.Desk
	ann      qianshao.Account
	clock    atomic.Pointer[quickClock]
	receiver *fickle
	secret   string
	fates    map[string]*fate
	plan     []planned
	log      bytes.Buffer // of the children
}

func newOutpost(t *testing.T, p place) *outpost {
	t.Helper()
	o := &outpost{
		t: t, place: p, secret: channel.NewSecret(), fates: map[string]*fate{},
		ann: qianshao.Account{Name: "ann", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()},
	}
	o.clock.Store(&quickClock{start: time.Now().UnixNano()})
	var err error
	o.f, err = datafolder.Open(t.Context(), p.Options)
	o.check(err)
	t.Cleanup(func() { _ = o.f.Close() })
	o.desk, err = desk.New(desk.Options{
		Store: o.f.Review, Mask: func(s string) string { return s }, Rules: func() string { return "r" }, Now: o.now,
		Account: func(context.Context, string) (qianshao.Account, error) { return o.ann, nil },
	})
	o.check(err)
	o.receiver = newFickle(t, o.secret)
	o.check(o.f.Accounts.Add(t.Context(), "test", o.ann, ""))
	o.alert(crimes, "verdict:crime")
	o.alert(waiting, "verdict:none")
	// Findings that become overdue one after the other, and are not new. The alerts are there before them:
	// what has become overdue before an alert is made is not reported, and the clock is quick.
	for i := range 12 {
		o.old(i, time.Duration(i*10)*time.Minute)
	}
	return o
}

// alert makes a view with its alerts.
func (o *outpost) alert(kind, query string) {
	o.t.Helper()
	_, err := o.f.Store.SaveView(o.t.Context(), store.SavedView{ID: kind, Owner: "ann", Name: kind, Query: query, Changed: o.now()})
	o.check(err)
	by := store.Signed{By: "ann", At: o.now()}
	for _, alert := range alertsOf(kind) {
		o.check(errors.Join(
			o.f.Store.PutChannel(o.t.Context(), by, notify.Channel{
				ID: alert, Name: alert, Kind: notify.Webhook, Address: "http://" + o.receiver.address + "/" + hookToken + "/" + alert, Secret: o.secret, Language: "zh", Private: true,
			}),
			o.f.Store.PutAlert(o.t.Context(), by, notify.Alert{ID: alert, Name: alert, Account: "ann", View: kind, Channel: alert, Events: notify.Events(), Every: time.Minute, Hourly: 60}),
		))
	}
}

func (o *outpost) check(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *outpost) now() time.Time { return o.clock.Load().Now() }

// ahead puts the clock forward while the program is down, as after a long stop. What must happen
// before that is done first.
func (o *outpost) ahead(by time.Duration) {
	o.t.Helper()
	var later []planned
	for _, p := range o.plan {
		if p.before {
			p.do()
		} else {
			later = append(later, p)
		}
	}
	o.plan = later
	c := *o.clock.Load()
	c.ahead += int64(by)
	o.clock.Store(&c)
}

// start starts a child, and returns a function that kills it.
func (o *outpost) start() (kill func()) {
	o.t.Helper()
	c := o.clock.Load()
	child := o.place.child(o.t, senderFolder, fmt.Sprintf("%s=%d %d", senderClock, c.start, c.ahead))
	child.Stderr = &o.log // read only while no child runs
	out, err := child.StdoutPipe()
	o.check(err)
	o.check(child.Start())
	kill = sync.OnceFunc(func() { _ = child.Process.Kill(); _ = child.Wait() })
	o.t.Cleanup(kill)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if lines.Text() == "sending" {
			return kill
		}
	}
	kill()
	o.t.Fatalf("the sender did not start: %s", o.log.String())
	return nil
}

// live makes things happen for a while, and then kills the sender, either at a random moment
// or just when a message has arrived.
func (o *outpost) live(kill func()) {
	o.t.Helper()
	stop := time.After(time.Duration(300+rand.IntN(2200)) * time.Millisecond)
	arrived := make(chan struct{})
	if rand.IntN(3) > 0 {
		arrived = o.receiver.arrivalIn(rand.IntN(10))
	}
	for killed := false; ; {
		select {
		case <-stop:
			if killed {
				return
			}
			kill()
			killed, stop = true, time.After(200*time.Millisecond) // while things go on
		case <-arrived:
			time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond)
			kill()
			killed, arrived = true, nil
		case <-time.After(15 * time.Millisecond):
			o.happen()
			if o.place.cut && !killed && rand.IntN(10) == 0 {
				backendstest.Cut(o.t, o.place.Backends, cuttable)
			}
		}
	}
}

// happen does what is planned for now, and may add a new finding.
func (o *outpost) happen() {
	o.t.Helper()
	now := o.now()
	due := o.plan
	o.plan = nil
	for _, p := range due {
		if p.at.After(now) {
			o.plan = append(o.plan, p)
		} else {
			p.do()
		}
	}
	if rand.IntN(6) == 0 {
		o.found()
	}
	o.receiver.fail()
}

func (o *outpost) later(most time.Duration, before bool, do func()) {
	o.plan = append(o.plan, planned{o.now().Add(time.Duration(rand.Int64N(int64(most)))), do, before})
}

// settle makes the receiver recover, lets the first hours of a day pass, and waits until nothing is left
// to report.
func (o *outpost) settle() {
	o.t.Helper()
	for len(o.plan) > 0 {
		p := o.plan[0]
		o.plan = o.plan[1:]
		p.do()
	}
	o.receiver.recover()
	o.ahead(2 * time.Hour)
	kill := o.start()
	defer kill()
	deadline := time.Now().Add(time.Minute)
	for !o.quiet() {
		if time.Now().After(deadline) {
			list, err := o.f.Store.Deliveries(o.t.Context(), notify.DeliveriesQuery{State: notify.Pending, Limit: 10})
			kill()
			o.t.Fatalf("something is still pending: %+v, %v\n%s", list, err, o.log.String())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// quiet reports whether nothing is left to report.
func (o *outpost) quiet() bool {
	o.t.Helper()
	for _, c := range []store.Consumer{store.ConsumerCampaigns, store.ConsumerIndex, store.ConsumerNotices} {
		b, err := o.f.Store.Backlog(o.t.Context(), c)
		o.check(err)
		if b.Findings > 0 {
			return false
		}
	}
	for _, alert := range slices.Concat(alertsOf(crimes), alertsOf(waiting)) {
		items, err := o.f.Store.WaitingItems(o.t.Context(), alert, always, 1)
		o.check(err)
		a, err := o.f.Store.Alert(o.t.Context(), alert)
		o.check(err)
		if len(items) > 0 || o.now().Sub(a.Looked) > 5*time.Minute {
			return false
		}
	}
	states, _, err := o.f.Store.DeliveryStates(o.t.Context())
	o.check(err)
	return states[notify.Pending] == 0
}

// save saves a page in its present state. Without a rule it is not flagged.
func (o *outpost) save(page string, at time.Time, rules ...string) {
	o.t.Helper()
	n := 0
	_, _ = fmt.Sscanf(page, "%d", &n)
	s := storetest.Page("http://site.example/"+page, killedBlocks[n%len(killedBlocks)], 0, rules...)
	s.Page.FetchedAt = at
	for i := range s.Assessment.Findings {
		s.Assessment.Findings[i].Seen = "shows " + page
	}
	_, err := o.f.Store.SavePage(o.t.Context(), s)
	o.check(err)
}

func (o *outpost) fate(page string) *fate {
	f := &fate{id: qianshao.FindingID("http://site.example/"+page, "casino"), page: page, barred: map[string][][2]time.Time{}, must: map[string][]notify.Event{}}
	o.fates[f.id] = f
	return f
}

// old adds a page with a finding that is older than the alerts and becomes overdue later.
func (o *outpost) old(i int, in time.Duration) {
	o.t.Helper()
	f := o.fate(fmt.Sprint(i, "-old"))
	due := o.now().Add(in + time.Minute)
	o.save(f.page, due.Add(-campaign.OverdueAfter(qianshao.LevelHigh)), "casino")
	f.bar(crimes, never, always)
	f.bar(waiting, never, due)
	f.must[waiting] = []notify.Event{notify.Overdue}
}

// found puts a page with a new finding into the folder, and plans what happens to it.
func (o *outpost) found() {
	o.t.Helper()
	f := o.fate(fmt.Sprint(len(o.fates)))
	o.save(f.page, o.now(), "casino")
	f.must[waiting] = []notify.Event{notify.New}
	switch rand.IntN(7) {
	case 0, 1: // it stays as it is
		f.bar(crimes, never, always)
	case 2:
		f.bar(crimes, never, always)
		o.later(8*time.Minute, false, func() { o.relapse(f) })
	case 3:
		o.later(8*time.Minute, false, func() { o.decide(f, qianshao.VerdictCrime, qianshao.ReasonHacked, false) })
	case 4:
		o.later(8*time.Minute, false, func() { o.decide(f, qianshao.VerdictCrime, qianshao.ReasonHacked, true) })
	case 5:
		f.bar(crimes, never, always)
		o.later(8*time.Minute, false, func() { o.decide(f, qianshao.VerdictNotCrime, qianshao.ReasonLawful, false) })
	case 6:
		f.bar(crimes, never, always)
		o.later(8*time.Minute, false, func() { o.delete(f) })
	}
}

func (o *outpost) relapse(f *fate) {
	o.t.Helper()
	o.save(f.page, o.now())
	o.later(3*time.Minute, false, func() {
		o.save(f.page, o.now(), "casino")
		f.must[waiting] = append(f.must[waiting], notify.Relapsed)
	})
}

func (o *outpost) delete(f *fate) {
	o.t.Helper()
	_, err := o.f.Store.DeleteFindings(o.t.Context(), []store.Deletion{{Finding: f.id, At: o.now(), Reason: "asked for"}})
	o.check(err)
	f.bar(waiting, o.now(), always)
	f.must = nil
}

// decide decides on a finding, and may undo that in time, with or without deleting the finding.
func (o *outpost) decide(f *fate, verdict qianshao.Verdict, reason qianshao.Reason, undo bool) {
	o.t.Helper()
	subject := qianshao.Subject{Kind: qianshao.SubjectFinding, ID: f.id}
	v, err := o.desk.Look(o.t.Context(), o.ann, subject)
	o.check(err)
	act, err := o.desk.Do(o.t.Context(), o.ann, desk.Draft{Subject: subject, Kind: qianshao.ActDecide, Basis: v.Standing.Act, Seen: v.Seen, Verdict: verdict, Reason: reason})
	o.check(err)
	f.must = map[string][]notify.Event{}
	left := o.now()
	if verdict == qianshao.VerdictCrime && !undo {
		f.bar(crimes, never, act.At.Add(desk.UndoTime))
		f.must[crimes] = []notify.Event{notify.New}
	}
	if !undo {
		f.bar(waiting, left, always)
		return
	}
	o.later(desk.UndoTime/2, true, func() {
		back, err := o.desk.Undo(o.t.Context(), o.ann, act.Seq, "too soon", "")
		o.check(err)
		if o.now().Before(act.At.Add(desk.UndoTime)) {
			f.bar(crimes, never, always)
		} else {
			o.receiver.late.Add(1) // the machine was too slow
			f.bar(crimes, o.now(), always)
		}
		f.bar(waiting, left, back.At.Add(desk.UndoTime))
		f.left, f.must[waiting] = true, []notify.Event{notify.New}
	})
}

// verify compares what the receiver got with what had to be reported, what must not be, and the log.
func (o *outpost) verify() {
	o.t.Helper()
	r := o.receiver
	told := map[string]map[string]bool{} // by alert, event and finding: the keys
	for _, m := range r.messages {
		for _, it := range m.items {
			f := o.fates[it.Finding]
			if f == nil {
				o.t.Errorf("%s reports a finding that does not exist: %+v", m.key, it)
				continue
			}
			for _, span := range f.barred[kindOf(m.alert)] {
				if m.at.After(span[0]) && m.at.Before(span[1]) {
					o.t.Errorf("%s reported to %s page %s at %s, which it must not from %s to %s", m.key, m.alert, f.page, m.at, span[0], span[1])
				}
			}
			what := fmt.Sprint(m.alert, " ", it.Event, " ", f.page)
			if it.Event == notify.Relapsed {
				what = fmt.Sprint(what, " ", it.Occurred)
			}
			if told[what] == nil {
				told[what] = map[string]bool{}
			}
			if told[what][m.key] = true; len(told[what]) > 1 && !f.left {
				o.t.Errorf("%s is reported with two keys: %v", what, told[what])
			}
		}
	}
	o.verifyMust()
	o.verifyLog()
	o.verifySecrets()
}

// verifyMust checks that the receiver has accepted everything that had to be reported.
func (o *outpost) verifyMust() {
	o.t.Helper()
	taken, unnamed := map[string]bool{}, 0
	for _, m := range o.receiver.messages {
		unnamed += m.more
		for _, it := range m.items {
			if m.answer == taking {
				taken[fmt.Sprint(m.alert, " ", it.Event, " ", it.Finding)] = true
			}
		}
	}
	n := 0
	var lost []string
	for _, f := range o.fates {
		for kind, events := range f.must {
			for _, alert := range alertsOf(kind) {
				for _, e := range events {
					n++
					if !taken[fmt.Sprint(alert, " ", e, " ", f.id)] {
						lost = append(lost, fmt.Sprintf("%s is not told that page %s is %s", alert, f.page, e))
					}
				}
			}
		}
	}
	if len(lost) > unnamed {
		o.t.Errorf("lost, apart from %d that may only have been counted:\n%s", unnamed, strings.Join(lost, "\n"))
	}
	o.t.Logf("%d findings, %d events had to be reported, %d were only counted", len(o.fates), n, unnamed)
}

// verifyLog compares the log of deliveries with what the receiver has accepted.
func (o *outpost) verifyLog() {
	o.t.Helper()
	log, err := o.f.Store.Deliveries(o.t.Context(), notify.DeliveriesQuery{Limit: 100_000})
	o.check(err)
	states := map[string]notify.State{}
	for _, d := range log {
		states[d.Key] = d.State
		last := o.receiver.lastTaken(d.Key)
		switch {
		case d.State == notify.Delivered && last == nil:
			o.t.Errorf("the log says that %s was delivered, but the receiver has not accepted it", d.Key)
		case d.State == notify.Delivered && d.Findings != last.named()+last.more:
			o.t.Errorf("the log says that %s reported %d findings; the receiver got %d", d.Key, d.Findings, last.named()+last.more)
		case d.State != notify.Delivered && d.State != notify.Dropped:
			o.t.Errorf("%+v", d)
		}
	}
	for _, m := range o.receiver.messages {
		if states[m.key] == "" {
			o.t.Errorf("%s is not in the log", m.key)
		}
	}
}

// verifySecrets looks for the channels' secrets in the log of the program, the trail and the log of deliveries.
func (o *outpost) verifySecrets() {
	o.t.Helper()
	acts, err := o.f.Review.Acts(o.t.Context(), desk.ActsQuery{Sight: qianshao.SeeAll(), Records: true, Limit: 100_000})
	o.check(err)
	log, err := o.f.Store.Deliveries(o.t.Context(), notify.DeliveriesQuery{Limit: 100_000})
	o.check(err)
	texts := o.log.String() + fmt.Sprintf("%+v %+v", acts, log)
	for _, secret := range []string{o.secret, strings.TrimPrefix(o.secret, "whsec_"), hookToken} {
		if i := strings.Index(texts, secret); i >= 0 {
			o.t.Errorf("a secret is disclosed: …%s…", texts[max(0, i-200):i])
		}
	}
	if !slices.ContainsFunc(acts, func(a qianshao.Act) bool { return a.Kind.Recorded() }) {
		o.t.Error("the acts of the channels were not read")
	}
}
