package channel

import (
	"bytes"
	"context"
	"crypto/tls"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net"
	"net/netip"
	"net/textproto"
	"strings"

	"github.com/wneessen/go-mail"

	"github.com/qianshao/qianshao/internal/untrusted"
	"github.com/qianshao/qianshao/notify"
)

const (
	// maxAttached bounds the attachments of a mail, in bytes: servers commonly accept 25 MB of base64,
	// which is a third more.
	maxAttached = 15 << 20
	// maxSMTP bounds how much a server may send in a session, in bytes.
	maxSMTP = 1 << 20
)

//go:embed mail.html
var mailFiles embed.FS

// sendMail hands a message to a mail server.
func (s *Sender) sendMail(ctx context.Context, c *notify.Channel, m *notify.Message) error {
	server, err := serverOf(c)
	if err != nil {
		return err
	}
	letter, err := letterOf(c, m)
	if err != nil {
		return &notify.SendError{Text: err.Error(), Fault: notify.NewFault(notify.FaultNotMade, err)}
	}
	conn, err := s.to(c).dialer.DialContext(ctx, "tcp", net.JoinHostPort(server.host, server.port))
	if err != nil {
		return err
	}
	defer conn.Close()
	// go-mail applies its time limit to connecting only.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if err := s.hand(ctx, c, server, &bounded{Conn: conn, left: maxSMTP}, letter); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return mailError(err)
	}
	return nil
}

