package dashboards

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxForm bounds the body of a form, in bytes: a password and an address.
const maxForm = 16 << 10

type loginView struct {
	*view
	Next    string
	Problem string
	// Continue offers the way on to a person who is signed in, but came from
	// another site, for which browsers hold a SameSite=Strict cookie back.
	Continue bool
}

func (c *console) loginPage(w http.ResponseWriter, r *http.Request) {
	v := loginView{view: c.view(w, r, "login.title"), Next: localPath(r.FormValue("next"))}
	v.Continue = r.Header.Get("Sec-Fetch-Site") == "cross-site"
	c.render(w, r, http.StatusOK, "login", v)
}

func (c *console) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	v := loginView{view: c.view(w, r, "login.title"), Next: localPath(r.PostFormValue("next"))}
	switch verdict, wait := c.password.try(r, r.PostFormValue("password")); verdict {
	case accepted:
		c.password.end(r) // a session from before does not live on beside the new one
		http.SetCookie(w, c.password.begin(isTLS(r)))
		http.Redirect(w, r, v.Next, http.StatusSeeOther)
	case tooMany:
		v.Problem = v.T("login.slow", tooManyTries(w, wait))
		c.render(w, r, http.StatusTooManyRequests, "login", v)
	default:
		v.Problem = v.T("login.wrong")
		c.render(w, r, http.StatusUnauthorized, "login", v)
	}
}

func (c *console) logout(w http.ResponseWriter, r *http.Request) {
	c.password.end(r)
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Path: "/", MaxAge: -1,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: isTLS(r),
	})
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// tooManyTries sets Retry-After and returns its seconds.
func tooManyTries(w http.ResponseWriter, wait time.Duration) int {
	seconds := max(1, int(wait.Seconds()))
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	return seconds
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
