// Command qianshao is the whole outpost in one binary: it crawls authorised
// sites or reads files, finds signals of crime, and serves a console to review
// them. docs/operations.md explains commands, exit codes and metrics.
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
)

// Exit codes, as documented in docs/operations.md.
const (
	exitOK       = 0
	exitFailure  = 1 // it could not be done; the message says what to do
	exitUsage    = 2 // the command line or an input file is wrong
	exitMismatch = 3 // it was done, and a check came out negative

	// exitInterrupted is what a shell gives for Ctrl-C, 128+SIGINT: a signal came
	// before it was done. SIGTERM is answered in the same way.
	exitInterrupted = 130
)

// cli is the command line. Flags that several commands need stand at the top.
type cli struct {
	Config    string `help:"Configuration file: any flag by its name, those of one command below the command's name. Default: qianshao.yaml in the data folder, if it is there." env:"QIANSHAO_CONFIG" placeholder:"FILE"`
	Data      string `help:"Folder that holds the database and the index." default:"data" env:"QIANSHAO_DATA" placeholder:"DIR"`
	RulesDir  string `name:"rules-dir" help:"Folder with rules/, lists/, patterns/ and contexts/ to use instead of the shipped ones." env:"QIANSHAO_RULES" placeholder:"DIR"`
	Overlay   string `name:"overlay" help:"Folder with your own rules, list changes, allow-list and switched-off rules, on top of the rules. Default: overlay in the data folder, if it is there." env:"QIANSHAO_OVERLAY" placeholder:"DIR"`
	Zone      zone   `help:"Time zone of all times and days, by its IANA name, unless one is set on the console. After a change the search index is built anew." default:"Asia/Shanghai" env:"QIANSHAO_ZONE" placeholder:"ZONE"`
	Verbose   bool   `short:"v" help:"Log more."`
	LogFormat string `enum:"text,json" default:"text" help:"Form of the log on standard error: text, or json, an object a line." env:"QIANSHAO_LOG_FORMAT"`

	backendFlags `embed:"" envprefix:"QIANSHAO_" group:"Servers that several machines share:"`

	Demo      demoCmd      `cmd:"" help:"Crawl a small web that this binary serves itself, show what is found, and keep serving the console. Works in a temporary folder."`
	Serve     serveCmd     `cmd:"" help:"Watch the authorised sites and serve the console, the API and the metrics."`
	Scan      scanCmd      `cmd:"" help:"Assess files, folders, WARC archives, JSON lines, or one authorised URL."`
	Crawl     crawlCmd     `cmd:"" help:"Visit the authorised sites once, until nothing is due."`
	Search    searchCmd    `cmd:"" help:"Search the findings."`
	Eval      evalCmd      `cmd:"" help:"Measure the rules on labelled texts."`
	Rules     rulesCmd     `cmd:"" help:"Check, test, format, list and explain rules."`
	Scope     scopeCmd     `cmd:"" help:"Keep the register of authorisations."`
	Account   accountCmd   `cmd:"" help:"Make and change the accounts that may use the console and the API, and their tokens. Works beside a running server."`
	Channel   channelCmd   `cmd:"" help:"List and test the channels by which people are told of findings. Works beside a running server."`
	Submit    submitCmd    `cmd:"" help:"Report pages that may show a crime, or list the reports. A page is fetched only when an authorisation covers it."`
	Evidence  evidenceCmd  `cmd:"" help:"Verify, export and prune the archive of flagged pages."`
	Acts      actsCmd      `cmd:"" help:"List, export and verify the trail of what people have decided."`
	Campaigns campaignsCmd `cmd:"" help:"List and show campaigns: findings that belong together by one injected block, one destination or one handle."`
	Reindex   reindexCmd   `cmd:"" help:"Rebuild what is derived: the search index from the findings, the campaigns, and what stands from the trail of acts."`
	Backup    backupCmd    `cmd:"" help:"Copy the data folder, with the rules in use, into a new folder; a server or crawl may go on. Exit code 3 if evidence or acts are damaged."`
	Restore   restoreCmd   `cmd:"" help:"Make the data folder from a backup, and verify it."`
	Migrate   migrateCmd   `cmd:"" help:"Copy everything to servers, or from servers back into a data folder, and hold it against the source. Nothing may run on either."`
	Report    reportCmd    `cmd:"" help:"Write the report of a week, a month or a quarter: what was found, decided, how well rules did, what is not monitored. As HTML to print, .docx or CSV; works beside a running server."`
	Version   versionCmd   `cmd:"" help:"Print the version."`

	Unmonitored unmonitoredCmd `cmd:"" help:"List the hosts and authorisations of the register that are not monitored, or will soon not be: blocked, down, forbidden, overdue, about to end."`
}

// backendFlags say which servers stand in place of parts of the data folder.
type backendFlags struct {
	Store             string `help:"PostgreSQL database in place of the data folder's: postgres://USER@HOST/DATABASE." env:"STORE" placeholder:"URL"`
	StorePasswordFile string `help:"File that holds the password for the database." env:"STORE_PASSWORD_FILE" placeholder:"FILE"`
	StoreCA           string `name:"store-ca" help:"File with the certificates, in PEM, by which the database's server is checked. Default: the system's." env:"STORE_CA" placeholder:"FILE"`

	Index             string `help:"OpenSearch cluster in place of the data folder's index: https://USER@HOST:9200/NAME, several nodes with commas." env:"INDEX" placeholder:"URL"`
	IndexPasswordFile string `help:"File that holds the password for the cluster." env:"INDEX_PASSWORD_FILE" placeholder:"FILE"`
	IndexCA           string `name:"index-ca" help:"File with the certificates, in PEM, by which the cluster's servers are checked. Default: the system's." env:"INDEX_CA" placeholder:"FILE"`

	Evidence                string `help:"Bucket in place of the data folder's evidence: s3://BUCKET/PREFIX?endpoint=https://HOST, or a folder that all machines have." env:"EVIDENCE" placeholder:"URL"`
	EvidenceCredentialsFile string `help:"File that holds the keys of the bucket. Default: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY." env:"EVIDENCE_CREDENTIALS_FILE" placeholder:"FILE"`
	EvidenceCA              string `name:"evidence-ca" help:"File with the certificates, in PEM, by which the bucket's server is checked. Default: the system's." env:"EVIDENCE_CA" placeholder:"FILE"`
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
	out, err io.Writer // show what would steer a terminal; see terminal.Visible
	verbatim io.Writer // is out, for what is a file
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
	z.Location, err = qianshao.ParseZone(string(text))
	return err
}

