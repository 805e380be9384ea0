package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

// Rules are what a Guard must know about the routes that it guards.
type Rules struct {
	// IsOpen says whether a path needs no sign-in.
	IsOpen func(path string) bool
	// IsMachine says whether a request comes from a program rather than from a person: a program
	// may send a token and gets errors in its own format, a person is sent to /login.
	IsMachine func(r *http.Request) bool
	// Refuse answers a request that is not allowed. code is stable.
	Refuse func(w http.ResponseWriter, r *http.Request, status int, code, message string)
}

// GuardOptions are the options of NewGuard. Accounts and Rules are required.
type GuardOptions struct {
	Accounts *Accounts
	Rules    Rules
	// Local is a token of this process: whoever can read the data folder may use it to read what
	// the folder holds. "" for none.
	Local string
	// RequireFactor allows accounts nothing in a session before they have set up a second factor.
	RequireFactor bool
	// Provider logs people in by OIDC; nil for none.
	Provider *Provider
	// Log receives failures; if it is nil, they are not logged.
	Log *slog.Logger
}

// Guard knows who makes a request. It is safe for concurrent use.
type Guard struct {
	accounts      *Accounts
	store         Store
	sessions      *scs.SessionManager
	tries         *tries
	rules         Rules
	local         string // hash
	requireFactor bool
	provider      *Provider
	now           func() time.Time
	log           *slog.Logger
}

// NewGuard returns a guard over accounts.
func NewGuard(opts GuardOptions) *Guard {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	g := &Guard{
		accounts: opts.Accounts, store: opts.Accounts.store, rules: opts.Rules, requireFactor: opts.RequireFactor,
		provider: opts.Provider, now: opts.Accounts.now, log: opts.Log,
		sessions: newSessions(opts.Accounts.store, opts.Accounts.now), tries: newTries(opts.Accounts.now),
	}
	if opts.Local != "" {
		g.local = hashKey(opts.Local)
	}
	return g
}

// maxForm bounds the body of a form, in bytes: an address and a few words.
const maxForm = 64 << 10

// MaxUpload bounds the body of a form with a file, in bytes: ten thousand authorisations.
const MaxUpload = 4 << 20

