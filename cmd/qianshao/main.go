// Command qianshao is the whole outpost in one binary: it crawls authorised
// sites or reads files, finds signs of crime, and serves a console for
// reviewing them. docs/operations.md explains commands, exit codes and metrics.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
	_ "time/tzdata" // for machines without a zone database

	"github.com/alecthomas/kong"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/backends"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
)

// Exit codes, as documented in docs/operations.md.
const (
	exitOK       = 0
	exitFailure  = 1 // the command failed; the message says what to do
	exitUsage    = 2 // the command line or an input file is wrong
	exitMismatch = 3 // the command worked, but a check found something wrong

	// exitInterrupted is for a command that a signal ended, as a shell reports
	// Ctrl-C: 128+SIGINT. It is the same for SIGTERM.
	exitInterrupted = 130
)

// cli is the command line. Flags that several commands need are at the top.
type cli struct {
	Config    string   `env:"QIANSHAO_CONFIG" placeholder:"FILE"`
	Data      string   `default:"data" env:"QIANSHAO_DATA" placeholder:"DIR"`
	RulesDir  string   `name:"rules-dir" env:"QIANSHAO_RULES" placeholder:"DIR"`
	Overlay   string   `name:"overlay" env:"QIANSHAO_OVERLAY" placeholder:"DIR"`
	Zone      zone     `default:"Asia/Shanghai" env:"QIANSHAO_ZONE" placeholder:"ZONE"`
	Lang      language `env:"QIANSHAO_LANG" placeholder:"zh|en"`
	Verbose   bool     `short:"v"`
	LogFormat string   `enum:"text,json" default:"text" env:"QIANSHAO_LOG_FORMAT"`

	backendFlags `embed:"" envprefix:"QIANSHAO_" group:"servers"`

	Demo      demoCmd      `cmd:""`
	Serve     serveCmd     `cmd:""`
	Scan      scanCmd      `cmd:""`
	Crawl     crawlCmd     `cmd:""`
	Search    searchCmd    `cmd:""`
	Eval      evalCmd      `cmd:""`
	Rules     rulesCmd     `cmd:""`
	Scope     scopeCmd     `cmd:""`
	Account   accountCmd   `cmd:""`
	Channel   channelCmd   `cmd:""`
	Submit    submitCmd    `cmd:""`
	Evidence  evidenceCmd  `cmd:""`
	Acts      actsCmd      `cmd:""`
	Campaigns campaignsCmd `cmd:""`
	Reindex   reindexCmd   `cmd:""`
	Backup    backupCmd    `cmd:""`
	Restore   restoreCmd   `cmd:""`
	Migrate   migrateCmd   `cmd:""`
	Report    reportCmd    `cmd:""`
	Health    healthCmd    `cmd:""`
	Version   versionCmd   `cmd:""`

	Unmonitored unmonitoredCmd `cmd:""`
}

// backendFlags say which servers replace parts of the data folder.
type backendFlags struct {
	Store             string `env:"STORE" placeholder:"URL"`
	StorePasswordFile string `env:"STORE_PASSWORD_FILE" placeholder:"FILE"`
	StoreCA           string `name:"store-ca" env:"STORE_CA" placeholder:"FILE"`

	Index             string `env:"INDEX" placeholder:"URL"`
	IndexPasswordFile string `env:"INDEX_PASSWORD_FILE" placeholder:"FILE"`
	IndexCA           string `name:"index-ca" env:"INDEX_CA" placeholder:"FILE"`

	Evidence                string `env:"EVIDENCE" placeholder:"URL"`
	EvidenceCredentialsFile string `env:"EVIDENCE_CREDENTIALS_FILE" placeholder:"FILE"`
	EvidenceCA              string `name:"evidence-ca" env:"EVIDENCE_CA" placeholder:"FILE"`
}

func (f *backendFlags) options() backends.Options {
	return backends.Options{
		Store:    backends.Place{Address: f.Store, SecretFile: f.StorePasswordFile, CAFile: f.StoreCA},
		Index:    backends.Place{Address: f.Index, SecretFile: f.IndexPasswordFile, CAFile: f.IndexCA},
		Evidence: backends.Place{Address: f.Evidence, SecretFile: f.EvidenceCredentialsFile, CAFile: f.EvidenceCA},
	}
}

