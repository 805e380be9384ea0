package channel

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao/internal/dial/dialtest"
	"github.com/qianshao/qianshao/notify"
)

// hmacOf signs by the services' descriptions, independently of the program.
func hmacOf(key []byte, text string) string {
	h := hmac.New(sha256.New, key)
	_, _ = io.WriteString(h, text)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// verify checks a request as its service does, and returns the service's answer.
func verify(kind notify.Kind, r posted) (status int, body string) {
	u, err := url.Parse(r.url)
	if err != nil || r.header.Get("Content-Type") != "application/json; charset=utf-8" {
		return 400, "not JSON"
	}
	var message map[string]any
	if err := json.Unmarshal(r.body, &message); err != nil {
		return 400, err.Error()
	}
	switch kind {
	case notify.Webhook:
		id, stamp := r.header.Get("webhook-id"), r.header.Get("webhook-timestamp")
		key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(webhookSecret, "whsec_"))
		if stamp != strconv.FormatInt(now.Unix(), 10) || r.header.Get("webhook-signature") != "v1,"+hmacOf(key, id+"."+stamp+"."+string(r.body)) {
			return 401, "signature"
		}
		return 204, ""
	case notify.DingTalk:
		stamp := u.Query().Get("timestamp")
		if u.Query().Get("access_token") != token || stamp != strconv.FormatInt(now.UnixMilli(), 10) || u.Query().Get("sign") != hmacOf([]byte(secret), stamp+"\n"+secret) {
			return 200, `{"errcode":310000,"errmsg":"sign not match"}`
		}
		if len(r.body) > 20_000 || message["msgtype"] != "markdown" {
			return 200, `{"errcode":460101,"errmsg":"message too long, exceed 20000 bytes"}`
		}
		return 200, `{"errcode":0,"errmsg":"ok"}`
	case notify.WeCom:
		markdown, _ := message["markdown"].(map[string]any)
		text, _ := markdown["content"].(string)
		switch {
		case u.Query().Get("key") != token:
			return 200, `{"errcode":93000,"errmsg":"invalid webhook url"}`
		case len(text) > 4096 || text == "" || message["msgtype"] != "markdown":
			return 200, `{"errcode":40058,"errmsg":"markdown.content exceed max length 4096"}`
		case strings.Contains(string(r.body), `\u`):
			return 200, `{"errcode":40033,"errmsg":"invalid charset"}`
		}
		return 200, `{"errcode":0,"errmsg":"ok"}`
	}
	if message["timestamp"] != strconv.FormatInt(now.Unix(), 10) || message["sign"] != hmacOf([]byte(fmt.Sprint(message["timestamp"])+"\n"+secret), "") {
		return 200, `{"code":19021,"msg":"sign match fail or timestamp is not within one hour from current time"}`
	}
	if len(r.body) > 20_000 || message["msg_type"] != "interactive" {
		return 200, `{"code":9499,"msg":"Bad Request"}`
	}
	return 200, `{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}`
}

func webKinds() []notify.Kind {
	return []notify.Kind{notify.Webhook, notify.DingTalk, notify.WeCom, notify.Feishu}
}

// TestStandardWebhooksVector: the signature of the specification's own tests.
func TestStandardWebhooksVector(t *testing.T) {
	key, err := webhookKey(webhookSecret)
	if err != nil {
		t.Fatal(err)
	}
	got := signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("signed %s, want %s", got, want)
	}
	if key, err := webhookKey(NewSecret()); err != nil || len(key) != 32 {
		t.Errorf("a new secret: %d bytes, %v", len(key), err)
	}
}

// TestTaken: each message of each kind in each language passes its service's checks, and matches the golden
// files.
func TestTaken(t *testing.T) {
	for _, kind := range webKinds() {
		var r *receiver
		r = newReceiver(t, func(w http.ResponseWriter, _ *http.Request) {
			status, body := verify(kind, r.got[len(r.got)-1])
			says(status, body)(w, nil)
		})
		s := newSender(t, r.Server, Options{})
		for name, m := range messages() {
			for _, language := range languages() {
				if err := s.Send(t.Context(), channelOf(kind, r.URL, language), m); err != nil {
					t.Errorf("%s, %s, %s: %v", kind, name, language, err)
				}
				got := r.requests()[len(r.requests())-1]
				if kind == notify.Webhook && (got.header.Get("webhook-id") != m.Key || got.header.Get("User-Agent") != "qianshao/1.2.3") {
					t.Errorf("the headers are %v", got.header)
				}
				if kind != notify.Webhook || language == "zh" { // programs get no words in a language
					golden(t, fmt.Sprintf("%s-%s-%s.json", kind, name, language), indented(t, got.body))
				}
			}
		}
	}
}

