package channel

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/qianshao/qianshao/internal/dial/dialtest"
	"github.com/qianshao/qianshao/notify"
)

// mailServer is an SMTP server on loopback. replies are by command; missing ones are the usual ones.
type mailServer struct {
	address  string
	implicit bool // TLS from the first byte on
	starttls bool
	auth     string // mechanisms
	replies  map[string]string
	tls      *tls.Config
	roots    *x509.CertPool

	mu       sync.Mutex
	commands []string // without the arguments of AUTH
	login    string   // user and password as received
	secure   bool     // the login or the mail was sent over TLS
	mails    []string
}

func newMailServer(t *testing.T, s *mailServer) *mailServer {
	t.Helper()
	certified := httptest.NewUnstartedServer(http.NotFoundHandler())
	certified.Config.ErrorLog = log.New(io.Discard, "", 0)
	certified.StartTLS()
	s.tls = &tls.Config{Certificates: certified.TLS.Certificates}
	s.roots = x509.NewCertPool()
	s.roots.AddCert(certified.Certificate())
	certified.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			open.Go(func() { s.talk(conn) })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); open.Wait() })
	return s
}

// sender returns a sender that trusts the server.
func (s *mailServer) sender(t *testing.T) *Sender {
	return newSender(t, nil, Options{RootCAs: s.roots})
}

func (s *mailServer) channel(user, language string) notify.Channel {
	scheme := "smtp://"
	if s.implicit {
		scheme = "smtps://"
	}
	if user != "" {
		user += "@"
	}
	return channelOf(notify.Mail, scheme+user+s.address, language)
}

func (s *mailServer) talk(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	secure := s.implicit
	if secure {
		conn = tls.Server(conn, s.tls)
	}
	in := bufio.NewReader(conn)
	say := func(command, usual string) bool {
		reply, ok := s.replies[command]
		if !ok {
			reply = usual
		}
		if reply == "hang" {
			_, _ = in.ReadByte()
			return false
		}
		for reply == "endless" {
			if _, err := fmt.Fprint(conn, "250-", strings.Repeat("x", 1000), "\r\n"); err != nil {
				return false
			}
		}
		_, err := fmt.Fprint(conn, reply, "\r\n")
		return err == nil && !strings.HasPrefix(reply, "221")
	}
	read := func() string { line, _ := in.ReadString('\n'); return strings.TrimRight(line, "\r\n") }
	if !say("greeting", "220 mail.example ESMTP") {
		return
	}
	for {
		line := read()
		verb, rest, _ := strings.Cut(line, " ")
		s.mu.Lock()
		s.commands = append(s.commands, verb)
		s.mu.Unlock()
		switch verb {
		case "":
			return
		case "EHLO":
			lines := []string{"mail.example"}
			if s.starttls && !secure {
				lines = append(lines, "STARTTLS")
			}
			if s.auth != "" {
				lines = append(lines, "AUTH "+s.auth)
			}
			lines = append(lines, "8BITMIME")
			if !say("EHLO", "250-"+strings.Join(lines[:len(lines)-1], "\r\n250-")+"\r\n250 "+lines[len(lines)-1]) {
				return
			}
		case "STARTTLS":
			_ = say("STARTTLS", "220 go ahead")
			conn = tls.Server(conn, s.tls)
			in, secure = bufio.NewReader(conn), true
		case "AUTH":
			s.takeLogin(rest, secure, read, func(challenge string) { _, _ = fmt.Fprint(conn, "334 ", challenge, "\r\n") })
			if !say("AUTH", "235 ok") {
				return
			}
		case "DATA":
			if !say("DATA", "354 go on") {
				return
			}
			if strings.HasPrefix(s.replies["DATA"], "5") {
				continue
			}
			var b strings.Builder
			for l := read(); l != "."; l = read() {
				b.WriteString(strings.TrimPrefix(l, ".") + "\r\n")
			}
			s.mu.Lock()
			s.mails, s.secure = append(s.mails, b.String()), secure
			s.mu.Unlock()
			if !say("end", "250 queued") {
				return
			}
		case "QUIT":
			_ = say("QUIT", "221 bye")
			return
		default:
			if !say(verb, "250 ok") {
				return
			}
		}
	}
}