// when writes a time in the zone of the environment, which the head of its
// column names: see env.timed.
func (env *environment) when(t time.Time) string {
	return t.In(env.zone()).Format("2006-01-02 15:04:05")
}

// stamp writes a time in that zone where no column names it: with its offset.
func (env *environment) stamp(t time.Time) string { return t.In(env.zone()).Format(time.RFC3339) }

// timed returns the head of a column of times.
func (env *environment) timed(head string) string {
	return head + " (" + qianshao.ZoneName(env.zone()) + ")"
}

// newApp opens the app over the data folder with the rules of the environment.
func (env *environment) newApp(opts app.Options) (*app.App, error) {
	opts.Data, opts.Rules, opts.Version, opts.Log, opts.Warn, opts.Zone = env.data, env.rules, versionString(), env.log, env.warn, env.zone()
	opts.Backends = env.backends
	opts.Reindexing = env.reindexing(mismatch)
	return app.New(env.ctx, opts)
}

// folder says which data folder a command works on.
func (env *environment) folder() datafolder.Options {
	return datafolder.Options{Data: env.data, Backends: env.backends, Version: versionString(), Zone: env.zone(), Log: env.log}
}

// withFolder opens the data folder for work that may be done beside a server.
func (env *environment) withFolder(work func(*datafolder.Folder) error) error {
	return withFolder(env.ctx, env.folder(), work)
}

// readFolder opens the data folder for work that changes nothing: it may be done in a
// write-protected copy, too.
func (env *environment) readFolder(work func(*datafolder.Folder) error) error {
	opts := env.folder()
	opts.ReadOnly = true
	return withFolder(env.ctx, opts, work)
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
func (env *environment) warn(warning string) { fmt.Fprintf(env.err, "warning: %s\n", warning) }

// codedError is an error that ends the process with its own exit code.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

// interrupted is the error of a command that a signal ended. left says what is
// still to do.
func (env *environment) interrupted(left string) error {
	return &codedError{exitInterrupted, errors.New("interrupted: " + left)}
}

func usageError(err error) error    { return &codedError{exitUsage, err} }
func mismatchError(err error) error { return &codedError{exitMismatch, err} }

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(args []string, in io.Reader, out, errOut io.Writer) int {
	errOut = terminal.Visible(errOut)
	var c cli
	exited, code := false, exitOK
	parser, err := kong.New(&c,
		kong.Name("qianshao"),
		kong.Description("前哨: early warning for crime on Chinese web pages that you are authorised to watch."),
		kong.UsageOnError(),
		kong.Writers(out, errOut),
		kong.Vars{"roles": roles()},
		kong.Exit(func(c int) { exited, code = true, c }),
	)
	if err != nil {
		return report(errOut, err)
	}
	command, err := parser.Parse(args)
	if exited { // --help
		return code
	}
	if err != nil {
		var input *datafolder.InputError // the configuration file's
		if !errors.As(err, &input) {
			err = fmt.Errorf("%w\nrun \"qianshao --help\" for the commands", err)
		}
		err = usageError(err)
		if wantsJSON(args) {
			terminal.NewLogger(errOut, false, "json", qianshao.ChinaTime).Error(err.Error())
			return exitCode(err)
		}
		return report(errOut, err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	folder := datafolder.Options{Data: c.Data, Backends: c.backendFlags.options()}
	zone := sync.OnceValue(func() *time.Location { // commands without a time need no server for it
		return cmp.Or(datafolder.ZoneSet(ctx, folder), c.Zone.Location)
	})
	env := &environment{
		ctx: ctx, in: in, out: terminal.Visible(out), err: errOut, verbatim: out,
		log:  terminal.NewLogger(errOut, c.Verbose, c.LogFormat, zone),
		data: c.Data, backends: folder.Backends,
		zone:  zone,
		rules: datafolder.RuleFolders{Dir: c.RulesDir, Overlay: c.Overlay, Data: c.Data},
	}
	if c.LogFormat == "json" { // what commands say becomes records, too, so that every line is one
		env.err = terminal.JSONLines(errOut, zone)
	}
	err = command.Run(env)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = env.interrupted("it was not done")
	}
	if c.LogFormat == "json" && err != nil {
		env.log.Error(err.Error())
		return exitCode(err)
	}
	return report(errOut, err)
}

// wantsJSON says whether a command line that could not be read asks for a log in
// JSON: what collects it takes no other line.
func wantsJSON(args []string) bool {
	for i, arg := range args {
		switch {
		case strings.HasPrefix(arg, "--log-format="):
			return arg == "--log-format=json"
		case arg == "--log-format":
			return i+1 < len(args) && args[i+1] == "json"
		}
	}
	return os.Getenv("QIANSHAO_LOG_FORMAT") == "json"
}

// report prints the error, if any, and returns the process's exit code.
func report(w io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(w, "qianshao: %s\n", terminal.Discreet(err.Error()))
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
