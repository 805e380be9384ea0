package dashboards

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/pquerna/otp/totp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
	"github.com/qianshao/qianshao/store/sqlstore"
)

const (
	sessionCookie = "__Host-qianshao_session"
	deviceCookie  = "__Host-qianshao_device"
)

// clocked returns an outpost with a clock that the test sets, and an analyst with a password.
func clocked(t *testing.T, change func(*Options)) (o *outpost, now *time.Time) {
	t.Helper()
	at := testNow
	o = newOutpost(t, func(opts *Options) {
		opts.Now = func() time.Time { return at }
		if change != nil {
			change(opts)
		}
	})
	o.addCheap(t, "wang")
	return o, &at
}

// addCheap adds an analyst with a password that costs little to check.
func (o *outpost) addCheap(t *testing.T, name string) {
	t.Helper()
	if err := o.accounts.Add(t.Context(), "test", qianshao.Account{Name: name, Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()}, ""); err != nil {
		t.Fatal(err)
	}
	hash, err := argon2id.CreateHash(goodPassword, &argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		t.Fatal(err)
	}
	o.change(t, name, func(r *store.AccountRecord) { r.Password = hash })
}

var recoveryCode = regexp.MustCompile(`[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}`)

func credentials(name, password string) string {
	return url.Values{"name": {name}, "password": {password}, "next": {"/help?a=1"}}.Encode()
}

// logIn signs in with a password, and returns what the browser has after that.
func (o *outpost) logIn(t *testing.T, name, password string) (visitor, *httptest.ResponseRecorder) {
	t.Helper()
	w := o.do("POST", "/login", credentials(name, password))
	if w.Code != http.StatusSeeOther {
		t.Fatalf("%s logs in: %d", name, w.Code)
	}
	v := visitor{name: name, session: cookie(w, sessionCookie)}
	v.form = formToken(o.as(v, "GET", "/account", nil).Body.String())
	return v, w
}

func (o *outpost) change(t *testing.T, name string, change func(*store.AccountRecord)) {
	t.Helper()
	if _, err := o.accounts.Change(t.Context(), "test", name, func(r *store.AccountRecord) error { change(r); return nil }); err != nil {
		t.Fatal(err)
	}
}

// isIn says whether the visitor's session is valid for a page.
func (o *outpost) isIn(v visitor) bool { return o.as(v, "GET", "/help", nil).Code == http.StatusOK }

