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
	"github.com/qianshao/qianshao/store"
)

// accountCmd keeps the accounts. What it changes holds at once, also for a server that runs.
type accountCmd struct {
	Add     accountAddCmd     `cmd:"" help:"Make an account. Its owner sets a password by the one-time link that is printed."`
	List    accountListCmd    `cmd:"" help:"List the accounts."`
	Change  accountChangeCmd  `cmd:"" help:"Change an account's role, or what it may see. Its sessions end."`
	Disable accountDisableCmd `cmd:"" help:"Lock an account out, and its tokens. Its sessions end."`
	Enable  accountEnableCmd  `cmd:"" help:"Let a disabled account in again."`
	Reset   accountResetCmd   `cmd:"" help:"Take an account's password away, and print a one-time link by which its owner sets another. Its sessions end."`
	Log     accountLogCmd     `cmd:"" help:"List what was changed of accounts and settings, by whom, the latest first. They are acts of the trail."`
	Token   tokenCmd          `cmd:"" help:"Make, list and revoke tokens for the API and /metrics."`

	SecondReview secondReviewCmd `cmd:"" help:"Show or set how many of the decisions another person decides again, without knowing the first answer."`
	Setting      settingCmd      `cmd:"" help:"Show what is set for all, or set something. It is an act of the trail."`
}

// sightFlags say what an account may see.
type sightFlags struct {
	All           bool     `help:"It sees everything."`
	Authorisation []string `help:"Id of an authorisation whose pages and findings it sees; may be repeated." placeholder:"ID"`
}

func (s sightFlags) given() bool { return s.All || len(s.Authorisation) > 0 }

func (s sightFlags) sight(env *environment, f *datafolder.Folder) (qianshao.Sight, error) {
	if s.All && len(s.Authorisation) > 0 {
		return qianshao.Sight{}, usageError(errors.New("--all and --authorisation do not go together"))
	}
	for _, id := range s.Authorisation {
		if _, err := f.Store.Authorisation(env.ctx, id); errors.Is(err, store.ErrNotFound) {
			return qianshao.Sight{}, usageError(fmt.Errorf("there is no authorisation %q in the register; \"qianshao scope list\" shows them", id))
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
	Name         string `arg:"" help:"What its owner logs in with, and what their acts are signed with. It cannot be changed."`
	Role         string `enum:"${roles}" default:"analyst" help:"What the account is for: ${enum}."`
	PasswordFile string `help:"File with the password, instead of a link." type:"existingfile" placeholder:"FILE"`
	sightFlags
	linkFlags
}

func (c accountAddCmd) Run(env *environment) error {
	if !c.given() {
		return usageError(errors.New("say what the account may see: --all, or --authorisation ID"))
	}
	password, err := readPassword(env, c.PasswordFile)
	if err != nil {
		return err
	}
	return env.withFolder(func(f *datafolder.Folder) error {
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

// readPassword returns the password in a file; "" without one. One that everybody can
// write is refused: whoever writes it decides who enters.
func readPassword(env *environment, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o002 != 0 {
		return "", usageError(fmt.Errorf("everybody can write %s and so choose the password; run \"chmod 600 %[1]s\"", name))
	}
	if info.Mode().Perm()&0o004 != 0 {
		env.warn(fmt.Sprintf("everybody on this machine can read the password in %s; run \"chmod 600 %[1]s\"", name))
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

// accountError says in an error what a person can do.
func accountError(name string, err error) error {
	var bad *auth.PasswordError
	switch {
	case errors.Is(err, store.ErrNotFound):
		return usageError(fmt.Errorf("there is no account %q; \"qianshao account list\" shows them", name))
	case errors.Is(err, store.ErrExists):
		return usageError(fmt.Errorf("there is an account %q already; names are not given twice", name))
	case errors.Is(err, store.ErrLastAdministrator):
		return usageError(fmt.Errorf("%q is the last administrator who can enter; make another one first", name))
	case errors.Is(err, auth.ErrName), errors.As(err, &bad),
		errors.Is(err, auth.ErrScope), errors.Is(err, auth.ErrLabel), errors.Is(err, auth.ErrTokenTime), errors.Is(err, auth.ErrTooManyTokens):
		return usageError(err)
	}
	return err
}

// linkFlags say where the console is for whoever gets a link.
type linkFlags struct {
	URL string `name:"url" help:"Address of the console as its users type it. Default: that of the running server." placeholder:"URL"`
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
			base = "http://127.0.0.1:8740/" // where it will be, unless it is told otherwise
		}
	}
	fmt.Fprintf(env.err, "give %s this link to set a password; it works once, until %s\n", name, env.stamp(expires))
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
			fmt.Fprintln(env.err, "there is no account yet; \"qianshao serve\" makes the administrator, and so does \"qianshao account add NAME --role administrator --all\"")
			return nil
		}
		table := terminal.NewTable(env.out, "NAME", "ROLE", "SEES", "LOG-IN", "SECOND FACTOR", env.timed("MADE"))
		for _, a := range list {
			factor := "no"
			if a.Factor.Confirmed {
				factor = "yes"
			}
			table.Row(a.Name, string(a.Role), sees(&a), logIn(&a), factor, env.when(a.Created))
		}
		return table.Flush()
	})
}

// sees says what an account may see.
func sees(a *store.AccountRecord) string {
	if a.Sight.All {
		return "all"
	}
	return strings.Join(a.Sight.Authorisations, " ")
}

// logIn says how an account's owner logs in.
func logIn(a *store.AccountRecord) string {
	switch {
	case a.Disabled:
		return "disabled"
	case a.Password != "":
		return "password"
	case a.Subject != "":
		return "provider"
	}
	return "no password"
}

type accountChangeCmd struct {
	Name string `arg:"" help:"The account."`
	Role string `enum:",${roles}" default:"" help:"Its new role."`
	sightFlags
}

func (c accountChangeCmd) Run(env *environment) error {
	if c.Role == "" && !c.given() {
		return usageError(errors.New("say what to change: --role, --all or --authorisation"))
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
	disabled := ""
	if a.Disabled {
		disabled = "; disabled, it cannot enter"
	}
	fmt.Fprintf(env.err, "%s: %s, sees %s%s\n", a.Name, a.Role, sees(&a), disabled)
	return nil
}

type accountDisableCmd struct {
	Name string `arg:"" help:"The account."`
}

func (c accountDisableCmd) Run(env *environment) error { return setDisabled(env, c.Name, true) }

type accountEnableCmd struct {
	Name string `arg:"" help:"The account."`
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
	Name         string `arg:"" help:"The account."`
	SecondFactor bool   `help:"Take its second factor away, too."`
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
			env.warn(fmt.Sprintf("it still has %s; \"qianshao account token list %s\" shows them", terminal.Counted(len(tokens), "token"), c.Name))
		}
		return c.print(env, f, c.Name)
	})
}

