package main

import (
	"bufio"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/qianshao/qianshao/internal/app/apptest"
)

// TestServe runs the server as a service manager does: it answers, reads its
// rules anew on SIGHUP, keeps the old ones when the new ones are broken, answers
// the search command although it holds the index's lock, and ends on SIGTERM.
// internal/app tests the rest of a reload.
func TestServe(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	data, rules := filepath.Join(folder, "data"), filepath.Join(folder, "rules-dir")
	for _, term := range []string{"one", "two"} {
		apptest.WriteRule(t, rules, term, term+"-casino")
	}
	token := metricsToken(t, data)
	server := exec.Command("qianshao", "--data", data, "--rules-dir", rules, "serve", "--no-crawl", "--listen", "127.0.0.1:0")
	said := &heard{}
	base := startListening(t, server, said)
	if !said.has("in force: 2 rules, from "+rules) || !said.has("in force: no overlay") || !said.has("in force: no authorisation (0 registered), so no request is made") {
		t.Error("the server does not say what is in force")
	}

	loaded := metric(t, base, token, "qianshao_rules_loaded")
	if loaded == "0" || metric(t, base, token, "qianshao_rules_reload_failures_total") != "0" {
		t.Fatalf("%s rules loaded", loaded)
	}
	broken := filepath.Join(rules, "rules", "broken.yaml")
	if err := os.WriteFile(broken, []byte("title: [\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	hangUp(t, server)
	await(t, "the broken set to be refused", func() bool { return metric(t, base, token, "qianshao_rules_reload_failures_total") == "1" })
	if got := metric(t, base, token, "qianshao_rules_loaded"); got != loaded {
		t.Errorf("%s rules in force after a broken set, want the old %s", got, loaded)
	}
	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(rules, "rules", "own-two.yaml")); err != nil {
		t.Fatal(err)
	}
	hangUp(t, server)
	await(t, "the smaller set to be in force", func() bool { return metric(t, base, token, "qianshao_rules_loaded") != loaded })
	await(t, "the server to say so", func() bool { return said.has("in force: 1 rule, from " + rules) })

	search := exec.Command("qianshao", "--data", data, "search", "level:>=high")
	if output, err := search.CombinedOutput(); err != nil || !strings.Contains(string(output), "0 of 0 findings") {
		t.Errorf("search beside the server: %v\n%s", err, output)
	}
	if code, out := command(t, data, "health"); code != exitOK {
		t.Errorf("health of the server: exit code %d\n%s", code, out)
	}
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := server.Wait(); err != nil {
		t.Errorf("the server ends with %v", err)
	}
	if code, out := command(t, data, "health"); code != exitFailure || !strings.Contains(out, "no server runs on "+data) {
		t.Errorf("health after its end: exit code %d\n%s", code, out)
	}
	if _, err := os.Stat(filepath.Join(data, "console.url")); !os.IsNotExist(err) {
		t.Errorf("console.url is left behind: %v", err)
	}
}

// heard is a server's output so far.
type heard struct {
	mu   sync.Mutex
	text strings.Builder
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(p)
}

func (h *heard) has(text string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Contains(h.text.String(), text)
}

// serveOnly returns the command of a server that visits nothing.
func serveOnly(program, data string) *exec.Cmd {
	return exec.Command(program, "--data", data, "serve", "--no-crawl", "--listen", "127.0.0.1:0")
}

// startServer starts the command and returns the console's URL that it prints.
func startServer(t *testing.T, server *exec.Cmd) (base string) {
	t.Helper()
	return startListening(t, server, io.Discard)
}

// startListening does the same, and writes the server's output to said.
func startListening(t *testing.T, server *exec.Cmd, said io.Writer) (base string) {
	t.Helper()
	stderr, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill() })
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "the console is at "); ok {
			go func() { _, _ = io.Copy(said, stderr) }()
			return url
		}
		t.Log(lines.Text())
		_, _ = io.WriteString(said, lines.Text()+"\n")
	}
	t.Fatal("the server printed no address")
	return ""
}

// metricsToken makes an administrator in a data folder, and returns a token for scraping.
func metricsToken(t *testing.T, data string) string {
	t.Helper()
	printed(t, "qianshao", data, "account", "add", "root", "--role", "administrator", "--all")
	return strings.TrimSpace(printed(t, "qianshao", data, "account", "token", "add", "root", "--scope", "metrics", "--label", "scrape"))
}

func metric(t *testing.T, base, token, name string) string {
	t.Helper()
	_, body, err := send(t, http.MethodGet, base+"metrics", token, "")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(body)
	if m == nil {
		t.Fatalf("/metrics has no %s", name)
	}
	return string(m[1])
}

// send sends a request with a token and a body in JSON.
func send(t *testing.T, method, address, token, body string) (status int, text []byte, err error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	text, err = io.ReadAll(response.Body)
	return response.StatusCode, text, err
}

func hangUp(t *testing.T, server *exec.Cmd) {
	t.Helper()
	if err := server.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

// await polls; the deadline is only there so that a failing test ends.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// TestFirstAccount: a server without a terminal and without accounts prints a link that makes the
// administrator, once; the next start prints none, and the account is there.
func TestFirstAccount(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	start := func() (server *exec.Cmd, base, link string) {
		server = serveOnly("qianshao", data)
		said := &heard{}
		base = startListening(t, server, said)
		said.mu.Lock()
		defer said.mu.Unlock()
		return server, base, regexp.MustCompile(`http://\S+/enter\?key=\S+`).FindString(said.text.String())
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	send := func(address string, form url.Values) int {
		t.Helper()
		response, err := client.PostForm(address, form)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		return response.StatusCode
	}
	server, base, link := start()
	to, err := url.Parse(link)
	if err != nil || !strings.HasPrefix(link, base) {
		t.Fatalf("at %s it says the link %q", base, link)
	}
	form := url.Values{"key": {to.Query().Get("key")}, "name": {"wang"}, "password": {"correct horse battery"}, "again": {"correct horse battery"}}
	if status := send(base+"login", url.Values{"name": {"admin"}, "password": {"admin"}}); status != http.StatusUnauthorized {
		t.Errorf("a log-in before there is an account: %d", status)
	}
	for try, want := range []int{http.StatusSeeOther, http.StatusGone} {
		if status := send(base+"enter", form); status != want {
			t.Errorf("the link, time %d: %d, want %d", try+1, status, want)
		}
	}
	if code := interrupt(t, server, os.Interrupt); code != exitOK {
		t.Errorf("the server ends with %d", code)
	}
	server, base, link = start()
	if link != "" {
		t.Errorf("with an account it says the link %s", link)
	}
	if status := send(base+"login", form); status != http.StatusSeeOther {
		t.Errorf("the administrator's log-in after a new start: %d", status)
	}
	if code := interrupt(t, server, os.Interrupt); code != exitOK {
		t.Errorf("the server ends with %d", code)
	}
}
