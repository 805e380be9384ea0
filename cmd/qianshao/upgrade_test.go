package main

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao/ingest/ingesttest"
	"github.com/qianshao/qianshao/internal/app/apptest"
)

// upgradeFindings is the number of findings in the folder that is upgraded; "make soak" sets it.
const upgradeFindings = "QIANSHAO_UPGRADE"

// upgradedFrom is the commit whose program makes the folder: the last one before schema 54.
const upgradedFrom = "0c23f2c"

// ownTerm is the term of the overlay's rule.
const ownTerm = "前哨招牌赌场"

// upgradeTries bounds how often a kill that came too early or too late is repeated.
const upgradeTries = 50

// TestUpgrade makes the program of an older commit fill a data folder with a crawl, decisions, accounts
// and an overlay. This program upgrades it and is killed during the migrations, during the rebuild of
// the index and during its first answers. Then every row that the old program wrote is unchanged, trail
// and archive verify up to the heads that the old program printed, and the old program refuses the
// folder.
func TestUpgrade(t *testing.T) {
	findings := number(upgradeFindings, 0)
	if findings == 0 {
		t.Skipf("builds and runs an older program, which takes minutes: %s=10000 runs it with so many findings", upgradeFindings)
	}
	old := buildOld(t)
	folder := oldFolder{data: filepath.Join(t.TempDir(), "data"), program: old}
	start := time.Now()
	folder.fill(t, findings)
	before := folder.read(t)
	t.Logf("made in %.0f s: %s", time.Since(start).Seconds(), before.size)

	folder.copied = filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(folder.copied, os.DirFS(folder.data)); err != nil {
		t.Fatal(err)
	}
	folder.killMigrating(t)
	folder.killRebuilding(t)
	folder.killAnswering(t, before.token)
	t.Logf("killed three times, the next start answers after %.1f s", upgradeUndisturbed(t, folder.data, before.token))
	before.check(t, folder.data)

	outdateIndex(t, folder.copied)
	t.Logf("undisturbed, the upgrade takes %.1f s until the console answers", upgradeUndisturbed(t, folder.copied, before.token))
	before.check(t, folder.copied)

	version := schemaOf(t, folder.data)
	refused(t, old, folder.data, fmt.Sprintf("schema %d", version))
	tamper(t, folder.data, fmt.Sprintf(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (%d, 1)`, version+1))
	refused(t, "qianshao", folder.data, fmt.Sprintf("schema %d, this program knows %d", version+1, version))
}

// buildOld builds the program of upgradedFrom from the repository's history.
func buildOld(t *testing.T) (program string) {
	t.Helper()
	run := func(folder, name string, args ...string) string {
		cmd := exec.Command(name, args...)
		cmd.Dir = folder
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-trimpath")
		output, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, output)
		}
		return strings.TrimSpace(string(output))
	}
	if output, err := exec.Command("git", "cat-file", "-e", upgradedFrom+"^{commit}").CombinedOutput(); err != nil {
		t.Skipf("this checkout has no history with the commit %s, whose program is to be upgraded: %v, %s", upgradedFrom, err, output)
	}
	top, source := run("", "git", "rev-parse", "--show-toplevel"), t.TempDir()
	run(top, "git", "archive", "--output", filepath.Join(source, "source.tar"), upgradedFrom)
	run(source, "tar", "-xf", "source.tar")
	run(source, "go", "build", "-buildvcs=false", "-o", "qianshao-old", "./cmd/qianshao")
	return filepath.Join(source, "qianshao-old")
}

// oldFolder is a data folder of an older program.
type oldFolder struct {
	data, program string
	copied        string // a copy of the folder from before the upgrade
}

// run runs a command of the older program on the folder, and returns its output.
func (o oldFolder) run(t *testing.T, args ...string) string {
	t.Helper()
	return printed(t, o.program, o.data, args...)
}

// fill makes the older program fill the folder. Every page that it crawls is flagged.
func (o oldFolder) fill(t *testing.T, findings int) {
	t.Helper()
	apptest.WriteRule(t, filepath.Join(o.data, "overlay"), "upgrade", ownTerm)
	web := startWeb(t, ingesttest.Options{Hosts: 200, Pages: findings, Seed: 1, Rate: 1000, Plain: true, FlaggedEvery: 1, Campaigns: 50})
	scope := filepath.Join(t.TempDir(), "scope.yaml")
	a := web.Authorisation(time.Now())
	apptest.Write(t, scope, fmt.Sprintf("authorisations:\n- {id: %s, owner: %s, basis: %s, contact: %s, rate: 1000, allow_private: true, valid_from: %s, valid_until: %s, hosts: [%s]}\n",
		a.ID, a.Owner, a.Basis, a.Contact, a.ValidFrom.Format(time.DateOnly), a.ValidUntil.Format(time.DateOnly), strings.Join(a.Hosts, ", ")))
	o.run(t, "scope", "add", scope)
	o.run(t, append([]string{"crawl", "--contact", "https://qianshao.example/test"}, resolve(web.Resolve())...)...)
	o.run(t, "account", "add", "root", "--role", "administrator", "--all")
	o.run(t, "account", "add", "ann", "--authorisation", a.ID)
	o.run(t, "account", "setting", "open_reports", "1500")
	o.run(t, "account", "second-review", "0.5")
	o.run(t, "submit", "http://h000.example/reported", "--suspect", "gambling")
	o.decide(t)
}

// decide decides on some findings through the older program's server, and undoes every third decision.
func (o oldFolder) decide(t *testing.T) {
	t.Helper()
	token := o.token(t, "read,decide")
	server := serveOnly(o.program, o.data)
	base := startServer(t, server)
	for i, id := range strings.Fields(query(t, o.data, `SELECT group_concat(id, ' ') FROM (SELECT id FROM findings ORDER BY id LIMIT 60)`)) {
		var found struct {
			Seen   string
			Review struct{ Basis int64 }
		}
		ask(t, base, token, "findings/"+id, "", &found)
		var done struct{ Act struct{ Seq int64 } }
		ask(t, base, token, "acts", fmt.Sprintf(`{"subject": "finding:%s", "kind": "decide", "basis": %d, "seen": "%s", "verdict": "unsure"}`, id, found.Review.Basis, found.Seen), &done)
		if i%3 == 0 {
			ask(t, base, token, fmt.Sprintf("acts/%d/undo", done.Act.Seq), `{}`, nil)
		}
	}
	if code := interrupt(t, server, os.Interrupt); code != exitOK {
		t.Fatalf("the old server ends with %d", code)
	}
}

func (o oldFolder) token(t *testing.T, scope string) string {
	t.Helper()
	return strings.TrimSpace(o.run(t, "account", "token", "add", "root", "--scope", scope, "--label", scope))
}

// ask sends a request to a server's API; one with a body posts it.
func ask(t *testing.T, base, token, path, body string, answer any) {
	t.Helper()
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	status, text, err := send(t, method, base+"api/v1/"+path, token, body)
	if err != nil || status >= http.StatusMultipleChoices {
		t.Fatalf("%s %s: %d, %v\n%s", path, body, status, err, text)
	}
	if answer != nil {
		if err := json.Unmarshal(text, answer); err != nil {
			t.Fatal(err)
		}
	}
}

// folderState is what an upgrade must not lose.
type folderState struct {
	schema             int64
	token              string // reads
	size               string
	acts, evidence     string // heads
	accounts, settings string // as printed by the commands
	tables             map[string]table
}

// table is the content of a table.
type table struct {
	columns string
	rows    int
	digest  uint64 // of all rows, in any order
}

// read reads the folder by the older program and from the database.
func (o oldFolder) read(t *testing.T) (s folderState) {
	t.Helper()
	s.token = o.token(t, "read")
	head := func(command string) string {
		head, _, _ := strings.Cut(o.run(t, command, "head"), " ")
		return head
	}
	s.acts, s.evidence = head("acts"), head("evidence")
	s.accounts, s.settings = o.run(t, "account", "list"), o.run(t, "account", "setting")
	s.schema, s.tables = schemaOf(t, o.data), map[string]table{}
	for _, name := range strings.Fields(query(t, o.data, `SELECT group_concat(name, ' ') FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)) {
		columns := query(t, o.data, `SELECT group_concat('"' || name || '"') FROM pragma_table_info('`+name+`')`)
		s.tables[name] = readTable(t, o.data, name, columns)
	}
	for name, least := range map[string]int{"findings": 1, "evidence_captures": 1, "acts": 60, "accounts": 2, "submissions": 1, "campaigns": 1} {
		if s.tables[name].rows < least {
			t.Fatalf("the old program's table %s has %d rows", name, s.tables[name].rows)
		}
	}
	s.size = fmt.Sprintf("schema %d, %d findings, %d captures, %d acts, %d MB, of which the database has %d MB", s.schema,
		s.tables["findings"].rows, s.tables["evidence_captures"].rows, s.tables["acts"].rows, sizeOf(t, o.data)>>20, sizeOf(t, filepath.Join(o.data, "qianshao.db"))>>20)
	return s
}

