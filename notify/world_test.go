package notify_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
	"github.com/qianshao/qianshao/store/storetest"
)

// world is a data folder with its index, an engine over it, and a clock that the test sets.
type world struct {
	t    *testing.T
	f    *datafolder.Folder
	ix   index.Index
	desk *desk.Desk
	e    *notify.Engine
	opts notify.Options
	now  time.Time
	ann  qianshao.Account

	mu   sync.Mutex
	sent []sent
	// answer is a channel's answer; nil accepts everything.
	answer func(c notify.Channel, m notify.Message) error
}

type sent struct {
	channel string
	at      time.Time
	notify.Message
}

// monday is the 2nd of November 2026, 09:00 in China.
var monday = time.Date(2026, 11, 2, 9, 0, 0, 0, qianshao.ChinaTime())

// newWorld returns a world with channel c1, and no alert.
func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	w := &world{t: t, now: monday, ann: qianshao.Account{Name: "ann", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()}}
	var err error
	w.f, w.ix, err = datafolder.OpenWithIndex(t.Context(), datafolder.Options{Data: sqlitetest.Folder(t)}, nil)
	w.check(err)
	t.Cleanup(func() {
		if err := errors.Join(w.ix.Close(), w.f.Close()); err != nil {
			t.Error(err)
		}
	})
	clock := func() time.Time { return w.now }
	w.desk, err = desk.New(desk.Options{
		Store: w.f.Review, Mask: func(s string) string { return s }, Rules: func() string { return "r" }, Now: clock,
		Account: func(context.Context, string) (qianshao.Account, error) { return w.ann, nil },
	})
	w.check(err)
	w.opts = notify.Options{
		Store: w.f.Store, Zone: qianshao.ChinaTime(), Now: clock, Send: w.send,
		Find: func(ctx context.Context, account qianshao.Account, query string, ids []string) ([]index.Hit, error) {
			return w.f.FindAmong(ctx, w.ix, account, query, ids, w.now)
		},
		Account: func(_ context.Context, name string) (qianshao.Account, error) {
			if name != w.ann.Name {
				return qianshao.Account{}, store.ErrNotFound
			}
			return w.ann, nil
		},
		ConsoleURL: func(context.Context) (string, error) { return "https://console.example", nil },
	}
	w.restart()
	w.channel("c1")
	return w
}

// restart creates a new engine, as after the death of the process.
func (w *world) restart() {
	w.t.Helper()
	var err error
	w.e, err = notify.NewEngine(w.opts)
	w.check(err)
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) signed() store.Signed { return store.Signed{By: "ann", At: w.now.UTC()} }

func (w *world) channel(id string) notify.Channel {
	w.t.Helper()
	c := notify.Channel{ID: id, Name: id, Kind: notify.DingTalk, Address: "https://robot.example/send?access_token=70ken", Secret: "SECret", Language: "zh"}
	w.check(w.f.Store.PutChannel(w.t.Context(), w.signed(), c))
	return c
}

// alert creates alert a1 on channel c1 with a view, changed by change.
func (w *world) alert(query string, change func(a *notify.Alert)) notify.Alert {
	w.t.Helper()
	_, err := w.f.Store.SaveView(w.t.Context(), store.SavedView{ID: "v1", Owner: "ann", Name: "夜班", Query: query, Changed: w.now})
	w.check(err)
	a := notify.Alert{ID: "a1", Name: "值班群", Account: "ann", View: "v1", Channel: "c1", Events: notify.Events(), Every: time.Minute, Hourly: 60}
	if change != nil {
		change(&a)
	}
	w.check(w.f.Store.PutAlert(w.t.Context(), w.signed(), a))
	return a
}

func (w *world) send(_ context.Context, c notify.Channel, m notify.Message) error {
	w.mu.Lock()
	w.sent = append(w.sent, sent{c.ID, w.now, m})
	answer := w.answer
	w.mu.Unlock()
	if answer == nil {
		return nil
	}
	return answer(c, m)
}