func TestLogin(t *testing.T) {
	o, now := clocked(t, nil)
	w := o.do("GET", "/findings/x?q=a", "")
	if w.Code != 303 || w.Header().Get("Location") != "/login?next=%2Ffindings%2Fx%3Fq%3Da" {
		t.Fatalf("without a session: %d to %q", w.Code, w.Header().Get("Location"))
	}
	w = o.do("GET", "/login?next=%2Fhelp", "", "Accept-Language", "en")
	contains(t, w.Body.String(), `action="/login?next=%2fhelp"`, `type="password"`)
	if strings.Contains(w.Body.String(), "Continue") {
		t.Error("offers to continue to somebody who came from nowhere")
	}
	w = o.do("GET", "/login", "", "Accept-Language", "en", "Sec-Fetch-Site", "cross-site")
	contains(t, w.Body.String(), "Continue")
	for _, away := range []string{"https://evil.example/", "//evil.example", `/\evil.example`} { // not an open redirector
		w := o.do("POST", "/login", url.Values{"name": {"wang"}, "password": {goodPassword}, "next": {away}}.Encode())
		if w.Code != 303 || w.Header().Get("Location") != "/" {
			t.Errorf("next=%s leads to %q", away, w.Header().Get("Location"))
		}
	}

	var bodies []string
	for _, name := range []string{"wang", "nobody", "王", "<script>"} {
		w := o.do("POST", "/login", credentials(name, "wrong password 123"), "Accept-Language", "en")
		if w.Code != 401 || len(w.Result().Cookies()) != 0 {
			t.Errorf("%s with a wrong password: %d", name, w.Code)
		}
		contains(t, w.Body.String(), "Account or password is wrong")
		bodies = append(bodies, strings.ReplaceAll(w.Body.String(), `value="`+name+`"`, ""))
	}
	if bodies[0] != bodies[1] {
		t.Error("the answer tells whether there is an account of that name")
	}

	*now = now.Add(time.Hour)
	wang, w := o.logIn(t, " Wang ", goodPassword)
	if w.Header().Get("Location") != "/help?a=1" {
		t.Errorf("leads to %q", w.Header().Get("Location"))
	}
	for _, c := range w.Result().Cookies() {
		if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || len(c.Value) < 43 {
			t.Errorf("a cookie: %v", c)
		}
	}
	contains(t, o.as(wang, "GET", "/help", nil).Body.String(), `action="/logout"`, "wang")
	if o.isIn(visitor{session: "guess"}) {
		t.Error("a made-up session is let in")
	}
	if code := o.do("GET", "/help", "", "Cookie", "qianshao_session="+wang.session).Code; code != 303 {
		t.Errorf("over TLS a cookie that plain HTTP may have set: %d", code)
	}
	if w := o.as(wang, "POST", "/logout", url.Values{}); w.Code != 303 || o.isIn(wang) {
		t.Errorf("signing out: %d, and the session outlives it: %v", w.Code, o.isIn(wang))
	}

	// A session ends after two hours without use, and after twelve in any case.
	idle, _ := o.logIn(t, "wang", goodPassword)
	*now = now.Add(2*time.Hour - time.Minute)
	if !o.isIn(idle) {
		t.Error("the session has ended early")
	}
	*now = now.Add(2*time.Hour + time.Minute)
	if o.isIn(idle) {
		t.Error("the session goes on, idle for two hours")
	}
	busy, _ := o.logIn(t, "wang", goodPassword)
	for range 11 {
		*now = now.Add(time.Hour)
		if !o.isIn(busy) {
			t.Fatal("the session has ended early")
		}
	}
	*now = now.Add(time.Hour + time.Minute)
	if o.isIn(busy) {
		t.Error("the session goes on after twelve hours")
	}
}

// TestFixation: a session that an attacker has planted before the sign-in is worthless after it.
func TestFixation(t *testing.T) {
	o, _ := clocked(t, nil)
	for name, set := range map[string]string{"made up": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "of the attacker": o.enter(t, "root").session} {
		w := o.do("POST", "/login", credentials("wang", goodPassword), "Cookie", sessionCookie+"="+set)
		if got := cookie(w, sessionCookie); w.Code != 303 || got == "" || got == set {
			t.Errorf("%s: %d, session %q", name, w.Code, got)
		}
		if o.isIn(visitor{session: set}) {
			t.Errorf("%s: the session from before the log-in is let in", name)
		}
	}
}

// TestSessionsEnd: each change that a session's rights depend on ends the account's sessions at
// once.
func TestSessionsEnd(t *testing.T) {
	o, _ := clocked(t, nil)
	for name, change := range map[string]func(*store.AccountRecord){
		"role":          func(r *store.AccountRecord) { r.Role = qianshao.RoleLead },
		"sight":         func(r *store.AccountRecord) { r.Sight = qianshao.Sight{Authorisations: []string{"a"}} },
		"password":      func(r *store.AccountRecord) { r.Password = "$" },
		"second factor": func(r *store.AccountRecord) { r.Factor.Secret, r.Factor.Confirmed = "JBSWY3DPEHPK3PXP", true },
		"disabled":      func(r *store.AccountRecord) { r.Disabled = true },
	} {
		o.change(t, "wang", func(r *store.AccountRecord) {
			r.Role, r.Sight, r.Disabled, r.Factor = qianshao.RoleAnalyst, qianshao.SeeAll(), false, store.SecondFactor{}
		})
		wang := o.enter(t, "wang")
		o.change(t, "wang", change)
		if o.isIn(wang) || !o.isIn(o.visitor) {
			t.Errorf("%s: the session goes on, or somebody else's has ended", name)
		}
	}
	o.change(t, "wang", func(r *store.AccountRecord) { r.Disabled, r.Factor = false, store.SecondFactor{} })
	wang := o.enter(t, "wang")
	o.change(t, "wang", func(r *store.AccountRecord) { r.Disabled = true })
	o.change(t, "wang", func(r *store.AccountRecord) { r.Disabled = false })
	if o.isIn(wang) {
		t.Error("a session is back after its account was disabled and enabled")
	}
}

