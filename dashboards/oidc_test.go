package dashboards

import (
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/store"
)

// organisation is a console with a real OIDC provider, zitadel's example.
type organisation struct {
	*outpost
	console, provider string // URLs
	stopProvider      func()
}

func newOrganisation(t *testing.T, grants ...auth.Grant) *organisation {
	t.Helper()
	var idp http.Handler
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { idp.ServeHTTP(w, r) }))
	t.Cleanup(provider.Close)
	o := &organisation{provider: provider.URL, stopProvider: provider.Close}
	console := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { o.handler.ServeHTTP(w, r) }))
	t.Cleanup(console.Close)
	o.console = console.URL
	storage.RegisterClients(storage.WebClient("qianshao", "secret", console.URL+"/login/oidc/callback"))
	idp = exampleop.SetupServer(provider.URL, storage.NewStorage(storage.NewUserStore(provider.URL)), nil, false)
	o.outpost = newOutpost(t, func(opts *Options) {
		opts.Now = time.Now
		opts.OIDC = &auth.OIDC{
			Issuer: provider.URL, ClientID: "qianshao", Secret: "secret", URL: console.URL, NameClaim: "preferred_username", RoleClaim: "email", Grants: grants,
		}
	})
	return o
}

// browser returns a client with a cookie jar that follows redirects.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Timeout: 20 * time.Second}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func ask(t *testing.T, response *http.Response, err error) (status int, body, at string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text), response.Request.URL.String()
}

var hiddenID = regexp.MustCompile(`name="id" value="([^"]+)"`)

// logIn logs somebody in at the provider and returns what the console shows then.
func (o *organisation) logIn(t *testing.T, client *http.Client, user string) (status int, body string) {
	t.Helper()
	response, err := client.Get(o.console + "/login/oidc?next=/help")
	_, form, at := ask(t, response, err)
	id := hiddenID.FindStringSubmatch(form)
	if !strings.HasPrefix(at, o.provider) || id == nil {
		t.Fatalf("the console leads to %s: %s", at, form)
	}
	response, err = client.PostForm(o.provider+"/login/username", url.Values{"username": {user}, "password": {"verysecure"}, "id": {id[1]}})
	status, body, at = ask(t, response, err)
	if !strings.HasPrefix(at, o.console+"/login/oidc/callback") {
		t.Fatalf("the provider leads to %s: %s", at, body)
	}
	return status, body
}

// TestOIDC logs people in at a real provider: their claims determine role and sight, and without a
// granted claim they get nothing.
func TestOIDC(t *testing.T) {
	o := newOrganisation(t, auth.Grant{Value: "test-user@zitadel.ch", Role: qianshao.RoleLead, Sight: qianshao.Sight{Authorisations: []string{"city"}}})
	client := browser(t)
	status, body := o.logIn(t, client, "test-user@127.0.0.1")
	if status != http.StatusOK || !strings.Contains(body, `content="0;url=/help"`) {
		t.Fatalf("%d: %s", status, body)
	}
	checkMarkup(t, "/login/oidc/callback", body)
	response, err := client.Get(o.console + "/help")
	if status, body, _ := ask(t, response, err); status != 200 || !strings.Contains(body, "test-user@127.0.0.1") {
		t.Errorf("in the console: %d", status)
	}
	account, err := o.store.Account(t.Context(), "test-user@127.0.0.1")
	if err != nil || account.Role != qianshao.RoleLead || account.Sight.All || !account.Sight.Sees("city") || account.Password != "" {
		t.Errorf("%+v, %v", account, err)
	}
	if w := o.do("POST", "/login", credentials("test-user@127.0.0.1", "")); w.Code != 401 {
		t.Errorf("with a password of ours: %d", w.Code)
	}

	stranger := browser(t)
	if status, _ := o.logIn(t, stranger, "test-user2"); status != http.StatusForbidden {
		t.Errorf("somebody without a grant: %d", status)
	}
	if _, err := o.store.Account(t.Context(), "test-user2"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("somebody without a grant has an account: %v", err)
	}
	o.change(t, "test-user@127.0.0.1", func(r *store.AccountRecord) { r.Disabled = true })
	if status, _ := o.logIn(t, client, "test-user@127.0.0.1"); status != http.StatusForbidden {
		t.Errorf("a disabled account: %d", status)
	}
}

