package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

// killedFolder names the data folder that the child of TestKilledAPI serves.
const killedFolder = "QIANSHAO_TEST_KILLED_API"

// killedFindings is the number of findings that its clients decide on.
const killedFindings = 30

// killedBlocks are the texts according to which the findings are grouped.
var killedBlocks = []string{
	"澳门线上赌场官网开户，注册送彩金，真人百家乐荷官在线发牌，老虎机爆奖不断，提款三分钟到账",
	"时时彩投注平台每期开奖直播，玩法齐全赔率高，投注返点百分之九，彩票开户当日到账，今日名额不多",
	"棋牌娱乐平台诚招代理，抽水日结，炸金花牛牛斗地主任选，后台包杀可控，私聊领取开户链接",
}

// TestKilledAPI kills a server at random moments while three clients decide, undo, and make batches
// and undo them over its API. If the database is on a server, its connections are cut, too. Each
// client then repeats its requests: those that were acknowledged get the same answer, the others
// are done now, and nothing is in the trail twice. Acknowledged batches are completed. The
// standings, and how campaigns count them, are the same after a reindex.
func TestKilledAPI(t *testing.T) {
	if data := os.Getenv(killedFolder); data != "" {
		serveUntilKilled(t, data)
		return
	}
	if testing.Short() {
		t.Skip("kills a server, which under the race detector is too slow to get to a batch between two kills")
	}
	onEach(t, func(t *testing.T, p place) {
		clients := killedClients(t, p)
		var answered atomic.Int64
		for round := range killsOr(t, 5) {
			base, kill := startKilled(t, p)
			enough := answered.Load() + killAfter(round)
			var all sync.WaitGroup
			for _, c := range clients {
				c.base, c.answered = base, &answered
				all.Go(func() { c.again(t, false); c.work(round) })
			}
			p.disturb(t, &answered, enough)
			time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
			kill()
			all.Wait()
		}
		base, kill := startKilled(t, p)
		sent := map[int64]bool{} // the acts that the clients know of
		for _, c := range clients {
			c.base = base
			c.again(t, true)
			for _, r := range c.sent {
				if r.seq > 0 {
					sent[r.seq] = true
				}
			}
			c.awaitBatches(t, c.batches())
		}
		kill()
		checkKilled(t, p, sent)
	})
}

// killAfter returns the number of answers after which a server is killed, however long they take:
// in the middle of work or, every fourth time, while the clients repeat their requests.
func killAfter(round int) int64 {
	if round%4 == 3 {
		return 1 + rand.Int64N(3*againAnswered)
	}
	return 3*againAnswered + rand.Int64N(60)
}

// serveUntilKilled is the child: a server that prints its URL.
func serveUntilKilled(t *testing.T, data string) {
	a := apptest.New(t, app.Options{Data: data, Backends: serversOfChild(t), Version: "test", Console: &app.ConsoleOptions{Listen: "127.0.0.1:0"}})
	a.Start(t.Context())
	fmt.Printf("serving %s\n", a.ConsoleURL())
	<-t.Context().Done()
}

// startKilled starts the child, and returns its URL and a function that kills it.
func startKilled(t *testing.T, p place) (base string, kill func()) {
	t.Helper()
	child := p.child(t, killedFolder)
	out, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() { _ = child.Process.Kill(); _ = child.Wait() })
	t.Cleanup(kill)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "serving "); ok {
			return url, kill
		}
	}
	t.Fatal("the server did not start")
	return "", nil
}