// TestFinal: failures for which retrying is useless, those with a waiting time from the receiver, and all
// others.
func TestFinal(t *testing.T) {
	for _, tc := range []struct {
		kinds  []notify.Kind
		status int
		body   string
		after  string
		want   notify.SendError
	}{
		{kinds: webKinds(), status: 500, want: notify.SendError{Text: "500", Fault: notify.Fault{Code: notify.FaultStatus}}},
		{kinds: webKinds(), status: 404, want: notify.SendError{Text: "404", Fault: notify.Fault{Code: notify.FaultStatus}}},
		{kinds: webKinds(), status: 410, want: notify.SendError{Text: "410", Fault: notify.Fault{Code: notify.FaultStatus}, Final: true}},
		{kinds: webKinds(), status: 429, want: notify.SendError{Text: "429", Fault: notify.Fault{Code: notify.FaultStatus}, After: slowDown}},
		{kinds: webKinds(), status: 429, after: "90", want: notify.SendError{Text: "429", Fault: notify.Fault{Code: notify.FaultStatus}, After: 90 * time.Second}},
		{kinds: webKinds(), status: 503, after: now.Add(5 * time.Minute).Format(http.TimeFormat), want: notify.SendError{Text: "503", Fault: notify.Fault{Code: notify.FaultStatus}, After: 5 * time.Minute}},
		{kinds: webKinds(), status: 503, after: "99999999", want: notify.SendError{Text: "503", Fault: notify.Fault{Code: notify.FaultStatus}, After: maxAfter}},
		{kinds: webKinds(), status: 503, after: "-1", want: notify.SendError{Text: "503", Fault: notify.Fault{Code: notify.FaultStatus}}},
		{kinds: webKinds()[1:], status: 200, body: "<html>log in", want: notify.SendError{Text: "is this its address?", Fault: notify.Fault{Code: notify.FaultNoRobot}}},
		{kinds: webKinds()[1:], status: 200, body: `{"errcode":"x"}`, want: notify.SendError{Text: "is this its address?", Fault: notify.Fault{Code: notify.FaultNoRobot}}},
		{kinds: webKinds()[1:], status: 200, body: `{"ok":true}`, want: notify.SendError{Text: "is this its address?", Fault: notify.Fault{Code: notify.FaultNoRobot}}},
		{kinds: webKinds()[1:], status: 200, body: "", want: notify.SendError{Text: "is this its address?", Fault: notify.Fault{Code: notify.FaultNoRobot}}},
		{kinds: []notify.Kind{notify.DingTalk}, status: 200, body: `{"errcode":310000,"errmsg":"sign not match"}`, want: notify.SendError{Text: "310000: sign not match", Fault: notify.Fault{Code: notify.FaultRobot}, Final: true}},
		{kinds: []notify.Kind{notify.DingTalk}, status: 200, body: `{"errcode":130101,"errmsg":"send too fast"}`, want: notify.SendError{Text: "send too fast", Fault: notify.Fault{Code: notify.FaultRobot}, After: 10 * time.Minute}},
		{kinds: []notify.Kind{notify.DingTalk, notify.WeCom}, status: 200, body: `{"errcode":-1,"errmsg":"busy"}`, want: notify.SendError{Text: "-1: busy", Fault: notify.Fault{Code: notify.FaultRobot}}},
		{kinds: []notify.Kind{notify.WeCom}, status: 200, body: `{"errcode":45009,"errmsg":"api freq out of limit"}`, want: notify.SendError{Text: "45009", Fault: notify.Fault{Code: notify.FaultRobot}, After: time.Minute}},
		{kinds: []notify.Kind{notify.WeCom}, status: 200, body: `{"errcode":93000,"errmsg":"invalid webhook url"}`, want: notify.SendError{Text: "93000", Fault: notify.Fault{Code: notify.FaultRobot}, Final: true}},
		{kinds: []notify.Kind{notify.Feishu}, status: 200, body: `{"code":11232,"msg":"frequency limited"}`, want: notify.SendError{Text: "11232", Fault: notify.Fault{Code: notify.FaultRobot}, After: time.Minute}},
		{kinds: []notify.Kind{notify.Feishu}, status: 400, body: `{"code":19021,"msg":"sign match fail"}`, want: notify.SendError{Text: "19021", Fault: notify.Fault{Code: notify.FaultRobot}, Final: true}},
		{kinds: []notify.Kind{notify.Feishu}, status: 500, body: `{"code":0}`, want: notify.SendError{Text: "500", Fault: notify.Fault{Code: notify.FaultStatus}}},
	} {
		r := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) {
			if tc.after != "" {
				w.Header().Set("Retry-After", tc.after)
			}
			says(tc.status, tc.body)(w, nil)
		})
		s := newSender(t, r.Server, Options{})
		for _, kind := range tc.kinds {
			err := s.Send(t.Context(), channelOf(kind, r.URL, "zh"), findings())
			if err == nil {
				t.Errorf("%s: %d %s was a success", kind, tc.status, tc.body)
				continue
			}
			if e := refusal(t, err); !strings.Contains(e.Text, tc.want.Text) || e.Final != tc.want.Final || e.After != tc.want.After || e.Fault.Code != tc.want.Fault.Code || !e.Fault.Known() {
				t.Errorf("%s: %d %q, Retry-After %q: %+v, want %+v", kind, tc.status, tc.body, tc.after, e, tc.want)
			}
		}
	}
}

