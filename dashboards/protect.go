package dashboards

import (
	"errors"
	"net/http"
	"runtime/debug"
	"strings"
)

// contentPolicy forbids frames and foreign sources. Scripts may come only from our own file: inline
// scripts never run.
const contentPolicy = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// protect wraps the routes in everything that each request passes through. The outermost wrapper is
// applied last.
func (s *site) protect(routes http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.fail(w, r, http.StatusForbidden) }))
	h := withDeadline(s.recount(routes))
	h = s.guard.Handler(h)
	h = crossOrigin.Handler(h)
	return setHeaders(s.recoverPanics(s.opts.Proxies.Handler(h)))
}

// recount makes the sidebar show a change at once to whoever made it. Claims are exempt: each
// opened item sends one, and they change no number of the account's own.
func (s *site) recount(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		if r.Method == http.MethodPost && !strings.HasPrefix(r.URL.Path, "/claims") {
			s.review.Forget(r.Context())
		}
	})
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

// recoverPanics answers with 500 and logs the stack. Pages are rendered into memory first, so
// nothing has been sent yet.
func (s *site) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			s.opts.Log.Error("panic in the console", "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
			s.fail(w, r, http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}

// isOpen says whether a path needs no sign-in: the health check for container platforms, the ways to
// sign in, and what their pages load.
func isOpen(path string) bool {
	switch path {
	case "/healthz", "/login", "/login/code", "/login/oidc", "/login/oidc/callback", "/enter":
		return true
	}
	return strings.HasPrefix(path, "/static/")
}
