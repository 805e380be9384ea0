package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/internal/wording"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

// accountCmd manages the accounts. Its changes take effect at once, even for a running server.
type accountCmd struct {
	Add     accountAddCmd     `cmd:""`
	List    accountListCmd    `cmd:""`
	Change  accountChangeCmd  `cmd:""`
	Disable accountDisableCmd `cmd:""`
	Enable  accountEnableCmd  `cmd:""`
	Reset   accountResetCmd   `cmd:""`
	Log     accountLogCmd     `cmd:""`
	Token   tokenCmd          `cmd:""`

	SecondReview secondReviewCmd `cmd:""`
	Setting      settingCmd      `cmd:""`
}

// sightFlags say what an account may see.
type sightFlags struct {
	All           bool
	Authorisation []string `placeholder:"ID"`
}

func (s sightFlags) given() bool { return s.All || len(s.Authorisation) > 0 }

func (s sightFlags) sight(env *environment, f *datafolder.Folder) (qianshao.Sight, error) {
	if s.All && len(s.Authorisation) > 0 {
		return qianshao.Sight{}, usageError(locales.Errorf("cli.account.sight_both"))
	}
	for _, id := range s.Authorisation {
		if _, err := f.Store.Authorisation(env.ctx, id); errors.Is(err, store.ErrNotFound) {
			return qianshao.Sight{}, usageError(locales.Errorf("cli.account.no_authorisation", id))
		} else if err != nil {
			return qianshao.Sight{}, err
		}
	}
	return qianshao.Sight{All: s.All, Authorisations: s.Authorisation}, nil
}

// roles lists the roles as a flag's enum does.
func roles() string {
	var names []string
	for _, role := range qianshao.Roles() {
		names = append(names, string(role))
	}
	return strings.Join(names, ",")
}

type accountAddCmd struct {
	Name         string `arg:""`
	Role         string `enum:"${roles}" default:"analyst"`
	PasswordFile string `type:"existingfile" placeholder:"FILE"`
	sightFlags
	linkFlags
}

func (c accountAddCmd) Run(env *environment) error {
	if !c.given() {
		return usageError(locales.Errorf("cli.account.sight_missing"))
	}
	password, err := readPassword(env, c.PasswordFile)
	if err != nil {
		return err
	}
	return env.beginFolder(func(f *datafolder.Folder) error {
		sight, err := c.sight(env, f)
		if err != nil {
			return err
		}
		err = f.Accounts.Add(env.ctx, store.ByCommand, qianshao.Account{Name: c.Name, Role: qianshao.Role(c.Role), Sight: sight}, password)
		if err = accountError(c.Name, err); err != nil || password != "" {
			return err
		}
		return c.print(env, f, c.Name)
	})
}

