package entry

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/store"
)

// maxForm bounds the body of a form, in bytes: a password and an address.
const maxForm = 16 << 10

// loginPage is the model of the login form, and of the form for the second factor's code.
type loginPage struct {
	*page.Layout
	Name    string // as typed
	Next    string
	Problem string
	// Continue offers a link to go on. It is for people who are signed in but came from another
	// site: browsers then do not send a SameSite=Strict cookie.
	Continue bool
	// Code says that the code of the second factor is asked for.
	Code bool
	// Provider says that sign-in by OIDC is offered.
	Provider bool
	// Empty says that there are no accounts yet.
	Empty bool
}

func (e *Entry) newLoginPage(w http.ResponseWriter, r *http.Request, next string) loginPage {
	return loginPage{Layout: e.Layout(w, r, "login.title"), Next: page.LocalPath(next), Provider: e.guard.HasProvider()}
}

func (e *Entry) serveLogin(w http.ResponseWriter, r *http.Request) {
	v := e.newLoginPage(w, r, r.FormValue("next"))
	v.Code, v.Continue = e.guard.AwaitsCode(r.Context()), r.Header.Get("Sec-Fetch-Site") == "cross-site"
	var err error
	if v.Empty, err = e.guard.Empty(r.Context()); err != nil {
		e.FailWith(w, r, err)
		return
	}
	e.Render(w, r, http.StatusOK, "login", v)
}

func (e *Entry) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	v := e.newLoginPage(w, r, r.FormValue("next"))
	v.Name = r.PostFormValue("name")
	answer, err := e.guard.LogIn(w, r, v.Name, r.PostFormValue("password"))
	e.answerLogin(w, r, v, answer, err)
}

func (e *Entry) loginCode(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	v := e.newLoginPage(w, r, r.FormValue("next"))
	answer, err := e.guard.LogInWithCode(w, r, r.PostFormValue("code"))
	v.Code = answer.Outcome != auth.Expired
	e.answerLogin(w, r, v, answer, err)
}

func (e *Entry) answerLogin(w http.ResponseWriter, r *http.Request, v loginPage, answer auth.Answer, err error) {
	switch {
	case err != nil:
		e.FailWith(w, r, err)
	case answer.Outcome == auth.Entered:
		http.Redirect(w, r, v.Next, http.StatusSeeOther)
	case answer.Outcome == auth.NeedsCode:
		http.Redirect(w, r, "/login?next="+url.QueryEscape(v.Next), http.StatusSeeOther)
	default:
		v.Problem = problem(v.Layout, w, answer)
		if v.Code && answer.Outcome == auth.Wrong {
			v.Problem = v.T("login.code.wrong")
		}
		e.Render(w, r, answer.Status(), "login", v)
	}
}

// problem puts the outcome of a sign-in into words.
func problem(v *page.Layout, w http.ResponseWriter, answer auth.Answer) string {
	switch answer.Outcome {
	case auth.Slow:
		return v.N("login.slow", auth.SetRetryAfter(w, answer.Wait))
	case auth.Busy:
		return v.T("login.busy")
	case auth.Expired:
		return v.T("login.expired")
	}
	return v.T("login.wrong")
}

