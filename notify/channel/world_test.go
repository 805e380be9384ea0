package channel

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/notify"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The secrets of the tests' channels: no error may contain them.
const (
	token  = "t0ken-of-the-robot-5c1e"
	secret = "SECsecret-of-the-robot-77"
)

var webhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" // of Standard Webhooks' own tests

var now = time.Date(2026, 11, 26, 11, 30, 0, 0, time.UTC)

// channelOf returns a channel of a kind with its address on a test server.
func channelOf(kind notify.Kind, base, language string) notify.Channel {
	c := notify.Channel{ID: "c1", Name: "c", Kind: kind, Private: true, Language: language, Secret: secret}
	switch kind {
	case notify.Webhook:
		c.Address, c.Secret = base+"/hooks/"+token+"?key="+token, webhookSecret
	case notify.DingTalk:
		c.Address = base + "/robot/send?access_token=" + token
	case notify.WeCom:
		c.Address, c.Secret = base+"/cgi-bin/webhook/send?key="+token, ""
	case notify.Feishu:
		c.Address = base + "/open-apis/bot/v2/hook/" + token
	case notify.Mail:
		c.Address, c.From, c.To = base, "qianshao@house.example", []string{"ann@house.example", "bob@house.example"}
	}
	return c
}

// posted is a request that a receiver got.
type posted struct {
	url    string
	header http.Header
	body   []byte
}

// receiver is a service on loopback, over TLS. It records requests, and answers with reply.
type receiver struct {
	*httptest.Server
	mu  sync.Mutex
	got []posted
}

func newReceiver(t *testing.T, reply http.HandlerFunc) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		r.got = append(r.got, posted{q.URL.String(), q.Header, body})
		r.mu.Unlock()
		reply(w, q)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) requests() []posted {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got
}

// says answers with a status and a body.
func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func newSender(t *testing.T, server *httptest.Server, opts Options) *Sender {
	t.Helper()
	if server != nil && server.Certificate() != nil {
		opts.RootCAs = x509.NewCertPool()
		opts.RootCAs.AddCert(server.Certificate())
	}
	opts.Version = "1.2.3"
	if opts.Now == nil {
		opts.Now = func() time.Time { return now }
	}
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// refusal returns the error as a SendError, which it must be.
func refusal(t *testing.T, err error) *notify.SendError {
	t.Helper()
	var e *notify.SendError
	if !errors.As(err, &e) {
		t.Fatalf("%v is not a SendError", err)
	}
	return e
}

// findings is a message with findings, as the engine makes it.
func findings() notify.Message {
	zone := time.FixedZone("CST", 8*3600)
	link := "https://qianshao.house.example"
	first := time.Date(2026, 11, 26, 3, 12, 0, 0, time.UTC)
	return notify.Message{
		Key: "msg_TESTKEY", At: now, Zone: zone, Alert: "学校站点", View: "学校 紧急", Link: link + "/views/v1",
		Counts: map[notify.Event]int{notify.New: 14, notify.Relapsed: 1, notify.Overdue: 2}, Left: 3,
		Groups: []notify.Group{
			{
				Campaign: "b3f0a1", Events: map[notify.Event]int{notify.New: 11, notify.Relapsed: 1}, Category: qianshao.Gambling, Level: qianshao.LevelCritical,
				Score: 96, Findings: 12, Hosts: []string{"www.school.example", "news.school.example", "lib.college.example"}, Sites: 5, First: first, Link: link + "/campaigns/b3f0a1",
				Items: []notify.Told{{
					Finding: "f1", Event: notify.New, Occurred: first, URL: "https://www.school.example/a?b=1&c=<2>", Rule: "gambling.ads", Category: qianshao.Gambling,
					Level: qianshao.LevelCritical, Score: 96, Link: link + "/findings/f1",
				}},
			},
			{
				Events: map[notify.Event]int{notify.Overdue: 2}, Category: qianshao.ForgedDocuments, Level: qianshao.LevelMedium,
				Score: 52, Findings: 2, Hosts: []string{"xn--fiq228c.example"}, Sites: 1, First: first.Add(time.Hour), Link: link + "/findings/f9",
				Items: []notify.Told{{
					Finding: "f9", Event: notify.Overdue, Occurred: first.Add(time.Hour), URL: "http://xn--fiq228c.example/", Rule: "forged", Category: qianshao.ForgedDocuments,
					Level: qianshao.LevelMedium, Score: 52, Link: link + "/findings/f9",
				}},
			},
		},
	}
}

func test() notify.Message {
	m := findings()
	return notify.Message{Key: m.Key, At: m.At, Zone: m.Zone, Test: true, Link: "https://qianshao.house.example"}
}

func reported() notify.Message {
	m := findings()
	return notify.Message{Key: m.Key, At: m.At, Zone: m.Zone, Link: "https://qianshao.house.example", Report: &notify.Attached{
		Title: "周报 2026-11-16 至 2026-11-22", Lines: []string{"发现 120 条，其中确认 48 条，误报 3.5%", "新增站点 6 个，最多的是 www.school.example"},
		Link:  "https://qianshao.house.example/statistics?from=2026-11-16",
		Files: []notify.File{{Name: "周报.html", Type: "text/html", Body: []byte("<p>report")}, {Name: "report.csv", Type: "text/csv", Body: []byte("a,b\n")}},
	}}
}

// messages are those of each kind of message, by name.
func messages() map[string]notify.Message {
	return map[string]notify.Message{"findings": findings(), "test": test(), "report": reported()}
}

// golden compares output with a file, which -update writes.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; go test ./notify/channel -update writes it", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s has changed (-want +got); look at it, then go test ./notify/channel -update:\n%s", name, diff)
	}
}

// indented formats JSON so that people can read changes.
func indented(t *testing.T, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, body, "", "  "); err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), '\n')
}

func languages() []string { return []string{locales.Chinese.Code(), locales.English.Code()} }

// noSecrets fails if a text contains a secret of a channel.
func noSecrets(t *testing.T, what, text string) {
	t.Helper()
	for _, s := range []string{token, secret, webhookSecret, strings.TrimPrefix(webhookSecret, "whsec_")} {
		if strings.Contains(text, s) {
			t.Errorf("%s reveals a secret: %s", what, text)
		}
	}
}