type accountLogCmd struct {
	Limit int `default:"100" help:"Most lines to show."`
}

func (c accountLogCmd) Run(env *environment) error {
	if c.Limit < 1 {
		return usageError(errors.New("--limit is 1 at least"))
	}
	return env.readFolder(func(f *datafolder.Folder) error {
		list, err := changesOfAccounts(env, f, c.Limit)
		if err != nil {
			return err
		}
		table := terminal.NewTable(env.out, "ACT", env.timed("AT"), "BY", "OF", "WHAT", "BEFORE", "AFTER")
		for i := range list {
			a := &list[i]
			detail, err := desk.ParseDetail(a.Detail)
			if err != nil {
				return err
			}
			table.Row(strconv.FormatInt(a.Seq, 10), env.when(a.At), a.By, a.Subject.ID, detail.Event, detail.Before, detail.After)
		}
		return table.Flush()
	})
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
	Share *float64 `arg:"" optional:"" help:"The share of ordinary decisions, 0 to 1: 0.05 is one in twenty. Critical findings that are said to be no crime, and batches of more than 50, are always reviewed."`
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
		err := f.Accounts.SetSecondReviewShare(env.ctx, store.ByCommand, *c.Share)
		if errors.Is(err, auth.ErrShare) {
			return usageError(err)
		}
		return err
	})
}

// settingCmd shows and sets what holds for all; see also secondReviewCmd.
type settingCmd struct {
	Name  string  `arg:"" optional:"" default:"all" enum:"all,token_days,open_reports,zone,console_url" help:"token_days: for how many days a new token is good at most. open_reports: how many reports of one origin may be open. zone: the time zone, by its IANA name, from the next start. console_url: where people open the console, for the links of messages."`
	Value *string `arg:"" optional:"" help:"Its new value; an empty zone is the one of --zone again, an empty address none."`
}

