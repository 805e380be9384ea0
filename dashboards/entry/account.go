package entry

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/store"
)

type accountPage struct {
	*page.Layout
	Account qianshao.Account
	// Local says that the account has a password here, rather than signing in by OIDC.
	Local  bool
	Factor auth.Factor
	// QR is the QR code for authenticators as the path of an SVG, one unit a module; Size is its
	// width.
	QR   string
	Size int
	// Required says that a second factor must be set up first.
	Required bool
	Tokens   []store.Token
	Scopes   []scopeChoice
	// Days is the validity that the form for a token proposes.
	Days int
	// Problem says what was wrong with the form that was sent; Done says what the form before this
	// page has done.
	Problem, Done string
	// Code says that the form had a code of the second factor.
	Code bool
	// Token and Recovery are shown once.
	Token    string
	Recovery []string
}

// proposedDays is the validity that is proposed for a new token: a quarter of a year.
const proposedDays = 90

type scopeChoice struct {
	Scope   qianshao.Scope
	Checked bool
}

func (e *Entry) serveAccount(w http.ResponseWriter, r *http.Request) {
	v := &accountPage{Layout: e.Layout(w, r, "account.title")}
	switch r.FormValue("done") { // by a form with a result that the page would not show otherwise
	case "password":
		v.Done = v.T("account.done.password")
	case "factor":
		v.Done = v.T("account.done.factor")
	case "token":
		v.Done = v.T("account.done.token")
	}
	e.showAccount(w, r, http.StatusOK, v)
}

// showAccount shows the page of the account that is signed in; v holds what the caller has filled
// in.
func (e *Entry) showAccount(w http.ResponseWriter, r *http.Request, status int, v *accountPage) {
	ctx := r.Context()
	v.Account, v.Form = auth.From(ctx), auth.FormToken(ctx) // of the new session, if the form has begun one
	var err error
	if v.Factor, err = e.guard.Factor(ctx); err != nil {
		e.FailWith(w, r, err)
		return
	}
	if v.Tokens, err = e.guard.Tokens(ctx); err != nil {
		e.FailWith(w, r, err)
		return
	}
	if v.Factor.URL != "" {
		if v.QR, v.Size, err = qrPath(v.Factor.URL); err != nil {
			e.FailWith(w, r, err)
			return
		}
	}
	if v.Days, err = e.guard.TokenDays(ctx); err != nil {
		e.FailWith(w, r, err)
		return
	}
	v.Days = min(v.Days, proposedDays)
	v.Local, v.Required = e.guard.HasPassword(ctx), e.guard.FactorRequired(ctx)
	for _, scope := range qianshao.Scopes() {
		if v.Account.Allows(scope) {
			v.Scopes = append(v.Scopes, scopeChoice{scope, scope == qianshao.ScopeRead})
		}
	}
	e.Render(w, r, status, "account", v)
}

// quietZone is the margin of a QR code, in modules (ISO/IEC 18004).
const quietZone = 4

// qrPath returns the dark modules of a QR code as the path of an SVG, and its width.
func qrPath(text string) (path string, size int, err error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", 0, err
	}
	var b strings.Builder
	bounds := code.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			if shade, _, _, _ := code.At(x, y).RGBA(); shade == 0 {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", x+quietZone, y+quietZone)
			}
		}
	}
	return b.String(), bounds.Dx() + 2*quietZone, nil
}

// accountForm handles a form of the account's page. do returns the outcome of checking the password
// or code; done, if not "", is the message that the page shows afterwards.
func (e *Entry) accountForm(done string, do func(w http.ResponseWriter, r *http.Request, v *accountPage) (auth.Answer, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := &accountPage{Layout: e.Layout(w, r, "account.title")}
		answer, err := do(w, r, v)
		why := cmp.Or(refused(v.Layout, err), refusedToken(v.Layout, err))
		switch {
		case why != "":
			v.Problem = why
			e.showAccount(w, r, http.StatusUnprocessableEntity, v)
		case err != nil:
			e.FailWith(w, r, err)
		case v.Problem != "":
			e.showAccount(w, r, http.StatusUnprocessableEntity, v)
		case answer.Outcome != auth.Entered:
			v.Problem = problem(v.Layout, w, answer)
			if answer.Outcome == auth.Wrong && v.Code {
				v.Problem = v.T("account.factor.wrong")
			} else if answer.Outcome == auth.Wrong {
				v.Problem = v.T("account.wrong")
			}
			e.showAccount(w, r, answer.Status(), v)
		case v.Token != "" || len(v.Recovery) > 0: // shown once, by the answer itself
			e.showAccount(w, r, http.StatusOK, v)
		default:
			to := "/account"
			if done != "" {
				to += "?done=" + done
			}
			http.Redirect(w, r, to, http.StatusSeeOther)
		}
	}
}

func (e *Entry) changePassword(w http.ResponseWriter, r *http.Request, v *accountPage) (auth.Answer, error) {
	password := r.PostFormValue("password")
	if password != r.PostFormValue("again") {
		v.Problem = v.T("account.password.differs")
		return auth.Answer{}, nil
	}
	return e.guard.ChangePassword(w, r, r.PostFormValue("current"), password)
}

func (e *Entry) beginFactor(_ http.ResponseWriter, r *http.Request, _ *accountPage) (auth.Answer, error) {
	return auth.Answer{Outcome: auth.Entered}, e.guard.BeginFactor(r.Context())
}

func (e *Entry) confirmFactor(w http.ResponseWriter, r *http.Request, v *accountPage) (answer auth.Answer, err error) {
	v.Code = true
	v.Recovery, answer, err = e.guard.ConfirmFactor(w, r, r.PostFormValue("code"))
	return answer, err
}

func (e *Entry) dropFactor(w http.ResponseWriter, r *http.Request, _ *accountPage) (auth.Answer, error) {
	return e.guard.DropFactor(w, r, r.PostFormValue("current"))
}

func (e *Entry) addToken(_ http.ResponseWriter, r *http.Request, v *accountPage) (auth.Answer, error) {
	var scopes []qianshao.Scope
	for _, scope := range r.PostForm["scope"] {
		scopes = append(scopes, qianshao.Scope(scope))
	}
	days, err := strconv.Atoi(r.PostFormValue("days"))
	if err != nil || days > auth.DefaultTokenDays {
		days = 0 // refused, with a message that says how many days are allowed
	}
	v.Token, err = e.guard.NewToken(r.Context(), r.PostFormValue("label"), scopes, time.Duration(days)*24*time.Hour)
	return auth.Answer{Outcome: auth.Entered}, err
}

func (e *Entry) revokeToken(_ http.ResponseWriter, r *http.Request, _ *accountPage) (auth.Answer, error) {
	err := e.guard.RevokeToken(r.Context(), r.PathValue("id"))
	if errors.Is(err, store.ErrNotFound) { // already gone, which is no error
		err = nil
	}
	return auth.Answer{Outcome: auth.Entered}, err
}

// refusedToken says why a token is not made; "" if the failure is not the user's mistake.
func refusedToken(v *page.Layout, err error) string {
	var days *auth.TokenTimeError
	switch {
	case errors.Is(err, auth.ErrScope):
		return v.T("account.token.scope")
	case errors.Is(err, auth.ErrLabel):
		return v.T("account.token.label.bad")
	case errors.As(err, &days):
		return v.T("account.token.days.bad", days.Days)
	case errors.Is(err, auth.ErrTooManyTokens):
		return v.T("account.token.many")
	}
	return ""
}
