package console

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/store"
)

// maxForm bounds the body of a form, in bytes: a password and an address.
const maxForm = 16 << 10

// loginPage is the model of the login form, and of the form for the second factor's code.
type loginPage struct {
	*layout
	Name    string // as typed
	Next    string
	Problem string
	// Continue offers the way on to a person who is signed in, but came from
	// another site, for which browsers hold a SameSite=Strict cookie back.
	Continue bool
	// Code says that the code of the second factor is asked for.
	Code bool
	// Provider offers the log-in by OIDC.
	Provider bool
	// Empty says that there is no account yet.
	Empty bool
}

func (c *Console) serveLogin(w http.ResponseWriter, r *http.Request) {
	v := loginPage{layout: c.layout(w, r, "login.title"), Next: localPath(r.FormValue("next")), Code: c.guard.AwaitsCode(r.Context()), Provider: c.guard.HasProvider()}
	v.Continue = r.Header.Get("Sec-Fetch-Site") == "cross-site"
	var err error
	if v.Empty, err = c.guard.Empty(r.Context()); err != nil {
		c.failWith(w, r, err)
		return
	}
	c.render(w, r, http.StatusOK, "login", v)
}

func (c *Console) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	v := loginPage{layout: c.layout(w, r, "login.title"), Next: localPath(r.PostFormValue("next")), Name: r.PostFormValue("name"), Provider: c.guard.HasProvider()}
	answer, err := c.guard.LogIn(w, r, v.Name, r.PostFormValue("password"))
	c.answerLogin(w, r, v, answer, err)
}

func (c *Console) loginCode(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	v := loginPage{layout: c.layout(w, r, "login.title"), Next: localPath(r.PostFormValue("next")), Code: true}
	answer, err := c.guard.LogInWithCode(w, r, r.PostFormValue("code"))
	v.Code = answer.Outcome != auth.Expired
	c.answerLogin(w, r, v, answer, err)
}

func (c *Console) answerLogin(w http.ResponseWriter, r *http.Request, v loginPage, answer auth.Answer, err error) {
	switch {
	case err != nil:
		c.failWith(w, r, err)
	case answer.Outcome == auth.Entered:
		http.Redirect(w, r, v.Next, http.StatusSeeOther)
	case answer.Outcome == auth.NeedsCode:
		http.Redirect(w, r, "/login?next="+url.QueryEscape(v.Next), http.StatusSeeOther)
	default:
		v.Problem = v.problem(w, answer)
		if v.Code && answer.Outcome == auth.Wrong {
			v.Problem = v.T("login.code.wrong")
		}
		c.render(w, r, answer.Status(), "login", v)
	}
}