func (c settingCmd) Run(env *environment) error {
	if c.Value == nil {
		return env.readFolder(func(f *datafolder.Folder) error { return c.show(env, f.Accounts) })
	}
	return env.withFolder(func(f *datafolder.Folder) (err error) {
		n, _ := strconv.Atoi(*c.Value) // what is no number is 0, which is refused
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
			err = usageError(errors.New("name the setting that gets the value"))
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

// tokenCmd keeps tokens for programs.
type tokenCmd struct {
	Add    tokenAddCmd    `cmd:"" help:"Make a token and print it, this once."`
	List   tokenListCmd   `cmd:"" help:"List tokens."`
	Revoke tokenRevokeCmd `cmd:"" help:"End a token."`
}

type tokenAddCmd struct {
	Name  string   `arg:"" help:"The account for which the program works. The token can do no more than that account."`
	Scope []string `default:"read" help:"What the token is good for: read, metrics, or a power: decide, lead, submit, rules, audit, administer."`
	Label string   `required:"" help:"What the token is for."`
	Days  int      `default:"365" help:"Days that it is valid."`
}

func (c tokenAddCmd) Run(env *environment) error {
	var scopes []qianshao.Scope
	for _, s := range c.Scope {
		if !slices.Contains(qianshao.Scopes(), qianshao.Scope(s)) {
			return usageError(fmt.Errorf("there is no scope %q; the scopes are %v", s, qianshao.Scopes()))
		}
		scopes = append(scopes, qianshao.Scope(s))
	}
	return env.withFolder(func(f *datafolder.Folder) error {
		if c.Days > auth.DefaultTokenDays {
			c.Days = 0 // which is refused with the days that are allowed
		}
		token, made, err := f.Accounts.NewToken(env.ctx, store.ByCommand, c.Name, c.Label, scopes, time.Duration(c.Days)*24*time.Hour)
		if err != nil {
			return accountError(c.Name, err)
		}
		fmt.Fprintf(env.err, "token %s of %s, valid until %s; send it as \"Authorization: Bearer …\". It is shown only now:\n", made.ID, c.Name, env.stamp(made.Expires))
		fmt.Fprintln(env.out, token)
		return nil
	})
}

type tokenListCmd struct {
	Name string `arg:"" optional:"" help:"The account; all of them without it."`
}

func (c tokenListCmd) Run(env *environment) error {
	return env.readFolder(func(f *datafolder.Folder) error {
		list, err := f.Store.Tokens(env.ctx, c.Name)
		if err != nil {
			return err
		}
		table := terminal.NewTable(env.out, "ID", "ACCOUNT", "LABEL", "SCOPES", env.timed("VALID UNTIL"), "LAST USED")
		for _, t := range list {
			used := "never"
			if !t.Used.IsZero() {
				used = env.when(t.Used)
			}
			table.Row(t.ID, t.Account, t.Label, strings.Trim(fmt.Sprint(t.Scopes), "[]"), env.when(t.Expires), used)
		}
		return table.Flush()
	})
}

type tokenRevokeCmd struct {
	ID string `arg:"" help:"The token's id, as \"qianshao account token list\" shows it."`
}

func (c tokenRevokeCmd) Run(env *environment) error {
	return env.withFolder(func(f *datafolder.Folder) error {
		err := f.Accounts.RevokeToken(env.ctx, store.ByCommand, "", c.ID)
		if errors.Is(err, store.ErrNotFound) {
			return usageError(fmt.Errorf("there is no token %q; \"qianshao account token list\" shows them", c.ID))
		}
		return err
	})
}

// firstAccount makes the administrator where there is no account yet: it asks at a
// terminal, and elsewhere prints a link that makes one.
func (env *environment) firstAccount(a *app.App) error {
	empty, err := a.Folder.Accounts.Empty(env.ctx)
	if err != nil || !empty {
		return err
	}
	if keyboard, ok := terminal.NewKeyboard(env.in, env.err); ok {
		return env.askAdministrator(a, keyboard)
	}
	key, expires, err := a.Folder.Accounts.NewLink(env.ctx, store.ByCommand, store.LinkFirst, "")
	if err != nil {
		return err
	}
	fmt.Fprintf(env.err, "there is no account yet. Make the administrator here, once, until %s: %s\n", env.stamp(expires), a.ConsoleURL()+auth.LinkPath(key))
	return nil
}

// askAdministrator asks for name and password until they will do.
func (env *environment) askAdministrator(a *app.App, keyboard *terminal.Keyboard) error {
	fmt.Fprintln(env.err, "There is no account yet. Make the administrator of this outpost.")
	for {
		name, err := keyboard.Line(env.ctx, "Name to log in with, such as wang.fang or 王芳: ")
		if err != nil {
			return fmt.Errorf("ask for the administrator: %w", err)
		}
		if err := auth.CheckName(name); err != nil {
			fmt.Fprintln(env.err, err)
			continue
		}
		password, err := keyboard.NewPassword(env.ctx, fmt.Sprintf("Password, %d characters or more (it is not shown): ", auth.MinPassword), auth.CheckPassword)
		if err != nil {
			return err
		}
		err = accountError(name, a.Folder.Accounts.AddFirst(env.ctx, store.ByCommand, name, password))
		var usage *codedError
		if !errors.As(err, &usage) {
			return err
		}
		fmt.Fprintln(env.err, err)
	}
}