// takeLogin reads the credentials of AUTH PLAIN or LOGIN.
func (s *mailServer) takeLogin(rest string, secure bool, read func() string, challenge func(string)) {
	mechanism, first, _ := strings.Cut(rest, " ")
	decode := func(t string) string { b, _ := base64.StdEncoding.DecodeString(t); return string(b) }
	login := decode(first)
	if mechanism == "LOGIN" {
		challenge(base64.StdEncoding.EncodeToString([]byte("Username:")))
		login = "\x00" + decode(read())
		challenge(base64.StdEncoding.EncodeToString([]byte("Password:")))
		login += "\x00" + decode(read())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.login, s.secure = login, secure
}

// opened is a mail as a mail program reads it.
type opened struct {
	header     mail.Header
	text, html string
	files      map[string]string
}

func open(t *testing.T, raw string) opened {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	o := opened{header: m.Header, files: map[string]string{}}
	o.part(t, m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), "", m.Body)
	return o
}

func (o *opened) part(t *testing.T, contentType, encoding, name string, body io.Reader) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		for parts := multipart.NewReader(body, params["boundary"]); ; {
			p, err := parts.NextRawPart()
			if err != nil {
				return
			}
			o.part(t, p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p.FileName(), p)
		}
	}
	if encoding != "base64" {
		t.Errorf("%s in %s", kind, encoding)
	}
	content, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, body))
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case name != "":
		decoded, _ := new(mime.WordDecoder).DecodeHeader(name)
		o.files[decoded] = kind + " " + string(content)
	case kind == "text/html":
		o.html = string(content)
	default:
		o.text = string(content)
	}
}

// TestMail: each message in each language, sent with implicit TLS and with STARTTLS.
func TestMail(t *testing.T) {
	for _, server := range []*mailServer{{implicit: true, auth: "PLAIN LOGIN"}, {starttls: true, auth: "LOGIN"}} {
		s := newMailServer(t, server)
		sender := s.sender(t)
		for name, m := range messages() {
			for _, language := range languages() {
				if err := sender.Send(t.Context(), s.channel("us%40house.example", language), m); err != nil {
					t.Fatalf("%s, %s: %v", name, language, err)
				}
				got := open(t, s.mails[len(s.mails)-1])
				if s.login != "\x00us@house.example\x00"+secret || !s.secure {
					t.Errorf("login %q, by TLS %v", s.login, s.secure)
				}
				h := got.header
				if h.Get("Message-Id") != "<msg_TESTKEY@house.example>" || h.Get("Auto-Submitted") != "auto-generated" || h.Get("To") != "<ann@house.example>, <bob@house.example>" ||
					h.Get("Date") != "Thu, 26 Nov 2026 11:30:00 +0000" || !strings.HasSuffix(h.Get("From"), "<qianshao@house.example>") {
					t.Errorf("header %v", h)
				}
				subject, _ := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
				golden(t, "mail-"+name+"-"+language+".txt", []byte("Subject: "+subject+"\n\n"+strings.ReplaceAll(got.text, "\r\n", "\n")))
				golden(t, "mail-"+name+"-"+language+".html", []byte(strings.ReplaceAll(got.html, "\r\n", "\n")))
				if name == "report" && (got.files["周报.html"] != "text/html <p>report" || got.files["report.csv"] != "text/csv a,b\n") {
					t.Errorf("files %q", got.files)
				}
			}
		}
	}
}

