package channel

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao/internal/untrusted"
	"github.com/qianshao/qianshao/notify"
)

const (
	// maxTold bounds the text of a failure, in characters.
	maxTold = 300
	// maxAfter bounds how long a receiver may make us wait: a delivery is given up after a day.
	maxAfter = 6 * time.Hour
	// slowDown is how long to wait for an overloaded receiver that gives no time.
	slowDown = time.Minute
)

// encode writes JSON without Go's HTML escapes such as \u003c: WeCom refuses these (its error 40033), and
// they count towards limits in bytes.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("channel: " + err.Error()) // it only contains strings, numbers and times
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// answer is a receiver's answer.
type answer struct {
	status int
	after  time.Duration // the requested waiting time; 0 if there is none
	body   []byte        // up to maxAnswer
}

// post sends a JSON body.
func (s *Sender) post(ctx context.Context, c *notify.Channel, address string, header http.Header, body []byte) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for name, values := range header {
		request.Header[name] = values
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("User-Agent", strings.TrimSuffix("qianshao/"+s.opts.Version, "/"))
	response, err := s.to(c).client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	a := answer{status: response.StatusCode, after: s.after(response.Header)}
	a.body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil && a.status/100 == 2 && c.Kind == notify.Webhook {
		return a, nil // the message is accepted, whatever was to follow
	}
	return a, err
}

// after returns the waiting time that an answer requests: Retry-After (RFC 9110, 10.2.3), or Feishu's own
// header.
func (s *Sender) after(h http.Header) time.Duration {
	value := cmp.Or(h.Get("Retry-After"), h.Get("X-Ogw-Ratelimit-Reset"))
	wait := time.Duration(0)
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		wait = at.Sub(s.opts.Now())
	}
	return min(max(wait, 0), maxAfter)
}

// refused interprets an answer's status. By Standard Webhooks, senders stop at 410 Gone and treat every
// other failure as temporary.
func (a answer) refused() *notify.SendError {
	status := strings.TrimSpace(fmt.Sprint(a.status, " ", http.StatusText(a.status)))
	e := &notify.SendError{Text: "the receiver answered " + status, Fault: notify.NewFault(notify.FaultStatus, status), After: a.after}
	switch {
	case a.status == http.StatusGone:
		e.Final = true
	case a.status/100 == 3:
		e.Fault.Code = notify.FaultRedirect
		e.Text += "; redirects are not followed: set the address that it leads to"
	case a.status == http.StatusTooManyRequests || a.status == http.StatusBadGateway || a.status == http.StatusGatewayTimeout:
		e.After = cmp.Or(a.after, slowDown)
	}
	return e
}

// told returns a failure in a form that may be shown: without the URL that Go's client puts before it, and
// without the channel's secrets, however a receiver repeats them.
func told(err error, c *notify.Channel) error {
	if err == nil {
		return nil
	}
	var refused *notify.SendError
	if !errors.As(err, &refused) {
		if request := (*url.Error)(nil); errors.As(err, &request) {
			err = request.Err
		}
		refused = &notify.SendError{Text: err.Error(), Fault: connectionFault(err)}
		if errors.Is(err, context.DeadlineExceeded) {
			refused.Text = "no answer in time"
		}
	}
	hidden := secrets(c)
	tell := func(text string) string {
		text = notify.Without(untrusted.Plain(text), hidden)
		if cut := untrusted.First(text, maxTold); cut != text {
			text = cut + "…"
		}
		return text
	}
	shown := *refused
	shown.Text, shown.Fault = tell(shown.Text), shown.Fault.With(tell)
	return &shown
}

// secrets returns the secrets of a channel, in the forms in which they are sent, longest first.
func secrets(c *notify.Channel) []string {
	plain := []string{c.Secret, strings.TrimPrefix(c.Secret, secretPrefix)}
	if c.Kind != notify.Mail {
		plain = append(plain, c.Address)
		if u, err := url.Parse(c.Address); err == nil {
			plain = append(plain, u.RawQuery, u.RequestURI(), u.EscapedPath())
			for _, values := range u.Query() {
				plain = append(plain, values...)
			}
			plain = append(plain, strings.Split(u.Path, "/")...)
		}
	} else if server, err := serverOf(c); err == nil {
		plain = append(plain, "\x00"+server.user+"\x00"+c.Secret) // the form of AUTH PLAIN
	}
	var list []string
	for i, s := range plain {
		// Path segments such as "send" are ordinary words; a token is longer.
		if s == "" || i > 1 && len(s) < 8 {
			continue
		}
		quoted := strconv.Quote(s) // go-mail quotes a server's replies like this
		list = append(list, s, quoted[1:len(quoted)-1], url.QueryEscape(s), url.PathEscape(s), base64.StdEncoding.EncodeToString([]byte(s)))
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return slices.Compact(list)
}
