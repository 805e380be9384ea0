package channel

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/mail"
	"net/url"
	"strings"

	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/notify"
)

// MaxAddress bounds a channel's address, in bytes, and MaxTo the addresses of its mail.
const (
	MaxAddress = 2000
	MaxTo      = 50
)

// The mistakes of a channel, to test for with errors.Is.
var (
	ErrKind     = errors.New("the kind of a channel must be webhook, dingtalk, wecom, feishu or mail")
	ErrLanguage = errors.New("the language of a channel must be zh or en")
	ErrAddress  = errors.New("the address of a webhook or robot must begin with https://, or with http:// in a private network, and must not have a user, password or fragment")
	ErrServer   = errors.New("the address of a mail server must be smtps://user@host or smtp://user@host, with an optional port and nothing else; the password is given as the secret")
	ErrSecret   = errors.New("the secret of a webhook must be whsec_ followed by 24 to 64 random bytes in base64")
	ErrMail     = errors.New("mail needs a sender and 1 to 50 recipients, each written as name@host")
)

// Check returns the first mistake in a channel's settings, nil if there is none.
func Check(c *notify.Channel) error {
	if !c.Kind.Valid() {
		return ErrKind
	}
	if _, ok := locales.Parse(c.Language); !ok {
		return ErrLanguage
	}
	if c.Kind == notify.Mail {
		return checkMail(c)
	}
	u, err := url.Parse(c.Address)
	if err != nil || len(c.Address) > MaxAddress || u.Scheme != "https" && (u.Scheme != "http" || !c.Private) || u.Hostname() == "" || u.User != nil || u.Opaque != "" || u.Fragment != "" {
		return ErrAddress
	}
	if c.Kind == notify.Webhook {
		_, err = webhookKey(c.Secret)
	}
	return err
}

func checkMail(c *notify.Channel) error {
	if _, err := serverOf(c); err != nil {
		return err
	}
	if len(c.To) == 0 || len(c.To) > MaxTo {
		return ErrMail
	}
	for _, address := range append([]string{c.From}, c.To...) {
		a, err := mail.ParseAddress(address)
		if err != nil || a.Address != address || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			return ErrMail
		}
	}
	return nil
}

// server is the mail server to hand mail to.
type server struct {
	host, port string
	user       string
	implicit   bool // TLS from the first byte on
}

func serverOf(c *notify.Channel) (server, error) {
	u, err := url.Parse(c.Address)
	if err != nil || len(c.Address) > MaxAddress || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return server{}, ErrServer
	}
	if _, ok := u.User.Password(); ok {
		return server{}, ErrServer // it would be shown with the address
	}
	s := server{host: u.Hostname(), user: u.User.Username(), implicit: u.Scheme == "smtps"}
	if s.port = cmp.Or(u.Port(), "587"); s.implicit {
		s.port = cmp.Or(u.Port(), "465")
	}
	return s, nil
}

const secretPrefix = "whsec_"

// NewSecret returns a secret for a webhook.
func NewSecret() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails
	return secretPrefix + base64.StdEncoding.EncodeToString(key)
}

// webhookKey reads a secret in the form of Standard Webhooks.
func webhookKey(secret string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(secret, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) < 24 || len(key) > 64 {
		return nil, ErrSecret
	}
	return key, nil
}