func TestCrossOriginPost(t *testing.T) {
	o, _ := clocked(t, nil)
	for _, header := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"},
	} {
		w := o.do("POST", "/login", credentials("wang", goodPassword), header...)
		if w.Code != 403 || len(w.Result().Cookies()) != 0 {
			t.Errorf("%v: status %d, want 403", header, w.Code)
		}
	}
}

// TestFormToken: requests that change something in a session must carry the session's own token.
func TestFormToken(t *testing.T) {
	o := takesSubmissions(t)
	other := o.enter(t, "root")
	session := []string{"Cookie", sessionCookie + "=" + o.visitor.session}
	for name, tc := range map[string]struct {
		form   string
		header []string
		want   int
	}{
		"none":                                 {"url=https://a.example/", nil, 403},
		"empty":                                {"url=https://a.example/&csrf=", nil, 403},
		"another's":                            {"url=https://a.example/&csrf=" + other.form, nil, 403},
		"its own":                              {"url=https://a.example/&csrf=" + o.visitor.form, nil, 303},
		"in a header":                          {"url=https://a.example/", []string{auth.FormHeader, o.visitor.form}, 303},
		"in the query":                         {"url=https://a.example/", []string{}, 403},
		"too long":                             {"csrf=" + o.visitor.form + "&url=https://a.example/&note=" + strings.Repeat("x", 1<<17), nil, 413},
		"too long, with the token in a header": {"url=https://a.example/&note=" + strings.Repeat("x", 1<<17), []string{auth.FormHeader, o.visitor.form}, 413},
		"parts without end": {
			"--x\r\nContent-Disposition: form-data; name=\"url\"\r\n\r\n" + strings.Repeat("x", auth.MaxUpload) + "\r\n--x--\r\n",
			[]string{auth.FormHeader, o.visitor.form, "Content-Type", "multipart/form-data; boundary=x"}, 413,
		},
	} {
		target := "/submissions"
		if name == "in the query" {
			target += "?csrf=" + o.visitor.form
		}
		if w := o.do("POST", target, tc.form, append(slices.Clone(session), tc.header...)...); w.Code != tc.want {
			t.Errorf("%s: %d, want %d", name, w.Code, tc.want)
		}
	}
	if w := o.do("DELETE", "/api/v1/submissions/x", "", session...); w.Code != 403 || !strings.Contains(w.Body.String(), `"code":"csrf"`) {
		t.Errorf("the API in a session, without the token: %d %s", w.Code, w.Body)
	}
}

