package dashboards

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/api"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/figures"
)

// route describes a route: who may use it, and how the table requests it.
type route struct {
	// target is the path that is requested; THEIRS stands for a finding that the limited account
	// does not see. Requests that would change something name things that do not exist, or send a
	// form that is refused.
	target, body string
	// open routes need no sign-in.
	open bool
	// scope is what the role and the token need; "" for pages that are open to everybody with a
	// session.
	scope qianshao.Scope
	// ok is the status for those who may use the route. limited is the one for the account that
	// sees only the other authorisation; 0 means the same as ok.
	ok, limited int
}

const (
	read       = qianshao.ScopeRead
	submit     = qianshao.Scope(qianshao.PowerSubmit)
	decide     = qianshao.Scope(qianshao.PowerDecide)
	lead       = qianshao.Scope(qianshao.PowerLead)
	audit      = qianshao.Scope(qianshao.PowerAudit)
	administer = qianshao.Scope(qianshao.PowerAdminister)
)

// access is the table of all routes. The test fails if a route is not in it.
func access() map[string]route {
	const unseen = http.StatusNotFound
	page := func(target string) route { return route{target: target, ok: 200} }
	admin := func(target, body string, ok int) route { // for administrators who see all
		return route{target: target, body: body, scope: qianshao.Scope(qianshao.PowerAdminister), ok: ok, limited: http.StatusForbidden}
	}
	form := func(target, body string, ok int) route { return route{target: target, body: body, ok: ok} }
	return map[string]route{
		"/": {target: "/nothing", ok: 404},

		"GET /{$}": page("/"), "POST /preferences": form("/preferences", "compact=1", 303), "POST /looked": form("/looked", "at=1", 303),
		"POST /views":             {target: "/views", body: "name=x&q=level:", scope: submit, ok: 422},
		"POST /views/{id}/delete": {target: "/views/none/delete", body: "x=1", scope: submit, ok: 303},
		"GET /views/{id}":         {target: "/views/none", ok: 404},
		"GET /search":             page("/search"), "GET /authorisations": page("/authorisations"), "GET /unmonitored": page("/unmonitored"), "GET /help": page("/help"),
		"GET /findings/{id}":                {target: "/findings/THEIRS", ok: 200, limited: unseen},
		"GET /findings/{id}/screenshot":     {target: "/findings/THEIRS/screenshot", ok: 404},
		"GET /sites":                        page("/sites"),
		"GET /sites/{host}":                 {target: "/sites/theirs.example", ok: 200, limited: unseen},
		"POST /sites/{host}/recheck":        {target: "/sites/theirs.example/recheck", body: "x=1", scope: decide, ok: 303, limited: unseen},
		"GET /authorisations/{id}":          {target: "/authorisations/theirs", ok: 200, limited: unseen},
		"GET /authorisations/-/new":         {target: "/authorisations/-/new", scope: administer, ok: 200, limited: 403},
		"GET /authorisations/{id}/edit":     {target: "/authorisations/theirs/edit", scope: administer, ok: 200, limited: 403},
		"POST /authorisations/-/new":        {target: "/authorisations/-/new", body: "id=x", scope: administer, ok: 422, limited: 403},
		"POST /authorisations/-/new/import": {target: "/authorisations/-/new/import", body: "text=", scope: administer, ok: 422, limited: 403},
		"POST /authorisations/{id}/edit":    {target: "/authorisations/theirs/edit", body: "owner=", scope: administer, ok: 422, limited: 403},
		"POST /authorisations/{id}/end":     {target: "/authorisations/theirs/end", body: "words=", scope: administer, ok: 422, limited: 403},
		"GET /submissions":                  page("/submissions"),
		"POST /submissions":                 {target: "/submissions", body: "url=x", scope: submit, ok: 400},
		"POST /export":                      {target: "/export", body: "finding=THEIRS&format=jsonl", ok: 200, limited: unseen},
		"GET /statistics":                   {target: "/statistics?authorisation=theirs", ok: 200, limited: unseen},
		"POST /statistics/file":             {target: "/statistics/file", body: "format=csv&authorisation=theirs", ok: 200, limited: unseen},
		"POST /submissions/{id}/withdraw":   {target: "/submissions/none/withdraw", body: "x=1", scope: submit, ok: 303},

		"POST /acts":            {target: "/acts", body: "subject=finding:none&kind=note&words=x", scope: decide, ok: 404},
		"POST /acts/{seq}/undo": {target: "/acts/99/undo", body: "words=x", scope: decide, ok: 404},
		"POST /claims":          {target: "/claims", body: "subject=finding:none", scope: decide, ok: 404},
		"POST /claims/release":  {target: "/claims/release", body: "subject=finding:THEIRS", scope: decide, ok: 204, limited: unseen},

		"GET /campaigns/{id}":         {target: "/campaigns/none", ok: 404},
		"POST /campaigns/{id}/merge":  {target: "/campaigns/none/merge", body: "basis=0&other=x", scope: lead, ok: 404},
		"POST /campaigns/{id}/split":  {target: "/campaigns/none/split", body: "basis=0&finding=x", scope: lead, ok: 404},
		"POST /campaigns/{id}/policy": {target: "/campaigns/none/policy", body: "basis=0&newcomers=queue", scope: lead, ok: 404},
		"GET /batches":                page("/batches"),
		"GET /batches/{id}":           {target: "/batches/99", ok: 404},
		"POST /batches":               {target: "/batches", body: "x=1", scope: decide, ok: 422},
		"POST /batches/{id}/begin":    {target: "/batches/99/begin", body: "kind=decide&verdict=unsure", scope: decide, ok: 404},
		"POST /batches/{id}/undo":     {target: "/batches/99/undo", body: "x=1", scope: decide, ok: 404},

		"GET /static/{file}": {target: "/static/console.css", open: true, ok: 200}, "GET /healthz": {target: "/healthz", open: true, ok: 200},
		"GET /login": {target: "/login", open: true, ok: 200}, "POST /login": {target: "/login", body: "name=nobody-N&password=x", open: true, ok: 401},
		"POST /login/code": {target: "/login/code", body: "code=1", open: true, ok: 410},
		"GET /enter":       {target: "/enter?key=none", open: true, ok: 410}, "POST /enter": {target: "/enter", body: "key=none&password=x", open: true, ok: 422},
		"GET /login/oidc":                  {target: "/login/oidc", open: true, ok: 502}, // no OIDC provider answers
		"GET /login/oidc/callback":         {target: "/login/oidc/callback?code=x&state=x", open: true, ok: 400},
		"POST /logout":                     form("/logout", "x=1", 303),
		"GET /account":                     page("/account"),
		"POST /account/password":           form("/account/password", "password=a&again=b", 422),
		"POST /account/factor":             form("/account/factor", "x=1", 303),
		"POST /account/factor/confirm":     form("/account/factor/confirm", "code=1", 401),
		"POST /account/factor/drop":        form("/account/factor/drop", "current=1", 401),
		"POST /account/tokens":             form("/account/tokens", "days=0", 422),
		"POST /account/tokens/{id}/revoke": form("/account/tokens/none/revoke", "x=1", 303),

		"GET /admin":                                     admin("/admin", "", 200),
		"POST /admin/accounts":                           admin("/admin/accounts", "name=A&role=analyst&sight=all", 422),
		"GET /admin/accounts/{name}":                     admin("/admin/accounts/disabled", "", 200),
		"POST /admin/accounts/{name}/change":             admin("/admin/accounts/disabled/change", "role=none&sight=all", 422),
		"POST /admin/accounts/{name}/disable":            admin("/admin/accounts/disabled/disable", "confirm=no", 422),
		"POST /admin/accounts/{name}/enable":             admin("/admin/accounts/none/enable", "x=1", 404),
		"POST /admin/accounts/{name}/reset":              admin("/admin/accounts/disabled/reset", "confirm=no", 422),
		"POST /admin/accounts/{name}/tokens/{id}/revoke": admin("/admin/accounts/none/tokens/none/revoke", "x=1", 404),
		"GET /admin/settings":                            admin("/admin/settings", "", 200),
		"POST /admin/settings":                           admin("/admin/settings", "setting=token_days&value=0", 422),
		"GET /trail":                                     {target: "/trail", scope: audit, ok: 200},
		"POST /trail/export":                             {target: "/trail/export", body: "format=none", scope: audit, ok: 422},
		"POST /trail/check":                              {target: "/trail/check", body: "x=1", scope: audit, ok: 303, limited: 403},

		"GET /notices":                           {target: "/notices", scope: decide, ok: 200},
		"GET /notices/alerts/new":                {target: "/notices/alerts/new", scope: decide, ok: 200},
		"POST /notices/alerts/new":               {target: "/notices/alerts/new", body: "name=", scope: decide, ok: 422},
		"GET /notices/alerts/{id}":               {target: "/notices/alerts/none", scope: decide, ok: 404},
		"POST /notices/alerts/{id}":              {target: "/notices/alerts/none", body: "name=x", scope: decide, ok: 404},
		"POST /notices/alerts/{id}/switch":       {target: "/notices/alerts/none/switch", body: "off=1", scope: decide, ok: 404},
		"POST /notices/alerts/{id}/delete":       {target: "/notices/alerts/none/delete", body: "x=1", scope: decide, ok: 404},
		"GET /notices/deliveries":                {target: "/notices/deliveries", scope: decide, ok: 200},
		"POST /notices/deliveries/{key}/retry":   {target: "/notices/deliveries/none/retry", body: "x=1", scope: decide, ok: 404},
		"POST /notices/deliveries/{key}/give-up": {target: "/notices/deliveries/none/give-up", body: "x=1", scope: decide, ok: 404},
		"GET /notices/reports":                   {target: "/notices/reports", scope: lead, ok: 200},
		"GET /notices/reports/new":               {target: "/notices/reports/new", scope: lead, ok: 200},
		"POST /notices/reports/new":              {target: "/notices/reports/new", body: "period=day", scope: lead, ok: 422},
		"GET /notices/reports/{id}":              {target: "/notices/reports/none", scope: lead, ok: 404},
		"POST /notices/reports/{id}":             {target: "/notices/reports/none", body: "period=week", scope: lead, ok: 404},
		"POST /notices/reports/{id}/send":        {target: "/notices/reports/none/send", body: "x=1", scope: lead, ok: 404},
		"POST /notices/reports/{id}/switch":      {target: "/notices/reports/none/switch", body: "off=1", scope: lead, ok: 404},
		"POST /notices/reports/{id}/delete":      {target: "/notices/reports/none/delete", body: "x=1", scope: lead, ok: 404},
		"GET /notices/channels":                  admin("/notices/channels", "", 200),
		"GET /notices/channels/new":              admin("/notices/channels/new?kind=dingtalk", "", 200),
		"POST /notices/channels/new":             admin("/notices/channels/new?kind=dingtalk", "name=", 422),
		"GET /notices/channels/{id}":             admin("/notices/channels/none", "", 404),
		"POST /notices/channels/{id}":            admin("/notices/channels/none", "name=x", 404),
		"POST /notices/channels/{id}/test":       admin("/notices/channels/none/test", "x=1", 404),
		"POST /notices/channels/{id}/switch":     admin("/notices/channels/none/switch", "off=1", 404),
		"POST /notices/channels/{id}/delete":     admin("/notices/channels/none/delete", "x=1", 303),

		"GET /metrics": {target: "/metrics", scope: qianshao.ScopeMetrics, ok: 200, limited: 403},

		"GET /api/v1/openapi.json":              {target: "/api/v1/openapi.json", scope: read, ok: 200},
		"GET /api/v1/search":                    {target: "/api/v1/search", scope: read, ok: 200},
		"GET /api/v1/findings/{id}":             {target: "/api/v1/findings/THEIRS", scope: read, ok: 200, limited: unseen},
		"GET /api/v1/indicators/{kind}/{value}": {target: "/api/v1/indicators/qq/12345", scope: read, ok: 200},
		"GET /api/v1/unmonitored":               {target: "/api/v1/unmonitored", scope: read, ok: 200},
		"GET /api/v1/submissions":               {target: "/api/v1/submissions", scope: read, ok: 200},
		"GET /api/v1/submissions/{id}":          {target: "/api/v1/submissions/WAITING", scope: read, ok: 200, limited: unseen},
		"POST /api/v1/submissions":              {target: "/api/v1/submissions", body: `{"url": "x"}`, scope: submit, ok: 400},
		"DELETE /api/v1/submissions/{id}":       {target: "/api/v1/submissions/none", scope: submit, ok: 404},
		"POST /api/v1/exports":                  {target: "/api/v1/exports", body: `{}`, scope: read, ok: 400},
		"POST /api/v1/scan":                     {target: "/api/v1/scan", body: `{}`, scope: submit, ok: 415},
		"GET /api/v1/views":                     {target: "/api/v1/views", scope: read, ok: 200},
		"PUT /api/v1/views":                     {target: "/api/v1/views", body: `{}`, scope: submit, ok: 400},
		"DELETE /api/v1/views/{id}":             {target: "/api/v1/views/none", scope: submit, ok: 404},
		"GET /api/v1/queue":                     {target: "/api/v1/queue", scope: read, ok: 200},
		"GET /api/v1/campaigns":                 {target: "/api/v1/campaigns", scope: read, ok: 200},
		"GET /api/v1/campaigns/{id}":            {target: "/api/v1/campaigns/none", scope: read, ok: 404},
		"GET /api/v1/acts":                      {target: "/api/v1/acts", scope: read, ok: 200},
		"POST /api/v1/acts":                     {target: "/api/v1/acts", body: `{}`, scope: decide, ok: 400},
		"POST /api/v1/acts/{seq}/undo":          {target: "/api/v1/acts/99/undo", scope: decide, ok: 404},
		"DELETE /api/v1/claims/{subject}":       {target: "/api/v1/claims/finding:THEIRS", scope: decide, ok: 204, limited: unseen},
		"POST /api/v1/batches":                  {target: "/api/v1/batches", body: `{}`, scope: decide, ok: 400},
		"GET /api/v1/batches/{id}":              {target: "/api/v1/batches/99", scope: read, ok: 404},
		"GET /api/v1/batches/{id}/members":      {target: "/api/v1/batches/99/members", scope: read, ok: 404},
		"POST /api/v1/batches/{id}/acts":        {target: "/api/v1/batches/99/acts", body: `{"kind": "decide", "verdict": "unsure"}`, scope: decide, ok: 404},
		"POST /api/v1/batches/{id}/undo":        {target: "/api/v1/batches/99/undo", scope: decide, ok: 404},
		"GET /api/v1/settings":                  {target: "/api/v1/settings", scope: read, ok: 200},
		"PUT /api/v1/settings":                  {target: "/api/v1/settings", body: `{"second_review_share": 0.2}`, scope: qianshao.Scope(qianshao.PowerAdminister), ok: 200},
		"GET /api/v1/channels":                  {target: "/api/v1/channels", scope: decide, ok: 200},
		"GET /api/v1/alerts":                    {target: "/api/v1/alerts", scope: decide, ok: 200},
		"GET /api/v1/deliveries":                {target: "/api/v1/deliveries?state=failed", scope: decide, ok: 200},
		"GET /api/v1/tokens":                    {target: "/api/v1/tokens", scope: read, ok: 200},
		"POST /api/v1/tokens":                   {target: "/api/v1/tokens", body: `{"label": "x", "scopes": ["metrics", "none"], "days": 1}`, scope: read, ok: 422},
		"DELETE /api/v1/tokens/{id}":            {target: "/api/v1/tokens/none", scope: read, ok: 404},
		"GET /api/v1/events":                    {target: "/api/v1/events", scope: read, ok: 400},
	}
}

