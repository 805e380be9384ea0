package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/store"
)

// Answers keeps the answers to requests with an Idempotency-Key. Requests that failed may be
// repeated.
type Answers interface {
	// BeginAnswer begins a request under a key of an account. If the key was used before, begun is
	// false, and kept is what is known of that request; but a request that the same holder began
	// and did not finish is begun again.
	BeginAnswer(ctx context.Context, r store.KeyedRequest, now time.Time) (kept store.KeptAnswer, begun bool, err error)
	// KeepAnswer keeps the answer to a request that its holder has begun.
	KeepAnswer(ctx context.Context, r store.KeyedRequest, a store.KeptAnswer) error
	// DropAnswer forgets a request that its holder has begun and that has failed.
	DropAnswer(ctx context.Context, r store.KeyedRequest) error
}

const (
	keyHeader = "Idempotency-Key"
	// maxKey bounds a key, in characters: enough for a UUID with a prefix.
	maxKey = 128
	// maxKeyed bounds the body of a request with a key, in bytes; no operation that takes a key
	// allows larger bodies.
	maxKeyed = 1 << 20
	// keepTime bounds how long a request waits until it is begun, and its answer until it is kept:
	// long enough for a standby of the store to take over.
	keepTime = 15 * time.Second
)

// keyed is a mux that makes operations which create something accept an Idempotency-Key.
type keyed struct {
	humago.Mux
	api *API
}

func (k keyed) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	if strings.HasPrefix(pattern, http.MethodPost+" ") {
		handler = k.api.once(pattern, handler)
	}
	k.Mux.HandleFunc(pattern, handler)
}

// once answers a request with a known key as before. next refuses those who lack the power: they
// must not get a kept answer.
func (a *API) once(pattern string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		key, power := r.Header.Get(keyHeader), a.powers[pattern]
		if key == "" || power != "" && !auth.May(r.Context(), power) {
			next(w, r)
			return
		}
		if refused := a.unkeyed[pattern]; refused != "" {
			a.WriteProblem(w, badParameter("%s is not taken here: %s", keyHeader, refused))
			return
		}
		request, err := requestHash(w, r)
		if err != nil {
			a.WriteProblem(w, NewProblem(http.StatusRequestEntityTooLarge, "bad_body", err.Error()))
			return
		}
		if !validKey(key) {
			a.WriteProblem(w, badParameter("%s is %d visible ASCII characters at most, such as a UUID", keyHeader, maxKey))
			return
		}
		a.answerOnce(w, r, key, request, next)
	}
}

func validKey(key string) bool {
	return len(key) <= maxKey && !strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c > '~' })
}

// requestHash is the SHA-256 of the request and of what its account may do and see: an account that
// may see less by now is not sent the old answer. It reads the body, and puts it back.
func requestHash(w http.ResponseWriter, r *http.Request) (string, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxKeyed))
	if err != nil {
		return "", errors.New("the body could not be read, or is larger than is allowed for a request with a key")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	h := sha256.New()
	who := auth.From(r.Context())
	_, _ = fmt.Fprintf(h, "%s %q %q %s %v %q\n", r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), who.Role, who.Sight.All, who.Sight.Authorisations)
	_, _ = h.Write(body)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// workingKey identifies a request that this process is working on.
type workingKey struct{ account, key string }

// answerOnce begins a request, unless it is in progress or has been answered. If the store says
// that this process has begun it, but it is not in progress here, it was interrupted by a restart
// of the process or a failure of the store, and is begun again.
func (a *API) answerOnce(w http.ResponseWriter, r *http.Request, key, hash string, next http.HandlerFunc) {
	k := store.KeyedRequest{Account: auth.From(r.Context()).Name, Key: key, Hash: hash, Holder: a.opts.Holder}
	id := workingKey{k.Account, key}
	if first, working := a.working.LoadOrStore(id, hash); working {
		a.refuseKey(w, first != hash)
		return
	}
	defer a.working.Delete(id)
	var kept store.KeptAnswer
	var begun bool
	err := surely(r.Context(), func(ctx context.Context) (err error) {
		kept, begun, err = a.opts.Answers.BeginAnswer(ctx, k, a.opts.Now())
		return err
	})
	switch {
	case err != nil:
		a.opts.Log.ErrorContext(r.Context(), "begin a request with a key", "error", err)
		a.WriteProblem(w, NewProblem(http.StatusInternalServerError, "internal", "the request was not started; the server's log has the cause"))
	case begun:
		a.keepAnswer(w, r, k, next)
	case kept.Hash != hash || kept.Status == 0:
		a.refuseKey(w, kept.Hash != hash)
	default:
		replay(w, kept)
	}
}

// refuseKey refuses a key that was used for another request, or whose request is still in progress.
func (a *API) refuseKey(w http.ResponseWriter, another bool) {
	if another {
		a.WriteProblem(w, NewProblem(http.StatusUnprocessableEntity, "key_reused", "this "+keyHeader+" was sent with another request; use a new key for each request"))
		return
	}
	w.Header().Set("Retry-After", "1")
	a.WriteProblem(w, NewProblem(http.StatusConflict, "key_in_use", "the request with this "+keyHeader+" is being worked on; send it again in a moment"))
}

// surely tries something that may safely be done twice, up to three times within keepTime. The
// store itself retries what it has not committed, but not a commit that lost its connection: nobody
// knows whether that succeeded.
func surely(ctx context.Context, do func(ctx context.Context) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, keepTime)
	defer cancel()
	for range 3 {
		if err = do(ctx); err == nil || ctx.Err() != nil {
			break
		}
	}
	return err
}

func replay(w http.ResponseWriter, kept store.KeptAnswer) {
	h := w.Header()
	for name, value := range map[string]string{"Content-Type": kept.Type, "Location": kept.Location, "Idempotency-Replayed": "true"} {
		if value != "" {
			h.Set(name, value)
		}
	}
	w.WriteHeader(kept.Status)
	_, _ = w.Write(kept.Body)
}

// keepAnswer answers a request, and keeps the answer before it is sent: once a client has an
// answer, it must never get another. Server errors are not kept, so that the request may be sent
// again.
func (a *API) keepAnswer(w http.ResponseWriter, r *http.Request, k store.KeyedRequest, next http.HandlerFunc) {
	rec := &recorder{ResponseWriter: w}
	ctx := context.WithoutCancel(r.Context()) // even if the client has gone
	drop := func(ctx context.Context) error { return a.opts.Answers.DropAnswer(ctx, k) }
	answered := false
	defer func() {
		if !answered { // it panicked
			_ = surely(ctx, drop)
		}
	}()
	next(rec, r)
	answered = true
	rec.WriteHeader(http.StatusOK) // unless a status was written before
	settle := drop
	if rec.status < http.StatusInternalServerError && rec.status != http.StatusTooManyRequests {
		settle = func(ctx context.Context) error { return a.opts.Answers.KeepAnswer(ctx, k, rec.answer()) }
	}
	if err := surely(ctx, settle); err != nil {
		a.opts.Log.ErrorContext(ctx, "keep an answer", "error", err)
	}
	w.WriteHeader(rec.status)
	_, _ = w.Write(rec.body.Bytes())
}

// recorder holds back an answer until it has been kept.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(p)
}

func (r *recorder) answer() store.KeptAnswer {
	return store.KeptAnswer{Status: r.status, Type: r.Header().Get("Content-Type"), Location: r.Header().Get("Location"), Body: r.body.Bytes()}
}
