// Package channel sends messages to the channels of notify: to webhooks, to the robots of DingTalk, WeCom
// and Feishu, and by mail.
//
// The services belong to others: a message contains no evidence and no text of a page, hosts are defanged,
// and nothing that a page or a colleague has written can become a link, mention or picture. The address of
// a channel comes from an administrator: every connection passes the address guard, redirects are not
// followed, and answers are read only up to a limit.
package channel

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"time"

	"github.com/qianshao/qianshao/internal/dial"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/notify"
)

const (
	// connectTime bounds connecting, including TLS.
	connectTime = 10 * time.Second
	// answerTime bounds an attempt: Standard Webhooks recommends 15 to 30 s, and the engine allows 30.
	answerTime = 25 * time.Second
	// maxHeader and maxAnswer bound how much of an answer is read, in bytes: services answer {"errcode":0}.
	maxHeader, maxAnswer = 64 << 10, 64 << 10
)

// Options say how connections are made. All are optional.
type Options struct {
	// Version is the program's, sent in requests.
	Version string
	// Resolve, DNS and Proxy are those of dial.Options. The environment's proxies are never used.
	Resolve    map[string]string
	DNS, Proxy string
	// RootCAs replace the system's certificate authorities, for receivers with a private one.
	RootCAs *x509.CertPool
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Sender sends messages. It is safe for concurrent use.
type Sender struct {
	opts            Options
	public, private way
	rates           rates
}

// way is how connections to channels are made, public or private.
type way struct {
	dialer *dial.Dialer
	client *http.Client
}

// New returns a sender. The error concerns the options.
func New(opts Options) (*Sender, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	network, err := dial.New(dial.Options{
		Resolve: opts.Resolve, DNS: opts.DNS, Proxy: opts.Proxy, RootCAs: opts.RootCAs, Timeout: connectTime,
		Remedy: locales.M("dial.remedy.channel"),
	})
	if err != nil {
		return nil, err
	}
	s := &Sender{opts: opts}
	s.public, s.private = s.way(network.Dialer(false)), s.way(network.Dialer(true))
	return s, nil
}

// Close closes idle connections.
func (s *Sender) Close() {
	s.public.client.CloseIdleConnections()
	s.private.client.CloseIdleConnections()
}

func (s *Sender) way(d *dial.Dialer) way {
	return way{dialer: d, client: &http.Client{
		Timeout: answerTime,
		// A redirect leads to a place that no administrator has chosen.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil, // left to the dialer, and never taken from the environment
			DialContext:            d.DialContext,
			TLSClientConfig:        s.tlsConfig(""),
			ForceAttemptHTTP2:      true, // a custom dialer would otherwise switch it off
			DisableCompression:     true,
			TLSHandshakeTimeout:    connectTime,
			MaxResponseHeaderBytes: maxHeader,
			MaxIdleConnsPerHost:    1,
			IdleConnTimeout:        30 * time.Second,
		},
	}}
}

func (s *Sender) tlsConfig(name string) *tls.Config {
	return &tls.Config{ServerName: name, RootCAs: s.opts.RootCAs, MinVersion: tls.VersionTLS12}
}

// to returns the way to connect to a channel.
func (s *Sender) to(c *notify.Channel) way {
	if c.Private {
		return s.private
	}
	return s.public
}

// Send sends a message to a channel, once. Any answer other than acceptance is a *notify.SendError. No
// error contains a secret of the channel.
func (s *Sender) Send(ctx context.Context, c notify.Channel, m notify.Message) error {
	if err := Check(&c); err != nil {
		return &notify.SendError{Text: err.Error(), Fault: notify.NewFault(notify.FaultChannel, err), Final: true}
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	var err error
	switch c.Kind {
	case notify.Webhook:
		err = s.sendWebhook(ctx, &c, &m)
	case notify.Mail:
		err = s.sendMail(ctx, &c, &m)
	default:
		err = s.sendRobot(ctx, &c, &m)
	}
	return told(err, &c)
}