// TestMassAssignment: forms use only the fields that they have, whatever else is sent.
func TestMassAssignment(t *testing.T) {
	o, _ := clocked(t, nil)
	wang, _ := o.logIn(t, "wang", goodPassword)
	more := url.Values{
		"role": {"administrator"}, "sight": {"all"}, "All": {"1"}, "name": {"root"}, "account": {"root"}, "disabled": {"0"}, "epoch": {"1"},
		"label": {"x"}, "days": {"1"}, "scope": {"read"}, "current": {goodPassword}, "password": {"another good 口令 here"}, "again": {"another good 口令 here"},
	}
	before, err := o.store.Account(t.Context(), "root")
	if err != nil {
		t.Fatal(err)
	}
	if w := o.as(wang, "POST", "/account/tokens", more); w.Code != 200 {
		t.Errorf("a token: %d", w.Code)
	}
	more.Set("scope", "administer")
	if w := o.as(wang, "POST", "/account/tokens", more); w.Code != 422 {
		t.Errorf("a token that may more than the account: %d", w.Code)
	}
	if w := o.as(wang, "POST", "/account/password", more); w.Code != 303 {
		t.Errorf("the password: %d", w.Code)
	}
	after, err := o.store.Account(t.Context(), "root")
	if err != nil || after.Password != before.Password || after.Epoch != before.Epoch {
		t.Errorf("root was changed: %v", err)
	}
	got, err := o.store.Account(t.Context(), "wang")
	if err != nil || got.Role != qianshao.RoleAnalyst {
		t.Errorf("%+v, %v", got.Account, err)
	}
	if list, err := o.store.Tokens(t.Context(), "root"); err != nil || len(list) != 1 {
		t.Errorf("root has %d tokens, %v", len(list), err)
	}
}

// TestTokens: a token is valid for its scopes, as far as its account still allows them.
func TestTokens(t *testing.T) {
	o, now := clocked(t, func(opts *Options) { opts.LocalToken = "of-this-process" })
	read, metrics := o.newToken(t, "wang", qianshao.ScopeRead), o.newToken(t, "wang", qianshao.ScopeMetrics)
	submit := o.newToken(t, "wang", qianshao.Scope(qianshao.PowerSubmit))
	const search = "/api/v1/search"
	check := func(what, token, target string, want int) {
		t.Helper()
		if got := o.withToken(token, "GET", target); got != want {
			t.Errorf("%s: %s answers %d, want %d", what, target, got, want)
		}
	}
	check("read", read, search, 200)
	check("read", read, "/metrics", 403)
	check("metrics", metrics, "/metrics", 200)
	check("metrics", metrics, search, 403)
	check("submit", submit, search, 403)
	check("a page wants a session", read, "/help", 303)
	check("the account's page too", read, "/account", 303)
	check("this process", "of-this-process", search, 200)
	check("this process", "of-this-process", "/metrics", 403)
	check("no token", "", search, 401)
	check("a guess", "qs_guess", search, 401)
	w := o.do("GET", search, "", "Authorization", "Basic d2FuZzpw")
	if w.Code != 401 || !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Bearer") {
		t.Errorf("HTTP Basic: %d, %q", w.Code, w.Header().Get("WWW-Authenticate"))
	}
	contains(t, w.Body.String(), `"code":"authentication_required"`)
	if w := o.as(o.visitor, "GET", "/metrics", nil); w.Code != 403 {
		t.Errorf("the metrics in a session: %d", w.Code)
	}

	o.change(t, "wang", func(r *store.AccountRecord) { r.Sight = qianshao.Sight{Authorisations: []string{"city"}} })
	check("metrics of an account that sees not all", metrics, "/metrics", 403)
	o.change(t, "wang", func(r *store.AccountRecord) { r.Disabled = true })
	check("of a disabled account", read, search, 401)
	o.change(t, "wang", func(r *store.AccountRecord) { r.Disabled = false })
	check("enabled again", read, search, 200)
	list, err := o.store.Tokens(t.Context(), "wang")
	if err != nil || !list[0].Used.IsZero() && !list[0].Used.Equal(*now) {
		t.Errorf("last used %v, %v", list[0].Used, err)
	}
	*now = now.Add(24 * time.Hour)
	check("expired", read, search, 401)
}

