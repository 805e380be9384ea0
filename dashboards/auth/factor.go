package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"github.com/qianshao/qianshao/store"
)

// Codes of the second factor, as all authenticators make them: six digits of HMAC-SHA-1, a new code
// every 30 seconds (RFC 6238).
const (
	codePeriod = 30 // seconds
	// codeSkew is how many periods the clock of a telephone may be off, either way.
	codeSkew = 1
	// recoveryCodes is how many recovery codes, of 80 bits each, are given for the case of a lost
	// telephone.
	recoveryCodes = 8
)

// errCode says that a code is wrong or was used before.
var errCode = errors.New("the code is wrong")

// useCode accepts a code of the authenticator that is later than the last one used, or a recovery
// code, which it uses up.
func useCode(f *store.SecondFactor, code string, now time.Time) error {
	if f.Secret == "" {
		return errCode
	}
	code = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, code)
	step := now.Unix() / codePeriod
	for s := max(step-codeSkew, f.Step+1); s <= step+codeSkew; s++ {
		want, err := hotp.GenerateCode(f.Secret, uint64(s))
		if err != nil {
			return err
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			f.Step = s
			return nil
		}
	}
	if i := slices.Index(f.Recovery, hashKey(strings.ToUpper(code))); i >= 0 && f.Confirmed {
		f.Recovery = slices.Delete(f.Recovery, i, i+1)
		return nil
	}
	return errCode
}

// Factor is the second factor of the session's account, as its page shows it.
type Factor struct {
	// Confirmed says that it is in use.
	Confirmed bool
	// Recovery is the number of recovery codes left.
	Recovery int
	// Secret and URL are for the authenticator, during set-up.
	Secret, URL string
}

// Factor returns the second factor of the session's account.
func (g *Guard) Factor(ctx context.Context) (Factor, error) {
	account, err := g.store.Account(ctx, From(ctx).Name)
	f := Factor{Confirmed: account.Factor.Confirmed, Recovery: len(account.Factor.Recovery)}
	if err != nil || f.Confirmed || account.Factor.Secret == "" {
		return f, err
	}
	f.Secret = account.Factor.Secret
	f.URL = keyURL(account.Name, f.Secret)
	return f, nil
}

// keyURL is the content of the QR code for authenticators.
func keyURL(name, secret string) string {
	values := url.Values{"secret": {secret}, "issuer": {issuer}}
	return "otpauth://totp/" + url.PathEscape(issuer+":"+name) + "?" + values.Encode()
}

// issuer is the name that authenticators show beside a code.
const issuer = "Qianshao"

// BeginFactor gives the session's account a secret for its authenticator, unless a second factor is
// already in use. Log-ins do not ask for a code before ConfirmFactor.
func (g *Guard) BeginFactor(ctx context.Context) error {
	name := From(ctx).Name
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: name})
	if err != nil {
		return err
	}
	_, err = g.accounts.Change(ctx, name, name, func(r *store.AccountRecord) error {
		if !r.Factor.Confirmed {
			r.Factor = store.SecondFactor{Secret: key.Secret()}
		}
		return nil
	})
	return err
}

// ConfirmFactor takes the authenticator's first code. It returns the recovery codes, which cannot
// be shown again. Other sessions of the account end; this one continues under a new token.
func (g *Guard) ConfirmFactor(w http.ResponseWriter, r *http.Request, code string) (recovery []string, answer Answer, err error) {
	account := callerOf(r.Context()).account
	if wait := g.takeCodeTry(r, account); wait > 0 {
		return nil, Answer{Slow, wait}, nil
	}
	var hashes []string
	for range recoveryCodes {
		text := rand.Text()[:16]
		hashes = append(hashes, hashKey(text))
		recovery = append(recovery, strings.Join([]string{text[:4], text[4:8], text[8:12], text[12:]}, "-"))
	}
	account, err = g.accounts.Change(r.Context(), account.Name, account.Name, func(r *store.AccountRecord) error {
		if r.Factor.Confirmed || r.Factor.Secret == "" {
			return errCode
		}
		if err := useCode(&r.Factor, code, g.now()); err != nil {
			return err
		}
		r.Factor.Confirmed, r.Factor.Recovery = true, hashes
		return nil
	})
	if errors.Is(err, errCode) {
		return nil, Answer{Outcome: Wrong}, nil
	}
	if err != nil {
		return nil, Answer{}, err
	}
	return recovery, Answer{Outcome: Entered}, g.begin(w, r, account, stageIn)
}

// DropFactor removes the second factor of the session's account, if the password is right.
func (g *Guard) DropFactor(w http.ResponseWriter, r *http.Request, password string) (Answer, error) {
	answer, err := g.proveOwner(r, password)
	if err != nil || answer.Outcome != Entered {
		return answer, err
	}
	name := From(r.Context()).Name
	account, err := g.accounts.Change(r.Context(), name, name, func(r *store.AccountRecord) error {
		r.Factor = store.SecondFactor{}
		return nil
	})
	if err != nil {
		return Answer{}, err
	}
	return answer, g.begin(w, r, account, stageIn)
}