// may says whether the account's role may use the route.
func (r route) may(a *qianshao.Account) bool { return r.scope == "" || r.open || a.Allows(r.scope) }

type asks struct {
	t       *testing.T
	handler http.Handler
	ids     *strings.Replacer
	// n counts the requests. Each comes from its own address and tries its own name, since tries
	// are limited.
	n int
}

// ask sends a route's request; sign adds a session or a token to it.
func (a *asks) ask(pattern string, row route, sign func(*http.Request)) *httptest.ResponseRecorder {
	method, _, ok := strings.Cut(pattern, " ")
	if !ok {
		method = http.MethodGet
	}
	a.n++
	body := a.ids.Replace(strings.ReplaceAll(row.body, "nobody-N", "nobody-"+strconv.Itoa(a.n)))
	r := httptest.NewRequest(method, "https://console.example"+a.ids.Replace(row.target), strings.NewReader(body))
	r.RemoteAddr = fmt.Sprintf("10.%d.%d.1:1", a.n/250, a.n%250)
	if strings.HasPrefix(row.body, "{") {
		r.Header.Set("Content-Type", "application/json")
	} else if row.body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if row.target == api.EventsPath {
		r.Header.Set("Last-Event-ID", "none") // the stream would never end
	}
	if sign != nil {
		sign(r)
	}
	w := httptest.NewRecorder()
	a.handler.ServeHTTP(w, r)
	return w
}

