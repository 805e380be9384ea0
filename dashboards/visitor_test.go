package dashboards

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/store"
)

const goodPassword = "correct horse 电池 staple"

// visitor is a person in the console, or a program using the API.
type visitor struct {
	name    string
	session string // the cookie's value
	form    string // the token that forms carry
	token   string
}

// newVisitor adds an account, logs it in by a link, and makes a token with all scopes that it may
// have.
func (o *outpost) newVisitor(t *testing.T, account qianshao.Account) visitor {
	t.Helper()
	ctx := t.Context()
	if err := o.accounts.Add(ctx, "test", account, ""); err != nil {
		t.Fatal(err)
	}
	v := o.enter(t, account.Name)
	v.token = o.newToken(t, account.Name, scopesOf(account)...)
	return v
}

func (o *outpost) newToken(t *testing.T, name string, scopes ...qianshao.Scope) string {
	t.Helper()
	token, _, err := o.accounts.NewToken(t.Context(), "test", name, "test", scopes, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (o *outpost) enter(t *testing.T, name string) visitor {
	t.Helper()
	key, _, err := o.accounts.NewLink(t.Context(), "test", store.LinkEnter, name)
	if err != nil {
		t.Fatal(err)
	}
	w := o.do("GET", "/enter?key="+key, "")
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/" {
		t.Fatalf("a link to enter: %d to %q", w.Code, w.Header().Get("Location"))
	}
	v := visitor{name: name, session: cookie(w, sessionCookie)}
	v.form = formToken(o.as(v, "GET", "/account", nil).Body.String())
	if v.session == "" || v.form == "" {
		t.Fatal("no session, or no form on the account's page")
	}
	return v
}

// cookie returns the value of a cookie that an answer sets.
func cookie(w *httptest.ResponseRecorder, name string) string {
	for _, c := range w.Result().Cookies() {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

var formField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

func formToken(body string) string {
	if m := formField.FindStringSubmatch(body); m != nil {
		return m[1]
	}
	return ""
}

// sign adds the visitor's token if the request is a program's, otherwise the session.
func (v visitor) sign(r *http.Request) {
	if isMachine(r) {
		r.Header.Set("Authorization", "Bearer "+v.token)
		return
	}
	name := "qianshao_session"
	if r.TLS != nil {
		name = "__Host-" + name
	}
	r.AddCookie(&http.Cookie{Name: name, Value: v.session})
	r.Header.Set("X-CSRF-Token", v.form)
}

// setHeader sets header fields: header alternates names and values.
func setHeader(r *http.Request, header []string) {
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
}

// serve answers a request made by the outpost's administrator.
func (o *outpost) serve(r *http.Request) *httptest.ResponseRecorder {
	o.visitor.sign(r)
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, r)
	return w
}

// do answers a stranger's request, over TLS, with a form if there is one.
func (o *outpost) do(method, target, form string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://console.example"+target, strings.NewReader(form))
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	setHeader(r, header)
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, r)
	return w
}

// as answers a visitor's request, over TLS: for a page, or with a form and its token.
func (o *outpost) as(v visitor, method, target string, form url.Values) *httptest.ResponseRecorder {
	body := ""
	if form != nil {
		form.Set("csrf", v.form)
		body = form.Encode()
	}
	return o.do(method, target, body, "Cookie", sessionCookie+"="+v.session)
}

// withToken sends a request to the API with a token, and returns the status.
func (o *outpost) withToken(token, method, target string) int {
	return o.do(method, target, "", "Authorization", "Bearer "+token).Code
}

// TestTokenLabels: people choose by its label which token to revoke.
func TestTokenLabels(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, nil)
	for label, want := range map[string]error{
		"scraper 一": nil, " ": auth.ErrLabel, "two\nlines": auth.ErrLabel, "del\u007f": auth.ErrLabel, "\u0085": auth.ErrLabel, "\u202ereparcs": auth.ErrLabel, "a\u200bb": auth.ErrLabel,
	} {
		if _, _, err := o.accounts.NewToken(t.Context(), "test", "root", label, []qianshao.Scope{qianshao.ScopeRead}, 24*time.Hour); !errors.Is(err, want) {
			t.Errorf("%q: %v", label, err)
		}
	}
}