// TestHostileReceivers: whatever a receiver does, the attempt ends, and its error contains no secret.
func TestHostileReceivers(t *testing.T) {
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	trapped := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	t.Cleanup(trapped.Close)
	echo := func(r *http.Request) string {
		q := r.URL.RawQuery
		plain, _ := url.QueryUnescape(q)
		text := r.URL.String() + " " + plain + " " + url.QueryEscape(token) + " " + base64.StdEncoding.EncodeToString([]byte(token)) + " " + token[:4] + "\u200b" + token[4:] + " " + secret + webhookSecret
		return strings.Repeat("x", maxTold-8) + " " + text // so that a secret is at the cut
	}
	for name, reply := range map[string]http.HandlerFunc{
		"hangs": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-hang:
			case <-r.Context().Done():
			}
		},
		"endless body": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		},
		"endless header": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", 200<<10))
			w.WriteHeader(http.StatusOK)
		},
		"redirect inside": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, trapped.URL, http.StatusTemporaryRedirect)
		},
		"redirect to metadata": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
		},
		"echo": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500); _, _ = io.WriteString(w, echo(r)) },
		"echo in JSON": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			_ = json.NewEncoder(w).Encode(map[string]any{"errcode": 7, "errmsg": echo(r), "code": 7, "msg": echo(r)})
		},
		"cut off": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		r := newReceiver(t, reply)
		s := newSender(t, r.Server, Options{})
		for _, kind := range webKinds() {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			if name == "hangs" {
				cancel()
				ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
			}
			err := s.Send(ctx, channelOf(kind, r.URL, "zh"), findings())
			cancel()
			if err == nil {
				t.Errorf("%s, %s: accepted", name, kind)
				continue
			}
			for _, a := range refusal(t, err).Fault.Args {
				noSecrets(t, name+", "+string(kind), a)
				if strings.HasPrefix(a, "Post") {
					t.Errorf("%s, %s: the request is shown: %s", name, kind, a)
				}
			}
			if e := refusal(t, err); e.Final || len([]rune(e.Text)) > maxTold+1 || !e.Fault.Known() {
				t.Errorf("%s, %s: %+v", name, kind, e)
			}
			if name == "endless body" && !strings.Contains(err.Error(), "500") {
				t.Errorf("%s: reading continued until the time limit: %v", kind, err)
			}
			noSecrets(t, name+", "+string(kind), err.Error())
			if strings.Contains(err.Error(), base64.StdEncoding.EncodeToString([]byte(token))) {
				t.Errorf("%s, %s: the token in base64: %v", name, kind, err)
			}
		}
	}
}