// TestAnswersInBothLanguages: every page that answers a form links to itself in the other language,
// at an address that GET accepts. This also holds if the form is refused, or if the request is
// turned away before the form is read.
func TestAnswersInBothLanguages(t *testing.T) {
	skipIfShort(t)
	t.Parallel()
	o, a := accessOutpost(t)
	v := o.newVisitor(t, qianshao.Account{Name: "chief", Role: qianshao.RoleAdministrator, Sight: qianshao.SeeAll()})
	language := regexp.MustCompile(`<a href="([^"]*)" lang="en"`)
	for pattern, row := range access() {
		if !strings.HasPrefix(pattern, "POST /") || strings.HasPrefix(row.target, "/api/") || row.target == "/logout" {
			continue
		}
		for what, sign := range map[string]func(*http.Request){"a form": inSession(v), "from another site": crossOrigin(inSession(v))} {
			answer := a.ask(pattern, row, sign)
			if !strings.HasPrefix(answer.Header().Get("Content-Type"), "text/html") {
				continue // a redirect, or a file
			}
			link := language.FindStringSubmatch(answer.Body.String())
			if link == nil {
				t.Errorf("%s, %s: %d, and no link to the other language: %s", pattern, what, answer.Code, answer.Body)
				continue
			}
			target := html.UnescapeString(link[1])
			if w := a.ask("GET", route{target: target}, inSession(v)); w.Code == http.StatusMethodNotAllowed || w.Code >= 500 {
				t.Errorf("%s, %s: %d, and its link to %s: %d", pattern, what, answer.Code, target, w.Code)
			}
		}
	}
}

