package dashboards

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/api"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// person is a user of the console and the API, with a session and a token.
type person struct {
	visitor
	handler http.Handler
	account qianshao.Account
}

// join logs an account in to a console with the outpost's current options.
func (o *outpost) join(t *testing.T, a qianshao.Account) *person {
	t.Helper()
	handler, err := New(o.options)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.store.Account(t.Context(), a.Name); err == nil {
		v := o.enter(t, a.Name)
		v.token = o.newToken(t, a.Name, scopesOf(a)...)
		return &person{v, handler, a}
	}
	return &person{o.newVisitor(t, a), handler, a}
}

func scopesOf(a qianshao.Account) (scopes []qianshao.Scope) {
	for _, scope := range qianshao.Scopes() {
		if a.Allows(scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

// ask sends a request; header alternates names and values.
func (p *person) ask(method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:8740"+target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	setHeader(r, header)
	p.sign(r)
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w
}

func limited(name string, role qianshao.Role, authorisations ...string) qianshao.Account {
	return qianshao.Account{Name: name, Role: role, Sight: qianshao.Sight{Authorisations: authorisations}}
}

// twoOwners returns an outpost with a finding under each of the authorisations "mine" and "theirs",
// and one on a local file.
func twoOwners(t *testing.T) (o *outpost, mine, theirs, own string) {
	t.Helper()
	o = takesSubmissions(t)
	var register []qianshao.Authorisation
	for _, id := range []string{"mine", "theirs"} {
		register = append(register, qianshao.Authorisation{
			ID: id, Owner: "owner-of-" + id, Basis: "contract", Contact: "x", Hosts: []string{id + ".example"},
			ValidFrom: testNow.AddDate(0, -1, 0), ValidUntil: testNow.AddDate(1, 0, 0),
		})
	}
	if err := o.store.PutAuthorisations(t.Context(), store.Signed{By: "test"}, register); err != nil {
		t.Fatal(err)
	}
	o.forgetActs(t)
	for _, id := range []string{"mine", "theirs", ""} {
		page := qianshao.Page{URL: "http://" + id + ".example/a", Authorisation: id, Body: []byte(casinoSource), Status: http.StatusOK}
		if id == "" {
			page.URL = "file:///own.html"
		}
		o.save(t, page, "title-of-"+id, casinoSource, casino(casinoSource))
	}
	const rule = "gambling-casino-promotion"
	return o, qianshao.FindingID("http://mine.example/a", rule), qianshao.FindingID("http://theirs.example/a", rule), qianshao.FindingID("file:///own.html", rule)
}

// forgetActs empties the trail, so that the acts of a test begin with 1 whatever came before.
func (o *outpost) forgetActs(t *testing.T) {
	t.Helper()
	err := o.store.Database().Update(t.Context(), database.Ordered, "empty the trail of", func(tx *database.Tx) error {
		for _, statement := range []string{
			`DROP TRIGGER acts_are_kept`, `DELETE FROM acts`, `UPDATE act_head SET seq = 0, chain = ''`,
			`CREATE TRIGGER acts_are_kept BEFORE DELETE ON acts BEGIN SELECT RAISE(ABORT, 'the trail of acts is only added to'); END`,
		} {
			if _, err := tx.ExecContext(t.Context(), statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestSightEverywhere: an account limited to some authorisations finds nothing of others on any
// page, in the API, in facets or counts; anything that it requests by id answers as if it did not
// exist.
func TestSightEverywhere(t *testing.T) {
	t.Parallel()
	o, mine, theirs, own := twoOwners(t)
	all := o.join(t, qianshao.Account{Name: "chief", Role: qianshao.RoleAdministrator, Sight: qianshao.SeeAll()})
	me := o.join(t, limited("me", qianshao.RoleAnalyst, "mine"))
	nobody := o.join(t, limited("nobody", qianshao.RoleLead))
	for _, target := range []string{"/search", "/search?q=" + url.QueryEscape("注册送"), "/authorisations", "/submissions", "/sites", "/sites/mine.example", "/authorisations/mine", "/api/v1/search", "/api/v1/search?limit=0"} {
		w := me.ask("GET", target, "")
		if body := w.Body.String(); w.Code != http.StatusOK || strings.Contains(body, "theirs") || strings.Contains(body, theirs) || strings.Contains(body, own) {
			t.Errorf("%s: %d shows what is under another authorisation: %s", target, w.Code, w.Body)
		}
	}
	for p, want := range map[*person]int{all: 3, me: 1, nobody: 0} {
		var found api.Found
		if err := json.Unmarshal(p.ask("GET", "/api/v1/search", "").Body.Bytes(), &found); err != nil || found.Total != want || len(found.Hits) != want {
			t.Errorf("%s finds %d of %d, error %v", p.account.Name, len(found.Hits), found.Total, err)
		}
		sum := 0
		for _, count := range found.Facets["category"] {
			sum += count.Count
		}
		if sum != want {
			t.Errorf("%s: the facet counts %d, want %d", p.account.Name, sum, want)
		}
	}
	for _, id := range []string{theirs, own, "0000000000000000"} {
		for _, target := range []string{"/findings/" + id, "/findings/" + id + "/screenshot", "/api/v1/findings/" + id} {
			if w := me.ask("GET", target, ""); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "theirs") {
				t.Errorf("%s: %d", target, w.Code)
			}
		}
	}
	for p, id := range map[*person]string{me: mine, all: own} {
		for _, target := range []string{"/findings/" + id, "/api/v1/findings/" + id} {
			if w := p.ask("GET", target, ""); w.Code != http.StatusOK {
				t.Errorf("%s for %s: %d", target, p.account.Name, w.Code)
			}
		}
	}
}

// TestReportsBySight: while a report is waiting, its reporter and accounts that see everything can
// read it; later those that see its authorisation can. A reporter learns nothing about a page under
// another authorisation.
func TestReportsBySight(t *testing.T) {
	t.Parallel()
	o, _, _, _ := twoOwners(t)
	me, other := o.join(t, limited("me", qianshao.RoleAnalyst, "mine")), o.join(t, limited("other", qianshao.RoleAnalyst, "theirs"))
	all := o.join(t, qianshao.Account{Name: "chief", Role: qianshao.RoleAdministrator, Sight: qianshao.SeeAll()})
	report := func(p *person, address string) (s qianshao.Submission) {
		t.Helper()
		w := p.ask("POST", "/api/v1/submissions", `{"url": "`+address+`"}`)
		if err := json.Unmarshal(w.Body.Bytes(), &s); err != nil || w.Code != http.StatusAccepted {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return s
	}
	reads := func(p *person, id string) bool {
		t.Helper()
		w := p.ask("GET", "/api/v1/submissions/"+id, "")
		listed := strings.Contains(p.ask("GET", "/api/v1/submissions", "").Body.String(), id)
		if (w.Code == http.StatusOK) != listed {
			t.Errorf("%s: %d for a report that is listed: %v", p.account.Name, w.Code, listed)
		}
		return listed
	}
	waiting := report(me, "http://elsewhere.example/x")
	if waiting.Origin != "account me" || !reads(me, waiting.ID) || reads(other, waiting.ID) || !reads(all, waiting.ID) {
		t.Errorf("a report that waits: %+v, %v %v %v", waiting, reads(me, waiting.ID), reads(other, waiting.ID), reads(all, waiting.ID))
	}
	if w := other.ask("DELETE", "/api/v1/submissions/"+waiting.ID, ""); w.Code != http.StatusNotFound {
		t.Errorf("withdrawn by somebody who cannot see it: %d", w.Code)
	}
	if again := report(other, "http://elsewhere.example/x"); again.Reports != 1 || again.Origin != "account other" {
		t.Errorf("a reporter is told of an earlier report: %+v", again)
	}
	if w := other.ask("POST", "/submissions/"+waiting.ID+"/withdraw", ""); w.Code != http.StatusSeeOther || !reads(me, waiting.ID) {
		t.Errorf("the console withdraws what its user does not see: %d", w.Code)
	}

	const address = "http://theirs.example/reported"
	item := ingest.Item{URL: address, Host: "theirs.example", Authorisation: "theirs"}
	if _, err := o.store.Submit(t.Context(), store.Report{URL: address, Origin: "account me", By: "test", At: testNow}, &item, ""); err != nil {
		t.Fatal(err)
	}
	id := qianshao.SubmissionID(address)
	if reads(me, id) || !reads(other, id) || !reads(all, id) {
		t.Errorf("a report under an authorisation: %v %v %v", reads(me, id), reads(other, id), reads(all, id))
	}
	if body := me.ask("GET", "/api/v1/submissions", "").Body.String(); !strings.Contains(body, `"open_by_origin":[{"origin":"account me","waiting":1,"queued":0}]`) {
		t.Errorf("the counts by origin: %s", body)
	}
	if body := all.ask("GET", "/api/v1/submissions", "").Body.String(); !strings.Contains(body, `"waiting":1,"queued":1}`) {
		t.Errorf("the counts by origin: %s", body)
	}
}

// TestUnchanged: a single thing has an ETag, and is not sent again to a client that has it.
func TestUnchanged(t *testing.T) {
	t.Parallel()
	o, mine, _, _ := twoOwners(t)
	me := o.join(t, limited("me", qianshao.RoleAnalyst, "mine"))
	first := me.ask("GET", "/api/v1/findings/"+mine, "")
	tag := first.Header().Get("ETag")
	if first.Code != http.StatusOK || tag == "" {
		t.Fatalf("%d, ETag %q", first.Code, tag)
	}
	for known, want := range map[string]int{
		tag: http.StatusNotModified, "W/" + tag: http.StatusNotModified, `"x", ` + tag: http.StatusNotModified, "*": http.StatusNotModified,
		`"x"`: http.StatusOK, "": http.StatusOK,
	} {
		w := me.ask("GET", "/api/v1/findings/"+mine, "", "If-None-Match", known)
		if w.Code != want || (w.Body.Len() == 0) != (want == http.StatusNotModified) || w.Header().Get("ETag") != tag {
			t.Errorf("If-None-Match %s: %d with %d bytes, want %d", known, w.Code, w.Body.Len(), want)
		}
	}
}

// TestIdempotencyKey: a request that is sent again under its key is answered as before, and done
// once; a different request under the same key is refused.
func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	o, _, _, _ := twoOwners(t)
	me, other := o.join(t, limited("me", qianshao.RoleAnalyst, "mine")), o.join(t, limited("other", qianshao.RoleAnalyst, "theirs"))
	const body = `{"url": "http://elsewhere.example/x"}`
	send := func(p *person, body, key string) *httptest.ResponseRecorder {
		return p.ask("POST", "/api/v1/submissions", body, "Idempotency-Key", key)
	}
	first, again := send(me, body, "k-1"), send(me, body, "k-1")
	if first.Code != http.StatusAccepted || again.Code != http.StatusAccepted || again.Body.String() != first.Body.String() ||
		again.Header().Get("Location") != first.Header().Get("Location") || again.Header().Get("Idempotency-Replayed") != "true" {
		t.Errorf("first %d %s, again %d %s", first.Code, first.Body, again.Code, again.Body)
	}
	if !strings.Contains(me.ask("GET", "/api/v1/submissions", "").Body.String(), `"reports":1,`) {
		t.Error("the request was done twice")
	}
	if w := send(me, `{"url": "http://elsewhere.example/y"}`, "k-1"); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "key_reused") {
		t.Errorf("another body under the key: %d %s", w.Code, w.Body)
	}
	if w := send(other, body, "k-1"); w.Code != http.StatusAccepted || w.Header().Get("Idempotency-Replayed") != "" {
		t.Errorf("another account's key of the same name: %d %s", w.Code, w.Body)
	}
	for _, key := range []string{strings.Repeat("k", 129), "a b", "键"} {
		if w := send(me, body, key); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "bad_parameter") {
			t.Errorf("key %.20q: %d %s", key, w.Code, w.Body)
		}
	}
	refused := send(me, `{"url": "x"}`, "k-2")
	if w := send(me, `{"url": "x"}`, "k-2"); refused.Code != http.StatusBadRequest || w.Code != refused.Code || w.Body.String() != refused.Body.String() || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("a refusal is answered %d and then %d %s", refused.Code, w.Code, w.Body)
	}
	reader := &person{visitor{token: o.newToken(t, "me", qianshao.ScopeRead)}, me.handler, me.account}
	if w := send(reader, body, "k-1"); w.Code != http.StatusForbidden {
		t.Errorf("a token that only reads is told what another has done: %d %s", w.Code, w.Body)
	}
	// A temporary refusal is not kept as the answer.
	for range 2 {
		if w := send(me, `{"url": "https://full.example/"}`, "k-3"); w.Code != http.StatusServiceUnavailable || w.Header().Get("Idempotency-Replayed") != "" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if w := me.ask("DELETE", first.Header().Get("Location"), ""); w.Code != http.StatusNoContent {
		t.Fatal(w.Code)
	}
	if w := send(me, body, "k-1"); w.Header().Get("Idempotency-Replayed") != "" {
		t.Error("the answer outlives the report that was withdrawn")
	}
}

// TestIdempotencyKeyAtOnce: if several requests with one key are sent at the same time, one is
// done; the others get the same answer, or are told to wait.
func TestIdempotencyKeyAtOnce(t *testing.T) {
	t.Parallel()
	o, _, _, _ := twoOwners(t)
	me := o.join(t, limited("me", qianshao.RoleAnalyst, "mine"))
	answers := make([]*httptest.ResponseRecorder, 8)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			answers[i] = me.ask("POST", "/api/v1/submissions", `{"url": "http://elsewhere.example/x"}`, "Idempotency-Key", "k")
		})
	}
	all.Wait()
	done := 0
	for _, w := range answers {
		switch {
		case w.Code == http.StatusAccepted && w.Header().Get("Idempotency-Replayed") == "":
			done++
		case w.Code == http.StatusConflict && strings.Contains(w.Body.String(), "key_in_use"):
		case w.Code != http.StatusAccepted:
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if body := me.ask("GET", "/api/v1/submissions", "").Body.String(); done != 1 || !strings.Contains(body, `"reports":1,`) {
		t.Errorf("done %d times: %s", done, body)
	}
}

// cutStore is a store that loses its connection in the first calls that begin or keep an answer.
type cutStore struct {
	Store
	begins, keeps int
	// done says that the call is carried out nevertheless.
	done bool
}

var errCut = errors.New("cut")

func (s *cutStore) BeginAnswer(ctx context.Context, r store.KeyedRequest, now time.Time) (kept store.KeptAnswer, begun bool, err error) {
	if s.begins--; s.begins < 0 {
		return s.Store.BeginAnswer(ctx, r, now)
	}
	if s.done {
		kept, begun, err = s.Store.BeginAnswer(ctx, r, now)
	}
	return kept, begun, errors.Join(errCut, err)
}

func (s *cutStore) KeepAnswer(ctx context.Context, r store.KeyedRequest, a store.KeptAnswer) (err error) {
	if s.keeps--; s.keeps < 0 {
		return s.Store.KeepAnswer(ctx, r, a)
	}
	if s.done {
		err = s.Store.KeepAnswer(ctx, r, a)
	}
	return errors.Join(errCut, err)
}

// TestIdempotencyKeyCut: a request is done once and has one answer even if the connection to the
// store is lost, whether or not the store has carried out the call. If the store stays away for
// longer, the request can be sent again at once.
func TestIdempotencyKeyCut(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		cut    cutStore
		codes  []int
		replay bool // whether the last answer is a repeated one
	}{
		"before":        {cutStore{begins: 1, keeps: 1}, []int{http.StatusAccepted, http.StatusAccepted}, true},
		"after":         {cutStore{begins: 1, keeps: 1, done: true}, []int{http.StatusAccepted, http.StatusAccepted}, true},
		"never begun":   {cutStore{begins: 3, done: true}, []int{http.StatusInternalServerError, http.StatusAccepted}, false},
		"never kept":    {cutStore{keeps: 3}, []int{http.StatusAccepted, http.StatusAccepted}, false},
		"kept, unheard": {cutStore{keeps: 3, done: true}, []int{http.StatusAccepted, http.StatusAccepted}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, _, _, _ := twoOwners(t)
			tc.cut.Store = o.store
			o.options.Store = &tc.cut
			me := o.join(t, limited("me", qianshao.RoleAnalyst, "mine"))
			var last *httptest.ResponseRecorder
			for i, want := range tc.codes {
				last = me.ask("POST", "/api/v1/submissions", `{"url": "http://elsewhere.example/x"}`, "Idempotency-Key", "k")
				if last.Code != want {
					t.Errorf("sent %d times: %d %s, want %d", i+1, last.Code, last.Body, want)
				}
			}
			if replayed := last.Header().Get("Idempotency-Replayed") != ""; replayed != tc.replay {
				t.Errorf("the last answer is a replay: %v", replayed)
			}
		})
	}
}

// TestViews: an account saves queries for itself, and leads for everybody; each account's counts
// include only what it may see.
func TestViews(t *testing.T) {
	t.Parallel()
	o, _, _, _ := twoOwners(t)
	me, lead := o.join(t, limited("me", qianshao.RoleAnalyst, "mine")), o.join(t, qianshao.Account{Name: "lead", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()})
	auditor := o.join(t, qianshao.Account{Name: "auditor", Role: qianshao.RoleAuditor, Sight: qianshao.SeeAll()})
	put := func(p *person, body string) (api.View, int) {
		w := p.ask("PUT", "/api/v1/views", body)
		var v api.View
		_ = json.Unmarshal(w.Body.Bytes(), &v)
		return v, w.Code
	}
	shared, code := put(lead, `{"name": "urgent", "query": "level:>=high", "shared": true, "sort": "score"}`)
	if code != http.StatusOK || shared.Count == nil || *shared.Count != 3 {
		t.Fatalf("%d %+v", code, shared)
	}
	for body, want := range map[string]int{
		`{"name": "for all", "query": "", "shared": true}`:                     http.StatusForbidden,
		`{"name": "bad", "query": "level:x"}`:                                  http.StatusBadRequest,
		`{"name": "", "query": ""}`:                                            http.StatusBadRequest,
		`{"name": " ", "query": ""}`:                                           http.StatusBadRequest,
		`{"name": "a\u0000", "query": ""}`:                                     http.StatusBadRequest,
		`{"name": "\u202eurgent", "query": ""}`:                                http.StatusBadRequest,
		`{"name": "two\nlines", "query": ""}`:                                  http.StatusBadRequest,
		`{"name": "x", "query": "", "owner": "lead"}`:                          http.StatusBadRequest,
		`{"name": "x", "query": "", "count": 7}`:                               http.StatusBadRequest,
		`{"name": "x", "query": "", "sort": "owner"}`:                          http.StatusBadRequest,
		`{"name": "x", "query": "` + strings.Repeat("a", 2001) + `"}`:          http.StatusBadRequest,
		`{"name": "` + strings.Repeat("名", 100) + `", "query": "hidden:true"}`: http.StatusOK,
	} {
		if _, code := put(me, body); code != want {
			t.Errorf("%.60s: %d, want %d", body, code, want)
		}
	}
	if _, code := put(auditor, `{"name": "x", "query": ""}`); code != http.StatusForbidden {
		t.Errorf("an auditor saves a view: %d", code)
	}
	own, _ := put(me, `{"name": "own", "query": "hidden:true"}`)
	if changed, _ := put(me, `{"name": "own", "query": "hidden:false"}`); changed.ID != own.ID || *own.Count != 1 || *changed.Count != 0 {
		t.Errorf("%+v, then %+v", own, changed)
	}
	var list struct{ Views []api.View }
	if err := json.Unmarshal(me.ask("GET", "/api/v1/views", "").Body.Bytes(), &list); err != nil || len(list.Views) != 3 || list.Views[1].Name != "urgent" || *list.Views[1].Count != 1 || list.Views[1].Owner != "lead" {
		t.Errorf("%v %+v", err, list)
	}
	if body := lead.ask("GET", "/api/v1/views", "").Body.String(); strings.Contains(body, `"own"`) {
		t.Errorf("another's view is shown: %s", body)
	}
	for _, tc := range []struct {
		who  *person
		id   string
		want int
	}{
		{me, shared.ID, http.StatusForbidden}, {lead, own.ID, http.StatusNotFound}, {me, "none", http.StatusNotFound},
		{me, own.ID, http.StatusNoContent}, {me, own.ID, http.StatusNotFound}, {lead, shared.ID, http.StatusNoContent},
	} {
		if w := tc.who.ask("DELETE", "/api/v1/views/"+tc.id, ""); w.Code != tc.want {
			t.Errorf("%s deletes %s: %d, want %d", tc.who.account.Name, tc.id, w.Code, tc.want)
		}
	}
}

// TestOpenAPI: the description is OpenAPI 3.1, has every operation, and refers only to schemas that
// it contains.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	o, _, _, _ := twoOwners(t)
	w := o.join(t, limited("me", qianshao.RoleAnalyst)).ask("GET", "/api/v1/openapi.json", "")
	var doc struct {
		OpenAPI    string
		Paths      map[string]map[string]struct{ OperationID string }
		Components struct{ Schemas map[string]json.RawMessage }
	}
	body, err := io.ReadAll(w.Body)
	if err == nil {
		err = json.Unmarshal(body, &doc)
	}
	if err != nil || !strings.HasPrefix(doc.OpenAPI, "3.1.") || doc.Components.Schemas["Problem"] == nil {
		t.Fatalf("%v: %.200s", err, body)
	}
	for _, part := range strings.Split(string(body), `"#/components/schemas/`)[1:] {
		if name, _, _ := strings.Cut(part, `"`); doc.Components.Schemas[name] == nil {
			t.Errorf("there is no schema %s", name)
		}
	}
	if strings.Contains(string(body), "ErrorModel") {
		t.Error("errors are described as huma's, which we do not answer with")
	}
	for path, operations := range doc.Paths {
		for method, op := range operations {
			if op.OperationID == "" || !strings.HasPrefix(path, api.Root+"/") {
				t.Errorf("%s %s", method, path)
			}
		}
	}
	if len(doc.Paths) < 4 {
		t.Errorf("only %d paths", len(doc.Paths))
	}
}

// TestHiddenIsNotRead: nothing is read about a finding that an account may not see, so that neither
// the time of the answer nor a database error tells it from one that does not exist.
func TestHiddenIsNotRead(t *testing.T) {
	t.Parallel()
	o, mine, theirs, _ := twoOwners(t)
	o.withDesk(t)
	me := o.join(t, limited("me", qianshao.RoleLead, "mine"))
	err := o.store.Database().Update(t.Context(), database.Durable, "damage", func(tx *database.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE findings SET finding = '{'`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"/api/v1/findings/", "/findings/"} {
		if w := me.ask("GET", target+mine, ""); w.Code != http.StatusInternalServerError {
			t.Errorf("%s, damaged: %d", target, w.Code)
		}
		hidden, none := me.ask("GET", target+theirs, ""), me.ask("GET", target+"0123456789abcdef", "")
		if hidden.Code != http.StatusNotFound || hidden.Code != none.Code || strings.ReplaceAll(hidden.Body.String(), theirs, "0123456789abcdef") != none.Body.String() {
			t.Errorf("%s: %d %s, and of none %d %s", target, hidden.Code, hidden.Body, none.Code, none.Body)
		}
	}
}