// readPassword returns the password in a file; "" without a file. A file that everybody can write is
// refused: whoever writes it decides who can sign in.
func readPassword(env *environment, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o002 != 0 {
		return "", usageError(locales.Errorf("cli.account.password_writable", name))
	}
	if info.Mode().Perm()&0o004 != 0 {
		env.warn(locales.M("cli.account.password_readable", name))
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	password := strings.TrimSpace(string(content))
	if err := auth.CheckPassword(password); err != nil {
		return "", usageError(err)
	}
	return password, nil
}

// accountError adds to an error what a person can do about it.
func accountError(name string, err error) error {
	var bad *auth.PasswordError
	switch {
	case errors.Is(err, store.ErrNotFound):
		return usageError(locales.Errorf("cli.account.unknown", name))
	case errors.Is(err, store.ErrExists):
		return usageError(locales.Errorf("cli.account.exists", name))
	case errors.Is(err, store.ErrLastAdministrator):
		return usageError(locales.Errorf("cli.account.last", name))
	case errors.Is(err, auth.ErrName), errors.As(err, &bad),
		errors.Is(err, auth.ErrScope), errors.Is(err, auth.ErrLabel), errors.Is(err, auth.ErrTokenTime), errors.Is(err, auth.ErrTooManyTokens):
		return usageError(err)
	}
	return err
}

// linkFlags say where the recipient of a link reaches the console.
type linkFlags struct {
	URL string `name:"url" placeholder:"URL"`
}

// print makes a link by which the account's owner sets a password, and prints it.
func (c linkFlags) print(env *environment, f *datafolder.Folder, name string) error {
	key, expires, err := f.Accounts.NewLink(env.ctx, store.ByCommand, store.LinkPassword, name)
	if err != nil {
		return accountError(name, err)
	}
	base := strings.TrimSuffix(c.URL, "/") + "/"
	if c.URL == "" {
		if base, _, err = datafolder.RunningConsole(env.data); err != nil {
			base = "http://127.0.0.1:8740/" // where the console is by default
		}
	}
	env.tell("cli.account.link", name, expires.In(env.zone()).Format("2006-01-02 15:04"), zoneName{env})
	fmt.Fprintln(env.out, base+auth.LinkPath(key))
	return nil
}

type accountListCmd struct{}

func (accountListCmd) Run(env *environment) error {
	return env.readFolder(func(f *datafolder.Folder) error {
		list, err := f.Store.Accounts(env.ctx)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			env.tell("cli.account.none")
			return nil
		}
		table := env.table("cli.col.name", "cli.col.role", "cli.col.sees", "cli.col.sign_in", "cli.col.factor", "cli.col.made")
		for _, a := range list {
			factor := "cli.no"
			if a.Factor.Confirmed {
				factor = "cli.yes"
			}
			table.Row(a.Name, env.named("role.", string(a.Role)), sees(env.lang, &a), env.lang.Text(logIn(&a)), env.lang.Text(factor), env.when(a.Created))
		}
		return table.Flush()
	})
}

// sees says what an account may see.
func sees(lang locales.Lang, a *store.AccountRecord) string {
	if a.Sight.All {
		return lang.Text("cli.account.sees_all")
	}
	return strings.Join(a.Sight.Authorisations, " ")
}

// logIn returns the catalogue's key for how an account's owner signs in.
func logIn(a *store.AccountRecord) string {
	switch {
	case a.Disabled:
		return "cli.account.log_in.disabled"
	case a.Password != "":
		return "cli.account.log_in.password"
	case a.Subject != "":
		return "cli.account.log_in.provider"
	}
	return "cli.account.log_in.none"
}

type accountChangeCmd struct {
	Name string `arg:""`
	Role string `enum:",${roles}" default:""`
	sightFlags
}

func (c accountChangeCmd) Run(env *environment) error {
	if c.Role == "" && !c.given() {
		return usageError(locales.Errorf("cli.account.change_missing"))
	}
	return env.withFolder(func(f *datafolder.Folder) error {
		sight, err := c.sight(env, f)
		if err != nil {
			return err
		}
		return changeAccount(env, f, c.Name, func(r *store.AccountRecord) error {
			if c.Role != "" {
				r.Role = qianshao.Role(c.Role)
			}
			if c.given() {
				r.Sight = sight
			}
			return nil
		})
	})
}

func changeAccount(env *environment, f *datafolder.Folder, name string, change func(*store.AccountRecord) error) error {
	a, err := f.Accounts.Change(env.ctx, store.ByCommand, name, change)
	if err != nil {
		return accountError(name, err)
	}
	changed := "cli.account.changed"
	if a.Disabled {
		changed = "cli.account.changed_disabled"
	}
	env.tell(changed, a.Name, terminal.Named(env.told, "role.", string(a.Role)), sees(env.told, &a))
	return nil
}

type accountDisableCmd struct {
	Name string `arg:""`
}

func (c accountDisableCmd) Run(env *environment) error { return setDisabled(env, c.Name, true) }

type accountEnableCmd struct {
	Name string `arg:""`
}

