package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/store"
)

// TestAPIDocument runs every line of docs/api.md against a server, with curl if it is
// installed, else with an HTTP client that understands the flags in the document. It also
// checks that the document has a line for each operation of the API's description.
func TestAPIDocument(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	a, _ := apptest.Site(t, `<p>校园新闻</p><div style="display:none"><a href="http://casino.example/reg">线上赌场百家乐，注册送88元彩金，加微信 kaihu888</a></div>`, true)
	a.Start(t.Context())
	if err := a.WaitCrawl(); err != nil {
		t.Fatal(err)
	}
	doc := newDocument(t, a)
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```\n(?:<!-- (\\w+) = (\\S+) -->)?").FindAllStringSubmatch(string(text), -1) {
		var answer []byte
		for line := range strings.Lines(strings.ReplaceAll(block[1], "\\\n", "")) {
			answer = doc.run(strings.TrimSpace(line))
		}
		if block[2] != "" {
			doc.variables[block[2]] = member(t, answer, block[3])
		}
	}
	doc.complete()
}

// document runs the lines of the document.
type document struct {
	t         *testing.T
	variables map[string]string
	hasCurl   bool
	asked     []string // "POST /api/v1/acts"
}

// newDocument waits until the server's findings are grouped, and makes the keys that the
// lines need.
func newDocument(t *testing.T, a *app.App) *document {
	t.Helper()
	ctx := t.Context()
	_, err := exec.LookPath("curl")
	d := &document{t: t, hasCurl: err == nil, variables: map[string]string{"QIANSHAO": strings.TrimSuffix(a.ConsoleURL(), "/")}}
	t.Logf("the lines are run by curl: %v", d.hasCurl)
	account := qianshao.Account{Name: "root", Role: qianshao.RoleAdministrator, Sight: qianshao.SeeAll()}
	if err := a.Folder.Accounts.AddFirst(ctx, "test", account.Name, ""); err != nil {
		t.Fatal(err)
	}
	var scopes []qianshao.Scope
	for _, scope := range qianshao.Scopes() {
		if account.Allows(scope) {
			scopes = append(scopes, scope)
		}
	}
	if d.variables["TOKEN"], _, err = a.Folder.Accounts.NewToken(ctx, "test", "root", "test", scopes, 24*time.Hour); err != nil {
		t.Fatal(err)
	}
	_, spare, err := a.Folder.Accounts.NewToken(ctx, "test", "root", "spare", scopes, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	d.variables["TOKEN_ID"] = spare.ID
	d.enter(a)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		backlog, err := a.Folder.Store.Backlog(ctx, store.ConsumerCampaigns)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("the findings are not grouped: %+v, %v", backlog, err)
		}
		if backlog.Findings == 0 {
			return d
		}
	}
}

// enter begins a session, and reads its form token from a page.
func (d *document) enter(a *app.App) {
	d.t.Helper()
	key, _, err := a.Folder.Accounts.NewLink(d.t.Context(), "test", store.LinkEnter, "root")
	if err != nil {
		d.t.Fatal(err)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, path := range []string{"/enter?key=" + key, "/account"} {
		r, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, d.variables["QIANSHAO"]+path, nil)
		if err != nil {
			d.t.Fatal(err)
		}
		r.Header.Set("Cookie", d.variables["COOKIE"])
		w, err := client.Do(r)
		if err != nil {
			d.t.Fatal(err)
		}
		body, err := io.ReadAll(w.Body)
		if err = errors.Join(err, w.Body.Close()); err != nil {
			d.t.Fatal(err)
		}
		for _, c := range w.Cookies() {
			if strings.HasSuffix(c.Name, "qianshao_session") {
				d.variables["COOKIE"] = c.Name + "=" + c.Value
			}
		}
		if m := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindSubmatch(body); m != nil {
			d.variables["CSRF"] = string(m[1])
		}
	}
	if d.variables["COOKIE"] == "" || d.variables["CSRF"] == "" {
		d.t.Fatal("no session")
	}
}

// member returns a member of an answer by its path: "hits.0.id".
func member(t *testing.T, answer []byte, path string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(answer, &v); err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	for _, name := range strings.Split(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			if n, err := strconv.Atoi(name); err == nil && n < len(in) {
				v = in[n]
			}
		}
	}
	switch out := v.(type) {
	case string:
		return out
	case float64:
		return strconv.FormatFloat(out, 'f', -1, 64)
	}
	t.Fatalf("there is no %s in %s", path, answer)
	return ""
}

// run runs a line, which must succeed, and returns the answer.
func (d *document) run(line string) []byte {
	d.t.Helper()
	args := d.words(line)
	if len(args) < 2 || args[0] != "curl" {
		d.t.Fatalf("%s: no line of curl", line)
	}
	request := parseCurl(d.t, args[1:])
	d.asked = append(d.asked, request.method+" "+strings.TrimPrefix(request.path(), d.variables["QIANSHAO"]))
	ctx, cancel := context.WithTimeout(d.t.Context(), 30*time.Second)
	defer cancel()
	var status int
	var body []byte
	if d.hasCurl {
		status, body = runCurl(ctx, d.t, args[1:])
	} else {
		status, body = request.do(ctx, d.t)
	}
	if status < 200 || status > 299 {
		d.t.Fatalf("%s\n%d %s", line, status, body)
	}
	return body
}

// words splits a line into words as a shell does, with the variables filled in.
func (d *document) words(line string) (words []string) {
	var word strings.Builder
	quote := rune(0)
	runes := []rune(line)
	for i := 0; i < len(runes); i++ {
		c := runes[i]
		switch {
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case c == quote:
			quote = 0
		case c == '\\' && quote == '"' && i+1 < len(runes):
			i++
			word.WriteRune(runes[i])
		case c == '$' && quote != '\'':
			name := regexp.MustCompile(`^\w+`).FindString(string(runes[i+1:]))
			value, ok := d.variables[name]
			if !ok {
				d.t.Fatalf("%s: there is no $%s", line, name)
			}
			word.WriteString(value)
			i += len(name)
		case c == ' ' && quote == 0:
			words, word = append(words, word.String()), strings.Builder{}
		default:
			word.WriteRune(c)
		}
	}
	return slices.DeleteFunc(append(words, word.String()), func(w string) bool { return w == "" })
}

func runCurl(ctx context.Context, t *testing.T, args []string) (status int, body []byte) {
	t.Helper()
	const mark = "\nstatus "
	var out, errs bytes.Buffer
	c := exec.CommandContext(ctx, "curl", append([]string{"-q", "--noproxy", "*", "-w", mark + "%{http_code}"}, args...)...)
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 28 && slices.Contains(args, "--max-time")) {
		t.Fatalf("curl %q: %v %s", args, err, errs.Bytes())
	}
	body, code, _ := bytes.Cut(out.Bytes(), []byte(mark))
	status, err = strconv.Atoi(string(code))
	if err != nil {
		t.Fatalf("curl %q: %v: %s", args, err, out.Bytes())
	}
	return status, body
}

// curlRequest is the request that a line of curl makes.
type curlRequest struct {
	method, url, body string
	header            http.Header
	time              time.Duration
}

func parseCurl(t *testing.T, args []string) curlRequest {
	t.Helper()
	r := curlRequest{header: http.Header{}}
	for i := 0; i < len(args); i++ {
		value := func() string { i++; return args[i] }
		switch arg := args[i]; {
		case arg == "-s" || arg == "-N":
		case arg == "-X":
			r.method = value()
		case arg == "-H":
			name, v, _ := strings.Cut(value(), ": ")
			r.header.Add(name, v)
		case arg == "-b":
			r.header.Set("Cookie", value())
		case arg == "-d" || arg == "--data-binary":
			r.body = value()
			if r.method == "" {
				r.method = http.MethodPost
			}
		case arg == "--max-time":
			seconds, err := strconv.Atoi(value())
			if err != nil {
				t.Fatal(err)
			}
			r.time = time.Duration(seconds) * time.Second
		case strings.HasPrefix(arg, "http://"):
			r.url = arg
		default:
			t.Fatalf("curl's %s is not understood", arg)
		}
	}
	if r.method == "" {
		r.method = http.MethodGet
	}
	return r
}

// path is the URL without its query.
func (r curlRequest) path() string {
	path, _, _ := strings.Cut(r.url, "?")
	return path
}

func (r curlRequest) do(ctx context.Context, t *testing.T) (status int, body []byte) {
	t.Helper()
	if r.time > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.time)
		defer cancel()
	}
	request, err := http.NewRequestWithContext(ctx, r.method, r.url, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = r.header
	w, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	body, err = io.ReadAll(w.Body)
	if err != nil && !(r.time > 0 && errors.Is(err, context.DeadlineExceeded)) {
		t.Fatal(err)
	}
	return w.StatusCode, body
}

// complete reports operations for which there is no line.
func (d *document) complete() {
	d.t.Helper()
	var description struct {
		Paths map[string]map[string]json.RawMessage
	}
	request := parseCurl(d.t, []string{d.variables["QIANSHAO"] + "/api/v1/openapi.json", "-H", "Authorization: Bearer " + d.variables["TOKEN"]})
	_, body := request.do(d.t.Context(), d.t)
	if err := json.Unmarshal(body, &description); err != nil || len(description.Paths) < 15 {
		d.t.Fatalf("%v: %.200s", err, body)
	}
	for path, operations := range description.Paths {
		pattern := regexp.MustCompile(`\{\w+\}`).ReplaceAllString(path, `[^/]+`)
		for method := range operations {
			asks := regexp.MustCompile(fmt.Sprintf("^%s %s$", strings.ToUpper(method), pattern))
			if !slices.ContainsFunc(d.asked, asks.MatchString) {
				d.t.Errorf("docs/api.md has no line for %s %s", strings.ToUpper(method), path)
			}
		}
	}
}
