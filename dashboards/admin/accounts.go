package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/store"
)

// accountFields are the fields, as typed, of the forms that add or change an account.
type accountFields struct {
	Name  string
	Role  qianshao.Role
	All   bool
	Under string // ids of authorisations, one a line
}

func readFields(r *http.Request) accountFields {
	return accountFields{
		Name: strings.TrimSpace(r.PostFormValue("name")), Role: qianshao.Role(r.PostFormValue("role")),
		All: r.PostFormValue("sight") == "all", Under: r.PostFormValue("under"),
	}
}

func fieldsOf(r *store.AccountRecord) accountFields {
	return accountFields{Name: r.Name, Role: r.Role, All: r.Sight.All, Under: strings.Join(r.Sight.Authorisations, "\n")}
}

// Roles are the choices of the form.
func (accountFields) Roles() []qianshao.Role { return qianshao.Roles() }

// accountsPage lists the accounts, with a form to add one. It does not show what people do or when
// they sign in: nobody is ranked or followed.
type accountsPage struct {
	frame
	Accounts []store.AccountRecord
	Fields   accountFields
	Problem  string
}

func (a *Admin) serveAccounts(w http.ResponseWriter, r *http.Request) {
	v := &accountsPage{frame: a.frame(w, r, "admin.accounts"), Fields: accountFields{Role: qianshao.RoleAnalyst}}
	a.showAccounts(w, r, http.StatusOK, v)
}

func (a *Admin) showAccounts(w http.ResponseWriter, r *http.Request, status int, v *accountsPage) {
	var err error
	if v.Accounts, err = a.opts.Store.Accounts(r.Context()); err != nil {
		a.FailWith(w, r, err)
		return
	}
	a.Render(w, r, status, "accounts", v)
}

// logIn returns the key of the text that says how the account's owner signs in.
func logIn(a *store.AccountRecord) string {
	switch {
	case a.Disabled:
		return "admin.login.disabled"
	case a.Password != "":
		return "admin.login.password"
	case a.Subject != "":
		return "admin.login.provider"
	}
	return "admin.login.none"
}

// LogIn says how an account's owner signs in.
func (v *accountsPage) LogIn(a store.AccountRecord) string { return v.T(logIn(&a)) }

// addAccount makes an account and shows, once, the link with which its owner sets a password.
func (a *Admin) addAccount(w http.ResponseWriter, r *http.Request) {
	fields := readFields(r)
	by := auth.From(r.Context()).Name
	sight, err := a.sight(r.Context(), &fields)
	if err == nil && !fields.Role.Valid() {
		err = errRole
	}
	if err == nil {
		err = a.opts.Accounts.Add(r.Context(), by, qianshao.Account{Name: fields.Name, Role: fields.Role, Sight: sight}, "")
	}
	if err != nil {
		v := &accountsPage{frame: a.frame(w, r, "admin.accounts"), Fields: fields}
		if v.Problem = refused(v.Layout, err); v.Problem == "" {
			a.FailWith(w, r, err)
			return
		}
		a.showAccounts(w, r, http.StatusUnprocessableEntity, v)
		return
	}
	v := &accountPage{frame: a.frame(w, r, "admin.account"), Done: "admin.done.added"}
	if err := a.addLink(r, v, fields.Name); err != nil {
		a.FailWith(w, r, err)
		return
	}
	a.showAccount(w, r, http.StatusOK, v, fields.Name)
}

// Why a form is refused, besides the errors of auth and store.
var (
	errRole    = errors.New("there is no such role")
	errConfirm = errors.New("the name is not the account's")
	errSight   = errors.New("the account would see nothing")
)

// unknownError is the id of an authorisation that is not in the register.
type unknownError string

func (e unknownError) Error() string { return fmt.Sprintf("there is no authorisation %q", string(e)) }