// TestTold: secrets are not shown in any form in which they may come back, and invisible characters are not
// shown at all.
func TestTold(t *testing.T) {
	c := channelOf(notify.Mail, "smtps://us@mail.example", "en")
	c.Secret = `pa"ss \ wörd&`
	for _, said := range []string{
		c.Secret, fmt.Sprintf("%q", c.Secret), url.QueryEscape(c.Secret), url.PathEscape(c.Secret), base64.StdEncoding.EncodeToString([]byte(c.Secret)),
		base64.StdEncoding.EncodeToString([]byte("\x00us\x00" + c.Secret)), c.Secret[:3] + "\u200b\x1b" + c.Secret[3:],
		`PA"Ss \ WöRD&`, strings.ToLower(url.QueryEscape(c.Secret)), // as servers normalise URLs
	} {
		if got := told(errors.New("535 "+said+"\x1b\n."), &c).Error(); got != "535 ….." && got != "535 … ." && got != `535 "…" .` {
			t.Errorf("%q is shown as %q", said, got)
		}
	}
}

// TestUnreachable: no connection error contains the address's secrets.
func TestUnreachable(t *testing.T) {
	closed := httptest.NewUnstartedServer(http.NotFoundHandler())
	closed.Config.ErrorLog = log.New(io.Discard, "", 0) // it would log that we refuse its certificate
	closed.StartTLS()
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	names := dialtest.NewNameServer(t, 0, map[string][]string{})
	s := newSender(t, nil, Options{DNS: names.Address}) // it does not know the server's certificate
	for base, want := range map[string]notify.FaultCode{
		closed.URL: notify.FaultCertificate, "https" + strings.TrimPrefix(plain.URL, "http"): notify.FaultTLS,
		"https://nowhere.invalid": notify.FaultNoHost, "https://127.0.0.1:1": notify.FaultConnRefused,
	} {
		for _, kind := range webKinds() {
			err := s.Send(t.Context(), channelOf(kind, base, "en"), test())
			if err == nil {
				t.Fatalf("%s, %s: accepted", base, kind)
			}
			if e := refusal(t, err); e.Final || e.Fault.Code != want || !e.Fault.Known() {
				t.Errorf("%s, %s: %+v, want %s, and retried", base, kind, e, want)
			}
			noSecrets(t, base, err.Error())
		}
	}
	closed.Close()
}

// TestGuarded: no request goes to an address that the guard does not permit, whatever a name resolves to;
// the environment's proxies are not used.
func TestGuarded(t *testing.T) {
	trapped := newReceiver(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was made") })
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the environment's proxy was used") }))
	t.Cleanup(proxy.Close)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("ALL_PROXY", proxy.URL)
	_, port, _ := strings.Cut(strings.TrimPrefix(trapped.URL, "https://"), ":")
	names := dialtest.NewNameServer(t, 0, map[string][]string{
		"inside.example": {"127.0.0.1"}, "metadata.example": {"169.254.169.254"}, "azure.example": {"168.63.129.16"}, "lan.example": {"10.0.0.1"},
	})
	s := newSender(t, trapped.Server, Options{DNS: names.Address})
	for base, private := range map[string]bool{
		trapped.URL: false, "https://localhost:" + port: false, "https://[::ffff:127.0.0.1]:" + port: false,
		"https://inside.example:" + port: false, "https://lan.example": false, "https://192.168.0.1": false,
		"https://metadata.example": true, "https://azure.example": true, "https://169.254.169.254": true, "https://[fd00:ec2::254]": true, "https://0.0.0.0:" + port: true,
	} {
		for _, kind := range webKinds() {
			c := channelOf(kind, base, "zh")
			c.Private = private
			err := s.Send(t.Context(), c, test())
			if err == nil || !strings.Contains(err.Error(), "is closed") {
				t.Errorf("%s, private %v: %v", base, private, err)
				continue
			}
			want := notify.FaultClosed
			if private {
				want = notify.FaultNeverOpen
			}
			if f := refusal(t, err).Fault; f.Code != want || !f.Known() {
				t.Errorf("%s, private %v: %v, want %s", base, private, f, want)
			}
		}
	}
}

// TestHouseProxy: a configured proxy is used, with an address that was checked.
func TestHouseProxy(t *testing.T) {
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.RequestURI)
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(proxy.Close)
	names := dialtest.NewNameServer(t, 0, map[string][]string{"robot.example": {"93.184.216.34"}})
	s := newSender(t, nil, Options{DNS: names.Address, Proxy: proxy.URL})
	c := channelOf(notify.DingTalk, "https://robot.example", "zh")
	c.Private = false
	if err := s.Send(t.Context(), c, test()); err == nil || refusal(t, err).Fault.Code != notify.FaultProxy || !slices.Equal(asked, []string{"CONNECT 93.184.216.34:443"}) {
		t.Errorf("the proxy was used for %v: %v", asked, err)
	}
	if _, err := New(Options{Proxy: "http://us:word@proxy.example"}); err == nil || strings.Contains(err.Error(), "word@") {
		t.Errorf("a proxy without a port: %v", err)
	}
}