func (e *Entry) toProvider(w http.ResponseWriter, r *http.Request) {
	next := r.FormValue("next")
	to, err := e.guard.ProviderURL(w, r, page.LocalPath(next))
	if err != nil { // the provider is down; people with a password can still sign in
		e.Log.Warn("sign-in through the OIDC provider is unavailable", "error", err)
		v := e.newLoginPage(w, r, next)
		v.Problem = v.T("login.oidc.failed")
		e.Render(w, r, http.StatusBadGateway, "login", v)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// fromProvider signs in somebody who returns from the OIDC provider. The way on is a page instead of
// a redirect: browsers count a redirect as coming from the provider's site, and do not send the
// cookie.
func (e *Entry) fromProvider(w http.ResponseWriter, r *http.Request) {
	v := e.newLoginPage(w, r, "")
	next, err := e.guard.FromProvider(w, r)
	status := http.StatusForbidden
	switch {
	case err == nil:
		v.Next, v.Continue = page.LocalPath(next), true
		e.Render(w, r, http.StatusOK, "entered", v)
		return
	case errors.Is(err, auth.ErrRoundTrip):
		status, v.Problem = http.StatusBadRequest, v.T("login.expired")
	case errors.Is(err, auth.ErrNoGrant), errors.Is(err, store.ErrLastAdministrator):
		v.Problem = v.T("login.oidc.nothing")
	case errors.Is(err, auth.ErrNameTaken):
		v.Problem = v.T("login.oidc.name")
	default:
		status, v.Problem = http.StatusBadGateway, v.T("login.oidc.failed")
	}
	e.Log.Warn("a sign-in through the OIDC provider was refused", "error", err)
	e.Render(w, r, status, "login", v)
}

func (e *Entry) logout(w http.ResponseWriter, r *http.Request) {
	if err := e.guard.LogOut(w, r); err != nil {
		e.FailWith(w, r, err)
		return
	}
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// enterPage is the model of the page that a link leads to: it asks for a password and, for the
// first account, a name.
type enterPage struct {
	*page.Layout
	Key     string
	Name    string
	First   bool
	Problem string
	// Gone says that the link cannot be used, or no longer; Empty that there are no accounts yet.
	Gone, Empty bool
}

// serveEnter shows what a link asks for. A link that only signs in does so at once; a HEAD request,
// with which programs preview links, uses nothing up.
func (e *Entry) serveEnter(w http.ResponseWriter, r *http.Request) {
	v := enterPage{Layout: e.Layout(w, r, "enter.title"), Key: r.FormValue("key")}
	link, err := e.guard.Link(r.Context(), v.Key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		e.showGone(w, r, v)
	case err != nil:
		e.FailWith(w, r, err)
	case link.Purpose == store.LinkEnter && r.Method == http.MethodGet:
		e.useLink(w, r, v, "")
	default:
		v.First, v.Name = link.Purpose == store.LinkFirst, link.Account
		e.Render(w, r, http.StatusOK, "enter", v)
	}
}

func (e *Entry) enter(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	v := enterPage{Layout: e.Layout(w, r, "enter.title"), Key: r.FormValue("key")}
	if link, err := e.guard.Link(r.Context(), v.Key); err == nil {
		v.First, v.Name = link.Purpose == store.LinkFirst, link.Account
	}
	if v.First {
		v.Name = strings.TrimSpace(r.PostFormValue("name"))
	}
	password := r.PostFormValue("password")
	if password != r.PostFormValue("again") {
		v.Problem = v.T("account.password.differs")
		e.Render(w, r, http.StatusUnprocessableEntity, "enter", v)
		return
	}
	e.useLink(w, r, v, password)
}

func (e *Entry) useLink(w http.ResponseWriter, r *http.Request, v enterPage, password string) {
	answer, err := e.guard.UseLink(w, r, v.Key, v.Name, password)
	if problem := refused(v.Layout, err); problem != "" {
		v.Problem = problem
		e.Render(w, r, http.StatusUnprocessableEntity, "enter", v)
		return
	}
	if answer.Outcome == auth.Expired {
		e.showGone(w, r, v)
		return
	}
	if answer.Outcome == auth.Busy {
		v.Problem = problem(v.Layout, w, answer)
		e.Render(w, r, answer.Status(), "enter", v)
		return
	}
	e.answerLogin(w, r, loginPage{Layout: v.Layout, Next: "/"}, answer, err)
}

// showGone says that a link cannot be used, and what to do.
func (e *Entry) showGone(w http.ResponseWriter, r *http.Request, v enterPage) {
	v.Gone = true
	var err error
	if v.Empty, err = e.guard.Empty(r.Context()); err != nil {
		e.FailWith(w, r, err)
		return
	}
	e.Render(w, r, http.StatusGone, "enter", v)
}

// refused says what is wrong with a chosen name or password; "" if the failure is not the user's
// mistake.
func refused(v *page.Layout, err error) string {
	var bad *auth.PasswordError
	switch {
	case errors.As(err, &bad):
		return v.T("account.password."+bad.Code, auth.MinPassword)
	case errors.Is(err, auth.ErrName):
		return v.T("account.name.bad")
	}
	return ""
}