// TestPowers: an account that may not report pages can do so neither by form nor by token, and sees
// no form for it.
func TestPowers(t *testing.T) {
	o := takesSubmissions(t)
	auditor := o.newVisitor(t, qianshao.Account{Name: "audit", Role: qianshao.RoleAuditor, Sight: qianshao.SeeAll()})
	w := o.as(auditor, "POST", "/submissions", url.Values{"url": {"https://a.example/"}})
	if w.Code != 403 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Errorf("by form: %d, %s", w.Code, w.Header().Get("Content-Type"))
	}
	if strings.Contains(o.as(auditor, "GET", "/submissions", nil).Body.String(), `action="/submissions"`) {
		t.Error("the form is shown")
	}
	if code := o.withToken(auditor.token, "DELETE", "/api/v1/submissions/x"); code != 403 {
		t.Errorf("by token: %d", code)
	}
	if code := o.withToken(o.newToken(t, "root", qianshao.ScopeRead), "DELETE", "/api/v1/submissions/x"); code != 403 {
		t.Errorf("an administrator's token without the scope: %d", code)
	}
	if code := o.withToken(o.visitor.token, "DELETE", "/api/v1/submissions/x"); code != 404 {
		t.Errorf("an administrator's token: %d", code)
	}
}

// TestTries guesses passwords: neither an attacker at one address nor one who knows a name can lock
// others out.
func TestTries(t *testing.T) {
	o, now := clocked(t, func(opts *Options) { opts.Proxies, _ = auth.ParseProxies([]string{"192.0.2.0/28"}) })
	try := func(from, name, password string, header ...string) int {
		r := httptest.NewRequest("POST", "https://console.example/login", strings.NewReader(credentials(name, password)))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.RemoteAddr = from
		setHeader(r, header)
		w := httptest.NewRecorder()
		o.handler.ServeHTTP(w, r)
		if w.Code == 429 && w.Header().Get("Retry-After") == "" {
			t.Error("429 without Retry-After")
		}
		return w.Code
	}
	_, entered := o.logIn(t, "wang", goodPassword)
	known := []string{"Cookie", deviceCookie + "=" + cookie(entered, deviceCookie)}
	o.addCheap(t, "li")
	for i := range 5 {
		if code := try("[2001:db8::1]:1", "wang", "wrong"); code != 401 {
			t.Fatalf("try %d: %d, want 401", i, code)
		}
	}
	if code := try("[2001:db8::2]:1", "wang", goodPassword); code != 429 {
		t.Errorf("the sixth try from the same network: %d, want 429", code)
	}
	if code := try("[2001:db8::2]:1", "li", goodPassword); code != 303 {
		t.Errorf("another account from there: %d, want 303", code)
	}
	if code := try("198.51.100.1:1", "wang", goodPassword); code != 303 {
		t.Errorf("another address: %d, want 303", code)
	}
	// If guesses come from many addresses at once, strangers have to wait, but the owner's browser
	// does not.
	for i := range 30 {
		try("203.0.113."+string(rune('0'+i%10))+":1", "wang", "wrong")
	}
	if code := try("198.51.100.2:1", "wang", goodPassword); code != 429 {
		t.Errorf("a new browser while the account is under attack: %d, want 429", code)
	}
	if code := try("203.0.113.1:1", "wang", goodPassword, known...); code != 303 {
		t.Errorf("the owner's browser meanwhile, by the attacker's address: %d, want 303", code)
	}
	if code := try("198.51.100.2:1", "wang", "wrong", "Cookie", deviceCookie+"=x.y"); code != 429 {
		t.Errorf("a forged device: %d, want 429", code)
	}
	*now = now.Add(time.Minute)
	if code := try("198.51.100.2:1", "wang", goodPassword); code != 303 {
		t.Errorf("after a minute: %d", code)
	}
	// Behind a trusted proxy each client is counted separately; a forged header is not believed.
	*now = now.Add(time.Hour)
	for i := range 6 {
		want := 401
		if i == 5 {
			want = 429
		}
		if code := try("192.0.2.1:1", "li", "wrong", "X-Forwarded-For", string(rune('1'+i))+".1.1.1, 198.51.100.7"); code != want {
			t.Errorf("try %d by the proxy, with another forged address: %d, want %d", i, code, want)
		}
	}
	if code := try("192.0.2.1:1", "li", goodPassword, "X-Forwarded-For", "198.51.100.8"); code != 303 {
		t.Errorf("another client of the proxy: %d, want 303", code)
	}
	for i := range 6 {
		try("198.51.100.9:1", "li", "wrong", "X-Forwarded-For", string(rune('1'+i))+".1.1.1")
	}
	if code := try("198.51.100.9:1", "li", "wrong", "X-Forwarded-For", "9.9.9.9"); code != 429 {
		t.Errorf("somebody who says to be a proxy: %d, want 429", code)
	}
}