// Handler puts the caller into the context of each request, and refuses those that are not allowed.
func (g *Guard) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token, ok := bearer(r); ok && g.rules.IsMachine(r) {
			g.serveToken(w, r, token, next)
			return
		}
		ctx, c, err := g.session(r)
		if err != nil && g.rules.IsOpen(r.URL.Path) { // treat as a stranger; the health check reports a failing store itself
			ctx, err = g.sessions.Load(r.Context(), "")
			c = caller{}
		}
		if err != nil {
			g.fail(w, r, err)
			return
		}
		r = r.WithContext(withCaller(ctx, c))
		switch {
		case c.account.Name == "" && !g.rules.IsOpen(r.URL.Path):
			g.refuseStranger(w, r)
		case c.account.Name != "" && !isSafe(r.Method) && !g.rules.IsOpen(r.URL.Path) && parseForm(w, r) != nil:
			g.rules.Refuse(w, r, http.StatusRequestEntityTooLarge, "too_large", "the form is too long")
		case c.account.Name != "" && !isSafe(r.Method) && !g.rules.IsOpen(r.URL.Path) && !carriesForm(r, c.form):
			g.rules.Refuse(w, r, http.StatusForbidden, "csrf", "the request does not carry the session's token: field "+FormField+" or header "+FormHeader)
		case g.needsFactor(c) && !isOwnAccount(r.URL.Path) && !g.rules.IsOpen(r.URL.Path):
			g.askFactor(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func isSafe(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// parseForm parses the form of a request, if it has one, up to its bound. If it is longer, the
// error is a *http.MaxBytesError; a malformed form has no fields.
func parseForm(w http.ResponseWriter, r *http.Request) error {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var err error
	switch media {
	case "multipart/form-data":
		r.Body = http.MaxBytesReader(w, r.Body, MaxUpload)
		err = r.ParseMultipartForm(MaxUpload) // all of it is kept in memory
	case "application/x-www-form-urlencoded":
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		err = r.ParseForm()
	}
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return large
	}
	return nil
}

// carriesForm says whether a request carries the session's form token.
func carriesForm(r *http.Request, want string) bool {
	got := r.Header.Get(FormHeader)
	if got == "" && r.PostForm != nil { // nil means that the body is not a form, but a program's
		got = r.PostForm.Get(FormField)
	}
	return want != "" && subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}

// isOwnAccount says whether a path belongs to the account's own page, where a second factor is set
// up.
func isOwnAccount(path string) bool {
	return path == "/account" || strings.HasPrefix(path, "/account/") || path == "/logout"
}

func (g *Guard) needsFactor(c caller) bool {
	return g.requireFactor && c.account.Name != "" && c.account.Subject == "" && !c.account.Factor.Confirmed
}

func (g *Guard) askFactor(w http.ResponseWriter, r *http.Request) {
	if g.rules.IsMachine(r) || !isSafe(r.Method) {
		g.rules.Refuse(w, r, http.StatusForbidden, "second_factor_required", "set up a second factor on the account's page first")
		return
	}
	http.Redirect(w, r, "/account", http.StatusSeeOther)
}

func (g *Guard) refuseStranger(w http.ResponseWriter, r *http.Request) {
	if g.rules.IsMachine(r) || !isSafe(r.Method) {
		g.askToken(w, r, "authentication_required", `send a token: "Authorization: Bearer qs_…"; make one on the account's page or with "qianshao account token add"`)
		return
	}
	http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
}

func (g *Guard) askToken(w http.ResponseWriter, r *http.Request, code, message string) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="Qianshao"`)
	g.rules.Refuse(w, r, http.StatusUnauthorized, code, message)
}

func (g *Guard) fail(w http.ResponseWriter, r *http.Request, err error) {
	g.log.Error("cannot tell who makes a request", "path", r.URL.Path, "error", err)
	g.rules.Refuse(w, r, http.StatusInternalServerError, "internal", "who you are cannot be checked now; the log has the cause")
}

// serveToken handles a request that carries a token. Reading needs the scope for it.
func (g *Guard) serveToken(w http.ResponseWriter, r *http.Request, token string, next http.Handler) {
	c, err := g.tokenCaller(r.Context(), token)
	switch {
	case errors.Is(err, store.ErrNotFound):
		g.askToken(w, r, "token_invalid", "the token is unknown, revoked or expired, or its account is disabled")
		return
	case err != nil:
		g.fail(w, r, err)
		return
	}
	isMetrics := r.URL.Path == "/metrics" // it has its own scope
	if isSafe(r.Method) && !isMetrics && !c.hasScope(qianshao.ScopeRead) {
		g.rules.Refuse(w, r, http.StatusForbidden, "forbidden", "the token has not the scope read")
		return
	}
	next.ServeHTTP(w, r.WithContext(withCaller(r.Context(), c)))
}

// session loads the request's session and returns a context that holds it, and the caller. A
// session has ended if its epoch is no longer that of its account.
func (g *Guard) session(r *http.Request) (context.Context, caller, error) {
	ctx, err := g.sessions.Load(r.Context(), readCookie(r, sessionCookie))
	if err != nil || g.sessions.GetString(ctx, keyStage) != stageIn {
		return ctx, caller{}, err
	}
	account, err := g.current(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return ctx, caller{}, g.sessions.Destroy(ctx)
	}
	if err == nil {
		_, _, err = g.sessions.Commit(ctx) // record that it is in use
	}
	return ctx, caller{account: account, form: g.sessions.GetString(ctx, keyForm)}, err
}

// current returns the account of the session in ctx, or store.ErrNotFound if it has ended.
func (g *Guard) current(ctx context.Context) (store.AccountRecord, error) {
	account, err := g.store.Account(ctx, g.sessions.GetString(ctx, keyAccount))
	if err == nil && (account.Disabled || strconv.FormatInt(account.Epoch, 10) != g.sessions.GetString(ctx, keyEpoch)) {
		err = store.ErrNotFound
	}
	return account, err
}

// StillIn returns store.ErrNotFound if the caller of ctx would no longer be let in, or has become
// another account: a stream of events must end then, for example after a log-out.
func (g *Guard) StillIn(ctx context.Context) error {
	then := callerOf(ctx)
	now, err := g.letIn(ctx, then)
	if err == nil && now.Epoch != then.account.Epoch {
		err = store.ErrNotFound
	}
	return err
}

// letIn returns the account that the request's token or session belongs to now, or
// store.ErrNotFound.
func (g *Guard) letIn(ctx context.Context, c caller) (store.AccountRecord, error) {
	if c.token != nil {
		now, err := g.tokenOf(ctx, c.token.Hash)
		return now.account, err
	}
	// The session in ctx is as old as the request; scs loads it anew only into a context that has
	// none.
	now, err := g.sessions.Load(context.Background(), g.sessions.Token(ctx))
	if err != nil {
		return store.AccountRecord{}, err
	}
	return g.current(now)
}

// begin begins a session of the account that replaces the one in r's context, under a new token: a
// cookie that an attacker has planted before the sign-in is worthless.
func (g *Guard) begin(w http.ResponseWriter, r *http.Request, account store.AccountRecord, stage string) error {
	ctx := r.Context()
	if err := g.sessions.Clear(ctx); err != nil {
		return err
	}
	if err := g.sessions.RenewToken(ctx); err != nil {
		return err
	}
	form, _ := newKey()
	for key, value := range map[string]string{
		keyAccount: account.Name, keyEpoch: strconv.FormatInt(account.Epoch, 10), keyStage: stage, keyForm: form,
	} {
		g.sessions.Put(ctx, key, value)
	}
	if stage != stageIn {
		g.sessions.SetDeadline(ctx, time.Now().Add(codeTime)) // scs reads the system clock
	}
	token, _, err := g.sessions.Commit(ctx)
	if err != nil {
		return err
	}
	if c, _ := ctx.Value(callerKey{}).(*caller); c != nil && stage == stageIn {
		c.account, c.form = account, form // the answer shows them
	}
	setCookie(w, r, sessionCookie, token, sessionTime)
	if stage == stageIn && account.Password != "" {
		setCookie(w, r, deviceCookie, newDevice(account), deviceTime)
	}
	return nil
}

// LogOut ends the request's session.
func (g *Guard) LogOut(w http.ResponseWriter, r *http.Request) error {
	setCookie(w, r, sessionCookie, "", -time.Second)
	return g.sessions.Destroy(r.Context())
}

// SetRetryAfter sets the header Retry-After and returns its value in seconds.
func SetRetryAfter(w http.ResponseWriter, wait time.Duration) int {
	seconds := max(1, int(wait.Seconds()))
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	return seconds
}

// bearer returns the token of the header Authorization.
func bearer(r *http.Request) (token string, ok bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token), ok && strings.EqualFold(scheme, "Bearer")
}
