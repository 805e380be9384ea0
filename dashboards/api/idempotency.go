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

// Answers keeps the answers to requests with an Idempotency-Key.
type Answers interface {
	// BeginAnswer begins a request under a key of an account, unless there was one: then it
	// returns what is kept of that and begun is false.
	BeginAnswer(ctx context.Context, account, key, request string, now time.Time) (kept store.KeptAnswer, begun bool, err error)
	// KeepAnswer keeps the answer to a request that was begun under a key.
	KeepAnswer(ctx context.Context, account, key string, a store.KeptAnswer) error
	// DropAnswer forgets a request that came to nothing.
	DropAnswer(ctx context.Context, account, key string) error
}

const (
	keyHeader = "Idempotency-Key"
	// maxKey bounds a key, in characters: a UUID and what somebody puts before it.
	maxKey = 128
	// maxKeyed bounds the body of a request with a key, in bytes; no operation that takes one has a larger bound.
	maxKeyed = 1 << 20
)

// keyed is a mux whose operations that make something take an Idempotency-Key.
type keyed struct {
	humago.Mux
	api *API
}

// HandleFunc adds a route.
func (k keyed) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	if strings.HasPrefix(pattern, http.MethodPost+" ") {
		handler = k.api.once(pattern, handler)
	}
	k.Mux.HandleFunc(pattern, handler)
}

// once answers a request whose key is known as it was answered before. Whoever lacks the
// power is refused by next: a kept answer is not for them.
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

// requestHash is the SHA-256 of what a request asks for, and of what its account may do and
// see: an account that may see less by now is not sent the old answer. It reads the body, and puts it back.
func requestHash(w http.ResponseWriter, r *http.Request) (string, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxKeyed))
	if err != nil {
		return "", errors.New("the body could not be read, or is larger than a request with a key may be")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	h := sha256.New()
	who := auth.From(r.Context())
	_, _ = fmt.Fprintf(h, "%s %q %q %s %v %q\n", r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), who.Role, who.Sight.All, who.Sight.Authorisations)
	_, _ = h.Write(body)
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (a *API) answerOnce(w http.ResponseWriter, r *http.Request, key, request string, next http.HandlerFunc) {
	account := auth.From(r.Context()).Name
	kept, begun, err := a.opts.Answers.BeginAnswer(r.Context(), account, key, request, a.opts.Now())
	switch {
	case err != nil:
		a.opts.Log.ErrorContext(r.Context(), "begin a request with a key", "error", err)
		a.WriteProblem(w, NewProblem(http.StatusInternalServerError, "internal", "the request was not begun; the server's log has the cause"))
	case begun:
		a.keepAnswer(w, r, account, key, request, next)
	case kept.Request != request:
		a.WriteProblem(w, NewProblem(http.StatusUnprocessableEntity, "key_reused", "this "+keyHeader+" was sent with another request; take a new key for each"))
	case kept.Status == 0:
		w.Header().Set("Retry-After", "1")
		a.WriteProblem(w, NewProblem(http.StatusConflict, "key_in_use", "the request with this "+keyHeader+" is being worked on; ask again in a moment"))
	default:
		replay(w, kept)
	}
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

// keepAnswer lets a request be answered, and keeps the answer. One that says that the
// server could not, or not now, is not kept: the request may be sent again.
func (a *API) keepAnswer(w http.ResponseWriter, r *http.Request, account, key, request string, next http.HandlerFunc) {
	rec := &recorder{ResponseWriter: w}
	ctx := context.WithoutCancel(r.Context()) // the client may have gone
	answered := false
	defer func() {
		if !answered { // a panic
			_ = a.opts.Answers.DropAnswer(ctx, account, key)
		}
	}()
	next(rec, r)
	answered = true
	var err error
	if rec.status >= http.StatusInternalServerError || rec.status == http.StatusTooManyRequests {
		err = a.opts.Answers.DropAnswer(ctx, account, key)
	} else {
		err = a.opts.Answers.KeepAnswer(ctx, account, key, store.KeptAnswer{
			Request: request, Status: rec.status, Type: w.Header().Get("Content-Type"), Location: w.Header().Get("Location"), Body: rec.body.Bytes(),
		})
	}
	if err != nil {
		a.opts.Log.ErrorContext(ctx, "keep an answer", "error", err)
	}
}

// recorder writes an answer and remembers it.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.body.Write(p)
	return r.ResponseWriter.Write(p)
}