// TestRate: a robot gets no more messages in a minute than it accepts.
func TestRate(t *testing.T) {
	r := newReceiver(t, says(200, `{"errcode":0}`))
	at := now
	s := newSender(t, r.Server, Options{Now: func() time.Time { return at }})
	c := channelOf(notify.WeCom, r.URL, "zh")
	for range 20 {
		if err := s.Send(t.Context(), c, test()); err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Second)
	}
	if e := refusal(t, s.Send(t.Context(), c, test())); e.Final || e.After != 40*time.Second || !e.Fault.Known() || e.Fault.Code != notify.FaultBusy {
		t.Errorf("the 21st: %+v", e)
	}
	other := c
	other.Address += "2"
	if err := s.Send(t.Context(), other, test()); err != nil {
		t.Errorf("another robot: %v", err)
	}
	if at = at.Add(40 * time.Second); s.Send(t.Context(), c, test()) != nil || len(r.requests()) != 22 {
		t.Errorf("after a minute: %d requests", len(r.requests()))
	}
}

func TestCheck(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*notify.Channel)
		kind   notify.Kind
		want   error
	}{
		"kind":       {func(c *notify.Channel) { c.Kind = "pigeon" }, notify.Webhook, ErrKind},
		"language":   {func(c *notify.Channel) { c.Language = "fr" }, notify.Feishu, ErrLanguage},
		"plain":      {func(c *notify.Channel) { c.Address, c.Private = "http://robot.example/", false }, notify.WeCom, ErrAddress},
		"plain in":   {func(c *notify.Channel) { c.Address = "http://robot.example/" }, notify.WeCom, nil},
		"password":   {func(c *notify.Channel) { c.Address = "https://a:b@robot.example/" }, notify.WeCom, ErrAddress},
		"no URL":     {func(c *notify.Channel) { c.Address = "robot.example" }, notify.DingTalk, ErrAddress},
		"file":       {func(c *notify.Channel) { c.Address = "file:///etc/passwd" }, notify.Webhook, ErrAddress},
		"no secret":  {func(c *notify.Channel) { c.Secret = "" }, notify.Webhook, ErrSecret},
		"weak":       {func(c *notify.Channel) { c.Secret = "whsec_c2hvcnQ=" }, notify.Webhook, ErrSecret},
		"unsigned":   {func(c *notify.Channel) { c.Secret = "" }, notify.DingTalk, nil},
		"mail":       {func(*notify.Channel) {}, notify.Mail, nil},
		"no server":  {func(c *notify.Channel) { c.Address = "https://mail.example" }, notify.Mail, ErrServer},
		"shown":      {func(c *notify.Channel) { c.Address = "smtps://us:word@mail.example" }, notify.Mail, ErrServer},
		"nobody":     {func(c *notify.Channel) { c.To = nil }, notify.Mail, ErrMail},
		"injection":  {func(c *notify.Channel) { c.To = []string{"a@b.example\r\nBcc: c@d.example"} }, notify.Mail, ErrMail},
		"with names": {func(c *notify.Channel) { c.From = "Ann <a@b.example>" }, notify.Mail, ErrMail},
	} {
		base := "https://robot.example"
		if tc.kind == notify.Mail {
			base = "smtps://us%40house.example@mail.example:465"
		}
		c := channelOf(tc.kind, base, "zh")
		tc.change(&c)
		if err := Check(&c); err != tc.want { //nolint:errorlint // exactly this error
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
}