// environment is what every command works with.
type environment struct {
	ctx      context.Context
	in       io.Reader
	out, err io.Writer // make control characters visible; see terminal.Visible
	verbatim io.Writer // out without terminal.Visible, for output that is a file
	lang     locales.Lang
	told     locales.Lang // the language on err: English if that is a log
	document locales.Lang // the language of documents for others: Chinese, unless --lang says otherwise
	log      *slog.Logger
	data     string
	backends backends.Options
	rules    datafolder.RuleFolders
	zone     func() *time.Location
}

// zone is a time zone as a flag.
type zone struct{ *time.Location }

// UnmarshalText reads the zone's name.
func (z *zone) UnmarshalText(text []byte) (err error) {
	if z.Location, err = qianshao.ParseZone(string(text)); err != nil {
		return locales.Errorf("cli.zone.unknown", string(text))
	}
	return nil
}

// language is a language as a flag; without the flag, the one of the process's environment.
type language struct {
	locales.Lang
	given bool
}

// UnmarshalText reads the language's code; an empty environment variable sets none.
func (l *language) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	if l.Lang, l.given = locales.Parse(string(text)); !l.given {
		return locales.Errorf("cli.lang.unknown", string(text))
	}
	return nil
}

// startedIn returns the language of a process before the command line is parsed, for
// errors of the command line itself.
func startedIn(args []string, getenv func(string) string) locales.Lang {
	if l, ok := locales.Parse(cmp.Or(typed(args, "--lang"), getenv("QIANSHAO_LANG"))); ok {
		return l
	}
	return locales.OfEnvironment(getenv)
}

// typed returns the value of a flag on a command line that is not parsed yet, "" if it is not
// there. The last value counts, as in the parser.
func typed(args []string, flag string) (value string) {
	for i, arg := range args {
		if text, ok := strings.CutPrefix(arg, flag+"="); ok {
			value = text
		} else if arg == flag && i+1 < len(args) {
			value = args[i+1]
		}
	}
	return value
}

// print writes a message of the catalogue to standard output.
func (env *environment) print(key string, args ...any) {
	fmt.Fprintln(env.out, env.lang.Text(key, args...))
}

// tell writes a message of the catalogue to standard error.
func (env *environment) tell(key string, args ...any) {
	fmt.Fprintln(env.err, env.told.Text(key, args...))
}

// table returns a table with a heading for each key. Headings of times name the zone.
func (env *environment) table(heads ...string) *terminal.Table {
	var said []string
	for _, key := range heads {
		said = append(said, env.lang.Text(key, zoneName{env}))
	}
	return terminal.NewTable(env.out, said...)
}

// named is a code as a table shows it; see terminal.Named.
func (env *environment) named(prefix, code string) string {
	return terminal.Named(env.lang, prefix, code)
}

// problems returns a writer for what a check finds wrong.
func (env *environment) problems() *terminal.Problems {
	return terminal.NewProblems(env.out, env.lang)
}

// zoneName is the name of the zone, which is looked up only when it is printed.
type zoneName struct{ env *environment }

func (z zoneName) String() string { return qianshao.ZoneName(z.env.zone()) }

// when writes a time in the environment's zone, which the heading of its column
// names: see env.table.
func (env *environment) when(t time.Time) string {
	return t.In(env.zone()).Format("2006-01-02 15:04:05")
}

// stamp writes a time in that zone with its offset, where no heading names the zone.
func (env *environment) stamp(t time.Time) string { return t.In(env.zone()).Format(time.RFC3339) }

// newApp opens the app on the data folder with the rules of the environment.
func (env *environment) newApp(opts app.Options) (*app.App, error) {
	opts.Data, opts.Rules, opts.Version, opts.Log, opts.Warn, opts.Zone = env.data, env.rules, versionString(), env.log, env.warn, env.zone()
	opts.Backends = env.backends
	opts.Reindexing = env.reindexing("cli.reindex.mismatch")
	return app.New(env.ctx, opts)
}

// folder says which data folder a command works on.
func (env *environment) folder() datafolder.Options {
	return datafolder.Options{Data: env.data, Backends: env.backends, Version: versionString(), Zone: env.zone(), Log: env.log}
}

// withFolder opens the data folder for work that may be done beside a server.
func (env *environment) withFolder(work func(*datafolder.Folder) error) error {
	return env.openFolder(env.folder(), work)
}

// readFolder opens the data folder for work that changes nothing, so that it may also
// be a write-protected copy.
func (env *environment) readFolder(work func(*datafolder.Folder) error) error {
	opts := env.folder()
	opts.ReadOnly = true
	return env.openFolder(opts, work)
}