// problem says in words what came of a try.
func (v *layout) problem(w http.ResponseWriter, answer auth.Answer) string {
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

// toProvider sends a browser to the OIDC provider.
func (c *Console) toProvider(w http.ResponseWriter, r *http.Request) {
	next := localPath(r.FormValue("next"))
	to, err := c.guard.ProviderURL(w, r, next)
	if err != nil { // the provider is down; whoever has a password can still enter
		c.log.Warn("nobody can log in at the OIDC provider", "error", err)
		v := loginPage{layout: c.layout(w, r, "login.title"), Provider: true, Next: next}
		v.Problem = v.T("login.oidc.failed")
		c.render(w, r, http.StatusBadGateway, "login", v)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// fromProvider lets in whom the OIDC provider sends back. The way on is a page and no
// redirect, since browsers count that to the provider's site and hold the cookie back.
func (c *Console) fromProvider(w http.ResponseWriter, r *http.Request) {
	v := loginPage{layout: c.layout(w, r, "login.title"), Provider: true}
	next, err := c.guard.FromProvider(w, r)
	status := http.StatusForbidden
	switch {
	case err == nil:
		v.Next, v.Continue = localPath(next), true
		c.render(w, r, http.StatusOK, "entered", v)
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
	c.log.Warn("somebody from the OIDC provider is not let in", "error", err)
	c.render(w, r, status, "login", v)
}

func (c *Console) logout(w http.ResponseWriter, r *http.Request) {
	if err := c.guard.LogOut(w, r); err != nil {
		c.failWith(w, r, err)
		return
	}
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// enterPage is the model of what a link leads to: a name, for the first account, and a
// password are asked for.
type enterPage struct {
	*layout
	Key     string
	Name    string
	First   bool
	Problem string
	// Gone says that the link cannot be used (any more), Empty that there is no account yet.
	Gone, Empty bool
}

// serveEnter shows what a link asks for. A link that only logs in does so at once; a
// HEAD request, with which a program looks at a link, uses nothing up.
func (c *Console) serveEnter(w http.ResponseWriter, r *http.Request) {
	v := enterPage{layout: c.layout(w, r, "enter.title"), Key: r.FormValue("key")}
	link, err := c.guard.Link(r.Context(), v.Key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		c.showGone(w, r, v)
	case err != nil:
		c.failWith(w, r, err)
	case link.Purpose == store.LinkEnter && r.Method == http.MethodGet:
		c.useLink(w, r, v, "")
	default:
		v.First, v.Name = link.Purpose == store.LinkFirst, link.Account
		c.render(w, r, http.StatusOK, "enter", v)
	}
}

func (c *Console) enter(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	v := enterPage{layout: c.layout(w, r, "enter.title"), Key: r.PostFormValue("key")}
	if link, err := c.guard.Link(r.Context(), v.Key); err == nil {
		v.First, v.Name = link.Purpose == store.LinkFirst, link.Account
	}
	if v.First {
		v.Name = strings.TrimSpace(r.PostFormValue("name"))
	}
	password := r.PostFormValue("password")
	if password != r.PostFormValue("again") {
		v.Problem = v.T("account.password.differs")
		c.render(w, r, http.StatusUnprocessableEntity, "enter", v)
		return
	}
	c.useLink(w, r, v, password)
}

func (c *Console) useLink(w http.ResponseWriter, r *http.Request, v enterPage, password string) {
	answer, err := c.guard.UseLink(w, r, v.Key, v.Name, password)
	if problem := v.refused(err); problem != "" {
		v.Problem = problem
		c.render(w, r, http.StatusUnprocessableEntity, "enter", v)
		return
	}
	if answer.Outcome == auth.Expired {
		c.showGone(w, r, v)
		return
	}
	if answer.Outcome == auth.Busy {
		v.Problem = v.problem(w, answer)
		c.render(w, r, answer.Status(), "enter", v)
		return
	}
	c.answerLogin(w, r, loginPage{layout: v.layout, Next: "/"}, answer, err)
}

// showGone says that a link cannot be used, and what to do.
func (c *Console) showGone(w http.ResponseWriter, r *http.Request, v enterPage) {
	v.Gone = true
	var err error
	if v.Empty, err = c.guard.Empty(r.Context()); err != nil {
		c.failWith(w, r, err)
		return
	}
	c.render(w, r, http.StatusGone, "enter", v)
}

// refused says what is wrong with a name or a password that somebody wants to have; ""
// if the error is another.
func (v *layout) refused(err error) string {
	var bad *auth.PasswordError
	switch {
	case errors.As(err, &bad):
		return v.T("account.password."+bad.Code, auth.MinPassword)
	case errors.Is(err, auth.ErrName):
		return v.T("account.name.bad")
	}
	return ""
}

// localPath returns next if it leads to a page of this console, else the front
// page: a login form must not be somebody's redirector.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return "/"
	}
	// Browsers read a backslash as a slash, and strip tabs and line breaks.
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\t\r\n") {
		return "/"
	}
	if u.Path == "/login" || u.Path == "/logout" || u.Path == "/enter" {
		return "/"
	}
	return next
}
