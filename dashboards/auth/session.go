package auth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/qianshao/qianshao/store"
)

// Sessions end after a working day, however much they are used, and earlier if they are idle.
const (
	sessionTime = 12 * time.Hour
	sessionIdle = 2 * time.Hour
	// codeTime is how long a sign-in waits for the code of the second factor.
	codeTime = 5 * time.Minute
	// touchEvery is the shortest time between two records of a session's use.
	touchEvery = time.Minute
)

// The values of a session.
const (
	keyAccount = "account"
	keyEpoch   = "epoch"
	// keyStage is stageIn, or stageCode until the code of the second factor has been given.
	keyStage = "stage"
	// keyForm is the token that forms of the session's pages carry.
	keyForm = "form"
)

const (
	stageIn   = "in"
	stageCode = "code"
)

// newSessions returns a session manager that keeps sessions in the store. scs reads the system
// clock; store and codec translate its times, so that those that are kept are by our clock.
// LoadAndSave is not used: it wraps the ResponseWriter, and streams of events need the real one.
func newSessions(s Store, now func() time.Time) *scs.SessionManager {
	kept := sessionStore{store: s, now: now}
	return &scs.SessionManager{Lifetime: sessionTime, IdleTimeout: sessionIdle, Store: kept, Codec: kept, HashTokenInStore: true}
}

// sessionStore adapts the store to scs.
type sessionStore struct {
	store Store
	now   func() time.Time
}

// ours translates a time of scs's clock to ours, theirs the other way.
func (s sessionStore) ours(t time.Time) time.Time   { return s.now().Add(time.Until(t)) }
func (s sessionStore) theirs(t time.Time) time.Time { return time.Now().Add(t.Sub(s.now())) }

func (s sessionStore) FindCtx(ctx context.Context, id string) ([]byte, bool, error) {
	session, err := s.store.Session(ctx, id, s.now())
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, nil
	}
	return session.Data, err == nil, err
}

// CommitCtx keeps a session. Its use is recorded at most once every touchEvery.
func (s sessionStore) CommitCtx(ctx context.Context, id string, data []byte, expires time.Time) error {
	want := store.Session{ID: id, Data: data, Expires: s.ours(expires)}
	got, err := s.store.Session(ctx, id, s.now())
	if err == nil && string(got.Data) == string(data) && want.Expires.Sub(got.Expires) < touchEvery {
		return nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return s.store.PutSession(ctx, want, s.now())
}

func (s sessionStore) DeleteCtx(ctx context.Context, id string) error {
	return s.store.EndSession(ctx, id)
}

// Find, Commit and Delete are required by scs, which calls the methods with a context instead.
func (s sessionStore) Find(id string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), id)
}

func (s sessionStore) Commit(id string, data []byte, expires time.Time) error {
	return s.CommitCtx(context.Background(), id, data, expires)
}

func (s sessionStore) Delete(id string) error { return s.DeleteCtx(context.Background(), id) }

// sessionData is a session as it is kept; all of its values are texts. Equal values give equal
// bytes.
type sessionData struct {
	Deadline int64          `json:"deadline"` // ms
	Values   map[string]any `json:"values"`
}

// Encode writes a session. The deadline is rounded, since it depends on two readings of the clock.
func (s sessionStore) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	return json.Marshal(sessionData{s.ours(deadline).Round(time.Second).UnixMilli(), values})
}

func (s sessionStore) Decode(b []byte) (time.Time, map[string]any, error) {
	var d sessionData
	if err := json.Unmarshal(b, &d); err != nil {
		return time.Time{}, nil, err
	}
	return s.theirs(time.UnixMilli(d.Deadline)), d.Values, nil
}

// Names of cookies. Over TLS, the prefix __Host- keeps other hosts and plain HTTP from setting
// them.
const (
	sessionCookie = "qianshao_session"
	deviceCookie  = "qianshao_device"
	// deviceTime is how long a browser stays known.
	deviceTime = 180 * 24 * time.Hour
)

func cookieName(r *http.Request, name string) string {
	if IsTLS(r) {
		return "__Host-" + name
	}
	return name
}

func readCookie(r *http.Request, name string) string {
	c, err := r.Cookie(cookieName(r, name))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie sets a cookie for the given time, or removes it if the time is negative. All but
// tripCookie are SameSite=Strict.
func setCookie(w http.ResponseWriter, r *http.Request, name, value string, keep time.Duration) {
	sameSite := http.SameSiteStrictMode
	if name == tripCookie {
		sameSite = http.SameSiteLaxMode
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(r, name), Value: value, Path: "/", MaxAge: int(keep.Seconds()),
		HttpOnly: true, SameSite: sameSite, Secure: IsTLS(r),
	})
}