// hand sends a letter over a connection. TLS is required, except for a server in a private network that
// does not offer it; a password is never sent without TLS.
func (s *Sender) hand(ctx context.Context, c *notify.Channel, server server, conn net.Conn, letter *mail.Msg) error {
	policy := mail.TLSMandatory
	switch {
	case server.implicit:
		secure := tls.Client(conn, s.tlsConfig(server.host))
		if err := secure.HandshakeContext(ctx); err != nil {
			return err
		}
		conn, policy = secure, mail.TLSOpportunistic // it detects that there is TLS already
	case c.Private && isPrivate(conn.RemoteAddr()):
		policy = mail.TLSOpportunistic
	}
	opts := []mail.Option{
		mail.WithDialContextFunc(func(context.Context, string, string) (net.Conn, error) { return conn, nil }),
		mail.WithTimeout(answerTime), mail.WithTLSPolicy(policy), mail.WithTLSConfig(s.tlsConfig(server.host)),
	}
	if server.user != "" {
		opts = append(opts, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(server.user), mail.WithPassword(c.Secret))
	}
	client, err := mail.NewClient(server.host, opts...)
	if err != nil {
		return err
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	if err := client.SendWithSMTPClient(session, letter); err != nil && !letter.IsDelivered() {
		return err
	}
	_ = client.CloseWithSMTPClient(session) // the mail was accepted, whatever the farewell
	return nil
}

// isPrivate says whether an address is on this machine or in a private network.
func isPrivate(a net.Addr) bool {
	at, err := netip.ParseAddrPort(a.String())
	ip := at.Addr().Unmap()
	return err == nil && (ip.IsLoopback() || ip.IsPrivate())
}

// errTooMuch says that a server sent more than maxSMTP.
var errTooMuch = fmt.Errorf("the server sent more than %d bytes", maxSMTP)

// bounded is a connection from which only a limited number of bytes is read.
type bounded struct {
	net.Conn
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooMuch
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// mailError returns a server's refusal. A code that begins with 5 is permanent (RFC 5321, 4.2.1).
func mailError(err error) error {
	e := &notify.SendError{Text: err.Error(), Fault: mailFault(err)}
	var refused *mail.SendError
	var reply *textproto.Error
	if errors.As(err, &refused) {
		e.Final = refused.ErrorCode() >= 500
	} else if errors.As(err, &reply) {
		e.Final = reply.Code >= 500
	}
	if errors.Is(err, io.EOF) {
		e.Text = "the server has hung up"
	}
	return e
}

// letterOf writes a message as mail: text, HTML, and the files of a report.
func letterOf(c *notify.Channel, m *notify.Message) (*mail.Msg, error) {
	letter := mail.NewMsg(mail.WithEncoding(mail.EncodingB64), mail.WithNoDefaultUserAgent())
	if err := errors.Join(letter.FromFormat("前哨 Qianshao", c.From), letter.To(c.To...)); err != nil {
		return nil, err
	}
	content := say(c, m)
	files := attached(m)
	if len(files) > 0 {
		content.foot = "message.foot.files"
	}
	if m.Report != nil && len(files) < len(m.Report.Files) {
		content.lines = append(content.lines, content.lang.Text("message.attached.not"))
	}
	html, err := mailHTML(content)
	if err != nil {
		return nil, err
	}
	subject := content.title
	if m.Alert != "" {
		subject += " · " + plain(m.Alert, maxWord) // shown in a list of mails
	}
	letter.Subject(subject)
	letter.SetDateWithValue(m.At)
	letter.SetMessageIDWithValue(m.Key + "@" + c.From[strings.LastIndexByte(c.From, '@')+1:])
	letter.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no automatic replies
	letter.SetBodyString(mail.TypeTextPlain, mailText(content))
	letter.AddAlternativeString(mail.TypeTextHTML, html)
	for _, f := range files {
		if err := letter.AttachReader(fileName(f.Name), bytes.NewReader(f.Body), mail.WithFileContentType(mail.ContentType(f.Type))); err != nil {
			return nil, err
		}
	}
	return letter, nil
}

// attached returns the files of a report that fit into a mail.
func attached(m *notify.Message) (files []notify.File) {
	if m.Report == nil {
		return nil
	}
	left := maxAttached
	for _, f := range m.Report.Files {
		if len(f.Body) <= left {
			files = append(files, f)
			left -= len(f.Body)
		}
	}
	return files
}

// fileName returns a name without characters special to headers or file systems.
func fileName(s string) string {
	return strings.NewReplacer("/", "_", "\\", "_", `"`, "_").Replace(untrusted.First(untrusted.Plain(s), maxWord))
}

// mailText is the mail for readers without HTML.
func mailText(c content) string {
	var b strings.Builder
	line := func(parts ...string) { fmt.Fprintln(&b, strings.Join(parts, "")) }
	line(c.title)
	line()
	for _, f := range c.facts {
		line(f.name, c.lang.Text("message.colon"), f.value)
	}
	for _, l := range c.lines {
		line()
		line(l)
	}
	for _, g := range c.groups {
		line()
		line("* ", g.head)
		for _, l := range []string{g.counts, g.hosts, g.first} {
			line("  ", l)
		}
		if g.link != "" {
			line("  ", g.open, c.lang.Text("message.colon"), g.link)
		}
	}
	if more := c.more(); more != "" {
		line()
		line(more)
	}
	if c.link != "" {
		line()
		line(c.open, c.lang.Text("message.colon"), c.link)
	}
	line()
	line("-- ")
	line(c.lang.Text(c.foot))
	return b.String()
}

// mailGroup and mailPage are the values of the template.
type mailGroup struct{ Head, Level, Counts, Hosts, First, Open, Link string }

type mailPage struct {
	Lang, Title, More, Open, Link, Foot, Colon string
	Facts                                      [][2]string
	Lines                                      []string
	Groups                                     []mailGroup
}

func mailHTML(c content) (string, error) {
	page := mailPage{
		Lang: c.lang.Tag(), Title: c.title, More: c.more(), Open: c.open, Link: c.link, Lines: c.lines,
		Foot: c.lang.Text(c.foot), Colon: c.lang.Text("message.colon"),
	}
	for _, f := range c.facts {
		page.Facts = append(page.Facts, [2]string{f.name, f.value})
	}
	for _, g := range c.groups {
		page.Groups = append(page.Groups, mailGroup{g.head, g.level.String(), g.counts, g.hosts, g.first, g.open, g.link})
	}
	t, err := template.ParseFS(mailFiles, "mail.html")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, page)
	return b.String(), err
}