// TestMailWithoutTLS: only a server in a private network may do without TLS, and it never gets a password
// without it.
func TestMailWithoutTLS(t *testing.T) {
	s := newMailServer(t, &mailServer{auth: "PLAIN LOGIN"})
	sender := s.sender(t)
	if err := sender.Send(t.Context(), s.channel("", "zh"), test()); err != nil || len(s.mails) != 1 || s.secure {
		t.Errorf("a relay in the private network: %v", err)
	}
	if err := sender.Send(t.Context(), s.channel("us", "zh"), test()); err == nil || s.login != "" || refusal(t, err).Fault.Code != notify.FaultMailAuth {
		t.Errorf("a password was sent without TLS: %q, %v", s.login, err)
	}
	// The channel counts as public, but the connection is private, since tests have no public one.
	c := s.channel("", "zh")
	c.Private = false
	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	letter, err := letterOf(&c, new(test()))
	if err != nil {
		t.Fatal(err)
	}
	server, _ := serverOf(&c)
	if err := sender.hand(t.Context(), &c, server, conn, letter); err == nil || mailFault(err).Code != notify.FaultMailTLS || len(s.mails) != 1 {
		t.Errorf("without STARTTLS: %v", err)
	}
	_ = conn.Close()
	for address, want := range map[string]bool{"127.0.0.1:25": true, "10.1.2.3:25": true, "[fd00::1]:25": true, "[::ffff:192.168.0.1]:25": true, "93.184.216.34:25": false, "[2606:2800::1]:25": false} {
		if got := isPrivate(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address))); got != want {
			t.Errorf("%s is private: %v", address, got)
		}
	}
}