// killedClients makes a store with findings and three analysts.
func killedClients(t *testing.T, p place) (clients []*killedClient) {
	t.Helper()
	ctx := t.Context()
	f, err := datafolder.Open(ctx, p.Options)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for i := range killedFindings {
		url := fmt.Sprintf("http://school.example/%d", i)
		finding := qianshao.Finding{
			ID: qianshao.FindingID(url, "r"), URL: url, Rule: "r", Category: qianshao.Gambling, Level: qianshao.LevelHigh, Score: 70, Seen: fmt.Sprint("shows ", i),
			Evidence: []qianshao.Evidence{{Text: killedBlocks[i%len(killedBlocks)]}},
		}
		_, err := f.Store.SavePage(ctx, store.Save{
			Page: qianshao.Page{URL: url, Status: 200, FetchedAt: time.Now()}, Document: &qianshao.Document{Source: "x"},
			Assessment: qianshao.Assessment{Category: finding.Category, Level: finding.Level, Score: finding.Score, Findings: []qianshao.Finding{finding}},
		})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, finding.ID)
	}
	for _, name := range []string{"ann", "bob", "cyn"} {
		if err := f.Accounts.Add(ctx, "test", qianshao.Account{Name: name, Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()}, ""); err != nil {
			t.Fatal(err)
		}
		scopes := []qianshao.Scope{qianshao.ScopeRead, qianshao.Scope(qianshao.PowerDecide)}
		token, _, err := f.Accounts.NewToken(ctx, "test", name, "test", scopes, 24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		clients = append(clients, &killedClient{name: name, token: token, ids: ids})
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return clients
}

// killedClient is an analyst who works over the API, and remembers the requests sent.
type killedClient struct {
	name, token, base string
	ids               []string
	sent              []*killedRequest
	n                 int
	answered          *atomic.Int64 // answers of the server to all clients
}

type killedRequest struct {
	path, body, key string
	status          int   // 0 until it is answered
	seq             int64 // of the act
}

// send sends a request until it is answered: again if the server failed, or is still working on it.
// ok is false if the server is gone, or has not answered for a long time.
func (c *killedClient) send(r *killedRequest) (answer []byte, ok bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		answer, wait, err := c.sendOnce(ctx, r)
		if err != nil {
			return nil, false
		}
		if wait == 0 {
			c.answered.Add(1)
			return answer, true
		}
		time.Sleep(wait)
	}
}