// sight returns what the form lets the account see. Its authorisations must be in the register.
func (a *Admin) sight(ctx context.Context, f *accountFields) (qianshao.Sight, error) {
	if f.All {
		return qianshao.SeeAll(), nil
	}
	ids := strings.FieldsFunc(f.Under, func(r rune) bool { return strings.ContainsRune(" \t\r\n,，、;；", r) })
	if len(ids) == 0 {
		return qianshao.Sight{}, errSight
	}
	for _, id := range ids {
		if _, err := a.opts.Store.Authorisation(ctx, id); errors.Is(err, store.ErrNotFound) {
			return qianshao.Sight{}, unknownError(id)
		} else if err != nil {
			return qianshao.Sight{}, err
		}
	}
	return qianshao.Sight{Authorisations: ids}, nil
}

// refused says why a form is refused; "" if the failure is not the user's mistake.
func refused(v *page.Layout, err error) string {
	var unknown unknownError
	switch {
	case errors.As(err, &unknown):
		return v.T("admin.refused.authorisation", v.Plain(string(unknown)))
	case errors.Is(err, errRole):
		return v.T("admin.refused.role")
	case errors.Is(err, errSight):
		return v.T("admin.refused.sight")
	case errors.Is(err, errConfirm):
		return v.T("admin.refused.confirm")
	case errors.Is(err, auth.ErrName):
		return v.T("account.name.bad")
	case errors.Is(err, store.ErrExists):
		return v.T("admin.refused.exists")
	case errors.Is(err, store.ErrLastAdministrator):
		return v.T("admin.refused.last")
	case errors.Is(err, auth.ErrShare):
		return v.T("admin.refused.share")
	case errors.Is(err, auth.ErrTokenDays):
		return v.T("admin.refused.days", auth.DefaultTokenDays)
	case errors.Is(err, auth.ErrOpenReports):
		return v.T("admin.refused.days", store.MaxOfOrigin)
	case errors.Is(err, auth.ErrZone):
		return v.T("admin.refused.zone")
	case errors.Is(err, auth.ErrConsoleURL):
		return v.T("admin.refused.url")
	}
	return ""
}

type accountPage struct {
	frame
	Account store.AccountRecord
	Fields  accountFields
	Tokens  []store.Token
	// Own says that it is the reader's own account.
	Own bool
	// MayAudit says that the reader may read the account's part of the trail.
	MayAudit bool
	// Link is shown once.
	Link    string
	Expires time.Time
	Problem string
	// Done is the key of the message about the form that led to this page.
	Done string
}

func (v *accountPage) LogIn() string { return v.T(logIn(&v.Account)) }

func (v *accountPage) Trail() string {
	return page.WithQuery("/trail", url.Values{"subject": {qianshao.Subject{Kind: qianshao.SubjectAccount, ID: v.Account.Name}.String()}})
}

// Path is the beginning of the addresses of the account's forms.
func (v *accountPage) Path() string { return accountPath(v.Account.Name) }

func accountPath(name string) string { return "/admin/accounts/" + url.PathEscape(name) }

func (a *Admin) serveAccount(w http.ResponseWriter, r *http.Request) {
	v := &accountPage{frame: a.frame(w, r, "admin.account")}
	switch done := r.FormValue("done"); done {
	case "changed", "disabled", "enabled", "revoked":
		v.Done = "admin.done." + done
	}
	a.showAccount(w, r, http.StatusOK, v, r.PathValue("name"))
}

// showAccount shows the page of an account; v holds what the caller has filled in.
func (a *Admin) showAccount(w http.ResponseWriter, r *http.Request, status int, v *accountPage, name string) {
	var err error
	if v.Account, err = a.opts.Store.Account(r.Context(), name); errors.Is(err, store.ErrNotFound) {
		a.NotFound(w, r)
		return
	}
	if err == nil {
		v.Tokens, err = a.opts.Store.Tokens(r.Context(), name)
	}
	if err != nil {
		a.FailWith(w, r, err)
		return
	}
	if v.Fields.Role == "" {
		v.Fields = fieldsOf(&v.Account)
	}
	v.Own = name == auth.From(r.Context()).Name
	v.MayAudit = a.opts.Desk != nil && auth.May(r.Context(), qianshao.PowerAudit)
	v.Title = name
	a.Render(w, r, status, "account", v)
}

