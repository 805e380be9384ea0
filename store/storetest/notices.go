package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/store"
)

// Notices is what people set up to be notified, and what the engine of notices needs.
type Notices interface {
	notify.Store
	PutChannel(ctx context.Context, by store.Signed, c notify.Channel) error
	DeleteChannel(ctx context.Context, by store.Signed, id string) error
	PutAlert(ctx context.Context, by store.Signed, a notify.Alert) error
	DeleteAlert(ctx context.Context, by store.Signed, id string) error
	PutSchedule(ctx context.Context, by store.Signed, s notify.Schedule) error
	DeleteSchedule(ctx context.Context, by store.Signed, id string) error
	Delivery(ctx context.Context, key string) (notify.Delivery, error)
	Deliveries(ctx context.Context, q notify.DeliveriesQuery) ([]notify.Delivery, error)
	DeliveryStates(ctx context.Context) (counts map[notify.State]int, oldest time.Time, err error)
	RetryDelivery(ctx context.Context, by store.Signed, key string) error
	DropDelivery(ctx context.Context, by store.Signed, key string) error
	Undelivered(ctx context.Context, account string, limit int) (count int, err error)
}

// RunNotices tests the notices of a store against the contract.
func RunNotices(t *testing.T, open OpenReview) {
	for _, tc := range []struct {
		name string
		test func(*testing.T, Store, Review)
	}{
		{"channels", testChannels},
		{"alerts", testAlerts},
		{"schedules", testSchedules},
		{"handed over", testHandedOver},
		{"items", testItems},
		{"deliveries", testDeliveries},
		{"given up", testGivenUp},
		{"reports", testReportDeliveries},
		{"deleted findings", testForgottenItems},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, r := open(t)
			tc.test(t, s, r)
		})
	}
}

// signedAt signs ann's change, a number of minutes after base.
func signedAt(minutes int) store.Signed {
	return store.Signed{By: "ann", At: base.Add(time.Duration(minutes) * time.Minute)}
}

func robot(id, name string) notify.Channel {
	return notify.Channel{
		ID: id, Name: name, Kind: notify.DingTalk, Address: "https://robot.example/send?access_token=5ecre7", Secret: "SEC5ecre7", Language: "zh", Changed: base,
	}
}

func alert(id, channel string) notify.Alert {
	return notify.Alert{
		ID: id, Name: "夜班 " + id, Account: "ann", View: "view", Channel: channel, Events: []notify.Event{notify.New, notify.Overdue},
		Every: time.Minute, Hourly: 4, Quiet: notify.Quiet{From: 22 * 60, To: 7 * 60}, Created: base, Looked: base,
	}
}

// events returns the events of the acts on a kind of subject, in their order, and checks that they contain
// no secret.
func events(t *testing.T, r Review, kind qianshao.SubjectKind) (list []string) {
	t.Helper()
	acts, err := r.Acts(t.Context(), desk.ActsQuery{Sight: qianshao.SeeAll(), Records: true, SubjectKind: kind, Limit: 1000})
	check(t, err)
	for _, a := range acts {
		d, err := desk.ParseDetail(a.Detail)
		check(t, err)
		if slices.ContainsFunc([]string{d.Before, d.After, d.Words, a.Subject.ID}, func(s string) bool { return s != "" && containsSecret(s) }) {
			t.Errorf("there is a secret in %+v", a)
		}
		list = append(list, a.By+" "+d.Event+" "+d.After)
	}
	return list
}

func containsSecret(s string) bool {
	for i := range s {
		if len(s) >= i+6 && s[i:i+6] == "5ecre7" {
			return true
		}
	}
	return false
}