// check compares an upgraded folder with the state before.
func (s folderState) check(t *testing.T, data string) {
	t.Helper()
	for name, want := range s.tables {
		from := name
		switch name {
		case "goose_db_version", "tokens": // the schema's version, and when a token was last used
			continue
		case "rules_in_force": // a start with other rules than before adds a row
			from += fmt.Sprintf(" ORDER BY seq LIMIT %d", want.rows)
		}
		if got := readTable(t, data, from, want.columns); got != want {
			t.Errorf("table %s: %+v before, %+v after", name, want, got)
		}
	}
	for _, args := range [][]string{{"acts", "verify", "--head", s.acts}, {"evidence", "verify", "--head", s.evidence}} {
		if code, out := command(t, data, args...); code != exitOK {
			t.Errorf("%v: %d\n%s", args, code, out)
		}
	}
	for command, want := range map[string]string{"list": s.accounts, "setting": s.settings} {
		if diff := cmp.Diff(facts(want), facts(printed(t, "qianshao", data, "account", command))); diff != "" {
			t.Errorf("account %s (-before +after)\n%s", command, diff)
		}
	}
	text := filepath.Join(t.TempDir(), "page.txt")
	apptest.Write(t, text, ownTerm)
	if code, out := command(t, data, "scan", text); code != exitOK || !strings.Contains(out, `own-upgrade`) {
		t.Errorf("the rule of the overlay does not fire: %d\n%s", code, out)
	}
	var ids []string
	state := readEndState(t, data) // this verifies the campaigns, too
	for _, f := range state.Findings {
		ids = append(ids, f.ID)
	}
	slices.Sort(ids)
	slices.Sort(state.Indexed)
	if !slices.Equal(ids, state.Indexed) {
		t.Errorf("the index has %d findings, which are not the %d of the database", len(state.Indexed), len(ids))
	}
}

