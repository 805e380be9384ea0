package dashboards

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
)

// contentPolicy forbids all scripts, frames, connections and foreign sources.
const contentPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// protect wraps the routes in what every request goes through, outermost first.
func (c *console) protect(routes http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(http.HandlerFunc(c.crossOriginPage))
	h := withDeadline(routes)
	if c.password != nil {
		h = c.requirePassword(h)
	} else {
		h = requireLoopbackHost(h)
	}
	h = crossOrigin.Handler(h)
	return setHeaders(c.recoverPanics(h))
}

func setHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// recoverPanics answers 500 and logs the stack. Pages are rendered into memory
// first, so nothing was written yet.
func (c *console) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			c.log.Error("panic in the console", "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
			c.fail(w, r, http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}

// requireLoopbackHost answers only requests whose Host header names the
// loopback. Without a password this is what keeps a web page elsewhere, whose
// name was made to resolve to 127.0.0.1 (DNS rebinding), from reading us.
func requireLoopbackHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if !isLoopback(strings.Trim(host, "[]")) {
			http.Error(w, "this console has no password and answers only to localhost, 127.0.0.1 and [::1]; "+
				"set a password to use another name", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isTLS(r *http.Request) bool {
	return r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// isMachine says whether a program rather than a person asks: it gets JSON or
// plain text and HTTP Basic instead of pages and a login form.
func isMachine(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/api/") || r.URL.Path == "/metrics"
}

// isOpen says whether a path needs no password: the health check for container
// platforms, and what the login form itself needs.
func isOpen(path string) bool {
	return path == "/healthz" || path == "/login" || strings.HasPrefix(path, "/static/")
}

// requirePassword lets those in who have a session or know the password.
func (c *console) requirePassword(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isOpen(r.URL.Path) || c.password.hasSession(r) {
			next.ServeHTTP(w, r)
			return
		}
		if _, password, ok := r.BasicAuth(); ok {
			switch verdict, wait := c.password.try(r, password); verdict {
			case accepted:
				next.ServeHTTP(w, r)
			case tooMany:
				tooManyTries(w, wait)
				c.refuse(w, r, http.StatusTooManyRequests, "too_many_tries", "too many wrong passwords; wait and try again")
			default:
				c.askBasic(w, r)
			}
			return
		}
		if isMachine(r) || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
			c.askBasic(w, r)
			return
		}
		http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
	})
}

func (c *console) askBasic(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("WWW-Authenticate", `Basic realm="Qianshao", charset="UTF-8"`)
	c.refuse(w, r, http.StatusUnauthorized, "password_required", "send the console's password by HTTP Basic, with any user name")
}

// refuse answers a program in its form.
func (c *console) refuse(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	if strings.HasPrefix(r.URL.Path, "/api/") {
		c.apiError(w, status, apiError{Code: code, Message: message})
		return
	}
	http.Error(w, message, status)
}