// accountForm answers a form of an account's page. do changes the account by name, on behalf of by;
// its error says why it could not. done is the message that the page shows afterwards; "" if the
// answer itself shows something that is shown only once.
func (a *Admin) accountForm(done string, do func(r *http.Request, by, name string, v *accountPage) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, name := &accountPage{frame: a.frame(w, r, "admin.account")}, r.PathValue("name")
		err := do(r, auth.From(r.Context()).Name, name, v)
		switch {
		case errors.Is(err, store.ErrNotFound):
			a.NotFound(w, r)
		case err != nil:
			if v.Problem = refused(v.Layout, err); v.Problem == "" {
				a.FailWith(w, r, err)
				return
			}
			a.showAccount(w, r, http.StatusUnprocessableEntity, v, name)
		case v.Link != "":
			a.showAccount(w, r, http.StatusOK, v, name)
		default:
			http.Redirect(w, r, accountPath(name)+"?done="+done, http.StatusSeeOther)
		}
	}
}

// confirmed checks that the account's name was typed, as dangerous forms require.
func confirmed(r *http.Request, name string) error {
	if strings.TrimSpace(r.PostFormValue("confirm")) != name {
		return errConfirm
	}
	return nil
}

func (a *Admin) changeAccount(r *http.Request, by, name string, v *accountPage) error {
	v.Fields = readFields(r)
	sight, err := a.sight(r.Context(), &v.Fields)
	if err == nil && !v.Fields.Role.Valid() {
		v.Fields.Role, err = "", errRole
	}
	if err != nil {
		return err
	}
	_, err = a.opts.Accounts.Change(r.Context(), by, name, func(account *store.AccountRecord) error {
		const keeper = qianshao.RoleAdministrator
		if (account.Role == keeper) != (v.Fields.Role == keeper) {
			if err := confirmed(r, name); err != nil {
				return err
			}
		}
		account.Role, account.Sight = v.Fields.Role, sight
		return nil
	})
	return err
}

func (a *Admin) disableAccount(r *http.Request, by, name string, _ *accountPage) error {
	if err := confirmed(r, name); err != nil {
		return err
	}
	return a.setDisabled(r.Context(), by, name, true)
}

func (a *Admin) enableAccount(r *http.Request, by, name string, _ *accountPage) error {
	return a.setDisabled(r.Context(), by, name, false)
}

func (a *Admin) setDisabled(ctx context.Context, by, name string, disabled bool) error {
	_, err := a.opts.Accounts.Change(ctx, by, name, func(account *store.AccountRecord) error {
		account.Disabled = disabled
		return nil
	})
	return err
}

// resetAccount removes the password, and the second factor if its box is ticked, and makes a link.
func (a *Admin) resetAccount(r *http.Request, by, name string, v *accountPage) error {
	if err := confirmed(r, name); err != nil {
		return err
	}
	if err := a.opts.Accounts.Reset(r.Context(), by, name, r.PostFormValue("factor") != ""); err != nil {
		return err
	}
	v.Done = "admin.done.reset"
	return a.addLink(r, v, name)
}

// addLink makes a link with which the account's owner sets a password. It uses the host name by
// which the administrator reached the console.
func (a *Admin) addLink(r *http.Request, v *accountPage, name string) error {
	key, expires, err := a.opts.Accounts.NewLink(r.Context(), auth.From(r.Context()).Name, store.LinkPassword, name)
	if err != nil {
		return err
	}
	scheme := "http://"
	if auth.IsTLS(r) {
		scheme = "https://"
	}
	v.Link, v.Expires = scheme+r.Host+"/"+auth.LinkPath(key), expires
	return nil
}

// revokeToken ends a token. It is no error if the token is already gone.
func (a *Admin) revokeToken(r *http.Request, by, name string, _ *accountPage) error {
	if _, err := a.opts.Store.Account(r.Context(), name); err != nil {
		return err
	}
	err := a.opts.Accounts.RevokeToken(r.Context(), by, name, r.PathValue("id"))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