func (c accountEnableCmd) Run(env *environment) error { return setDisabled(env, c.Name, false) }

func setDisabled(env *environment, name string, disabled bool) error {
	return env.withFolder(func(f *datafolder.Folder) error {
		return changeAccount(env, f, name, func(r *store.AccountRecord) error {
			r.Disabled = disabled
			return nil
		})
	})
}

type accountResetCmd struct {
	Name         string `arg:""`
	SecondFactor bool
	linkFlags
}

func (c accountResetCmd) Run(env *environment) error {
	return env.withFolder(func(f *datafolder.Folder) error {
		if err := f.Accounts.Reset(env.ctx, store.ByCommand, c.Name, c.SecondFactor); err != nil {
			return accountError(c.Name, err)
		}
		if tokens, err := f.Store.Tokens(env.ctx, c.Name); err != nil {
			return err
		} else if len(tokens) > 0 {
			env.warn(locales.M("cli.account.tokens_left", locales.Counted("count.tokens", len(tokens)), c.Name))
		}
		return c.print(env, f, c.Name)
	})
}

type accountLogCmd struct {
	Limit int `default:"100"`
}

func (c accountLogCmd) Run(env *environment) error {
	if c.Limit < 1 {
		return usageError(locales.Errorf("cli.limit"))
	}
	return env.readFolder(func(f *datafolder.Folder) error {
		list, err := changesOfAccounts(env, f, c.Limit)
		if err != nil {
			return err
		}
		table := env.table("cli.col.act", "cli.col.at", "cli.col.by", "cli.col.of", "cli.col.what", "cli.col.before", "cli.col.after")
		for i := range list {
			a := &list[i]
			detail, err := desk.ParseDetail(a.Detail)
			if err != nil {
				return err
			}
			of := a.Subject.ID
			if a.Subject.Kind == qianshao.SubjectSetting {
				of = env.named("trail.setting.", of)
			}
			table.Row(strconv.FormatInt(a.Seq, 10), env.when(a.At), env.by(a.By), of, env.named("trail.event.", detail.Event),
				env.accountValue(detail.Event, detail.Before), env.accountValue(detail.Event, detail.After))
		}
		return table.Flush()
	})
}

// by says who acted.
func (env *environment) by(name string) string {
	if name == store.ByCommand && env.lang != locales.English {
		return env.lang.Text("trail.command")
	}
	return name
}

// accountValue is the value before or after an event, as the trail has it or by its name: a role,
// a sight ("sees all"), both ("lead, sees all"), or what a link is for.
func (env *environment) accountValue(event, text string) string {
	if env.lang == locales.English { // whose tables show codes; see terminal.Named
		return text
	}
	switch store.AccountEvent(event) {
	case store.AccountRole:
		return env.named("role.", text)
	case store.AccountSight:
		return wording.Sight(env.lang, text)
	case store.AccountLink:
		return env.named("trail.link.", text)
	case store.AccountAdded:
		if role, sight, ok := strings.Cut(text, ", "); ok && qianshao.Role(role).Valid() {
			return env.named("role.", role) + "，" + wording.Sight(env.lang, sight)
		}
	}
	return text
}

// changesOfAccounts returns the acts on accounts and settings, the latest first.
func changesOfAccounts(env *environment, f *datafolder.Folder, limit int) (list []qianshao.Act, err error) {
	for _, kind := range []qianshao.SubjectKind{qianshao.SubjectAccount, qianshao.SubjectSetting} {
		acts, err := f.Review.Acts(env.ctx, desk.ActsQuery{Sight: qianshao.SeeAll(), Records: true, SubjectKind: kind, Latest: true, Limit: limit})
		if err != nil {
			return nil, err
		}
		list = append(list, acts...)
	}
	slices.SortFunc(list, func(a, b qianshao.Act) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Seq, a.Seq)) })
	return list[:min(limit, len(list))], nil
}