// found saves a page with new findings.
func (w *world) found(page string, rules ...string) {
	w.t.Helper()
	w.save(page, append(rules, "casino")...)
}

// save saves a page as of now; without rules it is clean.
func (w *world) save(page string, rules ...string) {
	w.t.Helper()
	text := "注册送彩金八十八元，澳门线上赌场官网开户，真人百家乐，老虎机爆奖，提款秒到账，客服全天在线"
	if page[0] != 'a' { // pages that begin with a have the same block, so they are one campaign
		text = "注册送 " + page
	}
	s := storetest.Page("http://site.example/"+page, text, 0, rules...)
	s.Page.FetchedAt = w.now
	_, err := w.f.Store.SavePage(w.t.Context(), s)
	w.check(err)
}

func id(page string) string { return qianshao.FindingID("http://site.example/"+page, "casino") }

// decide decides a page's finding, and returns the act.
func (w *world) decide(page string, verdict qianshao.Verdict, reason qianshao.Reason) qianshao.Act {
	w.t.Helper()
	subject := qianshao.Subject{Kind: qianshao.SubjectFinding, ID: id(page)}
	v, err := w.desk.Look(w.t.Context(), w.ann, subject)
	w.check(err)
	act, err := w.desk.Do(w.t.Context(), w.ann, desk.Draft{Subject: subject, Kind: qianshao.ActDecide, Basis: v.Standing.Act, Seen: v.Seen, Verdict: verdict, Reason: reason})
	w.check(err)
	return act
}

func (w *world) undo(act qianshao.Act) {
	w.t.Helper()
	_, err := w.desk.Undo(w.t.Context(), w.ann, act.Seq, "", "")
	w.check(err)
}

// feed groups changed findings and updates the index.
func (w *world) feed() {
	w.t.Helper()
	for n := 1; n > 0; {
		var err error
		n, err = w.f.Review.Campaigns.GroupPending(w.t.Context())
		w.check(err)
	}
	_, err := datafolder.FeedIndex(w.t.Context(), w.ix, w.f.Store)
	w.check(err)
}

// after advances the clock, has the engine do what is due, and returns what it sent, as "new 3" for three
// findings.
func (w *world) after(passed time.Duration) (told []string) {
	w.t.Helper()
	before := len(w.sent)
	w.feed()
	w.check(w.e.Flush(w.t.Context())) // adds items for the changes
	w.now = w.now.Add(passed)
	w.check(w.e.Flush(w.t.Context()))
	for _, m := range w.sent[before:] {
		told = append(told, summary(m.Message))
	}
	return told
}

func summary(m notify.Message) string {
	if m.Report != nil {
		return "report " + m.Report.Title
	}
	var parts []string
	for _, e := range notify.Events() {
		if n := m.Counts[e]; n > 0 {
			parts = append(parts, fmt.Sprint(e, " ", n))
		}
	}
	return strings.Join(parts, " ")
}

// tells compares what is sent after some time with what is wanted.
func (w *world) tells(what string, passed time.Duration, want ...string) {
	w.t.Helper()
	if got := w.after(passed); !slices.Equal(got, want) {
		w.t.Errorf("%s: sent %q, want %q", what, got, want)
	}
}

// deliveries returns the log, oldest first, as "delivered 1" after one attempt.
func (w *world) deliveries() (list []string) {
	w.t.Helper()
	log, err := w.f.Store.Deliveries(w.t.Context(), notify.DeliveriesQuery{Limit: 100})
	w.check(err)
	for _, d := range slices.Backward(log) {
		list = append(list, strings.TrimSpace(fmt.Sprint(d.State, " ", d.Attempts, " ", d.Obstacle)))
	}
	return list
}

func (w *world) logs(want ...string) {
	w.t.Helper()
	if got := w.deliveries(); !slices.Equal(got, want) {
		w.t.Errorf("the log is %q, want %q", got, want)
	}
}