// testChannels: channels are stored as given, names are unique, their number is bounded, and each change
// leaves an act without secrets.
func testChannels(t *testing.T, s Store, r Review) {
	ctx := t.Context()
	c := robot("c1", "群")
	mail := notify.Channel{ID: "c2", Name: "邮件", Kind: notify.Mail, Address: "smtps://u@m.example:465", Secret: "5ecre7", From: "a@m.example", To: []string{"b@m.example", "c@m.example"}, Private: true, Language: "en", Changed: base}
	check(t, s.PutChannel(ctx, signedAt(0), mail))
	check(t, s.PutChannel(ctx, signedAt(0), c))
	list, err := s.Channels(ctx)
	check(t, err)
	if diff := cmp.Diff([]notify.Channel{c, mail}, list, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := s.PutChannel(ctx, signedAt(1), robot("c3", "群")); !errors.Is(err, notify.ErrNameTaken) {
		t.Errorf("a name twice: %v", err)
	}
	if err := s.PutChannel(ctx, store.Signed{}, robot("c3", "x")); err == nil {
		t.Error("an unsigned change is accepted")
	}
	c.Disabled, c.Name, c.Changed = true, "旧群", base.Add(time.Minute)
	check(t, s.PutChannel(ctx, signedAt(1), c))
	got, err := s.Channel(ctx, "c1")
	check(t, err)
	same(t, "the channel", c.Name+c.Changed.String(), got.Name+got.Changed.String())
	check(t, s.DeleteChannel(ctx, signedAt(2), "c2"))
	if err := s.DeleteChannel(ctx, signedAt(2), "c2"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
	if _, err := s.Channel(ctx, "c2"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a deleted one: %v", err)
	}
	same(t, "the acts", []string{"ann added 邮件", "ann added 群", "ann disabled 旧群", "ann deleted 邮件"}, events(t, r, qianshao.SubjectChannel))
	for i := 1; i < notify.MaxChannels; i++ {
		check(t, s.PutChannel(ctx, signedAt(3), robot(fmt.Sprint("more", i), fmt.Sprint("more", i))))
	}
	if err := s.PutChannel(ctx, signedAt(3), robot("over", "over")); !errors.Is(err, notify.ErrTooManyChannels) {
		t.Errorf("one too many: %v", err)
	}
	check(t, s.PutChannel(ctx, signedAt(3), robot("more1", "more1"))) // it exists already
}

// testAlerts: an alert starts when it is created, enabled again or given another view; it stays its
// account's, and the number of alerts is bounded.
func testAlerts(t *testing.T, s Store, r Review) {
	ctx := t.Context()
	a := alert("a1", "c1")
	if err := s.PutAlert(ctx, signedAt(0), a); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("without its channel: %v", err)
	}
	check(t, s.PutChannel(ctx, signedAt(0), robot("c1", "群")))
	check(t, s.PutAlert(ctx, signedAt(0), a))
	is := func(when string) {
		t.Helper()
		got, err := s.Alert(ctx, "a1")
		check(t, err)
		if diff := cmp.Diff(a, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	is("made")
	other := a
	other.Account, other.Every = "eve", time.Hour
	check(t, s.PutAlert(ctx, signedAt(1), other))
	a.Every = time.Hour
	is("changed: it begins when it did, and is whose it was")
	for i, change := range []func(){func() { a.View = "other" }, func() { a.Disabled = true }, func() { a.Disabled = false }} {
		change()
		by := signedAt(10 + i)
		if !a.Disabled {
			a.Created, a.Looked = by.At, by.At
		}
		check(t, s.PutAlert(ctx, by, a))
		is(fmt.Sprint("change ", i))
	}
	check(t, s.SetObstacle(ctx, "a1", notify.ViewGone))
	a.Obstacle = notify.ViewGone
	is("with an obstacle")
	check(t, s.PutAlert(ctx, signedAt(20), a))
	a.Obstacle = ""
	is("changed: its obstacle is looked for anew")
	check(t, s.SetBack(ctx, "a1", signedAt(100).At))
	is("not set back to what is later")
	a.Created, a.Looked = signedAt(1).At, signedAt(1).At
	check(t, s.SetBack(ctx, "a1", signedAt(1).At))
	is("set back")

	bad := a
	bad.Hourly = 0
	if err := s.PutAlert(ctx, signedAt(20), bad); !errors.Is(err, notify.ErrHourly) {
		t.Errorf("none per hour: %v", err)
	}
	twin := alert("a2", "c1")
	twin.Name = a.Name
	if err := s.PutAlert(ctx, signedAt(20), twin); !errors.Is(err, notify.ErrNameTaken) {
		t.Errorf("a name twice: %v", err)
	}
	check(t, s.DeleteAlert(ctx, signedAt(21), "a1"))
	if err := s.DeleteAlert(ctx, signedAt(21), "a1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
	same(t, "the acts", []string{"added", "changed", "changed", "disabled", "enabled", "changed", "deleted"}, words(events(t, r, qianshao.SubjectAlert)))
	testManyAlerts(t, s)
}

// testManyAlerts: the number of alerts is bounded for each account, and in all.
func testManyAlerts(t *testing.T, s Store) {
	ctx := t.Context()
	for i := range notify.MaxAlerts {
		a := alert(fmt.Sprint("n", i), "c1")
		a.Account = fmt.Sprint("account", i/notify.MaxAlertsOf)
		check(t, s.PutAlert(ctx, signedAt(22), a))
	}
	check(t, s.DeleteAlert(ctx, signedAt(22), "n0"))
	over := alert("over", "c1")
	over.Account = "account1"
	if err := s.PutAlert(ctx, signedAt(22), over); !errors.Is(err, notify.ErrTooManyAlerts) {
		t.Errorf("one too many of an account: %v", err)
	}
	over.Account = "account0"
	check(t, s.PutAlert(ctx, signedAt(22), over))
	last := alert("last", "c1")
	last.Account = "new"
	if err := s.PutAlert(ctx, signedAt(22), last); !errors.Is(err, notify.ErrTooManyAlerts) {
		t.Errorf("one too many in all: %v", err)
	}
}

// words returns the second word of each text.
func words(list []string) (second []string) {
	for _, text := range list {
		var by, event string
		if _, err := fmt.Sscan(text, &by, &event); err == nil {
			second = append(second, event)
		}
	}
	return second
}

func testSchedules(t *testing.T, s Store, r Review) {
	ctx := t.Context()
	check(t, s.PutChannel(ctx, signedAt(0), robot("c1", "群")))
	plan := notify.Schedule{ID: "s1", Account: "ann", Channel: "c1", Period: notify.Week, Authorisation: "city", Hour: 8, Created: base}
	check(t, s.PutSchedule(ctx, signedAt(0), plan))
	bad := plan
	bad.Hour = 24
	if err := s.PutSchedule(ctx, signedAt(0), bad); !errors.Is(err, notify.ErrHour) {
		t.Errorf("at 24: %v", err)
	}
	plan.Period = notify.Month
	check(t, s.PutSchedule(ctx, signedAt(1), plan))
	list, err := s.Schedules(ctx)
	check(t, err)
	if diff := cmp.Diff([]notify.Schedule{plan}, list); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	check(t, s.DeleteSchedule(ctx, signedAt(2), "s1"))
	if err := s.DeleteSchedule(ctx, signedAt(2), "s1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
	same(t, "the acts", []string{"ann added week", "ann changed month", "ann deleted month"}, events(t, r, qianshao.SubjectSchedule))
}

// settleIndex settles everything that is pending for the index, and returns how many findings are handed
// over to the consumer of notices.
func settleIndex(t *testing.T, s Store) int {
	t.Helper()
	list, err := s.Pending(t.Context(), store.ConsumerIndex, 0, 1000)
	check(t, err)
	check(t, s.Settle(t.Context(), store.ConsumerIndex, list))
	handed, err := s.Pending(t.Context(), store.ConsumerNotices, 0, 1000)
	check(t, err)
	return len(handed)
}

// testHandedOver: what the index has processed is handed over if an alert is enabled, and only then.
func testHandedOver(t *testing.T, s Store, _ Review) {
	ctx := t.Context()
	save(t, s, Page("http://a/1", "文", 0, "casino", "loan"))
	if n := settleIndex(t, s); n != 0 {
		t.Errorf("%d are handed over and there is no alert", n)
	}
	check(t, s.PutChannel(ctx, signedAt(0), robot("c1", "群")))
	a := alert("a1", "c1")
	a.Disabled = true
	check(t, s.PutAlert(ctx, signedAt(0), a))
	save(t, s, Page("http://a/1", "文", 1, "casino", "loan"))
	if n := settleIndex(t, s); n != 0 {
		t.Errorf("%d are handed over and no alert is enabled", n)
	}
	a.Disabled = false
	check(t, s.PutAlert(ctx, signedAt(1), a))
	for hours := range 2 { // the second time changes nothing
		save(t, s, Page("http://a/1", "文", 2+hours, "casino", "loan"))
		if n := settleIndex(t, s); n != 2 {
			t.Errorf("%d are handed over, want 2", n)
		}
	}
	list, err := s.Pending(ctx, store.ConsumerNotices, 0, 10)
	check(t, err)
	check(t, s.NoteItems(ctx, nil, list))
	if list, err = s.Pending(ctx, store.ConsumerNotices, 0, 10); err != nil || len(list) != 0 {
		t.Errorf("%d remain, %v", len(list), err)
	}

	save(t, s, Page("http://a/1", "文", 4, "casino", "loan"))
	changed, err := s.Pending(ctx, store.ConsumerIndex, 0, 10)
	check(t, err)
	check(t, s.Settle(ctx, store.ConsumerIndex, changed))
	list, err = s.Pending(ctx, store.ConsumerNotices, 0, 10)
	check(t, err)
	check(t, s.NoteItems(ctx, nil, list))
	check(t, s.Settle(ctx, store.ConsumerIndex, changed)) // as another process that has updated the index, too
	if list, err = s.Pending(ctx, store.ConsumerNotices, 0, 10); err != nil || len(list) != 0 {
		t.Errorf("handed over twice when two processes settle: %d, %v", len(list), err)
	}
}

// toTell is an item to report by alert a1, of a finding on a page with "casino".
func toTell(page string, event notify.Event, occurred, ready int) notify.Item {
	minutes := func(n int) time.Time { return base.Add(time.Duration(n) * time.Minute) }
	return notify.Item{Alert: "a1", Finding: qianshao.FindingID("http://a/"+page, "casino"), Event: event, Occurred: minutes(occurred), Ready: minutes(ready)}
}

// noticed returns a store with some findings and alert a1 on channel c1.
func noticed(t *testing.T, s Store, pages ...string) {
	t.Helper()
	for _, page := range pages {
		save(t, s, Page("http://a/"+page, "文 "+page, 0, "casino"))
	}
	check(t, s.PutChannel(t.Context(), signedAt(0), robot("c1", "群")))
	check(t, s.PutAlert(t.Context(), signedAt(0), alert("a1", "c1")))
}

func waiting(t *testing.T, s Store, minutes int) (names []string) {
	t.Helper()
	list, err := s.WaitingItems(t.Context(), "a1", base.Add(time.Duration(minutes)*time.Minute), 100)
	check(t, err)
	for _, it := range list {
		for _, page := range []string{"1", "2", "3"} {
			if it.Finding == qianshao.FindingID("http://a/"+page, "casino") {
				names = append(names, fmt.Sprintf("%s %s %s", page, it.Event, it.Occurred.Sub(base)))
			}
		}
	}
	slices.Sort(names)
	return names
}

// testItems: an event is added once, even if it was reported; relapses each time. What is taken back may be
// added again.
func testItems(t *testing.T, s Store, _ Review) {
	ctx := t.Context()
	noticed(t, s, "1", "2")
	note := func(list ...notify.Item) {
		t.Helper()
		check(t, s.NoteItems(ctx, list, nil))
	}
	note(toTell("1", notify.New, 0, 5), toTell("2", notify.New, 0, 1), toTell("none", notify.New, 0, 1))
	note(toTell("1", notify.New, 1, 1), toTell("1", notify.Relapsed, 1, 1), toTell("1", notify.Relapsed, 2, 1), toTell("1", notify.Relapsed, 1, 2))
	same(t, "after a minute", []string{"1 relapsed 1m0s", "1 relapsed 2m0s", "2 new 0s"}, waiting(t, s, 1))
	same(t, "after five", []string{"1 new 0s", "1 relapsed 1m0s", "1 relapsed 2m0s", "2 new 0s"}, waiting(t, s, 5))
	check(t, s.TakeBack(ctx, []notify.Item{toTell("1", notify.Relapsed, 1, 1), toTell("1", notify.Relapsed, 2, 1)}, []notify.Item{toTell("2", notify.New, 0, 9)}))
	same(t, "after some were taken back", []string{"1 new 0s"}, waiting(t, s, 8))
	note(toTell("1", notify.Relapsed, 1, 1))
	same(t, "after one came again", []string{"1 new 0s", "1 relapsed 1m0s", "2 new 0s"}, waiting(t, s, 9))

	d := notify.Delivery{Key: "k1", Alert: "a1", Channel: "c1", State: notify.Pending, Created: base.Add(9 * time.Minute), Since: base, Next: base}
	begun, err := s.Deliver(ctx, d, nil, nil)
	check(t, err)
	if !begun || len(waiting(t, s, 100)) != 0 {
		t.Errorf("begun: %v, waiting: %v", begun, waiting(t, s, 100))
	}
	list, all, err := s.ItemsOf(ctx, "k1", 2)
	check(t, err)
	same(t, "two of three", fmt.Sprint(2, map[notify.Event]int{notify.New: 2, notify.Relapsed: 1}), fmt.Sprint(len(list), all))
	walked := map[string]bool{}
	for after, n := int64(0), 1; n > 0; {
		list, last, err := s.WalkItems(ctx, "k1", after, 2)
		check(t, err)
		for _, it := range list {
			walked[fmt.Sprint(it.Finding, " ", it.Event, " ", it.Occurred)] = true
		}
		if after, n = last, len(list); n > 2 {
			t.Fatalf("%d of at most two", n)
		}
	}
	same(t, "all in steps of two", 3, len(walked))
	if begun, err = s.Deliver(ctx, notify.Delivery{Key: "k2", Alert: "a1", Channel: "c1", State: notify.Pending, Created: base.Add(time.Hour)}, nil, nil); begun || err != nil {
		t.Errorf("a delivery of nothing: %v, %v", begun, err)
	}
	d.State, d.Settled = notify.Delivered, base.Add(time.Hour)
	check(t, s.SettleDelivery(ctx, d))
	note(toTell("1", notify.New, 0, 5), toTell("2", notify.New, 7, 1), toTell("1", notify.Relapsed, 1, 1))
	same(t, "what was told", 0, len(waiting(t, s, 100)))
	check(t, s.TakeBack(ctx, []notify.Item{toTell("1", notify.New, 0, 5)}, nil))
	note(toTell("1", notify.New, 0, 5))
	same(t, "what was told cannot be taken back", 0, len(waiting(t, s, 100)))
}

// sent compares what alert a1 has sent, counted from so many minutes after base, with what is wanted.
func sent(t *testing.T, s Store, minutes int, want notify.Sent) {
	t.Helper()
	got, err := s.SentSince(t.Context(), "a1", base.Add(time.Duration(minutes)*time.Minute))
	check(t, err)
	same(t, "sent", want, got)
}

// testDeliveries: a delivery is due until it is settled; a failed one can be retried with all its items;
// what was settled long ago is forgotten, and not reported again.
func testDeliveries(t *testing.T, s Store, r Review) {
	ctx := t.Context()
	noticed(t, s, "1", "2")
	at := func(minutes int) time.Time { return base.Add(time.Duration(minutes) * time.Minute) }
	check(t, s.NoteItems(ctx, []notify.Item{toTell("1", notify.New, 0, 0)}, nil))
	d := notify.Delivery{Key: "k1", Alert: "a1", Channel: "c1", State: notify.Pending, Created: at(1), Since: at(1), Next: at(1)}
	_, err := s.Deliver(ctx, d, nil, nil)
	check(t, err)
	d.Findings = 1
	got, err := s.DueDelivery(ctx, "c1", at(1))
	check(t, err)
	if diff := cmp.Diff(d, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	sent(t, s, 0, notify.Sent{Count: 1, Last: at(1), Pending: true})
	if err := s.RetryDelivery(ctx, signedAt(1), "k1"); !errors.Is(err, notify.ErrNotFailed) {
		t.Errorf("a delivery without an attempt is retried: %v", err)
	}
	d.Attempts, d.Problem, d.Fault, d.Next = 1, "503", notify.NewFault(notify.FaultRobot, 503, `"busy"`), at(3)
	check(t, s.PutOff(ctx, d, time.Time{}))
	hasFailed(t, s, &d)
	for minutes, want := range map[int][]string{2: nil, 3: {"c1"}} {
		due, err := s.DueChannels(ctx, at(minutes))
		check(t, err)
		same(t, fmt.Sprint("due after ", minutes), want, due)
	}
	check(t, s.PutOff(ctx, d, at(10)))
	if _, err := s.DueDelivery(ctx, "c1", at(9)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the channel asked for a pause: %v", err)
	}
	_, err = s.DueDelivery(ctx, "c1", at(9-26*60)) // the clock was ahead when it was put off
	check(t, err)
	counts, oldest, err := s.DeliveryStates(ctx)
	check(t, err)
	same(t, "the states", fmt.Sprint(map[notify.State]int{notify.Pending: 1, notify.Failed: 0}, at(1)), fmt.Sprint(counts, oldest))
	check(t, s.RetryDelivery(ctx, signedAt(2), "k1"))
	got, err = s.DueDelivery(ctx, "c1", at(2))
	check(t, err)
	same(t, "one that waits after an attempt", fmt.Sprint("k1", at(2), 1), fmt.Sprint(got.Key, got.Since, got.Attempts))
	d.State, d.Settled, d.Fault.Args = notify.Failed, at(12), []string{"504"}
	check(t, s.SettleDelivery(ctx, d))
	hasFailed(t, s, &d)
	sent(t, s, 1, notify.Sent{Last: at(1)})
	check(t, s.RetryDelivery(ctx, signedAt(13), "k1"))
	got, err = s.DueDelivery(ctx, "c1", at(13))
	check(t, err)
	_, all, err := s.ItemsOf(ctx, "k1", 10)
	check(t, err)
	same(t, "tried again", fmt.Sprint("k1", at(13), 1), fmt.Sprint(got.Key, got.Since, all[notify.New]))
	same(t, "the acts", []string{"ann retried ", "ann retried "}, events(t, r, qianshao.SubjectDelivery))
	check(t, s.SettleDelivery(ctx, d))
	check(t, s.LogDelivery(ctx, notify.Delivery{Key: "test", Channel: "c1", State: notify.Delivered, Created: at(14), Settled: at(14)}))
	list, err := s.Deliveries(ctx, notify.DeliveriesQuery{Limit: 1})
	check(t, err)
	rest, err := s.Deliveries(ctx, notify.DeliveriesQuery{Limit: 5, After: list[0].Key})
	check(t, err)
	failed, err := s.Deliveries(ctx, notify.DeliveriesQuery{Limit: 5, State: notify.Failed})
	check(t, err)
	same(t, "the log", "test k1 k1", list[0].Key+" "+rest[0].Key+" "+failed[0].Key)

	testExpired(t, s)
	testLetGo(t, s)
}

// testGivenUp: a delivery that failed, or whose last attempt failed, counts for its account, and in all,
// until it is delivered or a person gives it up; then its findings are no longer reported.
func testGivenUp(t *testing.T, s Store, r Review) {
	ctx := t.Context()
	noticed(t, s, "1", "2")
	at := func(minutes int) time.Time { return base.Add(time.Duration(minutes) * time.Minute) }
	undelivered := func(what string, ann, all int) {
		t.Helper()
		for account, want := range map[string]int{"ann": ann, "bob": 0, "": all} {
			n, err := s.Undelivered(ctx, account, 10)
			check(t, err)
			same(t, fmt.Sprintf("%s: undelivered of %q", what, account), want, n)
		}
	}
	check(t, s.NoteItems(ctx, []notify.Item{toTell("1", notify.New, 0, 0)}, nil))
	d := notify.Delivery{Key: "k1", Alert: "a1", Channel: "c1", State: notify.Pending, Created: at(1), Since: at(1), Next: at(1)}
	if _, err := s.Deliver(ctx, d, nil, nil); err != nil {
		t.Fatal(err)
	}
	check(t, s.LogDelivery(ctx, notify.Delivery{Key: "test", Channel: "c1", State: notify.Failed, Created: at(1), Settled: at(1)}))
	undelivered("not tried yet", 0, 0)
	d.Attempts, d.Next = 1, at(3)
	check(t, s.PutOff(ctx, d, time.Time{}))
	undelivered("tried", 1, 1)
	if err := s.DropDelivery(ctx, signedAt(4), "k1"); !errors.Is(err, notify.ErrNotFailed) {
		t.Errorf("a pending one is given up: %v", err)
	}
	if err := s.DropDelivery(ctx, signedAt(4), "test"); !errors.Is(err, notify.ErrNotFailed) {
		t.Errorf("a test is given up: %v", err)
	}
	if err := s.DropDelivery(ctx, signedAt(4), "none"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unknown one is given up: %v", err)
	}
	d.State, d.Settled = notify.Failed, at(5)
	check(t, s.SettleDelivery(ctx, d))
	undelivered("failed", 1, 1)
	for account, want := range map[string]int{"ann": 1, "bob": 0, "": 2} {
		list, err := s.Deliveries(ctx, notify.DeliveriesQuery{Limit: 5, Account: account, State: notify.Failed})
		check(t, err)
		same(t, "the failed ones of "+account, want, len(list))
	}
	check(t, s.DropDelivery(ctx, signedAt(6), "k1"))
	undelivered("given up", 0, 0)
	got, err := s.Delivery(ctx, "k1")
	check(t, err)
	same(t, "given up", fmt.Sprint(notify.Dropped, notify.GivenUp, at(6)), fmt.Sprint(got.State, got.Obstacle, got.Settled))
	same(t, "the acts", []string{"ann given_up "}, events(t, r, qianshao.SubjectDelivery))
	check(t, s.NoteItems(ctx, []notify.Item{toTell("1", notify.New, 0, 7)}, nil))
	if list := waiting(t, s, 10); len(list) > 0 {
		t.Errorf("findings that were given up are reported: %v", list)
	}
}

// testExpired: a delivery settled long ago is forgotten, and its items are not reported again, even if it
// failed.
func testExpired(t *testing.T, s Store) {
	ctx := t.Context()
	check(t, s.ExpireDeliveries(ctx, base.Add(13*time.Minute)))
	if _, err := s.Delivery(ctx, "k1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an old one: %v", err)
	}
	if _, err := s.Delivery(ctx, "test"); err != nil {
		t.Errorf("a young one: %v", err)
	}
	check(t, s.NoteItems(ctx, []notify.Item{toTell("1", notify.New, 0, 0)}, nil))
	same(t, "what had failed", 0, len(waiting(t, s, 100)))
}

// testLetGo: a delivery is dropped with its alert or channel, and its items wait again unless the alert has
// ended.
func testLetGo(t *testing.T, s Store) {
	ctx := t.Context()
	begin := func(key string) {
		t.Helper()
		check(t, s.NoteItems(ctx, []notify.Item{toTell("2", notify.New, 0, 0)}, nil))
		begun, err := s.Deliver(ctx, notify.Delivery{Key: key, Alert: "a1", Channel: "c1", State: notify.Pending, Created: base.Add(time.Hour), Next: base}, nil, nil)
		check(t, err)
		if !begun {
			t.Errorf("%s is not begun", key)
		}
	}
	is := func(key string, why notify.Obstacle, left ...string) {
		t.Helper()
		d, err := s.Delivery(ctx, key)
		check(t, err)
		same(t, key, fmt.Sprint(notify.Dropped, why), fmt.Sprint(d.State, d.Obstacle))
		same(t, "what waits after "+key, left, waiting(t, s, 100))
	}
	a := alert("a1", "c1")
	begin("disabled")
	a.Disabled = true
	check(t, s.PutAlert(ctx, signedAt(60), a))
	is("disabled", notify.AlertGone)
	a.Disabled = false
	check(t, s.PutAlert(ctx, signedAt(60), a))
	begin("no account")
	check(t, s.SettleDelivery(ctx, notify.Delivery{Key: "no account", State: notify.Dropped, Obstacle: notify.AccountDisabled, Settled: base}))
	is("no account", notify.AccountDisabled, "2 new 0s")
	begin("no channel")
	check(t, s.DeleteChannel(ctx, signedAt(61), "c1"))
	is("no channel", notify.ChannelGone, "2 new 0s")
	check(t, s.PutChannel(ctx, signedAt(61), robot("c1", "群")))
	begin("no alert")
	check(t, s.DeleteAlert(ctx, signedAt(62), "a1"))
	is("no alert", notify.AlertGone)
}

// hasFailed compares a delivery's last failure with what is wanted.
func hasFailed(t *testing.T, s Store, want *notify.Delivery) {
	t.Helper()
	got, err := s.Delivery(t.Context(), want.Key)
	check(t, err)
	if got.Problem != want.Problem || !cmp.Equal(got.Fault, want.Fault) {
		t.Errorf("failed with %q, %+v, want %q, %+v", got.Problem, got.Fault, want.Problem, want.Fault)
	}
}

// testReportDeliveries: the report of a period is put into the outbox once.
func testReportDeliveries(t *testing.T, s Store, _ Review) {
	ctx := t.Context()
	check(t, s.PutChannel(ctx, signedAt(0), robot("c1", "群")))
	check(t, s.PutSchedule(ctx, signedAt(0), notify.Schedule{ID: "s1", Account: "ann", Channel: "c1", Period: notify.Week, Hour: 8}))
	for i := range 3 {
		d := notify.Delivery{Key: fmt.Sprint("k", i), Schedule: "s1", Channel: "c1", State: notify.Pending, From: base, To: base.Add(time.Duration(max(1, i)) * time.Hour), Created: base, Next: base}
		check(t, s.DeliverReport(ctx, d))
	}
	list, err := s.Deliveries(ctx, notify.DeliveriesQuery{Limit: 10})
	check(t, err)
	if len(list) != 2 || list[0].Key != "k2" || list[1].Key != "k0" || !list[1].From.Equal(base) || !list[1].To.Equal(base.Add(time.Hour)) {
		t.Errorf("%+v", list)
	}
	check(t, s.PutChannel(ctx, signedAt(1), robot("c2", "另一群")))
	check(t, s.PutSchedule(ctx, signedAt(1), notify.Schedule{ID: "s1", Account: "ann", Channel: "c2", Period: notify.Week, Hour: 8}))
	if due, err := s.DueChannels(ctx, base); err != nil || !slices.Equal(due, []string{"c2"}) {
		t.Errorf("sent elsewhere: %v, %v", due, err)
	}
	now := notify.Delivery{Key: "now", Schedule: "s1", Channel: "c2", State: notify.Pending, From: base, To: base.Add(time.Hour), Created: base, Next: base}
	if err := s.DeliverReportNow(ctx, signedAt(1), now); !errors.Is(err, notify.ErrReportWaits) {
		t.Errorf("while one is pending: %v", err)
	}
	for _, d := range list {
		d.State, d.Settled = notify.Delivered, base
		check(t, s.SettleDelivery(ctx, d))
	}
	check(t, s.DeliverReportNow(ctx, signedAt(1), now)) // although the period was delivered
	if due, err := s.DueDelivery(ctx, "c2", base); err != nil || due.Key != "now" {
		t.Errorf("sent now: %+v, %v", due, err)
	}
	check(t, s.DeleteSchedule(ctx, signedAt(2), "s1"))
	if err := s.DeliverReportNow(ctx, signedAt(2), now); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of a deleted schedule: %v", err)
	}
	if due, err := s.DueChannels(ctx, base); err != nil || len(due) != 0 {
		t.Errorf("of a deleted schedule: %v, %v", due, err)
	}
}

// testForgottenItems: deleting a finding deletes its items, whether reported or not; found anew, it is new.
func testForgottenItems(t *testing.T, s Store, _ Review) {
	ctx := t.Context()
	noticed(t, s, "1", "2")
	settleIndex(t, s)
	check(t, s.NoteItems(ctx, []notify.Item{toTell("1", notify.New, 0, 0), toTell("2", notify.New, 0, 0)}, nil))
	facts, err := s.Facts(ctx, []string{toTell("1", "", 0, 0).Finding, "none"}, base)
	check(t, err)
	same(t, "the facts", []notify.Fact{{Finding: toTell("1", "", 0, 0).Finding}}, facts)
	deleteFindings(t, s, 1, deletionOf("http://a/1", "casino", 1))
	same(t, "what waits", []string{"2 new 0s"}, waiting(t, s, 1))
	if list, err := s.Pending(ctx, store.ConsumerNotices, 0, 10); err != nil || len(list) != 1 {
		t.Errorf("%d are handed over, %v", len(list), err)
	}
	save(t, s, Page("http://a/1", "文 1", 2, "casino"))
	facts, err = s.Facts(ctx, []string{toTell("1", "", 0, 0).Finding}, base)
	check(t, err)
	if len(facts) != 1 || !facts[0].Behind {
		t.Errorf("the finding does not count as missing from the index: %+v", facts)
	}
	check(t, s.NoteItems(ctx, []notify.Item{toTell("1", notify.New, 0, 0)}, nil))
	same(t, "what waits", []string{"1 new 0s", "2 new 0s"}, waiting(t, s, 1))
}