type secondReviewCmd struct {
	Share *share `arg:"" optional:""`
}

// share is a share as an argument: 0.05, or 5% as the console has it.
type share float64

// UnmarshalText reads the share; whether it is from 0 to 1 is checked when it is set.
func (s *share) UnmarshalText(text []byte) error {
	number, percent := strings.CutSuffix(string(text), "%")
	value, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return locales.Errorf("cli.account.share")
	}
	if percent {
		value /= 100
	}
	*s = share(value)
	return nil
}

func (c secondReviewCmd) Run(env *environment) error {
	if c.Share == nil {
		return env.readFolder(func(f *datafolder.Folder) error {
			share, err := f.Accounts.SecondReviewShare(env.ctx)
			fmt.Fprintln(env.out, share)
			return err
		})
	}
	return env.withFolder(func(f *datafolder.Folder) error {
		err := f.Accounts.SetSecondReviewShare(env.ctx, store.ByCommand, float64(*c.Share))
		if errors.Is(err, auth.ErrShare) {
			return usageError(locales.Errorf("cli.account.share"))
		}
		return err
	})
}

// settingCmd shows and changes settings that apply to everybody; see also secondReviewCmd.
type settingCmd struct {
	Name  string  `arg:"" optional:"" default:"all" enum:"all,token_days,open_reports,zone,console_url"`
	Value *string `arg:"" optional:""`
}

func (c settingCmd) Run(env *environment) error {
	if c.Value == nil {
		return env.readFolder(func(f *datafolder.Folder) error { return c.show(env, f.Accounts) })
	}
	return env.withFolder(func(f *datafolder.Folder) (err error) {
		n, _ := strconv.Atoi(*c.Value) // anything but a number becomes 0, which is refused
		switch store.Setting(c.Name) {
		case store.SettingTokenDays:
			err = f.Accounts.SetTokenDays(env.ctx, store.ByCommand, n)
		case store.SettingOpenReports:
			err = f.Accounts.SetOpenReports(env.ctx, store.ByCommand, n)
		case store.SettingZone:
			err = f.Accounts.SetZone(env.ctx, store.ByCommand, *c.Value)
		case store.SettingConsoleURL:
			err = f.Accounts.SetConsoleURL(env.ctx, store.ByCommand, *c.Value)
		default:
			err = usageError(locales.Errorf("cli.account.setting_missing"))
		}
		if errors.Is(err, auth.ErrTokenDays) || errors.Is(err, auth.ErrOpenReports) || errors.Is(err, auth.ErrZone) || errors.Is(err, auth.ErrConsoleURL) {
			return usageError(err)
		}
		return err
	})
}

func (c settingCmd) show(env *environment, accounts *auth.Accounts) error {
	days, err := accounts.TokenDays(env.ctx)
	if err != nil {
		return err
	}
	reports, err := accounts.OpenReports(env.ctx)
	if err != nil {
		return err
	}
	zone, err := accounts.Zone(env.ctx)
	if err != nil {
		return err
	}
	address, err := accounts.ConsoleURL(env.ctx)
	if err != nil {
		return err
	}
	for _, s := range [][2]string{{"token_days", strconv.Itoa(days)}, {"open_reports", strconv.Itoa(reports)}, {"zone", cmp.Or(zone, env.zone().String())}, {"console_url", address}} {
		if c.Name == "all" || c.Name == s[0] {
			fmt.Fprintln(env.out, s[0], s[1])
		}
	}
	return nil
}

// tokenCmd manages tokens for programs.
type tokenCmd struct {
	Add    tokenAddCmd    `cmd:""`
	List   tokenListCmd   `cmd:""`
	Revoke tokenRevokeCmd `cmd:""`
}

type tokenAddCmd struct {
	Name  string   `arg:""`
	Scope []string `default:"read"`
	Label string   `required:""`
	Days  int      `default:"365"`
}