// TestLinks: a link works once, before it expires, and only for its purpose.
func TestLinks(t *testing.T) {
	o, now := clocked(t, nil)
	link := func(purpose store.LinkPurpose, name string) string {
		key, _, err := o.accounts.NewLink(t.Context(), "test", purpose, name)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	send := func(key, name, password, again string) *httptest.ResponseRecorder {
		return o.do("POST", "/enter", url.Values{"key": {key}, "name": {name}, "password": {password}, "again": {again}}.Encode(), "Accept-Language", "en")
	}
	const fresh = "quite another 口令 of mine"
	key := link(store.LinkPassword, "wang")
	contains(t, o.do("GET", "/enter?key="+key, "").Body.String(), `value="wang"`, "readonly")
	for _, bad := range [][2]string{{"short", "short"}, {"aaaaaaaaaaaaaa", "aaaaaaaaaaaaaa"}, {fresh, fresh + "x"}} {
		if w := send(key, "root", bad[0], bad[1]); w.Code != 422 {
			t.Errorf("%v: %d, want 422", bad, w.Code)
		}
	}
	if w := send(key, "root", fresh, fresh); w.Code != 303 || cookie(w, sessionCookie) == "" {
		t.Errorf("a good password: %d", w.Code)
	}
	if w := send(key, "wang", fresh, fresh); w.Code != 410 {
		t.Errorf("a second time: %d, want 410", w.Code)
	}
	o.logIn(t, "wang", fresh)
	if w := o.do("POST", "/login", credentials("wang", goodPassword)); w.Code != 401 {
		t.Errorf("the old password: %d", w.Code)
	}
	if w := send(link(store.LinkFirst, ""), "mallory", fresh, fresh); w.Code != 410 {
		t.Errorf("the first account, where there are some: %d, want 410", w.Code)
	}
	key = link(store.LinkEnter, "wang")
	if w := o.do("HEAD", "/enter?key="+key, ""); w.Code != 200 || len(w.Result().Cookies()) != 0 {
		t.Errorf("a look at the link: %d", w.Code)
	}
	*now = now.Add(auth.EnterLinkTime)
	if w := o.do("GET", "/enter?key="+key, ""); w.Code != 410 {
		t.Errorf("after its time: %d, want 410", w.Code)
	}
	key = link(store.LinkPassword, "wang")
	o.change(t, "wang", func(r *store.AccountRecord) { r.Disabled = true })
	if w := send(key, "wang", fresh, fresh); w.Code != 410 {
		t.Errorf("of a disabled account: %d, want 410", w.Code)
	}
}

// TestSecondFactor sets up a second factor, signs in with it, tries a code twice, and uses a
// recovery code.
func TestSecondFactor(t *testing.T) {
	o, now := clocked(t, func(opts *Options) { opts.RequireFactor = true })
	wang, _ := o.logIn(t, "wang", goodPassword)
	if w := o.as(wang, "GET", "/help", nil); w.Code != 303 || w.Header().Get("Location") != "/account" {
		t.Errorf("before there is one: %d to %q", w.Code, w.Header().Get("Location"))
	}
	if w := o.do("GET", "/api/v1/search", "", "Cookie", sessionCookie+"="+wang.session); w.Code != 403 {
		t.Errorf("the API before there is one: %d", w.Code)
	}
	if w := o.as(wang, "POST", "/account/factor", url.Values{}); w.Code != 303 {
		t.Fatalf("begun: %d", w.Code)
	}
	page := o.as(wang, "GET", "/account", nil).Body.String()
	checkMarkup(t, "/account", page)
	contains(t, page, `<path d="M4 4h1v1h-1z`)
	record, err := o.store.Account(t.Context(), "wang")
	if err != nil || !strings.Contains(page, record.Factor.Secret) {
		t.Fatalf("the page does not show the secret; %v", err)
	}
	code := func() string {
		text, err := totp.GenerateCode(record.Factor.Secret, *now)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if w := o.as(wang, "POST", "/account/factor/confirm", url.Values{"code": {"000000"}}); w.Code != 401 {
		t.Errorf("a wrong code: %d", w.Code)
	}
	w := o.as(wang, "POST", "/account/factor/confirm", url.Values{"code": {code()}})
	recovery := recoveryCode.FindAllString(w.Body.String(), -1)
	if w.Code != 200 || len(recovery) != 8 {
		t.Fatalf("confirmed: %d, %d recovery codes", w.Code, len(recovery))
	}
	if o.isIn(wang) {
		t.Error("the session from before the second factor goes on")
	}
	wang.session, wang.form = cookie(w, sessionCookie), formToken(w.Body.String())
	if !o.isIn(wang) {
		t.Error("the session that has set it up has ended")
	}

	// second takes the second step of a sign-in and returns the status.
	second := func(code string) (int, visitor) {
		w := o.do("POST", "/login", credentials("wang", goodPassword))
		half := visitor{session: cookie(w, sessionCookie)}
		if w.Header().Get("Location") != "/login?next=%2Fhelp%3Fa%3D1" || o.isIn(half) {
			t.Fatalf("the password alone leads to %q, and lets in: %v", w.Header().Get("Location"), o.isIn(half))
		}
		w = o.do("POST", "/login/code", url.Values{"code": {code}}.Encode(), "Cookie", sessionCookie+"="+half.session)
		if got := cookie(w, sessionCookie); got == half.session {
			t.Error("the half session becomes a whole one under the same token")
		}
		return w.Code, visitor{session: cookie(w, sessionCookie)}
	}
	if status, _ := second(code()); status != 401 {
		t.Errorf("the code that was used to confirm: %d, want 401", status)
	}
	*now = now.Add(time.Minute)
	if status, v := second(code()); status != 303 || !o.isIn(v) {
		t.Errorf("a fresh code: %d", status)
	}
	if status, _ := second(code()); status != 401 {
		t.Errorf("the same code again: %d, want 401", status)
	}
	*now = now.Add(time.Minute)
	if status, v := second(strings.ToLower(recovery[0])); status != 303 || !o.isIn(v) {
		t.Errorf("a recovery code: %d", status)
	}
	if status, _ := second(recovery[0]); status != 401 {
		t.Errorf("the same recovery code again: %d, want 401", status)
	}
	if w := o.do("POST", "/login/code", "code=123456"); w.Code != 410 {
		t.Errorf("a code without a log-in: %d, want 410", w.Code)
	}

	*now = now.Add(time.Minute)
	if w := o.as(wang, "POST", "/account/factor/drop", url.Values{"current": {"wrong"}}); w.Code != 401 {
		t.Errorf("taken off with a wrong password: %d", w.Code)
	}
	if err := o.accounts.Reset(t.Context(), "test", "wang", true); err != nil {
		t.Fatal(err)
	}
	if record, err = o.store.Account(t.Context(), "wang"); err != nil || record.Factor.Confirmed || record.Password != "" {
		t.Errorf("after a reset: %+v, %v", record.Factor, err)
	}
}

// TestOwnPassword: changing the password requires the old one, ends other sessions and keeps its
// own.
func TestOwnPassword(t *testing.T) {
	o, _ := clocked(t, nil)
	wang, _ := o.logIn(t, "wang", goodPassword)
	other := o.enter(t, "wang")
	const fresh = "quite another 口令 of mine"
	change := func(current, password, again string) *httptest.ResponseRecorder {
		return o.as(wang, "POST", "/account/password", url.Values{"current": {current}, "password": {password}, "again": {again}})
	}
	for _, bad := range []struct {
		current, password, again string
		want                     int
	}{{"wrong", fresh, fresh, 401}, {goodPassword, "short", "short", 422}, {goodPassword, fresh, "other", 422}} {
		if w := change(bad.current, bad.password, bad.again); w.Code != bad.want {
			t.Errorf("%v: %d", bad, w.Code)
		}
	}
	w := change(goodPassword, fresh, fresh)
	if w.Code != 303 || o.isIn(wang) || o.isIn(other) || !o.isIn(visitor{session: cookie(w, sessionCookie)}) {
		t.Errorf("%d: old sessions go on: %v %v", w.Code, o.isIn(wang), o.isIn(other))
	}
	page := o.as(visitor{session: cookie(w, sessionCookie)}, "GET", w.Result().Header.Get("Location")+"&lang=en", nil).Body.String()
	contains(t, page, "The password is changed.")
}

// TestPageOfAForm: the page that answers a form links to itself in the other language, at an
// address that GET accepts.
func TestPageOfAForm(t *testing.T) {
	o, _ := clocked(t, nil)
	wang, _ := o.logIn(t, "wang", goodPassword)
	key, _, err := o.accounts.NewLink(t.Context(), "test", store.LinkPassword, "wang")
	if err != nil {
		t.Fatal(err)
	}
	for want, w := range map[string]*httptest.ResponseRecorder{
		"/login?lang=en&amp;next=%2Fhelp%3Fa%3D1": o.do("POST", "/login?next=/help%3Fa%3D1", credentials("wang", "wrong")),
		"/login?lang=en&amp;next=%2F":             o.do("POST", "/login/code?next=/", "code=1"),
		"/enter?key=" + key + "&amp;lang=en":      o.do("POST", "/enter?key="+key, url.Values{"password": {"short"}, "again": {"short"}}.Encode()),
		"/account?lang=en":                        o.as(wang, "POST", "/account/password", url.Values{"current": {"wrong"}, "password": {"x"}, "again": {"y"}}),
	} {
		contains(t, w.Body.String(), `href="`+want+`"`)
		target := strings.ReplaceAll(want, "&amp;", "&")
		if got := o.as(wang, "GET", target, nil); got.Code != http.StatusOK {
			t.Errorf("GET %s: %d", target, got.Code)
		}
	}
}

// TestStrangersPage: somebody who is not signed in is told how to get the first account, and is
// shown neither the program's version nor links to pages that are closed to them.
func TestStrangersPage(t *testing.T) {
	o := newOutpost(t, nil)
	empty, err := sqlstore.New(sqlite.Open(t.Context(), sqlitetest.File(t)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { empty.Close() })
	options := o.options
	options.Store, options.Registry = empty, metrics.New().Registry()
	noAccount, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	const first, lost = "There is no account yet", "account reset"
	for _, target := range []string{"/login", "/enter?key=none"} {
		for _, c := range []struct {
			handler   http.Handler
			says, not string
		}{{noAccount, first, lost}, {o.handler, lost, first}} {
			w, r := httptest.NewRecorder(), httptest.NewRequest("GET", target, nil)
			r.Header.Set("Accept-Language", "en")
			c.handler.ServeHTTP(w, r)
			contains(t, w.Body.String(), c.says)
			for _, closed := range []string{c.not, "v0-test", "/authorisations"} {
				if strings.Contains(w.Body.String(), closed) {
					t.Errorf("%s tells a stranger %q", target, closed)
				}
			}
		}
	}
}
