package console

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/qianshao/qianshao/dashboards/auth"
)

// maxForm bounds the body of a form, in bytes: a password and an address.
const maxForm = 16 << 10

// loginPage is the model of the login form.
type loginPage struct {
	*layout
	Next    string
	Problem string
	// Continue offers the way on to a person who is signed in, but came from
	// another site, for which browsers hold a SameSite=Strict cookie back.
	Continue bool
}

func (c *Console) serveLogin(w http.ResponseWriter, r *http.Request) {
	v := loginPage{layout: c.layout(w, r, "login.title"), Next: localPath(r.FormValue("next"))}
	v.Continue = r.Header.Get("Sec-Fetch-Site") == "cross-site"
	c.render(w, r, http.StatusOK, "login", v)
}

func (c *Console) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	v := loginPage{layout: c.layout(w, r, "login.title"), Next: localPath(r.PostFormValue("next"))}
	switch result, wait := c.gate.Try(r, r.PostFormValue("password")); result {
	case auth.Accepted:
		c.gate.End(r) // a session from before does not live on beside the new one
		http.SetCookie(w, c.gate.Begin(r))
		http.Redirect(w, r, v.Next, http.StatusSeeOther)
	case auth.TooMany:
		v.Problem = v.N("login.slow", auth.SetRetryAfter(w, wait))
		c.render(w, r, http.StatusTooManyRequests, "login", v)
	default:
		v.Problem = v.T("login.wrong")
		c.render(w, r, http.StatusUnauthorized, "login", v)
	}
}

func (c *Console) logout(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, c.gate.End(r))
	http.Redirect(w, r, "/login", http.StatusSeeOther)
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
	if u.Path == "/login" || u.Path == "/logout" {
		return "/"
	}
	return next
}