// TestMailRefused: permanent and temporary refusals by a server; no error contains a secret.
func TestMailRefused(t *testing.T) {
	plain := base64.StdEncoding.EncodeToString([]byte("\x00us\x00" + secret))
	for name, tc := range map[string]struct {
		replies map[string]string
		want    string // in the error; "" for no error
		final   bool
		fault   notify.FaultCode
	}{
		"password":       {map[string]string{"AUTH": "535 5.7.8 \x1b[31mno: " + plain + " " + secret + " " + base64.StdEncoding.EncodeToString([]byte(secret))}, "535", true, notify.FaultMailLogin},
		"login later":    {map[string]string{"AUTH": "454 4.7.0 later"}, "454", false, notify.FaultMailLogin},
		"greeting":       {map[string]string{"greeting": "554 no service"}, "554", true, notify.FaultMailGreeting},
		"busy":           {map[string]string{"greeting": "421 busy"}, "421", false, notify.FaultMailGreeting},
		"sender":         {map[string]string{"MAIL": "550 5.1.0 who?"}, "550", true, notify.FaultMailSender},
		"recipient":      {map[string]string{"RCPT": "550 5.1.1 unknown"}, "550", true, notify.FaultMailRecipient},
		"grey":           {map[string]string{"RCPT": "450 4.2.0 greylisted"}, "450", false, notify.FaultMailRecipient},
		"data":           {map[string]string{"DATA": "554 no"}, "554", true, notify.FaultMailRefused},
		"content":        {map[string]string{"end": "552 too large"}, "552", true, notify.FaultMailRefused},
		"not now":        {map[string]string{"end": "451 disk"}, "451", false, notify.FaultMailRefused},
		"endless":        {map[string]string{"EHLO": "endless"}, "more than", false, notify.FaultGarbled},
		"hangs":          {map[string]string{"MAIL": "hang"}, "no answer in time", false, notify.FaultTime},
		"taken, rude":    {map[string]string{"QUIT": "500 what?"}, "", false, ""},
		"taken, no RSET": {map[string]string{"RSET": "502 what?"}, "", false, ""},
		"garbage":        {map[string]string{"greeting": "\x1b[31m <html>"}, "…", false, notify.FaultGarbled},
	} {
		s := newMailServer(t, &mailServer{implicit: true, auth: "PLAIN", replies: tc.replies})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if name == "hangs" {
			cancel()
			ctx, cancel = context.WithTimeout(t.Context(), 200*time.Millisecond)
		}
		err := s.sender(t).Send(ctx, s.channel("us", "en"), test())
		cancel()
		if tc.want == "" {
			if err != nil || len(s.mails) != 1 {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		e := refusal(t, err)
		if e.Final != tc.final || e.Fault.Code != tc.fault || tc.fault != "" && !e.Fault.Known() || tc.want != "…" && !strings.Contains(e.Text, tc.want) || strings.ContainsAny(e.Text, "\x1b\n") || strings.Contains(e.Text, plain) {
			t.Errorf("%s: %+v", name, e)
		}
		for _, said := range append(e.Fault.Args, e.Text) {
			noSecrets(t, name, said)
			if strings.Contains(said, plain) {
				t.Errorf("%s: %q", name, said)
			}
		}
	}
}

// TestMailGuarded: SMTP may connect to the same addresses as HTTP.
func TestMailGuarded(t *testing.T) {
	s := newMailServer(t, &mailServer{})
	_, port, _ := net.SplitHostPort(s.address)
	names := dialtest.NewNameServer(t, 0, map[string][]string{"inside.example": {"127.0.0.1"}, "metadata.example": {"169.254.169.254"}})
	sender := newSender(t, nil, Options{DNS: names.Address})
	for base, private := range map[string]bool{
		"smtp://127.0.0.1:" + port: false, "smtps://localhost:" + port: false, "smtp://inside.example:" + port: false, "smtp://10.0.0.1": false,
		"smtp://metadata.example:80": true, "smtps://169.254.169.254:80": true,
	} {
		c := channelOf(notify.Mail, base, "zh")
		c.Private = private
		if err := sender.Send(t.Context(), c, test()); err == nil || !strings.Contains(err.Error(), "is closed") {
			t.Errorf("%s, private %v: %v", base, private, err)
		}
	}
	if len(s.commands) != 0 {
		t.Errorf("the server received %v", s.commands)
	}
}

// TestMailInert: texts by others create no header, link, picture or script.
func TestMailInert(t *testing.T)      { checkMailInert(t, ownTexts()) }
func TestMailInertGiven(t *testing.T) { checkMailInert(t, given(t)) }

func checkMailInert(t *testing.T, list []string) {
	for i, text := range list {
		for n, m := range withText(text) {
			what := fmt.Sprintf("text %d, message %d", i, n)
			if m.Report != nil {
				m.Report.Files[0].Name = text
			}
			c := channelOf(notify.Mail, "smtps://mail.example", languages()[n%2])
			letter, err := letterOf(&c, &m)
			if err != nil {
				t.Errorf("%s: %v", what, err)
				continue
			}
			var raw strings.Builder
			if _, err := letter.WriteTo(&raw); err != nil {
				t.Fatal(err)
			}
			got := open(t, raw.String())
			for name := range got.header {
				if !strings.Contains("Date Message-Id Mime-Version From To Subject Auto-Submitted Content-Type", name) {
					t.Errorf("%s: header %s", what, name)
				}
			}
			subject, _ := new(mime.WordDecoder).DecodeHeader(got.header.Get("Subject"))
			shown := visible(t, what, got.html)
			own := strings.ReplaceAll(got.text, "https://qianshao.house.example/", "")
			for _, s := range []string{subject, shown, own} {
				if address.MatchString(s) {
					t.Errorf("%s: an address in %q", what, s)
				}
			}
		}
	}
}

// visible returns the text of an HTML page, whose elements and links must be those of the template.
func visible(t *testing.T, what, page string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := range root.Descendants() {
		switch n.Type {
		case html.TextNode:
			b.WriteString(n.Data + "\n")
		case html.ElementNode:
			if !strings.Contains(" html head meta title body div h1 table tbody tr td p span a ", " "+n.Data+" ") {
				t.Errorf("%s: an element %s", what, n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "href" && !strings.HasPrefix(a.Val, "https://qianshao.house.example/") || strings.Contains(a.Val, "url(") {
					t.Errorf("%s: %s=%q", what, a.Key, a.Val)
				}
			}
		}
	}
	return b.String()
}

// TestMailAttachments: files that are too large are left out, and the mail says so.
func TestMailAttachments(t *testing.T) {
	m := reported()
	m.Report.Files = []notify.File{{Name: "large.html", Type: "text/html", Body: make([]byte, maxAttached)}, {Name: `../a"b.csv`, Type: "text/csv", Body: []byte("x")}}
	c := channelOf(notify.Mail, "smtps://mail.example", "en")
	letter, err := letterOf(&c, &m)
	if err != nil {
		t.Fatal(err)
	}
	if files := letter.GetAttachments(); len(files) != 1 || files[0].Name != "large.html" {
		t.Errorf("%d files", len(files))
	}
	m.Report.Files = m.Report.Files[1:]
	letter, err = letterOf(&c, &m)
	if err != nil || letter.GetAttachments()[0].Name != ".._a_b.csv" {
		t.Errorf("%v, %v", letter.GetAttachments()[0].Name, err)
	}
}