// TestOIDCGrants: somebody whose grant is removed sees nothing any more; a name that another
// account has is refused.
func TestOIDCGrants(t *testing.T) {
	grants := []auth.Grant{{Value: "test-user@zitadel.ch", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()}}
	o := newOrganisation(t, grants...)
	client := browser(t)
	if status, _ := o.logIn(t, client, "test-user@127.0.0.1"); status != 200 {
		t.Fatalf("%d", status)
	}
	grants[0].Value = "others" // the provider uses the same slice
	if status, _ := o.logIn(t, browser(t), "test-user@127.0.0.1"); status != http.StatusForbidden {
		t.Errorf("without a grant: %d", status)
	}
	account, err := o.store.Account(t.Context(), "test-user@127.0.0.1")
	if err != nil || account.Sight.All || account.Role != qianshao.RoleAuditor {
		t.Errorf("%+v, %v", account.Account, err)
	}
	response, err := client.Get(o.console + "/help")
	if _, _, at := ask(t, response, err); !strings.Contains(at, "/login") {
		t.Errorf("the session goes on at %s", at)
	}
	grants[0].Value = "test-user2@zitadel.ch"
	if err := o.accounts.Add(t.Context(), "test", qianshao.Account{Name: "test-user2", Role: qianshao.RoleAdministrator}, ""); err != nil {
		t.Fatal(err)
	}
	if status, _ := o.logIn(t, browser(t), "test-user2"); status != http.StatusForbidden {
		t.Errorf("the name of an account of ours: %d", status)
	}
}

// TestOIDCRoundTrip: the provider's answer must belong to a sign-in that this browser has begun.
func TestOIDCRoundTrip(t *testing.T) {
	o := newOrganisation(t, auth.Grant{Value: "test-user@zitadel.ch", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()})
	client := browser(t)
	response, err := client.Get(o.console + "/login/oidc?next=//evil.example")
	_, _, at := ask(t, response, err)
	asked, err := url.Parse(at)
	if err != nil || asked.Host == "evil.example" {
		t.Fatal(at, err)
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err = client.Get(o.console + "/login/oidc")
	if _, _, _ = ask(t, response, err); err != nil {
		t.Fatal(err)
	}
	to, err := url.Parse(response.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	q := to.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" || q.Get("nonce") == "" || q.Get("state") == "" || q.Get("client_secret") != "" {
		t.Errorf("it asks %v", q)
	}
	for name, tc := range map[string]struct {
		by   *http.Client
		back url.Values
		want int
	}{
		"another state":   {client, url.Values{"state": {"x"}, "code": {"c"}}, 400},
		"another browser": {browser(t), url.Values{"state": {q.Get("state")}, "code": {"c"}}, 400},
		"no state":        {browser(t), url.Values{"code": {"c"}}, 400},
	} {
		response, err := tc.by.Get(o.console + "/login/oidc/callback?" + tc.back.Encode())
		if status, _, _ := ask(t, response, err); status != tc.want {
			t.Errorf("%s: %d, want %d", name, status, tc.want)
		}
	}
	response, err = client.Get(o.console + "/login/oidc/callback?" + url.Values{"state": {q.Get("state")}, "code": {"made-up"}}.Encode())
	if status, _, _ := ask(t, response, err); status != http.StatusBadGateway {
		t.Errorf("a made-up code: %d", status)
	}
	response, err = client.Get(o.console + "/login/oidc/callback?" + url.Values{"state": {q.Get("state")}, "code": {"made-up"}}.Encode())
	if status, _, _ := ask(t, response, err); status != http.StatusBadRequest {
		t.Errorf("the same again: %d", status)
	}
}

// TestOIDCProviderIsDown: the sign-in form says so, and still takes passwords.
func TestOIDCProviderIsDown(t *testing.T) {
	o := newOrganisation(t)
	o.stopProvider()
	response, err := browser(t).Get(o.console + "/login/oidc?next=/help")
	status, body, _ := ask(t, response, err)
	if status != http.StatusBadGateway || !strings.Contains(body, "统一认证服务没有应答") || !strings.Contains(body, `name="password"`) ||
		!strings.Contains(body, `action="/login?next=%2fhelp"`) {
		t.Errorf("%d: %s", status, body)
	}
	checkMarkup(t, "/login/oidc", body)
}
