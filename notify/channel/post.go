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
	// maxTold bounds what a failure says, in characters.
	maxTold = 300
	// maxAfter bounds how long a receiver may ask to wait: a delivery is given up after a day.
	maxAfter = 6 * time.Hour
	// slowDown is how long to wait for a receiver that has too much to do and does not say how long.
	slowDown = time.Minute
)

// encode writes JSON without Go's \u003c for HTML, which there is none of: WeCom refuses
// escapes of that form (its error 40033), and limits are in bytes.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("channel: " + err.Error()) // strings, numbers and times are all there is
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// answer is what a receiver has said.
type answer struct {
	status int
	after  time.Duration // what it asks to wait; 0 if it does not
	body   []byte        // as far as maxAnswer
}

// post sends a body of JSON.
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
		return a, nil // it is taken, whatever was to follow
	}
	return a, err
}

// after returns how long an answer asks to wait: Retry-After (RFC 9110, 10.2.3), or what
// Feishu has for it.
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

// refused says what an answer by status means. Standard Webhooks has senders stop at 410 Gone
// and take everything else for a failure that may pass.
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

// told returns a failure as it may be shown: without the URL that Go's client puts in front, and
// without what is secret of the channel, however a receiver repeats it.
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

// secrets returns what of a channel is not to be shown, in the forms in which it is sent, the
// longest first.
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
		plain = append(plain, "\x00"+server.user+"\x00"+c.Secret) // as AUTH PLAIN has it
	}
	var list []string
	for i, s := range plain {
		// Words of a path such as "send" are in every text; a token is longer.
		if s == "" || i > 1 && len(s) < 8 {
			continue
		}
		quoted := strconv.Quote(s) // as go-mail shows what a server says
		list = append(list, s, quoted[1:len(quoted)-1], url.QueryEscape(s), url.PathEscape(s), base64.StdEncoding.EncodeToString([]byte(s)))
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return slices.Compact(list)
}
