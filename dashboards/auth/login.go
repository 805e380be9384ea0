package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

// Outcome is the outcome of a try to sign in, or to prove one's identity.
type Outcome string

// The outcomes.
const (
	// Entered: a session has begun.
	Entered Outcome = "entered"
	// NeedsCode: the password was right; now a code of the second factor is needed.
	NeedsCode Outcome = "code"
	// Wrong: the name, password or code is wrong, or the account is disabled; the answer does not
	// say which.
	Wrong Outcome = "wrong"
	// Slow: there were too many tries; see Answer.Wait.
	Slow Outcome = "slow"
	// Busy: too many passwords are being checked at this moment.
	Busy Outcome = "busy"
	// Expired: the link, or the sign-in that was begun, can no longer be used.
	Expired Outcome = "expired"
)

// Answer is an outcome with its details.
type Answer struct {
	Outcome
	// Wait is how long to wait before the next try, with Slow.
	Wait time.Duration
}

// Status is the HTTP status of the answer.
func (a Answer) Status() int {
	switch a.Outcome {
	case Entered, NeedsCode:
		return http.StatusOK
	case Slow:
		return http.StatusTooManyRequests
	case Busy:
		return http.StatusServiceUnavailable
	case Expired:
		return http.StatusGone
	}
	return http.StatusUnauthorized
}

// LogIn checks name and password and begins a session. An unknown name takes as long as a wrong
// password, and gets the same answer.
func (g *Guard) LogIn(w http.ResponseWriter, r *http.Request, name, password string) (Answer, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	if !qianshao.ValidAccountName(name) {
		name = "" // no account can have this name, so it needs no count of its own
	}
	account, err := g.store.Account(r.Context(), name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Answer{}, err
	}
	if account.Name == "" {
		account.Name = name
	}
	answer, err := g.prove(r, account, password)
	if err != nil || answer.Outcome != Entered {
		return answer, err
	}
	if account.Disabled {
		return Answer{Outcome: Wrong}, nil
	}
	return g.enter(w, r, account)
}

// prove checks an account's password, within the limits on tries.
func (g *Guard) prove(r *http.Request, account store.AccountRecord, password string) (Answer, error) {
	if wait := g.tries.take(account.Name, r.RemoteAddr, knownDevice(r, account)); wait > 0 {
		return Answer{Slow, wait}, nil
	}
	ok, err := g.accounts.passwords.matches(r.Context(), password, account.Password)
	switch {
	case errors.Is(err, errBusy):
		return Answer{Outcome: Busy}, nil
	case err != nil:
		return Answer{}, err
	case !ok:
		return Answer{Outcome: Wrong}, nil
	}
	return Answer{Outcome: Entered}, nil
}

// enter begins a session for an account that has proved its password, or asks for the code.
func (g *Guard) enter(w http.ResponseWriter, r *http.Request, account store.AccountRecord) (Answer, error) {
	if account.Factor.Confirmed {
		return Answer{Outcome: NeedsCode}, g.begin(w, r, account, stageCode)
	}
	return Answer{Outcome: Entered}, g.begin(w, r, account, stageIn)
}

// AwaitsCode says whether the request's sign-in is waiting for a code of the second factor.
func (g *Guard) AwaitsCode(ctx context.Context) bool {
	return g.sessions.GetString(ctx, keyStage) == stageCode
}

// LogInWithCode completes a sign-in with the code, or with a recovery code.
func (g *Guard) LogInWithCode(w http.ResponseWriter, r *http.Request, code string) (Answer, error) {
	ctx := r.Context()
	if !g.AwaitsCode(ctx) {
		return Answer{Outcome: Expired}, nil
	}
	account, err := g.current(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return Answer{Outcome: Expired}, nil
	}
	if err != nil {
		return Answer{}, err
	}
	if wait := g.takeCodeTry(r, account); wait > 0 {
		return Answer{Slow, wait}, nil
	}
	account, err = g.accounts.Change(ctx, account.Name, account.Name, func(r *store.AccountRecord) error { return useCode(&r.Factor, code, g.now()) })
	if errors.Is(err, errCode) {
		return Answer{Outcome: Wrong}, nil
	}
	if err != nil {
		return Answer{}, err
	}
	return Answer{Outcome: Entered}, g.begin(w, r, account, stageIn)
}

// takeCodeTry takes one of an account's tries for codes. They are counted apart from passwords, so
// that only those who have the password can use them up.
func (g *Guard) takeCodeTry(r *http.Request, account store.AccountRecord) (wait time.Duration) {
	return g.tries.take("code:"+account.Name, r.RemoteAddr, knownDevice(r, account))
}

