package auth

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// IsLoopback says whether host, without port, names this machine's loopback
// by its own name or by a literal address.
func IsLoopback(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// RequireLoopback answers only requests whose Host header names the loopback.
// Without a password this is what keeps a web page elsewhere, whose name was
// made to resolve to 127.0.0.1 (DNS rebinding), from reading the console.
func RequireLoopback(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if !IsLoopback(strings.Trim(host, "[]")) {
			http.Error(w, "this console has no password and answers only to localhost, 127.0.0.1 and [::1]; "+
				"set a password to use another name", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// IsTLS says whether the browser speaks TLS, to us or to a proxy before us.
func IsTLS(r *http.Request) bool {
	return r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// SetRetryAfter sets the header Retry-After and returns its seconds.
func SetRetryAfter(w http.ResponseWriter, wait time.Duration) int {
	seconds := max(1, int(wait.Seconds()))
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	return seconds
}

// Rules are what Require has to know of the routes that it guards.
type Rules struct {
	// IsOpen says whether a path needs no password.
	IsOpen func(path string) bool
	// IsMachine says whether a program asks: it is asked for HTTP Basic, and a
	// person is sent to /login.
	IsMachine func(r *http.Request) bool
	// Refuse answers a request that is not let in. code is stable.
	Refuse func(w http.ResponseWriter, r *http.Request, status int, code, message string)
}

// Require lets those in who have a session or send the password by HTTP Basic.
func (g *Gate) Require(rules Rules, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rules.IsOpen(r.URL.Path) || g.HasSession(r) {
			next.ServeHTTP(w, r)
			return
		}
		if _, password, ok := r.BasicAuth(); ok {
			switch result, wait := g.Try(r, password); result {
			case Accepted:
				next.ServeHTTP(w, r)
			case TooMany:
				SetRetryAfter(w, wait)
				rules.Refuse(w, r, http.StatusTooManyRequests, "too_many_tries", "too many wrong passwords; wait and try again")
			default:
				rules.askBasic(w, r)
			}
			return
		}
		if rules.IsMachine(r) || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
			rules.askBasic(w, r)
			return
		}
		http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
	})
}

func (rules *Rules) askBasic(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("WWW-Authenticate", `Basic realm="Qianshao", charset="UTF-8"`)
	rules.Refuse(w, r, http.StatusUnauthorized, "password_required", "send the console's password by HTTP Basic, with any user name")
}
