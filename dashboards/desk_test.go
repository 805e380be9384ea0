package dashboards

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/dashboards/api"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/campaigns"
	"github.com/qianshao/qianshao/store/sqlstore/review"
)

func (o *outpost) withDesk(t *testing.T) *desk.Desk {
	t.Helper()
	kept := review.New(o.store.Database(), campaigns.Options{
		Traits: func(f *qianshao.Finding) campaign.Traits { return campaign.Of(f, campaign.Options{Fold: fold.String}) }, Name: "test", Now: o.options.Now,
	})
	for more := 1; more > 0; {
		var err error
		if more, err = kept.Campaigns.GroupPending(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	d, err := desk.New(desk.Options{
		Store:   kept,
		Account: o.accountOf, Mask: mask.String, Rules: func() string { return "set-1" }, Now: o.options.Now,
		Sample: func(context.Context) (float64, error) {
			if o.reviewAll {
				return 1, nil
			}
			return 0, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	o.options.Desk, o.options.Checks, o.options.Campaigns = d, kept, kept.Campaigns
	return d
}

func decode[T any](t *testing.T, body string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return v
}

type reviewed struct {
	Seen   string
	Review api.Review
}

// TestTwoPeopleAtOnce: if two verdicts are given at the same time, one is recorded, and the author
// of the other is told both.
func TestTwoPeopleAtOnce(t *testing.T) {
	t.Parallel()
	o, mine, theirs, _ := twoOwners(t)
	a, b := limited("a", qianshao.RoleAnalyst, "mine"), limited("b", qianshao.RoleAnalyst, "mine")
	o.withDesk(t)
	people := []*person{o.join(t, a), o.join(t, b)}
	look := decode[reviewed](t, people[0].ask("GET", "/api/v1/findings/"+mine, "").Body.String())
	if look.Review.Basis != 0 || look.Seen == "" || look.Review.History == nil {
		t.Fatalf("before: %+v", look)
	}
	bodies := []string{
		fmt.Sprintf(`{"subject": "finding:%s", "kind": "decide", "basis": 0, "seen": "%s", "verdict": "crime", "reason": "hacked"}`, mine, look.Seen),
		fmt.Sprintf(`{"subject": "finding:%s", "kind": "decide", "basis": 0, "seen": "%s", "verdict": "not_crime", "reason": "lawful"}`, mine, look.Seen),
	}
	codes, answers := make([]int, 2), make([]string, 2)
	var both sync.WaitGroup
	for i := range people {
		both.Go(func() {
			w := people[i].ask("POST", "/api/v1/acts", bodies[i])
			codes[i], answers[i] = w.Code, w.Body.String()
		})
	}
	both.Wait()
	lost := 0
	if codes[0] == http.StatusConflict {
		codes[0], codes[1], answers[0], answers[1] = codes[1], codes[0], answers[1], answers[0]
	} else {
		lost = 1
	}
	if codes[0] != http.StatusCreated || codes[1] != http.StatusConflict {
		t.Fatalf("answered %v: %v", codes, answers)
	}
	made := decode[api.Done](t, answers[0]).Act
	problem := decode[api.Problem](t, answers[1])
	if made == nil || made.By != people[1-lost].account.Name || problem.Conflict == nil ||
		problem.Conflict.Theirs.Verdict != made.Verdict || problem.Conflict.Theirs.Act != made.Seq || problem.Conflict.Yours.Verdict == made.Verdict {
		t.Fatalf("made %+v, the other was told %+v", made, problem.Conflict)
	}
	undo := fmt.Sprintf("/api/v1/acts/%d/undo", made.Seq)
	if w := people[0].ask("POST", "/api/v1/acts", strings.ReplaceAll(bodies[0], mine, theirs)); w.Code != http.StatusNotFound {
		t.Errorf("a verdict on what one does not see: %d %s", w.Code, w.Body)
	}
	w := people[lost].ask("POST", undo, "")
	if w.Code != http.StatusForbidden {
		t.Errorf("another's act undone: %d %s", w.Code, w.Body)
	}
	w = people[1-lost].ask("POST", undo, "")
	if undone := decode[api.Done](t, w.Body.String()); w.Code != http.StatusCreated || undone.Act.Reverts != made.Seq || undone.Act.Kind != qianshao.ActUndo {
		t.Errorf("undone: %d %s", w.Code, w.Body)
	}
	after := decode[reviewed](t, people[0].ask("GET", "/api/v1/findings/"+mine, "").Body.String()).Review
	if after.Basis != made.Seq+1 || after.Standing.Verdict != "" || len(after.History) != 2 {
		t.Errorf("after: %+v", after)
	}
	trail := decode[api.Acts](t, people[0].ask("GET", fmt.Sprintf("/api/v1/acts?since=%d", made.Seq), "").Body.String())
	if len(trail.Acts) != 1 || trail.Next != made.Seq+1 || trail.Acts[0].Chain == "" {
		t.Errorf("the trail: %+v", trail)
	}
}

// TestActsAreRefused: malformed acts, unknown members of the body, and acts that the role does not
// permit are refused.
func TestActsAreRefused(t *testing.T) {
	t.Parallel()
	o, mine, _, _ := twoOwners(t)
	analyst, auditor := limited("analyst", qianshao.RoleAnalyst, "mine"), limited("auditor", qianshao.RoleAuditor, "mine")
	o.withDesk(t)
	me := o.join(t, analyst)
	seen := decode[reviewed](t, me.ask("GET", "/api/v1/findings/"+mine, "").Body.String()).Seen
	unfounded := `"subject": "finding:` + mine + `", "seen": "` + seen + `"`
	subject := unfounded + `, "basis": 0`
	for body, want := range map[string]struct {
		status int
		code   string
	}{
		`{` + subject + `, "kind": "decide", "verdict": "crime", "reason": "hacked", "by": "boss"}`:                                      {http.StatusBadRequest, "bad_body"},
		`{` + subject + `, "kind": "decide", "verdict": "crime", "reason": "hacked", "seq": 1}`:                                          {http.StatusBadRequest, "bad_body"},
		`{` + subject + `, "kind": "decide", "verdict": "crime", "reason": "hacked", "at": "2020-01-01"}`:                                {http.StatusBadRequest, "bad_body"},
		`{` + subject + `, "kind": "decide", "verdict": "guilty"}`:                                                                       {http.StatusBadRequest, "bad_body"},
		`{` + subject + `, "kind": "undo"}`:                                                                                              {http.StatusBadRequest, "bad_body"},
		`{"subject": "person:1", "kind": "note", "words": "x"}`:                                                                          {http.StatusBadRequest, "bad_body"},
		`{` + subject + `, "kind": "decide", "verdict": "not_crime", "reason": "hacked"}`:                                                {http.StatusUnprocessableEntity, "refused"},
		`{` + subject + `, "kind": "park"}`:                                                                                              {http.StatusUnprocessableEntity, "refused"},
		`{` + subject + `, "kind": "adjudicate", "verdict": "crime", "reason": "hacked"}`:                                                {http.StatusForbidden, "forbidden"},
		`{` + subject + `, "kind": "assign", "assignee": "auditor"}`:                                                                     {http.StatusForbidden, "forbidden"},
		`{` + unfounded + `, "kind": "decide", "verdict": "crime", "reason": "hacked"}`:                                                  {http.StatusBadRequest, "bad_body"},
		`{` + unfounded + `, "kind": "decide", "verdict": "crime", "reason": "hacked", "basis": 7}`:                                      {http.StatusConflict, "conflict"},
		`{` + strings.Replace(subject, seen, strings.Repeat("0", 64), 1) + `, "kind": "decide", "verdict": "crime", "reason": "hacked"}`: {http.StatusConflict, "conflict"},
		`{` + subject + `, "kind": "note"}`:                                                                                              {http.StatusUnprocessableEntity, "refused"},
		`{"subject": "finding:0000000000000000", "kind": "note", "words": "x"}`:                                                          {http.StatusNotFound, "not_found"},
		`{` + subject + `, "kind": "note", "words": "身份证 11010519491231002X"}`:                                                           {http.StatusCreated, ""},
	} {
		w := me.ask("POST", "/api/v1/acts", body)
		if p := decode[api.Problem](t, w.Body.String()); w.Code != want.status || p.Code != want.code {
			t.Errorf("%s: %d %s, want %d %s", body, w.Code, w.Body, want.status, want.code)
		}
		for _, wrong := range []string{"there is no act", `"field":"detail.`} { // the mistake is in the act on a finding, and bodies have no member detail
			if strings.Contains(w.Body.String(), wrong) {
				t.Errorf("%s: %s", body, w.Body)
			}
		}
		if strings.Contains(w.Body.String(), "11010519491231002X") {
			t.Errorf("the note is not masked: %s", w.Body)
		}
	}
	if w := o.join(t, auditor).ask("POST", "/api/v1/acts", `{`+subject+`, "kind": "note", "words": "x"}`); w.Code != http.StatusForbidden {
		t.Errorf("an auditor acts: %d", w.Code)
	}
	if w := me.ask("POST", "/api/v1/acts", `{`+subject+`, "kind": "note", "words": "x"}`, "Content-Type", "text/plain"); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("text/plain, which any form can send: %d", w.Code)
	}
}

// TestActsAreDoneOnce: an act that is sent again under the same key is done once, however long ago
// that was.
func TestActsAreDoneOnce(t *testing.T) {
	t.Parallel()
	o, mine, _, _ := twoOwners(t)
	now := testNow
	o.options.Now = func() time.Time { return now }
	o.accounts = auth.NewAccounts(o.store, o.options.Now)
	analyst := limited("analyst", qianshao.RoleAnalyst, "mine")
	o.withDesk(t)
	var me *person
	var first int64
	body := `{"subject": "finding:` + mine + `", "kind": "note", "words": "看过"}`
	for _, later := range []time.Duration{0, time.Second, 48 * time.Hour} {
		now = testNow.Add(later)
		me = o.join(t, analyst) // the token has expired
		w := me.ask("POST", "/api/v1/acts", body, "Idempotency-Key", "note-1")
		made := decode[api.Done](t, w.Body.String()).Act
		if first == 0 {
			first = made.Seq
		}
		if w.Code != http.StatusCreated || made.Seq != first {
			t.Errorf("after %s: %d %s", later, w.Code, w.Body)
		}
	}
	if trail := decode[api.Acts](t, me.ask("GET", "/api/v1/acts", "").Body.String()); len(trail.Acts) != 1 {
		t.Errorf("%d acts", len(trail.Acts))
	}
}

// TestBlindReview: somebody who may give a blind second review is told the verdict nowhere, until
// somebody has given the review.
func TestBlindReview(t *testing.T) {
	t.Parallel()
	o, mine, _, _ := twoOwners(t)
	a, b := limited("a", qianshao.RoleAnalyst, "mine"), limited("b", qianshao.RoleAnalyst, "mine")
	lead := qianshao.Account{Name: "lead", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()}
	auditor := qianshao.Account{Name: "auditor", Role: qianshao.RoleAuditor, Sight: qianshao.SeeAll()}
	d := o.withDesk(t)
	f, err := o.store.Finding(t.Context(), mine)
	if err != nil {
		t.Fatal(err)
	}
	critical := f.Finding
	critical.Level, critical.Score = qianshao.LevelCritical, 90
	o.save(t, qianshao.Page{URL: f.URL, Authorisation: "mine", Body: []byte(casinoSource), FetchedAt: testNow.Add(-time.Hour)}, "t", casinoSource, critical)
	o.join(t, a)
	batch, err := d.Freeze(t.Context(), a, desk.Selection{Findings: []string{mine}})
	if err == nil {
		batch, err = d.Begin(t.Context(), a, batch.ID, desk.Order{
			Kind: qianshao.ActDecide, Verdict: qianshao.VerdictNotCrime, Reason: qianshao.ReasonLawful, Detail: desk.Detail{Words: "一家彩票店"},
		}, 0)
	}
	if err == nil {
		err = d.Run(t.Context(), batch.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	tells := func(body string) bool {
		return strings.Contains(body, "not_crime") || strings.Contains(body, "lawful") || strings.Contains(body, "彩票") || strings.Contains(body, `"second"`)
	}
	ask := func(p qianshao.Account, target string) string {
		return o.join(t, p).ask("GET", target, "").Body.String()
	}
	theirBatch := fmt.Sprintf("/api/v1/batches/%d", batch.ID)
	for _, target := range []string{"/api/v1/findings/" + mine, "/api/v1/acts", theirBatch} {
		for _, p := range []qianshao.Account{b, lead} {
			if p.Name == "b" && target == theirBatch {
				continue // b may not see it
			}
			if body := ask(p, target); tells(body) || !strings.Contains(body, `"blind":true`) {
				t.Errorf("%s tells %s, who may review, the first answer: %s", target, p.Name, body)
			}
		}
		for _, p := range []qianshao.Account{a, auditor} {
			if body := ask(p, target); !tells(body) {
				t.Errorf("%s hides the answer from %s", target, p.Name)
			}
		}
	}
	trail := decode[api.Acts](t, ask(b, "/api/v1/acts"))
	if len(trail.Acts) != 1 || trail.Next != trail.Acts[0].Seq || trail.Acts[0].Chain != "" {
		t.Fatalf("the sequence is not whole, or its chain tells the answer: %+v", trail)
	}
	first := trail.Next
	own := o.join(t, b).ask("POST", "/api/v1/batches", `{"findings": ["`+mine+`"]}`).Header().Get("Location")
	if body := ask(b, own+"/members"); tells(body) || !strings.Contains(body, `"blind":true`) {
		t.Errorf("a batch of one's own tells the first answer: %s", body)
	}
	answer := `{"subject": "finding:` + mine + `", "kind": "%s", "basis": %d, "seen": "` + f.Seen + `", "verdict": "crime", "reason": "operator"}`
	for kind, status := range map[string]int{"decide": http.StatusConflict, "dispute": http.StatusUnprocessableEntity} {
		if w := o.join(t, b).ask("POST", "/api/v1/acts", fmt.Sprintf(answer, kind, first)); w.Code != status || tells(w.Body.String()) {
			t.Errorf("%s: %d %s", kind, w.Code, w.Body)
		}
	}
	if w := o.join(t, lead).ask("POST", "/api/v1/acts", fmt.Sprintf(answer, "adjudicate", 0)); w.Code != http.StatusConflict || tells(w.Body.String()) {
		t.Errorf("a lead's conflict: %d %s", w.Code, w.Body)
	}
	w := o.join(t, b).ask("POST", "/api/v1/acts", fmt.Sprintf(answer, "review", first))
	if w.Code != http.StatusCreated {
		t.Errorf("the review: %d %s", w.Code, w.Body)
	}
	if body := ask(b, "/api/v1/findings/"+mine); !strings.Contains(body, `"dissent":1`) || !tells(body) {
		t.Errorf("after the review: %s", body)
	}
	if body := ask(lead, "/api/v1/acts?subject_kind=finding"); !tells(body) || strings.Contains(body, `"blind"`) || len(decode[api.Acts](t, body).Acts) != 2 {
		t.Errorf("after the review: %s", body)
	}
	if body := ask(lead, theirBatch); !tells(body) {
		t.Errorf("after the review, the batch: %s", body)
	}
}

// TestBatches: a query is frozen, shown, confirmed by typing its number, done, and undone as a
// whole.
func TestBatches(t *testing.T) {
	t.Parallel()
	o, mine, _, _ := twoOwners(t)
	analyst, other := limited("analyst", qianshao.RoleAnalyst, "mine"), limited("other", qianshao.RoleAnalyst, "mine")
	d := o.withDesk(t)
	for i := range desk.ConfirmAbove {
		page := qianshao.Page{URL: fmt.Sprintf("http://mine.example/%02d", i), Authorisation: "mine", Body: []byte(casinoSource)}
		o.save(t, page, "t", casinoSource, casino(casinoSource))
	}
	me := o.join(t, analyst)
	for body, want := range map[string]int{
		`{}`: http.StatusBadRequest, `{"query": "", "findings": ["a"]}`: http.StatusBadRequest, `{"query": "level:x"}`: http.StatusBadRequest,
		`{"query": "host:theirs.example"}`: http.StatusUnprocessableEntity, `{"findings": ["` + mine + `"], "by": "x"}`: http.StatusBadRequest,
	} {
		if w := me.ask("POST", "/api/v1/batches", body); w.Code != want {
			t.Errorf("%s: %d %s, want %d", body, w.Code, w.Body, want)
		}
	}
	w := me.ask("POST", "/api/v1/batches", `{"query": "level:>=high"}`)
	frozen := decode[api.Batch](t, w.Body.String())
	const members = desk.ConfirmAbove + 1
	if w.Code != http.StatusCreated || frozen.Members != members || len(frozen.Digest) != 64 || !frozen.Confirm || frozen.State != desk.BatchFrozen ||
		frozen.Preview.Sites["mine.example"] != members || frozen.Preview.Levels["high"] != members || frozen.Tally.Pending != members {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	again := decode[api.Batch](t, me.ask("GET", w.Header().Get("Location"), "").Body.String()).Preview
	drawn := frozen.Preview.Random
	if len(drawn) != 5 || drawn[0].Site != "mine.example" || drawn[0].Level != qianshao.LevelHigh || drawn[0] == drawn[1] || !slices.Equal(drawn, again.Random) {
		t.Errorf("drawn are %+v, then %+v", drawn, again.Random)
	}
	at := w.Header().Get("Location")
	if w := o.join(t, other).ask("GET", at, ""); w.Code != http.StatusNotFound {
		t.Errorf("another's batch: %d", w.Code)
	}
	tag := me.ask("GET", at, "").Header().Get("ETag")
	if w := me.ask("GET", at, "", "If-None-Match", tag); w.Code != http.StatusNotModified {
		t.Errorf("unchanged: %d", w.Code)
	}
	order := `{"kind": "decide", "verdict": "crime", "reason": "hacked"%s}`
	for confirm, want := range map[string]int{``: http.StatusUnprocessableEntity, `, "confirm": 50`: http.StatusUnprocessableEntity} {
		if w := me.ask("POST", at+"/acts", fmt.Sprintf(order, confirm)); w.Code != want || !strings.Contains(w.Body.String(), `"field":"confirm"`) {
			t.Errorf("confirmed by%s: %d %s", confirm, w.Code, w.Body)
		}
	}
	if w := me.ask("POST", at+"/acts", fmt.Sprintf(order, `, "confirm": 51`)); w.Code != http.StatusAccepted {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if err := d.Run(t.Context(), frozen.ID); err != nil {
		t.Fatal(err)
	}
	if b := decode[api.Batch](t, me.ask("GET", at, "").Body.String()); b.State != desk.BatchApplied || b.Tally.Done != members {
		t.Errorf("applied: %+v", b)
	}
	if w := me.ask("POST", at+"/undo", ""); w.Code != http.StatusAccepted {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if err := d.Run(t.Context(), frozen.ID); err != nil {
		t.Fatal(err)
	}
	first := decode[api.Members](t, me.ask("GET", at+"/members?limit=50", "").Body.String())
	rest := decode[api.Members](t, me.ask("GET", at+"/members?limit=50&after="+first.Next, "").Body.String())
	if len(first.Members) != 50 || len(rest.Members) != 1 || rest.Next != "" || rest.Members[0].Undone == 0 {
		t.Errorf("members: %d, then %+v", len(first.Members), rest)
	}
	if passed := decode[api.Members](t, me.ask("GET", at+"/members?passed=true", "").Body.String()); len(passed.Members) != 0 {
		t.Errorf("passed over: %+v", passed)
	}
}

// TestCampaigns: the queue has one campaign a row, with numbers that count only what the account
// sees. A campaign's page has its members by cursor, and a batch can be made of it.
func TestCampaigns(t *testing.T) {
	t.Parallel()
	o, mine, theirs, own := twoOwners(t)
	o.withDesk(t)
	me := o.join(t, limited("me", qianshao.RoleAnalyst, "mine"))
	lead := o.join(t, qianshao.Account{Name: "lead", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()})
	nobody := o.join(t, limited("nobody", qianshao.RoleAnalyst))
	queue := decode[api.CampaignPage](t, lead.ask("GET", "/api/v1/queue", "").Body.String())
	if len(queue.Campaigns) != 1 || queue.Campaigns[0].Undecided != 3 || queue.Campaigns[0].Level != qianshao.LevelHigh {
		t.Fatalf("the queue is %+v", queue)
	}
	at := "/api/v1/campaigns/" + queue.Campaigns[0].ID
	for _, target := range []string{"/api/v1/queue", "/api/v1/campaigns?level=high&kind=block", at} {
		for _, p := range []*person{me, nobody} {
			w := p.ask("GET", target, "")
			if body := w.Body.String(); strings.Contains(body, theirs) || strings.Contains(body, "theirs") || strings.Contains(body, own) {
				t.Errorf("%s for %s: %s", target, p.account.Name, body)
			}
		}
	}
	if w := nobody.ask("GET", at, ""); w.Code != http.StatusNotFound {
		t.Errorf("a campaign of which one sees no member: %d %s", w.Code, w.Body)
	}
	of := decode[struct{ Campaigns []api.Membership }](t, me.ask("GET", "/api/v1/findings/"+mine, "").Body.String()).Campaigns
	if len(of) == 0 || of[0].ID != queue.Campaigns[0].ID || !of[0].Primary {
		t.Errorf("the finding is in %+v", of)
	}
	if page := decode[api.CampaignDetails](t, me.ask("GET", at, "").Body.String()); page.Findings != 1 || page.Members != 1 || len(page.List) != 1 || page.List[0].Finding != mine || page.Review == nil {
		t.Errorf("a limited account sees %+v", page)
	}
	first := decode[api.CampaignDetails](t, lead.ask("GET", at+"?limit=2", "").Body.String())
	rest := decode[api.CampaignDetails](t, lead.ask("GET", at+"?limit=2&after="+url.QueryEscape(first.Next), "").Body.String())
	if len(first.List) != 2 || len(rest.List) != 1 || rest.Next != "" {
		t.Errorf("members: %d, then %d", len(first.List), len(rest.List))
	}
	w := lead.ask("POST", "/api/v1/acts", `{"subject": "campaign:`+first.ID+`", "kind": "note", "words": "同一模板"}`)
	if w.Code != http.StatusCreated {
		t.Errorf("a note on a campaign: %d %s", w.Code, w.Body)
	}
	if page := decode[api.CampaignDetails](t, lead.ask("GET", at, "").Body.String()); len(page.Review.History) != 1 {
		t.Errorf("the note is not shown: %+v", page.Review)
	}
	for p, want := range map[*person]int{me: 1, lead: 3} {
		w := p.ask("POST", "/api/v1/batches", `{"campaign": "`+first.ID+`"}`)
		if b := decode[api.Batch](t, w.Body.String()); w.Code != http.StatusCreated || b.Members != want {
			t.Errorf("%s freezes %d %s", p.account.Name, w.Code, w.Body)
		}
	}
	if w := me.ask("GET", "/api/v1/queue?after=x", ""); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "bad_parameter") {
		t.Errorf("a cursor that is none: %d %s", w.Code, w.Body)
	}
	if w := me.ask("GET", "/api/v1/queue?list=theirs", ""); w.Code != http.StatusBadRequest {
		t.Errorf("a list that is none: %d", w.Code)
	}
}

// TestClaims: the queue says who has claimed a campaign until they release it, which nobody else
// can do.
func TestClaims(t *testing.T) {
	t.Parallel()
	o, _, _, _ := twoOwners(t)
	o.withDesk(t)
	me, other := o.join(t, limited("me", qianshao.RoleAnalyst, "mine")), o.join(t, limited("other", qianshao.RoleAnalyst, "mine"))
	queue := func(p *person, list string) []api.Campaign {
		return decode[api.CampaignPage](t, p.ask("GET", "/api/v1/queue?list="+list, "").Body.String()).Campaigns
	}
	id := queue(me, "open")[0].ID
	if w := me.ask("POST", "/api/v1/acts", `{"subject": "campaign:`+id+`", "kind": "claim"}`); w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for _, p := range []*person{other, me} { // the second one releases it
		if rows := queue(other, "claimed"); len(queue(other, "open")) != 0 || len(rows) != 1 || rows[0].Claim == nil || rows[0].Claim.By != "me" || rows[0].Claim.Until.IsZero() {
			t.Errorf("before %s gives it back: %+v", p.account.Name, rows)
		}
		if w := p.ask("DELETE", "/api/v1/claims/campaign:"+id, ""); w.Code != http.StatusNoContent {
			t.Errorf("%s gives it back: %d %s", p.account.Name, w.Code, w.Body)
		}
	}
	if rows := queue(other, "open"); len(rows) != 1 || rows[0].Claim != nil {
		t.Errorf("given back: %+v", rows)
	}
	if w := me.ask("DELETE", "/api/v1/claims/person:1", ""); w.Code != http.StatusBadRequest {
		t.Errorf("no subject: %d", w.Code)
	}
}

// TestIndicators: the search finds the findings that have an indicator, however it is written,
// among those that the account sees.
func TestIndicators(t *testing.T) {
	t.Parallel()
	o, mine, _, _ := twoOwners(t)
	me, all := o.join(t, limited("me", qianshao.RoleAnalyst, "mine")), o.join(t, qianshao.Account{Name: "chief", Role: qianshao.RoleAdministrator, Sight: qianshao.SeeAll()})
	for value, want := range map[string]int{
		"wechat/kaihu888": 1, "wechat/KaiHu888": 1, "url/http:%2F%2Fcasino.example%2Freg": 1, "url/hxxp:%2F%2Fcasino%5B.%5Dexample%2Freg": 1,
		"domain/casino.example": 1, "qq/kaihu888": 0, "wechat/other123": 0,
	} {
		for p, times := range map[*person]int{me: 1, all: 3} {
			w := p.ask("GET", "/api/v1/indicators/"+value, "")
			if found := decode[api.Appearances](t, w.Body.String()); w.Code != http.StatusOK || found.Total != times*want || len(found.Hits) != times*want {
				t.Errorf("%s for %s: %d %s", value, p.account.Name, w.Code, w.Body)
			}
		}
	}
	if body := me.ask("GET", "/api/v1/indicators/wechat/kaihu888", "").Body.String(); !strings.Contains(body, mine) {
		t.Errorf("%s", body)
	}
	if w := me.ask("GET", "/api/v1/indicators/name/x", ""); w.Code != http.StatusBadRequest {
		t.Errorf("an unknown kind: %d", w.Code)
	}
}

// TestEvents: a stream reports what its account may see, continues where it was interrupted, and
// ends with its account.
func TestEvents(t *testing.T) {
	t.Parallel()
	o, mine, theirs, _ := twoOwners(t)
	d := o.withDesk(t)
	analyst := limited("analyst", qianshao.RoleAnalyst, "mine")
	me := o.join(t, analyst)
	server := httptest.NewUnstartedServer(me.handler)
	server.Config.ReadTimeout, server.Config.WriteTimeout = 300*time.Millisecond, 300*time.Millisecond // streams last longer
	server.Start()
	defer server.Close()
	listen := func(last string) *bufio.Scanner {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		t.Cleanup(cancel)
		r, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/api/v1/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		me.sign(r)
		r.Header.Set("Last-Event-ID", last)
		w, err := http.DefaultClient.Do(r)
		if err != nil || w.StatusCode != http.StatusOK || w.Header.Get("Content-Type") != "text/event-stream" {
			t.Fatal(w, err)
		}
		t.Cleanup(func() { _ = w.Body.Close() })
		return bufio.NewScanner(w.Body)
	}
	next := func(s *bufio.Scanner) (id, event, data string) {
		for s.Scan() {
			name, value, _ := strings.Cut(s.Text(), ": ")
			switch name {
			case "id":
				id = value
			case "event":
				event = value
			case "data":
				return id, event, value
			}
		}
		return "", "", ""
	}
	fresh := listen("")
	var last int64
	for _, id := range []string{"theirs", "mine"} {
		o.save(t, qianshao.Page{URL: "http://" + id + ".example/new", Authorisation: id, Body: []byte(casinoSource)}, "t", casinoSource, casino(casinoSource))
		subject := qianshao.Subject{Kind: qianshao.SubjectFinding, ID: map[string]string{"mine": mine, "theirs": theirs}[id]}
		chief := qianshao.Account{Name: "chief", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()}
		act, err := d.Do(t.Context(), chief, desk.Draft{Subject: subject, Kind: qianshao.ActNote, Detail: desk.Detail{Words: "note-" + id}})
		if err != nil {
			t.Fatal(err)
		}
		last = act.Seq
	}
	got := map[string]string{}
	for range 2 {
		_, event, data := next(fresh)
		if got[event] = data; strings.Contains(data, "theirs") {
			t.Errorf("%s of what the account does not see: %s", event, data)
		}
	}
	if !strings.Contains(got["act"], "note-mine") || !strings.Contains(got["finding"], "mine.example/new") {
		t.Errorf("the stream told %v", got)
	}
	again := listen("0.1") // the first of the findings has been received, but no act
	if id, event, data := next(again); event != "act" || id != fmt.Sprintf("%d.1", last) || !strings.Contains(data, "note-mine") {
		t.Errorf("%s %s %s", id, event, data)
	}
	if id, event, data := next(again); event != "finding" || id != fmt.Sprintf("%d.5", last) || !strings.Contains(data, "mine.example/new") {
		t.Errorf("%s %s %s", id, event, data)
	}
	if w := me.ask("HEAD", "/api/v1/events", ""); w.Code != http.StatusOK { // a HEAD request ends at once
		t.Errorf("HEAD: %d", w.Code)
	}
	if w := me.ask("GET", "/api/v1/events", "", "Last-Event-ID", "x"); w.Code != http.StatusBadRequest {
		t.Errorf("an id that is none: %d", w.Code)
	}
	o.change(t, "analyst", func(r *store.AccountRecord) { r.Disabled = true })
	if id, event, data := next(again); event != "" {
		t.Errorf("a disabled account is told %s %s %s", id, event, data)
	}
}

// TestEventsEndWithSession: after a log-out, perhaps in another window, a stream reports nothing
// more.
func TestEventsEndWithSession(t *testing.T) {
	t.Parallel()
	o, _, _, _ := twoOwners(t)
	o.withDesk(t)
	me := o.join(t, limited("analyst", qianshao.RoleAnalyst, "mine"))
	server := httptest.NewServer(me.handler)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: "qianshao_session", Value: me.session})
	w, err := http.DefaultClient.Do(r)
	if err != nil || w.StatusCode != http.StatusOK {
		t.Fatal(w, err)
	}
	defer func() { _ = w.Body.Close() }()
	if w := me.ask("POST", "/logout", ""); w.Code != http.StatusSeeOther {
		t.Fatalf("the log-out: %d", w.Code)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, w.Body)
		ended <- err
	}()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the stream goes on after the log-out")
	}
}

// TestTokenPowers: a token has the powers of its scopes, and no others of its account.
func TestTokenPowers(t *testing.T) {
	t.Parallel()
	o, mine, theirs, _ := twoOwners(t)
	d := o.withDesk(t)
	lead := o.join(t, qianshao.Account{Name: "lead", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()})
	f, err := o.store.Finding(t.Context(), mine)
	if err != nil {
		t.Fatal(err)
	}
	made, err := d.Do(t.Context(), qianshao.Account{Name: "ann", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()}, desk.Draft{
		Subject: qianshao.Subject{Kind: qianshao.SubjectFinding, ID: mine}, Kind: qianshao.ActDecide, Seen: f.Seen, Verdict: qianshao.VerdictCrime, Reason: qianshao.ReasonHacked,
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := d.Freeze(t.Context(), qianshao.Account{Name: "ann", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()}, desk.Selection{Findings: []string{theirs}})
	if err != nil {
		t.Fatal(err)
	}
	adjudicate := `{"subject": "finding:` + mine + `", "kind": "adjudicate", "basis": ` + strconv.FormatInt(made.Seq, 10) + `, "seen": "` + f.Seen + `", "verdict": "not_crime", "reason": "lawful"}`
	for _, c := range []struct {
		scopes            []qianshao.Scope
		adjudicate, batch int
	}{
		{[]qianshao.Scope{"decide"}, http.StatusForbidden, http.StatusNotFound},
		{[]qianshao.Scope{"lead"}, http.StatusForbidden, http.StatusNotFound},
		{[]qianshao.Scope{"decide", "audit"}, http.StatusForbidden, http.StatusOK},
		{[]qianshao.Scope{"decide", "lead"}, http.StatusCreated, http.StatusNotFound},
	} {
		lead.token = o.newToken(t, "lead", append(c.scopes, qianshao.ScopeRead)...)
		if w := lead.ask("POST", "/api/v1/acts", adjudicate); w.Code != c.adjudicate {
			t.Errorf("a lead's token for %v adjudicates: %d %s", c.scopes, w.Code, w.Body)
		}
		if w := lead.ask("GET", fmt.Sprintf("/api/v1/batches/%d", b.ID), ""); w.Code != c.batch {
			t.Errorf("a lead's token for %v reads another's batch: %d %s", c.scopes, w.Code, w.Body)
		}
	}
}

// TestBatchOfLessSight: somebody who sees less than when they froze a batch is told nothing about
// the members that they no longer see.
func TestBatchOfLessSight(t *testing.T) {
	t.Parallel()
	o, mine, theirs, _ := twoOwners(t)
	o.withDesk(t)
	analyst := limited("analyst", qianshao.RoleAnalyst, "mine", "theirs")
	me := o.join(t, analyst)
	w := me.ask("POST", "/api/v1/batches", `{"findings": ["`+mine+`", "`+theirs+`"]}`)
	at := w.Header().Get("Location")
	if b := decode[api.Batch](t, w.Body.String()); b.Members != 2 || b.Tally.Pending != 2 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	o.change(t, "analyst", func(r *store.AccountRecord) { r.Sight.Authorisations = []string{"mine"} })
	body := me.ask("GET", at+"/members", "").Body.String()
	if strings.Contains(body, theirs) || !strings.Contains(body, mine) {
		t.Errorf("the members: %s", body)
	}
	if b := decode[api.Batch](t, me.ask("GET", at, "").Body.String()); b.Tally.Pending != 1 {
		t.Errorf("the tally: %+v", b.Tally)
	}
}

// accountOf looks up an account for the desk.
func (o *outpost) accountOf(ctx context.Context, name string) (qianshao.Account, error) {
	record, err := o.store.Account(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		err = desk.ErrNotFound
	}
	return record.Account, err
}