func (c tokenAddCmd) Run(env *environment) error {
	var scopes []qianshao.Scope
	for _, s := range c.Scope {
		if !slices.Contains(qianshao.Scopes(), qianshao.Scope(s)) {
			return usageError(locales.Errorf("cli.account.scope_unknown", s, qianshao.Scopes()))
		}
		scopes = append(scopes, qianshao.Scope(s))
	}
	return env.withFolder(func(f *datafolder.Folder) error {
		if c.Days > auth.DefaultTokenDays {
			c.Days = 0 // refused with an error that names the allowed days
		}
		token, made, err := f.Accounts.NewToken(env.ctx, store.ByCommand, c.Name, c.Label, scopes, time.Duration(c.Days)*24*time.Hour)
		if err != nil {
			return accountError(c.Name, err)
		}
		env.tell("cli.account.token", made.ID, c.Name, env.stamp(made.Expires))
		fmt.Fprintln(env.out, token)
		return nil
	})
}

type tokenListCmd struct {
	Name string `arg:"" optional:""`
}

func (c tokenListCmd) Run(env *environment) error {
	return env.readFolder(func(f *datafolder.Folder) error {
		list, err := f.Store.Tokens(env.ctx, c.Name)
		if err != nil {
			return err
		}
		table := env.table("cli.col.id", "cli.col.account", "cli.col.label", "cli.col.scopes", "cli.col.valid_until", "cli.col.last_used")
		for _, t := range list {
			used := env.lang.Text("cli.never")
			if !t.Used.IsZero() {
				used = env.when(t.Used)
			}
			table.Row(t.ID, t.Account, t.Label, strings.Trim(fmt.Sprint(t.Scopes), "[]"), env.when(t.Expires), used)
		}
		return table.Flush()
	})
}

type tokenRevokeCmd struct {
	ID string `arg:""`
}

func (c tokenRevokeCmd) Run(env *environment) error {
	return env.withFolder(func(f *datafolder.Folder) error {
		err := f.Accounts.RevokeToken(env.ctx, store.ByCommand, "", c.ID)
		if errors.Is(err, store.ErrNotFound) {
			return usageError(locales.Errorf("cli.account.token_unknown", c.ID))
		}
		return err
	})
}

// firstAccount makes the administrator if there is no account yet: at a terminal
// it asks, and elsewhere it prints a link.
func (env *environment) firstAccount(a *app.App) error {
	empty, err := a.Folder.Accounts.Empty(env.ctx)
	if err != nil || !empty {
		return err
	}
	if keyboard, ok := terminal.NewKeyboard(env.in, env.err, env.told); ok {
		return env.askAdministrator(a, keyboard)
	}
	key, expires, err := a.Folder.Accounts.NewLink(env.ctx, store.ByCommand, store.LinkFirst, "")
	if err != nil {
		return err
	}
	env.tell("cli.first.link", env.stamp(expires), a.ConsoleURL()+auth.LinkPath(key))
	return nil
}

// askAdministrator asks for name and password until they will do.
func (env *environment) askAdministrator(a *app.App, keyboard *terminal.Keyboard) error {
	env.tell("cli.first.intro")
	for {
		name, err := keyboard.Line(env.ctx, locales.M("cli.first.name"))
		if err != nil {
			return locales.Errorf("cli.first.ask", err)
		}
		if err := auth.CheckName(name); err != nil {
			fmt.Fprintln(env.err, env.told.Error(err))
			continue
		}
		password, err := keyboard.NewPassword(env.ctx, locales.M("cli.first.password", auth.MinPassword), auth.CheckPassword)
		if err != nil {
			return err
		}
		err = accountError(name, a.Folder.Accounts.AddFirst(env.ctx, store.ByCommand, name, password))
		var usage *codedError
		if !errors.As(err, &usage) {
			return err
		}
		fmt.Fprintln(env.err, env.told.Error(err))
	}
}
