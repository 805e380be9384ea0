package opensearchindex

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/trust"
	"github.com/qianshao/qianshao/locales"
)

// How long to wait for one answer, and how long a call keeps trying if no node answers or all are busy:
// when a node dies, its shards are away for a second or two.
const (
	dialTimeout   = 3 * time.Second
	answerTimeout = time.Minute
	readPatience  = 3 * time.Second
	writePatience = 20 * time.Second
)

// firstPause is doubled with each attempt, up to lastPause.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = 2 * time.Second
)

// maxAnswer bounds how much of an answer is read: a page of index.MaxWindow hits, each with a long URL.
const maxAnswer = 256 << 20

// client talks to the nodes of a cluster, any of which will do.
type client struct {
	nodes          []*url.URL
	http           *http.Client
	user, password string
	at             atomic.Uint32 // the node that answered last
	closed         atomic.Bool
	away           atomic.Pointer[awayness] // nil while nodes answer
}

// awayness records that no node has answered. Readers get that error at once, since a page with several
// counts would otherwise wait for each of them.
type awayness struct {
	until time.Time
	err   error
}

// awayFor is how long nodes that did not answer are assumed to be away.
const awayFor = 2 * time.Second

func newClient(opts Options) (*client, error) {
	c := &client{user: opts.User}
	for _, node := range opts.Nodes {
		u, err := parseNode(node)
		if err != nil {
			return nil, err
		}
		if u.Scheme == "http" && opts.User != "" && !isLoopback(u.Hostname()) {
			return nil, fmt.Errorf("the search index at %s: a password does not go over http; use https", u.Redacted())
		}
		c.nodes = append(c.nodes, u)
	}
	if len(c.nodes) == 0 {
		return nil, errors.New("the search index has no address: give one, as https://host:9200/qianshao")
	}
	if err := c.readPassword(opts); err != nil {
		return nil, err
	}
	checked, err := trust.TLS(opts.CA)
	if err != nil {
		return nil, err
	}
	c.http = &http.Client{
		Transport: &http.Transport{ // no proxy: the cluster belongs to the same organisation
			DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
			TLSClientConfig:     checked,
			TLSHandshakeTimeout: dialTimeout,
			MaxIdleConnsPerHost: 16,
			IdleConnTimeout:     time.Minute,
			ForceAttemptHTTP2:   true,
		},
		// The password must only be sent to the nodes that the operator named.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

func (c *client) readPassword(opts Options) error {
	switch {
	case opts.PasswordFile == "" && opts.User == "":
		return nil
	case opts.PasswordFile == "":
		return fmt.Errorf("the search index needs a password for the user %s: name the file that holds it", opts.User)
	case opts.User == "":
		return errors.New("the search index has a password without a user: write the address as https://user@host:9200")
	}
	var err error
	c.password, err = trust.Secret(opts.PasswordFile)
	return err
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// answerError is any answer other than success.
type answerError struct {
	Status int
	Type   string
	Reason string
}

func (e *answerError) Error() string { return e.In(locales.English) }

// In implements locales.Speaker.
func (e *answerError) In(l locales.Lang) string {
	said := strconv.Itoa(e.Status)
	if e.Type != "" {
		said += " " + e.Type
	}
	if e.Reason != "" {
		said += ": " + e.Reason
	}
	answer := locales.M("cluster.answer", said)
	switch e.Status {
	case http.StatusUnauthorized:
		answer = locales.M("remedied", answer, locales.M("cluster.answer.unauthorized"))
	case http.StatusForbidden:
		answer = locales.M("remedied", answer, locales.M("cluster.answer.forbidden"))
	}
	return answer.In(l)
}

// hasStatus says whether an error is an answer of this status.
func hasStatus(err error, status int) bool {
	var answer *answerError
	return errors.As(err, &answer) && answer.Status == status
}

// isPassing says whether another node, or the same one a little later, may give a different answer.
func isPassing(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// call is one request. It may be sent twice: it sets a state, or carries versions.
type call struct {
	method, path string
	body         any           // JSON, or []byte as it is; nil for none
	into         any           // what the answer is read into; may be nil
	patience     time.Duration // how long it is retried
	wait         time.Duration // how long to wait for one answer; 0 is answerTimeout
}

// do makes a call, trying one node after another. The error wraps index.ErrUnavailable if none has answered
// in time.
func (c *client) do(ctx context.Context, r call) error {
	body, isRaw := r.body.([]byte)
	if !isRaw && r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return err
		}
	}
	if a := c.away.Load(); a != nil && r.patience <= readPatience && time.Now().Before(a.until) {
		return a.err
	}
	started, pause := time.Now(), firstPause
	var failed error // the most informative one of a round
	for attempt := 1; ; attempt++ {
		node := c.at.Load()
		err := c.ask(ctx, c.nodes[int(node)%len(c.nodes)], r, body)
		switch {
		case err == nil:
			c.away.Store(nil)
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case c.closed.Load():
			return errClosed
		}
		var answer *answerError
		remedy := trust.Remedy(err)
		switch {
		case remedy.Key != "":
			return locales.Errorf("remedied", err, remedy)
		case !errors.As(err, &answer):
			failed = cmp.Or(failed, err)
		case !isPassing(answer.Status):
			return err
		default:
			failed = err
		}
		c.at.CompareAndSwap(node, node+1)
		if attempt%len(c.nodes) != 0 {
			continue
		}
		if time.Since(started) >= r.patience {
			failed = unavailable(failed)
			c.away.Store(&awayness{time.Now().Add(awayFor), failed})
			return failed
		}
		if err := rest(ctx, pause); err != nil {
			return err
		}
		failed, pause = nil, min(2*pause, lastPause)
	}
}

// unavailable says what the operator does about nodes that do not answer.
func unavailable(err error) error {
	if errors.As(err, new(*answerError)) {
		return locales.Errorf("because", index.ErrUnavailable, err)
	}
	return locales.Errorf("cluster.away", index.ErrUnavailable, err)
}

// rest waits for roughly that long: callers rejected together should not return together.
func rest(ctx context.Context, pause time.Duration) error {
	select {
	case <-time.After(pause/2 + rand.N(pause)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ask sends a request to one node, once.
func (c *client) ask(ctx context.Context, node *url.URL, r call, body []byte) (err error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(r.wait, answerTimeout))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, r.method, node.String()+r.path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if c.user != "" {
		request.SetBasicAuth(c.user, c.password)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err // it contains the node and the path
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	content := &io.LimitedReader{R: response.Body, N: maxAnswer}
	if response.StatusCode/100 != 2 {
		return readError(response.StatusCode, content)
	}
	if r.into == nil {
		_, err = io.Copy(io.Discard, content)
		return err
	}
	if err := json.NewDecoder(content).Decode(r.into); err != nil {
		return locales.Errorf("cluster.answer.unreadable", node.Redacted(), err)
	}
	return nil
}

// maxReason bounds, in bytes, how much of a cluster's own message an error quotes.
const maxReason = 300

// readError reads a cluster's error.
func readError(status int, content io.Reader) error {
	answer := &answerError{Status: status}
	var said struct {
		Error json.RawMessage `json:"error"`
	}
	var failure struct {
		Type   string `json:"type"`
		Reason string `json:"reason"`
	}
	if json.NewDecoder(content).Decode(&said) == nil && json.Unmarshal(said.Error, &failure) == nil {
		answer.Type, answer.Reason = failure.Type, failure.Reason[:min(len(failure.Reason), maxReason)]
	}
	return answer
}

func (c *client) close() {
	c.closed.Store(true)
	c.http.CloseIdleConnections()
}