// proveOwner checks the password of the session's account, before something that a stolen session
// must not be able to do.
func (g *Guard) proveOwner(r *http.Request, password string) (Answer, error) {
	return g.prove(r, callerOf(r.Context()).account, password)
}

// ChangePassword changes the password of the session's account, which ends its other sessions; this
// one continues under a new token. The error for a refused password is a *PasswordError.
func (g *Guard) ChangePassword(w http.ResponseWriter, r *http.Request, current, password string) (Answer, error) {
	if err := CheckPassword(password); err != nil {
		return Answer{}, err
	}
	answer, err := g.proveOwner(r, current)
	if err != nil || answer.Outcome != Entered {
		return answer, err
	}
	name := From(r.Context()).Name
	account, err := g.accounts.setPassword(r.Context(), name, name, password)
	if errors.Is(err, errBusy) {
		return Answer{Outcome: Busy}, nil
	}
	if err != nil {
		return Answer{}, err
	}
	return answer, g.begin(w, r, account, stageIn)
}

// Link returns the link that has the key, or store.ErrNotFound if it cannot be used.
func (g *Guard) Link(ctx context.Context, key string) (store.Link, error) {
	return g.store.Link(ctx, hashKey(key), g.now())
}

// Empty says whether there are no accounts at all, so that nobody can sign in.
func (g *Guard) Empty(ctx context.Context) (bool, error) { return g.accounts.Empty(ctx) }

// UseLink uses a link: with LinkFirst it makes the administrator of that name, with LinkPassword it
// sets the account's password, with LinkEnter it only signs in. The name and password are checked
// before the link is used up.
func (g *Guard) UseLink(w http.ResponseWriter, r *http.Request, key, name, password string) (Answer, error) {
	ctx := r.Context()
	link, err := g.Link(ctx, key)
	if err != nil {
		return expired(err)
	}
	var hash string
	if link.Purpose != store.LinkEnter {
		if link.Purpose == store.LinkFirst {
			if err := CheckName(name); err != nil {
				return Answer{}, err
			}
		}
		if hash, err = g.accounts.passwords.hash(ctx, password); errors.Is(err, errBusy) {
			return Answer{Outcome: Busy}, nil
		} else if err != nil {
			return Answer{}, err
		}
	}
	if link, err = g.store.TakeLink(ctx, hashKey(key), g.now()); err != nil {
		return expired(err)
	}
	account, err := g.take(ctx, link, name, hash)
	if err != nil {
		return expired(err)
	}
	return g.enter(w, r, account)
}

// take does what a link is for, and returns the account to sign in.
func (g *Guard) take(ctx context.Context, link store.Link, name, hash string) (store.AccountRecord, error) {
	if link.Purpose == store.LinkFirst {
		first := firstAdministrator(name)
		first.Password = hash
		if err := g.accounts.add(ctx, name, first, "", true); err != nil {
			return first, err
		}
		return g.store.Account(ctx, name)
	}
	return g.accounts.Change(ctx, link.Account, link.Account, func(r *store.AccountRecord) error {
		if r.Disabled {
			return store.ErrNotFound
		}
		if hash != "" {
			r.Password = hash
		}
		return nil
	})
}

// expired is the answer if what the link was for is no longer possible.
func expired(err error) (Answer, error) {
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrExists) {
		return Answer{Outcome: Expired}, nil
	}
	return Answer{}, err
}

// newDevice returns the cookie by which an account recognises a browser: a random text, signed with
// the hash of the password, which never leaves the store. A new password invalidates the signature,
// and with it a stolen cookie.
func newDevice(account store.AccountRecord) string {
	id, _ := newKey()
	return id + "." + signDevice(account, id)
}

func signDevice(account store.AccountRecord, id string) string {
	mac := hmac.New(sha256.New, []byte(account.Password))
	mac.Write([]byte("device\x00" + account.Name + "\x00" + id))
	return hex.EncodeToString(mac.Sum(nil))
}

// knownDevice returns the device that the request comes from, if the account knows it; otherwise
// "".
func knownDevice(r *http.Request, account store.AccountRecord) string {
	id, signature, ok := strings.Cut(readCookie(r, deviceCookie), ".")
	if !ok || account.Password == "" || !hmac.Equal([]byte(signature), []byte(signDevice(account, id))) {
		return ""
	}
	return id
}