// openFolder opens a data folder that must have a database.
func (env *environment) openFolder(opts datafolder.Options, work func(*datafolder.Folder) error) error {
	if err := opts.NeedStore(); err != nil {
		return err
	}
	return withFolder(env.ctx, opts, work)
}

// beginFolder is withFolder for commands with which an operator begins: it creates the data folder
// if there is none.
func (env *environment) beginFolder(work func(*datafolder.Folder) error) error {
	return withFolder(env.ctx, env.folder(), work)
}

func withFolder(ctx context.Context, opts datafolder.Options, work func(*datafolder.Folder) error) (err error) {
	f, err := datafolder.Open(ctx, opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return work(f)
}

// warn writes a warning: the command goes on.
func (env *environment) warn(warning fmt.Stringer) { env.tell("cli.warning", warning) }

// codedError is an error that ends the process with its own exit code.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

// interrupted is the error for a command that a signal ended. left says what is
// still to do.
func interrupted(left locales.Message) error {
	return &codedError{exitInterrupted, locales.Errorf("cli.interrupted", left)}
}

func usageError(err error) error    { return &codedError{exitUsage, err} }
func mismatchError(err error) error { return &codedError{exitMismatch, err} }

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(args []string, in io.Reader, out, errOut io.Writer) int {
	errOut = terminal.Visible(errOut)
	var c cli
	lang := startedIn(args, os.Getenv)
	exited, code := false, exitOK
	parser, err := kong.New(&c,
		kong.Name("qianshao"),
		kong.Help(printHelp(lang)),
		kong.Writers(out, errOut),
		kong.Vars{"roles": roles()},
		kong.Exit(func(c int) { exited, code = true, c }),
	)
	if err != nil {
		return report(errOut, lang, err)
	}
	overrideVariables(parser.Model.Node, args)
	command, err := parser.Parse(args)
	err = variableError(parser.Model.Node, err)
	if exited { // --help
		return code
	}
	if err != nil {
		var input *datafolder.InputError // an error in the configuration file
		if !errors.As(err, &input) {
			err = usageOf(err)
		}
		if wantsJSON(args) {
			terminal.NewLogger(errOut, false, "json", qianshao.ChinaTime).Error(err.Error())
			return exitCode(err)
		}
		return report(errOut, lang, err)
	}
	if c.Lang.given { // it may have been set by the configuration file
		lang = c.Lang.Lang
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	folder := datafolder.Options{Data: c.Data, Backends: c.backendFlags.options()}
	zone := sync.OnceValue(func() *time.Location { // lazily, as commands that print no times need no server for it
		return cmp.Or(datafolder.ZoneSet(ctx, folder), c.Zone.Location)
	})
	env := &environment{
		ctx: ctx, lang: lang, told: lang, document: c.Lang.Lang, in: in, out: terminal.Visible(out), err: errOut, verbatim: out,
		log:  terminal.NewLogger(errOut, c.Verbose, c.LogFormat, zone),
		data: c.Data, backends: folder.Backends,
		zone:  zone,
		rules: datafolder.RuleFolders{Dir: c.RulesDir, Overlay: c.Overlay, Data: c.Data},
	}
	if c.LogFormat == "json" { // commands' messages become records, too, so that every line is one
		env.err, env.told = terminal.JSONLines(errOut, zone), locales.English
	}
	err = command.Run(env)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = interrupted(locales.M("cli.interrupted.undone"))
	}
	if c.LogFormat == "json" && err != nil {
		env.log.Error(err.Error())
		return exitCode(err)
	}
	return report(errOut, lang, err)
}

// wantsJSON says whether a command line that could not be parsed asks for a log
// in JSON, whose collector accepts only JSON lines.
func wantsJSON(args []string) bool {
	return cmp.Or(typed(args, "--log-format"), os.Getenv("QIANSHAO_LOG_FORMAT")) == "json"
}

// report prints the error, if any, and returns the process's exit code.
func report(w io.Writer, lang locales.Lang, err error) int {
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(w, "qianshao: %s\n", terminal.Discreet(lang.Error(err)))
	return exitCode(err)
}

// exitCode returns the exit code of an error.
func exitCode(err error) int {
	var coded *codedError
	if errors.As(err, &coded) {
		return coded.code
	}
	var input *datafolder.InputError
	if errors.As(err, &input) {
		return exitUsage
	}
	return exitFailure
}