// sendOnce sends a request; wait is how long to wait before sending it again, or 0.
func (c *killedClient) sendOnce(ctx context.Context, r *killedRequest) (answer json.RawMessage, wait time.Duration, err error) {
	method := http.MethodPost
	if r.body == "" {
		method = http.MethodGet
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+"api/v1/"+r.path, strings.NewReader(r.body))
	if err != nil {
		return nil, 0, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	if r.body != "" {
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Idempotency-Key", r.key)
	}
	w, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer w.Body.Close()
	if err := json.NewDecoder(w.Body).Decode(&answer); err != nil {
		return nil, 0, err
	}
	var problem struct{ Code string }
	_ = json.Unmarshal(answer, &problem) // an answer that is a list has no code
	if w.StatusCode >= http.StatusInternalServerError || problem.Code == "key_in_use" {
		seconds, _ := strconv.Atoi(w.Header.Get("Retry-After"))
		return nil, max(time.Duration(seconds)*time.Second, 100*time.Millisecond), nil
	}
	r.status = w.StatusCode
	return answer, 0, nil
}

// do remembers a request that changes something and sends it.
func (c *killedClient) do(path, body string) (answer []byte, ok bool) {
	c.n++
	r := &killedRequest{path: path, body: body, key: fmt.Sprint(c.name, "-", c.n)}
	c.sent = append(c.sent, r)
	answer, ok = c.send(r)
	if ok && r.status == http.StatusCreated {
		r.seq = seqOf(answer)
	}
	return answer, ok
}

func seqOf(answer []byte) int64 {
	var done struct{ Act struct{ Seq int64 } }
	_ = json.Unmarshal(answer, &done) // an answer without an act has none
	return done.Act.Seq
}

// againAnswered is how many of the last answered requests are sent again after a kill. Earlier ones
// were sent again after earlier kills.
const againAnswered = 10

// again repeats the unanswered requests and the last answered ones, or all of them: those
// that were answered must get the same answer.
func (c *killedClient) again(t *testing.T, all bool) {
	for i, r := range c.sent {
		was := *r
		if was.status != 0 && !all && i < len(c.sent)-againAnswered {
			continue
		}
		answer, ok := c.send(r)
		if !ok { // the server was killed again, unless this is the last time
			if all {
				t.Errorf("%s %s is not answered", r.path, r.body)
			}
			return
		}
		if seq := seqOf(answer); was.status != 0 && (r.status != was.status || seq != was.seq) {
			t.Errorf("%s %s was answered %d, act %d, and then %d, act %d: %s", r.path, r.body, was.status, was.seq, r.status, seq, answer)
		} else if r.status == http.StatusCreated {
			r.seq = seq
		}
	}
}

// work decides, undoes, and makes batches until the server is gone.
func (c *killedClient) work(round int) {
	for i := round; ; i++ {
		var found struct {
			Seen   string
			Review struct{ Basis int64 }
		}
		id := c.ids[(i*7+len(c.name)*3+rand.IntN(3))%len(c.ids)]
		answer, ok := c.send(&killedRequest{path: "findings/" + id})
		if !ok || json.Unmarshal(answer, &found) != nil {
			return
		}
		answer, ok = c.do("acts", fmt.Sprintf(`{"subject": "finding:%s", "kind": "decide", "basis": %d, "seen": "%s", "verdict": "unsure"}`, id, found.Review.Basis, found.Seen))
		if seq := seqOf(answer); ok && seq > 0 && i%3 == 0 {
			_, ok = c.do(fmt.Sprintf("acts/%d/undo", seq), `{}`)
		}
		if ok && i%5 == 0 {
			ok = c.workOnBatch(i)
		}
		if !ok {
			return
		}
	}
}

// workOnBatch decides on a few findings or on a whole campaign, and undoes every other batch.
func (c *killedClient) workOnBatch(i int) (ok bool) {
	selection := fmt.Sprintf(`{"findings": ["%s", "%s"]}`, c.ids[i%len(c.ids)], c.ids[(i+1)%len(c.ids)])
	if i%2 == 0 {
		var page struct{ Campaigns []struct{ ID string } }
		answer, ok := c.send(&killedRequest{path: "campaigns"})
		if !ok || json.Unmarshal(answer, &page) != nil {
			return false
		}
		if n := len(page.Campaigns); n > 0 { // they are grouped meanwhile
			selection = fmt.Sprintf(`{"campaign": "%s"}`, page.Campaigns[rand.IntN(n)].ID)
		}
	}
	var batch struct{ ID int64 }
	answer, ok := c.do("batches", selection)
	if ok && json.Unmarshal(answer, &batch) == nil && batch.ID > 0 {
		_, ok = c.do(fmt.Sprintf("batches/%d/acts", batch.ID), `{"kind": "decide", "verdict": "unsure", "again": true}`)
		if ok && rand.IntN(2) == 0 {
			_, ok = c.do(fmt.Sprintf("batches/%d/undo", batch.ID), `{"words": "wrong"}`)
		}
	}
	return ok
}

// batches returns the batches with an acknowledged request, and the final state that each must
// reach.
func (c *killedClient) batches() map[string]string {
	batches := map[string]string{}
	for _, r := range c.sent {
		if path, ok := strings.CutSuffix(r.path, "/acts"); ok && r.status == http.StatusAccepted {
			batches[path] = "applied"
		} else if path, ok := strings.CutSuffix(r.path, "/undo"); ok && r.status == http.StatusAccepted {
			batches[path] = "undone"
		}
	}
	return batches
}

// awaitBatches waits until each batch has reached the acknowledged state.
func (c *killedClient) awaitBatches(t *testing.T, batches map[string]string) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for path, want := range batches {
		var batch struct {
			State string
			Tally struct{ Pending int }
		}
		for batch.State != want || batch.Tally.Pending > 0 {
			answer, ok := c.send(&killedRequest{path: path})
			if err := json.Unmarshal(answer, &batch); !ok || err != nil || time.Now().After(deadline) {
				t.Fatalf("%s is %+v, want it %s; %v %s", path, batch, want, err, answer)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// checkKilled compares the trail with what the clients know: acts outside batches are
// theirs, each once; a batch has acted once on each member; chain, standings, batches and
// the counters of campaigns are consistent, and a reindex does not change them.
func checkKilled(t *testing.T, p place, sent map[int64]bool) {
	t.Helper()
	f, err := datafolder.Open(t.Context(), p.Options)
	if err != nil {
		t.Fatal(err)
	}
	checkTrail(t, f, sent)
	standings, campaigns := wholeDesk(t, f)
	if len(campaigns) != len(killedBlocks) {
		t.Errorf("%d campaigns, want one for each of the %d blocks", len(campaigns), len(killedBlocks))
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := datafolder.Reindex(t.Context(), p.Options, nil); err != nil {
		t.Fatal(err)
	}
	if f, err = datafolder.Open(t.Context(), p.Options); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	standingsAfter, campaignsAfter := wholeDesk(t, f)
	if diff := cmp.Diff(standings, standingsAfter); diff != "" {
		t.Errorf("what stands after a reindex (- before, + after):\n%s", diff)
	}
	if diff := cmp.Diff(campaigns, campaignsAfter); diff != "" {
		t.Errorf("campaigns after a reindex (- before, + after):\n%s", diff)
	}
}

// checkTrail reads all acts.
func checkTrail(t *testing.T, f *datafolder.Folder, sent map[int64]bool) {
	t.Helper()
	single, batched := 0, map[string]int64{}
	for since := int64(0); ; {
		acts, err := f.Review.Acts(t.Context(), desk.ActsQuery{Sight: qianshao.SeeAll(), Records: true, Since: since, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for i := range acts {
			a := &acts[i]
			since = a.Seq
			if a.Kind.Recorded() { // accounts and tokens, which the test has made
				continue
			}
			if a.Batch > 0 {
				what := fmt.Sprintf("batch %d: %s %s", a.Batch, a.Kind, a.Subject)
				if other := batched[what]; other != 0 {
					t.Errorf("%s is in the trail as %d and %d", what, other, a.Seq)
				}
				batched[what] = a.Seq
				continue
			}
			if single++; !sent[since] {
				t.Errorf("the act %d of %s is in the trail, but was never acknowledged: doubled", since, a.By)
			}
		}
		if len(acts) == 0 {
			break
		}
	}
	if single != len(sent) || single == 0 {
		t.Errorf("%d acts were acknowledged, %d are in the trail", len(sent), single)
	}
	if len(batched) == 0 {
		t.Error("no batch has acted")
	}
	t.Logf("%d acts by themselves, %d of batches", single, len(batched))
}

// wholeDesk verifies chain, standings, batches and counters, and returns the standings
// and the campaigns.
func wholeDesk(t *testing.T, f *datafolder.Folder) (standings map[string]desk.Standing, campaigns []campaign.Campaign) {
	t.Helper()
	verified, err := f.Review.Verify(t.Context(), desk.Head{}, func(problem locales.Speaker) { t.Error(problem) })
	if err != nil || verified.Problems > 0 {
		t.Errorf("%+v, %v", verified, err)
	}
	if faults, err := f.Review.Campaigns.Verify(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("the campaigns do not add up: %v, %v", faults, err)
	}
	d, err := desk.New(desk.Options{
		Store: f.Review, Mask: func(s string) string { return s }, Rules: func() string { return "r" },
		Account: func(context.Context, string) (qianshao.Account, error) { return qianshao.Account{}, desk.ErrNotFound },
	})
	if err != nil {
		t.Fatal(err)
	}
	reader := qianshao.Account{Name: "reader", Role: qianshao.RoleAuditor, Sight: qianshao.SeeAll()}
	standings = map[string]desk.Standing{}
	for record, err := range f.Store.AllFindings(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		v, err := d.Look(t.Context(), reader, qianshao.Subject{Kind: qianshao.SubjectFinding, ID: record.Finding.ID})
		if err != nil {
			t.Fatal(err)
		}
		standings[record.Finding.ID] = v.Standing
	}
	campaigns, err = f.Campaigns(t.Context(), campaign.Query{List: campaign.ListAll, Sight: qianshao.SeeAll()}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return standings, campaigns
}