// facts returns an output without the headings of its table, whose words may differ between versions.
func facts(output string) (lines []string) {
	for line := range strings.Lines(output) {
		if line != strings.ToUpper(line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// readTable reads those columns of a table.
func readTable(t *testing.T, data, name, columns string) table {
	t.Helper()
	result := table{columns: columns}
	inDatabase(t, data, func(db *sql.DB) error {
		rows, err := db.QueryContext(t.Context(), "SELECT "+columns+" FROM "+name)
		if err != nil {
			return err
		}
		defer rows.Close()
		values := make([]any, strings.Count(columns, ",")+1)
		into := make([]any, len(values))
		for i := range values {
			into[i] = &values[i]
		}
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				return err
			}
			sum := sha256.Sum256(fmt.Appendf(nil, "%q", values))
			result.rows++
			result.digest += binary.BigEndian.Uint64(sum[:])
		}
		return rows.Err()
	})
	return result
}

// query returns the single value that a query of the folder's database gives.
func query(t *testing.T, data, text string) (value string) {
	t.Helper()
	inDatabase(t, data, func(db *sql.DB) error { return db.QueryRowContext(t.Context(), text).Scan(&value) })
	return value
}

func schemaOf(t *testing.T, data string) (version int64) {
	t.Helper()
	inDatabase(t, data, func(db *sql.DB) error {
		return db.QueryRowContext(t.Context(), `SELECT max(version_id) FROM goose_db_version`).Scan(&version)
	})
	return version
}

// sizeOf returns the size in bytes of a file, or of a folder's files; 0 if there is none.
func sizeOf(t *testing.T, name string) (bytes int64) {
	t.Helper()
	err := filepath.WalkDir(name, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return bytes
}

// outdateIndex marks the index as one of an older format, since the format has not changed since
// upgradedFrom.
func outdateIndex(t *testing.T, data string) {
	t.Helper()
	apptest.Write(t, filepath.Join(data, "index.bleve", "version"), "qianshao index 5\n")
}

func kill(t *testing.T, process *exec.Cmd) {
	t.Helper()
	_ = process.Process.Kill()
	if _ = process.Wait(); process.ProcessState.Exited() {
		t.Fatalf("the program that was to be killed had ended: %s", process.ProcessState)
	}
}

// killMigrating kills the program after its first migration and before its last.
func (o oldFolder) killMigrating(t *testing.T) {
	t.Helper()
	fresh := filepath.Join(t.TempDir(), "data")
	if code, out := command(t, fresh, "scope", "list"); code != exitOK {
		t.Fatalf("%d\n%s", code, out)
	}
	was, latest := schemaOf(t, o.data), schemaOf(t, fresh)
	database := filepath.Join(o.data, "qianshao.db")
	var pause time.Duration // from the first write to the kill
	for range upgradeTries {
		server := serveOnly("qianshao", o.data)
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(time.Minute); sizeOf(t, database+"-wal") == 0 && time.Now().Before(deadline); { // without a sleep, which would be too long
		}
		time.Sleep(pause)
		kill(t, server)
		version := schemaOf(t, o.data)
		if was < version && version < latest {
			t.Logf("killed amid the migrations, at schema %d of %d to %d", version, was, latest)
			return
		}
		if version == was { // too early
			pause += time.Millisecond
		}
		if version == latest { // too late: start again
			pause /= 2
			content, err := os.ReadFile(filepath.Join(o.copied, "qianshao.db"))
			if err = errors.Join(err, os.WriteFile(database, content, 0o600)); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Fatalf("%d kills came too early or too late for the migrations", upgradeTries)
}

// killRebuilding kills the program while it builds the index anew.
func (o oldFolder) killRebuilding(t *testing.T) {
	t.Helper()
	for range upgradeTries {
		outdateIndex(t, o.data)
		server := serveOnly("qianshao", o.data)
		var said heard
		server.Stderr = &said
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		await(t, "the rebuild of the index", func() bool { return said.has("not up to date with the database") })
		kill(t, server)
		version, err := os.ReadFile(filepath.Join(o.data, "index.bleve", "version"))
		if err != nil {
			t.Fatal(err)
		}
		if string(version) == "unfinished\n" {
			t.Log("killed amid the rebuild of the index")
			return
		}
	}
	t.Fatalf("%d kills came too early or too late for the rebuild", upgradeTries)
}

// killAnswering kills the program when clients have had their first answers and wait for the next.
func (o oldFolder) killAnswering(t *testing.T, token string) {
	t.Helper()
	server := serveOnly("qianshao", o.data)
	base := startServer(t, server)
	answered, cut := make(chan bool, 8), make(chan bool, 8)
	for range cap(cut) {
		go func() {
			for first := true; ; first = false {
				status, _, err := send(t, http.MethodGet, base+firstRequest, token, "")
				if err != nil {
					cut <- true
					return
				}
				if first {
					answered <- status == http.StatusOK
				}
			}
		}()
	}
	for range cap(answered) {
		if !<-answered {
			t.Error("a first request was not answered as it should")
		}
	}
	kill(t, server)
	for range cap(cut) {
		<-cut
	}
	t.Log("killed while it answered eight clients")
}

// firstRequest is a request that needs the database and the index.
const firstRequest = "api/v1/search?q=level:%3E%3Dmedium"

// upgradeUndisturbed starts the server, waits for its first answer, and returns how many seconds that took.
func upgradeUndisturbed(t *testing.T, data, token string) (seconds float64) {
	t.Helper()
	start := time.Now()
	server := serveOnly("qianshao", data)
	base := startServer(t, server)
	if status, text, err := send(t, http.MethodGet, base+firstRequest, token, ""); err != nil || status != http.StatusOK {
		t.Errorf("the first request: %d, %v\n%s", status, err, text)
	}
	seconds = time.Since(start).Seconds()
	if code := interrupt(t, server, os.Interrupt); code != exitOK {
		t.Errorf("the server ends with %d", code)
	}
	return seconds
}

// refused expects a program to refuse the folder with an error that contains word, and to leave its
// database unchanged.
func refused(t *testing.T, program, data, word string) {
	t.Helper()
	before, err := os.ReadFile(filepath.Join(data, "qianshao.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, cmd := range []*exec.Cmd{serveOnly(program, data), exec.Command(program, "--data", data, "account", "list")} {
		output, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != exitFailure || !strings.Contains(string(output), word) || !strings.Contains(string(output), "newer") {
			t.Errorf("%s: exit code %d\n%s", cmd, code, output)
		}
	}
	after, err := os.ReadFile(filepath.Join(data, "qianshao.db"))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("%s has changed the database that it refused, %v", filepath.Base(program), err)
	}
}