func inSession(v visitor) func(*http.Request) {
	return func(r *http.Request) {
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: v.session})
		r.Header.Set("X-CSRF-Token", v.form)
	}
}

func withToken(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// crossOrigin adds the headers that a browser sends with a request that another site has triggered.
func crossOrigin(sign func(*http.Request)) func(*http.Request) {
	return func(r *http.Request) {
		sign(r)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
	}
}

// TestAccess requests every route as a stranger, in each role, as a limited account, as a disabled
// one, without the session's form token, from another site, and with tokens that lack the scope.
func TestAccess(t *testing.T) {
	skipIfShort(t)
	t.Parallel()
	o, a := accessOutpost(t)
	site, err := newSite(o.options)
	if err != nil {
		t.Fatal(err)
	}
	table := access()
	patterns := site.routes().patterns
	for _, pattern := range patterns {
		if _, ok := table[pattern]; !ok {
			t.Errorf("the route %q has no row in access()", pattern)
		}
	}
	for pattern := range table {
		if !slices.Contains(patterns, pattern) {
			t.Errorf("there is no route %q", pattern)
		}
	}
	visitors := map[string]visitor{}
	var accounts []qianshao.Account
	for _, role := range qianshao.Roles() {
		accounts = append(accounts, qianshao.Account{Name: string(role), Role: role, Sight: qianshao.SeeAll()})
	}
	accounts = append(accounts, limited("limited", qianshao.RoleAdministrator, "mine"), limited("disabled", qianshao.RoleAdministrator, "mine"))
	for _, account := range accounts {
		visitors[account.Name] = o.newVisitor(t, account)
	}
	o.change(t, "disabled", func(r *store.AccountRecord) { r.Disabled = true })
	for _, pattern := range patterns {
		row := table[pattern]
		a.strangers(pattern, row, visitors["disabled"])
		for i := range accounts[:len(accounts)-1] {
			account := &accounts[i]
			v := visitors[account.Name]
			a.account(pattern, row, account, v)
			if pattern == "POST /logout" {
				again := o.enter(t, account.Name)
				again.token = v.token
				visitors[account.Name] = again
			}
		}
		a.scopes(pattern, row, o, visitors)
	}
}

func accessOutpost(t *testing.T) (*outpost, *asks) {
	t.Helper()
	o, _, theirs, _ := twoOwners(t)
	o.withDesk(t)
	o.watchesSites(t)
	o.options.OIDC = &auth.OIDC{Issuer: "http://127.0.0.1:1", ClientID: "x", Secret: "x", URL: "https://console.example/"}
	o.withNotices(t)
	o.options.Registry, o.options.ExportFolder = prometheus.NewRegistry(), t.TempDir()
	o.options.Reports = figures.New(o.store.Database(), o.options.Now).Report
	o.options.Scan = func(context.Context, api.ScanRequest, func(any) error) error { return nil }
	o.options.Unmonitored = func(context.Context, qianshao.UnmonitoredRequest) (l qianshao.UnmonitoredList, err error) {
		return l, nil
	}
	waiting, err := o.store.Submit(t.Context(), store.Report{URL: "http://w.example/", Origin: "form", By: "test", At: testNow}, nil, qianshao.SkipNotAuthorised)
	if err != nil {
		t.Fatal(err)
	}
	if o.handler, err = New(o.options); err != nil {
		t.Fatal(err)
	}
	return o, &asks{t: t, handler: o.handler, ids: strings.NewReplacer("THEIRS", theirs, "WAITING", waiting.ID)}
}

// want fails if the answer does not have the status.
func (a *asks) want(w *httptest.ResponseRecorder, status int, who, pattern string) {
	a.t.Helper()
	if w.Code != status {
		a.t.Errorf("%s as %s: %d, want %d; %.200s", pattern, who, w.Code, status, w.Body)
	}
}

// strangers sends the request without a session or token, and with those of a disabled account.
func (a *asks) strangers(pattern string, row route, disabled visitor) {
	a.t.Helper()
	machine := strings.HasPrefix(row.target, "/api/") || row.target == "/metrics"
	want := http.StatusSeeOther // to the sign-in
	switch {
	case row.open:
		want = row.ok
	case machine || strings.HasPrefix(pattern, "POST "):
		want = http.StatusUnauthorized
	}
	a.want(a.ask(pattern, row, nil), want, "a stranger", pattern)
	a.want(a.ask(pattern, row, inSession(disabled)), want, "a disabled account in a session", pattern)
	if !row.open {
		a.want(a.ask(pattern, row, withToken(disabled.token)), want, "a disabled account with a token", pattern)
		a.want(a.ask(pattern, row, withToken("qs_made_up")), want, "somebody who makes a token up", pattern)
	}
}

// account sends the request as the account, in its session and with a token that has all its
// scopes.
func (a *asks) account(pattern string, row route, account *qianshao.Account, v visitor) {
	a.t.Helper()
	want := row.ok
	switch {
	case !row.may(account):
		want = http.StatusForbidden
	case !account.Sight.All && row.limited != 0:
		want = row.limited
	}
	changes := !strings.HasPrefix(pattern, "GET ") && pattern != "/"
	session := want
	if row.scope == qianshao.ScopeMetrics {
		session = http.StatusForbidden // metrics are for tokens only
	}
	if changes && !row.open {
		w := a.ask(pattern, row, func(r *http.Request) { r.AddCookie(&http.Cookie{Name: sessionCookie, Value: v.session}) })
		a.want(w, http.StatusForbidden, account.Name+" without the form's token", pattern)
	}
	if changes {
		a.want(a.ask(pattern, row, crossOrigin(inSession(v))), http.StatusForbidden, account.Name+" from another site", pattern)
	}
	a.want(a.ask(pattern, row, inSession(v)), session, account.Name+" in a session", pattern)
	if !strings.HasPrefix(row.target, "/api/") && row.target != "/metrics" {
		return
	}
	if changes && strings.Contains(pattern, "/tokens") {
		want = http.StatusForbidden // a token cannot make or revoke tokens
	}
	a.want(a.ask(pattern, row, withToken(v.token)), want, account.Name+" with a token", pattern)
	if changes {
		a.want(a.ask(pattern, row, crossOrigin(withToken(v.token))), http.StatusForbidden, account.Name+" with a token from another site", pattern)
	}
}

// scopes sends the requests with an administrator's tokens, each of which has every scope but the
// route's.
func (a *asks) scopes(pattern string, row route, o *outpost, visitors map[string]visitor) {
	a.t.Helper()
	if row.scope == "" || row.open {
		return
	}
	const name = string(qianshao.RoleAdministrator)
	var others []qianshao.Scope
	for _, scope := range qianshao.Scopes() {
		if scope != row.scope && (row.scope != read || !strings.Contains(pattern, "/tokens")) {
			others = append(others, scope)
		}
	}
	if !strings.HasPrefix(row.target, "/api/") && row.target != "/metrics" || len(others) == 0 {
		return
	}
	token, made, err := o.accounts.NewToken(a.t.Context(), "test", name, "test", others, 24*time.Hour)
	if err != nil {
		a.t.Fatal(err)
	}
	a.want(a.ask(pattern, row, withToken(token)), http.StatusForbidden, "a token without the scope "+string(row.scope), pattern)
	if err := o.accounts.RevokeToken(a.t.Context(), "test", name, made.ID); err != nil {
		a.t.Fatal(err)
	}
}

// TestUnknownMembers: every operation refuses unknown members of its body, such as the account or
// the time that an act is to be recorded with.
func TestUnknownMembers(t *testing.T) {
	t.Parallel()
	o, a := accessOutpost(t)
	boss := o.newVisitor(t, qianshao.Account{Name: "boss", Role: qianshao.RoleAdministrator, Sight: qianshao.SeeAll()})
	bodies := 0
	for pattern, row := range access() {
		if !strings.HasPrefix(row.body, "{") || row.ok == http.StatusUnsupportedMediaType { // scan takes pages, not JSON
			continue
		}
		bodies++
		for _, member := range []string{`"account": "root"`, `"by": "root"`, `"role": "administrator"`, `"at": "2020-01-01T00:00:00Z"`, `"sight": {"All": true}`} {
			more := row
			more.body = strings.Replace(strings.Replace(row.body, "{", "{"+member+",", 1), ",}", "}", 1)
			w := a.ask(pattern, more, inSession(boss))
			if w.Code != http.StatusBadRequest && w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "unexpected property") {
				t.Errorf("%s with %s: %d %.200s", pattern, more.body, w.Code, w.Body)
			}
		}
	}
	if bodies < 5 {
		t.Errorf("%d operations were asked", bodies)
	}
}
